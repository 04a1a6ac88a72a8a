"""Finds a Python of a given version on this machine: on PATH, or one that pyenv installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


class PythonMissing(Exception):
    """There is no such Python here; the message says what to do."""


def find_python(version: str) -> str:
    """Return the path of a working Python `version`, such as "3.13".

    Raises:
        PythonMissing: There is none.
    """
    for candidate in _candidates(version):
        if _version_of(candidate) == version:
            return candidate
    raise PythonMissing(f"Python {version} is not on PATH; install it (pyenv install {version}).")


def _candidates(version: str) -> Iterator[str]:
    folders = [Path(folder) for folder in os.get_exec_path()]
    for folder in folders:
        if on_path := shutil.which(f"python{version}", path=str(folder)):
            yield on_path
    # pyenv is where it says, or where its commands on PATH are, or at home.
    roots = [Path(os.environ["PYENV_ROOT"])] if "PYENV_ROOT" in os.environ else []
    roots += [folder.parent for folder in folders if folder.name == "shims"]
    for root in (*roots, Path("~/.pyenv").expanduser()):
        for installed in sorted((root / "versions").glob(f"{version}.*"), reverse=True):
            yield str(installed / "bin" / "python")


def _version_of(python: str) -> str:
    """Ask it: pyenv puts commands on PATH that only say that they are not installed."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    asked = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return asked.stdout.strip()

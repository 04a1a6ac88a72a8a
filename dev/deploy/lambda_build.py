"""Builds one zip per function for AWS Lambda: `python -m dev.deploy.lambda_build`.

Each holds only what its function imports, with bytecode for Lambda's Python: /var/task cannot be written, so without
it every cold start would compile everything again. The same sources give the same bytes.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dev.deploy.lambda_imports import reach
from dev.deploy.lambda_packages import (
    PYTHON_VERSION,
    Package,
    closure,
    install,
    read_packages,
)
from dev.deploy.lambda_pythons import find_python
from dev.processes import ROOT

OUT = ROOT / ".build" / "lambda"
STREAMING = ("auth", "query")  # through the Lambda Web Adapter, which starts run.sh

_RUN_SCRIPT, _SERVE_SCRIPT = (Path(__file__).with_name(name) for name in ("run.sh", "serve.py"))
_SERVER = ("uvicorn", "click")
_TELEMETRY = ("opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk")  # lib/web/telemetry.py
_SIGNING = ("cryptography", "cffi", "pycparser")
_MOST_BYTES = 250 * 1024 * 1024  # Lambda's limit, unzipped
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip knows


@dataclass(frozen=True)
class Archive:
    """A built zip."""

    path: Path
    unzipped_bytes: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def __str__(self) -> str:
        size = self.path.stat().st_size
        return (
            f"{self.path.name:13} {size / 1e6:6.2f} MB, unzipped {self.unzipped_bytes / 1e6:6.1f} MB, "
            f"sha256 {self.sha256[:16]}"
        )


def function_names(root: Path = ROOT) -> list[str]:
    return sorted(path.stem for path in (root / "functions").glob("[a-z]*.py"))


@dataclass(frozen=True)
class Tree:
    """All packages and all of our modules in one place, compiled: what each zip is a choice of."""

    path: Path
    packages: dict[str, Package]
    added: tuple[str, ...] = ()  # packages that go into every zip, imported or not

    def pack(self, out: Path, *, with_cryptography: bool = True) -> dict[str, Archive]:
        """Make the zips of all functions in `out` and return them by name.

        Args:
            out: A directory, made if it is not there.
            with_cryptography: ES256 database tokens need it; an HS256 secret does not.
        """
        out.mkdir(parents=True, exist_ok=True)
        without = () if with_cryptography else _SIGNING
        names = function_names(self.path)
        chosen = [_select(self, name, without) for name in names]
        with ThreadPoolExecutor() as pool:  # zlib works outside of Python's lock
            packed = pool.map(_pack, chosen, [out / f"{name}.zip" for name in names])
            return dict(zip(names, packed, strict=True))


def plant(
    path: Path,
    root: Path = ROOT,
    architecture: str = "x86_64",
    *,
    with_telemetry: bool = False,
) -> Tree:
    """Put what is locked and what is ours in `root` into a new directory, and compile it there once.

    Args:
        path: The directory, which is made.
        root: Where the sources are.
        architecture: `x86_64` or `arm64`.
        with_telemetry: The functions shall send spans, with packages that they import by name.

    Raises:
        PythonMissing: There is no Python to make the bytecode.
    """
    path.mkdir()
    name = "requirements-telemetry.txt" if with_telemetry else "requirements.txt"
    locks = (root / name, root / "requirements-dev.txt")
    install(path, locks, _SERVER, architecture)
    packages = read_packages(path, architecture)
    for folder in ("functions", "lib"):
        shutil.copytree(root / folder, path / folder, ignore=_only_python)
    shutil.copy(_SERVE_SCRIPT, path)
    _compile(path)
    return Tree(path, packages, _TELEMETRY if with_telemetry else ())


def build(
    out: Path = OUT,
    root: Path = ROOT,
    *,
    architecture: str = "x86_64",
    with_cryptography: bool = True,
    with_telemetry: bool = False,
) -> dict[str, Archive]:
    """Plant and pack in one."""
    with tempfile.TemporaryDirectory(prefix="lectern-build-") as folder:
        task = Path(folder) / "task"
        tree = plant(task, root, architecture, with_telemetry=with_telemetry)
        return tree.pack(out, with_cryptography=with_cryptography)


def _only_python(folder: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if not name.endswith(".py") and (name == "__pycache__" or not Path(folder, name).is_dir())
    }


def _compile(tree: Path) -> None:
    """Compile for good: a zip has no times by which Python could tell whether bytecode is stale."""
    command = [find_python(PYTHON_VERSION), "-m", "compileall", "-q", "-f", "-j", "0"]
    places = ["-s", str(tree), "-p", "/var/task", str(tree)]
    subprocess.run(
        [*command, "--invalidation-mode", "unchecked-hash", *places],
        # Sets of constants are written in the order of their hashes.
        env={"PATH": os.defpath, "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,  # some packages ship templates that are no Python
        check=False,
    )


def _select(tree: Tree, name: str, without: tuple[str, ...]) -> dict[str, Path]:
    """Return what the zip of a function holds: where it lies there, and where it is now."""
    needed = reach(tree.path, f"functions.{name}")
    imported, files = {*needed.packages}, {*needed.files, "functions/__init__.py"}
    if name in STREAMING:
        imported.add("uvicorn")
        files.add(_SERVE_SCRIPT.name)
    for package in closure(imported, tree.packages, without, tree.added):
        files.update(package.files)
    chosen = {file: tree.path / file for file in sorted(files | _bytecode(tree.path, files))}
    return chosen | ({_RUN_SCRIPT.name: _RUN_SCRIPT} if name in STREAMING else {})


def _bytecode(tree: Path, files: set[str]) -> set[str]:
    tag = f"cpython-{PYTHON_VERSION.replace('.', '')}"
    compiled = (
        Path(file).parent / "__pycache__" / f"{Path(file).stem}.{tag}.pyc"
        for file in files
        if file.endswith(".py")
    )
    return {path.as_posix() for path in compiled if (tree / path).is_file()}


def _pack(files: dict[str, Path], path: Path) -> Archive:
    unzipped = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            content = files[name].read_bytes()
            unzipped += len(content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (0o755 if name == _RUN_SCRIPT.name else 0o644) << 16
            archive.writestr(entry, content)
    if unzipped > _MOST_BYTES:
        raise ValueError(f"{path.name} has {unzipped} bytes, and Lambda takes {_MOST_BYTES}.")
    return Archive(path, unzipped)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--architecture", choices=("x86_64", "arm64"), default="x86_64")
    parser.add_argument(
        "--without-cryptography",
        action="store_true",
        help="5.5 MB less and a quicker start, where DATABASE_TOKEN_KEY is an HS256 secret",
    )
    parser.add_argument(
        "--with-telemetry",
        action="store_true",
        help="what sends spans, where OTEL_EXPORTER_OTLP_ENDPOINT is set",
    )
    chosen = parser.parse_args()
    zips = build(
        chosen.out,
        architecture=chosen.architecture,
        with_cryptography=not chosen.without_cryptography,
        with_telemetry=chosen.with_telemetry,
    )
    for archive in zips.values():
        print(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the rehearsals need besides Python packages: AWS's runtime emulator, its runtime client, and osls."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_pythons import find_python
from dev.processes import ROOT

_HERE = Path(__file__).parent
_LOCK = _HERE / "lambda-tools.txt"
_EMULATORS = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}
_OSLS = _HERE / "node_modules" / "osls" / "bin" / "serverless.js"


@dataclass(frozen=True)
class Tools:
    """How to run a zip as Lambda does."""

    python: str
    emulator: Path
    runtime: Path
    """The directory of awslambdaric, which is Lambda's /var/runtime."""


def install_tools(target: Path = ROOT / ".build" / "lambda-tools") -> Tools:
    """Install the emulator and the runtime client by their hashes, once.

    Raises:
        PythonMissing: The Python of the zips is not on this machine.
    """
    python = find_python(PYTHON_VERSION)
    if not (target / _LOCK.name).is_file() or (
        (target / _LOCK.name).read_bytes() != _LOCK.read_bytes()
    ):
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target)]
        locked = ["--no-deps", "--require-hashes", "--requirements", str(_LOCK)]
        subprocess.run([*command, *locked, "--python", python], check=True)
        (target / _LOCK.name).write_bytes(_LOCK.read_bytes())
    name = _EMULATORS[platform.machine()]
    return Tools(python, target / "samcli" / "local" / "rapid" / name, target)


def run_osls(
    *arguments: str, service: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run osls in the directory `service` with nothing of our own environment but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "dev.node", str(_OSLS), *arguments],
        cwd=service,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(ROOT),
            "NODE_NO_WARNINGS": "1",
            "SLS_TELEMETRY_DISABLED": "1",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )

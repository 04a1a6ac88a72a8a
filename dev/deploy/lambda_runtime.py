"""Runs one unpacked zip as Lambda does: under AWS's emulator, or as the Lambda Web Adapter starts run.sh."""

import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from dev.deploy.lambda_template import Function
from dev.deploy.lambda_tools import Tools
from dev.ports import HOST, unused_port

_START_SECONDS = 60
_POLL_SECONDS = 0.02
_FIRST_UNHEALTHY = 500  # the adapter's own idea of readiness


def unpack(archive: Path, target: Path) -> None:
    """Unpack as Lambda does, permissions included."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            opened.extract(entry, target)
            (target / entry.filename).chmod(entry.external_attr >> 16)


class Instance:
    """One running function. Use it as a context manager."""

    def __init__(
        self, function: Function, task: Path, tools: Tools, environment: Mapping[str, str]
    ) -> None:
        """Describe an instance.

        Args:
            function: As the template has it.
            task: Where its zip is unpacked: /var/task.
            tools: The Python and the emulator.
            environment: What Lambda adds to the template's environment, or what replaces it.
        """
        self._function, self.task, self._tools = function, task, tools
        self._environment = {**function.environment, **environment}
        self._folder = tempfile.TemporaryDirectory(prefix="lectern-lambda-")
        self.port = unused_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process which was started."""
        assert self._process
        return self._process.pid

    @property
    def peak_megabytes(self) -> float:
        """The most memory that the process which was started has held so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024

    @property
    def log(self) -> str:
        return (Path(self._folder.name) / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        if self._function.handler == "run.sh":
            self._start([str(self.task / "run.sh")], AWS_LWA_PORT=str(self.port))
            health = self._function.environment["AWS_LWA_READINESS_CHECK_PATH"]
            self._wait(lambda: _is_ready(f"{self.url}{health}"))
        else:
            self._start(self._emulated(), PYTHONPATH=str(self._tools.runtime))
            self._wait(lambda: _is_ready(self.url))
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()

    def _emulated(self) -> list[str]:
        addresses = [
            *("--runtime-interface-emulator-address", f"{HOST}:{self.port}"),
            *("--runtime-api-address", f"{HOST}:{unused_port()}"),
        ]
        runtime = [self._tools.python, "-m", "awslambdaric", self._function.handler]
        return [str(self._tools.emulator), *addresses, "--log-level", "error", *runtime]

    def _start(self, command: list[str], **more: str) -> None:
        programs = Path(self._folder.name) / "bin"  # Lambda's /var/lang/bin
        programs.mkdir()
        (programs / "python3").symlink_to(self._tools.python)
        environment = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(self.task),
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task cannot be written
            "AWS_LAMBDA_FUNCTION_NAME": self._function.logical_id,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self._function.timeout_seconds),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory_megabytes),
            "AWS_REGION": "eu-west-1",
            "_HANDLER": self._function.handler,
            **self._environment,
            **more,
        }
        with (Path(self._folder.name) / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.task,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if not self._process or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._function.handler} does not start:\n{self.log}")
            time.sleep(_POLL_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # nosec B310 # noqa: S310 - an address of our own
            return True
    except urllib.error.HTTPError as error:
        return error.code < _FIRST_UNHEALTHY
    except OSError:
        return False

"""An ASGI application in a process of its own, whose work is counted by the kernel in nanoseconds."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path

import httpx

from dev.ports import HOST, unused_port

_START_SECONDS = 60
_POLL_SECONDS = 0.05


class Apart:
    """A process that serves; `pid` is the kernel's number of it."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid
        self._process = Path(f"/proc/{pid}")
        # The clock of all that its threads have run, as Linux numbers it (clock_getcpuclockid).
        self._clock = ~pid << 3 | 2

    def cpu_seconds(self) -> float:
        """Return how long it has run so far, its waits not counted."""
        return time.clock_gettime(self._clock)

    def resident_megabytes(self) -> float:
        """Return how much memory it holds now."""
        return _megabytes(self.pid, "VmRSS")

    def peak_megabytes(self) -> float:
        """Return the most that it has held so far."""
        return peak_megabytes(self.pid)

    def give_way(self) -> None:
        """From now on run only where no other process would, as nearly as one machine can show what runs on another."""
        for thread in (self._process / "task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process has held so far."""
    return _megabytes(pid, "VmHWM")


def _megabytes(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(rf"{name}:\s+(\d+)", status)[0]) / 1024


@contextlib.contextmanager
def serving_apart(application: str, environment: Mapping[str, str]) -> Generator[Apart]:
    """Serve an application with these settings; what it logs is dropped.

    Args:
        application: Its `module:name`, or that of what makes it, whose name begins with `create_`.
        environment: All that the process is given beside a path of programs.
    """
    port, (_, _, name) = unused_port(), application.partition(":")
    made = ["--factory"] if name.startswith("create_") else []
    command = [sys.executable, "-m", "uvicorn", *made, application, "--host", HOST]
    quiet = ["--no-access-log", "--log-level", "error", "--lifespan", "off", "--no-proxy-headers"]
    patient = ["--timeout-keep-alive", "120"]
    process = subprocess.Popen(
        [*command, "--port", str(port), *quiet, *patient],
        env={"PATH": os.defpath, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        apart = Apart(f"http://{HOST}:{port}", process.pid)
        _wait_for(apart.url, process)
        yield apart
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url)
            return
        time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"{url} did not answer.")

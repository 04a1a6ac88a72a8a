"""Starting, watching and ending the processes of a stack."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

# Whoever sends them means the same as Ctrl-C; the parts must never be left behind.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_START_SECONDS = 30
_STOP_SECONDS = 8
_POLL_SECONDS = 0.02
_EXCERPT_LINES = 12


class PartFailed(Exception):
    """A part ended or never came up; the message names it and its log."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """How to run one part, and how it likes to be ended."""

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    user: tuple[int, int] | None = None
    """The user and group to run as; ours if none."""
    stdin: str = ""


def as_user(user: tuple[int, int] | None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that start a programme as another user."""
    return {} if user is None else {"user": user[0], "group": user[1], "extra_groups": []}


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off a request to stop until the block is done.

    Else it may come when a process is there and nobody has yet taken note of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    put_off: list[int] = []
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in handlers:
        signal.signal(number, lambda number, _: put_off.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in put_off:
            signal.raise_signal(number)


class Part:
    """One running process, in a session of its own so that Ctrl-C reaches its supervisor alone."""

    def __init__(self, command: Command, log: Path) -> None:
        self.name, self.log, self._command = command.name, log, command
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command.arguments,
                cwd=ROOT,
                env=dict(command.environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_user(command.user),
            )
        assert self.process.stdin is not None
        self.process.stdin.write(command.stdin.encode())
        self.process.stdin.close()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self, number: int | None = None) -> None:
        """Ask it to end, and its children with it."""
        try:
            os.killpg(self.process.pid, number or self._command.stop_signal)
        except ProcessLookupError:
            return

    def failure(self) -> PartFailed:
        lines = self.log.read_text(errors="replace").splitlines()[-_EXCERPT_LINES:]
        how = f"ended with status {self.process.returncode}"
        if self.is_running():
            how = f"did not answer within {_START_SECONDS} s"
        excerpt = "".join(f"\n    {line}" for line in lines)
        return PartFailed(f"{self.name} {how}. Its log is {self.log}, which ends with:{excerpt}")


class Supervisor:
    """The parts that were started, and the watchdog that ends them if we cannot."""

    def __init__(self, logs: Path, lock: int) -> None:
        self._logs = logs
        self.parts: list[Part] = []
        self._watchdog = subprocess.Popen(
            [sys.executable, "-S", "-E", str(ROOT / "dev" / "watchdog.py")],
            stdin=subprocess.PIPE,
            start_new_session=True,
            # It holds the lock of the data directory too: until the last part is gone.
            pass_fds=[lock],
        )

    def start(self, command: Command) -> Part:
        with uninterrupted():
            part = Part(command, self._logs / f"{command.name}.log")
            self.parts.append(part)
            self._tell(f"+{part.process.pid} {int(command.stop_signal)}")
        return part

    def _tell(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{line}\n".encode())
        self._watchdog.stdin.flush()

    def wait_until(self, is_ready: Callable[[], bool], part: Part) -> None:
        """Wait until a part answers.

        Raises:
            PartFailed: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if not part.is_running() or time.monotonic() > deadline:
                raise part.failure()
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Look after the parts once.

        Raises:
            PartFailed: One has ended.
        """
        for part in self.parts:
            if not part.is_running():
                raise part.failure()
        if self._watchdog.poll() is not None:
            raise PartFailed("The watchdog ended; without it a crash would leave processes behind.")

    def stop(self) -> None:
        """End all parts, the last one started first, and then the watchdog."""
        deadline = time.monotonic() + _STOP_SECONDS
        for part in reversed(self.parts):
            part.stop()
        for part in reversed(self.parts):
            try:
                part.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.stop(signal.SIGKILL)
                part.process.wait()
            # What a part that was killed left in its group goes too.
            part.stop(signal.SIGKILL)
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.close()
        self._watchdog.wait()

"""One function of a built output in a process of its own, started through the platform's bootstrap.

The bootstrap comes with the bundle (vercel_runtime): it connects to the socket that
VERCEL_IPC_PATH names, serves HTTP on a port of its choice, and tells that port, its log lines and
the end of each request as JSON, each message ended by a zero byte.
"""

import base64
import itertools
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dev.ports import HOST
from dev.vercel.output import Bundle

_START_SECONDS = 60
_STOP_SECONDS = 5
_POLL_SECONDS = 0.2


class InstanceFailed(Exception):
    """The function did not come up; the message holds its log."""


def _receive(connection: socket.socket) -> Iterator[dict[str, Any]]:
    pending = b""
    with connection:
        while received := connection.recv(65536):
            *complete, pending = (pending + received).split(b"\0")
            yield from map(json.loads, complete)


class Instance:
    """A function that is started at its first use and then kept, as the platform keeps one warm."""

    def __init__(self, bundle: Bundle, python: str, environment: Mapping[str, str]) -> None:
        """Describe an instance.

        Args:
            bundle: What was built.
            python: The interpreter of the version that the bundle was built for.
            environment: The settings of the deployment.
        """
        self.bundle, self._python, self._environment = bundle, python, environment
        # Beside what was built, so that its files can be linked and need not be copied.
        self.task = bundle.copy / ".vercel" / "instances" / bundle.name
        self.log = self.task.with_suffix(".log")
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._follower: threading.Thread | None = None
        self._port = 0

    def address(self) -> str:
        """Return where it answers; start it first if it does not run.

        Raises:
            InstanceFailed: It cannot be imported, or does not come up.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
        return f"http://{HOST}:{self._port}"

    def request_headers(self) -> list[tuple[str, str]]:
        """Return what the bootstrap wants with a request; it takes them off again."""
        number = str(next(self._numbers))
        names = "x-vercel-internal-invocation-id", "x-vercel-internal-request-id"
        return [(name, number) for name in names]

    @property
    def peak_megabytes(self) -> float:
        """The most memory that it has held so far."""
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._follower is not None:
            self._follower.join()

    def _start(self) -> None:
        self._lay_out_task()
        # Not beside the task: the address of a socket is at most 107 bytes long.
        with (
            tempfile.TemporaryDirectory(prefix="lectern-") as home,
            socket.socket(socket.AF_UNIX) as listener,
        ):
            address = str(Path(home) / "ipc")
            listener.bind(address)
            listener.listen(1)
            self._process = self._spawn(address)
            messages = _receive(self._accept(listener, self._process))
        for message in messages:
            self._note(message)
            if message["type"] == "server-started":
                self._port = message["payload"]["httpPort"]
                self._follower = threading.Thread(
                    target=self._follow, args=(messages,), daemon=True
                )
                self._follower.start()
                return
        raise self._failure("could not be imported")

    def _lay_out_task(self) -> None:
        if self.task.exists():
            return  # never written to, and as it was
        for name, source in self.bundle.files.items():
            target = self.task / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)

    def _spawn(self, address: str) -> subprocess.Popen[bytes]:
        module, _, _ = self.bundle.configuration["handler"].partition(".")
        command = f"import sys; sys.path.insert(0, {str(self.task)!r}); import {module}"
        environment = {
            "PATH": os.defpath,
            "HOME": tempfile.gettempdir(),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "VERCEL": "1",
            **self.bundle.configuration.get("environment", {}),
            **self._environment,
            "LAMBDA_TASK_ROOT": str(self.task),
            "VERCEL_IPC_PATH": address,
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self._python, "-u", "-c", command],
                cwd=self.task,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _accept(self, listener: socket.socket, process: subprocess.Popen[bytes]) -> socket.socket:
        listener.settimeout(_POLL_SECONDS)
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            return connection
        raise self._failure("did not come up")

    def _follow(self, messages: Iterator[dict[str, Any]]) -> None:
        """Take what the bootstrap tells for as long as it lives: it would block if nobody did."""
        for message in messages:
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        payload = message["payload"]
        text = b""
        if message["type"] == "log":
            text = base64.b64decode(payload["message"])
        elif message["type"] == "unrecoverable-error":
            text = payload["message"].encode()
        with self.log.open("ab") as log:
            log.write(text)

    def _failure(self, how: str) -> InstanceFailed:
        self.stop()
        return InstanceFailed(
            f"{self.bundle.name} {how}. Its log is {self.log}, which ends with:\n"
            f"{self.log.read_text(errors='replace')[-4000:]}"
        )

"""The functions in a process that can be killed at any moment, and be there again at once.

`python -m tests.trust.victims <socket>` loads everything and then forks a process that serves for each line that it
reads, so that being born again takes no time; it says the process's id, and ends when its input does.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import uvicorn

from dev.gateway import create_app
from dev.ports import HOST
from dev.processes import ROOT


class Victims:
    """One address, behind which a process serves until it is killed.

    Attributes:
        folder: Where it logs, and reads files if TMPDIR says so.
    """

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        listening = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{listening.getsockname()[1]}"
        with (folder / "log").open("ab") as output:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.trust.victims", str(listening.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                pass_fds=[listening.fileno()],
                text=True,
            )
        listening.close()
        self._pid = 0

    def _say(self, line: str) -> str:
        assert self._nursery.stdin
        assert self._nursery.stdout
        print(line, file=self._nursery.stdin, flush=True)
        return self._nursery.stdout.readline()

    def bear(self) -> None:
        self._pid = int(self._say("bear"))

    def readers(self) -> list[psutil.Process]:
        """Return the readers that the process has started and that have their file open."""
        children = psutil.Process(self._pid).children()
        return [
            child
            for child in children
            if {file.path for file in child.open_files()} & set(child.cmdline())
        ]

    def kill(self) -> None:
        """Kill -9: no handler runs, nothing is said good-bye to."""
        os.kill(self._pid, signal.SIGKILL)
        assert self._say("bury").strip() == str(self._pid)

    def end(self) -> None:
        self._nursery.communicate()


def main() -> None:
    import openai  # noqa: F401, PLC0415 - at the first question otherwise: here, at each birth

    descriptor, application = int(sys.argv[1]), create_app()
    pid = 0
    for line in sys.stdin:
        if line.strip() == "bury":
            os.waitpid(pid, 0)
        else:
            pid = os.fork()
            if pid == 0:
                serve(application, descriptor)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def serve(application: object, descriptor: int) -> None:
    # What it logs would be taken for an id.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    listening = socket.socket(fileno=descriptor)
    config = uvicorn.Config(application, log_level="error", lifespan="off", proxy_headers=False)  # pyright: ignore[reportArgumentType]
    uvicorn.Server(config).run(sockets=[listening])
    os._exit(0)


if __name__ == "__main__":
    main()

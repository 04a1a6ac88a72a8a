"""Ends the parts of a stack when their supervisor is gone, however it went.

The supervisor writes one line for each process that it starts (`+PID SIGNAL`) and for each that it
has seen end (`-PID`). The end of that pipe means that the supervisor is gone: even `kill -9` closes
it. Run as a plain script, on the standard library alone: it must start at once and cost little.
"""

import os
import signal
import sys
import time
from pathlib import Path

_PATIENCE_SECONDS = 5


def _send(pid: int, number: int) -> bool:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def _is_gone(pid: int) -> bool:
    if not _send(pid, 0):
        return True
    # Where nobody reaps orphans (the first process of some containers), they stay as zombies.
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def _end(wards: dict[int, int]) -> None:
    for pid, number in wards.items():
        _send(pid, number)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and not all(map(_is_gone, wards)):
        time.sleep(0.02)
    for pid in wards:
        _send(pid, signal.SIGKILL)


def main() -> None:
    """Read the pipe until it ends, then end whoever is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wards: dict[int, int] = {}
    for line in sys.stdin:
        pid, _, number = line[1:].partition(" ")
        if line.startswith("+"):
            wards[int(pid)] = int(number)
        else:
            wards.pop(int(pid), None)
    _end(wards)


if __name__ == "__main__":
    main()

"""The child process that reads one file: `python -m lib.adapters.document_reader`, started by documents.py.

Whatever a hostile file does, it does it here: with little memory and time, no secret and no file to
write. What opens the file is loaded only within these limits.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from importlib import import_module

# Measured on ordinary files: at most 150 MB of addresses. Bombs made other readers take 1.5 GB.
_MOST_MEMORY_BYTES = 600_000_000
_MOST_OPEN_FILES = 64
# Somebody waits for whatever else runs here, and sees it at once.
_NICENESS = 10


def main() -> None:
    path, reader, first_page, most_pages, seconds = sys.argv[1:]
    _limit(int(seconds))
    telling = import_module("lib.adapters.readers.telling")
    telling.tell(path, reader, int(first_page), int(most_pages))


def _limit(seconds: int) -> None:
    """Give up rights for good; the alarm ends the process even if its parent is gone."""
    for limit, most in (
        (resource.RLIMIT_AS, _MOST_MEMORY_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, _MOST_OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError):  # macOS knows no limit of addresses
            resource.setrlimit(limit, (allowed, allowed))
    signal.alarm(seconds)
    os.nice(_NICENESS)


if __name__ == "__main__":
    main()

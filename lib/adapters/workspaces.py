"""A folder for one reading, and an end for the folders of readings that were killed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "lectern-reading-"
# Between its making and its being held nobody holds a folder that is in use.
_YOUNG_SECONDS = 60.0


@contextmanager
def workspace() -> Generator[Path]:
    """Make a folder that is gone at the end of the block; what killed readings left goes first.

    A process that is killed deletes nothing, and /tmp outlives it: the user's file would lie there until the
    machine is gone, also after the account is erased.
    """
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with _holding(folder):
            yield folder


@contextmanager
def _holding(folder: Path) -> Generator[None]:
    """Hold a folder as long as this process lives.

    Raises:
        OSError: Somebody else holds it, or it is no folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _sweep() -> None:
    """Delete the folders whose makers are gone."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, another user's, or deleted meanwhile
            if time.time() - left.lstat().st_mtime > _YOUNG_SECONDS:
                with _holding(left):
                    shutil.rmtree(left)

"""Reads a file's pages in a child process, so that no file can take the function down with it."""

import asyncio
import contextlib
import math
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from lib.domain.file_types import HEAD_BYTES, FileType, check_content
from lib.domain.models import Model, Page
from lib.domain.problems import (
    EmptyFile,
    Problem,
    TooManyPages,
    UnreadableFile,
    UnsupportedFileType,
)

_ROOT = Path(__file__).resolve().parents[2]
# A page of 200,000 characters, each escaped or four bytes long.
_LONGEST_LINE_BYTES = 2**21
_LEAVE_OUT = "Leave it out, or export the file anew, and upload it again."
_PROBLEMS: dict[str, type[Problem]] = {
    problem.slug: problem
    for problem in (UnreadableFile, TooManyPages, EmptyFile, UnsupportedFileType)
}


class Opening(Model):
    """What is known of a file once it is open."""

    pages_total: int
    language: str | None  # ISO 639-1; None also where reading goes on at a later page


class _Told(BaseModel):
    """A problem as the child tells it; without a detail it only knows that it could not go on."""

    problem: str
    detail: str | None
    exhausted: bool = False


class _Read(BaseModel):
    """A page was read, and will follow once the file's language is known."""

    read: int


class _End(BaseModel):
    end: bool


_Line = Opening | Page | _Read | _Told | _End
_LINES: TypeAdapter[_Line] = TypeAdapter(_Line)


class Reader:
    """A child that has been started, and loads what opens such a file while that is still on its way."""

    def __init__(self, process: Process, path: Path, file_type: FileType, first_page: int) -> None:
        self._process, self._path, self._file_type = process, path, file_type
        self._first_page = first_page

    async def read(
        self, deadline_seconds: float, *, enough_seconds: float = 0.0
    ) -> AsyncGenerator[Opening | Page]:
        """Yield the opening, then the pages as they come, blank ones with text "". To be called once.

        It ends after the last page, or at the deadline if pages were coming: read on with the next. Where the deadline
        was sooner than `enough_seconds`, it ends there also before the first page.

        Raises:
            UnsupportedFileType: the content is not of this type.
            UnreadableFile: damaged, protected, more than the child may use, or no page before the deadline.
            TooManyPages, EmptyFile: more than there may be, or nothing at all in it.
        """
        deadline = asyncio.get_running_loop().time() + deadline_seconds
        check_content(self._file_type, _read_head(self._path))
        _tell_to_open(self._process)
        next_page, read_page = self._first_page, self._first_page - 1
        while (line := await _read_line(self._process, deadline)) is not None:
            match item := _understand(line, max(next_page, read_page + 1)):
                case _End():
                    return
                case _Read():
                    read_page = item.read
                case Page() if item.number == next_page:
                    next_page += 1
                    yield item
                case Opening():
                    yield item
                case _:
                    raise _stopped_at(next_page)
        if next_page == self._first_page and deadline_seconds >= enough_seconds:
            raise _unreadable(f"Page {read_page + 1} takes too long to read. {_LEAVE_OUT}")


@contextlib.asynccontextmanager
async def start_reader(
    path: Path,
    file_type: FileType,
    *,
    first_page: int = 1,
    max_pages: int,
    seconds: float,
) -> AsyncGenerator[Reader]:
    """Start the reader of a file that will be at `path`; at the end of the block it is gone.

    Args:
        path: Where the file is once `read` is called.
        file_type: Says what opens it.
        first_page: Where to begin.
        max_pages: A file with more is refused.
        seconds: After that it ends by itself, if nobody ended it: later than the deadline of `read`.
    """
    process = await _start(path, file_type.name, first_page, max_pages, seconds)
    try:
        yield Reader(process, path, file_type, first_page)
    finally:
        await _stop(process)


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _absolute(path: Path) -> Path:
    return path.resolve()


async def _start(
    path: Path, reader: str, first_page: int, max_pages: int, seconds: float
) -> Process:
    """Start the reader with an environment of its own: none of our secrets, all of our modules.

    The path of shared libraries is where Lambda keeps its interpreter's.
    """
    paths = [str(_ROOT), *filter(None, sys.path)]
    return await asyncio.create_subprocess_exec(
        sys.executable or f"{sys.base_prefix}/bin/python3",
        *("-B", "-P", "-S", "-m", "lib.adapters.document_reader"),
        *map(str, (_absolute(path), reader, first_page, max_pages)),
        str(math.ceil(seconds) + 1),
        env={
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(paths),
            "LD_LIBRARY_PATH": f"{sys.base_prefix}/lib",
            "LANG": "C.UTF-8",
        },
        cwd="/",
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        limit=_LONGEST_LINE_BYTES,
    )


def _tell_to_open(process: Process) -> None:
    assert process.stdin  # nosec B101 # narrows a type
    process.stdin.write(b"\n")


async def _read_line(process: Process, deadline: float) -> bytes | None:
    """Return the next line, nothing at the end of all, None at the deadline."""
    assert process.stdout  # nosec B101 # narrows a type
    if asyncio.get_running_loop().time() >= deadline:
        return None
    try:
        async with asyncio.timeout_at(deadline):
            return await process.stdout.readline()
    except TimeoutError:
        return None
    except ValueError:  # longer than any page
        return b""


def _understand(line: bytes, page: int) -> Opening | Page | _Read | _End:
    """Return what the child said; raise the problem it told of, or that it died over this page."""
    try:
        item = _LINES.validate_json(line)
    except ValidationError as error:
        raise _stopped_at(page) from error
    if not isinstance(item, _Told):
        return item
    if item.exhausted:
        raise _stopped_at(page)
    raise _PROBLEMS.get(item.problem, UnreadableFile)(item.detail, retryable=False)


def _stopped_at(page: int) -> UnreadableFile:
    return _unreadable(
        f"Reading stopped at page {page}: it is damaged, or needs too much memory. {_LEAVE_OUT}"
    )


def _unreadable(detail: str) -> UnreadableFile:
    return UnreadableFile(detail, retryable=False)


async def _stop(process: Process) -> None:
    """End the child and wait until it is gone, also when the caller is cancelled meanwhile.

    `Process.kill` would itself reap a child that has just ended, and asyncio log that it is missing.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await asyncio.shield(process.communicate())

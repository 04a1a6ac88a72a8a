"""A place to read one file at, which may be made ready before the file is there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from lib.adapters.documents import Reader, start_reader
from lib.adapters.workspaces import workspace
from lib.domain.file_types import find_file_type
from lib.domain.records import record
from lib.settings import Settings


@record
class Desk:
    """Where one file is to be read, and by whom."""

    path: Path
    reader: Reader


@asynccontextmanager
async def prepare(
    filename: str, settings: Settings, *, seconds: float, first_page: int = 1
) -> AsyncGenerator[Desk | None]:
    """Start what reads such a file, while its bytes are on their way; None where nothing does.

    Args:
        filename: Says what it is.
        settings: How much of it is read at most.
        seconds: After that the reader is gone, whatever became of it.
        first_page: Where to begin.
    """
    file_type = find_file_type(filename)
    if file_type is None:
        yield None
        return
    with workspace() as folder:
        path, most = folder / "file", settings.max_file_pages
        async with start_reader(
            path, file_type, first_page=first_page, max_pages=most, seconds=seconds
        ) as reader:
            yield Desk(path=path, reader=reader)

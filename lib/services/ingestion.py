"""How a file is read: in bounded slices under a lease, so that no upload fails silently."""

import asyncio
import tempfile
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from lib.adapters import files
from lib.adapters.database import Database
from lib.adapters.deadlines import current_deadline
from lib.adapters.documents import Opening, read_pages
from lib.adapters.files import Claim, Slice
from lib.adapters.models import EMBEDDING_BATCH_SIZE, Embedder
from lib.adapters.storage import Storage
from lib.domain.chunking import context_heading, cut
from lib.domain.file_types import FileType, find_file_type
from lib.domain.languages import regconfig, segment
from lib.domain.models import Chunk, File, FileStatus, Page, StoredFile
from lib.domain.problems import (
    DatabaseUnavailable,
    EmptyFile,
    LeaseLost,
    ModelUnavailable,
    Problem,
    StorageUnavailable,
    TooMuchText,
    UnreadableFile,
    UploadIncomplete,
    UploadMismatch,
)
from lib.services.maintenance import delete_objects
from lib.settings import Settings

# So many claims without any progress mean that reading the file kills the reader.
MAX_ATTEMPTS = 4
# Left of a slice for what comes after the last page: one batch embedded and stored.
_RESERVED_SECONDS = 3.0
# After the end of a slice: one late batch embedded and stored, the lease given back.
_CLOSING_SECONDS = 8.0
# With less, a slow start of the reader would look like a page that cannot be read.
_LEAST_READING_SECONDS = 5.0
# A thousand dense pages; more is a file made to fill a database.
_MOST_CHUNKS = 10_000


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What the reading of a file needs. `service` writes under a lease, never for a named user."""

    service: Database
    storage: Storage
    embedder: Embedder
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Reading(Tools):
    """One slice of work."""

    deadline: float  # of the event loop's clock

    @property
    def seconds_left(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()


def start_reading(tools: Tools) -> Reading:
    """Begin a slice; the request then has some seconds left to store it and give the lease back."""
    seconds = tools.settings.ingestion_slice.total_seconds()
    request = current_deadline()
    request.allow(seconds + _CLOSING_SECONDS)
    seconds = min(seconds, request.remaining_seconds - _CLOSING_SECONDS)
    return Reading(**vars(tools), deadline=asyncio.get_running_loop().time() + seconds)


async def ingest(file_id: int, *, database: Database, tools: Tools) -> File:
    """Read a file for a bounded time and return how far it came.

    To call it again goes on where it stopped; two callers never do one slice twice.

    Raises:
        FileNotFound, SessionEnded
        UploadIncomplete: The bytes are not there yet.
        StorageUnavailable, DatabaseUnavailable: Nothing is lost; call again.
    """
    reading = start_reading(tools)
    claim = await files.claim_ingestion(database, file_id)
    if claim.lease_id is None:
        return claim.file
    return await read_claim(claim, claim.lease_id, reading)


async def read_claim(claim: Claim, lease_id: str, reading: Reading) -> File:
    """Read a claimed file until it is ready, has failed, or the time is up."""
    try:
        if claim.attempt_count > MAX_ATTEMPTS:
            raise UnreadableFile(
                "Reading this file broke off several times. Export it anew and upload it again."
            )
        return await _read(claim, lease_id, reading)
    except LeaseLost:
        return claim.file
    except UploadIncomplete:
        await files.release_ingestion(reading.service, lease_id, FileStatus.AWAITING_UPLOAD)
        raise
    except (StorageUnavailable, DatabaseUnavailable):
        await files.release_ingestion(reading.service, lease_id, FileStatus.PROCESSING)
        raise
    except ModelUnavailable as problem:
        return await _fail(lease_id, problem, reading, retryable=True)
    except Problem as problem:
        return await _fail(lease_id, problem, reading, retryable=False)


async def _fail(lease_id: str, problem: Problem, reading: Reading, *, retryable: bool) -> File:
    error = problem.as_dict() | {"retryable": retryable}
    return await files.release_ingestion(reading.service, lease_id, FileStatus.FAILED, error)


async def _read(claim: Claim, lease_id: str, reading: Reading) -> File:
    with tempfile.TemporaryDirectory(prefix="lectern-") as folder:
        path = Path(folder) / "file"
        existing = await _fetch(claim, lease_id, path, reading)
        if existing:
            return existing
        pages_total = await _read_pages(claim, lease_id, path, reading)
    if pages_total is None:
        return await files.release_ingestion(reading.service, lease_id, FileStatus.PROCESSING)
    return await files.finish_ingestion(reading.service, lease_id)


async def _fetch(claim: Claim, lease_id: str, path: Path, reading: Reading) -> StoredFile | None:
    """Bring the bytes here and check that they are what was announced.

    Returns:
        The file that already holds these bytes, where there is one; else None.
    """
    file = claim.file
    download = await reading.storage.download(
        file.path, path, max_bytes=reading.settings.max_file_bytes
    )
    if download is None:
        raise UploadIncomplete
    if download.size_bytes != file.size_bytes or file.sha256 not in (None, download.sha256):
        raise UploadMismatch
    recorded, duplicate = await files.record_upload(
        reading.service, lease_id, size_bytes=download.size_bytes, sha256=download.sha256
    )
    if not duplicate:
        return None
    await delete_objects([file.path], service=reading.service, storage=reading.storage)
    return recorded


async def _read_pages(claim: Claim, lease_id: str, path: Path, reading: Reading) -> int | None:
    """Store slice after slice; return the number of pages if all are done, None if time is up.

    Raises:
        EmptyFile: There is no text on any page.
        TooMuchText: There is more than a course file holds.
    """
    shelf = _Shelf(claim)
    items = read_pages(
        path,
        _file_type(claim.file),
        first_page=claim.file.progress.pages_done + 1,
        max_pages=reading.settings.max_file_pages,
        deadline_seconds=max(reading.seconds_left - _RESERVED_SECONDS, _LEAST_READING_SECONDS),
    )
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Opening):
                shelf.open(item)
                continue
            shelf.add(item)
            if shelf.chunk_count > _MOST_CHUNKS:
                raise TooMuchText
            if len(shelf.chunks) >= EMBEDDING_BATCH_SIZE:
                await _store(shelf, lease_id, reading)
    await _store(shelf, lease_id, reading)
    if shelf.pages_done < shelf.pages_total:
        return None
    if shelf.chunk_count == 0:
        raise EmptyFile
    return shelf.pages_total


class _Shelf:
    """Pages read and cut that wait to be embedded and stored."""

    def __init__(self, claim: Claim) -> None:
        self.filename = claim.file.filename
        self.language = claim.language
        self.pages_done = claim.file.progress.pages_done
        self.pages_total = claim.file.progress.pages_total or 0
        self.chunk_count = claim.chunk_count
        self.pages: list[Page] = []
        self.chunks: list[Chunk] = []
        self.contexts: list[str] = []

    def open(self, opening: Opening) -> None:
        self.pages_total = opening.pages_total
        self.language = self.language or opening.language

    def add(self, page: Page) -> None:
        chunks = cut(page, self.chunk_count + 1)
        self.pages.append(page)
        self.chunks += chunks
        self.contexts += [context_heading(page.text, chunk.start) or "" for chunk in chunks]
        self.chunk_count += len(chunks)
        self.pages_done = page.number

    def take(self, embeddings: list[list[float]]) -> Slice:
        """Return what waits as a slice, and wait for nothing any more."""
        part = Slice(
            pages=self.pages,
            chunks=self.chunks,
            search_texts=[segment(text) for text in self.texts()],
            embeddings=embeddings,
            pages_done=self.pages_done,
            pages_total=self.pages_total,
            language=self.language,
            text_config=regconfig(self.language),
        )
        self.pages, self.chunks, self.contexts = [], [], []
        return part

    def texts(self) -> list[str]:
        """Return what is searched and embedded: each chunk with the heading it stands under."""
        return [
            chunk.text if not heading or heading in chunk.text else f"{heading}\n{chunk.text}"
            for chunk, heading in zip(self.chunks, self.contexts, strict=True)
        ]


async def _store(shelf: _Shelf, lease_id: str, reading: Reading) -> None:
    seconds = max(reading.seconds_left, 0) + _RESERVED_SECONDS
    texts = shelf.texts()
    embeddings = await reading.embedder.embed(texts, timeout_seconds=seconds) if texts else []
    if shelf.pages:
        await files.save_slice(reading.service, lease_id, shelf.take(embeddings))


def _file_type(file: StoredFile) -> FileType:
    file_type = find_file_type(file.filename)
    assert file_type  # it was checked when the file was announced
    return file_type

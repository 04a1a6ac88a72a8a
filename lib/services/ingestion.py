"""How a file is read: in bounded slices under a lease, so that no upload fails silently."""

import asyncio
import functools
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from pathlib import Path
from typing import Any

from lib.adapters import files
from lib.adapters.database import Database
from lib.adapters.deadlines import current_deadline
from lib.adapters.documents import Reader
from lib.adapters.files import Claim
from lib.adapters.models import Embedder
from lib.adapters.storage import RETRY_AFTER_SECONDS, SERVED_TYPES, Download, Storage
from lib.domain.models import File, FileStatus, StoredFile
from lib.domain.problems import (
    DatabaseUnavailable,
    FileTooLarge,
    LeaseLost,
    ModelUnavailable,
    Problem,
    StorageUnavailable,
    UnreadableFile,
    UploadIncomplete,
    UploadMismatch,
)
from lib.domain.records import record
from lib.services.maintenance import delete_objects
from lib.services.preparing import Desk, prepare
from lib.services.saving import Saving
from lib.services.slices import Pace, Shelf, make_slice, store_full_batches, store_rest
from lib.settings import Settings

# So many claims without any progress mean that reading the file kills the reader.
MAX_ATTEMPTS = 4
# Left after the last page for a batch to be embedded, and after the last batch to be stored.
_RESERVED_SECONDS = 3.0
# After the end of a slice: one late batch embedded and stored, the lease given back.
_CLOSING_SECONDS = 5.0
# With less, a slow start of the reader would look like a page that cannot be read.
_LEAST_READING_SECONDS = 5.0
# What the problem says by itself is said to who asks a question.
_UNEMBEDDED = "The language model cannot be reached, so this file is not read to its end. Try again in a moment."


@record
class Tools:
    """What the reading of a file needs. `service` writes under a lease, never for a named user."""

    service: Database
    storage: Storage
    embedder: Embedder
    settings: Settings


@record
class Reading(Tools):
    """One slice of work."""

    deadline: float  # of the event loop's clock

    @property
    def seconds_left(self) -> float:
        return self.deadline - asyncio.get_running_loop().time()

    @property
    def embedding_deadline(self) -> float:
        return self.deadline + _CLOSING_SECONDS - _RESERVED_SECONDS


def start_reading(tools: Tools, *, beside_seconds: float = 0.0) -> Reading:
    """Begin a slice; the request then has some seconds left to store it and give the lease back.

    Args:
        tools: What it needs.
        beside_seconds: What the request may take beside the slice, if it does more than to read.
    """
    seconds = tools.settings.ingestion_slice.total_seconds()
    request = current_deadline()
    request.allow(seconds + max(beside_seconds, _CLOSING_SECONDS))
    seconds = min(seconds, request.remaining_seconds - _CLOSING_SECONDS)
    return Reading(**vars(tools), deadline=asyncio.get_running_loop().time() + seconds)


def prepare_early(filename: str, settings: Settings) -> AbstractAsyncContextManager[Desk | None]:
    """Start what reads such a file before it is stored: the same request reads it."""
    seconds = settings.ingestion_slice.total_seconds() + _CLOSING_SECONDS + _LEAST_READING_SECONDS
    return prepare(filename, settings, seconds=seconds)


async def ingest(
    file_id: int, *, database: Database, tools: Tools, desk: Desk | None = None
) -> File:
    """Read a file for a bounded time and return how far it came.

    To call it again goes on where it stopped; two callers never do one slice twice.

    Args:
        file_id: Which file.
        database: The Data API as its owner sees it.
        tools: What the reading needs.
        desk: Prepared for this file, if anything was.

    Raises:
        FileNotFound, SessionEnded
        UploadIncomplete: The bytes are not there yet.
        StorageUnavailable, DatabaseUnavailable: Nothing is lost; call again.
    """
    reading = start_reading(tools)
    claim = await files.claim_ingestion(database, file_id)
    if claim.lease_id is None:
        return claim.file
    return await read_claim(claim, claim.lease_id, reading, desk)


async def read_claim(
    claim: Claim, lease_id: str, reading: Reading, desk: Desk | None = None
) -> File:
    """Read a claimed file until it is ready, has failed, or the time is up."""
    try:
        return await _read(claim, lease_id, reading, desk)
    except LeaseLost:
        return claim.file
    except UploadIncomplete:
        await _give_back(lease_id, FileStatus.AWAITING_UPLOAD, reading)
        raise
    except (StorageUnavailable, DatabaseUnavailable):
        await _give_back(lease_id, FileStatus.PROCESSING, reading)
        raise
    except ModelUnavailable as problem:
        told = ModelUnavailable(_UNEMBEDDED, retry_after_seconds=problem.retry_after_seconds)
        return await _fail(lease_id, told, reading, retryable=True)
    except (UploadMismatch, FileTooLarge) as problem:
        return await _reject(lease_id, problem, reading)
    except Problem as problem:
        return await _fail(lease_id, problem, reading, retryable=False)
    except Exception:
        # Nobody foresaw it: it counts as an attempt, so that no file is tried for ever.
        await _give_back(lease_id, FileStatus.PROCESSING, reading, UnreadableFile().as_dict())
        raise


async def _give_back(
    lease_id: str, status: FileStatus, reading: Reading, error: dict[str, Any] | None = None
) -> None:
    # It may be gone with the reply to `finish_ingestion`: the caller is told what went wrong first.
    with suppress(Problem):
        await files.release_ingestion(reading.service, lease_id, status, error)


async def _fail(lease_id: str, problem: Problem, reading: Reading, *, retryable: bool) -> File:
    error = problem.as_dict() | {"retryable": retryable}
    return await files.release_ingestion(reading.service, lease_id, FileStatus.FAILED, error)


async def _reject(lease_id: str, problem: Problem, reading: Reading) -> File:
    """Fail a file whose bytes are not those announced, and delete them: only the others were counted."""
    error = problem.as_dict() | {"retryable": False}
    file, path = await files.reject_upload(reading.service, lease_id, error)
    await delete_objects([path], service=reading.service, storage=reading.storage)
    return file


async def _read(claim: Claim, lease_id: str, reading: Reading, desk: Desk | None) -> File:
    if claim.attempt_count > MAX_ATTEMPTS:
        raise UnreadableFile(
            "Reading this file broke off several times. Export it anew and upload it again."
        )
    if desk and not claim.file.progress.pages_done:
        return await _read_at(desk, claim, lease_id, reading)
    async with prepare(
        claim.file.filename,
        reading.settings,
        seconds=reading.seconds_left + _LEAST_READING_SECONDS,
        first_page=claim.file.progress.pages_done + 1,
    ) as own:
        assert own  # nosec B101 # its type was checked when the file was announced
        return await _read_at(own, claim, lease_id, reading)


async def _read_at(desk: Desk, claim: Claim, lease_id: str, reading: Reading) -> File:
    existing = await _fetch(claim, lease_id, desk.path, reading)
    if existing:
        return existing
    if not await _read_pages(claim, lease_id, desk.reader, reading):
        return await files.release_ingestion(reading.service, lease_id, FileStatus.PROCESSING)
    limits = {"chunks": reading.settings.max_chunks_per_user}
    return await files.finish_ingestion(reading.service, lease_id, limits)


async def _fetch(claim: Claim, lease_id: str, path: Path, reading: Reading) -> StoredFile | None:
    """Bring the bytes here and check that they are what was announced.

    Returns:
        The file that already holds these bytes, where there is one; else None.
    """
    file = claim.file
    download = await _download(file, path, reading)
    recorded, duplicate = await files.record_upload(
        reading.service, lease_id, size_bytes=download.size_bytes, sha256=download.sha256
    )
    if not duplicate:
        return None
    await delete_objects([file.path], service=reading.service, storage=reading.storage)
    return recorded


async def _download(file: StoredFile, path: Path, reading: Reading) -> Download:
    """Bring the bytes here, and believe that they are others than announced only if they come twice.

    A gateway's page may come with 200, too, and what is refused for good is deleted.

    Raises:
        UploadIncomplete, UploadMismatch, FileTooLarge
        StorageUnavailable: It is too slow, or what came is not what is stored.
    """
    first = await _bring(file, path, reading)
    if _is_announced(first, file):
        return first
    again = await _bring(file, path, reading)
    if _is_announced(again, file):
        return again
    # Of what was read in part it is known what is stored.
    if file.progress.pages_done or again.sha256 != first.sha256:
        raise StorageUnavailable(retry_after_seconds=RETRY_AFTER_SECONDS)
    raise UploadMismatch


async def _bring(file: StoredFile, path: Path, reading: Reading) -> Download:
    most, seconds = reading.settings.max_file_bytes, reading.seconds_left
    download = await reading.storage.download(file.path, path, max_bytes=most, seconds=seconds)
    if download is None:
        raise UploadIncomplete
    return download


async def _read_pages(claim: Claim, lease_id: str, reader: Reader, reading: Reading) -> bool:
    """Store slice after slice; tell whether that was the whole file, or the time is up.

    Raises:
        EmptyFile, TooMuchText, TextLimitReached
    """
    shelf = Shelf(claim, reading.settings.max_chunks_per_user)
    pace = Pace(claim.file.id, reading.embedder, deadline=reading.embedding_deadline)
    saving = Saving(
        functools.partial(make_slice, pace=pace),
        functools.partial(files.save_slice, reading.service, lease_id),
        is_pace_known=pace.is_known,
    )
    items = reader.read(
        max(reading.seconds_left - _RESERVED_SECONDS, _LEAST_READING_SECONDS),
        enough_seconds=reading.settings.ingestion_slice.total_seconds() / 2,
    )
    async with saving as save, aclosing(items):
        async for item in items:
            shelf.add(item)
            # While the first batch tells how quick the endpoint is the reader is not kept waiting.
            if saving.is_open and not await store_full_batches(shelf, pace, save):
                return False
        await saving.until_open()  # or the rest would be taken for as little as the first batch
        is_in_time = await store_rest(shelf, pace, save) and await save.finish()
        return is_in_time and shelf.is_complete()


def _is_announced(download: Download, file: StoredFile) -> bool:
    return (
        download.size_bytes == file.size_bytes
        and file.sha256 in (None, download.sha256)
        and download.content_type in SERVED_TYPES.get(file.content_type, (file.content_type,))
    )

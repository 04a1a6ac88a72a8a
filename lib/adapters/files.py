"""The tables of files, pages and chunks, and the lease under which a file is read."""

from typing import Any

from lib.adapters.database import Database
from lib.domain.models import Chunk, File, FileStatus, Page, StoredFile
from lib.domain.problems import FileNotFound, PageNotFound
from lib.domain.records import record

# A lease outlives the slowest step between two of its renewals (a batch of embeddings, 20 s).
LEASE_SECONDS = 45


@record
class Claim:
    """A file to read and how far earlier readings came; `lease_id` is the right to write.

    Without a lease (`lease_id` None) somebody else reads the file, or there is nothing to read.
    `page_chunk_count` of the stored chunks are of a page that is not done. The owner's files that
    are ready have `ready_chunk_count` chunks.
    """

    file: StoredFile
    lease_id: str | None
    language: str | None = None
    attempt_count: int = 0
    chunk_count: int = 0
    page_chunk_count: int = 0
    ready_chunk_count: int = 0


@record
class Slice:
    """Some pages and chunks of a file with the embedding of each chunk, and how far that goes.

    The last chunks may be of a page that is not complete, and follows in a later slice.
    """

    pages: list[Page]
    chunks: list[Chunk]
    search_texts: list[str]
    embeddings: list[list[float]]
    pages_done: int
    pages_total: int
    language: str | None
    text_config: str


async def list_files(database: Database, *, cursor: int | None, limit: int) -> list[File]:
    rows = await database.call("list_files", cursor=cursor, limit=limit)
    return [File.model_validate(row) for row in rows]


async def get_file(database: Database, file_id: int) -> StoredFile:
    row = await database.call("find_file", file_id=file_id)
    if row is None:
        raise FileNotFound
    return StoredFile.model_validate(row)


async def get_page(database: Database, file_id: int, number: int) -> tuple[Page, int]:
    """Return a page and how many there are.

    Raises:
        FileNotFound: There is no such file of this user.
        PageNotFound: It has no such page, or has not been read yet.
    """
    row = await database.call("find_page", file_id=file_id, number=number)
    if row is None:
        raise FileNotFound
    if row["file_status"] != FileStatus.READY or row["text"] is None:
        raise PageNotFound
    return Page(number=number, text=row["text"]), row["page_count"]


async def create_file(
    database: Database, file: dict[str, Any], limits: dict[str, int]
) -> tuple[StoredFile, bool]:
    """Announce a file; False where the same bytes are already ready, which is then returned."""
    answer = await database.call("create_file", file=file, limits=limits)
    return StoredFile.model_validate(answer["file"]), answer["created"]


async def delete_file(database: Database, file_id: int) -> str:
    """Delete the row, its pages and chunks; return the path of the object left to delete."""
    return str(await database.call("delete_file", file_id=file_id))


async def claim_ingestion(database: Database, file_id: int) -> Claim:
    answer = await database.call("claim_ingestion", file_id=file_id, lease_seconds=LEASE_SECONDS)
    return _as_claim(answer)


async def claim_abandoned_ingestion(service: Database, *, max_attempts: int) -> Claim | None:
    answer = await service.call(
        "claim_abandoned_ingestion", lease_seconds=LEASE_SECONDS, max_attempts=max_attempts
    )
    return _as_claim(answer) if answer else None


def _as_claim(answer: dict[str, Any]) -> Claim:
    file = StoredFile.model_validate(answer["file"])
    if not answer["claimed"]:
        return Claim(file=file, lease_id=None)
    return Claim(
        file=file,
        lease_id=answer["lease_id"],
        language=answer["language"],
        attempt_count=answer["attempt_count"],
        chunk_count=answer["chunk_count"],
        page_chunk_count=answer["page_chunk_count"],
        ready_chunk_count=answer["ready_chunk_count"],
    )


async def record_upload(
    service: Database, lease_id: str, *, size_bytes: int, sha256: str
) -> tuple[StoredFile, bool]:
    """Note what arrived; True with the existing file where those bytes are already ready."""
    answer = await service.call(
        "record_upload", lease_id=lease_id, size_bytes=size_bytes, sha256=sha256
    )
    return StoredFile.model_validate(answer["file"]), answer["duplicate"]


async def save_slice(service: Database, lease_id: str, part: Slice) -> None:
    """Store a slice; to repeat it changes nothing.

    Raises:
        LeaseLost: Another reader has taken over.
    """
    chunks = [
        {
            "ordinal": chunk.ordinal,
            "page": chunk.page,
            "start": chunk.start,
            "text": chunk.text,
            "heading": chunk.heading,
            "search_text": search_text,
            "embedding": as_halfvec(embedding),
        }
        for chunk, search_text, embedding in zip(
            part.chunks, part.search_texts, part.embeddings, strict=True
        )
    ]
    await service.call(
        "save_slice",
        lease_id=lease_id,
        pages=[page.model_dump() for page in part.pages],
        chunks=chunks,
        progress={
            "pages_done": part.pages_done,
            "pages_total": part.pages_total,
            "language": part.language,
            "text_config": part.text_config,
        },
        lease_seconds=LEASE_SECONDS,
    )


def as_halfvec(embedding: list[float]) -> str:
    """Write a vector as pgvector reads it; the Data API refuses a JSON array for one."""
    # One format for all of it takes half the time of one for each number.
    return f"[{','.join(['%.5g'] * len(embedding))}]" % tuple(embedding)


async def finish_ingestion(service: Database, lease_id: str, limits: dict[str, int]) -> StoredFile:
    """Make the reading visible, all at once.

    Raises:
        TextLimitReached: With it the owner's ready files would hold more chunks than they may.
    """
    answer = await service.call("finish_ingestion", lease_id=lease_id, limits=limits)
    return StoredFile.model_validate(answer)


async def release_ingestion(
    service: Database, lease_id: str, status: FileStatus, error: dict[str, Any] | None = None
) -> StoredFile:
    """Give the lease back, with why the file failed if it did.

    With an error but another status, it may be tried again, a few times.
    """
    answer = await service.call(
        "release_ingestion", lease_id=lease_id, status=status.value, error=error
    )
    return StoredFile.model_validate(answer)


async def reject_upload(
    service: Database, lease_id: str, error: dict[str, Any]
) -> tuple[StoredFile, str]:
    """Fail a file for good over the bytes that came; return it and the path of the object left to delete."""
    answer = await service.call("reject_upload", lease_id=lease_id, error=error)
    return StoredFile.model_validate(answer["file"]), str(answer["path"])

"""What users do with files: announce, send, list, open, delete."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from lib.adapters import files
from lib.adapters.database import Database
from lib.adapters.storage import DOWNLOAD_URL_LIFETIME, Storage
from lib.domain.file_types import FILE_TYPES, check_declared
from lib.domain.models import File, FileStatus, Page, StoredFile, Upload
from lib.domain.problems import (
    EmptyFile,
    FileNotFound,
    FileTooLarge,
    Problem,
    UploadIncomplete,
)
from lib.domain.records import record
from lib.services.maintenance import delete_objects
from lib.settings import Settings


@record
class Announcement:
    """A file that is about to come."""

    filename: str
    size_bytes: int
    content_type: str = ""
    sha256: str | None = None


async def announce(
    announcement: Announcement, *, database: Database, settings: Settings
) -> tuple[StoredFile, bool]:
    """Make the row of a file that is to come; False with the existing file for a duplicate.

    Raises:
        UnsupportedFileType, FileTooLarge, EmptyFile, FileLimitReached
    """
    file_type = check_declared(announcement.filename, announcement.content_type)
    if announcement.size_bytes == 0:
        raise EmptyFile("This file is empty. Choose another one.")
    if announcement.size_bytes > settings.max_file_bytes:
        raise FileTooLarge(limit_bytes=settings.max_file_bytes)
    return await files.create_file(
        database,
        {
            "filename": announcement.filename,
            "size_bytes": announcement.size_bytes,
            "content_type": file_type.content_type,
            "sha256": announcement.sha256,
            "page_kind": file_type.page_kind.value,
        },
        {"files": settings.max_files_per_user, "bytes": settings.max_bytes_per_user},
    )


@asynccontextmanager
async def _or_forgotten(file: StoredFile, database: Database) -> AsyncGenerator[None]:
    """Take an announcement back where what follows fails: its place would count against the user's."""
    try:
        yield
    except Problem:
        await files.delete_file(database, file.id)
        raise


async def sign_upload(
    announcement: Announcement,
    *,
    database: Database,
    storage: Storage,
    settings: Settings,
    now: datetime,
) -> tuple[File, Upload | None]:
    """Announce a file and return where its bytes go; None for a duplicate, which needs none.

    Nothing is left behind when the storage fails.
    """
    file, created = await announce(announcement, database=database, settings=settings)
    if not created:
        return file, None
    async with _or_forgotten(file, database):
        return file, await storage.sign_upload(file.path, file.content_type, now=now)


async def send(
    announcement: Announcement,
    content: bytes,
    *,
    database: Database,
    storage: Storage,
    settings: Settings,
    now: datetime,
) -> tuple[StoredFile, bool]:
    """Announce a file and store its bytes in one go; False with the existing file for a duplicate.

    Nothing is left behind when the storage fails.
    """
    file, created = await announce(announcement, database=database, settings=settings)
    if created:
        async with _or_forgotten(file, database):
            upload = await storage.sign_upload(file.path, file.content_type, now=now)
            await storage.upload(upload, content)
    return file, created


def hash_content(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def open_content(
    file_id: int, *, database: Database, storage: Storage, download: bool, now: datetime
) -> tuple[str, datetime]:
    """Return a URL of a few minutes and when it expires: a PDF that is ready inline, else attached.

    Raises:
        UploadIncomplete: The bytes have not arrived.
    """
    file = await files.get_file(database, file_id)
    if file.status is FileStatus.AWAITING_UPLOAD:
        raise UploadIncomplete
    name = file.filename if download or not _is_shown(file) else None
    try:
        return await storage.sign_download(file.path, name), now + DOWNLOAD_URL_LIFETIME
    except FileNotFound as error:
        raise UploadIncomplete("The bytes of this file are not there. Upload it again.") from error


def _is_shown(file: StoredFile) -> bool:
    """Tell whether a browser may show it: only what has been read is known to be what it claims."""
    return file.status is FileStatus.READY and any(
        kind.inline and kind.content_type == file.content_type for kind in FILE_TYPES
    )


async def open_page(file_id: int, number: int, *, database: Database) -> tuple[Page, int]:
    return await files.get_page(database, file_id, number)


async def list_files(*, database: Database, cursor: int | None, limit: int) -> list[File]:
    return await files.list_files(database, cursor=cursor, limit=limit)


async def get_file(file_id: int, *, database: Database) -> File:
    return await files.get_file(database, file_id)


async def delete(file_id: int, *, database: Database, service: Database, storage: Storage) -> None:
    """Delete a file with everything read from it, and the stored object."""
    path = await files.delete_file(database, file_id)
    # The deletion is already noted: where storage fails now, the job deletes the object.
    await delete_objects([path], service=service, storage=storage)

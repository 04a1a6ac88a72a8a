"""/api/upload: send files, follow their reading, open their pages, delete them."""

from lib.web.starting import make_handler

from datetime import datetime
from typing import Annotated, Literal

from fastapi import File as FormFile, Query as QueryParameter, Response, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import Field

from lib.domain.models import File, Upload
from lib.domain.problems import FileTooLarge
from lib.services import ingestion, uploads
from lib.services.uploads import Announcement
from lib.web.app import create_app
from lib.web.dependencies import (
    CurrentSettings,
    Now,
    ServiceDatabase,
    UserDatabase,
)
from lib.web.reading import ReadingTools
from lib.web.schemas import (
    Body,
    Cursor,
    Filename,
    Id,
    Limit,
    PageNumber,
    Reply,
    cut_page,
    decode_cursor,
    encode_cursor,
    parse_filename,
)
from lib.web.storage import FileStorage

# Vercel refuses bodies over 4.5 MB and Lambda over 6 MB: larger files take the signed route.
MAX_DIRECT_BYTES = 4 * 1024 * 1024
_DIRECT_IS_TOO_LARGE = "This way takes 4 MB at most. Larger files go by /api/upload/signed."
_MULTIPART_OVERHEAD_BYTES = 64 * 1024

app = create_app(
    "upload",
    "Course files: sent, read and opened again.",
    max_body_bytes=MAX_DIRECT_BYTES + _MULTIPART_OVERHEAD_BYTES,
)


class FileAnnouncement(Body):
    filename: Annotated[Filename, Field(min_length=1, max_length=255)]
    size_bytes: Annotated[int, Field(ge=1, le=2**40)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class SignedUpload(Reply):
    file: File
    upload: Upload | None = Field(description="Null for a duplicate: there is nothing to send.")


class Files(Reply):
    files: list[File]
    next_cursor: str | None


class PageText(Reply):
    page: int
    page_count: int
    text: str


class ContentUrl(Reply):
    url: str
    expires_at: datetime


@app.post(
    "/api/upload",
    status_code=201,
    responses={200: {"model": File, "description": "A duplicate: the file that is already there."}},
)
async def upload_file(
    response: Response,
    file: Annotated[UploadFile, FormFile(description="At most 4 MB.")],
    database: UserDatabase,
    tools: ReadingTools,
    now: Now,
) -> File:
    """Send a small file and have it read, in one call; it may still be `processing` afterwards."""
    content = await file.read()
    if len(content) > MAX_DIRECT_BYTES:
        raise FileTooLarge(_DIRECT_IS_TOO_LARGE, limit_bytes=MAX_DIRECT_BYTES)
    announcement = Announcement(
        filename=parse_filename(file.filename),
        size_bytes=len(content),
        content_type=file.content_type or "",
        sha256=uploads.hash_content(content),
    )
    async with ingestion.prepare_early(announcement.filename, tools.settings) as desk:
        sent, created = await uploads.send(
            announcement,
            content,
            database=database,
            storage=tools.storage,
            settings=tools.settings,
            now=now,
        )
        if created:
            return await ingestion.ingest(sent.id, database=database, tools=tools, desk=desk)
    response.status_code = 200
    return sent


@app.post(
    "/api/upload/signed",
    status_code=201,
    responses={
        200: {"model": SignedUpload, "description": "A duplicate: the file that is already there."}
    },
)
async def sign_upload(
    body: FileAnnouncement,
    response: Response,
    settings: CurrentSettings,
    database: UserDatabase,
    storage: FileStorage,
    now: Now,
) -> SignedUpload:
    """Announce a file; its bytes then go straight to storage, in one PUT or resumable (TUS)."""
    file, upload = await uploads.sign_upload(
        Announcement(**body.model_dump()),
        database=database,
        storage=storage,
        settings=settings,
        now=now,
    )
    response.status_code = 201 if upload else 200
    return SignedUpload(file=file, upload=upload)


@app.post("/api/upload/{file_id}/ingest")
async def ingest_file(file_id: Id, database: UserDatabase, tools: ReadingTools) -> File:
    """Read a file for a bounded time (at most 20 s); call again until it is `ready` or `failed`."""
    return await ingestion.ingest(file_id, database=database, tools=tools)


@app.get("/api/upload")
async def list_files(database: UserDatabase, cursor: Cursor = None, limit: Limit = 20) -> Files:
    """List your files, newest first."""
    after = decode_cursor(cursor, int)
    found = await uploads.list_files(
        database=database, cursor=after[0] if after else None, limit=limit + 1
    )
    shown, last = cut_page(found, limit)
    return Files(files=shown, next_cursor=encode_cursor(last.id) if last else None)


@app.get("/api/upload/{file_id}")
async def get_file(file_id: Id, database: UserDatabase) -> File:
    """Return a file and how far its reading has come."""
    return await uploads.get_file(file_id, database=database)


@app.get(
    "/api/upload/{file_id}/content",
    status_code=307,
    response_class=Response,
    responses={200: {"model": ContentUrl, "description": "With `as=url`."}},
)
async def open_content(
    file_id: Id,
    database: UserDatabase,
    storage: FileStorage,
    now: Now,
    download: Annotated[
        bool, QueryParameter(description="Save it, also what a browser can show.")
    ] = False,
    as_: Annotated[
        Literal["url"] | None,
        QueryParameter(
            alias="as", description="Answer the URL: a link or a frame carries no bearer."
        ),
    ] = None,
) -> Response:
    """Redirect to the file as uploaded: PDF is shown, everything else saved."""
    url, expires_at = await uploads.open_content(
        file_id, database=database, storage=storage, download=download, now=now
    )
    if as_ == "url":
        return JSONResponse(ContentUrl(url=url, expires_at=expires_at).model_dump(mode="json"))
    return RedirectResponse(url, status_code=307)


@app.get("/api/upload/{file_id}/pages/{number}")
async def open_page(file_id: Id, number: PageNumber, database: UserDatabase) -> PageText:
    """Return the text of a page as it was read: what the offsets of citations count in."""
    page, page_count = await uploads.open_page(file_id, number, database=database)
    return PageText(page=page.number, page_count=page_count, text=page.text)


@app.delete("/api/upload/{file_id}", status_code=204)
async def delete_file(
    file_id: Id,
    database: UserDatabase,
    service: ServiceDatabase,
    storage: FileStorage,
) -> Response:
    """Delete a file: row, pages, chunks and the stored object. Citations of it stay readable."""
    await uploads.delete(file_id, database=database, service=service, storage=storage)
    return Response(status_code=204)


handler = make_handler(app)

"""Objects that go out: their bytes, what is known of them, and lists of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from dev.storage import errors
from dev.storage.objects import ObjectStore

_CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")

# What JavaScript's encodeURIComponent leaves as it is.
_UNRESERVED = "-_.!~*'()"


def _disposition(request: Request) -> dict[str, str]:
    name = request.query_params.get("download")
    if name is None:
        return {}
    if not name:
        return {"content-disposition": "attachment;"}
    encoded = quote(name, safe=_UNRESERVED)
    value = f"attachment; filename={encoded}; filename*=UTF-8''{encoded}"
    return {"content-disposition": value}


def _headers(request: Request, row: DictRow, expires_at: int | None) -> dict[str, str]:
    metadata = row["metadata"]
    freshness = {"cache-control": metadata["cacheControl"]}
    if expires_at is not None:
        freshness = {"expires": formatdate(expires_at, usegmt=True)}
    content_type = metadata["mimetype"]
    modified = datetime.fromisoformat(metadata["lastModified"]).astimezone(UTC)
    return {
        "accept-ranges": "bytes",
        # A page served from the project's own origin could act there.
        "content-type": "text/plain" if "text/html" in content_type else content_type,
        "etag": metadata["eTag"],
        "last-modified": format_datetime(modified, usegmt=True),
        "x-robots-tag": "none",
        **freshness,
        **_disposition(request),
    }


def _slice(header: str | None, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None where it asks for all, or for several."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    asked = range(int(first), min(int(last or size - 1) + 1, size))
    if not asked:
        raise errors.invalid_range()
    return asked


def _read(path: Path, part: range) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk


def respond(
    request: Request, store: ObjectStore, row: DictRow, expires_at: int | None = None
) -> Response:
    """Answer with the bytes of an object, or with the part of them that is asked for."""
    headers, size = _headers(request, row, expires_at), row["metadata"]["size"]
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    part = _slice(request.headers.get("range"), size)
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    sent = range(size) if part is None else part
    headers["content-length"] = str(len(sent))
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_read(store.path(row["version"]), sent), status, headers)


def describe(row: DictRow) -> Response:
    """Answer with what is known of an object."""
    metadata = row["metadata"]
    return JSONResponse(
        {
            "id": str(row["id"]),
            "name": row["name"],
            "version": row["version"],
            "bucket_id": row["bucket_id"],
            "size": metadata["size"],
            "content_type": metadata["mimetype"],
            "cache_control": metadata["cacheControl"],
            "etag": metadata["eTag"],
            "metadata": row["user_metadata"] or {},
            "last_modified": row["updated_at"].isoformat(),
            "created_at": row["created_at"].isoformat(),
        }
    )


def listed(row: DictRow, name: str) -> dict[str, Any]:
    """Return an object as lists show it."""
    times = ("created_at", "updated_at", "last_accessed_at")
    return {
        "name": name,
        "id": str(row["id"]),
        "bucket_id": row["bucket_id"],
        "owner_id": row["owner_id"],
        "metadata": row["metadata"],
        **{time: row[time].isoformat() for time in times},
    }


def children(rows: list[DictRow], prefix: str, search: str) -> list[dict[str, Any]]:
    """Return what lies directly under a prefix: objects, and folders as names without an id."""
    entries: dict[str, dict[str, Any]] = {}
    for row in rows:
        name, slash, _ = row["name"].removeprefix(prefix).partition("/")
        if search.lower() in name.lower():
            entries[name] = (
                {"name": name, "id": None, "metadata": None} if slash else listed(row, name)
            )
    return list(entries.values())

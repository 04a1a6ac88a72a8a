"""Resumable uploads as TUS 1.0.0 has them: created, asked after, continued, given up.

Errors are plain text with their true status, as in the hosted service.
"""

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dev.storage import errors, writing
from dev.storage.access import require_caller, verify
from dev.storage.objects import ObjectStore, check_bucket_name, check_key
from dev.storage.uploads import TusError, Upload, UploadStore

EXPOSED_HEADERS = (
    *("Location", "Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires"),
    *("Tus-Version", "Tus-Resumable", "Tus-Max-Size", "Tus-Extension", "Tus-Complete"),
)

_VERSION = {"tus-resumable": "1.0.0"}
_EXTENSIONS = "creation,creation-with-upload,expiration,termination"
_BODY_TYPE = "application/offset+octet-stream"


def _store(request: Request) -> ObjectStore:
    return request.app.state.store


def _uploads(request: Request) -> UploadStore:
    return request.app.state.uploads


def _parse_metadata(header: str) -> dict[str, str]:
    pairs = (pair.strip().partition(" ") for pair in header.split(",") if pair.strip())
    try:
        return {name: base64.b64decode(value).decode() for name, _, value in pairs}
    except ValueError as error:
        raise TusError(400, "Invalid Upload-Metadata header") from error


def _is_signed(request: Request) -> bool:
    return "/upload/resumable/sign" in request.url.path


async def _authorize(request: Request, bucket: str, key: str) -> tuple[str | None, bool]:
    """Return the owner and whether an older object may be replaced."""
    keys = request.app.state.keys
    if _is_signed(request):
        signature = request.headers.get("x-signature")
        if not signature:
            raise errors.invalid_signature("Missing x-signature header")
        claims = verify(signature, f"{bucket}/{key}", "upload", keys)
        return claims.get("owner"), bool(claims.get("upsert"))
    is_upsert = request.headers.get("x-upsert") == "true"
    if request.method == "HEAD":
        return None, is_upsert
    caller = require_caller(request, keys)
    await writing.check_may_create(_store(request), caller, bucket, key, is_upsert=is_upsert)
    return caller.owner, is_upsert


def _length(request: Request) -> int:
    try:
        return int(request.headers["upload-length"])
    except (KeyError, ValueError) as error:
        message = "Upload-Length or Upload-Defer-Length header required\n"
        raise TusError(400, message) from error


def _url(request: Request, upload: Upload) -> str:
    suffix = "/sign" if _is_signed(request) else ""
    host = request.headers["host"]
    return f"{request.url.scheme}://{host}/storage/v1/upload/resumable{suffix}/{upload.name}"


async def create(request: Request) -> Response:
    metadata = _parse_metadata(request.headers.get("upload-metadata", ""))
    if not metadata:
        raise errors.invalid_request("Metadata header is required")
    name, key = metadata.get("bucketName", ""), metadata.get("objectName", "")
    check_bucket_name(name)
    check_key(key)
    owner, is_upsert = await _authorize(request, name, key)
    bucket, size = await _store(request).get_bucket(name), _length(request)
    if size > _store(request).size_limit(bucket):
        raise TusError(413, "Maximum size exceeded\n")
    if "contentType" in metadata:
        writing.check_type(metadata["contentType"], bucket["allowed_mime_types"])
    upload = Upload(
        bucket=name, key=key, size=size, metadata=metadata, owner=owner, is_upsert=is_upsert
    )
    _uploads(request).path(upload).touch()
    _uploads(request).save(upload)
    headers = {"location": _url(request, upload)}
    if request.headers.get("content-type") == _BODY_TYPE:
        headers |= await _append(request, upload)
    return Response(status_code=201, headers=headers | _expiry(upload))


def _expiry(upload: Upload) -> dict[str, str]:
    return (
        {} if upload.is_complete else {"upload-expires": formatdate(upload.expires_at, usegmt=True)}
    )


async def head(request: Request) -> Response:
    async with _uploads(request).take_over(await _open(request)):
        upload = await _open(request)
    metadata = ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}"
        for name, value in upload.metadata.items()
    )
    headers = {
        "upload-offset": str(_uploads(request).offset(upload)),
        "upload-length": str(upload.size),
        "upload-metadata": metadata,
        "cache-control": "no-store",
    }
    return Response(headers=headers | _expiry(upload))


async def _open(request: Request) -> Upload:
    upload = _uploads(request).find(request.path_params["upload"])
    await _authorize(request, upload.bucket, upload.key)
    if upload.expires_at < time.time():
        raise TusError(410, "The file for this url no longer exists\n")
    return upload


async def patch(request: Request) -> Response:
    if request.headers.get("content-type") != _BODY_TYPE:
        raise TusError(415, "Content-Type must be application/offset+octet-stream\n")
    async with _uploads(request).take_over(await _open(request)):
        upload = await _open(request)  # as whoever was at it has left it
        if request.headers.get("upload-offset") != str(_uploads(request).offset(upload)):
            raise TusError(409, "Upload-Offset conflict\n")
        headers = await _append(request, upload)
    return Response(status_code=204, headers=headers | _expiry(upload))


async def _append(request: Request, upload: Upload) -> dict[str, str]:
    uploads = _uploads(request)
    await uploads.receive(upload, _write(request, upload))
    offset = uploads.offset(upload)
    if offset < upload.size:
        return {"upload-offset": str(offset)}
    await _finish(request, upload)
    return {"upload-offset": str(offset), "tus-complete": "1"}


async def _write(request: Request, upload: Upload) -> None:
    uploads = _uploads(request)
    room = upload.size - uploads.offset(upload)
    with uploads.path(upload).open("ab") as file:
        async for chunk in _until_disconnect(request):
            room -= len(chunk)
            if room < 0:
                raise TusError(413, "Exceeded upload size\n")
            file.write(chunk)
            file.flush()  # what was received stays, even if we end now


async def _until_disconnect(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return


async def _finish(request: Request, upload: Upload) -> None:
    store, uploads = _store(request), _uploads(request)
    seconds = upload.metadata.get("cacheControl", "")
    described = {
        "mimetype": upload.metadata.get("contentType", "application/octet-stream"),
        "cacheControl": f"max-age={seconds}" if seconds.isdigit() else "no-cache",
        "owner": upload.owner,
    }
    draft = store.adopt(uploads.path(upload))
    try:
        await store.commit(upload.bucket, upload.key, draft, described, is_upsert=upload.is_upsert)
    except errors.StorageError:
        uploads.remove(upload)
        raise
    uploads.complete(upload)


async def terminate(request: Request) -> Response:
    async with _uploads(request).take_over(await _open(request)):
        upload = await _open(request)
        if upload.is_complete:
            raise TusError(400, "Cannot terminate an already completed upload")
        _uploads(request).remove(upload)
    return Response(status_code=204)


async def options(_request: Request) -> Response:
    headers = {"tus-version": "1.0.0", "tus-extension": _EXTENSIONS}
    return Response(status_code=204, headers=headers)


def _speaking_tus(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Any]:
    async def speak(request: Request) -> Response:
        if request.method != "OPTIONS" and request.headers.get("tus-resumable") != "1.0.0":
            return PlainTextResponse("Tus-Resumable Required\n", 412, _VERSION)
        try:
            response = await endpoint(request)
        except (TusError, errors.StorageError) as error:
            response = PlainTextResponse(error.message, error.status)
        response.headers.update(_VERSION)
        return response

    return speak


def _routes(path: str) -> list[Route]:
    one = f"{path}/{{upload}}"
    return [
        Route(path, _speaking_tus(create), methods=["POST"]),
        Route(path, _speaking_tus(options), methods=["OPTIONS"]),
        Route(one, _speaking_tus(patch), methods=["PATCH"]),
        Route(one, _speaking_tus(terminate), methods=["DELETE"]),
        Route(one, _speaking_tus(options), methods=["OPTIONS"]),
        Route(one, _speaking_tus(head), methods=["HEAD"]),
    ]


ROUTES = [*_routes("/upload/resumable/sign"), *_routes("/upload/resumable")]

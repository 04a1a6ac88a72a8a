"""Bytes that come in: raw or as a form, checked against their bucket, made an object."""

from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile
from starlette.requests import Request

from dev.storage import errors
from dev.storage.access import Caller
from dev.storage.objects import ObjectStore

_CHUNK_BYTES = 256 * 1024


async def check_may_create(
    store: ObjectStore, caller: Caller, bucket: str, key: str, *, is_upsert: bool
) -> None:
    """Refuse what the insertion of the row would be refused for."""
    if not caller.is_service:
        raise errors.access_denied()
    if bucket not in {row["id"] for row in await store.list_buckets()}:
        raise errors.no_such_relation()
    if not is_upsert and await store.find(bucket, key):
        raise errors.key_already_exists()


def check_type(content_type: str, allowed: list[str] | None) -> None:
    """Refuse a type that the bucket does not take; `image/*` takes them all. Parameters count."""
    kind, _, _ = content_type.partition("/")
    if allowed and not {content_type, f"{kind}/*"} & set(allowed):
        raise errors.invalid_type(content_type)


async def _from_file(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK_BYTES):
        yield chunk


async def _open_form(request: Request) -> tuple[AsyncIterator[bytes], str, str]:
    form = await request.form(max_files=1, max_fields=10)
    file = next((part for part in form.values() if isinstance(part, UploadFile)), None)
    if file is None:
        raise errors.invalid_request("No content provided")
    content_type = str(form.get("contentType") or file.content_type or "application/octet-stream")
    seconds = form.get("cacheControl")
    return _from_file(file), content_type, f"max-age={seconds}" if seconds else "no-cache"


async def _open(request: Request) -> tuple[AsyncIterator[bytes], str, str]:
    content_type = request.headers.get("content-type") or "application/octet-stream"
    if content_type.startswith("multipart/form-data"):
        return await _open_form(request)
    return request.stream(), content_type, request.headers.get("cache-control", "no-cache")


async def receive(
    request: Request, store: ObjectStore, owner: str | None, *, is_upsert: bool
) -> str:
    """Make the request's body an object and return its id.

    Raises:
        StorageError: Its bucket does not take it, or its key is taken.
    """
    bucket = await store.get_bucket(request.path_params["bucket"])
    key = request.path_params["key"]
    if not is_upsert and await store.find(bucket["id"], key):
        raise errors.key_already_exists()
    chunks, content_type, cache_control = await _open(request)
    check_type(content_type, bucket["allowed_mime_types"])
    draft = await store.write(chunks, store.size_limit(bucket))
    metadata = {"mimetype": content_type, "cacheControl": cache_control, "owner": owner}
    return await store.commit(bucket["id"], key, draft, metadata, is_upsert=is_upsert)

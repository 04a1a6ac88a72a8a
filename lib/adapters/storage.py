"""Supabase Storage, spoken to with the secret key: signed URLs, and the bytes for ingestion."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx

from lib.adapters.deadlines import limit, until_deadline
from lib.adapters.retries import retrying
from lib.adapters.transport import never_arrived, supabase_client, timeouts, traced_call
from lib.domain import problems
from lib.domain.models import ResumableUpload, Upload

if TYPE_CHECKING:
    from storage3._async.file_api import AsyncBucketProxy

    from lib.adapters.storage_parts import StorageApiError, URLOptions

T = TypeVar("T")

DOWNLOAD_URL_LIFETIME = timedelta(minutes=5)
_UPLOAD_URL_LIFETIME = timedelta(hours=2)  # fixed by Supabase
_RESUMABLE_CHUNK_BYTES = 6 * 1024 * 1024  # exactly this, says Supabase's documentation
RETRY_AFTER_SECONDS = 5
# Of one call with its retries; 4 MB are the most that we ourselves send.
_TIMEOUT_SECONDS = 8.0
# Locked, too many requests, overloaded; 544 is Storage's own word for a database that is slow.
_BUSY = ("423", "429", "502", "503", "504", "544")
# Not reached, broken off, too late; or an answer in which the client does not find what it looks for.
_FAILURES = (httpx.HTTPError, TimeoutError, ValueError, LookupError, TypeError)
# As which types Storage serves what was sent as this one: a page of its own origin could act there.
SERVED_TYPES = {"text/html": ("text/html", "text/plain")}
# A big file over a slow link: the time between two reads, not of the whole download.
_DOWNLOAD_TIMEOUT = timeouts(15)


class Storage:
    """One bucket. Storage answers most errors as 400 with the true status in the body.

    Raises:
        StorageUnavailable: It cannot be reached, or answers what it should not.
    """

    def __init__(self, url: str, secret_key: str, bucket: str) -> None:
        self._url = f"{url}/storage/v1"
        self._headers = {"apikey": secret_key}
        self._bucket = bucket

    @cached_property
    def _files(self) -> "AsyncBucketProxy":
        from lib.adapters.storage_parts import AsyncStorageClient  # noqa: PLC0415

        client = AsyncStorageClient(f"{self._url}/", self._headers, http_client=supabase_client())
        return client.from_(self._bucket)

    async def sign_upload(self, path: str, content_type: str, *, now: datetime) -> Upload:
        """Return where to send the bytes of `path`: one PUT, or in pieces that can be resumed (TUS)."""
        signed = await _calling(lambda: self._files.create_signed_upload_url(path))
        names = {"bucketName": self._bucket, "objectName": path, "contentType": content_type}
        return Upload(
            method="PUT",
            url=signed["signed_url"],
            headers={"Content-Type": content_type},
            expires_at=now + _UPLOAD_URL_LIFETIME,
            resumable=ResumableUpload(
                url=f"{self._url}/upload/resumable/sign",
                headers={"x-signature": signed["token"], "Upload-Metadata": _tus_metadata(names)},
                chunk_bytes=_RESUMABLE_CHUNK_BYTES,
            ),
        )

    async def upload(self, upload: Upload, content: bytes) -> None:
        """Send `content` as a browser would: to the signed URL."""

        async def put() -> None:
            answer = await supabase_client().put(
                upload.url, content=content, headers=upload.headers
            )
            # Nothing is ever overwritten: what is there is what an attempt brought whose reply was lost.
            # Stored is only what is given a key: a gateway's page may come with 200, too.
            if _true_status(answer) != HTTPStatus.CONFLICT and "Key" not in _members(answer):
                raise _refusal(answer)

        await _calling(put)

    async def sign_download(self, path: str, filename: str | None) -> str:
        """Return a URL of a few minutes; with `filename` the browser saves it under that name.

        Raises:
            FileNotFound: There is no such object.
        """
        seconds = int(DOWNLOAD_URL_LIFETIME.total_seconds())
        options: URLOptions = {"download": filename} if filename else {}
        signed = await _calling(
            lambda: self._files.create_signed_url(path, seconds, options), may_miss=True
        )
        return str(signed["signedURL"])

    async def download(
        self, path: str, target: Path, *, max_bytes: int, seconds: float
    ) -> "Download | None":
        """Stream the object to `target`; None where there is none.

        Raises:
            FileTooLarge: It has more than `max_bytes`.
            StorageUnavailable: It failed, or has not sent all of it in so many seconds.
        """

        async def fetch() -> Download:
            async with self._open(path) as answer:
                await _check(answer)
                return await _save(answer, target, max_bytes)

        try:
            return await _calling(fetch, seconds=seconds, may_miss=True)
        except problems.FileNotFound:
            return None

    async def stream(self, path: str) -> AsyncGenerator[bytes]:
        """Yield the bytes of the object; nothing where there is none."""
        async with AsyncExitStack() as stack:

            async def begin() -> httpx.Response:
                answer = await stack.enter_async_context(self._open(path))
                await _check(answer)
                return answer

            try:
                # What has begun cannot be begun again: somebody has the first bytes.
                answer = await _calling(begin, may_miss=True)
            except problems.FileNotFound:
                return
            with _as_problems(may_miss=False):
                async for piece in until_deadline(answer.aiter_bytes()):
                    yield piece

    def _open(self, path: str) -> Any:
        url = f"{self._url}/object/authenticated/{self._bucket}/{quote(path)}"
        return supabase_client().stream(
            "GET", url, headers=self._headers, timeout=_DOWNLOAD_TIMEOUT
        )

    async def remove(self, paths: list[str]) -> list[str]:
        """Delete the objects and return which there were; those that are not there are no error.

        Tried again only where nobody can have heard it: a second call finds none of what the first has deleted.
        """

        async def delete() -> list[str]:
            return [str(gone["name"]) for gone in await self._files.remove(paths)]

        return await _calling(delete, least_wait=_least_wait_unheard)


def _least_wait(error: Exception, _retry: int) -> float | None:
    from lib.adapters.storage_parts import StorageApiError  # noqa: PLC0415

    if isinstance(error, StorageApiError):
        return 0 if str(error.status) in _BUSY else None
    is_broken = isinstance(error, httpx.TransportError) and not isinstance(
        error, httpx.ReadTimeout | httpx.WriteTimeout
    )
    return 0 if is_broken else None


def _least_wait_unheard(error: Exception, _retry: int) -> float | None:
    return 0 if never_arrived(error) else None


async def _calling(
    call: Callable[[], Awaitable[T]],
    *,
    seconds: float = _TIMEOUT_SECONDS,
    may_miss: bool = False,
    least_wait: Callable[[Exception, int], float | None] = _least_wait,
) -> T:
    """Make a call, and again where that may help: all of them may be repeated.

    Raises:
        FileNotFound: There is no such object, where it `may_miss`. To other calls 404 says that
            somebody else answered.
        StorageUnavailable: It failed.
    """

    async def attempt() -> T:
        with traced_call("storage"):
            return await call()

    with _as_problems(may_miss=may_miss):
        async with limit(seconds):
            return await retrying(attempt, least_wait)


@contextmanager
def _as_problems(*, may_miss: bool) -> Generator[None]:
    from lib.adapters.storage_parts import StorageApiError, StorageException  # noqa: PLC0415

    try:
        yield
    except StorageApiError as error:
        if may_miss and str(error.status) == "404" and not _is_of_bucket(error):
            raise problems.FileNotFound from error
        raise problems.StorageUnavailable(retry_after_seconds=RETRY_AFTER_SECONDS) from error
    except (StorageException, *_FAILURES) as error:
        raise problems.StorageUnavailable(retry_after_seconds=RETRY_AFTER_SECONDS) from error


def _is_of_bucket(error: "StorageApiError") -> bool:
    """Tell a bucket that is not there, which is our fault, from an object: both are 404."""
    return "bucket" in f"{error.code} {error.message}".lower()


async def _check(answer: httpx.Response) -> None:
    if answer.is_error:
        await answer.aread()
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> "StorageApiError":
    from lib.adapters.storage_parts import StorageApiError  # noqa: PLC0415

    return StorageApiError(answer.text, "", _true_status(answer))


def _true_status(answer: httpx.Response) -> int:
    """Return the status that the body tells; that of the answer itself is 400 for most of them."""
    try:
        return int(_members(answer)["statusCode"])
    except (ValueError, LookupError, TypeError):
        return answer.status_code


def _members(answer: httpx.Response) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except (ValueError, TypeError):
        return {}


def _tus_metadata(values: dict[str, str]) -> str:
    """Encode `Upload-Metadata`: keys in the clear, values in base64 (TUS 1.0.0, creation)."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())


class Download:
    """What arrived: its size, its SHA-256 and the type under which it is served."""

    def __init__(self, size_bytes: int, sha256: str, content_type: str) -> None:
        self.size_bytes = size_bytes
        self.sha256 = sha256
        self.content_type = content_type


async def _save(answer: httpx.Response, target: Path, max_bytes: int) -> Download:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        async for piece in answer.aiter_bytes():
            size += len(piece)
            if size > max_bytes:
                raise problems.FileTooLarge(limit_bytes=max_bytes)
            digest.update(piece)
            file.write(piece)
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Download(size, digest.hexdigest(), content_type)

"""Supabase Storage, spoken to with the secret key: signed URLs, and the bytes for ingestion."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError
from storage3.utils import StorageException

from lib.adapters.transport import http_client, traced_call
from lib.domain import problems
from lib.domain.models import ResumableUpload, Upload

DOWNLOAD_URL_LIFETIME = timedelta(minutes=5)
_UPLOAD_URL_LIFETIME = timedelta(hours=2)  # fixed by Supabase
_RESUMABLE_CHUNK_BYTES = 6 * 1024 * 1024  # exactly this, says Supabase's documentation
_RETRY_AFTER_SECONDS = 5
# A big file over a slow link: the time between two reads, not of the whole download.
_DOWNLOAD_TIMEOUT = httpx.Timeout(15, connect=3)


class Storage:
    """One bucket. Storage answers most errors as 400 with the true status in the body.

    Raises:
        StorageUnavailable: It cannot be reached, or answers what it should not.
    """

    def __init__(self, url: str, secret_key: str, bucket: str) -> None:
        self._url = f"{url}/storage/v1"
        self._headers = {"apikey": secret_key}
        self._bucket = bucket
        client = AsyncStorageClient(f"{self._url}/", self._headers, http_client=http_client())
        self._files = client.from_(bucket)

    async def sign_upload(self, path: str, content_type: str, *, now: datetime) -> Upload:
        """Return where to send the bytes of `path`: one PUT, or in pieces that can be resumed (TUS)."""
        with _storage_call():
            signed = await self._files.create_signed_upload_url(path)
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
        with _storage_call():
            answer = await http_client().put(upload.url, content=content, headers=upload.headers)
            if answer.is_error:
                raise problems.StorageUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)

    async def sign_download(self, path: str, filename: str | None) -> str:
        """Return a URL of a few minutes; with `filename` the browser saves it under that name."""
        seconds = int(DOWNLOAD_URL_LIFETIME.total_seconds())
        with _storage_call():
            signed = await self._files.create_signed_url(
                path, seconds, {"download": filename} if filename else {}
            )
        return str(signed["signedURL"])

    async def download(self, path: str, target: Path, *, max_bytes: int) -> "Download | None":
        """Stream the object to `target`; None where there is none.

        Raises:
            FileTooLarge: It has more than `max_bytes`.
        """
        with _storage_call():
            async with self._open(path) as answer:
                if answer.is_error:
                    return _absent(await answer.aread(), answer.status_code)
                return await _save(answer, target, max_bytes)

    async def stream(self, path: str) -> AsyncGenerator[bytes]:
        """Yield the bytes of the object; nothing where there is none."""
        with _storage_call():
            async with self._open(path) as answer:
                if answer.is_error:
                    _absent(await answer.aread(), answer.status_code)
                    return
                async for piece in answer.aiter_bytes():
                    yield piece

    def _open(self, path: str) -> Any:
        url = f"{self._url}/object/authenticated/{self._bucket}/{quote(path)}"
        return http_client().stream("GET", url, headers=self._headers, timeout=_DOWNLOAD_TIMEOUT)

    async def remove(self, paths: list[str]) -> None:
        """Delete the objects; those that are not there are no error."""
        with _storage_call():
            await self._files.remove(paths)


@contextmanager
def _storage_call() -> Generator[None]:
    with traced_call("storage"):
        try:
            yield
        except StorageApiError as error:
            if str(error.status) == "404":
                raise problems.FileNotFound from error
            raise problems.StorageUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
        except (StorageException, httpx.HTTPError) as error:
            raise problems.StorageUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error


def _tus_metadata(values: dict[str, str]) -> str:
    """Encode `Upload-Metadata`: keys in the clear, values in base64 (TUS 1.0.0, creation)."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())


class Download:
    """What arrived: its size and its SHA-256."""

    def __init__(self, size_bytes: int, sha256: str) -> None:
        self.size_bytes = size_bytes
        self.sha256 = sha256


async def _save(answer: httpx.Response, target: Path, max_bytes: int) -> Download:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        async for piece in answer.aiter_bytes():
            size += len(piece)
            if size > max_bytes:
                raise problems.FileTooLarge(limit_bytes=max_bytes)
            digest.update(piece)
            file.write(piece)
    return Download(size, digest.hexdigest())


def _absent(body: bytes, status: int) -> None:
    """Tell an object that is not there from a storage that does not work."""
    if status == HTTPStatus.NOT_FOUND or b'"404"' in body or b"not_found" in body:
        return
    raise problems.StorageUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)

"""Resumable uploads that are under way: their bytes and what is known of them, side by side.

The bytes that have arrived are the offset: after a crash an upload goes on where its file ends.
"""

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_LIFETIME_SECONDS = 24 * 60 * 60


class TusError(Exception):
    """A refusal in the protocol's own way."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(kw_only=True)
class Upload:
    """One upload that was begun."""

    bucket: str
    key: str
    size: int
    metadata: dict[str, str]
    owner: str | None
    is_upsert: bool
    is_complete: bool = False
    version: str = field(default_factory=lambda: str(uuid.uuid4()))
    expires_at: float = field(default_factory=lambda: time.time() + _LIFETIME_SECONDS)

    @property
    def name(self) -> str:
        """What its address ends with: where it goes, and which upload it is."""
        plain = f"{self.bucket}/{self.key}/{self.version}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


class UploadStore:
    """Uploads that are under way: bytes and a description, side by side."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._locks: dict[str, asyncio.Lock] = {}
        self._receivers: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def take_over(self, upload: Upload) -> AsyncIterator[None]:
        """Have an upload to oneself, as in the hosted service: who still receives for it stops.

        A client that lost its connection asks at once how far it came; the bytes of the request that
        it gave up may still be arriving, and the answer must not be overtaken by them.
        """
        if receiver := self._receivers.get(upload.version):
            receiver.cancel()
        async with self._locks.setdefault(upload.version, asyncio.Lock()):
            yield

    async def receive(self, upload: Upload, receiving: Coroutine[Any, Any, None]) -> None:
        """Wait for the bytes of a request until they end.

        Raises:
            TusError: Another request has taken the upload over; what was received stays.
        """
        receiver = self._receivers[upload.version] = asyncio.create_task(receiving)
        try:
            await asyncio.wait([receiver])
        finally:
            receiver.cancel()
            del self._receivers[upload.version]
        if receiver.cancelled():
            raise TusError(400, "Request aborted due to lock acquired\n")
        receiver.result()

    def path(self, upload: Upload) -> Path:
        return self._directory / upload.version

    def offset(self, upload: Upload) -> int:
        return upload.size if upload.is_complete else self.path(upload).stat().st_size

    def complete(self, upload: Upload) -> None:
        """Remember that all of it has become an object, for a client that lost the answer."""
        upload.is_complete = True
        self.save(upload)
        self.path(upload).unlink(missing_ok=True)

    def save(self, upload: Upload) -> None:
        path = self.path(upload).with_suffix(".json")
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(upload)))
        new.replace(path)

    def find(self, name: str) -> Upload:
        try:
            padded = name + "=" * (-len(name) % 4)
            version = base64.urlsafe_b64decode(padded).decode().rpartition("/")[2]
            path = self._directory / f"{uuid.UUID(version)}.json"
            upload = Upload(**json.loads(path.read_text()))
        except (ValueError, FileNotFoundError) as error:
            raise TusError(404, "The file for this url was not found\n") from error
        if upload.name != name:
            raise TusError(404, "The file for this url was not found\n")
        return upload

    def remove(self, upload: Upload) -> None:
        self.path(upload).unlink(missing_ok=True)
        self.path(upload).with_suffix(".json").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Forget what has expired."""
        for path in self._directory.glob("*.json"):
            upload = Upload(**json.loads(path.read_text()))
            if upload.expires_at < time.time():
                self.remove(upload)

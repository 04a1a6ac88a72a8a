"""What Storage keeps: rows in the schema `storage`, bytes in one file each, named by version.

Bytes are written before their row and removed after it: whatever stops us in between leaves at
most bytes that no row names, and those go at the next start. No key ever becomes a path.
"""

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from dev.storage import errors

_VALID_KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
_VALID_BUCKET = re.compile(r"[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}")


def check_key(key: str) -> None:
    """Refuse a key that the real one refuses: only characters that are safe in S3."""
    if not _VALID_KEY.fullmatch(key):
        raise errors.invalid_key(key)


def check_bucket_name(name: str) -> None:
    if not _VALID_BUCKET.fullmatch(name):
        raise errors.StorageError(400, "InvalidBucketName", "Bucket name invalid", "Invalid Input")


async def _at_most(limit: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise errors.too_large()
        yield chunk


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Bytes that have arrived and are no object yet."""

    version: str
    size: int
    etag: str


class ObjectStore:
    """Buckets and objects of one project."""

    def __init__(self, dsn: str, directory: Path, size_limit: int) -> None:
        self._dsn, self._size_limit = dsn, size_limit
        self._bytes = directory / "objects"
        self._bytes.mkdir(parents=True, exist_ok=True)
        self._connection: psycopg.AsyncConnection[DictRow] | None = None
        self._connecting = asyncio.Lock()

    async def _rows(self, statement: LiteralString, *parameters: Any) -> list[DictRow]:
        async with self._connecting:
            if self._connection is None:
                await self._sweep(await self._connect())
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
        cursor = await self._connection.execute(statement, parameters)
        return await cursor.fetchall()

    async def _connect(self) -> psycopg.AsyncConnection[DictRow]:
        return await psycopg.AsyncConnection[DictRow].connect(
            self._dsn,
            autocommit=True,
            row_factory=dict_row,
            options="-c storage.allow_delete_query=true",
        )

    async def _sweep(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        """Remove bytes that no row names: what a crash left behind. Nothing else is under way yet."""
        cursor = await connection.execute("select version from storage.objects")
        named = {row["version"] async for row in cursor}
        for path in self._bytes.iterdir():
            if path.name not in named:
                path.unlink()
        self._connection = connection

    def path(self, version: str) -> Path:
        return self._bytes / version

    # Buckets

    async def list_buckets(self) -> list[DictRow]:
        return await self._rows("select * from storage.buckets order by name")

    async def get_bucket(self, name: str) -> DictRow:
        rows = await self._rows("select * from storage.buckets where id = %s", name)
        if not rows:
            raise errors.no_such_bucket()
        return rows[0]

    async def create_bucket(self, bucket: dict[str, Any]) -> None:
        check_bucket_name(bucket["id"])
        rows = await self._rows(
            """
            insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
            values (%s, %s, %s, %s, %s) on conflict do nothing returning id
            """,
            bucket["id"],
            bucket["name"],
            bucket.get("public", False),
            bucket.get("file_size_limit"),
            bucket.get("allowed_mime_types"),
        )
        if not rows:
            raise errors.bucket_already_exists()

    def size_limit(self, bucket: DictRow) -> int:
        return min(self._size_limit, bucket["file_size_limit"] or self._size_limit)

    # Objects

    async def find(self, bucket: str, key: str) -> DictRow | None:
        rows = await self._rows(
            "select * from storage.objects where bucket_id = %s and name = %s", bucket, key
        )
        return rows[0] if rows else None

    async def get(self, bucket: str, key: str) -> DictRow:
        found = await self.find(bucket, key)
        if found is None:
            raise errors.no_such_key()
        return found

    async def write(self, chunks: AsyncIterator[bytes], limit: int) -> Draft:
        """Write bytes that arrive, at most `limit`; nothing stays if they do not all come."""
        version, size = str(uuid.uuid4()), 0
        digest = hashlib.md5(usedforsecurity=False)
        try:
            with self.path(version).open("wb") as file:
                async for chunk in _at_most(limit, chunks):
                    size += len(chunk)
                    digest.update(chunk)
                    file.write(chunk)
        except BaseException:
            self.path(version).unlink(missing_ok=True)
            raise
        return Draft(version=version, size=size, etag=f'"{digest.hexdigest()}"')

    def adopt(self, path: Path) -> Draft:
        """Take the bytes of a complete file, which stays until its upload is done with it."""
        version = str(uuid.uuid4())
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        size = path.stat().st_size
        self.path(version).hardlink_to(path)
        return Draft(version=version, size=size, etag=f'"{digest.hexdigest()}"')

    async def commit(
        self, bucket: str, key: str, draft: Draft, metadata: dict[str, Any], *, is_upsert: bool
    ) -> str:
        """Make the bytes an object and return its id; the first to come keeps the key.

        Raises:
            StorageError: An object has this key already, and `is_upsert` is false.
        """
        previous = await self.find(bucket, key) if is_upsert else None
        rows = await self._rows(
            """
            insert into storage.objects (bucket_id, name, version, owner_id, metadata)
            values (%s, %s, %s, %s, %s)
            on conflict (bucket_id, name) do update
            set version = excluded.version, metadata = excluded.metadata, updated_at = now()
            where %s
            returning id
            """,
            bucket,
            key,
            draft.version,
            metadata.pop("owner", None),
            Jsonb(self._describe(draft, metadata)),
            is_upsert,
        )
        if not rows:
            self.path(draft.version).unlink(missing_ok=True)
            raise errors.key_already_exists()
        if previous is not None:
            self.path(previous["version"]).unlink(missing_ok=True)
        return str(rows[0]["id"])

    @staticmethod
    def _describe(draft: Draft, metadata: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "eTag": draft.etag,
            "size": draft.size,
            "contentLength": draft.size,
            "lastModified": now,
            "httpStatusCode": 200,
            **metadata,
        }

    async def remove(self, bucket: str, keys: list[str]) -> list[DictRow]:
        """Remove objects and return those that were there."""
        rows = await self._rows(
            "delete from storage.objects where bucket_id = %s and name = any(%s) returning *",
            bucket,
            keys,
        )
        for row in rows:
            self.path(row["version"]).unlink(missing_ok=True)
        return rows

    async def list_under(self, bucket: str, prefix: str) -> list[DictRow]:
        return await self._rows(
            "select * from storage.objects where bucket_id = %s and starts_with(name, %s)",
            bucket,
            prefix,
        )

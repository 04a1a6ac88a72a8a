"""A zip that is written while it is sent: nothing of it is kept but the names of its entries."""

import re
import zipfile
from collections.abc import AsyncGenerator, Generator
from datetime import datetime

# What no file system takes, and the controls that turn the direction of text.
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]')
_NAME_CHARACTERS = 100


def safe_name(name: str) -> str:
    """Return a name that stays in its folder on every system; the end of a long one is kept."""
    cleaned = _UNSAFE.sub("-", name).strip(" .") or "unnamed"
    if len(cleaned) <= _NAME_CHARACTERS:
        return cleaned
    return cleaned[: _NAME_CHARACTERS - 20] + "…" + cleaned[-19:]


class _Outbox:
    """A file that cannot seek: what is written waits here until it is sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> Generator[bytes]:
        pieces, self._pieces = self._pieces, []
        yield from (piece for piece in pieces if piece)


class Archive:
    """Entries go in one after the other; each method yields the bytes that are ready to be sent."""

    def __init__(self) -> None:
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(self._outbox, "w")

    @property
    def names(self) -> frozenset[str]:
        """Of the entries that are in."""
        return frozenset(self._zip.namelist())

    def add_text(self, name: str, text: str, changed_at: datetime) -> Generator[bytes]:
        self._zip.writestr(_entry(name, changed_at, zipfile.ZIP_DEFLATED), text.encode())
        yield from self._outbox.take()

    async def add_stream(
        self, name: str, pieces: AsyncGenerator[bytes], changed_at: datetime
    ) -> AsyncGenerator[bytes]:
        """Add what arrives, as it is: most of it is compressed already. Nothing for an empty stream."""
        first = await anext(pieces, None)
        if first is None:
            return
        entry = _entry(name, changed_at, zipfile.ZIP_STORED)
        with self._zip.open(entry, "w", force_zip64=True) as target:
            target.write(first)
            async for piece in pieces:
                target.write(piece)
                for ready in self._outbox.take():
                    yield ready
        for ready in self._outbox.take():
            yield ready

    def close(self) -> Generator[bytes]:
        """Write the directory: an archive without its end is seen to be broken."""
        self._zip.close()
        yield from self._outbox.take()


def _entry(name: str, changed_at: datetime, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, changed_at.timetuple()[:6])
    entry.compress_type = compression
    return entry

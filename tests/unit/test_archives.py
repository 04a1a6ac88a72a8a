"""Archives: whole, written as they are sent, with names that stay in their folder."""

import io
import zipfile
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import anyio
import pytest

from lib.domain.archives import Archive, safe_name

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


async def pieces_of(*pieces: bytes) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece


async def write(archive: Archive, *files: tuple[str, tuple[bytes, ...]]) -> list[bytes]:
    sent = [*archive.add_text("a.json", "{}", NOW)]
    for name, pieces in files:
        sent += [piece async for piece in archive.add_stream(name, pieces_of(*pieces), NOW)]
    return [*sent, *archive.close()]


def test_holds_what_was_added():
    sent = anyio.run(write, Archive(), ("files/b.bin", (b"one ", b"two ", b"three")))

    archive = zipfile.ZipFile(io.BytesIO(b"".join(sent)))
    assert archive.testzip() is None
    assert archive.read("a.json") == b"{}"
    assert archive.read("files/b.bin") == b"one two three"


def test_sends_a_file_while_it_arrives():
    sent = anyio.run(write, Archive(), ("b.bin", (b"x" * 1000, b"y" * 1000, b"z" * 1000)))

    assert sum(piece == b"y" * 1000 for piece in sent) == 1


def test_leaves_out_a_file_that_is_not_there():
    sent = anyio.run(write, Archive(), ("files/gone.bin", ()))

    assert zipfile.ZipFile(io.BytesIO(b"".join(sent))).namelist() == ["a.json"]


def test_without_its_end_it_is_refused():
    archive = Archive()
    sent = b"".join(archive.add_text("a.json", "{}", NOW))

    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(sent))
    b"".join(archive.close())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.md", "notes.md"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("a\\b:c*d", "a-b-c-d"),
        ("光学 «a».pdf", "光学 «a».pdf"),
        ("evil\u202efdp.exe", "evil-fdp.exe"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("x" * 200 + ".pdf", "x" * 80 + "…" + "x" * 15 + ".pdf"),
    ],
)
def test_a_name_stays_in_its_folder(name: str, safe: str):
    assert safe_name(name) == safe

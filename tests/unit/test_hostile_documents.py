"""Reading in the child process: hostile and slow files hurt nobody, and no process is left behind."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from lib.domain.models import Page
from lib.domain.problems import (
    EmptyFile,
    Problem,
    TooManyPages,
    UnreadableFile,
    UnsupportedFileType,
)
from tests.documents import READABLE, change_zip, make_docx, make_pdf, make_raw_pdf, zip_of
from tests.reading import collect, open_file, read, readers, texts

LINES = 20_000_000  # of operators: more than the child's memory holds


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert readers() == []


def test_a_file_without_anything_in_it_is_empty(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text(" \n\n")

    with pytest.raises(EmptyFile):
        read(path)


def test_too_many_pages_are_refused_with_the_number(tmp_path: Path):
    path = make_raw_pdf(tmp_path / "a.pdf", [READABLE] * 30)

    with pytest.raises(TooManyPages, match="30 pages; at most 20"):
        read(path, max_pages=20)


def test_a_protected_pdf_says_so(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="password"):
        read(make_pdf(tmp_path / "a.pdf", [["secret"]], password="opens it"))


def test_a_damaged_pdf_is_refused_for_good(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + b"nothing that follows makes sense\n" * 50)

    with pytest.raises(UnreadableFile, match="damaged") as refused:
        read(path)

    assert refused.value.as_dict()["retryable"] is False


LIES = {
    "pdf.txt": b"%PDF-1.7\n1 0 obj",
    "html.pdf": b"<!doctype html><p>text",
    "polyglot.pdf": b"<html><script>x()</script>\n%PDF-1.7",
    "polyglot.html": b"<html><!--\n%PDF-1.7\n-->",
    "zip.docx": zip_of({"readme.txt": b"hello"}),
    "word.pptx": zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<a/>"}),
    "svg.html": b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>",
    "old.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "picture.md": b"\x89PNG\r\n\x1a\n" + bytes(600),
    "program.txt": b"\x7fELF" + bytes(range(256)),
    "late.txt": b"text " * 2000 + bytes(range(256)),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_lies_about_its_type_is_refused(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(LIES[name])

    with pytest.raises(UnsupportedFileType):
        read(path)


def hostile_documents(folder: Path) -> dict[str, Path]:
    honest = make_docx(folder / "honest.docx")
    xml = b'<!DOCTYPE d [<!ENTITY e "much">]><d><body><p><r><t>&e;</t></r></p></body></d>'
    types = b'<Types xmlns="t"><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    changes: dict[str, dict[str, bytes]] = {
        "entity": {"word/document.xml": xml},
        "macros": {"[Content_Types].xml": types},
        "climbs": {"../../evil": b"x"},
        "absolute": {"/etc/evil": b"x"},
        "expands": {"word/media/zeros": bytes(60_000_000)},
        "deep": {"word/document.xml": b"<a>" * 200_000 + b"</a>" * 200_000},
    }
    return {
        name: change_zip(honest, folder / f"{name}.docx", change)
        for name, change in changes.items()
    }


def test_hostile_documents_are_refused_and_the_next_good_one_is_read(tmp_path: Path):
    for path in hostile_documents(tmp_path).values():
        with pytest.raises(Problem):
            read(path)

    assert texts(tmp_path / "honest.docx")[0].startswith("# Optics")


def test_a_page_that_eats_memory_is_named_and_hurts_only_the_child(tmp_path: Path):
    path = make_raw_pdf(tmp_path / "a.pdf", [READABLE, b"q " * LINES])

    with pytest.raises(UnreadableFile, match="page 2"):
        read(path)


def test_a_page_with_an_absurd_amount_of_text_is_refused(tmp_path: Path):
    path = make_raw_pdf(tmp_path / "a.pdf", [b"BT /F1 9 Tf " + b"(x) Tj " * 200_001 + b"ET"])

    with pytest.raises(UnreadableFile, match="Page 1 holds more than 200,000 characters"):
        read(path)


# Time


def slow_pdf(path: Path) -> Path:
    """After a full first page, from which the language is clear, 400 pages of 0.03 s each: a busy machine reads some, too."""
    full = b"BT /F1 1 Tf 1 790 Td " + b"0 -1 Td (text of a page) Tj " * 1500 + b"ET"
    return make_raw_pdf(path, [full, *[b"0 0 m 1 1 l S\n" * 40_000] * 400])


def test_at_the_deadline_the_slice_ends_and_the_next_goes_on(tmp_path: Path):
    path = slow_pdf(tmp_path / "a.pdf")

    _, first = read(path, deadline_seconds=1.5)
    _, then = read(path, first_page=len(first) + 1, deadline_seconds=1.5)

    assert 0 < len(first) < 401
    assert then[0].number == len(first) + 1


def test_no_page_before_the_deadline_is_a_problem(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="takes too long"):
        read(slow_pdf(tmp_path / "a.pdf"), deadline_seconds=0.01)


def test_no_page_before_a_deadline_that_came_early_is_none(tmp_path: Path):
    path = slow_pdf(tmp_path / "a.pdf")

    assert asyncio.run(collect(path, deadline_seconds=0.01, enough_seconds=7.5)) == []


def test_a_reader_that_is_cancelled_leaves_no_process(tmp_path: Path):
    path = slow_pdf(tmp_path / "a.pdf")

    async def cancel_while_it_reads() -> float:
        task = asyncio.create_task(collect(path))
        while not readers():  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0)
        cancelled_at = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert readers() == []
        return asyncio.get_running_loop().time() - cancelled_at

    assert asyncio.run(cancel_while_it_reads()) < 5  # it would read for 12 s


def test_the_reader_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_of_ours")
    path = slow_pdf(tmp_path / "a.pdf")

    async def look_at_its_environment() -> set[str]:
        async with aclosing(open_file(path)) as reading:
            await anext(reading)
            [reader] = readers()
            return set(reader.environ())

    known = asyncio.run(look_at_its_environment())
    assert known <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_CTYPE"}


def test_a_reader_that_is_closed_early_leaves_no_process(tmp_path: Path):
    path = make_pdf(tmp_path / "a.pdf", [["text"] * 40] * 60)

    async def stop_after_the_first_page() -> None:
        async with aclosing(open_file(path)) as reading:
            async for item in reading:
                if isinstance(item, Page):
                    break
        assert readers() == []

    asyncio.run(stop_after_the_first_page())

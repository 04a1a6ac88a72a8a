"""Reading in the child process: what comes out of honest files, and that hostile ones hurt nobody."""

# ruff: noqa: RUF001 - rare letters are the point

import asyncio
import re
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from lib.adapters.documents import Opening, read_pages
from lib.domain.file_types import find_file_type
from lib.domain.models import Page
from lib.domain.problems import (
    EmptyFile,
    Problem,
    TooManyPages,
    UnreadableFile,
    UnsupportedFileType,
)
from tests.documents import (
    READABLE,
    change_zip,
    make_docx,
    make_pdf,
    make_pptx,
    make_raw_pdf,
    zip_of,
)

LINES = 20_000_000  # of operators: more than the child's memory holds


def read(path: Path, **options: float) -> tuple[Opening, list[Page]]:
    opening, *pages = asyncio.run(collect(path, **options))
    assert isinstance(opening, Opening)
    return opening, [page for page in pages if isinstance(page, Page)]


async def collect(path: Path, **options: float) -> list[Opening | Page]:
    async with aclosing(open_file(path, **options)) as reading:
        return [item async for item in reading]


def open_file(path: Path, **options: float):
    file_type = find_file_type(path.name)
    assert file_type
    chosen = {"first_page": 1, "max_pages": 1000, "deadline_seconds": 15.0} | options
    return read_pages(path, file_type, **chosen)  # pyright: ignore[reportArgumentType]


def texts(path: Path, **options: float) -> list[str]:
    return [page.text for page in read(path, **options)[1]]


def readers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "document_reader" in " ".join(child.cmdline())]


@pytest.fixture(autouse=True)
def _no_reader_is_left():
    yield
    assert readers() == []


# Honest files


def test_every_page_of_a_pdf_is_read_in_order(tmp_path: Path):
    path = make_pdf(tmp_path / "a.pdf", [[f"This is what page {n} says."] for n in range(1, 15)])

    opening, pages = read(path)

    assert opening == Opening(pages_total=14, language="en")
    assert [page.number for page in pages] == list(range(1, 15))
    assert pages[13].text == "This is what page 14 says."


def test_reading_goes_on_at_any_page(tmp_path: Path):
    path = make_pdf(tmp_path / "a.pdf", [[f"Page {n}"] for n in range(1, 15)])

    opening, pages = read(path, first_page=13)

    assert opening == Opening(pages_total=14, language=None)
    assert pages == [Page(number=13, text="Page 13"), Page(number=14, text="Page 14")]


def test_blank_pages_are_pages_without_text(tmp_path: Path):
    path = make_pdf(tmp_path / "a.pdf", [["One"], [], ["Three"]])

    assert texts(path) == ["One", "", "Three"]


def test_an_index_stays_on_its_line_and_a_wide_gap_parts_paragraphs(tmp_path: Path):
    index = b" /F1 7 Tf -4 Ts (2) Tj 0 Ts /F1 12 Tf "
    content = (
        b"BT /F1 12 Tf 14 TL 50 700 Td (6 CO) Tj"
        + index
        + b"( + 6 H) Tj"
        + index
        + b"(O and light) Tj"
        b" T* (make sugar.) Tj T* (Then rest.) Tj 0 -40 Td (Another paragraph.) Tj ET"
    )
    path = make_raw_pdf(tmp_path / "a.pdf", [content])

    assert texts(path) == ["6 CO2 + 6 H2O and light\nmake sugar.\nThen rest.\n\nAnother paragraph."]


def test_a_document_keeps_headings_lists_tables_and_every_sign(tmp_path: Path):
    [text] = texts(make_docx(tmp_path / "a.docx"))

    assert text == (
        "# Optics\n\nIf x < 3 && y > 4, then 𝑓(𝑥) = é e\u0301 😀 for AT&T.\n\n"
        "- a lens\n- a mirror\n\n## Indices\n\nMedium | n\nGlass crown | 1.52"
    )


def test_a_slide_is_a_page_with_its_notes(tmp_path: Path):
    assert texts(make_pptx(tmp_path / "a.pptx")) == [
        "# Cells & tissue\n\np < 0.05\n𝑓(𝑥)\n\nNotes:\nSay this aloud.",
        "",
        "# Table\n\nleft | right",
    ]


def test_a_web_page_is_what_its_reader_sees(tmp_path: Path):
    path = tmp_path / "a.html"
    path.write_text(
        "<!doctype html><head><title>no</title><style>no{}</style><script>no()</script><body>"
        "<h1> Light &amp; <i>shade</i></h1><p>One<br>two.<script>no</script><p>𝑓(𝑥) e&#769; 😀"
        "<table><tr><th>A<th>B<tr><td><p>1</p><td>2</table><ul><li>x<li><p>y</p></ul>"
        "<div hidden>no</div><div style='display: none'>no<p>no</div><pre>a  b\n c</pre><svg><text>no</text></svg>"
    )

    [text] = texts(path)

    assert text == (
        "# Light & shade\n\nOne\ntwo.\n\n𝑓(𝑥) e\u0301 😀\n\nA | B\n1 | 2\n\n- x\n- y\n\na  b\n c"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_a_text_is_read_in_the_encoding_it_is_in(tmp_path: Path, encoding: str):
    path = tmp_path / "a.txt"
    path.write_bytes("Die Größe der Übung ist schön für die Schüler".encode(encoding))

    opening, pages = read(path)

    assert opening.language == "de"
    assert pages[0].text == "Die Größe der Übung ist schön für die Schüler"


def test_markdown_stays_as_it_was_written(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("# T\r\n\r\n| a | b |\r\n|---|---|\r\n\r\n𝑓(𝑥) *e\u0301* <b>😀</b>   \r\n")

    assert texts(path) == ["# T\n\n| a | b |\n|---|---|\n\n𝑓(𝑥) *e\u0301* <b>😀</b>"]


def test_the_same_long_text_always_gives_the_same_parts(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"Paragraph {n} says something. " * 9 for n in range(60)))

    once, again = texts(path), texts(path)

    assert once == again
    assert len(once) > 4
    assert max(map(len, once)) <= 3000
    assert re.sub(r"\s", "", "".join(once)) == re.sub(r"\s", "", path.read_text())


# Files that cannot be read


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
    """After a full first page, from which the language is clear, 40 pages of 0.3 s each."""
    full = b"BT /F1 1 Tf 1 790 Td " + b"0 -1 Td (text of a page) Tj " * 1500 + b"ET"
    return make_raw_pdf(path, [full, *[b"0 0 m 1 1 l S\n" * 400_000] * 40])


def test_at_the_deadline_the_slice_ends_and_the_next_goes_on(tmp_path: Path):
    path = slow_pdf(tmp_path / "a.pdf")

    _, first = read(path, deadline_seconds=1.5)
    _, then = read(path, first_page=len(first) + 1, deadline_seconds=1.5)

    assert 0 < len(first) < 41
    assert then[0].number == len(first) + 1


def test_no_page_before_the_deadline_is_a_problem(tmp_path: Path):
    with pytest.raises(UnreadableFile, match="takes too long"):
        read(slow_pdf(tmp_path / "a.pdf"), deadline_seconds=0.01)


def test_a_reader_that_is_cancelled_leaves_no_process(tmp_path: Path):
    path = slow_pdf(tmp_path / "a.pdf")

    async def cancel_while_it_reads() -> None:
        task = asyncio.create_task(collect(path))
        while not readers():  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert readers() == []

    asyncio.run(cancel_while_it_reads())


def test_a_reader_that_is_closed_early_leaves_no_process(tmp_path: Path):
    path = make_pdf(tmp_path / "a.pdf", [["text"] * 40] * 60)

    async def stop_after_the_first_page() -> None:
        async with aclosing(open_file(path)) as reading:
            async for item in reading:
                if isinstance(item, Page):
                    break
        assert readers() == []

    asyncio.run(stop_after_the_first_page())

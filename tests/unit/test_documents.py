"""Reading in the child process: what comes out of honest files."""

# ruff: noqa: RUF001 - rare letters are the point

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lib.adapters.documents import Opening
from lib.domain.models import Page
from tests.documents import make_docx, make_pdf, make_pptx, make_raw_pdf
from tests.reading import read, texts


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


def test_a_reader_lets_all_else_go_first():
    program = (
        "import os\nfrom lib.adapters import document_reader\n"
        "before = os.nice(0)\ndocument_reader._limit(5)\nprint(os.nice(0) - before)\n"
    )

    told = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert int(told) > 0

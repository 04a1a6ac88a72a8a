"""Documents made on the spot, honest and hostile, for every test that reads one."""

# ruff: noqa: RUF001 - rare letters are the point

import zlib
from io import BytesIO
from pathlib import Path
from typing import cast
from zipfile import ZIP_DEFLATED, ZipFile

import docx
from pptx import Presentation
from pptx.shapes.autoshape import Shape
from pptx.util import Inches
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

READABLE = b"BT /F1 12 Tf 50 700 Td (A page of text that can be read.) Tj ET"


def make_pdf(path: Path, pages: list[list[str]], password: str | None = None) -> Path:
    """Write a PDF with these lines on its pages."""
    encryption = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(str(path), pagesize=A4, encrypt=encryption)
    for lines in pages:
        for index, line in enumerate(lines):
            canvas.drawString(72, 770 - 16 * index, line)
        canvas.showPage()
    canvas.save()
    return path


def make_raw_pdf(path: Path, contents: list[bytes]) -> Path:
    """Write a PDF with these content streams, whatever they do to who reads them."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(contents), kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for index, content in enumerate(contents):
        packed = zlib.compress(content, 1)
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>"
            b"/Contents %d 0 R>>" % (5 + 2 * index),
            b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        ]
    body, offsets = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    path.write_bytes(body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end)
    return path


def make_docx(path: Path) -> Path:
    """Write a document with headings, a list, a table, signs and rare letters."""
    document = docx.Document()
    document.add_heading("Optics", 1)
    document.add_paragraph("If x < 3 && y > 4, then 𝑓(𝑥) = é e\u0301 😀 for AT&T.")
    document.add_paragraph("a lens", style="List Bullet")
    document.add_paragraph("a mirror", style="List Bullet")
    document.add_heading("Indices", 2)
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["Medium", "n", "Glass\ncrown", "1.52"], strict=True):
        cell.text = text
    document.save(str(path))
    return path


def make_pptx(path: Path) -> Path:
    """Write three slides: text with notes, nothing, a table."""
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    for shape, text in zip(first.shapes, ["Cells & tissue", "p < 0.05\n𝑓(𝑥)"], strict=True):
        cast("Shape", shape).text_frame.text = text
    notes = first.notes_slide.notes_text_frame
    assert notes
    notes.text = "Say this aloud."
    deck.slides.add_slide(deck.slide_layouts[6])
    last = deck.slides.add_slide(deck.slide_layouts[5])
    cast("Shape", last.shapes[0]).text_frame.text = "Table"
    table = last.shapes.add_table(1, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    deck.save(str(path))
    return path


def change_zip(source: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """Copy an archive with some of its entries replaced or added."""
    with ZipFile(source) as before, ZipFile(target, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in changes:
                after.writestr(name, before.read(name))
        for name, data in changes.items():
            after.writestr(name, data)
    return target


def zip_of(names: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return buffer.getvalue()

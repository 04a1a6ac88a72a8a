"""Files made to hurt whoever reads them, and names made to hurt whoever stores them; all written here by script."""

import io
import stat
import zlib
from collections.abc import Callable
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import docx
import pptx
from pptx.util import Inches
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

GIB = 2**30
_ELF = b"\x7fELF\x02\x01\x01" + bytes(range(256))
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(600)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)
_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("https://evil.example")</script></svg>'
)
_MACROS = b'<Types xmlns="t"><Override PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
_SLIDE_MACROS = b'<Types xmlns="t"><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"/></Types>'
_FROM_A_FILE = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
TRUE_SIZE = 99_000_001
_DOCUMENT = "word/document.xml"
_SLIDE = "ppt/slides/slide1.xml"


# Word and PowerPoint


def honest_docx(text: str = "Nothing is wrong with this paragraph.") -> bytes:
    document, target = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(target)
    return target.getvalue()


def honest_pptx() -> bytes:
    presentation, target = pptx.Presentation(), io.BytesIO()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(4), Inches(1))
    box.text_frame.text = "Nothing is wrong with this slide."
    presentation.save(target)
    return target.getvalue()


def package_with(package: bytes, changes: dict[str, bytes]) -> bytes:
    """Return an honest document with some of its entries replaced or added."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(package)) as before, ZipFile(target, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in changes:
                after.writestr(name, before.read(name))
        for name, data in changes.items():
            after.writestr(name, data)
    return target.getvalue()


def docx_with(changes: dict[str, bytes]) -> bytes:
    return package_with(honest_docx(), changes)


def pptx_with(changes: dict[str, bytes]) -> bytes:
    return package_with(honest_pptx(), changes)


def docx_saying(text: str, prologue: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:document xmlns:w="{namespace}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    return docx_with({_DOCUMENT: f'<?xml version="1.0"?>{prologue}{body}'.encode()})


def pptx_saying(text: str, prologue: str = "") -> bytes:
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    p = "http://schemas.openxmlformats.org/presentationml/2006/main"
    shape = f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    tree = f"<p:cSld><p:spTree>{shape}</p:spTree></p:cSld>"
    slide = f'<?xml version="1.0"?>{prologue}<p:sld xmlns:p="{p}" xmlns:a="{a}">{tree}</p:sld>'
    return pptx_with({_SLIDE: slide.encode()})


def laughs() -> str:
    entities = ['<!ENTITY l0 "ha">'] + [
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
    ]
    return f"<!DOCTYPE w [{''.join(entities)}]>"


def deep() -> bytes:
    return b"<a>" * 1_000_000 + b"</a>" * 1_000_000


def lying(package: bytes) -> bytes:
    """Say of an entry of TRUE_SIZE bytes, in both places where a zip says it, that it has a hundred."""
    return package.replace(TRUE_SIZE.to_bytes(4, "little"), (101).to_bytes(4, "little"))


def docx_with_symlink() -> bytes:
    target = io.BytesIO(docx_with({}))
    with ZipFile(target, "a") as archive:
        link = ZipInfo("word/media/link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return target.getvalue()


def zip_of_zeros(size: int) -> bytes:
    target = io.BytesIO()
    with (
        ZipFile(target, "w", ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as entry,
    ):
        for _ in range(size // 2**20):
            entry.write(bytes(2**20))
    return target.getvalue()


def bomb(package: bytes, name: str, size: int) -> bytes:
    target = io.BytesIO(package)
    with ZipFile(target, "a", ZIP_DEFLATED) as archive, archive.open(name, "w") as entry:
        for _ in range(size // 2**20):
            entry.write(bytes(2**20))
    return target.getvalue()


def docx_of_many(count: int) -> bytes:
    return docx_with({f"word/media/{number}": b"" for number in range(count)})


def docx_encrypted() -> bytes:
    """Set the bit that says so, in every entry."""
    data = bytearray(docx_with({}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


def zip_of(names: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return target.getvalue()


# PDF


def raw_pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Write these objects, numbered from 1, the first being the catalogue."""
    body, offsets = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, start = len(objects) + 1, len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    body += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (count, trailer, start)
    return bytes(body)


_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_TEXT = b"BT /F1 12 Tf 50 700 Td (A page of text that can be read.) Tj ET"


def page(contents: int, extra: bytes = b"") -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R%s>>" % (
        contents,
        extra or b"/Resources<</Font<</F1 4 0 R>>>>",
    )


def packed(data: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    return b"<</Length %d/Filter%s>>stream\n%s\nendstream" % (len(data), filters, data)


def pdf_of(content: bytes, extra: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    """Write one page with this content stream object."""
    pages = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
    return raw_pdf([_CATALOGUE, pages, page(5, extra), _FONT, content, *more])


def zeros(size: int) -> bytes:
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(2**20)) for _ in range(size // 2**20)]
    return b"".join([*pieces, packer.flush()])


def pdf_of_operators(count: int) -> bytes:
    return pdf_of(packed(zlib.compress(b"q " * count, 9)))


def pdf_of_glyphs(count: int) -> bytes:
    return pdf_of(packed(zlib.compress(b"BT /F1 9 Tf " + b"(x) Tj " * count + b"ET", 9)))


def pdf_of_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (5 + number) for number in range(count))
    head = [_CATALOGUE, b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids)]
    content = b"<</Length %d>>stream\n%s\nendstream" % (len(_TEXT), _TEXT)
    return raw_pdf([*head, content, _FONT, *[page(3)] * count])


def pdf_filtered_twenty_times() -> bytes:
    data = bytes(50 * 2**20)
    for _ in range(20):
        data = zlib.compress(data, 9)
    return pdf_of(packed(data, b"[" + b"/FlateDecode" * 20 + b"]"))


def pdf_with_tree(pages: bytes, *more: bytes) -> bytes:
    return raw_pdf([_CATALOGUE, pages, *more])


def pdf_whose_table_leads_to_itself() -> bytes:
    data = pdf_with_tree(b"<</Type/Pages/Count 0/Kids[]>>")
    start = data[data.rindex(b"startxref") :].split()[1]
    return data.replace(b"/Root", b"/Prev %s/Root" % start)


def pdf_whose_form_draws_itself() -> bytes:
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 5>>stream\n/X Do\nendstream"
    drawing = b"<</Length 5>>stream\n/X Do\nendstream"
    return pdf_of(drawing, b"/Resources<</XObject<</X 6 0 R>>>>", (form,))


def pdf_with_objects_of_objects() -> bytes:
    """Hide the pages in an object stream that lies in itself."""
    inner = zlib.compress(b"2 0 <</Type/Pages/Count 1/Kids[2 0 R]>>" + b" " * 10_000_000, 9)
    stream = b"<</Type/ObjStm/N 1000000/First 4/Length %d/Filter/FlateDecode/Extends 2 0 R>>stream\n%s\nendstream"
    return raw_pdf([_CATALOGUE, stream % (len(inner), inner)])


def pdf_locked() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption("opens it", canPrint=0))
    canvas.drawString(72, 700, "A secret.")
    canvas.save()
    return target.getvalue()


def pdf_cut() -> bytes:
    return pdf_of_pages(50)[:700]


# How each must end is the same: refused, or failed with a reason.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "PDF as text": ("lie.txt", pdf_cut),
    "PDF as HTML": ("lie.html", pdf_cut),
    "PDF as Word": ("lie.docx", lambda: pdf_of_pages(1)),
    "HTML as PDF": ("lie.pdf", lambda: b"<!doctype html><p>text"),
    "Word as PDF": ("lie.pdf", honest_docx),
    "Word as PowerPoint": ("lie.pptx", honest_docx),
    "Word as Markdown": ("lie.md", honest_docx),
    "any zip as Word": ("lie.docx", lambda: zip_of({"readme.txt": b"hello"})),
    "old Word as new": ("lie.docx", lambda: _OLE),
    "picture as Markdown": ("lie.md", lambda: _PNG),
    "program as text": ("lie.txt", lambda: _ELF),
    "program as PDF": ("lie.pdf", lambda: b"MZ\x90\x00" + _ELF * 20),
    "program after text": ("late.txt", lambda: b"text " * 2_000 + _ELF),
    "gzip as HTML": ("lie.html", lambda: b"\x1f\x8b\x08\x00" + bytes(range(256))),
    "text as PDF": ("lie.pdf", lambda: b"Just words.\n" * 100),
    "HTML before a PDF": ("poly.pdf", lambda: b"<html><script>x()</script>\n" + pdf_of_pages(1)),
    "PDF within HTML": ("poly.html", lambda: b"<html><!--\n" + pdf_of_pages(1) + b"\n-->"),
    "zip after a PDF": ("poly.docx", lambda: pdf_of_pages(1) + honest_docx()),
    "picture that scripts": ("picture.svg", lambda: _SVG),
    "picture that scripts, as HTML": ("picture.html", lambda: _SVG),
    "macros by name": ("macros.docm", honest_docx),
    "macros by content": ("macros.docx", lambda: docx_with({"[Content_Types].xml": _MACROS})),
    "entity from a file": (
        "xxe.docx",
        lambda: docx_saying("&x;", _FROM_A_FILE),
    ),
    "doctype from the net": (
        "xxe.docx",
        lambda: docx_saying("hello", '<!DOCTYPE w SYSTEM "http://127.0.0.1:9/evil.dtd">'),
    ),
    "a billion laughs": ("laughs.docx", lambda: docx_saying("&l9;", laughs())),
    "XML a million deep": (
        "deep.docx",
        lambda: docx_with({_DOCUMENT: deep()}),
    ),
    "entry that climbs": ("slip.docx", lambda: docx_with({"../../evil": b"x"})),
    "entry that climbs in DOS": ("slip.docx", lambda: docx_with({"..\\..\\evil": b"x"})),
    "entry at the root": ("slip.docx", lambda: docx_with({"/etc/cron.d/evil": b"x"})),
    "entry that is a link": ("link.docx", docx_with_symlink),
    "zip of a zip of a gigabyte": (
        "nested.docx",
        lambda: docx_with({_DOCUMENT: zip_of_zeros(GIB)}),
    ),
    "gigabyte in the document": (
        "bomb.docx",
        lambda: bomb(honest_docx(), f"{_DOCUMENT}.rels", GIB),
    ),
    "gigabyte in a picture": ("bomb.docx", lambda: bomb(honest_docx(), "word/media/zeros", GIB)),
    "document that lies about its size": (
        "lying.docx",
        lambda: lying(docx_with({_DOCUMENT: b" " * TRUE_SIZE})),
    ),
    "slides with macros": (
        "macros.pptx",
        lambda: pptx_with({"[Content_Types].xml": _SLIDE_MACROS}),
    ),
    "slides, entity from a file": (
        "xxe.pptx",
        lambda: pptx_saying("&x;", _FROM_A_FILE),
    ),
    "slides, a billion laughs": ("laughs.pptx", lambda: pptx_saying("&l9;", laughs())),
    "slides, a million deep": (
        "deep.pptx",
        lambda: pptx_with({_SLIDE: deep()}),
    ),
    "slides, entry that climbs": ("slip.pptx", lambda: pptx_with({"../../evil": b"x"})),
    "slides, gigabyte in a picture": (
        "bomb.pptx",
        lambda: bomb(honest_pptx(), "ppt/media/zeros", GIB),
    ),
    "slides that lie about their size": (
        "lying.pptx",
        lambda: lying(pptx_with({_SLIDE: b" " * TRUE_SIZE})),
    ),
    "100,000 entries": ("many.docx", lambda: docx_of_many(100_000)),
    "zip with a password": ("locked.docx", docx_encrypted),
    "damaged zip": ("cut.docx", lambda: honest_docx()[:3_000]),
    "gigabyte on a page": ("bomb.pdf", lambda: pdf_of(packed(zeros(GIB)))),
    "60 MB of operators": ("bomb.pdf", lambda: pdf_of_operators(30_000_000)),
    "half a million glyphs": ("bomb.pdf", lambda: pdf_of_glyphs(500_000)),
    "packed twenty times": ("bomb.pdf", pdf_filtered_twenty_times),
    "objects within objects": ("bomb.pdf", pdf_with_objects_of_objects),
    "form that draws itself": ("bomb.pdf", pdf_whose_form_draws_itself),
    "tree of pages that is a ring": (
        "ring.pdf",
        lambda: pdf_with_tree(
            b"<</Type/Pages/Count 9/Kids[3 0 R]>>", b"<</Type/Pages/Count 9/Kids[2 0 R]>>"
        ),
    ),
    "page that is its own parent": (
        "ring.pdf",
        lambda: pdf_with_tree(b"<</Type/Pages/Count 1/Kids[2 0 R]/Parent 2 0 R>>"),
    ),
    "two thousand million pages": (
        "count.pdf",
        lambda: pdf_with_tree(b"<</Type/Pages/Count 2147483647/Kids[3 0 R]>>", page(3)),
    ),
    "fewer pages than none": (
        "count.pdf",
        lambda: pdf_with_tree(b"<</Type/Pages/Count -1/Kids[3 0 R]>>", page(3)),
    ),
    "table that leads to itself": ("ring.pdf", pdf_whose_table_leads_to_itself),
    "10,000 pages": ("long.pdf", lambda: pdf_of_pages(10_000)),
    "PDF with a password": ("locked.pdf", pdf_locked),
    "damaged PDF": ("cut.pdf", pdf_cut),
    "PDF of noise": ("noise.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400),
    "nothing": ("empty.txt", lambda: b""),
    "nothing but space": ("blank.txt", lambda: b" \n\t\n" * 100),
    "text in no encoding": ("noise.txt", lambda: b"words \xff\xfe\x00\xd8 \x81\x8d" * 500),
    "no extension": ("dossier", lambda: b"words"),
    "two extensions": ("dossier.pdf.exe", lambda: pdf_of_pages(1)),
}

# Not refused, but read for what they are: they must only end, and in time.
ODD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "HTML a million deep": ("deep.html", lambda: b"<html>" + b"<div>" * 500_000 + b"words"),
    "entities by the million": ("many.html", lambda: b"<p>words</p>" + b"&amp;" * 700_000),
    "one line of four million": ("long.txt", lambda: b"word" * 1_000_000),
    "marks upon marks": ("marks.txt", ("words a" + "\u0301" * 1_500_000).encode),
    "lists within lists": ("deep.md", lambda: b"".join(b" " * n + b"- a\n" for n in range(2_500))),
    "brackets that never close": ("open.md", lambda: b"words " + b"[" * 1_000_000),
    "a table of a million cells": (
        "wide.md",
        lambda: b"|a" * 1_000_000 + b"\n" + b"|-" * 1_000_000,
    ),
    "scripts only": ("script.html", lambda: b"<html><script>" + b"x();" * 900_000),
}

# What no file may be called, whatever is in it.
NAMES: dict[str, str] = {
    "climbs": "../../../etc/passwd.pdf",
    "climbs in DOS": "..\\..\\evil.pdf",
    "is absolute": "/etc/passwd.pdf",
    "holds a folder": "folder/notes.pdf",
    "holds NUL": "notes.pdf\x00.exe",
    "reads from right to left": "notes\u202efdp.pdf",
    "isolates": "notes\u2066gpj.\u2069pdf",
    "breaks a header": "notes.pdf\r\nSet-Cookie: a=b",
    "breaks a line": "notes\n.pdf",
    "holds a tab": "no\ttes.pdf",
    "is 300 characters long": "n" * 296 + ".pdf",
    "is half a character": "notes\ud800.pdf",
    "is nothing": "",
    "is dots": "..",
    "holds an escape": "notes\x1b[2J.pdf",
}

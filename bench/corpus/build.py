"""Build the bench's course files: `python -m bench.corpus.build [--only NAME] FOLDER`, the same bytes each time."""

import argparse
import html
import io
import textwrap
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import docx
import pptx
from pptx.shapes.placeholder import SlidePlaceholder
from pptx.slide import Slide
from pptx.util import Pt
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import cm

from dev.sample import typesetting
from dev.sample.typesetting import Block, plain

_SOURCES = Path(__file__).parent / "sources"
# What is built from which source: eight files of six kinds in four languages …
FILES = {
    "optics.pdf": "en",
    "planets.txt": "en",
    "vulkane.pdf": "de",
    "metalle.docx": "de",
    "independencias.html": "es",
    "vitaminas.pptx": "es",
    "中国的河流.md": "zh",
    "中国朝代.pptx": "zh",
}
# … and one in each of six more, of which the local embedder knows little, for a student of their own.
LANGUAGE_FILES = {
    "علماء.pptx": "ar",
    "θάλασσα.docx": "el",
    "स्वतंत्रता-संग्राम.pptx": "hi",
    "日本の地震と火山.pptx": "ja",
    "космонавтика.txt": "ru",
    "ร่างกายมนุษย์.pptx": "th",
}
# The sheets of two courses, which say much the same: only its name tells one from the other. A third student's.
NAMED_FILES = {
    **{f"practical-0{number}.md": "en" for number in range(1, 7)},
    **{f"Blatt {number}.txt": "de" for number in range(3, 6)},
}
_ALL = FILES | LANGUAGE_FILES | NAMED_FILES


def build(name: str) -> bytes:
    path = Path(name)
    source = (_SOURCES / path.with_suffix(".md")).read_text(encoding="utf-8")
    return _BUILDERS[path.suffix](typesetting.parse(source), _ALL[name])


def _pdf(blocks: list[Block], _language: str) -> bytes:
    return typesetting.pdf(blocks, A5, margin=1.45 * cm)


def _docx(blocks: list[Block], _language: str) -> bytes:
    document = docx.Document()
    for block in blocks:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = plain(text)
            continue
        style = {"title": "Title", "subtitle": "Subtitle", "heading": "Heading 1"}
        document.add_paragraph(plain(block.text), style.get(block.kind, "Normal"))
    target = io.BytesIO()
    document.save(target)
    return _rezipped(target)


def _pptx(blocks: list[Block], _language: str) -> bytes:
    deck = pptx.Presentation()
    _fill(deck.slides.add_slide(deck.slide_layouts[0]), blocks[:2])
    starts = [number for number, block in enumerate(blocks) if block.kind == "heading"]
    for start, end in pairwise([*starts, len(blocks)]):
        _fill(deck.slides.add_slide(deck.slide_layouts[1]), blocks[start:end])
    target = io.BytesIO()
    deck.save(target)
    return _rezipped(target)


def _fill(slide: Slide, blocks: list[Block]) -> None:
    title, body = (shape for shape in slide.placeholders if isinstance(shape, SlidePlaceholder))
    title.text_frame.text = plain(blocks[0].text)
    body.text_frame.text = "\n".join(plain(block.text) for block in blocks[1:])
    for paragraph in body.text_frame.paragraphs:
        paragraph.font.size = Pt(20)


def _html(blocks: list[Block], language: str) -> bytes:
    title = html.escape(plain(blocks[0].text))
    body = "\n".join(_element(block) for block in blocks)
    page = f"""<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""
    return page.encode()


def _element(block: Block) -> str:
    if block.kind == "table":
        rows = [
            "".join(f"<t{tag}>{html.escape(plain(cell))}</t{tag}>" for cell in row)
            for tag, row in zip("h" + "d" * len(block.rows), block.rows, strict=False)
        ]
        return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>"
    tag = {"title": "h1", "heading": "h2", "subheading": "h3", "item": "li"}.get(block.kind, "p")
    return f"<{tag}>{html.escape(plain(block.text))}</{tag}>"


def _markdown(blocks: list[Block], _language: str) -> bytes:
    marks = {"title": "# ", "heading": "## ", "subheading": "### ", "item": "- "}
    return "\n\n".join(marks.get(block.kind, "") + plain(block.text) for block in blocks).encode()


def _text(blocks: list[Block], _language: str) -> bytes:
    pieces: list[str] = []
    for block in blocks:
        words = plain(block.text)
        rule = {"title": "=", "heading": "-"}.get(block.kind)
        pieces.append(f"{words}\n{rule * len(words)}" if rule else textwrap.fill(words, 78))
    return ("\n\n".join(pieces) + "\n").encode()


_BUILDERS: dict[str, Callable[[list[Block], str], bytes]] = {
    ".docx": _docx,
    ".html": _html,
    ".md": _markdown,
    ".pdf": _pdf,
    ".pptx": _pptx,
    ".txt": _text,
}


def _rezipped(source: io.BytesIO) -> bytes:
    """The same archive without the time at which it was written."""
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return target.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the course files of the bench.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=_ALL, action="append", help="build this file alone")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or _ALL:
        (arguments.folder / name).write_bytes(build(name))


if __name__ == "__main__":
    main()

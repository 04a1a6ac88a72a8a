"""Read our Markdown-like sources and set them as PDF, the same bytes for the same source each time.

A source opens with `% Title` and `%% Subtitle`; then come paragraphs, `# headings`, `- items`, `| table | rows |`,
`$ formulas`, `> notes` and `===` for a new page. Inside a line `~2~` is lowered, `^2^` raised, `*x*` slanted.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

_INK, _ACCENT, _RULE, _TINT = map(HexColor, ("#1b1f24", "#1d5c4a", "#b9c4bf", "#eef4f1"))
# The built-in fonts of every PDF viewer have no such signs; this one ships with reportlab.
_SIGNS = re.compile("[\u2248\u221a\u03c0\u2212\u2264\u2265\u221e]")  # ≈ √ π minus ≤ ≥ ∞
_LINE_KINDS = {
    "%% ": "subtitle",
    "% ": "title",
    "## ": "subheading",
    "# ": "heading",
    "- ": "item",
    "$ ": "formula",
    "> ": "note",
}


@dataclass
class Block:
    """One piece of a source: a paragraph, a heading, an item, a formula, a note, a table, a break."""

    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)


def parse(source: str) -> list[Block]:
    return [_block(piece) for piece in _pieces(source)]


def plain(text: str) -> str:
    """The words of a line without the signs that slant, raise or lower them."""
    return re.sub(r"[~^*]", "", text)


def pdf(blocks: Iterable[Block], page_size: tuple[float, float], margin: float) -> bytes:
    """Set the blocks as a PDF that is the same, byte for byte, on every run."""
    blocks = list(blocks)
    title = next(block.text for block in blocks if block.kind == "title")
    pdfmetrics.registerFont(TTFont("Signs", Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"))
    target = io.BytesIO()
    document = BaseDocTemplate(
        target, pagesize=page_size, title=title, author="Lectern", invariant=1
    )
    width, height = page_size
    frame = Frame(margin, margin, width - 2 * margin, height - 2 * margin, 0, 0, 0, 0)
    # At the page's end, so that a reader meets the footer after the text.
    footer = partial(_footer, title, margin, width)
    document.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=footer))
    document.build(_flowables(blocks))
    return target.getvalue()


def _pieces(source: str) -> list[str]:
    """Paragraphs and tables whole, every other marked line by itself."""
    pieces: list[str] = []
    for paragraph in re.split(r"\n\s*\n", source.strip()):
        lines = paragraph.splitlines()
        marked = any(lines[0].startswith(mark) for mark in _LINE_KINDS)
        pieces += lines if marked else [paragraph]
    return pieces


def _block(piece: str) -> Block:
    if piece.strip() == "===":
        return Block("break")
    if piece.startswith("|"):
        rows = [line.strip().strip("|").split("|") for line in piece.splitlines()]
        return Block("table", rows=[[cell.strip() for cell in row] for row in rows])
    for mark, kind in _LINE_KINDS.items():
        if piece.startswith(mark):
            return Block(kind, piece.removeprefix(mark).strip())
    return Block("paragraph", " ".join(piece.split()))


def _style(name: str, **options: object) -> ParagraphStyle:
    defaults = {"fontName": "Times-Roman", "fontSize": 11.5, "leading": 16, "textColor": _INK}
    return ParagraphStyle(name, **{**defaults, **options})


_STYLES = {
    style.name: style
    for style in (
        _style("title", fontName="Helvetica-Bold", fontSize=21, leading=26, textColor=_ACCENT),
        _style("subtitle", fontName="Helvetica", fontSize=11, spaceBefore=4, spaceAfter=14),
        _style(
            "heading",
            fontName="Helvetica-Bold",
            fontSize=14.5,
            leading=19,
            textColor=_ACCENT,
            spaceBefore=14,
            spaceAfter=6,
        ),
        _style(
            "subheading",
            fontName="Helvetica-Bold",
            fontSize=11.5,
            leading=15,
            spaceBefore=10,
            spaceAfter=4,
        ),
        _style("paragraph", spaceBefore=5, spaceAfter=7),
        _style("item", leftIndent=16, bulletIndent=4, spaceAfter=3),
        _style(
            "formula",
            fontName="Times-Italic",
            fontSize=12.5,
            alignment=TA_CENTER,
            spaceBefore=6,
            spaceAfter=12,
        ),
        _style(
            "note",
            fontName="Helvetica",
            fontSize=10,
            leading=14,
            backColor=_TINT,
            borderPadding=8,
            leftIndent=8,
            rightIndent=8,
            spaceBefore=12,
            spaceAfter=16,
        ),
        _style("cell", fontName="Helvetica", fontSize=9.5, leading=12.5),
        _style("head", fontName="Helvetica-Bold", fontSize=9.5, leading=12.5),
    )
}


def _markup(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign, tag in (("~", 'sub rise="2.5" size="8"'), (r"\^", "super"), (r"\*", "i")):
        text = re.sub(rf"{sign}([^~^*]+){sign}", rf"<{tag}>\1</{tag.split()[0]}>", text)
    return _SIGNS.sub(lambda match: f'<font name="Signs">{match[0]}</font>', text)


def _flowables(blocks: list[Block]) -> list[Flowable]:
    flowables: list[Flowable] = []
    heads: list[Flowable] = []
    for block in blocks:
        flowable = _flowable(block)
        if block.kind in ("heading", "subheading"):
            heads.append(flowable)
            continue
        # A heading never stands alone at the foot of a page.
        flowables.append(KeepTogether([*heads, flowable]) if heads else flowable)
        heads = []
    return flowables + heads


def _flowable(block: Block) -> Flowable:
    if block.kind == "break":
        return PageBreak()
    if block.kind == "table":
        return _table(block.rows)
    bullet = "•" if block.kind == "item" else None
    return Paragraph(_markup(block.text), _STYLES[block.kind], bulletText=bullet)


def _table(rows: list[list[str]]) -> Flowable:
    styled = [
        [Paragraph(_markup(cell), _STYLES["cell" if number else "head"]) for cell in row]
        for number, row in enumerate(rows)
    ]
    table = Table(styled, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), _TINT),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _RULE),
                ("LINEABOVE", (0, 0), (-1, 0), 1, _ACCENT),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return KeepTogether([Spacer(0, 4), table, Spacer(0, 12)])


def _footer(
    title: str, margin: float, width: float, canvas: Canvas, _document: BaseDocTemplate
) -> None:
    canvas.setFont("Helvetica", 8.5)
    canvas.setFillColor(HexColor("#66736d"))
    canvas.drawString(margin, margin / 2, title)
    canvas.drawRightString(width - margin, margin / 2, str(canvas.getPageNumber()))

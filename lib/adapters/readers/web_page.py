"""Reads web pages: what a reader would see, as text that looks like Markdown."""

import re
from html.parser import HTMLParser
from pathlib import Path

from lib.adapters.readers.markup import join_blocks, table_lines
from lib.adapters.readers.plain_text import read_text
from lib.domain.parts import cut_into_parts
from lib.domain.texts import clean

# Elements whose content is not shown as text.
_UNSEEN = frozenset(
    {"title", "script", "style", "template", "noscript", "iframe", "object", "svg", "canvas", "audio", "video",
     "select", "textarea", "annotation", "annotation-xml"}
)  # fmt: skip
_PARAGRAPHS = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "figure", "figcaption", "ul", "ol",
     "dl", "blockquote", "pre", "table", "form", "fieldset", "address", "details", "summary", "hr", "body"}
)  # fmt: skip
_LINES = frozenset({"li", "dt", "dd", "tr", "option", "caption", "legend"})
_HEADING = re.compile(r"h[1-6]")
_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    }
)
# Elements that need no end tag: where one is hidden, nothing says how far.
_MAY_STAY_OPEN = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "body", "html", "option"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Space as HTML has it: a no-break space is a character.
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK = re.compile(r"\n(?:[^\S\n]*\n)+")
_EMPTY_SIGN = re.compile(r"^(?:#{1,6}|-) *$", re.MULTILINE)
_META_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)


def open_pages(path: Path, most_pages: int, most_characters: int) -> list[str]:  # noqa: ARG001 - all readers are called alike
    data = path.read_bytes()
    declared = _META_CHARSET.search(data[:4096])
    parser = _Page()
    parser.feed(read_text(data, declared[1].decode("ascii") if declared else None))
    parser.close()
    return cut_into_parts(clean(parser.text()))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._unseen: list[str] = []  # the open elements from the outermost unseen one inward
        self._preformatted = 0
        self._tables: list[
            tuple[list[str], list[list[str]]]
        ] = []  # of each: what came before, and rows

    def text(self) -> str:
        while self._tables:
            self._end_table()
        text = _EMPTY_SIGN.sub("", "".join(self._pieces))
        return join_blocks(_BLANK.split(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen or tag in _UNSEEN or _is_hidden(tag, attrs):
            if tag not in _VOID:
                self._unseen.append(tag)
            return
        self._preformatted += tag == "pre"
        if tag == "table":
            self._break("\n\n")
            self._tables.append((self._pieces, []))
            self._pieces = []
        elif tag in {"tr", "td", "th"} and self._tables:
            self._start_cell(tag)
        elif _HEADING.fullmatch(tag):
            self._break("\n\n" + "#" * int(tag[1]) + " ")
        else:
            self._break_before(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[len(self._unseen) - 1 - self._unseen[::-1].index(tag) :]
            return
        self._preformatted -= tag == "pre" and self._preformatted > 0
        if tag == "table" and self._tables:
            self._end_table()
        elif tag in _PARAGRAPHS or _HEADING.fullmatch(tag):
            self._break("\n\n")
        elif tag in _LINES:
            self._break("\n")

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if not self._preformatted:
            data = _SPACE.sub(" ", data)
            data = data.lstrip() if self._last().endswith((" ", "\n")) else data
        if data:
            self._pieces.append(data)

    def _last(self) -> str:
        return self._pieces[-1] if self._pieces else "\n"

    def _break_before(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._break("\n\n")
        elif tag == "li":
            self._break("\n- ")
        elif tag == "br" or tag in _LINES:
            self._break("\n")

    def _break(self, separator: str) -> None:
        """Begin a new line or paragraph, but not between a heading's or item's sign and its words."""
        if separator.strip() or not self._last().endswith(("# ", "\n- ")):
            self._pieces.append(separator)

    def _start_cell(self, tag: str) -> None:
        _, rows = self._tables[-1]
        self._close_cell()
        if tag == "tr" or not rows:
            rows.append([])
        if tag != "tr":
            rows[-1].append("")

    def _close_cell(self) -> None:
        before, rows = self._tables[-1]
        if rows and rows[-1]:
            rows[-1][-1] += "".join(self._pieces)
        else:
            before.extend(self._pieces)
        self._pieces = []

    def _end_table(self) -> None:
        self._close_cell()
        before, rows = self._tables.pop()
        self._pieces = [*before, table_lines(rows), "\n\n"]


def _is_hidden(tag: str, attributes: list[tuple[str, str | None]]) -> bool:
    if tag in _MAY_STAY_OPEN:
        return False
    named = dict(attributes)
    return "hidden" in named or bool(_HIDDEN_STYLE.search(named.get("style") or ""))

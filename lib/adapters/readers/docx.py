"""Reads DOCX: headings, lists, tables, notes and text boxes as text that looks like Markdown."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element  # nosec B405 # read by archives.py alone

from lib.adapters.readers.archives import Archive, attribute, children, local_name
from lib.adapters.readers.markup import join_blocks, table_lines
from lib.domain.parts import cut_into_parts
from lib.domain.texts import clean

# What stands for a character in a run of text.
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
# Deleted text, the second copy of a drawing for old programs, and settings hold nothing to read.
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "pPr", "rPr", "instrText", "delText"})
_WRAPPERS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"})
_TOP_HEADING, _LOWEST_HEADING = 1, 6


def open_pages(path: Path, most_pages: int, most_characters: int) -> list[str]:  # noqa: ARG001 - all readers are called alike
    with Archive(path) as archive:
        text = join_blocks(_Document(archive).blocks())
    return cut_into_parts(clean(text))


class _Document:
    def __init__(self, archive: Archive) -> None:
        main_part = archive.find_main_part("word")
        self._body = archive.read_xml(main_part)
        related = dict(archive.relationships(main_part).values())
        self._heading_levels = _heading_levels(_read(archive, related.get("styles")))
        self._notes = {
            (kind, attribute(note, "id")): note
            for kind in ("footnote", "endnote")
            for note in children(_read(archive, related.get(f"{kind}s")), kind)
        }

    def blocks(self) -> Iterator[str]:
        for body in children(self._body, "body"):
            yield from self._blocks(body)

    def _blocks(self, parent: Element) -> Iterator[str]:
        for element in parent:
            name = local_name(element)
            if name == "p":
                yield self._paragraph(element)
                yield from self._notes_of(element)
            elif name == "tbl":
                yield table_lines(self._rows(element))
            elif name in _WRAPPERS:
                yield from self._blocks(element)

    def _paragraph(self, element: Element) -> str:
        text = "".join(self._inline(element)).strip()
        level = self._level(element)
        if not text or level is None:
            return f"- {text}" if text and _is_list_item(element) else text
        return f"{'#' * level} {' '.join(text.split())}"

    def _inline(self, parent: Element) -> Iterator[str]:
        for element in parent:
            name = local_name(element)
            if name == "t":
                yield element.text or ""
            elif name in _CHARACTERS:
                yield _CHARACTERS[name]
            elif name == "txbxContent":
                yield "\n" + "\n".join(self._blocks(element)) + "\n"
            elif name not in _SKIPPED:
                yield from self._inline(element)

    def _notes_of(self, paragraph: Element) -> Iterator[str]:
        """A note follows the paragraph that refers to it: there it is found together with it."""
        for reference in paragraph.iter():
            kind = local_name(reference).removesuffix("Reference")
            note = self._notes.get((kind, attribute(reference, "id")))
            if note is not None:
                yield from self._blocks(note)

    def _rows(self, table: Element) -> Iterator[list[str]]:
        for row in _descend(table, "tr"):
            yield ["\n\n".join(self._blocks(cell)) for cell in _descend(row, "tc")]

    def _level(self, paragraph: Element) -> int | None:
        for settings in children(paragraph, "pPr"):
            for style in children(settings, "pStyle"):
                return self._heading_levels.get(attribute(style, "val") or "")
        return None


def _read(archive: Archive, name: str | None) -> Element:
    return archive.read_xml(name) if name in archive.names and name else Element("absent")


def _descend(parent: Element, name: str) -> Iterator[Element]:
    """Yield rows or cells, also those inside a wrapper, but not those of a table within."""
    for element in parent:
        if local_name(element) == name:
            yield element
        elif local_name(element) in _WRAPPERS:
            yield from _descend(element, name)


def _is_list_item(paragraph: Element) -> bool:
    return any(
        local_name(setting) == "numPr"
        or (attribute(setting, "val") or "").startswith(("ListBullet", "ListNumber"))
        for settings in children(paragraph, "pPr")
        for setting in children(settings, "numPr", "pStyle")
    )


def _heading_levels(styles: Element) -> dict[str, int]:
    """Return the level of each style that is a heading, whatever language its name is in.

    An outline level marks headings; `Title` and `heading n` are the names that the format itself fixes.
    """
    levels: dict[str, int] = {}
    for style in children(styles, "style"):
        name = next((attribute(child, "val") or "" for child in children(style, "name")), "")
        outline = next(
            (attribute(item, "val") for item in style.iter() if local_name(item) == "outlineLvl"),
            None,
        )
        if outline and outline.isdecimal() and int(outline) < _LOWEST_HEADING:
            levels[attribute(style, "styleId") or ""] = int(outline) + 1
        elif name.lower() == "title":
            levels[attribute(style, "styleId") or ""] = _TOP_HEADING
        elif name.lower().startswith("heading ") and name[8:].isdecimal():
            levels[attribute(style, "styleId") or ""] = min(int(name[8:]), _LOWEST_HEADING)
    return levels

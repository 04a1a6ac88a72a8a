"""Reads PPTX: a slide is a page, with its title, its text in the order of the slide, tables and notes."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element  # nosec B405 # read by archives.py alone

from lib.adapters.readers.archives import Archive, attribute, children, local_name
from lib.adapters.readers.markup import table_lines
from lib.domain.problems import TooManyPages, UnreadableFile
from lib.domain.texts import clean

_TITLES = frozenset({"title", "ctrTitle"})
# The slide's own number, date and footer are on every slide: nobody asks for them.
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})


def open_pages(path: Path, most_pages: int, most_characters: int) -> list[str]:
    with Archive(path) as archive:
        names = list(_slide_names(archive))
        if len(names) > most_pages:
            raise TooManyPages(
                f"This file has {len(names):,} slides; at most {most_pages:,} are read. Split it."
            )
        slides = [clean(_read_slide(archive, name)) for name in names]
    for number, slide in enumerate(slides, 1):
        if len(slide) > most_characters:
            raise UnreadableFile(
                f"Slide {number} holds more than {most_characters:,} characters. Leave it out."
            )
    return slides


def _slide_names(archive: Archive) -> Iterator[str]:
    """Yield the slides in the order of the presentation; hidden ones count, they have a number."""
    main_part = archive.find_main_part("ppt")
    related = archive.relationships(main_part)
    for listing in children(archive.read_xml(main_part), "sldIdLst"):
        for entry in children(listing, "sldId"):
            target = related.get(_relationship_id(entry), ("", ""))[1]
            if target in archive.names:
                yield target


def _relationship_id(entry: Element) -> str:
    """The entry has two attributes called id; the one in a namespace names the relationship."""
    return next((v for key, v in entry.items() if key.startswith("{") and key.endswith("}id")), "")


def _read_slide(archive: Archive, name: str) -> str:
    text = "\n\n".join(_shapes(archive.read_xml(name)))
    for kind, target in archive.relationships(name).values():
        if kind == "notesSlide" and target in archive.names:
            notes = "\n\n".join(_shapes(archive.read_xml(target)))
            text += f"\n\nNotes:\n{notes}" if notes.strip() else ""
    return text


def _shapes(parent: Element) -> Iterator[str]:
    for element in parent:
        name = local_name(element)
        if name == "sp":
            yield from _shape(element)
        elif name == "tbl":
            yield table_lines(
                [" ".join(_paragraphs(cell)) for cell in children(row, "tc")]
                for row in children(element, "tr")
            )
        elif name != "Fallback":
            yield from _shapes(element)


def _shape(element: Element) -> Iterator[str]:
    kind = next(
        (attribute(item, "type") for item in element.iter() if local_name(item) == "ph"), None
    )
    paragraphs = list(_paragraphs(element)) if kind not in _FURNITURE else []
    if not paragraphs:
        return
    yield (
        f"# {' '.join(' '.join(paragraphs).split())}" if kind in _TITLES else "\n".join(paragraphs)
    )


def _paragraphs(parent: Element) -> Iterator[str]:
    for element in parent.iter():
        if local_name(element) == "p":
            text = "".join(_inline(element))
            if text.strip():
                yield text


def _inline(parent: Element) -> Iterator[str]:
    for element in parent:
        name = local_name(element)
        if name == "t":
            yield element.text or ""
        elif name == "br":
            yield "\n"
        elif name not in {"Fallback", "pPr", "rPr"}:
            yield from _inline(element)

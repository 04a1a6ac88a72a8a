"""Opens the zip archives that DOCX and PPTX are, after looking at what they would unpack to."""

import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Self
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser  # nosec B405 # see read_xml
from zipfile import BadZipFile, ZipFile, ZipInfo

from lib.domain.problems import UnreadableFile, UnsupportedFileType

# facts: OWASP ASVS 5.0, 5.2.3. A textbook with pictures stays far below all of them.
_MOST_ENTRIES = 2_000
_MOST_BYTES = 200_000_000
_HIGHEST_RATIO = 100
# XML repeats itself: below this size even a high ratio is harmless.
_RATIO_MATTERS_FROM_BYTES = 10_000_000

_ENCRYPTED = 0x1
_DAMAGED = "This file is damaged and cannot be opened. Save it anew and upload it again."
_OVERSIZED = "This file unpacks to far more than a document holds, so it was not opened. Save it anew and upload it again."


class Archive:
    """An Office Open XML file whose directory has been found harmless."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, ValueError, NotImplementedError) as error:
            raise UnreadableFile(_DAMAGED) from error
        _check(self._zip.infolist(), path.stat().st_size)
        self.names = frozenset(self._zip.namelist())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read_xml(self, name: str) -> Element:
        """Parse a part; one that declares a document type (and with it entities) is refused."""
        parser = XMLParser(target=_NoDoctype())  # nosec B314 # noqa: S314 - without a doctype there is no entity to expand or fetch
        try:
            parser.feed(self._zip.read(name))
            return parser.close()
        except (KeyError, ParseError, BadZipFile, EOFError, NotImplementedError, OSError) as error:
            raise UnreadableFile(_DAMAGED) from error

    def find_main_part(self, folder: str) -> str:
        """Return the name of the document's main part.

        Raises:
            UnsupportedFileType: this zip is no document of that kind, or one with macros.
        """
        types = self.read_xml("[Content_Types].xml") if "[Content_Types].xml" in self.names else ()
        if any("macroenabled" in (part.get("ContentType") or "").lower() for part in types):
            raise UnsupportedFileType("Files with macros are not read. Save it without macros.")
        for kind, target in self.relationships("").values():
            name = target.lstrip("/")
            if kind == "officeDocument" and name.startswith(f"{folder}/") and name in self.names:
                return name
        raise UnsupportedFileType("The file's content is not what its name says. Rename it.")

    def relationships(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the target, resolved, of each relationship of a part, by id."""
        part = PurePosixPath(name)
        listing = str(part.parent / "_rels" / f"{part.name}.rels")
        if listing not in self.names:
            return {}
        return {
            relation.get("Id", ""): (
                relation.get("Type", "").rpartition("/")[2],
                _resolve(part.parent, relation.get("Target", "")),
            )
            for relation in self.read_xml(listing)
            if relation.get("TargetMode") != "External"
        }


class _NoDoctype(TreeBuilder):
    def doctype(self, *_: str | None) -> None:
        raise UnreadableFile(_DAMAGED)


def local_name(element: Element) -> str:
    """Return the tag without its namespace: the strict and the transitional format differ in that alone."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), None)


def children(element: Element, *names: str) -> Iterator[Element]:
    return (child for child in element if local_name(child) in names)


def _check(entries: list[ZipInfo], archive_bytes: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_ENTRIES or total > _MOST_BYTES:
        raise UnreadableFile(_OVERSIZED)
    if total > max(_HIGHEST_RATIO * archive_bytes, _RATIO_MATTERS_FROM_BYTES):
        raise UnreadableFile(_OVERSIZED)
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise UnreadableFile(_DAMAGED)
        if entry.flag_bits & _ENCRYPTED:
            raise UnreadableFile("This file is protected by a password. Save it without one.")


def _resolve(folder: PurePosixPath, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    parts: list[str] = list(folder.parts)
    for step in PurePosixPath(target).parts:
        if step == "..":
            parts = parts[:-1]
        else:
            parts.append(step)
    return "/".join(parts)

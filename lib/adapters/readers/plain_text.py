"""Reads plain text and Markdown, both as they were written."""

from pathlib import Path

from lib.domain.encodings import decode_text
from lib.domain.parts import PART_CHARACTERS, cut_into_parts
from lib.domain.problems import TooManyPages, UnsupportedFileType
from lib.domain.texts import clean


def open_pages(path: Path, most_pages: int, most_characters: int) -> list[str]:  # noqa: ARG001 - all readers are called alike
    text = read_text(path.read_bytes())
    if len(text) > most_pages * PART_CHARACTERS:
        raise TooManyPages(
            f"This text has {len(text):,} characters; at most {most_pages * PART_CHARACTERS:,} are read. Split it."
        )
    return cut_into_parts(clean(text))


def read_text(data: bytes, declared: str | None = None) -> str:
    """Decode a whole file, in the encoding that it declares where it is no Unicode.

    Raises:
        UnsupportedFileType: it is no text.
    """
    text = decode_text(data, declared=declared)
    if text is None:
        raise UnsupportedFileType("The file's content is not text, whatever its name says.")
    return text

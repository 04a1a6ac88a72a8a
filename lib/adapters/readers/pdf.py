"""Reads PDF through PDFium, one page at a time, so that reading can stop and go on at any page."""

# pypdfium2 ships no types:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from pypdfium2 import PdfDocument, PdfiumError, PdfTextPage
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

from lib.domain.problems import UnreadableFile

# Left, bottom, right, top of a character's cell, in points.
Box = tuple[float, float, float, float]

# What PDFium puts for a hyphen at a line's end and the end itself.
_BROKEN_WORD = "\ufffe"
# PDFium ends a line wherever the baseline moves, also at an index or an exponent. Two pieces are one
# line when their cells overlap by this share of the lower one's height, ...
_SAME_LINE_OVERLAP = 0.4
# ... and the second begins not farther right than so many heights.
_SAME_LINE_GAP = 1.5
_WORD_GAP = 0.2
# Lines farther apart than the page's median by this factor are two paragraphs.
_PARAGRAPH_PITCH = 1.4


class PdfPages:
    """The pages of a PDF; a page that PDFium cannot load has no text."""

    def __init__(self, path: Path, most_characters: int) -> None:
        self._most_characters = most_characters
        try:
            self._document = PdfDocument(path)
        except PdfiumError as error:
            raise UnreadableFile(_explain(error)) from error

    def __len__(self) -> int:
        return len(self._document)

    def __getitem__(self, index: int) -> str:
        try:
            page = self._document[index]
            text_page = page.get_textpage()
        except PdfiumError:
            return ""  # counted as an empty page, and shown as such
        try:
            return self._read(text_page, index + 1)
        finally:
            page.close()  # and with it the text page

    def _read(self, page: PdfTextPage, number: int) -> str:
        if page.count_chars() > self._most_characters:
            raise UnreadableFile(
                f"Page {number} holds more than {self._most_characters:,} characters. "
                "Leave it out and upload the file again."
            )
        return _with_lines(page, page.get_text_range()).replace(_BROKEN_WORD, "-\n")


def open_pages(path: Path, most_pages: int, most_characters: int) -> PdfPages:  # noqa: ARG001 - all readers are called alike
    return PdfPages(path, most_characters)


def _explain(error: PdfiumError) -> str:
    if error.err_code in {FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY}:
        return (
            "This PDF is protected by a password. Save a copy without the password and upload that."
        )
    return "This PDF is damaged and cannot be opened. Export it anew and upload it again."


def _with_lines(page: PdfTextPage, text: str) -> str:
    """Join what stands on one line and set paragraphs apart, by where the characters stand.

    PDFium leaves out of the text what it cannot name, but counts it: then the places are unknown
    and the text stays as it is (4 of 117 pages of a mathematical script).
    """
    if page.count_chars() != len(text):
        return text
    lines = list(_lines(text))
    if not lines:
        return ""
    boxes = [(_box(page, start), _box(page, end - 1)) for start, end in lines]
    gaps = [(before[1], after[0]) for before, after in pairwise(boxes)]
    pitches = [pitch for last, first in gaps if (pitch := last[1] - first[1]) > 0]
    usual = median(pitches) if pitches else 0.0
    separators = ["", *(_separator(last, first, usual) for last, first in gaps)]
    return "".join(
        separator + text[start:end]
        for separator, (start, end) in zip(separators, lines, strict=True)
    )


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each line with a visible character begins and ends."""
    offset = 0
    for line in text.split("\r\n"):
        visible = line.strip()
        if visible:
            start = offset + line.index(visible)
            yield start, start + len(visible)
        offset += len(line) + 2


def _box(page: PdfTextPage, index: int) -> Box:
    return page.get_charbox(index, loose=True)


def _separator(last: Box, first: Box, usual_pitch: float) -> str:
    height = min(last[3] - last[1], first[3] - first[1])
    overlap = min(last[3], first[3]) - max(last[1], first[1])
    gap = first[0] - last[2]
    if overlap > _SAME_LINE_OVERLAP * height and -height / 4 < gap < _SAME_LINE_GAP * height:
        return " " if gap > _WORD_GAP * height else ""
    return "\n\n" if last[1] - first[1] > _PARAGRAPH_PITCH * usual_pitch else "\n"

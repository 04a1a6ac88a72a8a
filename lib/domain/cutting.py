"""Where a text may be cut: at a heading, else a paragraph, a line, a sentence, a word."""

# ruff: noqa: RUF001 - punctuation of many scripts

import re
from collections.abc import Iterator

_LIST_OR_TABLE_LINE = r"(?:[-*+•‣▪◦·–] |\(?\w{1,3}[.)] |[^\n|]* \| )"
_END_MARKS = r"(?:[.!?…:;।؟۔][\"'”’»)\]]*|[。！？；][”’」』）]*)"

# Best place first; the piece that follows begins where a match ends.
_HEADING = re.compile(r"\n+(?=#{1,6} |[^\n|]{1,100}[^\s.,;:|]\n(?:={3,}|-{3,})[^\S\n]*\n)")
_PARAGRAPH = re.compile(r"\n\s*\n")
_CLOSED_LINE = re.compile(rf"\n(?={_LIST_OR_TABLE_LINE})|{_END_MARKS}\n")
_SENTENCE = re.compile(
    r"[.!?…।؟۔][\"'”’»)\]]*[^\S\n]+(?=[\"'“„«¿¡(\[]*[^\Wa-z_])|[。！？][”’」』）]*"
)
_LINE = re.compile(r"\n")
_WORD = re.compile(r"\s")
# Not between a letter and its combining accent, nor inside a joined emoji.
_ANYWHERE = re.compile(r"[^\u200d](?![\u0300-\u036f\u200d\ufe0f\U0001f3fb-\U0001f3ff])", re.DOTALL)
_PLACES = (_HEADING, _PARAGRAPH, _CLOSED_LINE, _SENTENCE, _LINE, _WORD, _ANYWHERE)

# How far past the last allowed cut a pattern may look to recognise the line that follows.
_LOOKAHEAD = 200


def find_cut(text: str, earliest: int, latest: int) -> int:
    """Return the last of the best places to cut `text`: after `earliest`, at `latest` or before."""
    for place in _PLACES:
        cuts = [cut for cut in _cuts(place, text, earliest, latest) if cut > earliest]
        if cuts:
            return cuts[-1]
    return latest


def find_overlap(text: str, earliest: int, cut: int) -> int:
    """Return where the piece after `cut` may begin early: at `earliest` or later, with a whole sentence.

    Where the cut goes through a sentence the piece begins with a whole line or word instead; after a
    heading's cut nothing is repeated.
    """
    if re.match(r"#{1,6} ", text[cut : cut + 7]):
        return cut
    whole = (_PARAGRAPH, _CLOSED_LINE, _SENTENCE)
    closed = re.search(rf"{_END_MARKS}\s*\Z", text[earliest:cut])
    for place in whole if closed else (*whole, _LINE, _WORD):
        starts = [start for start in _cuts(place, text, earliest, cut - 1) if start < cut]
        if starts and not (place is _WORD and _in_row(text, starts[0])):
            return starts[0]
    return cut


def _cuts(place: re.Pattern[str], text: str, earliest: int, latest: int) -> Iterator[int]:
    for found in place.finditer(text, earliest, latest + _LOOKAHEAD):
        if found.end() > latest:
            return
        if place is not _SENTENCE or not _in_row(text, found.end()):
            yield found.end()


def _in_row(text: str, offset: int) -> bool:
    """Tell whether `offset` lies inside a table's row, which stays whole."""
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    return " | " in text[start : end if end >= 0 else len(text)]

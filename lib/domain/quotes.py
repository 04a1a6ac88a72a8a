"""Finding a quote in the passages that were sent: where it holds, and that it does not hold where it does not.

A reader trusts a citation blindly, so the rule is strict: the page's own words in the page's own order. Case,
accents, punctuation and line breaks may differ, and a long quote may lose or gain two articles. Numbers,
units, signs and negations are compared to the letter, because they are words like all others here.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial

from lib.domain.clauses import is_clause, stands_alone
from lib.domain.excerpts import is_fair
from lib.domain.folding import Folded, Span, fold
from lib.domain.matching import are_same, find_nearly, find_words
from lib.domain.models import Passage
from lib.domain.wording import tokenize

SHORTEST_QUOTE = (
    20  # characters after folding; below that only a whole line, cell or Chinese clause
)
LONGEST_QUOTE = 1_000  # characters; nobody reads that as a quote, and it bounds the work
_MOST_PLACES = 50  # of the same words in one passage

# Marks at a quote's ends that are not part of what it says; a point or a dash before a digit is.
_OPENING = re.compile(
    r"(?:\s|\.{2,}|[\"'*_,;:!?\u00bf\u00a1\u3001\u3002]|\.(?!\d)|[-\u2022]\s(?!\d))+"
)
_CLOSING = re.compile(
    r"(?:\s|\.{2,}|[.,;:?\u3001\u3002]|(?<!\d)[\"*_]|(?<=[^\W\d_]{2})[!']|\s-|(?<=[\"'.?!*_])['!])+$"
)
_LINE = re.compile(r"[^\n]+")
_CELL_BORDER = re.compile(r"\t|(?:^|\s)\|(?=\s|$)|^\||\|$")
_BULLET = re.compile(r"[-*\u2013\u2022#]+[ \t]+(?!\d)")


def find_quote(quote: str, text: str) -> Span | None:
    """Return where in `text` the words of `quote` stand, if they do.

    `text[start:end]` is what may be shown: whole words, whole characters, the text's own. Of several
    places the one that is equal to the letter is preferred, then the first.
    """
    found = _find_first(quote, [text])
    return found[1] if found else None


def find_citation(
    quote: str, number: int | None, passages: Sequence[Passage]
) -> tuple[Passage, Span] | None:
    """Return the passage a quote stands in, and where in that passage's text.

    The passage it was said to be from comes first (`number` counts from 1). Where the words stand in another
    one that was sent, that one is cited: the reader is shown the file and page that really hold them.
    A short quote (one line or cell) is too weak for that; it must stand where it was said to.
    """
    named = passages[number - 1 : number] if number and number > 0 else passages[:0]
    others = [passage for passage in passages if passage not in named] if _is_long(quote) else []
    for candidates in (named, others):
        found = _find_first(quote, [passage.text for passage in candidates])
        if found:
            return candidates[found[0]], found[1]
    return None


def _is_long(quote: str) -> bool:
    return len(_trim(fold(quote).text)) >= SHORTEST_QUOTE


def _find_first(quote: str, texts: Sequence[str]) -> tuple[int, Span] | None:
    """Return which text has the quote, and where; rather to the letter in the last than nearly in the first."""
    if len(quote) > LONGEST_QUOTE:
        return None
    wanted = _trim(fold(quote).text)
    if not any(character.isalnum() for character in wanted):
        return None
    if len(wanted) < SHORTEST_QUOTE:
        shorts = (_find_line, partial(_find_clause, quote))
        spans = ((index, find(wanted, text)) for find in shorts for index, text in enumerate(texts))
        return next(((index, span) for index, span in spans if span), None)
    for find in (partial(_find_letters, quote), find_words, find_nearly):
        for index, text in enumerate(texts):
            span = find(wanted, fold(text))
            if span and span.end - span.start >= SHORTEST_QUOTE:
                return index, span
    return None


def _trim(folded: str) -> str:
    closing = _CLOSING.search(folded)
    folded = folded[: closing.start()] if closing else folded
    opening = _OPENING.match(folded)
    return folded[opening.end() :] if opening else folded


def _find_letters(quote: str, wanted: str, whole: Folded) -> Span | None:
    """Find the quote as it was written, with its own punctuation at the ends if the text has it too."""
    for needle in dict.fromkeys((fold(quote).text.strip(), wanted)):
        spans = [whole.span(start, end) for start, end in _fair_places(needle, whole)]
        to_the_letter = (span for span in spans if whole.source[span.start : span.end] == quote)
        if spans:
            return next(to_the_letter, spans[0])
    return None


def _fair_places(needle: str, whole: Folded) -> Iterator[tuple[int, int]]:
    start = -1
    for _ in range(_MOST_PLACES):
        start = whole.text.find(needle, start + 1)
        if start < 0:
            return
        if is_fair(whole, start, start + len(needle)):
            yield start, start + len(needle)


def _find_line(wanted: str, text: str) -> Span | None:
    """Find a short quote as the whole of a line or of a table's cell."""
    whole, words = fold(text), tokenize(wanted)
    for start, end in _lines_and_cells(text):
        line = fold(text[start:end])
        bullet = _BULLET.match(line.text)
        tokens = tokenize(_trim(line.text[bullet.end() if bullet else 0 :]))
        if words and are_same(words, tokens) and _is_fair_line(whole, start, end):
            return Span(start, end)
    return None


def _find_clause(quote: str, wanted: str, text: str) -> Span | None:
    """Find a short quote of a script without spaces where it is a clause, to the letter."""
    if not is_clause(wanted):
        return None
    whole = fold(text)
    for needle in dict.fromkeys((fold(quote).text.strip(), wanted)):
        for start, end in _fair_places(needle, whole):
            if stands_alone(whole, start, end):
                return whole.span(start, end)
    return None


def _lines_and_cells(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        borders = [border.span() for border in _CELL_BORDER.finditer(line[0])]
        yield from _strip(text, *line.span())
        ends = [*(start for start, _ in borders), len(line[0])]
        starts = [0, *(end for _, end in borders)]
        for start, end in zip(starts, ends, strict=True) if borders else ():
            yield from _strip(text, line.start() + start, line.start() + end)


def _strip(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    stretch = text[start:end]
    if stretch.strip():
        start += len(stretch) - len(stretch.lstrip())
        yield start, start + len(stretch.strip())


def _is_fair_line(whole: Folded, start: int, end: int) -> bool:
    return is_fair(whole, bisect_right(whole.ends, start), bisect_right(whole.starts, end - 1))

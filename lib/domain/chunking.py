"""Pages are cut into chunks: what is embedded, searched, and sent to the model as a passage."""

import re
from collections import deque
from collections.abc import Iterator
from itertools import takewhile

from lib.domain.cutting import find_cut, find_overlap
from lib.domain.languages import is_dense
from lib.domain.models import Chunk, Page

# A chunk is a paragraph or two. The paragraphs on which retrieval was measured have 500-1,000
# characters, and ten chunks of at most 1,200 fit into 3,000 tokens of a prompt.
LONGEST = 1200
SHORTEST = 600
# A page's last chunk is not a lone line.
_SHORTEST_LAST = 300
# So much of a chunk's end, in whole sentences, is repeated by the next: a quote of two sentences
# across a cut is whole in one of them.
OVERLAP = 150
# Chinese and Japanese say as much in half the characters, and each is about a token.
_DENSITY = 2
# Of a heading or a table's head; more is a paragraph that is marked as one.
_LONGEST_HEADING = 200

_MARKED_HEADING = re.compile(r"^#{1,6} +(\S.*)$", re.MULTILINE)
# In plain text and in Markdown.
_UNDERLINED_HEADING = re.compile(
    r"^(\S[^\n|]{0,100}[^\s.,;:|])\n(?:={3,}|-{3,})[^\S\n]*$", re.MULTILINE
)
# PDF pages do not mark headings; a short numbered line without a full stop nearly always is one.
_NUMBERED_HEADING = re.compile(
    r"^((?:Chapter |§ ?)?\d{1,2}(?:\.\d{1,2}){0,3}[.:)]? +[^\W\d_][^\n|]{2,70}[^\s.,;:!?|])$",
    re.MULTILINE,
)


def cut(page: Page, first_ordinal: int) -> list[Chunk]:
    """Cut a page into chunks numbered from `first_ordinal`; a blank page has none.

    Each chunk's text is `page.text[start:end]` and begins and ends with a visible character; every
    visible character of the page lies in one chunk at least.
    """
    return [
        Chunk(
            ordinal=ordinal,
            page=page.number,
            start=start,
            end=end,
            text=page.text[start:end],
            heading=_context(page.text, start, end),
        )
        for ordinal, (start, end) in enumerate(_slices(page.text), first_ordinal)
    ]


def _context(page_text: str, start: int, end: int) -> str | None:
    told = (_heading(page_text, start), _table_head(page_text, start))
    missing = [
        line[:_LONGEST_HEADING] for line in told if line and line not in page_text[start:end]
    ]
    return "\n".join(missing) or None


def _heading(page_text: str, start: int) -> str | None:
    """Return the heading under which the chunk at `start` stands."""
    before = page_text[:start]
    marked = [*_MARKED_HEADING.finditer(before), *_UNDERLINED_HEADING.finditer(before)]
    headings = marked or list(_NUMBERED_HEADING.finditer(before))
    return max(headings, key=lambda heading: heading.start())[1].strip() if headings else None


def _table_head(page_text: str, start: int) -> str | None:
    """Return the first row of the table in which the chunk at `start` begins."""
    if " | " not in page_text[start:].partition("\n")[0]:
        return None
    rows = takewhile(lambda line: " | " in line, reversed(page_text[:start].splitlines()))
    return next(iter(deque(rows, maxlen=1)), None)


def _slices(text: str) -> Iterator[tuple[int, int]]:
    end_of_text = len(text.rstrip())
    start = _skip_space(text, 0)
    scale = _DENSITY if is_dense(text) else 1
    while end_of_text - start > LONGEST // scale:
        latest = min(start + LONGEST // scale, end_of_text - _SHORTEST_LAST // scale)
        end = find_cut(text, start + SHORTEST // scale, latest)
        yield start, start + len(text[start:end].rstrip())
        start = _skip_space(text, find_overlap(text, end - OVERLAP // scale, end))
    if start < end_of_text:
        yield start, end_of_text


def _skip_space(text: str, offset: int) -> int:
    return offset + len(text[offset:]) - len(text[offset:].lstrip())

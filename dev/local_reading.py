"""Cut a passage into the sentences and lines that can be quoted, each an exact slice with the headings above it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dev.local_vocabulary import ALL_FUNCTION_WORDS, fold

# The server accepts a quote of 20 characters, or a whole line (design.md 4).
_SHORTEST_QUOTE = 20
_LONGEST_HEADING = 80
# A hard-wrapped page: its lines are full, and none is longer than this.
_WIDEST_WRAP = 130
# Shares, found by trying on the bench's files: a full line, and the function words of prose.
_FULL = 0.7
_PROSE = 0.15

_SENTENCE_END = re.compile(
    r"[.!?…][\"”“»')\]]*\s+(?=[^\W_]|[¡¿\"„“«(])|[。\uff01\uff1f\uff1b][”」』\uff09]*\s*"
)
# "z. B.", "ca.", "Dr.", "2. Juni", "J. Watt": the full stop belongs to the word.
_NO_END = re.compile(
    r"(?:\b(?:[^\W\d_]|\d{1,2}|bzw|ca|chr|dr|mr|mrs|st|vs|no|nr|fig|abb|etc|approx|sr|sra|ej|prof|mio|mrd|bspw|usw))\.$",
    re.IGNORECASE,
)
# A line of text; the rule under a table's head is none.
_LINE = re.compile(r"^(?![\s|:+=-]+$).*\S.*$", re.MULTILINE)
_BULLET = re.compile(r"[•*‣◦–-]\s")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s")
_TRAILING = re.compile(r"[\s|]*$")
_LEADING = re.compile(r"^[\s|#>]*(?:[•*‣◦–-]\s+)?")


class Passage(NamedTuple):
    number: int
    file: str
    page: int
    text: str


class Unit(NamedTuple):
    """A sentence or a line of a passage: `passage.text[start:end]`, letter for letter."""

    passage: Passage
    start: int
    end: int
    heading: str
    neighbours: str

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


class _Line(NamedTuple):
    start: int
    end: int
    text: str


class _Block(NamedTuple):
    start: int
    end: int
    heading: str


def units(passage: Passage) -> list[Unit]:
    found: list[Unit] = []
    for block in _blocks(passage.text):
        spans = list(_sentences(passage.text, block))
        for index, (start, end) in enumerate(spans):
            near = [passage.text[a:b] for a, b in spans[max(index - 1, 0) : index + 2]]
            found.append(Unit(passage, start, end, block.heading, " ".join(near)))
    return found


def _blocks(text: str) -> Iterator[_Block]:
    """Paragraphs, items and table rows, each with the headings and the table head it stands under."""
    lines = [_Line(m.start(), m.end(), m[0].strip()) for m in _LINE.finditer(text)]
    widest = max((len(line.text) for line in lines), default=0)
    heading = ""
    run: list[str] = []
    last_end = 0
    while lines:
        line = lines.pop(0)
        is_apart = text.count("\n", last_end, line.start) > 1
        last_end = line.end
        # One line alone above prose is its heading; several without a gap are a table or a list.
        if run and (is_apart or not _stands_alone(line.text, widest)):
            heading = run[0] if len(run) == 1 and "|" not in run[0] else heading
            run = []
        if _stands_alone(line.text, widest):
            run.append(line.text)
            yield _Block(line.start, line.end, "\n".join([heading, *run[:2]]))
            continue
        start = line.start
        while lines and _goes_on(text[last_end : lines[0].start], line.text, lines[0].text, widest):
            line = lines.pop(0)
            last_end = line.end
        yield _Block(start, last_end, heading)


def _stands_alone(line: str, widest: int) -> bool:
    """Whether the line is a heading or the row of a table, not prose."""
    if line.startswith("#") or "|" in line:
        return True
    if (
        line[-1] in ".!?…:;,。\uff01\uff1f\uff1b\uff1a\uff0c、"
        or line[0].islower()
        or _BULLET.match(line)
    ):
        return False
    is_full = widest <= _WIDEST_WRAP and len(line) >= _FULL * widest
    return len(line) <= _LONGEST_HEADING and not (is_full and _reads_as_prose(line))


def _reads_as_prose(line: str) -> bool:
    """Prose is full of function words; a heading or a row of figures has hardly any."""
    words = re.findall(r"[^\W_]+", fold(line))
    count = sum(word in ALL_FUNCTION_WORDS for word in words)
    return count >= max(2, _PROSE * len(words))


def _goes_on(gap: str, line: str, following: str, widest: int) -> bool:
    """Whether the next line continues this one, as on a page with hard line ends."""
    if gap.count("\n") > 1 or _BULLET.match(following) or _NUMBERED.match(following):
        return False
    if following[0].islower():
        return True
    is_full = widest <= _WIDEST_WRAP and len(line) >= _FULL * widest
    return is_full and not _stands_alone(following, widest)


def _sentences(text: str, block: _Block) -> Iterator[tuple[int, int]]:
    """Slices of the block, none too short to be quoted unless it is the whole line."""
    start = block.start
    for match in _SENTENCE_END.finditer(text, block.start, block.end):
        sentence = text[start : match.end()].strip()
        if len(sentence) < _SHORTEST_QUOTE or _NO_END.search(sentence):
            continue
        if len(text[match.end() : block.end].strip()) < _SHORTEST_QUOTE:
            break
        yield _trimmed(text, start, match.end())
        start = match.end()
    if text[start : block.end].strip():
        yield _trimmed(text, start, block.end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out what frames the words: bullets, signs of headings, rules of tables."""
    trimmed_start = start + _length(_LEADING.match(text[start:end]))
    trimmed_end = end - _length(_TRAILING.search(text[trimmed_start:end]))
    if trimmed_end - trimmed_start >= _SHORTEST_QUOTE:
        return trimmed_start, trimmed_end
    stripped = text[start:end].strip()
    whole = start + text[start:end].index(stripped) if stripped else start
    return whole, whole + len(stripped)


def _length(match: re.Match[str] | None) -> int:
    return len(match[0]) if match else 0

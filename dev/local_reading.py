"""Cut a passage into the sentences and rows that can be quoted, each an exact slice with the headings above it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dev.local_vocabulary import ALL_FUNCTION_WORDS, POINTS_BACK, fold

# The server accepts a quote of 20 characters, or a whole line (design.md 4).
_SHORTEST_QUOTE = 20
_LONGEST_HEADING = 80
# A page with hard line ends: its lines are full, and none is longer than this.
_WIDEST_WRAP = 130
# A title and a subtitle; three lines alone in a row are a table or a list.
_MOST_HEADINGS = 2
# A paragraph names what it is about in its first words.
_TOPIC_WORDS = 4
# Shares, found by trying on the bench's files: of a full line in the widest, of function words in
# prose, of lines that end a sentence in a list.
_FULL, _PROSE, _LIST = 0.7, 0.15, 0.7

_SENTENCE_END = re.compile(
    r"[.!?…][\"”“»')\]]*\s+(?=[^\W_]|[¡¿\"„“«(])|[。\uff01\uff1f\uff1b][”」』\uff09]*\s*"
)
# "z. B.", "ca.", "Dr.", "2. Juni", "J. Watt": the full stop belongs to the word.
_NO_END = re.compile(
    r"(?<![°\d] )(?<![°\d])\b(?:[^\W\d_]|\d{1,2}|bzw|ca|chr|dr|mr|mrs|st|vs|no|nr|fig|abb|etc|approx|sra?|ej|prof|mio|mrd|usw)\.$",
    re.IGNORECASE,
)
_SENTENCE_SIGNS = ".!?…。\uff01\uff1f\uff1b"
_NO_HEADING_END = _SENTENCE_SIGNS + ":;,、\uff1a\uff0c"
# A line of text; the rule under a title or a table's head is none.
_LINE = re.compile(r"^(?![\s|:+=-]+$).*\S.*$", re.MULTILINE)
_BULLET = re.compile("[•*‣◦\u2013-]\\s")
_MARKED = re.compile(r"#|(?:\d{1,2}[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s+[^\W\da-z]")
_LEADING = re.compile("[\\s|#>]*(?:[•*‣◦\u2013-]\\s+)?")


class Passage(NamedTuple):
    number: int
    file: str
    page: int
    text: str
    under: str = ""
    """The heading, and the head of the table, that it stands under."""


class Unit(NamedTuple):
    """A sentence or a row of a passage: `passage.text[start:end]`, letter for letter."""

    passage: Passage
    start: int
    end: int
    heading: str
    before: str
    """The opening words of the paragraph, the sentence before, and those that it points back to."""
    previous: "Unit | None"
    """The sentence before in the same paragraph; the head of the table of a row."""
    is_heading: bool = False

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    stands_alone: bool
    is_item: bool


def units(passage: Passage) -> list[Unit]:
    """Everything in the passage that can be quoted, in the order of the text."""
    found: list[Unit] = []
    heading, intro = passage.under, ""
    for group in _groups(passage.text):
        if group[0].stands_alone:
            if (
                intro
                and found[-1].text[-1] not in _NO_HEADING_END
                and len(intro) < _LONGEST_HEADING
            ):
                # A table's head that reads like prose.
                found[-1] = found[-1]._replace(is_heading=True)
            lone = list(_lone_lines(passage, group, heading, intro))
            heading = next((unit.heading for unit in reversed(lone) if unit.is_heading), heading)
            found += lone
        else:
            sentences = list(_sentences(passage, group[0].start, group[-1].end, heading))
            intro = sentences[-1].text
            found += sentences
    return found


def _groups(text: str) -> Iterator[list[_Line]]:
    """Paragraphs, and runs of lines that stand alone."""
    group: list[_Line] = []
    for line in _lines(text):
        if group and not _goes_on(text, group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _lines(text: str) -> list[_Line]:
    matches = list(_LINE.finditer(text))
    widest = max((len(match[0].strip()) for match in matches), default=0)
    # Where lines are wrapped, a full line is not a heading, and it goes on in the next.
    full = _FULL * widest if widest <= _WIDEST_WRAP else float("inf")
    ended = sum(match[0].rstrip()[-1] in _SENTENCE_SIGNS for match in matches)
    # Where nearly every line ends a sentence, as on a slide, each is a paragraph.
    is_list = ended >= _LIST * len(matches)
    return [
        _Line(
            match.start(),
            match.end(),
            line,
            _stands_alone(line, full),
            is_list or bool(_BULLET.match(line) or _MARKED.match(line)),
        )
        for match in matches
        if (line := match[0].strip())
    ]


def _stands_alone(line: str, full: float) -> bool:
    """Whether the line is a heading or the row of a table, not prose."""
    if line.startswith("#") or "|" in line:
        return True
    if line[-1] in _NO_HEADING_END or line[0].islower() or _BULLET.match(line):
        return False
    return len(line) <= _LONGEST_HEADING and not (len(line) >= full and _reads_as_prose(line))


def _reads_as_prose(line: str) -> bool:
    """Prose is full of function words; a heading or a row of figures has hardly any."""
    words = re.findall(r"[^\W_]+", fold(line))
    count = sum(word in ALL_FUNCTION_WORDS for word in words)
    return count >= max(2, _PROSE * len(words))


def _goes_on(text: str, line: _Line, following: _Line) -> bool:
    if line.stands_alone or following.stands_alone:
        return line.stands_alone and following.stands_alone and not following.text.startswith("#")
    is_apart = text.count("\n", line.end, following.start) > 1
    # "… on" above "15. June": a number opens an item only where the line before has ended.
    is_item = following.is_item and line.text[-1] in _NO_HEADING_END
    return following.text[0].islower() or not (is_apart or is_item)


def _lone_lines(passage: Passage, run: list[_Line], heading: str, intro: str) -> Iterator[Unit]:
    """Headings, or the rows of a table with its head; a run of rows may open or end with a heading."""
    is_table = any("|" in line.text for line in run) or len(run) > _MOST_HEADINGS
    head: Unit | None = None
    for index, line in enumerate(run):
        is_last = line is run[-1] and "|" not in line.text and not re.search(r"\d", line.text)
        is_marked = _MARKED.match(line.text) and not index and "|" not in line.text
        is_heading = bool(not is_table or is_marked or is_last)
        heading = line.text if is_marked or is_last else heading
        context = heading if is_heading else f"{heading}\n{intro}"
        start, end = _trimmed(passage.text, line.start, line.end)
        unit = Unit(passage, start, end, context, head.text if head else "", head, is_heading)
        if is_table and not is_heading and head is None and not re.search(r"\d", line.text):
            head = unit = unit._replace(is_heading="|" in line.text)
        yield unit


def _sentences(passage: Passage, start: int, stop: int, heading: str) -> Iterator[Unit]:
    before, topic = "", " ".join(passage.text[start:stop].split()[:_TOPIC_WORDS])
    previous: Unit | None = None
    for first, last in _slices(passage.text, start, stop):
        previous = Unit(passage, first, last, heading, f"{topic}\n{before}", previous)
        yield previous
        points_back = POINTS_BACK.search(previous.text)
        before = f"{before} {previous.text}" if points_back else previous.text


def _slices(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Sentences, none too short to be quoted unless it is the whole line."""
    for match in _SENTENCE_END.finditer(text, start, stop):
        sentence = text[start : match.end()].strip()
        if _is_short(sentence) or _NO_END.search(sentence):
            continue
        if _is_short(text[match.end() : stop]):
            break
        yield _trimmed(text, start, match.end())
        start = match.end()
    yield _trimmed(text, start, stop)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out the white space, and the bullet or heading sign before words long enough to quote."""
    end -= len(text[start:end]) - len(text[start:end].rstrip())
    leading = _LEADING.match(text, start, end)
    words = leading.end() if leading else start
    if not _is_short(text[words:end]):
        return words, end
    return end - len(text[start:end].lstrip()), end


def _is_short(words: str) -> bool:
    """Whether the server would take the words only as a whole line; it counts no signs around them."""
    return len(" ".join(re.sub(r"^\W+|\W+$|-\s+", "", words).split())) < _SHORTEST_QUOTE

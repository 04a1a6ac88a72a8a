"""Taking the model's <cite> tags out of a text that arrives in pieces, however it is cut."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Read tolerantly: case, spaces, kinds of quotation marks, order of attributes, a slash before the >.
_NAME = r"<\s{0,3}cite(?![a-z0-9_-])"
_OPEN = re.compile(rf"{_NAME}([^<>]{{0,200}})>", re.IGNORECASE)
_CLOSE = re.compile(r"<\s{0,3}/\s{0,3}cite\s{0,3}(?:>|(?=[^\sa-z0-9_>-]))", re.IGNORECASE)
_TAG = re.compile(rf"(?P<open>{_OPEN.pattern})|(?P<close>{_CLOSE.pattern})", re.IGNORECASE)
# A tag without its end: its name and attributes go, what follows them is text.
_BROKEN = re.compile(
    r"<\s{0,3}/?\s{0,3}cite(?![a-z0-9_-])"
    r"(?:\s{0,3}[\w-]{1,20}\s{0,3}=\s{0,3}(?:\"[^\"<>]{0,20}\"|'[^'<>]{0,20}'|[^\s<>]{0,20})){0,3}[^\S\n]{0,3}/?",
    re.IGNORECASE,
)
_BEGUN = re.compile(
    r"<\s{0,3}(?:/\s{0,3})?(?:c(?:i(?:t(?:e(?:(?![a-z0-9_-])[^<>]{0,200})?)?)?)?)?\Z", re.IGNORECASE
)
# The text ended within a tag. A lone < or </ may be arithmetic.
_CUT_OFF = re.compile(r"<\s{0,3}(?:ci|/\s{0,3}c)", re.IGNORECASE)
_PASSAGE = re.compile(r"passage\W{0,5}(\d{1,4})", re.IGNORECASE)
# Longer than any quote that holds; a tag still open then was forgotten and must not swallow the rest.
_MOST_WITHIN = 2_000
_LONGEST_TAG = 250


class Quote(NamedTuple):
    """What stood in a tag: the passage it names, and the words; None where nothing was quoted."""

    passage: int | None
    words: str | None


class TagReader:
    """Splits a streamed text into what is to be shown and what was quoted. It never shows a tag."""

    def __init__(self) -> None:
        self._pending = ""
        self._opened: Quote | None = None

    def read(self, delta: str) -> Iterator[str | Quote]:
        """Yield what can be told apart by now; the beginning of a tag waits for the rest."""
        self._pending += delta
        return self._split(is_over=False)

    def finish(self) -> Iterator[str | Quote]:
        return self._split(is_over=True)

    def _split(self, *, is_over: bool) -> Iterator[str | Quote]:
        while self._pending:
            step = (
                self._read_quote(is_over=is_over)
                if self._opened
                else self._read_text(is_over=is_over)
            )
            if step is None:
                return
            yield from (piece for piece in step if piece)

    def _read_text(self, *, is_over: bool) -> list[str | Quote] | None:
        """Take the text before the next tag, or that tag; None to wait."""
        text, bracket, _ = self._pending.partition("<")
        if text:
            self._take(len(text))
            return [text]
        if not is_over and _BEGUN.match(self._pending):
            return None
        tag = _TAG.match(self._pending)
        if tag:
            return self._read_tag(tag)
        is_cut_off = is_over and _CUT_OFF.match(self._pending)
        broken = (is_cut_off and _BEGUN.match(self._pending)) or _BROKEN.match(self._pending)
        self._take(broken.end() if broken else 1)
        return [Quote(None, None) if broken else bracket]

    def _read_tag(self, tag: re.Match[str]) -> list[str | Quote]:
        attributes = tag[2]
        self._take(tag.end())
        if attributes is None or attributes.rstrip().endswith("/"):
            return [Quote(None, None)]
        number = _PASSAGE.search(attributes)
        self._opened = Quote(int(number[1]) if number else None, None)
        return []

    def _read_quote(self, *, is_over: bool) -> list[str | Quote] | None:
        """Take what stands up to the closing tag; None to wait for it."""
        tag = _TAG.search(self._pending)
        if tag and tag.start() > _MOST_WITHIN:
            tag = None
        if not tag and not is_over and len(self._pending) <= _MOST_WITHIN + _LONGEST_TAG:
            return None
        opened, self._opened = self._opened, None
        if not tag or tag["open"] is not None:
            self._forget(tag.start() if tag else _last_space(self._pending))
            return [Quote(None, None)]
        words = self._pending[: tag.start()]
        self._take(tag.end())
        return [Quote(opened.passage if opened else None, words)]

    def _forget(self, end: int) -> None:
        """Drop the words of a tag that was never closed: a quote is one line, the next paragraph is answer."""
        paragraph = self._pending.find("\n\n", 0, end)
        self._take(paragraph if paragraph >= 0 else end)

    def _take(self, count: int) -> None:
        self._pending = self._pending[count:]


def _last_space(text: str) -> int:
    if len(text) <= _MOST_WITHIN:
        return len(text)
    return max(text.rfind(" ", 0, _MOST_WITHIN), 0) or _MOST_WITHIN

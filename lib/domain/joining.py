"""The text that a user sees, put together from what a model wrote: markers set in, refused quotes taken out without a trace."""

import re
from enum import Enum, auto

from lib.domain.folding import is_spaceless

_NAMES = ("NOT_FOUND", r"NOT\_FOUND", "NOT FOUND")  # as asked for; as Markdown would escape it
_NAME = "|".join(re.escape(name) for name in _NAMES)
_BEGINNING = "|".join(
    re.escape(name[:end]) for name in _NAMES for end in range(len(name) - 1, 0, -1)
)
_BEFORE = "(?:(?<!\\s)\\s+)?[`\"'*_\u2018\u2019\u201c\u201d]{0,3}"
_AFTER = "[\\s`\"'*_.!:)\u2018\u2019\u201c\u201d\u3002\u2013\u2014-]"
# What waits at the end of what has come: spaces that may be dropped, and what may be a refusal. Every
# beginning of it waits too, so that the cut of the deltas changes nothing.
_WAITING = re.compile(rf"{_BEFORE}(?:(?:{_NAME}){_AFTER}*|{_BEGINNING})?\Z")
_REFUSAL_FIRST = re.compile(
    rf"\A{_BEFORE}(?:{_NAME})(?={_AFTER}*(?:[.:!\n\u3002\u2013\u2014-]|\s\()){_AFTER}*(?!{_AFTER}|\Z)"
)
_REFUSAL_LAST = re.compile(
    rf"(?:\n|(?<=[.!?:\u3002\uff01\uff1f\]])){_BEFORE}(?:{_NAME}){_AFTER}*\Z"
)

_CLOSING = ".,;:!?)]}\u2026\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b\uff09\u00bb\u201d"
_OPENING = "({\u201c\u00ab\u201e\u00bf\u00a1"
_PAIRED = "*_`\"'"  # right after a tag they close what stands before it
_LINKING = "([{"  # [1](…) would be a link in Markdown


class _Gap(Enum):
    """What was taken out, or set in, after the text so far."""

    NONE = auto()
    DROPPED = auto()
    MARKED = auto()


class Joiner:
    """Builds `response`; each method returns what may be shown now, the rest waits."""

    def __init__(self) -> None:
        self.response = ""
        self.declined = False
        self._waiting: str = ""
        self._spaces: str = ""  # after the gap
        self._gap = _Gap.NONE

    def write(self, text: str) -> str:
        """Add text of the model's."""
        if self._gap is _Gap.NONE:
            self._waiting += text
            return self._release()
        following = text.lstrip()
        self._spaces += text[: len(text) - len(following)]
        if not following:
            return ""
        self._close_gap(following[0])
        self._waiting += following
        return self._release()

    def drop(self) -> None:
        """Take out a quote that does not hold."""
        if self._gap is _Gap.NONE:
            self._gap = _Gap.DROPPED

    def mark(self, marker: int) -> str:
        """Set in a marker; `response` then ends with it."""
        self._close_gap("[")
        text = self._waiting
        before = (self.response + text)[-1:]
        is_apart = (
            before and not before.isspace() and before not in _OPENING and not is_spaceless(before)
        )
        self._waiting, self._gap = "", _Gap.MARKED
        return self._show(f"{text}{' ' if is_apart else ''}[{marker}]")

    def finish(self) -> str:
        """Return the rest, without spaces at the end and without a refusal there."""
        rest, self._waiting = self._waiting.rstrip(), ""
        context = self.response[-1:] or "\n"
        if refusal := _REFUSAL_LAST.search(context + rest):
            rest = rest[: max(0, refusal.start() - 1)].rstrip()
            self.declined = not (self.response or rest)
        return self._show(rest)

    def _release(self) -> str:
        if not self.response:
            self._waiting = _REFUSAL_FIRST.sub("", self._waiting.lstrip())
        waiting = _WAITING.search(self._waiting)
        end = waiting.start() if waiting else len(self._waiting)
        text, self._waiting = self._waiting[:end], self._waiting[end:]
        return self._show(text)

    def _show(self, text: str) -> str:
        self.response += text
        return text

    def _close_gap(self, following: str) -> None:
        """Join what stands before and after a gap as if there had never been anything between."""
        text = self._waiting.rstrip()
        before, after = self._waiting[len(text) :], self._spaces
        preceding = (self.response + text)[-1:]
        if self._gap is not _Gap.NONE:
            before = self._join(preceding, before, after, following)
        elif following == "[" and "\n" not in before:
            before = ""
        self._waiting, self._spaces, self._gap = text + before, "", _Gap.NONE

    def _join(self, preceding: str, before: str, after: str, following: str) -> str:
        if "\n" in before + after:
            return after if after.count("\n") >= before.count("\n") else before
        if following in _CLOSING or not preceding or (following in _PAIRED and not after):
            return ""
        touch = _can_touch(preceding, following)
        if self._gap is _Gap.MARKED and following in _LINKING:
            touch = False
        return " " if before or after or not touch else ""


def _can_touch(preceding: str, following: str) -> bool:
    """Say whether two characters that a tag parted may stand side by side."""
    if is_spaceless(preceding) or is_spaceless(following):
        return True
    return not ((preceding.isalnum() or preceding == "]") and following.isalnum())

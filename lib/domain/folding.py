"""Text folded for comparison: what looks alike becomes alike, and every character knows where it came from.

Folded away are line breaks, kinds of quotation marks and dashes, ligatures, mathematical letters and
how accents are composed. Letters, case, digits and signs stay, and so does everything that changes
what is said: x² becomes x^2 and never x2.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from lib.domain.clusters import JOINER, clusters

# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, ideographs, their punctuation.
SPACELESS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3\u3001-\u303f\u3041-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003134f"
)
# Stands for a hyphen at a line's end, which may or may not belong to the word.
BREAK = "\x01"

# Nobody sees these: controls, the soft hyphen, zero widths, marks of direction, the Arabic stretcher.
_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\xad\u061c\u0640\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufffe"
)
# A hanging hyphen (Ein- und Ausgang) joins no two words.
_HANGING = r"(?:and|or|to|und|oder|bzw|bis|et|ou|y|o|e|en|of)\b"
_SPECIAL = re.compile(
    rf"(?P<break>(?<=\S)(?:[-\u2010\u2011][{_UNSEEN}]*[ \t]*\r?\n|[\x02\ufffe])\s*(?=\w)(?!{_HANGING}))"
    rf"|(?P<dash>[\s{_UNSEEN}]*[\u2014\u2015\u2e3a\u2e3b]+[\s{_UNSEEN}]*)"
    rf"|(?P<space>[\s{_UNSEEN}]{{2,}}|[^\S ]|[{_UNSEEN}])"
    r"|(?P<backtick>`)"
    rf"|(?P<foreign>[!-~]?[^\x00-\x7f\s{_UNSEEN}\u2014\u2015\u2e3a\u2e3b]+)"
)
# Letters that fold to themselves, taken in one go: Greek, Cyrillic, Arabic, Thai, kana, ideographs, Hangul.
_PLAIN = re.compile(
    "[\u0391-\u03c9\u0400-\u045f\u0621-\u063a\u0641-\u064a\u0e01-\u0e2e\u3041-\u3096\u30a1-\u30fa"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]{2,}"
)
_IS_SPACELESS = re.compile(f"[{SPACELESS}]")

_ALIKE = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u00b4\uff07", "'"),
    **dict.fromkeys(
        "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f\u301d\u301e\u301f",
        '"',
    ),
    "\u2033": "''",
    "\u2034": "'''",
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2043\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u22c5\u2219\u2027\u0387", "\u00b7"),
    "\u2217": "*",
    "\u2236": ":",
    "\u223c": "~",
    "\u2206": "\u0394",
    "\u200c": "",
}
_KEPT = {"<fraction>", "<circle>"}  # 5½ is not 51/2, ① is not 1
_RAISED = {"<super>": "^", "<sub>": "_"}


class Span(NamedTuple):
    """A place in a text: `text[start:end]`, in code points."""

    start: int
    end: int


class Folded(NamedTuple):
    """A folded text; the i-th character stands for `source[starts[i]:ends[i]]`."""

    source: str
    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> Span:
        """Return the place in the source of a stretch of the folded text."""
        return Span(self.starts[start], self.ends[end - 1])

    def is_cut_between(self, index: int) -> bool:
        """Say whether a cut before `index` leaves every character of the source whole."""
        if not 0 < index < len(self.starts):
            return True
        return self.starts[index] >= self.ends[index - 1]


class _Builder:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def copy(self, text: str, start: int) -> None:
        self.parts.append(text)
        self.starts.extend(range(start, start + len(text)))
        self.ends.extend(range(start + 1, start + len(text) + 1))

    def replace(self, by: str, start: int, end: int) -> None:
        self.parts.append(by)
        self.starts.extend([start] * len(by))
        self.ends.extend([end] * len(by))


# A query has few passages but many quotes; each passage is folded once.
@lru_cache(maxsize=64)
def fold(text: str) -> Folded:
    builder = _Builder()
    done = 0
    for found in _SPECIAL.finditer(text):
        builder.copy(text[done : found.start()], done)
        _fold_special(builder, found)
        done = found.end()
    builder.copy(text[done:], done)
    return Folded(text, "".join(builder.parts), builder.starts, builder.ends)


def is_spaceless(character: str) -> bool:
    """Say whether a character is of a script that puts no space between words."""
    return _IS_SPACELESS.match(character) is not None


def _fold_special(builder: _Builder, found: re.Match[str]) -> None:
    start, end = found.span()
    match found.lastgroup:
        case "break":
            builder.replace(BREAK if found.string[end].islower() else "-", start, end)
        case "dash":
            builder.replace(" - ", start, end)
        case "space":
            builder.replace(_fold_space(found), start, end)
        case "backtick":
            builder.replace("'", start, end)
        case _:
            _fold_foreign(builder, found[0], start)


def _fold_space(found: re.Match[str]) -> str:
    text, start, end = found.string, *found.span()
    if not any(character.isspace() for character in found[0]):
        return ""
    within = start > 0 and end < len(text)
    # A line of Chinese or Thai is broken anywhere, and the break means nothing.
    return "" if within and is_spaceless(text[start - 1]) and is_spaceless(text[end]) else " "


def _fold_foreign(builder: _Builder, run: str, offset: int) -> None:
    done = 0
    for plain in _PLAIN.finditer(run):
        end = plain.end() - 1  # the last may bear a mark
        _fold_clusters(builder, run[done : plain.start()], offset + done)
        builder.copy(run[plain.start() : end], offset + plain.start())
        done = end
    _fold_clusters(builder, run[done:], offset + done)


def _fold_clusters(builder: _Builder, run: str, offset: int) -> None:
    raised = ""
    for start, end in clusters(run):
        cluster = run[start:end]
        folded = cluster if len(cluster) == 1 and cluster.isascii() else _fold_cluster(cluster)
        mark = folded[:1] if folded[:1] in "^_" and not cluster.isascii() else ""
        # 10⁻³ is 10^-3: one sign raises the whole run.
        folded = folded[1:] if mark and mark == raised else folded
        builder.replace(folded, offset + start, offset + end)
        raised = mark


@lru_cache(maxsize=4096)
def _fold_cluster(cluster: str) -> str:
    folded = "".join(_fold_character(character) for character in cluster)
    if cluster[0].isalpha():
        folded = folded.replace(JOINER, "")
    return unicodedata.normalize("NFC", folded)


def _fold_character(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    if "\ufe00" <= character <= "\ufe0f":  # says only how the character before it is drawn
        return ""
    kind, *codes = unicodedata.decomposition(character).split() or [""]
    if not kind.startswith("<") or kind in _KEPT:
        return character
    folded = "".join(_fold_character(chr(int(code, 16))) for code in codes)
    # A free-standing accent decomposes into a space and a mark, which would make two words.
    return character if " " in folded else _RAISED.get(kind, "") + folded

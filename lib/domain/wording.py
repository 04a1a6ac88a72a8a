"""The words of a text, and when two words are the same word: other case, accents or hyphens, never other letters."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from lib.domain.folding import BREAK, SPACELESS, is_spaceless

# Vowel signs and accents, which Python does not count among the letters.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0971-\u0df3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
_LETTER = rf"(?:[^\W_{SPACELESS}]|[{_MARKS}])"  # or a digit; one that begins a word begins a number
_WORD = rf"{_LETTER}+(?:['{BREAK}-]{_LETTER}+)*"
# A minus belongs to a number where nothing stands before it to be subtracted from.
_NUMBER = r"(?:(?<![^\s(\[{=<>\u2264\u2265~\u2248:^])[-+\u00b1])?\d+(?:[.,:/]\d+)*"
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<character>[{SPACELESS}])|(?P<dots>\.{{2,}})|(?P<mark>\S)"
)
_LONGEST_UNIT = 4  # mmHg, kcal: after a number, words as short as this are compared to the letter
_BRACED = "([{"


class Token(NamedTuple):
    """A word, a number or a sign of a folded text, `text[start:end]` there."""

    key: str  # equal for words that may be the same
    text: str
    start: int
    end: int
    exact: bool  # whether nothing but the very same characters is the same


# As for fold(): each passage is cut into words once.
@lru_cache(maxsize=64)
def tokenize(folded: str) -> list[Token]:
    """Return the words, numbers and signs of a folded text; punctuation that says nothing is left out."""
    tokens: list[Token] = []
    after_number = False
    for found in _TOKEN.finditer(folded):
        kind = found.lastgroup
        if kind == "mark" and _is_silent(folded, found.start()):
            continue
        tokens.append(_token(found, exact=kind != "word" or _is_exact(found[0], after_number)))
        after_number = kind == "number"
    return tokens


def is_same(a: Token, b: Token) -> bool:
    """Say whether two words differ in case, accents and hyphens at most, and not so as to mean another."""
    if a.text == b.text:
        return True
    if a.key != b.key or a.exact or b.exact:
        return False
    return any(_is_respelt(x, y) for x in _spellings(a.text) for y in _spellings(b.text))


def is_same_opening(a: Token, b: Token) -> bool:
    """Say the same of the first words of a quote and of its place: "A ray …" may begin in mid-sentence."""
    is_article = len(a.text) == len(b.text) == 1 and a.text.isalpha()
    return is_same(a, b) or (is_article and a.text.lower() == b.text.lower())


@lru_cache(maxsize=8192)
def without_accents(word: str) -> str:
    """Drop the accents of Latin, Greek, Hebrew and Arabic; in other scripts they make another letter."""
    decomposed = unicodedata.normalize("NFD", word)
    kept = (
        "" if _is_accent(decomposed[index - 1], mark) and index else mark
        for index, mark in enumerate(decomposed)
    )
    return unicodedata.normalize("NFC", "".join(kept))


def _token(found: re.Match[str], *, exact: bool) -> Token:
    text = key = found[0]
    if found.lastgroup == "word":
        key = without_accents(_lower(text)).replace(BREAK, "").replace("-", "")
    return Token(key, text, *found.span(), exact)


def _is_exact(word: str, after_number: bool) -> bool:  # noqa: FBT001 - a predicate of two plain facts
    if len(word) == 1 or any(character.isdigit() for character in word):
        return True
    return after_number and len(word) <= _LONGEST_UNIT


def _is_silent(text: str, index: int) -> bool:
    """Say whether a mark is mere punctuation: at a word's edge, and no part of a number or a formula."""
    mark, before, after = text[index], text[:index][-2:], text[index + 1 : index + 2]
    if mark in "\u00bf\u00a1\u3001\u3002\u300a\u300b\uff61\uff64\u060c\u061b\u061f\u0964\u0965":
        return True
    if mark in ".,;:?":
        return not after or after in " '\"*_)]" or is_spaceless(after) or is_spaceless(before[-1:])
    if mark in "!'\"*_":
        return _is_at_word_edge(mark, before, after)
    return False


def _is_at_word_edge(mark: str, before: str, after: str) -> bool:
    closes = not after or not after.isalnum()
    if len(before) == 2 and before.isalpha() and closes:  # noqa: PLR2004 - x' and n! are formulas, words are longer
        return True
    if is_spaceless(before[-1:]) or is_spaceless(after):
        return True
    if before[-1:] in {".", ",", "?", "!", ":", ";", '"', "'", "*", "_"} and closes:
        return True
    opens = not before or before[-1] in " '\"*_" + _BRACED
    return mark != "!" and opens and (after.isalpha() or after in {"'", '"', "*", "_"})


def _spellings(word: str) -> set[str]:
    return {word.replace(BREAK, ""), word.replace(BREAK, "-")}


def _is_respelt(a: str, b: str) -> bool:
    bare_a, bare_b = without_accents(a), without_accents(b)
    if _lower(bare_a) != _lower(bare_b):
        return False
    return _is_case_free(bare_a, bare_b) and _is_one_bare(_lower(a), _lower(b))


def _lower(word: str) -> str:
    """Fold case, and with it the Turkish pairs, where I is the capital of a dotless i."""
    return word.casefold().replace("\u0131", "i").replace("i\u0307", "i")


def _is_case_free(a: str, b: str) -> bool:
    """Allow a capital at the beginning and a heading in capitals; CO is not Co, mW is not MW."""
    if a == b or (a[1:] == b[1:] and a[1:].islower()):
        return True
    upper, other = (a, b) if a.isupper() else (b, a)
    return upper.isupper() and (other.islower() or (other.istitle() and len(other) > 2))  # noqa: PLR2004 - Co, No


def _is_one_bare(a: str, b: str) -> bool:
    """Allow accents left out, never others: schön and schon may be one word, má and mà are two."""
    return a == b or without_accents(a) == a or without_accents(b) == b


def _is_accent(base: str, mark: str) -> bool:
    kind = unicodedata.combining(mark)
    is_vowel_point = 10 <= kind <= 35  # noqa: PLR2004 - Hebrew and Arabic, by Unicode's classes
    is_plain = (
        not "\u0400" <= base <= "\u04ff" or base in "\u0435\u0415"
    )  # \u0451, but \u0439 is a letter
    return is_vowel_point or (kind >= 200 and is_plain)  # noqa: PLR2004 - attached and above or below

"""Words of questions and passages, in five languages: which ones count, and when two of them are the same."""

import functools
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import OSA

from dev import local_vocabulary as vocabulary
from dev.local_vocabulary import fold

# Lengths below which two words are too easily alike by chance.
_SHORTEST_STEM, _SHORTEST_PART = 4, 5

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+\d*")
_LETTER = re.compile(r"(?<=\w )(?!I\b)[^\W\d_a-z]\b(?!\.)")
# "in m/s": the form of an answer, not its subject.
_UNIT = re.compile(r"\b[^\W\d_]{1,3}/[^\W\d_]{1,3}\b")


class Terms(NamedTuple):
    """What a question asks about: `required` must be found again, `common` helps to choose."""

    required: list[str]
    common: list[str]


def is_chinese(text: str) -> bool:
    return bool(_CHINESE.search(text))


@functools.lru_cache(maxsize=4_096)
def words_of(text: str) -> tuple[str, ...]:
    """Folded words and numbers; runs of Chinese as pairs of characters."""
    folded = fold(text)
    pairs = (
        run[i : i + 2] for run in _CHINESE.findall(folded) for i in range(max(len(run) - 1, 1))
    )
    return (*map(_number, _TOKEN.findall(_CHINESE.sub(" ", folded))), *pairs)


def _number(token: str) -> str:
    """One spelling for 1,500 and 1.500 and 1500, for 2.42 and 2,42, and for 03 and 3."""
    return re.sub(r"[.,](?=\d{3}(?!\d))|^0+(?=\d)", "", token).replace(",", ".")


def detect_language(question: str, passages: Iterable[str]) -> str:
    """The language of the question; of the passages when the question is a few bare nouns."""
    if is_chinese(question):
        return "zh"
    for text in (question, " ".join(passages)):
        words = words_of(text)
        counts = {
            language: sum(word in known for word in words)
            for language, known in vocabulary.FUNCTION_WORDS.items()
        }
        if max(counts.values()):
            return max(counts, key=counts.__getitem__)
    return "en"


def terms_of(question: str, language: str) -> Terms:
    if language == "zh":
        question = vocabulary.CHINESE_FRAME.sub(" ", question)
    function_words = vocabulary.FUNCTION_WORDS.get(language, frozenset())
    # "Which planet …?" is answered by a name; that it is a planet need not be said.
    asked = {fold(kind) for kind in vocabulary.ASKED_KIND.findall(question)}
    optional = vocabulary.COMMON_WORDS.get(language, frozenset()) | asked
    # A capital by itself is a name, as in "vitamin E", though small it would be a function word.
    names = {fold(letter) for letter in _LETTER.findall(question)}
    words = [
        word
        for word in dict.fromkeys(words_of(_UNIT.sub(" ", question)))
        if (word in names or word not in function_words)
        and not (len(word) == 1 and is_chinese(word))
    ]
    return Terms(
        required=[word for word in words if word not in optional],
        common=[word for word in words if word in optional],
    )


def corrected(terms: Terms, known: Collection[str]) -> Terms:
    """Take a word that no passage holds for the one it was meant to be, one slip of the pen away."""
    return Terms([_corrected(word, known) for word in terms.required], terms.common)


def _corrected(word: str, known: Collection[str]) -> str:
    if len(word) < _SHORTEST_PART or word[0].isdigit() or is_found(word, known):
        return word
    near = (
        other
        for other in known
        if len(other) >= _SHORTEST_PART
        and word[:2] == other[:2]
        and OSA.distance(word, other, score_cutoff=1) == 1
    )
    return min(near, default=word)


def is_found(word: str, words: Iterable[str]) -> bool:
    return any(is_same(word, other) for other in words)


@functools.lru_cache(maxsize=65_536)
def is_same(word: str, other: str) -> bool:
    """Whether two words are forms of one, or mean the same."""
    if word == other:
        return True
    if not (word[0].isalpha() and other[0].isalpha()) or is_chinese(word):
        return False
    if any(word in group and other in group for group in vocabulary.SYNONYMS):
        return True
    shorter, longer = sorted((word, other), key=len)
    return _is_same_stem(word, other) or _is_part(shorter, longer) or _has_prefix(shorter, longer)


def _is_same_stem(word: str, other: str) -> bool:
    pairs = enumerate(zip(word, other, strict=False))
    shared = next((index for index, (a, b) in pairs if a != b), min(len(word), len(other)))
    endings = {word[shared:], other[shared:]}
    return shared >= _SHORTEST_STEM and endings <= vocabulary.ENDINGS


def _is_part(shorter: str, longer: str) -> bool:
    """Whether the longer word is put together from the shorter and another: Kupfer, Kupfererz."""
    rest = longer.removeprefix(shorter)
    return len(shorter) >= _SHORTEST_PART and _SHORTEST_STEM <= len(rest) < len(longer)


def _has_prefix(shorter: str, longer: str) -> bool:
    """Whether the words differ by what German puts before a verb: bewahrt, aufbewahrt."""
    is_end = len(shorter) >= _SHORTEST_PART and longer.endswith(shorter)
    return is_end and longer.removesuffix(shorter) in vocabulary.PREFIXES


def carried_over(question: str, terms: Terms, earlier: Sequence[str], language: str) -> list[str]:
    """Words of the question before, when this one leans on it."""
    leans = vocabulary.FOLLOWS_ON.search(question) or len(terms.required) <= 1
    if not earlier or not leans:
        return []
    before = terms_of(earlier[-1], language)
    return [word for word in before.required + before.common if word not in terms.required]

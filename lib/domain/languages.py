"""Which language a text is in, and what follows for searching it and for answering in it."""

# ruff: noqa: RUF001 - apostrophes as they are typed

import functools
import re
from collections import Counter

from lib.domain.language_table import LANGUAGES, Language

# More of a text says no more about its language.
_SAMPLE_CHARACTERS = 20_000

# Patterns and tables that only a file or an answer needs are made when one comes: 9 ms of each start otherwise.
_SCRIPTS = {
    "latin": "[a-zA-Z\u00c0-\u024f\u1e00-\u1eff]",
    "cyrillic": "[\u0400-\u04ff]",
    "greek": "[\u0386-\u03ff\u1f00-\u1fff]",
    "hebrew": "[\u05d0-\u05ea]",
    "arabic": "[\u0620-\u06d3\u06fa-\u06fc]",
    "devanagari": "[\u0900-\u0963]",
    "thai": "[\u0e01-\u0e4e]",
    "hangul": "[\u1100-\u11ff\uac00-\ud7a3]",
    "kana": "[\u3041-\u309f\u30a1-\u30fa\u30fc]",
    "han": "[\u3400-\u4dbf\u4e00-\u9fff]",
}
# Latin letters stand in every text, as names, units and code; a syllable or an ideograph says as
# much as two or three letters.
_WEIGHTS = {"latin": 0.6, "han": 2.5, "hangul": 2.5}
# Chinese has no kana; Japanese mixes them with ideographs.
_KANA_OF_JAPANESE = 0.05

# An elided article is a word of its own: l'entropie, dell'acqua.
_WORD = r"[^\W\d_]+(?:['’](?=[^\W\d_]))?"
_LETTERS = {language.code: f"[{language.letters}]" for language in LANGUAGES if language.letters}
_BY_CODE = {language.code: language for language in LANGUAGES}
# A word with a letter of its own says half as much as a function word: names have them too.
_LETTER_WEIGHT = 0.5
# Below this a few foreign names decide.
_LEAST_SCORE = 0.03

_IDEOGRAPH = "[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]"
# Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, ideographs.
_UNSPACED = (
    "[\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f]+"
)


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    return {language.code: frozenset(language.words.split()) for language in LANGUAGES}


@functools.cache
def _shared() -> Counter[str]:
    """Return of how many languages each word is."""
    return Counter(word for words in _words().values() for word in words)


def is_dense(text: str) -> bool:
    """Say whether a text is written mostly in ideographs and kana, of which one says about as much as two or three letters."""
    return len(re.findall(_IDEOGRAPH, text)) * 2 >= len(text) - text.count(" ") > 0


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that most of the text's beginning is in.

    Works on a question of a few words as on a file. Where nothing but the script tells, the
    likeliest of that script; for Latin letters None.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    script = _find_script(sample)
    candidates = [language for language in LANGUAGES if language.script == script]
    scores = _score(sample, candidates)
    best = max(scores, key=lambda code: scores[code], default=None)
    return None if script == "latin" and best and scores[best] < _LEAST_SCORE else best


def word_share(text: str) -> float:
    """Return how much of a text is the commonest words, or characters, of some one language.

    A fifth or more of any prose; next to nothing of a text decoded wrongly.
    """
    words = Counter(word for word in re.findall(_WORD, text.lower()) if len(word) > 1)
    characters = Counter(text)
    return max(
        _share(words, _words()[language.code])
        if language.words
        else _share(characters, frozenset(language.letters))
        for language in LANGUAGES
    )


def regconfig(language: str | None) -> str:
    """Return the text search configuration of stock Postgres for a language."""
    return _BY_CODE[language].regconfig if language in _BY_CODE else "simple"


def not_found_sentence(language: str | None) -> str:
    return _BY_CODE[language if language in _BY_CODE else "en"].not_found


def segment(text: str) -> str:
    """Cut what is written without spaces into bigrams, for chunks and questions alike.

    Postgres would take a whole sentence of Chinese, Japanese or Thai for one word.
    """
    return re.sub(_UNSPACED, lambda run: f" {' '.join(_bigrams(run[0]))} ", text)


def _bigrams(run: str) -> list[str]:
    return [run[index : index + 2] for index in range(max(len(run) - 1, 1))]


def _find_script(sample: str) -> str | None:
    counts = {name: len(re.findall(pattern, sample)) for name, pattern in _SCRIPTS.items()}
    if counts["kana"] > _KANA_OF_JAPANESE * counts["han"]:
        counts["kana"] += counts.pop("han")
    weighted = {name: count * _WEIGHTS.get(name, 1) for name, count in counts.items()}
    return max(weighted, key=lambda name: weighted[name]) if any(counts.values()) else None


def _share(counts: Counter[str], known: frozenset[str]) -> float:
    return sum(counts[item] for item in known & counts.keys()) / (counts.total() or 1)


def _score(sample: str, candidates: list[Language]) -> dict[str, float]:
    """Return for each language the share of words that speak for it; a word of several counts less."""
    words = Counter(word.replace("’", "'") for word in re.findall(_WORD, sample.lower()))
    total, shared = words.total() or 1, _shared()
    scores: dict[str, float] = {}
    for code in (language.code for language in candidates):
        known = sum(words[word] / shared[word] for word in _words()[code] & words.keys())
        letters = re.compile(_LETTERS[code]) if code in _LETTERS else None
        spelt = sum(n for word, n in words.items() if letters and letters.search(word))
        scores[code] = (known + _LETTER_WEIGHT * spelt) / total
    return scores

"""The local stack's chat model: no language model, it answers by quoting the sentence that answers the question.

It refuses with `NOT_FOUND` unless every number, every name and nearly every rare word of the question stands in what
it would quote, in what leads up to it or in the headings above it. No network, no state, no clock.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dev import local_vocabulary as vocabulary
from dev.local_evidence import has_evidence
from dev.local_matching import (
    Terms,
    carried_over,
    corrected,
    detect_language,
    is_chinese,
    is_found,
    terms_of,
    words_of,
)
from dev.local_reading import Passage, Unit, units
from dev.local_vocabulary import fold

NOT_FOUND = "NOT_FOUND"
Similarity = Callable[[str, list[str]], list[float]]

_FENCE = re.compile(r'\s*<passages id="([0-9a-f]+)">')
# What a word counts in the sentence itself, in another form, around it, nowhere.
_EXACT, _SAME, _AROUND, _ABSENT = 1.0, 0.8, 0.4, -0.5
# What the words of a question count: the rare ones, the common ones, those of the question before.
_REQUIRED, _COMMON, _CARRIED = 1.0, 0.4, 0.6
_DEFINES, _NAMED = 2.0, 4.0
# The local embeddings know English best; they only decide between sentences that fit alike.
_CLOSE = 0.5
# Of a question's rare words: how many may be missing around a sentence, how many it must hold itself, and what
# one that is missing counts when it stands elsewhere in the passage.
_MAY_LACK, _MUST_HOLD, _ELSEWHERE = 0.25, 0.6, 0.5
_CAPITAL = re.compile(r"(?<=[\w,;] )[A-ZÀ-Þ][\w'-]*")


class Prompt(NamedTuple):
    question: str
    passages: list[Passage]
    earlier: list[str]
    """The questions asked before in this chat, oldest first."""


class Wanted(NamedTuple):
    """A question as it is compared with sentences."""

    question: str
    terms: Terms
    carried: list[str]
    weights: dict[str, float]


def respond(messages: list[dict[str, str]], similarity: Similarity | None = None) -> str:
    """Answer the last message of a chat request as `lib.domain.prompting` writes it."""
    prompt = read_prompt(messages)
    if prompt is None:
        return NOT_FOUND
    return answer(prompt.question, prompt.passages, similarity, prompt.earlier)


def read_prompt(messages: list[dict[str, str]]) -> Prompt | None:
    """Take the prompt apart; only fences with the request's own id count, whatever a passage holds."""
    last = messages[-1]["content"] if messages else ""
    fence = _FENCE.match(last)
    if fence is None:
        return None
    nonce = fence[1]
    question = re.search(rf"<question-{nonce}>\n(.*?)\n</question-{nonce}>", last, re.DOTALL)
    passage = rf'<passage-{nonce} n="(\d+)" file="([^"]*)" page="(\d+)"(?: under="([^"]*)")?>\n(.*?)\n</passage-{nonce}>'
    passages = [
        Passage(int(number), html.unescape(file), int(page), text, html.unescape(under))
        for number, file, page, under, text in re.findall(passage, last, re.DOTALL)
    ]
    earlier = [message["content"] for message in messages[:-1] if message["role"] == "user"]
    return Prompt(question[1], passages, earlier) if question else None


def answer(
    question: str,
    passages: Sequence[Passage],
    similarity: Similarity | None = None,
    earlier: Sequence[str] = (),
) -> str:
    """Quote the sentence of the passages that answers the question, or say `NOT_FOUND`."""
    candidates = [unit for passage in passages for unit in units(passage)]
    language = detect_language(question, [passage.text for passage in passages])
    known = {word for passage in passages for word in words_of(passage.text)}
    terms = corrected(terms_of(question, language), known)
    carried = carried_over(question, terms, earlier, language)
    weights = _weights([*terms.required, *terms.common, *carried], candidates)
    best = _best(Wanted(question, terms, carried, weights), candidates, similarity)
    return _written(best, language) if best else NOT_FOUND


def _weights(words: list[str], candidates: list[Unit]) -> dict[str, float]:
    """A word found in few sentences says more than one found in many (inverse document frequency)."""
    counts = Counter(
        word for unit in candidates for word in set(words) if is_found(word, words_of(unit.text))
    )
    return {word: math.log(1 + len(candidates) / (1 + counts[word])) for word in words}


def _best(wanted: Wanted, candidates: list[Unit], similarity: Similarity | None) -> Unit | None:
    """The unit that says most of what is asked, among those that say everything rare in it."""
    fitting = [unit for unit in candidates if _fits(wanted, unit)]
    if not fitting:
        return None
    close = (
        similarity(wanted.question, [unit.text for unit in fitting])
        if similarity
        else [0.0] * len(fitting)
    )
    scores = [
        _score(wanted, unit) + _CLOSE * near for unit, near in zip(fitting, close, strict=True)
    ]
    return fitting[scores.index(max(scores))]


def _fits(wanted: Wanted, unit: Unit) -> bool:
    if unit.is_heading or unit.text.endswith(("?", "\uff1f")):
        return False
    own, near = words_of(unit.text), _near(unit)
    asked = [*wanted.terms.required, *wanted.terms.common, *wanted.carried]
    return (
        any(is_found(word, own) for word in asked)
        and (not wanted.carried or any(is_found(word, near) for word in wanted.carried))
        and _is_supported(wanted, unit, near)
        and has_evidence(wanted.question, _what_is_said(wanted, unit.text))
    )


def _is_supported(wanted: Wanted, unit: Unit, near: tuple[str, ...]) -> bool:
    """Whether what is asked stands there: all of it, or nearly all where a question of many words rephrases."""
    required = wanted.terms.required
    missing = [word for word in required if not is_found(word, near)]
    if not missing:
        return True
    whole = words_of(unit.passage.text)
    lack = sum(_ELSEWHERE if is_found(word, whole) else 1.0 for word in missing)
    if is_chinese(wanted.question):
        # Some pairs of characters span two words; the first pair is of what is asked about.
        return lack <= len(required) // 3 and missing[0] != required[0]
    if any(word[0].isdigit() for word in missing):
        return False
    own = words_of(unit.text)
    return (
        lack <= _MAY_LACK * len(required)
        and sum(is_found(word, own) for word in required) >= _MUST_HOLD * len(required)
        and not set(missing) & _names(wanted.question)
    )


def _names(question: str) -> set[str]:
    """Words with a capital that are not the first: names, and all nouns of German."""
    return {fold(word) for word in _CAPITAL.findall(question)}


def _what_is_said(wanted: Wanted, text: str) -> str:
    """In Chinese, what is said of a thing comes after the thing and before the sentence ends."""
    required = wanted.terms.required
    if is_chinese(wanted.question) and required and required[0] in text:
        return text[text.index(required[0]) :].partition("。")[0]
    return text


def _near(unit: Unit) -> tuple[str, ...]:
    """Words that tell what the unit is about: its own, those before it, of a heading on one thing and of the file's name."""
    first_heading = unit.heading.partition("\n")[0]
    heading = "" if vocabulary.SEVERAL.search(first_heading) else unit.heading
    return words_of(f"{_called(unit.passage.file)}\n{heading}\n{unit.before}\n{unit.text}")


def _called(file: str) -> str:
    return file.rpartition(".")[0] or file


def _score(wanted: Wanted, unit: Unit) -> float:
    own, near = words_of(unit.text), _near(unit)
    score = _DEFINES * _defines(wanted, unit.text) + _NAMED * _names_file(wanted, unit)
    for words, worth in (
        (wanted.terms.required, _REQUIRED),
        (wanted.terms.common, _COMMON),
        (wanted.carried, _CARRIED),
    ):
        for word in words:
            score += worth * wanted.weights[word] * _presence(word, own, near)
    return score


def _presence(word: str, own: tuple[str, ...], near: tuple[str, ...]) -> float:
    if word in own:
        return _EXACT
    if is_found(word, own):
        return _SAME
    return _AROUND if is_found(word, near) else _ABSENT


def _names_file(wanted: Wanted, unit: Unit) -> bool:
    """Whether the question says the name of the file, all of it."""
    asked, name = words_of(wanted.question), words_of(_called(unit.passage.file))
    return bool(name) and all(is_found(word, asked) for word in name)


def _defines(wanted: Wanted, text: str) -> bool:
    """Whether the question asks what a thing is and the text says so."""
    if not vocabulary.ASKS_FOR_A_DEFINITION.search(wanted.question):
        return False
    return bool(vocabulary.DEFINES.search(text))


def _written(unit: Unit, language: str) -> str:
    """The sentence with its place; the one before it too where it would not be understood alone."""
    leans = "|" in unit.text or vocabulary.POINTS_BACK.search(unit.text)
    quoted = [unit.previous, unit] if unit.previous and leans else [unit]
    place = _place(unit.passage, language)
    return f"**{unit.passage.file}, {place}:** " + " ".join(map(_quoted, quoted))


def _quoted(unit: Unit) -> str:
    shown = " ".join(unit.text.replace(" | ", " \u00b7 ").split())
    return f'{shown} <cite passage="{unit.passage.number}">{unit.text}</cite>'


def _place(passage: Passage, language: str) -> str:
    page, slide, part = vocabulary.PAGE_NAMES[language]
    kind = passage.file.rpartition(".")[2].lower()
    return {"pdf": page, "pptx": slide}.get(kind, part).format(passage.page)

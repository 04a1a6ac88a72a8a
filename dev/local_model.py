"""The local stack's chat model: no language model, it answers by quoting the sentence that answers the question.

It refuses with `NOT_FOUND` unless every number, every name and every rare word of the question stands in what
it would quote, in the sentence's neighbours or in the headings above it. No network, no state, no clock.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import OSA

from dev import local_vocabulary as vocabulary
from dev.local_reading import Passage, Unit, units
from dev.local_vocabulary import fold

NOT_FOUND = "NOT_FOUND"
Similarity = Callable[[str, list[str]], list[float]]

_FENCE = re.compile(r'<passages id="([0-9a-f]+)">')
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+\d*")


class Prompt(NamedTuple):
    question: str
    passages: list[Passage]
    earlier: list[str]
    """The questions asked before in this chat, oldest first."""


class Terms(NamedTuple):
    """What a question asks about: `required` must be found again, `common` helps to choose."""

    required: list[str]
    common: list[str]


def respond(messages: list[dict[str, str]], similarity: Similarity | None = None) -> str:
    """Answer the last message of a chat request as `lib.domain.prompting` writes it."""
    prompt = read_prompt(messages)
    if prompt is None:
        return NOT_FOUND
    return answer(prompt.question, prompt.passages, similarity, prompt.earlier)


def read_prompt(messages: list[dict[str, str]]) -> Prompt | None:
    """Take the prompt apart; only fences with the request's own id count, whatever a passage holds."""
    last = messages[-1]["content"] if messages else ""
    fence = _FENCE.match(last.lstrip())
    if fence is None:
        return None
    nonce = fence[1]
    question = re.search(rf"<question-{nonce}>\n(.*?)\n</question-{nonce}>", last, re.DOTALL)
    passage = (
        rf'<passage-{nonce} n="(\d+)" file="([^"]*)" page="(\d+)">\n(.*?)\n?</passage-{nonce}>'
    )
    passages = [
        Passage(int(number), html.unescape(file), int(page), text)
        for number, file, page, text in re.findall(passage, last, re.DOTALL)
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
    language = detect_language(question, candidates)
    terms = _terms(question, language)
    carried = _carried(question, terms, earlier, language)
    chosen = _best(question, terms, carried, candidates, similarity)
    return _written(chosen, language) if chosen else NOT_FOUND


def detect_language(question: str, candidates: Iterable[Unit]) -> str:
    """The language of the question; of the passages when the question is a few bare nouns."""
    if _CHINESE.search(question):
        return "zh"
    for text in (question, " ".join(unit.text for unit in candidates)):
        words = words_of(text)
        counts = {
            language: sum(word in known for word in words)
            for language, known in vocabulary.FUNCTION_WORDS.items()
        }
        if max(counts.values()):
            return max(counts, key=counts.__getitem__)
    return "en"


def words_of(text: str) -> list[str]:
    """Folded words and numbers; runs of Chinese as pairs of characters."""
    folded = fold(text)
    pairs = [
        run[i : i + 2] for run in _CHINESE.findall(folded) for i in range(max(len(run) - 1, 1))
    ]
    return [_number(t) for t in _TOKEN.findall(_CHINESE.sub(" ", folded))] + pairs


def _number(token: str) -> str:
    """One spelling for 1,500 and 1.500 and 1500, and for 2.42 and 2,42."""
    return re.sub(r"[.,](?=\d{3}(\D|$))", "", token).replace(",", ".")


def _terms(question: str, language: str) -> Terms:
    if language == "zh":
        question = vocabulary.CHINESE_FRAME.sub(" ", question)
    function_words = vocabulary.FUNCTION_WORDS.get(language, frozenset())
    common_words = vocabulary.COMMON_WORDS.get(language, frozenset())
    required: list[str] = []
    common: list[str] = []
    for word in dict.fromkeys(words_of(question)):
        if word in function_words or (len(word) == 1 and not word.isdigit()):
            continue
        is_common = word in common_words or any(_match(word, c) for c in common_words)
        (common if is_common else required).append(word)
    return Terms(required, common)


def _match(word: str, other: str) -> bool:
    """Whether two words are forms of one: the same stem, or a slip of the pen in a long word."""
    if word == other:
        return True
    if word[0].isdigit() or other[0].isdigit() or min(len(word), len(other)) < 4:
        return False
    shorter, longer = sorted((word, other), key=len)
    shared = next(
        (i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter)
    )
    if shared >= 4 and shared >= 0.7 * len(longer):
        return True
    if len(shorter) >= 5 and longer.startswith(shorter):
        return True
    return len(shorter) >= 6 and OSA.distance(word, other) <= 1


def _carried(question: str, terms: Terms, earlier: Sequence[str], language: str) -> list[str]:
    """Words of the question before, when this one leans on it."""
    leans = vocabulary.FOLLOWS_ON.search(question) or len(terms.required) < 2
    if not earlier or not leans:
        return []
    before = _terms(earlier[-1], language)
    return [word for word in before.required + before.common if word not in terms.required]


def _best(
    question: str,
    terms: Terms,
    carried: list[str],
    candidates: list[Unit],
    similarity: Similarity | None,
) -> Unit | None:
    """The unit that says most of what is asked, if everything rare is said there."""
    if not terms.required and not carried:
        return None
    weights = _weights([*terms.required, *terms.common, *carried], candidates)
    closeness = similarity(question, [unit.text for unit in candidates]) if similarity else None
    best, best_score = None, 0.0
    for index, unit in enumerate(candidates):
        if not _is_supported(question, terms, carried, unit):
            continue
        score = _score(terms, carried, unit, weights) + (closeness[index] if closeness else 0.0)
        if _lacks_what_is_asked(question, unit):
            score *= 0.5
        if score > best_score:
            best, best_score = unit, score
    return best


def _weights(words: list[str], candidates: list[Unit]) -> dict[str, float]:
    """A word found in few sentences says more than one found in many (inverse document frequency)."""
    counts: Counter[str] = Counter()
    for unit in candidates:
        own = words_of(unit.text)
        counts.update(word for word in set(words) if any(_match(word, o) for o in own))
    total = len(candidates)
    return {word: math.log(1 + total / (1 + counts[word])) for word in words}


def _is_supported(question: str, terms: Terms, carried: list[str], unit: Unit) -> bool:
    near = words_of(f"{unit.heading} {unit.neighbours}")
    own = words_of(unit.text)
    if terms.required and not any(_found(word, own) for word in [*terms.required, *terms.common]):
        return False
    missing = sum(not _found(word, near) for word in terms.required)
    allowed = len(terms.required) // 3 if _CHINESE.search(question) else 0
    carried_found = not carried or any(_found(word, near) for word in carried)
    return missing <= allowed and carried_found


def _found(word: str, words: list[str]) -> bool:
    return any(_match(word, other) for other in words)


def _score(terms: Terms, carried: list[str], unit: Unit, weights: dict[str, float]) -> float:
    """Words in the sentence itself count whole, in its neighbours or headings half."""
    own, near = words_of(unit.text), words_of(f"{unit.heading} {unit.neighbours}")
    score = 0.0
    for words, worth in ((terms.required, 1.0), (terms.common, 0.4), (carried, 0.6)):
        for word in words:
            found = 1.0 if _found(word, own) else 0.5 * _found(word, near)
            score += worth * found * weights[word]
    return score


def _lacks_what_is_asked(question: str, unit: Unit) -> bool:
    """Asked for a time or a number, a sentence without any other number is no answer."""
    asks = vocabulary.ASKS_FOR_A_TIME.search(question) or vocabulary.ASKS_FOR_A_NUMBER.search(
        question
    )
    numbers = {word for word in words_of(unit.text) if word[0].isdigit()}
    return bool(asks) and not numbers - set(words_of(question))


def _written(unit: Unit, language: str) -> str:
    place = _place(unit.passage, language)
    shown = " ".join(unit.text.split())
    quote = f'<cite passage="{unit.passage.number}">{unit.text}</cite>'
    return f"**{unit.passage.file}, {place}:** {shown} {quote}"


def _place(passage: Passage, language: str) -> str:
    page, slide, part = vocabulary.PAGE_NAMES[language]
    kind = passage.file.rpartition(".")[2].lower()
    return {"pdf": page, "pptx": slide}.get(kind, part).format(passage.page)

"""Finding the words of a quote in a text when its letters are not there as they stand: the same words, whatever else differs."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from lib.domain.excerpts import is_fair
from lib.domain.folding import Folded, Span
from lib.domain.wording import Token, is_same, is_same_opening, tokenize

_LEAST_RATIO = 95  # per cent of the characters, by rapidfuzz
_MOST_ARTICLES = 2  # lost or added
_FEWEST_WORDS = 6  # in fewer, two articles are no small difference

# Words that may be lost or gained with no change of sense. No numeral ("ein", "une"), no preposition, no
# conjunction, no single letter (a symbol), nothing that is a word of weight elsewhere ("die", "den").
_ARTICLE_WORDS = "the an that der das dem des dass le la les el los las il lo gli het det το τα τον την του της των"
_ARTICLES = frozenset(_ARTICLE_WORDS.split())


def find_words(wanted: str, whole: Folded) -> Span | None:
    """Find the same words in the same order, with nothing between them."""
    words, tokens = tokenize(wanted), tokenize(whole.text)
    for start in range(len(tokens) - len(words) + 1):
        if tokens[start].key != words[0].key:
            continue
        place = tokens[start : start + len(words)]
        if are_same(words, place) and is_fair(whole, place[0].start, place[-1].end):
            return whole.span(place[0].start, place[-1].end)
    return None


def are_same(words: list[Token], place: list[Token]) -> bool:
    return (
        len(words) == len(place)
        and is_same_opening(words[0], place[0])
        and all(is_same(word, token) for word, token in zip(words[1:], place[1:], strict=True))
    )


def find_nearly(wanted: str, whole: Folded) -> Span | None:
    """Find the same words but for an article or two."""
    words, tokens = tokenize(wanted), tokenize(whole.text)
    if len(words) < _FEWEST_WORDS or not _could_differ_in_articles(words, tokens):
        return None
    for place in _near_places(words, tokens):
        if _differ_in_articles(words, place) and is_fair(whole, place[0].start, place[-1].end):
            return whole.span(place[0].start, place[-1].end)
    return None


def _could_differ_in_articles(words: list[Token], tokens: list[Token]) -> bool:
    """Rule out nearly every lie before the costly search: all its words but articles must be in the text."""
    absent = Counter(_keys(words)) - Counter(_keys(tokens))
    if absent:
        return absent.total() <= _MOST_ARTICLES and absent.keys() <= _ARTICLES
    return any(_is_article(token) for token in (*words, *tokens))


def _near_places(words: list[Token], tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the stretches around the likeliest place that are about as long as the quote, the likest first."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - 7 ms to import, and seldom needed

    wanted = _spell(words)
    found = fuzz.partial_ratio_alignment(wanted, _spell(tokens), score_cutoff=_LEAST_RATIO - 10)
    if not found:
        return
    offsets = list(accumulate((len(token.key) + 1 for token in tokens), initial=0))
    around = bisect_right(offsets, found.dest_start) - 1
    starts = range(max(0, around - 2), min(around + 3, len(tokens)))
    counts = range(len(words) - _MOST_ARTICLES, len(words) + _MOST_ARTICLES + 1)
    places = [tokens[start : start + count] for start in starts for count in counts]
    ratios = [(fuzz.ratio(wanted, _spell(place)), place) for place in places]
    for ratio, place in sorted(ratios, key=lambda rated: -rated[0]):
        if ratio >= _LEAST_RATIO:
            yield place


def _spell(tokens: list[Token]) -> str:
    return " ".join(token.key for token in tokens)


def _differ_in_articles(words: list[Token], place: list[Token]) -> bool:
    """Say whether an article or two, between the first word and the last, are all that was lost or all that was added.

    One lost and another added would be one word for another, and so would an article at an end.
    """
    from rapidfuzz.distance import Indel  # noqa: PLC0415 - see above

    lost: list[Token] = []
    added: list[Token] = []
    for step in Indel.opcodes(_keys(words), _keys(place)):
        mine, theirs = words[step.src_start : step.src_end], place[step.dest_start : step.dest_end]
        if step.tag != "equal":
            added += mine
            lost += theirs
        elif not all(is_same(a, b) for a, b in zip(mine, theirs, strict=True)):
            return False
    return _are_articles(lost or added) and not (lost and added) and _have_same_ends(words, place)


def _are_articles(tokens: list[Token]) -> bool:
    return len(tokens) <= _MOST_ARTICLES and all(_is_article(token) for token in tokens)


def _have_same_ends(words: list[Token], place: list[Token]) -> bool:
    """Compare two words at each end, so that no article stands in for the first or the last."""
    mine, theirs = (*words[:2], *words[-2:]), (*place[:2], *place[-2:])
    return all(is_same(a, b) for a, b in zip(mine, theirs, strict=True))


def _keys(tokens: list[Token]) -> list[str]:
    return [token.key for token in tokens]


def _is_article(token: Token) -> bool:
    return not token.exact and token.text[0].lower() + token.text[1:] in _ARTICLES

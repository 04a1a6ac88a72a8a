"""Whether a stretch may be cut out of a text without saying something else than the text does.

"not necessary for …" does not say "necessary for …", nor does -5 °C say 5 °C. So an excerpt ends
between words and loses no negation, sign, digit or unit that stands next to it.
"""

import re

from lib.domain.folding import BREAK, Folded, is_spaceless
from lib.domain.negations import NEGATIONS_AFTER, NEGATIONS_BEFORE, is_negation

_WORD_BEFORE = re.compile(r"([^\s\"(\[{*]+)\s\Z")
_WORD_AFTER = re.compile(r"\s\"?([^\s\".,;:!?)\]}*]+)")
_IN_WORD_BEFORE = re.compile(rf"\w[{BREAK}'-]?$")
# After the apostrophe of l'eau a word begins; but n'est pas would lose its n'.
_ELISION_BEFORE = re.compile(r"(?<!\w)(?:[a-mo-zA-MO-Z]|[qQ]u)'$")
_IN_WORD_AFTER = re.compile(rf"\w|[{BREAK}'-]\w")

_SIGN_BEFORE = re.compile(
    r"(?:\d[.,:/]?|(?:^|\s)[.,]|[-+\u00b1<>\u2264\u2265\u2260\u2248~^_/\u00d7\u00b7*\u00ac\u20ac$\u00a3]\s?)$"
)
_BULLET_BEFORE = re.compile(r"(?:^|\n)[ \t]*[-*\u2013\u2022][ \t]+$")
_UNITS = (
    "[kKMGTmcdn\u03bc]?(?:g|m|s|l|L|Hz|J|W|V|A|N|Pa|eV|B|mol|cal|bar|Wh|\u03a9|F|T|H|K)|kg|C|min|h|t|ha|dB|rpm|ppm"
    "|(?:thousand|[mb]illi(?:on|ard)|trillion|percent|per cent|Mio|Mrd|Prozent|Tausend|mil|mill|miljo|pour cent|por ciento|per cento|procent)\\w*"
    "|тыс|млн|млрд|процент\\w*|\u043c|\u043a\u043c|\u043a\u0433|\u0441\u043c|\u043c\u043c|\u0433"
)
_REST_OF_NUMBER = re.compile(
    rf"[.,:/'\u2019]?\d|\s?[%\u2030\u00b0^\u00b2\u00b3!*/\u00d7\u00b7\u00b1\u2103\u2109\u20ac$\u00a3\u4e07\u4ebf\u5104\u5343\u767e]|\s?(?:{_UNITS})(?![^\W\d_])|\s?[-+]\s?\d|\s\d{{3}}\b"
)
_REACH = 40  # characters beside the excerpt; no negation and no number is longer


def is_fair(folded: Folded, start: int, end: int) -> bool:
    """Say whether `folded.text[start:end]` may stand alone."""
    before = folded.text[max(0, start - _REACH) : start]
    within = folded.text[start:end]
    after = folded.text[end : end + _REACH]
    if not (folded.is_cut_between(start) and folded.is_cut_between(end)):
        return False
    return not (
        _begins_in_word(before, within)
        or _ends_in_word(within, after)
        or (_begins_in_number(before, within) and not _follows_bullet(folded, start))
        or _ends_in_number(within, after)
        or _loses_negation(_clause_before(folded, start), within, _clause_after(folded, end))
    )


def _begins_in_word(before: str, within: str) -> bool:
    if not before or not _is_wordy(within[0]) or is_spaceless(before[-1]):
        return False
    return bool(_IN_WORD_BEFORE.search(before)) and not _ELISION_BEFORE.search(before)


def _ends_in_word(within: str, after: str) -> bool:
    return (
        _is_wordy(within[-1]) and not is_spaceless(after[:1]) and bool(_IN_WORD_AFTER.match(after))
    )


def _is_wordy(character: str) -> bool:
    return (character.isalnum() or character == "_") and not is_spaceless(character)


def _begins_in_number(before: str, within: str) -> bool:
    if re.match(r"\d{3}(?!\d)", within) and re.search(r"\d\s$", before):
        return True  # 1 000
    return bool(re.match(r"[.,]?\d", within) and _SIGN_BEFORE.search(before))


def _follows_bullet(folded: Folded, start: int) -> bool:
    at = folded.starts[start]
    return bool(_BULLET_BEFORE.search(folded.source[max(0, at - _REACH) : at]))


def _ends_in_number(within: str, after: str) -> bool:
    if re.search(r"\d$", within):
        return bool(_REST_OF_NUMBER.match(after))
    return bool(re.search(r"\d[.,:/]$", within)) and after[:1].isdigit()


def _clause_before(folded: Folded, start: int) -> str:
    """Return what may belong to the excerpt's first sentence: no other paragraph, no table's cell."""
    source = folded.source[: folded.starts[start]][-_REACH:]
    is_apart = re.search(r"\n\s*\n\s*\Z|(?:\A|[\n|\t])[^\S\n]*\w+[^\S\n]*\n\s*\Z", source)
    return "" if is_apart else folded.text[max(0, start - _REACH) : start]


def _clause_after(folded: Folded, end: int) -> str:
    source = folded.source[folded.ends[end - 1] :][:_REACH]
    return "" if re.match(r"\s*\n\s*\n", source) else folded.text[end : end + _REACH]


def _loses_negation(before: str, within: str, after: str) -> bool:
    lost_before, lost_after = _WORD_BEFORE.search(before), _WORD_AFTER.match(after)
    if lost_before and is_negation(lost_before[1]) and _is_wordy_start(within):
        return True
    if lost_after and is_negation(lost_after[1]) and within[-1].isalnum():
        return True
    if is_spaceless(within[0]) and before.rstrip().endswith(NEGATIONS_BEFORE):
        return True
    return (
        is_spaceless(within[-1])
        and within[-1].isalnum()
        and after.lstrip().startswith(NEGATIONS_AFTER)
    )


def _is_wordy_start(within: str) -> bool:
    return within[0].isalnum() or within[0] in "'\"([*_"

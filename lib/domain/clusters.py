"""Where one character ends for a reader: a base with its accents, a joined emoji, a flag."""

import unicodedata
from functools import lru_cache

JOINER = "\u200d"


def clusters(run: str) -> list[tuple[int, int]]:
    """Cut a run into what a reader takes for single characters: a base with its marks, a joined emoji."""
    if not run:
        return []
    bounds = [0]
    for index in range(1, len(run)):
        if not _is_joined(run, index, bounds[-1]):
            bounds.append(index)
    return list(zip(bounds, [*bounds[1:], len(run)], strict=True))


def _is_joined(run: str, index: int, start: int) -> bool:
    if _extends(run[index]):
        return True
    if run[index - 1] == JOINER:
        return not run[start].isalpha()
    is_flag = _is_flag_letter(run[index]) and _is_flag_letter(run[index - 1])
    return is_flag and index - start == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


@lru_cache(maxsize=4096)
def _extends(character: str) -> bool:
    return (
        unicodedata.category(character)[0] == "M"
        or "\u1160" <= character <= "\u11ff"  # the vowels and finals of decomposed Hangul
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags of regional flags
        or character in "\u200c\u200d"
    )

"""Which passwords are refused: what many people choose, and what follows from the username.

A password is compared after folding: case, digits, signs and repeats are what people change when they
are asked to be original. What is then covered by few common pieces is as guessable as those pieces.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from lib.domain import common_passwords
from lib.domain.problems import WeakPassword

MAX_CHARACTERS = 256
_MIN_LETTERS = 6  # of a folded password; what is left of digits and signs alone, or of one letter
_MIN_DISTINCT = 5
_MIN_UNCOVERED = 4  # letters beyond the common pieces: 26^4 guesses for each of them
_MAX_PIECES = 3  # so many different common pieces are guessed one with another; four are not
_MAX_PERIOD = 11  # so short a piece, said twice, is a short password
_MIN_NAME = 3  # a shorter name is in everything
_WALK = 4

# What stands for a letter, in the readings that are usual.
_READINGS = (
    str.maketrans("", ""),
    str.maketrans("0134578@$!+", "oieastbasit"),
    str.maketrans("0134578@$!+", "oleastbaslt"),
)

_TOO_COMMON = "This password is among the first that are tried. Use four unrelated words, or let a password manager make one."
_LIKE_USERNAME = (
    "This password is too much like the username. Use four unrelated words that do not name you."
)
_TOO_REPETITIVE = (
    "This password repeats itself. Use four unrelated words, or let a password manager make one."
)
_TOO_FEW_LETTERS = "Too little is left of this password without its digits and signs. Use four unrelated words, or let a password manager make one."


def check_password(password: str, username: str, *, min_characters: int) -> None:
    """Accept a password, or say what to do instead; what was typed is in no message.

    Raises:
        WeakPassword: Too short, too long, common, repetitive or like the username.
    """
    if len(password) < min_characters:
        raise WeakPassword(
            f"A password needs at least {min_characters} characters. Use four unrelated words."
        )
    if len(password) > MAX_CHARACTERS:
        raise WeakPassword(f"A password may have at most {MAX_CHARACTERS} characters. Shorten it.")
    if len(set(password.casefold())) < _MIN_DISTINCT:
        raise WeakPassword(_TOO_REPETITIVE)
    for reading in _READINGS:
        _check_letters(_fold(password.casefold().translate(reading)), username)


def _check_letters(letters: str, username: str) -> None:
    names = dict.fromkeys(_name_pieces(username), "the name")
    if _is_covered(letters, names):
        raise WeakPassword(_LIKE_USERNAME)
    if len(letters) < _MIN_LETTERS:
        raise WeakPassword(_TOO_FEW_LETTERS)
    if _period(letters) <= min(_MAX_PERIOD, len(letters) // 2):
        raise WeakPassword(_TOO_REPETITIVE)
    if _is_covered(letters, _common_pieces()):
        raise WeakPassword(_TOO_COMMON)
    if _is_covered(letters, {**_common_pieces(), **names}):
        raise WeakPassword(_LIKE_USERNAME)


def _fold(text: str) -> str:
    """Keep letters and pictures, in one case, each once where it is repeated."""
    kept = (c for c in text.casefold() if unicodedata.category(c) == "So" or c.isalpha())
    return re.sub(r"(.)\1+", r"\1", "".join(kept))


def _period(letters: str) -> int:
    """Return the length of the shortest piece that the text repeats, cut at its end perhaps."""
    lengths = range(1, len(letters) + 1)
    return next(n for n in lengths if letters[n:] == letters[: len(letters) - n])


def _name_pieces(username: str) -> Iterator[str]:
    for piece in (username, *re.split(r"[._\-0-9]+", username)):
        folded = _fold(piece)
        if len(folded) >= _MIN_NAME:
            yield folded
            yield folded[::-1]


@cache
def _common_pieces() -> Mapping[str, str]:
    """Return every common piece, folded, with the name of what it counts as."""
    pieces: dict[str, str] = {}
    for row in map(_fold, common_passwords.ROWS.split()):
        for start, end in itertools.combinations(range(len(row) + 1), 2):
            if end - start >= _WALK:
                pieces[row[start:end]] = pieces[row[start:end][::-1]] = "a walk"
    for series in common_passwords.SERIES.strip().splitlines():
        pieces |= {_fold(member): series for member in series.split()}
    for word in map(_fold, common_passwords.WORDS.split()):
        pieces[word] = pieces[word[::-1]] = word
    return pieces


def _is_covered(letters: str, pieces: Mapping[str, str]) -> bool:
    """Tell whether few different pieces say it all, but for fewer than _MIN_UNCOVERED letters."""
    uncovered, used = _cover(letters, pieces)
    different = {pieces[piece] for piece in used}
    return uncovered < _MIN_UNCOVERED and 0 < len(different) <= _MAX_PIECES


def _cover(letters: str, pieces: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    """Lay pieces over the text so that the fewest letters stay bare, with the fewest pieces."""
    lengths = sorted({len(piece) for piece in pieces})
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for end in range(1, len(letters) + 1):
        choices = [(best[end - 1][0] + 1, best[end - 1][1])]
        for start in (end - length for length in lengths if length <= end):
            piece = letters[start:end]
            if piece in pieces:
                # Folding made one of two equal letters where pieces meet: they may share one.
                choices += [(n, (*used, piece)) for n, used in (best[start], best[start + 1])]
        best.append(min(choices, key=lambda choice: (choice[0], len(choice[1]))))
    return best[-1]

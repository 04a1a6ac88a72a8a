"""The page explains every problem of the server in every language it speaks."""

import re
from pathlib import Path

from lib.domain.problems import Problem

STRINGS = Path(__file__).parents[2] / "web/src/strings"
SLUGS = {problem.slug for problem in Problem.__subclasses__()}
OWN = {"storage-busy", "storage-refused", "unreadable-here"}  # raised by the page itself


def explained(language: str) -> list[str]:
    """Return the problems that the page has words for."""
    [table] = re.findall(
        r"^  problems: \{\n(.*?)^  \}",
        (STRINGS / f"{language}.ts").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return re.findall(r'^    "?([a-z-]+)"?:', table, re.MULTILINE)


def test_german_has_every_problem():
    translated = explained("de")

    assert len(translated) == len(set(translated))
    assert set(translated) - OWN == SLUGS


def test_english_has_its_own_words_for_known_problems_alone():
    assert OWN < set(explained("en")) <= SLUGS | OWN

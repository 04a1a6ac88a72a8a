"""The page knows what the server says: every problem, and that something is in no file."""

import re
from functools import reduce
from pathlib import Path

from lib.domain.language_table import LANGUAGES
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


def test_the_page_knows_every_sentence_that_says_not_found():
    verdict = (STRINGS.parent / "study/verdict.ts").read_text()
    known = "".join(re.findall(r'^  "([0-9a-z ]+)"', verdict, re.MULTILINE)).split()

    assert [int(word, 36) for word in known] == [hash_of(one.not_found) for one in LANGUAGES]


def hash_of(sentence: str) -> int:
    return reduce(lambda sum_, character: (sum_ * 31 + ord(character)) % 2**32, sentence, 0)

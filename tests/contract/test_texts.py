"""The page knows what the server says: every problem, and that something is in no file."""

import re
from functools import reduce
from pathlib import Path

import pytest

from lib.domain.language_table import LANGUAGES
from lib.domain.problems import Problem

STRINGS = Path(__file__).parents[2] / "web/src/strings"
SLUGS = {problem.slug for problem in Problem.__subclasses__()}
# Raised by the page itself.
OWN = {"storage-busy", "storage-refused", "storage-withheld", "unreadable-here", "zero-bytes"}


def explained(language: str) -> list[tuple[str, str]]:
    """Return the problems that the page has words for, and the words."""
    [table] = re.findall(
        r"^  problems: \{\n(.*?)^  \}",
        (STRINGS / f"{language}.ts").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    texts = re.findall(r'^    "?([a-z-]+)"?:\s+"(.+)",$', table, re.MULTILINE)
    assert len(texts) == len(re.findall(r'",$', table, re.MULTILINE)), "a text that is not read"
    return texts


def slugs_of(language: str) -> list[str]:
    return [slug for slug, _ in explained(language)]


def test_german_has_every_problem():
    translated = slugs_of("de")

    assert len(translated) == len(set(translated))
    assert set(translated) - OWN == SLUGS


def test_english_has_its_own_words_for_known_problems_alone():
    assert OWN < set(slugs_of("en")) <= SLUGS | OWN


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_text_is_a_sentence(language: str):
    for slug, text in explained(language):
        assert re.fullmatch(r"[A-ZÄÖÜ].+\.", text), slug


@pytest.mark.parametrize("slug", sorted(OWN))
def test_what_the_page_has_alone_is_raised_in_it(slug: str):
    sources = [path for path in STRINGS.parent.rglob("*.ts*") if path.parent != STRINGS]

    assert any(f'"{slug}"' in path.read_text() for path in sources)


def test_the_page_knows_every_sentence_that_says_not_found():
    verdict = (STRINGS.parent / "study/verdict.ts").read_text()
    known = "".join(re.findall(r'^  "([0-9a-z ]+)"', verdict, re.MULTILINE)).split()

    assert [int(word, 36) for word in known] == [hash_of(one.not_found) for one in LANGUAGES]


def hash_of(sentence: str) -> int:
    return reduce(lambda sum_, character: (sum_ * 31 + ord(character)) % 2**32, sentence, 0)

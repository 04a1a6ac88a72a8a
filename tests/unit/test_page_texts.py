"""The page has a text for every problem: its languages know the same ones, and all of the server's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.domain.problems import Problem

STRINGS = Path(__file__).parents[2] / "web" / "src" / "strings"


def texts_of_problems(language: str) -> dict[str, str]:
    """Read the texts of a language by slug."""
    source = (STRINGS / f"{language}.ts").read_text()
    [block] = re.findall(r"^  problems: \{\n(.*?)^  \}", source, re.MULTILINE | re.DOTALL)
    pairs = re.findall(r'^    "?([a-z-]+)"?:\s+"(.+)",$', block, re.MULTILINE)
    assert len(pairs) == len(re.findall(r'",$', block, re.MULTILINE)), "a text that is not read"
    assert len(pairs) == len(dict(pairs)), "a slug with two texts"
    return dict(pairs)


def kinds_of(problem: type[Problem]) -> Iterator[type[Problem]]:
    for kind in problem.__subclasses__():
        yield kind
        yield from kinds_of(kind)


SLUGS = {kind.slug for kind in kinds_of(Problem) if kind.__module__ == Problem.__module__}


def test_the_catalogue_is_read():
    assert {"username-taken", "model-declined"} <= SLUGS


def test_every_problem_has_a_german_text():
    assert SLUGS - texts_of_problems("de").keys() == set()


def test_german_knows_no_problem_that_there_is_not():
    assert texts_of_problems("de").keys() - SLUGS == texts_of_problems("en").keys() - SLUGS


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_text_is_a_sentence(language: str):
    for slug, text in texts_of_problems(language).items():
        assert re.fullmatch(r"[A-ZÄÖÜ].+\.", text), slug


@pytest.mark.parametrize("slug", sorted(texts_of_problems("en").keys() - SLUGS))
def test_the_problems_that_the_page_alone_has_are_raised_in_it(slug: str):
    sources = (STRINGS.parent).rglob("*.ts*")
    raising = [
        path for path in sources if path.parent != STRINGS and f'"{slug}"' in path.read_text()
    ]
    assert raising

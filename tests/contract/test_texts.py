"""The page explains every problem of the server in every language it speaks."""

import re
from pathlib import Path

from lib.domain.problems import Problem

GERMAN = Path(__file__).parents[2] / "web/src/strings/de.ts"
OWN = {"storage-refused"}  # raised by the page itself


def test_german_has_every_problem():
    [table] = re.findall(
        r"^  problems: \{\n(.*?)^  \},$", GERMAN.read_text(), re.MULTILINE | re.DOTALL
    )
    translated = re.findall(r'^    "?([a-z-]+)"?:', table, re.MULTILINE)

    assert len(translated) == len(set(translated))
    assert set(translated) - OWN == {problem.slug for problem in Problem.__subclasses__()}

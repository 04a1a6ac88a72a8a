"""docs/security.md names every promise that is tried, and no test that is not there."""

import re

from dev.processes import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
LEVEL_ONE = 70  # requirements of ASVS 5.0.0


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(\.\./([^)]+)\)", TEXT)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"\[[\w.]*::(\w+)\]\(\.\./([^)]+)\)", TEXT)

    assert named
    for name, path in named:
        assert re.search(rf"(def|class) {name}\b", (ROOT / path).read_text()), f"{path}::{name}"


def test_every_promise_is_told() -> None:
    suites = (ROOT / "tests" / "trust").glob("test_*.py")
    marks = re.findall(
        r"mark\.promise\(\s*\"([^\"]+)\"", "".join(suite.read_text() for suite in suites)
    )

    assert marks
    assert [promise for promise in sorted(set(marks)) if f"**{promise}**" not in TEXT] == []


def test_every_requirement_of_level_one_has_a_state() -> None:
    rows = re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE)

    told: list[str] = []
    for numbers, state in rows:
        first, *more = re.findall(r"\d+\.\d+\.\d+", numbers)
        if " to " in numbers:
            chapter, _, start = first.rpartition(".")
            end = more[0].rpartition(".")[2]
            more = [f"{chapter}.{number}" for number in range(int(start) + 1, int(end) + 1)]
        told += [first, *more]
        assert re.match("holds|does not apply|not covered", state), numbers
    assert len(told) == len(set(told)) == LEVEL_ONE

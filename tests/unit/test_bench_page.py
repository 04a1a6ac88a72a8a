"""What the benches of the page report: which of it has a limit, and beside what."""

from collections import Counter

import pytest

from bench import page_frames, page_weight, page_words
from bench.figures import Figure
from bench.page_frames import Moved
from bench.page_words import Taken


def named(figures: list[Figure]) -> dict[str, Figure]:
    assert len({figure.name for figure in figures}) == len(figures)
    return {figure.name: figure for figure in figures}


def test_a_first_load_is_held_against_its_limits():
    weights = {"JavaScript": (1, 61_000), "fonts": (2, 42_300), "everything": (6, 119_900)}

    found = named(page_weight.figures_of_load("study", weights))

    script, everything = found["study: JavaScript"], found["study: everything"]
    assert (script.value, script.unit, script.aim, script.is_met) == (61, "kB", 60, False)
    assert (everything.aim, everything.is_met) == (120, True)
    # Nobody asked for a limit of these, and they may not grow all the same.
    assert (found["study: fonts"].aim, found["study: fonts"].is_compared) == (None, True)
    assert found["study: requests"].value == 6


class TestWords:
    BARE = Taken(whole=[14.0] * 10, server=[10.0] * 10)

    def test_what_is_left_without_the_server_has_the_limit(self):
        ours = Taken(whole=[100.0] * 9 + [200.0], server=[80.0] * 10)

        found = named(page_words.figures_of(self.BARE, ours))

        middle, late = found["the page: rest, p50"], found["the page: rest, p95"]
        assert (middle.score, middle.aim, middle.is_met) == (20, 50, True)
        assert (late.score, late.aim, late.is_met) == (120, 50, False)

    def test_it_is_compared_with_a_page_that_does_nothing_else(self):
        ours = Taken(whole=[100.0] * 10, server=[80.0] * 10)

        found = named(page_words.figures_of(self.BARE, ours))

        assert found["the page: rest against a bare page's, p50"].ratio == pytest.approx(5)

    def test_what_the_server_took_is_only_told(self):
        found = named(page_words.figures_of(self.BARE, self.BARE))

        compared = {name for name, figure in found.items() if figure.is_compared}
        assert all(name.startswith("the page: rest") for name in compared)


class TestFrames:
    @staticmethod
    def moved(work: float, frames: int = 100) -> Moved:
        return Moved([16.7] * frames, Counter(wanted=frames, dropped=2, seen=1), work)

    def test_the_work_of_a_key_stands_beside_that_in_an_empty_chat(self):
        seen = {(0, "typing"): self.moved(3), (500, "typing"): self.moved(3.6)}

        found = named(page_frames.figures_of(seen))

        assert found["empty chat, typing: work"].baseline is None
        assert found["500 questions, typing: work"].ratio == pytest.approx(1.2)
        assert found["500 questions, typing: frames dropped"].value == 2

    def test_what_does_not_move_says_nothing_and_is_no_baseline(self):
        seen = {(0, "scrolling"): self.moved(1, frames=3), (500, "scrolling"): self.moved(4)}

        found = named(page_frames.figures_of(seen))

        assert not any(name.startswith("empty chat") for name in found)
        assert found["500 questions, scrolling: work"].baseline is None

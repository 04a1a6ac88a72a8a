"""What bench/embedding_cache.py computes of a cache that is not made."""

import pytest

from bench.embedding_cache import count_calls, of_a_class, seconds_until_embedded
from bench.question import PAGE


@pytest.mark.parametrize(
    ("chunks", "calls"), [(0, 0), (1, 1), (32, 1), (33, 2), (128, 2), (129, 3)]
)
def test_the_first_call_takes_less_than_the_others(chunks: int, calls: int):
    assert count_calls(chunks) == calls


def test_without_calls_there_is_the_reader_alone():
    assert seconds_until_embedded(1_000, 2.0, 0.0) == 2.0
    assert seconds_until_embedded(0, 2.0, 0.2) == 2.0


def test_a_slow_reader_hides_all_calls_but_the_last():
    assert seconds_until_embedded(1_000, 60.0, 0.2) == pytest.approx(60.2)


def test_a_quick_reader_waits_for_the_first_call_and_then_for_four_at_a_time():
    # The first alone, then eight in two times four.
    assert seconds_until_embedded(32 + 8 * 96, 0.0, 0.2) == pytest.approx(0.2 + 2 * 0.2)
    assert seconds_until_embedded(32 + 9 * 96, 0.0, 0.2) == pytest.approx(0.2 + 3 * 0.2)


def test_who_comes_first_looks_in_vain_and_waits_longer():
    figures = of_a_class(300, 0.71, PAGE, row_bytes=1_200, lookup_seconds=0.05)
    found, missed = (
        next(figure for figure in figures if name in figure.name) for name in ("but", "in vain")
    )

    # One call after the last page, which is what a cache saves; and a look for each batch, of which one is waited for.
    assert found.baseline == missed.baseline
    assert found.value == pytest.approx(0.71)
    assert found.baseline == pytest.approx(0.91)
    assert missed.value == pytest.approx(0.96)

"""What an instance remembers of who is refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from lib.domain.problems import CapacityExhausted, SessionEnded
from lib.services.refusals import find_refusal, forget_refusals, remember

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_refusals()
    yield
    forget_refusals()


def test_is_told_until_when():
    remember(("deployment", 1), CapacityExhausted(retry_after_seconds=3_600), MINUTE)

    refusal = find_refusal(("user", 1), ("deployment", 1))

    assert isinstance(refusal, CapacityExhausted)
    assert 3_590 < (refusal.retry_after_seconds or 0) <= 3_600


def test_without_an_end_tells_none():
    remember(("session", 7), SessionEnded(), MINUTE)

    refusal = find_refusal(("session", 7))

    assert isinstance(refusal, SessionEnded)
    assert refusal.retry_after_seconds is None


def test_is_found_out_anew_before_it_is_over():
    remember(("deployment", 1), CapacityExhausted(retry_after_seconds=3_600), timedelta(0))

    assert find_refusal(("deployment", 1)) is None


def test_is_nobody_elses():
    remember(("user", 7), CapacityExhausted(retry_after_seconds=60), MINUTE)

    assert find_refusal(("session", 7), ("user", 8), ("deployment", 7)) is None


def test_of_ever_more_names_does_not_fill_the_memory():
    for number in range(10_001):
        remember(("user", number), SessionEnded(), MINUTE)

    assert find_refusal(("user", 0)) is None
    assert find_refusal(("user", 10_000))

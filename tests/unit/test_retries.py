"""What is tried again, how often, and how it is kept from adding to the trouble."""

import asyncio
import math

import pytest

from lib.adapters import retries
from lib.adapters.deadlines import start_deadline
from lib.adapters.retries import Budget, retrying


class Flaky:
    """Fails so many times, then returns how often it was called."""

    def __init__(self, failures: int) -> None:
        self.failures, self.calls = failures, 0

    async def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError
        return self.calls


@pytest.fixture(autouse=True)
def _new_instance(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retries, "_budget", Budget())
    monkeypatch.setattr(retries, "_FIRST_PAUSE_SECONDS", 0.001)
    start_deadline(math.inf)  # of another test there may be one in this context


def passing(_error: Exception, _retry: int) -> float | None:
    return 0


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_what_passes_is_tried_until_it_has(failures: int):
    assert asyncio.run(retrying(Flaky(failures), passing)) == failures + 1


def test_after_two_retries_it_fails():
    flaky = Flaky(99)

    with pytest.raises(ConnectionError):
        asyncio.run(retrying(flaky, passing))

    assert flaky.calls == 3


def test_what_does_not_pass_is_not_tried_again():
    flaky = Flaky(1)

    with pytest.raises(ConnectionError):
        asyncio.run(retrying(flaky, lambda _error, _retry: None))

    assert flaky.calls == 1


def test_how_often_it_was_tried_may_decide():
    flaky = Flaky(99)

    with pytest.raises(ConnectionError):
        asyncio.run(retrying(flaky, lambda _error, retry: 0 if retry == 0 else None))

    assert flaky.calls == 2


def test_who_asks_for_time_is_given_it():
    async def measure() -> float:
        started_at = asyncio.get_running_loop().time()
        await retrying(Flaky(1), lambda _error, _retry: 0.05)
        return asyncio.get_running_loop().time() - started_at

    assert asyncio.run(measure()) >= 0.05


@pytest.mark.parametrize(("asked", "left"), [(60, 300), (0.5, 0.2)])
def test_a_wait_that_is_too_long_is_not_waited_for(asked: float, left: float):
    flaky = Flaky(1)

    async def call() -> int:
        start_deadline(left)
        return await retrying(flaky, lambda _error, _retry: asked)

    with pytest.raises(ConnectionError):
        asyncio.run(call())
    assert flaky.calls == 1


def test_an_outage_is_not_answered_with_more_calls():
    """A tenth more, and a few to begin with."""
    flaky = Flaky(10_000)

    async def suffer() -> None:
        for _ in range(200):
            with pytest.raises(ConnectionError):
                await retrying(flaky, passing)

    asyncio.run(suffer())

    assert 200 < flaky.calls <= 200 * 1.1 + 5


def test_pauses_are_random_and_grow():
    pauses = [[retries._choose_wait(0, retry) or 0 for _ in range(200)] for retry in (0, 1)]

    assert len(set(pauses[0])) > 100
    assert max(pauses[0]) <= 0.001 < max(pauses[1]) <= 0.002

"""One deadline for a request: its calls get what is left, and never more than their own time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from lib.adapters.deadlines import current_deadline, limit, start_deadline, until_deadline


def run(seconds: float, own_seconds: float) -> float:
    """Return after how long a call was cut that would never end."""

    async def call() -> float:
        started_at = asyncio.get_running_loop().time()
        start_deadline(seconds)
        with pytest.raises(TimeoutError):
            async with limit(own_seconds):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time() - started_at

    return asyncio.run(call())


@pytest.mark.parametrize(
    ("request_seconds", "own_seconds"), [(0.02, 5), (5, 0.02), (0, 5), (-1, 5)]
)
def test_the_shorter_time_holds(request_seconds: float, own_seconds: float):
    assert run(request_seconds, own_seconds) < 1


def test_without_a_request_only_the_own_time_holds():
    async def call() -> float:
        async with limit(5) as timeout:
            assert timeout.when() is not None
        async with limit() as timeout:
            assert timeout.when() is None
        return current_deadline().remaining_seconds

    assert asyncio.run(call()) == float("inf")


def test_a_request_may_be_given_more_but_counts_from_its_start():
    deadline = start_deadline(10)

    deadline.allow(100)

    assert 99 < deadline.remaining_seconds <= 100


def test_time_counts_from_when_the_request_had_arrived():
    deadline = start_deadline(10)
    deadline._started_at -= 60

    deadline.restart()

    assert 9 < deadline.remaining_seconds <= 10


async def endless() -> AsyncGenerator[int]:
    while True:
        await asyncio.sleep(0)
        yield 1


def test_what_never_ends_is_cut_though_something_always_comes():
    async def read() -> None:
        start_deadline(0.02)
        async for _ in until_deadline(endless()):
            pass

    with pytest.raises(TimeoutError):
        asyncio.run(read())


def test_time_between_two_items_is_the_readers_own():
    async def read() -> list[int]:
        deadline = start_deadline(0.5)
        found = []
        async for number in until_deadline(three()):
            deadline.restart()
            found.append(number)
        return found

    async def three() -> AsyncGenerator[int]:
        for number in range(3):
            yield number

    assert asyncio.run(read()) == [0, 1, 2]

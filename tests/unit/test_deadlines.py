"""One deadline for a request: its calls get what is left, and never more than their own time."""

import asyncio
from collections.abc import AsyncGenerator, Callable

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


async def silent() -> AsyncGenerator[int]:
    yield 1
    await asyncio.Event().wait()


@pytest.mark.parametrize("source", [endless, silent])
def test_what_never_ends_is_cut_though_something_comes(source: Callable[[], AsyncGenerator[int]]):
    async def read() -> None:
        start_deadline(0.02)
        async for _ in until_deadline(source()):
            pass

    with pytest.raises(TimeoutError):
        asyncio.run(read())


def test_what_ends_the_reader_is_no_deadline():
    async def read() -> None:
        start_deadline(5)
        async for _ in until_deadline(silent()):
            asyncio.get_running_loop().call_soon(reading.cancel)

    async def run_reader() -> None:
        nonlocal reading
        reading = asyncio.create_task(read())
        await reading

    reading: asyncio.Task[None]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run_reader())


def test_the_deadline_does_not_cut_what_the_reader_does_between_two_items():
    async def read() -> list[int]:
        found, deadline = [], start_deadline(0.02)
        async for number in until_deadline(three()):
            found.append(number)
            await past(0.04)
            deadline.restart()
        return found

    async def past(seconds: float) -> None:
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        await over.wait()

    assert asyncio.run(read()) == [0, 1, 2]


async def three() -> AsyncGenerator[int]:
    for number in range(3):
        yield number


def test_time_between_two_items_is_the_readers_own():
    async def read() -> list[int]:
        deadline = start_deadline(0.5)
        found = []
        async for number in until_deadline(three()):
            deadline.restart()
            found.append(number)
        return found

    assert asyncio.run(read()) == [0, 1, 2]

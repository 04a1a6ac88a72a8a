"""Batches are embedded some at a time, and stored one at a time, in their order and without a gap."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from lib.adapters.files import Slice
from lib.services.saving import MOST_AT_ONCE, MOST_UNDER_WAY, Saving
from lib.services.slices import Batch

pytestmark = pytest.mark.anyio


def batch(name: str) -> Batch:
    return cast("Batch", name)


class Endpoint:
    """Makes slices of batches when it is told to, in whatever order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._answers: dict[str, asyncio.Future[Slice | None]] = {}

    async def make(self, part: Batch) -> Slice | None:
        self.asked.append(str(part))
        return await self._answer(str(part))

    def answer(self, *names: str) -> None:
        for name in names:
            self._answer(name).set_result(cast("Slice", name))

    def is_late(self, name: str) -> None:
        self._answer(name).set_result(None)

    def fail(self, name: str) -> None:
        self._answer(name).set_exception(ValueError(name))

    def _answer(self, name: str) -> asyncio.Future[Slice | None]:
        return self._answers.setdefault(name, asyncio.get_running_loop().create_future())


class Table:
    """Stores when it is told to, and notes it."""

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.may_store = asyncio.Event()
        self.may_store.set()

    async def save(self, part: Slice) -> None:
        await self.may_store.wait()
        self.stored.append(str(part))


async def settle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_first_batch_is_embedded_before_the_second_is_asked_for():
    endpoint, table = Endpoint(), Table()
    table.may_store.clear()

    async with Saving(endpoint.make, table.save) as save:
        await save(batch("a"))
        second = asyncio.create_task(wait_for(save(batch("b"))))
        await settle()
        assert (endpoint.asked, save.is_open, second.done()) == (["a"], False, False)
        endpoint.answer("a")
        assert await second  # though nothing is stored yet
        assert (endpoint.asked, save.is_open, table.stored) == (["a", "b"], True, [])
        endpoint.answer("b")
        table.may_store.set()

    assert table.stored == ["a", "b"]


async def test_the_second_batch_does_not_wait_where_the_pace_is_known():
    endpoint, table = Endpoint(), Table()

    async with Saving(endpoint.make, table.save, is_pace_known=True) as save:
        await save(batch("a"))
        assert save.is_open
        await save(batch("b"))
        await settle()
        assert endpoint.asked == ["a", "b"]
        endpoint.answer("a", "b")

    assert table.stored == ["a", "b"]


async def test_what_is_embedded_out_of_order_is_stored_in_order():
    endpoint, table = Endpoint(), Table()
    endpoint.answer("a")

    async with Saving(endpoint.make, table.save) as save:
        for name in "abcd":
            await save(batch(name))
        endpoint.answer("d", "c")
        await settle()
        assert (endpoint.asked, table.stored) == (["a", "b", "c", "d"], ["a"])
        endpoint.answer("b")

    assert table.stored == ["a", "b", "c", "d"]


async def test_only_so_many_are_embedded_at_once_and_only_so_many_wait_to_be_stored():
    endpoint, table = Endpoint(), Table()
    table.may_store.clear()
    names = [str(number) for number in range(MOST_UNDER_WAY + 1)]
    endpoint.answer(names[0])

    async with Saving(endpoint.make, table.save) as save:
        for name in names[:-1]:
            await save(batch(name))
        await settle()
        assert endpoint.asked == names[: 1 + MOST_AT_ONCE]
        endpoint.answer(*names[1:])
        more = asyncio.create_task(wait_for(save(batch(names[-1]))))
        await settle()
        assert endpoint.asked == names[:MOST_UNDER_WAY]
        table.may_store.set()
        assert await more

    assert table.stored == names


async def test_a_failure_is_raised_with_the_next_batch():
    endpoint, table = Endpoint(), Table()
    endpoint.fail("a")

    async def read() -> None:
        async with Saving(endpoint.make, table.save) as save:
            await save(batch("a"))
            await settle()
            await save(batch("b"))
            raise AssertionError

    with pytest.raises(ValueError, match="a"):
        await read()

    assert endpoint.asked == ["a"]


async def wait_for(awaitable: Awaitable[bool]) -> bool:
    return await awaitable


async def test_nothing_is_stored_behind_a_batch_that_came_too_late():
    endpoint, table = Endpoint(), Table()
    endpoint.answer("a", "c")
    endpoint.is_late("b")

    async with Saving(endpoint.make, table.save) as save:
        for name in "abc":
            await save(batch(name))
        assert not await save.finish()

    assert table.stored == ["a"]


async def test_who_goes_on_is_told_that_the_time_is_up():
    endpoint, table = Endpoint(), Table()
    endpoint.is_late("a")

    async with Saving(endpoint.make, table.save) as save:
        await save(batch("a"))
        await settle()
        endpoint.answer("b")
        assert not await save(batch("b"))

    assert table.stored == []


async def test_what_was_embedded_before_a_failure_is_stored_and_the_rest_is_given_up():
    endpoint, table = Endpoint(), Table()
    endpoint.answer("a", "b")
    endpoint.fail("c")

    async def read() -> None:
        async with Saving(endpoint.make, table.save) as save:
            for name in "abcd":
                await save(batch(name))

    with pytest.raises(ValueError, match="c"):
        await read()  # "d" is never answered

    assert table.stored == ["a", "b"]


@pytest.mark.parametrize("names", ["a", "abcdefghij"])
async def test_what_cannot_be_stored_is_raised(names: str):
    endpoint = Endpoint()
    endpoint.answer(*names)

    async def lose(_: Slice) -> None:
        raise ValueError("lost")

    async def read() -> None:
        async with Saving(endpoint.make, lose) as save:
            for name in names:
                await save(batch(name))

    with pytest.raises(ValueError, match="lost"):
        await read()


async def test_a_batch_is_kept_when_the_next_cannot_be_read():
    endpoint, table = Endpoint(), Table()
    endpoint.answer("a", "b")

    async def read() -> None:
        async with Saving(endpoint.make, table.save) as save:
            await save(batch("a"))
            await save(batch("b"))
            raise KeyError

    with pytest.raises(KeyError):
        await read()

    assert table.stored == ["a", "b"]


@pytest.mark.parametrize("hold", [lambda table: table.may_store.clear(), lambda _: None])
async def test_who_is_cancelled_leaves_nothing_running(hold: Callable[[Table], None]):
    endpoint, table = Endpoint(), Table()
    endpoint.answer("a")
    before = asyncio.all_tasks()
    hold(table)

    async def read() -> None:
        async with Saving(endpoint.make, table.save) as save:
            await save(batch("a"))
            await save(batch("b"))
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert asyncio.all_tasks() == before

"""Slices are stored in their order, one at a time, while the next one is made."""

import asyncio
from typing import cast

import pytest

from lib.adapters.files import Slice
from lib.services.saving import Saving

pytestmark = pytest.mark.anyio


def part(name: str) -> Slice:
    return cast("Slice", name)


class Table:
    """Stores when it is told to, and notes it."""

    def __init__(self) -> None:
        self.stored: list[Slice] = []
        self.may_store = asyncio.Event()

    async def save(self, one: Slice) -> None:
        await self.may_store.wait()
        self.stored.append(one)


async def test_the_next_slice_can_be_made_while_one_is_stored():
    table = Table()

    async with Saving(table.save) as save:
        await save(part("first"))  # returns, though nothing is stored yet
        assert table.stored == []
        table.may_store.set()
        await save(part("second"))
        assert table.stored == ["first"]

    assert table.stored == ["first", "second"]


async def test_what_fails_is_raised_with_the_next_slice():
    async def fail(_: Slice) -> None:
        raise ValueError("lost")

    async def read() -> None:
        async with Saving(fail) as save:
            await save(part("first"))
            await save(part("second"))

    with pytest.raises(ValueError, match="lost"):
        await read()


async def test_what_fails_last_is_raised_at_the_end():
    async def fail(_: Slice) -> None:
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        async with Saving(fail) as save:
            await save(part("first"))


async def test_a_slice_is_kept_when_the_next_cannot_be_made():
    table = Table()

    async def read() -> None:
        async with Saving(table.save) as save:
            await save(part("first"))
            table.may_store.set()
            raise KeyError

    with pytest.raises(KeyError):
        await read()

    assert table.stored == ["first"]


async def test_who_is_cancelled_leaves_nothing_running():
    table = Table()

    async def read() -> None:
        async with Saving(table.save) as save:
            await save(part("first"))
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    table.may_store.set()
    await asyncio.sleep(0)

    assert table.stored == []

"""Batches embedded some at a time and stored in their order, one at a time, while more of the file is read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from lib.adapters.files import Slice
from lib.services.slices import Batch

# Given to the endpoint at a time.
MOST_AT_ONCE = 4
# With those that wait to be stored, so that the endpoint does not wait for the database. A reader that is killed loses no more.
MOST_UNDER_WAY = 6


@dataclass(frozen=True)
class _Part:
    made: asyncio.Task[Slice | None]
    stored: asyncio.Task[bool]


class Saving:
    """Makes a slice of each batch, several at once, and stores them one after the other in the order of the batches.

    Unless it is known how much the endpoint takes, the second batch waits until the first has been embedded: whoever has
    something else to do until then looks at `is_open`.
    What goes wrong is raised with one of the next batches, or at the end of the block; all before it is stored.
    """

    def __init__(
        self,
        make: Callable[[Batch], Coroutine[Any, Any, Slice | None]],
        save: Callable[[Slice], Awaitable[None]],
        *,
        is_pace_known: bool = False,
    ) -> None:
        """Take `make`, which embeds a batch (None: the time is up), and `save`, which stores a slice."""
        self._make, self._save = make, save
        self._is_pace_known = is_pace_known
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._parts: deque[_Part] = deque()
        self._first: asyncio.Task[Slice | None] | None = None
        self._last: _Part | None = None
        self._is_in_time = True

    @property
    def is_open(self) -> bool:
        """Tell whether a batch does not have to wait for the first one."""
        return self._is_pace_known or self._first is None or self._first.done()

    async def __call__(self, batch: Batch) -> bool:
        """Begin with a batch as soon as there is room; False where the time is up."""
        await self.until_open()
        while self._parts and (self._parts[0].stored.done() or self._is_full()):
            await self._wait_for_first()
        made = asyncio.create_task(self._make_in_turn(batch))
        part = _Part(made, asyncio.create_task(self._store(made, self._last)))
        self._parts.append(part)
        self._first = self._first or made
        self._last = part
        return self._is_in_time

    async def until_open(self) -> None:
        """Wait until it is known how much the endpoint takes."""
        if self._first and not self.is_open:
            await asyncio.wait([self._first])

    def _is_full(self) -> bool:
        return len(self._parts) >= MOST_UNDER_WAY

    async def finish(self) -> bool:
        """Wait until all is stored; False where the time was up before."""
        while self._parts:
            await self._wait_for_first()
        return self._is_in_time

    async def _make_in_turn(self, batch: Batch) -> Slice | None:
        async with self._turns:
            return await self._make(batch)

    async def _store(self, made: asyncio.Task[Slice | None], before: _Part | None) -> bool:
        """Store a slice after the one before it, and only if that was stored: there is never a gap."""
        part = await made
        self._is_in_time = self._is_in_time and part is not None
        if (before and not await before.stored) or part is None:
            return False
        await self._save(part)
        return True

    async def _wait_for_first(self) -> None:
        try:
            await self._parts[0].stored
        except Exception:
            await self._stop()  # what follows could not be stored
            raise
        self._parts.popleft()

    async def _stop(self) -> None:
        parts = list(self._parts)
        self._parts.clear()
        for part in parts:
            part.made.cancel()
            part.stored.cancel()
        await asyncio.gather(*(part.made for part in parts), return_exceptions=True)
        await asyncio.gather(*(part.stored for part in parts), return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await self.finish()
            elif isinstance(error, Exception):
                # What is being embedded already is kept; the error that is on its way comes first.
                with suppress(Exception):
                    await self.finish()
        finally:
            await self._stop()

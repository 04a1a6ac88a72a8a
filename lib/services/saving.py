"""Slices of a file stored in their order, each one while the next is read and embedded."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from lib.adapters.files import Slice


class Saving:
    """Stores one slice at a time. What goes wrong is raised with the next slice, or at the end of the block."""

    def __init__(self, save: Callable[[Slice], Awaitable[None]]) -> None:
        self._save = save
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, part: Slice) -> None:
        await self._finish()
        self._running = asyncio.create_task(self._store(part))

    async def _store(self, part: Slice) -> None:
        await self._save(part)

    async def _finish(self) -> None:
        running, self._running = self._running, None
        if running:
            await running

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self._finish()
        elif isinstance(error, Exception):
            # What was embedded already is kept; the error that is on its way comes first.
            with suppress(Exception):
                await self._finish()
        elif self._running:
            self._running.cancel()

"""One deadline for all that a request does: no call of its making waits longer than what is left."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Deadline:
    """How long a request may take, counted from when it had arrived in full."""

    seconds: float
    _started_at: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """Count from now: the last of the body has come, however slow the client's line is."""
        self._started_at = time.monotonic()

    def allow(self, seconds: float) -> None:
        """Give this kind of request so many seconds in all."""
        self.seconds = seconds

    @property
    def remaining_seconds(self) -> float:
        return self._started_at + self.seconds - time.monotonic()


_deadline: ContextVar[Deadline] = ContextVar("deadline")


def start_deadline(seconds: float) -> Deadline:
    """Begin the time of a new request."""
    deadline = Deadline(seconds)
    _deadline.set(deadline)
    return deadline


def current_deadline() -> Deadline:
    """Return the deadline of this request; where there is no request, there is none."""
    return _deadline.get(None) or start_deadline(math.inf)


def limit(seconds: float = math.inf) -> asyncio.Timeout:
    """Return the timeout of one call: its own, or what is left of the request if that is less."""
    left = min(seconds, current_deadline().remaining_seconds)
    return asyncio.timeout(None if math.isinf(left) else left)


async def until_deadline(source: AsyncIterable[T]) -> AsyncGenerator[T]:
    """Yield what comes until it ends, or raise TimeoutError at the deadline: a slow drip is cut too.

    To one task: there is one timeout for all waits, because one for each costs as much again as the item.
    """
    iterator, loop = aiter(source), asyncio.get_running_loop()
    async with asyncio.timeout(None) as timeout:
        while True:
            left = current_deadline().remaining_seconds
            timeout.reschedule(None if math.isinf(left) else loop.time() + left)
            try:
                item = await anext(iterator)
            except StopAsyncIteration:
                return
            timeout.reschedule(None)  # it runs during the wait only, never during a yield
            yield item

"""Trying again: only what can help, at random moments, and never so often that it adds to the trouble."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lib.adapters.deadlines import current_deadline

T = TypeVar("T")

_MOST_RETRIES = 2
_FIRST_PAUSE_SECONDS = 0.1
# Who is told to wait longer is better told so than kept waiting.
_LONGEST_WAIT_SECONDS = 5.0
# With everybody trying again three times, a dependency in trouble gets three times the load.
_RETRIES_PER_CALL = 0.1
_MOST_SAVED = 5.0
# System randomness: instances that are thawed copies of one another must not agree on their moments.
_random = random.SystemRandom()


class Budget:
    """How many retries this instance may still make: a tenth of its calls, and a few to begin with."""

    def __init__(self) -> None:
        self._saved = _MOST_SAVED

    def earn(self) -> None:
        self._saved = min(self._saved + _RETRIES_PER_CALL, _MOST_SAVED)

    def spend(self) -> bool:
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


_budget = Budget()


async def retrying(
    call: Callable[[], Awaitable[T]], least_wait: Callable[[Exception, int], float | None]
) -> T:
    """Await `call`, and again where it failed in a way that may pass.

    Args:
        call: Makes the call anew each time.
        least_wait: From an exception and the number of retries so far, how many seconds to wait at
            least; None where trying again cannot help.
    """
    _budget.earn()
    for retry in range(_MOST_RETRIES):
        try:
            return await call()
        except Exception as error:
            wait = _choose_wait(least_wait(error, retry), retry)
            if wait is None or not _budget.spend():
                raise
        await asyncio.sleep(wait)
    return await call()


def _choose_wait(least: float | None, retry: int) -> float | None:
    """Return a random time, longer after each retry, on top of what was asked for (full jitter)."""
    if least is None:
        return None
    wait = least + _random.uniform(0, _FIRST_PAUSE_SECONDS * 2**retry)
    return wait if wait < min(_LONGEST_WAIT_SECONDS, current_deadline().remaining_seconds) else None

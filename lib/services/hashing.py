"""Hash passwords off the event loop, one at a time per core, and refuse whom it would keep waiting."""

import asyncio
import math
import os
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from lib.domain.problems import Busy

T = TypeVar("T")

# A person waits so long for a sign-in; after that they try again and make the queue longer.
_MAX_WAIT_SECONDS = 10.0
# bcrypt at cost 10 on a slow core; from the first hash on, what was measured.
_FIRST_GUESS_SECONDS = 0.1
_WEIGHT_OF_LATEST = 0.2


class HashingQueue:
    """bcrypt lets go of the interpreter lock while it works, so a thread per core is enough."""

    def __init__(
        self, *, workers: int | None = None, seconds: float = _FIRST_GUESS_SECONDS
    ) -> None:
        """Prepare the queue; threads start with the first hash.

        Args:
            workers: How many hashes at a time; as many as this process has cores.
            seconds: How long one takes, until that has been measured.
        """
        self._workers = workers or _core_count()
        self._executor = ThreadPoolExecutor(self._workers, thread_name_prefix="hashing")
        self._seconds = seconds
        self._admitted = 0

    @contextmanager
    def place(self) -> Generator[None]:
        """Take a place in the queue, before anything is counted against who asks.

        Raises:
            Busy: Those who came before would take too long.
        """
        wait_seconds = self._admitted / self._workers * self._seconds
        if wait_seconds > _MAX_WAIT_SECONDS:
            raise Busy(retry_after_seconds=math.ceil(wait_seconds))
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work when its turn comes; the caller has a place."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._measured, work
        )

    def _measured(self, work: Callable[[], T]) -> T:
        started_at = time.perf_counter()
        try:
            return work()
        finally:
            seconds = time.perf_counter() - started_at
            self._seconds += (seconds - self._seconds) * _WEIGHT_OF_LATEST


def _core_count() -> int:
    """Count the cores this process may use, which a container may have cut down."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

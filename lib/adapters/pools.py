"""Connections kept in small pools, of which there are as many as it takes.

One large pool of httpcore's gets slow and forgetful. At each call it asks the system of every idle connection whether the
other end has closed it, and it compares with the number that it may keep idle all that are open, in use or not: one that
may keep a hundred took ten times as long for a call as one that may keep twenty, and of one that may keep fewer than are
open what falls idle is closed, and opened again for the next call (bench/http2.py).
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import httpx


class _Pool:
    """One pool, and how many of its connections are in use."""

    def __init__(self, transport: httpx.AsyncBaseTransport, now: float) -> None:
        self.transport = transport
        self.in_use = 0
        self.used_at = now


class _Body(httpx.AsyncByteStream):
    """What follows the headers of an answer; with its end a connection is free."""

    def __init__(self, body: httpx.AsyncByteStream, leave: Callable[[], None]) -> None:
        self._body, self._leave = body, leave
        self._is_open = True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._body)

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            if self._is_open:
                self._is_open = False
                self._leave()


class Pools(httpx.AsyncBaseTransport):
    """Gives each call to the first pool with room, so that few calls use few connections."""

    def __init__(
        self,
        make: Callable[[], httpx.AsyncBaseTransport],
        *,
        size: int,
        most: int,
        kept_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with one pool.

        Args:
            make: Makes a pool of at most `size` connections.
            size: Calls that one pool is given at once.
            most: Connections of all pools; beyond them a call waits in the pool that has the fewest.
            kept_seconds: A pool that nobody has used for so long is closed at the next call, unless it is the first.
            clock: Seconds that only grow.
        """
        self._make, self._size, self._most_pools = make, size, -(-most // size)
        self._kept_seconds, self._clock = kept_seconds, clock
        # What it imports is no part of the first call.
        self._pools = [_Pool(make(), clock())]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._close_unused()
        pool = self._choose()
        pool.in_use += 1

        def leave() -> None:
            pool.in_use -= 1
            pool.used_at = self._clock()

        try:
            answer = await pool.transport.handle_async_request(request)
        except BaseException as error:
            if isinstance(error, httpx.PoolTimeout) and pool.in_use <= self._size:
                self._give_up(pool)
            leave()
            raise
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # nosec B101 # narrows a type
        answer.stream = _Body(answer.stream, leave)
        return answer

    def _choose(self) -> _Pool:
        for pool in self._pools:
            if pool.in_use < self._size:
                return pool
        if len(self._pools) == self._most_pools:
            return min(self._pools, key=lambda pool: pool.in_use)
        self._pools.append(_Pool(self._make(), self._clock()))
        return self._pools[-1]

    def _give_up(self, pool: _Pool) -> None:
        """Let go of a pool that has room and lets nobody in.

        httpcore can lose a connection whose call is cancelled before it has begun: it counts, and nobody gets it again.
        Who is in it stays to the end; what is idle in it goes with the pool.
        """
        if pool in self._pools:
            self._pools.remove(pool)

    async def _close_unused(self) -> None:
        while unused := next(filter(self._is_unused, self._pools[1:]), None):
            self._pools.remove(unused)
            with suppress(Exception):  # the call that comes by is not to fail for it
                await unused.transport.aclose()

    def _is_unused(self, pool: _Pool) -> bool:
        return pool.in_use == 0 and self._clock() - pool.used_at > self._kept_seconds

    async def aclose(self) -> None:
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.transport.aclose()

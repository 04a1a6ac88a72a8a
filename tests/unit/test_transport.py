"""The HTTP clients: how many of their connections are kept, and what of their time is a wait."""

import asyncio
import contextlib
import functools
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from lib.adapters import transport
from lib.adapters.pools import Pools

pytestmark = pytest.mark.anyio

MANY = 60
CLIENTS = ["supabase_client", "model_client"]


class Server:
    """Answers calls together, once as many have come as it expects: each has a connection of its own."""

    def __init__(self) -> None:
        self.opened = self.open = 0
        self.url = ""
        self.heads: list[bytes] = []
        self._together, self._changed = asyncio.Barrier(1), asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count(opened=1)
        with contextlib.suppress(asyncio.IncompleteReadError):  # the client closes it
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.lower())
                self._changed.set()
                await self._together.wait()
                writer.write(b"HTTP/1.1 200 So\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        self._count(closed=1)
        writer.close()

    def _count(self, opened: int = 0, closed: int = 0) -> None:
        self.opened, self.open = self.opened + opened, self.open + opened - closed
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def expect(self, calls: int) -> None:
        self._together = asyncio.Barrier(calls)

    async def meet(self, client: httpx.AsyncClient, calls: int) -> None:
        self.expect(calls)
        await self.get(client, calls)

    async def get(self, client: httpx.AsyncClient, calls: int) -> None:
        await asyncio.gather(*[client.get(self.url) for _ in range(calls)])


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=MANY)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have clients of its own made for this test; those of this process stay with who uses them."""
    for name in CLIENTS:
        made = getattr(transport, name).__wrapped__
        monkeypatch.setattr(transport, name, functools.cache(made))


@pytest.mark.usefixtures("anew")
async def test_supabase_keeps_its_connections_while_many_answers_are_open() -> None:
    async with (
        transport.model_client() as answering,
        transport.supabase_client() as calling,
        serving() as model,
        serving() as supabase,
    ):
        # One more is expected than is asked for, so that they stay open.
        model.expect(MANY + 1)
        answers = asyncio.create_task(model.get(answering, MANY))
        await model.until(lambda: model.open == MANY)

        for _ in range(3):
            await supabase.meet(calling, MANY)

        assert supabase.opened == MANY
        await model.get(answering, 1)
        await answers


@pytest.mark.usefixtures("anew")
async def test_connections_are_kept_while_others_are_in_use() -> None:
    async with transport.supabase_client() as calling, serving() as supabase:
        await supabase.meet(calling, MANY)
        # One more is expected than is asked for, so that they stay in use.
        supabase.expect(MANY)
        held = asyncio.create_task(supabase.get(calling, MANY - 1))
        await supabase.until(lambda: len(supabase.heads) == 2 * MANY - 1)
        await supabase.get(calling, 1)
        await held

        assert (supabase.opened, supabase.open) == (MANY, MANY)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def pools(clock: Clock, size: int, most: int) -> httpx.AsyncClient:
    """Return a client whose connections are kept for 30 seconds of that clock."""

    def make() -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(max_connections=size, max_keepalive_connections=size)
        return httpx.AsyncHTTPTransport(limits=limits)

    made = Pools(make, size=size, most=most, kept_seconds=30, clock=clock)
    return httpx.AsyncClient(transport=made, timeout=10)


async def test_pools_that_nobody_uses_any_more_are_closed() -> None:
    clock = Clock()
    async with pools(clock, 5, MANY) as calling, serving() as server:
        await server.meet(calling, MANY)
        clock.now = 29
        await server.meet(calling, 5)
        assert server.open == MANY

        clock.now = 31
        await server.meet(calling, 5)

        await server.until(lambda: server.open == 5)
        assert server.opened == MANY


async def test_beyond_the_most_a_call_waits_for_a_connection() -> None:
    async with pools(Clock(), 5, 10) as calling, serving() as server:
        server.expect(10)
        await server.get(calling, 30)

        assert server.opened == 10


async def test_what_fails_leaves_its_place() -> None:
    async with pools(Clock(), 2, 4) as calling, serving() as server:
        await server.meet(calling, 1)
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                await calling.get("http://127.0.0.1:1")
        await server.meet(calling, 1)

        # In a full pool there would have been no room, and in another no connection.
        assert server.opened == 1


class Stuck(httpx.AsyncBaseTransport):
    """A pool that has lost its connections: nobody is let in."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.PoolTimeout("no connection is free", request=request)


class Sound(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, request=request, stream=Pieces([]))


async def test_a_pool_that_lets_nobody_in_is_given_up() -> None:
    made = iter([Stuck(), Sound()])
    pooled = Pools(lambda: next(made), size=5, most=MANY, kept_seconds=30)
    async with httpx.AsyncClient(transport=pooled) as calling:
        with pytest.raises(httpx.PoolTimeout):
            await calling.get("http://127.0.0.1:1")

        answer = await calling.get("http://127.0.0.1:1")

    assert answer.status_code == 200


@pytest.mark.parametrize("seconds", [2, 8, 45])
def test_a_pool_that_lets_nobody_in_is_noticed_in_the_time_of_a_call(seconds: float) -> None:
    assert (transport.timeouts(seconds).pool or seconds) < seconds


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("name", CLIENTS)
async def test_what_is_not_told_otherwise_waits_for_a_place_as_long(name: str) -> None:
    async with getattr(transport, name)() as client:
        assert client.timeout.pool == transport.timeouts(10).pool


class Unclosable(Sound):
    async def aclose(self) -> None:
        raise OSError("the other end is gone")


async def test_a_call_does_not_fail_for_a_pool_that_cannot_be_closed() -> None:
    clock = Clock()
    made: list[httpx.AsyncBaseTransport] = [Sound(), Unclosable(), Unclosable(), Sound()]
    pooled = Pools(lambda: made.pop(0), size=1, most=3, kept_seconds=30, clock=clock)
    async with httpx.AsyncClient(transport=pooled) as calling:
        url = "http://127.0.0.1:1"
        streams = (calling.stream("GET", url) for _ in range(3))
        async with next(streams), next(streams), next(streams):
            pass
        clock.now = 31

        answer = await calling.get(url)

        async with calling.stream("GET", url), calling.stream("GET", url):
            assert (answer.status_code, made) == (200, [])


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("name", CLIENTS)
async def test_the_cookie_of_a_gateway_is_not_sent_back(name: str) -> None:
    async with getattr(transport, name)() as client, serving() as server:
        for _ in range(2):
            await server.get(client, 1)

    assert len(server.heads) == 2
    assert not any(b"cookie" in head for head in server.heads)


class Pieces(httpx.AsyncByteStream):
    """A body in pieces that knows how long they and its end took; it may break off after the last."""

    def __init__(self, pieces: list[bytes], *, breaks_off: bool = False) -> None:
        self._pieces, self._breaks_off = pieces, breaks_off
        self.waited, self.is_closed = 0.0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await self._wait()
            yield piece
        await self._wait()
        if self._breaks_off:
            raise httpx.ReadError("the other end is gone")

    async def _wait(self, turns: int = 50) -> None:
        began = time.perf_counter()
        for _ in range(turns):
            await asyncio.sleep(0)
        self.waited += time.perf_counter() - began

    async def aclose(self) -> None:
        await self._wait(turns=500)
        self.is_closed = True


def read_slowly() -> float:
    """Be busy for a while, and return for how long."""
    began = time.perf_counter()
    sum(range(20_000))
    return time.perf_counter() - began


async def test_a_trace_has_the_waits_for_a_body_and_not_what_is_made_of_it() -> None:
    trace, body = transport.start_trace(), Pieces([b"a"] * 5)
    answer = httpx.Response(200, stream=body)
    with transport.traced_call("model"):
        pass
    until_headers = trace.seconds["model"]
    own = 0.0

    transport.trace_body(answer, "model")
    began = time.perf_counter()
    async for _ in answer.aiter_bytes():
        own += read_slowly()
    whole = time.perf_counter() - began

    assert body.waited <= trace.seconds["model"] - until_headers <= whole - own
    assert trace.counts == {"model": 1}
    assert len(trace.calls) == 1
    assert body.is_closed


async def test_a_trace_has_the_wait_for_what_never_came() -> None:
    trace, body = transport.start_trace(), Pieces([], breaks_off=True)
    answer = httpx.Response(200, stream=body)

    transport.trace_body(answer, "model")
    with pytest.raises(httpx.ReadError):
        await answer.aread()

    assert 0 < body.waited <= trace.seconds["model"]


def test_nobody_pays_for_http2_who_does_not_speak_it():
    # In a process of its own: other tests may have asked for it.
    program = (
        "import sys, lib.adapters.transport as transport\n"
        "transport.supabase_client()\n"
        "assert 'httpcore' in sys.modules and 'h2' not in sys.modules\n"
        "import h2.connection\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True)

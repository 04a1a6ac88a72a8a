"""The server of bench/http2.py, and that each of its clients speaks as it is to."""

import asyncio
import ssl
from collections.abc import Iterator
from typing import TypeVar

import pytest
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, StreamEnded
from h2.settings import SettingCodes

from bench.http2 import OTHERS, OURS, Bench, Kind, Load, serving
from bench.http2_server import Http2
from lib.adapters.transport import make_client

pytestmark = pytest.mark.anyio

CALL, ANSWER = Load("calls", "/?delay=0", 10, 6), Load("answers", "/?delay=0&words=3", 10, 6)
NEVER = "/?delay=3600000"
SomeEvent = TypeVar("SomeEvent", bound=Event)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, ssl.SSLContext]]:
    with serving() as started:
        yield started


@pytest.mark.parametrize("load", [CALL, ANSWER], ids=lambda load: load.title)
@pytest.mark.parametrize("kind", [OURS, *OTHERS], ids=lambda kind: kind.name)
async def test_every_client_is_answered_as_it_speaks(
    server: tuple[str, ssl.SSLContext], kind: Kind, load: Load
) -> None:
    seen = await Bench(*server, lambda: 0).measure(load, kind, 3)

    assert seen.worked > 0
    assert 0 < seen.p50 <= seen.p95


@pytest.mark.parametrize("load", [CALL, ANSWER], ids=lambda load: load.title)
async def test_both_versions_answer_the_same(
    server: tuple[str, ssl.SSLContext], load: Load
) -> None:
    url, tls = server

    async with make_client(1, tls) as older, make_client(1, tls, http2=True) as newer:
        first, second = await older.post(url + load.path), await newer.post(url + load.path)

    assert (first.http_version, second.http_version) == ("HTTP/1.1", "HTTP/2")
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    if load is CALL:
        assert len(first.json()) == 20
    else:
        assert [f"word{number} " in first.text for number in range(4)] == [True] * 3 + [False]
        assert first.text.endswith("\n\ndata: [DONE]\n\n")


class Pair(asyncio.Transport):
    """A client, and the server's connection to it with no network between them."""

    def __init__(self) -> None:
        super().__init__()
        self.client, self.connections, self.closed = H2Connection(), set(), False
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._server = Http2(self.connections)
        self.client.initiate_connection()
        self._server.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        for event in self.client.receive_data(bytes(data)):  # refuses more than its window
            self._events.put_nowait(event)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def deliver(self, more: bytes = b"") -> None:
        self._server.data_received(self.client.data_to_send() + more)

    def ask(self, path: str) -> int:
        stream = self.client.get_next_available_stream_id()
        names = {":method": "POST", ":scheme": "https", ":authority": "bench", ":path": path}
        self.client.send_headers(stream, list(names.items()))
        self.client.send_data(stream, b"{}", end_stream=True)
        self.deliver()
        return stream

    async def next(self, kind: type[SomeEvent]) -> SomeEvent:
        async with asyncio.timeout(10):
            while not isinstance(event := await self._events.get(), kind):
                pass
        return event

    def shut_down(self) -> None:
        for connection in self.connections:
            connection.shutdown()


async def test_a_stream_that_waits_keeps_no_other_from_its_answer() -> None:
    pair = Pair()

    pair.ask(NEVER)
    called = pair.ask(CALL.path)

    assert (await pair.next(StreamEnded)).stream_id == called


async def test_a_stream_that_is_reset_is_given_up_alone() -> None:
    pair, others = Pair(), asyncio.all_tasks()
    waiting = pair.ask(NEVER)
    (answering,) = asyncio.all_tasks() - others

    pair.client.reset_stream(waiting)
    called = pair.ask(CALL.path)

    assert answering.cancelling()
    assert (await pair.next(StreamEnded)).stream_id == called
    assert not pair.closed


async def test_an_answer_goes_on_when_the_window_opens() -> None:
    pair = Pair()
    pair.client.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    pair.deliver()

    stream = pair.ask(CALL.path)
    first = await pair.next(DataReceived)
    pair.client.increment_flow_control_window(10_000, stream)
    pair.deliver()
    second = await pair.next(DataReceived)

    assert len(first.data) == 1000
    assert len(first.data + second.data) > 1000
    assert second.stream_ended


async def test_a_server_that_ends_says_so_and_gives_up_its_answers() -> None:
    pair, others = Pair(), asyncio.all_tasks()
    stream = pair.ask(NEVER)
    (answering,) = asyncio.all_tasks() - others

    pair.shut_down()

    assert (await pair.next(ConnectionTerminated)).last_stream_id == stream
    assert answering.cancelling()
    assert pair.closed


async def test_what_breaks_the_protocol_ends_the_connection() -> None:
    pair = Pair()

    pair.deliver(b"\0\0\0\0\0\0\0\0\0")  # DATA of stream 0

    assert (await pair.next(ConnectionTerminated)).error_code
    assert pair.closed

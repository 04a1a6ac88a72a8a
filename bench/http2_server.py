"""What bench/http2.py asks: HTTP/1.1 by uvicorn or HTTP/2 by h2, over TLS, whichever the client can (ALPN).

`python -m bench.http2_server <PEM file of a key and its certificate>` says its port. An answer only takes time. Both
versions send the same headers and write as often, so that neither spares the client a read.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import uvicorn
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from uvicorn.protocols.http.h11_impl import H11Protocol

from dev.ports import HOST

# Some 2 kB: a page of a list of chats.
_CHAT = {
    "chat_id": "3f0e1b5c-6a53-4ad8-9d0c-52f1c2a7d6b1",
    "title": "Light reactions",
    "query_count": 3,
}
_CHATS = json.dumps([_CHAT] * 20, separators=(",", ":")).encode()
_EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"word%d "}}]}\n\n'
_LAST_EVENT = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Answer:
    """What is answered: so many seconds before each part."""

    delay: float
    headers: list[tuple[bytes, bytes]]
    parts: list[bytes]


def answer_to(query: str) -> Answer:
    """Return the words of an answer, one every `delay` milliseconds, or without `words` a call's whole body after it."""
    asked = {name: int(value) for name, value in parse_qsl(query)}
    delay = asked["delay"] / 1000
    if words := asked.get("words"):
        parts = [(_EVENT % number).encode() for number in range(words)]
        parts[-1] += _LAST_EVENT
        return Answer(delay, [(b"content-type", b"text/event-stream")], parts)
    length = (b"content-length", b"%d" % len(_CHATS))
    return Answer(delay, [(b"content-type", b"application/json"), length], [_CHATS])


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer by HTTP/1.1."""
    while (await receive()).get("more_body"):
        pass
    answer = answer_to(scope["query_string"].decode())
    await asyncio.sleep(answer.delay)
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
    for part in answer.parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(answer.delay)
    await send({"type": "http.response.body", "body": answer.parts[-1]})


class Http2(asyncio.Protocol):
    """A connection that speaks HTTP/2: each request is read to its end, then answered beside the others."""

    def __init__(self, connections: set[Any]) -> None:
        """Keep itself among the `connections` that are told to shut down."""
        self._connections = connections
        self._h2 = H2Connection(H2Configuration(client_side=False))
        self._paths: dict[int, bytes] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._window_changed = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as asyncio documents it for streams
        self._transport = transport
        self._connections.add(self)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except ProtocolError:  # the GOAWAY that says which waits to be sent
            self._close()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 # it is over either way
        self._connections.discard(self)
        self._stop()

    def shutdown(self) -> None:
        """Say GOAWAY and close; what is not answered by now is not."""
        self._h2.close_connection()
        self._close()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._paths[event.stream_id] = dict(event.headers)[b":path"]
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self._begin(event.stream_id, self._paths.pop(event.stream_id))
            case StreamReset():
                self._give_up(event.stream_id)
            case WindowUpdated() | RemoteSettingsChanged():
                self._window_changed.set()
            case ConnectionTerminated():
                self._close()

    def _begin(self, stream: int, path: bytes) -> None:
        task = asyncio.create_task(self._answer(stream, answer_to(urlsplit(path).query.decode())))
        self._tasks[stream] = task
        task.add_done_callback(partial(self._end, stream))

    def _end(self, stream: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(stream, None)
        if not task.cancelled() and (error := task.exception()):
            self._transport.abort()  # rather than let the client wait for the rest
            raise error

    def _give_up(self, stream: int) -> None:
        self._paths.pop(stream, None)
        if task := self._tasks.get(stream):
            task.cancel()

    async def _answer(self, stream: int, answer: Answer) -> None:
        await asyncio.sleep(answer.delay)
        self._h2.send_headers(stream, [(b":status", b"200"), *answer.headers])
        self._flush()
        for part in answer.parts[:-1]:
            await self._send(stream, part)
            await asyncio.sleep(answer.delay)
        await self._send(stream, answer.parts[-1], last=True)

    async def _send(self, stream: int, part: bytes, *, last: bool = False) -> None:
        while part:
            size = await self._sendable(stream)
            now, part = part[:size], part[size:]
            self._h2.send_data(stream, now, end_stream=last and not part)
            self._flush()

    async def _sendable(self, stream: int) -> int:
        """Wait until the client's windows, of the stream and of the connection, are open; return by how many bytes."""
        while (window := self._h2.local_flow_control_window(stream)) <= 0:
            self._window_changed.clear()
            await self._window_changed.wait()
        return min(window, self._h2.max_outbound_frame_size)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)

    def _close(self) -> None:
        self._stop()
        self._flush()
        self._transport.close()

    def _stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()


class EitherVersion(asyncio.Protocol):
    """Becomes a connection of the version that ALPN chose; uvicorn makes one for each."""

    alpn_protocols: ClassVar[list[str]] = ["h2", "http/1.1"]  # where uvicorn looks for them

    def __init__(self, **given: Any) -> None:
        self._given = given

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # see above
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            chosen = Http2(self._given["server_state"].connections)
        else:
            chosen = H11Protocol(**self._given)
        transport.set_protocol(chosen)
        chosen.connection_made(transport)


def main() -> None:
    config = uvicorn.Config(
        application,
        http=EitherVersion,
        ws="none",
        lifespan="off",
        ssl_certfile=sys.argv[1],
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,  # a busy machine may need longer than 5 s for a turn of all clients
        timeout_graceful_shutdown=1,
    )
    # As in dev/serving.py: of another socket asyncio leaves Nagle's algorithm on.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind((HOST, 0))
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

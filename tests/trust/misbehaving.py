"""What stands between the functions and all they call, and misbehaves over real HTTP at the call it is told to."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from dev.ports import HOST

_HEAD_END = b"\r\n\r\n"
_DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Call:
    """One request that came by: to which dependency, and for what."""

    dependency: str
    method: str
    path: str
    body: bytes = b""

    @property
    def name(self) -> str:
        """What it asks for, whatever of: a function, or a route of storage without the object's key."""
        path = urlsplit(self.path).path
        if self.dependency == "storage":
            return f"{self.method} {path.partition('/files/')[0]}"
        return path.rpartition("/")[2]


class Exchange:
    """One call that is about to go wrong."""

    def __init__(
        self, request: bytes, address: str, reader: asyncio.StreamReader, writer: Any
    ) -> None:
        self._request, self._address = request, address
        self._reader, self.writer = reader, writer

    async def forward(self) -> bytes:
        """Let the dependency do what it was asked for; return its whole answer."""
        async with aclosing(self.relay()) as pieces:
            return b"".join([piece async for piece in pieces])

    async def relay(self) -> AsyncGenerator[bytes]:
        target = urlsplit(self._address)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        try:
            writer.write(self._request)
            while piece := await reader.read(65536):
                yield piece
        finally:
            writer.transport.abort()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def wait_until_gone(self) -> None:
        """Keep the connection open until the caller closes it."""
        await self._reader.read()

    def reset(self) -> None:
        """End the connection at once, as a machine does that has lost its memory of it."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]


async def pass_on(exchange: Exchange) -> None:
    async with aclosing(exchange.relay()) as pieces:
        async for piece in pieces:
            await exchange.send(piece)


async def reset(exchange: Exchange) -> None:
    """Nothing has been done, but nobody can know."""
    exchange.reset()


async def lose_reply(exchange: Exchange) -> None:
    """All has been done, but nobody can know."""
    await exchange.forward()
    exchange.reset()


async def truncate(exchange: Exchange) -> None:
    """The answer ends before its length does."""
    head, end, body = (await exchange.forward()).partition(_HEAD_END)
    await exchange.send(head + end + body[: len(body) // 2])


async def reset_midway(exchange: Exchange) -> None:
    """All has been done, and the connection is lost with half of the answer."""
    head, end, body = (await exchange.forward()).partition(_HEAD_END)
    await exchange.send(head + end + body[: len(body) // 2])
    exchange.reset()


async def be_silent(exchange: Exchange) -> None:
    await exchange.wait_until_gone()


async def drip(exchange: Exchange) -> None:
    """Always something, never an end: no timeout between two reads helps."""
    await exchange.send(chunked_head_of("application/json"))
    with contextlib.suppress(ConnectionError):
        while True:
            await exchange.send(b"1\r\n \r\n")
            await asyncio.sleep(_DRIP_SECONDS)


async def cut_json(exchange: Exchange) -> None:
    """All has been done, and the answer looks whole, but is none."""
    await exchange.forward()
    await answer(200, '{"query": {"id": 1, "resp')(exchange)


class Hold:
    """Keeps a call waiting until its caller is gone, and says when it does.

    `moment`: "before" anything is done, "midway" in the answer, or "after" all was done.
    """

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self.is_reached = threading.Event()

    async def __call__(self, exchange: Exchange) -> None:
        if self._moment != "before":
            reply = await exchange.forward()
            if self._moment == "midway":
                await exchange.send(reply[: len(reply) // 2])
        self.is_reached.set()
        await exchange.wait_until_gone()


def answer(status: int, body: str, content_type: str = "application/json", **headers: str) -> Fault:
    """Answer in the dependency's place; it is not asked."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.send(whole(status, body, content_type, **headers))

    return refuse


def refuse(status: int, code: str, **headers: str) -> Fault:
    """Answer as the Data API does where it cannot do what it was asked for."""
    return answer(status, json.dumps({"code": code, "message": "no", "details": None}), **headers)


def refuse_as_storage(status: int, code: str) -> Fault:
    """Answer as Storage does: 400, and the true status in the body."""
    body = {"statusCode": str(status), "error": code, "code": code, "message": "no"}
    return answer(400, json.dumps(body))


def refuse_as_model(status: int, code: str | None, **headers: str) -> Fault:
    body = {"error": {"message": "no", "type": code or "server_error", "code": code}}
    return answer(status, json.dumps(body), **headers)


html = answer(200, "<!doctype html><h1>Welcome to nginx</h1>", "text/html")


def head_of(status: int, content_type: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} So", f"Content-Type: {content_type}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _HEAD_END


def chunked_head_of(content_type: str) -> bytes:
    return head_of(200, content_type, Transfer_Encoding="chunked")


def whole(status: int, body: str, content_type: str, **headers: str) -> bytes:
    data = body.encode()
    return head_of(status, content_type, **headers, Content_Length=str(len(data))) + data


class Door:
    """An address at which somebody listens. Shut, it refuses connections; those that are there go on."""

    def __init__(self, serve: Callable[..., Awaitable[None]]) -> None:
        self._serve, self._port = serve, 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        if not self._server:
            self._server = await asyncio.start_server(self._serve, HOST, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"


class Proxy:
    """Passes all calls on, to Supabase or to the model; while armed, some of them meet a fault.

    Attributes:
        supabase_url: Where the Data API and Storage really are.
        model_url: Where the model really is, without `/v1`.
        calls: What came by since it was armed, or since `watch`.
    """

    def __init__(self, supabase_url: str, model_url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.supabase_url, self.model_url = supabase_url, model_url
        self.calls: list[Call] = []
        self._loop = loop
        self._supabase, self._model = Door(self.serve), Door(self.serve)
        self._running: set[asyncio.Task[None]] = set()
        self._fault: Fault | None = None
        self._meets: Callable[[int, Call], bool] = lambda _ordinal, _call: False
        self._shuts_after = -1
        self._shuts: Door | None = None

    @property
    def url(self) -> str:
        """Where it listens in the place of Supabase."""
        return self._supabase.url

    @property
    def openai_base_url(self) -> str:
        """Where it listens in the place of the model."""
        return f"{self._model.url}/v1"

    def _door_of(self, dependency: str) -> Door:
        return self._model if dependency == "model" else self._supabase

    def in_its_loop(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it where the doors belong to, and wait until it is done."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def open(self) -> None:
        self._shuts = None
        await self._supabase.open()
        await self._model.open()

    def watch(self) -> None:
        """Pass on everything, and note it from now on."""
        self._fault, self.calls = None, []
        self.in_its_loop(self.open())

    def arm(self, fault: Fault, meets: Callable[[int, Call], bool]) -> None:
        """Let `fault` happen to those calls, counted from 0, of which `meets` says so."""
        self.watch()
        self._fault, self._meets = fault, meets

    def refuse_from(self, ordinal: int, dependency: str) -> None:
        """Refuse every connection to where a dependency is, when so many calls have come by; Supabase is one place."""
        self.watch()
        self._shuts_after = ordinal
        self._shuts = self._door_of(dependency)
        self.in_its_loop(self._shut_in_time())

    async def _shut_in_time(self) -> None:
        if self._shuts and len(self.calls) >= self._shuts_after:
            self._shuts.shut()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._running.add(task)  # asyncio itself would forget it while it waits
        task.add_done_callback(self._running.discard)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        else:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        method, path, _ = request.split(b" ", 2)
        body = request.partition(_HEAD_END)[2]
        call = Call(_dependency(path.decode()), method.decode(), path.decode(), body)
        is_hit = self._fault and self._meets(len(self.calls), call)
        self.calls.append(call)
        await self._shut_in_time()
        address = self.model_url if call.dependency == "model" else self.supabase_url
        exchange = Exchange(request, address, reader, writer)
        await (self._fault if self._fault and is_hit else pass_on)(exchange)

    async def end(self) -> None:
        """Leave whoever is still kept waiting."""
        self._supabase.shut()
        self._model.shut()
        for task in list(self._running):
            task.cancel()
        while self._running:
            await asyncio.wait(self._running)
        await asyncio.sleep(0)  # the transports now end what was closed


def _dependency(path: str) -> str:
    _, first, *_ = path.split("/")
    return {"rest": "database", "storage": "storage"}.get(first, "model")


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request whole, and make it the only one of its connection."""
    head = (await reader.readuntil(_HEAD_END)).removesuffix(_HEAD_END)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    lengths = [line for line in lines if line.lower().startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
    return b"\r\n".join([*lines, b"Connection: close"]) + _HEAD_END + body


@contextlib.contextmanager
def proxy_before(supabase_url: str, model_url: str) -> Generator[Proxy]:
    """Run a proxy in a thread of its own for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy(supabase_url, model_url, loop)
    proxy.in_its_loop(proxy.open())
    try:
        yield proxy
    finally:
        # Not from here: what belongs to a loop is touched by its own thread alone.
        proxy.in_its_loop(proxy.end())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


# Streams of the model


def event(**members: Any) -> bytes:
    """Write one event of an answer as OpenAI's protocol has it."""
    document = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", **members}
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()


def delta(text: str | None, reason: str | None = None) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": reason}])


def refusal(text: str) -> bytes:
    """Decline, which has a member of its own."""
    return event(choices=[{"index": 0, "delta": {"refusal": text}, "finish_reason": None}])


def stream(
    *pieces: bytes, ending: Fault | None = None, pause_seconds: float = 0, is_cut: bool = False
) -> Fault:
    """Answer with these pieces as a stream of events.

    Args:
        pieces: Sent one after the other.
        ending: What happens after them; without one the answer ends in good order.
        pause_seconds: Between two pieces.
        is_cut: Whether the connection closes with a piece announced that does not come.
    """

    async def answer(exchange: Exchange) -> None:
        await exchange.send(chunked_head_of("text/event-stream"))
        for piece in pieces:
            await exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            await asyncio.sleep(pause_seconds)
        if is_cut:
            await exchange.send(b"40\r\ndata: {")
        elif ending:
            await ending(exchange)
        else:
            await exchange.send(b"0\r\n\r\n")

    return answer

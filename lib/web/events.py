"""Server-sent events: a stream that says it is alive and is always closed properly."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager, suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from lib.adapters.deadlines import limit
from lib.domain.models import Query
from lib.services.answering import Failure
from lib.web.problems import describe_status, instance_of
from lib.web.requests import log_trace

Event = tuple[str, Any]

# The contract promises a line at least every 10 s: proxies close what is silent for long.
_SILENCE_SECONDS = 8.0
_MOST_QUEUED = 64
_COMMENT = b": still here\n\n"
# `json.dumps` would make an encoder for each event.
_JSON = json.JSONEncoder(ensure_ascii=False)


def encode(event: str, data: Any) -> bytes:
    return f"event: {event}\ndata: {_JSON.encode(data)}\n\n".encode()


def _as_data(data: Any, request_id: UUID) -> Any:
    if isinstance(data, Query):
        return {"query": data.model_dump(mode="json")}
    if isinstance(data, Failure):
        return data.problem.as_dict() | {"instance": instance_of(request_id)}
    return data


class _NotRead(Exception):
    """The client takes nothing any more, though it is there."""


async def _put(queue: asyncio.Queue[bytes | None], line: bytes | None) -> None:
    """Queue what is to be sent, and wait where much waits already, but not longer than the request may take."""
    try:
        queue.put_nowait(line)
    except asyncio.QueueFull:
        try:
            async with limit():
                await queue.put(line)
        except TimeoutError as error:
            raise _NotRead from error


async def _encode_all(events: AsyncGenerator[Event], request_id: UUID) -> AsyncGenerator[bytes]:
    """Run the whole generator; whatever happens in it, the stream ends with an event."""
    try:
        async with aclosing(events):
            async for event, data in events:
                yield encode(event, _as_data(data, request_id))
    except Exception:  # noqa: BLE001 - the contract: a stream always ends with done or error
        log_trace("a stream broke", request_id)
        problem = describe_status(
            HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong. Ask again."
        )
        yield encode("error", problem | {"instance": instance_of(request_id)})


async def _produce(
    events: AsyncGenerator[Event],
    queue: asyncio.Queue[bytes | None],
    request_id: UUID,
    give_up: Callable[[], None],
) -> None:
    """Queue all that is to be sent, in one task; a client that does not read it is given up.

    Then the generator ends while there is time to save what it has.
    """
    try:
        async with aclosing(_encode_all(events, request_id)) as lines:
            async for line in lines:
                await _put(queue, line)
        await _put(queue, None)
    except _NotRead:
        give_up()


@contextmanager
def _breaking_silence(queue: asyncio.Queue[bytes | None]) -> Generator[None]:
    """Put a comment into the queue now and then, unless something waits there anyhow.

    One timer for all: a timeout for each event would cost more than the event.
    """

    def remind() -> None:
        nonlocal timer
        if queue.empty():
            queue.put_nowait(_COMMENT)
        timer = loop.call_later(_SILENCE_SECONDS, remind)

    loop = asyncio.get_running_loop()
    timer = loop.call_later(_SILENCE_SECONDS, remind)
    try:
        yield
    finally:
        timer.cancel()


async def _keep_alive(
    events: AsyncGenerator[Event], request_id: UUID, give_up: Callable[[], None]
) -> AsyncGenerator[bytes]:
    queue = asyncio.Queue[bytes | None](_MOST_QUEUED)
    producer = asyncio.create_task(_produce(events, queue, request_id, give_up))
    try:
        with _breaking_silence(queue):
            is_over = False
            while not is_over:
                # All that has come by now goes at once: who is behind catches up so.
                lines = [await queue.get()]
                while not queue.empty():
                    lines.append(queue.get_nowait())
                is_over = None in lines
                yield b"".join(filter(None, lines))
    finally:
        # The client may be gone and this task cancelled: the generator must still end in peace,
        # because its own ending saves the answer.
        with anyio.CancelScope(shield=True):
            producer.cancel()
            with suppress(asyncio.CancelledError):
                await producer


class EventStream(StreamingResponse):
    """Sends `(event, data)` pairs; when the client goes away the generator is closed at once.

    A client that stays and does not read is given up when the time of the request is over.
    A failure is sent as the problem that the same request would answer with.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[Event], request_id: UUID) -> None:
        self._patience = asyncio.timeout(None)
        self._bytes = _keep_alive(events, request_id, self._give_up)
        super().__init__(self._bytes, headers={"X-Accel-Buffering": "no"})

    def _give_up(self) -> None:
        self._patience.reschedule(asyncio.get_running_loop().time())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._patience, aclosing(self._bytes):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            if not self._patience.expired():
                raise

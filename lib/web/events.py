"""Server-sent events: a stream that says it is alive and is always closed properly."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

Event = tuple[str, dict[str, Any]]

# The contract promises a line at least every 10 s: proxies close what is silent for long.
_SILENCE_SECONDS = 8.0
_COMMENT = b": still here\n\n"


def encode(event: str, data: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def _keep_alive(events: AsyncGenerator[Event]) -> AsyncGenerator[bytes]:
    upcoming: asyncio.Task[Event] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(anext(events))
            finished, _ = await asyncio.wait({upcoming}, timeout=_SILENCE_SECONDS)
            if not finished:
                yield _COMMENT
                continue
            try:
                event, data = upcoming.result()
            except StopAsyncIteration:
                return
            upcoming = None
            yield encode(event, data)
    finally:
        # The client may be gone and this task cancelled: the generator must still end in peace,
        # because its own ending saves the answer.
        with anyio.CancelScope(shield=True):
            if upcoming and not upcoming.done():
                upcoming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await upcoming
            await events.aclose()


class EventStream(StreamingResponse):
    """Sends `(event, data)` pairs; when the client goes away the generator is closed at once."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[Event]) -> None:
        self._bytes = _keep_alive(events)
        super().__init__(self._bytes, headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._bytes):
            await super().__call__(scope, receive, send)

"""A server that stands before another, and gives again what that one answered the first time.

What a bench then waits for is the same every time, and short; what was streamed can come event by event again. And it
minds no signature, so that a token signed by a key that the local stack does not know can be shown as well.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from dev.serving import serve

# Of the connection and not of the answer, or no longer true once the body was read.
_DROPPED = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
_MOST_CALLS = 100
_EVENT_END = b"\n\n"


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Replay:
    """Answers by method, path and query string alone."""

    def __init__(self, upstream: str, event_seconds: float) -> None:
        self._upstream, self._event_seconds = upstream, event_seconds
        self._answers: dict[tuple[str, str], _Answer] = {}
        self.calls: list[tuple[float, dict[str, Any]]] = []
        """When something was asked, and what, as the arguments of httpx's `request`."""
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        body, key = await request.body(), (request.method, target)
        self._note(request, target, body)
        if key not in self._answers:
            self._answers[key] = await self._ask(request, target, body)
        await self._as_response(self._answers[key])(scope, receive, send)

    def _as_response(self, answer: _Answer) -> Response:
        if self._event_seconds and "event-stream" in answer.headers.get("content-type", ""):
            return StreamingResponse(self._events(answer.body), answer.status, answer.headers)
        return Response(answer.body, answer.status, answer.headers)

    async def _events(self, body: bytes) -> AsyncGenerator[bytes]:
        for event in body.removesuffix(_EVENT_END).split(_EVENT_END):
            yield event + _EVENT_END
            await asyncio.sleep(self._event_seconds)

    def _note(self, request: Request, target: str, body: bytes) -> None:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", *_DROPPED)}
        call = {"method": request.method, "url": self.url + target, "headers": headers}
        self.calls.append((time.perf_counter(), {**call, "content": body.decode()}))
        del self.calls[:-_MOST_CALLS]

    async def _ask(self, request: Request, target: str, body: bytes) -> _Answer:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", *_DROPPED)}
        async with httpx.AsyncClient(base_url=self._upstream, timeout=30) as client:
            answer = await client.request(request.method, target, content=body, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name not in _DROPPED}
        return _Answer(answer.status_code, kept, answer.content)


@contextlib.contextmanager
def replaying(upstream: str, event_seconds: float = 0.0) -> Generator[Replay]:
    """Serve a replay of `upstream`, with so long a pause after each event of a stream; its `url` says where."""
    replay = Replay(upstream, event_seconds)
    with serve(replay) as replay.url:
        yield replay

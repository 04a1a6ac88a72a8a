"""A server that stands before another, and gives again what that one answered the first time.

What a bench then waits for is the same every time, and short; and it minds no signature, so that a token signed by a
key that the local stack does not know can be shown as well.
"""

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dev.serving import serve

# Of the connection and not of the answer, or no longer true once the body was read.
_DROPPED = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
_MOST_CALLS = 100


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Replay:
    """Answers by method, path and query string alone."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._answers: dict[tuple[str, str], _Answer] = {}
        self.calls: list[dict[str, Any]] = []
        """What was asked, as the arguments of httpx's `request`."""
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        target = f"{request.url.path}?{request.url.query}".rstrip("?")
        body, key = await request.body(), (request.method, target)
        self._note(request, target, body)
        if key not in self._answers:
            self._answers[key] = await self._ask(request, target, body)
        answer = self._answers[key]
        await Response(answer.body, answer.status, answer.headers)(scope, receive, send)

    def _note(self, request: Request, target: str, body: bytes) -> None:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", *_DROPPED)}
        call = {"method": request.method, "url": self.url + target, "headers": headers}
        self.calls.append({**call, "content": body.decode()})
        del self.calls[:-_MOST_CALLS]

    async def _ask(self, request: Request, target: str, body: bytes) -> _Answer:
        headers = {k: v for k, v in request.headers.items() if k not in ("host", *_DROPPED)}
        async with httpx.AsyncClient(base_url=self._upstream, timeout=30) as client:
            answer = await client.request(request.method, target, content=body, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name not in _DROPPED}
        return _Answer(answer.status_code, kept, answer.content)


@contextlib.contextmanager
def replaying(upstream: str) -> Generator[Replay]:
    """Serve a replay of `upstream`; its `url` says where."""
    replay = Replay(upstream)
    with serve(replay) as replay.url:
        yield replay

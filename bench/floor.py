"""Bare FastAPI that makes the same HTTP calls as a route of ours, and answers with what the last one brought.

FLOOR_CALLS holds them as JSON, by the name of the route; the routes of FLOOR_HASH_COSTS compare a password by bcrypt of such
a cost besides, in a thread. The clients are of the same kind and settings as ours, and so is FastAPI; there is no
authorisation, no check, no model, no log. A streamed answer is passed on as it comes.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator
from typing import Any

import bcrypt
import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dev.student import PASSPHRASE
from lib.adapters.transport import (
    model_client,
    start_trace,
    supabase_client,
    timeouts,
    traced_call,
)
from lib.web.app import TELEMETRY
from lib.web.requests import server_timing

_PASSWORD = PASSPHRASE.encode()
_TIMEOUT = timeouts(10)
# What the client adds by itself, or ours for the log.
_ADDED = ("accept", "accept-encoding", "user-agent", "x-client-info", "x-request-id")


class _Call:
    """One call, made ready: the same address and headers every time."""

    def __init__(self, *, method: str, url: str, headers: dict[str, str], content: str) -> None:
        self.method, self.url, self.content = method, httpx.URL(url), content
        self.headers = {name: value for name, value in headers.items() if name not in _ADDED}
        self._is_of_model = "apikey" not in headers

    @property
    def is_streamed(self) -> bool:
        return self._is_of_model and '"stream"' in self.content

    @property
    def client(self) -> httpx.AsyncClient:
        """Return the one of our two that it goes by."""
        return model_client() if self._is_of_model else supabase_client()

    async def make(self) -> httpx.Response:
        with traced_call("calls"):
            return await self.client.request(
                self.method, self.url, headers=self.headers, content=self.content, timeout=_TIMEOUT
            )

    async def stream(self) -> AsyncGenerator[bytes]:
        asked = self.client.stream(
            self.method, self.url, headers=self.headers, content=self.content, timeout=_TIMEOUT
        )
        async with asked as answer:
            async for piece in answer.aiter_bytes():
                yield piece


def _create_bare() -> FastAPI:
    app = FastAPI(openapi_url=None, telemetry=TELEMETRY)
    told: dict[str, list[dict[str, Any]]] = json.loads(os.environ["FLOOR_CALLS"])
    calls = {name: [_Call(**call) for call in listed] for name, listed in told.items()}
    costs: dict[str, int] = json.loads(os.environ["FLOOR_HASH_COSTS"])
    hashes = {name: bcrypt.hashpw(_PASSWORD, bcrypt.gensalt(cost)) for name, cost in costs.items()}

    async def make_calls(name: str) -> Any:
        answer = None
        for call in calls[name]:
            answer = await call.make()
        if name in hashes:
            assert await asyncio.to_thread(bcrypt.checkpw, _PASSWORD, hashes[name])
        return _read(answer)

    @app.get("/{name}")
    async def get(name: str) -> Any:
        return await make_calls(name)

    @app.api_route("/{name}", methods=["POST", "PATCH"])
    async def post(name: str, body: dict[str, Any], request: Request) -> Any:
        assert isinstance(body, dict)
        if "text/event-stream" in request.headers.get("accept", ""):
            return await _stream(calls[name])
        return await make_calls(name)

    return app


async def _stream(calls: list[_Call]) -> Response:
    """Make the calls before the streamed one, answer with that as it comes, and make the others then."""
    [streamed] = [number for number, call in enumerate(calls) if call.is_streamed]
    for call in calls[:streamed]:
        await call.make()

    async def pass_on() -> AsyncGenerator[bytes]:
        async for piece in calls[streamed].stream():
            yield piece
        for call in calls[streamed + 1 :]:
            await call.make()

    return StreamingResponse(pass_on(), media_type="text/event-stream")


def create_app() -> ASGIApp:
    """Return the floor with the one header that is measured; ours sends it at the same moment."""
    app = _create_bare()

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        trace, started_at = start_trace(), time.perf_counter()

        async def send_timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                timing = server_timing(trace, time.perf_counter() - started_at)
                message["headers"] = [*message["headers"], (b"server-timing", timing.encode())]
            await send(message)

        await app(scope, receive, send_timed)

    return timed


def _read(answer: httpx.Response | None) -> Any:
    if answer is None:
        return {"status": "ok"}
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

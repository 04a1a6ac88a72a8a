"""Bare FastAPI that makes the same HTTP calls as a route of ours, and answers with what the last one brought.

FLOOR_CALLS holds them as JSON, by the name of the route; the routes of FLOOR_HASH_COSTS compare a password by bcrypt of such
a cost besides, in a thread. The clients are of the same kind and settings as ours; there is no authorisation, no check, no
model, no log.
"""

import asyncio
import json
import os
import time
from typing import Any

import bcrypt
import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dev.student import PASSPHRASE
from lib.adapters.transport import model_client, start_trace, supabase_client, traced_call
from lib.web.requests import server_timing

_PASSWORD = PASSPHRASE.encode()


def _create_bare() -> FastAPI:
    app = FastAPI(openapi_url=None)
    calls: dict[str, list[dict[str, Any]]] = json.loads(os.environ["FLOOR_CALLS"])
    costs: dict[str, int] = json.loads(os.environ["FLOOR_HASH_COSTS"])
    hashes = {name: bcrypt.hashpw(_PASSWORD, bcrypt.gensalt(cost)) for name, cost in costs.items()}

    @app.get("/{name}")
    async def make_calls(name: str) -> Any:
        answer = None
        for call in calls[name]:
            with traced_call("calls"):
                client = _client(call["headers"])
                answer = await client.request(**call, timeout=httpx.Timeout(10, connect=3))
        if name in hashes:
            assert await asyncio.to_thread(bcrypt.checkpw, _PASSWORD, hashes[name])
        return _read(answer)

    return app


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


def _client(headers: dict[str, str]) -> httpx.AsyncClient:
    """Return the one of our two that such a call goes by."""
    return supabase_client() if "apikey" in headers else model_client()


def _read(answer: httpx.Response | None) -> Any:
    if answer is None:
        return {"status": "ok"}
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

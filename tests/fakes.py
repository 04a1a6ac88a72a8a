"""A model endpoint that says what a test tells it to: OpenAI's protocol over real HTTP."""

import asyncio
import hashlib
import json
import math
import re
import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Messages = list[dict[str, str]]
_DIMENSIONS = 64


@dataclass
class ScriptedModel:
    """Answers every question with `says`; the other members make it misbehave.

    Attributes:
        says: The response, or a function of the messages that returns it.
        status: An HTTP status to refuse chat completions with.
        embedding_status: The same for embeddings, or a function of the number of the call.
        embedding_body: What to answer with instead of embeddings.
        stops_after: Deltas after which the connection simply ends, with no terminal event.
        holds_after: Deltas after which nothing comes until `release` is called.
        holds_embedding: Number of the call for embeddings that waits for `release`.
        finish_reason: What the terminal event says.
        refusal: What is said after `says` as a refusal, which has a member of its own.
        usage: What the last event of an answer says that it cost.
        headers: What every answer bears besides.
        refusal_code: What an answer of another status gives as the reason.
        prompts: The messages of every call.
        embedded: The texts of every call for embeddings that was answered.
    """

    says: str | Callable[[Messages], str] = "NOT_FOUND"
    status: int = 200
    embedding_status: int | Callable[[int], int] = 200
    embedding_body: str | bytes | None = None
    stops_after: int | None = None
    holds_after: int | None = None
    holds_embedding: int | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    usage: Any = field(default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 10})
    headers: dict[str, str] = field(default_factory=dict)
    refusal_code: str | None = None
    prompts: list[Messages] = field(default_factory=list)
    embedding_calls: int = 0
    embedded: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._released = asyncio.Event()
        self._held, self._left = threading.Event(), threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.application = Starlette(
            routes=[
                Route("/v1/embeddings", self._embed, methods=["POST"]),
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
            ]
        )

    def release(self) -> None:
        """Let go on whatever is held, now and later."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._released.set)

    def wait_until_held(self) -> None:
        """Wait for the moment that `holds_after` or `holds_embedding` names."""
        assert self._held.wait(timeout=20), "nothing came that was to be held"

    def is_left(self, *, within_seconds: float) -> bool:
        """Tell whether who asked goes away in time while their answer is held."""
        return self._left.wait(within_seconds)

    async def _hold(self) -> None:
        self._left.clear()
        self._held.set()
        try:
            await self._released.wait()
        except asyncio.CancelledError:
            self._left.set()
            raise

    async def _embed(self, request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        self.embedding_calls += 1
        status = self.embedding_status
        status = status if isinstance(status, int) else status(self.embedding_calls)
        if status != 200:
            return self._refuse(status)
        if self.embedding_calls == self.holds_embedding:
            await self._hold()
        if self.embedding_body is not None:
            return Response(self.embedding_body, media_type="application/json")
        body = await request.json()
        self.embedded.append(body["input"])
        data = [
            {"object": "embedding", "index": index, "embedding": embed(text)}
            for index, text in enumerate(body["input"])
        ]
        return JSONResponse(
            {
                "object": "list",
                "data": data,
                "model": body["model"],
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            },
            headers=self.headers,
        )

    async def _complete(self, request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        messages: Messages = (await request.json())["messages"]
        self.prompts.append(messages)
        if self.status != 200:
            return self._refuse(self.status)
        text = self.says if isinstance(self.says, str) else self.says(messages)
        return StreamingResponse(
            self._stream(text), media_type="text/event-stream", headers=self.headers
        )

    def _refuse(self, status: int) -> JSONResponse:
        error = {"message": "no", "type": "server_error", "code": self.refusal_code}
        return JSONResponse({"error": error}, status, self.headers)

    async def _stream(self, text: str) -> AsyncGenerator[str]:
        for count, delta in enumerate(re.findall(r"\s*\S+|\s+$", text)):
            if count == self.stops_after:
                return
            if count == self.holds_after:
                await self._hold()
            yield _event(choices=[{"index": 0, "delta": {"content": delta}, "finish_reason": None}])
        last = {"refusal": self.refusal} if self.refusal else {}
        yield _event(choices=[{"index": 0, "delta": last, "finish_reason": self.finish_reason}])
        yield _event(choices=[], usage=self.usage)
        yield "data: [DONE]\n\n"


def _event(**members: Any) -> str:
    document = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        **members,
    }
    return f"data: {json.dumps(document)}\n\n"


def embed(text: str) -> list[float]:
    """Embed by hashing words: texts that share words are near to each other."""
    vector = [0.0] * _DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % _DIMENSIONS] += 1 if digest[1] % 2 else -1
    length = math.sqrt(sum(number * number for number in vector)) or 1.0
    return [number / length for number in vector]

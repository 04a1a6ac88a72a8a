"""A model endpoint that takes no work: the same embedding for all, an answer at the pace of a real model.

What a bench then measures is ours. It quotes the first passage of the prompt, so that the answer has a citation that holds.
"""

import asyncio
import base64
import json
import re
from array import array
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

EMBEDDING_SECONDS = 0.02
FIRST_WORD_SECONDS = 0.3
_WORD_SECONDS = 0.1
_WORDS = 60
_EMBEDDING = base64.b64encode(array("f", [1.0] + [0.0] * 511).tobytes()).decode()


async def _embed(request: Request) -> Response:
    count = len((await request.json())["input"])
    await asyncio.sleep(EMBEDDING_SECONDS)
    data = [{"index": index, "embedding": _EMBEDDING} for index in range(count)]
    return JSONResponse({"object": "list", "data": data, "usage": {"prompt_tokens": count}})


def _event(delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return f"data: {json.dumps({'choices': [choice], 'usage': None})}\n\n".encode()


async def _write(quote: str) -> AsyncIterator[bytes]:
    await asyncio.sleep(FIRST_WORD_SECONDS)
    yield _event({"content": "So "})
    for number in range(_WORDS):
        await asyncio.sleep(_WORD_SECONDS)
        yield _event({"content": f"word{number} "})
    yield _event({"content": f'<cite passage="1">{quote}</cite>.'})
    yield _event({}, "stop")
    yield b"data: [DONE]\n\n"


async def _chat(request: Request) -> Response:
    prompt = (await request.json())["messages"][-1]["content"]
    quoted = re.search(r"The light[^.]+\.", prompt)
    return StreamingResponse(
        _write(quoted[0] if quoted else "nothing"), media_type="text/event-stream"
    )


def create_app() -> Starlette:
    """Return the endpoint, for `bench.apart`."""
    return Starlette(
        routes=[
            Route("/v1/embeddings", _embed, methods=["POST"]),
            Route("/v1/chat/completions", _chat, methods=["POST"]),
        ]
    )

"""A model endpoint that takes no work: the same embedding for all, an answer at the pace of a real model.

What a bench then measures is ours. It quotes the first passage of the prompt, so that the answer has a citation that holds.
Each word is an event of its own, as a provider sends its tokens; a question may ask for an answer "in 5 words".
"""

import asyncio
import base64
import functools
import json
import random
import re
from array import array
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

EMBEDDING_SECONDS = 0.02
# As providers take for a full batch from some way off.
BATCH_SECONDS = 0.2
FIRST_WORD_SECONDS = 0.3
WORD_SECONDS = 0.1
_WORDS = 60
_EMBEDDING = base64.b64encode(array("f", [1.0] + [0.0] * 511).tobytes()).decode()
_DIMENSIONS = 512


async def _embed(request: Request) -> Response:
    count = len((await request.json())["input"])
    await asyncio.sleep(EMBEDDING_SECONDS)
    data = [{"index": index, "embedding": _EMBEDDING} for index in range(count)]
    return JSONResponse({"object": "list", "data": data, "usage": {"prompt_tokens": count}})


async def _embed_batch(request: Request) -> Response:
    """Wait as for a provider, and answer with vectors as full of digits as a provider's."""
    answer = _answer_with(len((await request.json())["input"]))
    await asyncio.sleep(BATCH_SECONDS)
    return Response(answer, media_type="application/json")


@functools.cache
def _answer_with(count: int) -> bytes:
    made_up = random.Random(count)  # noqa: S311 - no secret
    data = [{"index": index, "embedding": _some_vector(made_up)} for index in range(count)]
    answer = {"object": "list", "data": data, "usage": {"prompt_tokens": count}}
    return json.dumps(answer).encode()


def _some_vector(made_up: random.Random) -> str:
    numbers = array("f", (made_up.gauss(0, _DIMENSIONS**-0.5) for _ in range(_DIMENSIONS)))
    return base64.b64encode(numbers.tobytes()).decode()


def _event(delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return f"data: {json.dumps({'choices': [choice], 'usage': None})}\n\n".encode()


async def _write(quote: str, words: int) -> AsyncIterator[bytes]:
    await asyncio.sleep(FIRST_WORD_SECONDS)
    yield _event({"content": "So "})
    for number in range(words):
        await asyncio.sleep(WORD_SECONDS)
        yield _event({"content": f"word{number} "})
    yield _event({"content": f'<cite passage="1">{quote}</cite>.'})
    yield _event({}, "stop")
    yield b"data: [DONE]\n\n"


async def _chat(request: Request) -> Response:
    prompt = (await request.json())["messages"][-1]["content"]
    quoted = re.search(r"The light[^.]+\.", prompt)
    wanted = re.search(r"in (\d+) words", prompt)
    written = _write(quoted[0] if quoted else "nothing", int(wanted[1]) if wanted else _WORDS)
    return StreamingResponse(written, media_type="text/event-stream")


def create_app() -> Starlette:
    """Return the endpoint, for `bench.apart`."""
    return Starlette(
        routes=[
            Route("/v1/embeddings", _embed, methods=["POST"]),
            Route("/v1/chat/completions", _chat, methods=["POST"]),
        ]
    )


def create_embedder() -> Starlette:
    """Return an endpoint that only embeds, as slowly as one elsewhere."""
    return Starlette(routes=[Route("/v1/embeddings", _embed_batch, methods=["POST"])])

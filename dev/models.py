"""The model server of the local stack: OpenAI's protocol, real embeddings, and no language model.

Embeddings come from wordllama (256 dimensions, English above all). Answers are sentences quoted from
the passages of the prompt, by dev.local_model; the server says so of itself.
"""

import asyncio
import base64
import json
import os
import re
import struct
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dev import embedding, local_model

CHAT_MODEL = "lectern-local"
EMBEDDING_MODEL = "wordllama-256"

_NOTICE = (
    "This is not a language model. It answers by quoting the best sentences of the passages that "
    "it is given, so that Lectern runs whole on one machine, with no account and no key."
)
_FINGERPRINT = "not-a-language-model"

# As OpenAI's: more inputs in one request are refused.
_MAX_INPUTS = 2_048

# The usual rule of thumb for English; nothing here is paid for by the token.
_CHARACTERS_PER_TOKEN = 4


class RequestRefused(Exception):
    """What OpenAI answers with `invalid_request_error`."""

    def __init__(self, message: str, parameter: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.parameter, self.status = message, parameter, status


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)
    told = {"message": error.message, "type": "invalid_request_error", "param": error.parameter}
    return JSONResponse({"error": {**told, "code": None}}, status_code=error.status)


async def _read(request: Request, *required: str) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise RequestRefused("We could not parse the JSON body of your request.") from error
    for name in required:
        if not isinstance(body, dict) or body.get(name) in (None, "", []):
            raise RequestRefused(f"Missing required parameter: '{name}'.", name)
    return body


def _require_model(body: dict[str, Any], model: str) -> None:
    if body["model"] != model:
        message = f"The model `{body['model']}` does not exist; this server has `{model}`."
        raise RequestRefused(message, "model", 404)


# Embeddings


def _encode(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _texts(body: dict[str, Any]) -> list[str]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    if not all(isinstance(text, str) and text for text in texts):
        raise RequestRefused("'input' must be a text or a list of texts, none empty.", "input")
    if len(texts) > _MAX_INPUTS:
        raise RequestRefused(f"'input' must hold at most {_MAX_INPUTS} texts.", "input")
    return texts


def _count_tokens(*texts: str) -> int:
    return sum(-(-len(text) // _CHARACTERS_PER_TOKEN) for text in texts)


async def embeddings(request: Request) -> Response:
    body = await _read(request, "model", "input")
    _require_model(body, EMBEDDING_MODEL)
    texts, dimensions = _texts(body), body.get("dimensions", embedding.DIMENSIONS)
    if not isinstance(dimensions, int) or dimensions < 1:
        raise RequestRefused("'dimensions' must be a positive integer.", "dimensions")
    vectors = await asyncio.to_thread(embedding.embed, texts, dimensions)
    is_packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _encode(row) if is_packed else row}
        for index, row in enumerate(vectors)
    ]
    tokens = _count_tokens(*texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "data": data, "model": EMBEDDING_MODEL, "usage": usage})


# Chat


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    if not isinstance(content, str):
        raise RequestRefused("Each message must have a role and a content.", "messages")
    return content


def _envelope(kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": CHAT_MODEL,
        "system_fingerprint": _FINGERPRINT,
    }


def _answer(messages: list[dict[str, str]]) -> str:
    return local_model.respond(messages, embedding.compare)


def _usage(messages: list[dict[str, str]], text: str) -> dict[str, int]:
    prompt, completion = _count_tokens(*(m["content"] for m in messages)), _count_tokens(text)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


async def chat(request: Request) -> Response:
    body = await _read(request, "model", "messages")
    _require_model(body, CHAT_MODEL)
    messages = [{"role": m.get("role"), "content": _content(m)} for m in body["messages"]]
    text = await asyncio.to_thread(_answer, messages)
    usage = _usage(messages, text)
    if body.get("stream"):
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        delay = float(request.app.state.word_delay_seconds)
        stream = _stream(text, usage if wants_usage else None, delay)
        return StreamingResponse(stream, media_type="text/event-stream")
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return JSONResponse({**_envelope("chat.completion"), "choices": [choice], "usage": usage})


def _deltas(text: str) -> Iterator[dict[str, str]]:
    yield {"role": "assistant", "content": ""}
    # Words with the white space before them: joined again they are the text.
    for word in re.findall(r"\s*\S+|\s+$", text):
        yield {"content": word}


async def _stream(text: str, usage: dict[str, int] | None, delay: float) -> AsyncIterator[str]:
    envelope = _envelope("chat.completion.chunk")

    def event(choices: list[dict[str, Any]], **members: Any) -> str:
        return f"data: {json.dumps({**envelope, 'choices': choices, **members})}\n\n"

    for delta in _deltas(text):
        yield event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])
        if delay:
            await asyncio.sleep(delay)
    yield event([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])
    if usage:
        yield event([], usage=usage)
    yield "data: [DONE]\n\n"


# About itself


async def list_models(_request: Request) -> Response:
    owner = {"object": "model", "created": 0, "owned_by": "lectern (not a language model)"}
    return JSONResponse(
        {
            "object": "list",
            "data": [{"id": name, **owner} for name in (CHAT_MODEL, EMBEDDING_MODEL)],
        }
    )


async def describe(_request: Request) -> Response:
    return JSONResponse({"name": CHAT_MODEL, "is_language_model": False, "notice": _NOTICE})


def create_app() -> Starlette:
    """Return the model server. WORD_DELAY_MS in the environment sets its pace."""
    app = Starlette(
        routes=[
            Route("/", describe),
            Route("/v1/models", list_models),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/chat/completions", chat, methods=["POST"]),
        ],
        exception_handlers={RequestRefused: _refuse},
    )
    app.state.word_delay_seconds = int(os.environ.get("WORD_DELAY_MS", "15")) / 1_000
    embedding.load()
    return app

"""Any OpenAI-compatible endpoint, through the openai package: embeddings and streamed answers."""

import asyncio
import functools
import json
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lib.adapters.transport import http_client, traced_call
from lib.domain import problems
from lib.domain.models import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

EMBEDDING_DIMENSIONS = 512
# The endpoint's own limit is 2,048 inputs and 300,000 tokens; this many chunks stay far below both.
EMBEDDING_BATCH_SIZE = 96
_RETRY_AFTER_SECONDS = 10
_EMBEDDING_TIMEOUT_SECONDS = 20.0
# Between two events of an answer: a reasoning model may think for long before its first word.
_SILENCE_TIMEOUT_SECONDS = 45.0


@functools.cache
def _client(base_url: str, api_key: str) -> "AsyncOpenAI":
    # 460 ms to import: paid at the first question of an instance, not by its health check.
    from openai import AsyncOpenAI  # noqa: PLC0415

    return AsyncOpenAI(
        base_url=base_url,
        api_key=api_key,
        max_retries=0,  # our own deadlines decide what is tried again
        http_client=http_client(),  # pyright: ignore[reportArgumentType] - it takes httpx's client too
    )


@asynccontextmanager
async def _endpoint_call() -> AsyncGenerator[None]:
    from openai import OpenAIError  # noqa: PLC0415

    try:
        yield
    except (OpenAIError, json.JSONDecodeError) as error:
        raise problems.ModelUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error


class Embedder:
    """Turns texts into vectors of 512 numbers and length 1."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self._base_url, self._api_key, self._model = base_url, api_key, model

    async def embed(
        self, texts: list[str], *, timeout_seconds: float = _EMBEDDING_TIMEOUT_SECONDS
    ) -> list[list[float]]:
        """Return a vector for each text, in their order; one call for each batch.

        Raises:
            ModelUnavailable: The endpoint failed, or answered in time with something else.
        """
        batches = [
            await self._embed_batch(texts[i : i + EMBEDDING_BATCH_SIZE], timeout_seconds)
            for i in range(0, len(texts), EMBEDDING_BATCH_SIZE)
        ]
        return [vector for batch in batches for vector in batch]

    async def _embed_batch(self, texts: list[str], timeout_seconds: float) -> list[list[float]]:
        async with _endpoint_call():
            embeddings = _client(self._base_url, self._api_key).embeddings
            with traced_call("model"):
                answer = await embeddings.create(
                    model=self._model,
                    input=texts,
                    dimensions=EMBEDDING_DIMENSIONS,
                    timeout=timeout_seconds,
                )
        vectors = [fit(item.embedding) for item in sorted(answer.data, key=lambda item: item.index)]
        if len(vectors) != len(texts):
            raise problems.ModelUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
        return vectors


def fit(vector: list[float]) -> list[float]:
    """Bring a vector to 512 numbers: padded with zeros, or cut and normalised (no cosine is lost)."""
    kept = vector[:EMBEDDING_DIMENSIONS]
    length = math.sqrt(sum(number * number for number in kept)) or 1.0
    return [number / length for number in kept] + [0.0] * (EMBEDDING_DIMENSIONS - len(kept))


class Finish:
    """The end of an answer: whether it is whole, and what it cost."""

    def __init__(self, usage: Usage | None, *, whole: bool) -> None:
        self.usage = usage
        self.whole = whole


class ChatModel:
    """Streams answers."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self._base_url, self._api_key, self._model = base_url, api_key, model

    async def stream(
        self, messages: list[dict[str, str]], *, max_tokens: int, deadline_seconds: float
    ) -> AsyncGenerator[str | Finish]:
        """Yield the deltas of an answer, then one Finish.

        Raises:
            ModelUnavailable: Nothing arrived.
            ModelInterrupted: The stream broke off, took longer than `deadline_seconds`, or ended
                without its terminal event. The SDK raises nothing for the latter.
        """
        deadline = asyncio.get_running_loop().time() + deadline_seconds
        started, reason, usage = False, None, None
        try:
            async with _endpoint_call(), await self._open(messages, max_tokens) as events:
                async for event in _until(events, deadline):
                    usage = event.usage or usage
                    if event.choices:
                        reason = event.choices[0].finish_reason or reason
                        if text := event.choices[0].delta.content:
                            started = True
                            yield text
        except TimeoutError as error:
            raise problems.ModelInterrupted from error
        except problems.ModelUnavailable as error:
            if started:
                raise problems.ModelInterrupted from error
            raise
        if reason is None:
            raise problems.ModelInterrupted
        yield Finish(_as_usage(usage), whole=reason == "stop")

    async def _open(self, messages: list[dict[str, str]], max_tokens: int) -> Any:
        completions: Any = _client(self._base_url, self._api_key).chat.completions
        with traced_call("model"):
            return await completions.create(
                model=self._model,
                messages=messages,
                stream=True,
                stream_options={"include_usage": True},
                max_completion_tokens=max_tokens,
                timeout=_SILENCE_TIMEOUT_SECONDS,
            )


async def _until(events: Any, deadline: float) -> AsyncGenerator[Any]:
    """Yield events until they end, or raise TimeoutError at the deadline: a slow drip is cut too."""
    iterator = aiter(events)
    while True:
        async with asyncio.timeout_at(deadline):  # around the wait only, never around a yield
            event = await anext(iterator, None)
        if event is None:
            return
        yield event


def _as_usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    return Usage(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)

"""Any OpenAI-compatible endpoint, through the openai package: embeddings and streamed answers.

Asked through the client's own `post`, which gives JSON as it came: the package's classes for each kind of answer cost
30 ms to import and time with each word, and check nothing.
"""

import base64
import functools
import math
from array import array
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, NamedTuple

from lib.adapters.deadlines import limit, until_deadline
from lib.adapters.endpoint import Malformed, endpoint_call, is_late, least_wait, looking_into_answer
from lib.adapters.retries import retrying
from lib.adapters.transport import model_client, timeouts, trace_body, traced_call
from lib.domain import problems
from lib.domain.models import Usage

if TYPE_CHECKING:
    from lib.adapters.openai_parts import AsyncOpenAI

EMBEDDING_DIMENSIONS = 512
# The endpoint's own limit is 2,048 inputs and 300,000 tokens; this many chunks stay far below both.
EMBEDDING_BATCH_SIZE = 96
# Between two events of an answer: a reasoning model may think for long before its first word.
_SILENCE_TIMEOUT_SECONDS = 45.0
# Four are usual. An endpoint that minds no limit of tokens would fill our memory until the deadline.
_MOST_CHARACTERS_PER_TOKEN = 20
# No prompt or answer of ours comes near it. What an endpoint tells beyond it, or below nothing, is no
# count: taken for one, it would open the day's budget again, or close it.
_MOST_TOKENS_TOLD = 1_000_000


@functools.cache
def _client(base_url: str, api_key: str) -> "AsyncOpenAI":
    # Paid for by the first question of an instance, not by its health check.
    from lib.adapters.openai_parts import AsyncOpenAI  # noqa: PLC0415

    return AsyncOpenAI(
        base_url=base_url,
        api_key=api_key,
        max_retries=0,  # our own deadlines decide what is tried again
        http_client=model_client(),  # pyright: ignore[reportArgumentType] - it takes httpx's client too
    )


class Embedder:
    """Turns texts into vectors of 512 numbers and length 1."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self._base_url, self._api_key, self._model = base_url, api_key, model
        self.endpoint = f"{base_url} {model}"

    async def embed(self, texts: list[str], *, timeout_seconds: float) -> list[list[float]]:
        """Return a vector for each text, in their order, by one call.

        Args:
            texts: What to embed: at most EMBEDDING_BATCH_SIZE.
            timeout_seconds: With what is tried again.

        Raises:
            ModelUnavailable: The endpoint failed, or answered with something else, or did not
                answer in time (`is_late`).
        """
        with endpoint_call():
            async with limit(timeout_seconds):
                return await self._embed(texts, timeout_seconds)

    async def _embed(self, texts: list[str], timeout_seconds: float) -> list[list[float]]:
        client: Any = _client(self._base_url, self._api_key)
        body = {
            "model": self._model,
            "input": texts,
            "dimensions": EMBEDDING_DIMENSIONS,
            "encoding_format": "base64",  # a quarter of the bytes
        }
        timeout = timeouts(timeout_seconds)

        async def create() -> Any:
            with traced_call("model"):
                return await client.post(
                    "/embeddings", cast_to=object, body=body, options={"timeout": timeout}
                )

        answer = await retrying(create, least_wait)
        with looking_into_answer():
            items = sorted(answer["data"], key=lambda item: item["index"])
            vectors = [fit(_unpack(item["embedding"])) for item in items]
        if len(vectors) != len(texts):
            raise Malformed
        return vectors


def _unpack(embedding: str | list[float]) -> list[float]:
    """Read an embedding as it was asked for, or as an endpoint that knows no base64 sends it."""
    if not isinstance(embedding, str):
        return embedding
    return array("f", base64.b64decode(embedding)).tolist()


def fit(vector: list[float]) -> list[float]:
    """Bring a vector to 512 numbers: padded with zeros, or cut and normalised (no cosine is lost).

    Raises:
        ValueError: Not all of it is numbers.
    """
    kept = vector[:EMBEDDING_DIMENSIONS]
    length = math.hypot(*kept) or 1.0
    if not math.isfinite(length):
        raise ValueError("an embedding of numbers that are none")
    return [number / length for number in kept] + [0.0] * (EMBEDDING_DIMENSIONS - len(kept))


class Finish:
    """The end of an answer: whether it ended by itself, whether it was declined, and what it cost."""

    def __init__(self, usage: Usage | None, *, whole: bool, declined: bool = False) -> None:
        self.usage = usage
        self.whole = whole
        self.declined = declined


class _Told(NamedTuple):
    """What an event says: some text, why the answer ended, what it cost, that none will be given."""

    text: str = ""
    reason: str | None = None
    usage: Usage | None = None
    declines: bool = False


class ChatModel:
    """Streams answers."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self._base_url, self._api_key, self._model = base_url, api_key, model

    async def stream(
        self, messages: list[dict[str, str]], *, max_tokens: int
    ) -> AsyncGenerator[str | Finish]:
        """Yield the deltas of an answer, then one Finish.

        Raises:
            ModelUnavailable: Nothing arrived.
            ModelInterrupted: The stream broke off, outlived the deadline of the request, brought far
                more than it was asked for, or ended without its terminal event. The SDK raises
                nothing for the latter.
        """
        length, reason, usage, declined = 0, None, None, False
        try:
            with endpoint_call():
                async with await self._open(messages, max_tokens) as events:
                    async for event in until_deadline(events):
                        told = _read_event(event)
                        reason, usage = told.reason or reason, told.usage or usage
                        declined = declined or told.declines
                        length += len(told.text)
                        if length > max_tokens * _MOST_CHARACTERS_PER_TOKEN:
                            raise problems.ModelInterrupted
                        if told.text:
                            yield told.text
        except problems.ModelUnavailable as error:
            if length or is_late(error):
                raise problems.ModelInterrupted from error
            raise
        if reason is None:
            raise problems.ModelInterrupted
        yield Finish(usage, whole=reason == "stop", declined=declined)

    async def _open(self, messages: list[dict[str, str]], max_tokens: int) -> Any:
        from lib.adapters.openai_parts import AsyncStream  # noqa: PLC0415

        client: Any = _client(self._base_url, self._api_key)
        body = {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": max_tokens,
        }
        timeout = timeouts(_SILENCE_TIMEOUT_SECONDS)

        async def create() -> Any:
            with traced_call("model"):
                events = await client.post(
                    "/chat/completions",
                    cast_to=object,
                    body=body,
                    options={"timeout": timeout},
                    stream=True,
                    stream_cls=AsyncStream[object],
                )
            trace_body(events.response, "model")
            return events

        async with limit():
            return await retrying(create, least_wait)


def _read_event(event: Any) -> _Told:
    with looking_into_answer():
        usage = _as_usage(event.get("usage"))
        if not event.get("choices"):
            return _Told(usage=usage)
        choice = event["choices"][0]
        delta = choice["delta"]
        # A refusal has a member of its own, and then there is no content.
        text, declines = delta.get("content") or "", bool(delta.get("refusal"))
        if not isinstance(text, str):
            raise TypeError
        return _Told(text, choice.get("finish_reason"), usage, declines)


def _as_usage(usage: Any) -> Usage | None:
    """Read what an answer cost; None where that is not told, or cannot be: then it is estimated."""
    match usage:
        case {"prompt_tokens": int(asked), "completion_tokens": int(answered)} if (
            min(asked, answered) >= 0 and max(asked, answered) <= _MOST_TOKENS_TOLD
        ):
            return Usage(prompt_tokens=asked, completion_tokens=answered)
        case _:
            return None

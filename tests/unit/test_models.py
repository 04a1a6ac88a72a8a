"""What an answer of the model leaves in the trace of its request."""

import asyncio
import json
import math
from collections.abc import Iterator

import pytest

from lib.adapters import models, transport
from lib.adapters.deadlines import start_deadline
from lib.adapters.models import ChatModel

pytestmark = pytest.mark.anyio

HEADERS = b"HTTP/1.1 200 So\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish_reason}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


class Endpoint:
    """Says one word, and the rest of its answer when it is told to go on."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.connections = asyncio.TaskGroup()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEADERS + event("Light "))
        await self.may_go_on.wait()
        writer.write(event("bends.", "stop") + b"data: [DONE]\n\n")
        writer.close()
        await writer.wait_closed()


@pytest.fixture
def anew() -> Iterator[None]:
    """Have the client made anew for this test, and after it."""
    for made in (models._client, transport.model_client):
        made.cache_clear()
    yield
    for made in (models._client, transport.model_client):
        made.cache_clear()


@pytest.mark.usefixtures("anew")
async def test_the_waits_for_the_words_are_the_models_time_and_one_call() -> None:
    start_deadline(math.inf)  # of another test there may be one in this context
    trace, endpoint = transport.start_trace(), Endpoint()
    listening = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"

    async with endpoint.connections, listening, transport.model_client():
        answer = ChatModel(url, "key", "model").stream([], max_tokens=10)
        first = await anext(answer)
        until_first = trace.seconds["model"]
        endpoint.may_go_on.set()
        rest = [piece async for piece in answer]

    assert (first, rest[0]) == ("Light ", "bends.")
    assert trace.seconds["model"] > until_first
    assert trace.counts == {"model": 1}

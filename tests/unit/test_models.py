"""What an answer leaves in the trace of its request, and over which connections the endpoint is asked."""

import asyncio
import functools
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from lib.adapters import models, transport
from lib.adapters.deadlines import start_deadline
from lib.adapters.models import ChatModel, Embedder

pytestmark = pytest.mark.anyio

MANY = 30
VECTOR = b'{"data": [{"index": 0, "embedding": [1.0]}]}'
EMBEDDED = b"HTTP/1.1 200 So\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(VECTOR),
    VECTOR,
)
HEADERS = b"HTTP/1.1 200 So\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish_reason}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


class Endpoint:
    """Embeds at once, says one word, and the rest of its answer when it is told to go on."""

    def __init__(self) -> None:
        self.opened = 0
        self.may_go_on = asyncio.Event()
        self.connections = asyncio.TaskGroup()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.connections.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # the client closes it
            while b"/embeddings " in (head := await reader.readuntil(b"\r\n\r\n")):
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                assert length
                await reader.readexactly(int(length[1]))
                writer.write(EMBEDDED)
            writer.write(HEADERS + event("Light "))
            await self.may_go_on.wait()
            writer.write(event("bends.", "stop") + b"data: [DONE]\n\n")
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncIterator[str]:
    """Serve an endpoint as long as there is a client of it, and give its address."""
    listening = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, backlog=MANY)
    async with endpoint.connections, listening, models.model_client():
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have clients of its own made for this test; those of this process stay with who uses them."""
    for name in ("_client", "model_client"):
        monkeypatch.setattr(models, name, functools.cache(getattr(models, name).__wrapped__))


@pytest.mark.usefixtures("anew")
async def test_the_waits_for_the_words_are_the_models_time_and_one_call() -> None:
    start_deadline(math.inf)  # of another test there may be one in this context
    trace, endpoint = transport.start_trace(), Endpoint()

    async with serving(endpoint) as url:
        answer = ChatModel(url, "key", "model").stream([], max_tokens=10)
        first = await anext(answer)
        until_first = trace.seconds["model"]
        endpoint.may_go_on.set()
        rest = [piece async for piece in answer]

    assert (first, rest[0]) == ("Light ", "bends.")
    assert trace.seconds["model"] > until_first
    assert trace.counts == {"model": 1}


@pytest.mark.usefixtures("anew")
async def test_an_answer_goes_on_over_the_connection_of_its_embedding() -> None:
    start_deadline(math.inf)
    endpoint = Endpoint()
    endpoint.may_go_on.set()

    async with serving(endpoint) as url:
        await Embedder(url, "key", "model").embed(["light"], timeout_seconds=10)
        answer = ChatModel(url, "key", "model").stream([], max_tokens=10)
        assert [piece async for piece in answer][:2] == ["Light ", "bends."]

    assert endpoint.opened == 1


@pytest.mark.usefixtures("anew")
async def test_embedding_keeps_its_connection_while_many_answers_are_open() -> None:
    start_deadline(math.inf)
    endpoint = Endpoint()

    async with serving(endpoint) as url:
        answers = [ChatModel(url, "key", "model").stream([], max_tokens=10) for _ in range(MANY)]
        for answer in answers:
            await anext(answer)
        for _ in range(3):
            await Embedder(url, "key", "model").embed(["light"], timeout_seconds=10)
        opened = endpoint.opened
        endpoint.may_go_on.set()
        rests = [[piece async for piece in answer] for answer in answers]

    assert opened == MANY + 1
    assert all(rest[0] == "bends." for rest in rests)

"""How the benches ask a server for its own time: bench/own_time.py."""

import asyncio
import os

import httpx
import pytest

from bench.apart import Apart
from bench.own_time import ask_at_once, ask_one_by_one, without_calls

pytestmark = pytest.mark.anyio

TIMING = 'Server-Timing: database;dur=4.00;desc="2", embedding;desc="degraded", total;dur=6.50'


class Server:
    """Answers every request, and remembers what each read brought."""

    def __init__(self, status: str = "200 OK", *, is_chunked: bool = False) -> None:
        self.read: list[bytes] = []
        self.connections = asyncio.TaskGroup()
        length = "Transfer-Encoding: chunked" if is_chunked else "Content-Length: 2"
        head = f"HTTP/1.1 {status}\r\n{length}\r\n{TIMING}\r\n\r\n"
        self._answer = head + ("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" if is_chunked else "{}")

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.read(100_000):
                self.read.append(request)
                writer.write(self._answer.encode())
        finally:
            writer.close()
            await writer.wait_closed()


async def ask(server: Server, clients: int | None = None) -> list[float]:
    """Ask twice, or twice for each of many clients, and return what was told."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    requests = [
        httpx.Request("POST", f"{url}/api/query?a=1", json={"query_text": text})
        for text in ("Why?", "How?")
    ]
    async with server.connections, listening:
        apart = Apart(url, os.getpid())
        if clients is None:
            found = await ask_one_by_one(apart, requests, 2)
        else:
            rush = await ask_at_once(apart, requests, clients, 2)
            found = rush.owns
            assert rush.per_second > 0
    assert all(own.worked > 0 for own in found)
    return [own.told for own in found]


def test_own_time_is_the_total_without_the_calls() -> None:
    assert without_calls(f"http/1.1 200 ok\r\n{TIMING.lower()}\r\n\r\n") == 2.5


async def test_a_request_arrives_in_one_piece() -> None:
    server = Server()

    told = await ask(server)

    assert told == [2.5, 2.5]
    assert server.read[0].startswith(b"POST /api/query?a=1 HTTP/1.1\r\n")
    bodies = [read.partition(b"\r\n\r\n")[2] for read in server.read]
    assert bodies == [b'{"query_text":"Why?"}', b'{"query_text":"How?"}']


async def test_a_streamed_answer_is_read_to_its_end() -> None:
    assert await ask(Server(is_chunked=True)) == [2.5, 2.5]


async def test_many_clients_ask_as_often_each() -> None:
    assert await ask(Server(), clients=3) == [2.5] * 6


async def test_a_refusal_is_no_measurement() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await ask(Server("503 Service Unavailable"))

    assert caught.group_contains(AssertionError, match="503")

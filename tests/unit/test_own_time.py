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

    def __init__(self, status: str = "200 OK") -> None:
        self.read: list[bytes] = []
        self.connections = asyncio.TaskGroup()
        self._head = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n{TIMING}\r\n\r\n"

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.read(100_000):
                self.read.append(request)
                writer.write(self._head.encode() + b"{}")
        finally:
            writer.close()
            await writer.wait_closed()


async def ask(server: Server, clients: int | None = None) -> list[float]:
    """Ask twice, or twice for each of many clients, and return what was told."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    request = httpx.Request("POST", f"{url}/api/query?a=1", json={"query_text": "Why?"})
    async with server.connections, listening:
        apart = Apart(url, os.getpid())
        if clients is None:
            found = await ask_one_by_one(apart, request, 2)
        else:
            found = await ask_at_once(apart, request, clients, 2)
    assert all(own.worked > 0 for own in found)
    return [own.told for own in found]


def test_own_time_is_the_total_without_the_calls() -> None:
    assert without_calls(f"http/1.1 200 ok\r\n{TIMING.lower()}\r\n\r\n") == 2.5


async def test_a_request_arrives_in_one_piece() -> None:
    server = Server()

    told = await ask(server)

    assert told == [2.5, 2.5]
    assert server.read[0].startswith(b"POST /api/query?a=1 HTTP/1.1\r\n")
    assert server.read == [server.read[0]] * 2
    assert server.read[0].endswith(b'\r\n\r\n{"query_text":"Why?"}')


async def test_many_clients_ask_as_often_each() -> None:
    assert await ask(Server(), clients=3) == [2.5] * 6


async def test_a_refusal_is_no_measurement() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await ask(Server("503 Service Unavailable"))

    assert caught.group_contains(AssertionError, match="503")

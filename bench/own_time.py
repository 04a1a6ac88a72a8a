"""Asks a server that runs apart, and tells how much of its own time each request took.

Head and body of a request leave in one piece, as a platform hands a request over: what a server waits for the rest of one
is no time of its own, and with many clients at once it is a turn of everybody else's.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from bench.apart import Apart

_MOST_SECONDS = 60
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Own:
    """Milliseconds of own time: by the kernel's clock, and as told by `Server-Timing`."""

    worked: float
    told: float


async def ask_one_by_one(server: Apart, request: httpx.Request, count: int) -> list[Own]:
    found: list[Own] = []
    wire = _as_bytes(request)
    async with _connected(request) as connection:
        for _ in range(count):
            before = server.cpu_seconds()
            told = await _ask(connection, wire)
            found.append(Own((server.cpu_seconds() - before) * 1000, told))
    return found


async def ask_at_once(server: Apart, request: httpx.Request, clients: int, count: int) -> list[Own]:
    """Ask with many clients, each `count` times; a request's share of the work is the mean of all."""
    wire = _as_bytes(request)

    async def ask_in_turn() -> list[float]:
        async with _connected(request) as connection:
            return [await _ask(connection, wire) for _ in range(count)]

    before = server.cpu_seconds()
    told = await asyncio.gather(*(ask_in_turn() for _ in range(clients)))
    every = [milliseconds for each in told for milliseconds in each]
    worked = (server.cpu_seconds() - before) * 1000 / len(every)
    return [Own(worked, milliseconds) for milliseconds in every]


@asynccontextmanager
async def _connected(request: httpx.Request) -> AsyncGenerator[_Connection]:
    reader, writer = await asyncio.open_connection(request.url.host, request.url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


def _as_bytes(request: httpx.Request) -> bytes:
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + request.read()


async def _ask(connection: _Connection, wire: bytes) -> float:
    reader, writer = connection
    async with asyncio.timeout(_MOST_SECONDS):
        writer.write(wire)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        [length] = re.findall(r"\r\ncontent-length: (\d+)\r\n", head)
        body = await reader.readexactly(int(length))
    assert re.match(r"http/1\.1 20[01] ", head), (head, body)
    return without_calls(head)


def without_calls(head: str) -> float:
    """Return the total of `Server-Timing`, in a head in lower case, without what was waited for."""
    [timing] = re.findall(r"\r\nserver-timing: (.*)\r\n", head)
    parts = dict(re.findall(r"(\w+);dur=([\d.]+)", timing))
    return float(parts.pop("total")) - sum(map(float, parts.values()))

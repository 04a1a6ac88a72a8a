"""Asks a server that runs apart, and tells how much of its own time each request took.

Head and body of a request leave in one piece, as a platform hands a request over: what a server waits for the rest of one
is no time of its own, and with many clients at once it is a turn of everybody else's.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence
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


@dataclass(frozen=True)
class Rush:
    """Requests of many clients at once, and how many were answered in a second of it all."""

    owns: list[Own]
    per_second: float


async def ask_one_by_one(server: Apart, requests: Sequence[httpx.Request], count: int) -> list[Own]:
    """Ask `count` times by one connection, with each of `requests` in turn."""
    found: list[Own] = []
    wires = [_as_bytes(request) for request in requests]
    async with _connected(requests[0]) as connection:
        for number in range(count):
            before = server.cpu_seconds()
            told = await _ask(connection, wires[number % len(wires)])
            found.append(Own((server.cpu_seconds() - before) * 1000, told))
    return found


async def ask_at_once(
    server: Apart, requests: Sequence[httpx.Request], clients: int, count: int
) -> Rush:
    """Ask with many clients, each `count` times; a request's share of the work is the mean of all."""
    wires = [_as_bytes(request) for request in requests]

    async def ask_in_turn(first: int) -> list[float]:
        async with _connected(requests[0]) as connection:
            each = range(first, first + count)
            return [await _ask(connection, wires[number % len(wires)]) for number in each]

    began, before = time.perf_counter(), server.cpu_seconds()
    told = await asyncio.gather(*(ask_in_turn(client * count) for client in range(clients)))
    seconds, worked = time.perf_counter() - began, server.cpu_seconds() - before
    every = [milliseconds for each in told for milliseconds in each]
    share = worked * 1000 / len(every)
    return Rush([Own(share, milliseconds) for milliseconds in every], len(every) / seconds)


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
        body = await _read_body(reader, head)
    assert re.match(r"http/1\.1 20[01] ", head), (head, body)
    return without_calls(head)


async def _read_body(reader: asyncio.StreamReader, head: str) -> bytes:
    if length := re.findall(r"\r\ncontent-length: (\d+)\r\n", head):
        return await reader.readexactly(int(length[0]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):  # RFC 9112, 7.1
        body += (await reader.readexactly(size + 2))[:size]
    await reader.readexactly(2)
    return body


def without_calls(head: str) -> float:
    """Return the total of `Server-Timing`, in a head in lower case, without what was waited for."""
    [timing] = re.findall(r"\r\nserver-timing: (.*)\r\n", head)
    parts = dict(re.findall(r"(\w+);dur=([\d.]+)", timing))
    return float(parts.pop("total")) - sum(map(float, parts.values()))

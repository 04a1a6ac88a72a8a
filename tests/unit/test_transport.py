"""The one HTTP client: what it opens it keeps."""

import asyncio
import contextlib

import pytest

from lib.adapters.transport import http_client

pytestmark = pytest.mark.anyio

AT_ONCE = 60


async def test_as_many_connections_are_kept_as_are_used_at_once() -> None:
    opened = 0
    together = asyncio.Barrier(AT_ONCE)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        with contextlib.suppress(asyncio.IncompleteReadError):  # it closes when the test is over
            while await reader.readuntil(b"\r\n\r\n"):
                # Answered when all have come: each has a connection of its own.
                await together.wait()
                writer.write(b"HTTP/1.1 200 So\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=AT_ONCE)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, http_client.__wrapped__() as client:
        for _ in range(3):
            await asyncio.gather(*[client.get(url) for _ in range(AT_ONCE)])

    assert opened == AT_ONCE

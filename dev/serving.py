"""An ASGI application on a free port of this machine, in a thread, for as long as a block lasts."""

import contextlib
import socket
import threading
from collections.abc import Generator
from typing import Any

import uvicorn

from dev.ports import HOST


@contextlib.contextmanager
def serve(application: Any) -> Generator[str]:
    """Serve `application` and yield its address."""
    config = uvicorn.Config(
        application,
        host=HOST,
        port=0,
        log_level="error",
        lifespan="off",
        proxy_headers=False,  # as in dev/parts.py, and the next, too
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    # Of a socket that does not say it is TCP, asyncio leaves Nagle's algorithm on: 40 ms an answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind((HOST, 0))
    listening.listen()  # whoever connects before the thread is ready waits, and is not refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

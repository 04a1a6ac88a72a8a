"""The Parameter Store over real HTTP: pages, patience, refusals."""

import itertools
import json
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from dev.serving import serve
from lib.adapters.parameter_store import ParametersUnavailable, read_parameters
from lib.settings import gather_settings

_CREDENTIALS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a/secret+key",
}
_THROTTLED = 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
_DENIED = 400, {"__type": "AccessDeniedException", "message": "no"}

Answer = tuple[int, dict[str, Any]]


class Store:
    """Answers one call after the other as it is told to, the last one for ever; keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[dict[str, Any]] = []
        self.connections: set[tuple[str, int]] = set()
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(await Request(scope, receive).json())
        self.connections.add(tuple(scope["client"]))
        status, document = next(self._answers)
        await JSONResponse(document, status)(scope, receive, send)

    def read(self, waits_seconds: tuple[float, ...] = (0.0, 0.0)) -> dict[str, str]:
        with serve(self) as url:
            environment = {**_CREDENTIALS, "AWS_ENDPOINT_URL": url}
            return read_parameters("/lectern/prod", environment, waits_seconds=waits_seconds)


def page(*names: str, following: str | None = None) -> Answer:
    parameters = [{"Name": f"/lectern/prod/{name}", "Value": name.lower()} for name in names]
    return 200, {"Parameters": parameters, "NextToken": following}


def test_all_pages_are_read_and_decrypted():
    store = Store(page("A", "B", following="more"), page("C"))

    parameters = store.read()

    assert parameters == {"A": "a", "B": "b", "C": "c"}
    first, second = store.asked
    assert first == {"Path": "/lectern/prod", "WithDecryption": True, "MaxResults": 10}
    assert second == {**first, "NextToken": "more"}


def test_one_connection_serves_for_all_pages_and_what_is_asked_again():
    store = Store(page("A", following="more"), _THROTTLED, page("B"))

    assert store.read() == {"A": "a", "B": "b"}

    assert len(store.asked) == 3
    assert len(store.connections) == 1


@pytest.mark.parametrize("busy", [_THROTTLED, (500, {}), (503, {})])
def test_a_busy_store_is_asked_again(busy: Answer):
    store = Store(busy, page("A"))

    assert store.read() == {"A": "a"}


def test_patience_has_an_end():
    store = Store(_THROTTLED)

    with pytest.raises(ParametersUnavailable, match="Throttling"):
        store.read()

    assert len(store.asked) == 3


def test_a_refusal_is_told_at_once():
    store = Store(_DENIED)

    with pytest.raises(ParametersUnavailable, match="AccessDenied"):
        store.read()

    assert len(store.asked) == 1


@contextmanager
def raw_store(answer: Callable[[socket.socket, threading.Event], None]) -> Generator[str]:
    """Serve one connection after the other by hand, in a thread, until the block ends."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve_all() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.recv(65_536)
                        answer(connection, is_over)

        thread = threading.Thread(target=serve_all, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            is_over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def be_silent(connection: socket.socket, _is_over: threading.Event) -> None:
    connection.settimeout(10)
    connection.recv(1)  # until the other side gives up


def drip_head(connection: socket.socket, is_over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not is_over.wait(0.02):
        connection.sendall(b"X-More: 1\r\n")


def drip_body(connection: socket.socket, is_over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not is_over.wait(0.02):
        connection.sendall(b" ")


def reset(connection: socket.socket, _is_over: threading.Event) -> None:
    connection.close()


def say_html(connection: socket.socket, _is_over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<h1>")


def say_a_list(connection: socket.socket, _is_over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")


@pytest.mark.parametrize("answer", [be_silent, drip_head, drip_body, reset, say_html, say_a_list])
def test_a_broken_store_is_given_up(answer: Callable[..., None]):
    with raw_store(answer) as url:
        environment = {**_CREDENTIALS, "AWS_ENDPOINT_URL": url}

        with pytest.raises(ParametersUnavailable, match="does not answer"):
            read_parameters("/lectern/prod", environment, waits_seconds=(0.0,), timeout_seconds=0.2)


def test_a_connection_that_was_closed_meanwhile_is_opened_again_at_once():
    pages = iter([page("A", following="more"), page("B")])

    def say_one_page(connection: socket.socket, _is_over: threading.Event) -> None:
        body = json.dumps(next(pages)[1]).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with raw_store(say_one_page) as url:
        environment = {**_CREDENTIALS, "AWS_ENDPOINT_URL": url}

        parameters = read_parameters("/lectern/prod", environment, waits_seconds=())

    assert parameters == {"A": "a", "B": "b"}


def test_a_new_connection_that_is_closed_is_a_failure_like_any_other():
    opened = itertools.count()

    def close(_connection: socket.socket, _is_over: threading.Event) -> None:
        next(opened)

    with raw_store(close) as url:
        environment = {**_CREDENTIALS, "AWS_ENDPOINT_URL": url}

        with pytest.raises(ParametersUnavailable, match="does not answer"):
            read_parameters("/lectern/prod", environment, waits_seconds=(0.0,))

    assert next(opened) == 2


def test_without_a_prefix_nobody_is_asked():
    environment = {"SSM_PREFIX": " ", "SIGNUP": "open"}

    assert gather_settings(environment) is environment

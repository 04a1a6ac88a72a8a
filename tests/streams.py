"""Answers as a client gets them: as server-sent events, and later from the history."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from dev.student import Student

Event = tuple[str, Any]


@contextlib.contextmanager
def open_stream(
    student: Student, query_text: str, *, key: str | None = None, **members: Any
) -> Iterator[httpx.Response]:
    """Ask a question and leave the stream open; the block's end closes the connection."""
    headers = {"Accept": "text/event-stream"} | ({"Idempotency-Key": key} if key else {})
    body = {"query_text": query_text, **members}
    with student.client.stream("POST", "/api/query", json=body, headers=headers) as response:
        yield response


def read_events(response: httpx.Response) -> Iterator[Event]:
    """Yield events as they arrive; comments are left out."""
    name = ""
    for line in _lines(response.iter_text()):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    """Split at newlines alone: str.splitlines would also split at signs that stand in a text."""
    pending = ""
    for piece in pieces:
        *lines, pending = (pending + piece).split("\n")
        yield from lines


def ask_streaming(student: Student, query_text: str, **members: Any) -> list[Event]:
    """Ask a question and return all events of its answer."""
    with open_stream(student, query_text, **members) as response:
        assert response.status_code == 200, response.read()
        return list(read_events(response))


def texts_of(events: Iterable[Event]) -> str:
    return "".join(data["text"] for event, data in events if event == "delta")


def stored(student: Student) -> list[dict[str, Any]]:
    """Return the queries of a student's only chat, from the history."""
    [chat] = student.client.get("/api/history").json()["chats"]
    return student.client.get(f"/api/history/{chat['chat_id']}").json()["queries"]

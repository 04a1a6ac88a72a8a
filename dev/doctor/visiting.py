"""A visit to a running Lectern: signed in, a file uploaded and read, a question asked, and nothing left behind."""

import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from dev.doctor.findings import Finding, is_public, ok, unknown, wrong

# Less than this of an answer's time between its first and its last event, and they came all at once.
_LEAST_SHARE_STREAMED = 0.05
_LECTURE = (
    "# Lighthouses\n\nThe lamp of the old lighthouse was lit with rape oil until 1872. "
    "It burned 40 litres in a winter night, and could be seen 18 miles out at sea.\n"
)
_QUESTION = "How much oil did the lamp of the old lighthouse burn in a winter night?"
_READ_SLICES = 20


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Whose account the question is asked with; without a name, one that is made and erased again."""

    username: str = ""
    password: str = ""
    signup_code: str = ""


async def visit(url: str, http: httpx.AsyncClient, visitor: Visitor) -> AsyncIterator[Finding]:
    """Sign in, ask one question of a file of our own, and leave nothing behind."""
    password = visitor.password or secrets.token_urlsafe(24)
    answer, is_open = await _enter(url, http, visitor, password)
    if is_open is not None:
        yield _entrance(url, is_open=is_open)
    if answer.is_error:
        told = f"no question was asked: {read_json(answer).get('detail', answer.status_code)}"
        do = "--username NAME, with its passphrase in LECTERN_PASSWORD, or SIGNUP_CODE."
        yield unknown("streaming", told, do)
        return
    yield _cookie(url, answer)
    headers = {"Authorization": f"Bearer {read_json(answer)['access_token']}"}
    try:
        async with _lecture(url, http, headers) as file_id:
            for finding in await _ask(url, http, headers, file_id):
                yield finding
    except _Failed as failure:
        yield wrong(
            "a file", str(failure), "look at the log of upload: the id of the request is there."
        )
    finally:
        if not visitor.username:
            body = {"password": password}
            await http.post(f"{url}/api/auth/erase", json=body, headers=headers)


async def _enter(
    url: str, http: httpx.AsyncClient, visitor: Visitor, password: str
) -> tuple[httpx.Response, bool | None]:
    """Return the answer of signing in or up, and whether sign-up is open to anybody, if that was seen."""
    body = {"username": visitor.username, "password": password}
    if visitor.username:
        return await http.post(f"{url}/api/auth/login", json=body), None
    body["username"] = f"doctor-{secrets.token_hex(6)}"
    answer = await http.post(f"{url}/api/auth/register", json=body)
    if answer.is_success or not visitor.signup_code:
        return answer, answer.is_success
    body["signup_code"] = visitor.signup_code
    return await http.post(f"{url}/api/auth/register", json=body), False


def _entrance(url: str, *, is_open: bool) -> Finding:
    if is_open and is_public(url):
        do = "set SIGNUP=code and SIGNUP_CODE, or SIGNUP=closed."
        return wrong("sign-up", "is open: anybody can spend your tokens.", do)
    return ok("sign-up", "is open on this machine" if is_open else "is not open to anybody")


def _cookie(url: str, answer: httpx.Response) -> Finding:
    cookie = answer.headers.get("set-cookie", "")
    wanted = ["HttpOnly", "SameSite=strict", "Path=/"]
    if url.startswith("https:"):
        wanted += ["Secure", "__Host-lectern-rt="]
    missing = [part for part in wanted if part.lower() not in cookie.lower()]
    if missing:
        do = "set PUBLIC_URL to the https address that users see, and deploy again."
        return wrong("cookie", f"lacks {', '.join(missing)}.", do)
    return ok("cookie", f"has {', '.join(wanted)}")


class _Failed(Exception):
    """A step of the visit was refused; the message says which."""


@asynccontextmanager
async def _lecture(
    url: str, http: httpx.AsyncClient, headers: dict[str, str]
) -> AsyncIterator[int]:
    """Upload a file, have it read, and delete it at the end."""
    part = {"file": (f"doctor-{secrets.token_hex(4)}.md", _LECTURE + secrets.token_hex(8))}
    answer = await http.post(f"{url}/api/upload", files=part, headers=headers)
    if answer.is_error:
        raise _Failed(
            f"the upload was refused: {read_json(answer).get('detail', answer.status_code)}"
        )
    file = read_json(answer)
    try:
        for _ in range(_READ_SLICES):
            if file["status"] != "processing":
                break
            file = read_json(
                await http.post(f"{url}/api/upload/{file['id']}/ingest", headers=headers)
            )
        if file["status"] != "ready":
            raise _Failed(f"the file was not read: {file.get('error') or file['status']}")
        yield file["id"]
    finally:
        await http.delete(f"{url}/api/upload/{file['id']}", headers=headers)


async def _ask(
    url: str, http: httpx.AsyncClient, headers: dict[str, str], file_id: int
) -> list[Finding]:
    body = {"query_text": _QUESTION, "file_ids": [file_id]}
    asking = headers | {"Accept": "text/event-stream"}
    started, times, last, event = time.perf_counter(), [], {}, ""
    async with http.stream("POST", f"{url}/api/query", json=body, headers=asking) as answer:
        if answer.is_error:
            await answer.aread()
            told = (
                f"the question was refused: {read_json(answer).get('detail', answer.status_code)}"
            )
            return [wrong("a question", told, "see docs/problems.md.")]
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
                times.append(time.perf_counter() - started)
            elif line.startswith("data:"):
                last = json.loads(line.removeprefix("data:"))
    if chat_id := (last.get("query") or {}).get("chat_id"):
        await http.delete(f"{url}/api/history/{chat_id}", headers=headers)
    return list(_judge(event, last, times))


def _judge(event: str, last: dict[str, Any], times: list[float]) -> Iterator[Finding]:
    if event != "done":
        told = f"the stream ended with {event or 'nothing'}: {last.get('detail', '')}"
        yield wrong("a question", told, "see docs/problems.md, and the log of query.")
        return
    status = last["query"]["status"]
    if status == "answered":
        yield ok("a question", f"was answered with citations in {times[-1]:.1f} s")
    else:
        yield wrong("a question", f"ended as {status}.", "try a better CHAT_MODEL.")
    if times[-1] - times[0] < _LEAST_SHARE_STREAMED * times[-1]:
        told = f"all {len(times)} events came at once, after {times[-1]:.1f} s."
        yield wrong("streaming", told, "something on the way buffers: a proxy, or BUFFERED mode.")
    else:
        told = f"first event after {times[0]:.2f} s, last after {times[-1]:.2f} s"
        yield ok("streaming", f"{told}, {len(times)} in all")


def read_json(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}

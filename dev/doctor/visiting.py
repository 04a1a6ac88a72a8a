"""A visit to a running Lectern: signed in, a file uploaded and read, a question asked, and nothing left behind."""

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from dev.doctor.findings import Finding, is_public, ok, unknown, wrong
from dev.doctor.guest import Guest

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


async def visit(url: str, http: httpx.AsyncClient, visitor: Visitor) -> list[Finding]:
    """Sign in, ask one question of a file of our own, and leave nothing behind, whatever goes wrong."""
    password = visitor.password or secrets.token_urlsafe(24)
    try:
        answer, is_open = await _enter(url, http, visitor, password)
    except httpx.HTTPError as error:
        told = f"signing in broke off ({type(error).__name__})."
        return [wrong("a visit", told, "look at the log of auth.")]
    findings = [] if is_open is None else [_entrance(url, is_open=is_open)]
    if answer.is_error:
        told = f"no question was asked: {_detail(answer)}"
        do = "--username NAME, with its passphrase in LECTERN_PASSWORD, or SIGNUP_CODE."
        return [*findings, unknown("streaming", told, do)]
    findings.append(_cookie(url, answer))
    token = read_json(answer).get("access_token")
    if not token:
        return [*findings, wrong("a visit", "signing in gave no token.", "is this Lectern?")]
    guest = Guest(url, http, {"Authorization": f"Bearer {token}"})
    if not visitor.username:
        guest.will_undo("its account", "POST", "/api/auth/erase", {"password": password})
    try:
        findings += await _look(guest)
    finally:
        findings += await guest.leave()
    return findings


async def _look(guest: Guest) -> list[Finding]:
    try:
        return await _ask(guest, await _upload(guest))
    except _Failed as failure:
        do = "look at the log of upload: the id of the request is there."
        return [wrong("a file", str(failure), do)]
    except httpx.HTTPError as error:
        told = f"{guest.step} broke off ({type(error).__name__})."
        do = "look at the log of the function: was it stopped by its time or memory?"
        return [wrong("a visit", told, do)]
    except (LookupError, TypeError, ValueError) as error:
        told = f"{guest.step} was answered as Lectern would not ({type(error).__name__}: {error})."
        return [wrong("a visit", told, "look at what stands before the functions.")]


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


async def _upload(guest: Guest) -> int:
    """Upload a file and have it read."""
    name = f"doctor-{secrets.token_hex(4)}.md"
    guest.step = "the upload"
    answer = await guest.post(
        "/api/upload", files={"file": (name, _LECTURE + secrets.token_hex(8))}
    )
    file = _accepted(guest.step, answer)
    file_id: int = file["id"]
    guest.will_undo(f"the file {name}", "DELETE", f"/api/upload/{file_id}")
    guest.step = "reading the file"
    for _ in range(_READ_SLICES):
        if file["status"] != "processing":
            break
        file = _accepted(guest.step, await guest.post(f"/api/upload/{file_id}/ingest"))
    if file["status"] != "ready":
        raise _Failed(f"the file was not read: {file.get('error') or file['status']}")
    return file_id


def _accepted(step: str, answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise _Failed(f"{step} was refused: {_detail(answer)}")
    return read_json(answer)


async def _ask(guest: Guest, file_id: int) -> list[Finding]:
    guest.step = "the question"
    body = {"query_text": _QUESTION, "file_ids": [file_id]}
    asking = guest.headers | {"Accept": "text/event-stream"}
    started, times, last, event = time.perf_counter(), list[float](), {}, ""
    async with guest.http.stream(
        "POST", guest.address("/api/query"), json=body, headers=asking
    ) as answer:
        if answer.is_error:
            await answer.aread()
            told = f"the question was refused: {_detail(answer)}"
            return [wrong("a question", told, "see docs/problems.md.")]
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
                times.append(time.perf_counter() - started)
            elif line.startswith("data:"):
                last = json.loads(line.removeprefix("data:"))
                if event == "start":
                    guest.will_undo("a chat", "DELETE", f"/api/history/{last['chat_id']}")
    return list(_judge(event, last, times))


def _detail(answer: httpx.Response) -> str:
    return str(read_json(answer).get("detail", answer.status_code))


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

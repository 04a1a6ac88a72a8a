"""The main job over HTTP, as a student lives it, against any Lectern that answers at an address."""

import hashlib
import time
import uuid
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from dev.processes import ROOT
from dev.student import PASSPHRASE, Student
from tests.streams import Event, open_stream, read_events, texts_of

SAMPLE = ROOT / "dev" / "sample" / "photosynthesis.pdf"
QUESTION = "How many chloroplasts does a mesophyll cell hold?"
NOTE = "The exam on photosynthesis takes place on Thursday at nine in the great lecture hall.\n"

# A local model takes at least 15 ms for a word, a hosted one rather longer for an answer.
_LEAST_STREAM_SECONDS = 0.1
_LEAST_GAP_SECONDS = 0.005
_LEAST_ARRIVALS = 4


def make_journey(url: str) -> None:
    """Sign up, upload, ask, look it up again and leave; assert what each step promises."""
    with httpx.Client(base_url=url, timeout=60) as client:
        _is_refused_without_token(client)
        student = Student(client, f"traveller-{uuid.uuid4().hex[:12]}")
        _refresh(student)
        file = _upload_signed(student, SAMPLE)
        note = student.upload("exam.txt", NOTE, "text/plain")
        query = _ask(student, file)
        _ask_again(student, query)
        _find_in_history(student, query)
        _delete(student, note)
        _erase(student)


def _is_refused_without_token(client: httpx.Client) -> None:
    for path in ("/api/auth/me", "/api/upload", "/api/history"):
        answer = client.get(path)

        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def _refresh(student: Student) -> None:
    """The page keeps no token: it trades its cookie for one, which must come through the platform."""
    answer = student.client.post("/api/auth/refresh", headers={"X-Requested-With": "fetch"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == student.id
    student.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _upload_signed(student: Student, path: Path) -> dict[str, Any]:
    """Send a file as the page does: its bytes go straight to storage, past the function."""
    content = path.read_bytes()
    announcement = {
        "filename": path.name,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    answer = student.client.post("/api/upload/signed", json=announcement)
    assert answer.status_code == 201, answer.text
    upload = answer.json()["upload"]
    sent = httpx.request(
        upload["method"], upload["url"], headers=upload["headers"], content=content, timeout=60
    )
    assert sent.is_success, sent.text

    file = student.ingest(answer.json()["file"] | {"status": "processing"})

    assert (file["status"], file["error"], file["empty_pages"]) == ("ready", None, 0)
    assert file["page_kind"] == "page"
    return file


def _ask(student: Student, file: dict[str, Any]) -> dict[str, Any]:
    with open_stream(student, QUESTION) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        arrivals = [(time.monotonic(), event) for event in read_events(response)]

    _arrived_one_by_one(arrivals)
    events = [event for _, event in arrivals]
    names = [name for name, _ in events]
    assert names[:2] == ["start", "passages"]
    assert names[-1] == "done", events[-1]
    query = events[-1][1]["query"]
    assert query["status"] == "answered"
    assert texts_of(events) == query["response"]
    assert [data for name, data in events if name == "citation"] == query["citations"]
    _citations_hold(student, query, file)
    return query


def _arrived_one_by_one(arrivals: list[tuple[float, Event]]) -> None:
    """What a platform buffers arrives at one moment."""
    moments = [moment for moment, _ in arrivals]
    gaps = [later - earlier for earlier, later in pairwise(moments)]

    assert moments[-1] - moments[0] > _LEAST_STREAM_SECONDS, moments
    assert len([gap for gap in gaps if gap > _LEAST_GAP_SECONDS]) >= _LEAST_ARRIVALS, gaps


def _citations_hold(student: Student, query: dict[str, Any], file: dict[str, Any]) -> None:
    pages = student.pages(file)
    assert query["citations"]
    for citation in query["citations"]:
        text = pages[citation["page"] - 1]
        assert citation["file_id"] == file["id"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def _ask_again(student: Student, query: dict[str, Any]) -> None:
    """Without a stream, in the same chat, and with a key: asked twice it is answered once."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {
        "query_text": "On which day does the exam on photosynthesis take place?",
        "chat_id": query["chat_id"],
    }
    first, second = (
        student.client.post("/api/query", json=body, headers=key, timeout=60) for _ in range(2)
    )

    assert first.status_code == 200, first.text
    assert first.json()["chat_id"] == query["chat_id"]
    assert "Thursday" in first.json()["response"]
    assert second.json() == first.json()


def _find_in_history(student: Student, query: dict[str, Any]) -> None:
    found = student.client.get("/api/history", params={"q": "chloroplasts"}).json()["chats"]
    chat = student.client.get(f"/api/history/{query['chat_id']}").json()
    export = student.client.get(f"/api/history/{query['chat_id']}/export")

    assert [chat["chat_id"] for chat in found] == [query["chat_id"]]
    assert chat["queries"][0] == query
    assert len(chat["queries"]) == 2
    assert export.headers["content-disposition"].startswith("attachment")
    assert SAMPLE.name in export.text


def _delete(student: Student, note: dict[str, Any]) -> None:
    deleted = student.client.delete(f"/api/upload/{note['id']}")
    gone = student.client.get(f"/api/upload/{note['id']}")
    page = student.client.get(f"/api/upload/{note['id']}/pages/1")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (gone.status_code, page.status_code) == (404, 404)


def _erase(student: Student) -> None:
    """Leave nothing behind: the deployment under test may be somebody's own."""
    receipt = student.client.post("/api/auth/erase", json={"password": PASSPHRASE}, timeout=60)
    after = student.client.post(
        "/api/auth/login", json={"username": student.username, "password": PASSPHRASE}
    )

    assert receipt.status_code == 200, receipt.text
    assert after.status_code == 401, after.text

"""Errors: one shape, a catalogue of them, and never a word of what was sent."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from dev.student import Student
from lib.domain import problems
from lib.domain.problems import Problem
from tests.conftest import Configuration
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, QUESTION

CATALOGUE = sorted(
    (kind for kind in vars(problems).values() if isinstance(kind, type) and kind is not Problem),
    key=lambda kind: kind.__name__,
)
CATALOGUE = [kind for kind in CATALOGUE if issubclass(kind, Problem)]
STATUSES = {401, 403, 404, 409, 413, 415, 422, 429, 502, 503}
NOWHERE = "00000000-0000-4000-8000-000000000000"
# A word of the request that no answer may repeat.
ECHO = "hippopotamus"


class TestCatalogue:
    @pytest.mark.parametrize("problem", CATALOGUE)
    def test_says_what_happened_and_what_to_do(self, problem: type[Problem]) -> None:
        assert problem.status in STATUSES
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", problem.slug)
        assert re.fullmatch(r"[A-Z].*[^.]", problem.title)
        assert re.fullmatch(r"[A-Z].*\.", problem.detail)
        assert problem.status.phrase not in problem.detail

    def test_has_each_slug_and_title_once(self) -> None:
        assert len({problem.slug for problem in CATALOGUE}) == len(CATALOGUE) >= 30
        titles = [problem.title for problem in CATALOGUE]
        # Two slugs may share a title where a user can do nothing about the difference.
        assert len(set(titles)) >= len(titles) - 2

    @pytest.mark.parametrize("problem", CATALOGUE)
    def test_renders_the_members_of_rfc_9457(self, problem: type[Problem]) -> None:
        document = problem(retry_after_seconds=7, limit_files=3).as_dict()

        assert document == {
            "type": f"/problems/{problem.slug}",
            "title": problem.title,
            "status": int(problem.status),
            "detail": problem.detail,
            "limit_files": 3,
            "retry_after_seconds": 7,
        }
        assert problem(retry_after_seconds=7).headers()["Retry-After"] == "7"
        assert ("WWW-Authenticate" in problem().headers()) == (problem.status == 401)


Asking = Callable[[httpx.Client], httpx.Response]


def post(path: str, body: Any) -> Asking:
    return lambda client: client.post(path, json=body)


def get(path: str) -> Asking:
    return lambda client: client.get(path)


def upload(name: str, content: bytes, content_type: str) -> Asking:
    part = {"file": (name, content, content_type)}
    return lambda client: client.post("/api/upload", files=part)


# How a student can go wrong, and the status and the kind of problem that tells so.
WRONG: dict[str, tuple[Asking, int, str]] = {
    "no such route": (get(f"/api/history/a/{ECHO}/b"), 404, "about:blank"),
    "no such function": (get(f"/api/{ECHO}"), 404, "about:blank"),
    "another method": (lambda client: client.delete("/api/history"), 405, "about:blank"),
    "no token": (
        lambda client: client.get("/api/history", headers={"Authorization": ECHO}),
        401,
        "/problems/invalid-access-token",
    ),
    "a token of somebody's making": (
        lambda client: client.get("/api/history", headers={"Authorization": f"Bearer {ECHO}"}),
        401,
        "/problems/invalid-access-token",
    ),
    "a cookie of somebody's making": (
        lambda client: client.post(
            "/api/auth/refresh", headers={"X-Requested-With": "a", "Cookie": f"lectern-rt={ECHO}"}
        ),
        401,
        "/problems/invalid-refresh-token",
    ),
    "no header of our own": (post("/api/auth/logout", None), 403, "/problems/cross-site-request"),
    "a wrong password": (
        post("/api/auth/login", {"username": ECHO, "password": ECHO}),
        401,
        "/problems/invalid-credentials",
    ),
    "a weak password": (
        post("/api/auth/register", {"username": ECHO, "password": f"{ECHO}1234"}),
        422,
        "/problems/weak-password",
    ),
    "no file": (get("/api/upload/12345678"), 404, "/problems/file-not-found"),
    "no chat": (get(f"/api/history/{NOWHERE}"), 404, "/problems/chat-not-found"),
    "no number": (get(f"/api/upload/{ECHO}"), 422, "/problems/invalid-request"),
    "no cursor of ours": (get(f"/api/history?cursor={ECHO}"), 422, "/problems/invalid-request"),
    "an unknown member": (
        post("/api/query", {"query_text": QUESTION, "extra": ECHO}),
        422,
        "/problems/invalid-request",
    ),
    "a wrong type": (post("/api/query", {"query_text": [ECHO]}), 422, "/problems/invalid-request"),
    "a control character": (
        post("/api/query", {"query_text": f"{ECHO}\x00"}),
        422,
        "/problems/invalid-request",
    ),
    "no file of these": (
        post("/api/query", {"query_text": QUESTION, "file_ids": [12345678]}),
        404,
        "/problems/file-not-found",
    ),
    "broken JSON": (
        lambda client: client.post(
            "/api/query",
            content=f'{{"{ECHO}"',
            headers={"Content-Type": "application/json"},
        ),
        422,
        "/problems/invalid-request",
    ),
    "a type that is not read": (
        upload(f"{ECHO}.exe", b"MZ", ""),
        415,
        "/problems/unsupported-file-type",
    ),
    "another type than declared": (
        upload(f"{ECHO}.pdf", b"a", "text/html"),
        415,
        "/problems/unsupported-file-type",
    ),
    "nothing in a file": (upload("a.txt", b"", "text/plain"), 422, "/problems/empty-file"),
    "no form": (post("/api/upload", {ECHO: ECHO}), 422, "/problems/invalid-request"),
    "too large a file": (
        post("/api/upload/signed", {"filename": f"{ECHO}.pdf", "size_bytes": 2**30}),
        413,
        "/problems/file-too-large",
    ),
    "too large a request": (
        post("/api/query", {"query_text": ECHO * 10_000}),
        413,
        "/problems/request-too-large",
    ),
    "not the job's secret": (get("/api/jobs/run"), 401, "/problems/invalid-job-secret"),
}


def assert_is_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert (answer.status_code, document["type"]) == (status, kind)
    assert document["status"] == status
    assert document.keys() >= {"type", "title", "status", "detail", "instance"}
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["instance"])
    if kind == "about:blank":
        assert document["title"] == HTTPStatus(status).phrase
    else:
        [problem] = [problem for problem in CATALOGUE if kind == f"/problems/{problem.slug}"]
        assert (document["title"], int(problem.status)) == (problem.title, status)
    return document


class TestShape:
    @pytest.fixture(scope="class")
    @classmethod
    def somebody(cls, new_reader: Callable[[dict[str, str | bytes]], Student]) -> Student:
        return new_reader({})

    @pytest.mark.parametrize(("asking", "status", "kind"), WRONG.values(), ids=WRONG.keys())
    def test_is_the_same_for_every_error(
        self, somebody: Student, asking: Asking, status: int, kind: str
    ) -> None:
        answer = asking(somebody.client)

        document = assert_is_problem(answer, status, kind)
        assert ECHO not in json.dumps(document)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert ("Allow" in answer.headers) == (status == 405)

    @pytest.mark.parametrize(
        ("path", "body", "pointer"),
        [
            ("/api/query", {}, "#/body/query_text"),
            ("/api/query", {"query_text": QUESTION, "file_ids": [1, "x"]}, "#/body/file_ids/1"),
            ("/api/query", {"query_text": QUESTION, "extra": 1}, "#/body/extra"),
            ("/api/upload/signed", {"filename": "a.md"}, "#/body/size_bytes"),
            ("/api/auth/register", {"username": "a", "password": "b"}, "#/body/username"),
        ],
    )
    def test_points_to_the_mistake(
        self, somebody: Student, path: str, body: dict[str, Any], pointer: str
    ) -> None:
        answer = somebody.client.post(path, json=body)

        document = assert_is_problem(answer, 422, "/problems/invalid-request")
        assert pointer in [error["pointer"] for error in document["errors"]]
        assert all(error.keys() == {"pointer", "detail"} for error in document["errors"])
        assert all(error["detail"] for error in document["errors"])

    @pytest.mark.parametrize(
        ("changes", "status", "kind"),
        [
            ({"daily_queries_per_user": 0}, 429, "/problems/daily-limit-reached"),
            ({"max_streams_per_user": 0}, 429, "/problems/too-many-streams"),
            ({"daily_tokens": 0}, 503, "/problems/capacity-exhausted"),
        ],
    )
    def test_says_when_to_come_again(
        self,
        student: Student,
        configuration: Configuration,
        changes: dict[str, int],
        status: int,
        kind: str,
    ) -> None:
        configuration.change(**changes)

        answer = student.client.post("/api/query", json={"query_text": QUESTION})

        document = assert_is_problem(answer, status, kind)
        assert int(answer.headers["Retry-After"]) == document["retry_after_seconds"] > 0

    def test_is_the_same_where_a_provider_fails(
        self, learner: Student, model: ScriptedModel
    ) -> None:
        model.says, model.status = ANSWER, 500

        answer = learner.client.post("/api/query", json={"query_text": QUESTION})

        document = assert_is_problem(answer, 503, "/problems/model-unavailable")
        assert int(answer.headers["Retry-After"]) == document["retry_after_seconds"] > 0

    def test_is_the_same_where_the_database_is_away(
        self, somebody: Student, configuration: Configuration
    ) -> None:
        configuration.change(supabase_url="http://127.0.0.1:9")

        answer = somebody.client.get("/api/history")

        document = assert_is_problem(answer, 503, "/problems/database-unavailable")
        assert "127.0.0.1" not in json.dumps(document)
        assert int(answer.headers["Retry-After"]) > 0

"""What every request gets, whatever it asks for: limits, headers, one line in the log, its round trips."""

import json
import logging
import re
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import Request, Response
from postgrest.exceptions import APIError

from dev.serving import serve
from dev.student import PASSPHRASE, Student
from lib.adapters.parameter_store import ParametersUnavailable
from lib.domain.identities import Identity
from lib.domain.models import Query
from lib.domain.tokens import issue_access_token
from lib.settings import get_settings, read_setting
from lib.web.app import create_app
from lib.web.events import Event, EventStream
from tests.conftest import TLS, Configuration, Ground, slug, wait_until
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.routes import Operation, operations
from tests.streams import open_stream

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-site",
}

CANARY = "canary-in-a-row"
AS_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def probe() -> Generator[httpx.Client]:
    """A function with our bugs in it, made as every function is made."""
    app = create_app("probe", "Breaks.")

    @app.get("/api/probe/bug")
    async def bug() -> None:
        raise RuntimeError("the secret is 42")

    @app.get("/api/probe/stream")
    async def stream(request: Request) -> Response:
        return EventStream(break_off(), request.state.request_id)

    @app.get("/api/probe/settings")
    async def settings() -> None:
        read_setting("CRON_SECRET", {})

    @app.get("/api/probe/parameters")
    async def parameters() -> None:
        raise ParametersUnavailable("The Parameter Store refuses: 500")

    @app.get("/api/probe/refused")
    async def refused() -> None:
        details = f"Failing row contains ({CANARY})."
        error = APIError({"code": "23514", "message": CANARY, "hint": None, "details": details})
        raise RuntimeError(CANARY) from error

    @app.get("/api/probe/misshapen")
    async def misshapen() -> None:
        Query.model_validate({"id": CANARY, "query_text": [CANARY]})

    with serve(app) as url, httpx.Client(base_url=url, verify=TLS) as client:
        yield client


async def break_off() -> AsyncGenerator[Event]:
    yield "delta", {"text": "So far"}
    raise RuntimeError("the secret is 42")


class Log:
    """The lines that the functions write."""

    def __init__(self) -> None:
        self.records: list[str] = []

    def line(self, request_id: str) -> dict[str, Any]:
        """Wait for the line of a request: it is written after the answer."""

        def find() -> list[dict[str, Any]]:
            lines = [json.loads(record) for record in list(self.records)]
            return [line for line in lines if line["request_id"] == request_id]

        wait_until(
            lambda: [line for line in find() if line["level"] == "info"], "a line is written"
        )
        [line] = [line for line in find() if line["level"] == "info"]
        return line


@pytest.fixture
def log() -> Generator[Log]:
    log, handler = Log(), logging.Handler()
    handler.emit = lambda record: log.records.append(record.getMessage())
    logging.getLogger("lectern").addHandler(handler)
    yield log
    logging.getLogger("lectern").removeHandler(handler)


class TestHeaders:
    def test_are_on_every_answer(self, learner: Student, model: ScriptedModel) -> None:
        model.says = ANSWER
        with open_stream(learner, QUESTION) as stream:
            stream.read()
        client = learner.client

        answers = [
            stream,
            client.get("/api/history"),
            client.get("/api/history/health"),
            client.get("/api/history/docs"),
            client.get("/api/history/openapi.json"),
            client.get("/api/history/nothing-here"),
            client.get("/api/nothing"),
            client.put("/api/history"),
            client.get("/api/history?limit=0"),
            client.get("/api/history", headers={"Authorization": ""}),
            client.post("/api/query", content=b"a" * 70_000),
        ]

        for answer in answers[:6] + answers[7:]:
            assert SECURITY_HEADERS.items() <= dict(answer.headers).items(), answer.request.url
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert UUID(answer.headers["X-Request-Id"]).version == 4
            assert re.search(r"total;dur=\d", answer.headers["Server-Timing"])
        assert len({answer.headers["X-Request-Id"] for answer in answers[:6]}) == 6

    def test_name_the_request_as_its_problem_does(self, student: Student) -> None:
        answer = student.client.get("/api/history?limit=0")

        assert answer.json()["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"

    def test_take_no_request_id_from_outside(self, student: Student) -> None:
        given = "00000000-0000-4000-8000-000000000000"

        answer = student.client.get("/api/history", headers={"X-Request-Id": given})

        assert answer.headers["X-Request-Id"] != given


class TestBody:
    def test_announced_as_too_large_is_refused(self, student: Student) -> None:
        answer = student.client.post("/api/query", content=b" " * (64 * 1024 + 1), headers=AS_JSON)

        assert (answer.status_code, slug(answer)) == (413, "request-too-large")
        assert answer.json()["limit_bytes"] == 64 * 1024

    def test_that_turns_out_too_large_is_refused(self, student: Student) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(20):
                yield b" " * 8 * 1024

        answer = student.client.post("/api/query", content=pieces(), headers=AS_JSON)

        assert (answer.status_code, slug(answer)) == (413, "request-too-large")

    def test_up_to_the_limit_is_read(self, student: Student, model: ScriptedModel) -> None:
        body = json.dumps({"query_text": QUESTION}).ljust(64 * 1024)

        answer = student.client.post("/api/query", content=body, headers=AS_JSON)

        assert (answer.status_code, model.prompts) == (200, [])

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b"", "application/json"),
            (b"{", "application/json"),
            (b"\xff\xfe", "application/json"),
            (b"null", "application/json"),
            (b'"text"', "application/json"),
            (b"[" * 5_000, "application/json"),
            (b'{"query_text": NaN}', "application/json"),
            (b"query_text=a", "application/x-www-form-urlencoded"),
            (b'{"query_text": "a"}', "text/plain"),
        ],
    )
    def test_that_is_no_json_is_refused(
        self, student: Student, content: bytes, content_type: str
    ) -> None:
        answer = student.client.post(
            "/api/query", content=content, headers={"Content-Type": content_type}
        )

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"],
    )
    def test_that_is_no_form_is_refused(self, student: Student, content_type: str) -> None:
        answer = student.client.post(
            "/api/upload", content=b"nothing", headers={"Content-Type": content_type}
        )

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")


class TestBugs:
    def test_are_a_problem_that_tells_nothing(self, probe: httpx.Client, log: Log) -> None:
        answer = probe.get("/api/probe/bug")

        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        request_id = answer.headers["X-Request-Id"]
        assert log.line(request_id)["status"] == 500
        # Whoever runs it finds the trace under the id that the caller was told.
        [trace] = [json.loads(record) for record in log.records if "trace" in json.loads(record)]
        assert (trace["level"], trace["request_id"]) == ("error", request_id)
        assert "builtins.RuntimeError" in trace["trace"]
        assert re.search(r"test_requests\.py:\d+ bug", trace["trace"])
        assert "secret is" not in trace["trace"]

    @pytest.mark.parametrize(
        ("broken", "kind"), [("refused", "APIError"), ("misshapen", "ValidationError")]
    )
    def test_do_not_tell_the_log_what_was_in_a_row(
        self, probe: httpx.Client, log: Log, broken: str, kind: str
    ) -> None:
        answer = probe.get(f"/api/probe/{broken}")

        assert answer.status_code == 500
        assert any(kind in record for record in log.records)
        assert CANARY not in answer.text + "".join(log.records)

    def test_are_not_what_passes(self, probe: httpx.Client, log: Log) -> None:
        answer = probe.get("/api/probe/parameters")

        assert (answer.status_code, answer.json()["type"]) == (503, "about:blank")
        assert "Try again" in answer.json()["detail"]
        assert any("The Parameter Store refuses" in record for record in log.records)

    def test_of_the_settings_are_told(self, probe: httpx.Client, log: Log) -> None:
        assert probe.get("/api/probe/settings").status_code == 500

        assert any("CRON_SECRET is not set" in record for record in log.records)

    def test_in_a_stream_end_it_with_error(self, probe: httpx.Client, log: Log) -> None:
        answer = probe.get("/api/probe/stream")

        events = re.findall(r"event: (\w+)\ndata: (.*)\n\n", answer.text)
        assert [name for name, _ in events] == ["delta", "error"]
        problem = json.loads(events[-1][1])
        assert problem["status"] == 500
        assert problem["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
        assert "secret" not in answer.text
        assert any("RuntimeError" in record for record in log.records)
        assert not any("secret is" in record for record in log.records)


class TestOtherOrigins:
    @pytest.fixture
    def allowing(self, monkeypatch: pytest.MonkeyPatch) -> Generator[httpx.Client]:
        """A function that lets one other origin in."""
        monkeypatch.setenv("ALLOWED_ORIGINS", "https://class.example https://other.example")
        get_settings.cache_clear()
        with (
            serve(create_app("probe", "Open.")) as url,
            httpx.Client(base_url=url, verify=TLS) as client,
        ):
            yield client
        monkeypatch.undo()
        get_settings.cache_clear()

    def test_are_not_let_in_by_default(self, student: Student) -> None:
        headers = {"Origin": "https://class.example"}
        asking = {**headers, "Access-Control-Request-Method": "GET"}

        answer = student.client.get("/api/history", headers=headers)
        preflight = student.client.options("/api/history", headers=asking)

        assert answer.status_code == 200
        assert preflight.status_code == 405
        assert preflight.headers["Content-Type"] == "application/problem+json"
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "access-control-allow-origin" not in preflight.headers

    def test_on_the_list_are_let_in_without_the_cookie(self, allowing: httpx.Client) -> None:
        headers = {"Origin": "https://class.example"}
        asking = {
            **headers,
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
        }

        answer = allowing.get("/api/probe/health", headers=headers)
        missing = allowing.get("/api/probe/nothing", headers=headers)
        preflight = allowing.options("/api/probe/health", headers=asking)

        for response in (answer, missing, preflight):
            assert response.headers["Access-Control-Allow-Origin"] == "https://class.example"
            assert "Origin" in response.headers["Vary"]
            assert "access-control-allow-credentials" not in response.headers
        assert preflight.status_code == 200
        assert "DELETE" in preflight.headers["Access-Control-Allow-Methods"]
        assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://class.example.evil", "null"]
    )
    def test_not_on_the_list_are_not(self, allowing: httpx.Client, origin: str) -> None:
        asking = {"Origin": origin, "Access-Control-Request-Method": "GET"}

        answer = allowing.get("/api/probe/health", headers={"Origin": origin})
        preflight = allowing.options("/api/probe/health", headers=asking)

        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-origin" not in preflight.headers
        assert preflight.is_client_error


class TestLog:
    def test_has_one_line_of_a_request(
        self, learner: Student, model: ScriptedModel, log: Log
    ) -> None:
        model.says = ANSWER

        answer = learner.client.post("/api/query", json={"query_text": QUESTION})

        line = log.line(answer.headers["X-Request-Id"])
        assert {name: line[name] for name in ("function", "method", "route", "status")} == {
            "function": "query",
            "method": "POST",
            "route": "/api/query",
            "status": 200,
        }
        assert (line["user_id"], line["calls"]) == (learner.id, {"model": 2, "database": 2})
        assert line["ms"] > 0

    def test_names_the_problem_and_the_route_and_no_more(self, student: Student, log: Log) -> None:
        answer = student.client.get(f"/api/upload/{2**51}/pages/7?word=hippopotamus")

        line = log.line(answer.headers["X-Request-Id"])
        assert line["problem"] == "file-not-found"
        assert line["route"] == "/api/upload/{file_id}/pages/{number}"
        assert str(2**51) not in str(log.records)

    def test_holds_no_secret_and_nothing_that_was_said(
        self, student: Student, model: ScriptedModel, log: Log
    ) -> None:
        bearer = student.client.headers["Authorization"].removeprefix("Bearer ")
        model.says = f"Platypus. {ANSWER}"
        student.upload("hippopotamus.md", f"{LIGHT} Axolotl.")
        student.ask("Does the ocelot bend in glass?")
        student.client.get("/api/history", params={"q": "armadillo"})
        student.client.post("/api/query", json={"query_text": "", "capybara": "wombat"})
        credentials = {"username": student.username, "password": PASSPHRASE}
        student.client.post("/api/auth/login", json=credentials)
        last = student.client.get("/api/auth/me")
        log.line(last.headers["X-Request-Id"])

        written = "\n".join(log.records).lower()

        for word in (
            "hippopotamus",
            "axolotl",
            "ocelot",
            "platypus",
            "armadillo",
            "capybara",
            "wombat",
            bearer.lower(),
            PASSPHRASE,
            student.username,
            "cookie",
            "bearer",
        ):
            assert word not in written, word

    def test_has_a_line_of_a_request_that_was_cut_short(
        self, learner: Student, model: ScriptedModel, log: Log
    ) -> None:
        model.says, model.holds_after = ANSWER, 1

        with open_stream(learner, QUESTION) as response:
            model.wait_until_held()

        assert log.line(response.headers["X-Request-Id"])["route"] == "/api/query"


class TestAOneTimePassphrase:
    """Whoever signed in with one may do nothing but choose a password."""

    ALLOWED = (
        "GET /api/auth/me",
        "PUT /api/auth/password",
        "GET /api/auth/sessions",
        "DELETE /api/auth/sessions/{session_id}",
    )

    @pytest.fixture
    def beginner(
        self, student: Student, configuration: Configuration, ground: Ground
    ) -> Generator[httpx.Client]:
        session = ground.row("select id from sessions where user_id = %s", student.id)
        token = issue_access_token(
            Identity(user_id=student.id, session_id=session["id"], must_change_password=True),
            configuration.settings.access_token_keys[0],
            now=datetime.now(UTC),
            lifetime=timedelta(minutes=1),
        )
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(
            base_url=student.client.base_url, headers=headers, verify=TLS
        ) as beginner:
            yield beginner

    def test_opens_no_other_door(self, beginner: httpx.Client, model: ScriptedModel) -> None:
        for operation in guarded():
            answer = send(beginner, operation)
            expected = str(operation) not in self.ALLOWED
            refused = answer.status_code == 403 and slug(answer) == "password-change-required"
            assert refused == expected, f"{operation}: {answer.status_code} {answer.text}"
        assert (model.embedding_calls, model.prompts) == (0, [])


def guarded() -> list[Operation]:
    return [
        operation
        for operation in operations()
        if "security" in operation.document and operation.function != "jobs"
    ]


def send(client: httpx.Client, operation: Operation) -> httpx.Response:
    """Send a request that is well-formed, so that only who asks can be wrong with it."""
    nowhere = {"chat_id": "00000000-0000-4000-8000-000000000000"}
    path = re.sub(r"{(\w+)}", lambda name: nowhere.get(name[1], str(2**51)), operation.path)
    if operation.path == "/api/upload" and operation.method == "POST":
        return client.post(path, files={"file": ("light.md", LIGHT)})
    body = BODIES.get(str(operation))
    return client.request(operation.method, path, json=body)


BODIES: dict[str, Any] = {
    "POST /api/upload/signed": {"filename": "light.md", "size_bytes": 10},
    "POST /api/query": {"query_text": QUESTION},
    "PATCH /api/history/{chat_id}": {"title": "Light"},
    "PUT /api/auth/password": {"current_password": "wrong", "new_password": PASSPHRASE},
    "POST /api/auth/erase": {"password": PASSPHRASE},
}


def round_trips(answer: httpx.Response) -> dict[str, int]:
    """Return how many calls a request made, by dependency, as Server-Timing tells it."""
    found = re.findall(r'(\w+);dur=[\d.]+;desc="(\d+)"', answer.headers["Server-Timing"])
    return {name: int(count) for name, count in found}


class TestRoundTrips:
    def test_of_reading_are_one(self, student: Student, model: ScriptedModel) -> None:
        file, chat_id = student.upload("light.md", LIGHT), student.ask(QUESTION)["chat_id"]
        paths = (
            "/api/upload",
            f"/api/upload/{file['id']}",
            f"/api/upload/{file['id']}/pages/1",
            "/api/history",
            "/api/history?q=glass",
            f"/api/history/{chat_id}",
            f"/api/history/{chat_id}/export",
            "/api/auth/sessions",
        )

        counts = {path: round_trips(student.client.get(path)) for path in paths}

        assert counts == {path: {"database": 1} for path in paths}
        assert len(model.prompts) == 1

    def test_of_a_token_that_is_wrong_are_none(self, client: httpx.Client) -> None:
        headers = {"Authorization": "Bearer a.b.c"}

        assert round_trips(client.get("/api/history", headers=headers)) == {}

    def test_of_a_signed_upload_are_one_and_one(self, student: Student) -> None:
        body = {"filename": "light.md", "size_bytes": 10}

        answer = student.client.post("/api/upload/signed", json=body)

        assert round_trips(answer) == {"database": 1, "storage": 1}

    def test_of_a_question_are_one_before_the_model_and_one_after(
        self, learner: Student, model: ScriptedModel
    ) -> None:
        model.says = ANSWER

        whole = learner.client.post("/api/query", json={"query_text": QUESTION})
        with open_stream(learner, QUESTION) as stream:
            stream.read()

        assert round_trips(whole) == {"database": 2, "model": 2}
        # The header leaves before the model is asked: one call for the embedding, one to the database.
        assert round_trips(stream) == {"database": 1, "model": 1}

    def test_of_signing_in_are_two_and_of_refreshing_one(
        self, new_student: Callable[[], Student], client: httpx.Client
    ) -> None:
        student = new_student()
        credentials = {"username": student.username, "password": PASSPHRASE}

        signed_in = client.post("/api/auth/login", json=credentials)
        refreshed = client.post("/api/auth/refresh", headers={"X-Requested-With": "test"})

        assert (signed_in.status_code, refreshed.status_code) == (200, 200)
        assert (round_trips(signed_in), round_trips(refreshed)) == (
            {"database": 2},
            {"database": 1},
        )

    def test_say_which_took_long(self, student: Student) -> None:
        timing = student.client.get("/api/history").headers["Server-Timing"]

        database, total = re.findall(r"dur=([\d.]+)", timing)
        assert 0 < float(database) <= float(total)

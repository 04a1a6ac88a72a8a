"""Every dependency call meets every fault: no request hangs, none lies, and no row contradicts another."""

import json
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from dev.stack import Stack
from dev.student import PASSPHRASE, Student
from tests.accounts import FROM_OUR_PAGE
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.trust import misbehaving
from tests.trust.instances import HASTE, REQUEST_SECONDS, impatient_instance, proxied
from tests.trust.invariants import Invariants
from tests.trust.misbehaving import (
    Call,
    Fault,
    Proxy,
    refuse,
    refuse_as_model,
    refuse_as_storage,
)
from tests.trust.operations import ROWS, send
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("Whatever fails, no request hangs or lies, and no row contradicts")

# On a machine that does other things as well.
LONGEST_SECONDS = REQUEST_SECONDS + 4.0


@dataclass(frozen=True)
class Trouble:
    """A fault; `passes` says that nothing was done, so that trying again must help."""

    name: str
    fault: Fault
    passes: bool = False


BROKEN = [
    Trouble("reset", misbehaving.reset),
    Trouble("reply lost", misbehaving.lose_reply),
    Trouble("answer truncated", misbehaving.truncate),
    Trouble("no answer", misbehaving.be_silent),
    Trouble("drip", misbehaving.drip),
    Trouble("HTML with 200", misbehaving.html),
    Trouble("cut JSON with 200", misbehaving.cut_json),
    Trouble("502 of a gateway", misbehaving.answer(502, "<h1>Bad gateway</h1>", "text/html")),
]
TROUBLES: dict[str, list[Trouble]] = {
    "database": [
        *BROKEN,
        Trouble("503 PGRST002", refuse(503, "PGRST002"), passes=True),
        Trouble("504 PGRST003", refuse(504, "PGRST003"), passes=True),
        Trouble("500 40001", refuse(500, "40001"), passes=True),
        Trouble("401 PGRST303", refuse(401, "PGRST303"), passes=True),
        Trouble("500 57014", refuse(500, "57014")),
    ],
    "storage": [
        *BROKEN,
        Trouble("429 SlowDown", refuse_as_storage(429, "SlowDown"), passes=True),
        Trouble("544 DatabaseTimeout", refuse_as_storage(544, "DatabaseTimeout"), passes=True),
        Trouble("423 ResourceLocked", refuse_as_storage(423, "ResourceLocked"), passes=True),
        Trouble("500 InternalError", refuse_as_storage(500, "InternalError")),
    ],
    "model": [
        *BROKEN,
        Trouble("503", refuse_as_model(503, "server_is_overloaded"), passes=True),
        Trouble("429", refuse_as_model(429, "rate_limit_exceeded"), passes=True),
        Trouble("429 for money", refuse_as_model(429, "insufficient_quota")),
        Trouble("400", refuse_as_model(400, "invalid_request_error")),
    ],
}


# What each operation needs to be there, in the order of the pieces: the values of its path.


def have_nothing(_: Student) -> dict[str, Any]:
    return {"session_id": 0}


def have_session(student: Student) -> dict[str, Any]:
    [session] = student.client.get("/api/auth/sessions").json()["sessions"]
    return {"session_id": session["id"]}


def have_file(student: Student) -> dict[str, Any]:
    return {"file_id": student.upload("light.md", LIGHT)["id"], "number": 1}


def have_chat(student: Student) -> dict[str, Any]:
    return have_file(student) | {"chat_id": student.ask(QUESTION)["chat_id"]}


def have_arrived(student: Student) -> dict[str, Any]:
    body = {"filename": "light.md", "size_bytes": len(LIGHT.encode())}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    student.client.put(upload["url"], content=LIGHT, headers=upload["headers"]).raise_for_status()
    return {"file_id": answer["file"]["id"]}


@dataclass(frozen=True)
class Scenario:
    """An operation, what must be there, and what else is sent."""

    operation: str
    prepare: Callable[[Student], dict[str, Any]] = have_nothing
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)

    def send(self, student: Student, values: dict[str, Any]) -> httpx.Response:
        members = {
            name: value.format(name=student.username) for name, value in self.members.items()
        }
        options: dict[str, Any] = {"headers": self.headers, "params": self.params}
        return send(student.client, self.operation, values, members, **options, timeout=20)


SCENARIOS = {
    scenario.operation + " ".join(["", *scenario.headers.values()]): scenario
    for scenario in [
        Scenario("POST /api/auth/register", members={"username": "{name}-too"}),
        Scenario("POST /api/auth/login", members={"username": "{name}", "password": PASSPHRASE}),
        Scenario("POST /api/auth/refresh", headers=FROM_OUR_PAGE),
        Scenario("POST /api/auth/logout", headers=FROM_OUR_PAGE),
        Scenario("GET /api/auth/me"),
        Scenario("PUT /api/auth/password", members={"current_password": PASSPHRASE}),
        Scenario("GET /api/auth/sessions"),
        Scenario("DELETE /api/auth/sessions/{session_id}", have_session),
        Scenario("GET /api/auth/export", have_chat),
        Scenario("POST /api/auth/erase", have_chat, members={"password": PASSPHRASE}),
        Scenario("GET /api/history", have_chat),
        Scenario("GET /api/history/{chat_id}", have_chat),
        Scenario("PATCH /api/history/{chat_id}", have_chat),
        Scenario("DELETE /api/history/{chat_id}", have_chat),
        Scenario("GET /api/history/{chat_id}/export", have_chat),
        Scenario("POST /api/query", have_file),
        Scenario("POST /api/query", have_file, headers={"Accept": "text/event-stream"}),
        Scenario("POST /api/upload"),
        Scenario("GET /api/upload", have_file),
        Scenario("POST /api/upload/signed"),
        Scenario("POST /api/upload/{file_id}/ingest", have_arrived),
        Scenario("GET /api/upload/{file_id}", have_file),
        Scenario("DELETE /api/upload/{file_id}", have_file),
        Scenario("GET /api/upload/{file_id}/content", have_file, params={"as": "url"}),
        Scenario("GET /api/upload/{file_id}/pages/{number}", have_file),
    ]
}


@pytest.fixture
def proxy(stack: Stack, configuration: Configuration, model: ScriptedModel) -> Generator[Proxy]:
    model.says = ANSWER
    with proxied(stack, configuration) as proxy:
        yield proxy


@dataclass(frozen=True)
class Case:
    """One fault at one call of a scenario, once or for ever."""

    ordinal: int
    call: Call
    trouble: Trouble
    is_lasting: bool

    def __str__(self) -> str:
        how_long = "for ever" if self.is_lasting else "once"
        path = self.call.path.partition("?")[0]
        return f"{self.trouble.name} {how_long} at {self.call.method} {path}"

    def meets(self, ordinal: int, call: Call) -> bool:
        if not self.is_lasting:
            return ordinal == self.ordinal
        return ordinal >= self.ordinal and call.dependency == self.call.dependency


def cases_of(calls: list[Call]) -> Iterator[Case]:
    for ordinal, call in enumerate(calls):
        for trouble in TROUBLES[call.dependency]:
            yield Case(ordinal, call, trouble, is_lasting=False)
            yield Case(ordinal, call, trouble, is_lasting=True)


def test_every_operation_that_calls_anything_has_a_scenario() -> None:
    covered = {scenario.operation for scenario in SCENARIOS.values()}
    without = {name for name in ROWS if "health" in name or name == "GET /api/jobs/run"}

    assert covered == set(ROWS) - without


@dataclass
class Attempt:
    """One scenario, with a user of its own for each case; one is enough for what changes nothing."""

    scenario: Scenario
    proxy: Proxy
    configuration: Configuration
    new_student: Callable[[], Student]
    _prepared: tuple[Student, dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        self._leisure = {name: getattr(self.configuration.settings, name) for name in HASTE}

    def _prepare(self) -> tuple[Student, dict[str, Any]]:
        if not self._prepared or not self.scenario.operation.startswith("GET"):
            student = self.new_student()
            self._prepared = student, self.scenario.prepare(student)
        return self._prepared

    def calls(self) -> list[Call]:
        """Return what the operation calls where nothing fails."""
        student, values = self._prepare()
        self.proxy.watch()
        answer = self.scenario.send(student, values)
        assert answer.is_success, answer.text
        return self.proxy.calls

    def meet(self, case: Case) -> tuple[str, float]:
        """Return what was wrong with the answer, if anything, and the seconds it took."""
        student, values = self._prepare()
        self.proxy.arm(case.trouble.fault, case.meets)
        started_at = time.monotonic()
        self.configuration.change(**HASTE)
        with impatient_instance():
            complaint = judge(self.scenario, case, lambda: self.scenario.send(student, values))
        seconds = time.monotonic() - started_at
        self.proxy.watch()
        self.configuration.change(**self._leisure)
        return complaint, seconds


@pytest.fixture(params=SCENARIOS)
def attempt(
    request: pytest.FixtureRequest,
    proxy: Proxy,
    configuration: Configuration,
    new_student: Callable[[], Student],
) -> Attempt:
    return Attempt(SCENARIOS[request.param], proxy, configuration, new_student)


def test_no_fault_at_any_call_does_harm(
    attempt: Attempt, ground: Ground, size: Callable[..., int], promise: Promise
) -> None:
    cases = list(cases_of(attempt.calls()))
    invariants, operation = Invariants(ground), attempt.scenario.operation

    for case in spread(cases, size(full=len(cases), short=3)):
        complaint, seconds = attempt.meet(case)

        promise.check(not complaint, f"{operation}: {case}: {complaint}")
        promise.check(seconds < LONGEST_SECONDS, f"{operation}: {case}: took {seconds:.1f} s")
        promise.check(not (found := invariants.broken()), f"{operation}: {case}: {found}")


def spread(cases: list[Case], count: int) -> list[Case]:
    """Choose some of the cases, as far from each other as they are."""
    return [cases[index * len(cases) // count] for index in range(min(count, len(cases)))]


def judge(scenario: Scenario, case: Case, ask: Callable[[], httpx.Response]) -> str:
    """Return what is wrong with how a request ended; nothing where it ended as it should."""
    try:
        answer = ask()
    except httpx.RemoteProtocolError:
        # An export breaks off: a zip without its end is refused by every reader.
        return "" if scenario.operation == "GET /api/auth/export" else "broke off"
    except httpx.TimeoutException:
        return "hangs"
    if answer.is_success:
        return judge_stream(answer) if "Accept" in scenario.headers else ""
    if case.trouble.passes and not case.is_lasting:
        return f"{answer.status_code}, although it had passed"
    return judge_problem(answer)


def judge_problem(answer: httpx.Response) -> str:
    if answer.headers["Content-Type"] != "application/problem+json":
        return f"no problem: {answer.text[:100]}"
    document = answer.json()
    if answer.status_code not in (502, 503) or document["status"] != answer.status_code:
        return f"{answer.status_code} {document['type']}"
    return "" if "Retry-After" in answer.headers or answer.status_code == 502 else "no Retry-After"


def judge_stream(answer: httpx.Response) -> str:
    names = re.findall(r"^event: (\w+)$", answer.text, re.MULTILINE)
    last = json.loads(answer.text.rsplit("data: ", 1)[1])
    if names.count("done") + names.count("error") != 1 or names[-1] not in ("done", "error"):
        return f"ends with {names[-1]}"
    return "" if names[-1] == "done" or last["status"] in (502, 503) else str(last)

"""Every dependency call meets every fault: no request hangs, none lies, and no row contradicts another."""

import time
from collections.abc import Callable, Generator
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
from tests.trust.instances import HASTE, REQUEST_SECONDS, impatient_instance, proxied
from tests.trust.invariants import Invariants
from tests.trust.judging import Undisturbed, judge
from tests.trust.misbehaving import Proxy
from tests.trust.operations import ROWS, send
from tests.trust.report import Promise
from tests.trust.troubles import Case, cases_of

pytestmark = pytest.mark.promise("Whatever fails, no request hangs or lies, and no row contradicts")

# On a machine that does other things as well.
LONGEST_SECONDS = REQUEST_SECONDS + 4.0
# A request that has no time left leaves out what it would have called: a case has come only when its fault was met.
UNMET = "the fault was not met"
MOST_TRIES = 10


# What each operation needs to be there, in the order of the pieces: the values of its path.


def have_nothing(_: Student, __: Ground) -> dict[str, Any]:
    return {"session_id": 0}


def have_session(student: Student, _: Ground) -> dict[str, Any]:
    [session] = student.client.get("/api/auth/sessions").json()["sessions"]
    return {"session_id": session["id"]}


def have_file(student: Student, _: Ground) -> dict[str, Any]:
    return {"file_id": student.upload("light.md", LIGHT)["id"], "number": 1}


def have_chat(student: Student, ground: Ground) -> dict[str, Any]:
    return have_file(student, ground) | {"chat_id": student.ask(QUESTION)["chat_id"]}


def have_arrived(student: Student, _: Ground) -> dict[str, Any]:
    body = {"filename": "light.md", "size_bytes": len(LIGHT.encode())}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    student.client.put(upload["url"], content=LIGHT, headers=upload["headers"]).raise_for_status()
    return {"file_id": answer["file"]["id"]}


def have_work(student: Student, ground: Ground) -> dict[str, Any]:
    """Leave an abandoned reading and an object whose deletion is due, as a crash and an outage do.

    And a file that never came. What others have left is not due, so that there is the same work each time.
    """
    ground.execute("update files set lease_until = now() where status = 'awaiting_upload'")
    ground.execute(
        "update files set lease_id = gen_random_uuid(), lease_until = now() + interval '1 hour'"
        " where status = 'processing'"
    )
    body = {"filename": "never.md", "size_bytes": 9}
    never = student.client.post("/api/upload/signed", json=body).json()["file"]["id"]
    ground.execute(
        "update files set created_at = now() - interval '11 minutes' where id = %s", never
    )
    abandoned, deleted = have_arrived(student, ground), have_file(student, ground)["file_id"]
    path = ground.path_of(deleted)
    ground.execute("delete from files where id = %s", deleted)
    ground.execute("insert into object_deletions (path) values (%s)", path)
    ground.execute(
        "update files set status = 'processing', lease_id = gen_random_uuid(), attempt_count = 1,"
        " lease_until = now() - interval '5 minutes', created_at = now() - interval '6 minutes'"
        " where id = %s",
        abandoned["file_id"],
    )
    return abandoned


@dataclass(frozen=True)
class Scenario:
    """An operation, what must be there, and what else is sent.

    Attributes:
        shares: In so many tests its cases are tried, for as many workers: most of the time is waiting.
    """

    operation: str
    prepare: Callable[[Student, Ground], dict[str, Any]] = have_nothing
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    shares: int = 1

    @property
    def only_reads(self) -> bool:
        return self.operation.startswith("GET") and self.operation != "GET /api/jobs/run"

    def send(
        self, student: Student, values: dict[str, Any], *, seconds: float = 20.0
    ) -> httpx.Response:
        """Send it, and wait for the answer for so long."""
        members = {
            name: value.format(name=student.username) for name, value in self.members.items()
        }
        headers = {name: value.format(**values) for name, value in self.headers.items()}
        options: dict[str, Any] = {"headers": headers, "params": self.params}
        return send(student.client, self.operation, values, members, **options, timeout=seconds)


SCENARIOS = {
    f"{scenario.operation} {scenario.headers.get('Accept', '')}".rstrip(): scenario
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
        Scenario("POST /api/upload/{file_id}/ingest", have_arrived, shares=2),
        Scenario("GET /api/upload/{file_id}", have_file),
        Scenario("DELETE /api/upload/{file_id}", have_file),
        Scenario("GET /api/upload/{file_id}/content", have_file, params={"as": "url"}),
        Scenario("GET /api/upload/{file_id}/pages/{number}", have_file),
        Scenario(
            "GET /api/jobs/run",
            have_work,
            headers={"Authorization": "Bearer {secret}"},
            shares=12,
        ),
        Scenario("GET /api/auth/health/deep"),
        Scenario("GET /api/history/health/deep"),
        Scenario("GET /api/jobs/health/deep"),
        Scenario("GET /api/query/health/deep"),
        Scenario("GET /api/upload/health/deep"),
    ]
}


@pytest.fixture
def proxy(
    stack: Stack,
    configuration: Configuration,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[Proxy]:
    model.says = ANSWER
    # Health is asked anew each time, and the job reads even in the short time it has here.
    monkeypatch.setattr("lib.web.health._REMEMBERED_SECONDS", 0.0)
    monkeypatch.setattr("lib.services.scheduled._LEAST_SECONDS_FOR_A_FILE", 0.1)
    monkeypatch.setattr("lib.services.scheduled._TIDYING_SECONDS", REQUEST_SECONDS)
    with proxied(stack, configuration) as proxy:
        yield proxy


def test_every_operation_that_calls_anything_has_a_scenario() -> None:
    covered = {scenario.operation for scenario in SCENARIOS.values()}
    without = {name for name in ROWS if name.endswith("/health")}  # it calls nothing

    assert covered == set(ROWS) - without


@dataclass
class Attempt:
    """One scenario, with a user of its own for each case; one is enough for what changes nothing."""

    scenario: Scenario
    proxy: Proxy
    configuration: Configuration
    ground: Ground
    new_student: Callable[[], Student]
    _prepared: tuple[Student, dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        self._leisure = {name: getattr(self.configuration.settings, name) for name in HASTE}

    def _prepare(self) -> tuple[Student, dict[str, Any]]:
        if not self._prepared or not self.scenario.only_reads:
            student = self.new_student()
            secret = {"secret": self.configuration.settings.cron_secret}
            self._prepared = student, self.scenario.prepare(student, self.ground) | secret
        return self._prepared

    def undisturbed(self) -> Undisturbed:
        """Return how the operation ends, and what it calls, where nothing fails."""
        student, values = self._prepare()
        self.proxy.watch()
        answer = self.scenario.send(student, values)
        assert answer.is_success, answer.text
        return Undisturbed(answer, [*self.proxy.calls])

    def meet(self, case: Case, undisturbed: Undisturbed) -> tuple[str, float]:
        """Return what was wrong with the answer, if anything, and the seconds it took."""
        complaint, seconds = "", 0.0
        for _ in range(MOST_TRIES):
            complaint, seconds = self._try(case, undisturbed)
            if complaint != UNMET:
                break
        return complaint, seconds

    def _try(self, case: Case, undisturbed: Undisturbed) -> tuple[str, float]:
        student, values = self._prepare()
        case.arm(self.proxy)
        started_at = time.monotonic()
        self.configuration.change(**HASTE)
        with impatient_instance():
            complaint = judge(
                self.scenario.operation,
                case,
                lambda: self.scenario.send(student, values),
                undisturbed,
                lambda: self.proxy.calls,
            )
        seconds = time.monotonic() - started_at
        is_met = case.met_by(self.proxy.calls, undisturbed.calls)
        self.proxy.watch()
        self.configuration.change(**self._leisure)
        return complaint or ("" if is_met else UNMET), seconds


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "share" in metafunc.fixturenames:
        is_short = metafunc.config.getoption("--short")
        shares = {
            f"{name}{f' {first + 1} of {count}' if count > 1 else ''}": (
                scenario,
                slice(first, None, count),
            )
            for name, scenario in SCENARIOS.items()
            for count in [1 if is_short else scenario.shares]
            for first in range(count)
        }
        metafunc.parametrize("share", shares.values(), ids=shares)


@pytest.fixture
def attempt(
    share: tuple[Scenario, slice],
    proxy: Proxy,
    configuration: Configuration,
    ground: Ground,
    new_student: Callable[[], Student],
) -> Attempt:
    scenario, _ = share
    return Attempt(scenario, proxy, configuration, ground, new_student)


def test_no_fault_at_any_call_does_harm(
    attempt: Attempt,
    share: tuple[Scenario, slice],
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    scenario, part = share
    undisturbed = attempt.undisturbed()
    cases = list(cases_of(undisturbed.calls))
    chosen = spread(cases, size(full=len(cases), short=3))
    invariants, operation = Invariants(ground), scenario.operation

    for case in chosen[part]:
        complaint, seconds = attempt.meet(case, undisturbed)

        promise.check(not complaint, f"{operation}: {case}: {complaint}")
        promise.check(seconds < LONGEST_SECONDS, f"{operation}: {case}: took {seconds:.1f} s")
        promise.check(not (found := invariants.broken()), f"{operation}: {case}: {found}")


def spread(cases: list[Case], count: int) -> list[Case]:
    """Choose some of the cases, as far from each other as they are."""
    return [cases[index * len(cases) // count] for index in range(min(count, len(cases)))]

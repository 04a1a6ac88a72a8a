"""A dependency that is away altogether, and clients that go away: told at once, and over at once."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dev.ports import HOST
from dev.stack import Stack
from dev.student import Student
from lib.adapters.database import _REPEATABLE
from lib.adapters.storage import Storage
from lib.domain.prompting import estimate_tokens
from lib.web.storage import storage
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION, SHOWN_ANSWER
from tests.streams import Event, open_stream, read_events, stored, texts_of
from tests.trust.instances import impatient_instance, proxied
from tests.trust.invariants import Invariants
from tests.trust.judging import judge_end, judge_problem
from tests.trust.misbehaving import Call, Exchange, Fault, Proxy, be_silent, drip, refuse, reset
from tests.trust.report import Promise
from tests.trust.test_faults import SCENARIOS
from tests.trust.timing import percentile

pytestmark = pytest.mark.promise("An outage is told at once and is over at once")

# What the next run of the job does succeeds without storage; a run says how much of it was done.
LEFT_TO_THE_JOB = ("DELETE /api/upload/{file_id}", "POST /api/auth/erase", "GET /api/jobs/run")
NEEDING_STORAGE = (
    *LEFT_TO_THE_JOB,
    "GET /api/auth/export",
    "GET /api/upload/{file_id}/content",
    "POST /api/upload",
    "POST /api/upload/signed",
    "POST /api/upload/{file_id}/ingest",
)
# How long what never answers is waited for in production, and an operation that waits for it.
SILENCES = {"database": ("GET /api/history", 8.0), "model": ("POST /api/query", 45.0)}
# For all that is not the waiting, on a machine that does other things as well.
LEEWAY_SECONDS = 15.0
# How soon all is as it was when an outage is over.
RECOVERY_SECONDS = 30
# Not stable, and yet the second time changes nothing: why is in their SQL.
REPEATABLE_WRITES = {
    "finish_query": "a query that is done is only read",
    "rename_chat": "the title is the same again",
    "repeat_query": "an old key is forgotten once",
    "rotate_refresh_token": "the parent of an unused child gives the same child",
    "save_slice": "pages and chunks are written over by their keys",
    "sign_out": "a session that is over stays so",
}


@pytest.fixture
def closed_address() -> Iterator[str]:
    """An address at which nobody listens, and nobody will."""
    with socket.socket() as reserved:
        reserved.bind((HOST, 0))
        yield f"http://{HOST}:{reserved.getsockname()[1]}"


@pytest.fixture
def proxy(stack: Stack, configuration: Configuration, model: ScriptedModel) -> Generator[Proxy]:
    model.says = ANSWER
    with proxied(stack, configuration) as proxy:
        yield proxy


def test_whatever_is_called_again_may_be(ground: Ground) -> None:
    statement = """
    select p.proname as name, p.provolatile::text as volatility from pg_proc as p
    where p.pronamespace = 'public'::regnamespace
    """
    volatile = {row["name"] for row in ground.rows(statement) if row["volatility"] == "v"}

    assert _REPEATABLE & volatile == set(REPEATABLE_WRITES)


@pytest.mark.parametrize("name", SCENARIOS)
def test_supabase_refused_is_told_at_once(  # noqa: PLR0913, PLR0917 - fixtures
    name: str,
    student: Student,
    ground: Ground,
    model: ScriptedModel,
    configuration: Configuration,
    closed_address: str,
    promise: Promise,
) -> None:
    model.says = ANSWER
    values = SCENARIOS[name].prepare(student, ground)
    values["secret"] = configuration.settings.cron_secret
    configuration.change(supabase_url=closed_address)
    started_at = time.monotonic()

    with impatient_instance():
        answer = SCENARIOS[name].send(student, values)

    seconds = time.monotonic() - started_at
    promise.check(not (told := judge_problem(answer)), f"{name}: {told}")
    promise.check(seconds < 3, f"{name}: took {seconds:.1f} s")


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name.startswith("POST /api/query")])
def test_the_model_refused_is_told_at_once(
    name: str,
    student: Student,
    ground: Ground,
    model: ScriptedModel,
    configuration: Configuration,
    closed_address: str,
) -> None:
    assert not model.prompts
    values = SCENARIOS[name].prepare(student, ground)
    configuration.change(openai_base_url=f"{closed_address}/v1")

    with impatient_instance():
        answer = SCENARIOS[name].send(student, values)

    [query] = stored(student)
    assert query["status"] == "failed"
    assert not (judge_end(answer) if answer.is_success else judge_problem(answer))


# What a class does: it reads, announces a file, asks.
ERRANDS: list[dict[str, Any]] = [
    {"method": "GET", "url": "/api/history"},
    {"method": "GET", "url": "/api/upload"},
    {"method": "POST", "url": "/api/upload/signed", "json": {"filename": "a.md", "size_bytes": 9}},
    {"method": "POST", "url": "/api/query", "json": {"query_text": QUESTION}},
]


def test_the_model_refused_in_a_reading_is_told_at_once(
    student: Student,
    ground: Ground,
    model: ScriptedModel,
    configuration: Configuration,
    closed_address: str,
    promise: Promise,
) -> None:
    scenario, invariants = SCENARIOS["POST /api/upload/{file_id}/ingest"], Invariants(ground)
    values, model_address = (
        scenario.prepare(student, ground),
        configuration.settings.openai_base_url,
    )
    configuration.change(openai_base_url=f"{closed_address}/v1")

    with impatient_instance():
        answer = scenario.send(student, values)

    told = answer.json()["error"] or {}
    is_told = told.get("type") == "/problems/model-unavailable" and told["retryable"]
    promise.check(is_told, f"what was told: {answer.text}")
    promise.check(not (found := invariants.broken()), f"{found}")
    configuration.change(openai_base_url=model_address)
    after = scenario.send(student, values)
    promise.check(model.embedded and after.json()["status"] == "ready", f"afterwards: {after.text}")


@pytest.fixture
def storage_away(
    _api: Any, configuration: Configuration, closed_address: str
) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Let nobody listen where storage is, while the database is there: in a project they share an address."""

    async def away() -> Storage:
        settings = configuration.settings
        return Storage(closed_address, settings.supabase_secret_key, settings.storage_bucket)

    @contextlib.contextmanager
    def take_away() -> Iterator[None]:
        with contextlib.ExitStack() as back:
            for function in _api.functions:
                function.dependency_overrides[storage] = away
                back.callback(function.dependency_overrides.pop, storage)
            yield

    return take_away


def judge_without_storage(name: str, answer: httpx.Response) -> str:
    """Return what is wrong with an answer: only what the job does later may succeed."""
    if name in LEFT_TO_THE_JOB:
        return "" if answer.is_success else f"{answer.status_code}, although the job does it"
    return judge_problem(answer)


@pytest.mark.parametrize("name", NEEDING_STORAGE)
def test_storage_refused_alone_is_told_at_once(  # noqa: PLR0913, PLR0917 - fixtures
    name: str,
    student: Student,
    ground: Ground,
    model: ScriptedModel,
    configuration: Configuration,
    storage_away: Callable[[], contextlib.AbstractContextManager[None]],
    promise: Promise,
) -> None:
    model.says = ANSWER
    invariants, values = Invariants(ground), SCENARIOS[name].prepare(student, ground)
    values["secret"] = configuration.settings.cron_secret
    started_at = time.monotonic()

    with impatient_instance(), storage_away():
        try:
            told = judge_without_storage(name, SCENARIOS[name].send(student, values))
        except httpx.RemoteProtocolError:
            told = "" if name == "GET /api/auth/export" else "broke off"  # a zip without its end

    seconds = time.monotonic() - started_at
    promise.check(not told, f"{name}: {told}")
    promise.check(seconds < 3, f"{name}: took {seconds:.1f} s")
    promise.check(not (found := invariants.broken()), f"{name}: {found}")


def test_a_storage_that_drips_takes_no_attempt_from_a_file(
    student: Student, ground: Ground, proxy: Proxy, configuration: Configuration
) -> None:
    body = {"filename": "light.md", "size_bytes": len(LIGHT.encode())}
    announced = student.client.post("/api/upload/signed", json=body).json()
    file_id, upload = announced["file"]["id"], announced["upload"]
    student.client.put(upload["url"], content=LIGHT, headers=upload["headers"]).raise_for_status()
    leisure = configuration.settings.ingestion_slice
    configuration.change(ingestion_slice=timedelta(seconds=1))
    proxy.arm(drip, lambda _, call: "/object/authenticated/" in call.path)

    refused = student.client.post(f"/api/upload/{file_id}/ingest")

    row = ground.row("select attempt_count, lease_id from files where id = %s", file_id)
    assert refused.status_code == 503
    assert row == {"attempt_count": 0, "lease_id": None}
    proxy.watch()
    configuration.change(ingestion_slice=leisure)
    assert student.client.post(f"/api/upload/{file_id}/ingest").json()["status"] == "ready"


# How a database is away that is told to be, whose machine is gone, and that nobody hears of; and how many
# requests it takes at least until what an instance has saved for trying again weighs little.
OUTAGES: dict[str, tuple[Fault, int]] = {
    "refusing": (refuse(503, "PGRST002"), 150),
    "reset": (reset, 150),
    "silent": (be_silent, 20),
}


@pytest.mark.parametrize("kind", OUTAGES)
def test_an_outage_is_not_answered_with_more_calls(
    kind: str,
    new_student: Callable[[], Student],
    proxy: Proxy,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    """Fifty users while the database is away for a minute, and then it is back."""
    students = [new_student() for _ in range(size(full=50, short=5))]
    students[0].upload("light.md", LIGHT)
    errands = [(student, errand) for errand in ERRANDS for student in students]
    (fault, least), invariants = OUTAGES[kind], Invariants(ground)
    lasts_until = time.monotonic() + size(full=60, short=0)
    statuses: list[int] = []

    with impatient_instance(), ThreadPoolExecutor(10) as pool:
        proxy.arm(fault, is_of_database)
        while len(statuses) < least or time.monotonic() < lasts_until:
            statuses += [answer.status_code for answer, _ in pool.map(run_errand, errands)]
        calls = sum(is_of_database(0, call) for call in proxy.calls)
        proxy.watch()
        after = list(pool.map(run_errand, errands))

    asked, p95 = len(statuses), percentile([seconds for _, seconds in after], 0.95)
    promise.check(set(statuses) == {503}, f"{kind}: {set(statuses)}")
    promise.check(calls <= 1.2 * asked, f"{kind}: {calls} calls for {asked} requests")
    promise.figure(f"calls for each of {asked:,} requests, {kind}", f"{calls / asked:.2f}")
    for answer, _ in after:
        promise.check(answer.is_success, f"{kind}: {answer.status_code} once it was over")
    promise.figure(f"p95 of a request right after it, {kind}", f"{p95:.2f} s")
    promise.check(p95 <= RECOVERY_SECONDS, f"{kind}: {p95:.1f} s once it was over")
    promise.check(not (found := invariants.broken()), f"{kind}: {found}")


def is_of_database(_: int, call: Call) -> bool:
    return call.dependency == "database"


def run_errand(errand: tuple[Student, dict[str, Any]]) -> tuple[httpx.Response, float]:
    student, request = errand
    started_at = time.monotonic()
    answer = student.client.request(**request)
    return answer, time.monotonic() - started_at


def test_the_times_of_production_end(
    new_student: Callable[[], Student],
    proxy: Proxy,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    """Elsewhere these times are shortened; here they pass, in the long form alone."""
    promise.count(0)  # what the short form leaves out is no case
    for dependency in list(SILENCES)[: size(full=len(SILENCES), short=0)]:
        (name, least), student = SILENCES[dependency], new_student()
        scenario, invariants = SCENARIOS[name], Invariants(ground)
        values = scenario.prepare(student, ground)

        proxy.arm(be_silent, is_silent(dependency))
        started_at = time.monotonic()
        answer = scenario.send(student, values, seconds=2 * least)
        seconds = time.monotonic() - started_at
        proxy.watch()

        promise.check(not (told := judge_problem(answer)), f"a silent {dependency}: {told}")
        is_in_time = least <= seconds < least + LEEWAY_SECONDS
        promise.check(is_in_time, f"a silent {dependency} was waited for {seconds:.1f} s")
        promise.figure(f"a silent {dependency} is given up after", f"{seconds:.1f} s")
        promise.check(not (found := invariants.broken()), f"a silent {dependency}: {found}")


def is_silent(dependency: str) -> Callable[[int, Call], bool]:
    """Let the dependency say nothing; the model still embeds, which is waited for 2 s only."""
    return lambda _, call: call.dependency == dependency and not call.path.endswith("/embeddings")


# What waits for each dependency, and how its waiting is drawn out.
WAITING: list[tuple[str, str, Fault]] = [
    ("database", "GET /api/history", be_silent),
    ("database", "GET /api/history", drip),
    ("storage", "GET /api/upload/{file_id}/content", be_silent),
    ("model", "POST /api/query", be_silent),
]


@pytest.mark.parametrize(("dependency", "name", "fault"), WAITING)
def test_who_is_not_waited_for_is_hung_up_on(
    dependency: str,
    name: str,
    fault: Fault,
    student: Student,
    ground: Ground,
    proxy: Proxy,
) -> None:
    """Connections that stay open would be missing where all of them are taken."""
    values, is_left = SCENARIOS[name].prepare(student, ground), threading.Event()

    async def fault_until_left(exchange: Exchange) -> None:
        await fault(exchange)
        is_left.set()

    with impatient_instance():
        proxy.arm(fault_until_left, is_silent(dependency))
        answer = SCENARIOS[name].send(student, values)

    assert not judge_problem(answer)
    assert is_left.wait(5)


# Clients that go away: at the first words, half-way, and just before the end.


# What a day cost a user.
CHARGED = "select query_count as queries, token_count as tokens from daily_usage where user_id = %s"


# How far the model came, and what the client has read of it by then.
@pytest.mark.parametrize(
    ("share", "read"),
    [
        (0.0, ""),
        (0.5, "It bends towards the normal"),
        (0.99, "It bends towards the normal [1]. It bends"),
    ],
)
def test_a_stream_that_is_left_is_saved_and_charged_once(  # noqa: PLR0913, PLR0917 - fixtures
    share: float,
    read: str,
    new_student: Callable[[], Student],
    model: ScriptedModel,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    model.says = f"{ANSWER} {ANSWER}"
    deltas = len(model.says.split())
    invariants = Invariants(ground)
    for _ in range(size(full=20, short=2)):
        student = new_student()
        student.upload("light.md", LIGHT)
        model._held.clear()
        model.holds_after = int(share * deltas)
        with open_stream(student, QUESTION) as response:
            events = read_events(response)  # let go of, it closes the connection
            seen = read_until(read, events)
            model.wait_until_held()
        left_at = time.monotonic()

        done = "select 1 from queries where user_id = %s and status <> 'streaming'"
        ground.wait_for(done, student.id)

        left_in = left_at + 2 - time.monotonic()
        promise.check(left_in > 0, f"{share}: not noticed within 2 s")
        is_left = model.is_left(within_seconds=max(left_in, 0))
        promise.check(is_left, f"{share}: the model still answers after 2 s")
        [query] = stored(student)
        promise.check(not (told := judge_kept(query, seen)), f"{share}: {told}: {query}")
        charged = ground.rows(CHARGED, student.id)
        spent = estimate_tokens(model.prompts[-1]) + estimate_response(query["response"])
        promise.check(charged == [{"queries": 1, "tokens": spent}], f"{share}: {charged}, {spent}")
        promise.check(not (found := invariants.broken()), f"{share}: {found}")


def read_until(text: str, events: Iterator[Event]) -> list[Event]:
    seen: list[Event] = []
    for event in events:
        seen.append(event)
        if len(texts_of(seen)) >= len(text):
            break
    return seen


def judge_kept(query: dict[str, Any], seen: list[Event]) -> str:
    """Return what is wrong with what was kept of an answer that was left when that much was seen."""
    if query["status"] != "interrupted":
        return "not told as interrupted"
    whole = f"{SHOWN_ANSWER} {SHOWN_ANSWER}"
    if not (query["response"].startswith(texts_of(seen)) and whole.startswith(query["response"])):
        return "other words"
    shown = [data for name, data in seen if name == "citation"]
    return "" if query["citations"][: len(shown)] == shown else "other citations"


def estimate_response(response: str) -> int:
    return estimate_tokens([{"content": response}]) if response else 0


def test_a_client_whose_leaving_nobody_tells_finds_the_answer_whole(
    new_student: Callable[[], Student],
    model: ScriptedModel,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    model.says = ANSWER
    invariants = Invariants(ground)
    for _ in range(size(full=20, short=2)):
        student = new_student()
        student.upload("light.md", LIGHT)

        body, impatience = {"query_text": QUESTION}, httpx.Timeout(5, read=0.001)
        with pytest.raises(httpx.ReadTimeout):
            student.client.post("/api/query", json=body, timeout=impatience)
        done = "select 1 from queries where user_id = %s and status <> 'streaming'"
        ground.wait_for(done, student.id)

        [query] = stored(student)
        promise.check(query["response"] == SHOWN_ANSWER, query["response"])
        promise.check(not (found := invariants.broken()), f"{found}")

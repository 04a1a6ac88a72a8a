"""What was done, but nobody heard of it: done once, and the client can always go on."""

import threading
from collections.abc import Callable, Generator

import httpx
import pytest

from dev.stack import Stack
from dev.student import PASSPHRASE, Student
from tests.accounts import FROM_OUR_PAGE, NEW_PASSWORD
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.streams import open_stream, read_events
from tests.trust.instances import full_budget, proxied
from tests.trust.invariants import Invariants
from tests.trust.misbehaving import (
    Call,
    Exchange,
    Fault,
    Proxy,
    html,
    lose_reply,
    refuse,
    refuse_as_storage,
)
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("What was done unheard is done once")


@pytest.fixture
def proxy(stack: Stack, configuration: Configuration, model: ScriptedModel) -> Generator[Proxy]:
    model.says = ANSWER
    with proxied(stack, configuration) as proxy, full_budget():
        yield proxy


@pytest.fixture(autouse=True)
def _invariants(ground: Ground, promise: Promise) -> Generator[None]:
    invariants = Invariants(ground)
    yield
    promise.check(not (found := invariants.broken()), f"{found}")


def hit(proxy: Proxy, fault: Fault, function: str, times: int = 1) -> None:
    """Let the fault happen to the first calls of that SQL function."""
    hit_first(proxy, fault, lambda call: call.path.endswith(f"/{function}"), times)


def hit_first(
    proxy: Proxy, fault: Fault, is_meant: Callable[[Call], bool], times: int = 1
) -> list[Call]:
    """Let the fault happen to the first of those calls; all of them are in the list, as they come."""
    met: list[Call] = []

    def meets(_: int, call: Call) -> bool:
        if is_meant(call):
            met.append(call)
            return len(met) <= times
        return False

    proxy.arm(fault, meets)
    return met


def calls_of(proxy: Proxy, function: str) -> int:
    return sum(call.path.endswith(f"/{function}") for call in proxy.calls)


def test_an_answer_is_saved_and_billed_once(student: Student, proxy: Proxy, ground: Ground) -> None:
    student.upload("light.md", LIGHT)
    hit(proxy, lose_reply, "finish_query")

    query = student.ask(QUESTION)

    usage = ground.row(
        "select query_count, token_count from daily_usage where user_id = %s", student.id
    )
    assert (query["status"], calls_of(proxy, "finish_query")) == ("answered", 2)
    assert usage == {"query_count": 1, "token_count": 110}


def test_an_answer_is_saved_whoever_leaves_meanwhile(
    student: Student, proxy: Proxy, ground: Ground
) -> None:
    student.upload("light.md", LIGHT)
    is_met = threading.Event()
    away = refuse(503, "57P03")

    async def fail(exchange: Exchange) -> None:
        await away(exchange)
        is_met.set()

    hit(proxy, fail, "finish_query")
    with open_stream(student, QUESTION) as response:
        events = read_events(response)  # held: the client leaves as soon as nobody reads on
        assert any(name == "citation" for name, _ in events)
        assert is_met.wait(10)

    done = "select status from queries where user_id = %s and status <> 'streaming'"
    ground.wait_for(done, student.id)
    assert ground.rows(done, student.id) == [{"status": "answered"}]


def test_what_is_erased_is_not_told_to_have_been_nothing(student: Student, proxy: Proxy) -> None:
    student.upload("light.md", LIGHT)
    met = hit_first(proxy, lose_reply, lambda call: call.method == "DELETE")

    erasure = student.client.post("/api/auth/erase", json={"password": PASSPHRASE})

    receipt = erasure.json()
    assert len(met) == 1
    assert (receipt["stored_objects"], receipt["pending_objects"]) == (0, 1)


def test_a_page_in_place_of_a_file_takes_nothing_away(student: Student, proxy: Proxy) -> None:
    met = hit_first(proxy, html, lambda call: "/object/authenticated/" in call.path)

    file = student.upload("light.md", LIGHT)

    assert (file["status"], len(met)) == ("ready", 2)


def test_a_place_that_nobody_heard_of_is_not_kept(student: Student, proxy: Proxy) -> None:
    proxy.arm(
        refuse_as_storage(503, "DatabaseError"), lambda _, call: "/object/upload/sign/" in call.path
    )
    body = {"filename": "light.md", "size_bytes": 100}

    answer = student.client.post("/api/upload/signed", json=body)

    assert answer.status_code == 503
    assert student.client.get("/api/upload").json()["files"] == []


def test_a_question_begins_once(student: Student, proxy: Proxy, ground: Ground) -> None:
    student.upload("light.md", LIGHT)
    hit(proxy, lose_reply, "begin_query")
    body, key = {"query_text": QUESTION}, {"Idempotency-Key": "unheard"}

    def ask() -> int:
        return student.client.post("/api/query", json=body, headers=key).status_code

    statuses = [ask(), ask()]
    over = "update queries set deadline_at = now() where user_id = %s"
    ground.execute(over, student.id)
    statuses.append(ask())

    assert statuses == [503, 409, 200]
    assert len(ground.rows("select 1 from queries where user_id = %s", student.id)) == 1


def test_a_slice_is_stored_once(student: Student, proxy: Proxy, ground: Ground) -> None:
    hit(proxy, lose_reply, "save_slice")

    file = student.upload("light.md", LIGHT)

    ordinals = "select ordinal from chunks where file_id = %s order by ordinal"
    found = [row["ordinal"] for row in ground.rows(ordinals, file["id"])]
    assert (file["status"], calls_of(proxy, "save_slice")) == ("ready", 2)
    assert found == list(range(1, len(found) + 1))


def test_a_reading_that_ended_unheard_is_found_ready(student: Student, proxy: Proxy) -> None:
    hit(proxy, lose_reply, "finish_ingestion")

    answer = student.client.post("/api/upload", files={"file": ("light.md", LIGHT)})

    [file] = student.client.get("/api/upload").json()["files"]
    assert (answer.status_code, file["status"]) == (503, "ready")


def test_a_session_goes_on(student: Student, proxy: Proxy) -> None:
    hit(proxy, lose_reply, "rotate_refresh_token")

    refreshed = student.client.post("/api/auth/refresh", headers=FROM_OUR_PAGE)
    again = student.client.post("/api/auth/refresh", headers=FROM_OUR_PAGE)

    assert (refreshed.status_code, again.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("times", "status", "calls"), [(1, 200, 2), (2, 503, 2)], ids=["once", "twice"]
)
def test_a_token_that_is_refused_is_minted_once_more(
    student: Student, proxy: Proxy, times: int, status: int, calls: int
) -> None:
    hit(proxy, refuse(401, "PGRST303"), "list_files", times)

    answer = student.client.get("/api/upload")

    assert (answer.status_code, calls_of(proxy, "list_files")) == (status, calls)


def announce(student: Student) -> httpx.Response:
    body = {"filename": "a.md", "size_bytes": 9}
    return student.client.post("/api/upload/signed", json=body)


def ask(student: Student) -> httpx.Response:
    return student.client.post("/api/query", json={"query_text": QUESTION})


def change_password(student: Student) -> httpx.Response:
    body = {"current_password": PASSPHRASE, "new_password": NEW_PASSWORD}
    return student.client.put("/api/auth/password", json=body)


@pytest.mark.parametrize(
    ("act", "function"),
    [
        (announce, "create_file"),
        (ask, "begin_query"),
        (change_password, "begin_sign_in"),
        (change_password, "change_password"),
    ],
)
def test_what_may_be_done_once_is_never_sent_twice(
    act: Callable[[Student], httpx.Response], function: str, student: Student, proxy: Proxy
) -> None:
    hit(proxy, lose_reply, function)

    answer = act(student)

    assert (answer.status_code, calls_of(proxy, function)) == (503, 1)

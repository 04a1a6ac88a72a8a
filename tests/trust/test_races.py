"""What is deleted while a request runs: the request is told so, and no row is left that belongs to nobody."""

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from dev.student import PASSPHRASE
from tests.accounts import FROM_OUR_PAGE
from tests.conftest import Ground, slug, wait_until
from tests.fakes import ScriptedModel
from tests.streams import open_stream, read_events
from tests.trust.holdings import QUESTION, Holdings, furnish
from tests.trust.invariants import Invariants
from tests.trust.operations import send
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("What is deleted meanwhile is told as gone")

# Every operation that writes, with what its row does not say.
WRITES: dict[str, dict[str, Any]] = {
    "POST /api/auth/login": {"password": PASSPHRASE},
    "POST /api/auth/refresh": {},
    "POST /api/auth/logout": {},
    "PUT /api/auth/password": {"current_password": PASSPHRASE},
    "DELETE /api/auth/sessions/{session_id}": {},
    "POST /api/auth/erase": {"password": PASSPHRASE},
    "POST /api/query": {},
    "PATCH /api/history/{chat_id}": {},
    "DELETE /api/history/{chat_id}": {},
    "POST /api/upload": {},
    "POST /api/upload/signed": {},
    "POST /api/upload/{file_id}/ingest": {},
    "DELETE /api/upload/{file_id}": {},
}


@pytest.fixture
def holdings(new_client: Callable[[], httpx.Client], model: ScriptedModel) -> Holdings:
    return furnish(new_client(), model)


@contextlib.contextmanager
def erasing(ground: Ground, holdings: Holdings) -> Iterator[psycopg.Connection]:
    """Erase the account in a transaction that is not yet over."""
    claims = {"sub": str(holdings.student.id), "sid": str(holdings.ids["session_id"])}
    row = ground.row("select password_hash from users where id = %s", holdings.student.id)
    with ground.locking(
        "select set_config('request.jwt.claims', %s, true)", json.dumps(claims)
    ) as connection:
        connection.execute("select public.erase_account(%s, '')", [row["password_hash"]])
        yield connection


def send_meanwhile(
    ground: Ground, going: psycopg.Connection, ask: Callable[[], httpx.Response]
) -> httpx.Response:
    """Send a request, and let the transaction end when the request waits for it, or has an answer."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        wait_until(lambda: asking.done() or ground.rows(waiting), "the request waits")
        going.commit()
        return asking.result()


@pytest.mark.parametrize("operation", WRITES)
def test_who_is_erased_meanwhile_is_nobody(
    operation: str, holdings: Holdings, ground: Ground, promise: Promise
) -> None:
    invariants, student = Invariants(ground), holdings.student
    members = WRITES[operation]
    if operation == "POST /api/auth/login":
        members = {**members, "username": student.username}

    with erasing(ground, holdings) as erasure:
        answer = send_meanwhile(
            ground,
            erasure,
            lambda: send(student.client, operation, holdings.ids, members, headers=FROM_OUR_PAGE),
        )

    told = f"{operation}: {answer.status_code} {answer.text[:200]}"
    promise.check(answer.is_success or answer.status_code in (401, 404), told)
    promise.check(not (found := invariants.broken()), f"{operation}: {found}")
    rows = ground.rows("select 1 from users where id = %s", student.id)
    promise.check(not rows, f"{operation}: the user is there")


def test_an_answer_on_its_way_to_who_is_erased_ends(
    holdings: Holdings, ground: Ground, model: ScriptedModel
) -> None:
    invariants = Invariants(ground)
    model.holds_after = 1

    with open_stream(holdings.student, QUESTION) as response:
        events = read_events(response)
        next(events)
        model.wait_until_held()
        with erasing(ground, holdings) as erasure:
            erasure.commit()
        model.release()
        [*_, (last, _)] = events

    assert last in ("done", "error")
    assert invariants.broken() == []


def test_a_question_in_a_chat_that_goes_meanwhile_finds_none(
    holdings: Holdings, ground: Ground
) -> None:
    invariants, chat_id = Invariants(ground), holdings.ids["chat_id"]
    body = {"query_text": QUESTION, "chat_id": chat_id}

    with ground.locking("delete from chats where id = %s", chat_id) as deletion:
        answer = send_meanwhile(
            ground, deletion, lambda: holdings.student.client.post("/api/query", json=body)
        )

    assert (answer.status_code, slug(answer)) == (404, "chat-not-found")
    assert invariants.broken() == []

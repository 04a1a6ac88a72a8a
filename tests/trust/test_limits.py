"""Limits that cannot be raced: many questions at once at the edge, and what is spent is settled."""

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from dev.student import Student
from tests.conftest import Configuration, Ground, wait_until
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.trust.invariants import Invariants
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("No race gets past a limit")

AT_ONCE = 50


@pytest.fixture
def invariants(ground: Ground, promise: Promise) -> Generator[Invariants]:
    invariants = Invariants(ground)
    yield invariants
    promise.check(not (found := invariants.broken()), f"{found}")


@pytest.fixture
def asker(student: Student, model: ScriptedModel, configuration: Configuration) -> Student:
    """A student with a file, who may ask as much at once as they like."""
    student.upload("light.md", LIGHT)
    model.says = ANSWER
    configuration.change(max_streams_per_user=2 * AT_ONCE)
    return student


@contextlib.contextmanager
def asking_at_once(
    student: Student, count: int = AT_ONCE, **headers: str
) -> Iterator[list[Future[httpx.Response]]]:
    """Send so many questions together; at the end of the block all of them are answered."""

    def ask() -> httpx.Response:
        body = {"query_text": QUESTION}
        return student.client.post("/api/query", json=body, headers=headers, timeout=90)

    with ThreadPoolExecutor(count) as pool:
        yield [pool.submit(ask) for _ in range(count)]


def ask_at_once(student: Student, count: int = AT_ONCE, **headers: str) -> list[httpx.Response]:
    with asking_at_once(student, count, **headers) as asked:
        pass
    return [answer.result() for answer in asked]


def wait_for_the_refusals(asked: list[Future[httpx.Response]], admitted: int) -> None:
    """Wait until all are answered but those that may run, which the model holds: then nobody is on the way."""
    wait_until(
        lambda: sum(answer.done() for answer in asked) == len(asked) - admitted,
        f"all but {admitted} were refused",
    )


def statuses_of(asked: list[Future[httpx.Response]]) -> Counter[int]:
    return Counter(answer.result().status_code for answer in asked)


def usage_of(ground: Ground, student: Student) -> dict[str, Any]:
    statement = "select query_count, token_count from daily_usage where user_id = %s"
    return ground.row(statement, student.id)


@pytest.mark.usefixtures("invariants")
def test_questions_of_a_day(
    asker: Student,
    model: ScriptedModel,
    configuration: Configuration,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    for _ in range(size(full=5, short=1)):
        left = 3
        asked = ground.rows("select 1 from queries where user_id = %s", asker.id)
        configuration.change(daily_queries_per_user=len(asked) + left)
        model.prompts.clear()

        statuses = Counter(answer.status_code for answer in ask_at_once(asker))

        promise.check(statuses == {200: left, 429: AT_ONCE - left}, f"{statuses}")
        promise.check(len(model.prompts) == left, f"{len(model.prompts)} reached the model")
        forget_limits()


def forget_limits() -> None:
    """As a new instance would: this one remembers who is over the limit."""
    from lib.services import refusals  # noqa: PLC0415

    refusals.forget_refusals()


@pytest.mark.usefixtures("invariants")
def test_tokens_of_a_day(
    asker: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
) -> None:
    reserved = 6_000 + configuration.settings.max_response_tokens
    configuration.change(daily_tokens_per_user=3 * reserved)
    model.holds_after = 0

    with asking_at_once(asker) as asked:
        wait_for_the_refusals(asked, admitted=3)
        most = usage_of(ground, asker)["token_count"]
        model.release()

    assert most == 3 * reserved
    assert statuses_of(asked) == {200: 3, 429: AT_ONCE - 3}
    assert usage_of(ground, asker)["token_count"] == 110 * 3


@pytest.mark.usefixtures("invariants")
def test_tokens_of_the_deployment(
    asker: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
) -> None:
    statement = "select coalesce(sum(token_count), 0) as n from deployment_usage where day = (now() at time zone 'utc')::date"
    spent = ground.row(statement)["n"]
    reserved = 6_000 + configuration.settings.max_response_tokens
    configuration.change(daily_tokens=int(spent) + 2 * reserved)
    model.holds_after = 0

    with asking_at_once(asker) as asked:
        wait_for_the_refusals(asked, admitted=2)
        most = ground.row(statement)["n"]
        model.release()

    assert most == spent + 2 * reserved
    assert statuses_of(asked) == {200: 2, 503: AT_ONCE - 2}


@pytest.mark.usefixtures("invariants")
def test_questions_at_once(
    asker: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
) -> None:
    configuration.change(max_streams_per_user=2)
    model.holds_after = 0
    running = "select count(*) as n from queries where user_id = %s and status = 'streaming'"

    with asking_at_once(asker) as asked:
        wait_for_the_refusals(asked, admitted=2)
        most = ground.row(running, asker.id)["n"]
        model.release()

    assert most == len(model.prompts) == 2
    assert statuses_of(asked) == {200: 2, 429: AT_ONCE - 2}


@pytest.mark.usefixtures("invariants")
def test_one_key_is_one_question(asker: Student, model: ScriptedModel, ground: Ground) -> None:
    answers = ask_at_once(asker, 20, **{"Idempotency-Key": "one"})
    again = ask_at_once(asker, 1, **{"Idempotency-Key": "one"})

    rows = ground.rows("select id from queries where user_id = %s", asker.id)
    assert len(rows) == len(model.prompts) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["id"] for answer in [*answers, *again] if answer.is_success} == {
        rows[0]["id"]
    }


@pytest.mark.usefixtures("invariants")
@pytest.mark.parametrize("deltas", [1, 3, 6])
def test_what_was_cut_off_is_charged_by_what_arrived(
    asker: Student, model: ScriptedModel, ground: Ground, deltas: int
) -> None:
    model.stops_after = deltas

    query = asker.ask(QUESTION)

    spent = query["usage"]["prompt_tokens"] + query["usage"]["completion_tokens"]
    assert query["status"] == "interrupted"
    assert query["usage"]["completion_tokens"] > 0
    assert usage_of(ground, asker) == {"query_count": 1, "token_count": spent}


def test_files_of_a_user(
    new_student: Callable[[], Student],
    configuration: Configuration,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    configuration.change(max_files_per_user=3)

    for _ in range(size(full=20, short=2)):
        student = new_student()
        with ThreadPoolExecutor(20) as pool:
            statuses = Counter(pool.map(lambda n, s=student: announce(s, n), range(20)))

        rows = ground.rows("select 1 from files where user_id = %s", student.id)
        promise.check(len(rows) == 3, f"{len(rows)} of 3 files")
        promise.check(statuses == {201: 3, 409: 17}, f"{statuses}")


def announce(student: Student, number: int) -> int:
    body = {"filename": f"{number}.md", "size_bytes": 10}
    return student.client.post("/api/upload/signed", json=body).status_code

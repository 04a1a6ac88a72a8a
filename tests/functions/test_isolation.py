"""Two students: what is one's own is, to the other, as if it did not exist, on every route."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from dev.stack import Stack
from dev.student import Student
from tests.conftest import TLS, Ground
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.routes import Operation, operations
from tests.streams import ask_streaming

NOWHERE = {"file_id": 2**52, "session_id": 2**52, "chat_id": "00000000-0000-4000-8000-000000000000"}
# What a route wants beside its path, where it wants something.
BODIES: dict[str, Any] = {"PATCH /api/history/{chat_id}": {"title": "Mine now"}}
SECRET = "The treasure of the glass island lies under the third palm tree."


# Whoever ends the session may do nothing more.
ROUTES = sorted(
    (operation for operation in operations() if "{" in operation.path),
    key=lambda operation: (operation.method == "DELETE", "session" in operation.path),
)


class Household(NamedTuple):
    """Somebody with a file, a chat and a session, and somebody else."""

    owner: Student
    other: Student
    ids: dict[str, Any]


Enroll = Callable[[dict[str, str | bytes]], Student]


def settle(enroll: Enroll, ground: Ground) -> Household:
    owner = enroll({"secret.md": f"# Glass\n\n{SECRET}\n"})
    other = enroll({"light.md": LIGHT})
    [file] = owner.client.get("/api/upload").json()["files"]
    chat_id = owner.ask("Where is the treasure of glass?")["chat_id"]
    session = ground.row("select id from sessions where user_id = %s", owner.id)
    ids = {"file_id": file["id"], "chat_id": chat_id, "session_id": session["id"]}
    return Household(owner, other, ids)


@pytest.fixture(scope="module")
def household(new_reader: Enroll, ground: Ground) -> Household:
    """Two students whom no test here may change; the other one may try."""
    return settle(new_reader, ground)


def holdings(ground: Ground, user_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a user, in every table that has users."""
    return {
        "files": ground.rows("select * from files where user_id = %s", user_id),
        "pages": ground.rows("select * from pages where user_id = %s", user_id),
        "chunks": ground.rows("select * from chunks where user_id = %s", user_id),
        "chats": ground.rows("select * from chats where user_id = %s", user_id),
        "queries": ground.rows("select * from queries where user_id = %s", user_id),
        "sessions": ground.rows("select * from sessions where user_id = %s", user_id),
        "daily_usage": ground.rows("select * from daily_usage where user_id = %s", user_id),
    }


def call(student: Student, route: Operation, ids: dict[str, Any]) -> httpx.Response:
    address = route.path.format(**{"number": 1, **ids})
    return student.client.request(route.method, address, json=BODIES.get(str(route)))


def without_instance(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "instance"}


def test_every_route_with_an_id_is_tried() -> None:
    named = {name for route in ROUTES for name in re.findall(r"{(\w+)}", route.path)}

    assert named == {*NOWHERE, "number"}
    assert len(ROUTES) >= 10


def test_no_route_tells_what_is_somebody_elses_from_what_is_not(
    household: Household, ground: Ground
) -> None:
    before = holdings(ground, household.owner.id)
    path_of_object = ground.path_of(household.ids["file_id"])

    for route in ROUTES:
        theirs = call(household.other, route, household.ids)
        nobodys = call(household.other, route, NOWHERE)

        assert theirs.status_code == 404, f"{route}: {theirs.text}"
        assert without_instance(theirs) == without_instance(nobodys), str(route)

    assert holdings(ground, household.owner.id) == before
    assert ground.has_object(path_of_object)


def test_every_route_answers_the_owner(new_reader: Enroll, ground: Ground) -> None:
    """The other half of the test above: it is the owner who makes the difference, nothing else."""
    household = settle(new_reader, ground)

    for route in ROUTES:
        answer = call(household.owner, route, household.ids)

        assert answer.status_code in (200, 204, 307), f"{route}: {answer.text}"


def test_lists_hold_ones_own_alone(household: Household) -> None:
    other = household.other.client

    files = other.get("/api/upload").json()["files"]
    chats = other.get("/api/history").json()["chats"]
    found = other.get("/api/history", params={"q": "treasure"}).json()["chats"]
    sessions = other.get("/api/auth/sessions").json()["sessions"]

    assert "secret.md" not in {file["filename"] for file in files}
    assert household.ids["chat_id"] not in {chat["chat_id"] for chat in [*chats, *found]}
    assert [session["current"] for session in sessions] == [True]


def test_answers_rest_on_ones_own_files(household: Household, model: ScriptedModel) -> None:
    model.says = f'There <cite passage="1">{SECRET}</cite>. {ANSWER}'

    events = ask_streaming(household.other, f"{QUESTION} And where is the treasure of glass?")

    passages = dict(events)["passages"]
    assert {passage["filename"] for passage in passages} == {"light.md"}
    assert "treasure of the glass" not in str(model.prompts)
    query = events[-1][1]["query"]
    assert {citation["filename"] for citation in query["citations"]} == {"light.md"}
    assert SECRET not in str(events)


@pytest.mark.parametrize("member", ["file_ids", "chat_id"])
def test_a_question_on_what_is_somebody_elses_is_one_on_nothing(
    household: Household, model: ScriptedModel, ground: Ground, member: str
) -> None:
    before = holdings(ground, household.owner.id)
    name = member.removesuffix("s")

    def ask(ids: dict[str, Any]) -> httpx.Response:
        value = [ids[name]] if member == "file_ids" else ids[name]
        body = {"query_text": QUESTION, member: value}
        return household.other.client.post("/api/query", json=body)

    theirs, nobodys = ask(household.ids), ask(NOWHERE)

    assert theirs.status_code == 404
    assert without_instance(theirs) == without_instance(nobodys)
    assert model.prompts == []
    assert holdings(ground, household.owner.id) == before


def test_a_cursor_of_somebody_else_opens_nothing(household: Household) -> None:
    for _ in range(2):
        household.owner.ask("Another?")
    theirs = household.owner.client.get("/api/history?limit=1").json()

    page = household.other.client.get("/api/history", params={"cursor": theirs["next_cursor"]})

    theirs_alone = {
        chat["chat_id"] for chat in household.owner.client.get("/api/history").json()["chats"]
    }
    assert page.status_code == 200
    assert theirs_alone.isdisjoint(chat["chat_id"] for chat in page.json()["chats"])


def test_what_somebody_else_uploaded_is_no_duplicate(household: Household) -> None:
    sha256 = household.owner.client.get("/api/upload").json()["files"][0]["sha256"]
    body = {"filename": "mine.md", "size_bytes": 20, "sha256": sha256}

    answer = household.other.client.post("/api/upload/signed", json=body)

    assert answer.status_code == 201
    assert answer.json()["file"]["status"] == "awaiting_upload"


@pytest.mark.parametrize("action", ["object", "object/authenticated", "object/sign"])
def test_the_storage_gives_nothing_to_a_student(
    household: Household, ground: Ground, stack: Stack, action: str
) -> None:
    path = ground.path_of(household.ids["file_id"])
    url = f"{stack.supabase_url}/storage/v1/{action}/files/{path}"
    access_token = household.owner.client.headers["Authorization"]

    answers = [
        httpx.get(url, verify=TLS),
        httpx.get(url, headers={"apikey": stack.publishable_key}, verify=TLS),
        httpx.get(
            url,
            headers={"apikey": stack.publishable_key, "Authorization": access_token},
            verify=TLS,
        ),
    ]

    assert all(answer.is_client_error for answer in answers)
    assert all(SECRET not in answer.text for answer in answers)

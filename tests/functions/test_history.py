"""/api/history: everything asked is found again, renamed, exported and deleted."""

# ruff: noqa: RUF001 - signs of other scripts are the point

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from dev.student import Student
from tests.conftest import Ground, slug
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, BENDS, LIGHT, QUESTION, SHOWN_ANSWER
from tests.streams import open_stream

NOWHERE = "00000000-0000-4000-8000-000000000000"


def listed(student: Student, **parameters: Any) -> dict[str, Any]:
    answer = student.client.get("/api/history", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def titles(page: dict[str, Any]) -> list[str]:
    return [chat["title"] for chat in page["chats"]]


class TestListing:
    def test_is_newest_first(self, student: Student, model: ScriptedModel) -> None:
        first = student.ask("One?")
        student.ask("Two?")
        student.ask("Three?", chat_id=first["chat_id"])

        page = listed(student)

        # The chat that was gone on with last comes first.
        assert titles(page) == ["One?", "Two?"]
        assert [chat["query_count"] for chat in page["chats"]] == [2, 1]
        assert page["chats"][0].keys() == {
            "chat_id",
            "title",
            "created_at",
            "updated_at",
            "query_count",
        }
        assert page["next_cursor"] is None
        assert len(model.embedded) == 3

    def test_goes_page_by_page(self, student: Student, model: ScriptedModel) -> None:
        for name in "abcde":
            student.ask(f"{name}?")

        pages, cursor = [], ""
        while cursor is not None:
            page = listed(student, limit=2, **({"cursor": cursor} if cursor else {}))
            pages.append(titles(page))
            cursor = page["next_cursor"]

        assert pages == [["e?", "d?"], ["c?", "b?"], ["a?"]]
        assert model.prompts == []

    def test_names_a_chat_by_its_first_question(
        self, student: Student, model: ScriptedModel
    ) -> None:
        student.ask("What\n  is   light?")
        student.ask("Why " * 100)

        long, short = titles(listed(student))

        assert short == "What is light?"
        assert (len(long), long[-1], model.prompts) == (80, "…", [])

    @pytest.mark.parametrize(
        "query",
        [
            "cursor=nonsense",
            "cursor=%00",
            "limit=0",
            "limit=101",
            "limit=x",
            f"q={'a' * 201}",
            "q=a%00b",
        ],
    )
    def test_refuses_what_is_no_page(self, student: Student, query: str) -> None:
        answer = student.client.get(f"/api/history?{query}")

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")

    @pytest.mark.parametrize(
        "values",
        [
            [],
            [1],
            {},
            "x",
            ["2026-01-01T00:00:00+00:00"],
            ["not a time", NOWHERE],
            [1, 2],
            [None, "a"],
        ],
        ids=repr,
    )
    def test_refuses_a_cursor_of_another_making(self, student: Student, values: Any) -> None:
        cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

        answer = student.client.get("/api/history", params={"cursor": cursor})

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")


ASKED = [
    "Is 100% of sugar burnt?",
    "Is 1000 a round number?",
    "What is a_b in the text?",
    "What is axb in the text?",
    r"Is C:\new a place?",
    "Why does the ZEBRA sleep?",
    "光合作用需要什么？",
    "Was heißt Größe?",
]


@pytest.fixture(scope="module")
def curious(new_reader: Callable[[dict[str, str | bytes]], Student]) -> Student:
    """Somebody who has asked all of ASKED, each in a chat of its own."""
    student = new_reader({})
    for question in ASKED:
        student.ask(question)
    return student


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("zebra", [5]),
            ("SLEEP zebra", [5]),
            ("zebra sugar", []),
            ("100%", [0]),
            ("%", [0]),
            ("a_b", [2]),
            ("_", [2]),
            ("\\", [4]),
            ("\\new", [4]),
            ("光合", [6]),
            ("需要 光合作用", [6]),
            ("größe", [7]),
            ("in the text", [2, 3]),
            ("'; drop table queries; --", []),
            ("nowhere", []),
        ],
    )
    def test_finds_the_words_of_questions(
        self, curious: Student, words: str, found: list[int]
    ) -> None:
        page = listed(curious, q=words)

        assert titles(page) == [ASKED[index] for index in reversed(found)]

    def test_finds_the_words_of_answers(self, learner: Student, model: ScriptedModel) -> None:
        model.says = f"Refraction 屈折 is it. {ANSWER}"
        learner.ask(QUESTION)
        model.says = "NOT_FOUND"
        learner.ask("What is glass?")

        assert titles(listed(learner, q="refraction")) == [QUESTION]
        assert titles(listed(learner, q="屈折")) == [QUESTION]
        # Words of question and answer together.
        assert titles(listed(learner, q="bend refraction")) == [QUESTION]
        # What was quoted for the server alone was never shown.
        assert titles(listed(learner, q="light is slower")) == []

    def test_of_nothing_finds_all(self, curious: Student) -> None:
        assert len(listed(curious, q=" ")["chats"]) == len(ASKED)

    def test_goes_page_by_page(self, curious: Student) -> None:
        first = listed(curious, q="in the text", limit=1)
        second = listed(curious, q="in the text", limit=1, cursor=first["next_cursor"])

        assert titles(first) + titles(second) == [ASKED[3], ASKED[2]]


class TestChat:
    def test_has_its_queries_in_the_order_asked(
        self, student: Student, model: ScriptedModel
    ) -> None:
        chat_id = student.ask("0?")["chat_id"]
        for number in range(1, 5):
            student.ask(f"{number}?", chat_id=chat_id)

        pages, cursor, page = [], None, {}
        for _ in range(3):
            parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = student.client.get(f"/api/history/{chat_id}", params=parameters).json()
            pages.append([query["query_text"] for query in page["queries"]])
            cursor = page["next_cursor"]

        assert pages == [["0?", "1?"], ["2?", "3?"], ["4?"]]
        assert cursor is None
        assert page["chat"]["query_count"] == 5  # of the chat, not of the page
        assert model.prompts == []

    @pytest.mark.parametrize(
        ("chat_id", "status"), [(NOWHERE, 404), ("1", 422), (NOWHERE.upper() + "A", 422)]
    )
    def test_that_does_not_exist(self, student: Student, chat_id: str, status: int) -> None:
        path = f"/api/history/{chat_id}"
        answers = [
            student.client.get(path),
            student.client.patch(path, json={"title": "a"}),
            student.client.delete(path),
            student.client.get(f"{path}/export"),
        ]

        problem = {404: "chat-not-found", 422: "invalid-request"}[status]
        assert {(answer.status_code, slug(answer)) for answer in answers} == {(status, problem)}

    def test_is_renamed(self, student: Student, model: ScriptedModel) -> None:
        chat_id = student.ask("One?")["chat_id"]

        answer = student.client.patch(
            f"/api/history/{chat_id}", json={"title": "Licht & <b>光</b>"}
        )

        assert (answer.status_code, answer.json()["title"]) == (200, "Licht & <b>光</b>")
        assert listed(student)["chats"] == [answer.json()]
        assert model.prompts == []

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"title": ""},
            {"title": "  "},
            {"title": "a" * 201},
            {"title": "a\0"},
            {"titel": "a"},
        ],
        ids=repr,
    )
    def test_is_not_renamed_to_nothing(
        self, student: Student, model: ScriptedModel, body: dict[str, str]
    ) -> None:
        chat_id = student.ask("One?")["chat_id"]

        answer = student.client.patch(f"/api/history/{chat_id}", json=body)

        assert (answer.status_code, titles(listed(student))) == (422, ["One?"])
        assert model.prompts == []

    def test_is_deleted_with_its_queries(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        chat_id, kept = student.ask("One?")["chat_id"], student.ask("Two?")["chat_id"]

        answer = student.client.delete(f"/api/history/{chat_id}")

        assert (answer.status_code, answer.content) == (204, b"")
        assert [chat["chat_id"] for chat in listed(student)["chats"]] == [kept]
        assert ground.rows("select 1 from queries where chat_id = %s", chat_id) == []
        assert student.client.delete(f"/api/history/{chat_id}").status_code == 404
        assert model.prompts == []

    def test_deleted_while_it_is_answered_ends_in_peace(
        self, learner: Student, model: ScriptedModel
    ) -> None:
        model.says, model.holds_after = ANSWER, 2
        with open_stream(learner, QUESTION) as response:
            model.wait_until_held()
            [chat] = listed(learner)["chats"]

            deleted = learner.client.delete(f"/api/history/{chat['chat_id']}")
            model.release()
            events = response.read().decode()

        assert deleted.status_code == 204
        assert events.count("event: done") == 1
        assert listed(learner)["chats"] == []


class TestExport:
    @pytest.fixture
    def chat_id(self, student: Student, model: ScriptedModel) -> str:
        file = student.upload("Übung 1.md", LIGHT)
        model.says = ANSWER
        chat_id = student.ask(QUESTION)["chat_id"]
        model.says = "NOT_FOUND"
        student.ask("Who said it of glass?", chat_id=chat_id)
        # The citations outlive the file.
        student.client.delete(f"/api/upload/{file['id']}")
        return chat_id

    def test_as_markdown_keeps_the_citations(self, student: Student, chat_id: str) -> None:
        answer = student.client.get(f"/api/history/{chat_id}/export")

        text = answer.text
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        assert text.startswith(f"# {QUESTION}\n")
        assert text.index(SHOWN_ANSWER) < text.index("Übung 1.md, page 1") < text.index(BENDS)
        assert text.index(BENDS) < text.index("Who said it of glass?")

    def test_as_json_keeps_everything(self, student: Student, chat_id: str) -> None:
        shown = student.client.get(f"/api/history/{chat_id}").json()

        answer = student.client.get(f"/api/history/{chat_id}/export?format=json")

        document = answer.json()
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert document == {"chat": shown["chat"], "queries": shown["queries"]}
        assert document["queries"][0]["citations"][0]["filename"] == "Übung 1.md"

    def test_is_saved_under_the_title(self, student: Student, chat_id: str) -> None:
        title = 'Licht/光: "a"\\b'
        student.client.patch(f"/api/history/{chat_id}", json={"title": title})

        answer = student.client.get(f"/api/history/{chat_id}/export")

        assert unquote(filename(answer)) == "Licht-光- -a--b.md"

    def test_of_another_kind_is_refused(self, student: Student, chat_id: str) -> None:
        answer = student.client.get(f"/api/history/{chat_id}/export?format=pdf")

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")

    def test_holds_every_query_of_a_long_chat(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        chat_id = student.ask("0?")["chat_id"]
        ground.execute(
            "insert into queries (user_id, chat_id, query_text, status, search_text, reserved_tokens, deadline_at, request_hash)"
            " select %s, %s, n || '?', 'not_found', '', 0, now(), '' from generate_series(1, 230) as n",
            student.id,
            chat_id,
        )
        ground.execute("update chats set query_count = 231 where id = %s", chat_id)

        answer = student.client.get(f"/api/history/{chat_id}/export?format=json")

        asked = [query["query_text"] for query in answer.json()["queries"]]
        assert asked == [f"{number}?" for number in range(231)]
        assert model.prompts == []


def filename(answer: httpx.Response) -> str:
    return answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]

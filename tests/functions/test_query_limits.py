"""What a user, and the whole deployment, may ask in a day and at once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import httpx
import pytest

from dev.student import PASSPHRASE, Student
from tests.conftest import Configuration, Ground, slug
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION
from tests.streams import open_stream


def ask(student: Student, query_text: str = QUESTION) -> httpx.Response:
    return student.client.post("/api/query", json={"query_text": query_text})


def usage(ground: Ground, student: Student) -> dict[str, Any]:
    statement = "select query_count, token_count from daily_usage where user_id = %s"
    return ground.row(statement, student.id)


def seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((midnight - now).total_seconds())


class TestQuestionsOfADay:
    def test_are_reserved_so_that_none_slips_through(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(daily_queries_per_user=5, max_streams_per_user=20)
        model.says = ANSWER

        with ThreadPoolExecutor(10) as pool:
            # The user's row holds them all up, then lets them go in the same moment.
            with ground.locking("select 1 from users where id = %s for update", learner.id):
                asked = [pool.submit(ask, learner) for _ in range(10)]
                ground.wait_until_stopped("begin_query", 10)
            answers = [future.result() for future in asked]

        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 5
        assert usage(ground, learner)["query_count"] == len(model.prompts) == 5

    def test_end_with_the_time_they_start_anew(
        self, student: Student, model: ScriptedModel, configuration: Configuration
    ) -> None:
        configuration.change(daily_queries_per_user=1)
        student.ask(QUESTION)

        answer = ask(student)

        assert (answer.status_code, slug(answer)) == (429, "daily-limit-reached")
        seconds = int(answer.headers["Retry-After"])
        assert seconds == answer.json()["retry_after_seconds"]
        assert abs(seconds - seconds_to_midnight()) < 60
        assert model.embedding_calls == 2

    def test_embed_nothing_for_who_has_none_left(
        self,
        new_student: Callable[[], Student],
        model: ScriptedModel,
        configuration: Configuration,
    ) -> None:
        configuration.change(daily_queries_per_user=1)
        student, other = new_student(), new_student()
        student.ask(QUESTION)
        assert ask(student).status_code == 429
        calls = model.embedding_calls

        again = [ask(student), ask(student, "Another one?")]

        assert {(answer.status_code, slug(answer)) for answer in again} == {
            (429, "daily-limit-reached")
        }
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in again)
        assert model.embedding_calls == calls
        assert other.ask(QUESTION)["status"] == "not_found"

    def test_repeat_what_was_answered_to_who_has_none_left(
        self, learner: Student, model: ScriptedModel, configuration: Configuration
    ) -> None:
        configuration.change(daily_queries_per_user=1)
        model.says = ANSWER
        body, key = {"query_text": QUESTION}, {"Idempotency-Key": "once"}
        first = learner.client.post("/api/query", json=body, headers=key)
        assert ask(learner).status_code == 429
        calls = model.embedding_calls

        again = learner.client.post("/api/query", json=body, headers=key)
        new = learner.client.post("/api/query", json=body, headers={"Idempotency-Key": "new"})

        assert (again.status_code, again.json()) == (200, first.json())
        assert (new.status_code, slug(new)) == (429, "daily-limit-reached")
        assert model.embedding_calls == calls

    def test_are_a_status_for_a_stream_too(
        self, student: Student, model: ScriptedModel, configuration: Configuration
    ) -> None:
        configuration.change(daily_queries_per_user=0)

        with open_stream(student, QUESTION) as answer:
            answer.read()

        assert (answer.status_code, model.prompts) == (429, [])

    def test_leave_no_trace_where_they_are_refused(
        self, student: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(daily_queries_per_user=0)

        assert ask(student).status_code == 429

        assert model.prompts == []
        assert student.client.get("/api/history").json()["chats"] == []
        assert ground.rows("select 1 from daily_usage where user_id = %s", student.id) == []

    def test_start_anew_the_next_day(
        self, student: Student, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(daily_queries_per_user=1)
        student.ask(QUESTION)
        ground.execute("update daily_usage set day = day - 1 where user_id = %s", student.id)

        assert ask(student).status_code == 200


class TestTokensOfADay:
    def test_are_settled_by_what_was_used(
        self, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says = ANSWER

        learner.ask(QUESTION)

        # What the scripted model says it took: 100 for the prompt, 10 for the answer.
        assert usage(ground, learner) == {"query_count": 1, "token_count": 110}

    def test_cost_nothing_where_no_model_was_asked(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        student.ask(QUESTION)

        assert usage(ground, student) == {"query_count": 1, "token_count": 0}
        assert model.prompts == []

    def test_are_reserved_while_the_answer_is_on_its_way(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        model.says, model.holds_after = ANSWER, 1

        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, learner)
            model.wait_until_held()
            reserved = usage(ground, learner)["token_count"]
            model.release()
        asked.result()

        assert reserved > configuration.settings.max_response_tokens
        assert usage(ground, learner)["token_count"] == 110

    def test_are_refused_beyond_the_limit(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        model.says = ANSWER
        learner.ask(QUESTION)
        configuration.change(daily_tokens_per_user=1_000)

        answer = ask(learner)

        assert (answer.status_code, slug(answer)) == (429, "daily-limit-reached")
        assert usage(ground, learner) == {"query_count": 1, "token_count": 110}

    def test_of_an_answer_that_was_cut_off_are_estimated(
        self, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says, model.stops_after = ANSWER, 1

        query = learner.ask(QUESTION)

        spent = query["usage"]["prompt_tokens"] + query["usage"]["completion_tokens"]
        assert spent > 0
        assert usage(ground, learner)["token_count"] == spent

    @pytest.mark.parametrize(
        "told",
        [
            {"prompt_tokens": -1_000_000, "completion_tokens": 10},
            {"prompt_tokens": 100, "completion_tokens": 3_000_000_000},
            {"prompt_tokens": 100.5, "completion_tokens": "many"},
            {"total_tokens": 110},
            [],
        ],
    )
    def test_that_are_told_as_what_cannot_be_are_estimated(
        self, told: Any, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says, model.usage = ANSWER, told

        query = learner.ask(QUESTION)

        spent = query["usage"]["prompt_tokens"] + query["usage"]["completion_tokens"]
        assert query["status"] == "answered"
        assert 100 < spent < 10_000
        assert usage(ground, learner)["token_count"] == spent

    @pytest.mark.parametrize(("told", "counted"), [(-1_000_000, 0), (3_000_000_000, 1_000_000)])
    def test_are_kept_within_bounds_by_the_database_too(
        self, told: int, counted: int, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says = ANSWER
        query_id = learner.ask(QUESTION)["id"]
        ground.execute("update queries set status = 'streaming' where id = %s", query_id)
        ground.execute(
            "update daily_usage set token_count = q.reserved_tokens from queries as q "
            "where q.id = %s and daily_usage.user_id = q.user_id",
            query_id,
        )
        tokens = {"prompt_tokens": told, "completion_tokens": 0}
        result = {"status": "not_found", "response": "No.", "citations": [], **tokens}

        [row] = ground.rows(
            "with claims as materialized (select set_config('request.jwt.claims', %s, true)) "
            "select finish_query(%s, %s) as query from claims",
            json.dumps({"sub": str(learner.id)}),
            query_id,
            json.dumps(result),
        )

        assert row["query"]["usage"] == {"prompt_tokens": counted, "completion_tokens": 0}
        assert usage(ground, learner)["token_count"] == counted


class TestTheCeiling:
    def test_of_the_deployment_refuses_everybody(
        self, student: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(daily_tokens=1)

        answer = ask(student)

        assert (answer.status_code, slug(answer)) == (503, "capacity-exhausted")
        assert abs(int(answer.headers["Retry-After"]) - seconds_to_midnight()) < 60
        assert model.prompts == []
        assert ground.rows("select 1 from daily_usage where user_id = %s", student.id) == []

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a new one"}])
    def test_embeds_nothing_more_once_it_is_reached(
        self,
        new_student: Callable[[], Student],
        model: ScriptedModel,
        configuration: Configuration,
        headers: dict[str, str],
    ) -> None:
        student, other = new_student(), new_student()
        configuration.change(daily_tokens=2)
        ask(student)
        calls = model.embedding_calls

        answers = [
            asker.client.post("/api/query", json={"query_text": QUESTION}, headers=headers)
            for asker in (student, other)
        ]

        assert {(answer.status_code, slug(answer)) for answer in answers} == {
            (503, "capacity-exhausted")
        }
        assert all(
            abs(int(answer.headers["Retry-After"]) - seconds_to_midnight()) < 60
            for answer in answers
        )
        assert model.embedding_calls == calls

    def test_counts_what_everybody_used(
        self, new_student: Callable[[], Student], model: ScriptedModel, ground: Ground
    ) -> None:
        statement = "select query_count, token_count from deployment_usage where day = current_date"
        students = [new_student(), new_student()]
        model.says = ANSWER
        for student in students:
            student.upload("light.md", LIGHT)
        students[0].ask(QUESTION)
        before = ground.row(statement)

        for student in students:
            student.ask(QUESTION)

        after = ground.row(statement)
        assert after["query_count"] - before["query_count"] == 2
        assert after["token_count"] - before["token_count"] == 220


class TestAnEndedSession:
    def test_embeds_one_question_at_most(
        self, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        ground.execute("update sessions set ended_at = now() where user_id = %s", learner.id)
        calls = model.embedding_calls

        answers = [
            ask(learner),
            ask(learner, "Another one?"),
            learner.client.post(
                "/api/query", json={"query_text": QUESTION}, headers={"Idempotency-Key": "a key"}
            ),
        ]

        assert {(answer.status_code, slug(answer)) for answer in answers} == {
            (401, "session-ended")
        }
        assert model.embedding_calls == calls + 1
        assert model.prompts == []

    def test_leaves_another_session_of_the_user_alone(
        self, learner: Student, ground: Ground
    ) -> None:
        ground.execute("update sessions set ended_at = now() where user_id = %s", learner.id)
        assert ask(learner).status_code == 401
        credentials = {"username": learner.username, "password": PASSPHRASE}

        anew = learner.client.post("/api/auth/login", json=credentials).json()
        learner.client.headers["Authorization"] = f"Bearer {anew['access_token']}"

        assert ask(learner).status_code == 200


class TestQuestionsAtOnce:
    def test_are_limited(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(max_streams_per_user=2)
        model.says, model.holds_after = ANSWER, 1

        with ThreadPoolExecutor(5) as pool:
            asked = [pool.submit(ask, learner) for _ in range(5)]
            # Those that are refused end while the two others are held.
            refused = list(islice(as_completed(asked), 3))
            model.release()
        statuses = sorted(future.result().status_code for future in asked)

        assert statuses == [200, 200, 429, 429, 429]
        answer = refused[0].result()
        assert (answer.status_code, slug(answer)) == (429, "too-many-streams")
        assert int(answer.headers["Retry-After"]) > 0
        assert usage(ground, learner)["query_count"] == 2

    def test_past_their_deadline_count_no_more(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(max_streams_per_user=1)
        model.says, model.holds_after = ANSWER, 1

        with open_stream(learner, QUESTION):
            model.wait_until_held()
            # As if its function had died: nobody ends the row.
            ground.execute("update queries set deadline_at = now() where user_id = %s", learner.id)
            model.holds_after = None
            second = ask(learner)

        assert second.status_code == 200

"""POST /api/query as a stream: events as they come, an end whatever happens, and nothing lost."""

import socket
from datetime import timedelta

import httpx
import pytest

from dev.student import Student
from tests.conftest import TLS, Configuration, Ground
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, CRITICAL, LIGHT, QUESTION, SHOWN_ANSWER
from tests.streams import ask_streaming, open_stream, read_events, stored, texts_of


class TestStream:
    def test_has_the_events_in_their_order(self, student: Student, model: ScriptedModel) -> None:
        file = student.upload("light.md", LIGHT)
        model.says = ANSWER

        events = ask_streaming(student, QUESTION)

        names = [event for event, _ in events]
        assert names[:2] == ["start", "passages"]
        assert names[-1] == "done"
        assert set(names[2:-1]) == {"delta", "citation"}
        query = events[-1][1]["query"]
        assert events[0][1] == {"query_id": query["id"], "chat_id": query["chat_id"]}
        assert events[1][1] == [
            {"rank": 1, "file_id": file["id"], "filename": "light.md", "page": 1}
        ]
        assert texts_of(events) == query["response"] == SHOWN_ANSWER
        assert [data for event, data in events if event == "citation"] == query["citations"]
        assert (query["status"], stored(student)) == ("answered", [query])

    def test_gives_a_citation_right_after_its_marker(
        self, learner: Student, model: ScriptedModel
    ) -> None:
        model.says = f'{ANSWER} Also: <cite passage="1">{CRITICAL}</cite> Indeed.'

        events = ask_streaming(learner, QUESTION)

        shown = ""
        for event, data in events:
            if event == "delta":
                shown += data["text"]
            elif event == "citation":
                assert len(shown) == data["position"]
                assert shown.endswith(f"[{data['marker']}]")
        assert len(events[-1][1]["query"]["citations"]) == 2

    def test_is_not_stored_by_anybody_on_its_way(
        self, learner: Student, model: ScriptedModel
    ) -> None:

        with open_stream(learner, QUESTION) as response:
            response.read()

        assert response.headers["Content-Type"].startswith("text/event-stream")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert len(model.prompts) == 1

    def test_arrives_while_the_model_still_speaks(
        self, learner: Student, model: ScriptedModel
    ) -> None:
        model.says, model.holds_after = ANSWER, 2

        with open_stream(learner, QUESTION) as response:
            events = read_events(response)
            early = [next(events) for _ in range(3)]
            model.release()
            late = list(events)

        assert [event for event, _ in early] == ["start", "passages", "delta"]
        assert late[-1][0] == "done"

    def test_without_passages_ends_with_done(self, student: Student, model: ScriptedModel) -> None:
        events = ask_streaming(student, QUESTION)

        assert [event for event, _ in events] == ["start", "passages", "delta", "done"]
        assert events[1][1] == []
        assert events[-1][1]["query"]["status"] == "not_found"
        assert model.prompts == []

    @pytest.mark.parametrize(
        ("trouble", "problem", "status", "response"),
        [
            ({"status": 503}, "model-unavailable", "failed", ""),
            ({"stops_after": 0}, "model-interrupted", "failed", ""),
            ({"stops_after": 3}, "model-interrupted", "interrupted", "It bends towards"),
            ({"says": "", "refusal": "I cannot help."}, "model-declined", "failed", ""),
        ],
    )
    def test_that_breaks_ends_with_error(
        self,
        learner: Student,
        model: ScriptedModel,
        trouble: dict[str, int | str],
        problem: str,
        status: str,
        response: str,
    ) -> None:
        model.says = ANSWER
        for name, value in trouble.items():
            setattr(model, name, value)

        with open_stream(learner, QUESTION) as answer:
            events = list(read_events(answer))

        name, document = events[-1]
        assert (name, document["type"]) == ("error", f"/problems/{problem}")
        assert document["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
        [query] = stored(learner)
        assert (query["status"], query["response"]) == (status, response)
        assert texts_of(events) == response

    def test_that_cannot_begin_is_a_status(self, student: Student, model: ScriptedModel) -> None:
        with open_stream(student, QUESTION, file_ids=[2**52]) as answer:
            answer.read()

        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert model.prompts == []

    def test_says_in_silence_that_it_is_there(
        self, learner: Student, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lib.web.events._SILENCE_SECONDS", 0.02)
        model.says, model.holds_after = ANSWER, 2

        with open_stream(learner, QUESTION) as response:
            raw = response.iter_text()
            received = ""
            while ": still here" not in received:
                received += next(raw)
            model.release()
            received += "".join(raw)

        assert received.count("event: done") == 1


class TestAClientThatStaysAndDoesNotRead:
    def test_is_given_up_in_time_to_save_what_arrived(
        self,
        learner: Student,
        model: ScriptedModel,
        configuration: Configuration,
        ground: Ground,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("lib.web.events._MOST_QUEUED", 4)
        configuration.change(
            answer_deadline=timedelta(seconds=4),
            max_response_tokens=10**6,
            daily_tokens_per_user=10**8,
            daily_tokens=10**9,
        )
        # More than lies in all buffers on the way, the client's own made small.
        model.says = " ".join(["x" * 30_000] * 300)
        small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
        transport = httpx.HTTPTransport(verify=TLS, socket_options=small)
        token = learner.client.headers["Authorization"]
        headers = {"Authorization": token, "Accept": "text/event-stream"}
        body = {"query_text": QUESTION}
        with (
            httpx.Client(transport=transport, timeout=30) as client,
            client.stream(
                "POST", learner.client.base_url.join("/api/query"), json=body, headers=headers
            ) as response,
        ):
            events = read_events(response)  # held: let go of, it would end the connection
            assert next(events)[0] == "start"
            ground.wait_for(
                "select 1 from queries where user_id = %s and status <> 'streaming'", learner.id
            )

        row = ground.row(
            "select status, length(response) as length from queries where user_id = %s", learner.id
        )
        assert row["status"] == "interrupted"
        assert 0 < row["length"] < len(model.says)


class TestAClientThatGoesAway:
    def test_finds_in_the_history_what_arrived(
        self, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says, model.holds_after = f"{ANSWER} More follows.", 14

        with open_stream(learner, QUESTION) as response:
            events = read_events(response)
            seen = [next(events)]
            while seen[-1][0] != "citation":
                seen.append(next(events))
            model.wait_until_held()
        ground.wait_for(
            "select 1 from queries where id = %s and status <> 'streaming'", seen[0][1]["query_id"]
        )

        [query] = stored(learner)
        assert query["status"] == "interrupted"
        assert query["response"].startswith(texts_of(seen))
        assert query["citations"] == [seen[-1][1]]
        assert query["usage"]["prompt_tokens"] > 0

    def test_from_a_json_answer_finds_it_whole(
        self, learner: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.says, model.holds_after = ANSWER, 2

        with pytest.raises(httpx.ReadTimeout):
            learner.client.post("/api/query", json={"query_text": QUESTION}, timeout=0.4)
        model.wait_until_held()
        model.release()
        ground.wait_for(
            "select 1 from queries where user_id = %s and status <> 'streaming'", learner.id
        )

        [query] = stored(learner)
        assert (query["status"], len(query["citations"])) == ("answered", 1)

    def test_may_ask_again_at_once(
        self, learner: Student, model: ScriptedModel, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(max_streams_per_user=1)
        model.says, model.holds_after = ANSWER, 2

        with open_stream(learner, QUESTION):
            model.wait_until_held()
        ground.wait_for(
            "select 1 from queries where user_id = %s and status = 'interrupted'", learner.id
        )
        model.holds_after = None

        assert learner.ask(QUESTION)["status"] == "answered"

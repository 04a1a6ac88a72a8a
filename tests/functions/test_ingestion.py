"""POST /api/upload/{id}/ingest: slices, failures that pass, and two who read at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.student import Student
from lib.services.slices import seconds_per_text
from tests.conftest import Configuration, Ground
from tests.documents import make_pdf
from tests.fakes import ScriptedModel

NOTES = "# Light\n\nA ray entering glass bends towards the normal because it slows down.\n"
# More chunks than the first call for embeddings takes (32), so that reading comes in two slices.
PAGES = 110
# 32 of whose chunks end within a page.
LONG_NOTES = "".join(f"Planet {n} has {n * 7} moons and {n % 13} rings. " for n in range(1_500))
NO_EMBEDDINGS: list[str | bytes] = [
    b'{"data": "\xff"}',
    "<html>",
    '{"data": null}',
    '{"data": []}',
    '{"data": [{"embedding": "a"}]}',
    "[]",
    "",
]


@pytest.fixture(scope="module")
def long_pdf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("long") / "long.pdf"
    return make_pdf(path, [[f"Planet {n} has {n * 7} moons."] for n in range(PAGES)]).read_bytes()


def send(student: Student, name: str, content: bytes | str) -> dict[str, Any]:
    answer = student.client.post("/api/upload", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def ingest(student: Student, file: dict[str, Any]) -> httpx.Response:
    return student.client.post(f"/api/upload/{file['id']}/ingest")


def announce(student: Student, content: str = NOTES) -> dict[str, Any]:
    """Bring a file to storage, unread."""
    body = {"filename": "notes.md", "size_bytes": len(content)}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    put = student.client.put(upload["url"], content=content, headers=upload["headers"])
    put.raise_for_status()
    return answer["file"]


class TestAModelThatIsAway:
    def test_fails_the_file_until_one_tries_again(
        self, student: Student, model: ScriptedModel
    ) -> None:
        model.embedding_status = 503

        failed = send(student, "notes.md", NOTES)
        model.embedding_status = 200
        read = ingest(student, failed)

        assert failed["status"] == "failed"
        assert failed["error"]["type"] == "/problems/model-unavailable"
        assert failed["error"]["retryable"] is True
        assert "this file" in failed["error"]["detail"]
        assert (read.json()["status"], read.json()["error"]) == ("ready", None)

    def test_in_the_middle_loses_nothing_of_what_was_read(
        self, student: Student, model: ScriptedModel, ground: Ground, long_pdf: bytes
    ) -> None:
        model.embedding_status = lambda call: 503 if call > 1 else 200

        failed = send(student, "planets.pdf", long_pdf)
        model.embedding_status = 200
        read = ingest(student, failed).json()

        assert (failed["status"], failed["progress"]["pages_done"]) == ("failed", 32)
        assert (read["status"], read["page_count"]) == ("ready", PAGES)
        # How quick the endpoint is was seen before it went away.
        assert [len(texts) for texts in model.embedded] == [32, PAGES - 32]
        assert ordinals(ground, read) == list(range(1, PAGES + 1))

    def test_shows_nothing_of_a_file_that_failed_in_the_middle(
        self, student: Student, model: ScriptedModel, long_pdf: bytes
    ) -> None:
        model.embedding_status = lambda call: 503 if call > 1 else 200

        failed = send(student, "planets.pdf", long_pdf)

        page = student.client.get(f"/api/upload/{failed['id']}/pages/1")
        assert page.status_code == 404
        assert student.ask("How many moons has planet 3?")["status"] == "not_found"
        assert model.prompts == []

    def test_within_a_page_loses_nothing_and_doubles_nothing(
        self, new_student: Callable[[], Student], model: ScriptedModel, ground: Ground
    ) -> None:
        whole = new_student().upload("long.md", LONG_NOTES)
        model.embedding_calls = 0
        seconds_per_text.clear()
        model.embedding_status = lambda call: 503 if call > 1 else 200
        student = new_student()

        failed = send(student, "long.md", LONG_NOTES)
        done = ground.row("select max(page) as page from chunks where file_id = %s", failed["id"])
        model.embedding_status = 200
        read = ingest(student, failed).json()

        assert done["page"] == failed["progress"]["pages_done"] + 1, "no slice ended within a page"
        assert read["status"] == "ready"
        assert chunks(ground, read) == chunks(ground, whole)
        assert student.pages(read)

    @pytest.mark.parametrize("body", NO_EMBEDDINGS)
    def test_answers_nonsense_fails_the_file_until_one_tries_again(
        self, student: Student, model: ScriptedModel, body: str | bytes
    ) -> None:
        model.embedding_body = body

        failed = send(student, "notes.md", NOTES)
        model.embedding_body = None
        read = ingest(student, failed)

        assert failed["error"]["type"] == "/problems/model-unavailable"
        assert failed["error"]["retryable"] is True
        assert read.json()["status"] == "ready"

    @pytest.mark.parametrize("body", NO_EMBEDDINGS)
    def test_answers_nonsense_leaves_the_text_search(
        self, student: Student, model: ScriptedModel, body: str | bytes
    ) -> None:
        student.upload("notes.md", NOTES)
        model.embedding_body = body

        student.ask("How does a ray bend in glass?")

        assert "A ray entering glass" in model.prompts[-1][-1]["content"]


class TestASlowModel:
    def test_ends_the_slice_and_not_the_file(
        self,
        student: Student,
        model: ScriptedModel,
        configuration: Configuration,
        ground: Ground,
        long_pdf: bytes,
    ) -> None:
        configuration.change(ingestion_slice=timedelta(seconds=3))
        model.holds_embedding = 2

        begun = send(student, "planets.pdf", long_pdf)
        read = ingest(student, begun).json()

        assert (begun["status"], begun["progress"]["pages_done"]) == ("processing", 32)
        assert begun["error"] is None
        assert (read["status"], read["page_count"]) == ("ready", PAGES)
        assert ordinals(ground, read) == list(range(1, PAGES + 1))

    def test_is_given_less_where_a_whole_slice_was_too_short(
        self,
        student: Student,
        model: ScriptedModel,
        configuration: Configuration,
        long_pdf: bytes,
    ) -> None:
        configuration.change(ingestion_slice=timedelta(seconds=3))
        model.holds_embedding = 1

        begun = send(student, "planets.pdf", long_pdf)
        read = student.ingest(begun)

        assert (begun["status"], begun["progress"]["pages_done"]) == ("processing", 0)
        assert read["status"] == "ready"
        assert len(model.embedded[0]) == 16

    def test_is_given_all_the_time_that_there_is(
        self, student: Student, model: ScriptedModel, configuration: Configuration
    ) -> None:
        configuration.change(ingestion_slice=timedelta(seconds=3))
        model.holds_embedding = 1

        started_at = time.monotonic()
        begun = send(student, "notes.md", NOTES)
        seconds = time.monotonic() - started_at

        assert begun["status"] == "processing"
        assert 4.5 < seconds < 8


class TestAnErrorThatNobodyForesaw:
    def test_gives_the_lease_back_a_few_times(
        self, student: Student, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = announce(student)
        with monkeypatch.context() as patch:
            patch.setattr("lib.services.preparing.start_reader", None)
            answers = [ingest(student, file) for _ in range(4)]
            row = ground.row("select status, error, lease_id from files where id = %s", file["id"])

        last = ingest(student, file).json()

        assert {answer.status_code for answer in answers} == {500}
        assert row == {"status": "processing", "error": None, "lease_id": None}
        assert (last["status"], last["error"]["retryable"]) == ("failed", False)

    def test_once_is_no_harm(self, student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
        file = announce(student)
        with monkeypatch.context() as patch:
            patch.setattr("lib.services.preparing.start_reader", None)
            ingest(student, file)

        read = ingest(student, file).json()

        assert read["status"] == "ready"


class TestAStorageThatRefuses:
    def test_is_told_and_asked_again_as_often_as_one_likes(
        self, student: Student, ground: Ground
    ) -> None:
        file = announce(student)
        path = ground.path_of(file["id"])
        ground.execute("update files set path = %s where id = %s", f"{path}\x7f", file["id"])

        answers = [ingest(student, file) for _ in range(6)]
        ground.execute("update files set path = %s where id = %s", path, file["id"])
        read = ingest(student, file)

        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["type"] for answer in answers} == {"/problems/storage-unavailable"}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert read.json()["status"] == "ready"


class TestTwoReaders:
    def test_at_once_are_one(self, student: Student, model: ScriptedModel, ground: Ground) -> None:
        file = announce(student)
        model.holds_embedding = 1

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(ingest, student, file)
            model.wait_until_held()
            second = ingest(student, file)
            model.release()

        assert (second.status_code, second.json()["status"]) == (200, "processing")
        assert first.result().json()["status"] == "ready"
        assert model.embedding_calls == 1
        assert ordinals(ground, file) == [1]

    def test_one_after_the_lease_of_the_other_ran_out_double_nothing(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        file = announce(student)
        model.holds_embedding = 1

        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(ingest, student, file)
            model.wait_until_held()
            ground.execute("update files set lease_until = now() where id = %s", file["id"])
            quick = ingest(student, file)
            model.release()

        assert quick.json()["status"] == "ready"
        assert slow.result().status_code == 200
        assert ordinals(ground, file) == [1]
        assert student.pages(quick.json()) == [NOTES.strip()]

    def test_of_the_same_bytes_leave_one_file(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        model.holds_embedding = 1

        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(send, student, "first.md", NOTES)
            model.wait_until_held()
            quick = send(student, "second.md", NOTES)
            model.release()

        assert slow.result() == quick
        assert student.client.get("/api/upload").json()["files"] == [quick]
        paths = ground.rows(
            "select path from object_deletions where path like %s", f"{student.id}/%"
        )
        assert {row["path"] for row in paths}.isdisjoint({ground.path_of(quick["id"])})
        assert len({row["path"] for row in paths}) == 1

    def test_one_of_whom_deletes_the_file_end_in_peace(
        self, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        file = announce(student)
        path = ground.path_of(file["id"])
        model.holds_embedding = 1

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(ingest, student, file)
            model.wait_until_held()
            deleted = student.client.delete(f"/api/upload/{file['id']}")
            model.release()

        assert (deleted.status_code, reading.result().is_server_error) == (204, False)
        assert ingest(student, file).status_code == 404
        assert ordinals(ground, file) == []
        assert not ground.has_object(path)


class TestMoreTextThanOneMayKeep:
    def test_fails_the_file_and_keeps_nothing_of_it(
        self,
        student: Student,
        model: ScriptedModel,
        configuration: Configuration,
        ground: Ground,
        long_pdf: bytes,
    ) -> None:
        configuration.change(max_chunks_per_user=PAGES)
        student.upload("notes.md", NOTES)
        model.embedded.clear()

        failed = send(student, "planets.pdf", long_pdf)

        assert failed["status"] == "failed"
        assert failed["error"]["type"] == "/problems/text-limit-reached"
        assert (failed["error"]["limit_chunks"], failed["error"]["retryable"]) == (PAGES, False)
        assert sum(map(len, model.embedded)) < PAGES
        assert ordinals(ground, failed) == []

    def test_fits_once_another_file_is_deleted(
        self, student: Student, configuration: Configuration, long_pdf: bytes
    ) -> None:
        configuration.change(max_chunks_per_user=PAGES)
        notes = student.upload("notes.md", NOTES)
        failed = send(student, "planets.pdf", long_pdf)

        student.client.delete(f"/api/upload/{notes['id']}").raise_for_status()
        read = student.ingest(send(student, "planets.pdf", long_pdf))

        assert (failed["status"], read["status"]) == ("failed", "ready")

    def test_counts_what_others_have_for_them_alone(
        self,
        new_student: Callable[[], Student],
        configuration: Configuration,
    ) -> None:
        configuration.change(max_chunks_per_user=1)

        files = [new_student().upload("notes.md", NOTES) for _ in range(2)]

        assert [file["status"] for file in files] == ["ready", "ready"]

    def test_in_two_files_at_once_keeps_the_first_to_finish(
        self, student: Student, configuration: Configuration, ground: Ground
    ) -> None:
        configuration.change(max_chunks_per_user=1)
        sent = [announce(student, f"{NOTES} {n}") for n in range(2)]
        owner = "select 1 from users where id = %s for no key update"

        with ThreadPoolExecutor(2) as pool:
            # Both have been read to the end when the first may finish.
            with ground.locking(owner, student.id):
                read = [pool.submit(ingest, student, file) for file in sent]
                ground.wait_until_stopped("finish_ingestion", 2)
            files = [future.result().json() for future in read]

        assert sorted(file["status"] for file in files) == ["failed", "ready"]
        [failed] = (file for file in files if file["status"] == "failed")
        assert failed["error"]["type"] == "/problems/text-limit-reached"
        assert ordinals(ground, failed) == []


class TestAFileThatIsDone:
    def test_is_not_read_again(self, student: Student, model: ScriptedModel) -> None:
        file = student.upload("notes.md", NOTES)

        again = ingest(student, file)

        assert (again.status_code, again.json()) == (200, file)
        assert model.embedding_calls == 1

    def test_is_not_tried_again_where_that_is_in_vain(self, student: Student) -> None:
        failed = send(student, "notes.pdf", NOTES)

        again = ingest(student, failed)

        assert (again.status_code, again.json()) == (200, failed)

    def test_that_broke_its_reader_again_and_again_fails(
        self, student: Student, ground: Ground, model: ScriptedModel
    ) -> None:
        file = announce(student)
        died = "update files set status = 'processing', attempt_count = 4, lease_until = now()"
        ground.execute(f"{died} where id = %s", file["id"])

        answer = ingest(student, file).json()

        assert (answer["status"], answer["error"]["retryable"]) == ("failed", False)
        assert model.embedding_calls == 0


def ordinals(ground: Ground, file: dict[str, Any]) -> list[int]:
    rows = ground.rows("select ordinal from chunks where file_id = %s order by 1", file["id"])
    return [row["ordinal"] for row in rows]


def chunks(ground: Ground, file: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = ground.rows(
        "select ordinal, page, start, text from chunks where file_id = %s order by 1", file["id"]
    )
    return [tuple(row.values()) for row in rows]

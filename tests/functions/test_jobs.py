"""GET /api/jobs/run: what was left is finished, what is due is deleted, and twice is harmless."""

from typing import Any

import httpx
import pytest

from dev.student import Student
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.streams import open_stream, read_events

YESTERDAY = "update files set created_at = now() - interval '25 hours' where id = %s"
NOTES = "# Light\n\nA ray entering glass bends towards the normal because it slows down.\n"


@pytest.fixture
def run(client: httpx.Client, configuration: Configuration, ground: Ground) -> Any:
    """Run the job and return its report."""
    # What other tests left unfinished would come due whenever its time is up: in the middle of a test, too.
    ground.execute("delete from files where status in ('awaiting_upload', 'processing')")
    ground.execute("delete from queries where status = 'streaming'")
    ground.execute("delete from object_deletions where not_before > now()")

    def run() -> dict[str, int]:
        headers = {"Authorization": f"Bearer {configuration.settings.cron_secret}"}
        answer = client.get("/api/jobs/run", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    run()  # the rest of what other tests left
    return run


def announce(student: Student, *, bytes_arrive: bool = True) -> int:
    body = {"filename": "notes.md", "size_bytes": len(NOTES)}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    if bytes_arrive:
        student.client.put(upload["url"], content=NOTES, headers=upload["headers"])
    return answer["file"]["id"]


class TestSecret:
    @pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer Ünïcode", "Basic wrong"])
    def test_is_needed(self, client: httpx.Client, given: str | None) -> None:
        headers = {b"Authorization": given.encode()} if given else {}

        answer = client.get("/api/jobs/run", headers=headers)

        assert answer.status_code == 401
        assert answer.json()["type"] == "/problems/invalid-job-secret"
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_is_not_a_students_token(self, student: Student) -> None:
        assert student.client.get("/api/jobs/run").status_code == 401


class TestRun:
    def test_twice_in_a_row_is_harmless(self, run: Any, student: Student, ground: Ground) -> None:
        file = student.upload("notes.md", NOTES)
        query = student.ask("How does a ray bend in glass?")

        reports = [run(), run()]

        assert all(set(report.values()) == {0} for report in reports)
        assert student.client.get(f"/api/upload/{file['id']}").json() == file
        chat = student.client.get(f"/api/history/{query['chat_id']}").json()
        assert chat["queries"] == [query]
        assert ground.has_object(ground.path_of(file["id"]))

    def test_interrupts_answers_whose_function_died(
        self, run: Any, student: Student, model: ScriptedModel, ground: Ground
    ) -> None:
        student.upload("notes.md", NOTES)
        model.says, model.holds_after = "Light bends.", 1
        with open_stream(student, "How does a ray bend in glass?") as response:
            events = read_events(response)
            query_id = next(events)[1]["query_id"]
            ground.execute(
                "update queries set deadline_at = now() - interval '2 minutes' where id = %s",
                query_id,
            )
            status = "select status from queries where id = %s"

            chats = student.client.get("/api/history").json()["chats"]
            read = student.client.get(f"/api/history/{chats[0]['chat_id']}").json()["queries"]
            before = ground.row(status, query_id)["status"]
            report = run()
            after = ground.row(status, query_id)["status"]

        # It is read as interrupted before the job has come; the job only tidies.
        assert ([query["status"] for query in read], before) == (["interrupted"], "streaming")
        assert (report["queries_interrupted"], after) == (1, "interrupted")

    def test_leaves_answers_alone_that_are_on_their_way(
        self, run: Any, student: Student, model: ScriptedModel
    ) -> None:
        student.upload("notes.md", NOTES)
        model.says, model.holds_after = "Light bends in glass.", 1
        with open_stream(student, "How does a ray bend in glass?") as response:
            model.wait_until_held()

            report = run()

            model.release()
            last, data = list(read_events(response))[-1]
        assert report["queries_interrupted"] == 0
        assert (last, data["query"]["response"]) == ("done", "Light bends in glass.")

    def test_deletes_uploads_that_it_has_looked_for_in_vain(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        old, new = announce(student, bytes_arrive=False), announce(student)
        path = ground.path_of(old)
        ground.execute(YESTERDAY, old)

        reports = [run(), run()]

        assert [report["uploads_abandoned"] for report in reports] == [0, 1]
        listed = student.client.get("/api/upload").json()["files"]
        assert [file["id"] for file in listed] == [new]
        assert not ground.has_object(path)
        assert ground.rows("select 1 from object_deletions where path = %s", path) == []

    def test_reads_what_has_arrived_and_nobody_looked_for_in_a_day(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file_id = announce(student)
        ground.execute(YESTERDAY, file_id)
        # When it was looked for, its bytes could still come.
        early = "update files set lease_until = created_at + interval '1 hour' where id = %s"
        ground.execute(early, file_id)

        report = run()

        assert report["uploads_abandoned"] == 0
        assert student.client.get(f"/api/upload/{file_id}").json()["status"] == "ready"

    def test_goes_on_with_a_reading_that_was_abandoned(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file_id = announce(student)
        abandon(ground, file_id, attempts=1)

        report = run()

        file = student.client.get(f"/api/upload/{file_id}").json()
        assert (report["ingestions_resumed"], file["status"]) == (1, "ready")

    def test_leaves_a_reading_alone_that_is_under_way(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file_id = announce(student)
        ground.execute(
            "update files set status = 'processing', lease_id = gen_random_uuid(),"
            " lease_until = now() + interval '40 seconds' where id = %s",
            file_id,
        )

        report = run()

        file = student.client.get(f"/api/upload/{file_id}").json()
        assert (report["ingestions_resumed"], file["status"]) == (0, "processing")

    def test_gives_up_a_file_that_kills_its_reader(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        # Read to its end, so that pages and chunks are there as after a slice.
        file_id = student.upload("notes.md", NOTES)["id"]
        abandon(ground, file_id, attempts=4)

        report = run()

        file = student.client.get(f"/api/upload/{file_id}").json()
        assert report["ingestions_failed"] == 1
        assert (file["status"], file["error"]["retryable"]) == ("failed", False)
        assert ground.rows("select 1 from pages where file_id = %s", file_id) == []
        assert ground.rows("select 1 from chunks where file_id = %s", file_id) == []

    def test_reads_a_file_whose_page_was_closed_after_the_upload(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file_id = announce(student)
        ground.execute(
            "update files set created_at = now() - interval '11 minutes' where id = %s", file_id
        )

        run()

        assert student.client.get(f"/api/upload/{file_id}").json()["status"] == "ready"

    def test_looks_once_for_bytes_that_have_not_come(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        body = {"filename": "later.txt", "size_bytes": 20}
        file_id = student.client.post("/api/upload/signed", json=body).json()["file"]["id"]
        ground.execute(
            "update files set created_at = now() - interval '11 minutes' where id = %s", file_id
        )

        looked, again = run(), run()

        assert looked["ingestions_resumed"] - again["ingestions_resumed"] == 1
        file = student.client.get(f"/api/upload/{file_id}").json()
        assert (file["status"], file["error"]) == ("awaiting_upload", None)

    def test_does_not_insist_where_the_storage_refuses(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file_id = announce(student)
        abandon(ground, file_id, attempts=1)
        path = ground.path_of(file_id)
        ground.execute("update files set path = %s where id = %s", f"{path}\x7f", file_id)

        refused = run()
        ground.execute("update files set path = %s where id = %s", path, file_id)
        abandon(ground, file_id, attempts=1)
        resumed = run()

        assert (refused["ingestions_resumed"], resumed["ingestions_resumed"]) == (1, 1)
        file = student.client.get(f"/api/upload/{file_id}").json()
        assert file["status"] == "ready"

    def test_deletes_the_objects_that_the_outbox_names(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        file = student.upload("notes.md", NOTES)
        path = ground.path_of(file["id"])
        later = f"{student.id}/not-yet"
        # As if the storage had been away when the row was deleted.
        ground.execute("delete from files where id = %s", file["id"])
        ground.execute("insert into object_deletions (path) values (%s)", path)
        not_before = "insert into object_deletions (path, not_before) values (%s, now() + '1 hour')"
        ground.execute(not_before, later)

        reports = [run(), run()]

        assert [report["objects_deleted"] for report in reports] == [1, 0]
        assert not ground.has_object(path)
        left = ground.rows("select path from object_deletions where path in (%s, %s)", path, later)
        assert [row["path"] for row in left] == [later]

    def test_catches_up_with_more_than_one_batch(
        self, run: Any, student: Student, ground: Ground
    ) -> None:
        ground.execute(
            "insert into private.sign_in_failures (name_key, address_key, failed_at)"
            " select 'somebody', 'somewhere', now() - interval '25 hours' from generate_series(1, 1200)"
        )
        ground.execute(
            "insert into sessions (handle, user_id, idle_expires_at, expires_at)"
            " select gen_random_uuid(), %s, now() - interval '31 days', now()"
            " from generate_series(1, 1200)",
            student.id,
        )
        ground.execute(
            "insert into object_deletions (path) select %s || number from generate_series(1, 1200) as number",
            f"{student.id}/",
        )

        report = run()

        assert report["accounts_purged"] == 2_400
        assert (
            ground.rows("select 1 from private.sign_in_failures where name_key = 'somebody'") == []
        )
        assert len(ground.rows("select 1 from sessions where user_id = %s", student.id)) == 1
        named = "select 1 from object_deletions where path like %s"
        assert ground.rows(named, f"{student.id}/%") == []


def abandon(ground: Ground, file_id: int, *, attempts: int) -> None:
    """Leave a file as a reader leaves it that died some minutes ago."""
    ground.execute(
        "update files set status = 'processing', lease_id = gen_random_uuid(), attempt_count = %s,"
        " lease_until = now() - interval '5 minutes', created_at = now() - interval '6 minutes'"
        " where id = %s",
        attempts,
        file_id,
    )

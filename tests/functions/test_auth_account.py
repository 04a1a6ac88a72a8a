"""/api/auth/export and erase: everything that is the user's, and nothing else's."""

import io
import json
import zipfile
from collections.abc import Callable

import httpx

from dev.stack import Stack
from dev.student import PASSPHRASE, Student
from tests.accounts import (
    COOKIE,
    NEW_PASSWORD,
    PASSWORD,
    new_user,
    one_time_passphrase,
    refresh,
    register,
    round_trips,
    run_sql,
    sign_in,
    slug,
)
from tests.conftest import Configuration

NOTES = "# Osmosis\n\nWater moves through a membrane towards the side with more dissolved salt.\n"


def open_export(client: httpx.Client) -> zipfile.ZipFile:
    answer = client.get("/api/auth/export")
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def erase(client: httpx.Client, password: str = PASSPHRASE) -> httpx.Response:
    return client.post("/api/auth/erase", json={"password": password})


def announce(client: httpx.Client, filename: str) -> None:
    """Announce a file whose bytes never come."""
    body = {"filename": filename, "size_bytes": 100}
    assert client.post("/api/upload/signed", json=body).status_code == 201


def count_objects(stack: Stack, user_id: int) -> int:
    [(count,)] = run_sql(
        stack,
        "select count(*) from storage.objects where name like %(prefix)s",
        prefix=f"{user_id}/%",
    )
    return count


class TestExport:
    def test_holds_account_files_and_chats(self, student: Student):
        file = student.upload("Osmose «Notizen».md", NOTES)
        query = student.ask("Where does water move through a membrane?")

        archive = open_export(student.client)

        account = json.loads(archive.read("account.json"))
        assert account["user"]["username"] == student.username
        assert [row["query_count"] for row in account["daily_usage"]] == [1]
        assert len(account["sessions"]) == 1
        [entry] = [file["entry"] for file in account["files"]]
        assert archive.read(entry).decode() == NOTES
        assert entry == f"files/{file['id']} Osmose «Notizen».md"
        markdown, document = sorted(
            (name for name in archive.namelist() if name.startswith("chats/")), reverse=True
        )
        assert (markdown[-3:], document[-5:]) == (".md", ".json")
        assert json.loads(archive.read(document))["queries"][0]["id"] == query["id"]
        assert query["query_text"] in archive.read(markdown).decode()

    def test_of_an_empty_account_is_whole(self, student: Student):
        assert open_export(student.client).namelist() == ["account.json"]

    def test_says_of_a_file_that_never_came_that_it_is_not_there(self, student: Student):
        student.upload("notes.md", NOTES)
        announce(student.client, "awaited.md")

        archive = open_export(student.client)

        files = json.loads(archive.read("account.json"))["files"]
        entries = {file["filename"]: file["entry"] for file in files}
        assert entries["awaited.md"] is None
        assert entries["notes.md"] in archive.namelist()

    def test_holds_every_session(self, student: Student, stack: Stack):
        run_sql(
            stack,
            """
            insert into public.sessions (handle, user_id, idle_expires_at, expires_at)
            select gen_random_uuid(), %(id)s, now() + interval '1 day', now() + interval '1 day'
            from generate_series(1, 200)
            """,
            id=student.id,
        )

        account = json.loads(open_export(student.client).read("account.json"))

        assert len({session["id"] for session in account["sessions"]}) == 201

    def test_names_the_download_after_the_user(self, student: Student):
        answer = student.client.get("/api/auth/export")

        assert answer.headers["Content-Type"] == "application/zip"
        assert f"lectern-{student.username}-" in answer.headers["Content-Disposition"]

    def test_holds_nothing_of_anybody_else(self, new_student: Callable[[], Student]):
        other = new_student()
        other.upload("theirs.md", NOTES)
        student = new_student()

        assert open_export(student.client).namelist() == ["account.json"]

    def test_a_name_stays_in_its_folder(self, student: Student, stack: Stack):
        file = student.upload("notes.md", NOTES)
        run_sql(
            stack,
            "update public.files set filename = %(name)s where id = %(id)s",
            name="../../etc/passwd\n.md",
            id=file["id"],
        )

        names = open_export(student.client).namelist()

        assert names[:-1] == [f"files/{file['id']} -..-etc-passwd-.md"]


class TestErase:
    def test_leaves_nothing_and_says_what_is_gone(self, student: Student, stack: Stack):
        student.upload("notes.md", NOTES)
        student.ask("Where does water move through a membrane?")

        answer = erase(student.client)

        assert answer.status_code == 200
        receipt = answer.json()
        assert receipt["rows"] == {
            "users": 1, "sessions": 1, "refresh_tokens": 1, "sign_in_failures": 0, "files": 1, "pages": 1, "chunks": 1,
            "chats": 1, "queries": 1, "daily_usage": 1,
        }  # fmt: skip
        assert (receipt["stored_objects"], receipt["pending_objects"]) == (1, 0)
        assert count_objects(stack, student.id) == 0

    def test_counts_the_objects_that_there_were_and_the_failures(
        self, student: Student, stack: Stack
    ):
        student.upload("notes.md", NOTES)
        announce(student.client, "awaited.md")
        assert refresh(student.client).status_code == 200
        erase(student.client, "wrong")
        assert count_objects(stack, student.id) == 1

        receipt = erase(student.client).json()

        assert (receipt["stored_objects"], receipt["pending_objects"]) == (1, 0)
        counted = {kind: receipt["rows"][kind] for kind in ("files", "refresh_tokens")}
        assert counted == {"files": 2, "refresh_tokens": 2}
        assert receipt["rows"]["sign_in_failures"] == 1

    def test_takes_the_cookie_back(self, student: Student):
        answer = erase(student.client)

        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert COOKIE not in student.client.cookies

    def test_leaves_no_row_in_any_table_with_a_user(self, student: Student, stack: Stack):
        student.upload("notes.md", NOTES)
        student.ask("Where does water move through a membrane?")
        erase(student.client)

        tables = run_sql(
            stack,
            """
            select c.table_name from information_schema.columns as c
            where c.table_schema = 'public' and c.column_name = 'user_id'
            """,
        )
        assert len(tables) >= 6
        for (table,) in tables:
            rows = run_sql(
                stack,
                f"select 1 from public.{table} where user_id = %(id)s",  # noqa: S608 # pyright: ignore[reportArgumentType] - a name of the catalogue
                id=student.id,
            )
            assert rows == [], table

    def test_ends_everything(self, student: Student):
        token = student.client.cookies[COOKIE]
        erase(student.client)

        assert student.client.get("/api/auth/me").status_code == 401
        assert slug(refresh(student.client, token)) == "invalid-refresh-token"
        assert sign_in(student.client, student.username, PASSPHRASE).status_code == 401
        assert register(student.client, student.username).status_code == 201

    def test_touches_nobody_else(self, new_student: Callable[[], Student]):
        other, student = new_student(), new_student()
        file = other.upload("theirs.md", NOTES)
        student.upload("mine.md", NOTES)

        erase(student.client)

        assert other.client.get(f"/api/upload/{file['id']}").json()["status"] == "ready"
        assert other.client.get(f"/api/upload/{file['id']}/pages/1").status_code == 200

    def test_needs_the_password(self, student: Student):
        answer = erase(student.client, "wrong")

        assert (answer.status_code, slug(answer)) == (401, "invalid-credentials")
        assert student.client.get("/api/auth/me").status_code == 200

    def test_is_throttled_as_signing_in_is(self, student: Student):
        statuses = [erase(student.client, "wrong").status_code for _ in range(6)]

        assert statuses == [401] * 5 + [429]

    def test_leaves_to_the_job_what_storage_does_not_delete(
        self, student: Student, configuration: Configuration, stack: Stack
    ):
        student.upload("notes.md", NOTES)
        configuration.change(storage_bucket="no/such/bucket")  # storage answers 404

        receipt = erase(student.client).json()

        assert (receipt["stored_objects"], receipt["pending_objects"]) == (0, 1)
        assert count_objects(stack, student.id) == 1
        configuration.reset()
        job = {"Authorization": f"Bearer {configuration.settings.cron_secret}"}
        student.client.get("/api/jobs/run", headers=job)
        assert count_objects(stack, student.id) == 0

    def test_forgets_the_failures_of_the_name(self, student: Student, stack: Stack):
        erase(student.client, "wrong")
        before = run_sql(stack, "select count(*) from private.sign_in_failures")

        erase(student.client)

        after = run_sql(stack, "select count(*) from private.sign_in_failures")
        assert after[0][0] < before[0][0]


class TestOneTimePassphrase:
    def test_is_good_for_choosing_a_password_only(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        old_token = client.cookies[COOKIE]

        passphrase = one_time_passphrase(stack, username)

        assert slug(refresh(client, old_token)) == "invalid-refresh-token"
        assert sign_in(client, username, PASSWORD).status_code == 401
        answer = sign_in(client, username, passphrase)
        assert answer.json()["user"]["must_change_password"] is True
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        for refused in ("/api/auth/export", "/api/history", "/api/upload"):
            assert slug(client.get(refused)) == "password-change-required"
        assert slug(erase(client, passphrase)) == "password-change-required"
        assert client.get("/api/auth/me").json()["must_change_password"] is True
        assert refresh(client).json()["user"]["must_change_password"] is True

        change = {"current_password": passphrase, "new_password": NEW_PASSWORD}
        assert client.put("/api/auth/password", json=change).status_code == 204

        answer = refresh(client)
        assert answer.json()["user"]["must_change_password"] is False
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert client.get("/api/history").status_code == 200
        assert sign_in(client, username, passphrase).status_code == 401
        assert sign_in(client, username, NEW_PASSWORD).status_code == 200

    def test_ends_after_a_day_with_the_sessions_it_began(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        passphrase = one_time_passphrase(stack, username)
        sign_in(client, username, passphrase)

        run_sql(
            stack,
            """
            update public.users set password_expires_at = password_expires_at - interval '1 day'
            where username = %(username)s
            """,
            username=username,
        )

        assert sign_in(client, username, passphrase).status_code == 401
        assert slug(refresh(client)) == "invalid-refresh-token"

    def test_lets_in_who_had_guessed_too_often(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        for _ in range(6):
            sign_in(client, username, "wrong")

        passphrase = one_time_passphrase(stack, username)

        answer = sign_in(client, username, passphrase)
        assert (answer.status_code, round_trips(answer)) == (200, 2)

"""A reader that is killed: whoever comes next makes one whole reading of it; until then there is none."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.ports import HOST
from dev.processes import ROOT
from dev.stack import Stack
from dev.student import Student
from lib.domain.identities import Identity
from lib.domain.tokens import mint_database_token
from tests.conftest import TLS, Configuration, Ground
from tests.documents import make_pdf
from tests.fakes import ScriptedModel

# 32 chunks are stored at first: the reading comes in two slices.
TEXTS = [f"Planet {n} has {n * 7} moons." for n in range(1, 111)]


@pytest.fixture(scope="module")
def planets(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("planets") / "planets.pdf"
    return make_pdf(path, [[text] for text in TEXTS]).read_bytes()


class Reader:
    """functions/upload.py in a process of its own that reads one file, until it is killed."""

    def __init__(self, stack: Stack, student: Student, ground: Ground, model_url: str) -> None:
        self.student, self.ground = student, ground
        self._stack = stack
        listening = socket.create_server((HOST, 0))
        self._url = f"http://{HOST}:{listening.getsockname()[1]}"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "functions.upload:app",
                "--fd",
                f"{listening.fileno()}",
            ],
            cwd=ROOT,
            env={**stack.environment(), "OPENAI_BASE_URL": model_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
        )
        # What connects now waits for the process to come up, and is cut off when it dies.
        listening.close()
        self._asking = threading.Thread(target=self._ask)
        self._was_cut_off = False
        self.file_id = 0

    def begin(self) -> None:
        self._asking.start()

    def _ask(self) -> None:
        headers = {"Authorization": self.student.client.headers["Authorization"]}
        try:
            url = f"{self._url}/api/upload/{self.file_id}/ingest"
            httpx.post(url, headers=headers, verify=TLS, timeout=60)
        except httpx.TransportError:
            self._was_cut_off = True

    def pages_at_the_data_api(self) -> list[Any]:
        """Ask as the owner for what was read so far, past our functions."""
        identity = Identity(user_id=self.student.id, session_id=1)
        token = mint_database_token(identity, self._stack.jwt_secret, now=datetime.now(UTC))
        headers = {"apikey": self._stack.publishable_key, "Authorization": f"Bearer {token}"}
        url = f"{self._stack.supabase_url}/rest/v1"
        answers = [
            httpx.get(f"{url}/{table}?select=file_id", headers=headers, verify=TLS)
            for table in ("pages", "chunks")
        ]
        return [row for answer in answers for row in answer.raise_for_status().json()]

    def kill(self) -> None:
        """Kill the process; what it waits for in the database ends with it."""
        self.end()
        self.ground.rows("select pg_cancel_backend(pid) from pg_locks where not granted")
        self._asking.join()
        assert self._was_cut_off, "it answered before it was killed"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def reader(
    stack: Stack,
    model: ScriptedModel,  # noqa: ARG001 - the process speaks to it
    configuration: Configuration,
    student: Student,
    ground: Ground,
    planets: bytes,
) -> Generator[Reader]:
    """A process that is about to read a file, which has arrived."""
    reader = Reader(stack, student, ground, configuration.settings.openai_base_url)
    body = {"filename": "planets.pdf", "size_bytes": len(planets)}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    student.client.put(upload["url"], content=planets, headers=upload["headers"]).raise_for_status()
    reader.file_id = answer["file"]["id"]
    yield reader
    reader.end()


def after_the_claim(reader: Reader, _: ScriptedModel) -> None:
    with reader.ground.locking("lock table storage.objects in access exclusive mode"):
        reader.begin()
        reader.ground.wait_until_stopped("storage.objects")
        reader.kill()


def after_the_download(reader: Reader, _: ScriptedModel) -> None:
    with reader.ground.locking("lock table storage.objects in access exclusive mode") as storage:
        reader.begin()
        reader.ground.wait_until_stopped("storage.objects")
        with reader.ground.locking("select 1 from files where id = %s for update", reader.file_id):
            storage.rollback()
            reader.ground.wait_until_stopped("record_upload")
            reader.kill()


def before_the_first_slice(reader: Reader, model: ScriptedModel) -> None:
    model.holds_embedding = 1
    reader.begin()
    model.wait_until_held()
    reader.kill()


def after_the_first_slice(reader: Reader, model: ScriptedModel) -> None:
    model.holds_embedding = 2
    reader.begin()
    model.wait_until_held()
    # It is stored while the second is embedded.
    reader.ground.wait_for("select 1 from pages where file_id = %s", reader.file_id)
    reader.kill()


def before_the_end(reader: Reader, _: ScriptedModel) -> None:
    owner = "select 1 from users where id = %s for no key update"
    with reader.ground.locking(owner, reader.student.id):
        reader.begin()
        reader.ground.wait_until_stopped("finish_ingestion")
        reader.kill()


class TestAKilledReading:
    @pytest.mark.parametrize(
        ("kill", "stored"),
        [
            (after_the_claim, 0),
            (after_the_download, 0),
            (before_the_first_slice, 0),
            (after_the_first_slice, 32),
            (before_the_end, 110),
        ],
    )
    def test_ends_in_one_that_is_whole(
        self,
        reader: Reader,
        model: ScriptedModel,
        kill: Callable[[Reader, ScriptedModel], None],
        stored: int,
    ) -> None:
        kill(reader, model)
        assert len(stored_pages(reader)) == stored
        assert_nothing_is_visible(reader, model)
        too_early = reader.student.client.post(f"/api/upload/{reader.file_id}/ingest")
        assert too_early.json()["status"] == "processing"
        let_the_lease_run_out(reader)

        read = reader.student.client.post(f"/api/upload/{reader.file_id}/ingest")

        assert read.json()["status"] == "ready", read.text
        assert_is_whole(reader, model)

    def test_is_ended_by_the_job(
        self, reader: Reader, model: ScriptedModel, configuration: Configuration
    ) -> None:
        after_the_first_slice(reader, model)
        let_the_lease_run_out(reader)
        headers = {"Authorization": f"Bearer {configuration.settings.cron_secret}"}

        report = reader.student.client.get("/api/jobs/run", headers=headers).json()

        assert report["ingestions_resumed"] >= 1
        assert_is_whole(reader, model)


def let_the_lease_run_out(reader: Reader) -> None:
    statement = "update files set lease_until = now() - interval '1 minute' where id = %s"
    reader.ground.execute(statement, reader.file_id)


def assert_nothing_is_visible(reader: Reader, model: ScriptedModel) -> None:
    client = reader.student.client
    file = client.get(f"/api/upload/{reader.file_id}").json()
    assert (file["status"], file["page_count"]) == ("processing", None)
    assert client.get(f"/api/upload/{reader.file_id}/pages/1").status_code == 404
    assert reader.pages_at_the_data_api() == []
    assert reader.student.ask("How many moons has planet 1?")["status"] == "not_found"
    assert model.prompts == []


def assert_is_whole(reader: Reader, model: ScriptedModel) -> None:
    client = reader.student.client
    file = client.get(f"/api/upload/{reader.file_id}").json()
    assert (file["status"], file["page_count"], file["empty_pages"]) == ("ready", len(TEXTS), 0)
    assert stored_pages(reader) == list(enumerate(TEXTS, 1))
    assert stored_chunks(reader) == [(n, n, 0, text) for n, text in enumerate(TEXTS, 1)]
    assert client.get(f"/api/upload/{reader.file_id}/pages/97").json()["text"] == TEXTS[96]
    reader.student.ask("How many moons has planet 100?")
    assert TEXTS[99] in model.prompts[-1][-1]["content"]


def stored_pages(reader: Reader) -> list[tuple[int, str]]:
    statement = "select number, text from pages where file_id = %s order by number"
    return [(row["number"], row["text"]) for row in reader.ground.rows(statement, reader.file_id)]


def stored_chunks(reader: Reader) -> list[tuple[Any, ...]]:
    statement = (
        "select ordinal, page, start, text from chunks"
        " where file_id = %s and embedding is not null order by ordinal"
    )
    return [tuple(row.values()) for row in reader.ground.rows(statement, reader.file_id)]

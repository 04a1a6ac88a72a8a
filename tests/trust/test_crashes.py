"""kill -9 at every call that reading, answering and deleting make: nothing doubled, half visible or orphaned."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from dev.stack import Stack
from dev.student import PASSPHRASE, Student
from tests.conftest import TLS, Configuration, Ground, wait_until
from tests.documents import READABLE, make_pdf, make_raw_pdf
from tests.fakes import ScriptedModel
from tests.lessons import ANSWER, LIGHT, QUESTION, SHOWN_ANSWER
from tests.trust.invariants import Invariants
from tests.trust.misbehaving import Call, Hold, Proxy, proxy_before
from tests.trust.report import Promise
from tests.trust.test_erasure import Search
from tests.trust.victims import Victims

pytestmark = pytest.mark.promise(
    "Killed at any moment, nothing is doubled, half visible or orphaned"
)

FEWEST_MOMENTS = 8
# 32 chunks are stored at first, then as many as go well: the reading comes in several slices.
LONGEST_OF_A_READER_SECONDS = 30
# A page that takes about a second to read, and says nothing.
SLOW = b"q Q " * 2_000_000
TEXTS = [f"Planet {n} has {n * 7} moons." for n in range(1, 111)]


@pytest.fixture(scope="module")
def planets(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("planets") / "planets.pdf"
    return make_pdf(path, [[text] for text in TEXTS]).read_bytes()


class Scene:
    """A request to a process that dies of it, and those who come after."""

    def __init__(self, proxy: Proxy, victims: Victims, ground: Ground, job: Callable[[], Any]):
        self.proxy, self._victims, self.ground, self.run_job = proxy, victims, ground, job

    def calls_of(self, student: Student, method: str, path: str, **options: Any) -> list[Call]:
        """Return what a request calls that nobody disturbs."""
        self._victims.bear()
        self.proxy.watch()
        self._send(student, method, path, **options)
        self._victims.kill()
        return self.proxy.calls

    def kill_at(
        self, ordinal: int, moment: str, student: Student, method: str, path: str, **options: Any
    ) -> bool:
        """Send the request and kill its process at that moment of that call.

        False where the request ended before it came to that call.
        """
        hold = Hold(moment)
        self.proxy.arm(hold, lambda reached, _: reached == ordinal)
        with self._asking(student, method, path, **options) as asking:
            while asking.is_alive() and not hold.is_reached.wait(0.05):
                pass
        self.proxy.watch()
        return hold.is_reached.is_set()

    def kill_while_parsing(self, student: Student, file_id: int) -> list[psutil.Process]:
        """Have a file read, and kill the process while its reader is at it; return the reader, which nobody has killed."""
        with self._asking(student, "POST", f"/api/upload/{file_id}/ingest"):
            wait_until(self._victims.readers, "a reader has opened the file")
            return self._victims.readers()

    @contextlib.contextmanager
    def _asking(
        self, student: Student, method: str, path: str, **options: Any
    ) -> Generator[threading.Thread]:
        """Send a request to a process that is killed at the end of the block."""
        self._victims.bear()
        asking = threading.Thread(target=self._send, args=(student, method, path), kwargs=options)
        asking.start()
        try:
            yield asking
        finally:
            self._victims.kill()
            asking.join()

    def _send(self, student: Student, method: str, path: str, **options: Any) -> None:
        headers = {"Authorization": student.client.headers["Authorization"]} | options.pop(
            "headers", {}
        )
        try:
            url = f"{self._victims.url}{path}"
            httpx.request(method, url, headers=headers, verify=TLS, timeout=60, **options)
        except httpx.TransportError:
            return

    def let_time_pass(self, student: Student) -> None:
        """Make leases run out, deadlines pass, and deletions due."""
        self.ground.execute(
            "update files set lease_until = now() - interval '1 hour'"
            " where user_id = %s and lease_until is not null",
            student.id,
        )
        self.ground.execute(
            "update queries set deadline_at = now() - interval '1 hour'"
            " where user_id = %s and status = 'streaming'",
            student.id,
        )
        self.ground.execute(
            "update object_deletions set not_before = now() where path like %s", f"{student.id}/%"
        )

    def files_left(self) -> list[Path]:
        """Return what lies where the process that is killed reads files."""
        return list(self._victims.folder.rglob("lectern-reading-*/file"))

    def let_be_read(self, student: Student) -> None:
        """Let the next process take up another file, when some minutes have passed."""
        for left in self.files_left():
            os.utime(left.parent, (0, 0))
        self._victims.bear()
        self._send(student, "POST", f"/api/upload/{announce(student, LIGHT.encode())}/ingest")
        self._victims.kill()

    def objects_of(self, student: Student) -> int:
        statement = "select count(*) as n from storage.objects where name like %s"
        return self.ground.row(statement, f"{student.id}/%")["n"]


@pytest.fixture(scope="module")
def _proxy(stack: Stack) -> Generator[Proxy]:
    with proxy_before(stack.supabase_url, "") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def _victims(
    stack: Stack, _proxy: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Victims]:
    addresses = {"SUPABASE_URL": _proxy.url, "OPENAI_BASE_URL": _proxy.openai_base_url}
    folder = tmp_path_factory.mktemp("victims")
    environment = {**stack.environment(), **addresses, "TMPDIR": str(folder)}
    victims = Victims(environment, folder)
    yield victims
    victims.end()


@pytest.fixture
def scene(
    _proxy: Proxy,
    _victims: Victims,
    ground: Ground,
    client: httpx.Client,
    configuration: Configuration,
    model: ScriptedModel,
) -> Scene:
    model.says = ANSWER
    _proxy.model_url = configuration.settings.openai_base_url.removesuffix("/v1")
    headers = {"Authorization": f"Bearer {configuration.settings.cron_secret}"}

    def run_job() -> None:
        client.get("/api/jobs/run", headers=headers, timeout=60).raise_for_status()

    return Scene(_proxy, _victims, ground, run_job)


def announce(student: Student, content: bytes) -> int:
    body = {"filename": "planets.pdf", "size_bytes": len(content)}
    answer = student.client.post("/api/upload/signed", json=body).json()
    upload = answer["upload"]
    student.client.put(upload["url"], content=content, headers=upload["headers"]).raise_for_status()
    return answer["file"]["id"]


def test_a_reading_that_is_killed_ends_whole(
    scene: Scene,
    new_student: Callable[[], Student],
    planets: bytes,
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    student = new_student()
    path = f"/api/upload/{announce(student, planets)}/ingest"
    calls = scene.calls_of(student, "POST", path)
    note_moments(promise, "reading", 2 * len(calls))
    invariants = Invariants(ground)

    for ordinal, call, moment in moments(size, calls, "before", "after"):
        case, student = f"{moment} {call.path}", new_student()
        file_id = announce(student, planets)
        assert scene.kill_at(ordinal, moment, student, "POST", f"/api/upload/{file_id}/ingest")

        file = student.client.get(f"/api/upload/{file_id}").json()
        is_hidden = student.client.get(f"/api/upload/{file_id}/pages/1").status_code == 404
        promise.check(file["status"] == "ready" or is_hidden, f"{case}: half visible")
        promise.check(not (found := invariants.broken()), f"{case}: {found}")
        scene.let_time_pass(student)
        scene.run_job()
        if file["status"] == "awaiting_upload":
            student.client.post(f"/api/upload/{file_id}/ingest").raise_for_status()

        file = student.client.get(f"/api/upload/{file_id}").json()
        promise.check((file["status"], file["page_count"]) == ("ready", 110), f"{case}: {file}")
        promise.check(stored_texts(ground, file_id) == TEXTS, f"{case}: chunks lost or doubled")
        promise.check(scene.objects_of(student) == 1, f"{case}: objects")
        promise.check(not (found := invariants.broken()), f"{case}, after the job: {found}")


def test_a_reading_that_is_killed_while_its_reader_parses_ends_whole(
    scene: Scene,
    new_student: Callable[[], Student],
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
    tmp_path: Path,
) -> None:
    """The reader is a child: it is not killed with its parent, and must not stay."""
    path = make_raw_pdf(tmp_path / "slow.pdf", [READABLE, SLOW, READABLE])
    invariants = Invariants(ground)
    for turn in range(size(full=20, short=1)):
        case, student = f"while it parses, {turn + 1}", new_student()
        file_id = announce(student, path.read_bytes())

        readers = scene.kill_while_parsing(student, file_id)

        promise.check(readers, f"{case}: it was killed before or after")
        promise.check(scene.files_left(), f"{case}: nothing to clear away")
        promise.check(not (found := invariants.broken()), f"{case}: {found}")
        _, left = psutil.wait_procs(readers, timeout=LONGEST_OF_A_READER_SECONDS)
        promise.check(not left, f"{case}: its reader is left")
        scene.let_time_pass(student)
        scene.run_job()
        file = student.client.get(f"/api/upload/{file_id}").json()
        promise.check((file["status"], file["page_count"]) == ("ready", 3), f"{case}: {file}")
        promise.check(len(stored_texts(ground, file_id)) == 2, f"{case}: chunks lost or doubled")
        scene.let_be_read(new_student())
        promise.check(not scene.files_left(), f"{case}: the file is left where it was read")
        promise.check(not (found := invariants.broken()), f"{case}, after the job: {found}")


def stored_texts(ground: Ground, file_id: int) -> list[str]:
    rows = ground.rows("select text from chunks where file_id = %s order by ordinal", file_id)
    return [row["text"] for row in rows]


def note_moments(promise: Promise, doing: str, count: int) -> None:
    """Show at how many moments it is killed, and fail where they are too few to speak of any moment."""
    promise.figure(f"moments of {doing}", f"{count}")
    promise.check(count >= FEWEST_MOMENTS, f"{doing} has {count} moments only")


def moments(
    size: Callable[..., int], calls: list[Call], *names: str
) -> list[tuple[int, Call, str]]:
    """Return each moment of each call twenty times, or some of them, of every name and of the whole way."""
    every = [(ordinal, call, name) for ordinal, call in enumerate(calls) for name in names]
    return (every * size(full=20, short=1))[:: size(full=1, short=len(names) + 1)]


def test_an_answer_that_is_killed_is_there_once(
    scene: Scene,
    new_student: Callable[[], Student],
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    request: Any = {"method": "POST", "path": "/api/query", "json": {"query_text": QUESTION}}
    student = new_student()
    student.upload("light.md", LIGHT)
    calls = scene.calls_of(student, **request)
    note_moments(promise, "answering", 3 * len(calls))
    invariants = Invariants(ground)

    for ordinal, call, moment in moments(size, calls, "before", "midway", "after"):
        case, student = f"{moment} {call.path}", new_student()
        student.upload("light.md", LIGHT)
        key = {"Idempotency-Key": case}
        assert scene.kill_at(ordinal, moment, student, **request, headers=key)
        promise.check(not (found := invariants.broken()), f"{case}: {found}")

        scene.let_time_pass(student)
        scene.run_job()
        again = student.client.post("/api/query", json=request["json"], headers=key)

        promise.check(again.is_success, f"{case}: {again.status_code} with the same key")
        rows = ground.rows("select status, response from queries where user_id = %s", student.id)
        promise.check(len(rows) == 1, f"{case}: {len(rows)} rows")
        ends = [("answered", SHOWN_ANSWER), ("interrupted", "")]
        promise.check(tuple(rows[0].values()) in ends, f"{case}: {rows}")
        promise.check(student.ask(QUESTION)["status"] == "answered", f"{case}: asked anew")
        promise.check(not (found := invariants.broken()), f"{case}, after the job: {found}")


def test_a_deletion_that_is_killed_is_whole_or_not_at_all(
    scene: Scene,
    new_student: Callable[[], Student],
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
) -> None:
    student = new_student()
    path = f"/api/upload/{student.upload('light.md', LIGHT)['id']}"
    calls = scene.calls_of(student, "DELETE", path)
    note_moments(promise, "deleting a file", 3 * len(calls))
    invariants = Invariants(ground)

    for ordinal, call, moment in moments(size, calls, "before", "midway", "after"):
        case, student = f"{moment} {call.path}", new_student()
        file_id = student.upload("light.md", LIGHT)["id"]
        assert scene.kill_at(ordinal, moment, student, "DELETE", f"/api/upload/{file_id}")

        page = student.client.get(f"/api/upload/{file_id}/pages/1").status_code
        file = student.client.get(f"/api/upload/{file_id}").status_code
        promise.check(page == file, f"{case}: half gone")
        promise.check(not (found := invariants.broken()), f"{case}: {found}")
        scene.let_time_pass(student)
        scene.run_job()

        promise.check(scene.objects_of(student) == (file == 200), f"{case}: objects")
        promise.check(not (found := invariants.broken()), f"{case}, after the job: {found}")


def test_an_erasure_that_is_killed_is_whole_or_not_at_all(
    scene: Scene,
    new_student: Callable[[], Student],
    ground: Ground,
    size: Callable[..., int],
    promise: Promise,
    stack: Stack,
) -> None:
    request: Any = {"method": "POST", "path": "/api/auth/erase", "json": {"password": PASSPHRASE}}
    student = new_student()
    student.upload("light.md", LIGHT)
    calls = scene.calls_of(student, **request)
    note_moments(promise, "erasing an account", 2 * len(calls))
    invariants, search = Invariants(ground), Search(ground, stack)

    for ordinal, call, moment in moments(size, calls, "before", "after"):
        case, student = f"{moment} {call.path}", new_student()
        word = f"word-of-{student.id}-alone"
        student.upload("light.md", f"{LIGHT}\n\nThe word is {word}.")
        student.ask(f"{QUESTION} And {word}?")
        assert scene.kill_at(ordinal, moment, student, **request)
        promise.check(not (found := invariants.broken()), f"{case}: {found}")
        scene.let_time_pass(student)
        scene.run_job()

        is_there = bool(ground.rows("select 1 from users where id = %s", student.id))
        rows = ground.rows("select 1 from files where user_id = %s", student.id)
        promise.check(len(rows) == is_there == scene.objects_of(student), f"{case}: half erased")
        found = search.word(word) + search.user(student.id)
        promise.check(bool(found) == is_there, f"{case}: found in {found}")
        promise.check(not (found := invariants.broken()), f"{case}, after the job: {found}")

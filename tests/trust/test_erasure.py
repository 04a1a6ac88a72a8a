"""After an erasure nothing of the user is anywhere: searched for, not believed."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, LiteralString, cast

import httpx
import pytest

from dev.stack import Stack
from dev.storage.uploads import UploadStore
from dev.student import PASSPHRASE
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.trust import misbehaving
from tests.trust.holdings import QUESTION, Holdings, furnish
from tests.trust.instances import impatient_instance, proxied
from tests.trust.invariants import Invariants
from tests.trust.misbehaving import Call, Proxy
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("What is erased is nowhere")

# Every table that can hold anything of ours, from the catalogue, so that none is forgotten.
TABLES = """
select c.oid::regclass::text as name
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 1
"""
OF_THE_USER = """
select a.attrelid::regclass::text as name, a.attname as column
from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
where a.attname in ('user_id', 'owner_id') and c.relkind = 'r' and n.nspname in ('public', 'private', 'storage')
"""


_IN_FOLDER = "starts_with(t.{}, %s)"


class Search:
    """Looks for a word in every row and every byte, and for the rows and the folder of a user."""

    def __init__(self, ground: Ground, stack: Stack) -> None:
        self._ground, self._stack = ground, stack
        self.tables = [row["name"] for row in ground.rows(TABLES)]

    def word(self, word: str) -> list[str]:
        """Return the tables and the files that hold the word."""
        holds = "strpos(t::text, %s) > 0"
        found = [table for table in self.tables if self._count(table, holds, word)]
        folder = self._stack.data_dir / "storage"
        files = [path for path in folder.rglob("*") if path.is_file()]
        found += [str(path) for path in files if word.encode() in path.read_bytes()]
        return found + [str(path) for path in folder.rglob(f"*{word}*")]

    def user(self, user_id: int) -> list[str]:
        """Return the tables that have rows of the user, and what lies in the user's folder."""
        found = [
            row["name"]
            for row in self._ground.rows(OF_THE_USER)
            if self._count(row["name"], f"t.{row['column']}::text = %s", str(user_id))
        ]
        objects = self._count("storage.objects", _IN_FOLDER.format("name"), f"{user_id}/")
        return found + ["storage.objects by name"] * objects

    def outbox(self, user_id: int, condition: str = "true") -> int:
        condition = f"{_IN_FOLDER.format('path')} and {condition}"
        return self._count("public.object_deletions", condition, f"{user_id}/")

    def _count(self, table: str, condition: str, value: str) -> int:
        statement = f"select count(*) as n from {table} as t where {condition}"  # noqa: S608 - names from the catalogue
        return self._ground.row(cast("LiteralString", statement), value)["n"]


@pytest.fixture
def search(ground: Ground, stack: Stack) -> Search:
    return Search(ground, stack)


@pytest.fixture
def holdings(new_client: Callable[[], httpx.Client], model: ScriptedModel) -> Holdings:
    return furnish(new_client(), model)


@pytest.fixture
def run_job(client: httpx.Client, configuration: Configuration) -> Callable[[], dict[str, Any]]:
    headers = {"Authorization": f"Bearer {configuration.settings.cron_secret}"}

    def run() -> dict[str, Any]:
        return client.get("/api/jobs/run", headers=headers, timeout=60).raise_for_status().json()

    return run


def erase(holdings: Holdings) -> dict[str, Any]:
    answer = holdings.student.client.post("/api/auth/erase", json={"password": PASSPHRASE})
    return answer.raise_for_status().json()


def test_the_search_finds_what_is_there(search: Search, holdings: Holdings) -> None:
    """It could not find what is gone, otherwise, and would be content."""
    tables = {"users", "files", "pages", "chunks", "chats", "queries"}

    found = search.word(holdings.canary)

    assert tables <= {name.removeprefix("public.") for name in found}
    assert any("/" in name for name in found), "no stored object holds it"
    assert {"sessions", "daily_usage", "storage.objects by name"} <= set(
        search.user(holdings.student.id)
    )


def test_an_erasure_leaves_nothing(search: Search, holdings: Holdings, promise: Promise) -> None:
    erase(holdings)

    promise.check(not (found := search.word(holdings.canary)), f"the word is in {found}")
    promise.check(not (found := search.user(holdings.student.id)), f"rows in {found}")
    promise.figure("tables searched", str(len(search.tables)))


def test_the_receipt_counts_what_is_gone(
    holdings: Holdings, ground: Ground, promise: Promise
) -> None:
    user_id = holdings.student.id
    # Of each kind another number, so that none can stand for another.
    for _ in range(3):
        holdings.student.ask(QUESTION, chat_id=holdings.ids["chat_id"])
    for _ in range(2):
        wrong = {"username": holdings.student.username, "password": "wrong"}
        assert holdings.student.client.post("/api/auth/login", json=wrong).status_code == 401
    holdings.student.upload("long.md", "\n\n".join(f"# {n}\n\n{n} words. " * 90 for n in range(9)))
    before = counts(ground)
    objects = "select count(*) as n from storage.objects where name like %s"
    stored = ground.row(objects, f"{user_id}/%")["n"]

    receipt = erase(holdings)

    after = counts(ground)
    # Stored objects have a line of their own; the outbox names them until no signed URL is good.
    elsewhere = {"objects", "object_deletions"}
    gone = {table: before[table] - after[table] for table in before.keys() - elsewhere}
    for table in gone.keys() | receipt["rows"].keys():
        told = receipt["rows"].get(table, 0)
        promise.check(gone[table] == told, f"{table}: {told} on the receipt, {gone[table]} gone")
    promise.check(all(receipt["rows"].values()), f"nothing to count: {receipt['rows']}")
    promise.check(
        (receipt["stored_objects"], receipt["pending_objects"]) == (stored, 0), f"{receipt}"
    )


def counts(ground: Ground) -> dict[str, int]:
    tables = [row["name"] for row in ground.rows(TABLES)]
    return {
        name.rpartition(".")[2]: ground.row(
            cast("LiteralString", f"select count(*) as n from {name}")  # noqa: S608 - a name from the catalogue
        )["n"]
        for name in tables
    }


def test_an_erasure_touches_nobody_else(
    search: Search,
    holdings: Holdings,
    new_client: Callable[[], httpx.Client],
    model: ScriptedModel,
    ground: Ground,
) -> None:
    other = furnish(new_client(), model)
    before = search.word(other.canary)
    invariants = Invariants(ground)

    erase(holdings)

    assert search.word(other.canary) == before
    assert other.student.client.get("/api/auth/me").is_success
    assert invariants.broken() == []


@pytest.fixture
def proxy(stack: Stack, configuration: Configuration, holdings: Holdings) -> Generator[Proxy]:
    assert holdings
    with proxied(stack, configuration) as proxy:
        yield proxy


def is_storage(_: int, call: Call) -> bool:
    return call.dependency == "storage"


def is_confirmation(_: int, call: Call) -> bool:
    return call.path.endswith("/confirm_object_deletions")


@pytest.mark.parametrize(
    ("meets", "fault"),
    [
        (is_storage, misbehaving.reset),
        (is_storage, misbehaving.lose_reply),
        (is_storage, misbehaving.be_silent),
        (is_storage, misbehaving.refuse_as_storage(404, "NoSuchBucket")),
        (is_confirmation, misbehaving.reset),
        (is_confirmation, misbehaving.be_silent),
    ],
)
def test_an_interrupted_erasure_is_finished_by_the_job(
    meets: Callable[[int, Call], bool],
    fault: misbehaving.Fault,
    proxy: Proxy,
    search: Search,
    holdings: Holdings,
    run_job: Callable[[], dict[str, Any]],
) -> None:
    proxy.arm(fault, meets)
    with impatient_instance():
        receipt = erase(holdings)
    proxy.watch()
    is_named = search.outbox(holdings.student.id, "not_before <= now()") > 0

    run_job()

    assert (receipt["pending_objects"], receipt["stored_objects"]) in [(1, 0), (0, 1)]
    assert is_named, "it was not interrupted"
    assert search.word(holdings.canary) == search.user(holdings.student.id) == []
    assert search.outbox(holdings.student.id, "not_before <= now()") == 0


def test_what_arrives_after_an_erasure_is_deleted_too(
    search: Search,
    holdings: Holdings,
    run_job: Callable[[], dict[str, Any]],
    ground: Ground,
) -> None:
    """A signed URL outlives the account that asked for it."""
    body = {"filename": "late.md", "size_bytes": 100}
    answer = holdings.student.client.post("/api/upload/signed", json=body).json()["upload"]
    erase(holdings)
    late = httpx.put(answer["url"], content=holdings.canary, headers=answer["headers"])
    path = f"{holdings.student.id}/%"
    ground.execute("update object_deletions set not_before = now() where path like %s", path)

    run_job()

    assert late.is_success, "it did not arrive: then there is nothing to test"
    assert search.word(holdings.canary) == search.user(holdings.student.id) == []
    assert search.outbox(holdings.student.id) == 0


def send_half(holdings: Holdings) -> None:
    """Announce a file and send its beginning, as a browser does that goes away."""
    body = {"filename": "half.md", "size_bytes": 1000}
    answer = holdings.student.client.post("/api/upload/signed", json=body).json()
    resumable = answer["upload"]["resumable"]
    headers = resumable["headers"] | {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    headers["Content-Type"] = "application/offset+octet-stream"
    begun = httpx.post(resumable["url"], content=holdings.canary, headers=headers)
    assert begun.headers["Upload-Offset"] == str(len(holdings.canary))


def end_uploads_of(user_id: int, uploads: Path) -> None:
    """Let a day pass for what the user began to send, and the storage look after it."""
    for path in uploads.glob("*.json"):
        upload = json.loads(path.read_text())
        if upload["key"].startswith(f"{user_id}/"):
            path.write_text(json.dumps({**upload, "expires_at": 0}))
    UploadStore(uploads).sweep()


def test_what_was_half_sent_is_the_storages_alone_until_it_ends(
    search: Search, holdings: Holdings, stack: Stack
) -> None:
    """Who began an upload alone knows its address: nobody else can ask the storage to give it up."""
    send_half(holdings)
    uploads = stack.data_dir / "storage" / "uploads"

    erase(holdings)

    left = search.word(holdings.canary)
    assert [Path(place).parent for place in left] == [uploads]
    assert search.user(holdings.student.id) == []
    end_uploads_of(holdings.student.id, uploads)
    assert search.word(holdings.canary) == []


def test_who_is_erased_is_nobody(holdings: Holdings) -> None:
    client = holdings.student.client
    erase(holdings)

    password = {"username": holdings.student.username, "password": PASSPHRASE}
    assert client.post("/api/auth/login", json=password).status_code == 401
    assert client.post("/api/query", json={"query_text": "Am I here?"}).status_code == 401
    assert client.post("/api/auth/register", json=password).status_code == 201
    assert client.get("/api/upload").json()["files"] == []

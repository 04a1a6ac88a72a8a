"""A word that only one user has is found nowhere but with that user."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import Ground
from tests.fakes import ScriptedModel
from tests.trust.holdings import QUESTION, Holdings, furnish
from tests.trust.operations import ROWS, guarded_by, send
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("A user's words are found with no other user")

# A password's hash, a key in storage by name, a database token, and the signs of a crash.
_NEVER_SHOWN = ("password_hash", "$2b$", '"path"', "lease_id", "sb_secret", "Traceback", "psycopg")


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Everything that anything logs meanwhile."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage() + str(record.exc_text or ""))

    collector, loggers = Collector(), [logging.getLogger(), logging.getLogger("lectern")]
    for logger in loggers:
        logger.addHandler(collector)
    yield lines
    for logger in loggers:
        logger.removeHandler(collector)


def listen(client: httpx.Client) -> list[str]:
    """Keep every response of a client, headers and all."""
    heard: list[str] = []

    def hear(answer: httpx.Response) -> None:
        answer.read()
        heard.append(f"{answer.request.method} {answer.url.path}\n{answer.headers}\n{answer.text}")

    client.event_hooks["response"] = [hear]
    return heard


def do_everything(one: Holdings, other: Holdings) -> None:
    """Do whatever the API can, on one's own things and on another's; erase oneself last."""
    client = one.student.client
    for holdings in (other, one):
        for operation in guarded_by("bearer"):
            if operation != "POST /api/auth/erase":
                send(client, operation, holdings.ids, follow_redirects=True)
        for member, name in ROWS["POST /api/query"].names.items():
            value = [holdings.ids[name]] if member == "file_ids" else holdings.ids[name]
            send(client, "POST /api/query", {}, {"query_text": QUESTION, member: value})
    for words in (other.canary, "dossier", "%", "_", "canary"):
        client.get("/api/history", params={"q": words})
    stream = {"Accept": "text/event-stream"}
    client.post("/api/query", json={"query_text": QUESTION}, headers=stream)


def test_no_response_log_prompt_or_key_holds_anothers_word(
    ground: Ground,
    log_lines: list[str],
    model: ScriptedModel,
    new_client: Callable[[], httpx.Client],
    promise: Promise,
    size: Callable[..., int],
):
    clients = [new_client() for _ in range(size(full=6, short=2))]
    heard = [listen(client) for client in clients]
    users = [furnish(client, model) for client in clients]

    pairs = list(zip(users, users[1:] + users[:1], strict=True))
    with ThreadPoolExecutor(len(users)) as threads:
        list(threads.map(lambda pair: do_everything(*pair), pairs))

    for user, said in zip(users, heard, strict=True):
        assert any(user.canary in line for line in said)
        for line in said:
            foreign = [other.canary for other in users if other != user and other.canary in line]
            promise.check(not foreign, f"{user.canary} was told of {foreign}: {line[:60]}")
            is_bare = not any(secret in line for secret in _NEVER_SHOWN)
            promise.check(is_bare, f"nothing that is ours alone: {line[:60]}")
    canaries = [user.canary for user in users]
    sent = [*map(json.dumps, model.prompts), *map(json.dumps, model.embedded)]
    assert any(canary in text for canary in canaries for text in sent)
    for text in sent:
        promise.check(sum(canary in text for canary in canaries) <= 1, f"a prompt: {text[:200]}")
    assert len(log_lines) > len(users)
    for line in log_lines:
        promise.check(not any(canary in line for canary in canaries), f"the log: {line[:200]}")
    for row in ground.rows("select o::text as line from storage.objects as o"):
        promise.check("canary" not in row["line"], f"a stored object: {row['line']}")

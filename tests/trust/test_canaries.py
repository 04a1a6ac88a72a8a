"""A word that only one user has is found nowhere but with that user."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import Ground
from tests.fakes import Messages, ScriptedModel
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
    """Do whatever the API can, on one's own things and on another's; the word is in every question."""
    client = one.student.client
    question = {"query_text": f"{QUESTION} {one.canary} asks."}
    for holdings in (other, one):
        for operation in guarded_by("bearer"):
            if operation != "POST /api/auth/erase":
                members = question if operation == "POST /api/query" else None
                send(client, operation, holdings.ids, members, follow_redirects=True)
        for member, name in ROWS["POST /api/query"].names.items():
            value = [holdings.ids[name]] if member == "file_ids" else holdings.ids[name]
            send(client, "POST /api/query", {}, {**question, member: value})
    for words in (other.canary, "dossier", "%", "_", "canary"):
        client.get("/api/history", params={"q": words})
    stream = {"Accept": "text/event-stream"}
    client.post("/api/query", json=question, headers=stream)


def words_in(canaries: list[str], text: str) -> set[str]:
    return {canary for canary in canaries if canary in text}


def asked_in(messages: Messages) -> str:
    """Return the question of a prompt: what stands behind the passages."""
    content = messages[-1]["content"]
    return content[content.rindex("<question-") :]


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
    asked = [words_in(canaries, asked_in(messages)) for messages in model.prompts]
    assert [{canary} for canary in canaries if {canary} not in asked] == []
    for messages, asker in zip(model.prompts, asked, strict=True):
        prompt = json.dumps(messages)
        is_own = len(asker) == 1 and words_in(canaries, prompt) == asker
        promise.check(is_own, f"a prompt of {asker}: {prompt[-400:]}")
    for texts in model.embedded:
        of_one = len(words_in(canaries, json.dumps(texts))) <= 1
        promise.check(of_one, f"a call for embeddings: {texts}"[:200])
    assert len(log_lines) > len(users)
    for line in log_lines:
        promise.check(not any(canary in line for canary in canaries), f"the log: {line[:200]}")
    for row in ground.rows("select o::text as line from storage.objects as o"):
        promise.check("canary" not in row["line"], f"a stored object: {row['line']}")

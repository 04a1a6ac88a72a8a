"""A word that only one user has is found nowhere but with that user."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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

_ERASURE = "POST /api/auth/erase"
_ENDINGS = [name for name in guarded_by("bearer") if name.startswith("DELETE")]

STORED = "select o::text as line from storage.objects as o"


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


class Visit:
    """One user does whatever the API can, on their own things and on another's.

    Attributes:
        refused: What one could not do with one's own, so that no word was looked for in the answer.
    """

    def __init__(self, one: Holdings, other: Holdings) -> None:
        self._one, self._other, self._client = one, other, one.student.client
        self._question = {"query_text": f"{QUESTION} {one.canary} asks."}
        self.refused: list[str] = []

    def look_around(self) -> None:
        for operation in guarded_by("bearer"):
            if operation not in (*_ENDINGS, _ERASURE):
                self._try_on_both(operation)
        self._ask_about(self._other)
        self._ask_about(self._one)
        for words in (self._other.canary, "dossier", "%", "_", "canary"):
            self._client.get("/api/history", params={"q": words})
        self._ask_streaming()

    def end_what_is_anothers(self) -> None:
        """That it was there to be ended is shown by its owner's ending it later."""
        for operation in _ENDINGS:
            self._do(operation, self._other)

    def end_what_is_ones_own(self) -> None:
        """One's session last: after it nothing more is answered."""
        for operation in sorted(_ENDINGS, key=lambda name: "session" in name):
            self._do(operation, self._one)

    def _try_on_both(self, operation: str) -> None:
        if "{" in operation:
            self._do(operation, self._other)
        self._do(operation, self._one)

    def _do(self, operation: str, holdings: Holdings, **members: Any) -> None:
        asked = self._question | members if operation == "POST /api/query" else None
        answer = send(self._client, operation, holdings.ids, asked, follow_redirects=True)
        if holdings is self._one and answer.is_error:
            self.refused.append(f"{operation}: {answer.text}")

    def _ask_about(self, holdings: Holdings) -> None:
        for member, name in ROWS["POST /api/query"].names.items():
            value = [holdings.ids[name]] if member == "file_ids" else holdings.ids[name]
            self._do("POST /api/query", holdings, **{member: value})

    def _ask_streaming(self) -> None:
        headers = {"Accept": "text/event-stream"}
        stream = self._client.post("/api/query", json=self._question, headers=headers)
        if "event: done" not in stream.text or self._one.canary not in stream.text:
            self.refused.append(f"a stream: {stream.text}")


def visit_one_another(users: list[Holdings]) -> list[Visit]:
    visits = [Visit(*pair) for pair in zip(users, users[1:] + users[:1], strict=True)]
    with ThreadPoolExecutor(len(users)) as threads:
        for part in (Visit.look_around, Visit.end_what_is_anothers, Visit.end_what_is_ones_own):
            list(threads.map(part, visits))  # all are through with it before the next begins
    return visits


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
    stored = ground.rows(STORED)  # what a visit deletes at its end is not there afterwards
    assert len(stored) >= len(users)

    visits = visit_one_another(users)

    for user, visit in zip(users, visits, strict=True):
        promise.check(not visit.refused, f"{user.canary} was refused their own: {visit.refused}")
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
    for row in [*stored, *ground.rows(STORED)]:
        promise.check("canary" not in row["line"], f"a stored object: {row['line']}")

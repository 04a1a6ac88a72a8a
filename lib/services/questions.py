"""How a question begins: embed it, then one round trip for limits, row, turns and passages."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from lib.adapters import queries
from lib.adapters.database import Database
from lib.adapters.files import as_halfvec
from lib.adapters.models import ChatModel, Embedder
from lib.adapters.queries import Beginning
from lib.adapters.transport import current_trace
from lib.domain.followups import is_follow_up
from lib.domain.identities import Identity
from lib.domain.languages import segment
from lib.domain.problems import (
    CapacityExhausted,
    DailyLimitReached,
    ModelUnavailable,
    Problem,
    SessionEnded,
)
from lib.domain.records import record
from lib.services.refusals import Name, find_refusal, remember
from lib.settings import Settings

# Reserved for a prompt before its passages are known: 8 passages of 1,200 characters at 3 bytes a
# token, three turns and the instructions.
_PROMPT_TOKENS = 6_000
_EMBEDDING_TIMEOUT_SECONDS = 2.0
# For storing what came until the deadline; only after that is an unfinished row taken for a dead one.
SAVING_SECONDS = 10
_TITLE_CHARACTERS = 80
# Measured in bench/retrieval.py; see docs/decisions.md.
RETRIEVAL = {
    "passages": 8,
    "turns": 3,
    "embedding_share": 0.3,
    "foreign_embedding_share": 0.2,
    "name_share": 0.2,
    "min_similarity": 0.3,
}

# What running answers have reserved and do not use is free again before the day is over.
_CAPACITY_LOOKED_AT_AGAIN = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
# What was begun here under an Idempotency-Key: sent again, it is looked for before anything is embedded. Another
# instance embeds a repeat once more, which costs less than a round trip before every question would.
_begun: set[tuple[int, str]] = set()


@record
class Question:
    """What a user asks. `file_ids` None means all ready files."""

    user_id: int
    session_id: int
    query_text: str
    chat_id: str | None = None
    file_ids: list[int] | None = None
    idempotency_key: str | None = None

    def request_hash(self) -> str:
        """Return a digest by which a repeat with the same key is told from another question."""
        body = json.dumps([self.query_text, self.chat_id, self.file_ids])
        return hashlib.sha256(body.encode()).hexdigest()


@record
class Tools:
    """What the answer to a question needs; `database` speaks as the user who asks, who is `identity`."""

    identity: Identity
    database: Database
    embedder: Embedder
    chat_model: ChatModel
    settings: Settings


async def begin(question: Question, tools: Tools) -> Beginning:
    """Begin a question, or find the stored answer to a repeat of it.

    Raises:
        DailyLimitReached, CapacityExhausted, TooManyStreams, ChatNotFound, FileNotFound,
        FileNotReady, IdempotencyConflict, IdempotencyMismatch, SessionEnded
    """
    refusal = find_refusal(*_names(question, tools.settings))
    if refusal and question.idempotency_key is None:
        raise refusal
    row = _as_row(question, tools.settings)
    try:
        # A repeat gets its stored answer, over the limit or not.
        may_be_repeat = _is_begun(question) or refusal
        if may_be_repeat and (query := await queries.repeat_query(tools.database, row)):
            return Beginning(query=query, repeat=True, turns=[], passages=[])
        if refusal:
            raise refusal
        return await _begin(question, row, tools)
    except (DailyLimitReached, CapacityExhausted, SessionEnded) as problem:
        if problem is not refusal:
            _remember(question, problem, tools.settings)
        raise


async def _begin(question: Question, row: dict[str, Any], tools: Tools) -> Beginning:
    settings = tools.settings
    return await queries.begin_query(
        tools.database,
        question=row,
        file_ids=question.file_ids,
        embedding=await _embed(question.query_text, tools.embedder),
        limits={
            "user_queries": settings.daily_queries_per_user,
            "user_tokens": settings.daily_tokens_per_user,
            "deployment_tokens": settings.daily_tokens,
            "streams": settings.max_streams_per_user,
        },
        retrieval={**RETRIEVAL, "embedding_languages": list(settings.embedding_languages)},
    )


def _names(question: Question, settings: Settings) -> tuple[Name, Name, Name]:
    return (
        ("session", question.session_id),
        ("user", question.user_id),
        ("deployment", settings.daily_tokens),
    )


def _remember(question: Question, problem: Problem, settings: Settings) -> None:
    session, user, deployment = _names(question, settings)
    wait = timedelta(seconds=problem.retry_after_seconds or 0)
    match problem:
        case SessionEnded():  # it never lives again, and its last access token is over by then
            remember(session, problem, settings.access_token_lifetime)
        case CapacityExhausted():
            remember(deployment, problem, min(wait, _CAPACITY_LOOKED_AT_AGAIN))
        case _:
            remember(user, problem, wait)


def _is_begun(question: Question) -> bool:
    """Tell whether this question was sent before, as far as this instance knows; it does from now on."""
    if question.idempotency_key is None:
        return False
    name = question.user_id, question.idempotency_key
    is_begun = name in _begun
    if len(_begun) >= _MOST_REMEMBERED:
        _begun.clear()
    _begun.add(name)
    return is_begun


def reserved_tokens(settings: Settings) -> int:
    """Return what a question takes of the day's tokens until it is known what it used."""
    return _PROMPT_TOKENS + settings.max_response_tokens


def _as_row(question: Question, settings: Settings) -> dict[str, Any]:
    return {
        "query_text": question.query_text,
        "chat_id": question.chat_id,
        "title": _title(question.query_text),
        "search_text": segment(question.query_text),
        "follows_up": question.chat_id is not None and is_follow_up(question.query_text),
        "reserved_tokens": reserved_tokens(settings),
        "deadline_seconds": int(settings.answer_deadline.total_seconds()) + SAVING_SECONDS,
        "idempotency_key": question.idempotency_key,
        "request_hash": question.request_hash(),
    }


def _title(query_text: str) -> str:
    line = " ".join(query_text.split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


async def _embed(query_text: str, embedder: Embedder) -> str | None:
    """Embed the question; without an embedding the text search answers alone, and the trace says so."""
    try:
        [vector] = await embedder.embed([query_text], timeout_seconds=_EMBEDDING_TIMEOUT_SECONDS)
    except ModelUnavailable:
        current_trace().remarks.append("embedding")
        return None
    return as_halfvec(vector)

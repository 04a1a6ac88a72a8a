"""How a question is answered: the model's stream, its citations checked, and the row never lost."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio

from lib.adapters import queries
from lib.adapters.database import Database
from lib.adapters.deadlines import current_deadline
from lib.adapters.models import Finish
from lib.adapters.queries import Beginning
from lib.domain.citing import CitationStream
from lib.domain.languages import detect_language, not_found_sentence
from lib.domain.models import Citation, Passage, Query, QueryStatus, Usage
from lib.domain.problems import DatabaseUnavailable, ModelDeclined, ModelInterrupted, Problem
from lib.domain.prompting import build_messages, estimate_tokens, fit_passages
from lib.services.questions import SAVING_SECONDS, Tools

T = TypeVar("T")
Event = tuple[str, Any]

_NOTHING_SAID = "The model stopped before its first word. Ask again, or ask for less at once."
_SAVE_ATTEMPTS = 3
_SAVE_PAUSE_SECONDS = 0.5


@dataclass
class Draft:
    """The answer as far as it has come."""

    status: QueryStatus = QueryStatus.INTERRUPTED
    response: str = ""
    citations: list[Citation] = field(default_factory=list[Citation])
    prompt_tokens: int = 0
    told_usage: Usage | None = None
    problem: Problem | None = None

    @property
    def usage(self) -> Usage:
        """What has been spent: estimated until the endpoint says it, which it never does when cut off."""
        if self.told_usage:
            return self.told_usage
        if not self.prompt_tokens:
            return Usage()
        spent = estimate_tokens([{"content": self.response}]) if self.response else 0
        return Usage(prompt_tokens=self.prompt_tokens, completion_tokens=spent)


@dataclass(frozen=True)
class Failure:
    """Why an answer has no proper end, and the query with what arrived."""

    problem: Problem
    query: Query


async def answer(beginning: Beginning, tools: Tools) -> AsyncGenerator[Event]:
    """Yield the events of the contract, `start` to `done` (with the query) or `error` (with a Failure).

    Whatever happens on the way (the client goes away, the provider fails, the time is up), what
    arrived is saved.
    """
    if beginning.repeat:
        for event in _replay(beginning.query):
            yield event
        return
    draft, saved = Draft(), beginning.query
    seconds = tools.settings.answer_deadline.total_seconds()
    deadline = current_deadline()
    deadline.allow(seconds)
    events = _write(draft, beginning, tools)
    try:
        yield _start(beginning.query)
        yield "passages", [_as_reference(passage) for passage in beginning.passages]
        async with aclosing(events):
            async for event in events:
                yield event
    finally:
        deadline.allow(seconds + SAVING_SECONDS)
        saved = await _to_its_end(lambda: _save(beginning.query, draft, tools.database))
    if draft.problem:
        yield "error", Failure(draft.problem, saved)
    else:
        yield "done", saved


async def _to_its_end(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Await work to its end, whoever goes away meanwhile; a cancellation is raised after it.

    The shield holds off scopes, which would cancel every wait. A task that is cancelled from outside is cut off all the
    same: then the work is done anew, in a task of its own. Always to have that one would cost each answer turns of all
    others.

    Args:
        make: Begins the work; what it does twice must be as if it was done once.
    """
    with anyio.CancelScope(shield=True):
        try:
            return await make()
        except asyncio.CancelledError:
            await asyncio.wait([asyncio.create_task(make())])
            raise
    raise AssertionError("a scope that nobody cancels ends with its block")


async def collect(events: AsyncGenerator[Event]) -> Query:
    """Run an answer to its end and return the query, for callers that do not stream.

    Raises:
        Problem: The provider failed and nothing arrived, or what arrived could not be saved: the history
            will never show it, so it is no answer.
    """
    last = {event: data async for event, data in events}
    failure: Failure | None = last.get("error")
    if failure is None:
        return last["done"]
    is_saved = not isinstance(failure.problem, DatabaseUnavailable)
    if failure.query.response and is_saved:
        return failure.query
    raise failure.problem


def _start(query: Query) -> Event:
    return "start", {"query_id": query.id, "chat_id": query.chat_id}


def _as_reference(passage: Passage) -> dict[str, Any]:
    return {
        "rank": passage.rank,
        "file_id": passage.file_id,
        "filename": passage.filename,
        "page": passage.page,
    }


def _replay(query: Query) -> list[Event]:
    return [
        _start(query),
        ("delta", {"text": query.response}),
        *[("citation", citation.model_dump()) for citation in query.citations],
        ("done", query),
    ]


async def _write(draft: Draft, beginning: Beginning, tools: Tools) -> AsyncGenerator[Event]:
    """Yield deltas and citations while `draft` grows; decide how it ended."""
    if not beginning.passages:
        for event in _decline(draft, beginning.query.query_text):
            yield event
        return
    try:
        events = _cite(draft, beginning, tools)
        async with aclosing(events):
            async for event in events:
                yield event
    except Problem as problem:
        draft.problem = problem
        if not draft.response:
            draft.status = QueryStatus.FAILED


async def _cite(draft: Draft, beginning: Beginning, tools: Tools) -> AsyncGenerator[Event]:
    sent = fit_passages(beginning.passages)  # a quote may only rest on what the model saw
    messages = build_messages(
        question=beginning.query.query_text,
        passages=sent,
        turns=[(turn.query_text, turn.response) for turn in beginning.turns],
        nonce=secrets.token_hex(4),
    )
    draft.prompt_tokens = estimate_tokens(messages)
    stream, finish = CitationStream(sent), None
    pieces = tools.chat_model.stream(messages, max_tokens=tools.settings.max_response_tokens)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Finish):
                finish = piece
                continue
            for event in _record(draft, stream.feed(piece)):
                yield event
    for event in _conclude(draft, stream, finish, beginning.query.query_text):
        yield event


def _conclude(
    draft: Draft, stream: CitationStream, finish: Finish | None, query_text: str
) -> list[Event]:
    """Decide what the answer is: `answered` needs a citation, and an end that the model meant."""
    events = _record(draft, stream.finish())
    draft.told_usage = finish.usage if finish else None
    is_whole = finish is not None and finish.whole
    if finish and finish.declined:
        draft.status = QueryStatus.INTERRUPTED if draft.response else QueryStatus.FAILED
        draft.problem = ModelDeclined()
        return events
    if stream.declined or (is_whole and not draft.response):
        return _decline(draft, query_text)
    if (
        not draft.response
    ):  # cut off or filtered before its first word: that says nothing of the files
        draft.status, draft.problem = QueryStatus.FAILED, ModelInterrupted(_NOTHING_SAID)
    elif not is_whole:
        draft.status = QueryStatus.INTERRUPTED
    else:
        draft.status = QueryStatus.ANSWERED if draft.citations else QueryStatus.NOT_FOUND
    return events


def _record(draft: Draft, pieces: list[str | Citation]) -> list[Event]:
    events: list[Event] = []
    for piece in pieces:
        if isinstance(piece, Citation):
            draft.citations.append(piece)
            events.append(("citation", piece.model_dump()))
        elif piece:
            draft.response += piece
            events.append(("delta", {"text": piece}))
    return events


def _decline(draft: Draft, query_text: str) -> list[Event]:
    draft.status = QueryStatus.NOT_FOUND
    draft.response = not_found_sentence(detect_language(query_text))
    return [("delta", {"text": draft.response})]


async def _save(query: Query, draft: Draft, database: Database) -> Query:
    """Store the draft; tried again because it is all that is left of the answer."""
    unsaved: Problem | None = None
    for attempt in range(_SAVE_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_SAVE_PAUSE_SECONDS * 2 ** (attempt - 1))
        try:
            saved = await queries.finish_query(
                database,
                query.id,
                status=draft.status,
                response=draft.response,
                citations=draft.citations,
                usage=draft.usage,
            )
        except DatabaseUnavailable as problem:
            unsaved = problem
        else:
            return saved or _unsaved(query, draft)
    draft.problem = unsaved  # also after another one: that one says that what arrived is kept
    return _unsaved(query, draft)


def _unsaved(query: Query, draft: Draft) -> Query:
    """Return what was answered where its row is gone: the chat was deleted, or the database is down."""
    return query.model_copy(
        update={
            "status": draft.status,
            "response": draft.response,
            "citations": draft.citations,
            "usage": draft.usage,
        }
    )

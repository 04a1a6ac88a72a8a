"""The tables of queries and chats: how a question begins and ends, and the history."""

from typing import Any

from lib.adapters.database import Database
from lib.domain.models import Chat, Citation, Passage, Query, QueryStatus, Turn, Usage
from lib.domain.problems import ChatNotFound
from lib.domain.records import record


@record
class Beginning:
    """A question as the database has accepted it.

    Attributes:
        repeat: The Idempotency-Key was used before: `query` is the stored one and the rest is empty.
    """

    query: Query
    repeat: bool
    turns: list[Turn]
    passages: list[Passage]


async def begin_query(
    database: Database,
    *,
    question: dict[str, Any],
    file_ids: list[int] | None,
    embedding: str | None,
    limits: dict[str, int],
    retrieval: dict[str, Any],
) -> Beginning:
    """Check session, repeat, files and limits, write the row, and fetch turns and passages."""
    answer = await database.call(
        "begin_query",
        question=question,
        file_ids=file_ids,
        embedding=embedding,
        limits=limits,
        retrieval=retrieval,
    )
    return Beginning(
        query=Query.model_validate(answer["query"]),
        repeat=answer["repeat"],
        turns=[Turn.model_validate(turn) for turn in answer.get("turns", [])],
        passages=[Passage.model_validate(passage) for passage in answer.get("passages", [])],
    )


async def repeat_query(database: Database, question: dict[str, Any]) -> Query | None:
    """Return the query that was begun with this Idempotency-Key.

    Raises:
        IdempotencyConflict, IdempotencyMismatch, SessionEnded
    """
    row = await database.call("repeat_query", question=question)
    return Query.model_validate(row) if row else None


async def finish_query(
    database: Database,
    query_id: int,
    *,
    status: QueryStatus,
    response: str,
    citations: list[Citation],
    usage: Usage,
) -> Query | None:
    """Store the response and settle what it cost, once; None where the query was deleted meanwhile."""
    row = await database.call(
        "finish_query",
        query_id=query_id,
        result={
            "status": status.value,
            "response": response,
            "citations": [citation.model_dump() for citation in citations],
            **usage.model_dump(),
        },
    )
    return Query.model_validate(row) if row else None


async def list_chats(
    database: Database, *, patterns: list[str] | None, cursor: dict[str, str] | None, limit: int
) -> list[Chat]:
    rows = await database.call("list_chats", patterns=patterns, cursor=cursor, limit=limit)
    return [Chat.model_validate(row) for row in rows]


async def get_chat(
    database: Database, chat_id: str, *, cursor: int | None, limit: int
) -> tuple[Chat, list[Query]]:
    row = await database.call("get_chat", chat_id=chat_id, cursor=cursor, limit=limit)
    if row is None:
        raise ChatNotFound
    return Chat.model_validate(row["chat"]), [Query.model_validate(q) for q in row["queries"]]


async def rename_chat(database: Database, chat_id: str, title: str) -> Chat:
    return Chat.model_validate(await database.call("rename_chat", chat_id=chat_id, title=title))


async def delete_chat(database: Database, chat_id: str) -> None:
    await database.call("delete_chat", chat_id=chat_id)

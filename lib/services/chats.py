"""The history: list, search, open, rename, delete and export chats."""

import json
from datetime import datetime

from lib.adapters import queries
from lib.adapters.database import Database
from lib.domain.models import Chat, Query

_EXPORT_PAGE = 100


def search_patterns(text: str) -> list[str] | None:
    """Turn a search into one ILIKE pattern a word; None for a search without words.

    The wildcards of LIKE are escaped: a search for `100%` finds just that.
    """
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [f"%{word}%" for word in escaped.split()] or None


async def list_chats(
    *, search: str, database: Database, after: tuple[datetime, str] | None, limit: int
) -> list[Chat]:
    cursor = {"updated_at": after[0].isoformat(), "chat_id": after[1]} if after else None
    return await queries.list_chats(
        database, patterns=search_patterns(search), cursor=cursor, limit=limit
    )


async def get_chat(
    chat_id: str, *, database: Database, cursor: int | None, limit: int
) -> tuple[Chat, list[Query]]:
    return await queries.get_chat(database, chat_id, cursor=cursor, limit=limit)


async def rename(chat_id: str, title: str, *, database: Database) -> Chat:
    return await queries.rename_chat(database, chat_id, title)


async def delete(chat_id: str, *, database: Database) -> None:
    await queries.delete_chat(database, chat_id)


async def collect(chat_id: str, *, database: Database) -> tuple[Chat, list[Query]]:
    """Return a chat with all its queries."""
    chat, collected = await queries.get_chat(database, chat_id, cursor=None, limit=_EXPORT_PAGE)
    while len(collected) < chat.query_count:
        _, more = await queries.get_chat(
            database, chat_id, cursor=collected[-1].id, limit=_EXPORT_PAGE
        )
        if not more:
            break
        collected += more
    return chat, collected


def as_json(chat: Chat, collected: list[Query]) -> str:
    document = {
        "chat": chat.model_dump(mode="json"),
        "queries": [query.model_dump(mode="json") for query in collected],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_markdown(chat: Chat, collected: list[Query]) -> str:
    """Write a chat as Markdown: each response is followed by its citations with file, page and quote."""
    parts = [f"# {chat.title}"] + [_query_as_markdown(query) for query in collected]
    return "\n\n".join(parts) + "\n"


def _query_as_markdown(query: Query) -> str:
    asked = f"## {' '.join(query.query_text.split())}\n\n*{query.timestamp:%Y-%m-%d %H:%M} UTC · {query.status.value}*"
    sources = [
        f"[{c.marker}] {c.filename}, page {c.page}: “{' '.join(c.quote.split())}”"
        for c in query.citations
    ]
    return "\n\n".join(
        part for part in (asked, query.response, "\n".join(f"- {s}" for s in sources)) if part
    )

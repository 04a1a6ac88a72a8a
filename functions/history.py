"""/api/history: list, search, open, rename, delete and export chats."""

from lib.web.starting import make_handler

from typing import Annotated, Literal

from fastapi import Query as QueryParameter, Response
from pydantic import Field

from lib.domain.models import Chat, Query
from lib.services import chats
from lib.web.app import create_app
from lib.web.dependencies import UserDatabase
from lib.web.downloads import attachment
from lib.web.schemas import (
    Body,
    ChatId,
    Cursor,
    Limit,
    Reply,
    Text,
    Words,
    cut_page,
    decode_cursor,
    decode_time_cursor,
    encode_cursor,
)

app = create_app("history", "Everything you asked, and what was answered.")


class Chats(Reply):
    chats: list[Chat]
    next_cursor: str | None


class ChatWithQueries(Reply):
    chat: Chat
    queries: list[Query]
    next_cursor: str | None


class ChatChanges(Body):
    title: Annotated[Words, Field(max_length=200)]


@app.get("/api/history")
async def list_chats(
    database: UserDatabase,
    q: Annotated[Text, QueryParameter(max_length=200, description="Words to search for.")] = "",
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Chats:
    """List your chats, newest first; with `q`, those with a query that holds all its words."""
    after = decode_time_cursor(cursor)
    found = await chats.list_chats(search=q, database=database, after=after, limit=limit + 1)
    shown, last = cut_page(found, limit)
    next_cursor = encode_cursor(last.updated_at.isoformat(), last.chat_id) if last else None
    return Chats(chats=shown, next_cursor=next_cursor)


@app.get("/api/history/{chat_id}")
async def get_chat(
    chat_id: ChatId,
    database: UserDatabase,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> ChatWithQueries:
    """Return a chat with its queries, in the order asked."""
    after = decode_cursor(cursor, int)
    chat, found = await chats.get_chat(
        chat_id, database=database, cursor=after[0] if after else None, limit=limit + 1
    )
    shown, last = cut_page(found, limit)
    next_cursor = encode_cursor(last.id) if last else None
    return ChatWithQueries(chat=chat, queries=shown, next_cursor=next_cursor)


@app.patch("/api/history/{chat_id}")
async def rename_chat(chat_id: ChatId, body: ChatChanges, database: UserDatabase) -> Chat:
    """Give a chat another title."""
    return await chats.rename(chat_id, body.title, database=database)


@app.delete("/api/history/{chat_id}", status_code=204)
async def delete_chat(chat_id: ChatId, database: UserDatabase) -> Response:
    """Delete a chat with all its queries."""
    await chats.delete(chat_id, database=database)
    return Response(status_code=204)


@app.get("/api/history/{chat_id}/export", response_class=Response)
async def export_chat(
    chat_id: ChatId,
    database: UserDatabase,
    format: Annotated[Literal["markdown", "json"], QueryParameter()] = "markdown",  # noqa: A002 - the contract's name
) -> Response:
    """Download a chat; each citation keeps its file, page and quote."""
    chat, queries = await chats.collect(chat_id, database=database)
    if format == "json":
        return attachment(chats.as_json(chat, queries), "application/json", f"{chat.title}.json")
    return attachment(chats.as_markdown(chat, queries), "text/markdown", f"{chat.title}.md")


handler = make_handler(app)

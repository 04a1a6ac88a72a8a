"""Everything an account holds, as one zip that is written while it is sent."""

import hashlib
import json
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from lib.adapters import accounts, files, queries, sessions
from lib.adapters.database import Database
from lib.adapters.deadlines import current_deadline
from lib.adapters.storage import Storage
from lib.domain.archives import Archive, safe_name
from lib.domain.identities import Identity
from lib.domain.models import Chat, File, FileStatus, Session, User
from lib.domain.problems import ChatNotFound, FileNotFound, StorageUnavailable
from lib.domain.records import record
from lib.services import chats as chat_exports
from lib.services.proofs import get_user

_PAGE = 100
# A gigabyte over a slow line; Vercel ends it after 300 s.
_MOST_SECONDS = 290.0


@record
class Holdings:
    """What there is to export, all but the bytes of the files and the text of the chats."""

    user: User
    sessions: list[Session]
    usage: list[dict[str, Any]]
    files: list[File]
    chats: list[Chat]


async def take_stock(identity: Identity, *, database: Database) -> Holdings:
    """Collect what there is before the first byte is sent, so that a failure can still be told."""
    return Holdings(
        user=await get_user(identity, database=database),
        sessions=await _all_sessions(database),
        usage=await accounts.list_usage(database, identity.user_id),
        files=await _all_files(database),
        chats=await _all_chats(database),
    )


async def _all_sessions(database: Database) -> list[Session]:
    found = page = await sessions.list_sessions(database, cursor=None, limit=_PAGE)
    while len(page) == _PAGE:
        page = await sessions.list_sessions(database, cursor=page[-1].id, limit=_PAGE)
        found = found + page
    return found


async def _all_files(database: Database) -> list[File]:
    found = page = await files.list_files(database, cursor=None, limit=_PAGE)
    while len(page) == _PAGE:
        page = await files.list_files(database, cursor=page[-1].id, limit=_PAGE)
        found = found + page
    return found


async def _all_chats(database: Database) -> list[Chat]:
    found = page = await queries.list_chats(database, patterns=None, cursor=None, limit=_PAGE)
    while len(page) == _PAGE:
        cursor = {"updated_at": page[-1].updated_at.isoformat(), "chat_id": page[-1].chat_id}
        page = await queries.list_chats(database, patterns=None, cursor=cursor, limit=_PAGE)
        found = found + page
    return found


async def write_archive(
    holdings: Holdings, *, database: Database, storage: Storage, now: datetime
) -> AsyncGenerator[bytes]:
    """Yield a zip: files/ as they were uploaded, chats/ as Markdown and JSON, account.json.

    The last one names the entry of each file, so it is written when all that have come are in.
    It breaks off where storage or database fail; a zip without its end is refused by every reader.
    """
    current_deadline().allow(_MOST_SECONDS)
    archive = Archive()
    for chat in holdings.chats:
        for piece in await _add_chat(archive, chat, database):
            yield piece
    for file in holdings.files:
        async for piece in archive.add_stream(
            _name_of(file), _bytes_of(file, database, storage), file.created_at
        ):
            yield piece
    for piece in archive.add_text("account.json", _account_as_json(holdings, archive), now):
        yield piece
    for piece in archive.close():
        yield piece


async def _add_chat(archive: Archive, chat: Chat, database: Database) -> list[bytes]:
    try:
        chat, asked = await chat_exports.collect(chat.chat_id, database=database)
    except ChatNotFound:  # deleted since the export began
        return []
    name = f"chats/{chat.created_at:%Y-%m-%d} {safe_name(chat.title)} {chat.chat_id[:8]}"
    markdown, document = chat_exports.as_markdown(chat, asked), chat_exports.as_json(chat, asked)
    return [
        *archive.add_text(f"{name}.md", markdown, chat.updated_at),
        *archive.add_text(f"{name}.json", document, chat.updated_at),
    ]


async def _bytes_of(file: File, database: Database, storage: Storage) -> AsyncGenerator[bytes]:
    try:
        stored = await files.get_file(database, file.id)
    except FileNotFound:  # deleted since the export began
        return
    digest, has_come = hashlib.sha256(), False
    async for piece in storage.stream(stored.path):
        digest.update(piece)
        has_come = True
        yield piece
    # A gateway's own page comes with 200, too. What never became ready may be anything, and is exported as it is.
    is_known = stored.status is FileStatus.READY and stored.sha256 is not None
    if has_come and is_known and digest.hexdigest() != stored.sha256:
        raise StorageUnavailable


def _name_of(file: File) -> str:
    return f"files/{file.id} {safe_name(file.filename)}"


def _account_as_json(holdings: Holdings, archive: Archive) -> str:
    """Write the account; `entry` is null for a file whose bytes were not there."""
    entries = {name: name for name in archive.names}
    document = {
        "user": holdings.user.model_dump(mode="json"),
        "sessions": [session.model_dump(mode="json") for session in holdings.sessions],
        "daily_usage": holdings.usage,
        "files": [
            file.model_dump(mode="json") | {"entry": entries.get(_name_of(file))}
            for file in holdings.files
        ],
        "chats": [chat.model_dump(mode="json") for chat in holdings.chats],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)

"""What Lectern speaks of: users, files, passages, citations, queries and chats, as the contract names them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A value: equal by content, never changed in place.

    Its validator is built when it is first used: no function needs them all, and no first request either.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)


class User(Model):
    id: int
    username: str
    created_at: datetime
    must_change_password: bool = Field(
        default=False,
        description="Signed in with a one-time passphrase: nothing works until it is replaced.",
    )


class Session(Model):
    """One sign-in on one device."""

    id: int
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str | None
    current: bool = Field(description="Whether this is the session that asks.")


class FileStatus(StrEnum):
    AWAITING_UPLOAD = "awaiting_upload"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class PageKind(StrEnum):
    PAGE = "page"
    SLIDE = "slide"
    PART = "part"


class Progress(Model):
    pages_done: int
    pages_total: int | None = Field(description="Null until the file has been opened.")


class File(Model):
    id: int
    filename: str
    size_bytes: int
    content_type: str
    sha256: str | None
    status: FileStatus
    progress: Progress
    page_kind: PageKind
    page_count: int | None
    language: str | None = Field(description="ISO 639-1, as detected from its text, or null.")
    empty_pages: int = Field(description="How many pages hold no text: a gap, never a silent one.")
    empty_page_numbers: list[int]
    error: dict[str, Any] | None = Field(description="A problem, with `retryable`, or null.")
    created_at: datetime


class ResumableUpload(Model):
    """Where a large file goes in pieces (TUS 1.0.0, Supabase's signed route)."""

    url: str
    headers: dict[str, str]
    chunk_bytes: int


class Upload(Model):
    """Where the bytes of a file go: straight to storage."""

    method: str
    url: str
    headers: dict[str, str]
    expires_at: datetime
    resumable: ResumableUpload | None


class StoredFile(File):
    """A file with the place of its bytes, which is shown to nobody."""

    path: str


class Page(Model):
    """One page of a file as it was read; `number` counts from 1."""

    number: int
    text: str


class Chunk(Model):
    """A slice of one page: `text` is `page.text[start:end]`, offsets in code points.

    `heading` tells what it is about where the text itself does not: the heading that it stands under,
    and the first row of the table that it goes on with.
    """

    ordinal: int
    page: int
    start: int
    end: int
    text: str
    heading: str | None = None


class Passage(Model):
    """A chunk as retrieved for a query; `rank` counts from 1, a higher `score` is better."""

    rank: int
    file_id: int
    filename: str
    page: int
    start: int
    text: str
    score: float
    heading: str | None = None


class Citation(Model):
    """A place in the response that rests on the exact words of a page."""

    marker: int = Field(description="1..n by first appearance in the response.")
    position: int = Field(description="Offset in `response` just after its `[n]`, in code points.")
    file_id: int
    filename: str
    page: int
    quote: str
    start: int = Field(description="Offset of the quote in the page's text, in code points.")
    end: int


class QueryStatus(StrEnum):
    STREAMING = "streaming"
    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class Usage(Model):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class Turn(Model):
    """An earlier question of the chat with its response."""

    query_text: str
    response: str


class Query(Model):
    """One question with its response."""

    id: int
    chat_id: str
    query_text: str
    response: str
    citations: list[Citation]
    status: QueryStatus
    usage: Usage
    timestamp: datetime


class Chat(Model):
    chat_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    query_count: int

"""Kinds of input that several functions take: text that is text, ids, and a page of a list."""

import base64
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from lib.domain.problems import InvalidRequest

MAX_ID = 2**53 - 1  # the largest integer that every program reads alike from JSON (RFC 7493, 2.2)
_MAX_PAGE_NUMBER = 2**31 - 1  # Postgres's integer
# Postgres stores no NUL, JSON no half of a pair; other controls have no place in what people write.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Controls that turn the direction of text make a name look like another (CVE-2021-42574).
_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_Item = TypeVar("_Item")
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class Body(BaseModel):
    """The JSON of a request: a member that nobody knows is a mistake, not to be ignored."""

    model_config = ConfigDict(extra="forbid")


class Reply(BaseModel):
    """The JSON of an answer, built when the first one is given: a function has more routes than a first request asks for."""

    model_config = ConfigDict(defer_build=True)


def _check_text(text: str) -> str:
    if _UNPRINTABLE.search(text):
        raise ValueError("Control characters are not allowed here.")
    return text


def _check_filename(name: str) -> str:
    name = unicodedata.normalize("NFC", _check_text(name))
    if set(name) & set("/\\\t\n\r"):
        raise ValueError("A filename has no slashes, tabs or line breaks. Rename the file.")
    if _BIDIRECTIONAL.search(name):
        raise ValueError("This filename holds invisible direction marks. Rename the file.")
    if not name.strip(" ."):
        raise ValueError("A filename has a name. Rename the file.")
    return name


def _check_words(text: str) -> str:
    if not text.strip():
        raise ValueError("Write something: this is blank.")
    return _check_text(text)


Text = Annotated[str, AfterValidator(_check_text)]
Words = Annotated[str, AfterValidator(_check_words)]
Filename = Annotated[str, AfterValidator(_check_filename)]
Id = Annotated[int, Path(ge=1, le=MAX_ID)]
PageNumber = Annotated[int, Path(ge=1, le=_MAX_PAGE_NUMBER)]
ChatId = Annotated[str, Path(pattern=_UUID, description="A uuid, in lower case.")]
CHAT_ID_PATTERN = _UUID
Limit = Annotated[int, Query(ge=1, le=100, description="Most items to return.")]
Cursor = Annotated[
    str | None,
    Query(max_length=200, description="`next_cursor` of the page before; nothing for the first."),
]


_FILENAMES: TypeAdapter[str] = TypeAdapter(
    Annotated[Filename, StringConstraints(min_length=1, max_length=255)]
)


def parse_filename(name: str | None) -> str:
    """Check the filename of a multipart upload.

    Raises:
        InvalidRequest: It has none, or one that no file should have.
    """
    try:
        return _FILENAMES.validate_python(name or "")
    except ValidationError as error:
        detail = error.errors()[0]["msg"]
        raise InvalidRequest(errors=[{"pointer": "#/body/file", "detail": detail}]) from error


def cut_page(found: list[_Item], limit: int) -> tuple[list[_Item], _Item | None]:
    """Return a page of what was found with one more than `limit`, and its last item if more follow."""
    return found[:limit], found[limit - 1] if len(found) > limit else None


def encode_cursor(*values: Any) -> str:
    """Pack the place where the next page begins; clients take it as it is."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: type) -> list[Any] | None:
    """Unpack a cursor whose values are of these kinds.

    Raises:
        InvalidRequest: It is not one of ours.
    """
    if not cursor:
        return None
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise _bad_cursor() from error
    if not isinstance(values, list):
        raise _bad_cursor()
    unpacked = cast("list[Any]", values)
    if [type(value) for value in unpacked] != list(kinds):
        raise _bad_cursor()
    if any(isinstance(value, int) and not 0 <= value <= MAX_ID for value in unpacked):
        raise _bad_cursor()
    return unpacked


def decode_time_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Unpack a cursor of a time and an id."""
    values = decode_cursor(cursor, str, str)
    if values is None:
        return None
    if not re.fullmatch(_UUID, values[1]):
        raise _bad_cursor()
    try:
        # In UTC, because Postgres knows no offset of 16 hours or more, and Python does.
        return datetime.fromisoformat(values[0]).astimezone(UTC), values[1]
    except (ValueError, OverflowError) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> InvalidRequest:
    return InvalidRequest(
        "The cursor is not one that Lectern gave.",
        errors=[{"pointer": "#/query/cursor", "detail": "Take next_cursor of the page before."}],
    )

"""Every operation of every function, and how it is protected: a new one without a row fails a test."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx

from dev.student import PASSPHRASE
from tests.accounts import NEW_PASSWORD, PASSWORD
from tests.lessons import LIGHT, QUESTION

Guard = Literal["open", "bearer", "secret", "cookie"]
Reference = Literal["file_id", "chat_id", "session_id"]


@dataclass(frozen=True)
class Row:
    """How to send one operation so that nothing but the credential can be wrong with it.

    Attributes:
        guard: What it asks for: nothing, an access token, the job's secret, or the cookie.
        names: Members of the body that name an object, and of what kind.
    """

    guard: Guard
    json: dict[str, Any] | None = None
    file: tuple[str, bytes] | None = None
    names: dict[str, Reference] = field(default_factory=dict)


_OPEN = Row("open")
_BEARER = Row("bearer")

ROWS: dict[str, Row] = {
    "GET /api/auth/health": _OPEN,
    "GET /api/auth/health/deep": _OPEN,
    "POST /api/auth/register": Row("open", {"username": "new-here", "password": PASSWORD}),
    "POST /api/auth/login": Row("open", {"username": "not-here", "password": PASSWORD}),
    "POST /api/auth/refresh": Row("cookie"),
    "POST /api/auth/logout": Row("cookie"),
    "GET /api/auth/me": _BEARER,
    "PUT /api/auth/password": Row(
        "bearer", {"current_password": PASSPHRASE, "new_password": NEW_PASSWORD}
    ),
    "GET /api/auth/sessions": _BEARER,
    "DELETE /api/auth/sessions/{session_id}": _BEARER,
    "GET /api/auth/export": _BEARER,
    "POST /api/auth/erase": Row("bearer", {"password": PASSPHRASE}),
    "GET /api/history/health": _OPEN,
    "GET /api/history/health/deep": _OPEN,
    "GET /api/history": _BEARER,
    "GET /api/history/{chat_id}": _BEARER,
    "PATCH /api/history/{chat_id}": Row("bearer", {"title": "Another title"}),
    "DELETE /api/history/{chat_id}": _BEARER,
    "GET /api/history/{chat_id}/export": _BEARER,
    "GET /api/jobs/health": _OPEN,
    "GET /api/jobs/health/deep": _OPEN,
    "GET /api/jobs/run": Row("secret"),
    "GET /api/query/health": _OPEN,
    "GET /api/query/health/deep": _OPEN,
    "POST /api/query": Row(
        "bearer", {"query_text": QUESTION}, names={"chat_id": "chat_id", "file_ids": "file_id"}
    ),
    "GET /api/upload/health": _OPEN,
    "GET /api/upload/health/deep": _OPEN,
    "POST /api/upload": Row("bearer", file=("light.md", LIGHT.encode())),
    "GET /api/upload": _BEARER,
    "POST /api/upload/signed": Row("bearer", {"filename": "light.md", "size_bytes": 100}),
    "POST /api/upload/{file_id}/ingest": _BEARER,
    "GET /api/upload/{file_id}": _BEARER,
    "DELETE /api/upload/{file_id}": _BEARER,
    "GET /api/upload/{file_id}/content": _BEARER,
    "GET /api/upload/{file_id}/pages/{number}": _BEARER,
}


def guarded_by(guard: Guard) -> list[str]:
    return [operation for operation, row in ROWS.items() if row.guard == guard]


def function_names() -> list[str]:
    return sorted(path.stem for path in Path("functions").glob("[a-z]*.py"))


def documented(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """Return what the OpenAPI documents of all functions say of each operation."""
    documents = [client.get(f"/api/{name}/openapi.json").json() for name in function_names()]
    return {
        f"{method.upper()} {path}": description
        for document in documents
        for path, operations in document["paths"].items()
        for method, description in operations.items()
    }


def members_of(client: httpx.Client) -> dict[str, list[str]]:
    """Return what each operation takes as JSON: the members that the OpenAPI documents name."""
    documents = [client.get(f"/api/{name}/openapi.json").json() for name in function_names()]
    members = {
        f"{method.upper()} {path}": _members(operation, document["components"]["schemas"])
        for document in documents
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    return {operation: named for operation, named in members.items() if named}


def _members(operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {"content": {}})["content"]
    if "application/json" not in content:
        return []
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return list(schemas[name]["properties"])


def send(
    client: httpx.Client,
    operation: str,
    values: dict[str, Any],
    members: dict[str, Any] | None = None,
    **options: Any,
) -> httpx.Response:
    """Send an operation as its row says, with `values` in the path and `members` in the body."""
    row, (method, path) = ROWS[operation], operation.split()
    body = {**row.json, **(members or {})} if row.json is not None else None
    files = {"file": row.file} if row.file else None
    return client.request(method, path.format(**values), json=body, files=files, **options)

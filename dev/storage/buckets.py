"""The routes of /bucket."""

import json
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dev.storage import errors
from dev.storage.access import require_caller


async def read_json(request: Request, required: str) -> dict[str, Any]:
    """Return the body, which must be an object with the required member."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise errors.invalid_request("Body is not valid JSON") from error
    if not isinstance(body, dict) or required not in body:
        raise errors.invalid_request(f"body must have required property '{required}'")
    return body


def _describe(row: DictRow) -> dict[str, Any]:
    shown = ("id", "name", "public", "file_size_limit", "allowed_mime_types")
    times = {name: row[name].isoformat() for name in ("created_at", "updated_at")}
    return {name: row[name] for name in shown} | times | {"owner": "", "type": "STANDARD"}


async def list_buckets(request: Request) -> Response:
    caller = require_caller(request, request.app.state.keys)
    rows = await request.app.state.store.list_buckets() if caller.is_service else []
    return JSONResponse([_describe(row) for row in rows])


async def get_bucket(request: Request) -> Response:
    if not require_caller(request, request.app.state.keys).is_service:
        raise errors.no_such_bucket()
    row = await request.app.state.store.get_bucket(request.path_params["bucket"])
    return JSONResponse(_describe(row))


async def create_bucket(request: Request) -> Response:
    caller = require_caller(request, request.app.state.keys)
    body = await read_json(request, "name")
    if not caller.is_service:
        raise errors.access_denied()
    await request.app.state.store.create_bucket({"id": body["name"], **body})
    return JSONResponse({"name": body["name"]})


ROUTES = [
    Route("/bucket", list_buckets, methods=["GET"]),
    Route("/bucket", create_bucket, methods=["POST"]),
    Route("/bucket/{bucket}", get_bucket, methods=["GET"]),
]

"""The routes of /object."""

from collections.abc import Awaitable, Callable
from typing import Any

from psycopg.rows import DictRow
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dev.storage import errors, reading, writing
from dev.storage.access import Caller, StorageKeys, identify, require_caller, sign, verify
from dev.storage.buckets import read_json
from dev.storage.objects import ObjectStore, check_key

# The hosted service's own: two hours for an upload, whatever is asked for a download.
_UPLOAD_SECONDS = 2 * 60 * 60

_LIST_LIMIT = 100


def _store(request: Request) -> ObjectStore:
    return request.app.state.store


def _keys(request: Request) -> StorageKeys:
    return request.app.state.keys


def _caller(request: Request) -> Caller:
    return require_caller(request, _keys(request))


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["bucket"], request.path_params["key"]


# Signing


async def sign_upload(request: Request) -> Response:
    (bucket, key), caller = _place(request), _caller(request)
    is_upsert = request.headers.get("x-upsert") == "true"
    await writing.check_may_create(_store(request), caller, bucket, key, is_upsert=is_upsert)
    claims = {"owner": caller.owner} if caller.owner else {}
    token = sign(
        f"{bucket}/{key}", "upload", _UPLOAD_SECONDS, _keys(request), upsert=is_upsert, **claims
    )
    url = f"/object/upload/sign/{bucket}/{key}?token={token}"
    return JSONResponse({"url": url, "token": token})


async def sign_download(request: Request) -> Response:
    (bucket, key), caller = _place(request), _caller(request)
    body = await read_json(request, "expiresIn")
    try:
        seconds = int(body["expiresIn"])
    except ValueError as error:
        raise errors.invalid_request("body/expiresIn must be integer") from error
    if seconds < 1:
        raise errors.invalid_request("body/expiresIn must be >= 1")
    if not caller.is_service:
        raise errors.no_such_key()
    await _store(request).get(bucket, key)
    token = sign(f"{bucket}/{key}", "download", seconds, _keys(request))
    return JSONResponse({"signedURL": f"/object/sign/{bucket}/{key}?token={token}"})


# Bytes


def _token(request: Request) -> str:
    token = request.query_params.get("token")
    if not token:
        raise errors.invalid_request("querystring must have required property 'token'")
    return token


async def upload_signed(request: Request) -> Response:
    bucket, key = _place(request)
    claims = verify(_token(request), f"{bucket}/{key}", "upload", _keys(request))
    owner, is_upsert = claims.get("owner"), bool(claims.get("upsert"))
    await writing.receive(request, _store(request), owner, is_upsert=is_upsert)
    return JSONResponse({"Key": f"{bucket}/{key}"})


async def upload(request: Request) -> Response:
    (bucket, key), caller = _place(request), _caller(request)
    is_upsert = request.method == "PUT" or request.headers.get("x-upsert") == "true"
    await writing.check_may_create(_store(request), caller, bucket, key, is_upsert=is_upsert)
    found = await writing.receive(request, _store(request), caller.owner, is_upsert=is_upsert)
    return JSONResponse({"Id": found, "Key": f"{bucket}/{key}"})


async def download_signed(request: Request) -> Response:
    bucket, key = _place(request)
    claims = verify(_token(request), f"{bucket}/{key}", "download", _keys(request))
    found = await _store(request).get(bucket, key)
    return reading.respond(request, _store(request), found, expires_at=claims["exp"])


async def _readable(request: Request) -> DictRow:
    """Return an object of a private bucket without policies: the service alone sees it."""
    (bucket, key), caller = _place(request), identify(request, _keys(request))
    if not caller.is_authenticated:
        raise errors.no_such_bucket()
    await _store(request).get_bucket(bucket)
    if not caller.is_service:
        raise errors.no_such_key()
    return await _store(request).get(bucket, key)


async def download(request: Request) -> Response:
    return reading.respond(request, _store(request), await _readable(request))


async def info(request: Request) -> Response:
    return reading.describe(await _readable(request))


# Many at once


async def remove(request: Request) -> Response:
    caller, body = _caller(request), await read_json(request, "prefixes")
    if not body["prefixes"]:
        raise errors.invalid_request("body/prefixes must NOT have fewer than 1 items")
    if not caller.is_service:
        return JSONResponse([])
    rows = await _store(request).remove(request.path_params["bucket"], body["prefixes"])
    return JSONResponse([reading.listed(row, row["name"]) for row in rows])


async def list_objects(request: Request) -> Response:
    caller, body = _caller(request), await read_json(request, "prefix")
    if not caller.is_service:
        return JSONResponse([])
    prefix = f"{body['prefix'].rstrip('/')}/" if body["prefix"] else ""
    rows = await _store(request).list_under(request.path_params["bucket"], prefix)
    entries = reading.children(rows, prefix, body.get("search") or "")
    is_descending = body.get("sortBy", {}).get("order") == "desc"
    entries.sort(key=lambda entry: entry["name"], reverse=is_descending)
    start = body.get("offset") or 0
    return JSONResponse(entries[start : start + (body.get("limit") or _LIST_LIMIT)])


def _checked(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Any]:
    """Refuse an impossible key, and read a refused body to its end so that the answer arrives."""

    async def check(request: Request) -> Response:
        try:
            if "key" in request.path_params:
                check_key(request.path_params["key"])
            return await endpoint(request)
        except errors.StorageError:
            await _drain(request)
            raise
        except ClientDisconnect:
            return Response(status_code=499)

    return check


async def _drain(request: Request) -> None:
    try:
        async for _ in request.stream():
            pass
    except (RuntimeError, ClientDisconnect):
        return  # read already, or nobody is there to be answered


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
    return Route(path, _checked(endpoint), methods=list(methods))


_KEY = "{bucket}/{key:path}"
ROUTES = [
    _route(f"/object/upload/sign/{_KEY}", sign_upload, "POST"),
    _route(f"/object/upload/sign/{_KEY}", upload_signed, "PUT"),
    _route(f"/object/sign/{_KEY}", sign_download, "POST"),
    _route(f"/object/sign/{_KEY}", download_signed, "GET"),
    _route("/object/list/{bucket}", list_objects, "POST"),
    _route(f"/object/info/{_KEY}", info, "GET"),
    _route(f"/object/authenticated/{_KEY}", download, "GET"),
    _route(f"/object/{_KEY}", download, "GET"),
    _route(f"/object/{_KEY}", upload, "POST", "PUT"),
    _route("/object/{bucket}", remove, "DELETE"),
]

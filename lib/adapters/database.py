"""Supabase's Data API, spoken to as one user or as the service."""

import functools
import json
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import ValidationError

from lib.adapters.deadlines import limit
from lib.adapters.postgrest_parts import APIError, APIErrorFromJSON, AsyncPostgrestClient
from lib.adapters.retries import retrying
from lib.adapters.transport import never_arrived, supabase_client, traced_call
from lib.domain import problems
from lib.domain.problems import Problem

_Headers = dict[str, str]

# What `raise exception using errcode = 'P0001', message = '<slug>'` in our SQL means here.
_RAISED = "P0001"
_PROBLEMS_BY_SLUG = {problem.slug: problem for problem in Problem.__subclasses__()}
_RETRY_AFTER_SECONDS = 5
# One call with its retries; Supabase ends a user's statement after 8 s.
_TIMEOUT_SECONDS = 8.0

# Nothing was run, or all of it was rolled back: no connection, none free, a deadlock, too many requests.
_NOTHING_DONE = ("PGRST000", "PGRST001", "PGRST002", "PGRST003", "40001", "40P01", "53", "429")
# The database token has expired in flight, or its key is not trusted: another one is minted, once.
_TOKEN_REFUSED = ("PGRST301", "PGRST303")
_UNAVAILABLE = ("PGRST0", "PGRST3", "08", "40001", "40P01", "53", "57", "429")
# What may be called again when nobody knows whether it was run: it reads, or the second time changes nothing.
_REPEATABLE = frozenset(
    {
        "find_file",
        "find_page",
        "finish_query",
        "get_chat",
        "list_chats",
        "list_files",
        "list_object_deletions",
        "list_sessions",
        "rename_chat",
        "repeat_query",
        "rotate_refresh_token",
        "save_slice",
        "sign_out",
    }
)


class Database:
    """One role at the Data API. Every attempt is one round trip, counted in `Server-Timing`.

    Raises:
        Problem: The one that the SQL raised by its slug, or DatabaseUnavailable.
    """

    def __init__(self, url: str, api_key: str, mint: Callable[[], str] | None = None) -> None:
        """Speak with `api_key`, and as the user whose database token `mint` signs for each call.

        A token lives 120 s, and an answer may take longer to end than to begin: hence one a call.
        """
        self._url = f"{url}/rest/v1"
        self._api_key = api_key
        self._mint = mint

    def _identification(self) -> dict[str, str]:
        if not self._mint:
            return {"apikey": self._api_key}
        return {"apikey": self._api_key, "Authorization": f"Bearer {self._mint()}"}

    async def call(self, function: str, **arguments: Any) -> Any:
        """Call an SQL function by name; its parameters are `arguments` with the prefix `p_`."""
        parameters = {f"p_{name}": value for name, value in arguments.items()}
        url, headers = _function(self._url, function)
        ask = partial(supabase_client().post, url, json=parameters)
        return await self._execute(ask, headers, repeatable=function in _REPEATABLE)

    async def select(self, table: str, columns: str, **equal: int | str) -> list[dict[str, Any]]:
        """Return the rows of `table` whose columns equal the given values."""
        query: Any = _client(self._url).from_(table).select(columns)
        for column, value in equal.items():
            query = query.eq(column, value)
        config = query.request
        ask = partial(supabase_client().get, _parsed(str(config.path)), params=config.params)
        return await self._execute(ask, dict(config.headers), repeatable=True)

    async def _execute(
        self, ask: Callable[..., Awaitable[httpx.Response]], headers: _Headers, *, repeatable: bool
    ) -> Any:
        def least_wait(error: Exception, retry: int) -> float | None:
            return 0 if _may_repeat(error, retry, repeatable=repeatable) else None

        async def send() -> Any:
            return await _send(ask, {**headers, **self._identification()})

        try:
            async with limit(_TIMEOUT_SECONDS):
                return await retrying(send, least_wait)
        except APIError as error:
            raise _as_problem(error) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise problems.DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error


@functools.cache
def _client(url: str) -> AsyncPostgrestClient:
    """Return what knows the Data API's addresses, parameters and headers.

    We send what it makes: its own sending reads each address twice and copies the headers three times.
    """
    return AsyncPostgrestClient(url, headers={}, http_client=supabase_client(), retry_enabled=False)


@functools.cache
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


@functools.cache
def _function(url: str, function: str) -> tuple[httpx.URL, _Headers]:
    """Return where an SQL function is called, and with which headers: the same every time."""
    query: Any = _client(url).rpc(function, {})
    config = query.request
    return _parsed(str(config.path)), dict(config.headers)


async def _send(ask: Callable[..., Awaitable[httpx.Response]], headers: _Headers) -> Any:
    """Return the JSON of the answer, and never a text that is none: the client would pass that on."""
    with traced_call("database"):
        answer = await ask(headers=headers)
    if not answer.is_success:
        raise _read_error(answer)
    try:
        return json.loads(answer.content) if answer.content else None
    except ValueError as error:
        raise httpx.DecodingError("The Data API did not answer in JSON.") from error


def _read_error(answer: httpx.Response) -> APIError:
    """Read a refusal; a gateway's own has no code but its status."""
    try:
        told = dict(APIErrorFromJSON.model_validate_json(answer.content))
    except ValidationError:
        told = {}
    return APIError({**told, "code": told.get("code") or str(answer.status_code)})


def _may_repeat(error: Exception, retry: int, *, repeatable: bool) -> bool:
    if not isinstance(error, APIError):
        return never_arrived(error) or (repeatable and isinstance(error, httpx.HTTPError))
    code = error.code or ""
    if code in _TOKEN_REFUSED:
        return retry == 0
    return code.startswith(_NOTHING_DONE) or (
        repeatable and (code.startswith("08") or _is_gateway_error(code))
    )


def _as_problem(error: APIError) -> Exception:
    code = error.code or ""
    if code == _RAISED and (problem := _PROBLEMS_BY_SLUG.get(error.message or "")):
        return problem(**json.loads(error.details or "{}"))
    if code.startswith(_UNAVAILABLE) or _is_gateway_error(code):
        return problems.DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
    return error


def _is_gateway_error(code: str) -> bool:
    return (
        code.isdigit() and len(code) == len("503") and int(code) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )

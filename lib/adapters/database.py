"""Supabase's Data API, spoken to as one user or as the service."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
from postgrest import APIError, AsyncPostgrestClient

from lib.adapters.transport import http_client, traced_call
from lib.domain import problems
from lib.domain.problems import Problem

# What `raise exception using errcode = 'P0001', message = '<slug>'` in our SQL means here.
_RAISED = "P0001"
_PROBLEMS_BY_SLUG = {problem.slug: problem for problem in Problem.__subclasses__()}
_RETRY_AFTER_SECONDS = 5


class Database:
    """One role at the Data API. Every call is one round trip, counted in `Server-Timing`.

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

    def _client(self) -> AsyncPostgrestClient:
        headers = {"apikey": self._api_key}
        if self._mint:
            headers["Authorization"] = f"Bearer {self._mint()}"
        return AsyncPostgrestClient(
            self._url, headers=headers, http_client=http_client(), retry_enabled=False
        )

    async def call(self, function: str, **arguments: Any) -> Any:
        """Call an SQL function by name; its parameters are `arguments` with the prefix `p_`."""
        parameters = {f"p_{name}": value for name, value in arguments.items()}
        return await self._execute(self._client().rpc(function, parameters))

    async def select(self, table: str, columns: str, **equal: int | str) -> list[dict[str, Any]]:
        """Return the rows of `table` whose columns equal the given values."""
        request = self._client().from_(table).select(columns)
        for column, value in equal.items():
            request = request.eq(column, value)
        return await self._execute(request)

    async def _execute(self, request: Any) -> Any:
        try:
            with traced_call("database"):
                answer = await request.execute()
        except APIError as error:
            raise _as_problem(error) from error
        except httpx.HTTPError as error:
            raise problems.DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
        return answer.data


def _as_problem(error: APIError) -> Exception:
    code = error.code or ""
    if code == _RAISED and (problem := _PROBLEMS_BY_SLUG.get(error.message or "")):
        return problem(**json.loads(error.details or "{}"))
    if code.startswith(
        "PGRST3"
    ):  # the database token: expired in flight, or its key is not trusted
        return problems.DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
    if code.startswith(("PGRST0", "08", "53", "57")) or _is_gateway_error(code):
        return problems.DatabaseUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
    return error


def _is_gateway_error(code: str) -> bool:
    return (
        code.isdigit() and len(code) == len("503") and int(code) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )

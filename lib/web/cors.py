"""Other origins may call the API with a bearer token if they are on the list; never with the cookie."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.settings import get_settings
from lib.web.problems import describe_status, render

_REFUSED = "This origin, method or header is not on the list of those that may call the API."
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_REQUEST_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")
_RESPONSE_HEADERS = ("Retry-After", "Server-Timing", "X-Request-Id", "Content-Disposition")


class _Cors(CORSMiddleware):
    """Starlette's, but what it refuses is a problem like every other error here."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code != HTTPStatus.BAD_REQUEST:
            return answer
        request_id = uuid.uuid4()
        headers = {"Vary": "Origin", "X-Request-Id": str(request_id)}
        return render(describe_status(HTTPStatus.FORBIDDEN, _REFUSED), request_id, headers)


class CorsMiddleware:
    """Starlette's CORS with our list, which is read at the first request and not at import."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cors: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "origin" not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        self._cors = self._cors or self._build(get_settings().allowed_origins)
        await self._cors(scope, receive, send)

    def _build(self, origins: Sequence[str]) -> ASGIApp:
        if not origins:
            return self._app
        return _Cors(
            self._app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
            max_age=600,
        )

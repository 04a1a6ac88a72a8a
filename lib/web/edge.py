"""Only what comes through the CDN in front is served, where there is one: AWS's own addresses are public, too."""

import hmac
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lib.domain.problems import EdgeBypassed
from lib.settings import get_settings
from lib.web.problems import render

# CloudFront adds it on the way to the functions; a browser never sees it.
ORIGIN_HEADER = "X-Origin-Secret"


def _origin_secrets() -> tuple[str, ...]:
    return get_settings().origin_secrets


class EdgeMiddleware:
    """Answers 403 without one of ORIGIN_SECRETS in X-Origin-Secret; several are for the days of a rotation.

    Health is open: whoever starts us asks for it before there is any setting.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        health_path: str,
        secrets: Callable[[], tuple[str, ...]] = _origin_secrets,
    ) -> None:
        self._app = app
        self._health_path = health_path
        self._secrets = secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == self._health_path or self._is_let_in(scope):
            await self._app(scope, receive, send)
            return
        scope["state"]["problem"] = EdgeBypassed.slug
        answer = render(EdgeBypassed().as_dict(), scope["state"]["request_id"])
        await answer(scope, receive, send)

    def _is_let_in(self, scope: Scope) -> bool:
        secrets = [secret.encode() for secret in self._secrets()]
        if not secrets:
            return True
        given = Headers(scope=scope).get(ORIGIN_HEADER, "").encode()
        return any(hmac.compare_digest(given, secret) for secret in secrets)

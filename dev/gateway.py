"""All functions on one port, each as deployed: /api/<name>/* goes to functions/<name>.py, the rest to the page."""

import html
import importlib
import os
import re
import traceback
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from dev.processes import ROOT
from lib.web.problems import describe_status, render

_PAGE = ROOT / "web" / "dist"
# The storage that a page was built for: none, or that of a deployment (web/build/policy.ts).
_BUILT_FOR = re.compile(r"frame-src ([^;]+);")

_FOR_GOOD, _ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
# What a deployment sends as headers, because a meta element cannot say it.
_PAGE_HEADERS = {
    "Cache-Control": _ASK_AGAIN,
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def _names() -> list[str]:
    return sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))


def _refuse(status: HTTPStatus, detail: str) -> Response:
    return render(describe_status(status, detail), uuid.uuid4())


def _load(name: str) -> ASGIApp:
    """Import a function. One that cannot be imported says so itself: it deploys alone, too."""
    try:
        return importlib.import_module(f"functions.{name}").app
    except Exception:  # noqa: BLE001 - whatever a module may raise
        traceback.print_exc()
        return _refuse(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            f"functions/{name}.py cannot be imported. The log of the functions says why.",
        )


class Gateway:
    """Dispatches by the second segment of the path; the function sees the request unchanged."""

    def __init__(self, functions: dict[str, ASGIApp], page: ASGIApp, public_url: str = "") -> None:
        self.functions, self._page = functions, page
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, api, name, *_ = f"{scope.get('path', '')}///".split("/")
        if scope["type"] != "http" or api != "api":
            await self._answer_page(scope, receive, send)
        elif name in self.functions:
            await self.functions[name](scope, receive, send)
        else:
            await _refuse(HTTPStatus.NOT_FOUND, "There is no such function.")(scope, receive, send)

    async def _answer_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the page under the one name whose cookie and origin the functions know.

        Whoever types localhost where we said 127.0.0.1 would be signed out at every reload.
        """
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""
        if host.partition(":")[0] == "localhost" and self._public_url:
            answer = RedirectResponse(self._public_url + scope["path"])
            await answer(scope, receive, send)
        else:
            await self._page(scope, receive, send)


def _items(studio_url: str) -> Iterator[tuple[str, str]]:
    for name in _names():
        yield f"/api/{name}/docs", f"The function {name}: its routes"
    yield studio_url, "Studio: a look at the data"


def _overview(_request: Request) -> Response:
    items = "".join(
        f'<li><a href="{html.escape(url, quote=True)}">{html.escape(text)}</a></li>'
        for url, text in _items(os.environ.get("STUDIO_URL", ""))
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Lectern</title>'
        '<body style="font: 1rem/1.5 system-ui; max-width: 40rem; margin: 4rem auto">'
        f"<h1>Lectern runs here</h1><ul>{items}</ul>"
    )


class Page(StaticFiles):
    """The built single-page app, told which storage it may reach: that of this stack."""

    def __init__(self, directory: Path, storage: str) -> None:
        super().__init__(directory=directory)
        self._index, self._storage = directory / "index.html", storage

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path in (".", "index.html"):
            return HTMLResponse(self._read_index(), headers=_PAGE_HEADERS)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            return _refuse(HTTPStatus(error.status_code), "The page has no such part.")
        is_asset = path.startswith("assets/")
        response.headers["Cache-Control"] = _FOR_GOOD if is_asset else _ASK_AGAIN
        return response

    def _read_index(self) -> str:
        page = self._index.read_text()
        [storage] = set(_BUILT_FOR.findall(page))
        return page.replace(storage, self._storage)


def create_app() -> Gateway:
    """Return what the stack serves on PORT, with the settings that are in the environment."""
    page: ASGIApp = Starlette(routes=[Route("/", _overview)])
    if (_PAGE / "index.html").is_file():
        # As every host of a deployment does.
        page = GZipMiddleware(Page(_PAGE, os.environ.get("SUPABASE_URL", "")))
    functions = {name: _load(name) for name in _names()}
    return Gateway(functions, page, os.environ.get("PUBLIC_URL", ""))

"""All functions on one port, each as deployed: /api/<name>/* goes to functions/<name>.py, the rest to the page."""

import html
import importlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from dev.processes import ROOT

_PAGE = ROOT / "web" / "dist"
_NOT_FOUND = 404


def _names() -> list[str]:
    return sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))


def _load(name: str) -> ASGIApp:
    """Import a function. One that cannot be imported says so itself: it deploys alone, too."""
    try:
        return importlib.import_module(f"functions.{name}").app
    except Exception:  # noqa: BLE001 - whatever a module may raise
        traceback.print_exc()
        return PlainTextResponse(f"functions/{name}.py cannot be imported; see its log.\n", 500)


class Gateway:
    """Dispatches by the second segment of the path; the function sees the request unchanged."""

    def __init__(self, functions: dict[str, ASGIApp], page: ASGIApp) -> None:
        self.functions, self._page = functions, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, api, name, *_ = f"{scope.get('path', '')}///".split("/")
        if scope["type"] != "http" or api != "api":
            await self._page(scope, receive, send)
        elif name in self.functions:
            await self.functions[name](scope, receive, send)
        else:
            answer = PlainTextResponse(f"There is no function {name!r}.\n", _NOT_FOUND)
            await answer(scope, receive, send)


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


class _Page(StaticFiles):
    """The built single-page app: an address that is no file is one of its own."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != _NOT_FOUND:
                raise
            return FileResponse(Path(self.directory or "") / "index.html")


def create_app() -> Gateway:
    """Return what the stack serves on PORT, with the settings that are in the environment."""
    page = _Page(directory=_PAGE) if _PAGE.is_dir() else Starlette(routes=[Route("/", _overview)])
    return Gateway({name: _load(name) for name in _names()}, page)

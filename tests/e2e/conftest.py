"""A real browser before the real page, the real functions and the real stack."""

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FilePayload,
    Page,
    expect,
    sync_playwright,
)

from dev.browser import find_headless_chromium
from dev.student import Student
from tests.conftest import TLS, Configuration
from tests.e2e.desk import PATIENCE_SECONDS, Desk

_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]
# Chromium's own, and what it brings along
_PDF_VIEWER = ("chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/", "chrome://")
# Chromium hears of a page's first route some time after it is set, and lets through what is sent until then. So
# each has one from its beginning.
_NOWHERE = "https://nowhere.invalid/"
_STYLE_BLOCKED = "a style that the policy blocked:"
# Of the page alone: what stands in a frame, as the viewer of PDFs does, has a policy of its own.
_TELL_OF_STYLES = f"""
if (self === top) addEventListener("securitypolicyviolation", event => {{
  if (event.effectiveDirective.startsWith("style-src"))
    console.debug("{_STYLE_BLOCKED}", event.sourceFile, event.sample);
}});
"""
PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PATIENCE_MILLISECONDS = PATIENCE_SECONDS * 1000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def launch() -> Generator[Callable[[str | None], Browser]]:
    """Start the Chromium that lies at a path."""
    with sync_playwright() as playwright:
        yield lambda path: playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)


@pytest.fixture(scope="session")
def browser(launch: Callable[[str | None], Browser]) -> Generator[Browser]:
    with launch(find_headless_chromium()) as chromium:
        yield chromium


@pytest.fixture
def lectern(_api: Any, configuration: Configuration) -> str:
    """The address of the page; the functions know it, for the cookie's sake."""
    configuration.change(public_url=_api.url, daily_queries_per_user=1_000)
    return _api.url


@dataclass
class Watch:
    """What a page did that it must not do."""

    foreign: list[str]
    dialogs: list[str]
    errors: list[str]
    blocked: list[str]


@pytest.fixture
def watch() -> Watch:
    return Watch([], [], [], [])


@pytest.fixture
def open_context(
    browser: Browser, lectern: str, stack: Any, watch: Watch
) -> Generator[Callable[..., BrowserContext]]:
    """Open a browser of one's own: no cookie, no storage, every request watched.

    Without the page's worker, unless asked for: it downloads the shell once more for each.
    """
    own = (lectern, stack.supabase_url, "data:", "blob:", *_PDF_VIEWER)

    def look(request: Any) -> None:
        if not request.url.startswith(own):
            watch.foreign.append(request.url)

    with contextlib.ExitStack() as contexts:

        def make(**options: Any) -> BrowserContext:
            usual = {**DESKTOP, "locale": "en-GB", "service_workers": "block"}
            context = browser.new_context(base_url=lectern, **{**usual, **options})
            contexts.callback(context.close)
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            context.add_init_script(_TELL_OF_STYLES)
            if "service_workers" not in options:
                context.route(_NOWHERE, lambda route: route.fallback())
            context.on("request", look)
            context.on("page", lambda page: _listen(page, watch))
            return context

        yield make


def _listen(page: Page, watch: Watch) -> None:
    def refuse(dialog: Any) -> None:
        watch.dialogs.append(dialog.message)
        dialog.dismiss()

    def hear(message: ConsoleMessage) -> None:
        if message.text.startswith(_STYLE_BLOCKED):
            watch.blocked.append(message.text)

    page.on("dialog", refuse)
    page.on("console", hear)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))


@pytest.fixture
def new_desk(
    open_context: Callable[..., BrowserContext], lectern: str, watch: Watch
) -> Generator[Callable[..., Desk]]:
    """Sit students down, signed up, their files read. The page keeps its promises, whatever is done.

    The files come by the API, which takes less time than the page (`Desk.add`).
    """

    def sit_down(*files: FilePayload, **options: Any) -> Desk:
        username = f"reader-{next(_numbers)}"
        context = open_context(storage_state=_sign_up(lectern, username, files), **options)
        desk = Desk(context.new_page(), username)
        with (
            desk.page.expect_response("**/api/upload?*"),
            desk.page.expect_response("**/api/history?*"),
        ):
            desk.page.goto("/")
        expect(desk.composer).to_be_visible()
        for file in files:
            desk.expect_ready(file["name"])
        return desk

    yield sit_down
    assert watch.foreign == []
    assert watch.dialogs == []
    assert watch.errors == []
    assert watch.blocked == []


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """A student at a desktop computer."""
    return new_desk(**DESKTOP)


@pytest.fixture
def phone(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(**PHONE)


def _sign_up(lectern: str, username: str, files: Iterable[FilePayload]) -> Any:
    """Return what a browser keeps of a sign-up: the cookie, and that there was one."""
    with httpx.Client(base_url=lectern, timeout=30, verify=TLS) as client:
        student = Student(client, username)
        for file in files:
            student.upload(file["name"], file["buffer"], file["mimeType"])
        token = client.cookies["lectern-rt"]
    cookie = {
        "name": "lectern-rt",
        "value": token,
        "domain": urlsplit(lectern).hostname,
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": False,
        "sameSite": "Strict",
    }
    hint = {"name": "lectern-refreshed-at", "value": "0"}
    return {"cookies": [cookie], "origins": [{"origin": lectern, "localStorage": [hint]}]}

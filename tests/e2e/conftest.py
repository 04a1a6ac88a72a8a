"""A real browser before the real page, the real functions and the real stack."""

import contextlib
import itertools
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dev.browser import find_chromium
from dev.student import PASSPHRASE
from tests.conftest import Configuration
from tests.e2e.desk import Desk

_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=_ARGUMENTS)
        yield chromium
        chromium.close()


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


@pytest.fixture
def watch() -> Watch:
    return Watch([], [], [])


@pytest.fixture
def open_context(
    browser: Browser, lectern: str, stack: Any, watch: Watch
) -> Generator[Callable[..., BrowserContext]]:
    """Open a browser of one's own: no cookie, no storage, every request watched."""
    own = (lectern, stack.supabase_url, "data:", "blob:")

    def look(request: Any) -> None:
        if not request.url.startswith(own):
            watch.foreign.append(request.url)

    with contextlib.ExitStack() as contexts:

        def make(**options: Any) -> BrowserContext:
            shape = options or DESKTOP
            context = browser.new_context(base_url=lectern, locale="en-GB", **shape)
            contexts.callback(context.close)
            context.set_default_timeout(15_000)
            context.on("request", look)
            context.on("page", lambda page: _listen(page, watch))
            return context

        yield make


def _listen(page: Page, watch: Watch) -> None:
    def refuse(dialog: Any) -> None:
        watch.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext], watch: Watch) -> Generator[Desk]:
    """A student at a desktop computer, signed up. Whatever the test does, the page keeps its promises."""
    yield _sign_up(open_context(**DESKTOP))
    _keep_promises(watch)


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], watch: Watch) -> Generator[Desk]:
    """The same on a phone."""
    yield _sign_up(open_context(**PHONE))
    _keep_promises(watch)


def _keep_promises(watch: Watch) -> None:
    assert watch.foreign == []
    assert watch.dialogs == []
    assert watch.errors == []


def _sign_up(context: BrowserContext) -> Desk:
    desk = Desk(context.new_page())
    desk.sign_up(f"reader-{os.getpid()}-{next(_numbers)}", PASSPHRASE)
    return desk

"""What the benches of the page share: Chromium, and a student whose browser is signed in."""

import contextlib
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.local import Local
from dev.browser import find_chromium
from dev.student import PASSPHRASE, Student


@contextlib.contextmanager
def chromium() -> Generator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        yield browser
        browser.close()


def open_page(browser: Browser, local: Local, student: Student | None, **options: Any) -> Page:
    """Open a window of its own; signed in as `student`, in a session of its own too."""
    address = str(local.client.base_url).rstrip("/")
    context = browser.new_context(base_url=address, locale="en-GB", **options)
    context.set_default_timeout(60_000)
    if student:
        body = {"username": student.username, "password": PASSPHRASE}
        value = httpx.post(f"{address}/api/auth/login", json=body, timeout=60).cookies["lectern-rt"]
        cookie: Any = {"name": "lectern-rt", "value": value, "path": "/"}
        context.add_cookies([cookie | {"domain": urlsplit(address).hostname}])
        context.add_init_script("localStorage.setItem('lectern-refreshed-at', '0')")
    return context.new_page()

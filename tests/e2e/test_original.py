"""The file as it was uploaded, beside the words that were read from it."""

import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from dev.browser import find_chromium
from tests.e2e.desk import Desk
from tests.e2e.test_axe import expect_clean
from tests.e2e.test_files import pdf_file
from tests.e2e.test_keyboard import Keyboard

VIEWER = "chrome-extension://"
SIGNING = "**/api/upload/*/content?*"


@pytest.fixture(scope="module")
def browser(launch: Callable[[str | None], Browser]) -> Generator[Browser]:
    """The whole Chromium: the other one shows no PDF."""
    with launch(find_chromium()) as chromium:
        yield chromium


def test_the_original_opens_at_the_page_that_was_quoted(desk: Desk, sample_pdf: bytes):
    desk.add(pdf_file("lecture.pdf", sample_pdf))
    desk.expect_ready("lecture.pdf")
    desk.ask("Who received the Nobel Prize in Chemistry in 1961?")
    desk.wait_for_end()
    # Not the first: that is where a viewer opens a file by itself.
    expect(desk.chips.first).to_have_accessible_name("Citation 1: lecture.pdf, page 3")
    desk.chips.first.click()
    # A frame that may not be shown is there all the same; a viewer is in one that is.
    with desk.page.expect_event("framenavigated", lambda frame: frame.url.startswith(VIEWER)):
        desk.source.get_by_role("button", name="Original").click()

    link = desk.source.get_by_role("link", name="Open in a new tab")
    expect(link).to_have_attribute("href", re.compile(r"/storage/v1/.*#page=3&"))
    expect(desk.source.locator("iframe")).to_be_visible()
    expect_clean(desk.page)
    # The viewer keeps no keyboard that comes by.
    keys = Keyboard(desk.page)
    keys.go_to(link)
    keys.go_to(desk.page.get_by_role("button", name="Skip to the conversation"))


def test_the_original_is_signed_anew_when_its_address_is_old(desk: Desk, sample_pdf: bytes):
    desk.add(pdf_file("lecture.pdf", sample_pdf))
    desk.expect_ready("lecture.pdf")
    desk.open_side().get_by_role("button", name="Actions for lecture.pdf").click()
    desk.open_side().get_by_role("link", name="Read", exact=True).click()
    desk.source.get_by_role("button", name="Original").click()
    link = desk.source.get_by_role("link", name="Open in a new tab")
    expect(link).to_be_visible()
    now = datetime.now(tz=UTC)

    desk.page.clock.set_system_time(now + timedelta(minutes=5))
    with desk.page.expect_response(SIGNING) as again, desk.page.expect_popup() as tab:
        link.click()
    tab.value.wait_for_url(re.compile(re.escape(again.value.json()["url"])))

    with desk.page.expect_response(SIGNING) as turned:
        desk.source.get_by_role("button", name="Next page").click()
    fresh = re.compile("^" + re.escape(turned.value.json()["url"]) + "#page=2&")
    expect(link).to_have_attribute("href", fresh)
    expect(desk.source.locator("iframe")).to_have_attribute("src", fresh)

    desk.page.clock.set_system_time(now + timedelta(minutes=10))
    desk.page.route(SIGNING, lambda route: route.abort(), times=1)
    desk.source.get_by_role("button", name="Next page").click()
    desk.source.get_by_role("button", name="Try again").click()
    expect(link).to_have_attribute("href", re.compile("#page=3&"))

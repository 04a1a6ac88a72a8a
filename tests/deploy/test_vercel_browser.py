"""The page on Vercel, in a real browser, under the policies that it is really served with."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from dev.browser import find_chromium
from dev.student import PASSPHRASE
from dev.vercel.building import PYTHON_VERSION
from dev.vercel.edge import Edge
from tests.deploy.journey import QUESTION, SAMPLE

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

# A slow machine starts each function and reads the file while the page waits.
_PATIENCE_MILLISECONDS = 30_000


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB")
        page.set_default_timeout(_PATIENCE_MILLISECONDS)
        expect.set_options(timeout=_PATIENCE_MILLISECONDS)
        yield page
        browser.close()


def _register(page: Page, url: str) -> None:
    page.goto(f"{url}/#/register")
    page.get_by_label("Username").fill(f"browser-{uuid.uuid4().hex[:12]}")
    page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Make the account").click()


def test_a_student_uploads_a_file_asks_and_opens_the_page_of_a_citation(
    page: Page, vercel_edge: Edge
) -> None:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    _register(page, vercel_edge.url)
    page.locator("input[type=file]").first.set_input_files(SAMPLE)
    expect(page.get_by_text("Asks your file")).to_be_visible()
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("a.chip").first.click()

    expect(page.locator("mark").first).to_contain_text("mesophyll cell")
    assert complaints == []


def test_the_page_reaches_nobody_but_its_server_and_its_storage(
    page: Page, vercel_edge: Edge
) -> None:
    page.goto(vercel_edge.url)

    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        reached = page.evaluate(
            "fetch('https://storage.invalid/').then(() => 'it', () => 'nobody')"
        )

    assert reached == "nobody"

"""What a student does with the page, in the words that are on it."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import FilePayload, Locator, Page, Route, expect

# What a busy machine may take for anything; nothing is waited for longer than it takes.
PATIENCE_SECONDS = 30


class Desk:
    """The page before a student."""

    def __init__(self, page: Page, username: str = "") -> None:
        self.page = page
        self.username = username

    def speak(self, language: str) -> None:
        """Choose the language of the page; the other members of this class know English alone."""
        self.page.evaluate(
            "language => localStorage.setItem('lectern-language', language)", language
        )
        self.page.reload()
        expect(self.page.locator(f"html[lang={language}] form.composer")).to_be_visible()

    # Files

    @property
    def is_narrow(self) -> bool:
        size = self.page.viewport_size
        return bool(size) and size["width"] < 900

    def open_side(self) -> Locator:
        """Return the side with files and chats, opened where it is a drawer."""
        side = self.page.locator("nav[aria-label='Files and chats']")
        if side.get_attribute("inert") is not None:
            self.page.get_by_role("button", name="Files and chats").first.click()
            expect(side).not_to_have_attribute("inert", "")
        return side

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow a link at the side; a drawer closes by itself then."""
        side = self.open_side()
        side.get_by_role("link", name=name).click()
        self._expect_shut_drawer()

    def wait_for(self, holds: Callable[[], object]) -> None:
        """Wait for what only events tell of."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < until, "it never was so"
            self.page.context.cookies()  # to hear of one, the browser has to be spoken to

    def close_side(self) -> None:
        if self.is_narrow:
            self.page.keyboard.press("Escape")
        self._expect_shut_drawer()

    def _expect_shut_drawer(self) -> None:
        if self.is_narrow:
            drawer = self.page.locator("nav[aria-label='Files and chats']:not([inert])")
            expect(drawer).to_have_count(0)

    def add(self, *files: FilePayload) -> None:
        """Choose files in the picker."""
        self.page.locator("input[type=file]").first.set_input_files(list(files))

    def expect_ready(self, name: str) -> None:
        side = self.open_side()
        expect(side.get_by_role("checkbox", name=f"Use {name} for questions")).to_be_checked()
        self.close_side()

    # The account

    def open_account(self) -> None:
        """Go there, and wait until all that it shows is here."""
        with self.page.expect_response("**/api/auth/sessions?*") as listed:
            self.page.goto("/#/account")
        listed.value.finished()

    # Chats

    def rename(self, chat: str, title: str) -> None:
        """Give a chat, found by how its title begins, another one."""
        side = self.open_side()
        side.get_by_role("button", name=re.compile(f"^Actions for {re.escape(chat)}")).click()
        side.get_by_role("button", name="Rename").click()
        side.get_by_label("Title of the chat").fill(title)
        side.get_by_label("Title of the chat").press("Enter")

    # Questions

    @property
    def composer(self) -> Locator:
        return self.page.get_by_label("Your question")

    def ask(self, question: str) -> None:
        self.wait_for_end()  # one question at a time
        self.composer.fill(question)
        self.composer.press("Enter")
        expect(self.composer).to_have_value("")

    @property
    def conversation(self) -> Locator:
        return self.page.get_by_role("main", name="Conversation")

    @property
    def chips(self) -> Locator:
        return self.conversation.get_by_role("link", name=re.compile(r"^Citation \d+:"))

    def wait_for_end(self) -> None:
        expect(self.page.get_by_role("button", name="Stop")).to_have_count(0)

    # The source

    @property
    def source(self) -> Locator:
        return self.page.get_by_role("complementary", name=re.compile("^Source:"))

    @property
    def marked(self) -> str:
        """The highlighted words, as one line."""
        return " ".join(" ".join(self.source.locator("mark").all_text_contents()).split())


def text_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


class Held:
    """The next requests to an address, which wait until they are let go; `count` is of all that came."""

    def __init__(self, page: Page, address: str | re.Pattern[str], most: int) -> None:
        self.count = 0
        self._page, self._most = page, most
        self._routes: list[Route] = []
        page.route(
            address, self._keep
        )  # with times=most they would be let go as soon as no handler is left

    def _keep(self, route: Route) -> None:
        self.count += 1
        if len(self._routes) < self._most:
            self._routes.append(route)
        else:
            route.fallback()

    @property
    def routes(self) -> list[Route]:
        """Return them as soon as all wait: what made the page send them may be seen before they are sent."""
        Desk(self._page).wait_for(lambda: len(self._routes) == self._most)
        return self._routes

    @property
    def route(self) -> Route:
        [route] = self.routes
        return route


def hold(page: Page, address: str | re.Pattern[str], most: int = 1) -> Held:
    """Let the next request wait, or so many."""
    return Held(page, address, most)


def must_change_password(page: Page) -> None:
    """Let the page take the student, when it is loaded next, for one with a one-time passphrase."""

    def answer(route: Route) -> None:
        reply = route.fetch()
        told = reply.json()
        user = told["user"] | {"must_change_password": True}
        route.fulfill(response=reply, json=told | {"user": user})

    page.route("**/api/auth/refresh", answer, times=1)

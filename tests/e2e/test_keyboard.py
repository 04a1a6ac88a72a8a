"""The page without a mouse."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
QUESTION = "What is basalt?"
# More stops than any view of the tests has.
MOST_STOPS = 60

# The element with the focus, and whether something around it shows that.
_FOCUS = """(() => {
  const element = document.activeElement;
  const marked = [element, element.closest("form") ?? element].some((e) => {
    const style = getComputedStyle(e);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  });
  return [element.outerHTML, marked];
})()"""


class Keyboard:
    """All that is done here is done by keys; where the focus is is looked up, and never set."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def go_to(self, target: Locator, *, backwards: bool = False) -> None:
        """Tab until the target has the focus."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            self.press("Shift+Tab" if backwards else "Tab")
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{target} cannot be reached")

    def use(self, target: Locator, *, backwards: bool = False) -> None:
        self.go_to(target, backwards=backwards)
        self.press("Enter")

    def use_here(self, target: Locator) -> None:
        """Press what has the focus already."""
        expect(target).to_be_focused()
        self.press("Enter")

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)


def test_the_whole_job_is_done_from_an_empty_browser(
    open_context: Callable[..., BrowserContext], model: ScriptedModel
):
    model.says = ANSWER
    page = open_context().new_page()
    desk, keys = Desk(page), Keyboard(page)
    page.goto("/")

    passphrase = sign_up(keys, "by-keys-alone")
    add(keys, "rocks.txt", NOTES)
    desk.expect_ready("rocks.txt")
    ask_and_look(keys, desk)
    find_again(keys, desk)
    rename_and_delete_and_undo(keys)
    sign_out_and_in(keys, "by-keys-alone", passphrase)
    expect(page.get_by_role("link", name=re.compile("^Dark rocks"))).to_be_visible()


def sign_up(keys: Keyboard, username: str) -> str:
    page = keys.page
    keys.use(page.get_by_role("link", name="New here? Make an account"))
    expect(page.get_by_role("heading", name="Make an account")).to_be_visible()
    keys.go_to(page.get_by_label("Username"), backwards=True)
    keys.write(username)
    keys.use(page.get_by_role("button", name="Suggest a passphrase"))
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_value(re.compile(r"^[a-z]+(-[a-z]+){4}$"))
    passphrase = password.input_value()
    keys.use(page.get_by_role("button", name="Make the account"))
    expect(page.get_by_label("Your question")).to_be_focused()
    return passphrase


def add(keys: Keyboard, name: str, text: str) -> None:
    with keys.page.expect_file_chooser() as chooser:
        keys.use(keys.page.get_by_role("button", name="Add files").first)
    chooser.value.set_files([text_file(name, text)])


def ask_and_look(keys: Keyboard, desk: Desk) -> None:
    keys.go_to(desk.composer)
    keys.write(QUESTION)
    keys.press("Enter")
    desk.wait_for_end()
    expect(desk.chips).to_have_count(1)
    keys.go_to(desk.chips, backwards=True)
    expect(desk.page.get_by_role("tooltip")).to_contain_text("dark volcanic rock")
    keys.press("Enter")
    expect(desk.source.locator("mark")).to_be_visible()
    keys.press("Escape")
    expect(desk.source).to_have_count(0)
    expect(desk.chips).to_be_focused()


def find_again(keys: Keyboard, desk: Desk) -> None:
    keys.use(keys.page.get_by_role("link", name="New question"), backwards=True)
    expect(desk.composer).to_be_focused()
    expect(desk.chips).to_have_count(0)
    keys.go_to(keys.page.get_by_label("Search your chats"), backwards=True)
    with keys.page.expect_response("**/api/history?q=dark&*"):
        keys.write("dark")
    keys.use(keys.page.get_by_role("link", name=re.compile(f"^{re.escape(QUESTION)}")))
    expect(desk.chips).to_have_count(1)


def rename_and_delete_and_undo(keys: Keyboard) -> None:
    page = keys.page
    keys.use(page.get_by_role("button", name=f"Actions for {QUESTION}"))
    keys.use(page.get_by_role("button", name="Rename"))
    expect(page.get_by_label("Title of the chat")).to_be_focused()
    keys.press("ControlOrMeta+A")
    keys.write("Dark rocks")
    keys.press("Enter")
    chat = page.get_by_role("link", name=re.compile("^Dark rocks"))
    expect(chat).to_be_focused()
    keys.use(page.get_by_role("button", name="Actions for Dark rocks"))
    keys.use(page.get_by_role("button", name="Delete", exact=True))
    expect(chat).to_have_count(0)
    keys.use_here(page.get_by_role("button", name="Undo"))
    expect(chat).to_be_visible()
    expect(page.get_by_role("heading", name="Chats")).to_be_focused()


def sign_out_and_in(keys: Keyboard, username: str, passphrase: str) -> None:
    page = keys.page
    keys.use(page.get_by_role("link", name=re.compile("^Account")))
    expect(page.get_by_role("heading", name="Account", exact=True)).to_be_focused()
    keys.use(page.get_by_role("button", name="Sign out", exact=True))
    keys.go_to(page.get_by_label("Username"))
    keys.write(username)
    keys.go_to(page.get_by_label("Password", exact=True))
    keys.write(passphrase)
    keys.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()


class TestWhereTheFocusGoes:
    """What had the focus is gone; the keyboard goes on from where one works."""

    @pytest.fixture
    def keys(self, desk: Desk, model: ScriptedModel) -> Keyboard:
        model.says = ANSWER
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        return Keyboard(desk.page)

    def ask(self, keys: Keyboard, desk: Desk) -> None:
        keys.go_to(desk.composer)
        keys.write(QUESTION)
        keys.press("Enter")

    def test_a_closed_failure_gives_it_back_to_what_failed(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.page.get_by_role("button", name=f"Actions for {QUESTION}"), backwards=True)
        export = desk.page.get_by_role("button", name="Export as JSON")
        desk.page.route("**/export?*", lambda route: route.abort())
        keys.use(export)
        keys.use(desk.page.get_by_role("button", name="Close"), backwards=True)

        expect(desk.page.get_by_role("alert")).to_have_count(0)
        expect(export).to_be_focused()

    def test_a_closed_failure_of_what_is_gone_gives_it_to_the_question(
        self, keys: Keyboard, desk: Desk
    ):
        desk.page.route("**/content?*", lambda route: route.abort())
        keys.use(desk.page.get_by_role("button", name="Actions for rocks.txt"), backwards=True)
        keys.use(desk.page.get_by_role("button", name="Download"))
        close = desk.page.get_by_role("button", name="Close")
        expect(close).to_be_visible()
        keys.use(desk.page.get_by_role("button", name="Actions for rocks.txt"), backwards=True)
        expect(desk.page.get_by_role("button", name="Download")).to_have_count(0)
        keys.use(close, backwards=True)

        expect(desk.composer).to_be_focused()

    def test_an_answer_that_goes_on_gives_it_to_the_question(self, keys: Keyboard, desk: Desk):
        desk.page.route("**/api/query", lambda route: route.abort("connectionreset"), times=1)
        self.ask(keys, desk)
        keys.use(desk.conversation.get_by_role("button", name="Go on"), backwards=True)

        expect(desk.composer).to_be_focused()
        desk.wait_for_end()
        expect(desk.composer).to_be_focused()
        expect(desk.chips).to_have_count(1)

    def test_a_stopped_answer_gives_it_to_the_question(
        self, keys: Keyboard, desk: Desk, model: ScriptedModel
    ):
        model.holds_after = 1
        keys.go_to(desk.composer)
        keys.write(QUESTION)
        keys.use(desk.page.get_by_role("button", name="Ask", exact=True))
        expect(desk.composer).to_be_focused()
        keys.use(desk.page.get_by_role("button", name="Stop"))

        expect(desk.composer).to_be_focused()
        desk.wait_for_end()
        expect(desk.composer).to_be_focused()
        model.release()

    def test_coming_back_to_a_chat_gives_it_to_the_conversation(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        # What was asked for once is not asked for again by coming back.
        keys.use(desk.conversation.get_by_role("button", name="Edit question"), backwards=True)
        expect(desk.composer).to_be_focused()
        desk.page.goto("/#/account")
        expect(desk.page.get_by_role("heading", name="Account", exact=True)).to_be_focused()
        desk.page.go_back()

        expect(desk.conversation).to_be_focused()

    def test_another_try_gives_it_to_the_heading_of_the_list(self, keys: Keyboard, desk: Desk):
        desk.page.route("**/api/history?*", lambda route: route.abort())
        desk.page.reload()
        again = desk.page.get_by_role("button", name="Try again")
        expect(again).to_be_visible()
        desk.page.unroute("**/api/history?*")
        keys.use(again, backwards=True)

        expect(again).to_have_count(0)
        expect(desk.page.get_by_role("heading", name="Chats")).to_be_focused()

    def test_another_try_that_fails_keeps_it(self, keys: Keyboard, desk: Desk):
        kind, problem = "application/problem+json", {"title": "", "status": 503, "detail": ""}
        problem |= {"type": "/problems/database-unavailable"}
        address = re.compile(r"/api/history\?")
        desk.page.route(
            address, lambda route: route.fulfill(status=503, content_type=kind, json=problem)
        )
        desk.page.reload()
        again = desk.page.get_by_role("button", name=re.compile("^Try again"))
        expect(again).to_be_visible()
        later = problem | {"retry_after_seconds": 600}
        desk.page.route(
            address, lambda route: route.fulfill(status=503, content_type=kind, json=later)
        )
        keys.use(again, backwards=True)

        expect(again).to_have_text(re.compile("^Try again in"))
        expect(again).to_be_disabled()
        expect(again).to_be_focused()


class TestEscapeClosesOneThing:
    @pytest.fixture
    def tablet(self, new_desk: Callable[..., Desk], model: ScriptedModel) -> Desk:
        """A student with a keyboard, and no room for the side beside the conversation."""
        desk = new_desk(viewport={"width": 768, "height": 900})
        self.have_asked(desk, model)
        return desk

    def have_asked(self, desk: Desk, model: ScriptedModel) -> None:
        model.says = ANSWER
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        desk.ask(QUESTION)
        expect(desk.chips).to_have_count(1)
        desk.wait_for_end()

    def expect_drawer(self, desk: Desk, *, is_open: bool) -> None:
        drawer = desk.page.locator("nav[aria-label='Files and chats']:not([inert])")
        expect(drawer).to_have_count(int(is_open))

    @pytest.mark.parametrize("place", ["Title of the chat", "Save"])
    def test_the_form_then_the_drawer(self, tablet: Desk, place: str):
        side, keys = tablet.open_side(), Keyboard(tablet.page)
        keys.use(side.get_by_role("button", name=f"Actions for {QUESTION}"))
        keys.use(side.get_by_role("button", name="Rename"))
        title = side.get_by_label("Title of the chat")
        expect(title).to_be_focused()
        if place == "Save":
            keys.go_to(side.get_by_role("button", name="Save"))

        keys.press("Escape")

        expect(title).to_have_count(0)
        self.expect_drawer(tablet, is_open=True)
        expect(side.get_by_role("link", name=re.compile(re.escape(QUESTION)))).to_be_focused()
        keys.press("Escape")
        self.expect_drawer(tablet, is_open=False)
        expect(tablet.page.get_by_role("button", name="Files and chats")).to_be_focused()

    def test_the_search_then_the_drawer(self, tablet: Desk):
        side, keys = tablet.open_side(), Keyboard(tablet.page)
        search = side.get_by_label("Search your chats")
        keys.go_to(search)
        keys.write("granite")
        expect(side.get_by_text("Nothing found.")).to_be_visible()

        keys.press("Escape")

        expect(search).to_have_value("")
        expect(side.get_by_role("link", name=re.compile(re.escape(QUESTION)))).to_be_visible()
        self.expect_drawer(tablet, is_open=True)
        expect(search).to_be_focused()
        keys.press("Escape")
        self.expect_drawer(tablet, is_open=False)

    def test_the_search_then_the_source(self, desk: Desk, model: ScriptedModel):
        self.have_asked(desk, model)
        desk.chips.click()
        expect(desk.source.locator("mark")).to_be_visible()
        desk.page.mouse.move(0, 0)  # under the pointer the quote would be the next to close
        expect(desk.page.get_by_role("tooltip")).to_have_count(0)
        search, keys = desk.open_side().get_by_label("Search your chats"), Keyboard(desk.page)
        keys.go_to(search, backwards=True)
        keys.write("granite")

        keys.press("Escape")

        expect(search).to_have_value("")
        expect(desk.source).to_be_visible()
        keys.press("Escape")
        expect(desk.source).to_have_count(0)


def test_the_focus_is_always_seen(desk: Desk):
    seen: list[str] = []
    for _ in range(10):
        desk.page.keyboard.press("Shift+Tab")  # from the question back to the top
        element, is_marked = desk.page.evaluate(_FOCUS)
        if element.startswith("<body"):
            break  # past the first control, the browser's own take their turn
        assert is_marked, element
        seen.append(element)
    assert len(set(seen)) >= 6

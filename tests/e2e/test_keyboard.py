"""The page without a mouse."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e import views
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, hold, text_file
from tests.e2e.test_axe import change
from tests.e2e.test_files import Pieces, pad, pdf_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
QUESTION = "What is basalt?"
# More stops than any view of the tests has.
MOST_STOPS = 60

# What has the focus: whether it was visited before, and whether its ring is there to be seen, whole.
# A ring is an outline of 2 px at least; no shadow or border counts, which may be there anyway.
_STOP = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const isKnown = visited.has(element);
  visited.add(element);
  const { outlineStyle, outlineWidth, outlineOffset, outlineColor } = getComputedStyle(element);
  const width = outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
  const isDrawn = width >= 2 && outlineColor !== "rgba(0, 0, 0, 0)";
  const reach = width + parseFloat(outlineOffset);
  const box = element.getBoundingClientRect();
  const isWithin = ({ left, top, right, bottom }) =>
    box.left - reach >= left && box.top - reach >= top &&
    box.right + reach <= right && box.bottom + reach <= bottom;
  const clips = [{ left: 0, top: 0, right: innerWidth, bottom: innerHeight }];
  for (let around = element.parentElement; around; around = around.parentElement) {
    if (getComputedStyle(around).overflow !== "visible") clips.push(around.getBoundingClientRect());
  }
  return { isKnown, isSeen: isDrawn && clips.every(isWithin), html: element.outerHTML };
}"""

# What can be pressed and was not visited.
_MISSED = """() => {
  const view = document.querySelector("dialog[open]") ?? document;
  return [...view.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")]
    .filter((e) => e.tabIndex >= 0 && !e.disabled && !e.closest("[inert]"))
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !visited.has(e))
    .map((e) => e.outerHTML);
}"""

# Whether the quote is beside its chip: below it, or above.
_IS_BESIDE = """() => {
  const [chip, card] = [".chip", ".quote-card"].map((which) => document.querySelector(which));
  const [at, shown] = [chip, card].map((element) => element?.getBoundingClientRect());
  return shown && [shown.top - at.bottom, at.top - shown.bottom].some((gap) => Math.abs(gap - 8) < 1);
}"""

# Press a button, and Escape before the browser has drawn what that changed.
_THEN_ESCAPE = """button => {
  button.focus();
  button.click();
  queueMicrotask(() => queueMicrotask(() => {
    const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(escape);
  }));
}"""

# Twice, as a key that is held, and before a step back is made; return when that is over.
_ESCAPE_TWICE = """() => new Promise(resolve => {
  const press = () => dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", cancelable: true }));
  press();
  queueMicrotask(() => queueMicrotask(press));
  addEventListener("popstate", () => setTimeout(resolve, 100), { once: true });
})"""

# As Safari sends the key that ends a composed word: after its end, so that its code alone says it.
_END_THE_WORD = """(field, key) => field.dispatchEvent(
  new KeyboardEvent("keydown", { key, keyCode: 229, bubbles: true, cancelable: true }))"""

# Press a button; return what has the focus before the browser has drawn what that changed.
_FOCUS_AFTER = """button => new Promise(resolve => {
  button.focus();
  button.click();
  queueMicrotask(() => queueMicrotask(() => {
    const { ariaLabel, textContent } = document.activeElement;
    resolve(ariaLabel || textContent);
  }));
})"""


# Press a button, and what has the focus then, before the browser has drawn anything; return when all is drawn.
_THEN_WHAT_HAS_IT = """button => new Promise(resolve => {
  button.focus();
  button.click();
  queueMicrotask(() => queueMicrotask(() => {
    document.activeElement.click();
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
  }));
})"""


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

    def test_an_answer_that_ends_leaves_it_to_the_button(
        self, keys: Keyboard, desk: Desk, model: ScriptedModel
    ):
        model.holds_after = 1
        self.ask(keys, desk)
        keys.go_to(desk.page.get_by_role("button", name="Stop"))

        model.release()

        ask = desk.page.get_by_role("button", name="Ask", exact=True)
        expect(ask).to_be_focused()
        expect(ask).to_be_disabled()
        expect(desk.chips).to_have_count(1)
        keys.press("Enter")
        expect(desk.composer).to_have_value("")
        expect(desk.conversation.get_by_role("article")).to_have_count(1)

    def test_a_form_that_stays_open_takes_it_once(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.page.get_by_role("link", name="New question"), backwards=True)
        expect(desk.chips).to_have_count(0)
        keys.use(desk.page.get_by_role("button", name=f"Actions for {QUESTION}"), backwards=True)
        keys.use(desk.page.get_by_role("button", name="Rename"))
        expect(desk.page.get_by_label("Title of the chat")).to_be_focused()
        keys.go_to(desk.composer)
        keys.write("Is it dark?")
        keys.press("Enter")

        # The list is drawn anew when the answer is there.
        listed = desk.page.get_by_role("link", name=re.compile(r"^Is it dark\?.*1 question"))
        expect(listed).to_be_visible()
        desk.wait_for_end()
        expect(desk.composer).to_be_focused()

    def test_a_title_that_is_saved_leaves_it_to_what_has_it(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.page.get_by_role("button", name=f"Actions for {QUESTION}"), backwards=True)
        keys.use(desk.page.get_by_role("button", name="Rename"))
        keys.press("ControlOrMeta+A")
        keys.write("Dark rocks")
        held = hold(desk.page, "**/api/history/*")
        keys.press("Enter")
        keys.go_to(desk.composer)

        held.route.continue_()

        expect(desk.page.get_by_role("link", name=re.compile("^Dark rocks"))).to_be_visible()
        expect(desk.composer).to_be_focused()

    def test_a_question_that_is_edited_has_it_at_once(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()

        edit = desk.conversation.get_by_role("button", name="Edit question")

        assert edit.evaluate(_FOCUS_AFTER) == "Your question"

    def test_a_chat_that_is_deleted_gives_it_to_its_undo_at_once(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.page.get_by_role("button", name=f"Actions for {QUESTION}"), backwards=True)

        delete = desk.page.get_by_role("button", name="Delete", exact=True)

        assert delete.evaluate(_FOCUS_AFTER) == "Undo"

    def test_a_deletion_that_is_undone_at_once_gives_it_to_the_list(
        self, keys: Keyboard, desk: Desk
    ):
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.page.get_by_role("button", name=f"Actions for {QUESTION}"), backwards=True)

        desk.page.get_by_role("button", name="Delete", exact=True).evaluate(_THEN_WHAT_HAS_IT)

        expect(
            desk.page.get_by_role("link", name=re.compile(f"^{re.escape(QUESTION)}"))
        ).to_be_visible()
        expect(desk.page.get_by_role("heading", name="Chats")).to_be_focused()

    def test_an_upload_keeps_it_at_its_button_and_then_gives_it_to_the_list(
        self, keys: Keyboard, desk: Desk, sample_pdf: bytes
    ):
        pieces = Pieces(desk, pdf_file("large.pdf", pad(sample_pdf)))
        pause = desk.page.get_by_role("button", name="Pause")
        keys.go_to(pause, backwards=True)
        desk.page.context.set_offline(True)
        expect(desk.page.get_by_text("Connection lost. Goes on by itself")).to_be_visible()
        expect(pause).to_be_disabled()
        expect(pause).to_be_focused()

        desk.page.context.set_offline(False)
        pieces.release()

        desk.expect_ready("large.pdf")
        expect(desk.page.get_by_role("heading", name="Files", exact=True)).to_be_focused()

    def test_an_upload_that_fails_gives_it_to_the_list(
        self, keys: Keyboard, desk: Desk, sample_pdf: bytes
    ):
        held = hold(desk.page, "**/upload/resumable/**")
        desk.add(pdf_file("large.pdf", pad(sample_pdf)))
        keys.go_to(desk.page.get_by_role("button", name="Pause"), backwards=True)

        held.route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})

        row = desk.page.get_by_role("listitem").filter(has_text="large.pdf")
        expect(row.get_by_text("did not take this file")).to_be_visible()
        expect(desk.page.get_by_role("heading", name="Files", exact=True)).to_be_focused()

    def test_a_source_that_a_page_was_loaded_with_gives_it_to_the_question(
        self, keys: Keyboard, desk: Desk
    ):
        self.open_source(keys, desk)
        desk.page.reload()
        expect(desk.source.locator("mark")).to_be_visible()
        expect(desk.source.get_by_role("heading")).to_be_focused()

        keys.press("Escape")

        expect(desk.source).to_have_count(0)
        expect(desk.composer).to_be_focused()

    def test_a_source_that_closes_leaves_it_to_what_has_it(self, keys: Keyboard, desk: Desk):
        self.open_source(keys, desk)
        keys.go_to(desk.composer, backwards=True)

        keys.press("Escape")

        expect(desk.source).to_have_count(0)
        expect(desk.composer).to_be_focused()

    def open_source(self, keys: Keyboard, desk: Desk) -> None:
        self.ask(keys, desk)
        desk.wait_for_end()
        keys.use(desk.chips, backwards=True)
        expect(desk.source.locator("mark")).to_be_visible()

    def test_the_last_part_of_the_chats_goes_on_after_those_before(
        self, keys: Keyboard, desk: Desk
    ):
        self.ask(keys, desk)
        desk.wait_for_end()
        change(desk.page, "**/api/history?*limit=30*", lambda found: with_chats(found, 30, "more"))
        change(desk.page, "**/api/history?*limit=60*", lambda found: with_chats(found, 40, None))
        desk.page.reload()
        more = desk.page.get_by_role("button", name="Show more")
        expect(more).to_be_visible()
        keys.use(more, backwards=True)

        expect(desk.page.get_by_role("link", name=re.compile("^Chat 40 "))).to_be_visible()
        expect(more).to_have_count(0)
        expect(desk.page.get_by_role("link", name=re.compile("^Chat 30 "))).to_be_focused()
        keys.press("Tab")
        keys.press("Tab")
        expect(desk.page.get_by_role("link", name=re.compile("^Chat 31 "))).to_be_focused()

    def test_the_earliest_questions_give_it_to_the_conversation(self, keys: Keyboard, desk: Desk):
        self.ask(keys, desk)
        desk.wait_for_end()
        change(desk.page, "**/api/history/*?*", lambda found: with_questions(found, 35))
        desk.page.reload()
        earlier = desk.page.get_by_role("button", name="Show earlier questions")
        expect(earlier).to_be_attached()
        keys.use(desk.page.get_by_role("button", name="Skip to the conversation"))
        expect(desk.conversation).to_be_focused()

        # What is reached is in sight, and what is in sight shows them by itself.
        keys.press("Tab")

        expect(earlier).to_have_count(0)
        expect(desk.conversation).to_be_focused()
        keys.press("Tab")
        expect(desk.chips.first).to_be_focused()


def test_a_quote_stays_beside_its_number_and_goes_with_it(desk: Desk, model: ScriptedModel):
    much = "And so on.\n\n" * 40
    model.says = f"{much}{ANSWER}\n\n{much}"
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    desk.ask(QUESTION)
    desk.wait_for_end()
    keys, quote = Keyboard(desk.page), desk.page.get_by_role("tooltip")

    # Out of sight before: the focus scrolls to it.
    expect(desk.chips).not_to_be_in_viewport()
    keys.go_to(desk.chips, backwards=True)
    desk.page.wait_for_function(_IS_BESIDE)
    expect(desk.chips).to_be_in_viewport()
    scroller = desk.conversation.locator(".scroller")
    for way in (60, -90):
        scroller.evaluate("(scroller, way) => scroller.scrollBy(0, way)", way)
        desk.page.wait_for_function(_IS_BESIDE)

    scroller.evaluate("scroller => scroller.scrollTo(0, scroller.scrollHeight)")

    expect(quote).to_have_count(0)
    expect(desk.chips).to_be_focused()


def with_chats(found: Any, count: int, next_cursor: str | None) -> Any:
    """Make so many chats of the one that was found."""
    [chat] = found["chats"]
    names = [{"chat_id": str(UUID(int=n)), "title": f"Chat {n}"} for n in range(1, count + 1)]
    return {"chats": [chat | name for name in names], "next_cursor": next_cursor}


def with_questions(found: Any, count: int) -> Any:
    """Make so many questions of the one that was asked."""
    [query] = found["queries"]
    return found | {"queries": [query | {"id": number} for number in range(1, count + 1)]}


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

    def test_the_drawer_as_soon_as_it_is_open(self, tablet: Desk):
        tablet.page.get_by_role("button", name="Files and chats").evaluate(_THEN_ESCAPE)

        self.expect_drawer(tablet, is_open=False)

    def test_the_drawer_as_soon_as_the_form_is_closed(self, tablet: Desk):
        side = tablet.open_side()
        side.get_by_role("button", name=f"Actions for {QUESTION}").click()
        side.get_by_role("button", name="Rename").click()

        side.get_by_role("button", name="Cancel").evaluate(_THEN_ESCAPE)

        self.expect_drawer(tablet, is_open=False)

    def test_the_question_before_a_deletion_as_soon_as_it_is_there(self, tablet: Desk):
        """The drawer below it hears nothing of what is pressed."""
        side = tablet.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()

        side.get_by_role("button", name="Delete", exact=True).evaluate(_THEN_ESCAPE)

        expect(tablet.page.get_by_role("dialog")).to_be_visible()
        self.expect_drawer(tablet, is_open=True)

    def test_the_source_as_soon_as_it_is_open(self, tablet: Desk):
        tablet.chips.evaluate(_THEN_ESCAPE)

        expect(tablet.source).to_have_count(0)
        expect(tablet.chips).to_be_focused()

    def test_that_is_pressed_twice_the_source_and_not_the_chat(self, tablet: Desk):
        tablet.chips.click()
        expect(tablet.source.locator("mark")).to_be_visible()

        tablet.page.evaluate(_ESCAPE_TWICE)

        expect(tablet.source).to_have_count(0)
        expect(tablet.page).to_have_url(re.compile(r"#/chat/[0-9a-f-]+$"))
        expect(tablet.chips).to_have_count(1)

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
        search, keys = desk.open_side().get_by_label("Search your chats"), Keyboard(desk.page)
        desk.page.mouse.move(0, 0)
        keys.go_to(search, backwards=True)
        # Where the pointer or the focus has just been, the quote would be the next to close.
        expect(desk.page.get_by_role("tooltip")).to_have_count(0)
        keys.write("granite")

        keys.press("Escape")

        expect(search).to_have_value("")
        expect(desk.source).to_be_visible()
        keys.press("Escape")
        expect(desk.source).to_have_count(0)


class TestTheKeyThatEndsAComposedWord:
    def test_sends_no_question(self, desk: Desk, model: ScriptedModel):
        model.says = ANSWER
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        desk.composer.fill("玄武岩")

        is_left_alone = desk.composer.evaluate(_END_THE_WORD, "Enter")

        assert is_left_alone
        expect(desk.composer).to_have_value("玄武岩")
        desk.composer.press("Enter")
        expect(desk.composer).to_have_value("")
        expect(desk.conversation.get_by_role("article", name="玄武岩")).to_have_count(1)

    def test_closes_nothing(self, desk: Desk):
        search = desk.open_side().get_by_label("Search your chats")
        search.fill("玄武岩")

        is_left_alone = search.evaluate(_END_THE_WORD, "Escape")

        assert is_left_alone
        expect(search).to_have_value("玄武岩")
        search.press("Escape")
        expect(search).to_have_value("")


def walk(page: Page) -> list[dict[str, Any]]:
    """Tab through all there is, once, and return every stop."""
    stops: list[dict[str, Any]] = []
    page.evaluate("window.visited = new Set()")
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop and stop["isKnown"]:
            # The way to the conversation lies over other things while it has the focus.
            page.evaluate("document.activeElement.blur()")
            return stops
        if stop:  # past the last one the browser's own take their turn
            stops.append(stop)
    raise AssertionError("there is no end to it")


def expect_seen(page: Page, view: str) -> None:
    assert [stop["html"] for stop in walk(page) if not stop["isSeen"]] == [], view
    assert page.evaluate(_MISSED) == [], view


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_focus_is_always_seen(
    new_desk: Callable[..., Desk], model: ScriptedModel, size: dict[str, Any]
):
    # Where a drawer still slides in, its rings are not yet where they will be.
    desk = new_desk(**size, reduced_motion="reduce")
    for view in views.of_a_student(desk, model):
        expect_seen(desk.page, view)


def test_the_focus_is_always_seen_before_signing_in(open_context: Callable[..., BrowserContext]):
    page = open_context().new_page()
    for view in views.before_signing_in(page):
        expect_seen(page, view)

"""What one does with an answer, and where it is found again."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Request, Response, Route, expect

from dev.student import PASSPHRASE
from tests.conftest import TLS
from tests.e2e.conftest import DESKTOP, PATIENCE_MILLISECONDS, PHONE
from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is **dark** <cite passage="1">{NOTES}</cite>.'
QUESTION = "What is basalt?"
# In this document; the next one begins without.
_NOTE_THAT_A_FORM_IS_DRAWN = """() => {
  window.isOld = true;
  const note = () => {
    if (document.querySelector("input[autocomplete=username]:not([hidden])"))
      sessionStorage.setItem("drawn", "yes");
  };
  new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
}"""
_WAIT_AS_LONG_AS_IT_TAKES = """() => {
  AbortSignal.timeout = () => new AbortController().signal;
}"""
REFUSED: dict[str, Any] = {
    "status": 409,
    "content_type": "application/problem+json",
    "json": {"type": "/problems/file-not-ready", "title": "", "status": 409, "detail": ""},
}
_LEAVE_NO_ROOM = """
const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (...entry) {
  if (this === sessionStorage) throw new DOMException("", "QuotaExceededError");
  set.apply(this, entry);
};
"""
PRESS_TWICE = "button => { button.click(); button.click(); }"


@pytest.fixture
def reader(new_desk: Callable[..., Desk], model: ScriptedModel) -> Desk:
    model.says = ANSWER
    allowed = ["clipboard-read", "clipboard-write"]
    return new_desk(text_file("rocks.txt", NOTES), permissions=allowed)


@pytest.fixture
def answered(reader: Desk) -> Desk:
    reader.ask(QUESTION)
    expect(reader.chips).to_have_count(1)
    reader.wait_for_end()
    return reader


class TestWhileItComes:
    def test_it_is_stopped_and_what_arrived_stays(self, reader: Desk, model: ScriptedModel):
        model.says, model.holds_after = f"As the file says. {ANSWER}", 4
        reader.ask(QUESTION)
        expect(reader.conversation).to_contain_text("As the file says.")
        reader.page.get_by_role("button", name="Stop").click()

        expect(reader.conversation.get_by_text("You stopped this answer.")).to_be_visible()
        expect(reader.conversation).to_contain_text("As the file says.")
        model.holds_after = None
        reader.conversation.get_by_role("button", name="Ask again").click()
        expect(reader.chips).to_have_count(1)

    def test_stopped_before_it_begins_it_leaves_one_chat(self, reader: Desk, model: ScriptedModel):
        model.says, model.holds_after = ANSWER, 0
        held = hold(reader.page, "**/api/query")
        reader.ask(QUESTION)
        reader.page.get_by_role("button", name="Stop").click()
        expect(reader.conversation.get_by_text("Stopping …")).to_be_visible()
        held.route.continue_()
        expect(reader.conversation.get_by_text("before it began")).to_be_visible()
        model.holds_after = None
        reader.conversation.get_by_role("button", name="Ask again").click()
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()

        expect(reader.open_side().get_by_role("link", name=re.compile("^What is"))).to_have_count(1)
        reader.page.reload()
        expect(reader.conversation.get_by_role("article")).to_have_count(2)

    def test_stopped_twice_it_is_not_waited_for(self, reader: Desk):
        hold(reader.page, "**/api/query")
        reader.ask(QUESTION)
        stop = reader.page.get_by_role("button", name="Stop")
        stop.click()
        expect(reader.conversation.get_by_text("Stopping …")).to_be_visible()
        stop.click()
        expect(reader.conversation.get_by_text(re.compile("Before you ask"))).to_be_visible()

        reader.conversation.get_by_role("button", name="Go on").click()
        expect(reader.chips).to_have_count(1)

    def test_its_first_word_calls_nobody_back_from_the_account(self, reader: Desk):
        held = hold(reader.page, "**/api/query")
        with reader.page.expect_request("**/api/query"):
            reader.ask(QUESTION)
        reader.follow(re.compile("^Account"))
        with reader.page.expect_response("**/api/history?*"):  # once it has been answered
            held.route.continue_()

        expect(reader.page).to_have_url(re.compile("#/account$"))
        expect(reader.page.get_by_role("heading", name="Account", exact=True)).to_be_visible()

    def test_going_on_asks_with_the_words_of_the_question(self, reader: Desk, model: ScriptedModel):
        model.says, model.stops_after = f"As the file says. {ANSWER}", 4
        reader.ask(QUESTION)
        expect(reader.conversation.get_by_text(re.compile("broke off"))).to_be_visible()
        model.stops_after = None
        reader.conversation.get_by_role("button", name="Go on").click()

        expect(
            reader.conversation.get_by_role("heading", name=f"Go on: {QUESTION}")
        ).to_be_visible()
        expect(reader.chips).to_have_count(1)

    def test_nothing_moves_for_those_who_want_less_of_it(
        self, new_desk: Callable[..., Desk], model: ScriptedModel
    ):
        desk = new_desk(**DESKTOP, reduced_motion="reduce")
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        model.says, model.holds_after = ANSWER, 2
        desk.ask(QUESTION)
        expect(desk.conversation).to_contain_text("Basalt is")

        moving = desk.page.evaluate(
            """document.getAnimations().filter(a => a.effect.getComputedTiming().endTime > 50).length"""
        )
        assert moving == 0
        model.release()


def refuse_question(desk: Desk, question: str = QUESTION) -> None:
    """Ask a question that the server does not even write down."""
    desk.page.route("**/api/query", lambda route: route.fulfill(**REFUSED), times=1)
    desk.ask(question)
    desk.wait_for_end()


class TestOneQuestionAtATime:
    def test_pressing_twice_asks_once(self, answered: Desk, model: ScriptedModel):
        model.holds_after = 4
        again = answered.conversation.get_by_role("button", name="Ask again")
        again.focus()
        again.evaluate(PRESS_TWICE)

        expect(answered.conversation.get_by_role("article")).to_have_count(2)
        expect(again).to_be_disabled()
        expect(again).to_be_focused()
        model.release()
        answered.wait_for_end()
        expect(again).to_have_count(2)
        expect(again.first).to_be_enabled()
        assert len(model.prompts) == 2

    def test_pressing_twice_begins_one_chat(self, reader: Desk, model: ScriptedModel):
        refuse_question(reader)
        reader.conversation.get_by_role("button", name="Ask again").evaluate(PRESS_TWICE)
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()

        expect(reader.conversation.get_by_role("article")).to_have_count(2)
        expect(reader.open_side().get_by_role("link", name=re.compile("^What is"))).to_have_count(1)
        assert len(model.prompts) == 1

    def test_of_no_file_is_not_sent(self, answered: Desk):
        answered.open_side().get_by_role("checkbox", name="Use rocks.txt for questions").uncheck()
        again = answered.conversation.get_by_role("button", name="Ask again")
        expect(again).to_be_disabled()
        again.click(force=True)

        expect(answered.conversation.get_by_role("article")).to_have_count(1)
        answered.open_side().get_by_role("checkbox", name="Use rocks.txt for questions").check()
        again.click()
        expect(answered.chips).to_have_count(2)


@pytest.mark.parametrize("place", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_new_question_takes_the_place_of_one_that_came_to_nothing(
    new_desk: Callable[..., Desk], place: dict[str, Any]
):
    desk = new_desk(**place)
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    refuse_question(desk)
    expect(desk.conversation.get_by_role("article")).to_have_count(1)

    desk.follow("New question")

    expect(desk.conversation.get_by_role("article")).to_have_count(0)
    expect(desk.page.get_by_text("What would you like to know?")).to_be_visible()
    expect(desk.composer).to_have_value(QUESTION)
    if not desk.is_narrow:
        expect(desk.composer).to_be_focused()


class TestAQuestionThatCameToNothing:
    """Nobody but the page has it."""

    @pytest.mark.parametrize("ways", [["/#/"], ["/#/account", "/#/"]], ids=["chat", "account"])
    def test_is_there_when_one_comes_back_to_its_chat(self, answered: Desk, ways: list[str]):
        refuse_question(answered, "Is it dark?")
        refused = answered.conversation.get_by_role("article", name="Is it dark?")
        expect(refused).to_be_visible()
        chat = answered.page.url
        for way in ways:
            answered.page.goto(way)
            expect(refused).to_have_count(0)

        answered.page.goto(chat)

        expect(answered.conversation.get_by_role("article")).to_have_count(2)
        refused.get_by_role("button", name="Ask again").click()
        expect(answered.chips).to_have_count(2)

    def test_is_there_when_one_comes_back_to_the_new_chat(self, answered: Desk):
        chat = answered.page.url
        answered.follow("New question")
        expect(answered.conversation.get_by_role("article")).to_have_count(0)
        refuse_question(answered, "Is it dark?")
        refused = answered.conversation.get_by_role("article", name="Is it dark?")
        expect(refused).to_be_visible()
        answered.page.goto(chat)
        expect(answered.chips).to_have_count(1)
        expect(refused).to_have_count(0)

        answered.follow("New question")

        expect(refused).to_be_visible()

    def test_after_another_was_begun_is_told_of(self, reader: Desk):
        held = hold(reader.page, "**/api/query")
        reader.ask(QUESTION)
        route = held.route
        reader.follow("New question")
        expect(reader.conversation.get_by_role("article")).to_have_count(0)

        route.fulfill(**REFUSED)

        expect(reader.conversation.get_by_role("article", name=QUESTION)).to_be_visible()

    def test_leaves_its_words_behind_what_is_being_written(self, reader: Desk):
        refuse_question(reader)
        reader.composer.fill("Is it dark?")

        reader.follow("New question")

        expect(reader.conversation.get_by_role("article")).to_have_count(0)
        expect(reader.composer).to_have_value("Is it dark?")
        reader.composer.press("Enter")
        expect(reader.composer).to_have_value(QUESTION)


class TestWhatIsBeingWritten:
    def test_outlives_a_reload_with_what_made_way_for_it(self, answered: Desk):
        answered.composer.fill("And what of gneiss")
        answered.conversation.get_by_role("button", name="Edit question").click()
        expect(answered.composer).to_have_value(QUESTION)

        answered.page.reload()

        expect(answered.composer).to_have_value(QUESTION)
        expect(answered.chips).to_have_count(1)
        answered.composer.press("Enter")
        expect(answered.composer).to_have_value("And what of gneiss")

    @pytest.mark.parametrize("place", ["here", "in another tab"])
    def test_is_gone_with_who_signs_out(self, answered: Desk, place: str):
        page = answered.page
        answered.composer.fill("And what of gneiss")
        tab = page if place == "here" else page.context.new_page()
        tab.goto("/#/account")
        tab.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(page.get_by_label("Username")).to_be_visible()

        assert page.evaluate("sessionStorage.getItem('lectern-draft')") is None
        page.get_by_label("Username").fill(answered.username)
        page.get_by_label("Password", exact=True).fill(PASSPHRASE)
        page.get_by_role("button", name="Sign in").click()
        expect(answered.composer).to_have_value("")

    def test_is_asked_though_there_is_no_room_to_keep_it(self, reader: Desk):
        reader.page.add_init_script(_LEAVE_NO_ROOM)
        reader.page.reload()
        reader.expect_ready("rocks.txt")

        reader.ask(QUESTION)

        expect(reader.chips).to_have_count(1)


def test_the_scope_of_a_question_leads_to_the_files(reader: Desk):
    files = reader.page.get_by_role("heading", name="Files", exact=True)
    reader.page.get_by_role("button", name="Asks your file").click()
    expect(files).to_be_focused()
    expect(files).to_have_css("outline-style", "solid")

    reader.open_side().get_by_role("checkbox", name="Use rocks.txt for questions").uncheck()
    reader.page.get_by_role("button", name="Choose at least one file").click()
    expect(files).to_be_focused()


def test_the_next_citation_shows_its_words_and_gets_the_focus_back(
    reader: Desk, model: ScriptedModel
):
    hard = "Granite is a pale rock that cools slowly in the deep."
    reader.add(text_file("deep.txt", hard))
    reader.expect_ready("deep.txt")

    def cite_both(messages: list[dict[str, str]]) -> str:
        quotes = sorted((NOTES, hard), key=messages[-1]["content"].index)
        return " ".join(
            f'So it is <cite passage="{number}">{quote}</cite>.'
            for number, quote in enumerate(quotes, 1)
        )

    model.says = cite_both
    reader.ask("Which rock cools slowly, and which rock cools quickly?")
    expect(reader.chips).to_have_count(2)
    reader.wait_for_end()
    first, second = reader.chips.first, reader.chips.last
    first.click()
    expect(reader.source.locator("mark")).to_be_visible()
    words = reader.marked
    reader.source.get_by_role("button", name="Original").click()
    expect(reader.source.locator("mark")).to_have_count(0)

    second.click()
    expect(reader.source.locator("mark")).to_be_visible()
    assert {words, reader.marked} == {NOTES, hard}
    reader.source.get_by_role("button", name="Original").click()
    second.click()
    expect(reader.source.locator("mark")).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(reader.source).to_have_count(0)
    expect(second).to_be_focused()


def test_the_same_citation_brings_its_words_back(
    new_desk: Callable[..., Desk], model: ScriptedModel
):
    others = "\n\n".join(f"Granite number {n} is pale and cools slowly." for n in range(60))
    reader = new_desk(text_file("rocks.txt", f"{others}\n\n{NOTES}"))
    model.says = lambda messages: ANSWER.replace("1", passage_of(NOTES, messages))
    reader.ask(QUESTION)
    reader.chips.click()
    words = reader.source.locator("mark")
    expect(words).to_be_in_viewport()
    reader.source.locator(".source-body").evaluate("sheet => { sheet.scrollTop = 0; }")
    expect(words).not_to_be_in_viewport()

    reader.chips.click()

    expect(words).to_be_in_viewport()


def passage_of(quote: str, messages: list[dict[str, str]]) -> str:
    """Return the number of the passage that has a quote, as the model is told it."""
    before = messages[-1]["content"].split(quote)[0]
    return re.findall(r'<passage-\w+ n="(\d+)"', before)[-1]


def test_one_key_closes_one_thing(reader: Desk, model: ScriptedModel):
    model.says = ANSWER
    reader.ask(QUESTION)
    reader.wait_for_end()
    reader.chips.click()
    expect(reader.source.locator("mark")).to_be_visible()
    quote = reader.page.get_by_role("tooltip")
    expect(quote).to_have_count(0)  # what is open needs none
    reader.composer.hover()
    reader.chips.hover()
    expect(quote).to_be_visible()

    reader.page.keyboard.press("Escape")
    expect(quote).to_have_count(0)
    expect(reader.source).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(reader.source).to_have_count(0)


def test_what_nobody_sees_in_pasted_words_is_no_fault_of_theirs(reader: Desk, model: ScriptedModel):
    """Office breaks lines with vertical tabs, and the text of a PDF has form feeds."""
    reader.ask("What is\vbasalt?")
    expect(reader.chips).to_have_count(1)
    assert "What is basalt?" in model.prompts[-1][-1]["content"]
    reader.rename("What is", "Dark\frocks")
    side = reader.open_side()
    expect(side.get_by_role("link", name=re.compile("^Dark rocks"))).to_be_visible()

    with reader.page.expect_response("**/api/history?q=*") as found:
        side.get_by_label("Search your chats").fill("dark\frocks")
    assert found.value.ok


class TestASourceOpenBeforeTheFirstQuestion:
    @pytest.mark.parametrize("way", ["button", "key"])
    def test_is_closed_and_the_chat_stays(self, reader: Desk, model: ScriptedModel, way: str):
        side = reader.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        side.get_by_role("link", name="Read", exact=True).click()
        expect(reader.source).to_contain_text("dark volcanic rock")
        model.says, model.holds_after = f"As the file says. {ANSWER}", 4
        reader.ask(QUESTION)
        expect(reader.conversation).to_contain_text("As the file says.")

        if way == "button":
            reader.source.get_by_role("button", name="Close").click()
        else:
            reader.page.keyboard.press("Escape")

        expect(reader.source).to_have_count(0)
        model.release()
        expect(reader.chips).to_have_count(1)
        expect(reader.page).to_have_url(re.compile("#/chat/[0-9a-f-]{36}$"))


class TestAnAnswerWithoutAQuote:
    def test_is_not_to_be_relied_on_however_short(self, reader: Desk, model: ScriptedModel):
        model.says = "It is black."
        reader.ask(QUESTION)

        told = reader.conversation.get_by_role("article")
        expect(told.get_by_role("heading", name="Not backed by your files")).to_be_visible()
        expect(told.get_by_text("Do not rely on it.")).to_be_visible()
        expect(told).not_to_contain_text("Not in your files")
        log = reader.page.get_by_role("log")
        expect(log).to_contain_text("Not backed by your files. No quote for this was found")
        expect(log).to_contain_text("Do not rely on it.")
        reader.page.reload()
        expect(told.get_by_text("Do not rely on it.")).to_be_visible()

    @pytest.mark.parametrize("question", [QUESTION, "Ist der Basalt ein dunkles Gestein?"])
    def test_that_says_so_itself_is_not_in_the_files(
        self, reader: Desk, model: ScriptedModel, question: str
    ):
        model.says = "NOT_FOUND"
        reader.ask(question)

        told = reader.conversation.get_by_role("article")
        expect(told.get_by_role("heading", name="Not in your files")).to_be_visible()
        expect(told).not_to_contain_text("Do not rely on it.")
        expect(reader.page.get_by_role("log")).to_contain_text("Not in your files. Try other words")


class TestAfterwards:
    def test_its_number_is_there_while_the_answer_goes_on(self, reader: Desk, model: ScriptedModel):
        model.says = f"{ANSWER} It is heavy, too."
        model.holds_after = len(ANSWER.split())
        reader.ask(QUESTION)

        expect(reader.chips).to_have_count(1)
        expect(reader.page.get_by_role("button", name="Stop")).to_be_visible()
        expect(reader.conversation).not_to_contain_text("heavy")
        model.release()
        expect(reader.conversation).to_contain_text("It is heavy, too.")

    def test_it_may_be_all_that_an_item_says(self, reader: Desk, model: ScriptedModel):
        quote = f'<cite passage="1">{NOTES}</cite>'
        model.says = f"Two reasons:\n\n- {quote}\n- It is heavy.\n\n1. {quote}"
        reader.ask(QUESTION)

        expect(reader.chips).to_have_count(2)
        items = reader.conversation.locator(".answer").get_by_role("listitem")
        number = reader.page.get_by_role("link", name=re.compile(r"^Citation \d+:"))
        expect(items.filter(has=number)).to_have_count(2)
        expect(items.filter(has_text="It is heavy.")).to_have_count(1)

    def test_the_quote_is_shown_beside_its_number(self, answered: Desk):
        answered.chips.first.hover()

        expect(answered.page.get_by_role("tooltip")).to_contain_text(NOTES)

    @pytest.mark.parametrize("ways", [["/#/"], ["/#/account", "/#/"]], ids=["chat", "account"])
    def test_its_quote_is_not_shown_over_another_chat(self, answered: Desk, ways: list[str]):
        """The pointer rests, as it does for who goes back by a key."""
        answered.chips.hover()
        expect(answered.page.get_by_role("tooltip")).to_contain_text(NOTES)

        for way in ways:
            answered.page.goto(way)
            expect(answered.chips).to_have_count(0)

        expect(answered.page.get_by_text("What would you like to know?")).to_be_visible()
        expect(answered.page.get_by_role("tooltip")).to_have_count(0)

    def test_it_is_copied_without_a_trace_of_the_page(self, answered: Desk):
        answered.conversation.get_by_role("button", name="Copy").click()

        expect(answered.conversation.get_by_role("button", name="Copied")).to_be_visible()
        copied = answered.page.evaluate("navigator.clipboard.readText()")
        assert copied == "Basalt is **dark** [1]."

    def test_the_question_is_edited_and_sent_again(self, answered: Desk, model: ScriptedModel):
        answered.conversation.get_by_role("button", name="Edit question").click()
        expect(answered.composer).to_be_focused()
        expect(answered.composer).to_have_value(QUESTION)
        answered.ask("Is basalt dark?")

        expect(answered.chips).to_have_count(2)
        assert "Is basalt dark?" in model.prompts[-1][-1]["content"]

    def test_what_was_being_written_returns_once_the_edited_question_is_sent(self, answered: Desk):
        answered.composer.fill("And what of gneiss")
        edit = answered.conversation.get_by_role("button", name="Edit question")
        edit.click()
        expect(answered.composer).to_have_value(QUESTION)
        edit.click()
        answered.composer.press("Enter")

        expect(answered.composer).to_have_value("And what of gneiss")
        expect(answered.chips).to_have_count(2)

    def test_what_was_changed_of_an_edited_question_returns_as_well(self, answered: Desk):
        answered.composer.fill("And what of gneiss")
        edit = answered.conversation.get_by_role("button", name="Edit question")
        edit.click()
        expect(answered.composer).to_have_value(QUESTION)
        answered.composer.fill("Is basalt dark?")
        edit.click()
        expect(answered.composer).to_have_value(QUESTION)
        answered.composer.press("Enter")

        expect(answered.composer).to_have_value("Is basalt dark?")
        expect(answered.chips).to_have_count(2)
        answered.wait_for_end()
        answered.composer.press("Enter")
        expect(answered.composer).to_have_value("And what of gneiss")
        expect(answered.conversation.get_by_role("article", name="Is basalt dark?")).to_be_visible()

    def test_the_chat_is_exported(self, answered: Desk):
        side = answered.open_side()
        side.get_by_role("button", name=re.compile("^Actions for What is")).click()
        with answered.page.expect_download() as markdown:
            side.get_by_role("button", name="Export as Markdown").click()
        with answered.page.expect_download() as document:
            side.get_by_role("button", name="Export as JSON").click()

        assert NOTES in markdown.value.path().read_text()
        assert NOTES in json.dumps(json.loads(document.value.path().read_text()))

    def test_asked_where_an_account_is_made_has_an_address_of_its_own(
        self, reader: Desk, model: ScriptedModel
    ):
        """Whoever has an account follows the link to make one all the same."""
        model.says = ANSWER
        reader.page.goto("/#/register")
        expect(reader.page).to_have_url(re.compile("#/$"))
        reader.ask(QUESTION)
        expect(reader.chips).to_have_count(1)
        expect(reader.page).to_have_url(re.compile("#/chat/[0-9a-f-]{36}$"))

        reader.follow("New question")

        expect(reader.chips).to_have_count(0)

    def test_its_address_opens_it_in_another_tab_and_back_leaves_it(self, answered: Desk):
        address = answered.page.url
        other = Desk(answered.page.context.new_page())
        other.page.goto("/")
        expect(other.composer).to_be_visible()
        other.page.goto(address)
        expect(other.chips).to_have_count(1)

        other.page.go_back()
        expect(other.page.get_by_text("What would you like to know?")).to_be_visible()
        other.page.go_forward()
        expect(other.chips).to_have_count(1)

    def test_a_chat_that_is_not_there_says_so(self, reader: Desk):
        reader.page.goto("/#/chat/00000000-0000-4000-8000-000000000000")

        told = reader.conversation.get_by_role("alert")
        expect(told).to_contain_text("There is no such chat")

    def test_a_deleted_chat_is_gone_for_good_after_some_seconds(self, answered: Desk):
        with answered.page.expect_response(is_deletion) as deleted:
            delete_chat(answered)

        assert deleted.value.status == 204
        expect(answered.page.get_by_role("button", name="Undo")).to_have_count(0)
        expect_no_chats(answered)

    def test_a_deleted_chat_is_gone_for_good_for_who_leaves_at_once(
        self, answered: Desk, lectern: str
    ):
        delete_chat(answered)
        answered.page.goto("about:blank")

        expect_none_kept(lectern, answered.username)

    def test_a_deleted_chat_is_gone_for_who_leaves_with_an_old_token(
        self, answered: Desk, lectern: str
    ):
        later = datetime.now(tz=UTC) + timedelta(hours=1)
        answered.page.clock.set_system_time(later)
        delete_chat(answered)
        # The page has taken its new token; that the reply has arrived does not yet say so.
        answered.page.wait_for_function(
            "later => Number(localStorage.getItem('lectern-refreshed-at')) >= later",
            arg=int(later.timestamp() * 1000),
        )
        answered.page.goto("about:blank")

        expect_none_kept(lectern, answered.username)

    def test_a_deleted_chat_is_gone_for_good_for_who_signs_out_at_once(self, answered: Desk):
        delete_chat(answered)
        answered.follow(re.compile("^Account"))
        with answered.page.expect_response(is_deletion) as deleted:
            answered.page.get_by_role("button", name="Sign out", exact=True).first.click()
        assert deleted.value.status == 204

        answered.page.get_by_label("Username").fill(answered.username)
        answered.page.get_by_label("Password", exact=True).fill(PASSPHRASE)
        answered.page.get_by_role("button", name="Sign in").click()
        answered.page.goto("/#/")
        expect_no_chats(answered)

    def test_no_form_is_drawn_that_would_go_with_the_page_of_who_signs_out(self, answered: Desk):
        """What is typed into it is gone when the new page comes."""
        page = answered.page
        answered.open_account()
        page.evaluate(_NOTE_THAT_A_FORM_IS_DRAWN)
        page.get_by_role("button", name="Sign out", exact=True).first.click()

        expect(page.get_by_label("Username")).to_be_visible()
        page.wait_for_function("() => window.isOld === undefined")
        assert page.evaluate("sessionStorage.getItem('drawn')") is None

    def test_a_chat_deleted_in_another_tab_is_gone_for_good_for_who_signs_out(
        self, answered: Desk, lectern: str
    ):
        page, other = answered.page, Desk(answered.page.context.new_page())
        other.page.goto("/")
        held = hold(other.page, "**/api/history/*")
        delete_chat(other)
        page.goto("/#/account")
        page.evaluate(_WAIT_AS_LONG_AS_IT_TAKES)
        logouts: list[Request] = []
        page.on("request", lambda it: logouts.append(it) if "logout" in it.url else None)

        with other.page.expect_request(is_deletion):
            page.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(other.page.get_by_role("button", name="Undo")).to_have_count(0)
        assert logouts == []
        with other.page.expect_response(is_deletion) as deleted:
            held.route.continue_()

        assert deleted.value.status == 204
        expect(page.get_by_label("Username")).to_be_visible()
        expect(other.page.get_by_label("Username")).to_be_visible()
        expect_none_kept(lectern, answered.username)

    def test_who_signs_out_stays_while_a_chat_cannot_be_deleted(self, answered: Desk):
        answered.page.route("**/api/history/*", lambda route: route.abort(), times=1)
        delete_chat(answered)
        answered.follow(re.compile("^Account"))
        answered.page.get_by_role("button", name="Sign out", exact=True).first.click()

        alerts = answered.page.get_by_role("alert")
        expect(alerts.filter(has_text="was not deleted.")).to_be_visible()
        expect(alerts.filter(has_text="You are still signed in.")).to_be_visible()

    def test_an_undo_waits_while_the_keyboard_is_at_it(self, answered: Desk):
        answered.page.clock.install()
        answered.page.reload()
        expect(answered.chips).to_have_count(1)
        side = answered.open_side()
        side.get_by_role("button", name=re.compile("^Actions for What is")).press("Enter")
        side.get_by_role("button", name="Delete", exact=True).press("Enter")
        undo = answered.page.get_by_role("button", name="Undo")
        expect(undo).to_be_focused()
        expect(undo).to_have_accessible_description("“What is basalt?” is deleted.")
        # Not in the accent: it is hardly seen on ink.
        style = "e => [getComputedStyle(e).outlineColor, getComputedStyle(e).color]"
        ring, words = undo.evaluate(style)
        assert ring == words

        for _ in range(5):
            answered.page.clock.run_for(PATIENCE_MILLISECONDS)
        expect(undo).to_be_focused()
        undo.press("Tab")

        with answered.page.expect_response(is_deletion) as deleted:
            answered.page.clock.run_for(PATIENCE_MILLISECONDS)
        assert deleted.value.status == 204
        expect(undo).to_have_count(0)

    def test_an_undo_that_goes_deletes_nothing_again(self, answered: Desk):
        page = answered.page
        page.clock.install()
        page.reload()
        expect(answered.chips).to_have_count(1)
        asked: list[Route] = []

        def lose(route: Route) -> None:
            asked.append(route)
            route.abort()

        page.route("**/api/history/*", lose)
        delete_chat(answered)
        page.mouse.move(0, 0)
        page.clock.run_for(PATIENCE_MILLISECONDS)
        expect(answered.open_side().get_by_role("link", name=re.compile("What is"))).to_be_visible()

        page.clock.run_for(PATIENCE_MILLISECONDS)
        expect(page.get_by_role("alert")).to_contain_text("was not deleted")
        assert len(asked) == 1

    def test_an_undo_waits_while_the_pointer_is_on_it(self, answered: Desk):
        answered.page.clock.install()
        answered.page.reload()
        expect(answered.chips).to_have_count(1)
        delete_chat(answered)
        undo = answered.page.get_by_role("button", name="Undo")
        undo.hover()

        answered.page.clock.run_for(PATIENCE_MILLISECONDS)
        expect(undo).to_be_visible()
        answered.page.mouse.move(0, 0)

        with answered.page.expect_response(is_deletion) as deleted:
            answered.page.clock.run_for(PATIENCE_MILLISECONDS)
        assert deleted.value.status == 204
        expect(answered.page.get_by_role("heading", name="Chats")).to_be_focused()


def is_deletion(exchange: Request | Response) -> bool:
    request = exchange if isinstance(exchange, Request) else exchange.request
    return request.method == "DELETE"


def delete_chat(desk: Desk) -> None:
    side = desk.open_side()
    side.get_by_role("button", name=re.compile("^Actions for What is")).click()
    side.get_by_role("button", name="Delete", exact=True).click()
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()


def expect_none_kept(lectern: str, username: str) -> None:
    """Ask the server until no chat is there: nobody hears the reply to a page that is gone."""
    with httpx.Client(base_url=lectern, timeout=30, verify=TLS) as client:
        body = {"username": username, "password": PASSPHRASE}
        token = client.post("/api/auth/login", json=body).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        until = time.monotonic() + PATIENCE_MILLISECONDS / 1000
        while client.get("/api/history", headers=headers).json()["chats"]:
            assert time.monotonic() < until, "the chat is still there"


def expect_no_chats(desk: Desk) -> None:
    expect(desk.composer).to_be_visible()
    desk.page.reload()
    expect(desk.open_side().get_by_text("What you ask is kept here.")).to_be_visible()


def test_quotes_and_pages_are_in_the_language_of_their_file(desk: Desk, model: ScriptedModel):
    words = "Der Basalt ist ein dunkles Gestein, das an der Luft schnell abkühlt."
    model.says = f'Basalt is dark <cite passage="1">{words}</cite>.'
    desk.add(text_file("steine.txt", words))
    desk.expect_ready("steine.txt")
    desk.ask("Ist der Basalt ein dunkles Gestein?")
    expect(desk.conversation.locator("q")).to_have_attribute("lang", "de")
    desk.chips.hover()
    expect(desk.page.get_by_role("tooltip").locator(".quote")).to_have_attribute("lang", "de")
    desk.chips.click()

    expect(desk.source.locator("[lang=de] mark")).to_be_visible()
    told = desk.source.get_by_text("Here are the quoted words")
    assert told.evaluate("words => words.lang") == "en"

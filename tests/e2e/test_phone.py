"""A student's way on a phone: with the real picker, and the drawer shut unless they open it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Route, expect

from tests.conftest import Configuration
from tests.documents import make_pdf
from tests.e2e.conftest import PHONE, Watch
from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
PASSWORD = "copper lantern quiet orchard"
LOW: Any = {"width": 640, "height": 360}


def choose(desk: Desk, *files: FilePayload) -> None:
    """Tap on what lies open on the screen, and take files in the picker."""
    with desk.page.expect_file_chooser() as chooser:
        desk.conversation.get_by_role("button", name="Add files").tap()
    chooser.value.set_files(list(files))


def scope(desk: Desk, text: str) -> Locator:
    """Return the line below the question that says what it asks."""
    return desk.page.get_by_role("button", name=text)


def expect_drawer_shut(desk: Desk) -> None:
    side = desk.page.locator("nav[aria-label='Files and chats']")
    expect(side).to_have_attribute("inert", "")


def test_from_an_empty_browser_to_the_words_that_an_answer_rests_on(
    open_context: Callable[..., BrowserContext], model: ScriptedModel, watch: Watch, tmp_path: Path
):
    pages = [[NOTES], *([f"Rock number {number} is pale."] for number in range(2, 41))]
    lecture = make_pdf(tmp_path / "rocks.pdf", pages).read_bytes()
    model.says, model.holds_embedding = ANSWER, 2  # the first 32 pages are in
    desk = Desk(open_context(**PHONE).new_page())
    desk.page.goto("/")
    sign_up(desk)

    choose(desk, {"name": "rocks.pdf", "mimeType": "application/pdf", "buffer": lecture})
    expect(desk.conversation.get_by_text("Reading page 33 of 40")).to_be_in_viewport(ratio=1)
    expect(scope(desk, "Reading 1 file …")).to_be_in_viewport(ratio=1)
    model.release()
    expect(scope(desk, "Asks your file")).to_be_in_viewport(ratio=1)
    expect(desk.page.get_by_text("What would you like to know?")).to_be_in_viewport(ratio=1)
    expect(desk.conversation.get_by_text("rocks.pdf")).to_have_count(0)
    expect_drawer_shut(desk)
    ask(desk, "What is basalt?")
    expect(desk.conversation.get_by_text("Basalt is dark")).to_be_in_viewport(ratio=1)
    desk.chips.first.tap()

    expect(desk.source.locator("mark").first).to_be_in_viewport(ratio=1)
    assert desk.marked == NOTES
    assert (watch.errors, watch.foreign, watch.dialogs) == ([], [], [])


def sign_up(desk: Desk) -> None:
    page = desk.page
    page.get_by_role("link", name="New here? Make an account").tap()
    page.get_by_label("Username").fill("by-touch-alone")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").tap()
    expect(page.get_by_role("heading", name="A desk for your course")).to_be_in_viewport()
    expect_drawer_shut(desk)


def ask(desk: Desk, question: str) -> None:
    desk.composer.tap()
    desk.page.keyboard.type(question)
    desk.page.get_by_role("button", name="Ask", exact=True).tap()
    expect(desk.chips).to_have_count(1)
    desk.wait_for_end()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("large.txt", NOTES.encode() * 100, "This file is too large."),
        ("rocks.xyz", NOTES.encode(), "Lectern does not read this kind of file."),
        ("damaged.pdf", b"%PDF-1.7\nnothing", "This PDF is damaged and cannot be opened."),
    ],
    ids=["large", "unsupported", "damaged"],
)
def test_a_file_that_is_not_read_says_so_on_the_screen(
    phone: Desk, configuration: Configuration, name: str, content: bytes, why: str
):
    configuration.change(max_file_bytes=5_000)

    choose(phone, {"name": name, "mimeType": "", "buffer": content})

    expect(phone.conversation.get_by_text(why)).to_be_in_viewport(ratio=1)
    expect(scope(phone, "1 file was not read")).to_be_in_viewport(ratio=1)
    expect(phone.page.get_by_role("log")).to_contain_text(
        re.compile(rf"{name} was not (added|read to its end)\. {why}")
    )
    expect_drawer_shut(phone)


def test_a_list_of_files_that_does_not_come_is_told_of_and_asked_for_again(phone: Desk):
    phone.page.route("**/api/upload?*", lambda route: route.abort("connectionreset"))
    phone.page.reload()
    note = phone.conversation.get_by_role("alert")
    expect(note).to_have_text("Lectern cannot be reached. Check the connection, then try again.")
    expect(note).to_be_in_viewport(ratio=1)
    expect(scope(phone, "Your files could not be loaded")).to_be_in_viewport(ratio=1)
    expect_drawer_shut(phone)

    phone.page.unroute("**/api/upload?*")
    phone.conversation.get_by_role("button", name="Try again").tap()

    expect(phone.page.get_by_role("heading", name="A desk for your course")).to_be_in_viewport()
    expect(note).to_have_count(0)
    expect(scope(phone, "Add a file first")).to_be_in_viewport(ratio=1)


class TestInAChat:
    """Where nothing but the line below the question tells of files."""

    @pytest.fixture
    def reader(self, phone: Desk, model: ScriptedModel) -> Desk:
        model.says = ANSWER
        choose(phone, text_file("rocks.txt", NOTES))
        expect(scope(phone, "Asks your file")).to_be_visible()
        ask(phone, "What is basalt?")
        return phone

    def test_the_drawer_stays_open_when_an_answer_begins(self, phone: Desk, model: ScriptedModel):
        model.says = ANSWER
        choose(phone, text_file("rocks.txt", NOTES))
        expect(scope(phone, "Asks your file")).to_be_visible()
        held = hold(phone.page, "**/api/query")
        phone.composer.fill("What is basalt?")
        phone.page.get_by_role("button", name="Ask", exact=True).tap()
        side = phone.open_side()

        held.route.continue_()

        expect(side.get_by_role("link", name=re.compile("^What is basalt"))).to_be_visible()
        expect(side).not_to_have_attribute("inert", "")

    def add_and_shut(self, desk: Desk, file: FilePayload) -> Route:
        """Choose a file in the drawer, and shut that while it is prepared."""
        held = hold(desk.page, "**/api/upload/signed")
        side = desk.open_side()
        with desk.page.expect_request("**/api/upload/signed"):
            with desk.page.expect_file_chooser() as chooser:
                side.get_by_role("button", name="Add files").tap()
            chooser.value.set_files(file)
        side.get_by_role("button", name="Close").tap()
        expect(scope(desk, "Asks your file · 1 file on its way …")).to_be_in_viewport(ratio=1)
        return held.route

    def test_a_file_that_is_not_added_is_told_of_also_where_there_is_hardly_any_height(
        self, reader: Desk
    ):
        self.add_and_shut(reader, text_file("rocks.xyz", NOTES)).continue_()

        expect(scope(reader, "Asks your file · 1 file was not read")).to_be_in_viewport(ratio=1)
        reader.page.set_viewport_size(LOW)
        scope(reader, "1 file was not read").tap()
        side = reader.page.locator("nav[aria-label='Files and chats']")
        expect(side).not_to_have_attribute("inert", "")
        why = side.get_by_text("Lectern does not read this kind of file.")
        why.scroll_into_view_if_needed()
        expect(why).to_be_in_viewport(ratio=1)

    def test_that_no_file_is_chosen_is_told_also_where_there_is_hardly_any_height(
        self, reader: Desk
    ):
        reader.page.set_viewport_size(LOW)
        expect(scope(reader, "Asks your file")).to_be_hidden()
        side = reader.open_side()
        side.get_by_role("checkbox", name="Use rocks.txt for questions").uncheck()
        side.get_by_role("button", name="Close").tap()
        expect(scope(reader, "Choose at least one file")).to_be_in_viewport(ratio=1)

        scope(reader, "Choose at least one file").tap()

        side.get_by_role("checkbox", name="Use rocks.txt for questions").check()
        expect(scope(reader, "Asks your file")).to_be_hidden()

    def test_a_file_that_is_here_already_is_told_of(self, reader: Desk):
        self.add_and_shut(reader, text_file("again.txt", NOTES)).continue_()

        expect(scope(reader, "Asks your file · 1 file was here already")).to_be_in_viewport(ratio=1)
        expect(reader.page.get_by_role("log")).to_contain_text("already here as rocks.txt")

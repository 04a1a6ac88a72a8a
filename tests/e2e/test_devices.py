"""Two devices of one student, who hear nothing of each other: what one has done is no riddle to the other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel

BASALT = "Basalt is a dark volcanic rock that cools quickly at the surface."
GRANITE = "Granite is a pale rock that cools slowly, deep below."
# The next day, as a browser tells a page that somebody has come back to it.
_COME_BACK = """() => {
  const now = Date.now;
  Date.now = () => now() + 86_400_000;
  dispatchEvent(new Event("focus"));
}"""


def sit_down_elsewhere(desk: Desk) -> Desk:
    other = Desk(desk.page.context.new_page())
    with (
        other.page.expect_response("**/api/upload?*"),
        other.page.expect_response("**/api/history?*"),
    ):
        other.page.goto("/")
    return other


@pytest.fixture
def reader(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(text_file("rocks.txt", BASALT))


def test_a_file_that_has_come_since_is_not_deleted_for_being_added_again(desk: Desk):
    other = sit_down_elsewhere(desk)
    held = hold(other.page, "**/object/upload/sign/**")
    other.add(text_file("lecture.txt", BASALT))
    sending = held.route
    # It looks whether the bytes are there, and looks no more.
    with desk.page.expect_response("**/ingest") as looked:
        desk.page.reload()
    assert looked.value.status == 409
    side = desk.open_side()
    expect(side.get_by_text("Not here yet")).to_be_visible()
    sending.continue_()
    other.expect_ready("lecture.txt")
    deletions: list[Request] = []
    desk.page.on(
        "request", lambda sent: deletions.append(sent) if sent.method == "DELETE" else None
    )

    desk.add(text_file("lecture.txt", BASALT))

    expect(side.get_by_text("already here as lecture.txt")).to_be_visible()
    desk.expect_ready("lecture.txt")
    assert deletions == []


def test_a_quote_from_a_file_that_came_elsewhere_is_not_of_a_deleted_one(
    reader: Desk, model: ScriptedModel
):
    other = sit_down_elsewhere(reader)
    other.add(text_file("pale.txt", GRANITE))
    other.expect_ready("pale.txt")
    model.says = f'It is pale <cite passage="1">{GRANITE}</cite>.'

    reader.ask("Which rock is pale?")

    expect(reader.chips).to_have_accessible_name("Citation 1: pale.txt, part 1")
    reader.expect_ready("pale.txt")
    expect(reader.conversation).not_to_contain_text("deleted since")
    reader.chips.click()
    expect(reader.source.get_by_role("button", name="Original")).to_be_visible()


def test_a_file_that_was_deleted_elsewhere_is_told_to_be(reader: Desk, model: ScriptedModel):
    model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
    reader.ask("Which rock is dark?")
    reader.wait_for_end()
    side = sit_down_elsewhere(reader).open_side()
    side.get_by_role("button", name="Actions for rocks.txt").click()
    side.get_by_role("button", name="Delete", exact=True).click()
    question = side.page.get_by_role("dialog", name="Delete rocks.txt?")
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(side.get_by_text("rocks.txt")).to_have_count(0)

    reader.page.evaluate(_COME_BACK)

    expect(reader.conversation).to_contain_text("deleted since")


def test_lists_that_are_here_stay_where_newer_ones_do_not_come(reader: Desk):
    def fail(route: Route) -> None:
        route.fulfill(status=503, content_type="text/html", body="<h1>Gateway</h1>")

    for address in ("**/api/upload?*", "**/api/history?*"):
        reader.page.route(address, fail)
    with (
        reader.page.expect_response("**/api/upload?*"),
        reader.page.expect_response("**/api/history?*"),
    ):
        reader.page.evaluate(_COME_BACK)

    reader.expect_ready("rocks.txt")
    expect(reader.page.get_by_role("alert")).to_have_count(0)


def test_who_comes_back_finds_what_was_added_and_asked_elsewhere(desk: Desk, model: ScriptedModel):
    other = sit_down_elsewhere(desk)
    other.add(text_file("lecture.txt", BASALT))
    other.expect_ready("lecture.txt")
    model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
    other.ask("Which rock is dark?")
    other.wait_for_end()
    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()

    desk.page.evaluate(_COME_BACK)

    desk.expect_ready("lecture.txt")
    listed = desk.open_side().get_by_role("link", name=re.compile("^Which rock is dark"))
    expect(listed).to_be_visible()

"""Two devices of one student, who hear nothing of each other, and a page that is left for hours and come back to."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.desk import Desk, hold, text_file
from tests.e2e.test_source import delete
from tests.fakes import ScriptedModel

BASALT = "Basalt is a dark volcanic rock that cools quickly at the surface."
GRANITE = "Granite is a pale rock that cools slowly, deep below."
# The next day, as a browser tells a page that somebody has come back to it.
_COME_BACK = """() => {
  const now = Date.now;
  Date.now = () => now() + 86_400_000;
  dispatchEvent(new Event("focus"));
}"""


_SET_THE_CLOCK = """hours => {
  const now = Date.now;
  Date.now = () => now() + hours * 3_600_000;
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
    delete(sit_down_elsewhere(reader), "rocks.txt")

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


def test_who_comes_back_to_a_chat_finds_what_was_asked_in_it_elsewhere(
    reader: Desk, model: ScriptedModel
):
    model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
    reader.ask("Which rock is dark?")
    reader.wait_for_end()
    other = sit_down_elsewhere(reader)
    other.page.goto(reader.page.url)
    expect(other.chips).to_have_count(1)
    other.ask("Where does it cool?")
    expect(other.chips).to_have_count(2)
    other.wait_for_end()

    reader.page.evaluate(_COME_BACK)

    expect(reader.chips).to_have_count(2)
    articles = reader.conversation.get_by_role("article")
    expect(articles).to_have_count(2)
    expect(articles.last).to_have_accessible_name("Where does it cool?")


def test_an_answer_that_was_lost_a_day_ago_is_not_asked_again(reader: Desk, model: ScriptedModel):
    def break_off(route: Route) -> None:
        whole = route.fetch()
        beginning, _, _ = whole.text().partition("event: delta")
        route.fulfill(response=whole, body=beginning)

    model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
    reader.page.route("**/api/query", break_off, times=1)
    reader.ask("Which rock is dark?")
    expect(reader.conversation.get_by_text(re.compile("connection was lost"))).to_be_visible()
    asked: list[Request] = []
    reader.page.on(
        "request", lambda sent: asked.append(sent) if sent.url.endswith("/api/query") else None
    )
    reader.page.evaluate(_COME_BACK)

    reader.conversation.get_by_role("button", name="Go on").click()

    expect(reader.chips).to_have_count(1)
    expect(reader.conversation.get_by_role("article")).to_have_count(1)
    assert asked == []


def test_a_clock_that_is_set_back_ends_no_session(desk: Desk):
    ended = {
        "status": 401,
        "content_type": "application/problem+json",
        "json": {
            "type": "/problems/invalid-access-token",
            "title": "",
            "status": 401,
            "detail": "",
        },
    }
    desk.page.evaluate(_SET_THE_CLOCK, -1)  # whatever has a time was done in the future
    desk.page.route("**/api/history?*", lambda route: route.fulfill(**ended), times=1)
    search = desk.open_side().get_by_role("searchbox")
    # Tokens of one second are the same: what is refused would be refused again.
    second = int(time.time())
    desk.wait_for(lambda: time.time() > second + 1)

    # It trades its token for another: one of the future is newer than all that come.
    with (
        desk.page.expect_response(lambda came: "/api/history?" in came.url and came.ok),
        desk.page.expect_request("**/api/auth/refresh"),
    ):
        search.fill("rocks")

    expect(search).to_be_visible()
    expect(desk.page.get_by_text("Your session is over.")).to_have_count(0)


def test_a_clock_that_is_ahead_gives_a_file_one_place(desk: Desk):
    announced: list[Request] = []
    desk.page.on(
        "request", lambda sent: announced.append(sent) if sent.url.endswith("/signed") else None
    )
    headers = {"Access-Control-Allow-Origin": "*"}
    busy = "**/object/upload/sign/**"
    desk.page.route(busy, lambda route: route.fulfill(status=503, headers=headers), times=1)
    desk.page.evaluate(_SET_THE_CLOCK, 3)  # an address goes for two

    desk.add(text_file("lecture.txt", BASALT))

    desk.expect_ready("lecture.txt")
    assert len(announced) == 1


def test_the_choice_of_files_outlives_a_reload(new_desk: Callable[..., Desk]):
    desk = new_desk(text_file("rocks.txt", BASALT), text_file("pale.txt", GRANITE))
    box = desk.open_side().get_by_role("checkbox", name="Use pale.txt for questions")
    box.uncheck()

    desk.page.reload()

    expect(desk.page.get_by_role("button", name="Asks 1 of 2 files")).to_be_visible()
    expect(box).not_to_be_checked()


def test_no_file_that_is_left_out_is_asked_before_their_list_is_here(
    new_desk: Callable[..., Desk],
):
    desk = new_desk(text_file("rocks.txt", BASALT), text_file("pale.txt", GRANITE))
    desk.open_side().get_by_role("checkbox", name="Use pale.txt for questions").uncheck()
    held = hold(desk.page, "**/api/upload?*")
    desk.page.reload()
    desk.composer.fill("Which rock is pale?")
    listing = held.route
    desk.composer.press("Enter")
    listing.continue_()
    expect(desk.page.get_by_role("button", name="Asks 1 of 2 files")).to_be_visible()

    with desk.page.expect_request("**/api/query") as asked:
        desk.composer.press("Enter")

    assert re.search(r'"file_ids":\[\d+\]', asked.value.post_data or "")


def test_all_files_are_asked_once_what_was_left_out_is_gone(new_desk: Callable[..., Desk]):
    desk = new_desk(text_file("rocks.txt", BASALT), text_file("pale.txt", GRANITE))
    desk.open_side().get_by_role("checkbox", name="Use pale.txt for questions").uncheck()
    delete(desk, "pale.txt")
    desk.composer.fill("Which rock is dark?")

    with desk.page.expect_request("**/api/query") as asked:
        desk.composer.press("Enter")

    assert "file_ids" not in (asked.value.post_data or "")


def test_a_question_that_nobody_has_written_down_outlives_a_reload(reader: Desk):
    reader.page.route("**/api/query", lambda route: route.abort("connectionreset"))
    reader.composer.fill("Which rock is dark?")
    reader.composer.press("Enter")
    expect(reader.conversation.get_by_text(re.compile("connection was lost"))).to_be_visible()

    reader.page.reload()

    expect(reader.composer).to_have_value("Which rock is dark?")


def test_a_file_that_was_paused_for_hours_goes_to_a_new_address(desk: Desk):
    held = hold(desk.page, "**/object/upload/sign/**")
    desk.add(text_file("lecture.txt", BASALT))
    assert held.route
    side = desk.open_side()
    side.get_by_role("button", name="Pause").click()
    desk.page.evaluate(_COME_BACK)

    with desk.page.expect_response("**/api/upload/signed") as announced:
        side.get_by_role("button", name="Go on").click()

    assert announced.value.ok
    desk.expect_ready("lecture.txt")
    expect(side.get_by_role("listitem").filter(has_text="lecture.txt")).to_have_count(1)

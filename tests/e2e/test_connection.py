"""A connection that is lost and found again, and two tabs of one student."""

import re

from playwright.sync_api import Request, expect

from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'


def test_an_answer_cut_off_in_the_middle_is_found_when_the_connection_is_back(
    desk: Desk, model: ScriptedModel
):
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    model.says, model.holds_after = f"Basalt is dark, as the file says. {ANSWER}", 5
    desk.ask("What is basalt?")
    expect(desk.conversation).to_contain_text("as the")

    desk.page.context.set_offline(True)
    expect(desk.page.get_by_text(re.compile("You are offline"))).to_be_visible()
    expect(desk.conversation).to_contain_text("as the")
    model.release()
    desk.page.context.set_offline(False)

    expect(desk.page.get_by_text(re.compile("You are offline"))).to_have_count(0)
    expect(desk.conversation).to_contain_text("as the")


def test_an_upload_goes_on_when_the_connection_is_back(desk: Desk):
    line = "Basalt is a dark volcanic rock, number {}, that cools quickly at the surface.\n"
    text = "".join(line.format(number) for number in range(120_000))  # over 6 MB: in pieces
    sent: list[Request] = []

    def lose(request: Request) -> None:
        if request.method == "PATCH" and not sent:
            sent.append(request)
            desk.page.context.set_offline(True)

    desk.page.on("request", lose)
    desk.add(text_file("long.txt", text))
    side = desk.open_side()
    expect(side.get_by_text(re.compile("Connection lost|Paused"))).to_be_visible()
    desk.page.context.set_offline(False)

    expect(side.get_by_text(re.compile("Sent|Reading|1 kB|MB")).first).to_be_visible()
    expect(side.get_by_text(re.compile("Connection lost"))).to_have_count(0, timeout=20_000)
    assert sent


def test_two_tabs_refresh_one_after_the_other_and_both_stay_signed_in(desk: Desk):
    second = desk.page.context.new_page()
    second.goto("/")
    expect(second.get_by_label("Your question")).to_be_visible()

    desk.page.reload(wait_until="commit")
    second.reload(wait_until="commit")

    expect(desk.composer).to_be_visible()
    expect(second.get_by_label("Your question")).to_be_visible()


def test_a_page_that_loads_refreshes_once(desk: Desk):
    refreshes: list[str] = []
    desk.page.on(
        "request",
        lambda request: refreshes.append(request.url) if "/auth/refresh" in request.url else None,
    )

    desk.page.reload()

    expect(desk.composer).to_be_visible()
    assert len(refreshes) == 1


def test_the_shell_opens_offline_and_says_so(desk: Desk):
    desk.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    desk.page.reload()
    expect(desk.composer).to_be_visible()
    desk.page.context.set_offline(True)

    desk.page.reload()

    expect(
        desk.page.get_by_text(re.compile("offline|cannot be reached", re.IGNORECASE)).first
    ).to_be_visible()

"""The views that have controls of their own, one after the other: for what must hold in all of them."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from dev.seed import SAMPLES
from dev.student import PASSPHRASE
from tests.e2e.desk import Desk, must_change_password, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
QUESTION = "What is basalt?"


def before_signing_in(page: Page) -> Iterator[str]:
    """Go through the views of somebody whom the page does not know; yield the name of each."""
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    yield "sign in"
    page.get_by_role("link", name="New here? Make an account").click()
    page.get_by_role("button", name="Suggest a passphrase").click()
    expect(page.get_by_label("Password", exact=True)).to_have_value(re.compile("-"))
    yield "make an account"


def of_a_student(desk: Desk, model: ScriptedModel) -> Iterator[str]:
    """Go through the views of a student whose desk is empty at first; yield the name of each.

    What a view is about to show is there when it is yielded.
    """
    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()
    expect(desk.page.get_by_text("What you ask is kept here.")).to_be_attached()
    yield "the empty desk"
    model.says = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    desk.ask(QUESTION)
    expect(desk.chips).to_have_count(1)
    desk.wait_for_end()
    listed = desk.page.get_by_role(
        "link", name=re.compile(f"^{re.escape(QUESTION)}"), include_hidden=True
    )
    expect(listed).to_be_attached()
    yield "an answer"
    yield from _of_the_side(desk)
    yield from _of_a_source(desk)
    yield from _of_a_pdf(desk)
    yield from _of_bad_ends(desk, model)
    yield from _of_the_account(desk)
    yield from _of_the_end_of_it(desk)


def _of_the_side(desk: Desk) -> Iterator[str]:
    page, side = desk.page, desk.open_side()
    yield "the side"
    side.get_by_role("button", name="Actions for rocks.txt").click()
    side.get_by_role("button", name=f"Actions for {QUESTION}").click()
    yield "both menus"
    side.get_by_role("button", name="Delete", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "the question before a deletion"
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.route("**/export?*", lambda route: route.abort())
    side.get_by_role("button", name="Export as JSON").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "a failure"
    page.locator(".toast").get_by_role("button", name="Close").click()
    side.get_by_role("button", name="Rename").click()
    expect(side.get_by_label("Title of the chat")).to_be_focused()
    yield "the title of a chat"
    side.get_by_role("button", name="Cancel").click()
    expect(side.get_by_label("Title of the chat")).to_have_count(0)
    desk.close_side()


def _of_a_source(desk: Desk) -> Iterator[str]:
    desk.chips.click()
    expect(desk.source.locator("mark")).to_be_visible()
    yield "a source"
    desk.source.get_by_role("button", name="Original").click()
    expect(desk.source.get_by_role("link", name="Download the original")).to_be_visible()
    yield "the original of a source"
    desk.source.get_by_role("button", name="Close").click()


def _of_a_pdf(desk: Desk) -> Iterator[str]:
    """In the browser without a viewer; test_original.py has the other one."""
    pdf = SAMPLES[0].read_bytes()
    desk.add({"name": "lecture.pdf", "mimeType": "application/pdf", "buffer": pdf})
    desk.expect_ready("lecture.pdf")
    row = desk.open_side().get_by_role("listitem").filter(has_text="lecture.pdf")
    row.get_by_role("button", name="Actions for lecture.pdf").click()
    row.get_by_role("link", name="Read", exact=True).click()
    desk.source.get_by_role("button", name="Original").click()
    expect(desk.source.get_by_role("link", name="Open in a new tab")).to_be_visible()
    yield "the original of a PDF"
    desk.source.get_by_role("button", name="Close").click()


def _of_bad_ends(desk: Desk, model: ScriptedModel) -> Iterator[str]:
    model.stops_after = 2
    desk.ask(QUESTION)
    expect(desk.conversation.get_by_text("The answer broke off.")).to_be_visible()
    model.stops_after, model.status = None, 503
    desk.ask(QUESTION)
    expect(desk.conversation.get_by_text("The language model cannot be reached.")).to_be_visible()
    desk.page.route("**/api/query", lambda route: route.abort("connectionreset"), times=1)
    desk.ask(QUESTION)
    expect(desk.conversation.get_by_text("The connection was lost")).to_be_visible()
    yield "answers with a bad end"


def _of_the_account(desk: Desk) -> Iterator[str]:
    page = desk.page
    must_change_password(page)
    page.goto("/#/account")
    page.reload()
    expect(page.get_by_role("heading", name="Password")).to_be_focused()
    yield "the change of a one-time passphrase"
    with page.expect_response("**/api/auth/sessions?*"):
        page.reload()
    expect(page.get_by_text("this session")).to_be_visible()
    yield "the account"


def _of_the_end_of_it(desk: Desk) -> Iterator[str]:
    page = desk.page
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "the end of the account"
    page.get_by_label("Your password, as proof").fill(PASSPHRASE)
    page.get_by_role("button", name="Delete everything for good").click()
    expect(page.get_by_role("heading", name="Your account is gone")).to_be_focused()
    yield "the receipt"

"""The main job as a student does it, on a phone and at a desk."""

import re

import pytest
from playwright.sync_api import expect

from dev.student import PASSPHRASE
from tests.e2e.desk import Desk

QUESTION = "How many chloroplasts does a typical mesophyll cell hold?"


@pytest.fixture(params=["desk", "phone"])
def anywhere(request: pytest.FixtureRequest) -> Desk:
    return request.getfixturevalue(request.param)


@pytest.fixture
def reader(anywhere: Desk, sample_pdf: bytes) -> Desk:
    """A student whose lecture has been read."""
    anywhere.add({"name": "lecture.pdf", "mimeType": "application/pdf", "buffer": sample_pdf})
    anywhere.expect_ready("lecture.pdf")
    return anywhere


def sign_in(desk: Desk, password: str) -> None:
    desk.page.get_by_label("Username").fill(desk.username)
    desk.page.get_by_label("Password", exact=True).fill(password)
    desk.page.get_by_role("button", name="Sign in").click()


def test_an_answer_opens_at_its_very_words(reader: Desk):
    reader.ask(QUESTION)

    reader.wait_for_end()
    expect(reader.conversation).to_contain_text("mesophyll cell holds 30 to 40 of them")
    reader.chips.first.click()
    expect(reader.source).to_be_visible()
    expect(reader.source.locator("mark").first).to_be_visible()
    assert "mesophyll cell holds 30 to 40 of them." in reader.marked
    reader.page.go_back()
    expect(reader.source).to_have_count(0)


def test_a_citation_survives_a_reload(reader: Desk):
    reader.ask(QUESTION)
    reader.wait_for_end()
    reader.chips.first.click()
    expect(reader.source.locator("mark").first).to_be_visible()
    marked = reader.marked

    reader.page.reload()

    expect(reader.source.locator("mark").first).to_be_visible()
    assert reader.marked == marked
    expect(reader.conversation).to_contain_text(QUESTION)


def test_an_old_chat_is_found_by_a_word_of_its_answer(reader: Desk):
    reader.ask(QUESTION)
    reader.wait_for_end()
    reader.follow("New question")

    reader.open_side().get_by_label("Search your chats").fill("mesophyll")

    reader.follow(re.compile("^How many chloroplasts"))
    expect(reader.conversation).to_contain_text("30 to 40")


def test_what_is_not_in_the_files_looks_like_it(reader: Desk):
    reader.ask("Who painted the ceiling of the Sistine Chapel?")

    reader.wait_for_end()
    expect(reader.conversation.get_by_text("Not in your files")).to_be_visible()
    expect(reader.chips).to_have_count(0)


def test_a_chat_is_renamed_and_deleted_with_a_way_back(reader: Desk):
    reader.ask(QUESTION)
    reader.wait_for_end()
    reader.rename("How many", "Cells")
    side = reader.open_side()
    expect(side.get_by_role("link", name=re.compile("^Cells"))).to_be_visible()

    side.get_by_role("button", name="Actions for Cells").click()
    side.get_by_role("button", name="Delete", exact=True).click()
    reader.page.get_by_role("button", name="Undo").click()

    side = reader.open_side()
    expect(side.get_by_role("link", name=re.compile("^Cells"))).to_be_visible()


def test_signing_out_and_in_again_finds_everything(reader: Desk):
    reader.ask(QUESTION)
    reader.wait_for_end()
    reader.follow(re.compile("^Account"))
    reader.page.get_by_role("button", name="Sign out", exact=True).first.click()

    sign_in(reader, PASSPHRASE)

    expect(reader.composer).to_be_visible()
    reader.page.goto("/#/")
    side = reader.open_side()
    expect(side.get_by_role("link", name=re.compile("^How many chloroplasts"))).to_be_visible()


def test_an_account_is_deleted_with_a_receipt(reader: Desk):
    reader.follow(re.compile("^Account"))
    reader.page.get_by_role("button", name="Delete my account").click()
    reader.page.get_by_label("Your password, as proof that it is you").fill(PASSPHRASE)
    reader.page.get_by_role("button", name="Delete everything for good").click()

    expect(reader.page.get_by_text("Your account is gone")).to_be_visible()
    for kind in ("Account", "Files", "Pages", "Stored files"):
        line = reader.page.locator("dl > div").filter(has=reader.page.get_by_text(kind, exact=True))
        expect(line.get_by_role("definition")).to_have_text(re.compile(r"^[1-9]\d*$"))
    reader.page.get_by_role("button", name="To the start page").click()
    sign_in(reader, PASSPHRASE)
    expect(reader.page.get_by_role("alert")).to_contain_text("wrong. Check")

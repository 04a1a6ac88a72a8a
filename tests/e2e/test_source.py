"""The pane beside the answer: which page of which file it shows, and what it says where there is none."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.documents import make_pptx
from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

# Every alert that comes to stand on the page, be it for a moment.
_NOTE_ALERTS = """() => {
  window.alerts = [];
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      const found = node.querySelectorAll?.("[role=alert]") ?? [];
      window.alerts.push(...[...found].map(({ textContent }) => textContent));
    }
  }).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def cited(desk: Desk, model: ScriptedModel, tmp_path: Path) -> Desk:
    """A student with a deck, and an answer from notes."""
    deck = make_pptx(tmp_path / "cells.pptx").read_bytes()
    desk.add(
        {"name": "cells.pptx", "mimeType": PPTX, "buffer": deck}, text_file("rocks.txt", NOTES)
    )
    desk.expect_ready("cells.pptx")
    desk.expect_ready("rocks.txt")
    model.says = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
    desk.ask("Which volcanic rock is dark?")
    expect(desk.chips).to_have_accessible_name("Citation 1: rocks.txt, part 1")
    desk.wait_for_end()
    return desk


def read(desk: Desk, name: str) -> None:
    """Open a file at its first page, from the list."""
    side = desk.open_side()
    side.get_by_role("button", name=f"Actions for {name}").click()
    side.get_by_role("link", name="Read", exact=True).click()
    side.get_by_role("button", name=f"Actions for {name}").click()


def delete(desk: Desk, name: str) -> None:
    side = desk.open_side()
    side.get_by_role("button", name=f"Actions for {name}").click()
    side.get_by_role("button", name="Delete", exact=True).click()
    question = desk.page.get_by_role("dialog")
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(side.get_by_text(name)).to_have_count(0)


def test_a_deleted_file_has_not_the_pages_of_the_one_read_before(cited: Desk):
    delete(cited, "rocks.txt")
    read(cited, "cells.pptx")
    expect(cited.source).to_contain_text("slide 1 of 3")

    cited.chips.click()

    expect(cited.source).to_contain_text("This file was deleted.")
    expect(cited.source).not_to_contain_text("of 3")
    expect(cited.source.get_by_role("button", name="Next")).to_have_count(0)


def close_source(desk: Desk) -> None:
    """Close the source, and wait until the step back to the chat is made."""
    desk.source.get_by_role("button", name="Close").click()
    expect(desk.source).to_have_count(0)
    expect(desk.page).not_to_have_url(re.compile("/source/"))


def test_a_deleted_file_has_pages_no_more_where_it_was_open(cited: Desk):
    cited.chips.click()
    expect(cited.source).to_contain_text("part 1 of 1")
    delete(cited, "rocks.txt")
    close_source(cited)

    cited.chips.click()

    expect(cited.source).to_contain_text("This file was deleted.")
    expect(cited.source).not_to_contain_text("of 1")


def test_the_parts_of_a_deleted_file_keep_their_name(cited: Desk):
    delete(cited, "rocks.txt")

    expect(cited.chips).to_have_accessible_name("Citation 1: rocks.txt, part 1")


def test_a_failure_is_not_told_again_of_the_next_page(cited: Desk):
    def fail(route: Route) -> None:
        route.abort("connectionreset")

    cited.page.route("**/pages/1", fail, times=1)
    read(cited, "cells.pptx")
    expect(cited.source.get_by_role("alert")).to_be_visible()
    close_source(cited)
    cited.page.evaluate(_NOTE_ALERTS)

    cited.chips.click()

    expect(cited.source.locator("mark")).to_be_visible()
    assert cited.page.evaluate("window.alerts") == []

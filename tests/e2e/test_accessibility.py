"""The page for those who hear it, and where the focus is."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import views
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, text_file
from tests.e2e.test_source import delete
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface. Granite cools slowly."
QUOTE = '<cite passage="1">Basalt is a dark volcanic rock that cools quickly at the surface.</cite>'
ANSWER = f"Basalt is dark. It cools at the surface {QUOTE}. Granite does not."

# A line of the tree that a screen reader is given: what it is, and its name in quotation marks.
_CONTROL = re.compile(
    r"\s*- '?(button|checkbox|combobox|dialog|link|progressbar|searchbox|textbox)\b(?P<name> \".+\")?.*"
)


class TestWhatIsHeard:
    def test_an_answer_is_said_by_sentences_while_it_comes(self, desk: Desk, model: ScriptedModel):
        log = desk.page.get_by_role("log")
        said = log.get_by_role("paragraph")
        desk.add(text_file("rocks.txt", NOTES))
        expect(said).to_have_text(["rocks.txt is ready."])

        model.says, model.holds_after = ANSWER, 6
        desk.ask("What is basalt?")
        # The second sentence is on screen, and not yet at its end.
        expect(desk.conversation).to_contain_text("It cools at")
        expect(log).to_have_attribute("aria-live", "polite")
        heard = ["rocks.txt is ready.", "Looking through your files …", "Basalt is dark."]
        expect(said).to_have_text(heard)

        model.release()
        expect(said.last).to_have_text("End of the answer, with 1 citation.")
        # What arrives together is said together, so only the words are certain.
        [*rest, _ending] = said.all_text_contents()[len(heard) :]
        assert " ".join(" ".join(rest).split()) == "It cools at the surface. Granite does not."

    def test_of_a_formula_it_is_said_that_there_is_one(self, desk: Desk, model: ScriptedModel):
        said = desk.page.get_by_role("log").get_by_role("paragraph")
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        model.says = "It is $\\frac{1}{2}$ in all.\n\n$$\\frac{3}{4}$$\n\nNo more."
        desk.ask("What is basalt?")
        desk.wait_for_end()

        expect(said.filter(has_text="It is Formula in all.")).to_have_count(1)
        expect(said.filter(has_text="frac")).to_have_count(0)

    def test_a_file_that_is_deleted_is_said_to_be(self, desk: Desk):
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")

        delete(desk, "rocks.txt")

        expect(desk.page.get_by_role("log")).to_contain_text("rocks.txt is deleted.")


class TestEveryControlHasAName:
    """As the browser computes it for those who hear the page, in every view."""

    @pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
    def test_of_a_student(
        self, new_desk: Callable[..., Desk], model: ScriptedModel, size: dict[str, Any]
    ):
        desk = new_desk(**size)
        for view in views.of_a_student(desk, model):
            expect_named(desk.page, view)

    def test_of_a_stranger(self, open_context: Callable[..., BrowserContext]):
        page = open_context().new_page()
        for view in views.before_signing_in(page):
            expect_named(page, view)


def expect_named(page: Page, view: str) -> None:
    told = [_CONTROL.match(line) for line in page.locator("body").aria_snapshot().splitlines()]
    controls = [control for control in told if control]
    assert controls, view
    assert [control[0] for control in controls if not control["name"]] == [], view

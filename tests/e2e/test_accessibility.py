"""The page without a mouse, and for those who hear it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface. Granite cools slowly."
ANSWER = 'Basalt is dark <cite passage="1">Basalt is a dark volcanic rock that cools quickly at the surface.</cite>.'


# The element with the focus, and whether something around it shows that.
_FOCUS = """(() => {
  const element = document.activeElement;
  const marked = [element, element.closest("form") ?? element].some((e) => {
    const style = getComputedStyle(e);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  });
  return [element.outerHTML, marked];
})()"""


# What fades in has its final colours only when it is there; what blinks never ends.
_LET_FADE_IN = """Promise.all(document.getAnimations()
  .filter(animation => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .map(animation => animation.finished.catch(() => {})))"""


def violations(page: Page) -> list[str]:
    """Run axe on what is on screen; WCAG 2.2 A and AA, and axe's own advice."""
    page.evaluate(AXE.read_text())
    page.evaluate(_LET_FADE_IN)
    results = page.evaluate(f"axe.run(document, {json.dumps(_RULES)})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


class TestKeyboardAlone:
    def test_the_whole_job_is_done_without_a_mouse(self, desk: Desk, model: ScriptedModel):
        model.says = ANSWER
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")

        self.tab_to(desk.page, "Your question")
        desk.page.keyboard.type("What is basalt?")
        desk.page.keyboard.press("Enter")
        desk.wait_for_end()
        expect(desk.chips).to_have_count(1)
        self.tab_to(desk.page, "Citation 1", backwards=True)
        expect(desk.page.get_by_role("tooltip")).to_contain_text("dark volcanic rock")
        desk.page.keyboard.press("Enter")
        expect(desk.source.locator("mark")).to_be_visible()
        desk.page.keyboard.press("Escape")

        expect(desk.source).to_have_count(0)
        expect(desk.chips).to_be_focused()

    @staticmethod
    def tab_to(page: Page, name: str, *, backwards: bool = False) -> None:
        key = "Shift+Tab" if backwards else "Tab"
        for _ in range(40):
            page.keyboard.press(key)
            label = page.evaluate("document.activeElement?.getAttribute('aria-label') ?? ''")
            if label.startswith(name):
                return
        raise AssertionError(f"{name} cannot be reached with {key}")

    def test_the_focus_is_always_seen(self, desk: Desk):
        seen: list[str] = []
        for _ in range(10):
            desk.page.keyboard.press("Shift+Tab")  # from the question back to the top
            element, is_marked = desk.page.evaluate(_FOCUS)
            if element.startswith("<body"):
                break  # past the first control, the browser's own take their turn
            assert is_marked, element
            seen.append(element)
        assert len(set(seen)) >= 6


class TestWhatIsHeard:
    def test_an_answer_is_said_in_sentences_and_not_word_by_word(
        self, desk: Desk, model: ScriptedModel
    ):
        model.says = "Basalt is dark. " + ANSWER + " Granite is not."
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        desk.page.evaluate(
            """() => { window.heard = [];
            for (const region of document.querySelectorAll('[aria-live], [role=log], [role=status]'))
              new MutationObserver(ms => ms.forEach(m => m.addedNodes.forEach(
                n => n.textContent.trim() && window.heard.push(n.textContent.trim()))))
                .observe(region, {childList: true, subtree: true}); }"""
        )

        desk.ask("What is basalt?")
        desk.wait_for_end()
        expect(desk.page.get_by_text("End of the answer, with 1 citation.")).to_have_count(1)

        heard = desk.page.evaluate("window.heard")
        said = [piece for piece in heard if "asalt" in piece or "ranite" in piece]
        assert said
        assert all(piece.endswith((".", "…", "?")) or len(piece.split()) > 3 for piece in said)
        assert len(said) <= 4

    def test_every_control_has_a_name(self, desk: Desk):
        nameless = desk.page.evaluate(
            """() => [...document.querySelectorAll('button, a, input:not([hidden]), textarea, select')]
              .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
              .map(e => e.outerHTML)"""
        )

        assert nameless == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
class TestAxeFindsNothing:
    def test_before_signing_in(
        self, open_context: Callable[..., BrowserContext], theme: str, size: dict[str, object]
    ):
        page = open_context(**size, color_scheme=theme).new_page()
        page.goto("/")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert violations(page) == []

        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Username").fill("nobody-at-all")
        page.get_by_label("Password", exact=True).fill("certainly not the password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text(re.compile("wrong"))).to_be_visible()
        assert violations(page) == []

        page.get_by_role("link", name="New here? Make an account").click()
        page.get_by_role("button", name="Suggest a passphrase").click()
        assert violations(page) == []

    def test_while_files_and_answers_come(
        self,
        new_desk: Callable[..., Desk],
        model: ScriptedModel,
        theme: str,
        size: dict[str, object],
    ):
        desk = new_desk(**size, color_scheme=theme)
        assert violations(desk.page) == []  # nothing there yet

        odd = FilePayload(name="odd.pdf", mimeType="application/pdf", buffer=b"no")
        desk.add(text_file("rocks.txt", NOTES), odd)
        desk.expect_ready("rocks.txt")
        desk.open_side()
        assert violations(desk.page) == []  # one ready, one failed
        desk.close_side()

        model.says, model.holds_after = ANSWER, 2
        desk.ask("What is basalt?")
        expect(desk.conversation).to_contain_text("Basalt is")
        assert violations(desk.page) == []  # arriving

    def test_when_they_are_there(
        self,
        new_desk: Callable[..., Desk],
        model: ScriptedModel,
        theme: str,
        size: dict[str, object],
    ):
        desk = new_desk(**size, color_scheme=theme)
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        model.says = ANSWER
        desk.ask("What is basalt?")
        expect(desk.chips).to_have_count(1)
        model.says = "NOT_FOUND"
        desk.ask("Who painted the Sistine Chapel?")
        expect(desk.conversation.get_by_text("Not in your files")).to_be_visible()
        model.status = 503
        desk.ask("What is granite?")
        expect(desk.conversation.get_by_text(re.compile("cannot be reached"))).to_be_visible()
        assert violations(desk.page) == []  # answered, not found, failed

        desk.chips.first.click()
        expect(desk.source.locator("mark")).to_be_visible()
        assert violations(desk.page) == []  # the source beside it

    def test_in_the_account(
        self, new_desk: Callable[..., Desk], theme: str, size: dict[str, object]
    ):
        desk = new_desk(**size, color_scheme=theme)
        desk.page.goto("/#/account")
        expect(desk.page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        assert violations(desk.page) == []

        desk.page.get_by_role("button", name="Delete my account").click()
        expect(desk.page.get_by_role("button", name="Delete everything for good")).to_be_visible()
        assert violations(desk.page) == []

    def test_when_something_failed(
        self, new_desk: Callable[..., Desk], theme: str, size: dict[str, object]
    ):
        desk = new_desk(**size, color_scheme=theme)
        desk.add(text_file("rocks.txt", NOTES))
        desk.expect_ready("rocks.txt")
        desk.page.route("**/content?*", lambda route: route.abort())
        side = desk.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        side.get_by_role("button", name="Download").click()
        told = desk.page.get_by_role("alert")
        expect(told).to_contain_text("rocks.txt was not downloaded.")
        assert violations(desk.page) == []

        # Over whatever else lies there: what is hidden cannot be pressed.
        desk.page.locator(".toast").get_by_role("button", name="Close").click()
        expect(told).to_have_count(0)

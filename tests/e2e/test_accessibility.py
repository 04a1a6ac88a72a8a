"""The page for those who hear it, and where the focus is."""

from playwright.sync_api import expect

from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface. Granite cools slowly."
ANSWER = 'Basalt is dark <cite passage="1">Basalt is a dark volcanic rock that cools quickly at the surface.</cite>.'


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

"""The page for those who hear it, and where the focus is."""

from playwright.sync_api import expect

from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface. Granite cools slowly."
QUOTE = '<cite passage="1">Basalt is a dark volcanic rock that cools quickly at the surface.</cite>'
ANSWER = f"Basalt is dark. It cools at the surface {QUOTE}. Granite does not."


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

    def test_every_control_has_a_name(self, desk: Desk):
        nameless = desk.page.evaluate(
            """() => [...document.querySelectorAll('button, a, input:not([hidden]), textarea, select')]
              .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
              .map(e => e.outerHTML)"""
        )

        assert nameless == []

"""The oldest browsers that the page is built for, as far as Chromium can be one: without what they lack."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface. Granite cools slowly."
QUOTE = '<cite passage="1">Basalt is a dark volcanic rock that cools quickly at the surface.</cite>'
LECTURE = "https://rocks.example/basalt"
ANSWER = f"Basalt is dark. It cools at the surface {QUOTE}. See [the lecture]({LECTURE})."
# Safari before 17 has not the first two, Firefox before 125 not the third.
_TAKE_AWAY = """
delete URL.canParse;
delete URLSearchParams.prototype.size;
delete Intl.Segmenter;
"""
_ARE_GONE = "!('canParse' in URL || 'size' in URLSearchParams.prototype || 'Segmenter' in Intl)"


@pytest.fixture
def reader(new_desk: Callable[..., Desk]) -> Desk:
    """A student whose browser is an older one."""
    desk = new_desk(text_file("rocks.txt", NOTES))
    desk.page.add_init_script(_TAKE_AWAY)
    desk.page.reload()
    desk.expect_ready("rocks.txt")
    assert desk.page.evaluate(_ARE_GONE)
    return desk


def test_an_answer_is_drawn_with_its_link_and_said_by_sentences(reader: Desk, model: ScriptedModel):
    said = reader.page.get_by_role("log").get_by_role("paragraph")
    model.says, model.holds_after = ANSWER, 6
    reader.ask("What is basalt?")
    # The second sentence is on screen, and not yet at its end.
    expect(reader.conversation).to_contain_text("It cools at")
    heard = ["Looking through your files …", "Basalt is dark."]
    expect(said).to_have_text(heard)

    model.release()
    expect(said.last).to_have_text("End of the answer, with 1 citation.")
    # What arrives together is said together, so only the words are certain.
    [*rest, _ending] = said.all_text_contents()[len(heard) :]
    assert " ".join(" ".join(rest).split()) == "It cools at the surface. See the lecture."
    expect(reader.conversation.locator(f"a[href='{LECTURE}']")).to_contain_text("the lecture")
    expect(reader.chips).to_have_count(1)


def test_a_search_says_what_is_looked_for(reader: Desk, model: ScriptedModel):
    model.says = ANSWER
    reader.ask("What is basalt?")
    reader.wait_for_end()
    search = reader.open_side().get_by_label("Search your chats")

    with reader.page.expect_response("**/api/history?q=*") as found:
        search.fill("basalt")

    assert found.value.ok

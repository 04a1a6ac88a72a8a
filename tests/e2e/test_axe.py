"""axe finds nothing in any view and state, on a phone and at a desk, in both themes.

Each test brings one desk through the states of one part of the page (web/src says which there are)
and looks at each; the theme changes in place.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect

from dev.student import PASSPHRASE
from tests.conftest import Configuration
from tests.documents import make_pdf
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, hold, must_change_password, text_file
from tests.e2e.test_files import TRANSFER, Pieces, pad, pdf_file
from tests.e2e.test_sign_in import KEEPS_NOTHING, lose_reply
from tests.fakes import ScriptedModel

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
GRANITE = "Granite and gneiss are pale rocks that cool slowly, deep below."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
RICH = f"""# Rocks

Basalt is **dark** <cite passage="1">{NOTES}</cite>, see [a page](https://rocks.example/).

| Rock | Colour |
|---|---|
| Basalt | dark |

- [x] $v = s / t$
- `code`

> A quote.

```
cooling = "quick"
```

![A lava field](https://rocks.example/lava.png)
"""
QUESTION = "What is basalt?"

# What fades in has its final colours only when it is there; what blinks never ends. What is changed
# while it fades begins anew, so that the end of the one is not the end of all.
_LET_FADE_IN = """async () => {
  const isFading = ({ playState, effect }) =>
    playState !== "finished" && Number.isFinite(effect.getComputedTiming().endTime);
  for (;;) {
    const fading = document.getAnimations().filter(isFading);
    if (!fading.length) return;
    await Promise.allSettled(fading.map(animation => animation.finished));
  }
}"""

# As the browser says it of a promise that nobody waits for.
_UNFORESEEN = """dispatchEvent(
  new PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: 0 }))"""

_GROUND = "getComputedStyle(document.documentElement).backgroundColor"

# It says so for two seconds; axe may take longer to look.
_STAY_COPIED = """() => {
  const later = window.setTimeout;
  window.setTimeout = (work, milliseconds) =>
    milliseconds === 2000 ? 0 : later(work, milliseconds);
}"""


def violations(page: Page) -> list[str]:
    """Run axe on what is on screen; WCAG 2.2 A and AA, and axe's own advice."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    page.evaluate(_LET_FADE_IN)
    found = page.evaluate(f"axe.run(document, {json.dumps(_RULES)}).then(all => all.violations)")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


def expect_clean(page: Page) -> None:
    grounds: set[str] = set()
    for theme in ("light", "dark"):
        # Without motion a colour is there as soon as it is another: axe looks for longer than it fades.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert violations(page) == [], theme
        grounds.add(page.evaluate(_GROUND))
    assert len(grounds) == 2, "the page does not follow the system's theme"


def lose(page: Page, address: str) -> None:
    page.route(address, lambda route: route.abort("connectionreset"))


def change(page: Page, address: str, how: Callable[[Any], Any], *, times: int = 100) -> None:
    """Let the page see another answer than the one that was given."""

    def fulfil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=how(answer.json()))

    page.route(address, fulfil, times=times)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> dict[str, Any]:
    return request.param


@pytest.fixture
def large(sample_pdf: bytes) -> FilePayload:
    """A lecture that is sent in two pieces."""
    return pdf_file("large.pdf", pad(sample_pdf))


@pytest.fixture
def seat(new_desk: Callable[..., Desk], size: dict[str, Any]) -> Desk:
    return new_desk(**size)


@pytest.fixture
def reader(new_desk: Callable[..., Desk], size: dict[str, Any]) -> Desk:
    return new_desk(text_file("rocks.txt", f"{NOTES} {GRANITE}"), **size)


@pytest.fixture
def answered(reader: Desk, model: ScriptedModel) -> Desk:
    model.says = ANSWER
    reader.ask(QUESTION)
    expect(reader.chips).to_have_count(1)
    reader.wait_for_end()
    return reader


class TestBeforeSigningIn:
    @pytest.fixture
    def page(self, open_context: Callable[..., BrowserContext], size: dict[str, Any]) -> Page:
        return open_context(**size).new_page()

    def test_coming_in(self, page: Page):
        page.goto("/")
        enter = page.get_by_role("button", name="Sign in")
        expect(enter).to_be_visible()
        expect_clean(page)

        page.get_by_label("Username").fill("nobody-at-all")
        page.get_by_label("Password", exact=True).fill("certainly not the password")
        page.get_by_role("button", name="Show password").click()
        enter.click()
        expect(page.get_by_text(re.compile("wrong"))).to_be_visible()
        expect_clean(page)  # refused, the password shown

        hold(page, "**/api/auth/login")
        enter.click()
        expect(page.get_by_role("button", name="One moment …")).to_be_visible()
        expect_clean(page)

    def test_making_an_account(self, page: Page, configuration: Configuration):
        configuration.change(signup="code", signup_code="pigeon")
        page.goto("/#/register")
        make = page.get_by_role("button", name="Make the account")
        page.get_by_label("Username").fill("no spaces please")
        page.get_by_role("button", name="Suggest a passphrase").click()
        expect(page.get_by_label("Password", exact=True)).to_have_value(re.compile("-"))
        make.click()
        expect(page.get_by_role("alert")).to_contain_text("no spaces")
        expect_clean(page)  # a passphrase suggested, the name refused

        page.get_by_label("Username").fill("coded-reader")
        make.click()
        expect(page.get_by_label("Sign-up code")).to_be_focused()
        expect_clean(page)  # the code asked for

    def test_where_the_browser_keeps_nothing_and_no_passphrase_comes(self, page: Page):
        page.add_init_script(KEEPS_NOTHING)
        lose(page, "**/words-en-*.json")
        page.goto("/#/register")
        expect(page.get_by_text("This browser keeps nothing for this page")).to_be_visible()
        page.get_by_role("button", name="Suggest a passphrase").click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect_clean(page)

    def test_in_german(self, open_context: Callable[..., BrowserContext], size: dict[str, Any]):
        page = open_context(**size, locale="de-DE").new_page()
        page.goto("/#/register")
        page.get_by_label("Benutzername").fill(f"leser-{size['viewport']['width']}")
        page.get_by_role("button", name="Passphrase vorschlagen").click()
        expect(page.get_by_label("Passwort", exact=True)).to_have_value(re.compile("-"))
        expect_clean(page)

        page.locator("button[type=submit]").click()
        expect(page.get_by_label("Deine Frage")).to_be_visible()
        expect_clean(page)
        page.goto("/#/account")
        expect(page.get_by_role("heading", name="Konto", exact=True)).to_be_visible()
        expect_clean(page)


class TestAtFirst:
    def test_an_empty_desk(self, seat: Desk):
        expect_clean(seat.page)
        seat.open_side()
        expect_clean(seat.page)  # on a phone: the drawer
        seat.close_side()

        files = seat.page.evaluate_handle(TRANSFER, ["dropped.txt", NOTES])
        seat.page.dispatch_event("body", "dragenter", {"dataTransfer": files})
        expect(seat.page.get_by_text("Drop to add to your files")).to_be_visible()
        expect_clean(seat.page)

    def test_offline(self, new_desk: Callable[..., Desk], size: dict[str, Any]):
        page = new_desk(**size, service_workers="allow").page
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)
        expect(page.get_by_text(re.compile("You are offline"))).to_be_visible()
        expect_clean(page)  # the study

        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect_clean(page)  # the shell

    def test_when_the_lists_do_not_come(self, seat: Desk):
        lose(seat.page, "**/api/upload?*")
        lose(seat.page, "**/api/history?*")
        seat.page.reload()
        expect(seat.open_side().get_by_role("alert")).to_have_count(2)
        expect_clean(seat.page)

    def test_when_the_server_asks_to_wait(self, seat: Desk):
        problem = {"type": "/problems/database-unavailable", "title": "", "detail": "Wait."}
        seat.page.route(
            "**/api/auth/refresh",
            lambda route: route.fulfill(
                status=503,
                content_type="application/problem+json",
                json=problem | {"status": 503, "retry_after_seconds": 3_000},
            ),
        )
        seat.page.reload()
        expect(seat.page.get_by_role("button", name="Try again in 50 minutes")).to_be_disabled()
        expect_clean(seat.page)

    def test_when_something_unforeseen_happens(self, seat: Desk):
        seat.page.evaluate(_UNFORESEEN)
        expect(seat.page.get_by_role("alert")).to_contain_text("Load it again")
        expect_clean(seat.page)  # a press that came to nothing

        odd = {"files": [{"id": 1, "filename": "odd.txt", "status": "processing"}]}
        change(seat.page, "**/api/upload?*", lambda _: odd | {"next_cursor": None})
        seat.page.reload()
        expect(seat.page.get_by_role("alert")).to_contain_text("Load it again")
        expect_clean(seat.page)


class TestFiles:
    def test_being_prepared(self, seat: Desk):
        held = hold(seat.page, "**/api/upload/signed")
        seat.add(text_file("rocks.txt", NOTES))
        expect(seat.open_side().get_by_text("Preparing …")).to_be_visible()
        expect_clean(seat.page)
        held.route.continue_()
        seat.expect_ready("rocks.txt")

        seat.add(text_file("again.txt", NOTES), pdf_file("odd.pdf", b"no"))
        side = seat.open_side()
        expect(side.get_by_text(re.compile("same file is already here"))).to_be_visible()
        expect(side.get_by_text(re.compile("not what its name says"))).to_be_visible()
        expect_clean(seat.page)  # ready, a duplicate, refused

    def test_being_sent(self, seat: Desk, large: FilePayload):
        page = seat.page
        Pieces(seat, large)
        side = seat.open_side()
        expect_clean(page)
        side.get_by_role("button", name="Pause").click()
        expect(side.get_by_role("button", name="Go on")).to_be_focused()
        expect_clean(page)  # paused

        lose(page, "**/upload/resumable/**")
        side.get_by_role("button", name="Go on").click()
        expect(side.get_by_text(re.compile("Connection lost"))).to_be_visible()
        expect_clean(page)

        again = Desk(page.context.new_page(), seat.username)
        page.close()
        again.page.goto("/")
        expect(again.composer).to_be_visible()
        expect(again.open_side().get_by_text(re.compile("^Not here yet"))).to_be_visible()
        expect_clean(again.page)

    def test_refused_by_the_server(self, seat: Desk):
        problem = {"type": "/problems/rate-limited", "title": "", "detail": "Wait a moment."}
        body = problem | {"status": 429, "retry_after_seconds": 600}
        kind = "application/problem+json"
        seat.page.route(
            "**/api/upload/signed",
            lambda route: route.fulfill(status=429, content_type=kind, json=body),
        )
        seat.add(text_file("rocks.txt", NOTES))
        again = seat.open_side().get_by_role("button", name=re.compile("^Try again in"))
        expect(again).to_be_disabled()
        expect_clean(seat.page)

    def test_being_read(self, seat: Desk, model: ScriptedModel, tmp_path: Path):
        lines = [[f"Rock number {number} is dark and cools quickly."] for number in range(1, 41)]
        model.holds_embedding = 2
        long = make_pdf(tmp_path / "long.pdf", lines).read_bytes()
        gaps = make_pdf(tmp_path / "gaps.pdf", [[NOTES], [], [], [], [NOTES]]).read_bytes()
        held = hold(seat.page, "**/ingest")
        seat.add(pdf_file("long.pdf", long))
        side = seat.open_side()
        expect(side.get_by_text("Sent. About to be read")).to_be_visible()
        expect_clean(seat.page)
        held.route.continue_()
        expect(side.get_by_text("Reading page 33 of 40")).to_be_visible()
        expect_clean(seat.page)
        model.release()
        seat.expect_ready("long.pdf")

        seat.add(pdf_file("gaps.pdf", gaps))
        expect(
            seat.open_side().get_by_text(re.compile("^3 of 5 pages have no text"))
        ).to_be_visible()
        seat.open_side().get_by_role("checkbox", name="Use gaps.pdf for questions").uncheck()
        expect_clean(seat.page)  # gaps, and half a tick

        seat.open_side().get_by_role("button", name="Actions for gaps.pdf").click()
        seat.open_side().get_by_role("link", name="Read", exact=True).click()
        seat.source.get_by_role("button", name="Next page").click()
        expect(seat.source).to_contain_text("There is no text on this page.")
        expect_clean(seat.page)

    def test_not_read(self, seat: Desk):
        page = seat.page
        problem = {"type": "/problems/file-not-ready", "title": "", "detail": "It is in use."}
        kind = "application/problem+json"
        page.route(
            "**/ingest",
            lambda route: route.fulfill(status=409, content_type=kind, json=problem),
            times=1,
        )
        seat.add(text_file("rocks.txt", NOTES))
        side = seat.open_side()
        again = side.get_by_role("button", name="Try again")
        expect(again).to_be_visible()
        expect_clean(page)  # stands still
        page.locator(".toast").get_by_role("button", name="Close").click()

        error = problem | {"detail": "The model is away.", "retryable": True}
        change(page, "**/ingest", lambda file: file | {"status": "failed", "error": error})
        again.click()
        expect(side.get_by_text("The model is away.")).to_be_visible()
        expect(again).to_be_visible()
        expect_clean(page)  # failed

    def test_in_use(self, reader: Desk):
        page, side = reader.page, reader.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        expect_clean(page)  # the menu
        side.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        expect_clean(page)  # the question
        page.get_by_role("button", name="Cancel").click()

        lose(page, "**/content?*")
        side.get_by_role("button", name="Download").click()
        told = page.get_by_role("alert")
        expect(told).to_contain_text("rocks.txt was not downloaded.")
        expect_clean(page)
        # Over whatever else lies there: what is hidden cannot be pressed.
        page.locator(".toast").get_by_role("button", name="Close").click()
        expect(told).to_have_count(0)
        side.get_by_role("checkbox", name="Use rocks.txt for questions").uncheck()
        reader.close_side()
        expect(page.get_by_role("button", name="Choose at least one file")).to_be_visible()
        expect_clean(page)


class TestAnswers:
    def test_while_they_come(self, reader: Desk, model: ScriptedModel):
        page, conversation = reader.page, reader.conversation
        held = hold(page, "**/api/query")
        reader.ask(QUESTION)
        expect(conversation.get_by_text("Looking through your files")).to_be_visible()
        expect_clean(page)
        model.says, model.holds_after = ANSWER, 2
        held.route.continue_()
        expect(conversation).to_contain_text("Basalt is")
        expect_clean(page)  # arriving

        other = Desk(page.context.new_page())
        other.page.goto(page.url)
        expect(other.conversation.get_by_text("still being answered")).to_be_visible()
        expect_clean(other.page)
        other.page.close()

        page.get_by_role("button", name="Stop").click()
        expect(conversation.get_by_text("You stopped this answer.")).to_be_visible()
        expect_clean(page)
        conversation.get_by_role("button", name="Edit question").click()
        expect(reader.composer).to_be_focused()
        expect_clean(page)  # to be sent again
        reader.composer.fill("Why? " * 1_000)
        expect(page.get_by_text("characters too many")).to_be_visible()
        expect_clean(page)

    def test_before_their_first_word(self, reader: Desk, model: ScriptedModel):
        model.says, model.holds_after = ANSWER, 0
        reader.ask(QUESTION)
        expect(reader.conversation.get_by_text("Reading 1 passage")).to_be_visible()
        expect_clean(reader.page)

    def test_that_did_not_end_well(self, reader: Desk, model: ScriptedModel):
        model.says, model.stops_after = f"As the file says. {ANSWER}", 4
        reader.ask(QUESTION)
        expect(reader.conversation.get_by_text(re.compile("broke off"))).to_be_visible()
        model.stops_after, model.status = None, 503
        reader.ask("What is granite?")
        expect(reader.conversation.get_by_text(re.compile("cannot be reached"))).to_be_visible()
        model.status = 200
        lose(reader.page, "**/api/query")
        reader.ask("What is gneiss?")
        expect(reader.conversation.get_by_text(re.compile("connection was lost"))).to_be_visible()
        expect_clean(reader.page)  # interrupted, failed, lost

    def test_that_are_stopped_or_lost_before_they_begin(self, reader: Desk):
        page = reader.page
        held = hold(page, "**/api/query")
        reader.ask(QUESTION)
        page.get_by_role("button", name="Stop").click()
        expect(reader.conversation.get_by_text("Stopping …")).to_be_visible()
        expect_clean(page)

        held.route.abort("connectionreset")
        expect(reader.conversation.get_by_text(re.compile("connection was lost"))).to_be_visible()
        reader.composer.fill("What is granite?")
        expect(page.get_by_role("button", name="Ask", exact=True)).to_be_disabled()
        expect_clean(page)  # no other can be asked

    def test_with_and_without_a_source(self, reader: Desk, model: ScriptedModel):
        page = reader.page
        model.says = RICH
        reader.ask(QUESTION)
        expect(reader.chips).to_have_count(1)
        reader.ask(f"{QUESTION} Once more.")
        expect(reader.chips).to_have_count(2)
        expect(reader.conversation.locator("math")).to_have_count(2)
        model.says = "NOT_FOUND"
        reader.ask("Who painted the Sistine Chapel?")
        expect(reader.conversation.get_by_text("Not in your files")).to_be_visible()
        model.says = "That is widely known. " * 10
        reader.ask("Is basalt a dark volcanic rock?")
        expect(reader.conversation.get_by_text("Not backed by your files")).to_be_visible()
        reader.wait_for_end()
        expect_clean(page)  # answered with all of Markdown, not found, unbacked

        reader.chips.first.focus()
        expect(page.get_by_role("tooltip")).to_be_visible()
        expect_clean(page)  # the quote

    def test_that_was_copied(self, answered: Desk):
        page = answered.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate(_STAY_COPIED)
        answered.conversation.get_by_role("button", name="Copy").click()
        copied = answered.conversation.get_by_role("button", name="Copied")
        expect(copied).to_be_visible()
        expect_clean(page)
        assert copied.is_visible()  # throughout

    def test_whose_source_is_open(self, answered: Desk):
        page, source = answered.page, answered.source
        answered.chips.click()
        expect(source.locator("mark")).to_be_visible()
        expect_clean(page)  # the words
        source.get_by_role("button", name="Original").click()
        expect(source.get_by_role("link", name="Download the original")).to_be_visible()
        expect_clean(page)
        source.get_by_role("button", name="Close").click()

        side = answered.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        side.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
        expect(side.get_by_text("rocks.txt")).to_have_count(0)
        answered.close_side()
        answered.chips.click()
        expect(source).to_contain_text("This file was deleted.")
        expect_clean(page)
        page.goto("/#/source/999999999/1")
        expect(source).to_contain_text("This file is not there")
        expect_clean(page)

    def test_whose_source_is_a_pdf(self, seat: Desk, sample_pdf: bytes):
        page, source = seat.page, seat.source
        seat.add(pdf_file("lecture.pdf", sample_pdf))
        seat.expect_ready("lecture.pdf")
        side = seat.open_side()
        side.get_by_role("button", name="Actions for lecture.pdf").click()
        side.get_by_role("link", name="Read", exact=True).click()
        source.get_by_role("button", name="Original").click()
        expect(source.get_by_role("link", name="Open in a new tab")).to_be_visible()
        # This browser shows no PDF; in its frame it is seen in test_original.py.
        expect(source).to_contain_text("Here the original opens in a tab of its own.")
        expect_clean(page)
        source.get_by_role("button", name="Text").click()
        lose(page, "**/content?*")
        source.get_by_role("button", name="Next page").click()
        source.get_by_role("button", name="Original").click()
        expect(source.get_by_role("alert")).to_be_visible()
        expect_clean(page)
        source.get_by_role("button", name="Text").click()
        source.get_by_role("button", name="Previous page").click()
        lose(page, "**/pages/2")
        source.get_by_role("button", name="Next page").click()
        expect(source.get_by_role("alert")).to_be_visible()
        expect_clean(page)


class TestChats:
    def test_in_the_list(self, answered: Desk):
        page, side = answered.page, answered.open_side()
        side.get_by_role("button", name=f"Actions for {QUESTION}").click()
        expect_clean(page)  # the menu

        lose(page, "**/export?*")
        side.get_by_role("button", name="Export as JSON").click()
        expect(page.get_by_role("alert")).to_contain_text("was not exported")
        expect_clean(page)
        page.locator(".toast").get_by_role("button", name="Close").click()

        lose(page, "**/api/history/*")
        side.get_by_role("button", name="Rename").click()
        title = side.get_by_label("Title of the chat")
        title.fill("Dark rocks")
        expect_clean(page)
        title.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        expect_clean(page)  # not renamed

    def test_searched_and_deleted(self, answered: Desk):
        page, side = answered.page, answered.open_side()
        search = side.get_by_label("Search your chats")
        search.fill("nothing of the kind")
        expect(side.get_by_text(re.compile("Nothing found"))).to_be_visible()
        expect_clean(page)

        def lengthen(found: Any) -> Any:
            [chat] = found["chats"]
            others = [chat | {"chat_id": str(UUID(int=n)), "title": f"{n}"} for n in range(29)]
            return {"chats": [chat, *others], "next_cursor": "more"}

        change(page, "**/api/history?*", lengthen)
        search.fill("")
        expect(side.get_by_role("button", name="Show more")).to_be_visible()
        expect_clean(page)

        side.get_by_role("button", name=f"Actions for {QUESTION}").click()
        side.get_by_role("button", name="Delete", exact=True).press("Enter")
        expect(page.get_by_role("button", name="Undo")).to_be_focused()
        expect_clean(page)

    def test_that_are_long(self, answered: Desk):
        def lengthen(found: Any) -> Any:
            [query] = found["queries"]
            return found | {"queries": [query | {"id": number} for number in range(1, 61)]}

        change(answered.page, "**/api/history/*?*", lengthen)
        answered.page.reload()
        expect(answered.conversation.get_by_role("button", name="Show earlier")).to_be_attached()
        expect_clean(answered.page)

    def test_that_are_not_there(self, seat: Desk):
        address = "**/api/history/00000000-0000-4000-8000-000000000000?*"
        held = hold(seat.page, address)
        seat.page.goto("/#/chat/00000000-0000-4000-8000-000000000000")
        expect(seat.conversation.get_by_text("Loading the chat")).to_be_visible()
        expect_clean(seat.page)

        held.route.continue_()
        expect(seat.conversation.get_by_role("alert")).to_be_visible()
        expect_clean(seat.page)


class TestTheAccount:
    def test_in_use(self, seat: Desk, open_context: Callable[..., BrowserContext]):
        other = open_context(**DESKTOP).new_page()
        other.goto("/")
        other.get_by_label("Username").fill(seat.username)
        other.get_by_label("Password", exact=True).fill(PASSPHRASE)
        other.get_by_role("button", name="Sign in").click()
        expect(other.get_by_label("Your question")).to_be_visible()
        page = seat.page
        page.goto("/#/account")
        expect(page.get_by_role("button", name=re.compile("^Sign out on "))).to_be_visible()
        expect_clean(page)  # two sessions

        page.get_by_label("Current password").fill("wrong, wrong and wrong again")
        page.get_by_role("button", name="Suggest a passphrase").click()
        expect(page.get_by_label("New password")).to_have_value(re.compile("-"))
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_role("alert")).to_be_visible()
        lose(page, "**/api/auth/export")
        page.get_by_role("button", name="Download everything").click()
        expect(page.get_by_role("alert")).to_have_count(2)
        expect_clean(page)  # the password refused, the export lost

        page.get_by_label("Current password").fill(PASSPHRASE)
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_text("The password is changed.")).to_be_visible()
        expect_clean(page)

    def test_left_while_a_file_is_sent(self, seat: Desk, large: FilePayload):
        Pieces(seat, large)
        seat.follow(re.compile("^Account"))
        seat.page.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(seat.page.get_by_role("dialog")).to_be_visible()
        expect_clean(seat.page)

    def test_when_its_sessions_do_not_come(self, seat: Desk):
        lose(seat.page, "**/api/auth/sessions?*")
        seat.page.goto("/#/account")
        expect(seat.page.get_by_role("button", name="Try again")).to_be_visible()
        expect_clean(seat.page)

    def test_while_it_is_packed(self, seat: Desk):
        seat.page.goto("/#/account")
        hold(seat.page, "**/api/auth/export")
        seat.page.get_by_role("button", name="Download everything").click()
        expect(seat.page.get_by_role("button", name="Packing …")).to_be_visible()
        expect_clean(seat.page)

    def test_at_its_end(self, seat: Desk):
        page = seat.page
        page.goto("/#/account")
        page.get_by_role("button", name="Delete my account").click()
        proof = page.get_by_label("Your password, as proof that it is you")
        proof.fill("wrong, wrong and wrong again")
        expect_clean(page)
        page.get_by_role("button", name="Delete everything for good").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect_clean(page)  # refused

        proof.fill(PASSPHRASE)
        change(page, "**/api/auth/erase", lambda receipt: receipt | {"pending_objects": 2})
        held = hold(page, "**/api/auth/erase")
        page.get_by_role("button", name="Delete everything for good").click()
        expect(page.get_by_role("button", name="One moment …")).to_be_visible()
        expect_clean(page)  # under way

        held.route.fallback()
        expect(page.get_by_role("heading", name="Your account is gone")).to_be_focused()
        expect(page.get_by_text("Stored files that will be deleted")).to_be_visible()
        expect(page).to_have_title("Your account is gone · Lectern")
        expect_clean(page)  # the receipt

    def test_at_its_end_when_nobody_hears_of_it(self, seat: Desk):
        page = seat.page
        lose_reply(page, "**/api/auth/erase")
        page.goto("/#/account")
        page.get_by_role("button", name="Delete my account").click()
        page.get_by_label("Your password, as proof that it is you").fill(PASSPHRASE)
        confirm = page.get_by_role("button", name="Delete everything for good")
        confirm.click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect_clean(page)

        confirm.click()
        expect(page.get_by_role("heading", name="Your account is gone")).to_be_focused()
        expect(page.get_by_text("The connection was lost before the list")).to_be_visible()
        expect_clean(page)  # the receipt, without the list

    def test_with_a_password_that_must_be_changed(self, seat: Desk):
        must_change_password(seat.page)
        seat.page.reload()
        expect(seat.page.get_by_text("Choose a password of your own")).to_be_visible()
        expect_clean(seat.page)

    def test_when_its_session_is_over(self, seat: Desk):
        seat.page.context.clear_cookies()
        seat.page.reload()
        expect(seat.page.get_by_text("Your session is over.")).to_be_visible()
        expect_clean(seat.page)

"""What fails after a press is seen and heard, and says what to do."""

import hashlib
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import DESKTOP, Watch
from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
WAY_ON = "Check the connection, then try again."
SENDING = "**/object/sign/**"


def lose(page: Page, address: str, *methods: str) -> None:
    """Let no request to an address arrive."""

    def refuse(route: Route) -> None:
        if route.request.method in methods:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(address, refuse)


def refuse_to_send(page: Page) -> None:
    """Let storage answer as it does where there is no such object."""
    body = {"statusCode": "404", "error": "not_found", "message": "Object not found"}
    headers = {"Access-Control-Allow-Origin": "*"}
    page.route(SENDING, lambda route: route.fulfill(status=400, headers=headers, json=body))


def alert(page: Page, text: str) -> Locator:
    return page.get_by_role("alert").filter(has_text=text)


def centre(element: Locator) -> int:
    """Return how far to the right the middle of an element is."""
    box = element.bounding_box()
    assert box
    return round(box["x"] + box["width"] / 2)


@pytest.fixture
def reader(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(text_file("rocks.txt", NOTES))


@pytest.fixture
def answered(reader: Desk, model: ScriptedModel) -> Desk:
    model.says = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
    reader.ask("What is basalt?")
    expect(reader.chips).to_have_count(1)
    # The page asks for the list once it has been answered, and for nothing after it.
    listed = reader.page.get_by_role("link", name=re.compile("^What is"), include_hidden=True)
    expect(listed).to_be_attached()
    return reader


class TestAChat:
    def open(self, desk: Desk) -> Locator:
        side = desk.open_side()
        side.get_by_role("button", name=re.compile("^Actions for What is")).click()
        return side

    def test_keeps_the_title_that_was_typed_until_it_is_renamed(self, answered: Desk):
        lose(answered.page, "**/api/history/*", "PATCH")
        side = self.open(answered)
        side.get_by_role("button", name="Rename").click()
        title = side.get_by_label("Title of the chat")
        title.fill("Dark rocks")
        title.press("Enter")

        expect(alert(answered.page, WAY_ON)).to_be_visible()
        expect(title).to_have_value("Dark rocks")
        answered.page.unroute("**/api/history/*")
        title.press("Enter")
        expect(side.get_by_role("link", name=re.compile("^Dark rocks"))).to_be_visible()
        expect(answered.page.get_by_role("alert")).to_have_count(0)

    def test_that_is_not_exported_says_so(self, answered: Desk):
        lose(answered.page, "**/export?*", "GET")
        self.open(answered).get_by_role("button", name="Export as JSON").click()

        told = alert(answered.page, "“What is basalt?” was not exported. Lectern cannot be")
        expect(told).to_contain_text(WAY_ON)
        expect(told).to_be_in_viewport(ratio=1)
        assert centre(answered.page.locator(".toast")) == centre(answered.conversation)
        answered.page.get_by_role("button", name="Close").click()
        expect(answered.page.get_by_role("alert")).to_have_count(0)

    def test_that_is_not_deleted_comes_back_and_says_so(self, answered: Desk):
        lose(answered.page, "**/api/history/*", "DELETE")
        side = self.open(answered)
        side.get_by_role("button", name="Delete", exact=True).click()
        expect(answered.page.get_by_role("button", name="Undo")).to_be_visible()

        expect(alert(answered.page, "“What is basalt?” was not deleted.")).to_contain_text(WAY_ON)
        expect(side.get_by_role("link", name=re.compile("^What is basalt"))).to_be_visible()


class TestAFile:
    def open(self, desk: Desk) -> Locator:
        side = desk.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        return side

    def test_that_is_not_downloaded_says_so(self, reader: Desk):
        lose(reader.page, "**/content?*", "GET")
        self.open(reader).get_by_role("button", name="Download").click()

        expect(alert(reader.page, "rocks.txt was not downloaded.")).to_contain_text(WAY_ON)

    def test_that_is_not_downloaded_covers_nothing_of_a_long_question(self, reader: Desk):
        lose(reader.page, "**/content?*", "GET")
        reader.composer.fill("What was I going to ask?\n" * 12)
        self.open(reader).get_by_role("button", name="Download").click()

        told = alert(reader.page, WAY_ON)
        expect(told).to_be_in_viewport(ratio=1)
        box, field = told.bounding_box(), reader.composer.bounding_box()
        assert box
        assert field
        assert box["y"] + box["height"] < field["y"]

    def test_that_storage_does_not_send_says_so_and_leaves_the_page_as_it_is(self, reader: Desk):
        reader.page.route(SENDING, lambda route: route.abort())
        reader.composer.fill("What was I going to")
        with reader.page.expect_event("requestfailed", lambda it: "/object/sign/" in it.url):
            self.open(reader).get_by_role("button", name="Download").click()

        expect(alert(reader.page, "rocks.txt was not downloaded.")).to_contain_text(WAY_ON)
        expect(reader.composer).to_have_value("What was I going to")

    @pytest.mark.parametrize(
        ("language", "download", "text"),
        [
            ("en", "Download", "rocks.txt was not downloaded. The file storage did not send"),
            ("de", "Herunterladen", "rocks.txt wurde nicht heruntergeladen. Der Dateispeicher hat"),
        ],
    )
    def test_that_storage_refuses_to_send_says_so(
        self, reader: Desk, language: str, download: str, text: str
    ):
        refuse_to_send(reader.page)
        reader.speak(language)
        row = reader.page.get_by_role("listitem").filter(has_text="rocks.txt")
        row.get_by_role("button").click()
        row.get_by_role("button", name=download).click()

        expect(alert(reader.page, text)).to_be_visible()
        assert len(reader.page.frames) == 1  # none is to show what nobody sees

    def test_whose_original_storage_refuses_to_send_says_so(self, reader: Desk):
        refuse_to_send(reader.page)
        self.open(reader).get_by_role("link", name="Read", exact=True).click()
        reader.source.get_by_role("button", name="Original").click()
        original = reader.source.get_by_role("link", name="Download the original")
        original.click()
        expect(alert(reader.page, "The file storage did not send this file.")).to_be_visible()
        reader.page.unroute(SENDING)
        reader.source.get_by_role("button", name="Try again").click()
        with reader.page.expect_download() as saved:
            original.click()

        assert saved.value.suggested_filename == "rocks.txt"

    def test_that_is_not_deleted_says_so(self, reader: Desk):
        lose(reader.page, "**/api/upload/*", "DELETE")
        self.open(reader).get_by_role("button", name="Delete", exact=True).click()
        question = reader.page.get_by_role("dialog")
        question.get_by_role("button", name="Delete", exact=True).click()

        expect(alert(reader.page, "rocks.txt was not deleted.")).to_contain_text(WAY_ON)
        reader.expect_ready("rocks.txt")

    def test_whose_reading_the_server_refuses_says_so(self, desk: Desk):
        problem = _problem("file-not-ready", 409, "It is in use. Try again in a moment.")
        desk.page.route("**/ingest", lambda route: route.fulfill(**problem), times=1)
        desk.add(text_file("rocks.txt", NOTES))

        told = alert(desk.page, "rocks.txt was not read to its end.")
        expect(told).to_contain_text("Try again in a moment.")
        row = desk.open_side().get_by_role("listitem").filter(has_text="rocks.txt")
        expect(row).to_contain_text("It is in use.")
        expect(row.get_by_role("progressbar")).to_have_count(0)
        row.get_by_role("button", name="Try again").click()
        desk.expect_ready("rocks.txt")

    def test_whose_reading_is_asked_for_too_often_says_when(self, desk: Desk):
        problem = _problem("rate-limited", 429, "Wait a moment.")
        problem["json"]["retry_after_seconds"] = 600
        desk.page.route("**/ingest", lambda route: route.fulfill(**problem), times=1)
        desk.add(text_file("rocks.txt", NOTES))

        again = desk.open_side().get_by_role("button", name=re.compile("^Try again in"))
        expect(again).to_be_disabled()

    def test_whose_reading_another_took_over_is_read_on(self, desk: Desk):
        problem = _problem("lease-lost", 409, "Another request is reading this file.")
        desk.page.route("**/ingest", lambda route: route.fulfill(**problem), times=1)
        desk.add(text_file("rocks.txt", NOTES))

        desk.expect_ready("rocks.txt")
        expect(desk.page.get_by_role("alert")).to_have_count(0)

    def test_that_cannot_be_read_is_announced(self, desk: Desk):
        desk.add(text_file("empty.txt", " "))

        log = desk.page.get_by_role("log").get_by_text("empty.txt was not read to its end.")
        expect(log).to_contain_text("No text was found in this file.")

    def test_that_is_not_what_its_name_says_is_told_so_in_german(self, desk: Desk):
        desk.speak("de")
        desk.add(text_file("skript.pdf", NOTES))

        failed = desk.page.get_by_text("oder ihr Inhalt passt nicht zu ihrem Namen. Sichere sie")
        expect(failed.first).to_be_visible()


def _problem(slug: str, status: int, detail: str) -> dict[str, Any]:
    body = {"type": f"/problems/{slug}", "title": "", "status": status, "detail": detail}
    return {"status": status, "content_type": "application/problem+json", "json": body}


class _Breaking(socketserver.StreamRequestHandler):
    """Begins an answer that it promised to be longer, and hangs up."""

    size = 1000
    body = b": {"

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size)
        self.wfile.write(self.body)


class _Dying(_Breaking):
    """Begins an answer in the same way, and never says anything again."""

    def handle(self) -> None:
        super().handle()
        self.rfile.read()


class _Large(_Breaking):
    """Answers with more than the page holds in its hands at a time."""

    size = 40 * 1024 * 1024
    body = hashlib.shake_256().digest(size)


@contextmanager
def _serve(handler: type[_Breaking]) -> Iterator[str]:
    """Start a server for what the real one never does, and return its address."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.block_on_close = False  # whoever never hangs up is gone with the browser
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def breaking() -> Iterator[str]:
    with _serve(_Breaking) as address:
        yield address


@pytest.fixture
def dying() -> Iterator[str]:
    with _serve(_Dying) as address:
        yield address


@pytest.fixture
def large() -> Iterator[str]:
    with _serve(_Large) as address:
        yield address


# What the page waits for the next piece of a reply, and of an answer, of which there is more often something to hear.
REPLY_MILLISECONDS, ANSWER_MILLISECONDS = 45_000, 25_000
# Keeps what the page does when nothing came for so long.
_KEEP_PATIENCE = """most => {
  const later = window.setTimeout;
  window.lost = [];
  window.setTimeout = (work, milliseconds) => {
    if (milliseconds === most) window.lost.push(work);
    return later(work, milliseconds);
  };
}"""


def let_die(
    page: Page,
    address: str,
    dying: str,
    ask: Callable[[], None],
    *,
    waits: int = 1,
    milliseconds: int = REPLY_MILLISECONDS,
) -> None:
    """Ask for what begins to come and then does not, until the page has waited so often and no longer."""
    page.route(address, lambda route: route.continue_(url=dying), times=1)
    page.evaluate(_KEEP_PATIENCE, milliseconds)
    ask()
    page.wait_for_function("waits => lost.length === waits", arg=waits)
    page.evaluate("lost.at(-1)()")


class TestAReply:
    """What the server says, or what comes in its place, may be broken in many ways."""

    def test_that_breaks_off_is_a_lost_connection(self, answered: Desk, breaking: str):
        answered.page.route(
            "**/api/history?*",
            lambda route: route.continue_(url=breaking),
            times=1,
        )
        answered.page.reload()
        side = answered.open_side()
        expect(alert(answered.page, f"Lectern cannot be reached. {WAY_ON}")).to_be_visible()
        side.get_by_role("button", name="Try again").click()

        expect(side.get_by_role("link", name=re.compile("^What is basalt"))).to_be_visible()

    def test_that_dies_without_a_word_is_a_lost_connection(self, answered: Desk, dying: str):
        side = answered.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        let_die(
            answered.page,
            "**/pages/1",
            dying,
            side.get_by_role("link", name="Read", exact=True).click,
        )
        expect(alert(answered.page, f"Lectern cannot be reached. {WAY_ON}")).to_be_visible()
        answered.source.get_by_role("button", name="Try again").click()

        expect(answered.source).to_contain_text(NOTES)

    def test_that_dies_in_an_export_is_a_lost_connection(self, answered: Desk, dying: str):
        page = answered.page
        answered.open_account()
        export = page.get_by_role("button", name="Download everything")
        # For how it begins, and for how it goes on.
        let_die(page, "**/api/auth/export", dying, export.click, waits=2)
        expect(alert(page, f"Lectern cannot be reached. {WAY_ON}")).to_be_visible()
        with page.expect_download() as saved:
            export.click()

        assert "account.json" in ZipFile(saved.value.path()).namelist()

    def test_that_is_large_is_saved_whole(self, desk: Desk, large: str):
        desk.page.route("**/api/auth/export", lambda route: route.continue_(url=large))
        desk.page.goto("/#/account")

        with desk.page.expect_download() as saved:
            desk.page.get_by_role("button", name="Download everything").click()

        assert saved.value.path().read_bytes() == _Large.body

    def test_that_breaks_off_in_an_answer_is_a_lost_connection(
        self, answered: Desk, breaking: str, model: ScriptedModel
    ):
        answered.page.route("**/api/query", lambda route: route.continue_(url=breaking), times=1)
        answered.ask("Is it dark?")
        told = answered.conversation.get_by_text("The connection was lost before the answer came.")
        expect(told).to_be_visible()
        answered.conversation.get_by_role("button", name="Go on").click()

        expect(answered.chips).to_have_count(2)
        assert len(model.prompts) == 2

    def test_that_dies_in_an_answer_is_a_lost_connection(
        self, answered: Desk, dying: str, model: ScriptedModel
    ):
        let_die(
            answered.page,
            "**/api/query",
            dying,
            lambda: answered.ask("Is it dark?"),
            waits=2,  # for what comes at first, and for what goes on with it
            milliseconds=ANSWER_MILLISECONDS,
        )
        told = answered.conversation.get_by_text("The connection was lost before the answer came.")
        expect(told).to_be_visible()
        answered.conversation.get_by_role("button", name="Go on").click()

        expect(answered.chips).to_have_count(2)
        assert len(model.prompts) == 2

    @pytest.mark.parametrize("status", [200, 503])
    @pytest.mark.parametrize("kind", ["text/html", "application/problem+json"])
    def test_that_is_not_ours_is_the_servers_failure(self, answered: Desk, status: int, kind: str):
        answered.page.route(
            "**/api/history?*",
            lambda route: route.fulfill(status=status, content_type=kind, body="<p>Gateway"),
            times=1,
        )
        answered.page.reload()
        side = answered.open_side()
        expect(alert(answered.page, "Something went wrong on the server.")).to_be_visible()
        side.get_by_role("button", name="Try again").click()

        expect(side.get_by_role("link", name=re.compile("^What is basalt"))).to_be_visible()

    @pytest.mark.parametrize("kind", ["text/html", "application/problem+json"])
    def test_of_a_gateway_to_a_question_is_a_lost_connection(
        self, answered: Desk, model: ScriptedModel, kind: str
    ):
        answered.page.route(
            "**/api/query",
            lambda route: route.fulfill(status=503, content_type=kind, body="<p>Gateway"),
            times=1,
        )
        answered.ask("Is it dark?")
        told = answered.conversation.get_by_text("The connection was lost before the answer came.")
        expect(told).to_be_visible()
        answered.conversation.get_by_role("button", name="Go on").click()

        expect(answered.chips).to_have_count(2)
        assert len(model.prompts) == 2

    def test_of_our_own_without_a_name_is_no_lost_connection(self, answered: Desk):
        ours = {
            "type": "about:blank",
            "title": "",
            "status": 500,
            "detail": "",
            "instance": "urn:uuid:1",
        }
        kind = "application/problem+json"
        answered.page.route(
            "**/api/query",
            lambda route: route.fulfill(status=500, content_type=kind, json=ours),
            times=1,
        )
        answered.ask("Is it dark?")

        expect(answered.conversation.get_by_text("went wrong on the server")).to_be_visible()
        expect(answered.conversation.get_by_role("button", name="Go on")).to_have_count(0)

    def test_that_is_broken_ends_the_answer_and_another_can_be_asked(self, answered: Desk):
        broken = "event: start\ndata: {oh\n\n"
        answered.page.route(
            "**/api/query",
            lambda route: route.fulfill(content_type="text/event-stream", body=broken),
            times=1,
        )
        answered.ask("Is it dark?")
        told = answered.conversation.get_by_role("article").last
        expect(told).to_contain_text("Something went wrong on the server.")
        expect(answered.page.get_by_role("button", name="Stop")).to_have_count(0)
        told.get_by_role("button", name="Ask again").click()

        expect(answered.chips).to_have_count(2)


class TestAMistakeOfThePage:
    """As one may be in any version of it: here an event that is not what the page takes it for."""

    def test_is_not_called_a_lost_connection_and_ends_the_answer(
        self, answered: Desk, watch: Watch
    ):
        answered.page.route(
            "**/api/query",
            lambda route: route.fulfill(
                content_type="text/event-stream", body="event: delta\ndata: null\n\n"
            ),
            times=1,
        )
        answered.ask("Is it dark?")
        expect(alert(answered.page, "Something went wrong on this page.")).to_be_visible()
        told = answered.conversation.get_by_role("article").last
        expect(told).to_contain_text("This question was not answered.")
        told.get_by_role("button", name="Ask again").click()

        expect(answered.chips).to_have_count(2)
        [mistake] = watch.errors
        assert "null" in mistake
        watch.errors.clear()


def test_who_is_not_signed_out_is_told_to_be_still_signed_in(desk: Desk):
    desk.follow(re.compile("^Account"))
    desk.page.context.set_offline(True)
    sign_out = desk.page.get_by_role("button", name="Sign out", exact=True).first
    sign_out.click()

    expect(alert(desk.page, "You are still signed in.")).to_contain_text(WAY_ON)
    desk.page.context.set_offline(False)
    sign_out.click()
    expect(desk.page.get_by_label("Username")).to_be_visible()


def test_what_is_not_copied_says_how_to(new_desk: Callable[..., Desk], model: ScriptedModel):
    desk = new_desk(**DESKTOP)
    desk.page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    desk.page.reload()
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    model.says = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
    desk.ask("What is basalt?")
    desk.page.get_by_role("button", name="Copy").click()

    expect(alert(desk.page, "Mark the words and copy them yourself.")).to_be_visible()

"""Files on their way to being read: every way in, every state, and every way out."""

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Request, Response, Route, expect

from dev.student import PASSPHRASE
from tests.conftest import Configuration, Ground
from tests.documents import make_pdf
from tests.e2e.conftest import Watch
from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel

MEBIBYTE = 1024 * 1024
BASALT = "Basalt is a dark volcanic rock that cools quickly at the surface."
GRANITE = "Granite is a pale rock that cools slowly, deep below."
# The second one as a Mac may hand it over: the server composes its first letter.
NAMES = ["rocks.txt", "U\N{COMBINING DIAERESIS}bung.txt"]
PUT = "**/object/upload/sign/**"
PIECES = "**/upload/resumable/**"


def pdf_file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def pad(pdf: bytes) -> bytes:
    """Return the same document as a file of 9 MB."""
    start = pdf[pdf.rindex(b"startxref") :]
    return pdf + b"% nothing to read\n" * 500_000 + start


def row(side: Locator, name: str) -> Locator:
    return side.get_by_role("listitem").filter(has_text=name)


def speak(page: Page, language: str) -> None:
    """Choose the language of the page."""
    page.evaluate("language => localStorage.setItem('lectern-language', language)", language)
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", language)


class Gate:
    """Lets no request to an address through until it is opened."""

    def __init__(self, page: Page, address: str) -> None:
        self._held: list[Route] | None = []
        page.route(address, self._pass)

    def _pass(self, route: Route) -> None:
        if self._held is None:
            route.continue_()
        else:
            self._held.append(route)

    def open(self) -> None:
        held, self._held = self._held or [], None
        for route in held:
            if not route.request.failure:  # the page has given it up
                route.continue_()


def is_deletion(response: Response) -> bool:
    return response.request.method == "DELETE"


def is_second_piece(request: Request) -> bool:
    return request.method == "PATCH" and request.headers["upload-offset"] != "0"


class Pieces:
    """The pieces of a file as they are sent; the second one is on its way and kept from arriving."""

    def __init__(self, desk: Desk, file: FilePayload) -> None:
        self.offsets: list[int] = []
        self.methods: list[str] = []
        desk.page.on("request", self._see)
        desk.page.route(PIECES, self._hold)
        self._held: list[Route] = []
        self._is_open = False
        # That the first one is sent is seen before it is answered: then the second one may still be the first.
        with desk.page.expect_request(is_second_piece):
            desk.add(file)
        expect(desk.open_side().get_by_text(re.compile(r"Sending, [5-9]\d %"))).to_be_visible()

    def _see(self, request: Request) -> None:
        if "/upload/resumable" in request.url and request.method != "OPTIONS":
            self.methods.append(request.method)

    def _hold(self, route: Route) -> None:
        if route.request.method == "PATCH":
            self.offsets.append(int(route.request.headers["upload-offset"]))
            # Sent anew, it waits as well.
            if len(self.offsets) > 1 and not self._is_open:
                self._held.append(route)
                return
        route.continue_()

    def hold_no_more(self) -> None:
        """Let go what is sent from now on; what waits goes on waiting."""
        self._is_open = True

    def release(self) -> None:
        self.hold_no_more()
        for route in self._held:
            if not route.request.failure:  # the page has given it up
                route.continue_()


@pytest.fixture
def large(sample_pdf: bytes) -> FilePayload:
    """A lecture that is sent in two pieces."""
    return pdf_file("large.pdf", pad(sample_pdf))


class TestOnTheWay:
    def test_an_upload_is_paused_and_goes_on_where_it_was(self, desk: Desk, large: FilePayload):
        pieces = Pieces(desk, large)
        side = desk.open_side()
        side.get_by_role("button", name="Pause").click()
        expect(side.get_by_text(re.compile("^Paused at"))).to_be_visible()
        pieces.hold_no_more()
        side.get_by_role("button", name="Go on").click()

        desk.expect_ready("large.pdf")
        assert pieces.offsets == [0, 6 * MEBIBYTE, 6 * MEBIBYTE]
        assert pieces.methods.count("POST") == 1

    def test_an_upload_is_listed_once_after_another_view(self, desk: Desk, large: FilePayload):
        held = Pieces(desk, large)
        side = desk.open_side()
        desk.follow(re.compile("^Account"))
        expect(desk.page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        with desk.page.expect_response("**/api/upload?*") as listed:
            desk.page.get_by_role("link", name="Back to your files").click()
        [announced] = listed.value.json()["files"]
        assert announced["status"] == "awaiting_upload"
        expect(side.get_by_text(re.compile(r"Sending, [5-9]\d %"))).to_be_visible()
        expect(row(side, "large.pdf")).to_have_count(1)

        with desk.page.expect_response("**/api/upload/signed"):
            desk.add(large)  # once more: it may not take the place of the first
        held.release()

        expect(side.get_by_text(re.compile("same file is already here"))).to_be_visible()
        desk.expect_ready("large.pdf")

    def test_a_file_that_another_tab_sends_is_not_called_broken(
        self, desk: Desk, large: FilePayload
    ):
        Pieces(desk, large)
        other = Desk(desk.page.context.new_page())
        other.page.goto("/")
        expect(other.open_side().get_by_text(re.compile("^Not here yet"))).to_be_visible()

        def age(route: Route) -> None:
            answer = route.fetch()
            listed = answer.json()
            listed["files"][0]["created_at"] = "2026-01-01T00:00:00Z"
            route.fulfill(response=answer, json=listed)

        other.page.route("**/api/upload?*", age)
        other.page.reload()
        expect(other.open_side().get_by_text(re.compile("upload broke off"))).to_be_visible()

    def test_a_cancelled_upload_leaves_nothing_behind(self, desk: Desk, large: FilePayload):
        Pieces(desk, large)
        side = desk.open_side()
        with desk.page.expect_response(is_deletion) as deleted:
            side.get_by_role("button", name="Cancel").click()

        assert deleted.value.status == 204
        expect(side.get_by_text("large.pdf")).to_have_count(0)
        desk.page.reload()
        expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()

    def test_an_upload_cancelled_while_it_is_prepared_leaves_nothing_behind(self, desk: Desk):
        held = hold(desk.page, "**/api/upload/signed")
        with desk.page.expect_request("**/api/upload/signed"):
            desk.add(text_file("rocks.txt", BASALT))
        side = desk.open_side()
        expect(side.get_by_text("Preparing")).to_be_visible()
        side.get_by_role("button", name="Cancel").click()
        expect(side.get_by_text("rocks.txt")).to_have_count(0)

        with desk.page.expect_response(is_deletion) as deleted:
            held.route.continue_()  # the server has it in spite of all

        assert deleted.value.status == 204
        desk.page.reload()
        expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()

    def test_a_third_file_is_sent_while_two_are_read(self, desk: Desk):
        held = hold(desk.page, "**/ingest", most=2)
        names = ["one.txt", "two.txt", "three.txt"]
        desk.add(*(text_file(name, f"{BASALT} {name}") for name in names))

        expect(desk.open_side().get_by_text("Sent. About to be read")).to_have_count(3)
        routes = held.routes
        assert held.count == 2
        for route in routes:
            route.continue_()
        for name in names:
            desk.expect_ready(name)

    def test_a_file_paused_while_it_waits_for_its_turn_stays_paused(self, desk: Desk):
        gate = Gate(desk.page, PUT)
        side = desk.open_side()
        self._send_and_wait_again(desk)
        one = row(side, "one.txt")
        one.get_by_role("button", name="Pause").click()
        desk.add(text_file("four.txt", f"{BASALT} four"))
        expect(row(side, "four.txt")).to_contain_text("Preparing")

        row(side, "two.txt").get_by_role("button", name="Cancel").click()

        # Behind it in the row is whatever is sent now.
        expect(row(side, "four.txt")).to_contain_text("Sending")
        expect(one).to_contain_text("Paused at")
        one.get_by_role("button", name="Go on").click()
        gate.open()
        desk.expect_ready("one.txt")

    def test_a_file_paused_again_and_again_is_sent_once(self, desk: Desk):
        sent: list[str] = []

        def note(request: Request) -> None:
            if request.method == "PUT":
                sent.append(request.url)

        gate = Gate(desk.page, PUT)
        self._send_and_wait_again(desk)
        one = row(desk.open_side(), "one.txt")
        for _ in range(2):
            one.get_by_role("button", name="Pause").click()
            one.get_by_role("button", name="Go on").click()
        desk.page.on("request", note)
        gate.open()

        for name in ("one.txt", "two.txt", "three.txt"):
            desk.expect_ready(name)
        assert len(sent) == 1

    def _send_and_wait_again(self, desk: Desk) -> None:
        """Let two files be sent, and one.txt wait for its turn in the middle."""
        side = desk.open_side()
        names = ["one.txt", "two.txt", "three.txt"]
        desk.add(*(text_file(name, f"{BASALT} {name}") for name in names))
        for name in names[:2]:
            expect(row(side, name)).to_contain_text("Sending")
        row(side, "one.txt").get_by_role("button", name="Pause").click()
        expect(row(side, "three.txt")).to_contain_text("Sending")
        row(side, "one.txt").get_by_role("button", name="Go on").click()
        expect(row(side, "one.txt")).to_contain_text("Sending")

    def test_a_file_that_was_sent_is_read_though_its_page_was_left(self, desk: Desk):
        with desk.page.expect_request("**/ingest"):
            desk.page.route("**/ingest", lambda _: None, times=1)  # it never leaves
            desk.add(text_file("rocks.txt", BASALT))
        desk.page.reload()

        desk.expect_ready("rocks.txt")

    def test_a_file_found_unread_is_read_once_though_its_list_comes_again(
        self, desk: Desk, ground: Ground
    ):
        page, held = desk.page, hold(desk.page, "**/ingest", most=2)
        desk.add(text_file("rocks.txt", BASALT))
        desk.wait_for(lambda: held.count == 1)
        page.reload()
        desk.wait_for(lambda: held.count == 2)
        # As the server says it as soon as it reads.
        ground.execute(
            "update files set status = 'processing' from users"
            " where users.id = user_id and username = %s",
            desk.username,
        )
        expect(desk.open_side().get_by_text("Sent. About to be read")).to_be_visible()
        desk.follow(re.compile("^Account"))
        with page.expect_response("**/api/upload?*") as listed:
            page.get_by_role("link", name="Back to your files").click()
        assert [file["status"] for file in listed.value.json()["files"]] == ["processing"]

        held.routes[1].continue_()

        desk.expect_ready("rocks.txt")
        expect(page.get_by_role("log").get_by_text("rocks.txt is ready.")).to_have_count(1)
        assert held.count == 2

    @pytest.mark.parametrize("name", NAMES)
    def test_a_list_that_knows_of_a_file_before_its_upload_does_has_it_read_once(
        self, new_desk: Callable[..., Desk], name: str
    ):
        desk = new_desk(text_file("granite.txt", GRANITE))
        asked: list[str] = []
        desk.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        gate = Gate(desk.page, "**/api/upload?limit=*")
        desk.page.reload()
        signed = hold(desk.page, "**/api/upload/signed")
        with desk.page.expect_request("**/api/upload/signed"):
            desk.add(text_file(name, BASALT))
        side = desk.open_side()
        expect(row(side, name)).to_contain_text("Preparing")
        answer = signed.route.fetch()
        gate.open()
        expect(side.get_by_text("granite.txt")).to_be_visible()

        signed.route.fulfill(response=answer)

        desk.expect_ready(unicodedata.normalize("NFC", name))
        assert len([path for path in asked if path.endswith("/ingest")]) == 1

    def test_reading_is_seen_page_by_page(self, desk: Desk, model: ScriptedModel, tmp_path: Path):
        pages = [[f"Rock number {number} is dark and cools quickly."] for number in range(1, 41)]
        model.holds_embedding = 2  # the first 32 pages are in
        desk.add(pdf_file("rocks.pdf", make_pdf(tmp_path / "rocks.pdf", pages).read_bytes()))

        expect(desk.open_side().get_by_text("Reading page 33 of 40")).to_be_visible()
        model.release()
        desk.expect_ready("rocks.pdf")


def leave(page: Page) -> None:
    """Close the page as its reader does, who has used it: else no browser lets it ask."""
    page.get_by_label("Your question").click()
    page.close(run_before_unload=True)


def press_sign_out(desk: Desk) -> Locator:
    """Return the question that may come."""
    desk.follow(re.compile("^Account"))
    desk.page.get_by_role("button", name="Sign out", exact=True).first.click()
    return desk.page.get_by_role("dialog", name="Sign out now?")


def names_of(desk: Desk, ground: Ground) -> list[str]:
    """Return the names of a student's files, also of those that never came."""
    found = ground.rows(
        "select filename from files join users on users.id = user_id where username = %s",
        desk.username,
    )
    return [file["filename"] for file in found]


# Whoever signs out waits some seconds for what is given back.
_WAIT_AS_LONG_AS_IT_TAKES = """() => {
  const later = window.setTimeout;
  window.setTimeout = (work, milliseconds) =>
    milliseconds === 3000 ? 0 : later(work, milliseconds);
}"""


class TestLeaving:
    @pytest.fixture
    def sending(self, desk: Desk, large: FilePayload) -> Desk:
        """A desk with a file ready and another half sent."""
        desk.add(text_file("rocks.txt", BASALT))
        desk.expect_ready("rocks.txt")
        Pieces(desk, large)
        return desk

    def test_asks_once_while_a_file_is_sent_and_not_after(self, sending: Desk, watch: Watch):
        with sending.page.expect_event("dialog") as asked:
            leave(sending.page)
        assert asked.value.type == "beforeunload"
        side = sending.open_side()
        expect(side.get_by_text(re.compile("^Sending"))).to_be_visible()
        side.get_by_role("button", name="Cancel").click()
        expect(side.get_by_text("large.pdf")).to_have_count(0)

        with sending.page.expect_event("close"):
            leave(sending.page)
        assert len(watch.dialogs) == 1
        watch.dialogs.clear()

    def test_asks_not_while_the_server_reads(
        self, desk: Desk, model: ScriptedModel, tmp_path: Path
    ):
        pages = [[f"Rock number {number} is dark and cools quickly."] for number in range(1, 41)]
        model.holds_embedding = 2
        desk.add(pdf_file("rocks.pdf", make_pdf(tmp_path / "rocks.pdf", pages).read_bytes()))
        expect(desk.open_side().get_by_text("Reading page 33 of 40")).to_be_visible()

        with desk.page.expect_event("close"):
            leave(desk.page)
        model.release()

    def test_asks_not_who_downloads(self, sending: Desk):
        side = sending.open_side()
        side.get_by_role("button", name="Actions for rocks.txt").click()
        with sending.page.expect_download() as listed:
            side.get_by_role("button", name="Download").click()
        assert listed.value.suggested_filename == "rocks.txt"

        side.get_by_role("link", name="Read", exact=True).click()
        sending.source.get_by_role("button", name="Original").click()
        with sending.page.expect_download() as shown:
            sending.source.get_by_role("link", name="Download").click()
        assert shown.value.suggested_filename == "rocks.txt"
        expect(side.get_by_text(re.compile("^Sending"))).to_be_visible()

    def test_asks_who_signs_out_and_goes_on_sending_for_who_stays(self, sending: Desk):
        question = press_sign_out(sending)
        expect(question).to_contain_text("1 file is still on its way.")
        question.get_by_role("button", name="Cancel").click()
        expect(question).to_have_count(0)

        sending.page.get_by_role("link", name="Back to your files").click()
        expect(sending.open_side().get_by_text(re.compile("^Sending"))).to_be_visible()

    def test_asks_not_who_signs_out_when_all_is_sent(self, desk: Desk):
        desk.add(text_file("rocks.txt", BASALT))
        desk.expect_ready("rocks.txt")
        press_sign_out(desk)

        expect(desk.page.get_by_label("Username")).to_be_visible()

    def test_leaves_nothing_behind_of_what_was_not_sent_by_who_signs_out(
        self, sending: Desk, ground: Ground
    ):
        question = press_sign_out(sending)
        with sending.page.expect_response(is_deletion) as deleted:
            question.get_by_role("button", name="Sign out").click()

        assert deleted.value.status == 204
        expect(sending.page.get_by_label("Username")).to_be_visible()
        assert names_of(sending, ground) == ["rocks.txt"]

    def test_leaves_nothing_behind_of_what_is_announced_meanwhile(self, desk: Desk, ground: Ground):
        page, held = desk.page, hold(desk.page, "**/api/upload/signed")
        page.evaluate(_WAIT_AS_LONG_AS_IT_TAKES)
        desk.add(text_file("rocks.txt", BASALT))
        expect(desk.open_side().get_by_text("Preparing")).to_be_visible()
        announced = held.route
        press_sign_out(desk).get_by_role("button", name="Sign out").click()

        with page.expect_response(is_deletion) as deleted:
            announced.continue_()

        assert deleted.value.status == 204
        expect(page.get_by_label("Username")).to_be_visible()
        assert names_of(desk, ground) == []

    def test_keeps_what_is_on_its_way_for_who_cannot_sign_out(self, sending: Desk):
        question = press_sign_out(sending)
        sending.page.context.set_offline(True)
        question.get_by_role("button", name="Sign out").click()

        told = sending.page.get_by_role("alert").filter(has_text="You are still signed in.")
        expect(told).to_be_visible()
        sending.page.get_by_role("link", name="Back to your files").click()
        expect(sending.open_side().get_by_role("button", name="Cancel")).to_be_visible()

    def test_does_not_keep_who_signs_out_where_nothing_is_answered(self, sending: Desk):
        held = hold(sending.page, re.compile(r"/api/upload/\d+$"))
        press_sign_out(sending).get_by_role("button", name="Sign out").click()

        expect(sending.page.get_by_label("Username")).to_be_visible()
        assert held.count == 1


class TestWaysIn:
    def test_files_are_dropped(self, desk: Desk):
        files = desk.page.evaluate_handle(TRANSFER, ["dropped.txt", BASALT])
        desk.page.dispatch_event("body", "dragenter", {"dataTransfer": files})
        expect(desk.page.get_by_text("Drop to add to your files")).to_be_visible()
        desk.page.dispatch_event("body", "drop", {"dataTransfer": files})

        expect(desk.page.get_by_text("Drop to add to your files")).to_have_count(0)
        desk.expect_ready("dropped.txt")

    def test_a_file_dropped_where_none_is_taken_does_not_replace_the_page(self, desk: Desk):
        desk.page.goto("/#/account")
        expect(desk.page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        files = desk.page.evaluate_handle(TRANSFER, ["dropped.txt", BASALT])

        left_to_the_browser = desk.page.evaluate(
            """dataTransfer => document.body.dispatchEvent(
                new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }))""",
            files,
        )
        assert not left_to_the_browser
        desk.page.goto("/#/")
        expect(desk.open_side().get_by_text("dropped.txt")).to_have_count(0)

    def test_files_are_pasted(self, desk: Desk):
        files = desk.page.evaluate_handle(TRANSFER, ["pasted.txt", GRANITE])
        desk.page.evaluate(
            """files => document.body.dispatchEvent(
              new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}))""",
            files,
        )

        desk.expect_ready("pasted.txt")

    def test_words_with_a_picture_of_them_are_pasted_into_the_question(self, desk: Desk):
        """As Office copies them."""
        files = desk.page.evaluate_handle(TRANSFER, ["picture.txt", GRANITE])
        is_left_to_the_field = desk.composer.evaluate(
            """(field, files) => {
              files.setData("text/plain", "granite");
              files.setData("text/html", "<b>granite</b>");
              return field.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));
            }""",
            files,
        )

        assert is_left_to_the_field
        expect(desk.open_side().get_by_text("picture.txt")).to_have_count(0)

    def test_files_with_their_names_are_pasted_wherever_one_is(self, desk: Desk):
        """As a Mac copies them."""
        files = desk.page.evaluate_handle(TRANSFER, ["pasted.txt", GRANITE])
        desk.composer.evaluate(
            """(field, files) => {
              files.setData("text/plain", "pasted.txt");
              field.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));
            }""",
            files,
        )

        desk.expect_ready("pasted.txt")

    def test_several_at_once_tell_what_became_of_each(self, desk: Desk):
        desk.add(
            text_file("notes.txt", BASALT),
            text_file("again.txt", BASALT),
            pdf_file("lying.pdf", b"MZ not a pdf at all"),
        )

        side = desk.open_side()
        expect(side.get_by_text("The file's content is not what its name says.")).to_be_visible()
        expect(side.get_by_text(re.compile("same file is already here"))).to_be_visible()
        expect(side.get_by_role("checkbox", name=re.compile("^Use "))).to_have_count(1)

    def test_a_file_that_came_from_elsewhere_is_listed_when_it_is_added_again(self, desk: Desk):
        other = Desk(desk.page.context.new_page())
        other.page.goto("/")
        other.add(text_file("lecture.txt", BASALT))
        other.expect_ready("lecture.txt")
        expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()

        desk.add(text_file("again.txt", BASALT))

        expect(row(desk.open_side(), "again.txt")).to_contain_text("already here as lecture.txt")
        desk.expect_ready("lecture.txt")
        desk.ask("Which rock is dark?")
        desk.wait_for_end()

    @pytest.mark.parametrize(
        ("language", "text"),
        [("en", "This file is empty. Choose another one"), ("de", "Diese Datei ist leer. Wähle")],
    )
    def test_an_empty_file_is_told_to_be_empty(self, desk: Desk, language: str, text: str):
        announced: list[str] = []
        desk.page.on("request", lambda request: announced.append(request.url))
        speak(desk.page, language)
        desk.add(text_file("nothing.txt", ""))

        expect(row(desk.page.get_by_role("navigation"), "nothing.txt")).to_contain_text(text)
        assert not [url for url in announced if url.endswith("/signed")]

    @pytest.mark.parametrize(
        ("language", "text"),
        [("en", "Rename it, without slashes"), ("de", "Benenne sie um, ohne Schrägstriche")],
    )
    def test_a_name_that_no_file_may_have_is_told_to_be_the_fault(
        self, desk: Desk, language: str, text: str
    ):
        speak(desk.page, language)
        desk.add(text_file("notes \N{RIGHT-TO-LEFT OVERRIDE}of rocks.txt", BASALT))

        expect(row(desk.page.get_by_role("navigation"), "of rocks.txt")).to_contain_text(text)


TRANSFER = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/plain" }));
  return transfer;
}"""


class TestStates:
    def test_pages_without_text_are_named(self, desk: Desk, tmp_path: Path):
        lines = ["Basalt is a dark volcanic rock", "that cools quickly at the surface."]
        path = make_pdf(tmp_path / "gaps.pdf", [lines, [], [], lines, []])

        desk.add(pdf_file("gaps.pdf", path.read_bytes()))

        desk.expect_ready("gaps.pdf")
        note = desk.open_side().get_by_text("3 of 5 pages have no text (2\N{EN DASH}3, 5).")
        expect(note).to_be_visible()

    def test_a_failed_reading_says_why_and_is_tried_again(self, desk: Desk):
        def fail(route: Route) -> None:
            url = route.request.url.removesuffix("/ingest")
            file: dict[str, Any] = route.fetch(url=url, method="GET").json()
            error = {
                "type": "/problems/model-unavailable",
                "title": "Model unavailable",
                "status": 503,
                "detail": "The model cannot be reached.",
                "instance": "",
                "retryable": True,
            }
            route.fulfill(json=file | {"status": "failed", "error": error})

        desk.page.route("**/ingest", fail, times=1)
        desk.add(text_file("rocks.txt", BASALT))
        failed = row(desk.open_side(), "rocks.txt")
        expect(failed).to_contain_text("The model cannot be reached.")

        failed.get_by_role("button", name="Try again").click()

        desk.expect_ready("rocks.txt")

    def test_a_failed_reading_is_tried_again_when_the_model_wants_to_be_asked(
        self, desk: Desk, model: ScriptedModel
    ):
        minutes = 60_000
        model.embedding_status, model.headers = 503, {"Retry-After": "600"}
        desk.page.clock.install()
        desk.add(text_file("rocks.txt", BASALT))
        again = row(desk.open_side(), "rocks.txt").get_by_role("button", name="Try again")
        expect(again).to_have_text(re.compile("Try again in (10|9) minutes"))
        expect(again).to_be_disabled()
        desk.page.clock.fast_forward(5 * minutes)
        expect(again).to_have_text(re.compile("Try again in [54] minutes"))

        # It is the same failure, whenever the list is asked for again.
        desk.follow(re.compile("^Account"))
        with desk.page.expect_response("**/api/upload?*"):
            desk.page.get_by_role("link", name="Back to your files").click()
        expect(again).to_have_text(re.compile("Try again in [54] minutes"))

        desk.page.clock.fast_forward(5 * minutes)
        model.embedding_status = 200
        expect(again).to_be_enabled()
        again.click()
        desk.expect_ready("rocks.txt")

    def test_a_reading_that_fails_again_waits_again(self, desk: Desk, model: ScriptedModel):
        model.embedding_status, model.headers = 503, {"Retry-After": "600"}
        desk.page.clock.install()
        desk.add(text_file("rocks.txt", BASALT))
        again = row(desk.open_side(), "rocks.txt").get_by_role("button", name="Try again")
        expect(again).to_be_disabled()
        desk.page.clock.fast_forward(600_000)
        expect(again).to_be_enabled()

        again.click()

        expect(again).to_have_text(re.compile("Try again in (10|9) minutes"))


class TestRefusedForNow:
    """What the student can see to, without finding the file again."""

    def test_files_go_on_by_themselves_after_signing_in_again(self, desk: Desk):
        names = ["one.txt", "two.txt", "three.txt"]
        problem = {"type": "/problems/invalid-access-token", "title": "", "detail": ""}
        kind = "application/problem+json"
        desk.page.route(
            "**/api/upload/signed",
            lambda route: route.fulfill(status=401, content_type=kind, json=problem),
            times=2,
        )
        desk.page.context.clear_cookies()
        desk.add(*(text_file(name, f"{BASALT} {name}") for name in names))
        expect(desk.page.get_by_text("Your session is over.")).to_be_visible()

        desk.page.get_by_label("Username").fill(desk.username)
        desk.page.get_by_label("Password", exact=True).fill(PASSPHRASE)
        desk.page.get_by_role("button", name="Sign in").click()

        for name in names:
            desk.expect_ready(name)

    def test_a_file_too_many_is_tried_again_when_there_is_room(
        self, desk: Desk, configuration: Configuration
    ):
        configuration.change(max_files_per_user=1)
        desk.add(text_file("basalt.txt", BASALT))
        desk.expect_ready("basalt.txt")
        desk.add(text_file("granite.txt", GRANITE))
        side = desk.open_side()
        refused = row(side, "granite.txt")
        expect(refused).to_contain_text("Delete one that you no longer need.")

        side.get_by_role("button", name="Actions for basalt.txt").click()
        side.get_by_role("button", name="Delete", exact=True).click()
        question = desk.page.get_by_role("dialog", name="Delete basalt.txt?")
        question.get_by_role("button", name="Delete", exact=True).click()
        expect(row(side, "basalt.txt")).to_have_count(0)
        refused.get_by_role("button", name="Try again").click()

        desk.expect_ready("granite.txt")


class TestUnreadable:
    """What the browser took in, and the device does not give it any more."""

    def test_a_file_changed_while_it_is_sent_is_to_be_chosen_again(
        self, desk: Desk, tmp_path: Path
    ):
        path = tmp_path / "rocks.txt"
        path.write_text(BASALT)

        def change(route: Route) -> None:
            path.write_text(BASALT + GRANITE)
            route.abort("connectionreset")

        desk.page.route(PUT, change, times=1)
        with desk.page.expect_response(is_deletion):
            desk.page.locator("input[type=file]").first.set_input_files(path)

        side = desk.open_side()
        expect(side.get_by_text("cannot be read from this device")).to_be_visible()
        expect(side.get_by_role("button", name="Try again")).to_have_count(0)
        desk.page.locator("input[type=file]").first.set_input_files(path)
        desk.expect_ready("rocks.txt")

    def test_a_file_gone_before_it_is_prepared_says_so(self, desk: Desk, tmp_path: Path):
        gate = Gate(desk.page, PUT)
        desk.add(text_file("one.txt", f"{BASALT} one"), text_file("two.txt", f"{BASALT} two"))
        side = desk.open_side()
        for name in ("one.txt", "two.txt"):
            expect(row(side, name)).to_contain_text("Sending")
        path = tmp_path / "rocks.txt"
        path.write_text(BASALT)
        desk.page.locator("input[type=file]").first.set_input_files(path)
        expect(row(side, "rocks.txt")).to_contain_text("Preparing")

        path.unlink()
        gate.open()

        expect(row(side, "rocks.txt")).to_contain_text("cannot be read from this device")


class TestInUse:
    def test_a_question_asks_only_the_files_that_are_ticked(self, desk: Desk, model: ScriptedModel):
        model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
        desk.add(text_file("basalt.txt", BASALT), text_file("granite.txt", GRANITE))
        desk.expect_ready("basalt.txt")
        desk.expect_ready("granite.txt")
        desk.open_side().get_by_role("checkbox", name="Use granite.txt for questions").uncheck()
        expect(desk.page.get_by_role("button", name="Asks 1 of 2 files")).to_be_visible()

        with desk.page.expect_request("**/api/query") as asked:
            desk.ask("Which rock is dark?")

        assert len(json.loads(asked.value.post_data or "")["file_ids"]) == 1
        expect(desk.chips).to_have_count(1)

    def test_one_tick_takes_all_files_or_none(self, desk: Desk):
        desk.add(text_file("basalt.txt", BASALT), text_file("granite.txt", GRANITE))
        desk.expect_ready("basalt.txt")
        desk.expect_ready("granite.txt")
        side = desk.open_side()
        use_all = side.get_by_role("checkbox", name="Use all files for questions")
        one = side.get_by_role("checkbox", name="Use granite.txt for questions")
        expect(use_all).to_be_checked()

        use_all.click()
        expect(one).not_to_be_checked()
        expect(use_all).not_to_be_checked()
        expect(desk.page.get_by_role("button", name="Choose at least one file")).to_be_visible()
        one.check()
        assert use_all.evaluate("box => box.indeterminate")
        use_all.click()

        expect(use_all).to_be_checked()
        expect(desk.page.get_by_role("button", name="Asks both files")).to_be_visible()

    def test_a_file_is_deleted_after_one_question_and_its_quotes_stay(
        self, desk: Desk, model: ScriptedModel
    ):
        model.says = f'It is dark <cite passage="1">{BASALT}</cite>.'
        desk.add(text_file("basalt.txt", BASALT))
        desk.expect_ready("basalt.txt")
        desk.ask("Which rock is dark?")
        expect(desk.chips).to_have_count(1)
        side = desk.open_side()
        side.get_by_role("button", name="Actions for basalt.txt").click()
        side.get_by_role("button", name="Delete", exact=True).click()
        question = desk.page.get_by_role("dialog", name="Delete basalt.txt?")
        question.get_by_role("button", name="Cancel").click()
        expect(side.get_by_text("basalt.txt")).to_be_visible()
        side.get_by_role("button", name="Delete", exact=True).click()
        question.get_by_role("button", name="Delete", exact=True).click()

        expect(side.get_by_text("basalt.txt")).to_have_count(0)
        expect(desk.conversation).to_contain_text("deleted since")
        desk.chips.first.click()
        expect(desk.source).to_contain_text("This file was deleted.")
        expect(desk.source).to_contain_text(BASALT)

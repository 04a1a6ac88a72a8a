"""A connection that is lost and found again, and several tabs of one student."""

import hashlib
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, Route, expect

from dev.processes import ROOT
from dev.student import PASSPHRASE
from tests.conftest import TLS
from tests.e2e.conftest import PATIENCE_MILLISECONDS
from tests.e2e.desk import Desk, hold, text_file
from tests.e2e.test_files import NAMES, is_second_piece
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ANSWER = f'Basalt is dark <cite passage="1">{NOTES}</cite>. That is all.'
MEBIBYTE = 1024 * 1024
LOST = re.compile("connection was lost")
# Milliseconds: for a reply to begin; for more of it to come, or of an upload to go.
REPLY = 75_000
LIMITS = [30_000, 45_000, REPLY]
PUT = "**/object/upload/sign/**"
AWAITED = "This question is still being answered."
LOOK = re.compile(r"/api/history/[0-9a-f-]+\?")
OVER = "Your session is over."
ENDED: dict[str, Any] = {
    "status": 401,
    "content_type": "application/problem+json",
    "json": {"type": "/problems/session-ended", "title": "", "status": 401, "detail": "Over."},
}
STILL_ANSWERED: dict[str, Any] = {
    "status": 409,
    "content_type": "application/problem+json",
    "json": {
        "type": "/problems/idempotency-conflict",
        "title": "",
        "status": 409,
        "detail": "",
        "retry_after_seconds": 600,
    },
}
OFFLINE = re.compile("You are offline")


@pytest.fixture
def reader(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(text_file("rocks.txt", NOTES))


def expect_whole_answer(desk: Desk) -> None:
    """The last answer is complete, and its citation opens the quoted words."""
    desk.wait_for_end()
    answer = desk.conversation.get_by_role("article").last
    expect(answer).to_contain_text("Basalt is dark")
    expect(answer).to_contain_text("That is all.")
    expect(answer.get_by_text(re.compile("broke off|was lost"))).to_have_count(0)
    chip = answer.get_by_role("link", name=re.compile(r"^Citation 1:"))
    chip.click()
    expect(desk.source.locator("mark")).to_be_visible()
    assert desk.marked == NOTES


def _give_up(status: int) -> Callable[[Route], None]:
    """Return a gateway that hands a request on, and does not wait for the answer."""

    def give_up(route: Route) -> None:
        route.fetch()
        route.fulfill(status=status, content_type="text/html", body="<h1>Gateway</h1>")

    return give_up


class TestAnAnswer:
    def test_cut_off_in_the_middle_stays_and_is_whole_after_going_on(
        self, reader: Desk, model: ScriptedModel
    ):
        model.says, model.holds_after = f"As the file says. {ANSWER}", 4
        reader.ask("What is basalt?")
        expect(reader.conversation).to_contain_text("As the file says.")

        reader.page.context.set_offline(True)
        expect(reader.page.get_by_text(OFFLINE)).to_be_visible()
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        expect(reader.conversation).to_contain_text("As the file says.")
        reader.page.context.set_offline(False)

        # By itself the page takes what the server has kept, and offers the rest.
        expect(reader.page.get_by_text(OFFLINE)).to_have_count(0)
        expect(reader.conversation.get_by_text(re.compile("broke off"))).to_be_visible()
        expect(reader.conversation).to_contain_text("As the file says.")
        model.holds_after = None
        reader.conversation.get_by_role("button", name="Go on").click()
        expect_whole_answer(reader)

    def test_kept_in_half_is_asked_anew_by_going_on(self, reader: Desk, model: ScriptedModel):
        model.says, model.stops_after = f"As the file says. {ANSWER}", 4
        reader.page.route("**/api/query", _break_off, times=1)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        expect(reader.conversation).to_contain_text("As")

        model.stops_after = None
        reader.conversation.get_by_role("button", name="Go on").click()

        expect(reader.conversation.get_by_role("article")).to_have_count(2)
        expect_whole_answer(reader)
        expect(reader.conversation.get_by_role("article").first).to_contain_text("broke off")

    def test_waited_for_at_the_server_is_stopped_at_once(self, reader: Desk):
        with reader.page.expect_response("**/api/query"):
            reader.page.route("**/api/query", lambda route: route.fulfill(**STILL_ANSWERED))
            reader.ask("What is basalt?")
        reader.page.get_by_role("button", name="Stop").click()

        # In which chat the server answers it is not known, so that it is still to be fetched.
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()

    def test_stopped_before_the_server_says_that_it_is_at_it_waits_for_nothing(self, reader: Desk):
        held = hold(reader.page, "**/api/query")
        with reader.page.expect_request("**/api/query"):
            reader.ask("What is basalt?")
        reader.page.get_by_role("button", name="Stop").click()

        held.route.fulfill(**STILL_ANSWERED)

        expect(reader.conversation.get_by_text(LOST)).to_be_visible()

    @pytest.mark.parametrize("status", [None, 502, 504])
    def test_whole_at_the_server_is_fetched_and_not_asked_again(
        self, reader: Desk, model: ScriptedModel, status: int | None
    ):
        model.says = ANSWER
        lose = _give_up(status) if status else _lose_the_reply
        reader.page.route("**/api/query", lose, times=1)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()

        reader.conversation.get_by_role("button", name="Go on").click()

        expect_whole_answer(reader)
        expect(reader.conversation.get_by_role("article")).to_have_count(1)
        assert len(model.prompts) == 1

    def test_that_a_gateway_gave_up_is_there_once_when_one_comes_back(
        self, reader: Desk, model: ScriptedModel
    ):
        model.says = ANSWER
        reader.ask("What is basalt?")
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()
        chat = reader.page.url
        reader.page.route("**/api/query", _give_up(504), times=1)
        reader.ask("Is it dark?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        reader.page.goto("/#/")
        expect(reader.conversation.get_by_role("article")).to_have_count(0)

        reader.page.goto(chat)

        expect(reader.chips).to_have_count(2)
        expect(reader.conversation.get_by_role("article")).to_have_count(2)
        expect(reader.conversation.get_by_text(LOST)).to_have_count(0)

    def test_lost_as_the_first_of_a_chat_keeps_the_next_one_out_of_another_chat(
        self, reader: Desk, model: ScriptedModel
    ):
        model.says = ANSWER
        reader.page.context.set_offline(True)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_contain_text("press “Go on”, or begin")
        reader.composer.fill("Is it dark?")
        reader.composer.press("Enter")
        expect(reader.composer).to_have_value("Is it dark?")
        expect(reader.page.get_by_role("button", name="Ask", exact=True)).to_be_disabled()

        reader.page.context.set_offline(False)
        expect_whole_answer(reader)
        reader.wait_for_end()
        reader.composer.press("Enter")

        expect(reader.chips).to_have_count(2)
        expect(reader.open_side().locator("a[href^='#/chat/']")).to_have_count(1)
        assert len(model.prompts) == 2

    def test_is_fetched_though_nothing_is_reached_at_first(
        self, reader: Desk, model: ScriptedModel
    ):
        model.says = ANSWER
        reader.page.context.set_offline(True)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        reader.page.route("**/api/query", lambda route: route.abort("connectionreset"), times=2)

        reader.page.context.set_offline(False)

        expect_whole_answer(reader)
        assert len(model.prompts) == 1

    def test_is_not_fetched_for_ever_where_nothing_is_reached(self, reader: Desk):
        asked: list[str] = []

        def refuse(route: Route) -> None:
            asked.append(route.request.headers["idempotency-key"])
            route.abort("connectionreset")

        reader.page.add_init_script(_HURRY)
        reader.page.reload()
        expect(reader.open_side().get_by_role("checkbox", name="Use rocks.txt")).to_be_visible()
        reader.page.context.set_offline(True)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        reader.page.route("**/api/query", refuse)

        with reader.page.expect_request("**/api/query"):
            reader.page.context.set_offline(False)

        expect(reader.conversation.get_by_role("button", name="Go on")).to_be_enabled()
        assert len(asked) == 4
        assert len(set(asked)) == 1

    def test_lost_with_others_comes_after_them_and_not_at_the_same_time(
        self, reader: Desk, model: ScriptedModel
    ):
        model.says = ANSWER
        reader.ask("What is basalt?")
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()
        reader.page.context.set_offline(True)
        for question in ("Is basalt dark?", "Is basalt volcanic?", "Is basalt a rock?"):
            reader.ask(question)
        expect(reader.conversation.get_by_text(LOST)).to_have_count(3)
        reader.page.evaluate(_COUNT_AT_ONCE)

        reader.page.context.set_offline(False)

        expect(reader.chips).to_have_count(4)
        reader.wait_for_end()
        assert reader.page.evaluate("mostAtOnce") == 1
        asked = [prompt[-1]["content"] for prompt in model.prompts]
        assert [("dark?" in it, "volcanic?" in it, "a rock?" in it) for it in asked[1:]] == [
            (True, False, False),
            (False, True, False),
            (False, False, True),
        ]

    def test_lost_is_asked_though_another_chat_is_open(self, reader: Desk, model: ScriptedModel):
        model.says = ANSWER
        reader.ask("What is basalt?")
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()
        reader.follow("New question")
        expect(reader.conversation.get_by_role("article")).to_have_count(0)
        reader.page.context.set_offline(True)
        reader.ask("Is it dark?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        reader.follow(re.compile("^What is basalt"))
        expect(reader.conversation.get_by_text(LOST)).to_have_count(0)

        reader.page.context.set_offline(False)

        reader.follow(re.compile("^Is it dark"))
        expect_whole_answer(reader)
        expect(reader.conversation.get_by_role("article")).to_have_count(1)
        assert len(model.prompts) == 2

    def test_that_begins_another_chat_is_not_shown_in_this_one(
        self, reader: Desk, lectern: str, model: ScriptedModel
    ):
        """What was lost is asked anew where its chat was deleted meanwhile."""
        model.says = ANSWER
        reader.page.route("**/api/query", _break_off, times=1)
        reader.ask("What is basalt?")
        expect(reader.conversation.get_by_text(LOST)).to_be_visible()
        deleted = urlsplit(reader.page.url).fragment
        _delete_chats(lectern, reader.username)

        reader.conversation.get_by_role("button", name="Go on").click()

        expect(reader.conversation.get_by_role("article")).to_have_count(0)
        chats = reader.open_side().locator("a[href^='#/chat/']")
        expect(chats).to_have_count(1)
        expect(chats).not_to_have_attribute("href", f"#{deleted}")
        chats.click()
        expect_whole_answer(reader)

    def test_that_was_asked_in_a_chat_deleted_elsewhere_has_its_words_again(
        self, reader: Desk, model: ScriptedModel, lectern: str
    ):
        model.says = ANSWER
        reader.ask("What is basalt?")
        reader.wait_for_end()
        _delete_chats(lectern, reader.username)

        reader.composer.fill("Is it dark?")
        with reader.page.expect_response("**/api/query") as refused:
            reader.composer.press("Enter")

        assert refused.value.status == 404
        expect(reader.composer).to_have_value("Is it dark?")
        reader.follow("New question")
        expect(reader.composer).to_have_value("Is it dark?")


# How many answers the page has drawn as running at the same time, at most.
_COUNT_AT_ONCE = """() => {
  window.mostAtOnce = 0;
  const count = () => {
    const running = document.querySelectorAll("article[aria-busy=true]").length;
    window.mostAtOnce = Math.max(window.mostAtOnce, running);
  };
  const kinds = { subtree: true, childList: true, attributes: true };
  new MutationObserver(count).observe(document.body, kinds);
}"""


@contextmanager
def _elsewhere(lectern: str, username: str) -> Iterator[httpx.Client]:
    """Sign a user in on another device."""
    with httpx.Client(base_url=lectern, timeout=30, verify=TLS) as client:
        body = {"username": username, "password": PASSPHRASE}
        token = client.post("/api/auth/login", json=body).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _delete_chats(lectern: str, username: str) -> None:
    """Delete a user's chats."""
    with _elsewhere(lectern, username) as client:
        for chat in client.get("/api/history").json()["chats"]:
            address = f"/api/history/{chat['chat_id']}"
            client.delete(address).raise_for_status()


def _end_sessions(lectern: str, username: str) -> None:
    """Sign a user out of all other devices."""
    with _elsewhere(lectern, username) as client:
        for session in client.get("/api/auth/sessions").json()["sessions"]:
            if not session["current"]:
                client.delete(f"/api/auth/sessions/{session['id']}").raise_for_status()


def _break_off(route: Route) -> None:
    """Let the server answer, and the page see only how it begins."""
    whole = route.fetch()
    beginning, _, _ = whole.text().partition("event: delta")
    first = 'event: delta\ndata: {"text": "As"}\n\n'
    route.fulfill(response=whole, body=beginning + first)


def _lose_the_reply(route: Route) -> None:
    route.fetch()
    route.abort("connectionreset")


# Only the page's own clock runs faster; how long it wanted to wait is noted. What is sent and read
# takes its time: a busy machine is not to be taken for a dead connection.
_HURRY = f"""
const later = window.setTimeout;
window.waits = [];
window.setTimeout = (work, milliseconds) => {{
  if ({LIMITS}.includes(milliseconds)) return later(work, milliseconds);
  window.waits.push(milliseconds);
  return later(work, milliseconds / 100);
}};
"""


def hurry(desk: Desk) -> None:
    desk.page.add_init_script(_HURRY)
    desk.page.reload()
    # The list is here: it would have a file read that is in it already, and counted with the others.
    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()


def _padded(pdf: bytes, size: int) -> bytes:
    """Return the same document in a larger file: the reader finds its end behind a long comment."""
    start = pdf[pdf.rindex(b"startxref") :]
    line = b"% " + b"what is not read " * 8 + b"\n"
    return pdf + line * ((size - len(pdf)) // len(line)) + start


def send_meddled(desk: Desk, pdf: bytes, meddle: Callable[[Route, list[str]], None]) -> list[str]:
    """Have a file of two pieces read, and return how storage was asked; `meddle` is given each request and all so far."""
    methods: list[str] = []

    def see(route: Route) -> None:
        methods.append(route.request.method)
        meddle(route, methods)

    desk.page.route("**/upload/resumable/**", see)
    content = _padded(pdf, 7 * MEBIBYTE)
    desk.add({"name": "long.pdf", "mimeType": "application/pdf", "buffer": content})
    desk.expect_ready("long.pdf")
    return methods


class Cut:
    """Cuts the connection while the second piece of a file is on its way, and notes what is sent."""

    def __init__(self, page: Page) -> None:
        self.pieces: list[int] = []
        self.others: list[str] = []
        self._page = page
        page.on("request", self._see)
        page.route("**/upload/resumable/**", self._cut_late)

    def _see(self, request: Request) -> None:
        if request.method == "PATCH":
            self.pieces.append(int(request.headers["upload-offset"]))
            if len(self.pieces) == 2:
                self._page.context.set_offline(True)
        elif "/upload/resumable" in request.url and request.method != "OPTIONS":
            self.others.append(request.method)

    def _cut_late(self, route: Route) -> None:
        """The third piece may be on its way before the connection is cut."""
        if route.request.method == "PATCH" and len(self.pieces) == 3:
            route.abort("connectionreset")
        else:
            route.continue_()

    def mend(self) -> None:
        self._page.unroute_all()
        self._page.context.set_offline(False)


class TestAnUpload:
    def test_cut_off_in_the_middle_goes_on_where_it_was_and_arrives_whole(
        self, desk: Desk, lectern: str, sample_pdf: bytes
    ):
        content = _padded(sample_pdf, 14 * MEBIBYTE)  # three pieces of 6 MiB at most
        cut = Cut(desk.page)
        pdf = {"name": "long.pdf", "mimeType": "application/pdf", "buffer": content}
        desk.add(pdf)  # type: ignore[arg-type]
        side = desk.open_side()
        expect(side.get_by_text(re.compile("Connection lost"))).to_be_visible()
        cut.mend()

        desk.expect_ready("long.pdf")
        pieces = cut.pieces
        assert pieces[0] == 0
        assert all(before < after for before, after in pairwise(sorted(set(pieces))))
        assert pieces.count(0) == 1, "it was begun again"
        assert pieces[2] >= pieces[1] == 6 * MEBIBYTE
        assert cut.others == ["POST", "HEAD"]
        assert _stored(lectern, desk.username) == hashlib.sha256(content).hexdigest()

    def test_that_gave_up_goes_on_when_the_connection_is_back(self, desk: Desk):
        hurry(desk)
        desk.page.route(PUT, lambda route: route.abort("connectionreset"))
        desk.add(text_file("rocks.txt", NOTES))
        side = desk.open_side()
        expect(side.get_by_role("button", name="Try again")).to_be_visible()
        desk.page.unroute(PUT)

        desk.page.evaluate("() => { dispatchEvent(new Event('online')) }")

        desk.expect_ready("rocks.txt")

    def test_whose_connection_dies_without_a_word_goes_on_where_it_was(
        self, desk: Desk, sample_pdf: bytes
    ):
        methods: list[str] = []

        def let_one_die(route: Route) -> None:
            methods.append(route.request.method)
            if methods.count("PATCH") != 2 or route.request.method != "PATCH":
                route.continue_()

        desk.page.clock.install()
        desk.page.route("**/upload/resumable/**", let_one_die)
        content = _padded(sample_pdf, 7 * MEBIBYTE)
        # That the first piece is sent is seen before it is answered.
        with desk.page.expect_request(is_second_piece):
            desk.add({"name": "long.pdf", "mimeType": "application/pdf", "buffer": content})
        side = desk.open_side()
        expect(side.get_by_text(re.compile(r"Sending, [89]\d %"))).to_be_visible()
        desk.page.clock.fast_forward(15_000)
        expect(side.get_by_text(re.compile(r"Sending, [89]\d %"))).to_be_visible()

        desk.page.clock.fast_forward(30_000)

        desk.expect_ready("long.pdf")
        assert methods == ["POST", "PATCH", "PATCH", "HEAD", "PATCH"]

    @pytest.mark.parametrize("address", ["**/api/upload/signed", "**/ingest"])
    def test_of_which_the_functions_say_nothing_goes_on(self, desk: Desk, address: str):
        desk.page.clock.install()
        held = hold(desk.page, address)
        with desk.page.expect_request(address):
            desk.add(text_file("rocks.txt", NOTES))
        waiting = desk.open_side().get_by_text(re.compile("^(Preparing|Sent. About to be read)"))
        expect(waiting).to_be_visible()
        desk.page.clock.fast_forward(REPLY - 10_000)
        expect(waiting).to_be_visible()

        desk.page.clock.fast_forward(10_000)

        desk.expect_ready("rocks.txt")
        assert held.count == 2

    def test_that_is_there_though_its_reply_was_lost_is_read(self, desk: Desk, lectern: str):
        replies: list[str] = []

        def note(response: Response) -> None:
            if response.request.method == "PUT":
                replies.append(response.text())

        desk.page.on("response", note)
        desk.page.route(PUT, _lose_the_reply, times=1)

        desk.add(text_file("rocks.txt", NOTES))

        desk.expect_ready("rocks.txt")
        desk.wait_for(lambda: replies)
        assert [json.loads(reply)["statusCode"] for reply in replies] == ["409"]
        assert _stored(lectern, desk.username) == hashlib.sha256(NOTES.encode()).hexdigest()

    def test_that_the_list_already_holds_is_asked_to_be_read_once(self, desk: Desk):
        asked: list[str] = []

        def note(request: Request) -> None:
            if request.url.endswith("/ingest"):
                asked.append(request.url)

        desk.page.on("request", note)
        lists, puts = hold(desk.page, "**/api/upload?*"), hold(desk.page, PUT)
        with desk.page.expect_request("**/api/upload?*"):
            desk.page.reload()
        with desk.page.expect_request(PUT):
            desk.add(text_file("rocks.txt", NOTES))
        with desk.page.expect_response("**/api/upload?*") as listed:
            lists.route.continue_()

        assert [file["status"] for file in listed.value.json()["files"]] == ["awaiting_upload"]
        puts.route.continue_()
        desk.expect_ready("rocks.txt")
        assert len(asked) == 1

    @pytest.mark.parametrize("known", [0, 1], ids=["before it was announced", "before it was sent"])
    def test_that_was_sent_stays_so_whatever_is_said_late(self, desk: Desk, known: int):
        page = desk.page
        lists, puts = hold(page, "**/api/upload?*"), hold(page, PUT)
        asked = hold(page, "**/ingest")
        with page.expect_request("**/api/upload?*"):
            page.reload()
        with page.expect_request(PUT):
            desk.add(text_file("rocks.txt", NOTES))
        old = lists.route.fetch().json()
        with page.expect_request("**/ingest"):
            puts.route.continue_()
        lists.route.fulfill(json={**old, "files": old["files"][:known]})
        for _ in range(2):  # the second is asked once the reply to the first has been taken in
            with page.expect_request(re.compile(r"/api/upload/\d+$")):
                pass

        assert [file["status"] for file in old["files"]] == ["awaiting_upload"]
        expect(desk.open_side().get_by_text("Sent. About to be read")).to_be_visible()
        asked.route.continue_()
        desk.expect_ready("rocks.txt")

    def test_that_was_deleted_is_gone_whatever_is_said_late(self, reader: Desk):
        gone = {"type": "/problems/not-found", "title": "", "status": 404, "detail": ""}
        page, side = reader.page, reader.open_side()
        page.route("**/api/query", lambda route: route.fulfill(status=404, json=gone))
        lists = hold(page, "**/api/upload?*")
        with page.expect_request("**/api/upload?*"):  # one thing is gone: what is there?
            reader.ask("What is basalt?")
        side.get_by_role("button", name="Actions for rocks.txt").click()
        old = lists.route.fetch().json()
        side.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
        expect(side.get_by_text("rocks.txt")).to_have_count(0)
        other = {**old["files"][0], "id": old["files"][0]["id"] + 1, "filename": "more.txt"}
        lists.route.fulfill(json={**old, "files": [other, *old["files"]]})

        expect(side.get_by_role("checkbox", name="Use more.txt for questions")).to_be_visible()
        expect(side.get_by_text("rocks.txt")).to_have_count(0)

    @pytest.mark.parametrize("status", [409, 423])
    def test_whose_piece_meets_another_offset_or_a_lock_asks_how_far_it_is(
        self, desk: Desk, sample_pdf: bytes, status: int
    ):
        def refuse(route: Route, methods: list[str]) -> None:
            if methods == ["POST", "PATCH"]:
                route.fulfill(status=status, headers={"Access-Control-Allow-Origin": "*"})
            else:
                route.continue_()

        methods = send_meddled(desk, sample_pdf, refuse)

        assert methods == ["POST", "PATCH", "HEAD", "PATCH", "PATCH"]

    def test_that_storage_has_forgotten_begins_anew(self, desk: Desk, sample_pdf: bytes):
        hurry(desk)

        def forget(route: Route, methods: list[str]) -> None:
            if methods == ["POST", "PATCH"]:
                route.abort("connectionreset")
            elif route.request.method == "HEAD":
                route.fulfill(status=404, headers={"Access-Control-Allow-Origin": "*"})
            else:
                route.continue_()

        methods = send_meddled(desk, sample_pdf, forget)

        assert methods == ["POST", "PATCH", "HEAD", "POST", "PATCH", "PATCH"]

    @pytest.mark.parametrize("name", NAMES)
    def test_whose_announcement_was_heard_and_not_answered_has_one_place(
        self, desk: Desk, lectern: str, name: str
    ):
        desk.page.route("**/api/upload/signed", _lose_the_reply, times=1)

        desk.add(text_file(name, NOTES))

        desk.expect_ready(unicodedata.normalize("NFC", name))
        assert _stored(lectern, desk.username) == hashlib.sha256(NOTES.encode()).hexdigest()

    def test_whose_announcement_a_gateway_answered_has_one_place(self, desk: Desk, lectern: str):
        def answer(route: Route) -> None:
            route.fetch()
            route.fulfill(status=504)

        desk.page.route("**/api/upload/signed", answer, times=1)
        desk.add(text_file("rocks.txt", NOTES))
        desk.open_side().get_by_role("button", name="Try again").click()

        desk.expect_ready("rocks.txt")
        assert _stored(lectern, desk.username) == hashlib.sha256(NOTES.encode()).hexdigest()

    def test_cancelled_when_its_announcement_was_lost_leaves_nothing_behind(
        self, desk: Desk, lectern: str
    ):
        _cancel_unheard(desk)

        with desk.page.expect_response(_is_deletion) as deleted:
            desk.page.context.set_offline(False)

        assert deleted.value.status == 204
        assert _files(lectern, desk.username) == []

    def test_cancelled_before_its_announcement_is_lost_leaves_nothing_behind(
        self, desk: Desk, lectern: str
    ):
        held = _hold_announcement(desk)
        side = desk.open_side()
        side.get_by_role("button", name="Cancel").click()
        expect(side.get_by_text("rocks.txt")).to_have_count(0)
        held.fetch()

        with desk.page.expect_response(_is_deletion) as deleted:
            held.abort("connectionreset")

        assert deleted.value.status == 204
        assert _files(lectern, desk.username) == []

    def test_cancelled_and_announced_again_keeps_its_new_place(self, desk: Desk, lectern: str):
        page = desk.page
        _cancel_unheard(desk)
        lists, announced = hold(page, "**/api/upload?*"), hold(page, "**/api/upload/signed")
        with page.expect_request("**/api/upload?*"):
            page.context.set_offline(False)
        with page.expect_request("**/api/upload/signed"):
            desk.add(text_file("rocks.txt", NOTES))
        expect(desk.open_side().get_by_text("Preparing")).to_be_visible()
        reply = announced.route.fetch()
        with page.expect_response("**/api/upload?*") as listed:
            lists.route.continue_()
        assert len(listed.value.json()["files"]) == 2

        with page.expect_response(_is_deletion):
            announced.route.fulfill(response=reply)

        desk.expect_ready("rocks.txt")
        [file] = _files(lectern, desk.username)
        assert file["id"] == reply.json()["file"]["id"]

    def test_cancelled_and_sent_again_is_read(self, desk: Desk, lectern: str):
        page = desk.page
        _cancel_unheard(desk)
        lists, ingests = hold(page, "**/api/upload?*"), hold(page, "**/ingest")
        with page.expect_request("**/api/upload?*"):
            page.context.set_offline(False)
        with page.expect_request("**/ingest"):
            desk.add(text_file("rocks.txt", NOTES))
        expect(desk.open_side().get_by_text("Sent. About to be read")).to_be_visible()

        with page.expect_response(_is_deletion):
            lists.route.continue_()

        ingests.route.continue_()
        desk.expect_ready("rocks.txt")
        assert len(_files(lectern, desk.username)) == 1

    def test_that_storage_cannot_take_waits_longer_and_then_for_a_press(self, desk: Desk):
        hurry(desk)
        headers = {"Access-Control-Allow-Origin": "*"}
        desk.page.route(PUT, lambda route: route.fulfill(status=503, headers=headers))
        desk.add(text_file("rocks.txt", NOTES))
        side = desk.open_side()
        expect(side.get_by_text("cannot take this file just now")).to_be_visible()
        waits: list[float] = desk.page.evaluate("waits.filter(wait => wait > 700)")
        assert len(waits) == 8
        assert waits[:5] == sorted(waits[:5])  # below the longest each is longer than the last
        assert max(waits) <= 30_000

        desk.page.unroute(PUT)
        side.get_by_role("button", name="Try again").click()
        desk.expect_ready("rocks.txt")

    def test_that_cannot_be_read_just_now_waits_longer_and_then_for_a_press(self, desk: Desk):
        hurry(desk)
        asked = {"retry_after_seconds": 20}
        problem = {
            "type": "/problems/storage-unavailable",
            "title": "",
            "status": 503,
            "detail": "",
        }
        kind = "application/problem+json"
        desk.page.route(
            "**/ingest",
            lambda route: route.fulfill(status=503, content_type=kind, json=problem | asked),
        )
        desk.add(text_file("rocks.txt", NOTES))
        told = desk.page.get_by_role("alert").filter(has_text="rocks.txt was not read to its end.")
        expect(told).to_be_visible()
        # No wait but these and the look at how far it is, which comes every second.
        waits: list[float] = desk.page.evaluate("waits.filter(wait => wait > 10_000)")
        assert len([wait for wait in waits if 19_000 < wait <= 20_000]) == 7

        desk.page.unroute("**/ingest")
        again = desk.open_side().get_by_role("button", name=re.compile("^Try again"))
        expect(again).to_be_enabled()
        again.click()
        desk.expect_ready("rocks.txt")

    def test_that_storage_refuses_leaves_no_place_behind(self, desk: Desk, lectern: str):
        body = {"statusCode": "403", "error": "Unauthorized", "message": "Not now"}
        headers = {"Access-Control-Allow-Origin": "*"}
        desk.page.route(
            PUT, lambda route: route.fulfill(status=400, headers=headers, json=body), times=1
        )
        with desk.page.expect_response(lambda r: r.request.method == "DELETE") as deleted:
            desk.add(text_file("rocks.txt", NOTES))
        assert deleted.value.status == 204
        side = desk.open_side()
        expect(side.get_by_text("did not take this file")).to_be_visible()

        side.get_by_role("button", name="Try again").click()

        desk.expect_ready("rocks.txt")
        assert _stored(lectern, desk.username) == hashlib.sha256(NOTES.encode()).hexdigest()


def _is_deletion(response: Response) -> bool:
    return response.request.method == "DELETE"


def _hold_announcement(desk: Desk) -> Route:
    """Add a file, and let nobody hear yet of its announcement."""
    held = hold(desk.page, "**/api/upload/signed")
    with desk.page.expect_request("**/api/upload/signed"):
        desk.add(text_file("rocks.txt", NOTES))
    expect(desk.open_side().get_by_text("Preparing")).to_be_visible()
    return held.route


def _cancel_unheard(desk: Desk) -> None:
    """Add a file, go offline when only the server knows that it was announced, and cancel it."""
    _hold_announcement(desk).fetch()
    desk.page.context.set_offline(True)
    side = desk.open_side()
    expect(side.get_by_text("Connection lost. Goes on by itself")).to_be_visible()
    side.get_by_role("button", name="Cancel").click()
    expect(side.get_by_text("rocks.txt")).to_have_count(0)


def _files(lectern: str, username: str) -> list[dict[str, Any]]:
    with _elsewhere(lectern, username) as client:
        return client.get("/api/upload").json()["files"]


def _stored(lectern: str, username: str) -> str:
    """Return the SHA-256 of the one file of a user, of its bytes as they come back."""
    with _elsewhere(lectern, username) as client:
        [file] = client.get("/api/upload").json()["files"]
        path = f"/api/upload/{file['id']}/content?as=url"
        url = client.get(path).json()["url"]
        assert file["status"] == "ready"
        return hashlib.sha256(httpx.get(url, timeout=30, verify=TLS).content).hexdigest()


@pytest.mark.parametrize(
    "lost_at_first", [0, 1], ids=["at once", "though it does not carry at first"]
)
def test_lists_that_did_not_come_come_with_the_connection(
    reader: Desk, model: ScriptedModel, lost_at_first: int
):
    model.says = ANSWER
    reader.ask("What is basalt?")
    expect_whole_answer(reader)
    addresses = ("**/api/upload?*", "**/api/history?*")

    def lose(route: Route) -> None:
        route.abort("connectionreset")

    for address in addresses:
        reader.page.route(address, lose)
    reader.page.goto("/")
    side = reader.open_side()
    expect(side.get_by_role("alert")).to_have_count(2)
    reader.page.context.set_offline(True)
    expect(reader.page.get_by_text(OFFLINE)).to_be_visible()
    reader.page.unroute_all()
    for address in addresses * lost_at_first:
        reader.page.route(address, lose, times=1)

    reader.page.context.set_offline(False)

    expect(side.get_by_role("checkbox", name="Use rocks.txt for questions")).to_be_visible()
    expect(side.get_by_role("link", name=re.compile("^What is basalt"))).to_be_visible()
    expect(side.get_by_role("alert")).to_have_count(0)


_WAIT_FOR_THEIR_TURN = """async (tabs) => (await navigator.locks.query()).pending
  .filter(lock => lock.name === "lectern-refresh").length === tabs"""
# As if the time were over that a request is given; returns what it was given.
_HAND_OVER_PATIENCE = """
AbortSignal.timeout = (milliseconds) => {
  const patience = new AbortController();
  window.lose = () => {
    patience.abort(new DOMException("", "TimeoutError"));
    return milliseconds;
  };
  return patience.signal;
};"""
_ALL_HAD_THEIR_TURN = """async () => {
  const { held, pending } = await navigator.locks.query();
  return ![...held, ...pending].some(lock => lock.name === "lectern-refresh");
}"""


def wait_until(page: Page, predicate: str, arg: object = None) -> None:
    """Wait for an asynchronous predicate: wait_for_function takes its promise for a yes."""
    until = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    while not page.evaluate(predicate, arg):
        assert time.monotonic() < until, f"it never was so: {predicate}"


class Refreshes:
    """The refreshes that the tabs of a browser begin."""

    def __init__(self, context: BrowserContext) -> None:
        self.count = 0
        self._context = context
        context.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.count += self._is_one(request)

    @staticmethod
    def _is_one(request: Request) -> bool:
        return "/auth/refresh" in request.url

    @contextmanager
    def hold_next(self) -> Iterator[None]:
        """Hold the next one from when it begins until the end of the block."""
        held: list[Route] = []
        over = False

        def hold(route: Route) -> None:
            if over:
                route.continue_()
            else:
                held.append(route)

        self._context.route("**/api/auth/refresh", hold, times=1)
        yield
        over = True  # its event may be on its way yet
        for route in held:
            route.continue_()

    @contextmanager
    def expect_next(self) -> Iterator[None]:
        with self._context.expect_event("request", self._is_one):
            yield


def expect_looked_again(page: Page) -> None:
    """Wait until the page has asked for its chat, and taken in the reply."""
    for _ in range(2):  # it asks for the next one after that
        with page.expect_response(LOOK):
            pass


class TestAnAnswerMadeInAnotherTab:
    @pytest.fixture
    def watcher(self, reader: Desk, model: ScriptedModel) -> Desk:
        """A tab that shows a question which another one is asking."""
        model.says = ANSWER
        reader.ask("What is basalt?")
        expect(reader.chips).to_have_count(1)
        reader.wait_for_end()
        asking = Desk(reader.page.context.new_page())
        asking.page.goto(reader.page.url)
        expect(asking.chips).to_have_count(1)
        model.holds_after = 2
        asking.ask("Is it dark?")
        model.wait_until_held()
        reader.page.reload()
        expect(reader.conversation.get_by_text(AWAITED)).to_be_visible()
        return reader

    def test_comes_by_itself(self, watcher: Desk, model: ScriptedModel):
        model.release()

        expect(watcher.chips).to_have_count(2)
        expect(watcher.conversation.get_by_text(AWAITED)).to_have_count(0)

    def test_is_not_looked_for_again_before_the_last_look_has_ended(
        self, watcher: Desk, model: ScriptedModel
    ):
        page = watcher.page
        page.clock.install()
        page.reload()
        expect(watcher.conversation.get_by_text(AWAITED)).to_be_visible()
        looks = hold(page, LOOK)
        look = looks.route

        page.clock.run_for(10_000)

        page.evaluate("fetch('/').then(() => {})")  # whatever was sent before is told of by then
        assert looks.count == 1
        look.continue_()
        model.release()
        expect(watcher.chips).to_have_count(2)

    def test_takes_no_question_away_that_is_asked_here(self, watcher: Desk, model: ScriptedModel):
        held = hold(watcher.page, "**/api/query")
        asked = watcher.conversation.get_by_role("article", name="Where does it cool?")
        watcher.ask("Where does it cool?")
        expect_looked_again(watcher.page)
        expect(asked).to_be_visible()
        stop = watcher.page.get_by_role("button", name="Stop")
        expect(stop).to_be_visible()
        held.route.continue_()
        expect(asked).to_contain_text("Basalt is")
        stop.click()

        expect_looked_again(watcher.page)
        expect(asked).to_contain_text("You stopped this answer.")
        expect(watcher.conversation.get_by_role("article")).to_have_count(3)
        model.release()
        expect(watcher.chips).to_have_count(2)
        expect(asked).to_contain_text("You stopped this answer.")


class TestTabs:
    def test_that_load_together_refresh_once(self, desk: Desk):
        second = desk.page.context.new_page()
        second.goto("/")
        expect(second.get_by_label("Your question")).to_be_visible()
        refreshes = Refreshes(desk.page.context)

        with refreshes.hold_next():
            desk.page.reload()
            second.reload()
            wait_until(second, _WAIT_FOR_THEIR_TURN, 1)  # both want one now

        expect(desk.composer).to_be_visible()
        expect(second.get_by_label("Your question")).to_be_visible()
        assert refreshes.count == 1

    def test_whose_token_expires_refresh_once(self, desk: Desk):
        second = desk.page.context.new_page()
        second.goto("/")
        expect(second.get_by_label("Your question")).to_be_visible()
        refreshes = Refreshes(desk.page.context)
        # One clock for both, which stands: neither tab takes what the other did for older than it is.
        desk.page.clock.set_fixed_time(datetime.now(tz=UTC) + timedelta(hours=1))

        with (
            desk.page.expect_response("**/api/auth/sessions?*") as listed,
            second.expect_response("**/api/auth/sessions?*") as listed_there,
            refreshes.hold_next(),
        ):
            for tab in (desk.page, second):
                tab.goto("/#/account")
            wait_until(second, _WAIT_FOR_THEIR_TURN, 1)  # both want one now

        assert [response.value.status for response in (listed, listed_there)] == [200, 200]
        assert refreshes.count == 1

    def test_never_refresh_at_the_same_time(self, desk: Desk):
        tabs = [desk.page, *(desk.page.context.new_page() for _ in range(3))]
        refreshes = Refreshes(desk.page.context)

        for _ in range(3):
            before = refreshes.count
            with refreshes.hold_next():
                with refreshes.expect_next():
                    for tab in tabs:
                        tab.goto("/", wait_until="commit")
                wait_until(desk.page, _WAIT_FOR_THEIR_TURN, len(tabs) - 1)
                assert refreshes.count == before + 1
            for tab in tabs:
                expect(tab.get_by_label("Your question")).to_be_visible()
            wait_until(desk.page, _ALL_HAD_THEIR_TURN)

    def test_that_are_left_in_the_middle_of_it_lose_no_session(self, desk: Desk):
        """The server may have traded the token already: who was to hear of it is gone."""
        for _ in range(5):
            with desk.page.expect_request("**/api/auth/refresh"):
                desk.page.reload(wait_until="commit")
        desk.page.reload()

        expect(desk.composer).to_be_visible()

    def test_wait_no_longer_for_a_refresh_than_a_reply_may_take(self, desk: Desk):
        desk.page.add_init_script(_HAND_OVER_PATIENCE)
        with desk.page.expect_request("**/api/auth/refresh"):
            desk.page.route("**/api/auth/refresh", lambda _: None, times=1)  # nobody answers
            desk.page.reload()
        second = desk.page.context.new_page()
        second.goto("/")
        wait_until(second, _WAIT_FOR_THEIR_TURN, 1)

        assert desk.page.evaluate("lose()") == 30_000

        expect(second.get_by_label("Your question")).to_be_visible()
        expect(desk.composer).to_be_visible()

    def test_without_locks_refresh_all_the_same(self, desk: Desk):
        """On http beyond this machine a browser has none."""
        desk.page.context.add_init_script("delete Navigator.prototype.locks")
        second = desk.page.context.new_page()
        second.goto("/")
        desk.page.reload()

        expect(desk.composer).to_be_visible()
        expect(second.get_by_label("Your question")).to_be_visible()
        assert desk.page.evaluate("navigator.locks === undefined")

    def test_that_loads_alone_refreshes_once(self, desk: Desk):
        refreshes = Refreshes(desk.page.context)

        desk.page.reload()

        expect(desk.composer).to_be_visible()
        assert refreshes.count == 1


def _sign_in(desk: Desk) -> None:
    desk.page.get_by_label("Username").fill(desk.username)
    desk.page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    desk.page.get_by_role("button", name="Sign in").click()


def _end_session(desk: Desk) -> None:
    """Have the page told, when an export is asked for, that the session is over."""
    page = desk.page
    page.goto("/#/account")
    page.route("**/api/auth/export", lambda route: route.fulfill(**ENDED))
    page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_text(OVER)).to_be_visible()
    page.unroute("**/api/auth/export")


class TestASessionBegunAnew:
    """After one that has ended; what the server said of that one may come late."""

    @pytest.mark.parametrize("place", ["here", "in another tab"])
    def test_outlives_a_refresh_that_was_asked_for_before(
        self, desk: Desk, lectern: str, place: str
    ):
        page, refreshes = desk.page, Refreshes(desk.page.context)
        ingests, held = hold(page, "**/ingest"), hold(page, "**/api/auth/refresh")
        with page.expect_request("**/ingest"):
            desk.add(text_file("rocks.txt", NOTES))
        expect(desk.open_side().get_by_text("Sent. About to be read")).to_be_visible()
        _end_sessions(lectern, desk.username)
        with page.expect_request("**/api/auth/refresh"):
            ingests.route.continue_()
        expect(page.get_by_text(OVER)).to_be_visible()
        refused = held.route.fetch()
        assert refused.status == 401
        tab = desk
        if place == "in another tab":
            tab = Desk(page.context.new_page(), desk.username)
            tab.page.goto("/")
        _sign_in(tab)
        expect(desk.composer).to_be_visible()

        with page.expect_response("**/api/auth/refresh"):
            held.route.fulfill(response=refused)

        desk.expect_ready("rocks.txt")
        desk.add(text_file("more.txt", ANSWER))
        desk.expect_ready("more.txt")
        expect(tab.page.get_by_text(OVER)).to_have_count(0)
        assert refreshes.count == 1, "the token of the new session was thrown away"

    def test_outlives_the_refusal_of_what_was_asked_before(self, desk: Desk):
        page = desk.page
        held = hold(page, "**/api/auth/sessions?*")
        with page.expect_request("**/api/auth/sessions?*"):
            page.goto("/#/account")
        _end_session(desk)
        with page.expect_response(lambda it: "/sessions?" in it.url and it.ok):
            _sign_in(desk)

        with page.expect_response(lambda it: "/sessions?" in it.url and it.ok):
            held.route.fulfill(**ENDED)

        expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        expect(page.get_by_text(OVER)).to_have_count(0)

    def test_is_not_asked_for_by_a_file_that_is_read(self, desk: Desk):
        page, refreshes = desk.page, Refreshes(desk.page.context)
        ingests = hold(page, "**/ingest")
        page.clock.install()
        with page.expect_request("**/ingest"):
            desk.add(text_file("rocks.txt", NOTES))
        _end_session(desk)

        page.clock.run_for(5_000)  # meanwhile it would look five times how far it is

        _sign_in(desk)
        expect(page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
        assert refreshes.count == 0
        page.goto("/#/")
        ingests.route.continue_()
        desk.expect_ready("rocks.txt")


_IS_KEPT = "() => navigator.serviceWorker.controller?.state === 'activated'"
_KEPT = "async () => (await caches.match('/')).text()"
_KEEPS = "async page => (await (await caches.match('/')).text()) === page"
_KEEP_ANOTHER = """async () => {
  const [name] = await caches.keys();
  await (await caches.open(name)).put("/", new Response("another page"));
}"""
_FORGET = """async () => {
  for (const name of await caches.keys()) await caches.delete(name);
}"""
_FILL_THE_DISK = """() => {
  Cache.prototype.put = () => Promise.reject(new DOMException("", "QuotaExceededError"));
}"""
_FETCH = "part => fetch(part).then(it => it.ok)"
_IS_IN_CACHE = "part => caches.match(part).then(Boolean)"


def a_script() -> str:
    """Return the address of one that the page loads when it is first needed."""
    return f"/assets/{next((ROOT / 'web/dist/assets').glob('temml-*.js')).name}"


class TestTheShell:
    @pytest.fixture
    def kept(self, new_desk: Callable[..., Desk]) -> Desk:
        """A desk whose page the worker keeps."""
        desk = new_desk(service_workers="allow")
        desk.page.wait_for_function(_IS_KEPT)
        return desk

    def test_has_every_part_that_is_loaded_when_first_needed(self, kept: Desk):
        parts = [f"/assets/{part.name}" for part in (ROOT / "web/dist/assets").iterdir()]
        kept.follow(re.compile("^Account"))
        kept.page.context.set_offline(True)
        expect(kept.page.get_by_text(OFFLINE)).to_be_visible()  # it moves what is to be pressed
        kept.page.get_by_role("button", name="Suggest a passphrase").click()

        expect(kept.page.get_by_label("New password")).to_have_value(re.compile(r"^(\w+-){4}\w+$"))
        for part in parts:
            if not part.endswith(".woff2"):
                assert kept.page.evaluate("part => fetch(part).then(it => it.ok)", part), part

    def test_is_kept_by_a_worker_that_is_no_module(self, kept: Desk):
        """Firefox before 147 takes no other; a module refuses to import scripts, even none."""
        [worker] = kept.page.context.service_workers

        worker.evaluate("() => importScripts()")

    def test_keeps_what_it_fetches_later(self, kept: Desk):
        kept.page.evaluate(_FORGET)

        assert kept.page.evaluate(_FETCH, a_script())

        wait_until(kept.page, _IS_IN_CACHE, a_script())

    def test_is_fetched_where_there_is_no_room_to_keep_it(self, kept: Desk):
        [worker] = kept.page.context.service_workers
        worker.evaluate(_FILL_THE_DISK)
        kept.page.evaluate(_FORGET)

        assert kept.page.evaluate(_FETCH, a_script())

        kept.page.reload()
        expect(kept.composer).to_be_visible()
        assert not kept.page.evaluate(_IS_IN_CACHE, a_script())

    def test_keeps_the_page_as_it_is_served_now(self, kept: Desk):
        """Another deployment may serve it with other headers, and all else the same."""
        kept.page.evaluate(_KEEP_ANOTHER)
        assert kept.page.evaluate(_KEPT) == "another page"

        kept.page.reload()

        served = kept.page.evaluate("fetch('/').then(page => page.text())")
        wait_until(kept.page, _KEEPS, served)

    def test_opens_offline_says_so_and_goes_on_by_itself(self, new_desk: Callable[..., Desk]):
        page: Page = new_desk(service_workers="allow").page
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.context.set_offline(True)

        page.reload()
        expect(page.get_by_text(OFFLINE)).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(page.get_by_label("Your question")).to_have_count(0)
        page.context.set_offline(False)

        expect(page.get_by_text(OFFLINE)).to_have_count(0)
        expect(page.get_by_label("Your question")).to_be_visible()

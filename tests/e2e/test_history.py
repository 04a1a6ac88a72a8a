"""A long history: many chats, and one of many questions."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Request, expect

from tests.conftest import Ground
from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel
from tests.reading import texts

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
CHATS = 70
QUESTIONS = 45
# How many questions of a chat the page asks for at a time.
PAGE = 100


@pytest.fixture
def old_hand(desk: Desk, ground: Ground) -> Desk:
    """A student with chats of which the oldest has the highest number."""
    ground.execute(
        "insert into chats (id, user_id, title, updated_at)"
        " select gen_random_uuid()::text, id, 'Chat ' || n, now() - n * interval '1 hour'"
        " from users, generate_series(1, %s) as n where username = %s",
        CHATS,
        desk.username,
    )
    desk.page.reload()
    expect(chats(desk)).to_have_count(30)
    return desk


def chats(desk: Desk) -> Locator:
    return desk.open_side().get_by_role("link", name=re.compile(r"^(Chat \d+|What is basalt\?)"))


def test_a_chat_of_another_year_says_so(desk: Desk, ground: Ground):
    ground.execute(
        "insert into chats (id, user_id, title, updated_at)"
        " select gen_random_uuid()::text, id, 'Rocks', '2019-11-28' from users where username = %s",
        desk.username,
    )
    desk.page.reload()

    expect(desk.open_side().get_by_role("link", name=re.compile("^Rocks"))).to_contain_text("2019")


def open_oldest(desk: Desk, ground: Ground) -> str:
    """Open the oldest chat by its address, and return its id."""
    chat = ground.row(
        "select chats.id from chats join users on users.id = user_id"
        " where username = %s and title = %s",
        desk.username,
        f"Chat {CHATS}",
    )["id"]
    desk.page.goto(f"/#/chat/{chat}")
    return chat


def expect_named(desk: Desk, title: str) -> None:
    expect(desk.page).to_have_title(f"{title} · Lectern")
    expect(desk.page.get_by_role("heading", name=title, level=1)).to_be_attached()


class TestTheList:
    def test_is_not_told_to_be_empty_when_a_search_is_cleared(self, old_hand: Desk):
        side = old_hand.open_side()
        search = side.get_by_role("searchbox")
        search.fill("no such words")
        expect(side.get_by_text(re.compile("^Nothing found"))).to_be_visible()
        held = hold(old_hand.page, "**/api/history?*")

        search.fill("")

        listing = held.route
        expect(side.get_by_text("What you ask is kept here")).to_have_count(0)
        listing.continue_()
        expect(chats(old_hand)).to_have_count(30)

    def test_is_shown_in_parts_and_stays_so_after_an_answer(
        self, old_hand: Desk, model: ScriptedModel
    ):
        more = old_hand.open_side().get_by_role("button", name="Show more")
        more.click()
        expect(chats(old_hand)).to_have_count(60)
        old_hand.add(text_file("rocks.txt", NOTES))
        old_hand.expect_ready("rocks.txt")
        model.says = f'Basalt is dark <cite passage="1">{NOTES}</cite>.'
        old_hand.ask("What is basalt?")
        expect(chats(old_hand).first).to_contain_text("What is basalt?")

        expect(chats(old_hand)).to_have_count(60)
        more.click()
        expect(chats(old_hand)).to_have_count(CHATS + 1)
        expect(more).to_have_count(0)

    def test_is_fetched_once_at_the_start(self, old_hand: Desk):
        fetched: list[str] = []

        def note(request: Request) -> None:
            if "/api/history?" in request.url:
                fetched.append(request.url)

        old_hand.page.on("request", note)
        old_hand.page.reload()
        expect(chats(old_hand)).to_have_count(30)
        old_hand.open_side().get_by_label("Search your chats").fill("of none")
        expect(old_hand.open_side().get_by_text("Nothing found.")).to_be_visible()

        assert [url.partition("?")[2].partition("&")[0] for url in fetched] == ["q=", "q=of+none"]


class TestTheTitle:
    def test_of_a_chat_that_the_list_does_not_reach(self, old_hand: Desk, ground: Ground):
        open_oldest(old_hand, ground)

        expect_named(old_hand, f"Chat {CHATS}")
        expect(chats(old_hand)).to_have_count(30)

    def test_stays_when_a_search_leaves_the_chat_out(self, old_hand: Desk):
        chats(old_hand).first.click()
        expect_named(old_hand, "Chat 1")
        old_hand.open_side().get_by_label("Search your chats").fill("of none")
        expect(chats(old_hand)).to_have_count(0)

        expect_named(old_hand, "Chat 1")


def test_earlier_questions_come_when_asked_for(old_hand: Desk, ground: Ground, tmp_path: Path):
    chat = open_oldest(old_hand, ground)
    ground.execute(
        "insert into queries (user_id, chat_id, query_text, response, status, search_text,"
        " reserved_tokens, deadline_at, request_hash)"
        " select user_id, id, 'Question ' || n, repeat('It has no end. ', 100), 'interrupted', '',"
        " 0, now(), '' from chats, generate_series(1, %s) as n where id = %s",
        QUESTIONS,
        chat,
    )
    old_hand.page.reload()
    questions = old_hand.conversation.get_by_role("article")
    expect(questions).to_have_count(30)
    last = old_hand.conversation.get_by_role("article", name=f"Question {QUESTIONS}")
    expect(last).to_be_in_viewport()
    paper = tmp_path / "chat.pdf"
    old_hand.page.pdf(path=paper)
    with ThreadPoolExecutor() as elsewhere:  # here runs the browser's own loop
        printed = " ".join(elsewhere.submit(texts, paper).result())
    asked = {int(number) for number in re.findall(r"\bQuestion (\d+)\b", printed)}
    assert asked == set(range(1, QUESTIONS + 1))
    assert "Show earlier" not in printed
    old_hand.page.reload()
    expect(questions).to_have_count(30)
    earlier = old_hand.conversation.get_by_role("button", name="Show earlier questions")
    # Pressed from afar: scrolled to, it needs no press.
    earlier.dispatch_event("click")
    expect(questions).to_have_count(40)
    expect(last).to_be_in_viewport()

    earlier.scroll_into_view_if_needed()
    expect(questions).to_have_count(QUESTIONS)
    expect(earlier).to_have_count(0)
    expect(
        old_hand.conversation.get_by_role("article", name="Question 1", exact=True)
    ).to_be_attached()


def test_an_awaited_answer_is_looked_for_on_its_own_page_of_the_chat(
    old_hand: Desk, ground: Ground
):
    chat = open_oldest(old_hand, ground)
    ground.execute(
        "insert into queries (user_id, chat_id, query_text, status, search_text,"
        " reserved_tokens, deadline_at, request_hash)"
        " select user_id, id, 'Question ' || n,"
        " case when n > %s then 'streaming' else 'interrupted' end, '',"
        " 0, now() + interval '1 hour', '' from chats, generate_series(1, %s) as n where id = %s",
        PAGE,
        PAGE + 1,
        chat,
    )
    old_hand.page.reload()
    expect(old_hand.conversation.get_by_text("still being answered")).to_be_visible()

    with old_hand.page.expect_request(re.compile(r"/api/history/[0-9a-f-]+\?")) as look:
        pass

    assert "cursor=" in look.value.url
    ground.execute(
        "update queries set status = 'interrupted', response = 'It cools quickly.'"
        " where chat_id = %s and status = 'streaming'",
        chat,
    )
    expect(old_hand.conversation.get_by_text("It cools quickly.")).to_be_visible()

"""What is done at the page until it shows a view: one story for each kind of view."""

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, Route, expect

from dev.screens import lesson
from dev.screens.camera import NARROW
from dev.screens.studio import LECTURE, Studio, pdf
from dev.student import PASSPHRASE
from lib.services.slices import seconds_per_text
from tests.e2e.desk import Desk

_LECTURE, _LIGHT, _ARABIC, _SCANNED = (
    "photosynthesis.pdf",
    "light.md",
    "الضوء.md",
    "handout-scanned.pdf",
)

# Chromium's viewer does not tell when it has drawn a page.
_PDF_MILLISECONDS = 2_000


def sign_in(studio: Studio) -> None:
    page = studio.visitor()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    studio.shoot(page, "sign-in")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill("certainly not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(re.compile("wrong"))).to_be_visible()
    studio.shoot(page, "sign-in-refused")


def register(studio: Studio) -> None:
    page = studio.visitor()
    page.goto("/#/register")
    page.get_by_label("Username").fill("ada")
    page.get_by_role("button", name="Suggest a passphrase").click()
    expect(page.locator(".passphrase")).to_be_visible()
    studio.shoot(page, "register")


def german(studio: Studio) -> None:
    page = studio.visitor()
    page.add_init_script("localStorage.setItem('lectern-language', 'de')")
    page.goto("/#/register")
    page.get_by_role("button", name="Passphrase vorschlagen").click()
    studio.shoot(page, "german-register")
    desk = studio.desk("greta", _LECTURE, _SCANNED)
    desk.speak("de")
    desk.page.locator("textarea").fill(lesson.GREEN)
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".footnotes")).to_be_visible()
    studio.shoot(desk, "german")
    desk.page.goto("/#/account")
    expect(desk.page.locator("h1")).to_be_visible()
    studio.shoot(desk, "german-account")


def empty(studio: Studio) -> None:
    desk = studio.desk("ada")
    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()
    studio.shoot(desk, "first-time")
    _narrow(desk)
    desk.open_side()
    studio.shoot(desk, "first-time-drawer", NARROW)


def files(studio: Studio) -> None:
    desk = studio.desk("babbage", _LECTURE, _SCANNED)
    studio.shoot(desk, "welcome")
    side = desk.open_side()
    desk.add(_pdf("broken.pdf", b"%PDF-1.7\nnothing"), _pdf("lecture-4-copy.pdf", LECTURE))
    expect(side.get_by_text(re.compile("same file is already here"))).to_be_visible()
    expect(side.locator(".failed")).to_be_visible()
    _hold_second_piece(desk)
    start = LECTURE[LECTURE.rindex(b"startxref") :]
    desk.add(_pdf("slides-with-films.pdf", LECTURE + b"% nothing to read\n" * 500_000 + start))
    expect(side.get_by_text(re.compile(r"Sending, [5-9]\d %"))).to_be_visible()
    # Held last: who waits for embeddings gives up after a while.
    studio.model.holds_embedding = 2 + studio.model.embedding_calls
    # By the pace of the files before, all of this one would be asked for at once.
    seconds_per_text.clear()
    pages = [[f"Rock number {number} is dark and cools quickly."] for number in range(1, 41)]
    desk.add(_pdf("field-guide-to-the-rocks-of-the-northern-alps.pdf", pdf(pages)))
    expect(side.get_by_text("Reading page 33 of 40")).to_be_visible()
    _narrow(desk)
    desk.open_side()
    studio.shoot(desk, "reading")
    studio.model.release()


def _pdf(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def _hold_second_piece(desk: Desk) -> None:
    def hold(route: Route) -> None:
        offset = route.request.headers.get("upload-offset", "0")
        if route.request.method != "PATCH" or offset == "0":
            route.continue_()

    desk.page.route("**/upload/resumable/**", hold)


def _narrow(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 768, "height": 1000})


def _wide(desk: Desk) -> None:
    desk.page.set_viewport_size({"width": 1280, "height": 800})


def answers(studio: Studio) -> None:
    desk = studio.desk("curie", _LECTURE, _LIGHT)
    studio.ask(desk, lesson.PLACES)
    expect(desk.chips).to_have_count(3)
    studio.shoot(desk, "answer")
    _wide(desk)
    desk.chips.nth(1).hover()
    expect(desk.page.get_by_role("tooltip")).to_be_visible()
    studio.shoot(desk, "quote", (1280,))
    _wide(desk)
    desk.chips.nth(2).click()
    expect(desk.source.locator("mark")).to_be_visible()
    desk.page.mouse.move(0, 0)
    studio.shoot(desk, "study")
    desk.source.get_by_role("button", name="Original").click()
    expect(desk.source.locator("iframe")).to_be_visible()
    desk.page.wait_for_timeout(_PDF_MILLISECONDS)
    studio.shoot(desk, "original")
    desk.page.keyboard.press("Escape")
    studio.ask(desk, lesson.ABSENT)
    studio.shoot(desk, "not-found")
    studio.model.status = 503
    studio.ask(desk, lesson.GREEN)
    studio.shoot(desk, "answer-failed")


def formula(studio: Studio) -> None:
    desk = studio.desk("emmy", _LIGHT)
    studio.ask(desk, lesson.FORMULA)
    expect(desk.page.locator("math").first).to_be_visible()
    studio.shoot(desk, "formula")


def arabic(studio: Studio) -> None:
    desk = studio.desk("alhazen", _ARABIC)
    studio.ask(desk, lesson.REFRACTION)
    expect(desk.chips).to_have_count(2)
    studio.shoot(desk, "arabic")
    desk.chips.first.click()
    expect(desk.source.locator("mark")).to_be_visible()
    studio.shoot(desk, "arabic-source")


def streaming(studio: Studio) -> None:
    desk = studio.desk("franklin", _LECTURE)
    studio.model.holds_after = 0
    desk.ask(lesson.PLACES)
    expect(desk.page.locator(".waiting")).to_be_visible()
    studio.model.wait_until_held()
    studio.shoot(desk, "waiting")
    studio.model.release()
    desk.wait_for_end()
    desk = studio.desk("rosalind", _LECTURE)
    studio.model.holds_after = 52
    desk.ask(lesson.PLACES)
    studio.model.wait_until_held()
    expect(desk.chips).to_have_count(1)
    studio.shoot(desk, "streaming")
    studio.model.release()


def lists(studio: Studio) -> None:
    desk = studio.desk("darwin", _LECTURE, _LIGHT)
    for question in (lesson.PLACES, lesson.GREEN, lesson.FORMULA):
        desk.page.goto("/#/")
        studio.ask(desk, question)
    _narrow(desk)
    side = desk.open_side()
    studio.shoot(desk, "drawer")
    side.get_by_role("button", name="Actions for photosynthesis.pdf").click()
    studio.shoot(desk, "menu")
    side.get_by_role("button", name=f"Actions for {lesson.GREEN}").click()
    studio.shoot(desk, "menus")
    side.get_by_role("button", name="Delete", exact=True).first.click()
    studio.shoot(desk, "delete")
    desk.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    side.get_by_role("button", name="Rename").click()
    studio.shoot(desk, "rename")
    side.get_by_role("button", name="Cancel").click()
    side.get_by_label("Search your chats").fill("photon")
    expect(side.get_by_role("link", name=re.compile(lesson.GREEN[:20]))).to_have_count(0)
    studio.shoot(desk, "search")
    side.get_by_label("Search your chats").fill("volcano")
    expect(side.get_by_text(re.compile("Nothing found"))).to_be_visible()
    studio.shoot(desk, "search-nothing")


def toasts(studio: Studio) -> None:
    desk = studio.desk("hooke", _LECTURE)
    studio.ask(desk, lesson.GREEN)
    _wide(desk)
    side = desk.open_side()
    side.get_by_role("button", name=f"Actions for {lesson.GREEN}").click()
    desk.page.route("**/content?*", lambda route: route.abort())
    side.get_by_role("button", name="Actions for photosynthesis.pdf").click()
    side.get_by_role("button", name="Download").first.click()
    expect(desk.page.get_by_role("alert")).to_be_visible()
    side.get_by_role("button", name="Delete", exact=True).last.click()
    expect(desk.page.get_by_role("button", name="Undo")).to_be_visible()
    studio.shoot(desk, "toasts")


def offline(studio: Studio) -> None:
    desk = studio.desk("hertz", _LECTURE)
    studio.ask(desk, lesson.GREEN)
    desk.page.context.set_offline(True)
    expect(desk.page.get_by_text(re.compile("You are offline"))).to_be_visible()
    studio.shoot(desk, "offline")
    _wide(desk)
    desk.ask(lesson.PLACES)
    expect(desk.page.locator(".ending")).to_be_visible()
    studio.shoot(desk, "connection-lost")
    desk.page.context.set_offline(False)


def offline_shell(studio: Studio) -> None:
    page = studio.desk("marconi").page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("alert")).to_be_visible()
    studio.shoot(page, "offline-shell")
    page.context.set_offline(False)


def one_time_passphrase(studio: Studio) -> None:
    studio.student("hypatia")
    passphrase = studio.one_time_passphrase("hypatia")
    page = studio.visitor()
    page.goto("/")
    page.get_by_label("Username").fill("hypatia")
    page.get_by_label("Password", exact=True).fill(passphrase)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Password")).to_be_focused()
    studio.shoot(page, "must-change")


def account(studio: Studio) -> None:
    studio.student("lovelace", _LECTURE)
    page = studio.visitor()
    page.goto("/")
    page.get_by_label("Username").fill("lovelace")
    page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in").click()
    desk = Desk(page)
    studio.ask(desk, lesson.GREEN)
    page.goto("/#/account")
    expect(page.locator(".session")).to_have_count(2)
    studio.shoot(page, "account")
    page.get_by_role("button", name="Delete my account").click()
    studio.shoot(page, "erase")
    page.get_by_label("Your password, as proof").fill(PASSPHRASE)
    page.get_by_role("button", name="Delete everything for good").click()
    expect(page.get_by_role("heading", name="Your account is gone")).to_be_visible()
    studio.shoot(page, "receipt")


STORIES: list[Callable[[Studio], None]] = [
    sign_in,
    register,
    german,
    empty,
    files,
    answers,
    formula,
    arabic,
    streaming,
    lists,
    toasts,
    offline,
    offline_shell,
    one_time_passphrase,
    account,
]

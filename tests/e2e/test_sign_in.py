"""Making an account and coming in, with every refusal saying what to do."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from dev.student import PASSPHRASE
from tests.conftest import Configuration, Ground
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, hold, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
PASSWORD = "copper lantern quiet orchard"
ANOTHER = "velvet harbour dusty pencil"
TAKEN = "This username is taken. Choose another one."
REPEATED = (
    "This password repeats itself. Use four unrelated words, or let a password manager make one."
)
WEAK_IN_GERMAN = (
    "Dieses Passwort ist zu leicht zu erraten, zu kurz, länger als 256 Zeichen oder dein bisheriges."
    " Nimm vier Wörter, die nichts miteinander und nichts mit dir zu tun haben."
)
# As browsers do where all cookies are blocked: Chromium with its locks, Firefox with what tabs talk by.
KEEPS_NOTHING = """
for (const area of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, area, {
    get() { throw new DOMException("Access is denied for this document.", "SecurityError") },
  });
window.BroadcastChannel = class {
  constructor() { throw new DOMException("The operation is insecure.", "SecurityError") }
};
navigator.locks.request = () =>
  Promise.reject(new DOMException("Access to the Locks API is denied.", "SecurityError"));
"""
WRONG_IN_GERMAN = (
    "Das Passwort deines Kontos oder der Benutzername stimmt nicht."
    " Prüfe, was du eingegeben hast, und versuche es noch einmal."
)


@pytest.fixture
def threshold(open_context: Callable[..., BrowserContext]) -> Page:
    """The page before someone whom it does not know."""
    page = open_context().new_page()
    page.goto("/#/register")
    return page


def fill(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(password)


def make(page: Page) -> None:
    page.get_by_role("button", name="Make the account").click()


@pytest.mark.parametrize("shape", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_new_student_takes_the_suggested_passphrase_and_is_in(
    open_context: Callable[..., BrowserContext], shape: dict[str, Any]
):
    desk = Desk(open_context(**shape).new_page(), f"newcomer-{shape['viewport']['width']}")
    desk.page.goto("/")
    desk.page.get_by_role("link", name="New here? Make an account").click()
    desk.page.get_by_label("Username").fill(desk.username)
    desk.page.get_by_role("button", name="Suggest a passphrase").click()
    password = desk.page.get_by_label("Password", exact=True)
    expect(password).to_have_value(re.compile(r"^[a-z]+(-[a-z]+){4}$"))
    expect(password).to_have_attribute("autocomplete", "new-password")
    passphrase = password.input_value()
    make(desk.page)

    expect(desk.composer).to_be_visible()
    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_visible()
    desk.follow(re.compile("^Account"))
    desk.page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(desk.page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(password).to_have_attribute("autocomplete", "current-password")
    fill(desk.page, desk.username, passphrase)
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.composer).to_be_visible()


def test_where_the_browser_keeps_nothing_one_is_told_and_let_in(
    open_context: Callable[..., BrowserContext],
):
    context = open_context()
    context.add_init_script(KEEPS_NOTHING)
    desk = Desk(context.new_page())
    desk.page.goto("/#/register")
    expect(desk.page.get_by_text("This browser keeps nothing for this page")).to_be_visible()
    fill(desk.page, "forgetful")
    make(desk.page)

    expect(desk.composer).to_be_visible()
    desk.page.goto("/#/account")
    desk.page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(desk.page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(("locale", "text"), [("en-GB", REPEATED), ("de-DE", WEAK_IN_GERMAN)])
def test_a_weak_password_is_told_to_be_better(
    open_context: Callable[..., BrowserContext], locale: str, text: str
):
    page = open_context(locale=locale).new_page()
    page.goto("/#/register")
    page.locator("input[autocomplete=username]").fill("nobody-yet")
    page.locator("input[autocomplete=new-password]").fill("passwordpassword1")
    page.locator("button[type=submit]").click()

    expect(page.get_by_role("alert")).to_have_text(text)


@pytest.mark.parametrize(
    ("current", "text"),
    [(PASSPHRASE, WEAK_IN_GERMAN), ("certainly not the password", WRONG_IN_GERMAN)],
    ids=["current", "wrong"],
)
def test_a_password_that_is_not_changed_is_told_why_in_german(desk: Desk, current: str, text: str):
    desk.speak("de")
    desk.page.goto("/#/account")
    desk.page.locator("input[type=password][autocomplete=current-password]").fill(current)
    desk.page.locator("input[type=password][autocomplete=new-password]").fill(PASSPHRASE)
    desk.page.get_by_role("button", name="Passwort ändern").click()

    expect(desk.page.get_by_role("alert")).to_have_text(text)


@pytest.mark.parametrize("username", ["ab", "anna müller", "anna@school.example"])
def test_a_username_that_nobody_can_have_is_told_beside_its_field(threshold: Page, username: str):
    fill(threshold, username)
    make(threshold)

    field = threshold.get_by_label("Username")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(threshold.get_by_role("alert")).to_contain_text("no spaces, no accents")
    field.fill(f"anna.mueller-{len(username)}")
    make(threshold)
    expect(threshold.get_by_label("Your question")).to_be_visible()


def test_a_suggested_passphrase_is_seen_whole_and_can_be_hidden(
    open_context: Callable[..., BrowserContext],
):
    page = open_context(**PHONE).new_page()
    page.goto("/#/register")
    page.get_by_role("button", name="Suggest a passphrase").click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_value(re.compile("-"))
    whole = page.get_by_text(password.input_value(), exact=True)
    expect(whole).to_be_visible()

    page.get_by_role("button", name="Hide password").click()

    expect(password).to_have_attribute("type", "password")
    expect(whole).to_have_count(0)


def test_a_suggested_passphrase_that_is_changed_is_seen_no_more(threshold: Page):
    suggest = threshold.get_by_role("button", name="Suggest a passphrase")
    password = threshold.get_by_label("Password", exact=True)
    suggest.click()
    expect(password).to_have_attribute("type", "text")
    suggested = password.input_value()

    password.press("End")
    password.press_sequentially("x")

    expect(password).to_have_value(f"{suggested}x")
    expect(password).to_have_attribute("type", "password")
    expect(threshold.get_by_text(suggested)).to_have_count(0)
    expect(password).to_have_accessible_description(re.compile("^At least 15 characters"))
    suggest.click()
    expect(password).to_have_attribute("type", "text")
    # Another suggestion is to be seen as well, whatever became of the one before.
    threshold.get_by_role("button", name="Hide password").click()
    suggest.click()
    expect(password).to_have_attribute("type", "text")


def test_a_suggestion_leaves_what_is_typed_meanwhile(threshold: Page):
    held = hold(threshold, re.compile("words-en"))
    threshold.get_by_role("button", name="Suggest a passphrase").click()
    password = threshold.get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    with threshold.expect_response(re.compile("words-en")) as words:
        held.route.continue_()
    words.value.finished()

    threshold.get_by_role("button", name="Show password").click()

    expect(password).to_have_value(PASSWORD)


def suggest_after_a_lost_connection(page: Page, field: str) -> None:
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()  # it moves what is to be pressed
    suggest = page.get_by_role("button", name="Suggest a passphrase")
    alert = page.get_by_role("alert")
    suggest.click()
    expect(alert).to_have_text("Lectern cannot be reached. Check the connection, then try again.")
    page.context.set_offline(False)
    suggest.click()

    expect(page.get_by_label(field, exact=True)).to_have_value(re.compile(r"^(\w+-){4}\w+$"))
    expect(alert).to_have_count(0)


def test_a_passphrase_that_is_out_of_reach_is_told_so_and_suggested_later(threshold: Page):
    suggest_after_a_lost_connection(threshold, "Password")


def test_a_new_passphrase_that_is_out_of_reach_is_told_so_and_suggested_later(desk: Desk):
    desk.open_account()
    suggest_after_a_lost_connection(desk.page, "New password")


def test_a_taken_username_is_told_so(threshold: Page, desk: Desk):
    fill(threshold, desk.username)
    make(threshold)

    expect(threshold.get_by_role("alert")).to_have_text(TAKEN)


class TestASignUpCode:
    def test_is_not_asked_for_where_none_is_needed(self, threshold: Page):
        expect(threshold.get_by_label("Username")).to_be_visible()
        expect(threshold.get_by_label("Sign-up code")).to_have_count(0)

    def test_is_asked_for_once_it_is_known_to_be_needed(
        self, threshold: Page, configuration: Configuration
    ):
        configuration.change(signup="code", signup_code="pigeon")
        fill(threshold, "coded")
        make(threshold)

        code = threshold.get_by_label("Sign-up code")
        expect(code).to_be_focused()
        expect(threshold.get_by_role("alert")).to_contain_text("Ask your teacher")
        code.fill("sparrow")
        make(threshold)
        expect(threshold.get_by_role("alert")).to_contain_text("valid sign-up code")
        code.fill("pigeon")
        make(threshold)
        expect(threshold.get_by_label("Your question")).to_be_visible()

    def test_is_not_asked_for_where_sign_up_is_closed(
        self, threshold: Page, configuration: Configuration
    ):
        configuration.change(signup="closed")
        fill(threshold, "too-late")
        make(threshold)

        expect(threshold.get_by_role("alert")).to_contain_text("Sign-up is closed here")
        expect(threshold.get_by_label("Sign-up code")).to_have_count(0)


def lose_reply(page: Page, address: str) -> None:
    """Let one request be answered, and its answer never arrive."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route(address, lose, times=1)


class TestALostReply:
    def test_to_a_sign_up_is_made_good_by_pressing_again(self, threshold: Page):
        lose_reply(threshold, "**/api/auth/register")
        fill(threshold, "once-and-for-all")
        make(threshold)
        expect(threshold.get_by_role("alert")).to_contain_text("cannot be reached")

        make(threshold)

        expect(threshold.get_by_label("Your question")).to_be_visible()

    def test_to_a_new_password_is_made_good_by_pressing_again(self, desk: Desk):
        lose_reply(desk.page, "**/api/auth/password")
        change_password(desk, PASSPHRASE, ANOTHER)
        alert = desk.page.get_by_role("alert")
        expect(alert).to_contain_text("cannot be reached")

        desk.page.get_by_role("button", name="Change password").click()

        expect(desk.page.get_by_text("The password is changed.")).to_be_visible()
        expect(alert).to_have_count(0)

    def test_to_a_new_password_makes_no_wrong_one_right(self, desk: Desk):
        desk.page.route("**/api/auth/password", lambda route: route.abort(), times=1)
        change_password(desk, "certainly not the password", ANOTHER)
        alert = desk.page.get_by_role("alert")
        expect(alert).to_contain_text("cannot be reached")

        desk.page.get_by_role("button", name="Change password").click()

        expect(alert).to_contain_text("wrong")

    @pytest.mark.parametrize("second", [ANOTHER, PASSPHRASE], ids=["unknown", "known"])
    def test_lets_nobody_into_the_account_of_another(
        self, threshold: Page, desk: Desk, second: str
    ):
        """Nor its owner, with what was not sent before: there is a form for them."""
        threshold.route("**/api/auth/register", lambda route: route.abort(), times=1)
        fill(threshold, desk.username, ANOTHER)
        make(threshold)
        expect(threshold.get_by_role("alert")).to_contain_text("cannot be reached")

        fill(threshold, desk.username, second)
        make(threshold)

        expect(threshold.get_by_role("alert")).to_have_text(TAKEN)

    def test_to_a_deletion_is_told_by_pressing_again(self, desk: Desk):
        lose_reply(desk.page, "**/api/auth/erase")
        erase(desk)
        dialog = desk.page.get_by_role("dialog")
        expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
        # What was tried is not forgotten with the dialog.
        dialog.get_by_role("button", name="Cancel").click()

        held = hold(desk.page, "**/api/auth/login")
        with desk.page.expect_request("**/api/auth/login"):
            erase(desk)
        expect(dialog).to_be_visible()  # until it is known
        held.route.continue_()

        expect(desk.page.get_by_role("heading", name="Your account is gone")).to_be_visible()
        expect(desk.page.get_by_text("The connection was lost before the list")).to_be_visible()
        desk.page.get_by_role("button", name="To the start page").click()
        expect(desk.page.get_by_label("Username")).to_be_visible()
        expect(desk.page.get_by_text("Your session is over.")).to_have_count(0)

    def test_to_a_deletion_that_never_arrived_leaves_nothing_behind(
        self, desk: Desk, ground: Ground
    ):
        desk.page.route("**/api/auth/erase", lambda route: route.abort(), times=1)
        erase(desk)
        dialog = desk.page.get_by_role("dialog")
        expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
        ground.execute(
            "update sessions set ended_at = now() from users"
            " where users.id = user_id and username = %s",
            desk.username,
        )

        dialog.get_by_role("button", name="Delete everything for good").click()

        expect(desk.page.get_by_text("This is what was deleted:")).to_be_visible()
        assert not ground.rows("select id from users where username = %s", desk.username)


def change_password(desk: Desk, current: str, new: str) -> None:
    desk.page.goto("/#/account")
    desk.page.get_by_label("Current password").fill(current)
    desk.page.get_by_label("New password").fill(new)
    desk.page.get_by_role("button", name="Change password").click()


def erase(desk: Desk) -> None:
    desk.page.goto("/#/account")
    desk.page.get_by_role("button", name="Delete my account").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Your password, as proof that it is you").fill(PASSPHRASE)
    dialog.get_by_role("button", name="Delete everything for good").click()


def test_a_deletion_that_is_under_way_cannot_be_cancelled(desk: Desk):
    held = hold(desk.page, "**/api/auth/erase")
    with desk.page.expect_request("**/api/auth/erase"):
        erase(desk)
    dialog = desk.page.get_by_role("dialog")
    cancel = dialog.get_by_role("button", name="Cancel")
    expect(cancel).to_be_disabled()

    cancel.press("Enter")
    for _ in range(3):  # the page is asked once, and then no more
        desk.page.keyboard.press("Escape")

    expect(dialog).to_be_visible()
    held.route.fulfill(status=503)
    expect(dialog.get_by_role("alert")).to_contain_text("went wrong on the server")
    cancel.click()
    expect(dialog).to_have_count(0)


def refuse(page: Page, address: str, status: int, **members: Any) -> None:
    """Let the server answer with a problem."""
    problem = {"type": "about:blank", "title": "", "detail": "", "status": status} | members
    page.route(
        address,
        lambda route: route.fulfill(
            status=status, json=problem, content_type="application/problem+json"
        ),
    )


class TestWaiting:
    """Where the server asks to wait, the button of the form counts down."""

    @pytest.fixture
    def page(self, threshold: Page) -> Page:
        threshold.goto("/")
        refuse(
            threshold,
            "**/api/auth/login",
            429,
            type="/problems/too-many-attempts",
            detail="Too many wrong passwords.",
            retry_after_seconds=600,
        )
        fill(threshold, "guessed-at")
        threshold.get_by_role("button", name="Sign in").click()
        expect(threshold.get_by_role("alert")).to_have_text("Too many wrong passwords.")
        return threshold

    def test_nothing_is_sent_meanwhile(self, page: Page):
        tries: list[str] = []
        page.on("request", lambda request: tries.append(request.url))
        button = page.get_by_role("button", name="Try again in 10 minutes")
        expect(button).to_be_disabled()

        page.get_by_label("Password", exact=True).press("Enter")
        button.focus()
        page.keyboard.press("Enter")

        expect(button).to_be_focused()
        assert tries == []

    def test_another_name_need_not_wait(self, page: Page):
        fill(page, "somebody-else")

        expect(page.get_by_role("button", name="Sign in")).to_be_enabled()


class TestUnnamedProblems:
    """What has no name but a status still says what to do, in the language of the page."""

    @pytest.mark.parametrize(
        ("locale", "status", "text"),
        [
            ("en-GB", 504, "Something went wrong on the server. Try again in a moment"),
            ("de-DE", 500, "Auf dem Server ging etwas schief. Versuche es gleich noch einmal"),
            ("en-GB", 404, "The server does not take this (404). Load the page again"),
            ("de-DE", 405, "Der Server nimmt das nicht an (405). Lade die Seite neu"),
        ],
    )
    def test_say_what_to_do(
        self, open_context: Callable[..., BrowserContext], locale: str, status: int, text: str
    ):
        page = open_context(locale=locale).new_page()
        page.goto("/")
        refuse(page, "**/api/auth/login", status)
        page.locator("input[autocomplete=username]").fill("anybody")
        page.locator("input[autocomplete=current-password]").fill(PASSWORD)
        page.locator("button[type=submit]").click()

        expect(page.get_by_role("alert")).to_contain_text(text)

    def test_a_page_of_a_gateway_is_one_of_them(self, threshold: Page):
        threshold.route(
            "**/api/auth/register",
            lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>502</h1>"),
        )
        fill(threshold, "anybody")
        make(threshold)

        expect(threshold.get_by_role("alert")).to_contain_text("went wrong on the server")


# In all that a script can read and that outlives its page: what there is, and where a token is found.
_LOOK_FOR_TOKENS = r"""async () => {
  const places = {
    "document.cookie": document.cookie,
    "history.state": JSON.stringify(history.state),
    "window.name": window.name,
    ...localStorage,
    ...sessionStorage,
  };
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const response = await cache.match(request);
      const headers = JSON.stringify([...response.headers]);
      places[new URL(request.url).pathname] = headers + (await response.text());
    }
  }
  const isToken = place => /eyJ[\w-]+\.eyJ[\w-]+\./.test(places[place]);
  return { seen: Object.keys(places), found: Object.keys(places).filter(isToken) };
}"""


def test_the_access_token_is_in_the_memory_of_the_page_alone(
    new_desk: Callable[..., Desk],
    open_context: Callable[..., BrowserContext],
    model: ScriptedModel,
):
    model.says = f'It is dark <cite passage="1">{NOTES}</cite>.'
    username = new_desk(text_file("rocks.txt", NOTES)).username
    desk = Desk(open_context(service_workers="allow").new_page(), username)
    page = desk.page
    page.goto("/")
    fill(page, username, PASSPHRASE)
    with page.expect_response("**/api/auth/login") as entered:
        page.get_by_role("button", name="Sign in").click()
    assert re.fullmatch(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+", entered.value.json()["access_token"])
    desk.expect_ready("rocks.txt")
    desk.ask("What is basalt?")
    expect(desk.chips).to_have_count(1)
    desk.wait_for_end()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # and keeps the page

    looked = page.evaluate(_LOOK_FOR_TOKENS)

    assert looked["found"] == []
    assert {"/", "lectern-refreshed-at"} < set(looked["seen"])
    assert page.evaluate("indexedDB.databases()") == []
    assert page.evaluate("document.cookie") == ""
    assert [cookie.get("httpOnly") for cookie in page.context.cookies()] == [True]


_NOTE_THAT_FILES_ARE_DRAWN = """
new MutationObserver(() => {
  const side = document.querySelector("nav");
  if (side) sessionStorage.setItem("drawn", side.innerText);
}).observe(document.body, { childList: true, subtree: true })
"""


class TestAnEndedSession:
    @pytest.fixture
    def ended(self, desk: Desk) -> Desk:
        """Whose session is over without their doing; another tab is open."""
        desk.add(text_file("secret plan.txt", "The plan is to study in the evening."))
        desk.expect_ready("secret plan.txt")
        desk.composer.fill("When is my plan")
        desk.page.context.new_page().goto("/")
        expect(desk.page.context.pages[1].get_by_label("Your question")).to_be_visible()
        refuse(
            desk.page, "**/api/auth/sessions?*", 401, type="/problems/session-ended", detail="Over."
        )
        desk.page.goto("/#/account")
        return desk

    def test_is_told_in_every_tab_of_it(self, ended: Desk):
        for tab in ended.page.context.pages:
            expect(tab.get_by_text("Your session is over.")).to_be_visible()

    def test_leaves_the_focus_at_the_heading(self, ended: Desk):
        expect(ended.page.get_by_role("heading", name="Sign in")).to_be_focused()

    @pytest.mark.parametrize("reloads", [False, True])
    def test_leaves_what_was_being_written_to_who_signs_in_again(
        self, ended: Desk, *, reloads: bool
    ):
        page = ended.page
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.unroute("**/api/auth/sessions?*")
        page.evaluate("location.hash = '#/'")
        if reloads:  # as a phone lets a page go for the password manager
            page.reload()
        fill(page, ended.username, PASSPHRASE)
        page.get_by_role("button", name="Sign in").click()

        expect(ended.composer).to_have_value("When is my plan")

    def test_shows_nothing_of_it_to_who_signs_in_next(
        self, ended: Desk, new_desk: Callable[..., Desk]
    ):
        page = ended.page
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.unroute("**/api/auth/sessions?*")
        page.evaluate("location.hash = '#/'")
        page.evaluate(_NOTE_THAT_FILES_ARE_DRAWN)
        fill(page, new_desk().username, PASSPHRASE)
        page.get_by_role("button", name="Sign in").click()

        expect(ended.composer).to_be_visible()
        expect(page.get_by_text("secret plan.txt")).to_have_count(0)
        expect(ended.composer).to_have_value("")
        assert page.evaluate("sessionStorage.getItem('lectern-draft')") is None
        # What the page has in its memory is the former user's: nothing is drawn before a new one is here.
        assert page.evaluate("sessionStorage.getItem('drawn')") is None

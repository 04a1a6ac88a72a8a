"""What nobody asks for and everybody notices: sizes, directions, languages, being installed."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dev.student import PASSPHRASE
from tests.conftest import TLS
from tests.documents import make_pptx
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.desk import Desk, hold, must_change_password, text_file
from tests.fakes import ScriptedModel

NOTES = "Basalt is a dark volcanic rock that cools quickly at the surface."
ARABIC = "البازلت صخر بركاني داكن يبرد بسرعة على السطح."
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 3


FORMULA = " + ".join(f"a_{{{number}}} x^{{{number}}}" for number in range(30))
# The window, and what cuts off or scrolls up and down within it: that hides what is too wide.
_OVERFLOW = """() => [
  document.documentElement,
  ...document.querySelectorAll(".scroller, .turn, .side-lists, .source-body"),
].map(part => part.scrollWidth - part.clientWidth)"""

# How far the browser is with it.
_ITALIC = """[...document.fonts].find(face =>
  face.family.replaceAll('"', "") === "Literata" && face.style === "italic").status"""


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window, or a part than itself."""
    return max(page.evaluate(_OVERFLOW))


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_nothing_is_wider_than_the_window(
    new_desk: Callable[..., Desk], model: ScriptedModel, width: int, direction: str
):
    desk = new_desk(viewport={"width": width, "height": 800})
    desk.page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    desk.add(text_file(f"{LONG[:90]}.txt", ARABIC))
    desk.expect_ready(f"{LONG[:90]}.txt")
    model.says = f'# {LONG}\n\n| a | b |\n|---|---|\n| {LONG} | `{LONG}` |\n\n{LONG} <cite passage="1">{ARABIC}</cite> so ${FORMULA}$, and\n\n$${FORMULA}$$'
    desk.ask(f"ما هو البازلت؟ {LONG}")
    expect(desk.chips).to_have_count(1)
    desk.wait_for_end()
    expect(desk.conversation.get_by_role("group", name="Formula")).to_have_count(2)
    assert overflow(desk.page) <= 0
    heading = desk.conversation.get_by_role("heading", level=2).first
    assert heading.evaluate("e => getComputedStyle(e).direction") == "rtl"

    desk.chips.first.click()
    expect(desk.source.locator("mark")).to_be_visible()
    assert overflow(desk.page) <= 0
    # Its first words are quoted, and what tells of that to who hears the page is English.
    text = desk.source.locator(".page-text")
    assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"

    desk.page.goto("/#/account")
    expect(desk.page.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    assert overflow(desk.page) <= 0


class TestAFormula:
    def ask(self, desk: Desk, model: ScriptedModel, answer: str) -> Locator:
        desk.add(text_file("rocks.txt", "Basalt is a dark volcanic rock."))
        desk.expect_ready("rocks.txt")
        model.says = answer
        desk.ask("What is basalt?")
        expect(desk.conversation.locator("math").last).to_be_visible()
        desk.wait_for_end()
        return desk.conversation.locator(".formula")

    def test_wider_than_its_line_is_scrolled_with_the_keyboard(
        self, phone: Desk, model: ScriptedModel
    ):
        for formula in self.ask(phone, model, f"So ${FORMULA}$, and\n\n$${FORMULA}$$").all():
            expect(formula).to_have_attribute("tabindex", "0")
            assert formula.evaluate("formula => formula.scrollWidth - formula.clientWidth") > 100
            formula.focus()
            phone.page.keyboard.press("ArrowRight")
            phone.page.wait_for_function(
                "formula => formula.scrollLeft > 0", arg=formula.element_handle()
            )

    def test_that_fits_is_no_stop_and_stands_on_the_line(self, phone: Desk, model: ScriptedModel):
        answer = rf"So $\frac{{1}}{{2}} m v^2$ and $$x$$ too, and ${FORMULA}$."
        fits, other, wide = self.ask(phone, model, answer).all()

        expect(phone.conversation.get_by_role("group", name="Formula")).to_have_count(1)
        expect(wide).to_have_attribute("tabindex", "0")
        for formula in (fits, other):
            assert formula.get_attribute("tabindex") is None
        # As it would if it were not one that can scroll.
        moved = fits.locator("math").evaluate("""math => {
          const formula = math.parentElement;
          // Empty, it stands on the line that the text stands on.
          const mark = document.createElement("span");
          mark.style.display = "inline-block";
          formula.before(mark);
          const height = () =>
            mark.getBoundingClientRect().bottom - math.getBoundingClientRect().top;
          const before = height();
          formula.style.display = "inline";
          return Math.abs(height() - before);
        }""")
        assert moved < 1

    def test_that_cancels_to_something_has_its_arrow_and_where_it_leads(
        self, desk: Desk, model: ScriptedModel
    ):
        with desk.page.expect_response("**/canceltoArrow*.svg") as arrow:
            formula = self.ask(desk, model, r"So $\cancelto{0}{x + y}$ it is.")

        assert arrow.value.ok
        # It stands out of the formula, and nothing cuts it off.
        expect(formula).to_have_class(re.compile(r"\bdrawn\b"))
        expect(formula).to_have_css("overflow", "visible")


def test_quotes_and_tables_run_as_their_words_do(desk: Desk, model: ScriptedModel):
    desk.add(text_file("rocks.txt", ARABIC))
    desk.expect_ready("rocks.txt")
    model.says = f'> {ARABIC}\n\n| صخر | لون |\n|---|---|\n| بازلت | 7 |\n\n{ARABIC} <cite passage="1">{ARABIC}</cite>'
    desk.ask("ما هو البازلت؟")
    expect(desk.chips).to_have_count(1)

    for whole in (".answer blockquote", ".answer table"):
        found = desk.conversation.locator(whole).first
        assert found.evaluate("e => getComputedStyle(e).direction") == "rtl", whole
    assert desk.page.locator("html").get_attribute("dir") == "ltr"


def test_letters_that_have_no_italics_are_not_slanted(desk: Desk, model: ScriptedModel):
    desk.add(text_file("rocks.txt", ARABIC))
    desk.expect_ready("rocks.txt")
    model.says = f'*البازلت* داكن <cite passage="1">{ARABIC}</cite>'
    for question in ("ما هو البازلت؟", "מהו בזלת?", "What is basalt?", "玄武岩是什么"):
        desk.ask(question)
        desk.wait_for_end()

    def style(locator: Locator) -> tuple[str, str]:
        return tuple(
            locator.evaluate(
                "e => [getComputedStyle(e).fontStyle, getComputedStyle(e).fontSynthesisStyle]"
            )
        )

    questions = desk.conversation.get_by_role("heading", level=2).all()
    assert [style(question)[0] for question in questions] == ["normal"] * 4
    # Where italics are wanted of letters of which no font has any, none are made up.
    assert style(questions[-1])[1] == "none"
    emphasis = desk.conversation.locator(".answer em").first
    assert style(emphasis)[0] == "normal"
    assert emphasis.evaluate("e => getComputedStyle(e).fontWeight") == "600"


def test_the_study_is_there_without_the_italic_face(desk: Desk, model: ScriptedModel):
    """It would be a sixth of what a first load may weigh; the control opens what is set in it."""

    def expect_none(told: str) -> None:
        expect(desk.conversation.get_by_text(told)).to_be_visible()
        desk.page.evaluate("document.fonts.ready.then(() => true)")
        assert desk.page.evaluate(_ITALIC) == "unloaded"

    expect_none("A desk for your course")
    desk.add(text_file("rocks.txt", NOTES))
    desk.expect_ready("rocks.txt")
    expect_none("What would you like to know?")
    model.says = f'It is dark <cite passage="1">{NOTES}</cite>.'
    desk.ask("What is basalt?")
    desk.wait_for_end()
    expect_none("It is dark")

    side = desk.open_side()
    side.get_by_role("button", name="Actions for rocks.txt").click()
    side.get_by_role("link", name="Read", exact=True).click()

    desk.wait_for(lambda: desk.page.evaluate(_ITALIC) == "loaded")


def test_a_press_beside_the_source_closes_it_where_it_covers_the_answer(
    new_desk: Callable[..., Desk], model: ScriptedModel
):
    desk = new_desk(viewport={"width": 768, "height": 800})
    desk.add(text_file("rocks.txt", ARABIC))
    desk.expect_ready("rocks.txt")
    model.says = f'- داكن <cite passage="1">{ARABIC}</cite>'
    desk.ask("ما هو البازلت؟")
    expect(desk.chips).to_have_count(1)
    marks = desk.conversation.locator(".answer > ul").first
    assert marks.evaluate("e => getComputedStyle(e).direction") == "rtl"
    desk.chips.first.click()
    expect(desk.source.locator("mark")).to_be_visible()

    desk.page.mouse.click(80, 400)

    expect(desk.source).to_have_count(0)
    expect(desk.chips).to_be_focused()


def test_what_a_source_lies_over_is_out_of_reach(new_desk: Callable[..., Desk]):
    """Where the side stands beside the conversation, but there is no room for a third."""
    desk = new_desk(viewport={"width": 1024, "height": 800})
    desk.add(text_file("rocks.txt", ARABIC))
    desk.expect_ready("rocks.txt")
    side = desk.open_side()
    side.get_by_role("button", name="Actions for rocks.txt").click()
    read = side.get_by_role("link", name="Read", exact=True)
    read.click()
    expect(desk.source).to_be_visible()

    expect(side).to_have_attribute("inert", "")
    desk.page.keyboard.press("Escape")
    expect(side).not_to_have_attribute("inert", "")
    expect(read).to_be_focused()


def test_a_press_anywhere_in_the_field_of_the_question_is_one_on_it(desk: Desk):
    desk.page.get_by_role("link", name="New question").focus()
    field = desk.page.locator("form.composer").bounding_box()
    assert field
    desk.page.mouse.click(field["x"] + field["width"] / 2, field["y"] + field["height"] - 40)

    expect(desk.composer).to_be_focused()


# Which words of the line below a question its text stands behind: it is cut off where its padding ends.
_WORDS_OVER_THE_TEXT = """field => {
  const { left, top } = field.getBoundingClientRect();
  const { paddingLeft, paddingRight } = getComputedStyle(field);
  const start = left + field.clientLeft;
  const text = {
    left: start + parseFloat(paddingLeft),
    right: start + field.clientWidth - parseFloat(paddingRight),
    top: top + field.clientTop,
    bottom: top + field.clientTop + field.clientHeight,
  };
  const isOver = (words) =>
    words.left < text.right && words.right > text.left &&
    words.top < text.bottom && words.bottom > text.top;
  return [...document.querySelectorAll(".composer-foot > *")]
    .filter(element => isOver(element.getBoundingClientRect()))
    .map(element => element.textContent);
}"""


@pytest.mark.parametrize(
    "viewport",
    [DESKTOP["viewport"], PHONE["viewport"], {"width": 640, "height": 360}],
    ids=["desktop", "phone", "low"],
)
def test_a_long_question_is_not_drawn_behind_the_line_below_it(
    new_desk: Callable[..., Desk], viewport: dict[str, int]
):
    desk = new_desk(viewport=viewport)
    desk.composer.fill("Why? \n" * 1_000)
    expect(desk.page.get_by_text("characters too many")).to_be_visible()

    assert desk.composer.evaluate("field => field.scrollHeight > field.clientHeight")
    assert desk.composer.evaluate(_WORDS_OVER_THE_TEXT) == []
    height = desk.composer.evaluate("field => field.offsetHeight")
    assert height <= viewport["height"] * 0.4


def test_a_menu_that_opens_at_the_end_of_the_drawer_is_seen_whole(
    new_desk: Callable[..., Desk], model: ScriptedModel
):
    desk = new_desk(viewport={"width": 375, "height": 480})
    desk.add(text_file("rocks.txt", ARABIC))
    desk.expect_ready("rocks.txt")
    model.says = "NOT_FOUND"
    desk.ask("What is basalt?")
    desk.wait_for_end()
    side = desk.open_side()
    side.get_by_role("button", name="Actions for What is basalt?").click()

    expect(side.get_by_role("button", name="Delete", exact=True)).to_be_in_viewport(ratio=1)


class TestTheRowOfAFile:
    @pytest.fixture
    def name(self) -> str:
        return f"{LONG[:90]}.txt"

    @pytest.fixture
    def side(self, phone: Desk, name: str) -> Locator:
        """The drawer on a phone, with one file ready."""
        phone.add(text_file(name, ARABIC))
        phone.expect_ready(name)
        return phone.open_side()

    def test_is_chosen_by_a_tap_anywhere_on_its_tick_or_its_name(self, side: Locator, name: str):
        tick = side.get_by_role("checkbox", name=f"Use {name} for questions")
        target = side.locator("label").filter(has_text=name)
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24

        target.tap(position={"x": 1, "y": 1})
        expect(tick).not_to_be_checked()
        side.get_by_text(name, exact=True).tap()
        expect(tick).to_be_checked()

    def test_shows_its_whole_name_while_its_menu_is_open(self, side: Locator, name: str):
        shown = side.get_by_text(name, exact=True)
        hidden_part = "e => e.scrollWidth - e.clientWidth"
        assert shown.evaluate(hidden_part) > 0

        side.get_by_role("button", name=f"Actions for {name}").tap()
        expect(side.get_by_role("button", name="Delete", exact=True)).to_be_visible()

        assert shown.evaluate(hidden_part) == 0


def test_only_who_can_drop_files_is_told_to(desk: Desk, phone: Desk):
    hint = re.compile("Drop files anywhere")
    expect(desk.conversation.get_by_text(hint)).to_be_visible()

    expect(phone.conversation.get_by_text("PDF, Word, PowerPoint")).to_be_visible()
    expect(phone.conversation.get_by_text(hint)).to_be_hidden()


def test_the_first_hint_is_read_from_its_beginning_on_a_low_screen(
    new_desk: Callable[..., Desk],
):
    desk = new_desk(viewport={"width": 320, "height": 420})

    expect(desk.page.get_by_role("heading", name="A desk for your course")).to_be_in_viewport()
    assert desk.page.locator(".scroller").evaluate("e => e.scrollTop") == 0


def test_it_speaks_german_to_who_does(open_context: Callable[..., BrowserContext]):
    page = open_context(locale="de-DE").new_page()
    page.goto("/")

    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_label("Sprache").select_option("en")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_without_scripts_it_says_what_it_needs_in_both_languages(
    open_context: Callable[..., BrowserContext],
):
    page = open_context(java_script_enabled=False).new_page()
    page.goto("/")

    told = page.locator("noscript p")
    expect(told).to_have_text([re.compile("needs JavaScript"), re.compile("braucht JavaScript")])
    expect(told.last).to_be_in_viewport()
    expect(told.last).to_have_attribute("lang", "de")


@pytest.mark.parametrize(
    ("locale", "date"),
    [("en-GB", r"\d{1,2} \w+ \d{4}$"), ("en-US", r"[A-Z]\w+ \d{1,2}, \d{4}$")],
)
def test_dates_are_written_as_where_one_is(new_desk: Callable[..., Desk], locale: str, date: str):
    desk = new_desk(locale=locale)
    desk.page.goto("/#/account")

    expect(desk.page.get_by_text("Member since")).to_have_text(re.compile(f"since {date}"))


def test_slides_are_called_slides(desk: Desk, tmp_path: Path):
    desk.add(
        {
            "name": "cells.pptx",
            "mimeType": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "buffer": make_pptx(tmp_path / "cells.pptx").read_bytes(),
        }
    )
    side = desk.open_side()
    side.get_by_role("button", name="Actions for cells.pptx").click()
    side.get_by_role("link", name="Read", exact=True).click()
    expect(desk.source).to_contain_text("slide 1 of 3")
    desk.source.get_by_role("button", name="Next slide").click()

    expect(desk.source).to_contain_text("There is no text on this slide.")
    expect(desk.source.get_by_role("button", name="Previous slide")).to_be_enabled()


def test_a_theme_is_chosen_and_kept(desk: Desk):
    desk.page.goto("/#/account")
    desk.page.get_by_label("Theme").select_option("dark")
    desk.page.reload()

    expect(desk.page.get_by_label("Theme")).to_have_value("dark")
    ground = desk.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    colour = [int(part) for part in re.findall(r"\d+", ground)]
    assert max(colour) < 60
    # What a phone draws its own bars in, whatever its system's theme.
    bars = desk.page.locator("meta[name=theme-color]")
    expect(bars).to_have_count(2)
    for bar in bars.all():
        expect(bar).to_have_attribute("content", f"#{bytes(colour).hex()}")


def test_it_can_be_installed(desk: Desk, lectern: str):
    session = desk.page.context.new_cdp_session(desk.page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    manifest = session.send("Page.getAppManifest")

    # The browsers of the tests keep nothing, and there nothing is installed.
    assert [error for error in errors if error["errorId"] != "in-incognito"] == []
    assert manifest["errors"] == []
    for icon in httpx.get(f"{lectern}/manifest.webmanifest", verify=TLS).json()["icons"]:
        found = httpx.get(f"{lectern}{icon['src']}", verify=TLS)
        assert (found.status_code, found.headers["content-type"]) == (200, icon["type"])


def test_what_looks_for_pages_is_told_to_leave_the_api_alone(lectern: str):
    told = httpx.get(f"{lectern}/robots.txt", verify=TLS)

    assert told.headers["content-type"].startswith("text/plain")
    assert "Disallow: /api/" in told.text.splitlines()


def sign_in_elsewhere(desk: Desk, open_context: Callable[..., BrowserContext]) -> Desk:
    """Sign the student in in another browser."""
    other = Desk(open_context(**DESKTOP).new_page(), desk.username)
    other.page.goto("/")
    other.page.get_by_label("Username").fill(desk.username)
    other.page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    other.page.get_by_role("button", name="Sign in").click()
    expect(other.composer).to_be_visible()
    return other


class TestTheAccount:
    def test_ends_a_session_elsewhere(
        self, desk: Desk, open_context: Callable[..., BrowserContext]
    ):
        other = sign_in_elsewhere(desk, open_context)

        desk.page.goto("/#/account")
        desk.page.get_by_role("button", name=re.compile("^Sign out on ")).click()
        expect(desk.page.get_by_role("button", name=re.compile("^Sign out on "))).to_have_count(0)

        other.page.reload()
        expect(other.page.get_by_text("Your session is over.")).to_be_visible()

    def test_lists_no_session_that_has_ended_meanwhile(
        self, desk: Desk, open_context: Callable[..., BrowserContext]
    ):
        other = sign_in_elsewhere(desk, open_context)
        desk.page.goto("/#/account")
        end = desk.page.get_by_role("button", name=re.compile("^Sign out on "))
        expect(end).to_be_visible()
        other.follow(re.compile("^Account"))
        other.page.get_by_role("button", name="Sign out", exact=True).first.click()
        expect(other.page.get_by_label("Username")).to_be_visible()
        end.click()

        expect(end).to_have_count(0)
        expect(desk.page.get_by_role("alert")).to_have_count(0)

    def test_changes_the_password(self, desk: Desk):
        desk.page.goto("/#/account")
        desk.page.get_by_label("Current password").fill("wrong, wrong and wrong again")
        desk.page.get_by_label("New password").fill("another lantern, another orchard")
        desk.page.get_by_role("button", name="Change password").click()
        expect(desk.page.get_by_role("alert")).to_contain_text("wrong. Check")

        desk.page.get_by_label("Current password").fill(PASSPHRASE)
        desk.page.get_by_role("button", name="Change password").click()
        expect(desk.page.get_by_text("The password is changed.")).to_be_visible()

        desk.page.get_by_role("button", name="Sign out", exact=True).first.click()
        desk.page.get_by_label("Username").fill(desk.username)
        password = desk.page.get_by_label("Password", exact=True)
        password.fill(PASSPHRASE)
        desk.page.get_by_role("button", name="Sign in").click()
        expect(desk.page.get_by_role("alert")).to_contain_text("wrong. Check")
        password.fill("another lantern, another orchard")
        desk.page.get_by_role("button", name="Sign in").click()
        expect(desk.composer).to_be_visible()

    def test_hides_the_password_that_is_chosen_after_a_suggested_one(
        self, desk: Desk, open_context: Callable[..., BrowserContext]
    ):
        sign_in_elsewhere(desk, open_context)
        desk.page.goto("/#/account")
        elsewhere = desk.page.get_by_role("button", name=re.compile("^Sign out on "))
        expect(elsewhere).to_be_visible()
        field = desk.page.get_by_label("New password")
        desk.page.get_by_label("Current password").fill(PASSPHRASE)
        desk.page.get_by_role("button", name="Suggest a passphrase").click()
        expect(field).to_have_attribute("type", "text")
        desk.page.get_by_role("button", name="Change password").click()
        expect(desk.page.get_by_text("The password is changed.")).to_be_visible()

        expect(field).to_have_attribute("type", "password")
        expect(field).to_have_accessible_description(re.compile("^At least 15 characters"))
        expect(desk.page.locator(".passphrase")).to_have_count(0)
        expect(elsewhere).to_have_count(0)
        field.fill("another lantern, another orchard")
        expect(field).to_have_attribute("type", "password")
        expect(desk.page.get_by_text("another lantern")).to_have_count(0)

    def test_changes_it_once_however_often_one_presses(self, desk: Desk):
        held = hold(desk.page, "**/api/auth/password")
        desk.page.goto("/#/account")
        desk.page.get_by_label("Current password").fill(PASSPHRASE)
        field = desk.page.get_by_label("New password")
        field.fill("another lantern, another orchard")
        field.press("Enter")
        expect(desk.page.get_by_role("button", name="One moment …")).to_be_disabled()
        field.press("Enter")
        held.route.continue_()

        expect(desk.page.get_by_text("The password is changed.")).to_be_visible()
        assert held.count == 1

    def test_goes_on_after_a_one_time_passphrase_though_the_connection_fails(self, desk: Desk):
        must_change_password(desk.page)
        desk.page.reload()
        desk.page.get_by_label("Current password").fill(PASSPHRASE)
        desk.page.get_by_label("New password").fill("another lantern, another orchard")
        desk.page.route("**/api/auth/refresh", lambda route: route.abort(), times=1)
        desk.page.get_by_role("button", name="Change password").click()

        expect(desk.composer).to_be_visible()

    def test_asks_again_for_the_sessions_that_did_not_come(self, desk: Desk):
        desk.page.route("**/api/auth/sessions?*", lambda route: route.abort(), times=1)
        desk.page.goto("/#/account")
        expect(desk.page.get_by_role("alert")).to_contain_text("cannot be reached")
        desk.page.get_by_role("button", name="Try again").click()

        expect(desk.page.get_by_text("this session")).to_be_visible()
        expect(desk.page.get_by_role("alert")).to_have_count(0)

    def test_gives_out_all_that_is_its_own(self, desk: Desk):
        desk.open_account()
        with desk.page.expect_download() as export:
            desk.page.get_by_role("button", name="Download everything").click()

        assert export.value.path().read_bytes().startswith(b"PK")

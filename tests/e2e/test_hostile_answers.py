"""A model that tries everything to make the page load, run or ask for something."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import BrowserContext, Error, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from dev.processes import ROOT
from dev.serving import serve
from tests.conftest import TLS
from tests.e2e.conftest import Watch
from tests.e2e.desk import Desk, text_file
from tests.fakes import ScriptedModel

pytestmark = pytest.mark.promise("Whatever an answer holds, the page loads and runs nothing")

EVIL = "https://evil.example/x"
PAYLOADS = [
    f"![a]({EVIL}.png)",
    f'![a]({EVIL}.png "t")',
    f"![a][r]\n\n[r]: {EVIL}.png",
    f"![r]\n\n[r]: {EVIL}.png",
    f"[![a]({EVIL}.png)]({EVIL})",
    f"<img src='{EVIL}.png'>",
    f'<IMG SRC="{EVIL}.png">',
    f"<img src=x onerror=\"fetch('{EVIL}')\">",
    "<img src=x onerror=alert(1)>",
    f"<img srcset='{EVIL}.png 1x'>",
    f"<picture><source srcset='{EVIL}'><img></picture>",
    "<script>alert(1)</script>",
    f"<script src='{EVIL}.js'></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    f"<svg><image href='{EVIL}.png'/></svg>",
    f"<svg><use href='{EVIL}.svg#a'/></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    f"<iframe src='{EVIL}'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    f"<object data='{EVIL}'></object>",
    f"<embed src='{EVIL}'>",
    f"<video src='{EVIL}.mp4' autoplay></video>",
    f"<video poster='{EVIL}.png'></video>",
    f"<audio src='{EVIL}.mp3' autoplay></audio>",
    f"<audio><source src='{EVIL}.mp3' onerror=alert(1)></audio>",
    f"<track src='{EVIL}'>",
    f"<link rel=stylesheet href='{EVIL}.css'>",
    f"<link rel=preload as=image href='{EVIL}.png'>",
    f"<link rel=dns-prefetch href='{EVIL}'>",
    f"<style>@import '{EVIL}.css';</style>",
    f"<style>body{{background:url({EVIL}.png)}}</style>",
    f"<div style=\"background:url('{EVIL}.png')\">x</div>",
    f"<p style='list-style-image:url({EVIL})'>x</p>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    f"<base href='{EVIL}/'>",
    f"<form action='{EVIL}'><button autofocus onfocus=alert(1)>x</button></form>",
    f"<input type=image src='{EVIL}.png'>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<select autofocus onfocus=alert(1)>",
    "<a href='javascript:alert(1)'>click</a>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:msgbox(1))",
    "[click](blob:https://evil.example/1)",
    "<javascript:alert(1)>",
    f"<{EVIL}>",
    f"[click]({EVIL} 'a\" onmouseover=\"alert(1)')",
    "[click](//evil.example/x)",
    f"[a]: {EVIL}\n[click][a]",
    f"`<img src={EVIL}>`",
    f"```html\n<img src={EVIL}>\n```",
    f"| a | b |\n|---|---|\n| ![x]({EVIL}) | <img src={EVIL}> |",
    f"> ![x]({EVIL})",
    f"- ![x]({EVIL})",
    f"# ![x]({EVIL})",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\includegraphics{https://evil.example/x.png}$",
    r"$\url{https://evil.example/x}$",
    r"$\htmlData{x=1}{y} \class{evil}{z} \style{background:url(https://evil.example)}{w}$",
    r"$$\def\x{\x\x}\x$$",
    r"$\unicode{x3c}script\unicode{x3e}$",
    "\u202e![x](https://evil.example/rtl)",
    '</div><cite passage="1"><img src=https://evil.example/c></cite>',
    '<cite passage="1" onclick="alert(1)">Basalt is a dark volcanic rock that cools quickly.</cite>',
    "[1]<img src=https://evil.example/m>[2]",
    "\ue000<img src=https://evil.example/pua>\ue001",
    "@import url(https://evil.example/i.css);",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><img src=https://evil.example/t></template>",
    "<xss onpointerenter=alert(1) style=position:fixed;inset:0>x</xss>",
    "&lt;img src=x onerror=alert(1)&gt;",
]


def batched(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


NOTES = "Basalt is a dark volcanic rock that cools quickly."
ROCKS = text_file("rocks.txt", NOTES)


@pytest.fixture
def reader(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk(ROCKS)


@pytest.fixture(params=[False, True], ids=["under the policy", "without the policy"])
def any_reader(request: pytest.FixtureRequest, new_desk: Callable[..., Desk]) -> Desk:
    """Somebody whose browser keeps the page's policy, or one whose browser does not."""
    return new_desk(ROCKS, bypass_csp=request.param)


def test_there_are_enough_of_them():
    assert len(set(PAYLOADS)) >= 60


def test_nothing_is_loaded_run_or_asked(any_reader: Desk, model: ScriptedModel):
    """Several payloads an answer; the fixture `new_desk` sees every request, dialog and error."""
    reader, number = any_reader, 0
    for number, some in enumerate(batched(PAYLOADS, 8)):
        model.says = "\n\n".join((*some, f"after-{number}-end"))
        reader.ask(f"What is basalt, number {number}?")
        expect(reader.conversation.get_by_text(f"after-{number}-end").first).to_be_visible()
        reader.wait_for_end()
    reader.page.reload()
    expect(reader.conversation.get_by_text(f"after-{number}-end").first).to_be_attached()

    active = reader.page.evaluate(
        """() => [...document.querySelectorAll(
             'main :is(img, script, iframe, object, embed, video, audio, style, link, form:not(.composer), base, meta)')]
             .map(e => e.outerHTML)"""
    )
    assert active == []
    handlers = reader.page.evaluate(
        """() => [...document.querySelectorAll('main *')].flatMap(e => [...e.attributes]
             .filter(a => a.name.startsWith('on') || /^\\s*(javascript|data|vbscript|blob):/i.test(a.value))
             .map(a => a.name + '=' + a.value))"""
    )
    assert handlers == []


@dataclass
class ForeignServer:
    """Another site; it notes what each request that reaches it is to become."""

    url: str
    asked_as: set[str]


@pytest.fixture
def foreign_server() -> Generator[ForeignServer]:
    asked_as: set[str] = set()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked_as.add(Request(scope).headers.get("sec-fetch-dest", "unknown"))
        await PlainTextResponse("")(scope, receive, send)

    with serve(answer) as url:
        yield ForeignServer(url, asked_as)


class TestPolicyAlone:
    """The page as it would be if nothing cleaned an answer: the payloads stand in it as they are."""

    # Where a page may be sent to no policy says: that is for what draws the answer alone.
    RAW = "\n".join(
        f"<div>{payload}</div>"
        for payload in PAYLOADS
        if payload.startswith("<") and "http-equiv=refresh" not in payload
    )

    @pytest.fixture
    def address(self, lectern: str, foreign_server: ForeignServer) -> Generator[str]:
        raw = self.RAW.replace("https://evil.example", foreign_server.url)
        page = httpx.get(lectern, verify=TLS)
        policy = {"Content-Security-Policy": page.headers["Content-Security-Policy"]}
        index = HTMLResponse(page.text.replace("</body>", f"{raw}</body>"), headers=policy)
        parts = StaticFiles(directory=ROOT / "web" / "dist")
        with serve(Starlette(routes=[Route("/", index), Mount("/", parts)])) as url:
            yield url

    def test_it_stops_what_was_not_cleaned(
        self,
        address: str,
        open_context: Callable[..., BrowserContext],
        watch: Watch,
        foreign_server: ForeignServer,
    ):
        page = open_context().new_page()
        page.goto(address, wait_until="networkidle")

        expect(page.locator("xss")).to_be_attached()
        assert foreign_server.asked_as == set()
        assert watch.dialogs == []

    def test_without_it_the_same_is_loaded_and_run(
        self,
        address: str,
        open_context: Callable[..., BrowserContext],
        watch: Watch,
        foreign_server: ForeignServer,
    ):
        """The control: what the other test does not see is there to be seen."""
        page = open_context(bypass_csp=True).new_page()
        page.goto(address, wait_until="networkidle")

        kinds = {"image", "script", "style", "iframe", "object", "embed", "video", "audio", "empty"}
        # A dialog that waits keeps the rest of the page.
        Desk(page).wait_for(lambda: kinds <= foreign_server.asked_as)
        assert watch.dialogs

    def test_a_style_that_it_blocks_is_noticed(self, desk: Desk, watch: Watch):
        """The control: the fixture `new_desk` sees none in any other test."""
        desk.page.evaluate("document.body.setAttribute('style', 'color: red')")

        desk.wait_for(lambda: watch.blocked)
        watch.blocked.clear()

    def test_it_takes_no_text_as_html(self, desk: Desk):
        with pytest.raises(Error, match="requires 'TrustedHTML'"):
            desk.page.evaluate("document.body.innerHTML = '<b>bold</b>'")


def test_a_link_says_where_it_goes_and_leaves_nothing_behind(reader: Desk, model: ScriptedModel):
    model.says = f"See [the lecture]({EVIL}) for more."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    link = reader.conversation.locator("a[href^='https://evil.example']")
    expect(link).to_contain_text("evil.example")
    assert "noreferrer" in (link.get_attribute("rel") or "")


@pytest.mark.parametrize(
    "label",
    [
        "https://evil.example.mybank.example/login",
        "https://evil.example@mybank.example",
        "https://evil.example/ and more",
        "https://evil.example/**other**",
        "https://mybank.example",
    ],
)
def test_a_link_that_looks_like_another_says_where_it_goes(
    reader: Desk, model: ScriptedModel, label: str
):
    model.says = f"See [{label}](https://evil.example/here) for more."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    link = reader.conversation.locator("a[href^='https://evil.example']")
    expect(link.get_by_text("(evil.example)")).to_be_visible()


def test_a_link_that_is_its_own_address_says_it_once(reader: Desk, model: ScriptedModel):
    model.says = "See https://rocks.example/basalt for more."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    link = reader.conversation.locator("a[href^='https://rocks.example']")
    expect(link).to_contain_text("https://rocks.example/basalt")
    expect(link.get_by_text("(rocks.example)")).to_have_count(0)


def test_a_list_ends_where_something_else_begins(reader: Desk, model: ScriptedModel):
    model.says = "- Basalt\nis dark.\n## Granite\nIt is pale.\n\n1. One\n> Two\n"
    reader.ask("What is basalt?")
    reader.wait_for_end()

    answer = reader.conversation
    expect(answer.get_by_role("listitem")).to_have_text([re.compile(r"^Basalt\s+is dark.$"), "One"])
    expect(answer.get_by_role("heading", name="Granite")).to_be_visible()
    expect(answer.get_by_role("blockquote")).to_have_text("Two")


def test_code_that_is_closed_in_its_line_takes_no_more_of_the_answer(
    reader: Desk, model: ScriptedModel
):
    model.says = "```x = 1```\nIt is *dark*.\n\n```\ny = 2\n```\n"
    reader.ask("What is basalt?")
    reader.wait_for_end()

    answer = reader.conversation
    expect(answer.locator("p code")).to_have_text("x = 1")
    expect(answer.get_by_role("emphasis")).to_have_text("dark")
    expect(answer.locator("pre")).to_have_text("y = 2")


@pytest.mark.parametrize(
    "row",
    [
        "| Basalt | dark | {cite}",
        "| Basalt | dark |\n{cite}",
        "| Basalt | dark {cite} |",
        "| Basalt | dark | and | more {cite} |",
    ],
    ids=["behind the row", "behind the table", "in a cell", "in a cell without a column"],
)
def test_a_citation_of_a_table_stands_in_its_last_cell(
    reader: Desk, model: ScriptedModel, row: str
):
    cite = f'<cite passage="1">{NOTES}</cite>'
    model.says = f"| Rock | Colour |\n|---|---|\n{row.format(cite=cite)}\n\nThat is all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    expect(reader.conversation.locator("tbody tr td")).to_have_text(["Basalt", "dark1"])
    expect(reader.chips).to_have_count(1)


@pytest.mark.parametrize(
    ("says", "formulas", "told"),
    [
        ("It costs $20 and pays $2; the yield is $y$.", ["y"], "It costs $20 and pays $2;"),
        ("For $5, ($x$) is more.", ["x"], "For $5, ("),
        ("The $n$th of $m$.", ["n", "m"], "The "),
        (r"It is $a\$b$ long.", [r"a\$b"], "It is "),
    ],
)
def test_a_price_is_no_formula(
    reader: Desk, model: ScriptedModel, says: str, formulas: list[str], told: str
):
    model.says = says
    reader.ask("What is basalt?")
    reader.wait_for_end()

    expect(reader.conversation.locator("math annotation")).to_have_text(formulas)
    expect(reader.conversation.get_by_role("article")).to_contain_text(told)


def test_a_formula_becomes_mathml(reader: Desk, model: ScriptedModel):
    model.says = r"It is $\frac{1}{2} m v^2$ in all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    expect(reader.conversation.locator("math mfrac")).to_be_attached()


def test_script_letters_and_primes_need_no_font_of_their_own(reader: Desk, model: ScriptedModel):
    model.says = r"It is $\mathscr{L}\{f'\}$ in all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    letter = reader.conversation.locator("math .mathscr")
    expect(letter).to_have_text("\N{SCRIPT CAPITAL L}")
    prime, base = (reader.conversation.locator(f"math msup > :nth-child({n})") for n in (2, 1))
    expect(prime).to_have_text("\N{PRIME}")
    expect(prime).to_have_css("font-family", re.compile("Literata"))
    # Raised by its own font too, it would float above the letter.
    raised, letter_box = prime.bounding_box(), base.bounding_box()
    assert raised
    assert letter_box
    assert raised["y"] + raised["height"] > letter_box["y"]


def test_a_formula_has_the_styles_that_its_converter_writes_as_attributes(
    reader: Desk, model: ScriptedModel
):
    """As properties, which the policy lets in."""
    model.says = r"It is $\pmb{x}$, of $\sideset{_1^2}{_3^4}{\sum}$ in all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    formulas = reader.conversation.locator("math")
    expect(formulas.locator("mi")).to_have_css("font-weight", "700")
    script = formulas.locator("mmultiscripts > :last-child")
    expect(script).to_have_text("2")
    expect(script).to_have_css("text-align", "left")


def test_a_formula_of_chemistry_becomes_mathml(reader: Desk, model: ScriptedModel):
    model.says = r"It is $\ce{2H2 + O2 -> 2H2O}$ in all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    expect(reader.conversation.locator("math msub").first).to_be_attached()


def test_what_is_no_formula_stays_as_it_was_written(reader: Desk, model: ScriptedModel):
    model.says = r"It is $\frac{1$ in all."
    reader.ask("What is basalt?")
    reader.wait_for_end()

    expect(reader.conversation.locator(".formula")).to_have_text(r"\frac{1")
    expect(reader.conversation.locator("math")).to_have_count(0)

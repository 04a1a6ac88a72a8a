"""From pressing Enter to the first words on screen, less what the server took; beside a page that is nothing else."""

import time
from dataclasses import dataclass

from playwright.sync_api import Browser, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.browser import open_page
from bench.figures import Figure, compare_blocks, in_blocks, only_told, percentile
from bench.local import Local
from dev.student import Student

_LIMIT = 50.0
_QUESTION = "Where do the light reactions take place?"

# From the key, as the system tells its time, to the frame after the words have been drawn.
_WATCH = """() => { window.watchWords = () => new Promise(resolve => {
  let pressed = 0;
  addEventListener("keydown", event => { pressed = event.timeStamp }, { capture: true, once: true });
  // Not their number: of a long chat only the last turns are drawn.
  const last = () => [...document.querySelectorAll(".turn")].at(-1);
  const before = last();
  const observer = new MutationObserver(() => {
    const words = last() !== before && last().querySelector(".answer p:not(.waiting)");
    if (!words || !words.textContent) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - pressed);
      port2.postMessage(null);
    });
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
}) }"""

# The least that any page does: send, read until a word comes, show it.
_BARE = """async ([question, token]) => {
  const begun = performance.now();
  const response = await fetch("/api/query", {
    method: "POST", body: JSON.stringify({ query_text: question }),
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", Authorization: token },
  });
  const reader = response.body.getReader();
  let text = "";
  while (!text.includes("event: delta")) text += new TextDecoder().decode((await reader.read()).value);
  document.body.textContent = text;
  await new Promise(resolve => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(null);
  }));
  const taken = performance.now() - begun;
  for (;;) if ((await reader.read()).done) return taken;
}"""


class Stopwatch:
    """Around the functions: how long each question took from its request to its first words."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []

    def around(self, application: ASGIApp) -> ASGIApp:
        async def timed(scope: Scope, receive: Receive, send: Send) -> None:
            begun, is_open = time.perf_counter(), scope.get("path") == "/api/query"

            async def look(message: Message) -> None:
                nonlocal is_open
                await send(message)
                if is_open and b"event: delta" in message.get("body", b""):
                    is_open = False
                    self.milliseconds.append((time.perf_counter() - begun) * 1000)

            await application(scope, receive, look)

        return timed


def _in_the_page(browser: Browser, local: Local, student: Student, runs: int) -> list[float]:
    page = open_page(browser, local, student)
    page.goto("/")
    composer = page.get_by_label("Your question")
    expect(page.get_by_role("button", name="Asks your file")).to_be_visible(timeout=60_000)
    page.evaluate(_WATCH)
    taken: list[float] = []
    for _ in range(runs):
        composer.fill(_QUESTION)
        page.evaluate("() => { window.taken = window.watchWords() }")
        composer.press("Enter")
        taken.append(page.evaluate("window.taken"))
        expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=60_000)
    page.context.close()
    return taken


def _in_a_bare_page(browser: Browser, local: Local, token: str, runs: int) -> list[float]:
    page = open_page(browser, local, None, bypass_csp=True)
    page.goto("/api/query/health")
    taken = [page.evaluate(_BARE, [_QUESTION, token]) for _ in range(runs)]
    page.context.close()
    return taken


@dataclass(frozen=True)
class Taken:
    """How long (ms) each question took from Enter to its first words, and the server's part in that."""

    whole: list[float]
    server: list[float]

    @property
    def rest(self) -> list[float]:
        return [whole - server for whole, server in zip(self.whole, self.server, strict=True)]


def figures_of(bare: Taken, ours: Taken) -> list[Figure]:
    """Return what a bare page and ours take; what has a limit is what is left of ours without the server."""
    rest, floor = in_blocks(ours.rest), percentile(bare.rest, 50)
    told = [
        Figure("bare page: whole, p50", percentile(bare.whole, 50), "ms"),
        Figure("bare page: server, p50", percentile(bare.server, 50), "ms"),
        Figure("bare page: rest, p50", floor, "ms"),
        Figure("bare page: rest, p95", percentile(bare.rest, 95), "ms"),
        Figure("the page: whole, p50", percentile(ours.whole, 50), "ms"),
        Figure("the page: server, p50", percentile(ours.server, 50), "ms"),
    ]
    return [
        *only_told(told),
        compare_blocks("the page: rest, p50", "ms", 50, rest, aim=_LIMIT),
        compare_blocks("the page: rest, p95", "ms", 95, rest, aim=_LIMIT),
        Figure("the page: rest against a bare page's, p50", percentile(ours.rest, 50), "ms", floor),
    ]


def measure(
    browser: Browser, local: Local, watch: Stopwatch, student: Student, runs: int
) -> list[Figure]:
    token = str(student.client.headers["Authorization"])
    watch.milliseconds.clear()
    bare = Taken(_in_a_bare_page(browser, local, token, runs), list(watch.milliseconds))
    watch.milliseconds.clear()
    ours = Taken(_in_the_page(browser, local, student, runs), list(watch.milliseconds))
    return figures_of(bare, ours)

"""From pressing Enter to the first words on screen, less what the server took; beside a page that is nothing else."""

import time
from typing import Any

from playwright.sync_api import Browser, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.browser import open_page, quantile
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


def _row(name: str, whole: list[float], server: list[float]) -> dict[str, Any]:
    rest = [all_ - own for all_, own in zip(whole, server, strict=True)]
    print(
        f"  {name:12} {quantile(whole, 0.5):9.1f} {quantile(server, 0.5):9.1f} "
        f"{quantile(rest, 0.5):9.1f} {quantile(rest, 0.95):9.1f}"
    )
    return {"p50": quantile(rest, 0.5), "p95": quantile(rest, 0.95)}


def report(browser: Browser, local: Local, watch: Stopwatch, student: Student, runs: int) -> None:
    token = str(student.client.headers["Authorization"])
    print(f"From Enter to the first words on screen, {runs} questions each (ms)")
    print(f"  {'':12} {'whole p50':>9} {'server':>9} {'rest p50':>9} {'rest p95':>9}")
    for name, ask in (
        ("bare fetch", lambda: _in_a_bare_page(browser, local, token, runs)),
        ("the page", lambda: _in_the_page(browser, local, student, runs)),
    ):
        watch.milliseconds.clear()
        whole = ask()
        _row(name, whole, list(watch.milliseconds))
    print(f"  limit of the rest: {_LIMIT:.0f}")

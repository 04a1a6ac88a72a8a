"""Frames while a chat of 500 questions is scrolled and typed in, from a trace; beside an empty chat.

And what each key or turn of the wheel costs the page's main thread in processor time, which other
work on the machine lengthens less than the time between frames.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, expect

from bench.browser import open_page
from bench.figures import Figure, compare_blocks, in_blocks
from bench.local import Local
from dev.student import Student

# One that is long, and one that fits on some screens.
_LONG, _SHORT = 500, 10
_WHEEL_PIXELS, _TURNS_OF_THE_WHEEL = 400, 240
_TYPED = "What is it that the light reactions hand over to the Calvin cycle, and in which form? "
_CATEGORIES = [
    "cc",
    "benchmark",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
]

# Between two frames so far apart (ms) nothing was to be drawn; so few say nothing.
_STILL, _FEW = 250, 20

# Copies of a real answer: each is the same to draw, with its citation and its formula.
_COPY = """insert into public.queries (user_id, chat_id, query_text, response, status, citations,
  search_text, reserved_tokens, deadline_at, request_hash)
  select user_id, chat_id, query_text || ' (' || n || ')', response || %s, status, citations,
  search_text, reserved_tokens, deadline_at, request_hash
  from public.queries, generate_series(2, %s) as n where id = %s order by n"""
_MORE = """

It is worth a **second look**, for three reasons:

1. The energy of light is bound as $E = h \\nu$ for each photon.
2. `ATP` and `NADPH` leave the membrane on its *outer* side.
3. Nothing of that needs the dark.

| Where | What |
| --- | --- |
| Thylakoid | Light reactions |
| Stroma | Calvin cycle |
"""


@dataclass(frozen=True)
class Moved:
    """What was seen while something was done: the time (ms) between frames, what became of them, and the work (ms) of one step."""

    gaps: list[float]
    states: Counter[str]
    work: float

    @property
    def moves(self) -> bool:
        return len(self.gaps) >= _FEW


def make_chat(local: Local, student: Student, count: int) -> str:
    """Return the id of a chat of so many questions with answers of some length."""
    query = student.ask("Where do the light reactions take place?")
    assert query["status"] == "answered"
    with psycopg.connect(local.stack.postgres_dsn) as connection:
        connection.execute(_COPY, (_MORE, count, query["id"]))
    return query["chat_id"]


def _scroll(page: Page) -> None:
    page.mouse.move(640, 300)
    for direction in (-1, 1):
        for _ in range(_TURNS_OF_THE_WHEEL // 2):
            page.mouse.wheel(0, direction * _WHEEL_PIXELS)


def _type(page: Page) -> None:
    page.get_by_label("Your question").press_sequentially(_TYPED, delay=30)


def _trace(browser: Browser, page: Page, act: Callable[[Page], None]) -> list[dict[str, Any]]:
    browser.start_tracing(page=page, categories=_CATEGORIES)
    act(page)
    page.wait_for_timeout(300)
    return json.loads(browser.stop_tracing())["traceEvents"]


def _frames(events: list[dict[str, Any]]) -> tuple[list[float], Counter[str]]:
    """Return the time between frames that were shown one after the other, and what became of all."""
    reports = [
        report
        for event in events
        if event.get("name") == "PipelineReporter"
        and (report := event.get("args", {}).get("frame_reporter"))
    ]
    # Chromium has renamed this before: without reports, nothing dropped would mean nothing.
    assert reports, "the trace tells of no frame"
    states: Counter[str] = Counter()
    for report in reports:
        is_dropped = report["state"] == "STATE_DROPPED"
        states["dropped"] += is_dropped
        states["seen"] += is_dropped and report["affects_smoothness"]
        states["wanted"] += report["state"] != "STATE_NO_UPDATE_DESIRED"
    shown = sorted(
        event["ts"] / 1000
        for event in events
        if event.get("name") == "DrawFrame" and event.get("cat", "").endswith("frame")
    )
    gaps = [later - earlier for earlier, later in pairwise(shown)]
    return [gap for gap in gaps if gap < _STILL], states


def _work(page: Page, act: Callable[[Page], None]) -> float:
    """Return the processor time (ms) of the main thread while `act` is done, untraced."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration") * 1000

    before = spent()
    act(page)
    page.wait_for_timeout(300)
    after = spent()
    session.detach()
    return after - before


def _see(browser: Browser, page: Page, act: Callable[[Page], None], steps: int) -> Moved:
    gaps, states = _frames(_trace(browser, page, act))
    return Moved(gaps, states, _work(page, act) / steps)


def figures_of(seen: dict[tuple[int, str], Moved]) -> list[Figure]:
    """Return what was seen in chats of so many questions; the work beside that in an empty one, which cannot be scrolled."""
    figures: list[Figure] = []
    for (count, verb), moved in seen.items():
        if not moved.moves:
            continue
        name = f"{count} questions, {verb}" if count else f"empty chat, {verb}"
        empty, gaps = seen[0, verb], in_blocks(moved.gaps)
        floor = empty.work if count and empty.moves else None
        figures += [
            Figure(f"{name}: frames wanted", moved.states["wanted"], ""),
            Figure(f"{name}: frames dropped", moved.states["dropped"], ""),
            Figure(f"{name}: of them seen", moved.states["seen"], ""),
            compare_blocks(f"{name}: between frames, p50", "ms", 50, gaps),
            compare_blocks(f"{name}: between frames, p99", "ms", 99, gaps),
            Figure(f"{name}: work", moved.work, "ms", floor),
        ]
    return figures


def _open_chat(browser: Browser, local: Local, student: Student, count: int) -> Page:
    address = f"/#/chat/{make_chat(local, student, count)}" if count else "/#/"
    page = open_page(browser, local, student, viewport={"width": 1280, "height": 860})
    page.goto(address)
    expect(page.get_by_role("button", name="Asks your file")).to_be_visible(timeout=60_000)
    if count:
        expect(page.get_by_role("article").last).to_contain_text(f"({count})", timeout=60_000)
    page.wait_for_timeout(1_000)  # what a first look loads is not what is measured
    return page


def measure(browser: Browser, local: Local, student: Student) -> list[Figure]:
    seen: dict[tuple[int, str], Moved] = {}
    for count in (0, _SHORT, _LONG):
        page = _open_chat(browser, local, student, count)
        seen[count, "typing"] = _see(browser, page, _type, len(_TYPED))
        seen[count, "scrolling"] = _see(browser, page, _scroll, _TURNS_OF_THE_WHEEL)
        page.context.close()
    return figures_of(seen)

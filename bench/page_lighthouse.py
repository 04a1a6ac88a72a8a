"""Lighthouse's verdict on the page as it is built, on a slow phone: performance, accessibility, best practices.

Lighthouse counts how long each task of the main thread took by the clock, four times over for the
phone: on a busy machine it counts what other work held up. So its own measure of the machine and the
load stand beside its verdict, and what the same tasks block in processor time.
"""

import json
import os
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.local import Local
from dev.browser import find_chromium
from dev.node import NODE

_COMMAND = Path(__file__).parent / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
# Not SEO: what stands behind a sign-in is nothing for search engines. The study is not judged: Lighthouse finds no beginning
# of its trace in a browser that somebody has signed in with before.
_CATEGORIES = ("performance", "accessibility", "best-practices")
_LIMIT = 95
_METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "cumulative-layout-shift": "shift",
    "total-blocking-time": "blocked",
}
# Now and then it loses the trace of a load, and says so.
_MOST_TRIES = 3
# Below this index Lighthouse itself warns that the machine is too slow to judge by.
_EXPECTED_INDEX = 1_000
# What Lighthouse makes of a task on its phone, and from when on a task (ms) blocks.
_SLOWDOWN, _BLOCKING = 4, 50


def _blocked(events: list[dict[str, Any]]) -> float:
    """Return how long (ms) the tasks of the page's main thread block a phone, in processor time."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for event in events:
        thread = event["pid"], event["tid"]
        if event["name"] == "RunTask" and thread in mains:
            tasks[thread].append(event.get("tdur", 0) / 1000)
    assert tasks, "the trace tells of no task"
    return max(
        sum(max(0.0, task * _SLOWDOWN - _BLOCKING) for task in of_thread)
        for of_thread in tasks.values()
    )


def _run(command: list[str], environment: dict[str, str]) -> None:
    for tries_left in reversed(range(_MOST_TRIES)):
        found = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return
        assert tries_left, found.stderr[-2000:]


def _judge(address: str) -> tuple[dict[str, float], dict[str, str], list[str]]:
    """Return the scores, some of what they rest on, and what was found wanting."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(str(NODE), str(_COMMAND), address, "--quiet", "--output=json"),
            *(f"--output-path={folder}/report.json", "--save-assets"),
            f"--only-categories={','.join(_CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox",
        ]
        environment = {**os.environ, "CHROME_PATH": find_chromium() or ""}
        _run(command, environment)
        report = json.loads(Path(folder, "report.json").read_text())
        (trace,) = Path(folder).glob("*.trace.json")
        events = json.loads(trace.read_text())["traceEvents"]
    scores = {name: report["categories"][name]["score"] * 100 for name in _CATEGORIES}
    metrics = {told: report["audits"][name]["displayValue"] for name, told in _METRICS.items()}
    metrics["in processor time"] = f"{_blocked(events):.0f} ms"
    metrics["machine"] = f"{report['environment']['benchmarkIndex']:.0f}"
    metrics["load"] = f"{os.getloadavg()[0]:.0f}"
    wanting = [
        audit["title"]
        for name in _CATEGORIES[1:]
        for part in report["categories"][name]["auditRefs"]
        if part["weight"] and (audit := report["audits"][part["id"]])["score"] == 0
    ]
    return scores, metrics, wanting


def report(local: Local, runs: int) -> None:
    if not _COMMAND.exists():
        print("Lighthouse is not installed: `make bench` does that.")
        return
    print(
        f"Lighthouse, mobile, median of {runs} runs (limit {_LIMIT} each; "
        f"it expects a machine of {_EXPECTED_INDEX} or more)"
    )
    for path in ("/", "/#/register"):
        found = [_judge(f"{local.client.base_url}{path.removeprefix('/')}") for _ in range(runs)]
        scores = {n: statistics.median(scores[n] for scores, _, _ in found) for n in _CATEGORIES}
        told = ", ".join(f"{name} {score:.0f}" for name, score in scores.items())
        print(f"  {path:12} {told}")
        for _, metrics, _ in found:
            print(f"    {', '.join(f'{name} {value}' for name, value in metrics.items())}")
        for title in sorted({title for _, _, wanting in found for title in wanting}):
            print(f"    wanting: {title}")

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
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

from bench.local import Local
from dev.browser import find_chromium
from dev.node import NODE
from dev.student import PASSPHRASE, Student

_COMMAND = Path(__file__).parent / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
# Not SEO: what stands behind a sign-in is nothing for search engines.
_CATEGORIES = ("performance", "accessibility", "best-practices")
_LIMIT = 95
_METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "cumulative-layout-shift": "shift",
    "total-blocking-time": "blocked",
}
# Below this index Lighthouse itself warns that the machine is too slow to judge by.
_EXPECTED_INDEX = 1_000
# What Lighthouse makes of a task on its phone, and from when on a task (ms) blocks.
_SLOWDOWN, _BLOCKING = 4, 50

# At an address of the API, so that nothing of the page has been loaded before it is judged.
_SIGN_IN = """async ([username, password]) => {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ username, password });
  const answer = await fetch("/api/auth/login", { method: "POST", headers, body });
  localStorage.setItem("lectern-refreshed-at", "0");
  return answer.ok;
}"""


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


def _sign_in(profile: Path, address: str, student: Student) -> None:
    """Let the browser that keeps its things in `profile` know a student."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=find_chromium(), args=["--no-sandbox"], bypass_csp=True
        )
        page = context.new_page()
        page.goto(urljoin(address, "/api/query/health"))
        assert page.evaluate(_SIGN_IN, [student.username, PASSPHRASE])
        context.close()


def _is_study(report: dict[str, Any]) -> bool:
    requests = report["audits"]["network-requests"]["details"]["items"]
    return any("/api/upload" in request["url"] for request in requests)


def _judge(
    address: str, student: Student | None
) -> tuple[dict[str, float], dict[str, str], list[str]]:
    """Return the scores, some of what they rest on, and what was found wanting."""
    # Of the browser that was ended something may still be writing.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        profile = Path(folder, "profile")
        if student:
            _sign_in(profile, address, student)
        command = [
            *(str(NODE), str(_COMMAND), address, "--quiet", "--output=json"),
            *(f"--output-path={folder}/report.json", "--save-assets"),
            f"--only-categories={','.join(_CATEGORIES)}",
            f"--chrome-flags=--headless=new --no-sandbox --user-data-dir={profile}",
        ]
        environment = {**os.environ, "CHROME_PATH": find_chromium() or ""}
        found = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stderr[-2000:]
        report = json.loads(Path(folder, "report.json").read_text())
        (trace,) = Path(folder).glob("*.trace.json")
        events = json.loads(trace.read_text())["traceEvents"]
    assert _is_study(report) == bool(student), "another view was judged"
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


def report(local: Local, student: Student, runs: int) -> None:
    if not _COMMAND.exists():
        print("Lighthouse is not installed: `make bench` does that.")
        return
    print(
        f"Lighthouse, mobile, median of {runs} runs (limit {_LIMIT} each; "
        f"it expects a machine of {_EXPECTED_INDEX} or more)"
    )
    for path, who in (("/", None), ("/#/register", None), ("/", student)):
        address = urljoin(str(local.client.base_url), path)
        found = [_judge(address, who) for _ in range(runs)]
        scores = {n: statistics.median(scores[n] for scores, _, _ in found) for n in _CATEGORIES}
        told = ", ".join(f"{name} {score:.0f}" for name, score in scores.items())
        name = f"{path}, signed in" if who else path
        print(f"  {name:12} {told}")
        for _, metrics, _ in found:
            print(f"    {', '.join(f'{name} {value}' for name, value in metrics.items())}")
        for title in sorted({title for _, _, wanting in found for title in wanting}):
            print(f"    wanting: {title}")

"""Lighthouse's verdict on the page as it is built, on a slow phone: performance, accessibility, best practices."""

import json
import os
import statistics
import subprocess
from pathlib import Path

from bench.local import Local
from dev.browser import find_chromium
from dev.node import NODE

_COMMAND = Path(__file__).parent / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
_CATEGORIES = ("performance", "accessibility", "best-practices")
_LIMIT = 95
_METRICS = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
}


def _judge(address: str) -> tuple[dict[str, float], dict[str, str], list[str]]:
    """Return the scores, some of what they rest on, and what was found wanting."""
    command = [
        *(str(NODE), str(_COMMAND), address, "--quiet", "--output=json"),
        f"--only-categories={','.join(_CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox",
    ]
    environment = {**os.environ, "CHROME_PATH": find_chromium() or ""}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    report = json.loads(found.stdout)
    scores = {name: report["categories"][name]["score"] * 100 for name in _CATEGORIES}
    metrics = {told: report["audits"][name]["displayValue"] for name, told in _METRICS.items()}
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
    print(f"Lighthouse, mobile, median of {runs} runs (limit {_LIMIT} each)")
    for path in ("/", "/#/register"):
        found = [_judge(f"{local.client.base_url}{path.removeprefix('/')}") for _ in range(runs)]
        scores = {n: statistics.median(scores[n] for scores, _, _ in found) for n in _CATEGORIES}
        told = ", ".join(f"{name} {score:.0f}" for name, score in scores.items())
        _, metrics, wanting = found[-1]
        print(f"  {path:12} {told}  ({', '.join(f'{n} {v}' for n, v in metrics.items())})")
        for title in wanting:
            print(f"    wanting: {title}")

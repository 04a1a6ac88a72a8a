"""What Chromium fetches on `/` until it is idle, gzipped: nobody signed in, and a student; and what comes later."""

import gzip
import itertools
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Request

from bench.browser import open_page
from bench.figures import Figure
from bench.local import Local
from dev.student import Student

_ASSETS = Path(__file__).parents[1] / "web" / "dist" / "assets"
_KINDS = {
    "script": "JavaScript",
    "stylesheet": "CSS",
    "font": "fonts",
    "document": "HTML",
    "fetch": "answers of the API",
}
_LIMITS = {"JavaScript": 60.0, "everything": 120.0}
_FORMULA_LIMIT = 60.0
_LAZY = ("temml-*", "mhchem-*", "words-*", "canceltoArrow-*")
# As web servers and CDNs do unless told otherwise.
_LEVEL = 6


class Peer(NamedTuple):
    """What the first load of another project's page brings, in kB as for ours."""

    name: str
    view: str
    requests: int
    script: float
    everything: float


# Measured on 27 November 2026 in the same way: the built page from the wheel of that version on PyPI,
# served as files. Their own servers did not run, so what they would have answered is not in it.
# LearnHouse and bedrock-chat publish no built page, and no figures of theirs were found.
PEERS = (
    Peer("Open WebUI 0.12.4", "sign-in", 215, 2147.4, 3150.4),
    Peer("DeepTutor 1.6.15", "sign-in", 22, 268.7, 378.2),
    Peer("DeepTutor 1.6.15", "chat, which needs no sign-in", 77, 641.9, 972.3),
    Peer("Khoj 1.42.10", "start", 32, 336.0, 1266.5),
)


def _weigh(request: Request) -> int:
    """Return the bytes of a body as sent: fonts and icons are packed already."""
    response = request.response()
    assert response is not None
    assert response.ok, f"{request.url}: {response.status}"
    body = response.body()
    is_packed = response.headers.get("content-type", "").startswith(("font/", "image/png"))
    return len(body) if is_packed else len(gzip.compress(body, _LEVEL))


def _first_load(
    browser: Browser, local: Local, student: Student | None
) -> dict[str, tuple[int, int]]:
    """Return how many requests there were and their bytes, by kind; what the worker fetches is none of it."""
    page = open_page(browser, local, student, service_workers="block")
    requests: list[Request] = []
    page.context.on("requestfinished", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto("/", wait_until="networkidle")
    weights: dict[str, tuple[int, int]] = {}
    for request in requests:
        kind = _KINDS.get(request.resource_type, "other (icon, manifest)")
        for name in (kind, "everything"):
            count, weight = weights.get(name, (0, 0))
            weights[name] = count + 1, weight + _weigh(request)
    page.context.close()
    return weights


def _later(pattern: str) -> float:
    """Return kB of the assets of such a name; fonts as they are."""
    return sum(
        (
            path.stat().st_size
            if path.suffix == ".woff2"
            else len(gzip.compress(path.read_bytes(), _LEVEL))
        )
        / 1000
        for path in _ASSETS.glob(pattern)
    )


def figures_of_load(view: str, weights: dict[str, tuple[int, int]]) -> list[Figure]:
    kinds = [
        Figure(f"{view}: {kind}", weight / 1000, "kB", aim=_LIMITS.get(kind))
        for kind, (_, weight) in sorted(weights.items())
    ]
    requests, _ = weights["everything"]
    return [*kinds, Figure(f"{view}: requests", requests, "")]


def _figures_of_parts() -> list[Figure]:
    converter, chemistry = _later("temml-*"), _later("mhchem-*")
    lazy = sum(_later(pattern) for pattern in _LAZY)
    return [
        Figure("formula converter, when a formula comes", converter, "kB", aim=_FORMULA_LIMIT),
        Figure("… with chemistry", converter + chemistry, "kB", aim=_FORMULA_LIMIT),
        Figure("what the worker fetches besides", lazy, "kB"),
    ]


def measure(browser: Browser, local: Local, student: Student) -> list[Figure]:
    """Weigh what is loaded before signing in, and by a student; kB are 1,000 bytes."""
    views = (("sign-in", None), ("study", student))
    loads = [figures_of_load(view, _first_load(browser, local, who)) for view, who in views]
    return [*itertools.chain(*loads), *_figures_of_parts()]


def print_peers() -> None:
    print("\nPeers, as measured on 27 November 2026 (docs/page.md says how)")
    for peer in PEERS:
        print(
            f"  {peer.name:18} {peer.view:28} {peer.requests:3} requests "
            f"{peer.everything:7.1f} kB, JavaScript {peer.script:.1f} kB"
        )

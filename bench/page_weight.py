"""What Chromium fetches on `/` until it is idle, gzipped, and what comes later."""

import gzip
from pathlib import Path

from playwright.sync_api import Browser, Request

from bench.browser import open_page
from bench.local import Local

_ASSETS = Path(__file__).parents[1] / "web" / "dist" / "assets"
_KINDS = {"script": "JavaScript", "stylesheet": "CSS", "font": "fonts", "document": "HTML"}
_LIMITS = {"JavaScript": 60.0, "everything": 120.0}
_FORMULA_LIMIT = 60.0
# As web servers and CDNs do unless told otherwise.
_LEVEL = 6


def _weigh(request: Request) -> int:
    """Return the bytes of a body as sent: fonts and icons are packed already."""
    response = request.response()
    assert response is not None
    assert response.ok, f"{request.url}: {response.status}"
    body = response.body()
    is_packed = response.headers.get("content-type", "").startswith(("font/", "image/png"))
    return len(body) if is_packed else len(gzip.compress(body, _LEVEL))


def _first_load(browser: Browser, local: Local) -> dict[str, tuple[int, int]]:
    page = open_page(browser, local, None)
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


def report(browser: Browser, local: Local) -> None:
    print("First load of `/` until idle, nobody signed in (kB = 1,000 bytes, gzip -6)")
    for kind, (count, weight) in sorted(_first_load(browser, local).items()):
        limit = f"limit {_LIMITS[kind]:.0f}" if kind in _LIMITS else ""
        print(f"  {kind:24} {count:3} requests {weight / 1000:7.1f} kB  {limit}")
    converter, letters = _later("temml-*"), _later("Temml-*.woff2")
    print(f"  formula converter, when first needed: {converter:.1f} kB  limit {_FORMULA_LIMIT:.0f}")
    print(
        f"  and for script letters and primes {letters:.1f} kB more ({converter + letters:.1f} in all), "
        f"for chemistry {_later('mhchem-*'):.1f} kB"
    )
    print("  peers: what their pages weigh is not known to us")

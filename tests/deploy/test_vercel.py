"""Lectern on Vercel: the journey through what was built, run and routed as the platform does it."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dev.processes import ROOT
from dev.stack import Stack
from dev.vercel.building import PYTHON_VERSION
from dev.vercel.edge import Edge
from dev.vercel.output import Output
from tests.deploy.journey import make_journey

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))


@pytest.fixture
def client(vercel_edge: Edge) -> Iterator[httpx.Client]:
    """Wait as long as a browser would: a function is started when it is first asked."""
    with httpx.Client(base_url=vercel_edge.url, timeout=60) as client:
        yield client


def test_the_journey_passes(vercel_edge: Edge) -> None:
    make_journey(vercel_edge.url)


def test_no_function_writes_into_its_bundle(vercel_edge: Edge) -> None:
    make_journey(vercel_edge.url)

    for name in ("auth", "upload", "query", "history"):
        task = vercel_edge.instances[name].task
        present = {path.relative_to(task).as_posix() for path in task.rglob("*") if path.is_file()}
        assert present == set(vercel_edge.instances[name].bundle.files)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_answers_from_a_bundle_of_its_own(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/api/{name}/health")

    assert answer.json() == {"status": "ok", "function": name}


@pytest.mark.parametrize(
    "path", ["/", "/chats/1", "/lib/settings.py", "/functions/auth.py", "/.env", "/vercel.json"]
)
def test_every_address_that_is_no_asset_is_the_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == client.get("/index.html").text
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"


def test_the_page_comes_with_the_headers_that_its_own_policy_cannot_set(
    client: httpx.Client,
) -> None:
    headers = client.get("/").headers

    assert headers["content-security-policy"] == (
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
    assert headers["strict-transport-security"] == "max-age=63072000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_a_function_keeps_its_own_policy(client: httpx.Client) -> None:
    headers = client.get("/api/history").headers

    assert headers.get_list("content-security-policy")[0].startswith("default-src 'none'")
    assert len(headers.get_list("content-security-policy")) == 1
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"] == "max-age=63072000"


def test_assets_are_kept_for_a_year_and_never_mistaken_for_the_page(
    client: httpx.Client, vercel_output: Output
) -> None:
    for name in [name for name in vercel_output.public_files if name.startswith("assets/")]:
        asset = client.get(f"/{name}")

        assert asset.status_code == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/assets/gone-12345678.js").status_code == 404


def test_every_public_file_comes_as_it_is_and_is_asked_for_again_if_its_name_has_no_hash(
    client: httpx.Client, vercel_output: Output
) -> None:
    beside = {name for name in vercel_output.public_files if not name.startswith("assets/")}

    assert {"index.html", "worker.js", "manifest.webmanifest"} <= beside
    for name in beside:
        answer = client.get(f"/{name}")
        path = vercel_output.services["web"].find(f"/{name}")
        assert isinstance(path, Path)
        assert answer.content == path.read_bytes()
        assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"


def test_an_unknown_function_is_not_the_page(client: httpx.Client) -> None:
    assert client.get("/api/nothing").status_code == 404


def test_the_schedule_runs_the_job_with_its_secret(client: httpx.Client, backend: Stack) -> None:
    [cron] = json.loads((ROOT / "vercel.json").read_text())["crons"]
    headers = {"Authorization": f"Bearer {backend.keys.cron_secret}"}

    without = client.get(cron["path"])
    with_secret = client.get(cron["path"], headers=headers)

    assert (without.status_code, with_secret.status_code) == (401, 200)


def test_the_address_of_a_caller_is_the_one_that_the_platform_saw(client: httpx.Client) -> None:
    """Else whoever sends another header with each guess would never be slowed down."""
    body = {"username": f"nobody-{uuid.uuid4().hex[:12]}", "password": "neither is this a password"}

    statuses = [
        client.post(
            "/api/auth/login",
            json=body,
            headers={
                "x-vercel-forwarded-for": f"203.0.113.{n}",
                "x-forwarded-for": f"203.0.113.{n}",
            },
        ).status_code
        for n in range(6)
    ]

    assert statuses == [401] * 5 + [429]

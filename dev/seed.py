"""The demo student, made over the public API as any other: registered, with the sample file ready."""

import time
from pathlib import Path

import httpx

from dev.processes import ROOT

USERNAME = "demo"
SAMPLES = sorted((ROOT / "dev" / "sample").glob("*.pdf"))

_READY_SECONDS = 120


class SeedFailed(Exception):
    """The demo student could not be made; the message says why."""


def _check(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise SeedFailed(
            f"{response.request.method} {response.request.url.path} answered "
            f"{response.status_code}: {response.text[:300]}"
        )
    return response


def _sign_in(client: httpx.Client, passphrase: str) -> None:
    student = {"username": USERNAME, "password": passphrase}
    response = client.post("/api/auth/register", json=student)
    if response.status_code == httpx.codes.CONFLICT:
        response = client.post("/api/auth/login", json=student)
    token = _check(response).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def _upload(client: httpx.Client, path: Path) -> None:
    content = (path.name, path.read_bytes(), "application/pdf")
    file = _check(client.post("/api/upload", files={"file": content})).json()
    deadline = time.monotonic() + _READY_SECONDS
    while file["status"] != "ready":
        if file["status"] == "failed" or time.monotonic() > deadline:
            raise SeedFailed(f"{path.name} is {file['status']}: {file['error']}")
        file = _check(client.post(f"/api/upload/{file['id']}/ingest")).json()


def seed(url: str, passphrase: str) -> None:
    """Make the demo student, unless all of it is there.

    Raises:
        SeedFailed: A function refused.
    """
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            _sign_in(client, passphrase)
            for path in SAMPLES:
                _upload(client, path)
    except httpx.HTTPError as error:
        raise SeedFailed(str(error)) from error

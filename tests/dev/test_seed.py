"""The demo student of the local stack is there at the first start, and made only once."""

import httpx
import pytest

from dev.seed import SAMPLES, USERNAME, SeedFailed, seed

PASSPHRASE = "walnut-lantern-cobalt-sparrow-meadow"


def test_makes_a_student_with_the_sample_file_ready_and_makes_nothing_twice(
    client: httpx.Client,
) -> None:
    url = str(client.base_url)

    seed(url, PASSPHRASE)
    seed(url, PASSPHRASE)

    student = {"username": USERNAME, "password": PASSPHRASE}
    token = client.post("/api/auth/login", json=student).json()["access_token"]
    listed = client.get("/api/upload", headers={"Authorization": f"Bearer {token}"}).json()
    files = [(file["filename"], file["status"]) for file in listed["files"]]
    assert files == [(path.name, "ready") for path in SAMPLES]


def test_says_which_function_refused(client: httpx.Client) -> None:
    with pytest.raises(SeedFailed, match="POST /api/auth/register answered 422"):
        seed(str(client.base_url), "short")


def test_says_that_nobody_answers() -> None:
    with pytest.raises(SeedFailed, match="refused"):
        seed("http://127.0.0.1:1", PASSPHRASE)

"""What a fuzzer found: documents that said less than the functions do, and numbers too large."""

import base64
import json

import httpx
import pytest

from dev.student import Student

FUNCTIONS = ["auth", "history", "jobs", "query", "upload"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_problems_are_documented_as_what_they_are(client: httpx.Client, name: str):
    paths = client.get(f"/api/{name}/openapi.json").json()["paths"]

    for operations in paths.values():
        for operation in operations.values():
            assert list(operation["responses"]["default"]["content"]) == [
                "application/problem+json"
            ]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/upload", "GET, POST"),
        ("/api/upload/1", "DELETE, GET"),
        ("/api/auth/login", "POST"),
        ("/api/history/c7aa595f-617c-4f74-bdc8-a40625e400c5", "DELETE, GET, PATCH"),
    ],
)
def test_a_wrong_method_is_told_every_right_one(client: httpx.Client, path: str, allowed: str):
    answer = client.put(path)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path",
    [
        f"/api/upload/{2**53}",
        f"/api/upload/{2**63 - 2}",
        f"/api/upload/1/pages/{2**31}",
        f"/api/upload/1/pages/{2**53}",
    ],
)
def test_a_number_beyond_all_bounds_is_a_mistake(student: Student, path: str):
    assert student.client.get(path).status_code == 422


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/api/upload", [2**63]),
        ("/api/upload", [-1]),
        ("/api/history", ["2026-01-01T00:00:00Z", "\x00"]),
        ("/api/history", ["0001-01-01T00:00:00+01:00", "c7aa595f-617c-4f74-bdc8-a40625e400c5"]),
    ],
)
def test_a_cursor_that_lectern_never_gave_is_a_mistake(
    student: Student, path: str, values: list[object]
):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    assert student.client.get(path, params={"cursor": cursor}).status_code == 422


def test_a_cursor_of_a_far_time_zone_is_read(student: Student):
    values = ["2026-01-01T00:00:00+23:59", "c7aa595f-617c-4f74-bdc8-a40625e400c5"]
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    assert student.client.get("/api/history", params={"cursor": cursor}).json()["chats"] == []

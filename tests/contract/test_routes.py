"""Every route of every function: who may call it without being known, and what its documents say."""

import re
from typing import Any

import httpx
import pytest

from tests.conftest import Configuration, slug
from tests.lessons import LIGHT, QUESTION
from tests.routes import Operation, documents, operations

FUNCTIONS = ("auth", "upload", "query", "history", "jobs")
# What needs no access token: it has none yet, or proves itself in another way.
PUBLIC = {
    *(f"GET /api/{name}/health" for name in FUNCTIONS),
    *(f"GET /api/{name}/health/deep" for name in FUNCTIONS),
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/refresh",  # by the cookie
    "POST /api/auth/logout",  # by the cookie
    "GET /api/jobs/run",  # by its own secret
}
BODIES: dict[str, Any] = {
    "PUT /api/auth/password": {"current_password": "a", "new_password": "b"},
    "POST /api/auth/erase": {"password": "a"},
    "POST /api/upload/signed": {"filename": "light.md", "size_bytes": 10},
    "POST /api/query": {"query_text": QUESTION},
    "PATCH /api/history/{chat_id}": {"title": "Light"},
}
GUARDED = [operation for operation in operations() if str(operation) not in PUBLIC]


def send(client: httpx.Client, operation: Operation, token: str | None = None) -> httpx.Response:
    """Send what the operation wants, so that nothing but the token can be wrong."""
    chat_id = "00000000-0000-4000-8000-000000000000"
    path = operation.path.replace("{chat_id}", chat_id)
    path = re.sub(r"{\w+}", "1", path)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if str(operation) == "POST /api/upload":
        return client.post(path, files={"file": ("light.md", LIGHT)}, headers=headers)
    body = BODIES.get(str(operation))
    return client.request(operation.method, path, json=body, headers=headers)


class TestAccess:
    @pytest.mark.parametrize("operation", GUARDED, ids=str)
    def test_needs_a_token(self, client: httpx.Client, operation: Operation) -> None:
        answer = send(client, operation)

        assert (answer.status_code, slug(answer)) == (401, "invalid-access-token")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_needs_one_that_is_ours(
        self, client: httpx.Client, configuration: Configuration
    ) -> None:
        for token in ("a.b.c", "x", configuration.settings.supabase_secret_key):
            for operation in GUARDED:
                answer = send(client, operation, token)

                assert answer.status_code == 401, f"{operation}: {answer.text}"

    def test_is_open_only_where_it_says_so(self) -> None:
        """A route is guarded where its documents say how to prove who one is."""
        open_routes = {str(route) for route in operations() if "security" not in route.document}

        assert open_routes == PUBLIC - {"GET /api/jobs/run"}

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_to_health_and_documents_is_free(self, client: httpx.Client, name: str) -> None:
        health, deep = client.get(f"/api/{name}/health"), client.get(f"/api/{name}/health/deep")
        openapi = client.get(f"/api/{name}/openapi.json")
        docs = client.get(f"/api/{name}/docs")

        assert health.json() == deep.json() == {"status": "ok", "function": name}
        assert openapi.json()["paths"].keys() == documents()[name]["paths"].keys()
        assert docs.headers["Content-Type"].startswith("text/html")
        # All of its own: nothing is loaded from anywhere, and nothing runs.
        assert not re.search(r"<script|src=|https?://(?!127\.)", docs.text)

    @pytest.mark.parametrize(
        "path", ["/api/upload/1/nothing", "/api/history/1/2/3", "/api/query/x", "/api/jobs"]
    )
    def test_to_what_is_not_there_is_a_problem(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)

        assert answer.status_code in (404, 405)
        assert answer.headers["Content-Type"] == "application/problem+json"


class TestDocuments:
    @pytest.mark.parametrize("operation", operations(), ids=str)
    def test_describe_every_route(self, operation: Operation) -> None:
        document = operation.document

        assert re.search(r"\w.*\.$", document["description"], re.DOTALL)
        assert document["responses"]["default"]["description"]
        for parameter in document.get("parameters", []):
            assert parameter["schema"]

    @pytest.mark.parametrize("operation", operations(), ids=str)
    def test_name_a_schema_for_every_body(self, operation: Operation) -> None:
        answers = {
            code: answer.get("content", {}).get("application/json", {}).get("schema")
            for code, answer in operation.document["responses"].items()
            if code.startswith("2") and "application/json" in answer.get("content", {})
        }

        assert all(answers.values()), f"{operation}: {answers}"

    def test_speak_snake_case(self) -> None:
        names = {
            name
            for document in documents().values()
            for schema in document["components"]["schemas"].values()
            for name in schema.get("properties", {})
        }

        assert {
            name for name in names if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)
        } == set()

    def test_show_no_secret_of_the_tables(self) -> None:
        names = {
            name
            for document in documents().values()
            for schema in document["components"]["schemas"].values()
            for name in schema.get("properties", {})
        }

        assert names.isdisjoint(
            {"path", "user_id", "lease_id", "lease_until", "password_hash", "token_hash", "handle"}
        )

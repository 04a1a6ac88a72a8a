"""Behind a CDN, only what comes through it is served."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from lib.web.edge import EdgeMiddleware
from lib.web.requests import RequestMiddleware

SECRETS = ("n" * 32, "o" * 32)


def app(secrets: tuple[str, ...]) -> FastAPI:
    app = FastAPI()
    app.add_middleware(EdgeMiddleware, health_path="/api/x/health", secrets=lambda: secrets)
    app.add_middleware(RequestMiddleware, function="x", max_body_bytes=1)

    @app.get("/api/x/health")
    @app.get("/api/x")
    async def answer() -> str:
        return "served"

    return app


def get(path: str, secrets: tuple[str, ...], **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app(secrets))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize("secret", SECRETS)
def test_any_of_the_secrets_lets_in(secret: str):
    assert get("/api/x", SECRETS, **{"X-Origin-Secret": secret}).status_code == 200


@pytest.mark.parametrize("given", ["", "n", "n" * 33, " ".join(SECRETS)])
def test_anything_else_is_refused_as_a_problem(given: str):
    answer = get("/api/x", SECRETS, **({"X-Origin-Secret": given} if given else {}))

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/edge-bypassed")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] in answer.json()["instance"]


def test_what_is_not_there_is_refused_as_well():
    assert get("/api/nothing", SECRETS).status_code == 403


def test_health_is_open():
    assert get("/api/x/health", SECRETS).status_code == 200


def test_where_there_is_no_cdn_everybody_is_served():
    assert get("/api/x", ()).status_code == 200

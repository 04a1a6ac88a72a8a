"""What can be seen of a request from outside: health, ids from edge to database, and spans if wanted."""

import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dev.processes import ROOT
from dev.serving import serve
from dev.stack import Stack
from lib.web import health
from lib.web.requests import log
from tests.accounts import new_user, round_trips, slug
from tests.conftest import Configuration, Ground, wait_until


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    health._found.clear()


class TestHealth:
    @pytest.mark.parametrize("name", ["auth", "upload", "query", "history", "jobs"])
    def test_asks_nobody_unless_it_is_deep(self, client: httpx.Client, name: str) -> None:
        shallow = client.get(f"/api/{name}/health")
        deep = client.get(f"/api/{name}/health/deep")

        assert shallow.json() == deep.json() == {"status": "ok", "function": name}
        assert (round_trips(shallow), round_trips(deep)) == (0, 1)

    def test_asks_once_however_often_it_is_asked(self, client: httpx.Client) -> None:
        answers = [client.get("/api/auth/health/deep") for _ in range(3)]

        assert [round_trips(answer) for answer in answers] == [1, 0, 0]

    @pytest.mark.parametrize(
        "mistake",
        [
            {"supabase_url": "http://127.0.0.1:9"},
            {"supabase_secret_key": "sb_secret_wrong"},
        ],
    )
    def test_says_that_the_database_is_away_and_no_more(
        self, client: httpx.Client, configuration: Configuration, mistake: dict[str, str]
    ) -> None:
        configuration.change(**mistake)

        deep, shallow = client.get("/api/auth/health/deep"), client.get("/api/auth/health")

        assert (deep.status_code, slug(deep)) == (503, "database-unavailable")
        assert deep.headers["Retry-After"] == "30"
        assert shallow.status_code == 200


class TestIds:
    def test_of_a_request_reach_the_database(self, client: httpx.Client, ground: Ground) -> None:
        ground.execute(
            """
            create table private.seen (request_id text);
            create function private.see() returns trigger language plpgsql security definer as $$
            begin
                insert into private.seen values (private.request_id());
                return null;
            end $$;
            create trigger see after insert on public.users for each row
            execute function private.see();
            """
        )
        try:
            new_user(client)
            answer = client.get("/api/auth/me")
            [row] = ground.rows("select request_id from private.seen")
        finally:
            ground.execute(
                "drop trigger see on public.users; drop function private.see();"
                "drop table private.seen"
            )

        assert uuid.UUID(row["request_id"])
        assert row["request_id"] != answer.headers["X-Request-Id"]

    @pytest.mark.parametrize("header", ["X-Vercel-Id", "X-Amz-Cf-Id", "X-Amzn-Trace-Id"])
    def test_of_the_platform_stand_beside_ours_in_the_log(
        self, client: httpx.Client, header: str
    ) -> None:
        lines: list[str] = []
        handler = Recorder(lines)
        log.addHandler(handler)
        try:
            answer = client.get("/api/auth/health", headers={header: "fra1::abc" + "x" * 500})
            wait_until(lambda: any("platform_id" in line for line in lines), "it was logged")
        finally:
            log.removeHandler(handler)

        [line] = [json.loads(line) for line in lines if "platform_id" in line]
        assert line["request_id"] == answer.headers["X-Request-Id"]
        assert line["platform_id"].startswith("fra1::abc")
        assert len(line["platform_id"]) == 200


class Recorder(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


@dataclass
class Collector:
    """A receiver of OTLP over HTTP."""

    url: str = ""
    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    authorizations: set[str] = field(default_factory=set)

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/v1/traces", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        self.authorizations.add(request.headers.get("authorization", ""))
        export = ExportTraceServiceRequest.FromString(await request.body())
        for resource in export.resource_spans:
            for attribute in resource.resource.attributes:
                if attribute.key == "service.name":
                    self.services.add(attribute.value.string_value)
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return Response(media_type="application/x-protobuf")


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    with serve(collector.application()) as url:
        collector.url = url
        yield collector


# A request that asks the database once, in a process of its own; then what it has imported. The bare interface,
# without the SDK, comes with FastAPI and does nothing.
_ASK = """
import asyncio, json, sys, httpx
PARTS = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto")
from functions.history import app

async def ask():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/api/history/health/deep")

answer = asyncio.run(ask())
imported = sorted(name for name in sys.modules if name.startswith(PARTS))
print(json.dumps([answer.status_code, answer.headers["X-Request-Id"], imported]))
"""


def ask(environment: dict[str, str]) -> tuple[int, str, list[str]]:
    run = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=ROOT,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


class TestSpans:
    def test_are_not_even_imported_where_nobody_wants_them(self, stack: Stack) -> None:
        status, _, imported = ask(stack.environment())

        assert (status, imported) == (200, [])

    def test_arrive_one_for_the_request_and_one_for_each_call(
        self, stack: Stack, collector: Collector
    ) -> None:
        status, request_id, _ = ask(
            stack.environment()
            | {
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer secret,x-other=1",
            }
        )

        served, call = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
        attributes = {a.key: a.value.string_value or a.value.int_value for a in served.attributes}
        assert status == 200
        assert served.name == "GET /api/history/health/deep"
        assert attributes["http.response.status_code"] == 200
        assert attributes["lectern.request_id"] == request_id
        assert (call.name, call.parent_span_id) == ("database", served.span_id)
        assert served.start_time_unix_nano < call.start_time_unix_nano
        assert call.end_time_unix_nano < served.end_time_unix_nano
        assert collector.services == {"lectern-history"}
        assert collector.authorizations == {"Bearer secret"}

    def test_that_nobody_takes_change_nothing(self, stack: Stack) -> None:
        status, _, _ = ask(
            stack.environment() | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        )

        assert status == 200

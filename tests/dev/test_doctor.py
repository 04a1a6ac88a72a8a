"""The doctor finds nothing wrong with the stack, and names each planted mistake with what to do."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, LiteralString

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from dev.doctor import deployment, room, supabase, visiting
from dev.doctor.__main__ import examine, main
from dev.doctor.configuration import check
from dev.doctor.costs import Prices
from dev.doctor.findings import Finding
from dev.doctor.visiting import Visitor
from dev.new_keys import make_signing_key, public_part
from dev.serving import serve
from dev.stack import Stack
from lib.web import health
from tests.accounts import PASSWORD, new_user
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel

PUBLIC = {"PUBLIC_URL": "https://lectern.example", "CLIENT_ADDRESS_HEADER": "x-real-ip"}
LEGACY_KEY = "e30.eyJyb2xlIjogImFub24ifQ.c2ln"


def examined(
    environment: dict[str, str] | None, url: str = "", visitor: Visitor | None = None
) -> list[Finding]:
    return asyncio.run(examine(environment, url, visitor or Visitor(), Prices()))


def wrongs(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings if finding.verdict == "wrong"}


@pytest.fixture
def url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def test_finds_nothing_wrong_with_the_stack(stack: Stack, url: str, ground: Ground) -> None:
    findings = examined(stack.environment(), url)

    assert [str(finding) for finding in findings if finding.verdict != "ok"] == []
    subjects = {finding.subject for finding in findings}
    assert {"migrations", "row level security", "bucket files", "storage", "clock"} <= subjects
    assert {"EMBEDDING_MODEL", "CHAT_MODEL", "costs", "limits", "cookie", "CORS"} <= subjects
    assert {"streaming", "headers", "request ids", "function jobs", "deep health"} <= subjects
    assert "page" in subjects
    assert ground.rows("select from users where username like 'doctor-%%'") == []


def test_leaves_nothing_in_storage(stack: Stack, url: str, ground: Ground) -> None:
    before = ground.row("select count(*) from storage.objects")

    examined(stack.environment(), url)

    assert ground.row("select count(*) from storage.objects") == before


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "subject", "told", "do"),
        [
            ({"SUPABASE_URL": ""}, "SUPABASE_URL", "is not set", "dashboard"),
            ({"ACCESS_TOKEN_KEYS": "short"}, "ACCESS_TOKEN_KEYS", "cannot be used", "env ACCESS"),
            ({"BCRYPT_COST": "many"}, "BCRYPT_COST", "cannot be used", ".env.example"),
            ({"DATABASE_TOKEN_KEY": ""}, "DATABASE_TOKEN_KEY", "is not set", "make"),
            ({"CRON_SECRET": "tick"}, "CRON_SECRET", "at least 32 bytes", "env CRON_SECRET"),
            ({"SIGNUP": "code", "SIGNUP_CODE": "1234"}, "SIGNUP_CODE", "guessed", "env SIGNUP"),
            (PUBLIC | {"SIGNUP": "open"}, "SIGNUP", "anybody", "SIGNUP=code"),
            (
                PUBLIC | {"CLIENT_ADDRESS_HEADER": ""},
                "CLIENT_ADDRESS_HEADER",
                "one address",
                "x-vercel-forwarded-for",
            ),
            ({"PUBLIC_URL": "http://lectern.example"}, "PUBLIC_URL", "not encrypted", "https"),
            ({"PUBLIC_URL": "https://a.example/"}, "PUBLIC_URL", "origin", "https://a.example"),
            ({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS", "never *", ".env.example"),
            ({"ALLOWED_ORIGINS": "https://a.example/b"}, "ALLOWED_ORIGINS", "no origin", "path"),
            (
                {"SUPABASE_SECRET_KEY": LEGACY_KEY},
                "SUPABASE_SECRET_KEY",
                "legacy key (anon)",
                "sb_secret_",
            ),
            (
                {"DATABASE_TOKEN_KEY": json.dumps(public_part(make_signing_key()))},
                "DATABASE_TOKEN_KEY",
                "cannot sign",
                "`d`",
            ),
            (
                {"SUPABASE_URL": "https://abcdefghijklmnopqrst.supabase.co"},
                "DATABASE_TOKEN_KEY",
                "shared secret",
                "import",
            ),
        ],
    )
    def test_a_mistake_is_named(
        self, stack: Stack, changes: dict[str, str], subject: str, told: str, do: str
    ) -> None:

        findings, _ = check(stack.environment() | changes)

        found = wrongs(findings)[subject]
        assert told in found.told
        assert do in found.do

    def test_all_that_are_missing_are_named_at_once(self) -> None:
        missing = wrongs(examined({}))

        assert {"SUPABASE_URL", "CRON_SECRET", "PUBLIC_URL", "OPENAI_API_KEY"} <= set(missing)
        assert "BCRYPT_COST" not in missing

    def test_keys_that_are_swapped_are_named(self, stack: Stack) -> None:
        swapped = {
            "SUPABASE_PUBLISHABLE_KEY": stack.secret_key,
            "SUPABASE_SECRET_KEY": stack.publishable_key,
        }

        found = examined(stack.environment() | swapped)

        told = [finding.told for finding in found if finding.subject == "SUPABASE_SECRET_KEY"]
        assert "is the publishable key: the two are swapped." in told
        assert "SUPABASE_PUBLISHABLE_KEY" in wrongs(found)

    def test_one_key_for_two_things_is_named(self, stack: Stack) -> None:
        environment = stack.environment()
        environment["REFRESH_TOKEN_KEYS"] = environment["ACCESS_TOKEN_KEYS"]

        assert (
            "same key as ACCESS_TOKEN_KEYS"
            in wrongs(examined(environment))["REFRESH_TOKEN_KEYS"].told
        )

    def test_no_secret_is_ever_said(self, stack: Stack, url: str) -> None:
        environment = stack.environment() | {"CRON_SECRET": "tick-tack" * 4}

        said = "\n".join(map(str, examined(environment, url)))

        secrets = [v for n, v in environment.items() if n.endswith(("KEY", "KEYS", "SECRET"))]
        assert [secret for secret in secrets if secret != "local" and secret in said] == []


class TestSupabase:
    @pytest.mark.parametrize(
        ("changes", "subject", "do"),
        [
            ({"SUPABASE_URL": "http://127.0.0.1:9"}, "SUPABASE_URL", "fell asleep"),
            ({"SUPABASE_SECRET_KEY": "sb_secret_x"}, "SUPABASE_SECRET_KEY", "revoked"),
            (
                {"SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x"},
                "SUPABASE_PUBLISHABLE_KEY",
                "this very project",
            ),
            ({"DATABASE_TOKEN_KEY": "x" * 32}, "DATABASE_TOKEN_KEY", "import"),
            ({"STORAGE_BUCKET": "nowhere"}, "bucket nowhere", "db push"),
            ({"MAX_FILE_BYTES": "99999999"}, "bucket files", "MAX_FILE_BYTES"),
        ],
    )
    def test_a_mistake_is_named(
        self, stack: Stack, changes: dict[str, str], subject: str, do: str
    ) -> None:
        found = wrongs(examined(stack.environment() | changes))

        assert do in found[subject].do

    @pytest.mark.parametrize(
        ("plant", "undo", "subject"),
        [
            (
                "alter table public.chunks disable row level security",
                "alter table public.chunks enable row level security",
                "public.chunks",
            ),
            (
                "grant insert on public.files to authenticated",
                "revoke insert on public.files from authenticated",
                "public.files",
            ),
            (
                "grant execute on function public.is_reachable() to anon",
                "revoke execute on function public.is_reachable() from anon",
                "public.is_reachable()",
            ),
            (
                "create policy open_to_all on storage.objects for select using (true)",
                "drop policy open_to_all on storage.objects",
                "open_to_all",
            ),
            (
                "update storage.buckets set public = true",
                "update storage.buckets set public = false",
                "bucket files",
            ),
            (
                "delete from supabase_migrations.schema_migrations where name = 'jobs'",
                "insert into supabase_migrations.schema_migrations values ('20261122000007', '{}', 'jobs')",
                "migrations",
            ),
            (
                "alter function public.doctor_report(text) rename to no_report",
                "alter function public.no_report(text) rename to doctor_report",
                "migrations",
            ),
        ],
    )
    def test_what_was_opened_or_left_out_is_named(
        self,
        stack: Stack,
        ground: Ground,
        plant: LiteralString,
        undo: LiteralString,
        subject: str,
    ) -> None:
        ground.execute(plant)
        try:
            found = wrongs(examined(stack.environment()))
        finally:
            ground.execute(undo)

        assert found[subject].do


class TestModel:
    def test_that_cannot_be_reached_is_named(self, stack: Stack) -> None:
        found = wrongs(examined(stack.environment() | {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}))

        assert "address right" in found["OPENAI_BASE_URL"].do

    def test_that_is_not_there_is_named(self, stack: Stack) -> None:
        found = wrongs(examined(stack.environment() | {"CHAT_MODEL": "gpt-nothing"}))

        assert "choose a model" in found["CHAT_MODEL"].do

    @pytest.mark.parametrize(
        ("status", "subject"), [(401, "OPENAI_API_KEY"), (402, "OPENAI_API_KEY")]
    )
    def test_that_refuses_the_key_is_named(self, stack: Stack, status: int, subject: str) -> None:
        model = ScriptedModel(status=status, embedding_status=status)

        with serve(model.application) as url:
            found = wrongs(examined(stack.environment() | {"OPENAI_BASE_URL": f"{url}/v1"}))

        assert subject in found

    def test_that_cites_nothing_is_named(self, stack: Stack) -> None:
        with serve(ScriptedModel(says="40 litres, I think.").application) as url:
            found = wrongs(examined(stack.environment() | {"OPENAI_BASE_URL": f"{url}/v1"}))

        assert "without citations" in found["CHAT_MODEL"].do

    def test_costs_what_the_last_answers_cost(self, stack: Stack, client: httpx.Client) -> None:
        new_user(client)
        part = {"file": ("a.md", "# Rays\n\nA ray entering glass bends towards the normal.\n")}
        file = client.post("/api/upload", files=part).json()
        while file["status"] == "processing":
            file = client.post(f"/api/upload/{file['id']}/ingest").json()
        client.post("/api/query", json={"query_text": "How does a ray entering glass bend?"})

        [costs] = [f for f in examined(stack.environment()) if f.subject == "costs"]

        assert "the mean of the last answers" in costs.told

    def test_tells_the_rates_that_the_account_has(self, stack: Stack) -> None:
        rates = {"x-ratelimit-limit-requests": "500", "x-ratelimit-limit-tokens": "30000"}
        model = ScriptedModel(headers=rates)

        with serve(model.application) as url:
            found = examined(stack.environment() | {"OPENAI_BASE_URL": f"{url}/v1"})

        told = {finding.subject: finding.told for finding in found}
        assert "500 requests, 30000 tokens" in told["rate of EMBEDDING_MODEL"]
        assert "500 requests, 30000 tokens" in told["rate of CHAT_MODEL"]

    def test_that_is_asked_too_often_is_named(self, stack: Stack) -> None:
        headers = {"retry-after": "7", "x-ratelimit-limit-requests": "3"}
        model = ScriptedModel(status=429, embedding_status=429, headers=headers)

        with serve(model.application) as url:
            found = wrongs(examined(stack.environment() | {"OPENAI_BASE_URL": f"{url}/v1"}))

        assert {"rate of EMBEDDING_MODEL", "rate of CHAT_MODEL"} <= set(found)
        assert "OPENAI_BASE_URL" not in found
        assert "3 requests" in found["rate of CHAT_MODEL"].told
        assert "wait 7 s" in found["rate of CHAT_MODEL"].do

    def test_whose_account_is_out_of_credit_is_named(self, stack: Stack) -> None:
        model = ScriptedModel(status=429, embedding_status=429, refusal_code="insufficient_quota")

        with serve(model.application) as url:
            found = wrongs(examined(stack.environment() | {"OPENAI_BASE_URL": f"{url}/v1"}))

        assert "out of credit" in found["OPENAI_API_KEY"].told


class TestLimits:
    @pytest.mark.parametrize("name", ["DAILY_TOKENS", "DAILY_TOKENS_PER_USER"])
    def test_too_low_for_one_question_are_named(self, stack: Stack, name: str) -> None:
        found = examined(stack.environment() | {name: "2000"})

        assert "less than one question" in wrongs(found)[name].told
        assert "limits" not in {finding.subject for finding in found}

    @pytest.mark.parametrize(
        ("plan", "megabytes", "verdict"),
        [
            ("", (449, 0), "ok"),
            ("", (450, 0), "wrong"),
            ("", (600, 0), "wrong"),
            ("free", (0, 900), "wrong"),
            ("pro", (600, 900), "ok"),
            ("pro", (7_300, 0), "wrong"),
        ],
    )
    def test_of_the_plan_are_judged(
        self, plan: str, megabytes: tuple[float, float], verdict: str
    ) -> None:
        database, files = megabytes
        usage = {"database_bytes": database * 1e6, "file_bytes": files * 1e6}

        finding = room.check(usage, "https://abc.supabase.co", plan)

        assert finding.verdict == verdict
        assert ("the free plan, which is assumed" in finding.told) == (not plan)
        assert bool(finding.do) == (verdict == "wrong")

    def test_of_a_plan_bind_no_local_stack_unless_it_is_named(self) -> None:
        usage = {"database_bytes": 600e6, "file_bytes": 0}

        unnamed = room.check(usage, "http://127.0.0.1:54321", "")
        named = room.check(usage, "http://127.0.0.1:54321", "free")

        assert (unnamed.verdict, named.verdict) == ("ok", "wrong")


@contextmanager
def impostor(**routes: Callable[[Request], Any]) -> Iterator[str]:
    """Serve something at an address that is not Lectern, or not all of it."""

    def answer(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return routes.get(name, lambda _: JSONResponse({}, 404))(request)

    methods = ["GET", "POST", "OPTIONS", "DELETE"]
    with serve(Starlette(routes=[Route("/{path:path}", answer, methods=methods)])) as url:
        yield url


def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok", "function": request.url.path.split("/")[2]})


def _refused(_: Request) -> Response:
    return JSONResponse({"detail": "The database is away."}, 503)


# Which of the two it is depends on what of the answer was still under way.
_BROKEN_OFF = "RemoteProtocolError|ReadError"


def _broken_off(_: Request) -> Response:
    def body() -> Iterator[str]:
        yield "{"
        raise ConnectionError("the function was stopped")

    return StreamingResponse(body())


@contextmanager
def faulty(**faults: Callable[[Request], Any]) -> Iterator[tuple[str, list[str]]]:
    """Serve the answers of a Lectern but for these; yield its address, and the calls that came."""
    calls: list[str] = []

    def noted(request: Request, answer: Any, status: int = 200) -> Response:
        calls.append(f"{request.method} {request.url.path}")
        return JSONResponse(answer, status)

    routes: dict[str, Callable[[Request], Any]] = {
        "health": _health,
        "deep": lambda _: JSONResponse({"status": "ok"}),
        "me": lambda _: JSONResponse({}, 401),
        "register": lambda _: JSONResponse({"access_token": "t"}),
        "upload": lambda request: noted(request, {"id": 7, "status": "processing"}, 201),
        "ingest": lambda request: noted(request, {"id": 7, "status": "ready"}),
        "7": lambda request: noted(request, {}),
        "erase": lambda request: noted(request, {}),
    }
    with impostor(**routes | faults) as url:
        yield url, calls


def looked_at(url: str, read_seconds: float = 30) -> list[Finding]:
    async def look() -> list[Finding]:
        timeout = httpx.Timeout(30, read=read_seconds)
        async with httpx.AsyncClient(timeout=timeout) as http:
            return await deployment.check(url, None, http, Visitor())

    return asyncio.run(look())


class TestFaults:
    """Whatever goes wrong on the way is said, and what was left is taken away."""

    @pytest.mark.parametrize(
        ("route", "subject", "told"),
        [
            ("upload", "a file", "the upload was refused: The database is away."),
            ("ingest", "a file", "reading the file was refused: The database is away."),
            ("query", "a question", "the question was refused: The database is away."),
        ],
    )
    def test_a_step_that_is_refused_is_named(self, route: str, subject: str, told: str) -> None:
        with faulty(**{route: _refused}) as (url, calls):
            found = wrongs(looked_at(url))

        assert found[subject].told == told
        assert ("DELETE /api/upload/7" in calls) == (route != "upload")
        assert calls[-1] == "POST /api/auth/erase"

    @pytest.mark.parametrize(
        ("route", "subject", "told"),
        [
            ("deep", "deep health", "no whole answer came"),
            ("me", "headers", "no whole answer came"),
            ("login", "CORS", "no whole answer came"),
            ("", "page", "no whole answer came"),
            ("register", "a visit", "signing in broke off"),
            ("upload", "a visit", "the upload broke off"),
            ("ingest", "a visit", "reading the file broke off"),
            ("query", "a visit", "the question broke off"),
        ],
    )
    def test_an_answer_that_breaks_off_is_named(self, route: str, subject: str, told: str) -> None:
        with faulty(**{route: _broken_off}) as (url, calls):
            found = wrongs(looked_at(url))

        assert told in found[subject].told
        assert re.search(_BROKEN_OFF, found[subject].told)
        assert found[subject].do
        assert route == "register" or calls[-1] == "POST /api/auth/erase"

    @pytest.mark.parametrize("route", ["upload", "ingest", "deep"])
    def test_an_answer_that_does_not_come_is_named(self, route: str) -> None:
        is_over = threading.Event()

        def hang(_: Request) -> Response:
            is_over.wait(60)
            return JSONResponse({})

        with faulty(**{route: hang}) as (url, calls):
            try:
                found = looked_at(url, read_seconds=2)
            finally:
                is_over.set()

        assert any("(ReadTimeout)" in finding.told for finding in wrongs(found).values())
        assert calls[-1] == "POST /api/auth/erase"

    def test_an_upload_that_is_not_lecterns_is_named(self) -> None:
        with faulty(upload=lambda _: PlainTextResponse("Welcome!")) as (url, _):
            found = wrongs(looked_at(url))

        assert "the upload was answered as Lectern would not" in found["a visit"].told

    @pytest.mark.parametrize("fault", [_refused, _broken_off])
    def test_what_could_not_be_taken_away_is_named(
        self, fault: Callable[[Request], Response]
    ) -> None:
        with faulty(erase=fault) as (url, _):
            found = wrongs(looked_at(url))

        assert "left its account behind" in found["a visit"].told

    def test_a_data_api_that_is_none_is_named(self, stack: Stack) -> None:
        routes = {"doctor_report": lambda _: PlainTextResponse("Welcome!")}
        with impostor(**routes) as url:
            found = wrongs(examined(stack.environment() | {"SUPABASE_URL": url}))

        assert "Supabase project" in found["SUPABASE_URL"].do

    def test_a_data_api_that_breaks_off_is_named(self, stack: Stack) -> None:
        routes = {
            "doctor_report": lambda _: JSONResponse({}, 401),
            "list_files": _broken_off,
        }
        with impostor(**routes) as url:
            found = wrongs(examined(stack.environment() | {"SUPABASE_URL": url}))

        assert re.search(_BROKEN_OFF, found["SUPABASE_URL"].told)

    @pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
    def test_an_answer_without_a_date_leaves_the_clock_unseen(
        self, headers: dict[str, str]
    ) -> None:
        finding = supabase._clock(httpx.Response(200, headers=headers))

        assert (finding.verdict, finding.subject) == ("unknown", "clock")


def a_page(storage: str) -> str:
    """Return what the doctor reads of a page that was built for a storage."""
    policy = f"connect-src &#39;self&#39; {storage}; frame-src {storage}"
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


class TestDeployment:
    @pytest.mark.parametrize(
        ("page", "told"),
        [
            (a_page("https://storage.invalid"), "built without SUPABASE_URL"),
            (a_page("https://another.supabase.co"), "another.supabase.co, not https://own."),
            ("<h1>Welcome!</h1>", "is not what / shows"),
        ],
    )
    def test_whose_page_cannot_reach_the_storage_is_named(self, page: str, told: str) -> None:
        own = "https://own.supabase.co"

        finding = deployment.judge_page("https://lectern.example", page, own)

        assert finding.verdict == "wrong"
        assert told in finding.told
        assert finding.do
        assert deployment.judge_page("https://lectern.example", a_page(own), own).verdict == "ok"

    def test_whose_page_was_not_told_its_storage_is_named_from_outside(self) -> None:
        page = a_page("https://storage.invalid")

        with faulty(**{"": lambda _: HTMLResponse(page)}) as (url, _):
            found = wrongs(looked_at(url))

        assert "SUPABASE_URL" in found["page"].do

    def test_that_does_not_answer_is_named(self) -> None:
        found = wrongs(examined(None, "http://127.0.0.1:9"))

        assert "deployed" in found["PUBLIC_URL"].do

    def test_without_its_functions_is_named(self) -> None:
        with impostor() as url:
            found = wrongs(examined(None, url))

        assert set(found) == {
            f"function {n}" for n in ("auth", "upload", "query", "history", "jobs")
        }

    def test_without_headers_and_open_to_every_origin_is_named(self) -> None:
        def open_door(request: Request) -> Response:
            headers = {"Access-Control-Allow-Origin": request.headers.get("origin", "*")}
            return JSONResponse({}, 401, headers)

        with impostor(health=_health, deep=_health, me=open_door, login=open_door) as url:
            found = wrongs(examined(None, url))

        assert "content-security-policy" in found["headers"].told
        assert "ALLOWED_ORIGINS" in found["CORS"].do

    def test_whose_database_is_away_is_named(self, configuration: Configuration, url: str) -> None:

        health._found.clear()
        configuration.change(supabase_url="http://127.0.0.1:9")

        found = wrongs(examined(None, url))

        assert "SUPABASE_URL" in found["deep health"].do

    def test_that_is_closed_is_looked_at_as_far_as_it_goes(
        self, configuration: Configuration, url: str
    ) -> None:
        configuration.change(signup="closed")

        findings = examined(None, url)

        [unseen] = [finding for finding in findings if finding.verdict == "unknown"]
        assert unseen.subject == "streaming"
        assert "LECTERN_PASSWORD" in unseen.do
        assert "sign-up" not in wrongs(findings)

    def test_with_a_code_is_entered_with_it(
        self, configuration: Configuration, stack: Stack, url: str
    ) -> None:
        configuration.change(signup="code", signup_code="copper-lantern")
        environment = stack.environment() | {"SIGNUP": "code", "SIGNUP_CODE": "copper-lantern"}

        findings = examined(environment, url)

        assert [str(finding) for finding in findings if finding.verdict != "ok"] == []

    def test_is_visited_with_a_given_account_that_stays_as_it_was(
        self, client: httpx.Client, ground: Ground, configuration: Configuration, url: str
    ) -> None:
        username = new_user(client)
        configuration.change(signup="closed")

        findings = examined(None, url, Visitor(username=username, password=PASSWORD))

        assert [str(finding) for finding in findings if finding.verdict != "ok"] == []
        assert client.get("/api/upload").json()["files"] == []
        assert client.get("/api/history").json()["chats"] == []
        assert ground.rows("select from users where username = %s", username)

    def test_that_holds_its_stream_back_is_named(self, url: str) -> None:
        with buffering(url) as held_back:
            found = wrongs(examined(None, held_back))

        assert "buffers" in found["streaming"].do

    def test_that_lets_anybody_in_at_a_public_address_is_named(self) -> None:
        finding = visiting._entrance("https://lectern.example", is_open=True)

        assert (finding.verdict, "SIGNUP=code" in finding.do) == ("wrong", True)

    def test_whose_cookie_would_travel_in_the_clear_is_named(self) -> None:
        cookie = "lectern-rt=x; HttpOnly; Path=/; SameSite=strict"

        finding = visiting._cookie(
            "https://lectern.example", httpx.Response(200, headers={"set-cookie": cookie})
        )

        assert finding.told == "lacks Secure, __Host-lectern-rt=."
        assert "PUBLIC_URL" in finding.do

    @pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (9, "ok"), (-60, "wrong")])
    def test_of_another_time_is_named(self, seconds: int, verdict: str) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

        finding = supabase._clock(httpx.Response(200, headers={"date": date}))

        assert finding.verdict == verdict


@contextmanager
def buffering(upstream: str) -> Iterator[str]:
    """Put a proxy before Lectern that collects each answer and passes it on in one piece."""

    async def forward(request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.request(
                request.method,
                upstream + request.url.path,
                headers=headers,
                content=await request.body(),
            )
        kept = {n: v for n, v in answer.headers.items() if n not in ("content-length", "date")}
        return Response(answer.content, answer.status_code, kept)

    methods = ["GET", "POST", "OPTIONS", "DELETE"]
    with serve(Starlette(routes=[Route("/{path:path}", forward, methods=methods)])) as url:
        yield url


class TestTheCommand:
    def test_says_so_and_fails_if_something_is_wrong(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name, value in (stack.environment() | {"CRON_SECRET": "tick"}).items():
            monkeypatch.setenv(name, value)

        code = main(["--url", "http://127.0.0.1:9"])

        said = capsys.readouterr().out.splitlines()
        assert code == 1
        assert any(line.startswith("wrong   CRON_SECRET: cannot be used") for line in said)
        assert said[-1] == "2 wrong."

    def test_takes_the_plan_that_is_named(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name, value in stack.environment().items():
            monkeypatch.setenv(name, value)

        main(["--url", "http://127.0.0.1:9", "--plan", "pro"])

        assert "of 8,000 and 100,000 in the pro plan" in capsys.readouterr().out

    def test_finds_the_stack_that_runs_and_is_content(
        self,
        stack: Stack,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.delenv("SUPABASE_URL")
        monkeypatch.setenv("DATA_DIR", str(stack.data_dir))

        code = main(["--url", url])

        assert (code, capsys.readouterr().out.splitlines()[-1]) == (0, "Nothing is wrong.")

    def test_without_settings_looks_at_what_an_address_shows(
        self,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        monkeypatch.delenv("SUPABASE_URL")
        monkeypatch.setenv("DATA_DIR", str(tmp_path))

        code = main(["--url", url])

        said = capsys.readouterr().out
        assert (code, "streaming: first event" in said) == (0, True)
        assert "settings:" not in said

    def test_takes_the_settings_of_a_file(
        self,
        stack: Stack,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        monkeypatch.delenv("SUPABASE_URL")
        settings = {n: v for n, v in stack.environment().items() if n != "PUBLIC_URL"}
        file = tmp_path / ".env.prod"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

        code = main(["--url", url, "--settings", str(file)])

        said = capsys.readouterr().out.splitlines()
        assert (code, said[-1]) == (0, "Nothing is wrong.")
        assert said[0].startswith("ok      settings: complete")

    def test_without_a_lectern_says_where_to_look(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        monkeypatch.delenv("SUPABASE_URL", raising=False)
        monkeypatch.setenv("DATA_DIR", str(tmp_path_factory.mktemp("nothing")))

        assert main([]) == 1
        assert capsys.readouterr().err.startswith("No Lectern runs on ")

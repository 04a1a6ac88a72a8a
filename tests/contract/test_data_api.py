"""What Lectern relies on in PostgREST, so that a local departure from it is noticed here.

Known and left: @supabase/lite rounds integers beyond 2**53, in arguments and in results.
"""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import jwt
import psycopg
import pytest

from dev.stack import Stack
from tests.conftest import wait_until

SCHEMA = """
create extension if not exists vector schema extensions;

create table contract_notes (
  id bigint generated always as identity primary key,
  owner text not null unique,
  words jsonb,
  created_at timestamptz not null default now(),
  check (owner <> 'nobody')
);
alter table contract_notes enable row level security;
revoke all on contract_notes from anon;
grant all on contract_notes to authenticated, service_role;
create policy "users read and write their own" on contract_notes to authenticated
using (owner = (select current_setting('request.jwt.claims', true)::jsonb ->> 'sub'));

create function contract_echo(
  document jsonb, words text [], line text, number bigint, vector text, flag boolean default true
) returns jsonb language sql as $$
  select jsonb_build_object(
    'document', document, 'words', words, 'line', line, 'number', number,
    'vector', vector::extensions.halfvec(3)::text, 'flag', flag, 'role', current_user
  )
$$;

create function contract_raise(state text) returns jsonb language plpgsql as $$
begin
  raise exception using errcode = state, message = 'over-the-limit', detail = '{"seconds": 3}';
end
$$;

create function contract_wait() returns text language sql
as $$ select 'done' from pg_advisory_xact_lock_shared(29) $$;

create function contract_service() returns text language sql as $$ select 'done' $$;

revoke all on function contract_service from public, anon, authenticated;
grant execute on function contract_service to service_role;
grant execute on function contract_echo, contract_raise, contract_wait
to authenticated, service_role;
"""

CLEANUP = """
drop table contract_notes;
drop function contract_echo, contract_raise, contract_wait, contract_service;
"""

ARGUMENTS = {
    "document": {"a": [1, {"b": None}], "t": "é𝑓"},
    "words": ["a", 'b,"c"', "{d}"],
    "line": 'x"\\é𝑓',
    "number": 2**40,
    "vector": "[1,0,2]",
}


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    with (
        psycopg.connect(stack.postgres_dsn, autocommit=True) as database,
        httpx.Client(base_url=f"{stack.supabase_url}/rest/v1", timeout=10) as client,
    ):
        # Asked before, the Data API knows the schema without the table.
        assert client.get("/contract_notes", headers=as_service(stack)).status_code == 404
        database.execute(SCHEMA)
        _wait_for_new_schema(client, stack)
        yield client
        database.execute(CLEANUP)


def _wait_for_new_schema(client: httpx.Client, stack: Stack) -> None:
    deadline = time.monotonic() + 5
    while client.get("/contract_notes", headers=as_service(stack)).is_error:
        assert time.monotonic() < deadline, "the Data API did not notice the new schema"


@pytest.fixture
def notes(stack: Stack, api: httpx.Client) -> Iterator[httpx.Client]:
    yield api
    api.delete("/contract_notes?id=gt.0", headers=as_service(stack)).raise_for_status()


def as_service(stack: Stack) -> dict[str, str]:
    return {"apikey": stack.secret_key}


def as_anonymous(stack: Stack) -> dict[str, str]:
    return {"apikey": stack.publishable_key}


def as_user(stack: Stack, sub: str = "7", key: str = "", **claims: object) -> dict[str, str]:
    payload = {"role": "authenticated", "sub": sub, "exp": int(time.time()) + 60, **claims}
    token = jwt.encode(payload, key or stack.jwt_secret, "HS256")
    return {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}


class TestArguments:
    def test_come_back_as_they_were_sent(self, stack: Stack, api: httpx.Client) -> None:
        response = api.post("/rpc/contract_echo", json=ARGUMENTS, headers=as_user(stack))

        assert response.json() == {**ARGUMENTS, "flag": True, "role": "authenticated"}

    @pytest.mark.parametrize("document", [[{"a": 1}, {"b": "q"}], [], {}, 3.5, "word", True, None])
    def test_keep_any_json_as_it_is(
        self, stack: Stack, api: httpx.Client, document: object
    ) -> None:
        arguments = {**ARGUMENTS, "document": document}

        response = api.post("/rpc/contract_echo", json=arguments, headers=as_user(stack))

        assert response.json()["document"] == document

    def test_may_be_empty_arrays_and_nulls(self, stack: Stack, api: httpx.Client) -> None:
        arguments = {**ARGUMENTS, "words": [], "line": None, "vector": None}

        response = api.post("/rpc/contract_echo", json=arguments, headers=as_user(stack))

        assert response.json() | {"words": [], "line": None, "vector": None} == response.json()

    @pytest.mark.parametrize("part", ["line", "document"])
    def test_with_a_nul_are_refused(self, stack: Stack, api: httpx.Client, part: str) -> None:
        arguments = {**ARGUMENTS, part: "a\0b"}

        response = api.post("/rpc/contract_echo", json=arguments, headers=as_user(stack))

        assert (response.status_code, response.json()["code"][:2]) == (400, "22")

    def test_of_another_type_are_refused(self, stack: Stack, api: httpx.Client) -> None:
        arguments = {**ARGUMENTS, "number": "many"}

        response = api.post("/rpc/contract_echo", json=arguments, headers=as_user(stack))

        assert (response.status_code, response.json()["code"]) == (400, "22P02")


class TestErrors:
    def test_arrive_as_the_function_raised_them(self, stack: Stack, api: httpx.Client) -> None:
        response = api.post("/rpc/contract_raise", json={"state": "P0001"}, headers=as_user(stack))

        assert response.status_code == 400
        assert response.json() == {
            "code": "P0001",
            "message": "over-the-limit",
            "details": '{"seconds": 3}',
            "hint": None,
        }

    @pytest.mark.parametrize(
        ("state", "status"),
        [("PT429", 429), ("40001", 500), ("57014", 500), ("28000", 403), ("22023", 400)],
    )
    def test_have_the_status_of_their_sqlstate(
        self, stack: Stack, api: httpx.Client, state: str, status: int
    ) -> None:
        response = api.post("/rpc/contract_raise", json={"state": state}, headers=as_user(stack))

        assert (response.status_code, response.json()["code"]) == (status, state)

    def test_name_the_constraint(self, stack: Stack, notes: httpx.Client) -> None:
        headers = as_service(stack)
        notes.post("/contract_notes", json={"owner": "7"}, headers=headers)

        twice = notes.post("/contract_notes", json={"owner": "7"}, headers=headers)
        forbidden = notes.post("/contract_notes", json={"owner": "nobody"}, headers=headers)

        assert (twice.status_code, twice.json()["code"]) == (409, "23505")
        assert twice.json()["details"] == "Key (owner)=(7) already exists."
        assert (forbidden.status_code, forbidden.json()["code"]) == (400, "23514")

    def test_name_an_unknown_function(self, stack: Stack, api: httpx.Client) -> None:
        response = api.post("/rpc/contract_nothing", json={}, headers=as_user(stack))

        assert (response.status_code, response.json()["code"]) == (404, "PGRST202")


class TestRoles:
    def test_the_secret_key_alone_is_the_service(self, stack: Stack, api: httpx.Client) -> None:
        response = api.post("/rpc/contract_echo", json=ARGUMENTS, headers=as_service(stack))

        assert response.json()["role"] == "service_role"

    def test_the_secret_key_may_come_as_bearer_too(self, stack: Stack, api: httpx.Client) -> None:
        headers = {**as_service(stack), "Authorization": f"Bearer {stack.secret_key}"}

        response = api.post("/rpc/contract_service", json={}, headers=headers)

        assert (response.status_code, response.json()) == (200, "done")

    def test_a_function_for_the_service_refuses_others(
        self, stack: Stack, api: httpx.Client
    ) -> None:
        user = api.post("/rpc/contract_service", json={}, headers=as_user(stack))
        nobody = api.post("/rpc/contract_service", json={}, headers=as_anonymous(stack))

        assert (user.status_code, user.json()["code"]) == (403, "42501")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "42501")

    def test_what_a_migration_revoked_stays_revoked(self, stack: Stack, api: httpx.Client) -> None:
        response = api.get("/contract_notes", headers=as_anonymous(stack))

        assert (response.status_code, response.json()["code"]) == (401, "42501")

    def test_no_key_is_refused(self, api: httpx.Client) -> None:
        response = api.post("/rpc/contract_echo", json=ARGUMENTS)

        assert response.status_code == 401

    @pytest.mark.parametrize(
        ("claims", "code"),
        [
            ({"key": "another key of thirty-two bytes or more"}, "PGRST301"),
            ({"exp": 1}, "PGRST303"),
        ],
    )
    def test_a_forged_or_expired_token_is_refused(
        self, stack: Stack, api: httpx.Client, claims: dict, code: str
    ) -> None:
        response = api.get("/contract_notes", headers=as_user(stack, **claims))

        assert (response.status_code, response.json()["code"]) == (401, code)

    def test_a_token_cannot_name_a_role_beyond_the_three(
        self, stack: Stack, api: httpx.Client
    ) -> None:
        response = api.get("/contract_notes", headers=as_user(stack, role="postgres"))

        assert (response.status_code, response.json()["code"]) == (403, "42501")


class TestRows:
    def test_are_those_of_the_token(self, stack: Stack, notes: httpx.Client) -> None:
        rows = [{"owner": "7", "words": ["a"]}, {"owner": "8", "words": None}]
        notes.post("/contract_notes", json=rows, headers=as_service(stack)).raise_for_status()

        mine = notes.get("/contract_notes?select=owner,words", headers=as_user(stack, "7"))
        theirs = notes.get("/contract_notes?select=owner,words", headers=as_user(stack, "8"))

        assert (mine.json(), theirs.json()) == ([rows[0]], [rows[1]])

    def test_of_others_cannot_be_written(self, stack: Stack, notes: httpx.Client) -> None:
        response = notes.post("/contract_notes", json={"owner": "8"}, headers=as_user(stack, "7"))

        assert (response.status_code, response.json()["code"]) == (403, "42501")

    def test_have_times_in_iso_8601(self, stack: Stack, notes: httpx.Client) -> None:
        headers = {**as_service(stack), "Prefer": "return=representation"}

        response = notes.post("/contract_notes", json={"owner": "7"}, headers=headers)

        time_of_day = response.json()[0]["created_at"].partition("T")[2]
        assert time_of_day.endswith("+00:00")

    def test_are_counted_on_demand(self, stack: Stack, notes: httpx.Client) -> None:
        rows = [{"owner": str(number)} for number in range(3)]
        notes.post("/contract_notes", json=rows, headers=as_service(stack)).raise_for_status()
        headers = {**as_service(stack), "Prefer": "count=exact"}

        response = notes.get("/contract_notes?select=id&limit=1", headers=headers)

        assert response.headers["content-range"] == "0-0/3"

    def test_of_which_one_is_wanted_and_none_is_there(
        self, stack: Stack, api: httpx.Client
    ) -> None:
        headers = {**as_user(stack), "Accept": "application/vnd.pgrst.object+json"}

        response = api.get("/contract_notes?id=eq.0", headers=headers)

        assert (response.status_code, response.json()["code"]) == (406, "PGRST116")


def test_serves_a_class_at_once(stack: Stack, api: httpx.Client) -> None:
    def wait(_: int) -> str:
        return api.post("/rpc/contract_wait", json={}, headers=as_user(stack)).json()

    waiting = "select from pg_locks where locktype = 'advisory' and not granted"
    with (
        ThreadPoolExecutor(16) as threads,
        psycopg.connect(stack.postgres_dsn, autocommit=True) as gate,
    ):
        gate.execute("select pg_advisory_lock(29)")
        answers = threads.map(wait, range(16))
        wait_until(lambda: gate.execute(waiting).rowcount >= 4, "four are served at once")
        gate.execute("select pg_advisory_unlock(29)")

    assert list(answers) == ["done"] * 16


def test_studio_sees_every_row_and_the_data_api_shows_it_to_nobody(
    stack: Stack, notes: httpx.Client
) -> None:
    row = {"owner": "8", "words": {"a": 1}}
    notes.post("/contract_notes", json=row, headers=as_service(stack)).raise_for_status()

    path = "/rest/v1/contract_notes?select=owner,words"
    seen = httpx.get(f"{stack.studio_url}{path}")
    refused = httpx.get(f"{stack.supabase_url}{path}")
    elsewhere = httpx.get(f"{stack.studio_url}{path}", headers={"Origin": "http://elsewhere.test"})

    assert json.loads(seen.text) == [row]
    assert (refused.status_code, elsewhere.status_code) == (401, 401)


def test_studio_brings_its_own_scripts(stack: Stack) -> None:
    page = httpx.get(f"{stack.studio_url}/").text
    assets = re.findall(r'(?:src|href)="(/static/assets/[^"]+)"', page)

    types = {httpx.get(f"{stack.studio_url}{path}").headers["content-type"] for path in assets}

    assert types == {"text/javascript", "text/css"}

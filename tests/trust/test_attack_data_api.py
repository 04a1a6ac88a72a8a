"""Past our functions: the Data API itself, with whatever somebody might show it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from dev.stack import Stack
from tests.conftest import Ground
from tests.trust.credentials import forge
from tests.trust.holdings import Holdings, fingerprint
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("The Data API gives nobody another's rows")

_RELATIONS = """
select n.nspname as schema, c.relname as name, (
    select a.attname from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and a.attidentity = '' order by a.attnum limit 1
) as column, (
    select string_agg(a.attname, ',' order by a.attnum) from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
) as readable
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'v', 'm') and n.nspname in ('public', 'private', 'storage') order by 1, 2
"""
_FUNCTIONS = """
select p.proname as name, n.nspname as schema, p.proargnames as names,
    array(select format_type(t, null) from unnest(p.proargtypes) as t) as types
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('public', 'private') order by 1
"""
# What answers a user, with nothing where the argument names what is another's.
_FOR_USERS = {
    f"rpc public.{name}"
    for name in (
        "find_file",
        "find_page",
        "finish_query",
        "get_chat",
        "list_chats",
        "list_files",
        "list_sessions",
        "repeat_query",
    )
}


@dataclass(frozen=True)
class Caller:
    """Somebody at the Data API.

    Attributes:
        is_user: Whether the token is good, so that one's own rows are seen.
    """

    name: str
    headers: dict[str, str]
    is_user: bool = False


def callers(stack: Stack, victim: Holdings, attacker: Holdings) -> Iterator[Caller]:
    now, key = int(time.time()), stack.jwt_secret
    mine = {"role": "authenticated", "aud": "authenticated", "exp": now + 60}
    mine |= {"sub": str(attacker.student.id), "sid": str(attacker.ids["session_id"])}
    theirs = mine | {"sub": str(victim.student.id), "sid": str(victim.ids["session_id"])}
    service = {"role": "service_role", "exp": now + 60}

    def caller(name: str, token: str, *, is_user: bool = False) -> Caller:
        headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}
        return Caller(name, headers, is_user=is_user)

    def without(claim: str) -> dict[str, Any]:
        return {name: value for name, value in mine.items() if name != claim}

    yield Caller("no key", {})
    yield Caller("the publishable key", {"apikey": stack.publishable_key})
    yield Caller("a made-up secret key", {"apikey": "sb_secret_" + "x" * 32})
    yield caller("one's own token", jwt.encode(mine, key), is_user=True)
    yield caller("one's own token without exp", jwt.encode(without("exp"), key), is_user=True)
    yield caller("one's own token without aud", jwt.encode(without("aud"), key), is_user=True)
    yield caller("one's own token without sub", jwt.encode(without("sub"), key), is_user=True)
    yield caller("the victim's, wrong key", jwt.encode(theirs, "w" * 40))
    # PostgREST allows clocks 30 s; the local Data API allows them none.
    yield caller("the victim's, expired", jwt.encode(theirs | {"exp": now - 31}, key))
    yield caller("the victim's, alg none", forge({"alg": "none"}, theirs, None))
    yield caller("the victim's, no signature", jwt.encode(theirs, key).rpartition(".")[0] + ".")
    yield caller("service_role, wrong key", jwt.encode(service, "w" * 40))
    yield caller("service_role, alg none", forge({"alg": "none"}, service, None))
    yield caller("the access token", victim.student.client.headers["Authorization"][7:])


def arguments(ground: Ground, victim: Holdings, function: dict[str, Any]) -> dict[str, Any]:
    """Aim every argument of a function at what is the victim's."""
    query = ground.row("select min(id) as id from queries where user_id = %s", victim.student.id)
    named: dict[str, Any] = {
        "p_chat_id": victim.ids["chat_id"],
        "p_session_id": victim.ids["session_id"],
        "p_user_id": victim.student.id,
        "p_query_id": query["id"],
        "p_username": victim.canary,
        "p_cursor": None,
    }
    document = {"chat_id": victim.ids["chat_id"], "user_id": victim.student.id, "query_text": "?"}
    by_type: dict[str, Any] = {
        "bigint": victim.ids["file_id"],
        "bigint[]": [victim.ids["file_id"]],
        "integer": 20,
        "boolean": True,
        "uuid": str(UUID(int=1)),
        "text": "x",
        "text[]": ["%"],
        "jsonb": document,
    }
    pairs = zip(function["names"] or [], function["types"], strict=False)
    return {name: named.get(name, by_type.get(kind)) for name, kind in pairs}


def of_schema(caller: Caller, schema: str) -> dict[str, str]:
    if schema == "public":
        return caller.headers
    return {**caller.headers, "Accept-Profile": schema, "Content-Profile": schema}


def attempts(
    api: httpx.Client, ground: Ground, victim: Holdings, caller: Caller
) -> Iterator[tuple[str, httpx.Response]]:
    for relation in ground.rows(_RELATIONS):
        path, column = f"/{relation['name']}", relation["column"]
        headers = of_schema(caller, relation["schema"])
        every, row = {column: "not.is.null"}, {column: None}
        yield f"select {path}", api.get(path, headers=headers)
        # Where one column is for nobody, all of them together are, and that would hide the others.
        columns = {"select": relation["readable"] or column}
        yield f"select of {path}", api.get(path, headers=headers, params=columns)
        yield f"insert {path}", api.post(path, headers=headers, json=row)
        yield f"update {path}", api.patch(path, headers=headers, json=row, params=every)
        yield f"delete {path}", api.delete(path, headers=headers, params=every)
    for function in ground.rows(_FUNCTIONS):
        body = arguments(ground, victim, function)
        headers = of_schema(caller, function["schema"])
        yield (
            f"rpc {function['schema']}.{function['name']}",
            api.post(f"/rpc/{function['name']}", headers=headers, json=body),
        )


def is_closed(
    case: str, caller: Caller, answer: httpx.Response, victim: Holdings, attacker: Holdings
) -> bool:
    """Tell whether an answer gives nothing away, and is a refusal where nothing may be had."""
    hashes = "password_hash" in answer.text or "$2b$" in answer.text
    if victim.canary in answer.text or hashes:
        return False
    is_refused = answer.status_code in (401, 403, 404, 406)
    if not caller.is_user or case.startswith(("insert ", "update ", "delete ")):
        # Not for the value: a null that is not allowed would stop it even where rows could be added.
        return is_refused
    is_reading = case.startswith("select ") or case in _FOR_USERS
    is_own = is_reading and answer.is_success and is_ones_own(case, answer.json(), attacker)
    return answer.is_client_error or is_own


def is_ones_own(case: str, found: Any, attacker: Holdings) -> bool:
    """Tell whose the rows are by their ids: of a session and of a day's usage no word says it."""
    if case.startswith("select "):
        owner = "id" if case.endswith("/users") else "user_id"
        return all(row.get(owner) == attacker.student.id for row in found)
    if case == "rpc public.list_sessions":
        return all(row["id"] == attacker.ids["session_id"] for row in found)
    return True


def test_nobody_gets_another_users_rows(
    api: httpx.Client,
    ground: Ground,
    promise: Promise,
    residents: tuple[Holdings, Holdings],
    stack: Stack,
):
    victim, attacker = residents
    for caller in callers(stack, victim, attacker):
        before = fingerprint(ground)
        for case, answer in attempts(api, ground, victim, caller):
            held = is_closed(case, caller, answer, victim, attacker)
            promise.check(
                held, f"{case} with {caller.name}: {answer.status_code} {answer.text:.90}"
            )
        promise.check(fingerprint(ground) == before, f"{caller.name}: nothing was changed")


def test_one_sees_what_is_ones_own(
    api: httpx.Client, ground: Ground, residents: tuple[Holdings, Holdings], stack: Stack
):
    """Where nobody saw anything, nobody would see another's."""
    victim, attacker = residents
    mine = next(caller for caller in callers(stack, victim, attacker) if caller.is_user)
    public = [row for row in ground.rows(_RELATIONS) if row["schema"] == "public"]
    readable = {row["name"]: row["readable"] for row in public if row["readable"]}

    files = api.get("/files", headers=mine.headers).json()

    assert [attacker.canary in json.dumps(file) for file in files] == [True]
    assert readable.keys() >= {"users", "sessions", "daily_usage"}
    for name, columns in readable.items():
        found = api.get(f"/{name}", headers=mine.headers, params={"select": columns}).json()
        assert found, f"nothing of {name}"
        assert is_ones_own(f"select of /{name}", found, attacker), name

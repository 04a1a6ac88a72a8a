"""Past our functions: the Data API itself, with whatever somebody might show it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from dev.stack import Stack
from lib.domain.problems import (
    ChatNotFound,
    FileNotFound,
    InvalidCredentials,
    SessionEnded,
    SessionNotFound,
)
from lib.services.questions import RETRIEVAL
from tests.conftest import Ground
from tests.fakes import ScriptedModel
from tests.trust.credentials import forge
from tests.trust.holdings import QUESTION, Holdings, fingerprint, furnish
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
# What a user may call, and what it says where it is aimed at what is another's. All else is refused to users as such.
_REFUSALS = {
    "begin_query": FileNotFound,
    "begin_query in a chat": ChatNotFound,
    "change_password": InvalidCredentials,
    "claim_ingestion": FileNotFound,
    "delete_chat": ChatNotFound,
    "delete_file": FileNotFound,
    "end_session": SessionNotFound,
    "erase_account": InvalidCredentials,
    "rename_chat": ChatNotFound,
}
_SAY_NOTHING = {"find_file", "find_page", "finish_query", "get_chat", "repeat_query"}
_LIST_ONES_OWN = {"list_chats", "list_files", "list_sessions"}
# It takes nothing that could be another's: see `test_what_is_made_there_is_ones_own`.
_AIMED_AT_NOTHING = {"create_file"}
# Of Postgres: no right to call it; of PostgREST: no such schema.
_NOT_FOR_USERS = {"42501", "PGRST106"}
# As the functions send them; nobody's day is used up.
_LIMITS = {
    "user_queries": 10**6,
    "user_tokens": 10**9,
    "deployment_tokens": 10**10,
    "streams": 10**3,
    "files": 10**3,
    "bytes": 10**9,
}


@dataclass(frozen=True)
class Caller:
    """Somebody at the Data API.

    Attributes:
        is_user: Whether the token is good, so that one's own rows are seen.
        is_nobody: Whether it is good, but says nobody's id.
    """

    name: str
    headers: dict[str, str]
    is_user: bool = False
    is_nobody: bool = False


def callers(stack: Stack, victim: Holdings, attacker: Holdings) -> Iterator[Caller]:
    now, key = int(time.time()), stack.jwt_secret
    mine = {"role": "authenticated", "aud": "authenticated", "exp": now + 60}
    mine |= {"sub": str(attacker.student.id), "sid": str(attacker.ids["session_id"])}
    theirs = mine | {"sub": str(victim.student.id), "sid": str(victim.ids["session_id"])}
    service = {"role": "service_role", "exp": now + 60}

    def caller(name: str, token: str, **kinds: bool) -> Caller:
        headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}
        return Caller(name, headers, **kinds)

    def without(claim: str) -> dict[str, Any]:
        return {name: value for name, value in mine.items() if name != claim}

    yield Caller("no key", {})
    yield Caller("the publishable key", {"apikey": stack.publishable_key})
    yield Caller("a made-up secret key", {"apikey": "sb_secret_" + "x" * 32})
    yield caller("one's own token", jwt.encode(mine, key), is_user=True)
    yield caller("one's own token without exp", jwt.encode(without("exp"), key), is_user=True)
    yield caller("one's own token without aud", jwt.encode(without("aud"), key), is_user=True)
    nobodys = jwt.encode(without("sub"), key)
    yield caller("one's own token without sub", nobodys, is_user=True, is_nobody=True)
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
    user_id = victim.student.id
    query = ground.row(
        "select min(id) as id, min(idempotency_key) as key, min(request_hash) as hash"
        " from queries where user_id = %s",
        user_id,
    )
    leases = ground.rows("select lease_id from files where user_id = %s", user_id)
    chunk = ground.row(
        "select min(embedding::text) as embedding from chunks where user_id = %s", user_id
    )
    question = {
        "chat_id": victim.ids["chat_id"],
        "user_id": user_id,
        "query_text": QUESTION,
        "search_text": f"{QUESTION} {victim.canary}",
        "title": "A question",
        "deadline_seconds": 60,
        "reserved_tokens": 10,
        "idempotency_key": query["key"],
        "request_hash": query["hash"] or "0",
    }
    named: dict[str, Any] = {
        "p_chat_id": victim.ids["chat_id"],
        "p_session_id": victim.ids["session_id"],
        "p_user_id": user_id,
        "p_query_id": query["id"],
        "p_username": victim.canary,
        "p_cursor": None,
        "p_question": question,
        "p_embedding": chunk["embedding"],
        "p_limits": _LIMITS,
        "p_retrieval": RETRIEVAL | {"embedding_languages": ["all"]},
        "p_lease_id": next((str(row["lease_id"]) for row in leases if row["lease_id"]), None),
    }
    by_type: dict[str, Any] = {
        "bigint": victim.ids["file_id"],
        "bigint[]": [victim.ids["file_id"]],
        "integer": 20,
        "boolean": True,
        "uuid": str(UUID(int=1)),
        "text": "x",
        "text[]": ["%"],
        "jsonb": {"user_id": user_id},
    }
    pairs = zip(function["names"] or [], function["types"], strict=False)
    return {name: named.get(name, by_type.get(kind)) for name, kind in pairs}


def aims(
    ground: Ground, victim: Holdings, function: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a function is called with, and what that is called: one thing of another's hides the next."""
    body = arguments(ground, victim, function)
    yield function["name"], body
    if function["name"] == "begin_query":
        yield "begin_query in a chat", body | {"p_file_ids": None}


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
        headers = of_schema(caller, function["schema"])
        for name, body in aims(ground, victim, function):
            answer = api.post(f"/rpc/{function['name']}", headers=headers, json=body)
            yield f"rpc {function['schema']}.{name}", answer


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
    if case.startswith("rpc "):
        return is_as_expected(case, caller, answer, attacker)
    return is_refused or (answer.is_success and is_ones_own(case, answer.json(), attacker))


def is_as_expected(case: str, caller: Caller, answer: httpx.Response, attacker: Holdings) -> bool:
    """Tell whether a function answers a user as it should: any other refusal may hide what was aimed at."""
    schema, name = case.removeprefix("rpc ").split(".")
    said = answer.json()
    if schema == "public" and caller.is_nobody and name in {*_REFUSALS, "repeat_query"}:
        return answer.is_client_error and said["message"] == SessionEnded.slug
    if schema == "public" and name in _REFUSALS:
        return answer.is_client_error and said["message"] == _REFUSALS[name].slug
    if schema == "public" and name in _SAY_NOTHING:
        return answer.is_success and said is None
    if schema == "public" and name in _LIST_ONES_OWN:
        return answer.is_success and is_ones_own(case, said, attacker)
    if schema == "public" and name in _AIMED_AT_NOTHING:
        return answer.is_client_error
    return answer.is_client_error and said["code"] in _NOT_FOR_USERS


def is_ones_own(case: str, found: Any, attacker: Holdings) -> bool:
    """Tell whose the rows are by their ids: of a session and of a day's usage no word says it."""
    if case.startswith("select "):
        owner = "id" if case.endswith("/users") else "user_id"
        return all(row.get(owner) == attacker.student.id for row in found)
    if case == "rpc public.list_sessions":
        return all(row["id"] == attacker.ids["session_id"] for row in found)
    return True


def keep_busy(victim: Holdings, ground: Ground) -> None:
    """Give a user a file under a lease, and a question under a key, to be aimed at."""
    body = {"filename": f"half read {victim.canary}.md", "size_bytes": 9}
    file = victim.student.client.post("/api/upload/signed", json=body).json()["file"]
    ground.execute(
        "update files set status = 'processing', lease_id = gen_random_uuid(),"
        " lease_until = now() + interval '1 hour' where id = %s",
        file["id"],
    )
    ground.execute(
        "update queries set idempotency_key = %s, request_hash = 'hash' where id ="
        " (select min(id) from queries where user_id = %s)",
        f"key of {victim.canary}",
        victim.student.id,
    )


def test_nobody_gets_another_users_rows(
    api: httpx.Client,
    ground: Ground,
    promise: Promise,
    residents: tuple[Holdings, Holdings],
    stack: Stack,
):
    victim, attacker = residents
    keep_busy(victim, ground)
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


def test_what_is_made_there_is_ones_own(
    api: httpx.Client,
    ground: Ground,
    model: ScriptedModel,
    new_client: Callable[[], httpx.Client],
    stack: Stack,
):
    """A question of nobody's chat, and a file, aimed at the victim by all else that they take."""
    victim, attacker = furnish(new_client(), model), furnish(new_client(), model)
    mine = next(caller for caller in callers(stack, victim, attacker) if caller.is_user)
    functions = {row["name"]: row for row in ground.rows(_FUNCTIONS) if row["schema"] == "public"}
    before = rows_of(victim, ground)

    aimed = arguments(ground, victim, functions["begin_query"])
    body: dict[str, Any] = {**aimed, "p_file_ids": None}
    body["p_question"] = {**body["p_question"], "chat_id": None}
    begun = api.post("/rpc/begin_query", headers=mine.headers, json=body)
    file = {"user_id": victim.student.id, "path": f"{victim.student.id}/x", "size_bytes": 9}
    file |= {"filename": "x.md", "content_type": "text/markdown", "page_kind": "part"}
    limits = {"files": 10**3, "bytes": 10**9}
    made = api.post(
        "/rpc/create_file", headers=mine.headers, json={"p_file": file, "p_limits": limits}
    )

    assert victim.canary not in json.dumps(begun.json()["passages"]), "another's passages"
    assert attacker.canary in json.dumps(begun.json()["passages"]), "none of one's own either"
    assert made.json()["file"]["path"].startswith(f"{attacker.student.id}/")
    assert rows_of(victim, ground) == before


def rows_of(holdings: Holdings, ground: Ground) -> list[dict[str, Any]]:
    """Count what a user has of each kind."""
    owner = holdings.student.id
    return ground.rows(
        "select (select count(*) from files where user_id = %s) as files,"
        " (select count(*) from chats where user_id = %s) as chats,"
        " (select count(*) from queries where user_id = %s) as queries,"
        " (select sum(query_count) from daily_usage where user_id = %s) as used",
        *[owner] * 4,
    )

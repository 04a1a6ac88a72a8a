"""A session that is over: its access token lives on for minutes, and nothing is written or answered by it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dev.stack import Stack
from dev.student import PASSPHRASE
from lib.domain.identities import Identity
from lib.domain.problems import InvalidAccessToken, InvalidCredentials, SessionEnded
from lib.domain.tokens import mint_database_token
from tests.accounts import COOKIE, FROM_OUR_PAGE, NEW_PASSWORD, bear, sign_in
from tests.conftest import Ground, slug
from tests.fakes import ScriptedModel
from tests.trust.holdings import Holdings, fingerprint, furnish
from tests.trust.operations import guarded_by, send
from tests.trust.report import Promise
from tests.trust.test_attack_data_api import arguments

pytestmark = pytest.mark.promise("A session that is over writes nothing and gets no answer")

# Every function that may write and that a user may call at the Data API, from the catalogue: a new one is called.
_WRITES = """
select p.proname as name, p.proargnames as names,
    array(select format_type(t, null) from unnest(p.proargtypes) as t) as types
from pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v'
    and has_function_privilege('authenticated', p.oid, 'execute')
order by 1
"""
# What may be written all the same, and why.
_SETTLED = {"finish_query": "what was answered meanwhile is kept, and what it cost is settled"}
WRITES = [operation for operation in guarded_by("bearer") if not operation.startswith("GET")]
_WITH_PASSWORD = ("PUT /api/auth/password", "POST /api/auth/erase")


def test_no_write_at_the_data_api_forgets_to_look(
    api: httpx.Client,
    ground: Ground,
    promise: Promise,
    residents: tuple[Holdings, Holdings],
    stack: Stack,
) -> None:
    """Aimed at what is one's own, so that nothing but the session is in its way."""
    owner, other = residents
    functions = {row["name"]: row for row in ground.rows(_WRITES)}
    assert len(functions) >= 10
    assert functions.keys() >= _SETTLED.keys()
    sessions = {
        "that never was": 2**40,
        "that was ended": owner.gone["session_id"],
        "of another": other.ids["session_id"],
    }
    before = fingerprint(ground)

    for case, session_id in sessions.items():
        identity = Identity(user_id=owner.student.id, session_id=session_id)
        token = mint_database_token(identity, stack.jwt_secret, now=datetime.now(UTC))
        headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}
        for name in functions.keys() - _SETTLED.keys():
            body = arguments(ground, owner, functions[name])
            answer = api.post(f"/rpc/{name}", headers=headers, json=body)
            is_refused = answer.is_client_error and answer.json()["message"] == SessionEnded.slug
            promise.check(is_refused, f"{name} in a session {case}: {answer.text:.90}")
    promise.check(fingerprint(ground) == before, "nothing was changed")


def sign_out(holdings: Holdings, _: httpx.Client, __: Ground) -> None:
    client = holdings.student.client
    client.post("/api/auth/logout", headers=FROM_OUR_PAGE).raise_for_status()


def end_from_elsewhere(holdings: Holdings, elsewhere: httpx.Client, _: Ground) -> None:
    session = holdings.ids["session_id"]
    elsewhere.delete(f"/api/auth/sessions/{session}").raise_for_status()


def change_password(holdings: Holdings, elsewhere: httpx.Client, _: Ground) -> None:
    assert holdings.ids
    body = {"current_password": PASSPHRASE, "new_password": NEW_PASSWORD}
    elsewhere.put("/api/auth/password", json=body).raise_for_status()


def disable(holdings: Holdings, _: httpx.Client, ground: Ground) -> None:
    assert ground.row("select admin_disable(%s) as id", holdings.canary)["id"]


def erase(holdings: Holdings, elsewhere: httpx.Client, _: Ground) -> None:
    assert holdings.ids
    elsewhere.post("/api/auth/erase", json={"password": PASSPHRASE}).raise_for_status()


ENDS: list[Callable[[Holdings, httpx.Client, Ground], None]] = [
    sign_out,
    end_from_elsewhere,
    change_password,
    disable,
    erase,
]


def refusal_of(operation: str, end: Callable[..., None]) -> str:
    """Return how it is told: where a password is said again, whose it was is looked at first."""
    if operation in _WITH_PASSWORD and end is disable:
        return InvalidCredentials.slug
    if operation in _WITH_PASSWORD and end is erase:
        return InvalidAccessToken.slug
    return SessionEnded.slug


@pytest.mark.parametrize("end", ENDS)
def test_no_write_is_done_for_a_session_that_is_over(
    end: Callable[[Holdings, httpx.Client, Ground], None],
    ground: Ground,
    model: ScriptedModel,
    new_client: Callable[[], httpx.Client],
    promise: Promise,
) -> None:
    holdings, elsewhere = furnish(new_client(), model), new_client()
    bear(elsewhere, sign_in(elsewhere, holdings.canary, PASSPHRASE))
    client, cookie = holdings.student.client, holdings.student.client.cookies[COOKIE]
    end(holdings, elsewhere, ground)
    password = NEW_PASSWORD if end is change_password else PASSPHRASE
    said_again: dict[str, dict[str, Any]] = {
        "PUT /api/auth/password": {"current_password": password, "new_password": f"{password} 2"},
        "POST /api/auth/erase": {"password": password},
    }
    asked, embedded = len(model.prompts), model.embedding_calls
    before = fingerprint(ground, but="private.sign_in_failures")  # a password is compared for some

    for operation in [*WRITES, "POST /api/query"]:
        answer = send(client, operation, holdings.ids, said_again.get(operation))
        is_told = answer.status_code == 401 and slug(answer) == refusal_of(operation, end)
        promise.check(is_told, f"{operation} after {end.__name__}: {answer.text:.90}")
    headers = {**FROM_OUR_PAGE, "Cookie": f"{COOKIE}={cookie}"}
    answer = new_client().post("/api/auth/refresh", headers=headers)
    promise.check(answer.status_code == 401, f"refreshed after {end.__name__}: {answer.text:.90}")

    after = fingerprint(ground, but="private.sign_in_failures")
    promise.check(after == before, f"{end.__name__}: something was written")
    promise.check(len(model.prompts) == asked, f"{end.__name__}: the model was asked")
    # The words of its first question: they are embedded before the one call that looks at the session.
    extra = model.embedding_calls - embedded
    promise.check(extra <= 1, f"{end.__name__}: {extra} calls for embeddings")

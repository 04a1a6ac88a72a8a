"""dev/admin.py: what an administrator does to an account, from the command line."""

import httpx
import pytest

from dev.stack import Stack
from tests.accounts import administer, new_user, refresh, sign_in, slug


def test_a_disabled_user_is_out_until_enabled(client: httpx.Client, stack: Stack):
    username = new_user(client)
    mine = client.get("/api/auth/sessions").json()["sessions"][0]["id"]

    code, said = administer("disable", username, stack.environment())

    assert (code, said) == (0, f"{username} is disabled, and all sessions are over.\n")
    assert slug(refresh(client)) == "invalid-refresh-token"
    assert slug(client.delete(f"/api/auth/sessions/{mine}")) == "session-ended"
    answer, unknown = sign_in(client, username), sign_in(client, "nobody-of-that-name")
    assert answer.json() | {"instance": ""} == unknown.json() | {"instance": ""}

    administer("enable", username, stack.environment())

    assert sign_in(client, username).status_code == 200


def test_finds_the_stack_that_runs_on_a_data_directory(client: httpx.Client, stack: Stack):
    username = new_user(client)

    code, said = administer("enable", username.upper(), {"DATA_DIR": str(stack.data_dir)})

    assert (code, said) == (0, f"{username.upper()} may sign in again.\n")


def test_an_unknown_user_is_one_sentence(stack: Stack):
    code, said = administer("reset", "nobody-here", stack.environment())

    assert (code, said) == (1, "There is no user 'nobody-here'.\n")


def test_without_a_lectern_it_says_where_to_look(stack: Stack):
    code, said = administer("enable", "alice", {"DATA_DIR": str(stack.data_dir / "elsewhere")})

    assert code == 1
    assert said.startswith("No Lectern runs on ")
    assert len(said.splitlines()) == 1


def test_a_wrong_key_is_one_sentence(stack: Stack):
    environment = stack.environment() | {"SUPABASE_SECRET_KEY": "sb_secret_wrong"}

    code, said = administer("disable", "alice", environment)

    assert code == 1
    assert len(said.splitlines()) == 1


def test_a_missing_setting_is_named(stack: Stack):
    environment = stack.environment()
    del environment["PASSWORD_KEYS"]

    code, said = administer("reset", "alice", environment)

    assert code == 1
    assert said.startswith("PASSWORD_KEYS is not set.")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_KEYS", "bad"),
        ("PASSWORD_KEYS", "k1:c2hvcnQ"),
        ("BCRYPT_COST", "abc"),
        ("BCRYPT_COST", "99"),
        ("THROTTLE_KEY", "short"),
    ],
)
def test_with_a_bad_setting_nothing_is_written(
    client: httpx.Client, stack: Stack, name: str, value: str
):
    username = new_user(client)

    code, said = administer("reset", username, stack.environment() | {name: value})

    assert code == 1
    assert said.startswith(f"{name} cannot be read.")
    assert len(said.splitlines()) == 1
    assert sign_in(client, username).status_code == 200

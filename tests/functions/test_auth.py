"""/api/auth: register, login, me, password, sessions."""

import httpx
import pytest

from dev.stack import Stack
from tests.accounts import (
    NEW_PASSWORD,
    PASSWORD,
    bear,
    new_name,
    new_user,
    refresh,
    register,
    round_trips,
    run_sql,
    sign_in,
    sign_in_elsewhere,
    slug,
)
from tests.conftest import Configuration

ANOTHER_KEY = "k2:" + "b" * 43
CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}


def stored_hash(stack: Stack, username: str) -> str:
    [(password_hash,)] = run_sql(
        stack,
        "select password_hash from public.users where username = %(username)s",
        username=username,
    )
    return password_hash


class TestRegister:
    def test_answers_the_user_both_tokens_and_nothing_else(self, client: httpx.Client):
        answer = register(client, "Ada.Lovelace-1")

        assert answer.status_code == 201
        body = answer.json()
        assert set(body) == {"user", "access_token", "token_type", "expires_in"}
        assert body["user"]["username"] == "ada.lovelace-1"
        assert body["user"]["created_at"].endswith("Z")
        assert (body["token_type"], body["expires_in"]) == ("bearer", 600)
        assert answer.headers["Cache-Control"] == "no-store"

    def test_takes_one_round_trip(self, client: httpx.Client):
        assert round_trips(register(client)) == 1

    def test_sets_a_cookie_that_no_script_reads(self, client: httpx.Client):
        cookie = register(client).headers["Set-Cookie"]

        assert cookie.startswith("lectern-rt=")
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie

    def test_binds_the_cookie_to_the_host_over_https(
        self, client: httpx.Client, configuration: Configuration
    ):
        configuration.change(public_url="https://lectern.example")

        cookie = register(client).headers["Set-Cookie"]

        assert cookie.startswith("__Host-lectern-rt=")
        assert "Secure" in cookie
        assert "Domain" not in cookie

    @pytest.mark.parametrize(
        "headers",
        [{"Origin": "https://notes.example"}, {"Sec-Fetch-Site": "cross-site"}],
    )
    def test_gives_other_origins_no_cookie(self, client: httpx.Client, headers: dict[str, str]):
        client.headers.update(headers)

        answer = register(client)

        assert answer.status_code == 201
        assert "Set-Cookie" not in answer.headers

    def test_refuses_a_taken_name_in_whatever_case(self, client: httpx.Client):
        username = new_user(client)

        answer = register(client, username.upper())

        assert (answer.status_code, slug(answer)) == (409, "username-taken")

    @pytest.mark.parametrize(
        "username",
        [
            "ab",
            "a" * 33,
            "",
            "a b c",
            "alice\n",
            "\uff21lice",
            "\u212aelvin",
            "a\x00bc",
            "al/ice",
            "ünal",
        ],
    )
    def test_refuses_other_names_without_an_echo(self, client: httpx.Client, username: str):
        answer = (
            register(client, username)
            if username
            else client.post("/api/auth/register", json={"username": "", "password": PASSWORD})
        )

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")
        assert answer.json()["errors"][0]["pointer"] == "#/body/username"
        assert len(username) < 3 or username not in answer.text

    def test_refuses_a_weak_password_without_an_echo(self, client: httpx.Client):
        answer = register(client, password="Passwordpassword1")

        assert (answer.status_code, slug(answer)) == (422, "weak-password")
        assert "Passwordpassword1" not in answer.text

    @pytest.mark.parametrize("member", ["password", "signup_code"])
    def test_refuses_half_a_character(self, client: httpx.Client, member: str):
        body = {"username": f'"{new_name()}"', "password": f'"{PASSWORD}"'}
        body[member] = r'"\ud800 otter builds canals"'
        content = "{" + ",".join(f'"{name}": {value}' for name, value in body.items()) + "}"

        answer = client.post(
            "/api/auth/register", content=content, headers={"Content-Type": "application/json"}
        )

        assert (answer.status_code, slug(answer)) == (422, "invalid-request")

    def test_refuses_members_that_nobody_knows(self, client: httpx.Client):
        answer = register(client, is_admin=True)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/body/is_admin"

    def test_closed_means_closed(self, client: httpx.Client, configuration: Configuration):
        configuration.change(signup="closed", signup_code="pigeon")

        answer = register(client, signup_code="pigeon")

        assert (answer.status_code, slug(answer)) == (403, "signup-closed")

    @pytest.mark.parametrize("given", [{}, {"signup_code": ""}, {"signup_code": "pigeons"}])
    def test_with_a_code_a_wrong_or_absent_one_is_refused(
        self, client: httpx.Client, configuration: Configuration, given: dict[str, str]
    ):
        configuration.change(signup="code", signup_code="pigeon")

        answer = register(client, **given)

        assert (answer.status_code, slug(answer)) == (403, "signup-refused")

    def test_with_a_code_the_right_one_lets_in(
        self, client: httpx.Client, configuration: Configuration
    ):
        configuration.change(signup="code", signup_code="pigeon")

        assert register(client, signup_code="pigeon").status_code == 201

    def test_an_unset_code_lets_nobody_in(self, client: httpx.Client, configuration: Configuration):
        configuration.change(signup="code", signup_code="")

        assert register(client, signup_code="").status_code == 403


class TestLogin:
    def test_begins_a_session_in_two_round_trips(self, client: httpx.Client):
        username = new_user(client)

        answer = sign_in(client, username.upper())

        assert answer.status_code == 200
        assert answer.json()["user"]["username"] == username
        assert round_trips(answer) == 2

    @pytest.mark.parametrize("who", ["the same", "another", "a new one"])
    def test_ends_the_session_that_the_browser_had(self, client: httpx.Client, who: str):
        """Nobody could sign out of it any more: its cookie is gone from the browser."""
        another, username = new_user(client), ""
        client.cookies.clear()
        username = new_user(client)
        former = client.cookies["lectern-rt"]

        if who == "a new one":
            answer = register(client)
        else:
            answer = sign_in(client, username if who == "the same" else another)

        assert answer.is_success
        assert slug(refresh(client, former)) == "invalid-refresh-token"
        assert slug(client.put("/api/auth/password", json=CHANGE)) == "session-ended"
        assert refresh(client).status_code == 200

    @pytest.mark.parametrize("answered", [200, 401])
    def test_ends_no_session_but_that_of_its_cookie(self, client: httpx.Client, answered: int):
        username = new_user(client)
        token = client.cookies["lectern-rt"]
        handle = token.partition(".")[0]
        password = PASSWORD if answered == 200 else "wrong"
        # The right cookie with a wrong password, or a forged one with the right password.
        sent = token if answered == 401 else f"{handle}.1.{'A' * 43}"
        with httpx.Client(base_url=client.base_url, timeout=30) as other:
            answer = sign_in(other, username, password, Cookie=f"lectern-rt={sent}")

        assert answer.status_code == answered
        assert refresh(client).status_code == 200

    def test_asked_for_by_another_page_ends_no_session(self, client: httpx.Client):
        username = new_user(client)

        answer = sign_in(client, username, Origin="https://evil.example")

        assert answer.status_code == 200
        assert refresh(client).status_code == 200

    def test_answers_an_unknown_name_as_a_wrong_password(self, client: httpx.Client):
        username = new_user(client)

        wrong, unknown = (sign_in(client, name, "wrong") for name in (username, "nobody-at-all"))

        documents = [answer.json() | {"instance": None} for answer in (wrong, unknown)]
        assert wrong.status_code == 401
        assert documents[0] == documents[1]
        assert round_trips(wrong) == round_trips(unknown) == 2

    @pytest.mark.parametrize("username", ["", "a", "x" * 5000, "a\x00b", "' or 1=1 --", "ünal"])
    def test_answers_an_impossible_name_likewise(self, client: httpx.Client, username: str):
        answer = sign_in(client, username, "wrong")

        assert (answer.status_code, slug(answer)) == (401, "invalid-credentials")

    def test_reads_a_password_to_its_end(self, client: httpx.Client):
        username, long = new_name(), "violet otter builds canals \0 " * 8
        register(client, username, password=long + "a")

        assert sign_in(client, username, long + "b").status_code == 401
        assert sign_in(client, username, long + "a").status_code == 200

    def test_raises_the_cost_of_an_older_hash(
        self, client: httpx.Client, configuration: Configuration, stack: Stack
    ):
        username = new_user(client)
        configuration.change(bcrypt_cost=5)

        answer = sign_in(client, username)

        assert round_trips(answer) == 2
        assert "$2b$05$" in stored_hash(stack, username)
        assert sign_in(client, username).status_code == 200

    def test_replaces_the_key_of_an_older_hash(
        self, client: httpx.Client, configuration: Configuration, stack: Stack
    ):
        username = new_user(client)
        [old_key] = configuration.settings.password_keys
        configuration.change(password_keys=(ANOTHER_KEY, old_key))

        sign_in(client, username)

        assert "$k2$" in stored_hash(stack, username)
        configuration.change(password_keys=(ANOTHER_KEY,))
        assert sign_in(client, username).status_code == 200

    def test_lets_nobody_in_under_a_key_that_is_gone(
        self, client: httpx.Client, configuration: Configuration
    ):
        username = new_user(client)
        configuration.change(password_keys=(ANOTHER_KEY,))

        answer = sign_in(client, username)

        assert (answer.status_code, slug(answer)) == (401, "invalid-credentials")


class TestMe:
    def test_returns_the_account_in_one_round_trip(self, client: httpx.Client):
        username = new_user(client)

        answer = client.get("/api/auth/me")

        assert answer.json()["username"] == username
        assert set(answer.json()) == {"id", "username", "created_at", "must_change_password"}
        assert round_trips(answer) == 1

    @pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
    def test_knows_the_scheme_however_it_is_written(self, client: httpx.Client, scheme: str):
        """RFC 9110, 11.1: its letters may be of either case, and more than one space may follow."""
        new_user(client)
        token = client.headers["Authorization"].removeprefix("Bearer ")

        answer = client.get("/api/auth/me", headers={"Authorization": f"{scheme} {token}"})

        assert answer.is_success

    def test_asks_for_a_token(self, client: httpx.Client):
        answer = client.get("/api/auth/me")

        assert (answer.status_code, slug(answer)) == (401, "invalid-access-token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


class TestPassword:
    def change(self, client: httpx.Client, current: str, new: str) -> httpx.Response:
        body = {"current_password": current, "new_password": new}
        return client.put("/api/auth/password", json=body)

    def test_ends_every_other_session(self, client: httpx.Client):
        username = new_user(client)
        other_token = sign_in_elsewhere(client, username).cookies["lectern-rt"]

        answer = self.change(client, PASSWORD, NEW_PASSWORD)

        assert (answer.status_code, "Content-Type" in answer.headers) == (204, False)
        assert slug(refresh(client, other_token)) == "invalid-refresh-token"
        assert refresh(client).status_code == 200
        assert sign_in(client, username, PASSWORD).status_code == 401
        assert sign_in(client, username, NEW_PASSWORD).status_code == 200

    def test_needs_the_current_password(self, client: httpx.Client):
        username = new_user(client)

        answer = self.change(client, "wrong", NEW_PASSWORD)

        assert (answer.status_code, slug(answer)) == (401, "invalid-credentials")
        assert sign_in(client, username, PASSWORD).status_code == 200

    @pytest.mark.parametrize("new", ["short", "Passwordpassword1", PASSWORD])
    def test_refuses_a_weak_one_and_the_same_one(self, client: httpx.Client, new: str):
        new_user(client)

        answer = self.change(client, PASSWORD, new)

        assert (answer.status_code, slug(answer)) == (422, "weak-password")

    def test_is_throttled_as_signing_in_is(self, client: httpx.Client):
        new_user(client)

        answers = [self.change(client, "wrong", NEW_PASSWORD) for _ in range(6)]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert self.change(client, PASSWORD, NEW_PASSWORD).status_code == 429


class TestSessions:
    def test_lists_where_i_am_signed_in_and_which_one_asks(self, client: httpx.Client):
        username = new_user(client)
        agent = {"User-Agent": "Browser/" + "9" * 300}
        bear(client, sign_in_elsewhere(client, username, **agent))

        answer = client.get("/api/auth/sessions")

        newest, oldest = answer.json()["sessions"]
        assert (newest["current"], oldest["current"]) == (True, False)
        assert len(newest["user_agent"]) == 200
        assert answer.json()["next_cursor"] is None
        assert round_trips(answer) == 1

    def test_comes_in_pages(self, client: httpx.Client):
        username = new_user(client)
        for _ in range(2):
            sign_in_elsewhere(client, username)

        first = client.get("/api/auth/sessions?limit=2").json()
        second = client.get(f"/api/auth/sessions?limit=2&cursor={first['next_cursor']}").json()

        ids = [session["id"] for session in first["sessions"] + second["sessions"]]
        assert ids == sorted(set(ids), reverse=True)
        assert len(ids) == 3
        assert second["next_cursor"] is None

    def test_ends_another_one_of_mine(self, client: httpx.Client):
        username = new_user(client)
        other_token = sign_in_elsewhere(client, username).cookies["lectern-rt"]
        [other, _] = client.get("/api/auth/sessions").json()["sessions"]

        answer = client.delete(f"/api/auth/sessions/{other['id']}")

        assert (answer.status_code, "Content-Type" in answer.headers) == (204, False)
        assert round_trips(answer) == 1
        assert slug(refresh(client, other_token)) == "invalid-refresh-token"
        assert len(client.get("/api/auth/sessions").json()["sessions"]) == 1

    def test_answers_someone_elses_as_none_at_all(self, client: httpx.Client):
        new_user(client)
        [theirs] = client.get("/api/auth/sessions").json()["sessions"]
        client.cookies.clear()  # as in another browser: a session that is over is none, too
        new_user(client)

        answers = [client.delete(f"/api/auth/sessions/{id_}") for id_ in (theirs["id"], 2**53 - 1)]

        assert [(answer.status_code, slug(answer)) for answer in answers] == [
            (404, "session-not-found")
        ] * 2

    def test_an_ended_session_writes_nothing_more(self, client: httpx.Client):
        new_user(client)
        [mine] = client.get("/api/auth/sessions").json()["sessions"]
        client.delete(f"/api/auth/sessions/{mine['id']}")

        answer = client.delete(f"/api/auth/sessions/{mine['id']}")

        assert (answer.status_code, slug(answer)) == (401, "session-ended")

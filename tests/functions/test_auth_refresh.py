"""/api/auth/refresh and logout: rotation, lost replies, reuse, other sites."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from dev.stack import Stack
from tests.accounts import (
    COOKIE,
    FROM_OUR_PAGE,
    bear,
    let_pass,
    new_user,
    refresh,
    round_trips,
    run_sql,
    sign_in_elsewhere,
    slug,
)
from tests.conftest import Configuration

LATER = 11  # seconds: a used token is forgiven for 10


def child_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.cookies[COOKIE]


def generations(stack: Stack, username: str) -> list[int]:
    rows = run_sql(
        stack,
        """
        select t.generation from private.refresh_tokens as t
        join public.sessions as s on s.id = t.session_id join public.users as u on u.id = s.user_id
        where u.username = %(username)s order by t.generation
        """,
        username=username,
    )
    return [generation for (generation,) in rows]


class TestRefresh:
    def test_trades_the_token_for_its_child_in_one_round_trip(self, client: httpx.Client):
        username = new_user(client)
        parent = client.cookies[COOKIE]

        answer = refresh(client)

        assert answer.status_code == 200
        assert set(answer.json()) == {"user", "access_token", "token_type", "expires_in"}
        assert answer.json()["user"]["username"] == username
        assert client.cookies[COOKIE] != parent
        assert round_trips(answer) == 1
        bear(client, answer)
        assert client.get("/api/auth/me").status_code == 200

    def test_sixteen_uses_at_once_have_one_child(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        parent = client.cookies[COOKIE]

        with ThreadPoolExecutor(16) as threads:
            children = set(threads.map(lambda _: child_of(refresh(client, parent)), range(16)))

        assert len(children) == 1
        assert generations(stack, username) == [1, 2]
        assert refresh(client, children.pop()).status_code == 200

    def test_a_lost_reply_is_given_again_however_late(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        parent = client.cookies[COOKIE]
        lost = child_of(refresh(client, parent))
        let_pass(stack, username, 3600)

        assert child_of(refresh(client, parent)) == lost

    def test_a_second_use_within_ten_seconds_is_forgiven(self, client: httpx.Client):
        new_user(client)
        parent = client.cookies[COOKIE]
        child = child_of(refresh(client, parent))
        refresh(client, child)

        assert child_of(refresh(client, parent)) == child

    def test_a_later_reuse_ends_the_session(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        parent = client.cookies[COOKIE]
        newest = child_of(refresh(client, child_of(refresh(client, parent))))
        let_pass(stack, username, LATER)

        answer = refresh(client, parent)

        assert (answer.status_code, slug(answer)) == (401, "refresh-token-reused")
        assert slug(refresh(client, newest)) == "invalid-refresh-token"

    def test_a_reuse_leaves_the_other_sessions_alone(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        parent = client.cookies[COOKIE]
        other = sign_in_elsewhere(client, username).cookies[COOKIE]
        refresh(client, child_of(refresh(client, parent)))
        let_pass(stack, username, LATER)
        refresh(client, parent)

        assert refresh(client, other).status_code == 200

    def test_forgets_what_is_twenty_generations_old(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        first = client.cookies[COOKIE]

        for _ in range(22):
            refresh(client)

        assert generations(stack, username) == list(range(3, 24))
        assert slug(refresh(client, first)) == "refresh-token-reused"

    @pytest.mark.parametrize("days", [15, 91])
    def test_an_unused_session_is_over(self, client: httpx.Client, stack: Stack, days: int):
        username = new_user(client)
        let_pass(stack, username, days * 24 * 3600)

        assert slug(refresh(client)) == "invalid-refresh-token"

    def test_a_session_in_use_is_over_in_the_end(self, client: httpx.Client, stack: Stack):
        username = new_user(client)
        statuses: list[int] = []
        for _ in range(10):
            let_pass(stack, username, 9 * 24 * 3600 + 60)
            statuses.append(refresh(client).status_code)

        assert statuses == [200] * 9 + [401]

    def test_a_token_of_our_form_but_not_our_making_asks_nobody(self, client: httpx.Client):
        new_user(client)
        name, _, mac = client.cookies[COOKIE].rpartition(".")

        answer = refresh(client, f"{name}.{mac[::-1]}")

        assert (answer.status_code, slug(answer)) == (401, "invalid-refresh-token")
        assert round_trips(answer) == 0

    @pytest.mark.parametrize("token", ["x", "1.2.3", '"', "\u00e9", "a" * 4000])
    def test_refuses_anything_else(self, client: httpx.Client, token: str):
        headers = {**FROM_OUR_PAGE, "Cookie": f"{COOKIE}={token}".encode("latin-1")}

        answer = client.post("/api/auth/refresh", headers=httpx.Headers(list(headers.items())))

        assert (answer.status_code, slug(answer)) == (401, "invalid-refresh-token")


class TestKeysOfRefreshTokens:
    NEW_KEY = "n" * 32

    def test_a_new_key_signs_nobody_out(self, client: httpx.Client, configuration: Configuration):
        new_user(client)
        [old_key] = configuration.settings.refresh_token_keys
        configuration.change(refresh_token_keys=(self.NEW_KEY, old_key))
        child = child_of(refresh(client))

        configuration.change(refresh_token_keys=(self.NEW_KEY,))

        assert refresh(client, child).status_code == 200

    def test_a_lost_child_of_an_accepted_key_stays_the_same(
        self, client: httpx.Client, configuration: Configuration
    ):
        new_user(client)
        parent = client.cookies[COOKIE]
        [old_key] = configuration.settings.refresh_token_keys
        lost = child_of(refresh(client, parent))
        configuration.change(refresh_token_keys=(self.NEW_KEY, old_key))

        assert child_of(refresh(client, parent)) == lost

    def test_a_lost_child_of_a_key_that_is_gone_is_derived_anew(
        self, client: httpx.Client, configuration: Configuration
    ):
        new_user(client)
        parent = client.cookies[COOKIE]
        [old_key] = configuration.settings.refresh_token_keys
        configuration.change(refresh_token_keys=(self.NEW_KEY, old_key))
        lost = child_of(refresh(client, parent))
        configuration.change(refresh_token_keys=(old_key,))

        child = child_of(refresh(client, parent))

        assert child != lost
        assert refresh(client, child).status_code == 200

    def test_a_new_key_of_access_tokens_signs_nobody_out(
        self, client: httpx.Client, configuration: Configuration
    ):
        new_user(client)
        [old_key] = configuration.settings.access_token_keys
        configuration.change(access_token_keys=(self.NEW_KEY, old_key))

        assert client.get("/api/auth/me").status_code == 200
        bear(client, refresh(client))
        configuration.change(access_token_keys=(self.NEW_KEY,))
        assert client.get("/api/auth/me").status_code == 200


class TestOtherSites:
    @pytest.mark.parametrize("route", ["refresh", "logout"])
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {**FROM_OUR_PAGE, "Sec-Fetch-Site": "cross-site"},
            {**FROM_OUR_PAGE, "Sec-Fetch-Site": "same-site"},
            {**FROM_OUR_PAGE, "Sec-Fetch-Site": "anything"},
            {**FROM_OUR_PAGE, "Origin": "https://evil.example"},
            {**FROM_OUR_PAGE, "Origin": "null"},
            {"Sec-Fetch-Site": "same-origin"},
        ],
    )
    def test_cannot_make_a_browser_send_the_cookie(
        self, client: httpx.Client, route: str, headers: dict[str, str]
    ):
        new_user(client)

        answer = client.post(f"/api/auth/{route}", headers=headers)

        assert (answer.status_code, slug(answer)) == (403, "cross-site-request")
        assert round_trips(answer) == 0
        assert refresh(client).status_code == 200

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    def test_our_own_page_can(self, client: httpx.Client, configuration: Configuration, site: str):
        new_user(client)
        headers = {"Sec-Fetch-Site": site, "Origin": configuration.settings.public_url}

        answer = client.post("/api/auth/refresh", headers={**FROM_OUR_PAGE, **headers})

        assert answer.status_code == 200

    @pytest.mark.parametrize("route", ["refresh", "logout"])
    def test_without_a_cookie_there_is_no_session(self, client: httpx.Client, route: str):
        answer = client.post(f"/api/auth/{route}", headers=FROM_OUR_PAGE)

        assert (answer.status_code, slug(answer)) == (401, "invalid-refresh-token")


class TestLogout:
    def test_ends_the_session_and_clears_the_cookie(self, client: httpx.Client):
        new_user(client)
        token = client.cookies[COOKIE]

        answer = client.post("/api/auth/logout", headers=FROM_OUR_PAGE)

        assert (answer.status_code, "Content-Type" in answer.headers) == (204, False)
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert COOKIE not in client.cookies
        assert round_trips(answer) == 1
        assert slug(refresh(client, token)) == "invalid-refresh-token"

    def test_may_be_said_twice(self, client: httpx.Client):
        new_user(client)
        headers = {**FROM_OUR_PAGE, "Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        client.post("/api/auth/logout", headers=FROM_OUR_PAGE)

        assert client.post("/api/auth/logout", headers=headers).status_code == 204

    def test_ends_what_the_access_token_may_write(self, client: httpx.Client):
        new_user(client)
        [mine] = client.get("/api/auth/sessions").json()["sessions"]
        client.post("/api/auth/logout", headers=FROM_OUR_PAGE)

        answer = client.delete(f"/api/auth/sessions/{mine['id']}")

        assert (answer.status_code, slug(answer)) == (401, "session-ended")

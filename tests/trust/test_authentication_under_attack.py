"""Guessing, timing, stealing and racing: what somebody may try who has no account, or another's token."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from dev.stack import Stack
from lib.domain.attempts import attempt_keys, hash_name
from lib.domain.identities import Identity
from lib.domain.tokens import (
    derive_refresh_token,
    hash_refresh_token,
    issue_access_token,
    mint_database_token,
    read_refresh_token,
)
from tests.accounts import (
    COOKIE,
    PASSWORD,
    bear,
    let_pass,
    new_name,
    new_user,
    refresh,
    register,
    sign_in,
    sign_in_elsewhere,
    slug,
)
from tests.conftest import Configuration, Ground
from tests.trust.report import Promise
from tests.trust.timing import auc, chance, measure

ADDRESS_HEADER = "X-Platform-Address"
WRONG = "wrong password"
# What the clock must tell apart for its silence to mean anything. Where the machine is so busy that
# one hash more is not seen, it is measured anew, all of it.
VISIBLE = 0.99
MOST_TRIES = 3
LATER = 11  # seconds: a used refresh token is forgiven for 10
Size = Callable[..., int]


def from_address(number: int) -> dict[str, str]:
    return {ADDRESS_HEADER: f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


@dataclass(frozen=True)
class Door:
    """What the sign-in is attacked with."""

    client: httpx.Client
    configuration: Configuration
    ground: Ground

    def names(self, count: int) -> tuple[list[str], list[str]]:
        """Return names that exist and names that do not, of the same form."""
        known = [register(self.client).json()["user"]["username"] for _ in range(count)]
        return known, [new_name() for _ in range(count)]

    def slow(self, username: str, number: int) -> None:
        """Let a name wait for minutes at one address, whether it exists or not."""
        address = from_address(number)[ADDRESS_HEADER]
        keys = attempt_keys(username, address, self.configuration.settings.throttle_key)
        self.ground.execute(
            "insert into private.sign_in_failures (name_key, address_key)"
            " select %s, %s from generate_series(1, 12)",
            keys.name_key,
            keys.address_key,
        )

    def lock(self, username: str) -> None:
        """Close a name for an hour, whether it exists or not."""
        key = hash_name(username, self.configuration.settings.throttle_key)
        self.ground.execute(
            "insert into private.sign_in_failures (name_key, address_key)"
            " select %s, 'elsewhere' from generate_series(1, 100)",
            key,
        )

    def forget_guesses(self) -> None:
        """Forget what was guessed, but not who was locked."""
        self.ground.execute("delete from private.sign_in_failures where address_key <> 'elsewhere'")

    def guess(self, names: list[str]) -> Callable[[int], None]:
        """Guess wrong passwords for these names in turn, each time from another address."""
        return lambda number: self.knock(names[number % len(names)], number) and None

    def knock(self, name: str, number: int, password: str = WRONG) -> httpx.Response:
        return sign_in(self.client, name, password, **from_address(number))


@pytest.fixture
def door(client: httpx.Client, configuration: Configuration, ground: Ground) -> Door:
    configuration.change(client_address_header=ADDRESS_HEADER)
    return Door(client, configuration, ground)


def form_of(answer: httpx.Response) -> tuple[int, object, list[str]]:
    """Return an answer without what differs by the request or by the second."""
    moving = {"instance", "retry_after_seconds"}
    body = {name: value for name, value in answer.json().items() if name not in moving}
    return answer.status_code, body, sorted(answer.headers)


def is_same(one: httpx.Response, other: httpx.Response) -> bool:
    """Tell whether nothing but the second differs, in which one came after the other."""
    waits = [
        (answer.json().get("retry_after_seconds", 0), int(answer.headers.get("Retry-After", 0)))
        for answer in (one, other)
    ]
    differences = [abs(a - b) for a, b in zip(*waits, strict=True)]
    return form_of(one) == form_of(other) and max(differences) <= 1


@pytest.mark.promise("Nobody learns by signing in which users exist")
class TestEnumeration:
    def test_answers_are_the_same(self, door: Door, promise: Promise):
        [known], [unknown] = door.names(1)

        for number in range(3):
            answers = [door.knock(name, number) for name in (known, unknown)]
            promise.check(is_same(*answers), "a wrong password")
        for close, number, case in (
            (lambda name: door.slow(name, 8), 8, "a name that waits"),
            (door.lock, 9, "a closed name"),
        ):
            close(known)
            close(unknown)
            answers = [door.knock(name, number) for name in (known, unknown)]
            assert {answer.status_code for answer in answers} == {429}
            promise.check(is_same(*answers), f"{case}: {[answer.text for answer in answers]}")
            right = door.knock(known, number, PASSWORD)
            promise.check(is_same(right, answers[0]), f"the right password of {case}")

    @pytest.mark.alone
    def test_answers_take_the_same_time(self, door: Door, promise: Promise, size: Size):
        count = size(full=400, short=40)
        # In the long form as in production.
        door.configuration.change(bcrypt_cost=size(full=10, short=9))
        (known, unknown), (known_closed, unknown_closed) = door.names(16), door.names(16)
        for name in known_closed + unknown_closed:
            door.lock(name)

        kinds = [door.guess(names) for names in (known, unknown, known_closed, unknown_closed)]
        control, seconds = 0.0, list[list[float]]()
        for _ in range(MOST_TRIES):
            door.forget_guesses()
            seconds = measure(kinds, count)
            control = auc(seconds[2], seconds[0])
            if control >= VISIBLE:
                break

        bound = max(0.06, chance(count))
        open_auc, closed_auc = auc(seconds[0], seconds[1]), auc(seconds[2], seconds[3])
        for case, value in {"known and unknown": open_auc, "the same, closed": closed_auc}.items():
            promise.figure(f"AUC of {case}, n = {count}", f"{value:.3f} (0.5 ± {bound:.3f})")
            promise.check(abs(value - 0.5) <= bound, f"{case} take the same time: AUC {value:.3f}")
        promise.figure("AUC of one hash more, the control", f"{control:.3f} (at least {VISIBLE})")
        promise.check(control >= VISIBLE, f"the control sees one hash more: AUC {control:.3f}")


@pytest.mark.promise("Guessing passwords is slow, and locks nobody else out")
class TestGuessing:
    def test_of_many_guesses_a_hundred_are_tried(self, door: Door, promise: Promise, size: Size):
        [name], _ = door.names(1)
        count = size(full=1000, short=150)

        with ThreadPoolExecutor(16) as threads:
            answers = threads.map(lambda number: door.knock(name, number), range(count))
            statuses = Counter(answer.status_code for answer in answers)

        promise.figure(f"Of {count:,} wrong passwords, compared", str(statuses[401]))
        promise.check(0 < statuses[401] <= 100, f"{statuses[401]} guesses were compared")
        promise.check(set(statuses) <= {401, 429}, f"{dict(statuses)}")
        right = door.knock(name, count, PASSWORD)
        promise.check(right.status_code == 429, "the right password does not open a closed name")

    def test_a_class_behind_one_address_is_let_in(self, door: Door, promise: Promise):
        [guessed, *names], _ = door.names(36)
        for _ in range(6):
            door.knock(guessed, 1)

        started_at = time.perf_counter()
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(lambda name: door.knock(name, 1, PASSWORD), names))

        promise.check(time.perf_counter() - started_at < 60, "within a minute")
        for answer in answers:
            promise.check(answer.status_code == 200, answer.text)


def child_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.cookies[COOKIE]


@pytest.mark.promise("A session has one refresh token, whoever holds a copy")
class TestRefreshing:
    def test_many_uses_at_once_have_one_child(
        self, client: httpx.Client, ground: Ground, promise: Promise, size: Size
    ):
        name = new_user(client)
        token = client.cookies[COOKIE]
        rounds = size(full=20, short=5)

        with ThreadPoolExecutor(16) as threads:
            for number in range(rounds):
                barrier, parent = threading.Barrier(16), token

                def use(_: int, barrier: threading.Barrier = barrier, parent: str = parent) -> str:
                    barrier.wait()
                    return child_of(refresh(client, parent))

                children = set(threads.map(use, range(16)))
                promise.check(len(children) == 1, f"round {number}: {len(children)} children")
                token = children.pop()

        row = ground.row(
            "select max(t.generation) as newest, count(*) filter (where t.used_at is null) as unused"
            " from private.refresh_tokens t join sessions s on s.id = t.session_id"
            " join users u on u.id = s.user_id where u.username = %s",
            name,
        )
        promise.check(row == {"newest": rounds + 1, "unused": 1}, f"{row} after {rounds} rounds")

    def test_the_second_of_two_uses_waits_for_the_first(
        self, client: httpx.Client, configuration: Configuration, ground: Ground, stack: Stack
    ):
        """The first is held in mid-transaction, so that the second always comes at the worst moment."""
        new_user(client)
        parent = client.cookies[COOKIE]
        [key] = configuration.settings.refresh_token_keys
        handle, generation = read_refresh_token(parent, [key])
        child = derive_refresh_token(handle, generation + 1, key)

        with (
            ThreadPoolExecutor(1) as thread,
            psycopg.connect(stack.postgres_dsn) as first,
        ):
            first.execute(
                "select public.rotate_refresh_token(%s, %s, %s, jsonb_build_array(%s::text), 600)",
                (handle, generation, hash_refresh_token(parent), hash_refresh_token(child)),
            )
            second = thread.submit(refresh, client, parent)
            ground.wait_for("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
            first.commit()
            given = child_of(second.result())

        assert given == child

    def test_a_reply_may_be_lost_again_and_again(
        self, client: httpx.Client, promise: Promise, stack: Stack
    ):
        name = new_user(client)
        token = client.cookies[COOKIE]
        for seconds in (0, 9, LATER, 3600, 86400):
            lost = child_of(refresh(client, token))
            let_pass(stack, name, seconds)
            again = refresh(client, token)
            promise.check(again.status_code == 200, f"a reply lost {seconds} s ago")
            promise.check(again.cookies[COOKIE] == lost, "the same child again")
            token = lost

    @pytest.mark.parametrize("first", ["thief", "owner"])
    def test_a_stolen_token_ends_both(
        self,
        client: httpx.Client,
        new_client: Callable[[], httpx.Client],
        first: str,
        promise: Promise,
        stack: Stack,
    ):
        """Whoever of the two comes second finds the token used, and then neither has a session."""
        name = new_user(client)
        thief = new_client()
        thief.cookies.update(client.cookies)
        quick, slow = (thief, client) if first == "thief" else (client, thief)
        for _ in range(2):
            bear(quick, refresh(quick).raise_for_status())
        let_pass(stack, name, LATER)
        tokens = {"first": quick.cookies[COOKIE], "second": slow.cookies[COOKIE]}

        late = refresh(slow)
        after = refresh(quick)

        promise.check(slug(late) == "refresh-token-reused", f"the second after the {first}")
        promise.check(slug(after) == "invalid-refresh-token", f"the {first}, who was first")
        change = {"current_password": PASSWORD, "new_password": PASSWORD * 2}
        mine = quick.get("/api/auth/sessions")
        promise.check(mine.json().get("sessions") == [], f"the sessions left: {mine.text}")
        write = quick.put("/api/auth/password", json=change)
        promise.check(slug(write) == "session-ended", f"the {first} writes: {write.text}")
        for who, token in tokens.items():
            again = refresh(client, token)
            promise.check(slug(again) == "invalid-refresh-token", f"the {who} again: {again.text}")


FROM_ELSEWHERE: dict[str, dict[str, str]] = {
    "a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "a form of plain text": {"Content-Type": "text/plain"},
    "a form of parts": {"Content-Type": "multipart/form-data; boundary=b"},
    "no header at all": {},
    "JSON without the header": {"Content-Type": "application/json"},
    "a cross-site page": {"X-Requested-With": "x", "Sec-Fetch-Site": "cross-site"},
    "a same-site page": {"X-Requested-With": "x", "Sec-Fetch-Site": "same-site"},
    "another origin": {"X-Requested-With": "x", "Origin": "https://evil.example"},
    "a null origin": {"X-Requested-With": "x", "Origin": "null"},
    "our origin with another port": {"X-Requested-With": "x", "Origin": "http://127.0.0.1:1"},
    "our origin with a tail": {"X-Requested-With": "x", "Origin": "{own}.evil.example"},
    "our origin over https": {"X-Requested-With": "x", "Origin": "https://127.0.0.1"},
    "our name, cross-site": {
        "X-Requested-With": "x",
        "Origin": "{own}",
        "Sec-Fetch-Site": "cross-site",
    },
    "a method in a header": {"X-HTTP-Method-Override": "POST"},
}


@pytest.mark.promise("No other site acts for a user")
class TestOtherSites:
    @pytest.mark.parametrize("route", ["refresh", "logout"])
    @pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT", "OPTIONS"])
    def test_no_way_is_accepted(
        self,
        client: httpx.Client,
        configuration: Configuration,
        method: str,
        route: str,
        promise: Promise,
    ):
        new_user(client)
        own, token = configuration.settings.public_url, client.cookies[COOKIE]

        for way, headers in FROM_ELSEWHERE.items():
            sent = {name: value.format(own=own) for name, value in headers.items()}
            answer = client.request(method, f"/api/auth/{route}", headers=sent)
            case = f"{method} {route} from {way}: {answer.status_code}"
            promise.check(answer.status_code in (400, 403, 405), case)
            promise.check("Set-Cookie" not in answer.headers, f"{case}, no cookie")
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            promise.check(allowed is None, f"{case}, no CORS")
            credentials = answer.headers.get("Access-Control-Allow-Credentials")
            promise.check(credentials is None, f"{case}, no credentials")

        promise.check(client.cookies[COOKIE] == token, f"{method} {route}: the cookie is the same")
        promise.check(refresh(client).status_code == 200, f"{method} {route}: the session lives")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_no_other_page_signs_a_browser_in(
        self, client: httpx.Client, origin: str, promise: Promise
    ):
        name = new_user(client)
        for headers in ({"Origin": origin}, {"Sec-Fetch-Site": "cross-site"}):
            answer = sign_in(client, name, **headers)
            promise.check("Set-Cookie" not in answer.headers, f"sign-in from {headers}")
            newcomer = {"username": new_name(), "password": PASSWORD}
            answer = client.post("/api/auth/register", json=newcomer, headers=headers)
            promise.check("Set-Cookie" not in answer.headers, f"registration from {headers}")


@pytest.mark.promise("Changing keys signs nobody out")
class TestKeyRotation:
    NEW = "n" * 48
    NEW_PASSWORD_KEY = "k2:" + "bmV3" * 11

    def test_a_session_outlives_every_key(
        self, client: httpx.Client, configuration: Configuration, promise: Promise
    ):
        name, settings = new_user(client), configuration.settings
        steps = [{}]
        for setting, new in {
            "access_token_keys": self.NEW,
            "refresh_token_keys": self.NEW,
            "password_keys": self.NEW_PASSWORD_KEY,
        }.items():
            [old] = getattr(settings, setting)
            steps += [{setting: (new, old)}, {setting: (new,)}]

        for step in steps:
            # Before an old key goes, whatever it signed has been renewed: that is what the wait is for.
            configuration.change(**step)
            me = client.get("/api/auth/me")
            promise.check(me.status_code == 200, f"the access token after {step}")
            renewed = refresh(client)
            promise.check(renewed.status_code == 200, f"the refresh token after {step}")
            bear(client, renewed)
            signed_in = sign_in_elsewhere(client, name)
            promise.check(signed_in.status_code == 200, f"the password after {step}")

    def test_a_key_that_is_gone_signs_nothing(
        self, client: httpx.Client, configuration: Configuration, promise: Promise
    ):
        new_user(client)
        configuration.change(access_token_keys=(self.NEW,), refresh_token_keys=(self.NEW,))

        promise.check(client.get("/api/auth/me").status_code == 401, "an access token")
        promise.check(refresh(client).status_code == 401, "a refresh token")


@pytest.mark.promise("Clocks that differ sign nobody out")
@pytest.mark.parametrize("seconds", [-25, 25])
def test_a_token_of_an_instance_with_another_clock_is_taken(
    client: httpx.Client, configuration: Configuration, stack: Stack, seconds: int, promise: Promise
):
    new_user(client)
    settings, now = configuration.settings, datetime.now(UTC) + timedelta(seconds=seconds)
    [session] = client.get("/api/auth/sessions").json()["sessions"]
    identity = Identity(
        user_id=client.get("/api/auth/me").json()["id"], session_id=int(session["id"])
    )

    ours = issue_access_token(
        identity, settings.access_token_keys[0], now=now, lifetime=settings.access_token_lifetime
    )
    me = client.get("/api/auth/me", headers={"Authorization": f"Bearer {ours}"})
    theirs = mint_database_token(identity, settings.database_token_key, now=now)
    rows = httpx.get(
        f"{stack.supabase_url}/rest/v1/sessions?select=id",
        headers={"apikey": settings.supabase_publishable_key, "Authorization": f"Bearer {theirs}"},
    )

    promise.check(me.status_code == 200, f"an access token {seconds} s off: {me.text}")
    promise.check(rows.status_code == 200 and rows.json(), f"a database token: {rows.text}")

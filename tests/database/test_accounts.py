"""Accounts in SQL: who may read and call what, which sessions live, how long one waits."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, RaiseException
from psycopg.types.json import Jsonb

from dev.stack import Stack
from tests.accounts import new_name, run_sql

FOR_USERS = {"change_password", "end_session", "erase_account", "list_sessions"}
OF_THE_SERVICE = {
    "admin_disable",
    "admin_enable",
    "admin_set_passphrase",
    "begin_sign_in",
    "fail_sign_in",
    "finish_sign_in",
    "purge_accounts",
    "register_user",
    "rotate_refresh_token",
    "sign_out",
    "try_signup_code",
}


class Caller:
    """A role at the Data API, with the claims of its token."""

    def __init__(self, stack: Stack, role: LiteralString, **claims: str) -> None:
        self._dsn = stack.postgres_dsn
        self._role = sql.Identifier(role)
        self._claims = json.dumps(claims)

    def run(self, statement: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._dsn) as connection:
            connection.execute("select set_config('request.jwt.claims', %s, true)", [self._claims])
            connection.execute(sql.SQL("set local role {}").format(self._role))
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def call(self, function: LiteralString, **arguments: Any) -> Any:
        named = sql.SQL(", ").join(
            sql.SQL("{} => %s").format(sql.Identifier(f"p_{name}")) for name in arguments
        )
        query = sql.SQL("select public.{}({})").format(sql.Identifier(function), named)
        values = [Jsonb(v) if isinstance(v, dict | list) else v for v in arguments.values()]
        with psycopg.connect(self._dsn) as connection:
            connection.execute("select set_config('request.jwt.claims', %s, true)", [self._claims])
            connection.execute(sql.SQL("set local role {}").format(self._role))
            row = connection.execute(query, values).fetchone()
        assert row
        return row[0]


@pytest.fixture
def service(stack: Stack) -> Caller:
    return Caller(stack, "service_role")


def session_of(handle: uuid.UUID) -> dict[str, Any]:
    return {
        "handle": str(handle),
        "token_hash": "hash-1",
        "idle_seconds": 3600,
        "lifetime_seconds": 7200,
        "user_agent": None,
    }


class Account:
    """A user with one session, straight in the database."""

    def __init__(self, stack: Stack, service: Caller) -> None:
        self.username = new_name()
        self.handle = uuid.uuid4()
        begun = service.call(
            "register_user",
            username=self.username,
            password_hash="hash",
            session=session_of(self.handle),
        )
        self.id, self.session_id = begun["user"]["id"], begun["session_id"]
        self.caller = Caller(stack, "authenticated", sub=str(self.id), sid=str(self.session_id))


@pytest.fixture
def account(stack: Stack, service: Caller) -> Account:
    return Account(stack, service)


class TestWhoReadsWhat:
    @pytest.mark.parametrize("table", ["users", "sessions"])
    def test_a_user_reads_the_own_rows_only(
        self, stack: Stack, service: Caller, account: Account, table: LiteralString
    ):
        Account(stack, service)
        column = "id" if table == "users" else "user_id"
        statement = sql.SQL("select {} from public.{}").format(
            sql.Identifier(column), sql.Identifier(table)
        )

        assert account.caller.run(statement) == [(account.id,)]  # pyright: ignore[reportArgumentType]

    @pytest.mark.parametrize("role", ["anon", "authenticated"])
    @pytest.mark.parametrize(
        "statement",
        [
            "select password_hash from public.users",
            "select handle from public.sessions",
            "select * from private.refresh_tokens",
            "select * from private.sign_in_failures",
            "update public.users set username = 'mine'",
            "update public.sessions set ended_at = null",
            "delete from public.users",
            "insert into public.users (username, password_hash) values ('abc', 'x')",
            "insert into private.refresh_tokens values (1, 1, 'x')",
        ],
    )
    def test_secrets_are_read_and_rows_written_by_nobody(
        self, stack: Stack, account: Account, role: LiteralString, statement: LiteralString
    ):
        caller = Caller(stack, role, sub=str(account.id), sid=str(account.session_id))

        with pytest.raises(InsufficientPrivilege):
            caller.run(statement)

    @pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": str(uuid.uuid4())}, {"sub": "0"}])
    def test_another_kind_of_subject_reads_nothing(
        self, stack: Stack, account: Account, claims: dict[str, str]
    ):
        stranger = Caller(stack, "authenticated", **claims)

        assert stranger.run("select id from public.users") == []
        assert account.caller.run("select id from public.users") == [(account.id,)]

    def test_each_function_is_called_by_those_it_is_for(self, stack: Stack):
        rows = run_sql(
            stack,
            """
            select p.proname,
                has_function_privilege('anon', p.oid, 'execute'),
                has_function_privilege('authenticated', p.oid, 'execute')
            from pg_proc as p where p.pronamespace = 'public'::regnamespace
                and p.proname = any(%(names)s)
            """,
            names=sorted(FOR_USERS | OF_THE_SERVICE),
        )

        assert {name for name, _, _ in rows} == FOR_USERS | OF_THE_SERVICE
        assert not any(for_anybody for _, for_anybody, _ in rows)
        assert {name for name, _, for_users in rows if for_users} == FOR_USERS


class TestWhichSessionsLive:
    def end(self, account: Account) -> None:
        account.caller.call("end_session", session_id=account.session_id)

    def test_a_living_one_may_write(self, account: Account):
        self.end(account)

    @pytest.mark.parametrize(
        "change",
        [
            "update public.sessions set ended_at = now() where user_id = %(id)s",
            "update public.sessions set expires_at = now() where user_id = %(id)s",
            "update public.sessions set idle_expires_at = now() where user_id = %(id)s",
            "update public.users set disabled_at = now() where id = %(id)s",
            "update public.users set password_expires_at = now() where id = %(id)s",
            "delete from public.users where id = %(id)s",
        ],
    )
    def test_an_ended_one_may_not(self, stack: Stack, account: Account, change: LiteralString):
        run_sql(stack, change, id=account.id)

        with pytest.raises(RaiseException, match="session-ended"):
            self.end(account)

    def test_one_of_somebody_else_is_none(self, stack: Stack, service: Caller, account: Account):
        other = Account(stack, service)
        mixed = Caller(stack, "authenticated", sub=str(account.id), sid=str(other.session_id))

        with pytest.raises(RaiseException, match="session-ended"):
            mixed.call("end_session", session_id=account.session_id)

    def test_a_one_time_passphrase_may_not_erase(self, stack: Stack, account: Account):
        run_sql(
            stack,
            "update public.users set password_expires_at = now() + interval '1 hour' where id = %(id)s",
            id=account.id,
        )

        with pytest.raises(RaiseException, match="password-change-required"):
            account.caller.call("erase_account", password_hash="hash", name_key="n")

    def test_a_changed_hash_stops_who_compared_the_old_one(self, account: Account):
        keys = {"name_key": "n", "address_key": "a"}
        change = {"new_password_hash": "new", **keys}
        account.caller.call("change_password", password_hash="hash", **change)

        with pytest.raises(RaiseException, match="invalid-credentials"):
            account.caller.call("change_password", password_hash="hash", **change)


class TestRotation:
    def rotate(self, service: Caller, account: Account, generation: int) -> dict[str, Any]:
        return service.call(
            "rotate_refresh_token",
            handle=account.handle,
            generation=generation,
            token_hash=f"hash-{generation}",
            child_hashes=[f"hash-{generation + 1}"],
            idle_seconds=3600,
        )

    def test_uses_at_once_make_one_child(self, stack: Stack, service: Caller):
        accounts = [Account(stack, service) for _ in range(10)]
        all_are_ready = threading.Barrier(8)

        def rotate_all(_: int) -> list[str]:
            outcomes: list[str] = []
            with psycopg.connect(stack.postgres_dsn, autocommit=True) as connection:
                for account in accounts:
                    all_are_ready.wait(timeout=10)
                    row = connection.execute(
                        """
                        select public.rotate_refresh_token(%s, 1, 'hash-1', '["hash-2"]', 3600)
                            ->> 'outcome'
                        """,
                        [account.handle],
                    ).fetchone()
                    outcomes += row or []
            return outcomes

        with ThreadPoolExecutor(8) as threads:
            outcomes = [outcome for all_ in threads.map(rotate_all, range(8)) for outcome in all_]

        assert outcomes == ["rotated"] * 80
        rows = run_sql(
            stack,
            "select generation from private.refresh_tokens where session_id = any(%(ids)s)",
            ids=[account.session_id for account in accounts],
        )
        assert sorted(rows) == [(1,)] * 10 + [(2,)] * 10

    def test_a_token_that_was_never_issued_ends_the_session(
        self, service: Caller, account: Account
    ):
        assert self.rotate(service, account, 5) == {"outcome": "reused"}
        assert self.rotate(service, account, 1) == {"outcome": "invalid"}

    def test_a_stored_hash_that_differs_ends_the_session(
        self, stack: Stack, service: Caller, account: Account
    ):
        run_sql(
            stack,
            "update private.refresh_tokens set token_hash = 'x' where session_id = %(id)s",
            id=account.session_id,
        )

        assert self.rotate(service, account, 1) == {"outcome": "reused"}


class TestFinishingASignIn:
    def finish(self, service: Caller, account: Account, password_hash: str) -> Any:
        return service.call(
            "finish_sign_in",
            user_id=account.id,
            password_hash=password_hash,
            upgraded_hash=None,
            name_key="n",
            address_key="a",
            session=session_of(uuid.uuid4()),
        )

    def test_begins_a_session(self, service: Caller, account: Account):
        assert self.finish(service, account, "hash")["session_id"] > account.session_id

    def test_begins_none_if_the_password_was_reset_meanwhile(
        self, service: Caller, account: Account
    ):
        reset = {"lifetime_seconds": 3600, "name_key": "n"}
        service.call("admin_set_passphrase", username=account.username, password_hash="x", **reset)

        assert self.finish(service, account, "hash") is None

    def test_begins_none_if_the_user_was_disabled_meanwhile(
        self, service: Caller, account: Account
    ):
        service.call("admin_disable", username=account.username)

        assert self.finish(service, account, "hash") is None


class TestWaiting:
    def attempt(self, service: Caller, name: str) -> dict[str, Any]:
        return service.call("begin_sign_in", username="", name_key=name, address_key="a")

    def make_failures(self, stack: Stack, name: str, count: int, seconds_ago: int = 0) -> None:
        run_sql(
            stack,
            """
            insert into private.sign_in_failures (name_key, address_key, failed_at)
            select %(name)s, 'a', clock_timestamp() - make_interval(secs => %(seconds_ago)s)
            from generate_series(1, %(count)s)
            """,
            name=name,
            count=count,
            seconds_ago=seconds_ago,
        )

    @pytest.mark.parametrize(
        ("failures", "seconds"), [(5, 2), (6, 4), (7, 8), (10, 64), (13, 512), (14, 900), (60, 900)]
    )
    def test_doubles_from_two_seconds_to_fifteen_minutes(
        self, stack: Stack, service: Caller, failures: int, seconds: int
    ):
        name = new_name()
        self.make_failures(stack, name, failures)

        assert self.attempt(service, name) == {"retry_after_seconds": seconds}

    def test_ends(self, stack: Stack, service: Caller):
        name = new_name()
        self.make_failures(stack, name, 6, seconds_ago=4)

        assert "retry_after_seconds" not in self.attempt(service, name)

    def test_is_not_made_longer_by_trying(self, stack: Stack, service: Caller):
        name = new_name()
        self.make_failures(stack, name, 8)

        waits = [self.attempt(service, name)["retry_after_seconds"] for _ in range(20)]

        assert max(waits) == 16

    def test_is_forgotten_after_a_day(self, stack: Stack, service: Caller):
        name = new_name()
        self.make_failures(stack, name, 90, seconds_ago=24 * 3600)

        assert "retry_after_seconds" not in self.attempt(service, name)

    def test_attempts_at_once_run_five_at_a_time(self, service: Caller):
        name = new_name()

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(lambda _: self.attempt(service, name), range(48)))

        assert sum(answer is not None for answer in answers) == 5

    def test_each_that_fails_leaves_one_less_to_run(self, service: Caller):
        name, keys = new_name(), {"address_key": "a"}
        running = [self.attempt(service, name) for _ in range(5)]
        service.call("fail_sign_in", attempt_id=running[0]["id"], name_key=name, **keys)

        assert self.attempt(service, name) is None

        for attempt in running[1:]:
            service.call("fail_sign_in", attempt_id=attempt["id"], name_key=name, **keys)
        assert self.attempt(service, name) == {"retry_after_seconds": 2}

    def test_past_the_free_ones_one_runs_at_a_time(self, stack: Stack, service: Caller):
        name = new_name()
        self.make_failures(stack, name, 6, seconds_ago=4)

        answers = [self.attempt(service, name) for _ in range(3)]

        assert [answer is not None for answer in answers] == [True, False, False]

    def test_of_a_name_no_more_run_than_may_fail(self, stack: Stack, service: Caller):
        name = new_name()
        run_sql(
            stack,
            """
            insert into private.sign_in_failures (name_key, address_key)
            select %(name)s, 'of ' || n from generate_series(1, 98) as n
            """,
            name=name,
        )

        answers = [
            service.call("begin_sign_in", username="", name_key=name, address_key=f"from {n}")
            for n in range(4)
        ]

        assert [answer is not None for answer in answers] == [True, True, False, False]

    def test_those_whose_process_died_count_as_failed_after_half_a_minute(
        self, stack: Stack, service: Caller
    ):
        name = new_name()
        for _ in range(5):
            self.attempt(service, name)
        assert self.attempt(service, name) is None

        run_sql(
            stack,
            """
            update private.sign_in_failures as f
            set failed_at = f.failed_at - interval '30 seconds',
                running_until = f.running_until - interval '30 seconds'
            where f.name_key = %(name)s
            """,
            name=name,
        )

        assert [self.attempt(service, name) is not None for _ in range(2)] == [True, False]

    def test_a_wrong_one_counts_though_a_right_one_made_good_meanwhile(
        self, stack: Stack, service: Caller
    ):
        name = new_name()
        attempt = self.attempt(service, name)
        run_sql(stack, "delete from private.sign_in_failures where name_key = %(name)s", name=name)

        service.call("fail_sign_in", attempt_id=attempt["id"], name_key=name, address_key="a")

        rows = run_sql(
            stack,
            "select running_until from private.sign_in_failures where name_key = %(name)s",
            name=name,
        )
        assert rows == [(None,)]


class TestPurging:
    def test_deletes_what_is_over_for_a_month_and_counts_no_more(
        self, stack: Stack, service: Caller, account: Account
    ):
        living = Account(stack, service)
        run_sql(
            stack,
            "update public.sessions set ended_at = now() - interval '31 days' where id = %(id)s",
            id=account.session_id,
        )
        name = new_name()
        TestWaiting().make_failures(stack, name, 3, seconds_ago=25 * 3600)

        purged = service.call("purge_accounts", limit=1000)

        assert purged["sessions"] >= 1
        assert purged["sign_in_failures"] >= 3
        rows = run_sql(
            stack,
            "select id from public.sessions where id in (%(old)s, %(living)s)",
            old=account.session_id,
            living=living.session_id,
        )
        assert rows == [(living.session_id,)]

    def test_is_bounded(self, stack: Stack, service: Caller):
        TestWaiting().make_failures(stack, new_name(), 3, seconds_ago=25 * 3600)

        assert service.call("purge_accounts", limit=2)["sign_in_failures"] == 2

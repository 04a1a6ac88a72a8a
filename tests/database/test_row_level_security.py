"""The Data API, spoken to directly as anybody could: each user sees their own rows and writes none.

Tables and functions are read from the catalogue: a new one that nobody protected fails here.
"""

import contextlib
import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

import jwt
import psycopg
import pytest
from postgrest import APIError
from psycopg import sql

from dev.migrations import read_config
from dev.stack import Stack
from dev.student import Student
from lib.domain.identities import Identity
from lib.domain.tokens import mint_database_token
from supabase import Client, create_client
from tests.conftest import Ground
from tests.lessons import LIGHT, QUESTION

# The package warns of what it passes on itself.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The '(timeout|verify)' parameter:DeprecationWarning"
)

# No user reads these at all; every other table shows each user their own rows.
FOR_NOBODY = {"deployment_usage", "object_deletions"}
FORBIDDEN = "42501"


class Table(NamedTuple):
    name: str
    columns: list[str]
    assignable: list[str]
    readable: list[str]

    @property
    def owner(self) -> str:
        return "id" if self.name == "users" else "user_id"


@pytest.fixture(scope="module")
def tables(ground: Ground) -> list[Table]:
    """Everything that looks like a table in a schema that the Data API offers."""
    rows = ground.rows(
        "select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,"
        " array_agg(a.attname::text order by a.attnum) filter (where a.attidentity = '') as assignable,"
        " coalesce(array_agg(a.attname::text order by a.attnum)"
        "  filter (where has_column_privilege('authenticated', c.oid, a.attnum, 'select')), '{}') as readable"
        " from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f') group by c.oid, c.relname",
        read_config()["api"]["schemas"],
    )
    return [Table(**row) for row in rows]


class Person(NamedTuple):
    """A student, and the Data API as this student: with a token as our functions mint it."""

    student: Student
    identity: Identity
    api: Client


class Household(NamedTuple):
    owner: Person
    other: Person
    ids: dict[str, Any]


Connect = Callable[[str | None], Client]


@pytest.fixture(scope="module")
def connect(stack: Stack) -> Generator[Connect]:
    """Speak to the Data API through the package that everybody has: with a user's token, or without."""
    with contextlib.ExitStack() as opened:

        def connect(token: str | None) -> Client:
            api = create_client(stack.supabase_url, stack.publishable_key)
            opened.callback(api.postgrest.session.close)
            if token:
                api.postgrest.auth(token)
            return api

        yield connect


def mint(stack: Stack, identity: Identity) -> str:
    return mint_database_token(identity, stack.jwt_secret, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def household(
    stack: Stack,
    ground: Ground,
    connect: Connect,
    new_reader: Callable[[dict[str, str | bytes]], Student],
) -> Household:
    """Two users who both have a row in every table."""

    def settle() -> Person:
        student = new_reader({"light.md": LIGHT})
        student.ask(QUESTION)
        session = ground.row("select id from sessions where user_id = %s", student.id)
        identity = Identity(user_id=student.id, session_id=session["id"])
        return Person(student, identity, connect(mint(stack, identity)))

    owner, other = settle(), settle()
    ids = {
        "p_file_id": ground.row("select id from files where user_id = %s", owner.identity.user_id),
        "p_chat_id": ground.row("select id from chats where user_id = %s", owner.identity.user_id),
        "p_query_id": ground.row(
            "select id from queries where user_id = %s", owner.identity.user_id
        ),
        "p_session_id": {"id": owner.identity.session_id},
    }
    return Household(owner, other, {name: row["id"] for name, row in ids.items()})


def refusal(request: Any) -> str | None:
    """Return the code that a request is refused with; None if it is not."""
    try:
        request.execute()
    except APIError as error:
        return error.code
    return None


def answer_or_problem(request: Any) -> Any:
    try:
        return request.execute().data
    except APIError as error:
        return error.message


def snapshot(ground: Ground) -> list[Any]:
    return ground.rows(
        "select (select jsonb_agg(f order by id) from files as f) as files,"
        " (select jsonb_agg(c order by id) from chats as c) as chats,"
        " (select jsonb_agg(q order by id) from queries as q) as queries,"
        " (select jsonb_agg(u order by id) from users as u) as users,"
        " (select jsonb_agg(s order by id) from sessions as s) as sessions,"
        " (select count(*) from pages) as pages, (select count(*) from chunks) as chunks,"
        " (select count(*) from object_deletions) as object_deletions"
    )


class TestTables:
    def test_are_all_behind_row_level_security(self, ground: Ground) -> None:
        bare = ground.rows(
            "select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
            " where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relrowsecurity"
        )

        assert bare == []

    def test_show_each_user_their_own_rows(
        self, household: Household, tables: list[Table], ground: Ground
    ) -> None:
        assert len(tables) >= 10
        for person in (household.owner, household.other):
            for table in tables:
                if table.name in FOR_NOBODY:
                    continue
                assert table.owner in table.readable, f"whose are the rows of {table.name}?"
                columns = ",".join(table.readable)

                rows = person.api.table(table.name).select(columns).execute().data

                owners = {cast("dict[str, Any]", row)[table.owner] for row in rows}
                assert owners == {person.identity.user_id}, f"{table.name} shows rows of {owners}"
        assert len({row["user_id"] for row in ground.rows("select user_id from chunks")}) >= 2

    def test_do_not_show_secrets_to_anybody(
        self, household: Household, tables: list[Table]
    ) -> None:
        for table in tables:
            for column in set(table.columns) - set(table.readable):
                request = household.owner.api.table(table.name).select(column)
                assert refusal(request) == FORBIDDEN, f"{table.name}.{column}"
        [users] = [table for table in tables if table.name == "users"]
        assert "password_hash" not in users.readable

    def test_take_nothing_from_a_user(
        self, household: Household, tables: list[Table], ground: Ground
    ) -> None:
        before = snapshot(ground)
        for table in tables:
            column = table.assignable[0]
            rows = household.owner.api.table(table.name)
            requests = {
                "insert": rows.insert({column: None}),
                "upsert": rows.upsert({column: None}),
                "update": rows.update({column: None}).not_.is_(column, "null"),
                "delete": rows.delete().not_.is_(column, "null"),
            }
            codes = {verb: refusal(request) for verb, request in requests.items()}

            assert set(codes.values()) == {FORBIDDEN}, f"{table.name}: {codes}"
        assert snapshot(ground) == before

    def test_show_nothing_to_who_is_not_signed_in(
        self, connect: Connect, household: Household, tables: list[Table]
    ) -> None:
        anonymous = connect(None)

        codes = {table.name: refusal(anonymous.table(table.name).select("*")) for table in tables}

        assert household.ids
        assert set(codes.values()) == {FORBIDDEN}, codes


class TestTokens:
    @pytest.fixture
    def claims(self, household: Household) -> dict[str, Any]:
        """What an honest database token says."""
        return {
            "role": "authenticated",
            "aud": "authenticated",
            "sub": str(household.owner.identity.user_id),
            "sid": str(household.owner.identity.session_id),
            "exp": int(datetime.now(UTC).timestamp()) + 60,
        }

    @pytest.fixture
    def try_token(self, connect: Connect) -> Callable[[str], str | None]:
        """Return what a token is refused with; None if it is taken."""
        return lambda token: refusal(connect(token).table("files").select("id"))

    def test_that_are_honest_are_taken(
        self, stack: Stack, claims: dict[str, Any], try_token: Callable[[str], str | None]
    ) -> None:
        assert try_token(jwt.encode(claims, stack.jwt_secret, "HS256")) is None

    def test_signed_with_another_key_are_refused(
        self, claims: dict[str, Any], try_token: Callable[[str], str | None]
    ) -> None:
        other_key = "another secret of thirty-two bytes or more"

        assert try_token(jwt.encode(claims, other_key, "HS256")) == "PGRST301"

    def test_not_signed_at_all_are_refused(
        self, claims: dict[str, Any], try_token: Callable[[str], str | None]
    ) -> None:
        # PostgREST says PGRST301; the local Data API takes it for no token, and who has none reads nothing.
        assert try_token(jwt.encode(claims, "", "none")) in ("PGRST301", FORBIDDEN)

    def test_that_have_expired_are_refused(
        self, stack: Stack, claims: dict[str, Any], try_token: Callable[[str], str | None]
    ) -> None:
        past = int((datetime.now(UTC) - timedelta(minutes=5)).timestamp())
        token = jwt.encode({**claims, "exp": past}, stack.jwt_secret, "HS256")

        assert str(try_token(token)).startswith("PGRST30")

    def test_that_the_browser_holds_are_refused(
        self, household: Household, try_token: Callable[[str], str | None]
    ) -> None:
        bearer = household.owner.student.client.headers["Authorization"]

        assert try_token(bearer.removeprefix("Bearer ")) == "PGRST301"

    @pytest.mark.parametrize("sub", ["", "0", "-1", "1 or 1=1", "1.0", "9" * 30])
    def test_of_nobody_of_ours_show_nothing(
        self,
        stack: Stack,
        connect: Connect,
        claims: dict[str, Any],
        tables: list[Table],
        sub: str,
    ) -> None:
        api = connect(jwt.encode({**claims, "sub": sub}, stack.jwt_secret, "HS256"))

        for table in tables:
            if table.name not in FOR_NOBODY:
                assert api.table(table.name).select(table.readable[0]).execute().data == []

    def test_of_supabases_own_users_show_nothing(
        self, stack: Stack, claims: dict[str, Any], tables: list[Table], ground: Ground
    ) -> None:
        uuid = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
        # Asked in SQL: for such a token the local Data API looks for a table of users that Lectern has not.
        claimed = json.dumps({**claims, "sub": uuid})
        with psycopg.connect(stack.postgres_dsn) as connection:
            connection.execute("select set_config('request.jwt.claims', %s, true)", [claimed])
            connection.execute("set local role authenticated")

            for table in tables:
                if table.name not in FOR_NOBODY:
                    seen = sql.SQL("select {} from {}").format(
                        sql.Identifier(table.readable[0]), sql.Identifier(table.name)
                    )
                    assert connection.execute(seen).fetchall() == []
        assert ground.rows("select 1 from users")


class TestFunctions:
    def test_are_closed_to_who_is_not_signed_in(self, ground: Ground) -> None:
        opened = ground.rows(
            "select p.oid::regprocedure::text as name from pg_proc as p"
            " where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
            " and has_function_privilege('anon', p.oid, 'execute')"
        )

        assert opened == []

    def test_of_the_service_refuse_users(self, household: Household, ground: Ground) -> None:
        functions = ground.rows(
            "select p.proname::text as name, coalesce(p.proargnames::text[], '{}') as arguments from pg_proc as p"
            " where p.pronamespace = 'public'::regnamespace"
            " and not has_function_privilege('authenticated', p.oid, 'execute')"
        )
        assert len(functions) >= 10

        for function in functions:
            arguments = dict.fromkeys(function["arguments"])
            code = refusal(household.owner.api.rpc(function["name"], arguments))
            assert code == FORBIDDEN, f"{function['name']}: {code}"

    def test_know_nothing_of_what_is_somebody_elses(
        self, household: Household, ground: Ground
    ) -> None:
        """Every function that takes an id, with one of the owner's, called by the other."""
        before = snapshot(ground)
        values: dict[str, Any] = {
            **household.ids,
            "p_number": 1,
            "p_limit": 10,
            "p_cursor": None,
            "p_lease_seconds": 60,
            "p_title": "Mine now",
            "p_result": {"status": "failed", "response": "", "citations": []},
        }
        functions = ground.rows(
            "select p.proname::text as name, p.proargnames::text[] as arguments from pg_proc as p"
            " where p.pronamespace = 'public'::regnamespace and p.proargnames && %s"
            " and has_function_privilege('authenticated', p.oid, 'execute')",
            list(household.ids),
        )
        assert len(functions) >= 9

        for function in functions:
            arguments = {name: values[name] for name in function["arguments"]}
            request = household.other.api.rpc(function["name"], arguments)
            answer = answer_or_problem(request)
            assert answer is None or str(answer).endswith("-not-found"), (
                f"{function['name']}: {answer}"
            )
        assert snapshot(ground) == before

"""The migrations: from nothing, again over data, with the rights of a hosted project, and explained."""

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest

from dev.stack import Stack
from tests.hosted import MIGRATIONS, apply, hosted_database

# Their names say it all.
OBVIOUS = {
    "id user_id session_id file_id chat_id created_at username filename size_bytes text",
    "query_text day",
}

DATA = """
select public.register_user('ada', 'hash', jsonb_build_object(
    'handle', gen_random_uuid(), 'token_hash', 'h', 'idle_seconds', 60, 'lifetime_seconds', 60));
insert into public.files (user_id, filename, path, size_bytes, content_type, page_kind, status)
select 1, 'a.txt', '1/' || n, 1, 'text/plain', 'part', 'ready' from generate_series(1, 50) as n;
insert into public.pages (file_id, number, user_id, text)
select id, 1, 1, 'A ray bends.' from public.files;
insert into public.chunks (file_id, ordinal, user_id, page, start, text, search)
select id, 0, 1, 1, 0, 'A ray bends.', to_tsvector('english', 'A ray bends.') from public.files;
insert into public.chats (id, user_id, title) values (gen_random_uuid()::text, 1, 'Rays');
insert into public.queries
(user_id, chat_id, query_text, search_text, reserved_tokens, deadline_at, request_hash)
select 1, id, 'Why?', 'why', 1, now(), 'r' from public.chats;
insert into public.object_deletions (path) values ('1/x');
insert into public.daily_usage (user_id, day) values (1, now()::date);
insert into public.deployment_usage (day) values (now()::date);
insert into private.sign_in_failures (name_key, address_key) values ('n', 'a');
"""


@pytest.fixture(scope="module")
def live(stack: Stack) -> Generator[str]:
    """A hosted database with every migration and a row in every table."""
    with hosted_database(stack) as dsn:
        for path in MIGRATIONS:
            apply(dsn, path)
        with psycopg.connect(dsn) as connection:
            connection.execute(DATA, prepare=False)
        yield dsn


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        # What this scans is counted before the next one looks.
        connection.execute("select pg_stat_force_next_flush()")
        return connection.execute(cast("LiteralString", query)).fetchall()


def tables(dsn: str) -> list[str]:
    found = rows(
        dsn,
        "select schemaname || '.' || tablename from pg_tables"
        " where schemaname in ('public', 'private') order by 1",
    )
    return [name for (name,) in found]


def counts(dsn: str) -> dict[str, int]:
    return {table: len(rows(dsn, f"table {table}")) for table in tables(dsn)}


def storage_of(dsn: str) -> list[tuple[Any, ...]]:
    """Return where each table and index lies on disk, and how many rows were ever scanned."""
    return rows(
        dsn,
        """
        select c.oid::regclass::text, c.relfilenode, s.seq_scan from pg_class as c
        left join pg_stat_user_tables as s on s.relid = c.oid
        where c.relkind in ('r', 'i')
            and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        order by 1
        """,
    )


class TestAgainOnALiveDatabase:
    def test_every_table_has_a_row(self, live: str) -> None:
        assert [table for table, count in counts(live).items() if not count] == []

    @pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
    def test_keeps_every_row_and_neither_scans_nor_rewrites_a_table(
        self, live: str, path: Path
    ) -> None:
        kept = counts(live)
        before = storage_of(live)

        apply(live, path)

        assert storage_of(live) == before
        assert counts(live) == kept

    @pytest.mark.parametrize(
        "statement",
        [
            "alter table public.files alter column size_bytes type numeric;",
            "alter table public.files add constraint files_id_check check (id > 0);",
            "create index files_filename_idx on public.files (filename);",
        ],
    )
    def test_what_would_lock_a_full_table_is_seen(self, stack: Stack, statement: str) -> None:
        with hosted_database(stack) as dsn:
            for path in MIGRATIONS:
                apply(dsn, path)
            before = storage_of(dsn)

            apply(dsn, MIGRATIONS[0], statement)

            assert storage_of(dsn) != before

    def test_ranks_where_the_ranking_took_one_more_argument(self, live: str) -> None:
        with psycopg.connect(live) as connection:
            connection.execute(
                "create function private.retrieve("
                " bigint, bigint[], text, extensions.halfvec, jsonb, text default null"
                ") returns jsonb language sql as 'select null::jsonb'"
            )

        for path in MIGRATIONS:
            apply(live, path)

        ask = "select private.retrieve(1, null, 'ray', null, '{\"passages\": 1}')"
        [[passages]] = rows(live, ask)
        assert [passage["text"] for passage in passages] == ["A ray bends."]

    def test_a_limit_that_was_raised_by_hand_stays(self, live: str) -> None:
        with psycopg.connect(live) as connection:
            connection.execute("update storage.buckets set file_size_limit = 99")

        for path in MIGRATIONS:
            apply(live, path)

        assert rows(live, "select file_size_limit, public from storage.buckets") == [(99, False)]


def statements(path: Path) -> Iterator[str]:
    """Yield the statements of a migration, without comments and bodies of functions."""
    text = re.sub(r"\$\$.*?\$\$", "''", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--.*", "", text))
    yield from (" ".join(part.split()) for part in text.split(";") if part.strip())


class TestStatements:
    """What may stand in a migration as it is; anything else wants a thought about locks first."""

    @pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
    def test_lock_no_full_table_for_long(self, path: Path) -> None:
        own = {s.split()[5] for s in statements(path) if s.startswith("create table if not exists")}
        harmless = (
            r"create (schema|extension|table|(unique )?index) if not exists .*"
            # Only SQL calls those in private: what is deployed misses none.
            r"|drop function if exists private\..*"
            r"|create or replace function .*|create policy .*|drop policy if exists .*"
            r"|alter table \S+ enable row level security|alter default privileges .*"
            # How rows to come are laid out; those that are there stay as they are.
            r"|alter table \S+ set \(toast_tuple_target = \d+\)"
            r"|alter table \S+ alter column \w+ set storage \w+"
            r"|comment on .*|grant .*|revoke .*|insert into storage\.buckets .*"
        )

        unknown = [s for s in statements(path) if not re.fullmatch(harmless, s)]
        indexed = {
            found[1]
            for s in statements(path)
            if (found := re.match(r"create (?:unique )?index \S+ \S+ \S+ \S+ on (\S+)", s))
        }
        assert unknown == []
        assert indexed <= own, "an index on a table of an earlier migration: make it concurrently"


class TestTheDashboardExplainsItself:
    def test_every_table_has_a_comment(self, live: str) -> None:
        silent = [
            table
            for table in tables(live)
            if not rows(live, f"select obj_description('{table}'::regclass)")[0][0]
        ]

        assert silent == []

    def test_every_function_of_the_data_api_has_a_comment(self, live: str) -> None:
        silent = rows(
            live,
            """
            select oid::regprocedure::text from pg_proc
            where pronamespace = 'public'::regnamespace and obj_description(oid, 'pg_proc') is null
            """,
        )

        assert silent == []

    def test_every_column_that_is_not_obvious_has_a_comment(self, live: str) -> None:
        columns = rows(
            live,
            """
            select attrelid::regclass || '.' || attname from pg_attribute
            inner join pg_class as c on c.oid = attrelid
            where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
                and c.relkind = 'r' and attnum > 0 and not attisdropped
                and col_description(attrelid, attnum) is null
            """,
        )

        obvious = {name for names in OBVIOUS for name in names.split()}
        assert [name for (name,) in columns if name.rpartition(".")[2] not in obvious] == []


class TestTheBucket:
    def test_is_private_and_takes_what_the_default_settings_allow(self, stack: Stack) -> None:
        with psycopg.connect(stack.postgres_dsn) as connection:
            row = connection.execute(
                "select public, file_size_limit from storage.buckets where id = 'files'"
            ).fetchone()

        assert row == (False, 50 * 1024 * 1024)

    def test_lets_no_user_reach_an_object_by_their_own_right(self, live: str) -> None:
        policies = rows(live, "select policyname from pg_policies where schemaname = 'storage'")

        assert policies == []

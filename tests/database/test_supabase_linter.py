"""Supabase's linter finds nothing in our schema, and would."""

from collections import Counter
from collections.abc import Generator

import psycopg
import pytest

from dev.stack import Stack
from dev.supabase_lint import ACCEPTED, lint, show_schemas
from tests.hosted import MIGRATIONS, apply, hosted_database

# Everything that one should not do, as the owner of a project might.
CANARY = """
create schema auth_canary;
create table public.canary_open (id integer, secret_token text, kind regconfig);
create table public.canary_ruled (id integer primary key, other integer references public.users (id));
create policy "anybody" on public.canary_ruled for select using (true);
create policy "anybody again" on public.canary_ruled for select using (id > 0);
create view public.canary_view as select * from public.users;
create materialized view public.canary_copy as select * from public.users;
create function public.canary_path() returns integer language sql as 'select 1';
grant all on all tables in schema public to anon;
"""


@pytest.fixture
def database(stack: Stack) -> Generator[str]:
    with hosted_database(stack) as dsn:
        for path in MIGRATIONS:
            apply(dsn, path)
        show_schemas(dsn, "public")
        yield dsn


def test_finds_nothing_but_what_is_accepted(database: str) -> None:
    findings = lint(database)

    assert [str(finding) for finding in findings if not finding.is_accepted] == []
    assert {finding.lint for finding in findings} <= set(ACCEPTED)


def test_finds_what_is_bad_on_purpose(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(CANARY, prepare=False)

    found = [finding for finding in lint(database) if not finding.is_accepted]

    levels = Counter(finding.level for finding in found)
    assert len(found) >= 5
    assert (levels["ERROR"] > 0, levels["WARN"] > 0) == (True, True)
    assert {"rlsDisabledInPublic", "policyExistsRlsDisabled", "securityDefinerView"} <= {
        finding.lint for finding in found
    }


def test_is_half_blind_where_no_schema_is_exposed(database: str) -> None:
    show_schemas(database, "")
    with psycopg.connect(database) as connection:
        connection.execute(CANARY, prepare=False)

    assert "rlsDisabledInPublic" not in {finding.lint for finding in lint(database)}

"""A database as a hosted project has it before the first migration: its owner is no superuser."""

import itertools
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString, cast
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from dev.processes import ROOT
from dev.stack import Stack

MIGRATIONS = sorted((ROOT / "supabase" / "migrations").glob("*.sql"))
OWNER, _PASSWORD = "hosted_owner", "no secret: it opens a database of the tests alone"
_numbers = itertools.count(1)

# What `postgres` is there: it owns the database and passes row level security; more it may not.
_ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'hosted_owner') then
        create role hosted_owner login nosuperuser createdb createrole bypassrls
        password 'no secret: it opens a database of the tests alone';
    end if;
end
$$
"""
_GROUND = """
drop schema supabase_migrations cascade;
create extension vector with schema extensions;
grant set on parameter pgrst.db_schemas to hosted_owner;
grant usage on schema extensions, storage to hosted_owner;
grant select, insert, update on storage.buckets to hosted_owner;
alter default privileges for role hosted_owner in schema public
grant all on tables to anon, authenticated, service_role;
alter default privileges for role hosted_owner in schema public
grant all on sequences to anon, authenticated, service_role;
alter default privileges for role hosted_owner in schema public
grant all on functions to anon, authenticated, service_role;
"""


def apply(dsn: str, path: Path, addition: str = "") -> None:
    """Run a migration as the official CLI does: its statements, in one transaction."""
    with psycopg.connect(dsn) as connection:
        text = path.read_text() + addition
        connection.execute(cast("LiteralString", text), prepare=False)
        connection.execute("select pg_stat_force_next_flush()")


@contextmanager
def hosted_database(stack: Stack) -> Generator[str]:
    """Make such a database beside the stack's own, and return its owner's address."""
    name = f"hosted_{next(_numbers)}"
    ours = urlsplit(stack.postgres_dsn)
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as cluster:
        cluster.execute(_ROLE)
        cluster.execute(
            sql.SQL("create database {} owner {}").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
        bootstrap = (ROOT / "dev" / "bootstrap.sql").read_text()
        with psycopg.connect(ours._replace(path=f"/{name}").geturl(), autocommit=True) as database:
            database.execute(cast("LiteralString", bootstrap), prepare=False)
            database.execute(_GROUND)
        port = f"{ours.hostname}:{ours.port}"
        yield f"postgresql://{OWNER}:{_PASSWORD.replace(' ', '%20')}@{port}/{name}"
        cluster.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

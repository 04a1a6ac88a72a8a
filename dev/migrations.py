"""What the official CLI does to a database: migrations in order, each once, then the seed."""

import tomllib
from pathlib import Path
from typing import Any, LiteralString, NamedTuple, cast

import psycopg
from psycopg import sql

from dev.processes import ROOT

_BOOTSTRAP = ROOT / "dev" / "bootstrap.sql"
_PROJECT = ROOT / "supabase"


class MigrationFailed(Exception):
    """A migration was refused; the message names its file. The database is as it was before it."""


class Migrated(NamedTuple):
    """What a start found to do, by file name."""

    applied: list[str]
    changed: list[str]
    """Applied before, and another text since: the database is not what the files say."""


def read_config() -> dict[str, Any]:
    """Return supabase/config.toml."""
    return tomllib.loads((_PROJECT / "config.toml").read_text())


def _run(connection: psycopg.Connection, path: Path) -> None:
    connection.execute(cast("LiteralString", path.read_text()), prepare=False)


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute(
        "select version, array_to_string(statements, '') from supabase_migrations.schema_migrations"
    )
    return dict(rows.fetchall())


def _version(path: Path) -> str:
    return path.name.partition("_")[0]


def _apply(connection: psycopg.Connection, path: Path) -> None:
    try:
        with connection.transaction():
            _run(connection, path)
            connection.execute("reset all")
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s, %s, %s)",
                (_version(path), [path.read_text()], path.stem.partition("_")[2]),
            )
    except psycopg.Error as error:
        where = error.diag.statement_position or "unknown"
        raise MigrationFailed(f"{path.name}: {error} (at character {where})") from error


def migrate(dsn: str, authenticator_password: str) -> Migrated:
    """Bring the database up to date.

    Raises:
        MigrationFailed: One was refused.
    """
    files = sorted((_PROJECT / "migrations").glob("*_*.sql"))
    with psycopg.connect(dsn, autocommit=True) as connection:
        is_new = connection.execute("select from pg_roles where rolname = 'anon'").rowcount == 0
        with connection.transaction():
            _run(connection, _BOOTSTRAP)
            connection.execute(
                sql.SQL("alter role authenticator password {}").format(authenticator_password)
            )
        done = _applied(connection)
        pending = [path for path in files if _version(path) not in done]
        for path in pending:
            _apply(connection, path)
        if is_new:
            _seed(connection)
    changed = [
        path for path in files if done.get(_version(path), path.read_text()) != path.read_text()
    ]
    return Migrated([path.name for path in pending], [path.name for path in changed])


def _seed(connection: psycopg.Connection) -> None:
    settings = read_config().get("db", {}).get("seed", {})
    if settings.get("enabled", True):
        for pattern in settings.get("sql_paths", ["./seed.sql"]):
            for path in sorted(_PROJECT.glob(pattern.removeprefix("./"))):
                _run(connection, path)

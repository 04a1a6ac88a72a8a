"""What the official CLI does to a database: migrations in order, each once, then the seed."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql

from dev.processes import ROOT

_BOOTSTRAP = ROOT / "dev" / "bootstrap.sql"
_PROJECT = ROOT / "supabase"


class MigrationFailed(Exception):
    """A migration was refused; the message names its file. The database is as it was before it."""


def read_config() -> dict[str, Any]:
    """Return supabase/config.toml."""
    return tomllib.loads((_PROJECT / "config.toml").read_text())


def _run(connection: psycopg.Connection, path: Path) -> None:
    connection.execute(cast("LiteralString", path.read_text()), prepare=False)


def _pending(connection: psycopg.Connection, files: Iterable[Path]) -> list[Path]:
    rows = connection.execute("select version from supabase_migrations.schema_migrations")
    applied = {row[0] for row in rows}
    return sorted(path for path in files if path.name.split("_")[0] not in applied)


def _apply(connection: psycopg.Connection, path: Path) -> None:
    version, _, name = path.stem.partition("_")
    try:
        with connection.transaction():
            _run(connection, path)
            connection.execute("reset all")
            connection.execute(
                "insert into supabase_migrations.schema_migrations values (%s, %s, %s)",
                (version, [path.read_text()], name),
            )
    except psycopg.Error as error:
        where = error.diag.statement_position or "unknown"
        raise MigrationFailed(f"{path.name}: {error} (at character {where})") from error


def migrate(dsn: str, authenticator_password: str) -> list[str]:
    """Bring the database up to date and return the names of the migrations that were applied.

    Raises:
        MigrationFailed: One was refused.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        is_new = (
            connection.execute("select 1 from pg_roles where rolname = 'anon'").fetchone() is None
        )
        with connection.transaction():
            _run(connection, _BOOTSTRAP)
            connection.execute(
                sql.SQL("alter role authenticator password {}").format(authenticator_password)
            )
        pending = _pending(connection, (_PROJECT / "migrations").glob("*_*.sql"))
        for path in pending:
            _apply(connection, path)
        if is_new:
            _seed(connection)
    return [path.name for path in pending]


def _seed(connection: psycopg.Connection) -> None:
    settings = read_config().get("db", {}).get("seed", {})
    if settings.get("enabled", True):
        for pattern in settings.get("sql_paths", ["./seed.sql"]):
            for path in sorted(_PROJECT.glob(pattern.removeprefix("./"))):
                _run(connection, path)

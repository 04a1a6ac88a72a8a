"""`supabase db push`, by the official CLI, to a database with the rights of a hosted project."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dev import node
from dev.new_keys import make_signing_key
from dev.processes import ROOT
from dev.stack import Stack
from tests.hosted import MIGRATIONS, hosted_database

_CLI = node.DEV / "deploy" / "node_modules" / "supabase" / "dist" / "supabase.js"

Supabase = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def supabase(tmp_path: Path) -> Supabase:
    """Run the CLI as somebody who never ran it before and tells it nothing else."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(node.NODE), str(_CLI), *arguments],
            cwd=ROOT,
            env={"PATH": os.defpath, "HOME": str(tmp_path), "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    return run


def test_brings_every_migration_and_then_has_nothing_to_do(
    backend: Stack, supabase: Supabase
) -> None:
    with hosted_database(backend) as dsn:
        remote = f"--remote={dsn}?sslmode=disable"

        first = supabase("db", "push", remote, "--yes")
        second = supabase("db", "push", remote, "--yes")

        with psycopg.connect(dsn) as connection:
            query = "select version from supabase_migrations.schema_migrations order by version"
            versions = [version for (version,) in connection.execute(query)]
            report = connection.execute("select private.migrations()").fetchone()
    assert versions == [path.name.partition("_")[0] for path in MIGRATIONS]
    assert report == (versions,)
    assert "deprecated" not in first.stdout + first.stderr
    assert "up to date" in second.stdout + second.stderr


def test_makes_signing_keys_of_the_form_that_ours_have(supabase: Supabase) -> None:
    made = supabase("gen", "signing-key", "--algorithm", "ES256").stdout

    assert all(f'"{member}":' in made for member in make_signing_key())

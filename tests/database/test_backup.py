"""The backup of docs/operate.md, made and restored as it says."""

import os
import re
import subprocess
from pathlib import Path

import psycopg

from dev.postgres import _PROGRAMS
from dev.processes import ROOT
from dev.stack import Stack
from tests.database.test_migrations import DATA, counts
from tests.hosted import MIGRATIONS, apply, hosted_database


def commands() -> list[str]:
    """Return the two commands of the document, which name the databases DATABASE_URL and NEW_DATABASE_URL."""
    text = (ROOT / "docs" / "operate.md").read_text().replace("\\\n", "")
    return re.findall(r"^(?:pg_dump|psql) .*$", text, re.MULTILINE)


def test_brings_every_row_back_and_goes_on_counting(stack: Stack, tmp_path: Path) -> None:
    dump, restore = commands()
    with hosted_database(stack) as old, hosted_database(stack) as new:
        for path in MIGRATIONS:
            apply(old, path)
            apply(new, path)
        with psycopg.connect(old) as connection:
            connection.execute(DATA, prepare=False)

        for command in (dump, restore):
            subprocess.run(
                ["/bin/sh", "-euc", command],
                cwd=tmp_path,
                env={
                    "PATH": f"{_PROGRAMS}:{os.defpath}",
                    "DATABASE_URL": old,
                    "NEW_DATABASE_URL": new,
                },
                check=True,
                capture_output=True,
            )

        assert counts(new) == counts(old)
        with psycopg.connect(new) as connection:
            row = connection.execute(
                "insert into public.object_deletions (path) values ('1/y') returning id"
            ).fetchone()
        assert row == (2,)

"""Supabase's own linter over a database: `DATABASE_URL=postgresql://… python -m dev.supabase_lint`.

It is what the dashboard's advisors show (Splinter), through an npm package that carries it. WARN and ERROR must not
be; INFO must be on the list below, with its reason.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from dev import node

_CLI = node.DEV / "node_modules" / "@postgres-language-server" / "cli" / "bin"
_LEVELS = {"i": "INFO", "!": "WARN", "\N{MULTIPLICATION SIGN}": "ERROR"}
_HEADING = re.compile(r"^splinter/(\w+)/(\w+) ━+$")

# Lint, and what may be found of it because it is meant so.
_FOR_NO_USER = "private.refresh_tokens", "private.sign_in_failures", "public.deployment_usage"
ACCEPTED = {
    "rlsEnabledNoPolicy": (
        f"`({'|'.join(map(re.escape, (*_FOR_NO_USER, 'public.object_deletions')))})`",
        "no user has any business there: without a policy nothing is let through",
    ),
    "unusedIndex": (
        r"`\w+_(idx|key)`",
        "fires for every index of a young database; it says something after a term of real use",
    ),
}


@dataclass(frozen=True)
class Finding:
    """What the linter says of one object."""

    level: str
    lint: str
    message: str

    def __str__(self) -> str:
        return f"{self.level} {self.lint}: {self.message}"

    @property
    def is_accepted(self) -> bool:
        pattern, _ = ACCEPTED.get(self.lint, ("", ""))
        return self.level == "INFO" and bool(pattern) and bool(re.search(pattern, self.message))


class LinterFailed(Exception):
    """The linter did not run; the message is what it said."""


def show_schemas(dsn: str, schemas: str) -> None:
    """Set what PostgREST exposes, as a hosted project has it: without it half of the lints find nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter database {} set pgrst.db_schemas = {}").format(
                sql.Identifier(connection.info.dbname), schemas
            )
        )


def lint(dsn: str) -> list[Finding]:
    """Return everything that the linter finds.

    Raises:
        LinterFailed: It did not run.
    """
    configuration = {"db": {"connectionString": dsn}, "splinter": {"enabled": True}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "postgres-language-server.jsonc"
        path.touch(mode=0o600)
        path.write_text(json.dumps(configuration))
        command = [node.NODE, _CLI / "postgres-language-server", "dblint"]
        run = subprocess.run(
            [*command, "--colors=off", f"--config-path={folder}"],
            capture_output=True,
            text=True,
            check=False,
        )
    findings = list(_read(run.stdout + run.stderr))
    if not findings and run.returncode:
        raise LinterFailed(run.stdout + run.stderr)
    return findings


def _read(text: str) -> list[Finding]:
    """Read a report: a heading for each finding, and two lines below it a sign and a sentence."""
    lines = text.splitlines()
    findings: list[Finding] = []
    for number, line in enumerate(lines):
        if found := _HEADING.match(line):
            sign, _, message = lines[number + 2].strip().partition(" ")
            findings.append(Finding(_LEVELS[sign], found[2], message.replace("\\`", "`")))
    return findings


def main() -> int:
    """Print what is not accepted; 1 if there is anything."""
    findings = lint(os.environ["DATABASE_URL"])
    for finding in findings:
        print(finding if not finding.is_accepted else f"{finding} (accepted)")
    return int(any(not finding.is_accepted for finding in findings))


if __name__ == "__main__":
    sys.exit(main())

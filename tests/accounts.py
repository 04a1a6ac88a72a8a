"""What the tests of accounts share: users to make, rows to look at, and time to move."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg

from dev.stack import Stack

PASSWORD = "violet otter builds canals"
NEW_PASSWORD = "granite kettle sings twice"
FROM_OUR_PAGE = {"X-Requested-With": "fetch"}
COOKIE = "lectern-rt"
_numbers = itertools.count(1)


def new_name() -> str:
    return f"user-{next(_numbers)}"


def register(client: httpx.Client, username: str | None = None, **members: Any) -> httpx.Response:
    body = {"username": username or new_name(), "password": PASSWORD, **members}
    return client.post("/api/auth/register", json=body)


def new_user(client: httpx.Client) -> str:
    """Register a user, sign the client in, and return the username."""
    answer = register(client)
    assert answer.status_code == 201, answer.text
    bear(client, answer)
    return answer.json()["user"]["username"]


def bear(client: httpx.Client, answer: httpx.Response) -> None:
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def sign_in(
    client: httpx.Client, username: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    body = {"username": username, "password": password}
    return client.post("/api/auth/login", json=body, headers=headers)


def sign_in_elsewhere(
    client: httpx.Client, username: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    """Sign in with another browser, which does not have the client's cookie."""
    with httpx.Client(base_url=client.base_url, timeout=30) as other:
        return sign_in(other, username, password, **headers)


def refresh(client: httpx.Client, token: str | None = None) -> httpx.Response:
    """Refresh with the client's own cookie, or with `token` and nothing kept."""
    if token is None:
        return client.post("/api/auth/refresh", headers=FROM_OUR_PAGE)
    headers = {**FROM_OUR_PAGE, "Cookie": f"{COOKIE}={token}"}
    with httpx.Client(base_url=client.base_url, timeout=30) as other:
        return other.post("/api/auth/refresh", headers=headers)


def round_trips(answer: httpx.Response, dependency: str = "database") -> int:
    found = re.search(rf'{dependency};[^,]*desc="(\d+)"', answer.headers["Server-Timing"])
    return int(found[1]) if found else 0


def slug(answer: httpx.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.json()["type"].removeprefix("/problems/")


def run_sql(stack: Stack, statement: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement as the owner of the database, for whom no policy holds."""
    with psycopg.connect(stack.postgres_dsn) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def let_pass(stack: Stack, username: str, seconds: int) -> None:
    """Move what has happened to a user's sessions and tokens into the past."""
    run_sql(
        stack,
        """
        update private.refresh_tokens as t set used_at = t.used_at - make_interval(secs => %(seconds)s)
        from public.sessions as s, public.users as u
        where s.id = t.session_id and u.id = s.user_id and u.username = %(username)s
        """,
        seconds=seconds,
        username=username,
    )
    run_sql(
        stack,
        """
        update public.sessions as s
        set idle_expires_at = s.idle_expires_at - make_interval(secs => %(seconds)s),
            expires_at = s.expires_at - make_interval(secs => %(seconds)s)
        from public.users as u where u.id = s.user_id and u.username = %(username)s
        """,
        seconds=seconds,
        username=username,
    )


def administer(action: str, username: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run dev/admin.py as a person would; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.admin", action, username],
        env=environment,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def one_time_passphrase(stack: Stack, username: str) -> str:
    code, said = administer("reset", username, stack.environment())
    assert code == 0, said
    found = re.search(r"^  (\S+)$", said, re.MULTILINE)
    assert found
    return found[1]

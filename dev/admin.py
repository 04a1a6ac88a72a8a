"""`python -m dev.admin reset|disable|enable USER`: look after an account of a local or deployed Lectern.

The settings come from the environment (SUPABASE_URL, SUPABASE_SECRET_KEY, and for reset PASSWORD_KEYS
and THROTTLE_KEY, as deployed); without them from the local stack that runs on DATA_DIR.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from postgrest import APIError

from dev.processes import ROOT
from lib.adapters.database import Database
from lib.domain.attempts import hash_name
from lib.domain.passwords import PasswordScheme
from lib.domain.problems import Problem
from lib.domain.usernames import fold_username
from lib.settings import SettingsError, read_setting

_PASSPHRASE_LIFETIME = timedelta(hours=24)
# No letter that is mistaken for another: four groups of four are 78 bits.
_ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"  # pragma: allowlist secret
_GROUPS, _GROUP = 4, 4


class AdminError(Exception):
    """What was asked cannot be done; the message says why, in one sentence."""


def draw_passphrase() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def find_environment() -> Mapping[str, str]:
    """Return the settings of the Lectern to look after.

    Raises:
        AdminError: None is named and none runs here.
    """
    if "SUPABASE_URL" in os.environ:
        return os.environ
    data_dir = ROOT / os.environ.get("DATA_DIR", ".local")
    try:
        return json.loads((Path(data_dir) / "environment.json").read_text())
    except FileNotFoundError:
        raise AdminError(
            f"No Lectern runs on {data_dir}: start it (make dev), or set SUPABASE_URL and "
            "SUPABASE_SECRET_KEY of a deployed one."
        ) from None


async def reset(database: Database, username: str, environment: Mapping[str, str]) -> str:
    """Give a user a one-time passphrase and return what to tell them.

    With keys that sign-in itself refuses nothing is written: the passphrase would let nobody in.
    """
    passphrase = draw_passphrase()
    keys, cost = (read_setting(name, environment) for name in ("PASSWORD_KEYS", "BCRYPT_COST"))
    throttle_key = read_setting("THROTTLE_KEY", environment)
    answer = await database.call(
        "admin_set_passphrase",
        username=fold_username(username),
        password_hash=PasswordScheme(keys, cost).hash(passphrase),
        lifetime_seconds=int(_PASSPHRASE_LIFETIME.total_seconds()),
        name_key=hash_name(username, throttle_key),
    )
    _require_user(answer, username)
    return (
        f"All sessions of {username} are over. The one-time passphrase, good for 24 hours, to be "
        f"replaced at the first sign-in:\n\n  {passphrase}\n"
    )


async def disable(database: Database, username: str, _: Mapping[str, str]) -> str:
    """Keep a user out, now and until enabled again."""
    _require_user(await database.call("admin_disable", username=fold_username(username)), username)
    return f"{username} is disabled, and all sessions are over."


async def enable(database: Database, username: str, _: Mapping[str, str]) -> str:
    """Let a user in again."""
    _require_user(await database.call("admin_enable", username=fold_username(username)), username)
    return f"{username} may sign in again."


_ACTIONS = {"reset": reset, "disable": disable, "enable": enable}


def _require_user(answer: dict[str, int | None], username: str) -> None:
    if answer["user_id"] is None:
        raise AdminError(f"There is no user {username!r}.")


async def run(action: str, username: str, environment: Mapping[str, str]) -> str:
    """Do what was asked and return what to say about it.

    Raises:
        AdminError: There is no such user, a setting is missing or malformed, or Supabase does not answer.
    """
    try:
        database = Database(environment["SUPABASE_URL"], environment["SUPABASE_SECRET_KEY"])
        return await _ACTIONS[action](database, username, environment)
    except KeyError as error:
        raise AdminError(f"{error.args[0]} is not set.") from error
    except SettingsError as error:
        raise AdminError(str(error)) from error
    except Problem as problem:
        raise AdminError(problem.message) from problem
    except APIError as error:
        raise AdminError(f"Supabase refused: {error.message}. Is the key right?") from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if it was done, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m dev.admin", description=__doc__)
    parser.add_argument("action", choices=_ACTIONS)
    parser.add_argument("username", metavar="USER")
    options = parser.parse_args(arguments)
    try:
        print(asyncio.run(run(options.action, options.username, find_environment())))
    except AdminError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

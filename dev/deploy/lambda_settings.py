"""Puts the settings of a deployment into AWS's Parameter Store: `python -m dev.deploy.lambda_settings FILE --stage prod`.

FILE has the form of .env.example. Keys of our own that neither it nor the store has are made. No value is printed.
"""

# `make check` does without the group `deploy`.
# pyright: reportMissingImports=false

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from dev.environment_file import parse
from dev.keys import Keys
from lib.adapters.parameter_store import PAGE_SIZE
from lib.settings import SettingsError, read_settings

# What is made where it is missing; everything else is somebody's to know.
_MADE: dict[str, Callable[[Keys], str]] = {
    "ACCESS_TOKEN_KEYS": lambda keys: keys.access_token_key,
    "REFRESH_TOKEN_KEYS": lambda keys: keys.refresh_token_key,
    "PASSWORD_KEYS": lambda keys: keys.password_keys,
    "THROTTLE_KEY": lambda keys: keys.throttle_key,
    "CRON_SECRET": lambda keys: keys.cron_secret,
    "ORIGIN_SECRETS": lambda keys: keys.jwt_secret,
}
# The template sets these itself.
_OF_THE_STACK = ("PUBLIC_URL", "CLIENT_ADDRESS_HEADER", "SSM_PREFIX")
# CloudFormation reads no SecureString; below the path, where the functions do not look.
_EDGE = "edge/ORIGIN_SECRET"


def write_settings(given: dict[str, str], path: str, store: Any) -> list[str]:
    """Put what differs into the store and return the names of it.

    Args:
        given: Settings by name.
        path: As in SSM_PREFIX.
        store: A boto3 client of SSM.

    Raises:
        SettingsError: With these settings Lectern would not start.
    """
    kept = _read(path, store)
    fresh = Keys()
    made = {name: make(fresh) for name, make in _MADE.items()}
    wanted = {
        name: value
        for name, value in (made | kept | given).items()
        if name not in (*_OF_THE_STACK, _EDGE)
    }
    read_settings({**wanted, "PUBLIC_URL": "https://lectern.example"})
    changed = [name for name, value in sorted(wanted.items()) if kept.get(name) != value]
    for name in changed:
        _put(store, f"{path}/{name}", wanted[name], "SecureString")
    newest = wanted["ORIGIN_SECRETS"].split()[0]
    if kept.get(_EDGE) != newest:
        _put(store, f"{path}/{_EDGE}", newest, "String")
        changed.append(_EDGE)
    return changed


def _read(path: str, store: Any) -> dict[str, str]:
    pages = store.get_paginator("get_parameters_by_path").paginate(
        Path=path, Recursive=True, WithDecryption=True, PaginationConfig={"PageSize": PAGE_SIZE}
    )
    return {
        parameter["Name"].removeprefix(f"{path}/"): parameter["Value"]
        for page in pages
        for parameter in page["Parameters"]
    }


def _put(store: Any, name: str, value: str, kind: str) -> None:
    store.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--region", default="eu-west-1")
    chosen = parser.parse_args()
    path = f"/lectern/{chosen.stage}"
    store = boto3.client("ssm", region_name=chosen.region)
    try:
        changed = write_settings(parse(chosen.file.read_text()), path, store)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(f"Set {path}/{name}" for name in changed) or "Nothing has changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

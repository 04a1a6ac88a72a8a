"""`python -m dev.signing_keys make|import|rotate|revoke|check|add|drop`: the keys of a deployment, one command each.

make            a new ES256 key: the private one for DATABASE_TOKEN_KEY, the public one to compare
import          give the key in DATABASE_TOKEN_KEY to Supabase, in standby: trusted beside the one in use
rotate          make the key in DATABASE_TOKEN_KEY the one in use; the one before stays trusted
revoke          end the trust in the keys that were used before
check           say whether Supabase trusts the key in DATABASE_TOKEN_KEY
add NAME        print setting NAME with a new key in front; the others go on being accepted
drop NAME       print setting NAME without its last key
env NAME...     print new values for settings that have none yet

import, rotate and revoke need SUPABASE_URL and SUPABASE_ACCESS_TOKEN (a personal one, from the dashboard's account page).
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from dev.new_keys import (
    KeyMistake,
    add_key,
    draw_key,
    drop_key,
    make_signing_key,
    public_part,
    read_signing_key,
)
from dev.supabase_project import Project, ProjectRefused, SigningKey, project_ref

_LISTS = ("ACCESS_TOKEN_KEYS", "REFRESH_TOKEN_KEYS", "PASSWORD_KEYS", "ORIGIN_SECRETS")
_SINGLE = ("THROTTLE_KEY", "CRON_SECRET", "SIGNUP_CODE")


def _make(_: Mapping[str, str]) -> str:
    jwk = make_signing_key()
    return (
        f"DATABASE_TOKEN_KEY={json.dumps(jwk, separators=(',', ':'))}\n"
        f"# Its public part: {json.dumps({'keys': [public_part(jwk)]})}\n"
        "# Keep the first line secret. Then have Supabase trust it: set it in the environment and run "
        "`python -m dev.signing_keys import`, or paste the JSON in the dashboard under Project "
        "Settings > JWT Keys > JWT signing keys > Create standby key > import an existing private key."
    )


def _project(environment: Mapping[str, str]) -> Project:
    try:
        ref = environment.get("SUPABASE_PROJECT") or project_ref(environment["SUPABASE_URL"])
        token = environment["SUPABASE_ACCESS_TOKEN"]
    except KeyError as error:
        raise KeyMistake(f"{error.args[0]} is not set.") from error
    api = environment.get("SUPABASE_API_URL")
    return Project(ref, token, api) if api else Project(ref, token)


def _own_key(environment: Mapping[str, str]) -> dict[str, Any]:
    return read_signing_key(environment.get("DATABASE_TOKEN_KEY", ""))


def _find(keys: list[SigningKey], kid: str) -> SigningKey:
    for key in keys:
        if key.kid == kid and key.status != "revoked":
            return key
    raise KeyMistake(f"Supabase does not know the key {kid}: `import` it first.")


def _import(environment: Mapping[str, str]) -> str:
    project, jwk = _project(environment), _own_key(environment)
    if any(key.kid == jwk["kid"] for key in project.list_keys()):
        return f"Supabase has the key {jwk['kid']} already."
    key = project.import_key(jwk)
    return (
        f"Supabase has the key {key.kid}, {key.status}. Wait 20 minutes, until its caches know it; then "
        "`check`, deploy with this DATABASE_TOKEN_KEY, and `rotate`."
    )


def _rotate(environment: Mapping[str, str]) -> str:
    project, jwk = _project(environment), _own_key(environment)
    key = project.set_status(_find(project.list_keys(), jwk["kid"]), "in_use")
    return (
        f"The key {key.kid} is {key.status}; the one before stays trusted. When every deployment has "
        "been using the new one for 20 minutes: `revoke`."
    )


def _revoke(environment: Mapping[str, str]) -> str:
    project, jwk = _project(environment), _own_key(environment)
    keys = project.list_keys()
    if _find(keys, jwk["kid"]).status != "in_use":
        raise KeyMistake("The key in DATABASE_TOKEN_KEY is not the one in use: `rotate` first.")
    old = [key for key in keys if key.status == "previously_used"]
    revoked = [project.set_status(key, "revoked").kid for key in old]
    return f"No longer trusted: {', '.join(revoked) or 'none, there was no other key'}."


def _check(environment: Mapping[str, str]) -> str:
    jwk = _own_key(environment)
    url = f"{environment['SUPABASE_URL']}/auth/v1/.well-known/jwks.json"
    try:
        published = httpx.get(url, timeout=10).raise_for_status().json()["keys"]
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise KeyMistake(f"Supabase publishes no keys at {url}: {error}") from error
    same = [key for key in published if key.get("kid") == jwk["kid"]]
    if not same:
        kids = ", ".join(str(key.get("kid")) for key in published) or "none"
        raise KeyMistake(f"Supabase trusts {kids}, not {jwk['kid']}: `import` it, or wait.")
    if (same[0].get("x"), same[0].get("y")) != (jwk["x"], jwk["y"]):
        raise KeyMistake(f"Supabase has another key under the name {jwk['kid']}: make a new one.")
    return f"Supabase trusts the key {jwk['kid']}."


_ACTIONS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "make": _make,
    "import": _import,
    "rotate": _rotate,
    "revoke": _revoke,
    "check": _check,
}


def run(action: str, names: list[str], environment: Mapping[str, str]) -> str:
    """Do what was asked and return what to say.

    Raises:
        KeyMistake, ProjectRefused: It cannot be done; the message says what to do.
    """
    if action in _ACTIONS:
        return _ACTIONS[action](environment)
    allowed = _LISTS if action in {"add", "drop"} else _LISTS + _SINGLE
    if not names or not set(names) <= set(allowed):
        raise KeyMistake(f"`{action}` wants one of {', '.join(allowed)}.")
    if action == "env":
        return "\n".join(f"{name}={draw_key(name)}" for name in names)
    change = drop_key if action == "drop" else lambda value: add_key(names[0], value)
    return f"{names[0]}={change(environment.get(names[0], ''))}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if it was done, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.signing_keys",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=[*_ACTIONS, "add", "drop", "env"])
    parser.add_argument("names", metavar="NAME", nargs="*")
    options = parser.parse_args(arguments)
    try:
        print(run(options.action, options.names, os.environ))
    except (KeyMistake, ProjectRefused) as mistake:
        print(mistake, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

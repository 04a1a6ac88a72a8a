"""Usernames: what they may be made of, and how they are compared."""

import re

PATTERN = r"^[A-Za-z0-9._-]{3,32}$"
_PATTERN = re.compile(PATTERN, re.ASCII)

# What no user can have; looked up like any other, so that a malformed name costs the same work.
NOBODY = ""


def fold_username(username: str) -> str:
    """Return the name as it is stored and looked up, or NOBODY if nobody can have it."""
    return username.lower() if _PATTERN.fullmatch(username) else NOBODY

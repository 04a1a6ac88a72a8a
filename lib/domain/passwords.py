"""Password hashes: bcrypt over a keyed pre-hash, with the id of the key beside it.

bcrypt reads 72 bytes and stops at a NUL. What it gets is the base64 of HMAC-SHA384, 64 bytes whatever
was typed, so that nothing is cut, and so that a stolen table alone cannot be guessed at (OWASP,
Password Storage Cheat Sheet).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import bcrypt

_SCHEME = "bcrypt-hmac-sha384"
_PARTS = len(("scheme", "key id", "bcrypt"))
# As costly to compare as a real one, and what no password can hash to but by breaking bcrypt.
_DUMMY_SALT_AND_DIGEST = "." * 53


def read_keys(words: Sequence[str]) -> dict[str, bytes]:
    """Read `id:base64url` words; the first one is for new hashes."""
    named = (word.partition(":") for word in words)
    return {
        name: base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        for name, _, encoded in named
    }


@dataclass(frozen=True)
class PasswordScheme:
    """How passwords are hashed now, and what may still be verified.

    Args:
        words: `id:base64url` of every key that is accepted, the one for new hashes first.
        cost: bcrypt's, for new hashes: the work is 2 to its power.
    """

    words: tuple[str, ...]
    cost: int

    @cached_property
    def keys(self) -> Mapping[str, bytes]:
        return read_keys(self.words)

    @property
    def _current_key_id(self) -> str:
        return next(iter(self.keys))

    def hash(self, password: str) -> str:
        prehash = _prehash(password, self.keys[self._current_key_id])
        hashed = bcrypt.hashpw(prehash, bcrypt.gensalt(self.cost)).decode()
        return f"{_SCHEME}${self._current_key_id}{hashed}"

    def knows_key_of(self, password_hash: str) -> bool:
        return _split(password_hash)[0] in self.keys

    def is_current(self, password_hash: str) -> bool:
        """Tell whether the hash has today's key and cost."""
        key_id, hashed = _split(password_hash)
        return key_id == self._current_key_id and _cost_of(hashed) == self.cost

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Compare in a time that tells nothing about the user.

        Without a hash, or with one whose key is unknown, the work is the same and the answer is no.
        A wrong password costs the work of today's cost also where the hash is an older, cheaper one.
        """
        key_id, hashed = _split(password_hash or "")
        if key_id not in self.keys:
            key_id, hashed = self._current_key_id, _dummy(self.cost)
        prehash = _prehash(password, self.keys[key_id])
        if bcrypt.checkpw(prehash, hashed.encode()):
            return True
        # 2^c + 2^c + 2^(c+1) + … + 2^(today's cost - 1) is 2^(today's cost).
        for cost in range(_cost_of(hashed), self.cost):
            bcrypt.checkpw(prehash, _dummy(cost).encode())
        return False


def _prehash(password: str, key: bytes) -> bytes:
    """Hash the password exactly as it was typed: any normalisation would make two of them one."""
    return base64.b64encode(hmac.digest(key, password.encode(), hashlib.sha384))


def _split(password_hash: str) -> tuple[str, str]:
    """Return the id of the key and bcrypt's own string; empty if it is none of our hashes."""
    parts = password_hash.split("$", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != _SCHEME:
        return "", ""
    return parts[1], f"${parts[2]}"


def _cost_of(hashed: str) -> int:
    return int(hashed.split("$")[2])


def _dummy(cost: int) -> str:
    return f"$2b${cost:02}${_DUMMY_SALT_AND_DIGEST}"

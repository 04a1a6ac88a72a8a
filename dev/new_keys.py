"""New keys, and settings with a key more or a key less: what dev.signing_keys prints."""

import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

_KEY_BYTES = 48
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "kid", "alg", "use")


class KeyMistake(Exception):
    """What was given is no key, or not the right one; the message says what to do."""


def make_signing_key() -> dict[str, Any]:
    """Return a new private JWK for ES256, as `supabase gen signing-key` would."""
    jwk = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    members = {"kid": str(uuid.uuid4()), "alg": "ES256", "use": "sig"}
    return {**jwk, **members, "key_ops": ["sign", "verify"], "ext": True}


def public_part(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be published: never `d`, the private number."""
    return {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}


def read_signing_key(text: str) -> dict[str, Any]:
    """Return the private JWK in a setting.

    Raises:
        KeyMistake: It is none.
    """
    try:
        jwk = json.loads(text)
        private = ECAlgorithm.from_jwk(jwk)
        is_private = isinstance(private, ec.EllipticCurvePrivateKey)
    except Exception as error:
        raise KeyMistake("DATABASE_TOKEN_KEY is no JWK: make one with `make`.") from error
    if not is_private or jwk.get("crv") != "P-256":
        raise KeyMistake("DATABASE_TOKEN_KEY must be a private ES256 key: it needs `d` and P-256.")
    if not jwk.get("kid"):
        raise KeyMistake("DATABASE_TOKEN_KEY has no `kid`, by which Supabase finds the key.")
    return jwk


def draw_key(name: str, present: tuple[str, ...] = ()) -> str:
    """Return a new key for a setting; a password key has an id that none of the present ones has."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    if name != "PASSWORD_KEYS":
        return key
    ids = {old.partition(":")[0] for old in present}
    number = next(n for n in range(1, len(ids) + 2) if f"k{n}" not in ids)
    return f"k{number}:{key}"


def add_key(name: str, value: str) -> str:
    """Return a setting with a new key in front, which signs from then on."""
    present = tuple(value.split())
    return " ".join([draw_key(name, present), *present])


def drop_key(value: str) -> str:
    """Return a setting without its last key.

    Raises:
        KeyMistake: It is the only one.
    """
    *kept, _ = value.split() or [""]
    if not kept:
        raise KeyMistake("The only key cannot be dropped: add one first.")
    return " ".join(kept)

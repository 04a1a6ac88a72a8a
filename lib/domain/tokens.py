"""The three tokens: access (the browser's), refresh (the cookie's) and database (ours alone)."""

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from jwt.algorithms import HMACAlgorithm

from lib.domain.identities import Identity
from lib.domain.problems import InvalidAccessToken, InvalidRefreshToken

_ACCESS_ALGORITHM = "HS256"  # exactly one: a token never chooses how it is verified (RFC 8725, 3.1)
_ISSUER = "lectern"
_AUDIENCE = "lectern-api"
_DATABASE_TOKEN_LIFETIME = timedelta(seconds=120)
# Access tokens whose signature was verified: less than a megabyte of them.
_MOST_VERIFIED = 1_000
# A function signs with one, or with two while it is replaced.
_MOST_SECRETS = 8


class _SecretsSeen(HMACAlgorithm):
    """HMAC that looks once at a secret, whether it is a key of another kind: parsing it takes longer than signing."""

    def __init__(self) -> None:
        super().__init__(self.SHA256)
        self._prepared = functools.lru_cache(_MOST_SECRETS)(super().prepare_key)

    def prepare_key(self, key: str | bytes) -> bytes:
        return self._prepared(key)


_hs256 = jwt.PyJWS(algorithms=[])
_hs256.register_algorithm("HS256", _SecretsSeen())


def issue_access_token(identity: Identity, key: str, *, now: datetime, lifetime: timedelta) -> str:
    """Sign what the browser holds. Supabase does not know `key` and refuses this token."""
    claims: dict[str, Any] = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(identity.user_id),
        "sid": str(identity.session_id),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    if identity.must_change_password:
        claims["must_change"] = True
    return jwt.encode(claims, key, algorithm=_ACCESS_ALGORITHM)


def read_access_token(token: str, keys: Sequence[str], *, now: datetime) -> Identity:
    """Verify an access token with no round trip; any of `keys` may have signed it.

    Raises:
        InvalidAccessToken: Whatever is wrong with it.
    """
    try:
        claims = _verified_claims(token, tuple(keys))
        user_id, session_id = _positive(claims["sub"]), _positive(claims["sid"])
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidAccessToken from error
    if "nbf" in claims or not isinstance(claims["exp"], int) or claims["exp"] <= now.timestamp():
        raise InvalidAccessToken
    return Identity(
        user_id=user_id,
        session_id=session_id,
        must_change_password=claims.get("must_change") is True,
    )


@functools.lru_cache(_MOST_VERIFIED)
def _verified_claims(token: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """Return what one of `keys` has signed; whether it still holds is for the caller to say, each time.

    Remembered, because a page asks several times with one token. What is refused is not.
    """
    for key in keys:
        with suppress(jwt.InvalidSignatureError):
            return jwt.decode(
                token,
                key,
                algorithms=[_ACCESS_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                options={
                    "require": ["exp", "iat", "sub", "sid"],
                    "verify_exp": False,  # against `now` by the caller: the domain has no clock
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
    raise InvalidAccessToken


def _positive(text: Any) -> int:
    if not isinstance(text, str) or not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("not an id")
    return int(text)


def mint_database_token(identity: Identity, key: str, *, now: datetime) -> str:
    """Sign the token that one request shows to Postgres; it never leaves our functions.

    Args:
        identity: Whose rows the request may see.
        key: An ES256 private JWK with `kid`, as JSON (imported into Supabase as a signing key), or
            an HS256 secret.
        now: The time of issue; the token lives 120 s.
    """
    claims = {
        "role": "authenticated",
        "aud": "authenticated",
        "sub": str(identity.user_id),
        "sid": str(identity.session_id),
        # No iat: a clock behind ours would take the token for one of the future.
        "exp": int((now + _DATABASE_TOKEN_LIFETIME).timestamp()),
    }
    if not key.startswith("{"):
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return _hs256.encode(payload, key, algorithm="HS256")
    private, kid = _read_signing_key(key)
    return jwt.encode(claims, private, algorithm="ES256", headers={"kid": kid})


@functools.cache
def _read_signing_key(key: str) -> tuple[Any, str]:
    """Read a JWK once: that takes as long as to sign with it."""
    jwk = json.loads(key)
    return jwt.PyJWK(jwk).key, jwk["kid"]


def derive_refresh_token(handle: UUID, generation: int, key: str) -> str:
    """Return the one refresh token of this session and generation.

    It is derived and not random, so that the child of a token can be given again when its first
    reply was lost: `<handle of the session>.<generation>.<base64url of HMAC-SHA256>`.
    """
    name = f"{handle}.{generation}"
    return f"{name}.{_refresh_mac(name, key)}"


def _refresh_mac(name: str, key: str) -> str:
    mac = hmac.digest(key.encode(), name.encode(errors="surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def read_refresh_token(token: str, keys: Sequence[str]) -> tuple[UUID, int]:
    """Return the handle and the generation of a token that one of `keys` has made.

    It is authentic then, and no more: whether it may still be used is for the database to say.

    Raises:
        InvalidRefreshToken: None of the keys has made it.
    """
    name, _, mac = token.rpartition(".")
    given = mac.encode(errors="surrogatepass")
    if not any(hmac.compare_digest(_refresh_mac(name, key).encode(), given) for key in keys):
        raise InvalidRefreshToken
    handle, _, generation = name.partition(".")
    return UUID(handle), int(generation)


def hash_refresh_token(token: str) -> str:
    """Return what the database stores: the SHA-256 in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()

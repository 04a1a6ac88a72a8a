"""What somebody might show instead of a valid access token."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from lib.domain.identities import Identity
from lib.domain.tokens import derive_refresh_token, mint_database_token
from lib.settings import Settings

_OTHER_KEY = "k" * 48
_SOME_HANDLE = UUID(int=7)
_HEADER = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True)
class Credential:
    """One way to ask: headers, a query string, or cookies."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent: a client's library would refuse to send some."""
        return [(name.encode(), value.encode("latin-1")) for name, value in self.headers]


def bearer(name: str, token: str) -> Credential:
    return Credential(name, (("Authorization", f"Bearer {token}"),))


def _part(value: dict[str, Any]) -> str:
    encoded = base64.urlsafe_b64encode(json.dumps(value).encode())
    return encoded.rstrip(b"=").decode()


def forge(header: dict[str, Any], claims: dict[str, Any], key: str | None) -> str:
    """Put a token together by hand: no library would make some of these."""
    signed = f"{_part(header)}.{_part(claims)}"
    mac = hmac.digest(key.encode(), signed.encode(), hashlib.sha256) if key is not None else b""
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


class Forger:
    """Knows one user's claims, and the keys that a test may know and an attacker may not."""

    def __init__(self, settings: Settings, identity: Identity) -> None:
        self._settings, self._identity = settings, identity
        self._key = settings.access_token_keys[0]
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": "lectern",
            "aud": "lectern-api",
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "iat": now,
            "exp": now + 600,
        }

    def valid(self) -> str:
        return forge(_HEADER, self.claims, self._key)

    def credentials(self) -> Iterator[Credential]:
        """Yield all that must not be accepted."""
        yield from self._places()
        yield from self._algorithms()
        yield from self._keys()
        yield from self._claims()
        yield from self._other_tokens()

    def _places(self) -> Iterator[Credential]:
        token = self.valid()
        yield Credential("nothing")
        yield Credential("an empty header", (("Authorization", ""),))
        yield Credential("an empty token", (("Authorization", "Bearer"),))
        yield bearer("garbage", "garbage")
        yield bearer("three dots", "...")
        yield bearer("Bearer twice", f"Bearer {token}")
        yield Credential("another scheme", (("Authorization", f"Basic {token}"),))
        yield Credential("no scheme", (("Authorization", token),))
        yield Credential("in the query string", query=(("access_token", token),))
        yield Credential("as a cookie", (("Cookie", f"access_token={token}"),))
        yield Credential("as an API key", (("apikey", token),))
        yield bearer("one character more", f"{token}A")
        yield bearer("not ASCII", token.replace("e", "\u00e9", 1))

    def _algorithms(self) -> Iterator[Credential]:
        for algorithm in ("none", "nOnE", "NONE"):
            yield bearer(
                f"alg {algorithm}", forge({**_HEADER, "alg": algorithm}, self.claims, None)
            )
        yield bearer("HS512, right key", jwt.encode(self.claims, self._key * 2, "HS512"))
        private = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(ECAlgorithm.to_jwk(private.public_key()))
        yield bearer(
            "ES256 with its own jwk", jwt.encode(self.claims, private, "ES256", {"jwk": public})
        )
        yield bearer("no alg", forge({"typ": "JWT"}, self.claims, self._key))

    def _keys(self) -> Iterator[Credential]:
        header, _, mac = self.valid().rpartition(".")
        yield bearer("stripped signature", f"{header}.")
        yield bearer("no signature part", header)
        yield bearer("signature of zeros", f"{header}.{'A' * len(mac)}")
        yield bearer("wrong key", forge(_HEADER, self.claims, _OTHER_KEY))
        yield bearer("empty key", forge(_HEADER, self.claims, ""))
        for name, extra in {
            "wrong key, kid of a file": {"kid": "../../dev/null"},
            "wrong key, unknown kid": {"kid": "k2"},
            "wrong key, jku": {"jku": "https://evil.example/keys.json"},
            "wrong key, x5u": {"x5u": "https://evil.example/cert.pem"},
            "wrong key, its own jwk": {"jwk": {"kty": "oct", "k": _OTHER_KEY}},
        }.items():
            yield bearer(name, forge({**_HEADER, **extra}, self.claims, _OTHER_KEY))
        critical = {**_HEADER, "crit": ["b64"], "b64": False}
        yield bearer("unknown crit, wrong key", forge(critical, self.claims, _OTHER_KEY))
        tampered = _part({**self.claims, "sub": str(self._identity.user_id + 1)})
        parts = self.valid().split(".")
        yield bearer("tampered sub", f"{parts[0]}.{tampered}.{parts[2]}")

    def _claims(self) -> Iterator[Credential]:
        """Yield tokens that our own key signed, as if a part of us had made a mistake."""
        now = int(time.time())
        for name, claims in {
            "expired by a second": {"exp": now - 1},
            "expired long ago": {"exp": 1},
            "exp as text": {"exp": str(now + 600)},
            "nbf in future": {"nbf": now + 600},
            "another aud": {"aud": "authenticated"},
            "another iss": {"iss": "supabase"},
            "empty sub": {"sub": ""},
            "sub a uuid": {"sub": "6ad9f0c1-7f5a-4c2f-9d25-0e1a3e1b2c3d"},
            "sub a number": {"sub": self._identity.user_id},
            "sub nobody": {"sub": "0"},
            "sub with a sign": {"sub": f"+{self._identity.user_id}"},
            "empty sid": {"sid": ""},
        }.items():
            yield bearer(name, forge(_HEADER, {**self.claims, **claims}, self._key))
        for claim in ("exp", "aud", "iss", "sub", "sid", "iat"):
            claims = {name: value for name, value in self.claims.items() if name != claim}
            yield bearer(f"no {claim}", forge(_HEADER, claims, self._key))

    def _other_tokens(self) -> Iterator[Credential]:
        settings = self._settings
        refresh_key = settings.refresh_token_keys[0]
        yield bearer("a refresh token", derive_refresh_token(_SOME_HANDLE, 1, refresh_key))
        yield bearer("the key of refresh tokens", forge(_HEADER, self.claims, refresh_key))
        database_key = settings.database_token_key
        yield bearer("the key of the database", forge(_HEADER, self.claims, database_key))
        now = datetime.now(UTC)
        yield bearer("a database token", mint_database_token(self._identity, database_key, now=now))
        yield bearer("the publishable key", settings.supabase_publishable_key)
        yield bearer("the secret key", settings.supabase_secret_key)

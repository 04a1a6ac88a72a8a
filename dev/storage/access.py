"""Who calls, and what a signed URL allows."""

import time
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from starlette.requests import Request

from dev.storage.errors import StorageError, access_denied, invalid_request, invalid_signature

Scope = Literal["upload", "download"]


@dataclass(frozen=True, kw_only=True)
class StorageKeys:
    """The keys that Storage knows: the two of the project, and the two it checks tokens with."""

    publishable: str
    secret: str
    jwt: str
    signing: str


@dataclass(frozen=True)
class Caller:
    """Who calls. The buckets here are private and have no policies: only the service may act."""

    role: str
    owner: str | None = None
    is_authenticated: bool = True

    @property
    def is_service(self) -> bool:
        return self.role == "service_role"


_ANONYMOUS = Caller("anon", is_authenticated=False)


def _from_token(token: str, keys: StorageKeys) -> Caller:
    try:
        claims = jwt.decode(token, keys.jwt, ["HS256"], options={"verify_aud": False})
    except jwt.InvalidTokenError as error:
        raise access_denied(str(error)) from error
    return Caller(claims.get("role", "anon"), claims.get("sub"))


def identify(request: Request, keys: StorageKeys) -> Caller:
    """Return who calls, as the hosted gateway and Storage together see it.

    A user's token outranks the key. An opaque key may come in either header.
    """
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if token and not token.startswith("sb_"):
        return _from_token(token, keys)
    key = request.headers.get("apikey") or token
    if key == keys.secret:
        return Caller("service_role")
    if key == keys.publishable:
        return Caller("anon")
    if key:
        raise access_denied("Invalid API key")
    return _ANONYMOUS


def require_caller(request: Request, keys: StorageKeys) -> Caller:
    """Return who calls; a call without any credential is malformed on these routes."""
    caller = identify(request, keys)
    if not caller.is_authenticated:
        raise invalid_request("headers must have required property 'authorization'")
    return caller


def sign(path: str, scope: Scope, seconds: int, keys: StorageKeys, **claims: Any) -> str:
    """Return a token for one action on one object."""
    now = int(time.time())
    payload = {**claims, "url": path, "scope": scope, "iat": now, "exp": now + seconds}
    return jwt.encode(payload, keys.signing, "HS256")


def verify(token: str, path: str, scope: Scope, keys: StorageKeys) -> dict[str, Any]:
    """Return the claims of a signed URL's token.

    Raises:
        StorageError: It is forged, expired, or made for another action or another object.
    """
    try:
        claims = jwt.decode(token, keys.signing, ["HS256"], options={"require": ["exp"]})
    except jwt.ExpiredSignatureError as error:
        message = '"exp" claim timestamp check failed'
        raise StorageError(400, "InvalidJWT", message) from error
    except jwt.InvalidTokenError as error:
        raise StorageError(400, "InvalidJWT", str(error)) from error
    if claims.get("scope") != scope:
        raise invalid_signature(f"Token is not scoped for {scope}")
    if claims.get("url") != path:
        raise invalid_signature()
    return claims

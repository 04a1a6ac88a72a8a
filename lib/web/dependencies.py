"""The composition root: what a handler's signature may ask for, and how it is made."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.base import SecurityBase
from fastapi.security.utils import get_authorization_scheme_param

from lib.adapters.database import Database
from lib.domain.identities import Identity
from lib.domain.problems import InvalidAccessToken, PasswordChangeRequired
from lib.domain.tokens import mint_database_token, read_access_token
from lib.settings import Settings, get_settings

T = TypeVar("T")

_bearer = HTTPBearer(description="The access token from register, login or refresh.")


# Every one of them is async: a plain function would cost a thread a call under Mangum. And they ask for few others:
# FastAPI walks the whole tree at each request, and a dependency that stands in it twice is walked twice (15 µs each).


async def current_time() -> datetime:
    return datetime.now(UTC)


async def current_settings() -> Settings:
    return get_settings()


CurrentSettings = Annotated[Settings, Depends(current_settings)]
Now = Annotated[datetime, Depends(current_time)]


async def _settings_for(request: Request) -> Settings:
    """Return the current settings with no step of FastAPI's; they are replaced as any dependency is."""
    return await request.app.dependency_overrides.get(current_settings, current_settings)()


class OfBearer(SecurityBase, Generic[T]):
    """What `make` makes of who asks, in one step; the documents show the bearer token that it needs.

    Raises:
        InvalidAccessToken: There is no token, or no valid one.
    """

    model, scheme_name = _bearer.model, _bearer.scheme_name

    def __init__(self, make: Callable[[Identity, Settings], T]) -> None:
        self._make = make

    async def __call__(self, request: Request) -> T:
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        if scheme.lower() != "bearer":
            raise InvalidAccessToken
        settings = await _settings_for(request)
        identity = read_access_token(token, settings.access_token_keys, now=datetime.now(UTC))
        request.state.user_id = identity.user_id
        return self._make(identity, settings)


def _full_identity(identity: Identity, _settings: Settings) -> Identity:
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity


CurrentIdentity = Annotated[Identity, Depends(OfBearer(_full_identity))]


def _account_database(identity: Identity, settings: Settings) -> Database:
    """Return the Data API as the user who asks, also with a one-time passphrase: for the account itself."""

    def mint() -> str:
        return mint_database_token(identity, settings.database_token_key, now=datetime.now(UTC))

    return Database(settings.supabase_url, settings.supabase_publishable_key, mint)


class Account(NamedTuple):
    """Who asks, also with a one-time passphrase, and the Data API as they see it."""

    identity: Identity
    database: Database


def _account(identity: Identity, settings: Settings) -> Account:
    return Account(identity, _account_database(identity, settings))


def user_database(identity: Identity, settings: Settings) -> Database:
    """Return the Data API as the user who asks: row level security shows what is theirs."""
    return _account_database(_full_identity(identity, settings), settings)


async def service_database(settings: CurrentSettings) -> Database:
    """Return the Data API with the secret key: for what has no user, and for a claimed lease."""
    return Database(settings.supabase_url, settings.supabase_secret_key)


CurrentAccount = Annotated[Account, Depends(OfBearer(_account))]
AccountDatabase = Annotated[Database, Depends(OfBearer(_account_database))]
UserDatabase = Annotated[Database, Depends(OfBearer(user_database))]
ServiceDatabase = Annotated[Database, Depends(service_database)]

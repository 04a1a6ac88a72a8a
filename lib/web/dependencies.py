"""The composition root: what a handler's signature may ask for, and how it is made."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from lib.adapters.database import Database
from lib.domain.identities import Identity
from lib.domain.problems import InvalidAccessToken, PasswordChangeRequired
from lib.domain.tokens import mint_database_token, read_access_token
from lib.settings import Settings, get_settings

_bearer = HTTPBearer(
    auto_error=False, description="The access token from register, login or refresh."
)


# Every one of them is async: a plain function would cost a thread a call under Mangum. And they ask for few others:
# FastAPI walks the whole tree at each request, and a dependency that stands in it twice is walked twice (30 µs each).


async def current_time() -> datetime:
    return datetime.now(UTC)


async def current_settings() -> Settings:
    return get_settings()


CurrentSettings = Annotated[Settings, Depends(current_settings)]
Now = Annotated[datetime, Depends(current_time)]


async def current_identity(
    request: Request,
    settings: CurrentSettings,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Identity:
    if credentials is None:
        raise InvalidAccessToken
    identity = read_access_token(
        credentials.credentials, settings.access_token_keys, now=datetime.now(UTC)
    )
    request.state.user_id = identity.user_id
    return identity


# Also with a one-time passphrase: the own account, a new password, signing out.
AnyIdentity = Annotated[Identity, Depends(current_identity)]


async def full_identity(identity: AnyIdentity) -> Identity:
    if identity.must_change_password:
        raise PasswordChangeRequired
    return identity


CurrentIdentity = Annotated[Identity, Depends(full_identity)]


def _database_of(identity: Identity, settings: Settings) -> Database:
    def mint() -> str:
        return mint_database_token(identity, settings.database_token_key, now=datetime.now(UTC))

    return Database(settings.supabase_url, settings.supabase_publishable_key, mint)


async def user_database(identity: CurrentIdentity, settings: CurrentSettings) -> Database:
    """Return the Data API as the user who asks: row level security shows what is theirs."""
    return _database_of(identity, settings)


async def account_database(identity: AnyIdentity, settings: CurrentSettings) -> Database:
    """Return the same where a one-time passphrase is enough: for the account itself."""
    return _database_of(identity, settings)


async def service_database(settings: CurrentSettings) -> Database:
    """Return the Data API with the secret key: for what has no user, and for a claimed lease."""
    return Database(settings.supabase_url, settings.supabase_secret_key)


AccountDatabase = Annotated[Database, Depends(account_database)]
UserDatabase = Annotated[Database, Depends(user_database)]
ServiceDatabase = Annotated[Database, Depends(service_database)]

"""Sessions: begun by a sign-in, kept by refreshing, ended by signing out."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from lib.adapters import sessions
from lib.adapters.database import Database
from lib.domain.accounts import BegunSession, NewSession
from lib.domain.identities import Identity
from lib.domain.models import Session, User
from lib.domain.problems import InvalidRefreshToken
from lib.domain.records import record
from lib.domain.tokens import (
    derive_refresh_token,
    hash_refresh_token,
    issue_access_token,
    read_refresh_token,
)

_USER_AGENT_CHARACTERS = 200


@record
class SessionTerms:
    """How tokens are signed and how long things live. Of several keys the first one is today's."""

    access_token_keys: tuple[str, ...]
    refresh_token_keys: tuple[str, ...]
    access_token_lifetime: timedelta
    idle_lifetime: timedelta
    lifetime: timedelta


@record
class SignedIn:
    """A user with both tokens of a session."""

    user: User
    access_token: str
    refresh_token: str
    expires_in: timedelta


def draw_session(
    terms: SessionTerms, user_agent: str | None, former_token: str | None
) -> tuple[NewSession, str]:
    """Name a new session and derive its first refresh token, with no round trip.

    Args:
        terms: Of both tokens.
        user_agent: Of the browser.
        former_token: The refresh token that the browser had, whoever's it was.
    """
    handle = uuid4()
    refresh_token = derive_refresh_token(handle, 1, terms.refresh_token_keys[0])
    printable = "".join(character for character in user_agent or "" if character.isprintable())
    session = NewSession(
        handle=handle,
        replaced=_read_handle(former_token, terms) if former_token else None,
        token_hash=hash_refresh_token(refresh_token),
        idle_seconds=int(terms.idle_lifetime.total_seconds()),
        lifetime_seconds=int(terms.lifetime.total_seconds()),
        user_agent=printable[:_USER_AGENT_CHARACTERS] or None,
    )
    return session, refresh_token


def _read_handle(refresh_token: str, terms: SessionTerms) -> UUID | None:
    """Return the session of a token, or None where the token is none of ours."""
    try:
        return read_refresh_token(refresh_token, terms.refresh_token_keys)[0]
    except InvalidRefreshToken:
        return None


def sign(
    begun: BegunSession, refresh_token: str, *, terms: SessionTerms, now: datetime
) -> SignedIn:
    """Give a session its access token."""
    identity = Identity(
        user_id=begun.user.id,
        session_id=begun.session_id,
        must_change_password=begun.user.must_change_password,
    )
    access_token = issue_access_token(
        identity, terms.access_token_keys[0], now=now, lifetime=terms.access_token_lifetime
    )
    return SignedIn(
        user=begun.user,
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=terms.access_token_lifetime,
    )


async def refresh(
    refresh_token: str, *, service: Database, terms: SessionTerms, now: datetime
) -> SignedIn:
    """Trade a refresh token for its child and a new access token.

    A lost reply is no harm: the same token gives the same child again, for 10 s or until the child
    is used.

    Raises:
        InvalidRefreshToken: It is none of ours, or the session is over.
        RefreshTokenReused: It was used too late; the session is now over.
    """
    handle, generation = read_refresh_token(refresh_token, terms.refresh_token_keys)
    children = [
        derive_refresh_token(handle, generation + 1, key) for key in terms.refresh_token_keys
    ]
    rotation = await sessions.rotate(
        service,
        handle=handle,
        generation=generation,
        token_hash=hash_refresh_token(refresh_token),
        child_hashes=[hash_refresh_token(child) for child in children],
        idle_seconds=int(terms.idle_lifetime.total_seconds()),
    )
    return sign(rotation, children[rotation.child_index], terms=terms, now=now)


async def sign_out(refresh_token: str, *, service: Database, terms: SessionTerms) -> None:
    """End the session of a refresh token, used before or not.

    Raises:
        InvalidRefreshToken: It is none of ours.
    """
    handle, _ = read_refresh_token(refresh_token, terms.refresh_token_keys)
    await sessions.sign_out(service, handle)


async def list_sessions(*, database: Database, cursor: int | None, limit: int) -> list[Session]:
    return await sessions.list_sessions(database, cursor=cursor, limit=limit)


async def end_session(session_id: int, *, database: Database) -> None:
    await sessions.end_session(database, session_id)

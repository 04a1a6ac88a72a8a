"""Sessions: refreshed and signed out of by their token, listed and ended as the user."""

from uuid import UUID

from lib.adapters.database import Database
from lib.domain.accounts import Rotation
from lib.domain.models import Session
from lib.domain.problems import InvalidRefreshToken, RefreshTokenReused


async def rotate(
    service: Database,
    *,
    handle: UUID,
    generation: int,
    token_hash: str,
    child_hashes: list[str],
    idle_seconds: int,
) -> Rotation:
    """Trade an authentic refresh token for its child.

    Args:
        service: With the secret key: the token is all there is to say who asks.
        handle: Of the session.
        generation: Of the token.
        token_hash: Of the token.
        child_hashes: Of the child under each key that is accepted, today's first.
        idle_seconds: How long the session now lives without another refresh.

    Raises:
        InvalidRefreshToken: The session is over.
        RefreshTokenReused: The token had been used; now the session is over.
    """
    answer = await service.call(
        "rotate_refresh_token",
        handle=str(handle),
        generation=generation,
        token_hash=token_hash,
        child_hashes=child_hashes,
        idle_seconds=idle_seconds,
    )
    if answer["outcome"] == "reused":
        raise RefreshTokenReused
    if answer["outcome"] != "rotated":
        raise InvalidRefreshToken
    return Rotation.model_validate(answer)


async def sign_out(service: Database, handle: UUID) -> None:
    await service.call("sign_out", handle=str(handle))


async def list_sessions(database: Database, *, cursor: int | None, limit: int) -> list[Session]:
    rows = await database.call("list_sessions", cursor=cursor, limit=limit)
    return [Session.model_validate(row) for row in rows]


async def end_session(database: Database, session_id: int) -> None:
    """End a session of the user's.

    Raises:
        SessionNotFound: There is none, or it is someone else's.
        SessionEnded: The session that asks is over.
    """
    await database.call("end_session", session_id=session_id)

"""Accounts: made and signed in to with the secret key, changed and erased as the user."""

from typing import Any

from lib.adapters.database import Database
from lib.domain.accounts import Attempt, BegunSession, Erasure, NewSession
from lib.domain.attempts import AttemptKeys
from lib.domain.models import User
from lib.domain.problems import InvalidCredentials, TooManyAttempts

_WRONG_CODES = "Too many wrong sign-up codes. Wait, and ask for the right one meanwhile."

# With the secret key: nobody is signed in yet.


async def register(
    service: Database, *, username: str, password_hash: str, session: NewSession
) -> BegunSession:
    """Make an account and sign it in.

    Raises:
        UsernameTaken: In whatever case it is written.
    """
    answer = await service.call(
        "register_user",
        username=username,
        password_hash=password_hash,
        session=session.model_dump(mode="json"),
    )
    return BegunSession.model_validate(answer)


async def begin_sign_in(service: Database, username: str, keys: AttemptKeys) -> Attempt | None:
    """Begin an attempt, which `finish_sign_in` or `fail_sign_in` must end within 30 s.

    None where as many run at this moment as may still fail: ask again when one of them has ended.

    Raises:
        TooManyAttempts: With the seconds to wait.
    """
    answer = await service.call("begin_sign_in", username=username, **keys.model_dump())
    if answer is None:
        return None
    if seconds := answer.get("retry_after_seconds"):
        raise TooManyAttempts(retry_after_seconds=seconds)
    return Attempt.model_validate(answer)


async def fail_sign_in(service: Database, attempt: Attempt, keys: AttemptKeys) -> None:
    """Count an attempt whose password was wrong."""
    await service.call("fail_sign_in", attempt_id=attempt.id, **keys.model_dump())


async def finish_sign_in(
    service: Database,
    *,
    user_id: int,
    password_hash: str,
    upgraded_hash: str | None,
    keys: AttemptKeys,
    session: NewSession,
) -> BegunSession:
    """Begin a session for whom the password was right, and forget the failures before it.

    Raises:
        InvalidCredentials: The account was changed, disabled or erased in the meantime.
    """
    answer = await service.call(
        "finish_sign_in",
        **keys.model_dump(),
        user_id=user_id,
        password_hash=password_hash,
        upgraded_hash=upgraded_hash,
        session=session.model_dump(mode="json"),
    )
    if answer is None:
        raise InvalidCredentials
    return BegunSession.model_validate(answer)


async def try_signup_code(service: Database, keys: AttemptKeys, *, is_right: bool) -> None:
    """Count a wrong sign-up code; a right one never counts.

    Raises:
        TooManyAttempts: Too many were wrong before: then a right one waits, too.
    """
    answer = await service.call("try_signup_code", **keys.model_dump(), is_right=is_right)
    if wait := answer.get("retry_after_seconds"):
        raise TooManyAttempts(_WRONG_CODES, retry_after_seconds=wait)


# As the user


async def find_user(database: Database, user_id: int) -> User | None:
    rows = await database.select("users", "id,username,created_at", id=user_id)
    return User.model_validate(rows[0]) if rows else None


async def change_password(
    database: Database, *, password_hash: str, new_password_hash: str, keys: AttemptKeys
) -> None:
    """Replace the hash that the current password was compared with; end every other session.

    Raises:
        InvalidCredentials: It is no longer that one.
        SessionEnded: The session that asks is over.
    """
    await database.call(
        "change_password",
        password_hash=password_hash,
        new_password_hash=new_password_hash,
        **keys.model_dump(),
    )


async def erase(database: Database, *, password_hash: str, name_key: str) -> Erasure:
    answer = await database.call("erase_account", password_hash=password_hash, name_key=name_key)
    return Erasure.model_validate(answer)


async def list_usage(database: Database, user_id: int) -> list[dict[str, Any]]:
    """Return what the user asked and spent, a row a day."""
    return await database.select("daily_usage", "day,query_count,token_count", user_id=user_id)

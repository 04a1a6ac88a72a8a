"""Proving who one is by a password: counted while it is compared, compared off the event loop."""

import asyncio
import json
import logging
import time
from datetime import datetime
from functools import partial

from lib.adapters import accounts
from lib.adapters.database import Database
from lib.domain.accounts import Attempt, Credentials
from lib.domain.attempts import AttemptKeys, attempt_keys
from lib.domain.identities import Identity
from lib.domain.models import User
from lib.domain.password_policy import check_password
from lib.domain.passwords import PasswordScheme
from lib.domain.problems import Busy, InvalidAccessToken, InvalidCredentials
from lib.domain.records import record
from lib.domain.usernames import fold_username
from lib.services.hashing import HashingQueue
from lib.services.sessions import SessionTerms

log = logging.getLogger("lectern")

# Others of the same name and address are being compared; a person waits so long for them.
_MAX_WAIT_SECONDS = 10.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 0.4
_WRONG_PASSWORD = "The current password is wrong. Check it and try again."  # nosec B105 # noqa: S105 - a sentence


@record
class Device:
    """Where a request comes from."""

    address: str
    user_agent: str | None


@record
class PasswordRules:
    """How passwords are kept, which are good enough, and under which key failures are counted."""

    scheme: PasswordScheme
    min_characters: int
    throttle_key: str


@record
class Entrance:
    """All that registering and signing in need beside what was typed."""

    service: Database
    queue: HashingQueue
    rules: PasswordRules
    terms: SessionTerms
    device: Device
    now: datetime


@record
class Proof:
    """A password was right.

    Attributes:
        user_id: Whose it is.
        password_hash: What it was compared with.
        new_hash: Of the new password, or of the same one where its hash was out of date.
        keys: What the attempt runs under until it is finished.
    """

    user_id: int
    password_hash: str
    new_hash: str | None
    keys: AttemptKeys


async def prove(
    credentials: Credentials, *, entrance: Entrance, new_password: str | None = None
) -> Proof:
    """Compare a password; no more run at a time than may fail, so that many at a time gain nothing.

    Raises:
        InvalidCredentials: It is wrong, or nobody of that name may sign in.
        TooManyAttempts: Too many were wrong before.
        Busy: Too many passwords are being hashed, or too many of this name and address.
    """
    until, pause = time.monotonic() + _MAX_WAIT_SECONDS, _FIRST_PAUSE_SECONDS
    while (proof := await _try_to_prove(credentials, entrance, new_password)) is None:
        if time.monotonic() > until:
            raise Busy(retry_after_seconds=1)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    return proof


async def _try_to_prove(
    credentials: Credentials, entrance: Entrance, new_password: str | None
) -> Proof | None:
    """Compare, or return None at once where others of this name and address must end first."""
    rules, queue = entrance.rules, entrance.queue
    keys = attempt_keys(credentials.username, entrance.device.address, rules.throttle_key)
    username = fold_username(credentials.username)
    # Who waits for others of the same name has no place: it would be missing to all the other names.
    with queue.place():
        attempt = await accounts.begin_sign_in(entrance.service, username, keys)
        if attempt is None:
            return None
        is_right, new_hash = await queue.run(
            partial(_compare, rules.scheme, credentials.password, attempt, new_password)
        )
    if attempt.user_id is None or attempt.password_hash is None or not is_right:
        await accounts.fail_sign_in(entrance.service, attempt, keys)
        raise InvalidCredentials
    return Proof(
        user_id=attempt.user_id, password_hash=attempt.password_hash, new_hash=new_hash, keys=keys
    )


def _compare(
    scheme: PasswordScheme, password: str, attempt: Attempt, new_password: str | None
) -> tuple[bool, str | None]:
    """Verify, and hash in the same turn what has to be hashed after it."""
    if attempt.password_hash is None:
        return scheme.verify(password, None), None
    if not scheme.knows_key_of(attempt.password_hash):
        line = {"level": "error", "event": "password key unknown", "user_id": attempt.user_id}
        log.error(json.dumps(line))
    if not scheme.verify(password, attempt.password_hash):
        return False, None
    if new_password is not None:
        return True, scheme.hash(new_password)
    return True, None if scheme.is_current(attempt.password_hash) else scheme.hash(password)


async def get_user(identity: Identity, *, database: Database) -> User:
    """Return the account of who asks.

    Raises:
        InvalidAccessToken: It has been erased.
    """
    user = await accounts.find_user(database, identity.user_id)
    if user is None:
        raise InvalidAccessToken
    return user.model_copy(update={"must_change_password": identity.must_change_password})


async def prove_again(
    identity: Identity,
    password: str,
    *,
    database: Database,
    entrance: Entrance,
    new_password: str | None = None,
) -> Proof:
    """Have a signed-in user say the password once more, throttled as a sign-in is.

    Raises:
        InvalidCredentials: It is wrong.
    """
    user = await get_user(identity, database=database)
    if new_password is not None:
        check_password(new_password, user.username, min_characters=entrance.rules.min_characters)
    credentials = Credentials(username=user.username, password=password)
    try:
        return await prove(credentials, entrance=entrance, new_password=new_password)
    except InvalidCredentials as problem:
        raise InvalidCredentials(_WRONG_PASSWORD) from problem

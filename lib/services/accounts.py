"""Accounts: register, sign in, choose another password."""

import hmac
from functools import partial
from typing import Literal

from lib.adapters import accounts
from lib.adapters.database import Database
from lib.domain.accounts import Credentials
from lib.domain.attempts import signup_code_keys
from lib.domain.identities import Identity
from lib.domain.password_policy import check_password
from lib.domain.problems import SignupClosed, SignupRefused, WeakPassword
from lib.domain.records import record
from lib.domain.usernames import fold_username
from lib.services.proofs import Entrance, prove, prove_again
from lib.services.sessions import SignedIn, draw_session, sign


@record
class Signup:
    """Who may register."""

    mode: Literal["open", "code", "closed"]
    code: str


async def check_signup(signup: Signup, given_code: str | None, *, entrance: Entrance) -> None:
    """Let in who may register.

    Raises:
        SignupClosed: Nobody may.
        SignupRefused: The code is wrong or absent.
        TooManyAttempts: Too many codes were wrong before.
    """
    if signup.mode == "open":
        return
    if signup.mode == "closed":
        raise SignupClosed
    is_right = bool(signup.code) and hmac.compare_digest(
        (given_code or "").encode(), signup.code.encode()
    )
    if given_code:
        keys = signup_code_keys(entrance.device.address, entrance.rules.throttle_key)
        await accounts.try_signup_code(entrance.service, keys, is_right=is_right)
    if not is_right:
        raise SignupRefused


async def register(
    credentials: Credentials, *, entrance: Entrance, former_token: str | None
) -> SignedIn:
    """Make an account and sign it in; the session of the browser's former refresh token ends.

    Raises:
        WeakPassword: With what is wrong with it.
        UsernameTaken: In whatever case it is written.
        Busy: Too many passwords are being hashed.
    """
    username = fold_username(credentials.username)
    rules, queue = entrance.rules, entrance.queue
    check_password(credentials.password, username, min_characters=rules.min_characters)
    with queue.place():
        password_hash = await queue.run(partial(rules.scheme.hash, credentials.password))
    session, refresh_token = draw_session(entrance.terms, entrance.device.user_agent, former_token)
    begun = await accounts.register(
        entrance.service, username=username, password_hash=password_hash, session=session
    )
    return sign(begun, refresh_token, terms=entrance.terms, now=entrance.now)


async def sign_in(
    credentials: Credentials, *, entrance: Entrance, former_token: str | None
) -> SignedIn:
    """Begin a session; that of the browser's former refresh token ends.

    Raises:
        InvalidCredentials: Wrong, unknown or disabled: one answer after the same work.
        TooManyAttempts: Also for a right password, also for a name that nobody has.
        Busy: Too many passwords are being hashed.
    """
    proof = await prove(credentials, entrance=entrance)
    session, refresh_token = draw_session(entrance.terms, entrance.device.user_agent, former_token)
    begun = await accounts.finish_sign_in(
        entrance.service,
        user_id=proof.user_id,
        password_hash=proof.password_hash,
        upgraded_hash=proof.new_hash,
        keys=proof.keys,
        session=session,
    )
    return sign(begun, refresh_token, terms=entrance.terms, now=entrance.now)


async def change_password(
    identity: Identity,
    current_password: str,
    new_password: str,
    *,
    database: Database,
    entrance: Entrance,
) -> None:
    """Replace the password and end every other session.

    Raises:
        InvalidCredentials: The current password is wrong.
        WeakPassword: The new one is, or it is the current one.
    """
    if new_password == current_password:
        raise WeakPassword("This is the current password. Choose another one.")
    proof = await prove_again(
        identity, current_password, database=database, entrance=entrance, new_password=new_password
    )
    assert proof.new_hash  # nosec B101 # narrows a type
    await accounts.change_password(
        database,
        password_hash=proof.password_hash,
        new_password_hash=proof.new_hash,
        keys=proof.keys,
    )

"""/api/auth: register, login, refresh, logout, me, password, sessions, export, erase."""

from lib.web.starting import make_handler

from typing import Literal

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from lib.domain.accounts import Credentials
from lib.domain.models import Session, User
from lib.domain.usernames import PATTERN
from lib.services import account_exports, accounts, erasure, proofs, sessions
from lib.services.erasure import Receipt
from lib.services.sessions import SignedIn
from lib.web.app import create_app
from lib.web.cookies import CurrentCookie
from lib.web.dependencies import (
    AccountDatabase,
    CurrentAccount,
    CurrentIdentity,
    Now,
    ServiceDatabase,
    UserDatabase,
)
from lib.web.downloads import content_disposition
from lib.web.entrance import CurrentEntrance, CurrentSignup, Terms, Typed
from lib.web.schemas import Body, Cursor, Id, Limit, Reply, cut_page, decode_cursor, encode_cursor
from lib.web.storage import FileStorage

app = create_app("auth", "Your account, and where you are signed in.")


class Registration(Body):
    username: str = Field(
        pattern=PATTERN,
        description="3 to 32 letters, digits, dots, dashes or underscores; case does not matter.",
    )
    password: Typed = Field(
        description="15 to 256 characters of any kind; neither common nor like the username."
    )
    signup_code: Typed | None = Field(default=None, description="Where this Lectern asks for one.")


class SignInBody(Body):
    username: Typed
    password: Typed


class PasswordChange(Body):
    current_password: Typed
    new_password: Typed = Field(description="As for register, and not the current one.")


class ErasureConfirmation(Body):
    password: Typed = Field(description="The current password, as proof that it is you.")


class TokenReply(Reply):
    user: User
    access_token: str = Field(description="For `Authorization: Bearer`.")
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, no secret
    expires_in: int = Field(description="Seconds until the access token must be refreshed.")


class Sessions(Reply):
    sessions: list[Session]
    next_cursor: str | None


def _reply(signed_in: SignedIn, cookie: CurrentCookie) -> TokenReply:
    cookie.give(signed_in.refresh_token)
    return TokenReply(
        user=signed_in.user,
        access_token=signed_in.access_token,
        expires_in=int(signed_in.expires_in.total_seconds()),
    )


@app.post("/api/auth/register", status_code=201)
async def register(
    body: Registration, signup: CurrentSignup, entrance: CurrentEntrance, cookie: CurrentCookie
) -> TokenReply:
    """Make an account and sign in. The refresh token comes as a cookie that no script can read."""
    await accounts.check_signup(signup, body.signup_code, entrance=entrance)
    credentials = Credentials(username=body.username, password=body.password)
    signed_in = await accounts.register(
        credentials, entrance=entrance, former_token=cookie.former()
    )
    return _reply(signed_in, cookie)


@app.post("/api/auth/login")
async def login(body: SignInBody, entrance: CurrentEntrance, cookie: CurrentCookie) -> TokenReply:
    """Sign in. A wrong password and an unknown username get the same answer.

    The session of the refresh cookie that the browser had, whoever's it was, is over.
    """
    credentials = Credentials(username=body.username, password=body.password)
    signed_in = await accounts.sign_in(credentials, entrance=entrance, former_token=cookie.former())
    return _reply(signed_in, cookie)


@app.post("/api/auth/refresh")
async def refresh(
    cookie: CurrentCookie, service: ServiceDatabase, terms: Terms, now: Now
) -> TokenReply:
    """Trade the refresh cookie for its successor and a new access token.

    Needs the header X-Requested-With, with any value. After a lost reply the same cookie works again.
    """
    signed_in = await sessions.refresh(cookie.take(), service=service, terms=terms, now=now)
    return _reply(signed_in, cookie)


@app.post("/api/auth/logout", status_code=204)
async def logout(cookie: CurrentCookie, service: ServiceDatabase, terms: Terms) -> Response:
    """End the session of the refresh cookie and clear it. Needs the header X-Requested-With."""
    await sessions.sign_out(cookie.take(), service=service, terms=terms)
    response = Response(status_code=204)
    cookie.clear(response)
    return response


@app.get("/api/auth/me")
async def me(account: CurrentAccount) -> User:
    """Return your account."""
    return await proofs.get_user(account.identity, database=account.database)


@app.put("/api/auth/password", status_code=204)
async def change_password(
    body: PasswordChange, account: CurrentAccount, entrance: CurrentEntrance
) -> Response:
    """Choose another password. Every other session of yours is over; refresh to go on in this one."""
    passwords = body.current_password, body.new_password
    await accounts.change_password(
        account.identity, *passwords, database=account.database, entrance=entrance
    )
    return Response(status_code=204)


@app.get("/api/auth/sessions")
async def list_sessions(
    database: AccountDatabase, cursor: Cursor = None, limit: Limit = 20
) -> Sessions:
    """List where you are signed in, newest first."""
    after = decode_cursor(cursor, int)
    found = await sessions.list_sessions(
        database=database, cursor=after[0] if after else None, limit=limit + 1
    )
    shown, last = cut_page(found, limit)
    return Sessions(sessions=shown, next_cursor=encode_cursor(last.id) if last else None)


@app.delete("/api/auth/sessions/{session_id}", status_code=204)
async def end_session(session_id: Id, database: AccountDatabase) -> Response:
    """End one of your sessions. Its access token writes nothing more from now on."""
    await sessions.end_session(session_id, database=database)
    return Response(status_code=204)


@app.get("/api/auth/export", response_class=Response)
async def export(
    identity: CurrentIdentity, database: UserDatabase, storage: FileStorage, now: Now
) -> StreamingResponse:
    """Download all that is yours as a zip: account, files as uploaded, chats as Markdown and JSON."""
    holdings = await account_exports.take_stock(identity, database=database)
    archive = account_exports.write_archive(holdings, database=database, storage=storage, now=now)
    filename = f"lectern-{holdings.user.username}-{now:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": content_disposition(filename)}
    return StreamingResponse(archive, media_type="application/zip", headers=headers)


@app.post("/api/auth/erase")
async def erase(
    body: ErasureConfirmation,
    identity: CurrentIdentity,
    database: UserDatabase,
    storage: FileStorage,
    entrance: CurrentEntrance,
    cookie: CurrentCookie,
) -> Receipt:
    """Delete the account with all that is its own, for good, and say what is gone."""
    receipt = await erasure.erase(
        identity, body.password, database=database, storage=storage, entrance=entrance
    )
    cookie.clear()
    return receipt


handler = make_handler(app)

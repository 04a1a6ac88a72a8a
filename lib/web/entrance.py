"""What registering and signing in need, as dependencies: the auth function alone imports them."""

from functools import cache
from typing import Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator

from lib.domain.passwords import PasswordScheme
from lib.services.accounts import Signup
from lib.services.hashing import HashingQueue
from lib.services.proofs import Device, Entrance, PasswordRules
from lib.services.sessions import SessionTerms
from lib.web.dependencies import CurrentSettings, Now, ServiceDatabase


def _check_pairs(text: str) -> str:
    """Half of a surrogate pair is no character; JSON can say it, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("This is not Unicode text.") from error
    return text


# Exactly as typed, every control character included: a password is nobody's to tidy.
Typed = Annotated[str, AfterValidator(_check_pairs)]


@cache
def hashing_queue() -> HashingQueue:
    """Return the one queue of this process, made when the first password comes."""
    return HashingQueue()


async def current_device(request: Request, settings: CurrentSettings) -> Device:
    """Return where the request comes from.

    Only the one header that the platform itself sets is believed; any other, X-Forwarded-For
    included, is whatever the client likes.
    """
    peer = request.client.host if request.client else ""
    trusted = settings.client_address_header
    return Device(
        address=request.headers.get(trusted, "") if trusted else peer,
        user_agent=request.headers.get("user-agent"),
    )


async def session_terms(settings: CurrentSettings) -> SessionTerms:
    return SessionTerms(
        access_token_keys=settings.access_token_keys,
        refresh_token_keys=settings.refresh_token_keys,
        access_token_lifetime=settings.access_token_lifetime,
        idle_lifetime=settings.session_idle_lifetime,
        lifetime=settings.session_lifetime,
    )


Terms = Annotated[SessionTerms, Depends(session_terms)]


async def current_signup(settings: CurrentSettings) -> Signup:
    return Signup(mode=settings.signup, code=settings.signup_code)


CurrentSignup = Annotated[Signup, Depends(current_signup)]


async def current_entrance(
    settings: CurrentSettings,
    service: ServiceDatabase,
    terms: Terms,
    device: Annotated[Device, Depends(current_device)],
    now: Now,
) -> Entrance:
    rules = PasswordRules(
        scheme=PasswordScheme(settings.password_keys, settings.bcrypt_cost),
        min_characters=settings.password_min_characters,
        throttle_key=settings.throttle_key,
    )
    return Entrance(
        service=service, queue=hashing_queue(), rules=rules, terms=terms, device=device, now=now
    )


CurrentEntrance = Annotated[Entrance, Depends(current_entrance)]

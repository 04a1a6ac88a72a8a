"""The refresh token's cookie, and the proof that our own page sends it (CSRF)."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from lib.domain.problems import CrossSiteRequest, InvalidRefreshToken
from lib.settings import Settings
from lib.web.dependencies import CurrentSettings

# A browser says how the page that asks is related to us, and no page can make it lie.
_OWN_SITES = (None, "same-origin", "none")


class RefreshCookie:
    """The cookie of one request and of its response."""

    def __init__(self, request: Request, response: Response, settings: Settings) -> None:
        self._request = request
        self._response = response
        self._public = urlsplit(settings.public_url)
        self._lifetime = settings.session_idle_lifetime

    @property
    def _is_secure(self) -> bool:
        return self._public.scheme == "https"

    @property
    def _name(self) -> str:
        # __Host-: no other host of the domain can set it (RFC 6265bis, 4.1.3.2).
        return "__Host-lectern-rt" if self._is_secure else "lectern-rt"

    @property
    def _is_own_page(self) -> bool:
        origin = self._request.headers.get("origin")
        site = self._request.headers.get("sec-fetch-site")
        own_origin = f"{self._public.scheme}://{self._public.netloc}"
        return site in _OWN_SITES and origin in (None, own_origin)

    def give(self, token: str) -> None:
        """Set the cookie, but to no page of another origin: that one has its bearer token only."""
        self._set(self._response, token, self._lifetime)

    def clear(self, response: Response | None = None) -> None:
        """Take the cookie back in `response`, by default the one that the function's reply becomes."""
        self._set(response or self._response, "", timedelta())

    def take(self) -> str:
        """Return the token that the browser sent from our own page.

        Raises:
            InvalidRefreshToken: There is no cookie.
            CrossSiteRequest: Another site may have made the browser send it.
        """
        token = self._request.cookies.get(self._name)
        if not token:
            raise InvalidRefreshToken
        if "x-requested-with" not in self._request.headers or not self._is_own_page:
            raise CrossSiteRequest
        return token

    def former(self) -> str | None:
        """Return the token that the browser had before it signed in on our own page, if any."""
        return self._request.cookies.get(self._name) if self._is_own_page else None

    def _set(self, response: Response, value: str, lifetime: timedelta) -> None:
        if not self._is_own_page:
            return
        response.set_cookie(
            self._name,
            value,
            max_age=int(lifetime.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )


async def refresh_cookie(
    request: Request, response: Response, settings: CurrentSettings
) -> RefreshCookie:
    return RefreshCookie(request, response, settings)


CurrentCookie = Annotated[RefreshCookie, Depends(refresh_cookie)]

"""A hosted project's signing keys, through Supabase's Management API: listed, imported, put to use, revoked."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

# A key goes from standby to in_use, from there to previously_used, and ends revoked. All but the
# last are trusted: that is the overlap.
Status = Literal["standby", "in_use", "previously_used", "revoked"]

_API = "https://api.supabase.com"
_TIMEOUT_SECONDS = 30


class ProjectRefused(Exception):
    """Supabase did not do what it was asked; the message says what it answered."""


@dataclass(frozen=True)
class SigningKey:
    """A key as the project knows it; `id` is the API's name of it."""

    id: str
    kid: str
    algorithm: str
    status: Status


def project_ref(supabase_url: str) -> str:
    """Return the name of the project in `https://<ref>.supabase.co`.

    Raises:
        ProjectRefused: It is no address of a hosted project.
    """
    found = re.fullmatch(r"([a-z0-9]{20})\.supabase\.co", urlsplit(supabase_url).netloc)
    if not found:
        raise ProjectRefused(f"{supabase_url} is not the address of a hosted project.")
    return found[1]


class Project:
    """One hosted project, for whoever holds a personal access token of its owner."""

    def __init__(self, ref: str, access_token: str, api_url: str = _API) -> None:
        self._keys = f"{api_url}/v1/projects/{ref}/config/auth/signing-keys"
        self._headers = {"Authorization": f"Bearer {access_token}"}

    def list_keys(self) -> list[SigningKey]:
        return [_read(key) for key in self._call("GET", self._keys)["keys"]]

    def import_key(self, private_jwk: dict[str, Any]) -> SigningKey:
        """Add a key in standby: trusted from then on, and not used by Supabase itself."""
        body = {"algorithm": "ES256", "status": "standby", "private_jwk": private_jwk}
        return _read(self._call("POST", self._keys, body))

    def set_status(self, key: SigningKey, status: Status) -> SigningKey:
        return _read(self._call("PATCH", f"{self._keys}/{key.id}", {"status": status}))

    def _call(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = httpx.request(
                method, url, json=body, headers=self._headers, timeout=_TIMEOUT_SECONDS
            )
        except httpx.HTTPError as error:
            raise ProjectRefused(f"Supabase does not answer: {error}") from error
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise ProjectRefused("Supabase refuses SUPABASE_ACCESS_TOKEN: make one in the account.")
        if answer.is_error:
            raise ProjectRefused(f"Supabase answers {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def _read(key: dict[str, Any]) -> SigningKey:
    public = key.get("public_jwk") or {}
    return SigningKey(key["id"], public.get("kid", key["id"]), key["algorithm"], key["status"])

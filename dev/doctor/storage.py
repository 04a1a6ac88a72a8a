"""A file to Storage and back, as a browser sends and gets it: by signed URLs."""

import uuid
from typing import Any

import httpx

from dev.doctor.findings import Finding, ok, wrong
from lib.settings import Settings

_TEXT = b"There and back."
_LOOK = "look at Storage in the dashboard: its logs name the reason."


class _Refused(Exception):
    """A step failed; the message says which, and what was answered."""


async def check(settings: Settings, http: httpx.AsyncClient) -> Finding:
    """Upload a file, get it back, delete it, and see that it is gone."""
    trip = _Trip(settings, http)
    try:
        await trip.upload()
        came_back = await trip.download()
        is_gone = await trip.delete()
    except (httpx.HTTPError, _Refused) as error:
        return wrong("storage", f"{error}.", _LOOK)
    if came_back != _TEXT:
        return wrong("storage", "another file came back.", "look at what stands before Storage.")
    if not is_gone:
        return wrong("storage", "a deleted file is still there.", _LOOK)
    return ok("storage", "a file went there and back by signed URLs, and is deleted")


class _Trip:
    """One object, and the calls on it."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._url = f"{settings.supabase_url}/storage/v1"
        self._key = f"{settings.storage_bucket}/doctor/{uuid.uuid4()}"
        self._service = {"apikey": settings.supabase_secret_key}
        self._http = http

    async def upload(self) -> None:
        signed = await self._sign("upload/sign", {}, "url")
        headers = {"Content-Type": "text/plain"}
        answer = await self._http.put(signed, content=_TEXT, headers=headers)
        if answer.is_error:
            raise _Refused(_told("the upload by a signed URL", answer))

    async def download(self) -> bytes:
        signed = await self._sign("sign", {"expiresIn": 60}, "signedURL")
        answer = await self._http.get(signed)
        if answer.is_error:
            raise _Refused(_told("the download by a signed URL", answer))
        return answer.content

    async def delete(self) -> bool:
        """Delete the object, and return whether it is gone."""
        bucket, _, path = self._key.partition("/")
        url, body = f"{self._url}/object/{bucket}", {"prefixes": [path]}
        answer = await self._http.request("DELETE", url, headers=self._service, json=body)
        if answer.is_error:
            raise _Refused(_told("the deletion", answer))
        # Asked past the signed URL, which a cache in front of Storage may go on serving for a while.
        url = f"{self._url}/object/authenticated/{self._key}"
        return (await self._http.get(url, headers=self._service)).is_error

    async def _sign(self, route: str, body: dict[str, Any], member: str) -> str:
        url = f"{self._url}/object/{route}/{self._key}"
        answer = await self._http.post(url, headers=self._service, json=body)
        try:
            return self._url + answer.json()[member]
        except (ValueError, LookupError, TypeError):
            raise _Refused(_told("signing", answer)) from None


def _told(step: str, answer: httpx.Response) -> str:
    return f"{step} failed with {answer.status_code} {answer.text[:120]!r}"

"""Who visits a running Lectern, and takes everything away again."""

from http import HTTPStatus
from typing import Any

import httpx

from dev.doctor.findings import Finding, wrong


class Guest:
    """Somebody signed in, who remembers what to take away again.

    Attributes:
        step: What is being done, for whoever has to say that it broke off.
    """

    def __init__(self, url: str, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http, self.headers, self.step = http, headers, ""
        self._url, self._undo = url, list[tuple[str, str, str, dict[str, str] | None]]()

    def address(self, path: str) -> str:
        return self._url + path

    async def post(self, path: str, **content: Any) -> httpx.Response:
        return await self.http.post(self.address(path), headers=self.headers, **content)

    def will_undo(
        self, what: str, method: str, path: str, body: dict[str, str] | None = None
    ) -> None:
        self._undo.append((what, method, path, body))

    async def leave(self) -> list[Finding]:
        """Take everything away, last things first, and say what stayed."""
        stayed: list[Finding] = []
        for what, method, path, body in reversed(self._undo):
            try:
                answer = await self.http.request(
                    method, self.address(path), json=body, headers=self.headers
                )
                is_gone = answer.is_success or answer.status_code == HTTPStatus.NOT_FOUND
                told = "" if is_gone else f"answered {answer.status_code}"
            except httpx.HTTPError as error:
                told = f"broke off ({type(error).__name__})"
            if told:
                told = f"left {what} behind: {method} {path} {told}."
                stayed.append(wrong("a visit", told, "delete it by hand once Lectern is well."))
        return stayed

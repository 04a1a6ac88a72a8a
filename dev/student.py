"""A student who uses the API as a program would: for tests, benches and rehearsals."""

from typing import Any

import httpx

PASSPHRASE = "copper lantern quiet orchard"


class Student:
    """A signed-in user with a client of their own."""

    def __init__(self, client: httpx.Client, username: str) -> None:
        """Register `username` with PASSPHRASE; every later request carries the access token."""
        self.client = client
        self.username = username
        answer = self._checked(
            client.post("/api/auth/register", json={"username": username, "password": PASSPHRASE})
        )
        self.id = int(answer["user"]["id"])
        client.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def upload(self, name: str, content: bytes | str, content_type: str = "") -> dict[str, Any]:
        """Send a file through the multipart route and return it, read to the end."""
        data = content.encode() if isinstance(content, str) else content
        part = (name, data, content_type) if content_type else (name, data)
        return self.ingest(self._checked(self.client.post("/api/upload", files={"file": part})))

    def ingest(self, file: dict[str, Any]) -> dict[str, Any]:
        """Have a file read until it is ready or has failed."""
        while file["status"] == "processing":
            file = self._checked(self.client.post(f"/api/upload/{file['id']}/ingest"))
        return file

    def pages(self, file: dict[str, Any]) -> list[str]:
        """Return the text of every page of a ready file."""
        return [
            self._checked(self.client.get(f"/api/upload/{file['id']}/pages/{number}"))["text"]
            for number in range(1, file["page_count"] + 1)
        ]

    def ask(self, query_text: str, **members: Any) -> dict[str, Any]:
        body = {"query_text": query_text, **members}
        return self._checked(self.client.post("/api/query", json=body))

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, f"{answer.request.url.path}: {answer.status_code} {answer.text}"
        return answer.json()

"""Answers that a browser saves as a file."""

from urllib.parse import quote

from fastapi import Response


def content_disposition(filename: str) -> str:
    """Name an attachment (RFC 6266): the name in UTF-8, and a plain one for old clients."""
    safe = "".join("-" if character in '/\\:*?"<>|\r\n\t' else character for character in filename)
    plain = safe.encode("ascii", "replace").decode().replace("?", "-")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe)}"


def attachment(content: str, content_type: str, filename: str) -> Response:
    return Response(
        content,
        media_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": content_disposition(filename)},
    )

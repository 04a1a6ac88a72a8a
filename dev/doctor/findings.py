"""What the doctor says: one line for each thing looked at."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Verdict = Literal["ok", "wrong", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. What is wrong has something to do about it; so has what could not be seen."""

    verdict: Verdict
    subject: str
    told: str
    do: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict:8}{self.subject}: {self.told}"
        return f"{line} Do: {self.do}" if self.do else line


def ok(subject: str, told: str) -> Finding:
    return Finding("ok", subject, told)


def wrong(subject: str, told: str, do: str) -> Finding:
    return Finding("wrong", subject, told, do)


def unknown(subject: str, told: str, do: str) -> Finding:
    return Finding("unknown", subject, told, do)


def is_public(url: str) -> bool:
    """Tell an address that others can reach from one of this machine."""
    return urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")


def origin(url: str) -> str:
    """Return the origin of an address; nothing where it has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""

"""A whole local Lectern for a bench: the real stack, the functions on a port, limits out of the way."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from dev.gateway import create_app
from dev.serving import serve
from dev.stack import Stack
from lib.settings import get_settings

NO_LIMITS = {
    "DAILY_QUERIES_PER_USER": "1000000",
    "DAILY_TOKENS_PER_USER": "1000000000",
    "DAILY_TOKENS": "1000000000",
    "MAX_STREAMS_PER_USER": "1000",
    "MAX_CHUNKS_PER_USER": "1000000",
    "ACCESS_TOKEN_LIFETIME": "86400",  # the longest bench
}


@dataclass(frozen=True)
class Local:
    stack: Stack
    client: httpx.Client


def make_lecture() -> str:
    """Return a text of more passages than a question is given."""
    return "\n\n".join(
        f"Part {number}. The light reactions take place in the thylakoid membranes of leaf {number}. "
        + f"What leaf {number} takes in by day it gives to its roots by night. " * 15
        for number in range(1, 13)
    )


def _itself(application: ASGIApp) -> ASGIApp:
    return application


@contextlib.contextmanager
def local_lectern(
    *,
    around: Callable[[ASGIApp], ASGIApp] = _itself,
    word_delay_milliseconds: int = 0,
    **settings: str,
) -> Generator[Local]:
    """Start everything in a temporary folder, with `settings` beside the stack's own. Postgres waits for its disk, as deployed.

    `around` may put something of its own around the functions.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(
            Path(folder), is_durable=True, word_delay_milliseconds=word_delay_milliseconds
        ) as stack,
    ):
        os.environ.update(stack.environment() | NO_LIMITS | settings)
        application = create_app()
        # A line for each request would drown the tables.
        logging.getLogger("lectern").setLevel(logging.ERROR)
        with (
            serve(around(application)) as url,
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            # A browser gets its cookie only from the address that the functions know as their own.
            os.environ["PUBLIC_URL"] = url
            get_settings.cache_clear()
            yield Local(stack, client)

"""An instance of the functions whose times are short, with a proxy before everything that it calls."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dev.stack import Stack
from lib.adapters.retries import Budget
from tests.conftest import Configuration
from tests.trust.misbehaving import Proxy, proxy_before

CALL_SECONDS = 1.0
REQUEST_SECONDS = 3.0
_IMPATIENCE = {
    "lib.adapters.database._TIMEOUT_SECONDS": CALL_SECONDS,
    "lib.adapters.storage._TIMEOUT_SECONDS": CALL_SECONDS,
    "lib.adapters.storage._DOWNLOAD_TIMEOUT": httpx.Timeout(CALL_SECONDS),
    "lib.adapters.models._SILENCE_TIMEOUT_SECONDS": CALL_SECONDS,
    "lib.services.questions._EMBEDDING_TIMEOUT_SECONDS": CALL_SECONDS,
    "lib.services.questions.SAVING_SECONDS": 3,
    "lib.services.answering.SAVING_SECONDS": 3,
    "lib.services.ingestion._RESERVED_SECONDS": CALL_SECONDS,
    "lib.services.ingestion._CLOSING_SECONDS": REQUEST_SECONDS,
    "lib.services.answering._SAVE_PAUSE_SECONDS": 0.01,
    "lib.services.account_exports._MOST_SECONDS": REQUEST_SECONDS,
    "lib.web.requests._MOST_SECONDS": REQUEST_SECONDS,
}
HASTE: dict[str, Any] = {
    "answer_deadline": timedelta(seconds=REQUEST_SECONDS),
    "ingestion_slice": timedelta(seconds=CALL_SECONDS),
}


@contextlib.contextmanager
def impatient_instance() -> Iterator[None]:
    """Make the times of the functions short, and give them all their retries."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _IMPATIENCE.items():
            patch.setattr(name, value)
        with full_budget():
            yield


@contextlib.contextmanager
def full_budget() -> Iterator[None]:
    """Give the functions all their retries, whatever was tried again before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lib.adapters.retries._budget", Budget())
        yield


@contextlib.contextmanager
def proxied(stack: Stack, configuration: Configuration, **settings: Any) -> Iterator[Proxy]:
    """Put a proxy before the stack and before the model that is configured."""
    model_url = configuration.settings.openai_base_url.removesuffix("/v1")
    with proxy_before(stack.supabase_url, model_url) as proxy:
        configuration.change(
            supabase_url=proxy.url, openai_base_url=proxy.openai_base_url, **settings
        )
        yield proxy

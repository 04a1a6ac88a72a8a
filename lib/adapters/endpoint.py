"""How an OpenAI-compatible endpoint fails: what of it passes, and which problem the rest is."""

import logging
import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lib.domain import problems

if TYPE_CHECKING:
    from lib.adapters.openai_parts import APIStatusError

_RETRY_AFTER_SECONDS = 10
_PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
# What a 429 says that is about money: it does not pass by waiting.
_OUT_OF_MONEY = ("insufficient_quota", "credit_balance", "spend_limit", "usage_limit", "billing")

log = logging.getLogger("lectern")


class Malformed(Exception):
    """The endpoint answered with what is no answer."""


@contextmanager
def endpoint_call() -> Generator[None]:
    """Around everything that is asked of the endpoint.

    Raises:
        ModelUnavailable: It refused or failed, did not answer in time (`is_late`), or not in its protocol.
    """
    from lib.adapters.openai_parts import APIStatusError, OpenAIError  # noqa: PLC0415

    try:
        yield
    except APIStatusError as error:
        wait = math.ceil(_asked_wait(error)) or _RETRY_AFTER_SECONDS
        raise problems.ModelUnavailable(retry_after_seconds=wait) from error
    # A ValueError is of bytes that are no UTF-8, or no JSON.
    except (OpenAIError, ValueError, TimeoutError, Malformed) as error:
        raise problems.ModelUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error


def is_late(problem: problems.ModelUnavailable) -> bool:
    """Tell an endpoint that did not answer in time from one that refused or failed."""
    return isinstance(problem.__cause__, TimeoutError)


@contextmanager
def looking_into_answer() -> Generator[None]:
    """Take what cannot be read for malformed: the SDK passes on whatever JSON, or text, it was given."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Malformed from error


def least_wait(error: Exception, _retry: int) -> float | None:
    """Return after how many seconds to try again, or None where that cannot help."""
    from lib.adapters.openai_parts import APIConnectionError, APIStatusError, APITimeoutError  # noqa: PLC0415

    if isinstance(error, APIStatusError):
        if _is_out_of_money(error):
            log.error('{"level": "error", "event": "the model endpoint is out of quota"}')
            return None
        return _asked_wait(error) if error.status_code in _PASSING_STATUSES else None
    is_broken = isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)
    return 0 if is_broken else None


def _is_out_of_money(error: "APIStatusError") -> bool:
    told = f"{error.code} {error.type}"
    return any(word in told for word in _OUT_OF_MONEY)


def _asked_wait(error: "APIStatusError") -> float:
    """Return the seconds of `Retry-After`; its other form, a date, no model endpoint is known to send."""
    asked = error.response.headers.get("Retry-After", "")
    return float(asked) if asked.replace(".", "", 1).isdigit() else 0.0

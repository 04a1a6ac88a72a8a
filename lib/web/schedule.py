"""How AWS's schedule calls the job: an event that is no HTTP request is turned into the request that it means.

Nobody outside can send one: what comes over HTTP arrives wrapped as a request, and to invoke a function is a right.
"""

from typing import Any

from mangum.types import (
    LambdaConfig,
    LambdaContext,
    LambdaEvent,
    Response,
    Scope,
)

from lib.settings import get_settings
from lib.web.edge import ORIGIN_HEADER

_SOURCE = "aws.events"
_PATH = "/api/jobs/run"
_FIRST_FAILURE = 400


class ScheduledRunFailed(Exception):
    """The job failed: AWS counts it as an error, so that an alarm can tell."""


class ScheduleHandler:
    """One of Mangum's handlers: GET /api/jobs/run, with the secrets that it asks for."""

    def __init__(self, *invocation: Any) -> None:
        """Take the event, the context and Mangum's configuration."""
        self._event, self._context, _ = invocation

    @classmethod
    def infer(cls, event: LambdaEvent, context: LambdaContext, config: LambdaConfig) -> bool:  # noqa: ARG003 - as Mangum asks
        return event.get("source") == _SOURCE

    @property
    def body(self) -> bytes:
        return b""

    @property
    def scope(self) -> Scope:
        settings = get_settings()
        headers = [(b"authorization", f"Bearer {settings.cron_secret}".encode())]
        headers += [
            (ORIGIN_HEADER.lower().encode(), secret.encode())
            for secret in settings.origin_secrets[:1]
        ]
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "headers": headers,
            "path": _PATH,
            "raw_path": _PATH.encode(),
            "root_path": "",
            "scheme": "https",
            "query_string": b"",
            "server": ("lambda", 443),
            "client": ("", 0),
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "aws.event": self._event,
            "aws.context": self._context,
        }

    def __call__(self, response: Response) -> dict[str, Any]:
        if response["status"] >= _FIRST_FAILURE:
            raise ScheduledRunFailed(f"The scheduled job answered {response['status']}.")
        return {"status": response["status"]}

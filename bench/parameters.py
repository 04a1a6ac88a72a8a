"""A Parameter Store for a bench: gives settings page by page, as AWS does, by plain HTTP and without looking at the signature."""

import contextlib
from collections.abc import Generator, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from dev.serving import serve

_PREFIX = "/lectern/bench"
# What Lambda sets for a function besides.
_LAMBDA = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_SESSION_TOKEN": "bench",
}


class Parameters:
    """Answers GetParametersByPath with all that it holds."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._listed = [
            {"Name": f"{_PREFIX}/{name}", "Type": "SecureString", "Value": value}
            for name, value in settings.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await Request(scope, receive).json()
        start = int(asked.get("NextToken", 0))
        end = start + asked["MaxResults"]
        page = {"Parameters": self._listed[start:end]}
        more = {"NextToken": str(end)} if end < len(self._listed) else {}
        await JSONResponse(page | more)(scope, receive, send)


@contextlib.contextmanager
def storing(settings: Mapping[str, str]) -> Generator[dict[str, str]]:
    """Serve `settings`; yield the environment of a function that has to read them there."""
    with serve(Parameters(settings)) as url:
        yield {**_LAMBDA, "AWS_ENDPOINT_URL": url, "SSM_PREFIX": _PREFIX}

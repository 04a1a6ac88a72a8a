"""The Parameter Store over real HTTP: pages, patience, refusals."""

import itertools
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from dev.serving import serve
from lib.adapters.parameter_store import ParametersUnavailable, read_parameters
from lib.settings import gather_settings

_CREDENTIALS = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a/secret+key",
}
_THROTTLED = 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
_DENIED = 400, {"__type": "AccessDeniedException", "message": "no"}

Answer = tuple[int, dict[str, Any]]


class Store:
    """Answers one call after the other as it is told to, the last one for ever; keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(await Request(scope, receive).json())
        status, document = next(self._answers)
        await JSONResponse(document, status)(scope, receive, send)

    def read(self, waits_seconds: tuple[float, ...] = (0.0, 0.0)) -> dict[str, str]:
        with serve(self) as url:
            environment = {**_CREDENTIALS, "AWS_ENDPOINT_URL": url}
            return read_parameters("/lectern/prod", environment, waits_seconds=waits_seconds)


def page(*names: str, following: str | None = None) -> Answer:
    parameters = [{"Name": f"/lectern/prod/{name}", "Value": name.lower()} for name in names]
    return 200, {"Parameters": parameters, "NextToken": following}


def test_all_pages_are_read_and_decrypted():
    store = Store(page("A", "B", following="more"), page("C"))

    parameters = store.read()

    assert parameters == {"A": "a", "B": "b", "C": "c"}
    first, second = store.asked
    assert first == {"Path": "/lectern/prod", "WithDecryption": True, "MaxResults": 10}
    assert second == {**first, "NextToken": "more"}


@pytest.mark.parametrize("busy", [_THROTTLED, (500, {}), (503, {})])
def test_a_busy_store_is_asked_again(busy: Answer):
    store = Store(busy, page("A"))

    assert store.read() == {"A": "a"}


def test_patience_has_an_end():
    store = Store(_THROTTLED)

    with pytest.raises(ParametersUnavailable, match="Throttling"):
        store.read()

    assert len(store.asked) == 3


def test_a_refusal_is_told_at_once():
    store = Store(_DENIED)

    with pytest.raises(ParametersUnavailable, match="AccessDenied"):
        store.read()

    assert len(store.asked) == 1


def test_without_a_prefix_nobody_is_asked():
    environment = {"SSM_PREFIX": " ", "SIGNUP": "open"}

    assert gather_settings(environment) is environment

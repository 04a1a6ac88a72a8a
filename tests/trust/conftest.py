"""The frame of the tests of trust: `make test-trust` runs them and ends with one table.

Every test belongs to a promise: `pytestmark = pytest.mark.promise("Nobody gets in without a key")`,
on the module, a class or a test. A test that tries many cases takes the fixture `promise` and says
`promise.check(held, "what was tried")` for each; any other test counts as one case. What takes long
takes its number from the fixture `size`: `size(full=400, short=40)`. What measures time is marked `alone`.
"""

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.stack import Stack
from tests.conftest import TLS
from tests.fakes import ScriptedModel
from tests.trust import table
from tests.trust.holdings import Holdings, furnish


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="the form for every change: fewer cases")
    parser.addoption(
        "--ledger", type=Path, help="where an earlier part left its table, and this does"
    )


def pytest_configure(config: pytest.Config) -> None:
    table.open_ledger(config)
    config.pluginmanager.register(table)


@pytest.fixture
def api(stack: Stack) -> Generator[httpx.Client]:
    """The Data API, where our functions are passed by."""
    url = f"{stack.supabase_url}/rest/v1"
    with httpx.Client(base_url=url, timeout=30, verify=TLS) as client:
        yield client


@pytest.fixture
def size(request: pytest.FixtureRequest) -> Callable[..., int]:
    """Choose how many: all of them, or what a short run has time for."""
    is_short = request.config.getoption("--short")
    return lambda *, full, short: short if is_short else full


@pytest.fixture(scope="session")
def new_client(_api: Any) -> Generator[Callable[[], httpx.Client]]:
    """Make clients that know nothing of each other."""
    with contextlib.ExitStack() as clients:
        yield lambda: clients.enter_context(httpx.Client(base_url=_api.url, timeout=30, verify=TLS))


@pytest.fixture(scope="module")
def _residents() -> list[Holdings]:
    return []


@pytest.fixture
def residents(
    _residents: list[Holdings], model: ScriptedModel, new_client: Callable[[], httpx.Client]
) -> tuple[Holdings, Holdings]:
    """Two users with one of everything, whom no test of the module may change."""
    if not _residents:
        _residents += [furnish(new_client(), model), furnish(new_client(), model)]
        model.prompts.clear()
    first, second = _residents
    return first, second

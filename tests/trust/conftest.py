"""The frame of the tests of trust: `make test-trust` runs them and ends with one table.

Every test belongs to a promise: `pytestmark = pytest.mark.promise("Nobody gets in without a key")`,
on the module, a class or a test. A test that tries many cases takes the fixture `promise` and says
`promise.check(held, "what was tried")` for each; any other test counts as one case. What takes long
takes its number from the fixture `size`: `size(full=400, short=40)`.
"""

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest

from tests.conftest import TLS
from tests.fakes import ScriptedModel
from tests.trust.holdings import Holdings, furnish
from tests.trust.report import Ledger, Promise

_LEDGER = pytest.StashKey[Ledger]()
_PROMISE = pytest.StashKey[Promise]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--short", action="store_true", help="the form for every change: fewer cases")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(text): what this test tries to break")
    config.stash[_LEDGER] = Ledger()


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


def _open(item: pytest.Item) -> Promise:
    if _PROMISE not in item.stash:
        marker = item.get_closest_marker("promise")
        assert marker, f"{item.nodeid} says nowhere which promise it tries"
        item.stash[_PROMISE] = Promise(item.config.stash[_LEDGER].score(marker.args[0]))
    return item.stash[_PROMISE]


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    """The promise of this test, to count cases and to note figures."""
    return _open(request.node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Count a test that could not even begin as a failure: the table must not look better than it is."""
    try:
        return (yield)
    except BaseException:
        _open(item).count(1, ["the setting up"])
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test some of whose cases failed, after all of them were tried."""
    tried = _open(item)
    try:
        result = yield
    except BaseException:
        tried.close(has_failed=True)
        raise
    if failed := tried.close(has_failed=False):
        pytest.fail(failed, pytrace=False)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the scores of a worker to the process that prints the table."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["scores"] = session.config.stash[_LEDGER].as_plain()  # pyright: ignore[reportAttributeAccessIssue] - of xdist


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_LEDGER].add(node.workeroutput["scores"])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ledger = config.stash[_LEDGER]
    if ledger.scores:
        terminalreporter.section("what was promised")
        for line in ledger.render():
            terminalreporter.write_line(line)

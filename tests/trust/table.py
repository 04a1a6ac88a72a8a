"""What counts the cases of every test of trust, wherever it stands, and prints the table at the end.

The conftest of these tests registers it as a plugin: hooks of a conftest do not see the tests of other
folders, and the page is attacked where the page is tested.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.trust.report import Ledger, Promise

_LEDGER = pytest.StashKey[Ledger]()
_PROMISE = pytest.StashKey[Promise]()


def open_ledger(config: pytest.Config) -> None:
    ledger = config.stash[_LEDGER] = Ledger()
    earlier: Path | None = config.getoption("--ledger")
    if earlier and earlier.exists() and not hasattr(config, "workerinput"):
        ledger.add(json.loads(earlier.read_text()))


def _is_of_trust(item: pytest.Item) -> bool:
    """Tell whether a test counts: any that names a promise, and all of this folder, which must."""
    return Path(__file__).parent in item.path.parents or bool(item.get_closest_marker("promise"))


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
    if not _is_of_trust(item):
        return (yield)
    try:
        return (yield)
    except BaseException:
        _open(item).count(1, ["the setting up"])
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test some of whose cases failed, after all of them were tried."""
    if not _is_of_trust(item):
        return (yield)
    tried = _open(item)
    try:
        result = yield
    except BaseException:
        tried.close(has_failed=True)
        raise
    if failed := tried.close(has_failed=False):
        pytest.fail(failed, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Count what is seen at the end alone: that a page asked for something foreign."""
    if not _is_of_trust(item):
        return (yield)
    try:
        return (yield)
    except BaseException:
        _open(item).count(1, ["the tearing down"])
        raise


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
    if kept := config.getoption("--ledger"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(ledger.as_plain()))
    if ledger.scores:
        terminalreporter.section("what was promised")
        for line in ledger.render():
            terminalreporter.write_line(line)

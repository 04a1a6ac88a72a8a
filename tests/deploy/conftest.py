"""What the tests of deployments share: a stack behind them, what they print, and what cannot run here."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.deploy.lambda_pythons import PythonMissing, find_python
from dev.stack import Stack
from dev.vercel.building import build, copy_tree
from dev.vercel.edge import Edge, run
from dev.vercel.output import Output

# Slow enough that a stream which is held back on its way can be told from one that is not.
_WORD_DELAY_MILLISECONDS = 15

CANARY = "a-word-that-must-not-travel"
_PRIVATE_FILES = [
    ".env",
    ".env.local",
    ".local/keys.json",
    ".local-8010/storage/files/1",
    "functions/.env",
    "functions/notes.txt",
    "lib/.env",
    "lib/.local/keys.json",
    "data/students.csv",
    "scratch.py",
]

_TARGETS = 3  # this machine, Vercel, AWS: each has a Python of its own
# With it a target that could not run is a failure, as it should be where all three are expected.
_REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"  # noqa: TID251 - not Lectern's own

_NOT_RUN = pytest.StashKey[set[str]]()
_MISSING = pytest.StashKey[set[str]]()
_FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_NOT_RUN], config.stash[_MISSING], config.stash[_FIGURES] = set(), set(), []
    config.addinivalue_line("markers", "needs_python(version): the platform runs that Python")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what this machine cannot run. It is neither passed nor skipped; the summary names it."""
    impossible = {item: reason for item in items if (reason := _why_not(item))}
    for item, reason in impossible.items():
        config.stash[_NOT_RUN].add(f"NOT RUN: {item.path.name}. {reason}")
        config.stash[_MISSING].add(reason)
    config.hook.pytest_deselected(items=list(impossible))
    items[:] = [item for item in items if item not in impossible]


def _why_not(item: pytest.Item) -> str:
    """Return what the test needs and this machine has not; nothing if it can run."""
    for marker in item.iter_markers("needs_python"):
        try:
            find_python(marker.args[0])
        except PythonMissing as error:
            return str(error)
    return ""


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[_FIGURES]:
        terminalreporter.write_line(line)
    for line in sorted(config.stash[_NOT_RUN]):
        terminalreporter.write_line(line, red=True, bold=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _REQUIRE_ALL and session.config.stash[_MISSING] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Say it once more after pytest's own last line, which counts only what ran."""
    missing = len(config.stash[_MISSING])
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if missing and isinstance(reporter, pytest.TerminalReporter):
        reporter.write_line(f"{missing} of {_TARGETS} targets NOT RUN", red=True, bold=True)


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Print a figure at the end of the run."""
    return pytestconfig.stash[_FIGURES].append


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All that a deployment needs but its functions: database, storage, and a model that takes its time."""
    directory = tmp_path_factory.mktemp("backend")
    with Stack(directory, word_delay_milliseconds=_WORD_DELAY_MILLISECONDS) as running:
        yield running


def leave_private_files(copy: Path) -> None:
    """Make a copy of the tree like one in which somebody has worked."""
    for name in _PRIVATE_FILES:
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{CANARY}\n")


@pytest.fixture(scope="session")
def vercel_output(tmp_path_factory: pytest.TempPathFactory, backend: Stack) -> Output:
    """What the real CLI builds from a tree with settings, data and notes lying about."""
    copy = tmp_path_factory.mktemp("vercel")
    copy_tree(copy)
    leave_private_files(copy)
    build(copy, {"SUPABASE_URL": backend.supabase_url})
    return Output(copy)


@pytest.fixture(scope="session")
def vercel_edge(vercel_output: Output, backend: Stack) -> Iterator[Edge]:
    settings = {"CLIENT_ADDRESS_HEADER": "x-vercel-forwarded-for", **backend.environment()}
    with run(vercel_output, settings) as edge:
        yield edge

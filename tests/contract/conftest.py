"""One local stack for the contract tests, or for all tests where tests/conftest.py has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data_dir: Path = tmp_path_factory.mktemp("stack")
    with Stack(data_dir) as running:
        yield running

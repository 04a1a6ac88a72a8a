"""What the tests share: one real local stack, the functions on a real port, and users to play."""

import contextlib
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.gateway import create_app
from dev.serving import serve
from dev.stack import Stack
from dev.student import Student
from lib.settings import Settings, get_settings
from lib.web.dependencies import current_settings
from tests.fakes import ScriptedModel

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """Postgres, the Data API, storage and the model server, all real, on ports of their own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


class Configuration:
    """The settings that the functions under test see; `change` lasts until the test ends."""

    def __init__(self, settings: Settings) -> None:
        self.settings = self._initial = settings

    def change(self, **values: Any) -> None:
        self.settings = replace(self.settings, **values)

    def reset(self) -> None:
        self.settings = self._initial


@dataclass(frozen=True)
class _Api:
    url: str
    configuration: Configuration


@pytest.fixture(scope="session")
def _api(stack: Stack) -> Generator[_Api]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment().items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        configuration = Configuration(replace(get_settings(), bcrypt_cost=4))

        async def settings() -> Settings:
            return configuration.settings

        gateway = create_app()
        for function in gateway.functions.values():
            function.dependency_overrides[current_settings] = settings
        with serve(gateway) as url:
            yield _Api(url, configuration)


@pytest.fixture
def configuration(_api: _Api) -> Generator[Configuration]:
    """Change a setting for one test: `configuration.change(signup="closed")`."""
    yield _api.configuration
    _api.configuration.reset()


@pytest.fixture
def model(configuration: Configuration) -> Generator[ScriptedModel]:
    """Put a model in the place of the stack's that says just what the test tells it to."""
    scripted = ScriptedModel()
    with serve(scripted.application) as url:
        configuration.change(openai_base_url=f"{url}/v1", embedding_languages=("all",))
        yield scripted


@pytest.fixture
def client(_api: _Api) -> Generator[httpx.Client]:
    """Speak to the functions as nobody in particular, over real HTTP."""
    with httpx.Client(base_url=_api.url, timeout=30) as anonymous:
        yield anonymous


@pytest.fixture
def new_student(_api: _Api) -> Generator[Callable[[], Student]]:
    """Make students whom no other test knows."""
    with contextlib.ExitStack() as clients:

        def make() -> Student:
            client = clients.enter_context(httpx.Client(base_url=_api.url, timeout=30))
            return Student(client, f"student-{next(_numbers)}")

        yield make


@pytest.fixture
def student(new_student: Callable[[], Student]) -> Student:
    return new_student()


@pytest.fixture(scope="session")
def sample_pdf() -> bytes:
    """The lecture that comes with the local stack."""
    [path] = (Path(__file__).parents[1] / "dev" / "sample").glob("*.pdf")
    return path.read_bytes()

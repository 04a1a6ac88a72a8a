"""What the tests share: one real local stack, the functions on a real port, and users to play."""

import contextlib
import itertools
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString, cast

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from starlette.types import Receive, Scope, Send

from dev.gateway import create_app
from dev.serving import serve
from dev.stack import Stack
from dev.student import Student
from lib.settings import Settings, get_settings
from lib.web.dependencies import current_settings
from tests.fakes import ScriptedModel
from tests.lessons import LIGHT

_numbers = itertools.count(1)
_OWN_FOLDER = pytest.StashKey[str]()
# One for all clients: httpx would parse the certificates of the world for each, which takes 20 ms.
TLS = ssl.create_default_context()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each run a folder of its own.

    The one that all runs of a user share is closed to others whenever a run begins, and where that user is
    root, Postgres is one of the others.
    """
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="lectern-tests-")
        config.stash[_OWN_FOLDER] = config.option.basetemp


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave nothing behind but what tells why a run failed."""
    folder = session.config.stash.get(_OWN_FOLDER, None)
    if folder and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(folder, ignore_errors=True)


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
    functions: list[FastAPI]


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
        functions = [cast("FastAPI", function) for function in gateway.functions.values()]
        for function in functions:
            function.dependency_overrides[current_settings] = settings
        with serve(gateway) as url:
            yield _Api(url, configuration, functions)


@pytest.fixture
def configuration(_api: _Api) -> Generator[Configuration]:
    """Change a setting for one test: `configuration.change(signup="closed")`."""
    yield _api.configuration
    _api.configuration.reset()


def slug(answer: httpx.Response) -> str:
    """Return which problem an answer is."""
    return answer.json()["type"].removeprefix("/problems/")


def wait_until(condition: Callable[[], Any], what: str) -> None:
    """Wait for a condition that nothing announces."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"it never came that {what}"
        time.sleep(0.01)  # between two looks, so that they do not keep it from coming


class _Endpoint:
    """One address for all tests, behind which each has a model of its own."""

    url = ""

    def __init__(self) -> None:
        self.model = ScriptedModel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.model.application(scope, receive, send)


@pytest.fixture(scope="session")
def _endpoint() -> Generator[_Endpoint]:
    endpoint = _Endpoint()
    with serve(endpoint) as url:
        endpoint.url = f"{url}/v1"
        yield endpoint


@pytest.fixture
def model(configuration: Configuration, _endpoint: _Endpoint) -> Generator[ScriptedModel]:
    """Put a model in the place of the stack's that says just what the test tells it to."""
    _endpoint.model = ScriptedModel()
    # By a name of its own: how quick it is nobody knows yet.
    embedder = f"scripted-{next(_numbers)}"
    configuration.change(
        openai_base_url=_endpoint.url, embedding_model=embedder, embedding_languages=("all",)
    )
    yield _endpoint.model
    _endpoint.model.release()


class Ground:
    """The database and the storage as they really are, past every rule."""

    def __init__(self, stack: Stack) -> None:
        self._dsn = stack.postgres_dsn
        self._connection = psycopg.Connection[DictRow].connect(
            stack.postgres_dsn, autocommit=True, row_factory=dict_row
        )
        self._storage = httpx.Client(
            base_url=f"{stack.supabase_url}/storage/v1/object/authenticated/files/",
            headers={"apikey": stack.secret_key},
            verify=TLS,
        )

    def rows(self, statement: LiteralString, *values: Any) -> list[DictRow]:
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: LiteralString, *values: Any) -> DictRow:
        [row] = self.rows(statement, *values)
        return row

    def execute(self, statement: LiteralString, *values: Any) -> None:
        self._connection.execute(statement, values)

    def wait_for(self, statement: LiteralString, *values: Any) -> None:
        """Wait until there is such a row."""
        wait_until(lambda: self.rows(statement, *values), statement)

    @contextlib.contextmanager
    def locking(self, statement: LiteralString, *values: Any) -> Iterator[psycopg.Connection]:
        """Hold a lock until the block ends, so that whoever needs it stops there."""
        with psycopg.connect(self._dsn) as connection:
            connection.execute(statement, values)
            yield connection
            connection.rollback()

    def wait_until_stopped(self, running: str, count: int = 1) -> None:
        """Wait until so many statements like `running` wait for a lock."""
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ %s"
        wait_until(lambda: len(self.rows(waiting, running)) >= count, f"{running} waits")

    def path_of(self, file_id: int) -> str:
        return self.row("select path from files where id = %s", file_id)["path"]

    def has_object(self, path: str) -> bool:
        return self._storage.get(path).is_success

    def close(self) -> None:
        self._connection.close()
        self._storage.close()


@pytest.fixture(scope="session")
def ground(stack: Stack) -> Generator[Ground]:
    with contextlib.closing(Ground(stack)) as ground:
        yield ground


@pytest.fixture
def client(_api: _Api) -> Generator[httpx.Client]:
    """Speak to the functions as nobody in particular, over real HTTP."""
    with httpx.Client(base_url=_api.url, timeout=30, verify=TLS) as anonymous:
        yield anonymous


@contextlib.contextmanager
def _students(api: _Api) -> Generator[Callable[[], Student]]:
    with contextlib.ExitStack() as clients:

        def make() -> Student:
            client = clients.enter_context(httpx.Client(base_url=api.url, timeout=30, verify=TLS))
            return Student(client, f"student-{next(_numbers)}")

        yield make


@pytest.fixture
def new_student(_api: _Api) -> Generator[Callable[[], Student]]:
    """Make students whom no other test knows."""
    with _students(_api) as make:
        yield make


@pytest.fixture(scope="module")
def new_reader(
    _api: _Api, _endpoint: _Endpoint
) -> Generator[Callable[[dict[str, str | bytes]], Student]]:
    """Make students for all tests of a module, with their files, embedded as `model` embeds."""
    with _students(_api) as make:

        def enroll(files: dict[str, str | bytes]) -> Student:
            student = make()
            _endpoint.model = ScriptedModel()
            _api.configuration.change(openai_base_url=_endpoint.url)
            for name, content in files.items():
                assert student.upload(name, content)["status"] == "ready"
            _api.configuration.reset()
            return student

        yield enroll


@pytest.fixture
def student(new_student: Callable[[], Student]) -> Student:
    return new_student()


@pytest.fixture(scope="session")
def _light(_api: _Api, _endpoint: _Endpoint) -> int:
    """LIGHT as somebody had it read, embedded as `model` embeds."""
    with _students(_api) as make:
        _api.configuration.change(openai_base_url=_endpoint.url)
        file = make().upload("light.md", LIGHT)
        _api.configuration.reset()
    return file["id"]


@pytest.fixture
def learner(_light: int, student: Student, ground: Ground) -> Student:
    """Somebody with light.md: a copy of its rows, because to have a file read takes a while."""
    copy = ground.row(
        "insert into files overriding user value"
        " select (jsonb_populate_record(f, jsonb_build_object('user_id', %s, 'path', 'copy/' || %s))).*"
        " from files as f where id = %s returning id",
        student.id,
        student.id,
        _light,
    )
    for statement in (
        "insert into pages select (jsonb_populate_record(p, %s)).* from pages as p where file_id = %s",
        "insert into chunks select (jsonb_populate_record(c, %s)).* from chunks as c where file_id = %s",
    ):
        owner = Jsonb({"file_id": copy["id"], "user_id": student.id})
        ground.execute(statement, owner, _light)
    return student


@pytest.fixture(scope="session")
def sample_pdf() -> bytes:
    """The lecture that comes with the local stack."""
    [path] = (Path(__file__).parents[1] / "dev" / "sample").glob("*.pdf")
    return path.read_bytes()

"""Packages that wait with their own code: nobody who looks finds a difference, but less is imported."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lib.adapters.deferring import defer


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of two modules that offers a name of each, under a name that no other test uses."""
    name = f"deferred_{tmp_path.name}".replace("-", "_")
    folder = tmp_path / name
    folder.mkdir()
    folder.joinpath("__init__.py").write_text(
        '"""A pair."""\nfrom .left import Left as Left\nfrom .right import Right as Right\nTOP = 1\n'
    )
    folder.joinpath("left.py").write_text("class Left: ...\n")
    folder.joinpath("right.py").write_text("class Right: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    defer(name)
    yield name
    sys.meta_path[:] = finders
    for module in [m for m in sys.modules if m.startswith(name)]:
        del sys.modules[module]


def run(code: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - import statements as others write them
    return names


def test_a_module_is_imported_without_its_neighbours(package: str):
    run(f"from {package}.left import Left")

    assert f"{package}.left" in sys.modules
    assert f"{package}.right" not in sys.modules


def test_a_module_is_found_as_a_name_of_the_package(package: str):
    names = run(f"from {package} import right")

    assert names["right"] is sys.modules[f"{package}.right"]
    assert f"{package}.left" not in sys.modules


def test_a_name_that_is_no_module_runs_the_code_of_the_package(package: str):
    names = run(f"from {package} import Left, TOP")

    assert names["TOP"] == 1
    assert names["Left"] is sys.modules[f"{package}.left"].Left
    assert f"{package}.right" in sys.modules


def test_a_star_takes_all_names(package: str):
    assert {"Left", "Right", "TOP"} <= run(f"from {package} import *").keys()


def test_a_name_whose_module_is_told_does_not_run_the_code_of_the_package(package: str):
    defer(package, Left="left")

    names = run(f"from {package} import Left")

    assert names["Left"] is sys.modules[f"{package}.left"].Left
    assert f"{package}.right" not in sys.modules
    assert run(f"from {package} import TOP, Left")["Left"] is names["Left"]


def test_two_threads_that_ask_at_once_both_find_the_name(package: str, tmp_path: Path):
    init = tmp_path / package / "__init__.py"
    init.write_text(f"import {package}.left as left\nleft.wait()\n{init.read_text()}")
    began, go_on = threading.Event(), threading.Event()
    left = run(f"import {package}.left as left")["left"]
    vars(left)["wait"] = lambda: (began.set(), go_on.wait(10))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, f"from {package} import Right")
        assert began.wait(10)
        second = pool.submit(run, f"from {package} import Right")
        assert not second.done()
        go_on.set()

        assert first.result()["Right"] is second.result()["Right"]


def test_a_name_that_is_not_there_is_missed_as_always(package: str):
    with pytest.raises(ImportError, match="Middle"):
        run(f"from {package} import Middle")


def test_it_is_documented_by_its_own_text_once_it_ran(package: str):
    names = run(f"import {package} as package\npackage.TOP")

    assert names["package"].__doc__ == "A pair."


def test_a_question_imports_a_tenth_of_the_sdk_and_one_http_client():
    # In a process of its own: other tests may have asked for all.
    program = (
        "import sys, lib.adapters.openai_parts as parts\n"
        "def count(): return sum(name.startswith('openai.') for name in sys.modules)\n"
        "parts.AsyncOpenAI(api_key='k')\n"
        "assert 'httpx' in sys.modules and 'httpx2' not in sys.modules\n"
        "print(count())\n"
        "import openai\n"
        "assert openai.AsyncOpenAI is parts.AsyncOpenAI, openai.types.Batch\n"
        "print(count())\n"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True)

    of_a_question, of_all = map(int, told.split())
    assert of_a_question < 60
    assert of_all > 100


def test_clients_come_without_their_twins_for_threads():
    # In a process of its own: other tests may have asked for all.
    program = (
        "import asyncio, sys, lib.adapters.health, lib.adapters.storage_parts\n"
        "from lib.adapters.database import Database\n"
        "nobody = Database('http://127.0.0.1:1', 'key')\n"
        "assert asyncio.run(lib.adapters.health.find_fault(nobody))\n"
        "assert 'httpcore._async.connection' in sys.modules\n"
        "print([name for name in sys.modules if '._sync.' in name or name == 'packaging'])\n"
        "import httpcore, httpx, postgrest, storage3\n"
        "assert postgrest.SyncPostgrestClient and storage3.SyncStorageClient\n"
        "assert httpx.Client() and httpcore.request\n"
        "assert httpcore.ReadError is httpcore._exceptions.ReadError\n"
    )

    told = subprocess.check_output([sys.executable, "-c", program], text=True)

    assert told == "[]\n"

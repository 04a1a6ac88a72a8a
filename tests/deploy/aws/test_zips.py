"""The zips as artifacts: what is in them, how large they are, and that Lambda's Python can import them."""

import re
import subprocess
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.deploy.lambda_build import Archive, Tree, function_names, plant
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_pythons import find_python
from dev.deploy.lambda_runtime import unpack
from dev.processes import ROOT
from tests.deploy.conftest import CANARY

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

FUNCTIONS = function_names()
_MOST_MEGABYTES = {"auth": 14, "history": 14, "query": 21}
_MOST_MEGABYTES_WITHOUT_CRYPTOGRAPHY = {"auth": 10, "history": 10, "query": 15}
_UNCHECKED_HASH = 0b01  # PEP 552
_START = """
import importlib, sys, time
began = time.perf_counter()
module = importlib.import_module("functions.{name}")
assert callable(module.handler) and module.app.title == "Lectern {name}"
assert sys.version_info[:2] == (3, 13) and sys.path[0] == ""
strays = [m for m in sys.modules.values() if "site-packages" in (getattr(m, "__file__", "") or "")]
assert not strays, strays
"""
_SERVE = """
import sys
import serve
assert callable(serve.main) and sys.path[0] == ""
print(sorted({"click", "multiprocessing", "uvicorn.main"} & set(sys.modules)))
"""
_SEND = """
from lib.web import telemetry
class Settings:
    otel_exporter_otlp_endpoint, otel_exporter_otlp_headers = "http://127.0.0.1:9", ""
provider = telemetry._provider(Settings, "history")
sys.exit(provider is None)
"""


@pytest.fixture(scope="module")
def small_zips(planted: Tree, report: Callable[[str], None]) -> dict[str, Archive]:
    tree = replace(planted, added=())
    packed = tree.pack(planted.path.with_name("small"), with_cryptography=False)
    for archive in packed.values():
        report(f"lambda {archive} without cryptography")
    return packed


def _names(archive: Archive) -> list[str]:
    with zipfile.ZipFile(archive.path) as opened:
        return opened.namelist()


def _megabytes(archive: Archive) -> float:
    return archive.path.stat().st_size / 1e6


def test_there_is_one_for_each_function(zips: dict[str, Archive]) -> None:
    assert sorted(zips) == FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lambdas_python_imports_it_with_nothing_else(
    zips: dict[str, Archive], name: str, tmp_path: Path
) -> None:
    unpack(zips[name].path, tmp_path)

    done = _run_on_lambdas_python(_START.format(name=name), tmp_path)

    assert done.returncode == 0, done.stderr


def _run_on_lambdas_python(program: str, task: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_python(PYTHON_VERSION), "-B", "-s", "-c", program],
        cwd=task,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_can_send_spans_if_it_was_built_to(
    planted: Tree, zips: dict[str, Archive], tmp_path: Path, report: Callable[[str], None]
) -> None:
    sending = planted.pack(tmp_path / "zips")["history"]
    program = _START.format(name="history") + _SEND
    for name, archive in {"with": sending, "without": zips["history"]}.items():
        unpack(archive.path, tmp_path / name)

    done = _run_on_lambdas_python(program, tmp_path / "with")
    refused = _run_on_lambdas_python(program, tmp_path / "without")

    assert done.returncode == 0, done.stderr
    assert (refused.returncode, "`telemetry` is not installed" in refused.stdout) == (1, True)
    report(f"lambda {sending} with telemetry")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_its_modules_come_compiled_for_good(zips: dict[str, Archive], name: str) -> None:
    magic = subprocess.check_output(
        [
            find_python(PYTHON_VERSION),
            "-c",
            "import importlib.util as u; print(u.MAGIC_NUMBER.hex())",
        ],
        text=True,
    ).strip()
    with zipfile.ZipFile(zips[name].path) as archive:
        names = archive.namelist()
        headers = {each: archive.read(each)[:8] for each in names if each.endswith(".pyc")}

    modules = {each for each in names if each.endswith(".py")}
    compiled = {re.sub(r"__pycache__/(.*)\.cpython-313\.pyc$", r"\1.py", each) for each in headers}
    assert compiled == modules
    assert {header[:4].hex() for header in headers.values()} == {magic}
    assert {header[4] for header in headers.values()} == {_UNCHECKED_HASH}


def test_two_builds_are_equal_to_the_byte_whatever_else_lies_in_the_tree(
    zips: dict[str, Archive], tmp_path: Path
) -> None:
    again = plant(tmp_path / "task").pack(tmp_path)

    assert {name: archive.sha256 for name, archive in again.items()} == {
        name: archive.sha256 for name, archive in zips.items()
    }


@pytest.mark.parametrize(("name", "most"), _MOST_MEGABYTES.items())
def test_it_is_small(zips: dict[str, Archive], name: str, most: int) -> None:
    assert _megabytes(zips[name]) <= most


@pytest.mark.parametrize(("name", "most"), _MOST_MEGABYTES_WITHOUT_CRYPTOGRAPHY.items())
def test_it_is_smaller_without_cryptography(
    small_zips: dict[str, Archive], name: str, most: int
) -> None:
    assert _megabytes(small_zips[name]) <= most
    assert not [each for each in _names(small_zips[name]) if each.startswith("cryptography")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_of_the_tree_but_the_code_is_in_it(zips: dict[str, Archive], name: str) -> None:
    names = _names(zips[name])
    packages = {each.split("/")[0] for each in names if "/" in each}

    others = {f"functions/{other}.py" for other in FUNCTIONS if other != name}
    assert not others & set(names)
    assert not packages & {"tests", "test", "dev", "bench", "web", "supabase", "docs", "data"}
    assert not [each for each in names if each.startswith((".", "scratch")) or "/." in each]
    with zipfile.ZipFile(zips[name].path) as archive:
        assert not [each for each in names if CANARY.encode() in archive.read(each)]


@pytest.mark.parametrize("name", ["auth", "history"])
def test_what_never_reads_a_file_or_asks_a_model_has_no_means_to(
    zips: dict[str, Archive], name: str
) -> None:
    names = _names(zips[name])

    assert not [
        each for each in names if each.startswith(("openai/", "pypdfium2", "lib/adapters/readers"))
    ]


def test_every_dependency_of_the_project_is_in_some_zip(zips: dict[str, Archive]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    present = {
        canonicalize_name(each.split("-")[0])
        for archive in zips.values()
        for each in _names(archive)
        if each.endswith(".dist-info/METADATA")
    }

    assert wanted <= present


@pytest.mark.parametrize("name", ["auth", "query"])
def test_the_adapter_may_run_its_script(zips: dict[str, Archive], name: str) -> None:
    with zipfile.ZipFile(zips[name].path) as archive:
        assert archive.getinfo("run.sh").external_attr >> 16 == 0o755


@pytest.mark.parametrize("name", ["auth", "query"])
def test_its_server_comes_without_a_command_line(
    zips: dict[str, Archive], name: str, tmp_path: Path
) -> None:
    unpack(zips[name].path, tmp_path)

    done = _run_on_lambdas_python(_SERVE, tmp_path)

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_no_zip_holds_a_path_of_the_machine_that_built_it(zips: dict[str, Archive]) -> None:
    for archive in zips.values():
        with zipfile.ZipFile(archive.path) as opened:
            for name in opened.namelist():
                assert b"lectern-build-" not in opened.read(name), name

"""What the tests of AWS share: the zips, what osls makes of serverless.yml, and an account on this machine."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.deploy.lambda_build import Archive, Tree, plant
from dev.deploy.lambda_template import Template
from dev.vercel.building import copy_tree
from tests.deploy.aws.rehearsal import Account, make_service, open_account, package
from tests.deploy.conftest import CANARY, leave_private_files


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Made of a tree in which somebody works, with what sends spans, so that one planting serves all zips."""
    folder = tmp_path_factory.mktemp("planted")
    copy_tree(folder / "used")
    leave_private_files(folder / "used")
    (folder / "used" / "lib" / "scratch.py").write_text(f"# {CANARY}\n")
    return plant(folder / "task", folder / "used", with_telemetry=True)


@pytest.fixture(scope="session")
def zips(planted: Tree, report: Callable[[str], None]) -> dict[str, Archive]:
    packed = replace(planted, added=()).pack(planted.path.with_name("zips"))
    for archive in packed.values():
        report(f"lambda {archive}")
    return packed


@pytest.fixture(scope="session")
def service(zips: dict[str, Archive], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with serverless.yml and the zips, packaged."""
    folder = make_service(tmp_path_factory.mktemp("service"), zips["auth"].path.parent)
    package(folder)
    return folder


@pytest.fixture(scope="session")
def aws_template(service: Path) -> Template:
    return Template.read(service)


@pytest.fixture(scope="session")
def aws_account() -> Iterator[Account]:
    with open_account() as account:
        yield account

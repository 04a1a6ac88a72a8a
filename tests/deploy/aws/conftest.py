"""What the tests of AWS share: the zips, what osls makes of serverless.yml, and an account on this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.deploy.lambda_build import Archive, build
from dev.deploy.lambda_template import Template
from tests.deploy.aws.rehearsal import Account, make_service, open_account, package


@pytest.fixture(scope="session")
def zips(
    tmp_path_factory: pytest.TempPathFactory, report: Callable[[str], None]
) -> dict[str, Archive]:
    built = build(tmp_path_factory.mktemp("zips"))
    for archive in built.values():
        report(f"lambda {archive}")
    return built


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

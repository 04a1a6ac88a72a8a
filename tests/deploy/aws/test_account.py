"""A whole deployment in an AWS account on this machine: settings, deploy, page, deploy again, remove."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.deploy.lambda_build import Archive
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_page import find_bucket, find_fault, upload
from dev.deploy.lambda_settings import write_settings
from dev.deploy.lambda_template import PATH
from dev.deploy.lambda_tools import run_osls
from dev.environment_file import parse
from lib.adapters.parameter_store import ParametersUnavailable, read_parameters
from lib.settings import SettingsError, gather_settings, read_settings
from tests.deploy.aws.rehearsal import Account, make_service, open_account

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

_STACK = "lectern-prod"
_PATH = "/lectern/prod"
_FILE = """
# What only a person knows; the rest is made.
SUPABASE_URL=https://abcdefgh.supabase.co
SUPABASE_PUBLISHABLE_KEY=sb_publishable_x
SUPABASE_SECRET_KEY=sb_secret_x
DATABASE_TOKEN_KEY={"kty": "EC", "kid": "1", "d": "="}
OPENAI_API_KEY=sk-x
SIGNUP=code
SIGNUP_CODE=
PUBLIC_URL=https://elsewhere.example
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """Not the journey's: here everything is made and removed."""
    with open_account() as account:
        write_settings(parse(_FILE), _PATH, account.client("ssm"))
        yield account


@pytest.fixture(scope="module")
def deployment(account: Account, zips: dict[str, Archive], tmp_path_factory: Any) -> Path:
    service = make_service(tmp_path_factory.mktemp("deployment"), zips["auth"].path.parent)
    _osls(account, service, "deploy")
    return service


def _osls(account: Account, service: Path, *arguments: str) -> str:
    done = run_osls(*arguments, service=service, environment=account.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _outputs(account: Account) -> dict[str, str]:
    [stack] = account.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.mark.usefixtures("deployment")
class TestSettings:
    def test_come_decrypted_and_more_than_a_page_of_them(self, account: Account) -> None:
        parameters = read_parameters(_PATH, account.environment)

        assert parameters["SUPABASE_SECRET_KEY"] == "sb_secret_x"
        assert parameters["DATABASE_TOKEN_KEY"] == '{"kty": "EC", "kid": "1", "d": "="}'
        assert len(parameters) > 10
        assert "SIGNUP_CODE" not in parameters
        assert "ORIGIN_SECRET" not in parameters

    def test_are_all_that_lectern_needs_once_the_stack_has_said_its_address(
        self, account: Account
    ) -> None:
        gathered = gather_settings({**account.environment, "SSM_PREFIX": _PATH})

        settings = read_settings(gathered)
        assert settings.public_url == _outputs(account)["Url"]
        assert settings.signup == "code"

    def test_of_the_environment_come_first(self, account: Account) -> None:
        environment = {**account.environment, "SSM_PREFIX": _PATH}

        gathered = gather_settings({**environment, "SIGNUP": "closed", "OPENAI_API_KEY": " "})

        assert gathered["SIGNUP"] == "closed"
        assert gathered["OPENAI_API_KEY"] == "sk-x"

    def test_are_secret_but_for_the_one_that_cloudformation_reads(self, account: Account) -> None:
        pages = account.client("ssm").get_paginator("describe_parameters").paginate()
        kinds = {each["Name"]: each["Type"] for page in pages for each in page["Parameters"]}

        plain = {name for name, kind in kinds.items() if kind == "String"}
        assert plain <= {f"{_PATH}/edge/ORIGIN_SECRET", f"{_PATH}/PUBLIC_URL"}

    def test_stay_as_they_are_when_written_again(self, account: Account) -> None:
        store = account.client("ssm")
        before = read_parameters(_PATH, account.environment)

        changed = write_settings(parse(_FILE), _PATH, store)

        assert changed == []
        assert read_parameters(_PATH, account.environment) == before

    def test_that_could_not_be_used_are_not_written(self, account: Account) -> None:
        store = account.client("ssm")

        with pytest.raises(SettingsError, match="THROTTLE_KEY"):
            write_settings(parse(_FILE) | {"THROTTLE_KEY": "short"}, "/lectern/broken", store)

        assert read_parameters("/lectern/broken", account.environment) == {}

    def test_change_the_edges_secret_with_the_first_of_ours(self, account: Account) -> None:
        store = account.client("ssm")
        write = functools.partial(write_settings, path="/lectern/rotation", store=store)
        write(parse(_FILE))
        old = read_parameters("/lectern/rotation", account.environment)["ORIGIN_SECRETS"]

        changed = write({"ORIGIN_SECRETS": f"{'n' * 32} {old}"})

        assert changed == ["ORIGIN_SECRETS", "edge/ORIGIN_SECRET"]
        edge = read_parameters("/lectern/rotation/edge", account.environment)
        assert edge == {"ORIGIN_SECRET": "n" * 32}


@pytest.mark.usefixtures("deployment")
class TestDeployment:
    def test_uploads_the_zips_that_were_built(
        self, account: Account, zips: dict[str, Archive]
    ) -> None:
        functions = account.client("lambda").list_functions()["Functions"]

        sizes = {each["FunctionName"].rpartition("-")[2]: each["CodeSize"] for each in functions}
        expected = {name: archive.path.stat().st_size for name, archive in zips.items()}
        assert sizes == expected | {"schedule": expected["jobs"], "export": expected["auth"]}

    def test_gives_cloudfront_the_secret_that_the_functions_ask_for(
        self, account: Account, deployment: Path
    ) -> None:
        secret = read_parameters(_PATH, account.environment)["ORIGIN_SECRETS"]

        [stack] = account.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
        resolved = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        assert resolved["OriginSecret"] == secret  # real CloudFormation masks it: NoEcho
        assert secret not in (deployment / PATH).read_text()

    def test_has_a_schedule_that_may_call_the_job(self, account: Account) -> None:
        [rule] = account.client("events").list_rules()["Rules"]
        targets = account.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]

        assert rule["ScheduleExpression"] == "rate(5 minutes)"
        assert [each["Arn"].rpartition("-")[2] for each in targets] == ["schedule"]

    def test_takes_no_page_that_would_reach_no_storage(self, tmp_path: Path) -> None:
        assert "make web" in find_fault(tmp_path)
        policy = "connect-src 'self' {0}; frame-src {0};"
        (tmp_path / "index.html").write_text(policy.format("https://storage.invalid"))
        assert "make web" in find_fault(tmp_path)
        (tmp_path / "index.html").write_text(policy.format("https://abcdefgh.supabase.co"))
        assert not find_fault(tmp_path)

    def test_takes_the_page_index_last(self, account: Account, tmp_path: Path) -> None:
        (tmp_path / "assets").mkdir()
        (tmp_path / "assets" / "index-12345678.js").write_text("1")
        (tmp_path / "assets" / "text-12345678.woff2").write_text("2")
        (tmp_path / "manifest.webmanifest").write_text("{}")
        (tmp_path / "worker.js").write_text("3")
        (tmp_path / "index.html").write_text("<!doctype html>")
        bucket = find_bucket(_STACK, account.client("cloudformation"))
        objects = account.client("s3")

        names = upload(tmp_path, bucket, objects)

        assert names == [
            "assets/index-12345678.js",
            "assets/text-12345678.woff2",
            "manifest.webmanifest",
            "worker.js",
            "index.html",
        ]
        heads = {name: objects.head_object(Bucket=bucket, Key=name) for name in names}
        for_good, ask_again = (
            "public, max-age=31536000, immutable",
            "public, max-age=0, must-revalidate",
        )
        assert [(head["ContentType"], head["CacheControl"]) for head in heads.values()] == [
            ("text/javascript", for_good),
            ("font/woff2", for_good),
            ("application/manifest+json", ask_again),
            ("text/javascript", ask_again),
            ("text/html", ask_again),
        ]

    def test_can_be_repeated_and_says_where_it_is(self, account: Account, deployment: Path) -> None:
        before = _outputs(account)

        said = _osls(account, deployment, "deploy", "--force")

        assert _outputs(account) == before
        assert before["Url"] in _osls(account, deployment, "info", "--verbose"), said

    def test_takes_an_address_of_its_own(self, account: Account, deployment: Path) -> None:
        certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
        domain = ["--param", "domain=lectern.example", "--param", f"certificateArn={certificate}"]

        _osls(account, deployment, "deploy", *domain)

        assert _outputs(account)["Url"] == "https://lectern.example"

    def test_leaves_nothing_behind_when_removed(self, account: Account, deployment: Path) -> None:
        bucket = _outputs(account)["PageBucket"]
        objects = account.client("s3")
        for each in objects.list_objects_v2(Bucket=bucket).get("Contents", ()):
            objects.delete_object(Bucket=bucket, Key=each["Key"])

        _osls(account, deployment, "remove")

        assert account.client("lambda").list_functions()["Functions"] == []
        assert account.client("s3").list_buckets()["Buckets"] == []
        assert "PUBLIC_URL" not in read_parameters(_PATH, account.environment)


def test_an_account_that_is_away_is_told_of(account: Account) -> None:
    away = {**account.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    with pytest.raises(ParametersUnavailable, match="does not answer"):
        read_parameters(_PATH, away, waits_seconds=(0.0,))

"""vercel.json, read: it deploys exactly the files of functions/, each under its own path."""

import json
from typing import Any

import pytest

from dev.processes import ROOT

FUNCTIONS = sorted(path.stem for path in (ROOT / "functions").glob("[a-z]*.py"))
CONFIGURATION: dict[str, Any] = json.loads((ROOT / "vercel.json").read_text())


def test_each_function_is_a_service_beside_the_page() -> None:
    assert sorted(CONFIGURATION["services"]) == sorted([*FUNCTIONS, "web"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_service_is_its_own_function_and_leaves_the_others_out(name: str) -> None:
    service = CONFIGURATION["services"][name]
    [(path, options)] = service["functions"].items()

    assert (path, service["entrypoint"]) == (f"functions/{name}.py", f"functions.{name}:app")
    assert f"functions/!(__init__.py|{name}.py)" in options["excludeFiles"]
    assert len(options["excludeFiles"]) <= 256  # what the platform takes
    assert 0 < options["maxDuration"] <= 300  # what a free account may ask for


def test_every_path_of_the_api_leads_to_its_function_and_every_other_to_the_page() -> None:
    functions = {f"/api/{name}/:rest*": {"service": name} for name in FUNCTIONS}
    routes = {rule["source"]: rule["destination"] for rule in CONFIGURATION["rewrites"]}

    assert routes == {**functions, "/((?!api/).*)": {"service": "web"}}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_service_installs_nothing_whose_hash_it_does_not_know(name: str) -> None:
    command = CONFIGURATION["services"][name]["buildCommand"].split()

    assert {"--require-hashes", "--reinstall", "functions/requirements.txt"} <= set(command)
    # A deployment that sends spans links to the second one.
    locked = (ROOT / "functions" / "requirements.txt").resolve()
    assert locked in {ROOT / "requirements.txt", ROOT / "requirements-telemetry.txt"}


def test_the_job_runs_once_a_day_as_a_free_account_may() -> None:
    [cron] = CONFIGURATION["crons"]
    minute, hour, *rest = cron["schedule"].split()

    assert cron["path"] == "/api/jobs/run"
    assert minute.isdigit()
    assert hour.isdigit()
    assert rest == ["*", "*", "*"]

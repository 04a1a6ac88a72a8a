"""Requests that a generator nobody here wrote makes up from the OpenAPI documents, as two users."""

import json
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.student import PASSPHRASE, Student
from tests.accounts import NEW_PASSWORD
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.trust.holdings import QUESTION, Holdings, furnish
from tests.trust.hostile_texts import IN_BODIES, IN_URLS
from tests.trust.operations import function_names
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("No request breaks a function")

# Of the processor, for any one request; by the clock it is Schemathesis that looks, and more patiently: what else
# the machine does makes a request wait, but not work.
MOST_SECONDS = 2.0

# Of the whole form, together more than 10,000: four fifths of what was made up over three seeds.
FEWEST_REQUESTS = {"auth": 3_450, "history": 2_550, "jobs": 270, "query": 390, "upload": 3_450}

# What no generator makes up, by operation: without it every request would be refused before it is looked at.
_KNOWN = {
    "/api/auth/register": {"password": [NEW_PASSWORD]},
    "/api/auth/login": {"username": ["{neighbour}"], "password": [PASSPHRASE]},
    "/api/auth/password": {"current_password": [PASSPHRASE], "new_password": [NEW_PASSWORD]},
}
# What no made-up request is right for, and why; the texts of the dictionary reach these by test_hostile_inputs.py.
NEVER_ANSWERED_WELL = {
    "POST /api/auth/refresh": "it takes a cookie, and uses it up",
    "POST /api/auth/logout": "likewise",
    "POST /api/auth/erase": "who is erased asks nothing more",
    "POST /api/upload": "a made-up file is no document",
}

_MORE_OF_EACH = 6

# A body of a megabyte is refused by its size, before anybody asks who sends it.
_REFUSALS = [401, 403, 404, 405, 409, 413, 415, 422, 429]
CHECKS: dict[str, Any] = {
    "max_response_time": 10,
    # What JSON Schema cannot say is refused too: control characters, blank texts, cursors not ours.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", *_REFUSALS]},
    "negative_data_rejection": {"expected-statuses": _REFUSALS},
}
# `health` and `signed` stand where ids stand: with another method they are ids, and malformed.
EXCEPTIONS: list[dict[str, Any]] = [
    {
        "include-path-regex": "/(health|signed)$",
        "checks": {
            "unsupported_method": {"enabled": False},
            "allow_header_conformance": {"enabled": False},
        },
    },
]


def bindings(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text field of a function, as Schemathesis names it, with its dictionary."""
    for schema in document["components"]["schemas"].values():
        for name, member in schema.get("properties", {}).items():
            kinds = {option.get("type") for option in [member, *member.get("anyOf", [])]}
            if "string" in kinds:
                yield f"body.{name}", "in_bodies"
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] in ("query", "header"):
                    yield f"{parameter['in']}.{parameter['name']}", "in_urls"


def known(neighbour: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what is known of some members as dictionaries, and the operations that they are bound to."""
    dictionaries, operations = dict[str, Any](), list[dict[str, Any]]()
    for path, members in _KNOWN.items():
        bound = dict[str, Any]()
        for member, texts in members.items():
            name = f"known_{path.rpartition('/')[2]}_{member}"
            dictionaries[name] = {"values": [text.format(neighbour=neighbour) for text in texts]}
            bound[f"body.{member}"] = {"dictionary": name, "probability": 0.5}
        operations.append({"include-path": path, "parameters": bound})
    return dictionaries, operations


def write_configuration(
    folder: Path, document: dict[str, Any], auth: dict[str, Any], max_examples: int, neighbour: str
) -> Path:
    dictionaries, operations = known(neighbour)
    bound = {name: {"dictionary": kind, "probability": 0.3} for name, kind in bindings(document)}
    settings: dict[str, Any] = {
        "continue-on-failure": True,
        "warnings": False,
        "request-timeout": 30,
        "auth": auth,
        "dictionaries": {
            "in_bodies": {"values": IN_BODIES},
            "in_urls": {"values": IN_URLS},
            **dictionaries,
        },
        "parameters": bound,
        "generation": {"max-examples": max_examples, "database": "none"},
        "checks": CHECKS,
        "operations": EXCEPTIONS + operations,
        "reports": {"directory": str(folder)},
    }
    path = folder / "schemathesis.toml"
    path.write_text("\n".join(_toml(settings)))
    return path


def _toml(table: dict[str, Any], name: str = "") -> Iterator[str]:
    """Write TOML by hand: JSON's strings, numbers and lists are TOML's."""
    if name:
        yield f"[{name}]"
    for key, value in table.items():
        if not isinstance(value, dict):
            yield f"{json.dumps(key)} = {_toml_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, f"{name}.{json.dumps(key)}" if name else json.dumps(key))


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(k)} = {_toml_value(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def peers(folder: Path, users: list[Holdings]) -> dict[str, Any]:
    """Let Schemathesis be two users who must not see each other's objects."""
    entries = [
        {
            "name": user.canary,
            "fixedHeaders": [
                {"name": "Authorization", "value": user.student.client.headers["Authorization"]}
            ],
        }
        for user in users
    ]
    path = folder / "users.json"
    path.write_text(json.dumps({"auth": entries}))
    return {"wfc": {"path": str(path), "peers": [user.canary for user in users]}}


def run_schemathesis(configuration: Path, url: str, seed: int) -> dict[str, Any]:
    """Run its command line as anybody would; return its report."""
    folder = configuration.parent
    report = folder / "report.json"
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", configuration]
    options = ["--seed", str(seed), "--report-json-path", str(report)]
    done = subprocess.run(
        [*command, "run", url, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    (folder / "said.txt").write_text(done.stdout + done.stderr)
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text())


@pytest.fixture
def roomy(configuration: Configuration) -> Configuration:
    """Take the limits away that a generator of requests would meet at once, and nothing else."""
    configuration.change(
        access_token_lifetime=timedelta(hours=3),
        daily_queries_per_user=10**6,
        daily_tokens_per_user=10**9,
        daily_tokens=10**10,
        max_streams_per_user=10**3,
        max_files_per_user=10**5,
        max_bytes_per_user=10**12,
        max_chunks_per_user=10**6,
    )
    return configuration


class Stopwatch(logging.Handler):
    """Looks at the clock and at the processor whenever a request has been logged; they come one by one.

    Attributes:
        longest_seconds: That a request took by the clock.
        most_worked_seconds: That this process worked from one request's end to the next one's.
        answered_well: How often each operation was, with 2xx.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answered_well = Counter[str]()
        self.longest_seconds = self.most_worked_seconds = 0.0
        self._worked_before = time.process_time()

    def emit(self, record: logging.LogRecord) -> None:
        worked = time.process_time()
        self.most_worked_seconds = max(self.most_worked_seconds, worked - self._worked_before)
        self._worked_before = worked
        line = json.loads(record.getMessage())
        self.longest_seconds = max(self.longest_seconds, line.get("ms", 0) / 1000)
        if 200 <= line.get("status", 0) < 300:
            self.answered_well[f"{line['method']} {line.get('route')}"] += 1


@pytest.fixture
def stopwatch() -> Iterator[Stopwatch]:
    stopwatch = Stopwatch()
    logging.getLogger("lectern").addHandler(stopwatch)
    yield stopwatch
    logging.getLogger("lectern").removeHandler(stopwatch)


def failures(report: dict[str, Any], seed: int) -> list[str]:
    found = [
        f"{failure['code']} {failure['title']}: {operation} (seed {seed})"
        for failure in report["failures"]
        for operation in failure["operations"]
    ]
    is_whole = (
        report["complete"] and report["operations"]["tested"] == report["operations"]["total"]
    )
    return found + [str(error) for error in report["errors"]] + ([] if is_whole else ["not all"])


@pytest.fixture
def two_users(
    model: ScriptedModel, new_client: Callable[[], httpx.Client]
) -> Callable[[], list[Holdings]]:
    """Make two users with enough of everything that it lasts while they delete each other's and their own."""

    def make() -> list[Holdings]:
        users = [furnish(new_client(), model), furnish(new_client(), model)]
        for user in users:
            for number in range(_MORE_OF_EACH):
                user.student.upload(f"{number}.md", f"# {number}\n\n{user.canary} has {number}.")
                user.student.ask(f"{QUESTION} Once more, {number}.")
        return users

    return make


@pytest.fixture
def unlimited_tries(ground: Ground) -> Iterator[None]:
    """Count no failure of signing in: after five of them hardly a request would be looked at."""
    ground.execute(
        "create function private.forgive() returns trigger language plpgsql security definer"
        " as 'begin delete from private.sign_in_failures where id = new.id; return null; end'"
    )
    ground.execute(
        "create trigger forgive after insert on private.sign_in_failures"
        " for each row execute function private.forgive()"
    )
    yield
    ground.execute("drop function private.forgive() cascade")


def test_more_than_ten_thousand_requests_are_made_up():
    assert set(FEWEST_REQUESTS) == set(function_names())
    assert sum(FEWEST_REQUESTS.values()) > 10_000


def operations_of(document: dict[str, Any]) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }


@pytest.mark.usefixtures("unlimited_tries")
@pytest.mark.parametrize("name", function_names())
def test_schemathesis_finds_nothing(  # noqa: PLR0913, PLR0917 - fixtures
    client: httpx.Client,
    name: str,
    promise: Promise,
    roomy: Configuration,
    size: Callable[..., int],
    stopwatch: Stopwatch,
    tmp_path: Path,
    two_users: Callable[[], list[Holdings]],
    student: Student,
):
    url = f"/api/{name}/openapi.json"
    document = client.get(url).json()
    secret = {"openapi": {"JobSecret": {"bearer": roomy.settings.cron_secret}}}
    made_up, answered_well = 0, Counter[str]()
    for seed in range(1, 1 + size(full=3, short=1)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        auth = secret if name == "jobs" else peers(folder, two_users())
        examples = size(full=80, short=3)
        path = write_configuration(folder, document, auth, examples, student.username)

        before = stopwatch.answered_well.copy()
        report = run_schemathesis(path, str(client.base_url.join(url)), seed)
        answered_well += stopwatch.answered_well - before

        promise.count(report["test_cases"]["generated"], failures(report, seed))
        made_up += report["test_cases"]["generated"]

    promise.figure(f"requests made up for {name}", f"{made_up:,}")
    fewest = size(full=FEWEST_REQUESTS[name], short=1)
    promise.check(made_up >= fewest, f"{name}: {made_up} requests only")
    worked, took = stopwatch.most_worked_seconds, stopwatch.longest_seconds
    promise.check(worked < MOST_SECONDS, f"{name}: {worked:.2f} s of the processor for a request")
    if size(full=1, short=0):  # so few are made up in the short form that chance would decide
        for operation in operations_of(document) - NEVER_ANSWERED_WELL.keys():
            promise.check(answered_well[operation], f"{operation}: never answered with 2xx")
    figure = f"{worked:.2f} s of the processor, {took:.2f} s by the clock"
    promise.figure(f"the longest made-up request to {name}", figure)

"""Lectern on AWS: the journey through the zips, run as Lambda runs them and routed as the template says."""

import asyncio
import io
import secrets
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from dev.deploy.lambda_build import Archive
from dev.deploy.lambda_gateway import Edge
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_runtime import Instance, unpack
from dev.deploy.lambda_settings import write_settings
from dev.deploy.lambda_template import Template
from dev.deploy.lambda_tools import Tools, install_tools
from dev.serving import serve
from dev.stack import Stack
from dev.student import Student
from tests.deploy.aws.rehearsal import Account
from tests.deploy.journey import make_journey

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

_PREFIX = "/lectern/prod"
_SECRET = "what-only-the-edge-knows-and-nobody-else-does"
_INVOKE = "/2015-03-31/functions/function/invocations"
_LONG_TEXT = "\n\n".join(
    f"# Lecture {number}\n\n"
    + f"The star number {number} of the catalogue is {number + 4} light years away. " * 30
    for number in range(1, 151)
)
_SCHEDULED = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event"}


@pytest.fixture(scope="module")
def tools() -> Tools:
    return install_tools()


@pytest.fixture(scope="module")
def environment(aws_account: Account, backend: Stack) -> dict[str, str]:
    """What Lambda adds to the template's environment; every setting is in the Parameter Store."""
    store = aws_account.client("ssm")
    settings = {**backend.environment(), "ORIGIN_SECRETS": f"{_SECRET} {'an-older-one' * 3}"}
    write_settings(settings, _PREFIX, store)
    store.put_parameter(Name=f"{_PREFIX}/PUBLIC_URL", Value=backend.url, Type="String")
    return aws_account.environment


@pytest.fixture(scope="module")
def edge(
    aws_template: Template,
    zips: dict[str, Archive],
    tools: Tools,
    environment: dict[str, str],
) -> Iterator[Edge]:
    folder = zips["auth"].path.parent
    with Edge(aws_template, folder, tools, environment, secret=_SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def url(edge: Edge) -> Iterator[str]:
    with serve(edge) as address:
        yield address


@pytest.fixture
def student(url: str) -> Iterator[Student]:
    with httpx.Client(base_url=url, timeout=60) as client:
        yield Student(client, f"student-{uuid.uuid4().hex[:12]}")


def test_the_journey_passes(url: str) -> None:
    make_journey(url)


@pytest.mark.parametrize("name", ["auth", "upload", "query", "history", "jobs"])
def test_each_function_answers_from_its_own_zip(url: str, name: str) -> None:
    answer = httpx.get(f"{url}/api/{name}/health", timeout=30)

    assert answer.json() == {"status": "ok", "function": name}


def test_an_unknown_function_is_not_the_page(url: str) -> None:
    assert httpx.get(f"{url}/api/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/api/auth/me", "/api/query", "/api/auth/export", "/api/nothing"])
def test_who_comes_past_the_edge_is_refused(edge: Edge, path: str) -> None:
    with serve(edge.bypassed()) as address:
        answer = httpx.get(f"{address}{path}", timeout=30)

    known = path != "/api/nothing"
    assert answer.status_code == (403 if known else 404)
    assert not known or answer.json()["type"] == "/problems/edge-bypassed"


def test_the_address_of_a_caller_is_the_one_that_the_edge_saw(url: str) -> None:
    """Else whoever sends another header with each guess would never be slowed down."""
    body = {"username": f"nobody-{uuid.uuid4().hex[:12]}", "password": "neither is this a password"}

    statuses = [
        httpx.post(
            f"{url}/api/auth/login",
            json=body,
            headers={"X-Client-Address": f"203.0.113.{n}", "X-Forwarded-For": f"203.0.113.{n}"},
            timeout=30,
        ).status_code
        for n in range(6)
    ]

    assert statuses == [401] * 5 + [429]


def test_the_schedule_runs_the_job(edge: Edge) -> None:
    [function] = [
        function
        for function in edge.template.functions.values()
        if function.logical_id.startswith("Schedule")
    ]

    answer = asyncio.run(edge.invoke(function, _SCHEDULED, 60))

    assert answer == {"status": 200}


def test_a_file_whose_page_was_closed_is_read_by_the_schedule_in_one_run(
    edge: Edge, backend: Stack, student: Student, report: Callable[[str], None]
) -> None:
    """Why there is no queue: the row of the file is one, and the run takes what a queue would bring."""
    file = _send_and_leave(student, _LONG_TEXT.encode(), backend)
    function = edge.template.functions["ScheduleLambdaFunction"]
    began = time.monotonic()

    asyncio.run(edge.invoke(function, _SCHEDULED, function.timeout_seconds))

    seconds = time.monotonic() - began
    read = student.client.get(f"/api/upload/{file['id']}").json()
    assert (read["status"], read["error"]) == ("ready", None)
    report(f"lambda schedule: {read['page_count']} parts of an abandoned file in {seconds:.1f} s")


def _send_and_leave(student: Student, content: bytes, backend: Stack) -> dict[str, Any]:
    """Do what a page does that is closed while its file is read, a minute ago."""
    announcement = {"filename": "long.md", "size_bytes": len(content)}
    answer = student.client.post("/api/upload/signed", json=announcement).json()
    upload = answer["upload"]
    httpx.put(upload["url"], headers=upload["headers"], content=content, timeout=60)
    with psycopg.connect(backend.postgres_dsn) as connection:
        connection.execute(
            """
            update public.files
            set status = 'processing', created_at = created_at - interval '1 minute'
            where id = %s
            """,
            [answer["file"]["id"]],
        )
    return answer["file"]


def test_a_job_that_fails_is_an_error_to_the_schedule(
    aws_template: Template, zips: dict[str, Archive], tools: Tools, tmp_path: Path
) -> None:
    function = aws_template.functions["ScheduleLambdaFunction"]
    unpack(zips["jobs"].path, tmp_path)
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "testing"}

    with Instance(
        function, tmp_path, tools, {**away, "AWS_SECRET_ACCESS_KEY": "testing"}
    ) as instance:
        answer = httpx.post(f"{instance.url}{_INVOKE}", json=_SCHEDULED, timeout=60)

    assert answer.json()["errorType"] == "ParametersUnavailable"


def test_no_function_writes_into_its_zip(edge: Edge, url: str) -> None:
    make_journey(url)

    for function in edge.template.functions.values():
        if function.logical_id in edge.instances:
            task = edge.instances[function.logical_id].task
            present = {p.relative_to(task).as_posix() for p in task.rglob("*") if p.is_file()}
            assert present == edge.names_in(function), function.logical_id


def test_a_file_of_four_megabytes_passes_in_one_call(student: Student) -> None:
    content = b"%PDF-1.7\n" + b"0" * (4 * 1024 * 1024 - 9)

    file = student.upload("damaged.pdf", content)

    assert (file["size_bytes"], file["status"]) == (4 * 1024 * 1024, "failed")


def test_an_export_is_larger_than_a_lambda_may_answer(student: Student) -> None:
    for number in range(2):
        student.upload(f"{number}.pdf", b"%PDF-1.7\n" + secrets.token_bytes(4_000_000))

    answer = student.client.get("/api/auth/export", timeout=60)

    assert len(answer.content) > 8_000_000
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sum(name.endswith(".pdf") for name in archive.namelist()) == 2

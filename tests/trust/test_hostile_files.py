"""Hostile files end refused or failed, with a reason and in time, and hurt nobody."""

import resource
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dev.student import Student
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.reading import readers
from tests.trust.hostile_files import HOSTILE, NAMES, ODD, docx_saying, pptx_saying
from tests.trust.invariants import Invariants
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("No file hurts: it is refused or fails with a reason, in time")

# Tried in the short form, too: nothing else holds these off than the refusal of document types, and the limits.
ALWAYS = ("doctype from the net", "60 MB of operators")

LONGEST_SECONDS = 20.0
LONGEST_WAIT_SECONDS = 60.0
MOST_BYTES = 600 * 2**20


def biggest_child_bytes() -> int:
    """Return the most memory that any child of the functions, now gone, has ever held."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def processor_seconds() -> float:
    """Return how long the functions have worked, and the readers that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def bring(student: Student, name: str, content: bytes) -> dict[str, Any]:
    """Upload by the signed route, read to the end; return the file, or the problem."""
    body = {"filename": name, "size_bytes": len(content)}
    answer = student.client.post("/api/upload/signed", json=body)
    if answer.is_error:
        return answer.json()
    upload, file = answer.json()["upload"], answer.json()["file"]
    student.client.put(upload["url"], content=content, headers=upload["headers"]).raise_for_status()
    while file.get("status") in ("awaiting_upload", "processing"):
        file = student.client.post(f"/api/upload/{file['id']}/ingest").json()
    return file


def reason_of(file: dict[str, Any]) -> str:
    """Return why a file was refused or has failed; nothing where it was read, or nobody says why."""
    problem = file["error"] if file["status"] == "failed" else file
    is_told = problem and problem["type"] != "about:blank" and 400 <= problem["status"] < 500
    return problem["detail"] if is_told else ""


@pytest.fixture
def watched(
    student: Student,
    model: ScriptedModel,  # noqa: ARG001 - it embeds what can be read
    ground: Ground,
    promise: Promise,
    size: Callable[..., int],
) -> Callable[[str, str, bytes], dict[str, Any]]:
    """Bring a file and check what holds for every file, however it ends."""
    invariants, is_alone = Invariants(ground), size(full=True, short=False)

    def bring_and_check(case: str, name: str, content: bytes) -> dict[str, Any]:
        started_at, spent_before = time.monotonic(), processor_seconds()
        file = bring(student, name, content)
        seconds, spent = time.monotonic() - started_at, processor_seconds() - spent_before
        # In the short form others run beside it: what else the machine does makes it wait, but not work.
        counted = seconds if is_alone else min(seconds, spent)
        is_in_time = counted < LONGEST_SECONDS and seconds < LONGEST_WAIT_SECONDS
        promise.check(is_in_time, f"{case}: took {seconds:.1f} s, {spent:.1f} of the processor")
        promise.peak("seconds of a file", seconds)
        promise.check(not readers(), f"{case}: a reader is left")
        promise.check(
            biggest_child_bytes() < MOST_BYTES, f"{case}: {biggest_child_bytes():,} bytes"
        )
        promise.peak("MiB of a reader", biggest_child_bytes() / 2**20)
        promise.check(not (found := invariants.broken()), f"{case}: {found}")
        good = bring(student, "good.md", f"# Good\n\nThis stands after {case}.".encode())
        promise.check(good["status"] == "ready", f"{case}: the next good file: {good}")
        return file

    return bring_and_check


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try all files, or every third; to make a gigabyte of nothing takes long, too."""
    is_short = metafunc.config.getoption("--short")
    for fixture, table in (("hostile", HOSTILE), ("odd", ODD)):
        if fixture in metafunc.fixturenames:
            names = [name for name in table if "gigabyte" not in name][::3]
            names += [name for name in ALWAYS if name in table]
            metafunc.parametrize(fixture, names if is_short else list(table))


@pytest.mark.alone
def test_a_hostile_file_ends_with_a_reason(
    hostile: str, watched: Callable[[str, str, bytes], dict[str, Any]], promise: Promise
) -> None:
    name, build = HOSTILE[hostile]

    file = watched(hostile, name, build())

    promise.check(reason_of(file), f"{hostile}: {file}")


@pytest.mark.parametrize("build", [docx_saying, pptx_saying])
def test_what_is_made_hostile_is_read_before(
    build: Callable[[str], bytes],
    student: Student,
    model: ScriptedModel,  # noqa: ARG001 - it embeds
) -> None:
    """Or each of them might be refused for how it was made."""
    name = f"honest.{build.__name__.partition('_')[0]}"

    file = bring(student, name, build("Nothing is wrong with this sentence."))

    assert [page.strip() for page in student.pages(file)] == [
        "Nothing is wrong with this sentence."
    ]


@pytest.mark.alone
def test_an_odd_file_ends(
    odd: str, watched: Callable[[str, str, bytes], dict[str, Any]], promise: Promise
) -> None:
    name, build = ODD[odd]

    file = watched(odd, name, build())

    promise.check(file["status"] == "ready" or reason_of(file), f"{odd}: {file}")


@pytest.mark.parametrize("case", NAMES)
def test_a_hostile_name_is_refused(
    case: str, student: Student, ground: Ground, promise: Promise
) -> None:
    before = ground.row("select count(*) as n from files")

    answer = send_name(student.client, NAMES[case])

    promise.check(answer.status_code == 422, f"{case}: {answer.status_code}")
    promise.check(answer.json()["errors"], f"{case}: no reason")
    promise.check(ground.row("select count(*) as n from files") == before, f"{case}: a row")


def send_name(client: httpx.Client, name: str) -> httpx.Response:
    # As JSON writes it: half a character cannot be sent in UTF-8.
    escaped = "".join(
        character
        if " " <= character < "\x7f" and character not in '"\\'
        else f"\\u{ord(character):04x}"
        for character in name
    )
    body = f'{{"filename": "{escaped}", "size_bytes": 10}}'
    headers = {"Content-Type": "application/json"}
    return client.post("/api/upload/signed", content=body, headers=headers)


@pytest.mark.parametrize(("route", "limit"), [("signed", "max_file_bytes"), ("direct", "")])
def test_a_file_beyond_the_limit_is_refused(
    route: str, limit: str, student: Student, configuration: Configuration
) -> None:
    if route == "signed":
        size = getattr(configuration.settings, limit) + 1
        body = {"filename": "big.pdf", "size_bytes": size}
        answer = student.client.post("/api/upload/signed", json=body)
    else:
        content = b"%PDF-1.7\n" + bytes(5 * 2**20)
        answer = student.client.post("/api/upload", files={"file": ("big.pdf", content)})

    assert answer.status_code == 413, answer.text
    assert student.client.get("/api/upload").json()["files"] == []


def test_what_arrives_is_counted_again(
    student: Student, configuration: Configuration, promise: Promise
) -> None:
    """A signed URL takes whatever is sent: what was announced binds nobody."""
    body = {"filename": "small.txt", "size_bytes": 100}
    signed = student.client.post("/api/upload/signed", json=body).json()
    upload = signed["upload"]
    content = b"This is a sentence.\n" * 6_000
    sent = student.client.put(upload["url"], content=content, headers=upload["headers"])
    configuration.change(max_file_bytes=1_000)

    file = student.client.post(f"/api/upload/{signed['file']['id']}/ingest").json()

    assert sent.is_success, "it did not arrive: then there is nothing to test"
    promise.check(file["status"] == "failed", f"{file}")
    told = file["error"] or {}
    # Not for being another file than was announced: that is seen when all of it is here.
    promise.check(told.get("type") == "/problems/file-too-large", f"{told}")
    promise.check(told.get("limit_bytes") == 1_000, f"{told}")
    promise.check(student.client.get(f"/api/upload/{file['id']}/pages/1").is_error, "a page")


def test_what_was_opened_is_never_run(student: Student, model: ScriptedModel) -> None:
    """A browser saves what is no PDF."""
    assert not model.prompts
    text = "<html><body><p>words</p><script>alert(1)</script></body></html>"
    file = student.upload("page.html", text)

    url = student.client.get(f"/api/upload/{file['id']}/content?as=url").json()["url"]
    answer = httpx.get(url)

    assert answer.headers["Content-Disposition"].startswith("attachment")

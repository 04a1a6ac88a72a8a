"""Whether a request that met a fault ended as it should: refused with a problem, or done, and then truly done."""

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zipfile import BadZipFile, ZipFile

import httpx

from tests.trust.misbehaving import Call
from tests.trust.troubles import Case

# What no refusal may hold: the signs of a crash, whose services we use, and keys and tokens by their beginnings.
OURS_ALONE = re.compile(r"Traceback|postgres|supabase\.co|\bsk-|sb_secret|eyJ", re.IGNORECASE)
# Calls of which a request need not know that they failed, and why.
LEFT_TO_THE_JOB = {
    "DELETE /storage/v1/object/files": "the outbox keeps the path, and the job deletes the object",
    "confirm_object_deletions": "the outbox keeps the path, and the job deletes the object again",
}


def _is_unread(file: dict[str, Any]) -> bool:
    return file["status"] in {"processing", "failed"}


# What ends with a file that is read, or says why it is not.
OF_A_FILE = ("POST /api/upload", "POST /api/upload/{file_id}/ingest")
# How an answer says itself that storage or the model did nothing for it.
ADMISSIONS: dict[tuple[str, str], Callable[[dict[str, Any]], bool]] = {
    ("POST /api/auth/erase", "storage"): lambda receipt: receipt["pending_objects"] > 0,
    ("GET /api/jobs/run", "storage"): lambda report: report["objects_deleted"] == 0,
    # What became of a file says the file: see invariants.sql.
    ("GET /api/jobs/run", "model"): lambda report: report["ingestions_failed"] == 0,
    **{
        (operation, dependency): _is_unread
        for operation in OF_A_FILE
        for dependency in ("model", "storage")
    },
}
# What the job does file by file: where one fails, it goes on with the rest, and its next run with the file.
OF_ONE_READING = {
    "GET /storage/v1/object/authenticated",
    "claim_ingestion",
    "record_upload",
    "save_slice",
    "finish_ingestion",
    "release_ingestion",
    "reject_upload",
}
# Members of an answer that differ each time, and why.
VARYING = {
    "url": "what it is signed with counts from now; its path is compared",
    "expires_at": "counts from now",
}


@dataclass(frozen=True)
class Undisturbed:
    """How an operation ends where nothing fails."""

    answer: httpx.Response
    calls: list[Call]


def judge(
    operation: str,
    case: Case,
    ask: Callable[[], httpx.Response],
    undisturbed: Undisturbed,
    calls: Callable[[], list[Call]],
) -> str:
    """Return what is wrong with how a request ended; nothing where it ended as it should.

    Args:
        operation: Its method and its path.
        case: What it met.
        ask: Sends it.
        undisturbed: To compare with.
        calls: Returns what it called.
    """
    try:
        answer = ask()
    except httpx.RemoteProtocolError:
        # An export breaks off: a zip without its end is refused by every reader.
        may_break_off = operation == "GET /api/auth/export" and not case.must_pass
        return "" if may_break_off else "broke off"
    except httpx.TimeoutException:
        return "hangs"
    if answer.is_success:
        return _judge_success(operation, case, answer, undisturbed, calls())
    if case.must_pass:
        return f"{answer.status_code}, although it had passed: {answer.text[:200]}"
    return judge_problem(answer)


def judge_problem(answer: httpx.Response) -> str:
    if answer.headers["Content-Type"] != "application/problem+json":
        return f"no problem: {answer.text[:100]}"
    if leak := OURS_ALONE.search(answer.text):
        return f"tells {leak[0]}"
    document = answer.json()
    if answer.status_code not in (502, 503) or document["status"] != answer.status_code:
        return f"{answer.status_code} {document['type']}"
    return "" if "Retry-After" in answer.headers or answer.status_code == 502 else "no Retry-After"


def _judge_success(
    operation: str, case: Case, answer: httpx.Response, undisturbed: Undisturbed, calls: list[Call]
) -> str:
    if answer.status_code != undisturbed.answer.status_code:
        return f"{answer.status_code} instead of {undisturbed.answer.status_code}"
    if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        return _judge_stream(answer, undisturbed.answer, case)
    if operation.startswith("GET") and operation != "GET /api/jobs/run":
        is_same = what_is_told(answer) == what_is_told(undisturbed.answer)
        return "" if is_same else f"tells something else: {answer.text[:200]}"
    if lie := _judge_write(operation, case, answer, undisturbed, calls):
        return lie
    if operation == "POST /api/query":
        return _judge_query(answer.json(), undisturbed.answer.json())
    return ""


def what_is_told(answer: httpx.Response) -> Any:
    """Return all of an answer that is the same each time."""
    if answer.headers["Content-Type"] == "application/zip":
        try:
            with ZipFile(io.BytesIO(answer.content)) as archive:
                return {name: archive.read(name) for name in archive.namelist()}
        except BadZipFile:
            return "no zip"
    if answer.headers["Content-Type"] == "application/json":
        return _without_varying(answer.json())
    return answer.text


def _without_varying(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_varying(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _without_varying(item) for name, item in value.items() if name not in VARYING}
    return kept | ({"path": urlsplit(value["url"]).path} if "url" in value else {})


def _is_next_runs(operation: str, case: Case, call: Call) -> bool:
    """Tell whether the job leaves a file on which this call failed to its next run."""
    return operation == "GET /api/jobs/run" and call.name in OF_ONE_READING and not case.is_lasting


def _judge_write(
    operation: str, case: Case, answer: httpx.Response, undisturbed: Undisturbed, calls: list[Call]
) -> str:
    """Say whether a success is a lie: what was never done, and never tried again, has not succeeded.

    It is judged by the calls that met the fault: the job may have more to do than it had undisturbed.
    """
    met = case.met_by(calls, undisturbed.calls)
    met = [(ordinal, call) for ordinal, call in met if not _is_next_runs(operation, case, call)]
    if case.trouble.is_done or not met:
        return ""
    is_repeated = not case.is_lasting and _is_repeated(*met[0], calls, undisturbed.calls)
    admission = ADMISSIONS.get((operation, case.call.dependency))
    if admission:
        document = answer.json()
        is_told = is_repeated or admission(document)
        if case.must_pass:
            is_told = is_repeated and document.get("status") != "failed"
        return "" if is_told else f"does not tell, or it had passed: {answer.text[:200]}"
    is_judged_by_its_answer = operation == "POST /api/query" and case.call.dependency == "model"
    is_left = all(call.name in LEFT_TO_THE_JOB for _, call in met)
    if is_repeated or is_left or (is_judged_by_its_answer and not case.must_pass):
        return ""
    return "succeeded, although nothing was done, or it was not tried again"


def _is_repeated(ordinal: int, call: Call, calls: list[Call], usual: list[Call]) -> bool:
    # At once, as the job does that has no time left for what it would ask afterwards.
    at_once = _count(calls[ordinal + 1 : ordinal + 2], call) == 1
    return at_once or _count(calls, call) > _count(usual, call)


def _count(calls: list[Call], like: Call) -> int:
    return Counter(call.name for call in calls)[like.name]


def _judge_query(query: dict[str, Any], undisturbed: dict[str, Any]) -> str:
    """Accept the right answer, or a part of it that says it is one."""
    told, whole = query["response"], undisturbed["response"]
    quotes, all_quotes = (
        [citation["quote"] for citation in found["citations"]] for found in (query, undisturbed)
    )
    if query["status"] == "answered" and (told, quotes) == (whole, all_quotes):
        return ""
    if query["status"] == "interrupted" and told and whole.startswith(told):
        return ""
    return f"{query['status']}: {told}"


def _judge_stream(answer: httpx.Response, undisturbed: httpx.Response, case: Case) -> str:
    if complaint := judge_end(answer):
        return complaint
    last = _last_of(answer)
    if case.must_pass and "query" not in last:
        return f"{last}, although it had passed"
    return _judge_query(last["query"], _last_of(undisturbed)["query"]) if "query" in last else ""


def judge_end(stream: httpx.Response) -> str:
    """Return what is wrong with how a stream of events ended."""
    names = re.findall(r"^event: (\w+)$", stream.text, re.MULTILINE)
    last = _last_of(stream)
    if names.count("done") + names.count("error") != 1 or names[-1] not in ("done", "error"):
        return f"ends with {names[-1]}"
    return "" if names[-1] == "done" or last["status"] in (502, 503) else str(last)


def _last_of(stream: httpx.Response) -> dict[str, Any]:
    return json.loads(stream.text.rsplit("data: ", 1)[1])

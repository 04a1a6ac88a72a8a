"""Every field of every operation with every text and number that has broken somebody's program."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from dev.student import PASSPHRASE, Student
from lib.domain.problems import InvalidCredentials
from tests.accounts import COOKIE, FROM_OUR_PAGE, new_name
from tests.conftest import Configuration, Ground, slug
from tests.fakes import ScriptedModel
from tests.trust.holdings import Holdings, furnish
from tests.trust.hostile_texts import IN_BODIES, IN_URLS, LONE_SURROGATES
from tests.trust.judging import OURS_ALONE
from tests.trust.operations import ROWS, documented, members_of
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("No request breaks a function")

_NUMBERS: list[Any] = [0, -1, 1.5, 2**31, 2**53, 2**63, 2**64, 10**400, "1", True, None, [], {}]
_CURSORS: list[Any] = [
    *([number] for number in _NUMBERS),
    *([time, "x"] for time in ("0001-01-01", "2026-01-01T00:00:00+23:59", "9999-12-31", "", "x")),
    ["2026-01-01T00:00:00Z", "\x00"],
    ["2026-01-01T00:00:00Z", "\ud800"],
    ["0001-01-01T00:00:00Z", "c7aa595f-617c-4f74-bdc8-a40625e400c5"],
    ["9999-12-31T23:59:59-23:59", "c7aa595f-617c-4f74-bdc8-a40625e400c5"],
    None,
    {},
    "x",
]

# All that a function reads, and what it must not.
_HEADERS = [
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Idempotency-Key",
    "Origin",
    "Range",
    "Sec-Fetch-Site",
    "User-Agent",
    "X-Forwarded-For",
    "X-HTTP-Method-Override",
    "X-Requested-With",
    "X-Vercel-Id",
]
# One that reads each of them. Signing in comes last: it ends the session before it.
_READERS_OF_HEADERS = [
    "GET /api/auth/me",
    "GET /api/jobs/run",
    "POST /api/query",
    "POST /api/auth/refresh",
    "POST /api/auth/login",
]
# What HTTP itself lets through; the rest no server would hand on to us.
_IN_HEADERS = [
    *(text for text in IN_URLS if text == text.strip() and min(text, default="!") >= " "),
    "Bearer",
    "Bearer " + "." * 2_000,
    "\u00ff" * 4_000,
    ";=;=,,",
    f"{COOKIE}=",
    f'{COOKIE}="\u202e{{7*7}}"',
    f"{COOKIE}={'9' * 4_000}.1.x",
]


def is_sound(answer: httpx.Response) -> bool:
    """Tell whether an answer is one of ours, blames nobody but the request, and tells no secret."""
    if answer.is_success or answer.is_redirect:
        return True
    return (
        answer.is_client_error
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.json()["status"] == answer.status_code
        and not OURS_ALONE.search(answer.text)
    )


def parameters_of(documents: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for operation, description in documents.items():
        for parameter in description.get("parameters", []):
            if parameter["in"] == "query":
                yield operation, parameter["name"]


def is_unknown(answer: httpx.Response) -> bool:
    """Tell whether it was refused for who asked, so that nothing was tried."""
    return answer.status_code == 401 and slug(answer) != InvalidCredentials.slug


def post(client: httpx.Client, operation: str, body: Any) -> httpx.Response:
    """Send JSON as ASCII, in which halves of surrogate pairs can be said."""
    method, path = operation.split()
    headers = {"Content-Type": "application/json"}
    return client.request(method, path, content=json.dumps(body), headers=headers)


@pytest.fixture
def new_user(
    configuration: Configuration, model: ScriptedModel, new_client: Callable[[], httpx.Client]
) -> Callable[[], Holdings]:
    configuration.change(daily_queries_per_user=10**6, daily_tokens_per_user=10**9)
    return lambda: furnish(new_client(), model)


@pytest.fixture
def user(new_user: Callable[[], Holdings]) -> Holdings:
    return new_user()


def body_with(user: Holdings, operation: str, member: str, text: Any) -> dict[str, Any]:
    """Return a body that nothing can be wrong with but this member."""
    named = {
        "POST /api/auth/register": {"username": new_name()},
        "POST /api/auth/login": {"username": user.canary},
    }
    return {**(ROWS[operation].json or {}), **named.get(operation, {}), member: text}


def test_no_text_in_a_body_breaks_a_function(
    client: httpx.Client, ground: Ground, new_user: Callable[[], Holdings], promise: Promise
):
    for operation, members in members_of(client).items():
        user = new_user()  # registering ends the session before it
        secret = ground.row(
            "select password_hash as hash from users where id = %s", user.student.id
        )
        for member in members:
            statuses = set[int]()
            for text in [*IN_BODIES, *LONE_SURROGATES, *_NUMBERS]:
                # Or few passwords would be compared, and those after one that was taken would be wrong.
                ground.execute("delete from private.sign_in_failures")
                restore = "update users set password_hash = %s where id = %s"
                ground.execute(restore, secret["hash"], user.student.id)
                body = body_with(user, operation, member, text)
                answer = post(user.student.client, operation.format(**user.ids), body)
                statuses.add(answer.status_code)
                held = is_sound(answer) and answer.status_code != 429 and not is_unknown(answer)
                case = f"{operation}: {member} = {str(text)[:30]!r}: {answer.text:.80}"
                promise.check(held, case)
            promise.check(statuses - {413, 422}, f"{operation}: {member}: the schema lets none in")


def test_no_text_in_a_query_string_breaks_a_function(promise: Promise, user: Holdings):
    client = user.student.client
    for operation, parameter in parameters_of(documented(client)):
        method, path = operation.format(**user.ids).split()
        for text in [*IN_URLS, *map(str, _NUMBERS)]:
            answer = client.request(method, path, params={parameter: text})
            promise.check(
                is_sound(answer), f"{operation}: {parameter} = {text!r}: {answer.text:.80}"
            )


def test_no_cursor_of_another_making_breaks_a_list(promise: Promise, user: Holdings):
    client = user.student.client
    for operation, parameter in parameters_of(documented(client)):
        if parameter != "cursor":
            continue
        for values in _CURSORS:
            cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
            answer = client.get(operation.format(**user.ids).split()[1], params={"cursor": cursor})
            promise.check(is_sound(answer), f"{operation}: {values}: {answer.text:.80}")


def test_no_number_in_a_path_breaks_a_function(promise: Promise, user: Holdings):
    client = user.student.client
    for number in (2**31, 2**53 - 1, 2**53, 2**63 - 2, 2**63):
        for operation in ("GET /api/upload/{file_id}/pages/{number}", "GET /api/upload/{file_id}"):
            for name in ("file_id", "number"):
                path = operation.format(**{**user.ids, name: number}).split()[1]
                answer = client.get(path)
                promise.check(is_sound(answer), f"{path}: {answer.text:.80}")


def test_no_filename_or_header_breaks_a_function(promise: Promise, user: Holdings):
    client = user.student.client
    for name in [*IN_URLS, "a" * 300 + ".md", "a.md\x00.pdf", "../../a.md", "CON.md"]:
        part = name.encode(errors="surrogatepass").replace(b'"', b"%22").replace(b"\r\n", b" ")
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + part
        body += b'"\r\nContent-Type: text/markdown\r\n\r\n# A text of its own\r\n--b--\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = client.post("/api/upload", content=body, headers=headers)
        promise.check(is_sound(answer), f"filename {name[:30]!r}: {answer.text:.80}")
    for key in ("a" * 256, "\u00ff", "a,b", "'; drop table queries; --"):
        raw = [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = client.post("/api/query", json=ROWS["POST /api/query"].json, headers=raw)
        promise.check(is_sound(answer), f"Idempotency-Key {key[:30]!r}: {answer.text:.80}")


@pytest.mark.parametrize("operation", _READERS_OF_HEADERS)
def test_no_header_breaks_a_function(
    operation: str, promise: Promise, size: Callable[..., int], user: Holdings
):
    client, texts = user.student.client, _IN_HEADERS[:: size(full=1, short=3)]
    method, path = operation.split()
    body = ROWS[operation].json
    if operation == "POST /api/auth/login":
        body = {"username": user.canary, "password": PASSPHRASE}
    for name in _HEADERS:
        for text in texts:
            headers = [(key.encode(), value.encode()) for key, value in FROM_OUR_PAGE.items()]
            headers.append((name.encode(), text.encode()))
            answer = client.request(method, path, json=body, headers=headers)
            case = f"{operation}: {name}: {text[:30]!r}: {answer.text:.80}"
            promise.check(is_sound(answer), case)
    sessions = client.get("/api/auth/sessions", params={"limit": 100})
    promise.check(sessions.is_success, f"sessions of browsers with such names: {sessions.text:.80}")


def test_no_text_in_a_path_breaks_a_function(promise: Promise, user: Holdings):
    client = user.student.client
    for operation in ROWS:
        for name in [name for name in user.ids if f"{{{name}}}" in operation]:
            for text in [*IN_URLS, *map(str, _NUMBERS)]:
                ids = {**user.ids, name: quote(text, safe="")}
                method, path = operation.format(**ids).split()
                answer = client.request(method, path, json=ROWS[operation].json)
                case = f"{operation}: {name} = {text[:30]!r}: {answer.text:.80}"
                promise.check(is_sound(answer), case)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"1", b'"x"', b"{}" * 2, b"NaN"]
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", "x"])
def test_no_body_breaks_a_function(body: bytes, kind: str, promise: Promise, student: Student):
    for operation, row in ROWS.items():
        if row.json is not None or row.file:
            method, path = operation.split()
            path = path.format(chat_id="c7aa595f-617c-4f74-bdc8-a40625e400c5")
            headers = {"Content-Type": kind}
            answer = student.client.request(method, path, content=body, headers=headers)
            promise.check(is_sound(answer), f"{operation}: {kind} {body[:9]!r}: {answer.text:.80}")


def test_no_refusal_repeats_what_was_sent(promise: Promise, user: Holdings):
    client, secret = user.student.client, "s3cret-that-nobody-sees"
    for operation, members in members_of(client).items():
        for member in members:
            body = {**(ROWS[operation].json or {}), member: [secret], secret: secret}
            answer = post(client, operation.format(**user.ids), body)
            held = is_sound(answer) and answer.status_code == 422
            # Once, because a member that is not known is named.
            promise.check(held and answer.text.count(secret) <= 1, f"{operation}: {member}")
    asked = [
        (operation, {}, {name: secret}) for operation, name in parameters_of(documented(client))
    ]
    asked += [
        (operation, {name: secret}, {})
        for operation in ROWS
        for name in user.ids
        if f"{{{name}}}" in operation
    ]
    for operation, ids, params in asked:
        method, path = operation.format(**{**user.ids, **ids}).split()
        answer = client.request(method, path, json=ROWS[operation].json, params=params)
        held = answer.is_success or (is_sound(answer) and secret not in answer.text)
        promise.check(held, f"{operation}: {ids or params}: {answer.text:.120}")

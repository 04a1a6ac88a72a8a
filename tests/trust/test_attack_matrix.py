"""Every protected operation with every bad credential; every id that is not one's own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest

from lib.domain.problems import InvalidAccessToken, InvalidJobSecret, InvalidRefreshToken, Problem
from tests.accounts import COOKIE, FROM_OUR_PAGE
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.trust.credentials import Credential, Forger, bearer
from tests.trust.holdings import Holdings, fingerprint
from tests.trust.operations import ROWS, documented, guarded_by, send
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("Without a valid credential nothing opens")
OBJECTS = pytest.mark.promise("What is another's does not exist")

_NEVER: dict[str, Any] = {
    "file_id": 2**40,
    "chat_id": str(UUID(int=4)),
    "session_id": 2**40,
}
_MALFORMED = {
    "file_id": ["x", "0", "-1", "1.5", "1e3", str(2**63), "%00", "1%20or%201=1", "%F0%9F%92%A3"],
    "chat_id": ["x", "1", "%00", "*", "A" * 36, str(UUID(int=4)).upper() + "a", "a" * 4000],
}
_MALFORMED["session_id"] = _MALFORMED["file_id"]


@dataclass(frozen=True)
class Scene:
    """Two users, everything that is stored, and the model that must not be asked."""

    anonymous: httpx.Client
    configuration: Configuration
    ground: Ground
    model: ScriptedModel
    victim: Holdings
    attacker: Holdings

    def state(self) -> tuple[str, int, int]:
        """Return what must be the same after an attack: all rows, and the calls of the model."""
        return fingerprint(self.ground), len(self.model.prompts), self.model.embedding_calls

    def forger(self) -> Forger:
        return Forger(self.configuration.settings, self.victim.identity)


@pytest.fixture
def scene(
    client: httpx.Client,
    configuration: Configuration,
    ground: Ground,
    model: ScriptedModel,
    residents: tuple[Holdings, Holdings],
) -> Scene:
    return Scene(client, configuration, ground, model, *residents)


def said(answer: httpx.Response) -> tuple[int, dict[str, Any], list[str]]:
    """Return an answer without what differs in any two: the request's id, and how long it took."""
    body = {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, body, sorted(answer.headers)


def is_refusal(answer: httpx.Response, problem: Problem) -> bool:
    """Tell whether this is exactly that problem, and nobody was asked for it."""
    return (
        answer.status_code == problem.status
        and answer.headers["Content-Type"] == "application/problem+json"
        and answer.headers.get("WWW-Authenticate") == "Bearer"
        and said(answer)[1] == problem.as_dict()
        and answer.headers["Server-Timing"].startswith("total;")
    )


def try_all(
    scene: Scene,
    operation: str,
    credentials: Iterable[Credential],
    headers_of_all: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, httpx.Response]]:
    common = [(name.encode(), value.encode()) for name, value in headers_of_all.items()]
    for credential in credentials:
        headers, params = common + credential.raw_headers, list(credential.query) or None
        yield (
            f"{operation} with {credential.name}",
            send(scene.anonymous, operation, scene.victim.ids, headers=headers, params=params),
        )


def test_every_operation_has_a_row(client: httpx.Client):
    assert set(documented(client)) == set(ROWS)


def test_every_operation_but_the_open_ones_says_that_it_is_protected(client: httpx.Client):
    protected = {name for name, operation in documented(client).items() if "security" in operation}

    assert protected == {*guarded_by("bearer"), *guarded_by("secret")}


@pytest.mark.parametrize("operation", guarded_by("bearer"))
def test_no_bad_token_opens_it(operation: str, promise: Promise, scene: Scene):
    before = scene.state()

    answers = list(try_all(scene, operation, scene.forger().credentials()))

    assert len(answers) >= 22
    for case, answer in answers:
        promise.check(is_refusal(answer, InvalidAccessToken()), case)
    promise.check(scene.state() == before, f"{operation}: nothing was changed, nobody asked")


def test_the_forger_can_make_a_valid_token(scene: Scene):
    headers = {"Authorization": f"Bearer {scene.forger().valid()}"}

    answer = scene.anonymous.get("/api/auth/me", headers=headers)

    assert answer.json()["username"] == scene.victim.canary


def near_misses(secret: str) -> list[Credential]:
    """Return what a comparison lets in that is not of the whole secret, to the letter."""
    near = {
        "its beginning": secret[:-1],
        "its end": secret[1:],
        "one character more": f"{secret}x",
        "twice": secret * 2,
        "another case": secret.swapcase(),
        "another last character": f"{secret[:-1]}{'y' if secret.endswith('x') else 'x'}",
        "a joker": "*",
    }
    assert secret not in near.values()
    return [bearer(f"the secret, {name}", text) for name, text in near.items()]


def test_no_student_runs_the_job(promise: Promise, scene: Scene):
    [operation] = guarded_by("secret")
    students = bearer("a student's token", scene.forger().valid())
    near = near_misses(scene.configuration.settings.cron_secret)
    before = scene.state()

    for case, answer in try_all(scene, operation, [*scene.forger().credentials(), students, *near]):
        promise.check(is_refusal(answer, InvalidJobSecret()), case)

    promise.check(scene.state() == before, f"{operation}: nothing was changed")


def bad_cookies(good: str, access_token: str) -> list[str]:
    name, _, mac = good.rpartition(".")
    handle = name.partition(".")[0]
    bad = ["", "x", "..", f"{name}.", f"{name}.{mac[::-1]}", f"{handle}.2.{mac}", f"{handle}.{mac}"]
    bad += [f"{UUID(int=9)}.1.{mac}", access_token, good[:-1], f"{good}A", good.upper(), "a" * 4000]
    return bad


@pytest.mark.parametrize("operation", guarded_by("cookie"))
def test_no_bad_cookie_opens_it(operation: str, promise: Promise, scene: Scene):
    client = scene.victim.student.client
    access_token = client.headers["Authorization"].removeprefix("Bearer ")
    before = scene.state()

    for cookie in bad_cookies(client.cookies[COOKIE], access_token):
        headers = {**FROM_OUR_PAGE, "Cookie": f"{COOKIE}={cookie}"}
        answer = send(scene.anonymous, operation, {}, headers=headers)
        promise.check(is_refusal(answer, InvalidRefreshToken()), f"{operation} with {cookie[:60]}")
    # What opens the other operations is not even looked at here.
    answers = list(try_all(scene, operation, scene.forger().credentials(), FROM_OUR_PAGE))
    assert len(answers) >= 22
    for case, answer in answers:
        promise.check(is_refusal(answer, InvalidRefreshToken()), case)

    promise.check(scene.state() == before, f"{operation}: nothing was changed")


def places() -> list[tuple[str, str, str]]:
    """Return each operation with each place in it that names an object: path or body."""
    in_path = [
        (operation, name, name)
        for operation in ROWS
        for name in _NEVER
        if f"{{{name}}}" in operation
    ]
    in_body = [
        (operation, member, name)
        for operation, row in ROWS.items()
        for member, name in row.names.items()
    ]
    return in_path + in_body


def send_with(holdings: Holdings, operation: str, place: str, value: Any) -> httpx.Response:
    """Send as this user an operation on an object that may not be theirs."""
    client = holdings.student.client
    if place in ROWS[operation].names:
        given = [value] if place.endswith("s") else value
        return send(client, operation, holdings.ids, {place: given})
    return send(client, operation, {**holdings.ids, place: value}, follow_redirects=False)


EVERY_PLACE = pytest.mark.parametrize(("operation", "place", "kind"), places())


@OBJECTS
@EVERY_PLACE
def test_no_answer_tells_another_users_from_nothing(
    operation: str, place: str, kind: str, promise: Promise, scene: Scene
):
    others = {
        "another's": scene.victim.ids[kind],
        "another's, deleted": scene.victim.gone[kind],
        "one's own, deleted": scene.attacker.gone[kind],
    }
    before = fingerprint(scene.ground)

    nothing = said(send_with(scene.attacker, operation, place, _NEVER[kind]))
    promise.check(nothing[0] == 404, f"{operation}: {place} that never was")
    for case, value in others.items():
        answer = said(send_with(scene.attacker, operation, place, value))
        promise.check(answer == nothing, f"{operation}: {place} {case}")

    promise.check(fingerprint(scene.ground) == before, f"{operation}: {place}: nothing was changed")


@OBJECTS
@EVERY_PLACE
def test_a_malformed_id_is_a_mistake_and_no_more(
    operation: str, place: str, kind: str, promise: Promise, scene: Scene
):
    before = scene.state()

    for value in _MALFORMED[kind]:
        status, body, _ = said(send_with(scene.attacker, operation, place, value))
        promise.check((status, body["status"]) == (422, 422), f"{operation}: {place} = {value:.40}")

    promise.check(scene.state() == before, f"{operation}: {place}: nothing was changed")


@OBJECTS
def test_the_owner_is_let_in(promise: Promise, scene: Scene):
    owner = scene.victim
    for operation, _, _ in places():
        if operation.startswith("GET"):
            answer = send(owner.student.client, operation, owner.ids, follow_redirects=False)
            promise.check(answer.status_code in (200, 307), operation)

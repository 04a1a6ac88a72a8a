"""Our own work on each request of a warm instance, and how connections are kept: `make bench B=warm`.

Two clocks. `Server-Timing` tells of each request the total without the calls, by the function's own clock: without what
the HTTP client works, and with what the processor does for others while the request could go on. The kernel's clock tells
how long the function's process works on a request, all its waits left out: with the HTTP client, before and after
what `Server-Timing` counts, and unmoved by what else the machine does; of many requests at once the mean alone.

The floor is bare FastAPI that makes the same calls with the same kind of client (bench/floor.py), and is sent the same
requests. Both ask a replay of the local stack. Function and floor have one processor alone while many ask, and whoever
asks and answers has the others. A sign-in has bcrypt's least cost on both sides: the floor compares such a hash as well.
"""

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.apart import Apart, serving_apart
from bench.figures import Figure, compare, compare_blocks, report
from bench.local import NO_LIMITS, Local, local_lectern, make_lecture
from bench.own_time import Own, Rush, ask_at_once, ask_one_by_one
from bench.replay import Replay, replaying
from dev.new_keys import make_signing_key
from dev.student import PASSPHRASE, Student

_CLIENTS = 32  # more than one pool of our HTTP clients has connections
_AIM = 1.3
_QUESTION = "Where do the light reactions take place?"
_WORDINGS = 10
# Between two words of the model's, so that each is read by itself and the answer does not take seconds.
_WORD_SECONDS = 0.001
# Once more with the kind of database token that a project on Supabase has: it is signed anew for each call.
_SIGNED = ("list of chats", "question, streamed")
# bcrypt's least: with the usual 10 a sign-in is little else than its hash, in both, and any ratio would be 1.
_BCRYPT_COST = 4
_TOLD, _WORKED = "ms, Server-Timing", "ms, processor"


@dataclass(frozen=True)
class Route:
    """A request to measure, and the calls that it makes beside comparing a password or not."""

    name: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    hashes: bool = False

    @property
    def slug(self) -> str:
        return "-".join(self.name.replace(",", "").split())

    def requests(self, url: str, token: str) -> list[httpx.Request]:
        """Return what is asked in turns: a question in several wordings, so that none is known from before."""
        headers = {"Authorization": token, **self.headers}
        return [
            httpx.Request(self.method, url, json=body, headers=headers) for body in self._bodies()
        ]

    def _bodies(self) -> list[dict[str, Any] | None]:
        if not self.body or "query_text" not in self.body:
            return [self.body]
        text = self.body["query_text"]
        return [{**self.body, "query_text": text + "?" * number} for number in range(_WORDINGS)]


@dataclass(frozen=True)
class Found:
    """What was measured of one of the two: rounds of requests one by one, and rounds of many at once."""

    one: list[list[Own]] = field(default_factory=list[list[Own]])
    many: list[Rush] = field(default_factory=list[Rush])


class Pair:
    """Ours and the floor, each in a process of its own."""

    def __init__(self, ours: Apart, floor: Apart, token: str) -> None:
        self._ours, self._floor, self._token = ours, floor, token

    def measure(self, route: Route, rounds: int, count: int, each: int) -> tuple[Found, Found]:
        """Return what was found of ours and of the floor, round by round in turns."""
        ours, floor = Found(), Found()
        sides = [
            (ours, self._ours, self._ours.url + route.path),
            (floor, self._floor, f"{self._floor.url}/{route.slug}"),
        ]
        for turn in range(rounds + 1):
            for found, server, url in sides:
                requests = route.requests(url, self._token)
                one = asyncio.run(ask_one_by_one(server, requests, count))
                many = asyncio.run(ask_at_once(server, requests, _CLIENTS, each))
                if turn:  # the first one warms up
                    found.one.append(one)
                    found.many.append(many)
        return ours, floor


_Rounds = list[list[Own]]


def _blocks(rounds: _Rounds, kind: str) -> list[list[float]]:
    return [[getattr(own, kind) for own in each] for each in rounds]


def _compare_owns(name: str, ours: _Rounds, floor: _Rounds, kind: str, unit: str) -> list[Figure]:
    sides = _blocks(ours, kind), _blocks(floor, kind)
    return [
        compare_blocks(f"{name}, p50 by {unit}", "ms", 50, *sides, aim=_AIM),
        compare_blocks(f"{name}, p99 by {unit}", "ms", 99, *sides),
    ]


def _figures_one_by_one(name: str, ours: Found, floor: Found) -> list[Figure]:
    return [
        *_compare_owns(name, ours.one, floor.one, "told", _TOLD),
        *_compare_owns(name, ours.one, floor.one, "worked", _WORKED),
    ]


def _figures_at_once(name: str, ours: Found, floor: Found) -> list[Figure]:
    owns = [[rush.owns for rush in side.many] for side in (ours, floor)]
    worked = [[each[0].worked for each in side] for side in owns]
    answered = [[rush.per_second for rush in side.many] for side in (ours, floor)]
    most = 1 / _AIM
    return [
        *_compare_owns(name, owns[0], owns[1], "told", _TOLD),
        compare(f"{name}, mean by {_WORKED}", "ms", worked[0], worked[1], aim=_AIM),
        compare(
            f"{name}, answers by one processor", "1/s", *answered, aim=most, more_is_better=True
        ),
    ]


def _list_routes(local: Local) -> list[Route]:
    """Prepare what is asked for. The new session and the new file come last: the lists do not have them."""
    student = Student(local.client, "bench")
    file = student.upload("lecture.txt", make_lecture())
    chat = student.ask(_QUESTION)["chat_id"]
    for number in range(20):
        student.ask(_QUESTION + "?" * number)
    cookie = "; ".join(f"{name}={value}" for name, value in local.client.cookies.items())
    of_page = {"Cookie": cookie, "X-Requested-With": "bench"}
    credentials = {"username": student.username, "password": PASSPHRASE}
    announcement = {"filename": "lecture.pdf", "size_bytes": 1_000, "sha256": "0" * 64}
    question, streamed = {"query_text": _QUESTION}, {"Accept": "text/event-stream"}
    return [
        Route("account", "GET", "/api/auth/me"),
        Route("list of files", "GET", "/api/upload"),
        Route("page", "GET", f"/api/upload/{file['id']}/pages/1"),
        Route("file", "GET", f"/api/upload/{file['id']}"),
        Route("list of chats", "GET", "/api/history"),
        Route("chat", "GET", f"/api/history/{chat}"),
        Route("export of a chat", "GET", f"/api/history/{chat}/export"),
        Route("rename", "PATCH", f"/api/history/{chat}", {"title": "Light"}),
        Route("sessions", "GET", "/api/auth/sessions"),
        Route("question", "POST", "/api/query", question),
        Route("question, streamed", "POST", "/api/query", question, streamed),
        Route("refresh", "POST", "/api/auth/refresh", {}, headers=of_page),
        Route("login", "POST", "/api/auth/login", credentials, hashes=True),
        Route("signed upload", "POST", "/api/upload/signed", announcement),
    ]


def _note_calls(route: Route, ours: Apart, token: str, replays: list[Replay]) -> Route:
    """Ask once, and note what that asks of others."""
    for replay in replays:
        replay.calls.clear()
    with httpx.Client(timeout=60) as client:
        answer = client.send(route.requests(ours.url + route.path, token)[0])
    # A question that is declined has next to no words to read, and no citation to check.
    assert answer.is_success, answer.text
    assert "not_found" not in answer.text, answer.text
    called = sorted((call for replay in replays for call in replay.calls), key=lambda call: call[0])
    return replace(route, calls=[call for _, call in called])


def _floor_settings(routes: list[Route]) -> dict[str, str]:
    return {
        "FLOOR_CALLS": json.dumps({route.slug: route.calls for route in routes}),
        "FLOOR_HASH_COSTS": json.dumps(
            {route.slug: _BCRYPT_COST for route in routes if route.hashes}
        ),
    }


@contextmanager
def _prepared(local: Local) -> Generator[tuple[dict[str, str], list[Route]]]:
    """Yield how to start functions that ask replays of the stack, and the routes with the calls that they make."""
    stack = local.stack
    with (
        replaying(stack.supabase_url) as supabase,
        replaying(stack.model_url.removesuffix("/v1"), _WORD_SECONDS) as model,
    ):
        addresses = {"SUPABASE_URL": supabase.url, "OPENAI_BASE_URL": f"{model.url}/v1"}
        hashing = {"BCRYPT_COST": str(_BCRYPT_COST)}
        settings = {**stack.environment(), **NO_LIMITS, **hashing, **addresses}
        asked = _list_routes(local)
        token = local.client.headers["Authorization"]
        with serving_apart("dev.gateway:create_app", settings) as ours:
            yield (
                settings,
                [_note_calls(route, ours, token, [model, supabase]) for route in asked],
            )


@contextmanager
def _pair(local: Local, settings: dict[str, str], routes: list[Route]) -> Generator[Pair]:
    with (
        serving_apart("dev.gateway:create_app", settings) as ours,
        serving_apart("bench.floor:create_app", _floor_settings(routes)) as floor,
        _on_a_processor_of_their_own(ours, floor),
    ):
        yield Pair(ours, floor, local.client.headers["Authorization"])


def _measure(
    pair: Pair, routes: list[Route], sizes: tuple[int, int, int], kind: str = ""
) -> tuple[list[Figure], list[Figure]]:
    """Return the figures of one client, and of many at once."""
    one, many = list[Figure](), list[Figure]()
    for route in routes:
        print(f"{route.name}{kind}: {len(route.calls)} calls", flush=True)
        found = pair.measure(route, *sizes)
        one += _figures_one_by_one(route.name + kind, *found)
        many += _figures_at_once(route.name + kind, *found)
    return one, many


@contextmanager
def _on_a_processor_of_their_own(*servers: Apart) -> Generator[None]:
    """Leave one processor to the servers, which are never asked at the same time, and the others to us."""
    before = os.sched_getaffinity(0)
    [theirs, *ours] = sorted(before)
    for server in servers:
        os.sched_setaffinity(server.pid, {theirs})
    _move_here(set(ours or [theirs]))
    try:
        yield
    finally:
        _move_here(before)


def _move_here(processors: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), processors)


def _count_connections(local: Local, rounds: int) -> list[Figure]:
    """Count by Python's own audit what is connected to while many requests come at once."""
    ports = {
        urlsplit(local.stack.supabase_url).port: "the database",
        urlsplit(local.stack.model_url).port: "the model",
    }
    opened: Counter[str] = Counter()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            opened[ports.get(arguments[1][1], "others")] += 1

    sys.addaudithook(note)
    url, token = str(local.client.base_url), local.client.headers["Authorization"]

    async def ask_in_turn(client: httpx.AsyncClient) -> None:
        for _ in range(rounds):
            (await client.get(f"{url}/api/history")).raise_for_status()
            body = {"query_text": _QUESTION}
            (await client.post(f"{url}/api/query", json=body)).raise_for_status()

    async def ask() -> None:
        async with httpx.AsyncClient(headers={"Authorization": token}, timeout=60) as client:
            await asyncio.gather(*(ask_in_turn(client) for _ in range(_CLIENTS)))

    asyncio.run(ask())
    # Three calls to the database in turn (a list, a question's beginning and end), two to the model.
    return [
        Figure(f"connections to {name}", opened[name], "", _CLIENTS, aim=1)
        for name in ports.values()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=60, help="requests one by one in each round")
    parser.add_argument("--each", type=int, default=10, help="requests of each of many clients")
    arguments = parser.parse_args()
    sizes = arguments.rounds, arguments.count, arguments.each
    with local_lectern(BCRYPT_COST=str(_BCRYPT_COST)) as local:
        with _prepared(local) as (settings, routes):
            with _pair(local, settings, routes) as pair:
                one, many = _measure(pair, routes, sizes)
            signing = {"DATABASE_TOKEN_KEY": json.dumps(make_signing_key())}
            with _pair(local, settings | signing, routes) as pair:
                signed = [route for route in routes if route.name in _SIGNED]
                signed_one, signed_many = _measure(pair, signed, sizes, ", ES256")
        title = "Warm path, one client: own time against bare FastAPI with the same calls"
        report(title, one + signed_one)
        title = f"Warm path, {_CLIENTS} clients: own time of a request against the same"
        report(title, many + signed_many)
        connections = _count_connections(local, 2 * arguments.each)
    report("Connections opened, against clients that ask at once", connections)


if __name__ == "__main__":
    main()

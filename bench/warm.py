"""Our own work on each request of a warm instance, and how connections are kept: `make bench B=warm`.

Own time is what the function's process works on a request, all its waits left out, by the kernel's clock: it does not
move with what else the machine does. Of many requests at once that clock tells the mean alone. Beside it what
`Server-Timing` tells of each request, the total without the calls, by the function's own clock: without what the HTTP
client works, and with what the processor does for others while the request could go on. The floor is bare FastAPI that
makes the same calls with the same kind of client (bench/floor.py). Both ask a replay of the local stack. A sign-in has
bcrypt's least cost on both sides: the floor compares such a hash as well.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.apart import Apart, serving_apart
from bench.figures import Figure, compare, percentile, report
from bench.local import NO_LIMITS, Local, local_lectern
from bench.own_time import Own, ask_at_once, ask_one_by_one
from bench.replay import Replay, replaying
from dev.student import PASSPHRASE, Student

_CLIENTS = 32  # more than our HTTP client keeps connections
_AIM = 1.3
_QUESTION = "Where do the light reactions take place?"
# bcrypt's least: with the usual 10 a sign-in is little else than its hash, in both, and any ratio would be 1.
_BCRYPT_COST = 4
_PROCESSOR, _OWN_CLOCK = "ms of the processor", "ms of its own clock"


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
        return self.name.replace(" ", "-")

    @property
    def label(self) -> str:
        hashed = f" and a hash of cost {_BCRYPT_COST}" if self.hashes else ""
        return f"{self.name} ({len(self.calls)} calls{hashed})"

    def request(self, url: str, token: str) -> httpx.Request:
        headers = {"Authorization": token, **self.headers}
        return httpx.Request(self.method, url + self.path, json=self.body, headers=headers)


class Pair:
    """Ours and the floor, each in a process of its own."""

    def __init__(self, ours: Apart, floor: Apart, token: str) -> None:
        self._ours, self._floor, self._token = ours, floor, token

    def _requests(self, route: Route) -> list[tuple[Apart, httpx.Request]]:
        ours = route.request(self._ours.url, self._token)
        return [
            (self._ours, ours),
            (self._floor, httpx.Request("GET", f"{self._floor.url}/{route.slug}")),
        ]

    def one_by_one(self, route: Route, rounds: int, count: int) -> list[list[list[Own]]]:
        """Return what was found of ours and of the floor, round by round in turns."""
        found: list[list[list[Own]]] = [[], []]
        for turn in range(rounds + 1):
            for side, (server, request) in zip(found, self._requests(route), strict=True):
                asked = asyncio.run(ask_one_by_one(server, request, count))
                if turn:  # the first one warms up
                    side.append(asked)
        return found

    def at_once(self, route: Route, rounds: int, count: int) -> list[list[list[Own]]]:
        found: list[list[list[Own]]] = [[], []]
        for _ in range(rounds):
            for into, (server, request) in zip(found, self._requests(route), strict=True):
                into.append(asyncio.run(ask_at_once(server, request, _CLIENTS, count)))
        return found


def _by_round(rounds: list[list[Own]], percent: float, kind: str) -> list[float]:
    return [percentile([getattr(own, kind) for own in each], percent) for each in rounds]


def _figures_one_by_one(name: str, found: list[list[list[Own]]]) -> list[Figure]:
    """Compare the percentiles of each round: how far those move is the noise, not how far single requests do."""

    def of(percent: float, kind: str) -> list[list[float]]:
        return [_by_round(side, percent, kind) for side in found]

    return [
        compare(f"{name}, p50", _PROCESSOR, *of(50, "worked"), aim=_AIM),
        compare(f"{name}, p99", _PROCESSOR, *of(99, "worked")),
        compare(f"{name}, p50 as Server-Timing tells", _OWN_CLOCK, *of(50, "told"), aim=_AIM),
        compare(f"{name}, p99 as Server-Timing tells", _OWN_CLOCK, *of(99, "told")),
    ]


def _figures_at_once(name: str, found: list[list[list[Own]]]) -> list[Figure]:
    ours, floor = ([each[0].worked for each in side] for side in found)
    p50, p99 = ([_by_round(side, percent, "told") for side in found] for percent in (50, 99))
    return [
        compare(f"{name}, mean", _PROCESSOR, ours, floor, aim=_AIM),
        compare(
            f"{name}, requests per core and second",
            "1/s",
            [1000 / worked for worked in ours],
            [1000 / worked for worked in floor],
            aim=1 / _AIM,
            more_is_better=True,
        ),
        compare(f"{name}, p50 as Server-Timing tells", _OWN_CLOCK, *p50, aim=_AIM),
        compare(f"{name}, p99 as Server-Timing tells", _OWN_CLOCK, *p99),
    ]


def _list_routes(local: Local) -> list[Route]:
    """Prepare what is asked for. The new session and the new file come last: the lists do not have them."""
    student = Student(local.client, "bench")
    file = student.upload("note.txt", "The light reactions take place in the thylakoid membranes.")
    chat = student.ask(_QUESTION)["chat_id"]
    for number in range(20):
        student.ask(f"{_QUESTION} Say it for the {number}. time.")
    cookie = "; ".join(f"{name}={value}" for name, value in local.client.cookies.items())
    of_page = {"Cookie": cookie, "X-Requested-With": "bench"}
    credentials = {"username": student.username, "password": PASSPHRASE}
    announcement = {"filename": "lecture.pdf", "size_bytes": 1_000, "sha256": "0" * 64}
    return [
        Route("account", "GET", "/api/auth/me"),
        Route("list of files", "GET", "/api/upload"),
        Route("page", "GET", f"/api/upload/{file['id']}/pages/1"),
        Route("list of chats", "GET", "/api/history"),
        Route("chat", "GET", f"/api/history/{chat}"),
        Route("question", "POST", "/api/query", {"query_text": _QUESTION}),
        Route("refresh", "POST", "/api/auth/refresh", headers=of_page),
        Route("login", "POST", "/api/auth/login", credentials, hashes=True),
        Route("signed upload", "POST", "/api/upload/signed", announcement),
    ]


def _note_calls(route: Route, ours: Apart, token: str, replays: list[Replay]) -> Route:
    """Ask once, and note what that asks of others."""
    for replay in replays:
        replay.calls.clear()
    with httpx.Client(timeout=60) as client:
        answer = client.send(route.request(ours.url, token))
    assert answer.is_success, answer.text
    return replace(route, calls=[call for replay in replays for call in replay.calls])


def _floor_settings(routes: list[Route]) -> dict[str, str]:
    return {
        "FLOOR_CALLS": json.dumps({route.slug: route.calls for route in routes}),
        "FLOOR_HASH_COSTS": json.dumps(
            {route.slug: _BCRYPT_COST for route in routes if route.hashes}
        ),
    }


@contextmanager
def _served(local: Local) -> Generator[tuple[Pair, list[Route]]]:
    stack = local.stack
    with (
        replaying(stack.supabase_url) as supabase,
        replaying(stack.model_url.removesuffix("/v1")) as model,
    ):
        addresses = {"SUPABASE_URL": supabase.url, "OPENAI_BASE_URL": f"{model.url}/v1"}
        hashing = {"BCRYPT_COST": str(_BCRYPT_COST)}
        settings = {**stack.environment(), **NO_LIMITS, **hashing, **addresses}
        with serving_apart("dev.gateway:create_app", settings) as ours:
            asked = _list_routes(local)
            token = local.client.headers["Authorization"]
            routes = [_note_calls(route, ours, token, [model, supabase]) for route in asked]
            with serving_apart("bench.floor:create_app", _floor_settings(routes)) as floor:
                yield Pair(ours, floor, token), routes


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
    requests = rounds * _CLIENTS
    # Three calls to the database (a list, a question's beginning and end), two to the model.
    return [
        Figure("connections to the database", opened["the database"], "", requests * 3, aim=0.1),
        Figure("connections to the model", opened["the model"], "", requests * 2, aim=0.1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=40, help="requests one by one in each round")
    parser.add_argument("--each", type=int, default=8, help="requests of each of many clients")
    arguments = parser.parse_args()
    one: list[Figure] = []
    many: list[Figure] = []
    with local_lectern(BCRYPT_COST=str(_BCRYPT_COST)) as local:
        with _served(local) as (pair, routes):
            for route in routes:
                found = pair.one_by_one(route, arguments.rounds, arguments.count)
                one += _figures_one_by_one(route.label, found)
                found = pair.at_once(route, arguments.rounds, arguments.each)
                many += _figures_at_once(route.label, found)
        report("Warm path, one client: own time against bare FastAPI with the same calls", one)
        report(f"Warm path, {_CLIENTS} clients: own time of a request against the same", many)
        connections = _count_connections(local, 2 * arguments.each)
    report(f"Connections opened, against calls made by {_CLIENTS} clients at once", connections)


if __name__ == "__main__":
    main()

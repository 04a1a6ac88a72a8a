"""Our own work on each request of a warm instance, and how connections are kept: `make bench B=warm`.

Own time is what the function's process works on a request, all its waits left out, by the kernel's clock: it does not
move with what else the machine does. Beside it what `Server-Timing` tells, the total without the calls. The floor is bare
FastAPI that makes the same calls with the same kind of client (bench/floor.py). Both ask a replay of the local stack.
"""

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.apart import Apart, serving_apart
from bench.figures import Figure, compare, percentile, report
from bench.local import NO_LIMITS, Local, local_lectern
from bench.replay import Replay, replaying
from dev.student import Student

_CLIENTS = 32  # more than our HTTP client keeps connections
_AIM = 1.3


@dataclass(frozen=True)
class Route:
    """A request to measure, and the calls that it makes."""

    name: str
    method: str
    path: str
    body: dict[str, Any] | None
    calls: list[dict[str, Any]]


@dataclass(frozen=True)
class Own:
    """Milliseconds of own time: by the kernel's clock, and as told by `Server-Timing`."""

    worked: float
    told: float


def _told(answer: httpx.Response) -> float:
    """Return the total of `Server-Timing` without what was waited for."""
    assert answer.is_success, answer.text
    parts = dict(re.findall(r"(\w+);dur=([\d.]+)", answer.headers["Server-Timing"]))
    return float(parts.pop("total")) - sum(map(float, parts.values()))


def _ask_one_by_one(server: Apart, request: httpx.Request, count: int) -> list[Own]:
    found: list[Own] = []
    with httpx.Client(timeout=60) as client:
        for _ in range(count):
            before = server.cpu_seconds()
            answer = client.send(request)
            found.append(Own((server.cpu_seconds() - before) * 1000, _told(answer)))
    return found


async def _ask_at_once(server: Apart, request: httpx.Request, count: int) -> list[Own]:
    """Ask with many clients; each request's share of the work is the mean of all of them."""
    limits = httpx.Limits(max_connections=_CLIENTS)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:

        async def ask_in_turn() -> list[float]:
            return [_told(await client.send(request)) for _ in range(count // _CLIENTS)]

        before = server.cpu_seconds()
        told = await asyncio.gather(*(ask_in_turn() for _ in range(_CLIENTS)))
        every = [milliseconds for each in told for milliseconds in each]
        worked = (server.cpu_seconds() - before) * 1000 / len(every)
    return [Own(worked, milliseconds) for milliseconds in every]


class Pair:
    """Ours and the floor, each in a process of its own."""

    def __init__(self, ours: Apart, floor: Apart, token: str) -> None:
        self._ours, self._floor, self._token = ours, floor, token

    def _requests(self, route: Route) -> list[tuple[Apart, httpx.Request]]:
        headers = {"Authorization": self._token}
        ours = httpx.Request(
            route.method, self._ours.url + route.path, json=route.body, headers=headers
        )
        floor = httpx.Request("GET", f"{self._floor.url}/{route.name.replace(' ', '-')}")
        return [(self._ours, ours), (self._floor, floor)]

    def one_by_one(self, route: Route, rounds: int, count: int) -> list[list[list[Own]]]:
        """Return what was found of ours and of the floor, round by round in turns."""
        found: list[list[list[Own]]] = [[], []]
        for turn in range(rounds + 1):
            for side, (server, request) in zip(found, self._requests(route), strict=True):
                asked = _ask_one_by_one(server, request, count)
                if turn:  # the first one warms up
                    side.append(asked)
        return found

    def at_once(self, route: Route, rounds: int) -> list[list[list[Own]]]:
        found: list[list[list[Own]]] = [[], []]
        for _ in range(rounds):
            for into, (server, request) in zip(found, self._requests(route), strict=True):
                into.append(asyncio.run(_ask_at_once(server, request, 8 * _CLIENTS)))
        return found


def _by_round(rounds: list[list[Own]], percent: float, kind: str) -> list[float]:
    return [percentile([getattr(own, kind) for own in each], percent) for each in rounds]


def _figures_one_by_one(name: str, found: list[list[list[Own]]]) -> list[Figure]:
    """Compare the percentiles of each round: how far those move is the noise, not how far single requests do."""

    def of(percent: float, kind: str) -> list[list[float]]:
        return [_by_round(side, percent, kind) for side in found]

    return [
        compare(f"{name}, p50", "ms", *of(50, "worked"), aim=_AIM),
        compare(f"{name}, p99", "ms", *of(99, "worked")),
        compare(f"{name}, p50 as Server-Timing tells", "ms", *of(50, "told"), aim=_AIM),
    ]


def _figures_at_once(name: str, found: list[list[list[Own]]]) -> list[Figure]:
    ours, floor = ([each[0].worked for each in side] for side in found)
    p50, p99 = ([_by_round(side, percent, "told") for side in found] for percent in (50, 99))
    return [
        compare(f"{name}, mean", "ms", ours, floor, aim=_AIM),
        compare(
            f"{name}, requests per core and second",
            "1/s",
            [1000 / worked for worked in ours],
            [1000 / worked for worked in floor],
            aim=1 / _AIM,
            more_is_better=True,
        ),
        compare(f"{name}, p50 as Server-Timing tells", "ms", *p50),
        compare(f"{name}, p99 as Server-Timing tells", "ms", *p99),
    ]


def _find_routes(local: Local, ours: Apart, replays: list[Replay]) -> list[Route]:
    """Ask each route once, and note what it asked of others."""
    student = Student(local.client, "bench")
    file = student.upload("note.txt", "The light reactions take place in the thylakoid membranes.")
    chat = student.ask(_QUESTION)["chat_id"]
    for number in range(20):
        student.ask(f"{_QUESTION} Say it for the {number}. time.")
    requests = [
        ("account", "GET", "/api/auth/me", None),
        ("list of files", "GET", "/api/upload", None),
        ("page", "GET", f"/api/upload/{file['id']}/pages/1", None),
        ("list of chats", "GET", "/api/history", None),
        ("chat", "GET", f"/api/history/{chat}", None),
        ("question", "POST", "/api/query", {"query_text": _QUESTION}),
    ]
    routes: list[Route] = []
    for name, method, path, body in requests:
        for replay in replays:
            replay.calls.clear()
        headers = {"Authorization": local.client.headers["Authorization"]}
        answer = httpx.request(method, ours.url + path, json=body, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        calls = [call for replay in replays for call in replay.calls]
        routes.append(Route(name, method, path, body, calls))
    return routes


_QUESTION = "Where do the light reactions take place?"


@contextmanager
def _served(local: Local) -> Generator[tuple[Pair, list[Route]]]:
    stack = local.stack
    with (
        replaying(stack.supabase_url) as supabase,
        replaying(stack.model_url.removesuffix("/v1")) as model,
    ):
        addresses = {"SUPABASE_URL": supabase.url, "OPENAI_BASE_URL": f"{model.url}/v1"}
        settings = {**stack.environment(), **NO_LIMITS, **addresses}
        with serving_apart("dev.gateway:create_app", settings) as ours:
            routes = _find_routes(local, ours, [model, supabase])
            calls = {route.name.replace(" ", "-"): route.calls for route in routes}
            with serving_apart(
                "bench.floor:create_app", {"FLOOR_CALLS": json.dumps(calls)}
            ) as floor:
                yield Pair(ours, floor, local.client.headers["Authorization"]), routes


def _count_connections(local: Local) -> list[Figure]:
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
    rounds = 20

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
    arguments = parser.parse_args()
    one: list[Figure] = []
    many: list[Figure] = []
    with local_lectern() as local:
        with _served(local) as (pair, routes):
            for route in routes:
                name = f"{route.name} ({len(route.calls)} calls)"
                found = pair.one_by_one(route, arguments.rounds, arguments.count)
                one += _figures_one_by_one(name, found)
                many += _figures_at_once(name, pair.at_once(route, arguments.rounds))
        connections = _count_connections(local)
    report("Warm path, one client: own time against bare FastAPI with the same calls", one)
    report(f"Warm path, {_CLIENTS} clients: own time of a request against the same", many)
    report(f"Connections opened, against calls made by {_CLIENTS} clients at once", connections)


if __name__ == "__main__":
    main()

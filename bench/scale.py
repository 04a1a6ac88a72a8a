"""Retrieval as the database grows: `python -m bench.scale [--million] [--data DIR] [--alternatives]`.

10,000 chunks of 10 users, 100,000 of 1,000 and, with --million, 1,000,000 of 30,000, all in the stack's real Postgres with the
column types of the product. For a user with 50, 5,000, as many as one may have, and 500,000 chunks of their own: the time of the
RPC that begins a question, in Postgres with its commit, and of the whole call through the local Data API, another program than
Supabase's, and what of that is beyond the cheapest call in the same round: the aim is held against both. The time of the ranking in
SQL, a count of the same rows as its floor, and what of it was work of a processor, where others use the machine too; and recall
against an exact search outside Postgres. --alternatives measures what was not chosen.
"""

import argparse
import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bench import scale_alternatives
from bench.figures import Figure, compare, compare_blocks, in_blocks, percentile, report
from bench.pictures import Axes, draw
from bench.population import BEYOND, FULLEST, STEPS, Building, Population, Step
from bench.synthetic import Question
from dev.stack import Stack
from lib.adapters.database import Database
from lib.adapters.files import as_halfvec
from lib.domain.problems import DatabaseUnavailable
from lib.domain.tokens import mint_database_token
from lib.services.questions import RETRIEVAL

# Rounds by how many chunks the owner has at most: with hundreds a p95 is not one of the slowest three.
_ROUNDS = {5_000: 300, FULLEST: 60, BEYOND: 12}
_WARM_UP, _ROUNDS_AFTER_OTHERS = 5, 40
_RANKING = {**RETRIEVAL, "embedding_languages": ["all"]}
_NEAREST = {**_RANKING, "embedding_share": 1.0, "min_similarity": -1.0}
_LIMITS = ("user_queries", "user_tokens", "deployment_tokens", "streams")
_RETRIEVE = "select private.retrieve(%s, null, %s, %s::extensions.halfvec, %s)"
# What PostgREST does around a call of a function, in one transaction.
_ENTER = (
    "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)"
)
_BEGIN = "select public.begin_query(%s, %s::bigint[], %s, %s, %s)"
# The floor: all of the rows that a ranking must look at are found and none is read.
_COUNT = """
select count(c.page) from public.files as f inner join public.chunks as c on c.file_id = f.id
where f.user_id = %s
"""
# What it may take at p95 by the clock for a student with so many chunks among a million, and how much it must find.
_AIM_OWN, _AIM_MILLISECONDS, _AIM_RECALL = 5_000, 20, 0.98
# What a statement has, and a call to the database (lib/adapters/database.py).
_GIVEN_UP_MILLISECONDS = 8_000


@dataclass(frozen=True)
class Timings:
    """Milliseconds of each round, and of the floor in the same round.

    `work` is the time of a processor that the ranking took, which other programs change least.
    """

    own: int
    ranking: list[float]
    work: list[float]
    ranking_floor: list[float]
    rpc: list[float]
    call: list[float]
    call_floor: list[float]

    def beyond_floor(self) -> list[float]:
        """Return what each call took beyond the cheapest call of the same round."""
        return [call - floor for call, floor in zip(self.call, self.call_floor, strict=True)]

    def given_up(self) -> int:
        """Return how many calls took longer than they may: their time is not known, only that it is more."""
        return sum(value >= _GIVEN_UP_MILLISECONDS for value in self.call)


class Measured:
    """A database at one step of its growth."""

    def __init__(self, stack: Stack, population: Population, step: Step) -> None:
        self._stack, self._population, self.step = stack, population, step
        self._connection = psycopg.connect(stack.postgres_dsn, autocommit=True)

    def timings(self, runner: asyncio.Runner) -> list[Timings]:
        return [runner.run(self._time(own)) for own in self._population.owners]

    def recall(self, own: int) -> float:
        """Return how many of the eight nearest chunks the product's ranking finds, by the embedding alone."""
        shares: list[float] = []
        for salt in range(20 if own < BEYOND else 5):
            question = self._population.question(own, salt)
            nearest = self._population.nearest(own, question.embedding, _RANKING["passages"])
            found = {
                (p["file_id"], (p["page"] - 1) * 2 + p["start"] // 1_200)
                for p in self._rank(own, question, _NEAREST)
            }
            shares.append(len(found & nearest) / len(nearest))
        return float(np.mean(shares))

    def after_others(self, own: int) -> list[float]:
        """Time the RPC when the memory of Postgres was filled with another student's chunks just before."""
        return [
            self._time_after_others(own, self._population.question(own, salt))
            for salt in range(_ROUNDS_AFTER_OTHERS)
        ]

    def _time_after_others(self, own: int, question: Question) -> float:
        self._connection.execute(_COUNT, [self._user_id(BEYOND)])
        return _milliseconds(lambda: self._begin(own, question))

    def sizes(self) -> dict[str, float]:
        """Return megabytes of the table, of what was moved out of it, and of its indexes."""
        rows = self._connection.execute(
            """
            select relname, pg_relation_size(oid) / 1e6 from pg_class
            where oid = 'public.chunks'::regclass
                or oid = (select reltoastrelid from pg_class where oid = 'public.chunks'::regclass)
                or oid in (select indexrelid from pg_index where indrelid = 'public.chunks'::regclass)
            """
        ).fetchall()
        return {
            "texts" if name.startswith("pg_toast") else name: float(size) for name, size in rows
        }

    def index_seconds(self) -> float:
        """Time how long the database builds the indexes of all chunks anew, and take that back."""
        with self._connection.transaction(force_rollback=True):
            started_at = time.monotonic()
            self._connection.execute("reindex table public.chunks")
            return time.monotonic() - started_at

    async def _time(self, own: int) -> Timings:
        timings = Timings(own, [], [], [], [], [], [])
        database = self._database(own)
        rounds = next(count for most, count in _ROUNDS.items() if own <= most)
        warm_up = 1 if own >= BEYOND else _WARM_UP  # each of those takes a second
        for salt in range(-warm_up, rounds):
            question = self._population.question(own, abs(salt))
            rpc = _milliseconds(lambda q=question: self._begin(own, q))
            worked = self._worked()
            ranking = _milliseconds(lambda q=question: self._rank(own, q, _RANKING))
            found = (
                ranking,
                self._worked() - worked,
                _milliseconds(lambda: self._connection.execute(_COUNT, [self._user_id(own)])),
                rpc,
                await _milliseconds_of(database, "begin_query", **_as_call(question)),
                await _milliseconds_of(database, "list_files", cursor=None, limit=1),
            )
            if salt >= 0:
                for values, value in zip(list(vars(timings).values())[1:], found, strict=True):
                    values.append(value)
        return timings

    def _worked(self) -> float:
        """Return the milliseconds that our process of Postgres has had a processor; without Linux, of the clock."""
        path = Path(f"/proc/{self._connection.info.backend_pid}/schedstat")
        nanoseconds = int(path.read_text().split()[0]) if path.exists() else time.perf_counter_ns()
        return nanoseconds / 1e6

    def _rank(
        self, own: int, question: Question, retrieval: dict[str, Any]
    ) -> list[dict[str, Any]]:
        embedding = as_halfvec(question.embedding.tolist())
        arguments = (self._user_id(own), question.text, embedding, json.dumps(retrieval))
        row = self._connection.execute(_RETRIEVE, arguments).fetchone()
        assert row
        return row[0]

    def _begin(self, own: int, question: Question) -> None:
        """Begin a question as the Data API does, and wait until it is committed."""
        identity = self._population.owners[own]
        claims = {"sub": str(identity.user_id), "sid": str(identity.session_id)}
        arguments = _as_call(question)
        for name in ("question", "limits", "retrieval"):
            arguments[name] = json.dumps(arguments[name])
        with self._connection.transaction():
            self._connection.execute(_ENTER, [json.dumps(claims)])
            self._connection.execute(_BEGIN, list(arguments.values()))

    def _user_id(self, own: int) -> int:
        return self._population.owners[own].user_id

    def _database(self, own: int) -> Database:
        def mint() -> str:
            identity, key = self._population.owners[own], self._stack.jwt_secret
            return mint_database_token(identity, key, now=datetime.now(UTC))

        return Database(self._stack.supabase_url, self._stack.publishable_key, mint)


def _as_call(question: Question) -> dict[str, Any]:
    return {
        "question": {
            "query_text": question.text,
            "search_text": question.text,
            "chat_id": None,
            "title": "-",
            "follows_up": False,
            "reserved_tokens": 0,
            "deadline_seconds": 1,
            "idempotency_key": str(uuid.uuid4()),
            "request_hash": "-",
        },
        "file_ids": None,
        "embedding": as_halfvec(question.embedding.tolist()),
        "limits": dict.fromkeys(_LIMITS, 10**9),
        "retrieval": _RANKING,
    }


def _milliseconds(call: Callable[[], object]) -> float:
    started_at = time.perf_counter()
    call()
    return (time.perf_counter() - started_at) * 1_000


async def _milliseconds_of(database: Database, function: str, **arguments: Any) -> float:
    started_at = time.perf_counter()
    try:
        await database.call(function, **arguments)
    except DatabaseUnavailable:
        # Whatever else fails has no time, and ends the bench.
        if (time.perf_counter() - started_at) * 1_000 < _GIVEN_UP_MILLISECONDS:
            raise
    return (time.perf_counter() - started_at) * 1_000


def _figures(measured: Measured, timings: list[Timings]) -> list[Figure]:
    figures: list[Figure] = []
    for timing in timings:
        name = f"{timing.own:,} own chunks"
        figures += [
            *call_figures(name, timing),
            *ranking_figures(name, timing),
            *_figures_after_others(name, timing.own, measured),
            Figure(
                f"{name}: recall@8",
                measured.recall(timing.own),
                "",
                noise=0.0,  # the chunks and the questions are the same in every run
                aim=_AIM_RECALL,
                more_is_better=True,
            ),
        ]
    return figures


def call_figures(name: str, timing: Timings) -> list[Figure]:
    """Return the times by the clock that the aim is held against: in Postgres, and of the whole call."""
    aim = _AIM_MILLISECONDS if timing.own == _AIM_OWN else None
    rpcs, calls, beyond = map(in_blocks, (timing.rpc, timing.call, timing.beyond_floor()))
    return [
        compare_blocks(f"{name}: the RPC in Postgres, p50", "ms", 50, rpcs),
        compare_blocks(f"{name}: the RPC in Postgres, p95", "ms", 95, rpcs, aim=aim),
        compare(f"{name}: the call, p50", "ms", timing.call, timing.call_floor),
        compare_blocks(f"{name}: the call, p95", "ms", 95, calls, aim=aim),
        compare_blocks(f"{name}: beyond the cheapest call, p50", "ms", 50, beyond),
        compare_blocks(f"{name}: beyond the cheapest call, p95", "ms", 95, beyond),
        Figure(
            f"{name}: calls given up", timing.given_up(), "", aim=0 if timing.own < BEYOND else None
        ),
    ]


def _figures_after_others(name: str, own: int, measured: Measured) -> list[Figure]:
    """Return the times of the RPC for who asks first after others, where there are so many others."""
    if own != _AIM_OWN or measured.step.chunks <= BEYOND:
        return []
    rpcs, title = in_blocks(measured.after_others(own)), f"{name}, out of memory: the RPC"
    return [
        compare_blocks(f"{title}, p50", "ms", 50, rpcs),
        compare_blocks(f"{title}, p95", "ms", 95, rpcs, aim=_AIM_MILLISECONDS),
    ]


def ranking_figures(name: str, timing: Timings) -> list[Figure]:
    """Return the times of the ranking alone, by the clock and in work: they tell where the call's go, and meet no aim."""
    work = in_blocks(timing.work)
    return [
        compare(f"{name}: ranking, p50", "ms", timing.ranking, timing.ranking_floor),
        compare_blocks(f"{name}: ranking, p95", "ms", 95, in_blocks(timing.ranking)),
        compare_blocks(f"{name}: its work, p50", "ms", 50, work),
        compare_blocks(f"{name}: its work, p95", "ms", 95, work),
    ]


def _size_figures(sizes: dict[str, float]) -> list[Figure]:
    return [Figure(f"size of {name}", size, "MB") for name, size in sizes.items()]


def building_figures(building: Building, index_seconds: float) -> list[Figure]:
    """Return what the database itself took to build this step; nothing where it was there already."""
    if not building.copying:
        return []
    return [
        Figure("this step: copied in", building.copying, "s"),
        Figure("this step: inserted, with the words' vectors", building.inserting, "s"),
        Figure("this step: vacuumed and analysed", building.vacuuming, "s"),
        Figure("the indexes of all chunks, built anew", index_seconds, "s"),
    ]


def _measure(steps: tuple[Step, ...], folder: Path, *, with_alternatives: bool) -> None:
    curves = Curves(folder / "curves.json")
    with Stack(folder, is_durable=True) as stack, asyncio.Runner() as runner:
        population = Population(stack.postgres_dsn)
        for step in steps:
            if not population.grow(step):
                continue  # it was measured before the database grew beyond it
            measured = Measured(stack, population, step)
            timings = measured.timings(runner)
            sizes = measured.sizes()
            building = building_figures(population.building, measured.index_seconds())
            title = f"Retrieval among {step.chunks:,} chunks of {step.users:,} users"
            report(title, [*_figures(measured, timings), *_size_figures(sizes), *building])
            curves.add(step, timings, sizes)
            if with_alternatives and step.chunks < scale_alternatives.NOT_BUILT:
                scale_alternatives.measure(stack.postgres_dsn, population, step)
    if steps == STEPS:  # the picture that is kept shows all of them
        curves.draw()


# By the picture's name: the points of each line, by the number of chunks.
_Lines = dict[str, dict[str, dict[str, float]]]
_WORK, _CLOCK, _SIZES = "retrieval-at-scale", "retrieval-by-the-clock", "sizes-at-scale"
_CALL = "call-at-scale"
_TITLES = {
    _CALL: ("The call that begins a question as the database grows", "ms"),
    _WORK: ("Ranking in SQL as the database grows", "ms of a processor"),
    _CLOCK: ("Ranking in SQL as the database grows, by the clock", "ms"),
    _SIZES: ("Chunks on disk as the database grows", "MB"),
}


class Curves:
    """The points of the pictures, kept beside the database that they were measured in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = path.read_text("utf-8") if path.exists() else "{}"
        self._pictures: _Lines = json.loads(text)

    def add(self, step: Step, timings: list[Timings], sizes: dict[str, float]) -> None:
        for timing in timings:
            for percent in (50, 95):
                line = f"{timing.own:,} own chunks, p{percent}"
                self._add(_CALL, line, step, percentile(timing.call, percent))
                self._add(_WORK, line, step, percentile(timing.work, percent))
                self._add(_CLOCK, line, step, percentile(timing.ranking, percent))
        for name, size in sizes.items():
            self._add(_SIZES, name, step, size)
        self._path.write_text(json.dumps(self._pictures), encoding="utf-8")

    def _add(self, picture: str, line: str, step: Step, value: float) -> None:
        points = self._pictures.setdefault(picture, {}).setdefault(line, {})
        points[str(step.chunks)] = round(value, 1)

    def draw(self) -> None:
        for name, lines in self._pictures.items():
            title, unit = _TITLES[name]
            axes = Axes(
                x="chunks in the database", y=unit, is_x_logarithmic=True, is_y_logarithmic=True
            )
            draw(name, title, axes, {line: _as_points(lines[line]) for line in lines})


def _as_points(line: dict[str, float]) -> list[tuple[float, float]]:
    return [(int(chunks), value) for chunks, value in line.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--million", action="store_true", help="go on to 1,000,000 chunks: an hour, 12 GB"
    )
    parser.add_argument("--data", type=Path, help="keep the database here, and go on with it")
    parser.add_argument(
        "--alternatives",
        action="store_true",
        help="measure HNSW and GIN indexes too, below a million",
    )
    arguments = parser.parse_args()
    steps = STEPS if arguments.million else STEPS[:2]
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder)
        _measure(steps, data, with_alternatives=arguments.alternatives)


if __name__ == "__main__":
    main()

"""What retrieval could do instead of looking at all of a user's chunks: approximate indexes over everybody's, measured beside it.

pgvector's HNSW index with the owner as a filter afterwards, the same with iterative scans, and one index for each of 16
partitions by user; a GIN index for the words.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString, cast

import numpy as np
import psycopg

from bench.figures import Figure, only_told, percentile, report
from bench.population import BEYOND, Population, Step
from lib.adapters.files import as_halfvec

_ROUNDS = 20
_COUNT = 8
_PARTITIONS = 16
# No such index is built of so many: what that would take is estimated from one that is.
NOT_BUILT = 1_000_000
_METHODS = {
    "exact": ("public.narrow", {"enable_indexscan": "on"}),
    "HNSW, filtered after": ("public.hnsw", {"hnsw.iterative_scan": "off"}),
    "HNSW, iterative": ("public.hnsw", {"hnsw.iterative_scan": "strict_order"}),
    "HNSW, iterative, ef_search 200": (
        "public.hnsw",
        {"hnsw.iterative_scan": "strict_order", "hnsw.ef_search": "200"},
    ),
    f"HNSW in {_PARTITIONS} partitions, iterative": (
        "public.parted",
        {"hnsw.iterative_scan": "strict_order"},
    ),
}
_COLUMNS = "file_id bigint, ordinal integer, user_id bigint, embedding extensions.halfvec(512)"
_FILL = "insert into {} select file_id, ordinal, user_id, embedding from public.chunks"
_HNSW = "create index on {} using hnsw (embedding extensions.halfvec_cosine_ops)"
_ORDER = """
select file_id, ordinal from {} where user_id = %s
order by embedding operator(extensions.<=>) %s::extensions.halfvec limit %s
"""
_MATCH = """
select count(*) from public.chunks
where search @@ private.any_lexeme('english', %s) and user_id = %s
"""


def measure(dsn: str, population: Population, step: Step) -> None:
    """Build every alternative over the chunks that there are, measure it, and take it away again."""
    with psycopg.connect(dsn, autocommit=True) as connection, _tables(connection, step) as figures:
        for own in population.owners:
            for method, (table, settings) in _METHODS.items():
                how = method, table, settings
                figures.extend(_measure(connection, population, own, how))
            figures.append(_words(connection, population, own))
        report(f"Alternatives among {step.chunks:,} chunks", only_told(figures))


@contextmanager
def _tables(connection: psycopg.Connection, step: Step) -> Iterator[list[Figure]]:
    """Yield what it took to build them; they go again, also after a failure: a kept database is gone on with."""
    try:
        yield [Figure("chunks", step.chunks, ""), *_build(connection, step)]
    finally:
        for table in ("narrow", "hnsw", "parted"):
            _run(connection, f"drop table if exists public.{table}")
        _run(connection, "drop index if exists public.words_idx")


def _build(connection: psycopg.Connection, step: Step) -> list[Figure]:
    _run(connection, "set maintenance_work_mem = '2GB'")
    _run(connection, "set max_parallel_maintenance_workers = 2")
    for name in ("narrow", "hnsw"):
        _run(connection, f"create table public.{name} ({_COLUMNS})")
        _run(connection, _FILL.format(f"public.{name}"))
    _run(connection, "create index on public.narrow (user_id)")
    _run(connection, f"create table public.parted ({_COLUMNS}) partition by hash (user_id)")
    for index in range(_PARTITIONS):
        _run(
            connection,
            f"create table public.part_{index} partition of public.parted"
            f" for values with (modulus {_PARTITIONS}, remainder {index})",
        )
    _run(connection, _FILL.format("public.parted"))
    hnsw = _built(connection, "HNSW", _HNSW.format("public.hnsw"))
    figures = [
        *hnsw,
        *estimate_larger(hnsw, step.chunks),
        *_built(connection, f"HNSW in {_PARTITIONS} partitions", _HNSW.format("public.parted")),
        *_built(connection, "GIN", "create index words_idx on public.chunks using gin (search)"),
    ]
    _run(connection, "vacuum (analyze)")
    return figures


def _run(connection: psycopg.Connection, statement: str) -> None:
    connection.execute(cast("LiteralString", statement))


def _built(connection: psycopg.Connection, name: str, statement: str) -> list[Figure]:
    before, started_at = _database_bytes(connection), time.monotonic()
    connection.execute(cast("LiteralString", statement))
    seconds = time.monotonic() - started_at
    grown = (_database_bytes(connection) - before) / 1e6
    return [Figure(f"{name}: build", seconds, "s"), Figure(f"{name}: size", grown, "MB")]


def estimate_larger(built: list[Figure], chunks: int) -> list[Figure]:
    """Estimate seconds and megabytes of an index of a million: n log n to build while it fits in memory, and n to keep."""
    seconds, megabytes = (figure.value * NOT_BUILT / chunks for figure in built)
    seconds *= math.log(NOT_BUILT) / math.log(chunks)
    name = f"HNSW of {NOT_BUILT:,}, not built, estimated"
    return [Figure(f"{name}: build", seconds, "s"), Figure(f"{name}: size", megabytes, "MB")]


def _database_bytes(connection: psycopg.Connection) -> int:
    row = connection.execute("select pg_database_size(current_database())").fetchone()
    assert row
    return row[0]


def _measure(
    connection: psycopg.Connection,
    population: Population,
    own: int,
    how: tuple[str, str, dict[str, str]],
) -> Iterator[Figure]:
    method, table, settings = how
    statement, times, shares = cast("LiteralString", _ORDER.format(table)), [], []
    with connection.transaction():
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, true)", [name, value])
        if table != "public.narrow":
            connection.execute("set local enable_seqscan = off")
        for salt in range(_ROUNDS if own < BEYOND else 5):
            question = population.question(own, salt)
            arguments = (
                population.owners[own].user_id,
                as_halfvec(question.embedding.tolist()),
                _COUNT,
            )
            started_at = time.perf_counter()
            found = set(connection.execute(statement, arguments).fetchall())
            times.append((time.perf_counter() - started_at) * 1_000)
            shares.append(len(found & population.nearest(own, question.embedding, _COUNT)) / _COUNT)
    name = f"{own:,} own chunks: {method}"
    yield Figure(f"{name}, p50", percentile(times, 50), "ms")
    yield Figure(f"{name}, recall@{_COUNT}", float(np.mean(shares)), "", more_is_better=True)


def _words(connection: psycopg.Connection, population: Population, own: int) -> Figure:
    times: list[float] = []
    for salt in range(_ROUNDS):
        arguments = (population.question(own, salt).text, population.owners[own].user_id)
        started_at = time.perf_counter()
        connection.execute(_MATCH, arguments)
        times.append((time.perf_counter() - started_at) * 1_000)
    return Figure(f"{own:,} own chunks: words by GIN, p50", percentile(times, 50), "ms")

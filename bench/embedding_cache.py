"""What a cache of embeddings would save, in money and in waiting, and what it would cost: a part of `make bench B=cost`.

It is not made (docs/decisions.md). The waiting is computed, not measured: as lib/services/saving.py embeds beside the reader,
with an endpoint that takes 0.2 s a call, and without the work of storing, which would hide some of it. How long the reader takes
alone is measured in the same run.
"""

import asyncio
import math
import statistics

import psycopg

from bench import prices
from bench.figures import Figure, only_told
from bench.ingestion import PAGES, make_pdf, read_alone
from bench.question import PageCounts
from bench.scripted_model import BATCH_SECONDS
from lib.adapters.models import EMBEDDING_BATCH_SIZE
from lib.services.saving import MOST_AT_ONCE, MOST_UNDER_WAY
from lib.services.slices import FIRST_BATCH_SIZE

_CLASS = 30
_READINGS = 3
_SAMPLE_ROWS = 1_000


def count_calls(chunks: int) -> int:
    """Return how many calls embed so many chunks: with an endpoint this quick all batches but the first are full."""
    rest = max(chunks - FIRST_BATCH_SIZE, 0)
    return min(chunks, 1) + math.ceil(rest / EMBEDDING_BATCH_SIZE)


def seconds_until_embedded(chunks: int, reader_seconds: float, call_seconds: float) -> float:
    """Return when the last batch has its embeddings: the first alone, then some at a time, each once it has been read."""
    ends: list[float] = []
    taken = 0
    while taken < chunks:
        taken = min(taken + (EMBEDDING_BATCH_SIZE if ends else FIRST_BATCH_SIZE), chunks)
        is_read = reader_seconds * taken / chunks
        has_room = ends[-MOST_AT_ONCE] if len(ends) >= MOST_AT_ONCE else 0.0
        ends.append(max(is_read, has_room, *ends[:1]) + call_seconds)
    return max([reader_seconds, *ends])


def measure_row(dsn: str) -> float:
    """Return the bytes that a row takes: an HMAC of 32 bytes, which is found by an index, and a vector."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create temporary table kept (key bytea primary key, embedding extensions.halfvec(512))"
        )
        connection.execute(
            "insert into kept select sha256(n::text::bytea), array_fill(n, array[512])::extensions.halfvec"
            " from generate_series(1, %s) as n",
            [_SAMPLE_ROWS],
        )
        row = connection.execute("select pg_total_relation_size('kept')").fetchone()
    assert row
    return row[0] / _SAMPLE_ROWS


def measure_reader(pages: int) -> float:
    """Return the seconds that the reader alone takes for a PDF of so many pages, by the median of some readings."""
    readings = [asyncio.run(read_alone(make_pdf(pages, salt))) for salt in range(_READINGS)]
    return statistics.median(seconds for _, seconds in readings)


def of_a_class(
    pages: int, reader_seconds: float, page: PageCounts, row_bytes: float, lookup_seconds: float
) -> list[Figure]:
    """Return what it would do for a class that all add one and the same file, each to their own."""
    chunks = round(page.chunks * pages)
    calls = count_calls(chunks)
    without, found, missed = (
        seconds_until_embedded(chunks, reader_seconds, seconds)
        for seconds in (BATCH_SECONDS, 0.0, BATCH_SECONDS + lookup_seconds)
    )
    kept = chunks * row_bytes
    saved = prices.EMBEDDED_TOKENS.of(page.embedded_tokens * pages) * (_CLASS - 1)
    name = f"{pages:,} pages"
    return [
        Figure(f"{name}: the reader alone", reader_seconds, "s"),
        Figure(f"{name}: calls saved, of those of all", calls * (_CLASS - 1), "", calls * _CLASS),
        Figure(f"{name}: their seconds, whoever waits", calls * (_CLASS - 1) * BATCH_SECONDS, "s"),
        Figure(f"{name}: read and embedded, for each but the first", found, "s", without),
        Figure(f"{name}: the same for the first, who looks in vain", missed, "s", without),
        Figure(f"{name}: saved for the class", saved, "$"),
        Figure(f"{name}: rows", chunks, ""),
        Figure(f"{name}: at rest", kept / 1e6, "MB"),
        Figure(f"{name}: at rest, for a year", prices.DATABASE_BYTES.of(kept) * 12, "$"),
    ]


def of_one_user(page: PageCounts, lookup_seconds: float) -> list[Figure]:
    """Return what it would do where nothing is shared."""
    lost = MOST_UNDER_WAY * EMBEDDING_BATCH_SIZE * page.embedded_tokens / page.chunks
    asked = prices.EMBEDDED_TOKENS.of(prices.QUESTION_EMBEDDED_TOKENS) * 1e3
    again = prices.EMBEDDED_TOKENS.of(page.embedded_tokens * 100)
    return [
        Figure("a slice that broke off, read again: at most", prices.EMBEDDED_TOKENS.of(lost), "$"),
        Figure("a deleted file of 100 pages, added again", again, "$"),
        Figure("1,000 questions, were all of them repeats", asked, "$"),
        Figure("of the price of 1,000 questions", asked / (prices.model_dollars() * 1e3), "share"),
        Figure("a look before every question", lookup_seconds * 1e3, "ms", BATCH_SECONDS * 1e3),
    ]


def figures(dsn: str, page: PageCounts, lookup_seconds: float) -> tuple[list[Figure], list[Figure]]:
    """Return the figures of a class and those of one user; `lookup_seconds` is a call of the database."""
    row_bytes = measure_row(dsn)
    of_class = [Figure("a row", row_bytes, "bytes")]
    for pages in PAGES:
        of_class += of_a_class(pages, measure_reader(pages), page, row_bytes, lookup_seconds)
    return only_told(of_class), only_told(of_one_user(page, lookup_seconds))

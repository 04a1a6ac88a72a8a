"""What a question costs: round trips, bytes and tokens as measured, and from them dollars: `make bench B=cost`.

The local stack counts; the tokens are its own, 4 characters each, because it has no real model's tokenizer. How long a real
model answers, and how much a student asks, are assumptions, named below. Prices: bench/prices.py.
"""

import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench import embedding_cache, prices
from bench.corpus.build import FILES, build
from bench.figures import Figure, report
from bench.houses import VERCEL_SHARING
from bench.local import local_lectern
from bench.retrieval import Question, read_questions
from dev.student import Student
from lib.adapters.transport import model_client, supabase_client

_QUESTIONS = 40
# Assumed: a real model writes its 300 tokens at 40 a second; a student asks 60 questions a month in a course of 10 files of 30 pages.
_ANSWER_SECONDS = 8.0
_QUESTIONS_A_MONTH, _FILES, _PAGES_A_FILE, _FILE_BYTES = 60, 10, 30, 2e6
_STUDENTS = 1_000
# A student's visit: sign in or refresh, list files and chats, ask: so many requests for each question.
_REQUESTS_PER_QUESTION = 4
_LAMBDA_GIGABYTES, _VERCEL_GIGABYTES = 1.0, 2.0
_TIMING = re.compile(r'(\w+);dur=([\d.]+);desc="(\d+)"')


@dataclass
class Meter:
    """The bytes that the functions have sent and been sent, by dependency."""

    answers: list[httpx.Response] = field(default_factory=list[httpx.Response])

    async def note(self, response: httpx.Response) -> None:
        self.answers.append(response)

    def read(self) -> dict[str, int]:
        """Return what has passed since the last reading."""
        counts: dict[str, int] = defaultdict(int)
        for answer in self.answers:
            name = "database" if "/rest/v1/" in answer.request.url.path else "model"
            counts[f"bytes to the {name}"] += int(answer.request.headers.get("content-length", 0))
            counts[f"bytes from the {name}"] += answer.num_bytes_downloaded
        self.answers.clear()
        return counts


Sample = dict[str, float]


def _ask(student: Student, question: Question, meter: Meter) -> Sample:
    meter.read()
    processor, started_at = time.process_time(), time.perf_counter()
    body = {"query_text": question["question"]}
    answer = student.client.post("/api/query", json=body, headers={"Accept": "text/event-stream"})
    sample: Sample = {
        "milliseconds of a processor, the client's included": (time.process_time() - processor)
        * 1e3,
        "milliseconds until the end": (time.perf_counter() - started_at) * 1e3,
        "bytes to the browser": len(answer.content),
        **meter.read(),
    }
    return sample | _calls(student, question)


def _calls(student: Student, question: Question) -> Sample:
    """Ask again as JSON: what a stream called after its first byte is in no header."""
    answer = student.client.post("/api/query", json={"query_text": question["question"]})
    usage: dict[str, int] = answer.json()["usage"]
    timing = _TIMING.findall(answer.headers["server-timing"])
    calls = {f"calls to the {name}": float(count) for name, _, count in timing}
    return {
        **calls,
        "prompt tokens": usage["prompt_tokens"],
        "completion tokens": usage["completion_tokens"],
    }


def _means(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """Return the mean of each measure, and how far that moves from run to run."""
    names = dict.fromkeys(name for sample in samples for name in sample)
    columns = {name: [sample.get(name, 0.0) for sample in samples] for name in names}
    return {
        name: (statistics.mean(column), statistics.stdev(column) / len(column) ** 0.5)
        for name, column in columns.items()
    }


def _model_dollars(mean: Callable[[str], float]) -> float:
    return prices.model_dollars(mean("prompt tokens"))


def _aws_dollars(mean: Callable[[str], float]) -> float:
    seconds = _ANSWER_SECONDS * _LAMBDA_GIGABYTES
    requests = prices.LAMBDA_REQUESTS.of(_REQUESTS_PER_QUESTION) + prices.HTTP_API_REQUESTS.of(
        _REQUESTS_PER_QUESTION
    )
    passing = prices.EGRESS_BYTES.of(mean("bytes to the browser") + mean("bytes to the model"))
    return prices.LAMBDA_GIGABYTE_SECONDS.of(seconds) + requests + passing


def _vercel_dollars(mean: Callable[[str], float]) -> float:
    active = mean("milliseconds of a processor, the client's included") / 1e3
    memory = _ANSWER_SECONDS * _VERCEL_GIGABYTES / VERCEL_SHARING
    passing = prices.EGRESS_BYTES.of(mean("bytes to the browser"))
    return (
        prices.VERCEL_ACTIVE_SECONDS.of(active)
        + prices.VERCEL_GIGABYTE_SECONDS.of(memory)
        + prices.VERCEL_REQUESTS.of(_REQUESTS_PER_QUESTION)
        + passing
    )


def _dollars(mean: Callable[[str], float], page: Sample) -> list[Figure]:
    model, aws, vercel = (f(mean) for f in (_model_dollars, _aws_dollars, _vercel_dollars))
    pages = _FILES * _PAGES_A_FILE
    reading = prices.EMBEDDED_TOKENS.of(page["embedded tokens"] * pages)
    rest = prices.DATABASE_BYTES.of(page["bytes in the database"] * pages) + prices.STORED_BYTES.of(
        _FILES * _FILE_BYTES
    )
    fixed = {
        "AWS": prices.SUPABASE_MONTH.dollars / _STUDENTS,
        "Vercel": (prices.SUPABASE_MONTH.dollars + prices.VERCEL_MONTH.dollars) / _STUDENTS,
    }
    figures = [Figure("1,000 questions: the model", model * 1e3, "$")]
    for name, platform in (("AWS", aws), ("Vercel", vercel)):
        use = (model + platform) * _QUESTIONS_A_MONTH
        figures += [
            Figure(f"1,000 questions: {name}", platform * 1e3, "$"),
            Figure(f"1,000 questions: {name} with the model", (model + platform) * 1e3, "$"),
            Figure(f"a student's month in use, {name}", use + rest + fixed[name], "$"),
            Figure(f"a student's month at rest, {name}", rest + fixed[name], "$"),
        ]
    return [*figures, Figure("a student's files, read once", reading, "$")]


def _measure_page(dsn: str, characters: int, pages: int) -> Sample:
    import psycopg  # noqa: PLC0415 - the bench needs it once

    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select pg_total_relation_size('public.chunks') + pg_total_relation_size('public.pages'),"
            " count(*) from public.chunks"
        ).fetchone()
    assert row
    return {
        "embedded tokens": characters / 4 / pages,
        "bytes in the database": row[0] / pages,
        "chunks": row[1] / pages,
    }


def _as_figures(means: dict[str, tuple[float, float]]) -> list[Figure]:
    aims = {"calls to the database": 2, "calls to the model": 2}
    return [
        # Times are the machine's: they say nothing beside those of another.
        Figure(
            name,
            value,
            "",
            noise=None if name.startswith("milliseconds") else noise,
            aim=aims.get(name),
        )
        for name, (value, noise) in means.items()
    ]


def _of_page(page: Sample) -> list[Figure]:
    # The files are the same in every run; how Postgres lays them out is so only nearly.
    same = [Figure(name, page[name], "", noise=0.0) for name in ("embedded tokens", "chunks")]
    return [*same, Figure("bytes in the database", page["bytes in the database"], "bytes")]


def _lookup_seconds(student: Student) -> float:
    """Time the cheapest call of the database, as the functions themselves count it."""
    times: list[float] = []
    for _ in range(_QUESTIONS):
        timing = student.client.get("/api/upload?limit=1").headers["server-timing"]
        times.append(
            next(float(ms) for name, ms, _ in _TIMING.findall(timing) if name == "database")
        )
    return statistics.median(times) / 1e3


def _embedding_calls_of_the_same_bytes(student: Student, meter: Meter) -> Figure:
    """Add a file that the student has already, and count what is embedded for it."""
    name = next(iter(FILES))
    meter.read()
    student.upload(name, build(name))
    calls = sum(answer.request.url.path.endswith("/embeddings") for answer in meter.answers)
    return Figure("the same bytes again: embedding calls, without a cache", calls, "", aim=0)


def _characters(student: Student, files: list[dict[str, Any]]) -> int:
    return sum(len(text) for file in files for text in student.pages(file))


def main() -> None:
    meter = Meter()
    with local_lectern() as local:
        for client in (supabase_client(), model_client()):
            client.event_hooks = {**client.event_hooks, "response": [meter.note]}
        student = Student(local.client, "cost")
        files = [student.upload(name, build(name)) for name in FILES]
        pages = sum(file["page_count"] for file in files)
        page = _measure_page(local.stack.postgres_dsn, _characters(student, files), pages)
        questions = [
            q for q in read_questions() if q["split"] == "tune" and q["kind"] == "answerable"
        ]
        again = _embedding_calls_of_the_same_bytes(student, meter)
        samples = [_ask(student, question, meter) for question in questions[:_QUESTIONS]]
        of_class, of_one_user = embedding_cache.figures(
            local.stack.postgres_dsn,
            embedding_cache.Page(chunks=page["chunks"], tokens=page["embedded tokens"]),
            _lookup_seconds(student),
        )
    means = _means(samples)

    def mean(name: str) -> float:
        return means[name][0]

    report("A question, and its answer", _as_figures(means))
    report("A page of a file", _of_page(page))
    report("Dollars, with the assumptions of bench/cost.py", _dollars(mean, page))
    report("A cache of embeddings for a class of 30 with one file, not made", of_class)
    report("A cache of embeddings for one user alone, not made", [again, *of_one_user])


if __name__ == "__main__":
    main()

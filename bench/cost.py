"""What a question costs: round trips, bytes and tokens as counted, and from them dollars: `make bench B=cost`.

The local stack counts; the tokens are its own, 4 characters each, because it has no real model's tokenizer. Bytes are those of
the bodies and of the headers as HTTP/1.1 writes them, without TLS and the framing of chunks. Beside what is counted stands what
bench/question.py has recorded of it. What is made of it in dollars, and what is assumed there: bench/dollars.py; what a question
takes of a processor: bench/first_word.py.
"""

import argparse
import re
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench import dollars, embedding_cache
from bench.corpus.build import FILES, build
from bench.figures import Figure, report
from bench.local import local_lectern
from bench.question import PAGE, QUESTION, PageCounts, QuestionCounts
from bench.retrieval import Question, read_questions
from dev.student import Student
from lib.adapters.transport import model_client, supabase_client

_QUESTIONS = 40
_TIMING = re.compile(r'(\w+);dur=([\d.]+);desc="(\d+)"')
_DELTA = re.compile(rb"event: delta\ndata: [^\n]*\n\n")


def _sent(request: httpx.Request) -> int:
    line = f"{request.method}  HTTP/1.1\r\n"
    body = int(request.headers.get("content-length", 0))
    return len(line) + len(request.url.raw_path) + _bytes_of(request.headers) + body


def _received(response: httpx.Response) -> int:
    line = f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n"
    return len(line) + _bytes_of(response.headers) + response.num_bytes_downloaded


def _bytes_of(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers.raw) + len("\r\n")


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
            counts[f"bytes to the {name}"] += _sent(answer.request)
            counts[f"bytes from the {name}"] += _received(answer)
        self.answers.clear()
        return counts


Sample = dict[str, float]
# By the names of bench/question.py.
_FIELDS = {
    "prompt_tokens": "prompt tokens",
    "completion_tokens": "completion tokens",
    "from_browser": "bytes from the browser",
    "to_browser": "bytes to the browser",
    "of_word": "bytes of a word on its way to the browser",
    "to_model": "bytes to the model",
    "from_model": "bytes from the model",
    "to_database": "bytes to the database",
    "from_database": "bytes from the database",
}


def _ask(student: Student, question: Question, meter: Meter) -> Sample:
    meter.read()
    started_at = time.perf_counter()
    body = {"query_text": question["question"]}
    answer = student.client.post("/api/query", json=body, headers={"Accept": "text/event-stream"})
    milliseconds = (time.perf_counter() - started_at) * 1e3
    deltas = _DELTA.findall(answer.content)
    sample: Sample = {
        "milliseconds until the end": milliseconds,
        "bytes from the browser": _sent(answer.request),
        "bytes to the browser": _received(answer),
        "bytes of a word on its way to the browser": statistics.mean(map(len, deltas)),
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


def _means(samples: list[Sample]) -> dict[str, float]:
    """Return the mean of each measure."""
    names = dict.fromkeys(name for sample in samples for name in sample)
    return {name: statistics.mean(sample.get(name, 0.0) for sample in samples) for name in names}


def _counts(means: dict[str, float]) -> QuestionCounts:
    return QuestionCounts(**{field: means[name] for field, name in _FIELDS.items()})


def _measure_page(dsn: str, characters: int, pages: int) -> PageCounts:
    import psycopg  # noqa: PLC0415 - the bench needs it once

    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select pg_total_relation_size('public.chunks') + pg_total_relation_size('public.pages'),"
            " count(*) from public.chunks"
        ).fetchone()
    assert row
    return PageCounts(
        embedded_tokens=characters / 4 / pages,
        database_bytes=row[0] / pages,
        chunks=row[1] / pages,
    )


def _of_page(page: PageCounts) -> list[Figure]:
    return [
        Figure(name.replace("_", " "), value, "", recorded, noise=0.0)
        for (name, value), recorded in zip(vars(page).items(), vars(PAGE).values(), strict=True)
    ]


def _as_figures(means: dict[str, float]) -> list[Figure]:
    aims = {"calls to the database": 2, "calls to the model": 2}
    recorded = {name: getattr(QUESTION, field) for field, name in _FIELDS.items()}
    return [
        # Times are the machine's: they say nothing beside those of another. The rest is the same in every run.
        Figure(
            name,
            value,
            "",
            recorded.get(name),
            noise=None if name.startswith("milliseconds") else 0.0,
            aim=aims.get(name),
        )
        for name, value in means.items()
    ]


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=_QUESTIONS)
    count = parser.parse_args().questions
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
        samples = [_ask(student, question, meter) for question in questions[:count]]
        of_class, of_one_user = embedding_cache.figures(
            local.stack.postgres_dsn,
            page,
            _lookup_seconds(student),
        )
    means = _means(samples)
    report("A question, and its answer, against what is recorded", _as_figures(means))
    report("A page of a file, against what is recorded", _of_page(page))
    dollars.report_all(_counts(means), page)
    dollars.draw_growth(_counts(means), page)
    report("A cache of embeddings for a class of 30 with one file, not made", of_class)
    report("A cache of embeddings for one user alone, not made", [again, *of_one_user])


if __name__ == "__main__":
    main()

"""How quick files are read, and whether reading slows questions down: `make bench B=ingestion`.

A PDF of 10, 300 and 1,000 pages through the API until it is ready, against the document reader alone and the embedding calls
alone: what takes longer of the two is the floor. Once with an endpoint that waits, as one elsewhere does,
and once with the local one, which computes on the cores that all else needs. Then a class adds files all at once while one
of its students asks a model that takes no work: how long for, with the model's own time and without it.
"""

import argparse
import asyncio
import io
import itertools
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from reportlab.pdfgen.canvas import Canvas

from bench.apart import Apart, peak_megabytes, serving_apart
from bench.figures import Figure, compare, compare_blocks, report
from bench.local import NO_LIMITS, Local, local_lectern
from bench.pictures import Axes, draw
from bench.scripted_model import (
    BATCH_SECONDS,
    EMBEDDING_SECONDS,
    FIRST_WORD_SECONDS,
    WORD_SECONDS,
)
from dev.student import Student
from lib.adapters.documents import Opening, Reader, start_reader
from lib.adapters.models import EMBEDDING_BATCH_SIZE, Embedder
from lib.domain.chunking import cut
from lib.domain.file_types import find_file_type
from lib.domain.models import Page

PAGES = (10, 300, 1_000)
# Of the embedding calls alone: what an endpoint lets one user do at a time, however many the product makes.
_CALLS_AT_ONCE = 4
_CLASS = 30
# Fewer classes would not tell how far one lies from the other.
_LEAST_QUESTIONS, _LEAST_CLASSES = 60, 3
_IDLE_SECONDS = 5
_MOST_TRIES = 60
# "Do not slow each other's questions": no more than reading may take beyond its floor.
_AIM_OF_QUESTIONS = 1.3
_SENTENCE = (
    "On page {page}, line {line}, light of colour {colour} bends by {angle} hundredths of a degree."
)
_LINES_PER_PAGE = 18
# Asked of a model that takes no work, at the pace of a real one: this long.
_QUESTION = "By how much does light of colour 7 bend? Say it in 1 words."
_MODEL_MILLISECONDS = (EMBEDDING_SECONDS + FIRST_WORD_SECONDS + WORD_SECONDS) * 1000


def make_pdf(pages: int, salt: int = 0) -> bytes:
    """Make a PDF with as much text on each page as a lecture's handout has."""
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1, invariant=1)
    for page in range(1, pages + 1):
        text = canvas.beginText(60, 780)
        for line in range(_LINES_PER_PAGE):
            colour, angle = (page * 7 + line) % 360, page * 31 + line * 17 + salt
            text.textLine(_SENTENCE.format(page=page, line=line, colour=colour, angle=angle))
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@contextmanager
def _as_file(content: bytes) -> Generator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        yield path


def _reader_of(path: Path) -> AbstractAsyncContextManager[Reader]:
    kind = find_file_type("lecture.pdf")
    assert kind
    return start_reader(path, kind, max_pages=2_000, seconds=300)


async def read_alone(content: bytes) -> tuple[list[Page], float]:
    """Return the pages, and the seconds that the document reader takes for them alone, its start included."""
    with _as_file(content) as path:
        began = time.perf_counter()
        async with _reader_of(path) as reader:
            items = [item async for item in reader.read(300)]
        seconds = time.perf_counter() - began
    return [item for item in items if not isinstance(item, Opening)], seconds


async def _reader_peak_megabytes(content: bytes) -> float:
    """Return the most memory that the document reader held: it is a child, and counts as well where memory is limited."""
    most = 0.0
    with _as_file(content) as path:
        async with _reader_of(path) as reader:
            async for _ in reader.read(300):
                most = max([most, *map(_peak_megabytes, psutil.Process().children())])
    return most


def _peak_megabytes(process: psutil.Process) -> float:
    try:
        is_reader = "lib.adapters.document_reader" in process.cmdline()
        return peak_megabytes(process.pid) if is_reader else 0.0
    except (psutil.Error, OSError, IndexError):  # it is through, and gone
        return 0.0


async def _embed_alone(pages: list[Page], embedder: Embedder) -> float:
    """Return the seconds that the embedding calls take alone, in full batches and some at a time."""
    texts = [chunk.text for page in pages for chunk in cut(page, 0)]
    under_way = asyncio.Semaphore(_CALLS_AT_ONCE)

    async def embed(batch: list[str]) -> None:
        async with under_way:
            await embedder.embed(batch, timeout_seconds=60)

    began = time.perf_counter()
    starts = range(0, len(texts), EMBEDDING_BATCH_SIZE)
    await asyncio.gather(*(embed(texts[at : at + EMBEDDING_BATCH_SIZE]) for at in starts))
    return time.perf_counter() - began


# Seconds of the reader, and of the embedding calls.
Floors = tuple[float, float]


async def _floors(content: bytes, model_url: str) -> Floors:
    pages, reading = await read_alone(content)
    return reading, await _embed_alone(pages, Embedder(model_url, "local", "wordllama-256"))


@dataclass(frozen=True)
class Times:
    """Seconds of each run, by its number; `own` is what the function's process worked, the reader's own left out."""

    whole: list[float]
    own: list[float]
    reading: list[float]
    embedding: list[float]


def _measure_size(
    ours: Apart, pages: int, runs: int, student: Student, *, alone: Callable[[bytes], Floors]
) -> Times:
    times = Times([], [], [], [])
    for salt in range(runs):
        content = make_pdf(pages, salt)
        began, worked = time.perf_counter(), ours.cpu_seconds()
        file = student.upload(f"lecture-{pages}.pdf", content)
        times.whole.append(time.perf_counter() - began)
        times.own.append(ours.cpu_seconds() - worked)
        assert file["status"] == "ready", file
        reading, embedding = alone(content)
        times.reading.append(reading)
        times.embedding.append(embedding)
    return times


def _figures_of_size(pages: int, times: Times, ours: Apart, reader: float) -> list[Figure]:
    slower = [max(pair) for pair in zip(times.reading, times.embedding, strict=True)]
    speeds = [[pages / seconds for seconds in each] for each in (times.whole, slower)]
    return [
        compare(f"{pages} pages, until ready", "s", times.whole, slower, aim=1.3),
        compare(f"{pages} pages, reader alone", "s", times.reading),
        compare(f"{pages} pages, embedding alone", "s", times.embedding),
        compare(f"{pages} pages, own processor time", "s", times.own),
        compare(f"{pages} pages, speed", "pages/s", speeds[0], speeds[1], more_is_better=True),
        Figure(f"{pages} pages, peak memory of the function", ours.peak_megabytes(), "MB"),
        Figure(f"{pages} pages, peak memory of its reader", reader, "MB"),
    ]


def _measure_sizes(
    runner: asyncio.Runner, ours: Apart, student: Student, model_url: str, runs: int, picture: str
) -> list[Figure]:
    figures: list[Figure] = []
    points: dict[str, list[tuple[float, float]]] = {}
    student.upload("first.pdf", make_pdf(3, runs))  # what an instance does only once
    for pages in PAGES:
        times = _measure_size(
            ours,
            pages,
            runs,
            student,
            alone=lambda content: runner.run(_floors(content, model_url)),
        )
        reader = runner.run(_reader_peak_megabytes(make_pdf(pages)))
        figures += _figures_of_size(pages, times, ours, reader)
        for name, seconds in (
            ("whole", times.whole),
            ("reader alone", times.reading),
            ("embedding alone", times.embedding),
        ):
            points.setdefault(name, []).append((pages, statistics.median(seconds)))
    axes = Axes(x="pages", y="seconds", is_x_logarithmic=True, is_y_logarithmic=True)
    draw(picture, "Reading a PDF", axes, points)
    return figures


def _ask_often(
    student: Student, seconds: float, enough: threading.Event | None = None
) -> list[float]:
    """Ask one question after the other, until the time is up or `enough` is set."""
    found: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds and not (enough and enough.is_set()):
        asked = time.perf_counter()
        answer = student.client.post("/api/query", json={"query_text": _QUESTION})
        answer.raise_for_status()
        found.append((time.perf_counter() - asked) * 1000)
    return found


@contextmanager
def _a_class(local: Local, url: str, turn: int) -> Generator[list[Student]]:
    clients = [httpx.Client(timeout=300) for _ in range(_CLASS - 1)]
    yield [
        _sign_up(client, local, f"student-{turn}-{number}", url)
        for number, client in enumerate(clients)
    ]
    for client in clients:
        client.close()


def _upload_patiently(client: httpx.Client, content: bytes) -> list[str]:
    """Add a file as the page does, again after what may pass; return what that was."""
    refusals: list[str] = []
    path, files = "/api/upload", {"file": ("handout.pdf", content)}
    for _ in range(_MOST_TRIES):
        answer = client.post(path, files=files)
        told = answer.json()
        if answer.is_success:
            if told["status"] == "ready":
                return refusals
            path, files = f"/api/upload/{told['id']}/ingest", None
        problem = told["error"] if answer.is_success else told
        if problem:
            assert problem.get("retryable", True), problem
            refusals.append(problem["type"])
            time.sleep(int(answer.headers.get("Retry-After", 1)))
    raise AssertionError(f"Not read after {_MOST_TRIES} tries: {Counter(refusals)}")


def _add_all_at_once(
    local: Local, reading: Apart, asking: Student, turn: int
) -> tuple[float, list[float], list[list[str]]]:
    """Return the seconds until a class's files are ready, how long questions took meanwhile, and what was refused of each.

    Who asks is one of the class, and adds a file like all others.
    """
    done = threading.Event()
    # Made before: to make them would keep the student of this process who asks from asking.
    contents = [make_pdf(10, turn * _CLASS + number) for number in range(_CLASS)]
    headers = {"Authorization": asking.client.headers["Authorization"]}
    with (
        _a_class(local, reading.url, turn) as others,
        httpx.Client(base_url=reading.url, headers=headers, timeout=300) as own,
        ThreadPoolExecutor(_CLASS + 1) as pool,
    ):
        clients = [own, *(student.client for student in others)]
        began = time.perf_counter()
        asked = pool.submit(_ask_often, asking, 300, done)
        files = [
            pool.submit(_upload_patiently, client, content)
            for client, content in zip(clients, contents, strict=True)
        ]
        refusals = [file.result() for file in files]
        seconds = time.perf_counter() - began
        done.set()
        return seconds, asked.result(), refusals


def _without_model(rounds: list[list[float]]) -> list[list[float]]:
    return [[asked - _MODEL_MILLISECONDS for asked in each] for each in rounds]


def _measure_class(
    local: Local, reading: Apart, asking: Student, turns: Iterator[int]
) -> list[Figure]:
    """Let class after class add files, until enough questions were asked meanwhile for a percentile to mean something.

    Before each class the same questions are asked while nothing else goes on.
    """
    idle, busy = list[list[float]](), list[list[float]]()
    all_seconds, refusals = list[float](), list[list[str]]()
    while len(busy) < _LEAST_CLASSES or sum(map(len, busy)) < _LEAST_QUESTIONS:
        idle.append(_ask_often(asking, _IDLE_SECONDS))
        seconds, asked, refused = _add_all_at_once(local, reading, asking, next(turns))
        busy.append(asked)
        all_seconds.append(seconds)
        refusals += refused
    told = Counter(kind for of_file in refusals for kind in of_file)
    own_busy, own_idle = _without_model(busy), _without_model(idle)
    return [
        compare_blocks(
            "p95 of a question, a model's 0.4 s in it", "ms", 95, busy, idle, aim=_AIM_OF_QUESTIONS
        ),
        compare_blocks("p50 of a question, a model's 0.4 s in it", "ms", 50, busy, idle),
        compare_blocks("p95 of what is ours", "ms", 95, own_busy, own_idle, aim=_AIM_OF_QUESTIONS),
        compare_blocks("p50 of what is ours", "ms", 50, own_busy, own_idle),
        Figure("files added", len(refusals), ""),
        Figure(
            "files of which the page was told to try again", sum(map(bool, refusals)), "", aim=0
        ),
        *[Figure(f"told so: {kind}", count, "") for kind, count in told.items()],
        compare("until all are ready", "s", all_seconds),
        Figure("questions asked meanwhile", sum(map(len, busy)), ""),
    ]


@contextmanager
def _function(local: Local, name: str, model_url: str) -> Generator[Apart]:
    """Serve one function alone, as it is deployed, with its model at `model_url`."""
    settings = {**local.stack.environment(), **NO_LIMITS, "OPENAI_BASE_URL": model_url}
    with serving_apart(f"functions.{name}:app", settings) as apart:
        yield apart


def _sign_up(client: httpx.Client, local: Local, name: str, url: str) -> Student:
    """Sign a student up with the local stack; all that they ask for after that goes to `url`."""
    client.base_url = local.client.base_url
    student = Student(client, name)
    client.base_url = url
    return student


@contextmanager
def _reading(local: Local, model_url: str, name: str) -> Generator[tuple[Apart, Student]]:
    with _function(local, "upload", model_url) as ours, httpx.Client(timeout=300) as client:
        yield ours, _sign_up(client, local, name, ours.url)


@contextmanager
def _reading_and_asking(
    local: Local, embedder_url: str, model_url: str
) -> Generator[tuple[Apart, Student]]:
    """Serve the function that reads, and the one that the student asks."""
    with (
        _reading(local, embedder_url, "asking") as (reading, student),
        _function(local, "query", model_url) as asked,
    ):
        student.upload("note.pdf", make_pdf(10))
        student.client.base_url = asked.url
        yield reading, student


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    title = "Reading a PDF, against the slower of reader and embedding alone"
    with (
        serving_apart("bench.scripted_model:create_embedder", {}) as embedder,
        serving_apart("bench.scripted_model:create_app", {}) as model,
        local_lectern() as local,
        asyncio.Runner() as runner,  # one loop for all: the connections live in it
    ):
        elsewhere = f"{embedder.url}/v1"
        with _reading(local, elsewhere, "elsewhere") as (ours, student):
            sizes = _measure_sizes(runner, ours, student, elsewhere, runs, "ingestion-elsewhere")
        report(f"{title}: an endpoint that takes {BATCH_SECONDS:g} s a call", sizes)
        with _reading(local, local.stack.model_url, "local") as (ours, student):
            sizes = _measure_sizes(runner, ours, student, local.stack.model_url, runs, "ingestion")
            report(title, sizes)
        # Deployed, who reads and who is asked are functions of their own.
        turns = itertools.count()
        title = f"A question while {_CLASS} students add a file each, against idle"
        with _reading_and_asking(local, elsewhere, f"{model.url}/v1") as (reading, student):
            report(title, _measure_class(local, reading, student, turns))
            # They share a processor here, and a database everywhere: without the first, this is left.
            reading.give_way()
            embedder.give_way()
            given_way = _measure_class(local, reading, student, turns)
            report(f"{title}: the reader gives way", given_way)


if __name__ == "__main__":
    main()

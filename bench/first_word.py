"""From a question to its first word, and a hundred answers at once: `make bench B=first_word`.

The model is a script that takes no work (bench/scripted_model.py), so what it does not account for is ours. One question
after the other first: of its time to the first word the model's own is taken away, and what the same answer's
`Server-Timing` says of the embedding and of the one call to the database. Short answers and long ones tell what a word
takes of the function's processor, and what the rest of a question does. Then a hundred streams at once, as many of each
student's as a deployment allows by default, each asking again as soon as it is answered, for `--minutes`.
"""

import argparse
import asyncio
import contextlib
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.apart import Apart, serving_apart
from bench.figures import Figure, compare, percentile, report
from bench.local import NO_LIMITS, Local, local_lectern, make_lecture
from bench.pictures import Axes, draw
from bench.scripted_model import FIRST_WORD_SECONDS
from dev.student import Student

# As many of each as MAX_STREAMS_PER_USER is where nobody sets it: a student's questions begin one after the other.
_STUDENTS, _STREAMS_EACH = 50, 2
_STREAMS = _STUDENTS * _STREAMS_EACH
# Short answers, which are as many first words as a median needs, and long ones.
_SHORT, _LONG = 60, 10
# The picture that is kept shows so much; a shorter run leaves it alone.
_PICTURE_MINUTES = 10
# Milliseconds that are ours.
_MOST_OWN = 15.0
_CALLS = re.compile(r'(model|database);dur=([\d.]+);desc="(\d+)"')
_SAMPLE_SECONDS = 5.0
# Before a student asks again who was refused, or whose answer broke off: a server that is gone refuses thousands a second.
_PAUSE_SECONDS = 1.0
_QUESTION = "Where do the light reactions take place?"
_IN_SHORT = f"{_QUESTION} Say it in 5 words."


@dataclass
class Heard:
    """One answer, as far as it came: milliseconds to its first word, those of the calls before it, and how many these were.

    `refusal` is what was said instead of an answer.
    """

    first: float | None = None
    calls: float = 0.0
    call_count: int = 0
    words: int = 0
    is_whole: bool = False
    refusal: str = ""


@dataclass
class Streams:
    """What was seen of many answers; `first_words` of those alone that had one."""

    first_words: list[float] = field(default_factory=list[float])
    words: int = 0
    broken_off: int = 0
    refused: int = 0
    processor_seconds: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def add(self, heard: Heard) -> None:
        self.words += heard.words
        if heard.first is not None:
            self.first_words.append(heard.first)
        if heard.refusal:
            self.refused += 1
        elif not heard.is_whole:
            self.broken_off += 1


@dataclass(frozen=True)
class Alone:
    """Answers that were asked for one after the other, and the milliseconds of the server's processor for each."""

    heard: list[Heard]
    worked: list[float]

    @property
    def words(self) -> float:
        return statistics.median(heard.words for heard in self.heard)

    @property
    def first_words(self) -> list[float]:
        return [heard.first for heard in self.heard if heard.first is not None]


class Asker:
    """Asks one server for streams, ours or the model itself."""

    def __init__(self, client: httpx.AsyncClient, url: str, body: dict[str, Any], end: str) -> None:
        self._client, self._url, self._body, self._end = client, url, body, end

    async def ask(self, token: str = "") -> Heard:
        """Ask once. A refusal is an answer too, and so is what was heard until a connection broke or fell silent."""
        heard, began = Heard(), time.perf_counter()
        headers = {"Accept": "text/event-stream", "Authorization": token}
        with contextlib.suppress(httpx.TransportError):
            async with self._client.stream(
                "POST", self._url, json=self._body, headers=headers
            ) as answer:
                if answer.is_success:
                    await self._listen(answer, heard, began)
                else:
                    heard.refusal = f"{answer.status_code}"
                    heard.refusal += f" {(await answer.aread()).decode()}"
        return heard

    async def _listen(self, answer: httpx.Response, heard: Heard, began: float) -> None:
        # When the headers are sent, the question has been embedded and begun, and no more.
        timing = _CALLS.findall(answer.headers.get("Server-Timing", ""))
        heard.calls = sum(float(milliseconds) for _, milliseconds, _ in timing)
        heard.call_count = sum(int(count) for *_, count in timing)
        async for line in answer.aiter_lines():
            if _is_word(line):
                heard.first = heard.first or (time.perf_counter() - began) * 1000
                heard.words += 1
            if line.startswith(self._end):
                heard.is_whole = True
                break


def _is_word(line: str) -> bool:
    """Tell a delta of ours, or one of the model's, from all else in a stream."""
    return line == "event: delta" or '"content"' in line


async def _ask_at_once(
    asker: Asker, seconds: float, server: Apart, tokens: Sequence[str]
) -> Streams:
    seen, began = Streams(), time.monotonic()

    async def ask_again(number: int) -> None:
        await asyncio.sleep(number * 0.05)  # they do not all begin in one moment
        while time.monotonic() - began < seconds:
            heard = await asker.ask(tokens[number % len(tokens)])
            seen.add(heard)
            if not heard.is_whole:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def watch() -> None:
        while True:
            seen.memory.append((time.monotonic() - began, server.resident_megabytes()))
            await asyncio.sleep(_SAMPLE_SECONDS)

    watching = asyncio.create_task(watch())
    worked = server.cpu_seconds()
    await asyncio.gather(*(ask_again(number) for number in range(_STREAMS)))
    seen.processor_seconds = server.cpu_seconds() - worked
    watching.cancel()
    if not seen.first_words:
        raise RuntimeError(f"No word came: {seen.refused} refused, {seen.broken_off} broken off.")
    return seen


async def _alone(asker: Asker, server: Apart, count: int, token: str = "") -> Alone:
    alone = Alone([], [])
    for _ in range(count):
        before = server.cpu_seconds()
        heard = await asker.ask(token)
        assert heard.is_whole, heard
        alone.heard.append(heard)
        alone.worked.append((server.cpu_seconds() - before) * 1000)
    return alone


def _one_by_one(ours: Alone, model: Alone) -> list[Figure]:
    direct = model.first_words
    own = [
        first - heard.calls - statistics.median(direct)
        for first, heard in zip(ours.first_words, ours.heard, strict=True)
    ]
    calls = statistics.median(heard.calls for heard in ours.heard)
    return [
        compare("first word, without the model's own and the two calls", "ms", own, aim=_MOST_OWN),
        compare("first word in all", "ms", ours.first_words, direct),
        Figure("the embedding and the call to the database", calls, "ms"),
        Figure(
            "calls before the first word", max(heard.call_count for heard in ours.heard), "", aim=2
        ),
    ]


def split_work(long: Alone, short: Alone, at_once: Streams) -> list[Figure]:
    """Tell what a word takes of the processor from what long answers take more than short ones."""
    words, less = long.words - short.words, statistics.median(short.worked)
    of_a_word = [(more - less) / words for more in long.worked]
    fixed = less - short.words * statistics.median(of_a_word)
    answers = len(at_once.first_words)
    busy = (at_once.processor_seconds * 1000 - answers * fixed) / at_once.words
    return [
        Figure("words of an answer", at_once.words / answers, ""),
        Figure("a question, its words left out", fixed, "ms"),
        compare("a word, one question after the other", "ms", of_a_word),
        Figure(f"a word, {_STREAMS} answers at once", busy, "ms"),
        Figure("words a second that a processor keeps up with", 1000 / busy, "1/s"),
    ]


def _at_once(ours: Streams, model: Streams) -> list[Figure]:
    late = percentile(ours.first_words, 95) - percentile(model.first_words, 95)
    # What it holds once all streams run, and at the end.
    settled = [megabytes for at, megabytes in ours.memory if at > 20] or [0.0]  # noqa: PLR2004
    third = max(1, len(settled) // 3)
    start, end = statistics.median(settled[:third]), statistics.median(settled[-third:])
    return [
        Figure("answers", len(ours.first_words), ""),
        Figure("answers that broke off", ours.broken_off, "", aim=0),
        Figure("questions that were refused", ours.refused, "", aim=0),
        Figure("first word, p50", percentile(ours.first_words, 50), "ms"),
        Figure("first word, p95 later than the model's own", late, "ms", aim=500),
        Figure("memory in the last third against the first", end, "MB", start or None, aim=1.05),
    ]


async def _run(tokens: list[str], ours: Apart, model: Apart, minutes: float) -> list[list[Figure]]:
    limits = httpx.Limits(max_connections=2 * _STREAMS)
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        asking, in_short = (
            Asker(client, f"{ours.url}/api/query", {"query_text": text}, "event: done")
            for text in (_QUESTION, _IN_SHORT)
        )
        direct, direct_in_short = (
            Asker(client, f"{model.url}/v1/chat/completions", _as_prompt(text), "data: [DONE]")
            for text in (_QUESTION, _IN_SHORT)
        )
        await asking.ask(tokens[0])
        long = await _alone(asking, ours, _LONG, tokens[0])
        short = await _alone(in_short, ours, _SHORT, tokens[0])
        model_alone = await _alone(direct_in_short, model, _SHORT)
        of_model = await _ask_at_once(direct, 15, model, [""])
        of_ours = await _ask_at_once(asking, minutes * 60, ours, tokens)
    if minutes >= _PICTURE_MINUTES:
        _draw(of_ours)
    return [
        _one_by_one(short, model_alone),
        split_work(long, short, of_ours),
        _at_once(of_ours, of_model),
    ]


def _as_prompt(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def _draw(streams: Streams) -> None:
    points = [(at / 60, megabytes) for at, megabytes in streams.memory]
    axes = Axes(x="minutes", y="MB held by the function")
    draw("streams-memory", f"{_STREAMS} answers at once", axes, {"memory": points})


def _register(local: Local) -> list[str]:
    """Sign the students up, each with a file; return what each sends as `Authorization`."""
    tokens: list[str] = []
    lecture = make_lecture()
    for number in range(_STUDENTS):
        with httpx.Client(base_url=local.client.base_url, timeout=60) as client:
            Student(client, f"bench-{number}").upload("lecture.txt", lecture)
            tokens.append(client.headers["Authorization"])
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    minutes = parser.parse_args().minutes
    with (
        serving_apart("bench.scripted_model:create_app", {}) as model,
        local_lectern(OPENAI_BASE_URL=f"{model.url}/v1") as local,
    ):
        tokens = _register(local)
        settings = {**local.stack.environment(), **NO_LIMITS}
        settings["MAX_STREAMS_PER_USER"] = str(_STREAMS_EACH)
        settings["OPENAI_BASE_URL"] = f"{model.url}/v1"
        with serving_apart("functions.query:app", settings) as ours:
            alone, worked, at_once = asyncio.run(_run(tokens, ours, model, minutes))
    model_says = f"a model whose first word takes {FIRST_WORD_SECONDS:g} s"
    report(f"First word, one question after the other, with {model_says}", alone)
    report("An answer's work of the function's processor", worked)
    report(f"{_STREAMS} answers at once of {_STUDENTS} students, for {minutes:g} minutes", at_once)


if __name__ == "__main__":
    main()

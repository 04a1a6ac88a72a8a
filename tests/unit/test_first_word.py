"""What bench/first_word.py hears of an answer, and what it makes of the processor's time that it has counted."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bench.first_word import Alone, Asker, Heard, Streams, split_work

HEADERS = {"Server-Timing": 'model;dur=20;desc="1", database;dur=60.5;desc="2", total;dur=90'}
START, WORD, DONE = b"event: start\n\n", b"event: delta\ndata: {}\n\n", b"event: done\n\n"


class Answer(httpx.AsyncByteStream):
    """Sends its parts, then raises what it was given."""

    def __init__(self, *parts: bytes, then: Exception | None = None) -> None:
        self._parts, self._then = parts, then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if self._then:
            raise self._then


async def hear(answer: httpx.Response | Exception) -> Heard:
    """Ask a server that answers so."""

    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
        return await Asker(client, "http://lectern/api/query", {}, "event: done").ask()


@pytest.mark.anyio
async def test_an_answer_is_heard_to_its_end():
    heard = await hear(httpx.Response(200, headers=HEADERS, stream=Answer(START, WORD, WORD, DONE)))

    assert (heard.words, heard.calls, heard.is_whole, heard.refusal) == (2, 80.5, True, "")
    assert heard.call_count == 3
    assert heard.first


@pytest.mark.anyio
@pytest.mark.parametrize(
    "then", [None, httpx.ReadError("reset"), httpx.ReadTimeout("silent")], ids=str
)
async def test_an_answer_that_breaks_off_is_heard_until_there(then: Exception | None):
    heard = await hear(httpx.Response(200, headers=HEADERS, stream=Answer(START, WORD, then=then)))

    assert (heard.words, heard.calls, heard.is_whole, heard.refusal) == (1, 80.5, False, "")
    assert heard.first


@pytest.mark.anyio
async def test_a_server_that_is_gone_ends_no_run():
    assert await hear(httpx.ConnectError("refused")) == Heard()


@pytest.mark.anyio
async def test_a_refusal_is_heard_with_its_reason():
    heard = await hear(httpx.Response(429, text="too many streams"))

    assert heard == Heard(refusal="429 too many streams")


def test_only_an_answer_with_a_word_counts_for_how_soon_it_came():
    seen = Streams()

    for heard in (
        Heard(first=300.0, words=60, is_whole=True),
        Heard(first=500.0, words=3),
        Heard(),
        Heard(refusal="429"),
    ):
        seen.add(heard)

    assert seen == Streams([300.0, 500.0], words=63, broken_off=2, refused=1)


def answers(words: int, worked: list[float]) -> Alone:
    heard = [Heard(first=300.0, calls=80.0, words=words, is_whole=True) for _ in worked]
    return Alone(heard, worked)


def test_what_words_take_is_told_from_what_a_question_takes_without_them():
    # 8 ms and 0.5 ms a word, one after the other; at once 0.3 ms a word.
    short, long = answers(10, [13.0, 13.0, 13.0]), answers(60, [38.0, 38.0, 38.0])
    at_once = Streams([300.0] * 100, words=6_000, processor_seconds=100 * 0.008 + 6_000 * 0.0003)

    figures = {figure.name: figure.value for figure in split_work(long, short, at_once)}

    assert figures == pytest.approx(
        {
            "words of an answer": 60,
            "a question, its words left out": 8,
            "a word, one question after the other": 0.5,
            "a word, 100 answers at once": 0.3,
            "words a second that a processor keeps up with": 1_000 / 0.3,
        }
    )

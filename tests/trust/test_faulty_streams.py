"""A model that misbehaves in mid-answer: what broke off is never `answered`, and nothing that came is lost."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from dev.stack import Stack
from dev.student import Student
from tests.conftest import Configuration, Ground
from tests.fakes import ScriptedModel
from tests.lessons import BENDS, LIGHT, QUESTION
from tests.streams import Event, open_stream, read_events, stored, texts_of
from tests.trust.instances import HASTE, REQUEST_SECONDS, impatient_instance, proxied
from tests.trust.invariants import Invariants
from tests.trust.misbehaving import (
    Call,
    Exchange,
    Fault,
    Proxy,
    answer,
    be_silent,
    delta,
    event,
    refusal,
    refuse_as_model,
    reset,
    stream,
)
from tests.trust.report import Promise

pytestmark = pytest.mark.promise("A broken answer is kept, told as broken, and billed once")

CITED = f'<cite passage="1">{BENDS}</cite>'
BEGUN = [delta("It bends, größer 😀 "), delta(CITED)]
SHOWN = "It bends, größer 😀 [1]"
ENDED = [
    delta("", "stop"),
    event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}),
    b"data: [DONE]\n\n",
]
GOOD = [*BEGUN, *ENDED]


async def drip(exchange: Exchange) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            word = delta(" more")
            await exchange.send(b"%x\r\n%s\r\n" % (len(word), word))
            await asyncio.sleep(0.1)


def raw(text: str) -> bytes:
    return f"data: {text}\n\n".encode()


BROKEN: dict[str, Fault] = {
    "ends without its terminal event": stream(*BEGUN),
    "is cut within a chunk": stream(*BEGUN, is_cut=True),
    "is reset": stream(*BEGUN, ending=reset),
    "stalls": stream(*BEGUN, ending=be_silent),
    "drips for ever": stream(*BEGUN, ending=drip),
    "sends what is no JSON": stream(*BEGUN, raw("{oops"), *ENDED),
    "sends bytes that are no text": stream(*BEGUN, b'data: {"a": "\xff"}\n\n', *ENDED),
    "sends parts in the place of text": stream(
        *BEGUN, raw('{"choices": [{"delta": {"content": [{"text": "more"}]}}]}'), *ENDED
    ),
    "sends a list": stream(*BEGUN, raw("[]"), *ENDED),
    "sends choices that are none": stream(*BEGUN, raw('{"choices": "x"}'), *ENDED),
    "sends no delta": stream(*BEGUN, raw('{"choices": [{"delta": null}]}'), *ENDED),
    "sends an error": stream(*BEGUN, raw('{"error": {"message": "no", "code": "x"}}')),
    "says that it was too long": stream(*BEGUN, delta("", "length"), *ENDED[1:]),
    "says that it was filtered": stream(*BEGUN, delta("", "content_filter"), *ENDED[1:]),
    "declines in the middle": stream(*BEGUN, refusal("I cannot go on."), *ENDED),
}
ODD: dict[str, Fault] = {
    "comes byte by byte": stream(*[bytes([byte]) for piece in GOOD for byte in piece]),
    "comes in one piece": stream(b"".join(GOOD)),
    "holds an event of 64 KB": stream(event(choices=[], filler="x" * 65_536), *GOOD),
    "holds empty deltas": stream(delta(""), delta(None), *GOOD),
    "ends twice": stream(*GOOD, *ENDED),
    "holds an event that nobody knows": stream(b'event: ping\ndata: {"a": 1}\n\n', *GOOD),
    "holds comments": stream(b": still here\n\n", *GOOD),
    "says nothing of its usage": stream(*BEGUN, delta("", "stop"), b"data: [DONE]\n\n"),
}
UNBEGUN: dict[str, Fault] = {
    "never begins": be_silent,
    "begins and stalls": stream(ending=be_silent),
    "is HTML": answer(200, "<h1>Welcome</h1>", "text/html"),
    "ends at once": stream(),
    "is reset at once": reset,
    "declines": stream(refusal("I cannot "), refusal("help with that."), *ENDED),
    "is refused for good": refuse_as_model(400, "invalid_request_error"),
    "is refused for the key": refuse_as_model(401, "invalid_api_key"),
}


def is_chat(_: int, call: Call) -> bool:
    return call.path.endswith("/chat/completions")


@pytest.fixture
def proxy(
    stack: Stack, configuration: Configuration, model: ScriptedModel, student: Student
) -> Generator[Proxy]:
    student.upload("light.md", LIGHT)
    assert not model.prompts
    with proxied(stack, configuration, **HASTE) as proxy:
        yield proxy


@pytest.fixture
def invariants(ground: Ground, promise: Promise) -> Generator[Invariants]:
    invariants = Invariants(ground)
    yield invariants
    promise.check(not (found := invariants.broken()), f"{found}")


def ask(student: Student, proxy: Proxy, fault: Fault) -> tuple[list[Event], dict[str, Any], float]:
    """Return the events of a streamed answer, the stored query, and the seconds it took."""
    proxy.arm(fault, is_chat)
    started_at = time.monotonic()
    with impatient_instance(), open_stream(student, QUESTION) as response:
        events = list(read_events(response))
    seconds = time.monotonic() - started_at
    proxy.watch()
    [query] = stored(student)
    return events, query, seconds


@pytest.mark.usefixtures("invariants")
@pytest.mark.parametrize("how", BROKEN)
def test_an_answer_that_breaks_is_kept_and_never_answered(
    how: str, student: Student, proxy: Proxy, promise: Promise
) -> None:
    events, query, seconds = ask(student, proxy, BROKEN[how])

    is_told = events[-1][0] == "error" or events[-1][1]["query"]["status"] == "interrupted"
    promise.check(is_told, f"{how}: {events[-1]}")
    is_ours = events[-1][1].get("type") == "about:blank"
    promise.check(not is_ours, f"{how}: told as a mistake of our own")
    promise.check(query["status"] == "interrupted", f"{how}: {query['status']}")
    promise.check(query["response"].startswith(SHOWN), f"{how}: {query['response']}")
    promise.check(texts_of(events) == query["response"], f"{how}: shown and stored differ")
    promise.check(len(query["citations"]) == 1, f"{how}: {query['citations']}")
    promise.check(seconds < REQUEST_SECONDS + 4, f"{how}: took {seconds:.1f} s")


@pytest.mark.usefixtures("invariants")
@pytest.mark.parametrize("how", ODD)
def test_an_answer_that_comes_oddly_is_whole(
    how: str, student: Student, proxy: Proxy, promise: Promise
) -> None:
    events, query, _ = ask(student, proxy, ODD[how])

    promise.check(events[-1][0] == "done", f"{how}: {events[-1]}")
    promise.check((query["status"], query["response"]) == ("answered", SHOWN), f"{how}: {query}")


@pytest.mark.usefixtures("invariants")
@pytest.mark.parametrize("how", UNBEGUN)
def test_an_answer_that_never_begins_has_failed(
    how: str, student: Student, proxy: Proxy, promise: Promise
) -> None:
    events, query, seconds = ask(student, proxy, UNBEGUN[how])

    name, document = events[-1]
    promise.check(name == "error" and document["status"] in (502, 503), f"{how}: {events[-1]}")
    promise.check((query["status"], query["response"]) == ("failed", ""), f"{how}: {query}")
    promise.check(seconds < REQUEST_SECONDS + 4, f"{how}: took {seconds:.1f} s")


class TestRefusals:
    """What the endpoint says before the first byte: only what passes is tried again."""

    def chat_calls(self, student: Student, proxy: Proxy, fault: Fault, times: int) -> list[Event]:
        self.started_at = time.monotonic()
        met: list[Call] = []

        def meets(_: int, call: Call) -> bool:
            met.extend([call] if is_chat(0, call) else [])
            return is_chat(0, call) and len(met) <= times

        proxy.arm(fault, meets)
        with impatient_instance(), open_stream(student, QUESTION) as response:
            events = list(read_events(response))
        self.calls, self.seconds = len(met), time.monotonic() - self.started_at
        return events

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_that_pass_are_not_seen(
        self, status: int, student: Student, proxy: Proxy, model: ScriptedModel
    ) -> None:
        model.says = f"It bends {CITED}."

        events = self.chat_calls(student, proxy, refuse_as_model(status, None), 2)

        assert (events[-1][0], self.calls) == ("done", 3)
        assert events[-1][1]["query"]["status"] == "answered"

    def test_that_last_are_told_after_three_calls(self, student: Student, proxy: Proxy) -> None:
        events = self.chat_calls(student, proxy, refuse_as_model(503, None), 99)

        assert (events[-1][0], events[-1][1]["status"], self.calls) == ("error", 503, 3)

    def test_that_name_a_time_are_given_it(
        self, student: Student, proxy: Proxy, model: ScriptedModel, configuration: Configuration
    ) -> None:
        configuration.change(answer_deadline=timedelta(seconds=30))
        model.says = f"It bends {CITED}."
        fault = refuse_as_model(429, "rate_limit_exceeded", Retry_After="2")

        events = self.chat_calls(student, proxy, fault, 1)

        assert (events[-1][0], self.calls) == ("done", 2)
        assert self.seconds >= 2

    def test_that_name_a_long_time_are_passed_on(self, student: Student, proxy: Proxy) -> None:
        fault = refuse_as_model(429, "rate_limit_exceeded", Retry_After="600")

        events = self.chat_calls(student, proxy, fault, 99)

        assert (events[-1][0], self.calls) == ("error", 1)
        assert events[-1][1]["retry_after_seconds"] == 600

    def test_for_money_are_asked_once_and_raise_the_alarm(
        self, student: Student, proxy: Proxy
    ) -> None:
        said: list[str] = []
        ear = logging.Handler()
        ear.emit = lambda record: said.append(record.getMessage())
        logging.getLogger("lectern").addHandler(ear)

        events = self.chat_calls(student, proxy, refuse_as_model(429, "insufficient_quota"), 99)

        logging.getLogger("lectern").removeHandler(ear)
        assert (events[-1][1]["status"], self.calls) == (503, 1)
        alarms = [json.loads(line) for line in said if '"error"' in line]
        assert [alarm["event"] for alarm in alarms] == ["the model endpoint is out of quota"]

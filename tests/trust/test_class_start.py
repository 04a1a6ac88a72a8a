"""A class signs in at the beginning of a lesson: nobody waits long, and who reads is not kept waiting."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.accounts import new_user, sign_in
from tests.conftest import Configuration
from tests.trust.report import Promise
from tests.trust.timing import percentile

pytestmark = [pytest.mark.promise("A class that signs in starves nobody"), pytest.mark.alone]

Size = Callable[..., int]


@pytest.fixture
def one_core() -> Generator[None]:
    """Let the functions, and whoever asks them, share one core; only Linux can."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    _pin(set(sorted(cores)[:1]))
    yield
    _pin(cores)


def _pin(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir() if cores else ():
        # A thread may end meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


@dataclass(frozen=True)
class School:
    """A class that signs in, each in a browser of their own, and somebody who reads lists meanwhile."""

    reader: httpx.Client
    pupils: list[tuple[httpx.Client, str]]

    def come(self, seconds: float) -> tuple[list[float], list[float]]:
        """Let them arrive evenly over so long; return how long each waited, and how long each list took."""
        is_over, lists = threading.Event(), list[float]()

        def read() -> None:
            while not is_over.is_set():
                lists.append(_timed(lambda: self.reader.get("/api/upload")))

        def arrive(place: int) -> float:
            threading.Event().wait(place * seconds / len(self.pupils))  # as through a door
            return _timed(lambda: sign_in(*self.pupils[place]))

        reading = threading.Thread(target=read)
        reading.start()
        with ThreadPoolExecutor(len(self.pupils)) as threads:
            waits = list(threads.map(arrive, range(len(self.pupils))))
        is_over.set()
        reading.join()
        return waits, lists


@pytest.fixture
def school(
    configuration: Configuration, new_client: Callable[[], httpx.Client], size: Size
) -> School:
    reader = new_client()
    new_user(reader)
    with ThreadPoolExecutor(8) as threads:
        browsers = [new_client() for _ in range(size(full=35, short=7))]
        pupils = list(zip(browsers, threads.map(new_user, browsers), strict=True))
    configuration.change(bcrypt_cost=10)
    for pupil in pupils:
        sign_in(*pupil)  # which hashes the password as in production
    return School(reader, pupils)


@pytest.mark.usefixtures("one_core")
class TestClassStart:
    def test_within_ten_seconds_on_one_core(self, school: School, promise: Promise):
        seconds = len(school.pupils) * 10 / 35
        calm = [_timed(lambda: school.reader.get("/api/upload")) for _ in range(50)]

        waits, lists = school.come(seconds)

        p95 = percentile(waits, 0.95)
        promise.figure(f"sign-in, p95 of {len(waits)} in {seconds:.0f} s", f"{p95:.2f} s")
        promise.figure("a list meanwhile, p95", f"{percentile(lists, 0.95) * 1000:.0f} ms")
        promise.figure("a list before, p95", f"{percentile(calm, 0.95) * 1000:.0f} ms")
        promise.check(p95 <= 3, f"sign-in took {p95:.2f} s")

    def test_all_at_the_same_moment_hash_behind_those_who_read(
        self, school: School, promise: Promise
    ):
        """Hashed on the event loop, most passwords would come before the next list."""
        waits, lists = school.come(0)

        promise.figure("all at once: the last is in after", f"{max(waits):.2f} s")
        promise.figure("lists answered meanwhile", str(len(lists)))
        promise.figure("the longest wait for one of them", f"{max(lists):.2f} s")
        promise.check(
            len(lists) >= len(waits), f"{len(lists)} lists while {len(waits)} people signed in"
        )


def _timed(ask: Callable[[], httpx.Response]) -> float:
    started_at = time.perf_counter()
    answer = ask()
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - started_at

"""The queue of passwords to hash: one at a time per core, and nobody waits too long."""

import threading

import anyio
import pytest

from lib.domain.problems import Busy
from lib.services.hashing import HashingQueue


def test_who_would_wait_longer_than_ten_seconds_is_told_when_to_come_back():
    queue = HashingQueue(workers=1, seconds=4)

    with queue.place(), queue.place(), queue.place(), pytest.raises(Busy) as refusal, queue.place():
        pass

    assert refusal.value.retry_after_seconds == 12


def test_twice_the_cores_take_twice_as_many():
    queue = HashingQueue(workers=2, seconds=4)

    with queue.place(), queue.place(), queue.place(), queue.place():
        pass


def test_a_place_is_given_back_when_the_work_fails():
    queue = HashingQueue(workers=1, seconds=11)

    with pytest.raises(ZeroDivisionError), queue.place():
        _ = 1 // 0

    with queue.place():
        pass


def test_as_many_at_a_time_as_workers():
    queue = HashingQueue(workers=2)
    both_are_in = threading.Barrier(2)
    running: list[int] = []
    most: list[int] = []

    def work() -> None:
        running.append(1)
        both_are_in.wait(timeout=5)
        most.append(len(running))
        both_are_in.wait(timeout=5)
        running.pop()

    async def run_four() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(queue.run, work)

    anyio.run(run_four)

    assert most == [2, 2, 2, 2]


def test_learns_how_long_a_hash_takes():
    queue = HashingQueue(workers=1, seconds=100)

    async def run_many() -> None:
        for _ in range(50):
            await queue.run(lambda: None)

    anyio.run(run_many)

    with queue.place(), queue.place():
        pass

"""The simulation of bench/simulate.py behaves as queues do."""

import random

import pytest

from bench.queueing import Allowance, Instance, Instances, Platform, Station, Take, Visit, World


def serve(
    station: Station, world: World, seconds: float, waits: list[float], patience: float = 1e9
) -> Visit:
    arrived_at = world.now
    if not (yield Take(station, patience)):
        waits.append(-1)
        return
    waits.append(world.now - arrived_at)
    yield seconds
    station.leave(world)


def test_who_comes_later_waits_for_who_came_before():
    world, station, waits = World(), Station("desk", 1), []
    for at in (0.0, 1.0, 2.0):
        world.arrive(at, serve(station, world, 3.0, waits))

    world.run()

    assert waits == [0, 2, 4]


def test_two_places_serve_two():
    world, station, waits = World(), Station("desk", 2), []
    for _ in range(4):
        world.arrive(0.0, serve(station, world, 3.0, waits))

    world.run()

    assert waits == [0, 0, 3, 3]


def test_who_loses_patience_leaves_and_takes_no_place():
    world, station, waits = World(), Station("desk", 1), []
    world.arrive(0.0, serve(station, world, 10.0, waits))
    world.arrive(1.0, serve(station, world, 10.0, waits, patience=2.0))
    world.arrive(2.0, serve(station, world, 10.0, waits))

    world.run()

    assert waits == [0, -1, 8]
    assert station.places == 1


def test_the_mean_wait_is_that_of_the_theory():
    # One place, chance arrivals, 80 % busy: rho / (mu - lambda) = 0.8 / 0.2 (Kleinrock, M/M/1).
    chance, world, station, waits = random.Random(1), World(), Station("desk", 1), []  # noqa: S311
    at = 0.0
    for _ in range(40_000):
        at += chance.expovariate(0.8)
        world.arrive(at, serve(station, world, chance.expovariate(1.0), waits))

    world.run()

    assert sum(waits) / len(waits) == pytest.approx(4.0, rel=0.15)


def test_an_allowance_is_refilled_as_time_goes():
    allowance = Allowance(60)

    spent = [allowance.spend(40, now) for now in (0.0, 1.0, 21.0, 22.0)]

    assert spent == [True, False, True, False]


def test_an_allowance_keeps_no_more_than_its_most():
    allowance = Allowance(60, most=3)

    spent = [allowance.spend(1, now) for now in (0.0, 0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 100.0)]

    assert spent == [True, True, True, False, True, True, True, False]


@pytest.mark.parametrize(
    ("before", "spent"), [(59.0, [True, False, True]), (60.0, [False, False, True])]
)
def test_an_allowance_begins_with_what_is_left_of_it(before: float, spent: list[bool]):
    allowance = Allowance(60, before_a_minute=before)

    assert [allowance.spend(60, now) for now in (0.0, 0.0, 60.0)] == spent


def platform(most: int, requests_per_instance: int, burst: float = 1_000) -> Platform:
    return Platform(most, requests_per_instance, connections_per_instance=100, burst=burst)


def test_an_instance_takes_as_many_requests_as_may_share_it():
    instances = Instances(platform(most=2, requests_per_instance=3))

    entered = [instances.enter(0.0) for _ in range(7)]

    numbers = [entry.number for entry in entered if isinstance(entry, Instance)]
    assert numbers == [1, 1, 1, 2, 2, 2]
    assert entered[6] == "instances of the function"
    assert instances.started == 2


def test_a_request_goes_where_one_has_left_before_another_instance_is_started():
    instances = Instances(platform(most=9, requests_per_instance=1))
    for instance in [instances.enter(0.0), instances.enter(0.0)][::-1]:
        assert isinstance(instance, Instance)
        instances.leave(instance)

    again = [instances.enter(0.0), instances.enter(0.0), instances.enter(0.0)]

    assert [entry.number for entry in again if isinstance(entry, Instance)] == [1, 2, 3]


def test_no_more_instances_are_started_than_the_platform_starts_in_the_time():
    instances = Instances(platform(most=9, requests_per_instance=1, burst=2), running=1)

    entered = [instances.enter(now) for now in (0.0, 0.0, 0.0, 0.0, 5.0, 5.0)]

    # One ran, two at once; after half of ten seconds there is one more.
    assert [isinstance(entry, Instance) for entry in entered] == [True] * 3 + [False, True, False]
    assert entered[3] == "instances that the platform starts in ten seconds"

"""A small simulation of queues: visitors pass stations that have so many places, wait in line, and may lose patience."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

# What a visitor does next: seconds to spend, or a place to take (and whether it was had in time comes back).
Step = "float | Take"
Visit = Generator["float | Take", bool, None]


class Station:
    """So many places, taken in the order of arrival."""

    def __init__(self, name: str, places: int) -> None:
        self.name, self.places = name, places
        self.line: deque[Waiting] = deque()
        self.most_waiting = 0

    def leave(self, world: "World") -> None:
        while self.line:
            waiting = self.line.popleft()
            if not waiting.has_left:
                world.resume(waiting.visit, had_place=True, waiting=waiting)
                return
        self.places += 1


@dataclass
class Instance:
    """A process that serves some requests at a time, with one processor for all of them."""

    number: int
    processor: Station
    requests: int = 0


class Instances:
    """Instances that are started as they are needed; a request goes to the one that was started first and has room."""

    def __init__(self, most: int, requests_per_instance: int) -> None:
        self._most, self._sharing = most, requests_per_instance
        self._with_room: list[tuple[int, Instance]] = []
        self.started = 0

    def enter(self) -> Instance | None:
        """Return the instance that takes a request, or None where all are full and no more may be started."""
        if not self._with_room:
            if self.started == self._most:
                return None
            self._start()
        _, instance = self._with_room[0]
        instance.requests += 1
        if instance.requests == self._sharing:
            heapq.heappop(self._with_room)
        return instance

    def leave(self, instance: Instance) -> None:
        if instance.requests == self._sharing:
            heapq.heappush(self._with_room, (instance.number, instance))
        instance.requests -= 1

    def _start(self) -> None:
        self.started += 1
        instance = Instance(self.started, Station("a processor of the function", 1))
        heapq.heappush(self._with_room, (instance.number, instance))


@dataclass(frozen=True)
class Take:
    """Take a place at a station, waiting so long at most."""

    station: Station
    patience_seconds: float = 8.0


@dataclass
class Waiting:
    visit: Visit
    has_left: bool = False


class Allowance:
    """So much a minute, refilled all the time, as providers count requests and tokens."""

    def __init__(self, a_minute: float) -> None:
        self._most = self._left = a_minute
        self._at = 0.0

    def spend(self, amount: float, now: float) -> bool:
        """Return whether so much was left; then it is spent."""
        self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True


@dataclass
class World:
    """What happens when; time starts at 0 and jumps from event to event."""

    now: float = 0.0
    _events: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def run(self) -> None:
        while self._events:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    def arrive(self, at: float, visit: Visit) -> None:
        self._plan(at, lambda: self._go_on(visit, None))

    def resume(self, visit: Visit, *, had_place: bool, waiting: Waiting) -> None:
        waiting.has_left = True
        self._go_on(visit, had_place)

    def _plan(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def _go_on(self, visit: Visit, answer: bool | None) -> None:  # noqa: FBT001 - what a generator is sent
        try:
            step = next(visit) if answer is None else visit.send(answer)
        except StopIteration:
            return
        if isinstance(step, Take):
            self._take(step, visit)
        else:
            self._plan(self.now + step, lambda: self._go_on(visit, answer=True))

    def _take(self, take: Take, visit: Visit) -> None:
        station = take.station
        if station.places > 0:
            station.places -= 1
            self._plan(self.now, lambda: self._go_on(visit, answer=True))
            return
        waiting = Waiting(visit)
        station.line.append(waiting)
        station.most_waiting = max(station.most_waiting, len(station.line))
        self._plan(self.now + take.patience_seconds, lambda: self._give_up(waiting))

    def _give_up(self, waiting: Waiting) -> None:
        if not waiting.has_left:
            self.resume(waiting.visit, had_place=False, waiting=waiting)

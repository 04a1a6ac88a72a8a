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
    connections: Station
    requests: int = 0


class Allowance:
    """So much a minute, refilled all the time, as providers count requests and tokens; at most `most` is kept."""

    def __init__(
        self, a_minute: float, most: float | None = None, *, before_a_minute: float = 0.0
    ) -> None:
        """Begin with what is left of it by whoever spent `before_a_minute` all the time before: all, or nothing."""
        self._a_minute = a_minute
        self._most = a_minute if most is None else most
        self._left = self._most if before_a_minute < a_minute else 0.0
        self._at = 0.0

    def spend(self, amount: float, now: float) -> bool:
        """Return whether so much was left; then it is spent."""
        self._left = min(self._most, self._left + (now - self._at) * self._a_minute / 60)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True


@dataclass(frozen=True)
class Platform:
    """How a platform starts instances: so many at most, and each with what."""

    most: int
    requests_per_instance: int
    connections_per_instance: int
    # So many of them in one moment, and as many again in each ten seconds.
    burst: float


class Instances:
    """Instances that are started as they are needed; a request goes to the one that was started first and has room."""

    def __init__(self, platform: Platform, running: int = 0) -> None:
        """Begin with so many that are `running`: what came before needed them."""
        self._platform = platform
        self._starts = Allowance(platform.burst * 6, most=platform.burst)
        self._with_room: list[tuple[int, Instance]] = []
        self.started = 0
        for _ in range(min(running, platform.most)):
            self._start()

    def enter(self, now: float) -> Instance | str:
        """Return the instance that takes a request, or why there is none."""
        if not self._with_room:
            if self.started == self._platform.most:
                return "instances of the function"
            if not self._starts.spend(1, now):
                return "instances that the platform starts in ten seconds"
            self._start()
        _, instance = self._with_room[0]
        instance.requests += 1
        if instance.requests == self._platform.requests_per_instance:
            heapq.heappop(self._with_room)
        return instance

    def leave(self, instance: Instance) -> None:
        if instance.requests == self._platform.requests_per_instance:
            heapq.heappush(self._with_room, (instance.number, instance))
        instance.requests -= 1

    def _start(self) -> None:
        self.started += 1
        connections = self._platform.connections_per_instance
        instance = Instance(
            self.started,
            Station("a processor of the function", 1),
            Station("connections of the function to Supabase", connections),
        )
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
        self._plan(self.now + take.patience_seconds, lambda: self._give_up(waiting))

    def _give_up(self, waiting: Waiting) -> None:
        if not waiting.has_left:
            self.resume(waiting.visit, had_place=False, waiting=waiting)

"""What breaks first at 30, 3,000 and 3,000,000 students: `make bench B=simulate`, a simulation, because one machine cannot show it.

Service times are measured (bench/scale.py, bench/cost.py), limits are those of docs/scale.md, and how students behave is assumed,
below. Each size is run as it comes and again with what is turned. The baseline of a time is what an empty house takes.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.figures import Figure, percentile, report
from bench.queueing import Allowance, Station, Take, Visit, World

_SECONDS = 120
# Assumed: at the busiest, a tenth of all students is there, asks 4 questions an hour, and three times that for some minutes;
# and a lecturer may have a whole course ask within 10 s.
_AT_ONCE, _AN_HOUR, _RUSH, _COURSE_SECONDS = 0.1, 4, 3, 10.0
# Work of Postgres. Measured: 2.5 ms for the ranking of 1,000 chunks of one's own, 0.2 ms for the rest of begin_query and as much for
# finish_query, 0.1 ms for a list; taken larger by far, for slower processors and for sign-ins.
_RANKING_SECONDS, _WRITING_SECONDS, _OTHER_SECONDS = 0.004, 0.003, 0.006
# Assumed: one embedding, and 300 tokens of answer at 40 a second after half a second.
_EMBEDDING_SECONDS, _ANSWER_SECONDS = 0.15, 8.0
_TOKENS = 2_500  # measured: 2,120 of prompt; and the answer
_HOURS_A_DAY = 10


@dataclass(frozen=True, kw_only=True)
class House:
    """What a deployment has. Limits that are no place in a line are per minute."""

    students: int
    course: int
    instances: int
    cores: int
    connections: int
    requests_a_minute: float
    tokens_a_minute: float
    # One row counts the whole deployment's tokens: who writes it holds it until the commit is on disk.
    counter_rows: int = 1
    commit_seconds: float = 0.002
    daily_tokens: float = 20e6

    def tokens_a_day(self) -> float:
        """What a busy day takes, without its rushes."""
        return self.students * _AT_ONCE * _AN_HOUR * _HOURS_A_DAY * _TOKENS


@dataclass
class Outcome:
    asked: int
    waits: list[float]
    refused: Counter[str]

    def share_answered(self) -> float:
        return 1 - self.refused.total() / self.asked


class Simulation:
    """One house for two minutes of its busiest hour, with a course that asks all at once."""

    def __init__(self, house: House, seed: int = 1) -> None:
        self._house, self._random, self.world = house, random.Random(seed), World()  # noqa: S311 - no secret
        self._instances = Station("instances of the function", house.instances)
        self._connections = Station("connections of the Data API", house.connections)
        self._cores = Station("processors of Postgres", house.cores)
        self._counters = [
            Station("the row that counts tokens", 1) for _ in range(house.counter_rows)
        ]
        self._requests = Allowance(house.requests_a_minute)
        self._tokens = Allowance(house.tokens_a_minute)
        self.outcome = Outcome(0, [], Counter())

    def run(self) -> Outcome:
        for at in self._arrivals():
            self.outcome.asked += 1
            self.world.arrive(at, self._question())
        self.world.run()
        return self.outcome

    def _arrivals(self) -> Iterator[float]:
        rate = self._house.students * _AT_ONCE * _AN_HOUR * _RUSH / 3_600
        at = self._random.expovariate(rate)
        while at < _SECONDS:
            yield at
            at += self._random.expovariate(rate)
        for _ in range(self._house.course):
            yield _SECONDS / 2 + self._random.uniform(0, _COURSE_SECONDS)

    def _question(self) -> Visit:
        arrived_at = self.world.now
        if not (yield Take(self._instances, 0.0)):
            self.outcome.refused[self._instances.name] += 1
            return
        trouble = yield from self._begin()
        if not trouble:
            self.outcome.waits.append(self.world.now - arrived_at)
            yield self._about(_ANSWER_SECONDS)
            trouble = yield from self._query(_WRITING_SECONDS)
        if trouble:
            self.outcome.refused[trouble] += 1
        self._instances.leave(self.world)

    def _begin(self) -> "Iterator[float | Take]":
        yield self._about(_EMBEDDING_SECONDS)
        trouble = yield from self._query(_OTHER_SECONDS + _RANKING_SECONDS + _WRITING_SECONDS)
        if trouble:
            return trouble
        if not self._requests.spend(1, self.world.now):
            return "requests a minute of the provider"
        if not self._tokens.spend(_TOKENS, self.world.now):
            return "tokens a minute of the provider"
        return None

    def _query(self, seconds: float) -> "Iterator[float | Take]":
        """Hold a connection, a processor for the work, and the counter until the commit."""
        if not (yield Take(self._connections)):
            return self._connections.name
        if not (yield Take(self._cores)):
            self._connections.leave(self.world)
            return self._cores.name
        yield self._about(seconds)
        self._cores.leave(self.world)
        counter = self._random.choice(self._counters)
        if not (yield Take(counter)):
            self._connections.leave(self.world)
            return counter.name
        yield self._house.commit_seconds
        counter.leave(self.world)
        self._connections.leave(self.world)
        return None

    def _about(self, seconds: float) -> float:
        return self._random.gammavariate(4, seconds / 4)


# As they come: Supabase's smallest paid compute, a provider's first tier, an AWS account's default.
_CLASS = House(
    students=30,
    course=30,
    instances=1_000,
    cores=2,
    connections=10,
    requests_a_minute=500,
    tokens_a_minute=500e3,
)
_THOUSANDS = replace(_CLASS, students=3_000, course=300)
_MILLIONS = replace(_CLASS, students=3_000_000, course=3_000)
_THIRD_TIER = {"requests_a_minute": 5e3, "tokens_a_minute": 4e6}
_LARGEST = replace(
    _MILLIONS,
    instances=30_000,
    cores=64,
    connections=200,
    requests_a_minute=30e3,
    tokens_a_minute=180e6,
    daily_tokens=1e12,
)
_HOUSES = {
    "30 students, as it comes": _CLASS,
    "30 students, an AWS account of 10 instances": replace(_CLASS, instances=10),
    "3,000 students, as it comes": _THOUSANDS,
    "3,000 students, third tier, 100 million tokens a day": replace(
        _THOUSANDS, **_THIRD_TIER, daily_tokens=100e6
    ),
    "3,000,000 students, as it comes": _MILLIONS,
    "3,000,000 students, one deployment at its highest": _LARGEST,
    "3,000,000 students, and the counter in 16 rows": replace(_LARGEST, counter_rows=16),
    "3,000,000 students, and a provider without limits": replace(
        _LARGEST, counter_rows=16, requests_a_minute=1e9, tokens_a_minute=1e12
    ),
    "3,000,000 students in 100 deployments, one of them": replace(
        _MILLIONS, **_THIRD_TIER, students=30_000, course=300, cores=4, connections=40,
        daily_tokens=1e9,
    ),
}  # fmt: skip


def main() -> None:
    empty = _EMBEDDING_SECONDS + _OTHER_SECONDS + _RANKING_SECONDS + _WRITING_SECONDS
    for name, house in _HOUSES.items():
        outcome = Simulation(house).run()
        day = Figure("tokens of a busy day", house.tokens_a_day(), "", house.daily_tokens, aim=1)
        figures = [
            Figure("asked in two minutes", outcome.asked, ""),
            Figure("answered", outcome.share_answered(), "share", aim=1.0, more_is_better=True),
            day,
        ]
        if outcome.waits:
            figures += [
                Figure(
                    f"until the model is asked, p{percent}",
                    percentile(outcome.waits, percent),
                    "s",
                    baseline=empty,
                )
                for percent in (50, 95)
            ]
        figures += [
            Figure(f"refused by: {reason}", count / outcome.asked, "share")
            for reason, count in outcome.refused.most_common()
        ]
        report(f"Simulated: {name}", figures)


if __name__ == "__main__":
    main()

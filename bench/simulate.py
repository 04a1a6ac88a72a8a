"""What breaks first at 30, 3,000 and 3,000,000 students: `make bench B=simulate`, a simulation, because one machine cannot show it.

Service times are measured (bench/scale.py, bench/question.py), limits are those of docs/scale.md (bench/houses.py), and how students
behave is assumed, below. Each size is run as it comes and again with what is turned. The baseline of a time is what an empty
house takes. What is tried again after a refusal is left out: it is a tenth of the calls at most.
"""

import math
import random
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

from bench.figures import Figure, percentile, report
from bench.houses import GROWING, HOUSES, STUDENTS, House
from bench.pictures import Axes, draw
from bench.prices import QUESTION_ANSWER_TOKENS, QUESTION_EMBEDDED_TOKENS
from bench.question import ANSWER_SECONDS, QUESTION_SECONDS, TOKEN_SECONDS, own_seconds
from bench.queueing import Allowance, Instance, Instances, Platform, Station, Take, Visit, World

_SECONDS = 120
# Assumed: at the busiest, a tenth of all students is there, asks 4 questions an hour, and three times that for some minutes;
# and a lecturer may have a whole course ask within 10 s.
_AT_ONCE, _AN_HOUR, _RUSH, _COURSE_SECONDS = 0.1, 4, 3, 10.0
# Work of Postgres. Measured: 9.5 ms for the ranking of 5,000 chunks of one's own (bench/scale.py), ten times as many as assumed of a
# student; by hand 0.2 ms for the rest of begin_query and as much for finish_query, 0.1 ms for a list. Taken larger by far, for slower
# processors and for sign-ins.
_RANKING_SECONDS, _WRITING_SECONDS, _OTHER_SECONDS = 0.004, 0.003, 0.006
# An answer is sent on in so many pieces, each as the model has written it.
_PIECES = 16
# Assumed: one embedding.
_EMBEDDING_SECONDS = 0.15
# What an instance opens to Supabase at most (lib/adapters/transport.py).
_CONNECTIONS = 100
_TOKENS = 2_500  # measured: 2,120 of prompt; and the answer
_HOURS_A_DAY = 10
# A file of 30 pages: the tokens of its two batches (lib/services/slices.py: 32 chunks first; bench/cost.py: 1.6 chunks and 260 tokens
# a page), and the seconds for each, half as much again as bench/ingestion.py waits. The page has two files of a student's read at a time.
_FILE_BATCHES, _BATCH_SECONDS, _FILES_AT_ONCE = (5_200, 2_600), 0.3, 2

Trouble = Generator[float | Take, bool, str | None]


@dataclass
class Outcome:
    """What became of the questions, and of the files that were added meanwhile."""

    asked: int = 0
    waits: list[float] = field(default_factory=list[float])
    # How long after the model each answer ends.
    behind: list[float] = field(default_factory=list[float])
    refused: Counter[str] = field(default_factory=Counter[str])
    without_embedding: int = 0
    files: int = 0
    files_refused: int = 0
    rows_closed: int = 0
    counter_seconds: float = 0.0

    def share_answered(self) -> float:
        return 1 - self.refused.total() / self.asked


class Simulation:
    """One house for two minutes of its busiest hour, with a course that asks all at once."""

    def __init__(self, house: House, seed: int = 1) -> None:
        self._house, self._random, self.world = house, random.Random(seed), World()  # noqa: S311 - no secret
        self.instances = Instances(
            Platform(house.instances, house.requests_per_instance, _CONNECTIONS, house.burst),
            running=_needed_before(house),
        )
        self._connections = Station("connections of the Data API", house.connections)
        self._cores = Station("processors of Postgres", house.cores)
        self._counters = [
            Station("the row that counts tokens", 1) for _ in range(house.counter_rows)
        ]
        before, tier = 60 * _ordinary_rate(house), house.provider
        self._requests = Allowance(tier.requests, before_a_minute=before)
        self._tokens = Allowance(tier.tokens, before_a_minute=before * _TOKENS)
        self._embedding_requests = Allowance(tier.embedding_requests, before_a_minute=before)
        self._embedding_tokens = Allowance(
            tier.embedding_tokens, before_a_minute=before * QUESTION_EMBEDDED_TOKENS
        )
        self.outcome = Outcome()

    def run(self) -> Outcome:
        for at in self._arrivals():
            self.outcome.asked += 1
            self.world.arrive(at, self._question())
        for at in self._additions():
            self.world.arrive(at, self._add_files())
        self.world.run()
        return self.outcome

    def _arrivals(self) -> Iterator[float]:
        rate = _ordinary_rate(self._house) * _RUSH
        at = self._random.expovariate(rate)
        while at < _SECONDS:
            yield at
            at += self._random.expovariate(rate)
        for _ in range(self._house.course):
            yield self._when_the_course_acts()

    def _additions(self) -> Iterator[float]:
        if self._house.files_each:
            for _ in range(self._house.course * _FILES_AT_ONCE):
                yield self._when_the_course_acts()

    def _when_the_course_acts(self) -> float:
        return _SECONDS / 2 + self._random.uniform(0, _COURSE_SECONDS)

    def _question(self) -> Visit:
        arrived_at = self.world.now
        instance = self.instances.enter(arrived_at)
        if isinstance(instance, str):
            self.outcome.refused[instance] += 1
            return
        trouble = yield from self._answer(instance, arrived_at)
        if trouble:
            self.outcome.refused[trouble] += 1
        self.instances.leave(instance)

    def _answer(self, instance: Instance, arrived_at: float) -> Trouble:
        yield from self._work(instance, QUESTION_SECONDS / 2)
        if not self._may_embed(QUESTION_EMBEDDED_TOKENS):
            self.outcome.without_embedding += 1  # the words alone find the passages
        yield self._about(_EMBEDDING_SECONDS)
        trouble = yield from self._query(
            instance, _OTHER_SECONDS + _RANKING_SECONDS + _WRITING_SECONDS
        )
        if trouble:
            return trouble
        trouble = self._ask_model()
        if not trouble:
            self.outcome.waits.append(self.world.now - arrived_at)
            yield from self._send_on(instance)
        yield from self._work(instance, QUESTION_SECONDS / 2)
        # The row is there: it is closed, whatever the model said.
        unsaved = yield from self._query(instance, _WRITING_SECONDS)
        self.outcome.rows_closed += unsaved is None
        return trouble or unsaved

    def _add_files(self) -> Visit:
        """Have half of a student's files read, one after the other. What Postgres and the function do for it is left out."""
        for _ in range(self._house.files_each // _FILES_AT_ONCE):
            self.outcome.files += 1
            for tokens in _FILE_BATCHES:
                if not self._may_embed(tokens):
                    self.outcome.files_refused += 1
                    break
                yield self._about(_BATCH_SECONDS)

    def _may_embed(self, tokens: float) -> bool:
        now = self.world.now
        return self._embedding_requests.spend(1, now) and self._embedding_tokens.spend(tokens, now)

    def _ask_model(self) -> str | None:
        if not self._requests.spend(1, self.world.now):
            return "requests a minute of the provider"
        if not self._tokens.spend(_TOKENS, self.world.now):
            return "tokens a minute of the provider"
        return None

    def _send_on(self, instance: Instance) -> Visit:
        """Send what the model writes, as soon as it is written and the instance's processor gets to it."""
        began, seconds = self.world.now, self._about(ANSWER_SECONDS)
        if self._house.requests_per_instance == 1:
            yield seconds  # nobody else is at the processor, and it is quicker than any model
            return
        for piece in range(1, _PIECES + 1):
            yield max(0.0, began + seconds * piece / _PIECES - self.world.now)
            yield from self._work(instance, QUESTION_ANSWER_TOKENS * TOKEN_SECONDS / _PIECES)
        self.outcome.behind.append(self.world.now - began - seconds)

    def _work(self, instance: Instance, seconds: float) -> Visit:
        """Hold the instance's processor for about so long."""
        yield Take(instance.processor, float("inf"))
        yield self._about(seconds)
        instance.processor.leave(self.world)

    def _query(self, instance: Instance, seconds: float) -> Trouble:
        """Hold one of the instance's connections for a call to the database."""
        if not (yield Take(instance.connections)):
            return instance.connections.name
        trouble = yield from self._hold(seconds)
        instance.connections.leave(self.world)
        return trouble

    def _hold(self, seconds: float) -> Trouble:
        """Hold a connection of the Data API, a processor for the work, and the counter until the commit."""
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
        if self.world.now <= _SECONDS:
            self.outcome.counter_seconds += self._house.commit_seconds
        counter.leave(self.world)
        self._connections.leave(self.world)
        return None

    def _about(self, seconds: float) -> float:
        return self._random.gammavariate(4, seconds / 4)


def _ordinary_rate(house: House) -> float:
    """Return how many questions a second the hour has, before the rush begins."""
    return house.students * _AT_ONCE * _AN_HOUR / 3_600


def _needed_before(house: House) -> int:
    """Return how many instances the ordinary questions of the hour keep busy."""
    seconds = QUESTION_SECONDS + _EMBEDDING_SECONDS + ANSWER_SECONDS
    return math.ceil(_ordinary_rate(house) * seconds / house.requests_per_instance)


def _figures(house: House, simulation: Simulation, outcome: Outcome) -> Iterator[Figure]:
    asked = outcome.asked
    yield Figure("asked in two minutes", asked, "")
    yield Figure("answered", outcome.share_answered(), "share", aim=1.0, more_is_better=True)
    a_day = house.students * _AT_ONCE * _AN_HOUR * _HOURS_A_DAY * _TOKENS
    yield Figure("tokens of a busy day, its rushes left out", a_day, "", house.daily_tokens, aim=1)
    yield from _waits(outcome)
    yield Figure("instances at the most", simulation.instances.started, "", house.instances)
    yield Figure("asked without an embedding", outcome.without_embedding / asked, "share")
    held = outcome.counter_seconds / _SECONDS / house.counter_rows
    yield Figure("of the time, the row that counts tokens is held", held, "share")
    if outcome.files:
        yield Figure("files added", outcome.files, "")
        yield Figure("files that break off", outcome.files_refused / outcome.files, "share")
    for reason, count in outcome.refused.most_common():
        yield Figure(f"refused by: {reason}", count / asked, "share")


def _as_certain(figure: Figure) -> Figure:
    """Give what is compared the noise of what is the same in every run."""
    return replace(figure, noise=0.0) if figure.is_compared else figure


def _waits(outcome: Outcome) -> Iterator[Figure]:
    empty = QUESTION_SECONDS / 2 + _EMBEDDING_SECONDS
    empty += _OTHER_SECONDS + _RANKING_SECONDS + _WRITING_SECONDS
    for percent in (50, 95) if outcome.waits else ():
        wait = percentile(outcome.waits, percent)
        yield Figure(f"until the model is asked, p{percent}", wait, "s", empty)
    if outcome.behind:
        yield Figure("an answer ends after the model, p95", percentile(outcome.behind, 95), "s")
        at_a_time = ANSWER_SECONDS / own_seconds()
        yield Figure("answers at a time that a processor keeps up with", at_a_time, "")


def _draw_growth() -> None:
    """Draw what share of the questions is answered as a deployment's students become more."""
    lines = {
        name: [
            (students, Simulation(house_of(students)).run().share_answered())
            for students in STUDENTS
        ]
        for name, house_of in GROWING.items()
    }
    axes = Axes(x="students of one deployment", y="share answered", is_x_logarithmic=True)
    draw("simulation", "Questions answered at the busiest, as a course asks", axes, lines)


def main() -> None:
    for name, house in HOUSES.items():
        simulation = Simulation(house)
        figures = _figures(house, simulation, simulation.run())
        report(f"Simulated: {name}", [_as_certain(figure) for figure in figures])
    _draw_growth()


if __name__ == "__main__":
    main()

"""Say which figures worsened, against bench/baseline.json: `make bench-check`.

Reads what the benches left in the folder BENCH_RESULTS. `--record` makes them the baseline instead, and leaves alone
what was not measured now. Every ratio and every cost is compared: by three times the noise that both runs measured, or where one of
them measured none by a fixed share of what it was. Which of the two it was is said, and so is an aim that was lost.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, read_results

BASELINE = Path(__file__).parent / "baseline.json"
# Half an interquartile range is two thirds of a standard deviation: by three of it a run is off by chance once in twenty.
_NOISES = 3
# A hundredth more is nothing, however steady two runs were.
_LEAST_NOISE_SHARE = 0.01
# For a figure of one run, which does not know its noise. Of those that do the most restless, the wall time of a cold start, has
# half an interquartile range of a quarter (baseline.json): a standard deviation of a third, and of the difference of two runs a half.
TOLERANCE = 0.5
# For what hangs on no clock: peak memory moves by 1 %, the dollars of a question by less (bench/cost.py).
STEADY_TOLERANCE = 0.05
_STEADY_UNITS = ("MB", "kB", "bytes", "$", "share")


@dataclass(frozen=True)
class Record:
    """A score as it was; without a noise where it was measured once."""

    score: float
    noise: float | None


Records = dict[str, dict[str, Record]]


@dataclass(frozen=True)
class Change:
    """A figure beside what was recorded of it; `worse_by` is negative where it got better.

    `allowed` is the noise of both runs where `has_noise`, else the tolerance.
    """

    table: str
    figure: Figure
    was: Record
    worse_by: float
    allowed: float
    has_noise: bool

    @property
    def has_lost_its_aim(self) -> bool:
        return self.figure.meets(self.was.score) and not self.figure.meets(self.figure.score)

    @property
    def has_reached_its_aim(self) -> bool:
        return self.figure.meets(self.figure.score) and not self.figure.meets(self.was.score)

    @property
    def _may_be_chance(self) -> bool:
        # What crosses its aim within the noise may be back in the next run; a tolerance is wider than any noise.
        return bool(self.was.noise or self.figure.noise)

    @property
    def is_worse(self) -> bool:
        lost = self.has_lost_its_aim and not self._may_be_chance
        return self.worse_by > self.allowed or lost

    @property
    def is_better(self) -> bool:
        reached = self.has_reached_its_aim and not self._may_be_chance
        return self.worse_by < -self.allowed or reached


def find_changes(records: Records, results: dict[str, list[Figure]]) -> Iterator[Change]:
    """Yield every figure that is compared, and was measured now and then."""
    for table, figures in results.items():
        for figure in figures:
            was = records.get(table, {}).get(figure.name)
            if was is not None and figure.is_compared:
                yield _compare(table, figure, was)


def _compare(table: str, figure: Figure, was: Record) -> Change:
    grown = figure.score - was.score
    noise = _noise_of_both(figure, was)
    return Change(
        table,
        figure,
        was,
        worse_by=-grown if figure.more_is_better else grown,
        allowed=abs(was.score) * _tolerance(figure) if noise is None else noise,
        has_noise=noise is not None,
    )


def _noise_of_both(figure: Figure, was: Record) -> float | None:
    if figure.noise is None or was.noise is None:
        return None
    # Either measurement may be off by its own noise; two that have nothing to do with each other add as squares.
    both = _NOISES * math.hypot(was.noise, figure.noise)
    noise = max(both, abs(was.score) * _LEAST_NOISE_SHARE)
    # Twice as much is worse, however restless the runs were; of next to nothing twice as much may still be far below the aim.
    return min(noise, max(abs(was.score), abs(figure.aim or 0)))


def _tolerance(figure: Figure) -> float:
    return STEADY_TOLERANCE if figure.unit in _STEADY_UNITS else TOLERANCE


def find_missing(records: Records, results: dict[str, list[Figure]]) -> list[str]:
    """Return what is recorded and was not measured now."""
    measured = {(table, figure.name) for table, figures in results.items() for figure in figures}
    return [
        f"{table}: {name}"
        for table, figures in records.items()
        for name in figures
        if (table, name) not in measured
    ]


def find_new(records: Records, results: dict[str, list[Figure]]) -> list[str]:
    """Return what is compared and was measured, but never recorded."""
    return [
        f"{table}: {figure.name}"
        for table, figures in results.items()
        for figure in figures
        if figure.is_compared and figure.name not in records.get(table, {})
    ]


def as_records(results: dict[str, list[Figure]]) -> Records:
    """Return of `results` what can be compared later."""
    return {
        table: {
            figure.name: Record(
                _short(figure.score), None if figure.noise is None else _short(figure.noise)
            )
            for figure in figures
            if figure.is_compared
        }
        for table, figures in results.items()
    }


def _short(number: float) -> float:
    """Return it with five digits that mean something: a price may be far below a cent."""
    return float(f"{number:.5g}")


def read_records(path: Path) -> Records:
    document = json.loads(path.read_text("utf-8"))
    return {
        table: {name: Record(**record) for name, record in figures.items()}
        for table, figures in document.items()
    }


def write_records(path: Path, records: Records) -> None:
    """Write one line a figure, so that a change reads as one."""
    tables = [
        f'  "{table}": {{\n'
        + ",\n".join(
            f"    {json.dumps(name, ensure_ascii=False)}: "
            f'{{"score": {record.score}, "noise": {json.dumps(record.noise)}}}'
            for name, record in figures.items()
        )
        + "\n  }"
        for table, figures in sorted(records.items())
        if figures
    ]
    path.write_text("{\n" + ",\n".join(tables) + "\n}\n", encoding="utf-8")


def describe(change: Change) -> str:
    """Return a line on a figure: what it was and is, what was allowed, by which comparison, and a lost aim."""
    words = {(True, False): "WORSE", (False, True): "better"}
    word = words.get((change.is_worse, change.is_better), "")
    scores = f"{change.was.score:.3g} → {change.figure.score:.3g}"
    kind = "its noise" if change.has_noise else "tolerance, one run"
    aim = f"; its aim of {change.figure.aim:g} is lost" if change.has_lost_its_aim else ""
    told = f"{scores} (±{change.allowed:.2g}, {kind}){aim}"
    return f"{word:7} {change.table}: {change.figure.name}: {told}"


def _tell(changes: list[Change], missing: list[str], new: list[str]) -> None:
    for change in changes:
        if change.is_worse or change.is_better or change.has_lost_its_aim:
            print(describe(change))
    for text, names in (("not measured", missing), ("not recorded yet", new)):
        if names:
            print(f"{text}: {len(names)}, such as {names[0]}")
    with_noise = [change for change in changes if change.has_noise]
    once = [change for change in changes if not change.has_noise]
    print(
        f"{sum(c.is_worse for c in with_noise)} of {len(with_noise)} figures worsened by more than the noise that they measured, "
        f"{sum(c.is_worse for c in once)} of {len(once)} of one run by more than {TOLERANCE:.0%} "
        f"({STEADY_TOLERANCE:.0%} where no clock enters), or beyond their aim."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="make these figures the baseline")
    parser.add_argument("--whole", action="store_true", help="and forget what is not among them")
    arguments = parser.parse_args()
    results = read_results(Path(os.environ["BENCH_RESULTS"]))
    records = read_records(BASELINE) if BASELINE.exists() else {}
    if arguments.record:
        write_records(BASELINE, ({} if arguments.whole else records) | as_records(results))
        return
    changes = list(find_changes(records, results))
    _tell(changes, find_missing(records, results), find_new(records, results))
    sys.exit(any(change.is_worse for change in changes))


if __name__ == "__main__":
    main()

"""Say which figures worsened by more than the noise, against bench/baseline.json: `make bench-check`.

Reads what the benches left in the folder BENCH_RESULTS. `--record` makes them the baseline instead, and leaves alone
what was not measured now. Figures whose noise was measured are compared; of one run, whether they still meet their aim.
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
# A hundredth more is nothing, however steady two runs were.
_LEAST_NOISE_SHARE = 0.01


@dataclass(frozen=True)
class Record:
    """A score as it was; without a noise where it was measured once."""

    score: float
    noise: float | None


Records = dict[str, dict[str, Record]]


@dataclass(frozen=True)
class Change:
    """A figure beside what was recorded of it; `worse_by` is negative where it got better.

    Of a figure that was measured once it says whether the aim was crossed: 1, -1 or 0.
    """

    table: str
    figure: Figure
    was: Record
    worse_by: float
    noise: float

    @property
    def is_worse(self) -> bool:
        return self.worse_by > self.noise

    @property
    def is_better(self) -> bool:
        return self.worse_by < -self.noise


def find_changes(records: Records, results: dict[str, list[Figure]]) -> Iterator[Change]:
    """Yield every figure that was measured now and then."""
    for table, figures in results.items():
        for figure in figures:
            was = records.get(table, {}).get(figure.name)
            if was is None:
                continue
            if was.noise is not None and figure.noise is not None:
                yield _compare(table, figure, was, math.hypot(was.noise, figure.noise))
            elif figure.aim is not None:
                crossed = figure.meets(was.score) - figure.meets(figure.score)
                yield Change(table, figure, was, worse_by=crossed, noise=0)


def _compare(table: str, figure: Figure, was: Record, both: float) -> Change:
    # Either measurement may be off by its own noise; two that have nothing to do with each other add as squares.
    grown = figure.score - was.score
    return Change(
        table,
        figure,
        was,
        worse_by=-grown if figure.more_is_better else grown,
        noise=max(both, abs(was.score) * _LEAST_NOISE_SHARE),
    )


def find_missing(records: Records, results: dict[str, list[Figure]]) -> list[str]:
    """Return what is recorded and was not measured now."""
    measured = {(table, figure.name) for table, figures in results.items() for figure in figures}
    return [
        f"{table}: {name}"
        for table, figures in records.items()
        for name in figures
        if (table, name) not in measured
    ]


def as_records(results: dict[str, list[Figure]]) -> Records:
    """Return of `results` what can be compared later."""
    return {
        table: {
            figure.name: Record(
                round(figure.score, 4), None if figure.noise is None else round(figure.noise, 4)
            )
            for figure in figures
            if figure.noise is not None or figure.aim is not None
        }
        for table, figures in results.items()
    }


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


def _tell(changes: list[Change], missing: list[str]) -> None:
    for change in changes:
        if change.is_worse or change.is_better:
            word = "WORSE" if change.is_worse else "better"
            scores = f"{change.was.score:.3g} → {change.figure.score:.3g}"
            print(f"{word:7} {change.table}: {change.figure.name}: {scores} (±{change.noise:.2g})")
    if missing:
        print(f"not measured: {len(missing)}, such as {missing[0]}")
    worse = sum(change.is_worse for change in changes)
    print(f"{worse} of {len(changes)} figures worsened by more than the noise.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="make these figures the baseline")
    arguments = parser.parse_args()
    results = read_results(Path(os.environ["BENCH_RESULTS"]))
    records = read_records(BASELINE) if BASELINE.exists() else {}
    if arguments.record:
        write_records(BASELINE, records | as_records(results))
        return
    changes = list(find_changes(records, results))
    _tell(changes, find_missing(records, results))
    sys.exit(any(change.is_worse for change in changes))


if __name__ == "__main__":
    main()

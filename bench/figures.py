"""What a bench has measured: figures beside a baseline of the same run, printed as a table.

Where BENCH_RESULTS names a folder, each table is also left there as JSON: bench/check.py compares it with what was
recorded in bench/baseline.json.
"""

import itertools
import json
import os
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# Of these, more is worse wherever a figure does not say otherwise. A bare number only tells how much was measured.
_COSTS = ("ms", "s", "MB", "kB", "bytes", "$", "share")


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Args:
        name: What was measured, unique in its table.
        value: The number, by the median of the runs.
        unit: Of value and baseline.
        baseline: The floor, or the alternative, measured in the same run.
        noise: How far the score (see there) moves from run to run; bench/check.py allows for it.
        aim: The score that is wanted: at most so much.
        more_is_better: The aim is at least so much instead.
        is_only_told: Not of what the product does, and so never better or worse.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    noise: float | None = None
    aim: float | None = None
    more_is_better: bool = False
    is_only_told: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def score(self) -> float:
        """What is aimed at and compared: the ratio where there is a baseline, else the value."""
        return self.value if self.ratio is None else self.ratio

    @property
    def is_compared(self) -> bool:
        """Tell whether more of it is better or worse: a ratio, a cost, what has an aim or a noise."""
        has_direction = self.more_is_better or self.unit in _COSTS
        bounds = (self.ratio, self.aim, self.noise)
        return not self.is_only_told and (has_direction or any(b is not None for b in bounds))

    @property
    def is_met(self) -> bool | None:
        return None if self.aim is None else self.meets(self.score)

    def meets(self, score: float) -> bool:
        """Tell whether a score of this figure meets its aim; one without an aim is met by all."""
        if self.aim is None:
            return True
        return score >= self.aim if self.more_is_better else score <= self.aim


def compare(
    name: str,
    unit: str,
    values: Sequence[float],
    baselines: Sequence[float] | None = None,
    *,
    aim: float | None = None,
    more_is_better: bool = False,
) -> Figure:
    """Make a figure of repeated runs; run i of `values` was made beside run i of `baselines`."""
    scores = (
        values if baselines is None else [v / b for v, b in zip(values, baselines, strict=True)]
    )
    baseline = None if baselines is None else statistics.median(baselines)
    return Figure(
        name,
        statistics.median(values),
        unit,
        baseline=baseline,
        noise=half_interquartile_range(scores),
        aim=aim,
        more_is_better=more_is_better,
    )


def compare_blocks(
    name: str,
    unit: str,
    percent: float,
    blocks: Sequence[Sequence[float]],
    baselines: Sequence[Sequence[float]] | None = None,
    *,
    aim: float | None = None,
) -> Figure:
    """Make a figure of a percentile of all values of a run, which by itself has no noise.

    Its noise is how far the percentiles of the blocks lie apart, which is more than it moves itself.
    Block i of `blocks` was made beside block i of `baselines`.
    """
    besides = baselines or [[1.0]] * len(blocks)
    scores = [
        percentile(block, percent) / percentile(beside, percent)
        for block, beside in zip(blocks, besides, strict=True)
    ]
    return Figure(
        name,
        percentile(list(itertools.chain(*blocks)), percent),
        unit,
        baseline=percentile(list(itertools.chain(*baselines)), percent) if baselines else None,
        noise=half_interquartile_range(scores),
        aim=aim,
    )


def in_blocks(values: Sequence[float], count: int = 5) -> list[Sequence[float]]:
    """Split the values of a run, in their order, into so many blocks, or one for each where they are fewer."""
    count = min(count, len(values))
    ends = [len(values) * index // count for index in range(count + 1)]
    return [values[start:end] for start, end in itertools.pairwise(ends)]


def only_told(figures: Iterable[Figure]) -> list[Figure]:
    """Return figures of what the product does not do: printed, and never better or worse."""
    return [replace(figure, is_only_told=True) for figure in figures]


def half_interquartile_range(values: Sequence[float]) -> float | None:
    """Return how far the middle half of `values` lies from its middle, or None for too few."""
    if len(values) < 3:  # noqa: PLR2004 - two runs have no middle half
        return None
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return (third - first) / 2


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def report(title: str, figures: Sequence[Figure]) -> None:
    """Print the figures as a table, and leave them as JSON where BENCH_RESULTS says."""
    header = ("", "baseline", "figure", "unit", "ratio", "aim", "noise", "")
    lines = [header, *(_cells(figure) for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    print(f"\n{title}")
    for name, *numbers in lines:
        cells = [f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True)]
        print("  ".join([f"{name:<{widths[0]}}", *cells]).rstrip(), flush=True)
    if folder := os.environ.get("BENCH_RESULTS"):
        _leave(Path(folder), title, figures)


def slug(title: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.more_is_better else "≤"
    return (
        figure.name,
        _number(figure.baseline),
        _number(figure.value),
        figure.unit,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.aim is None else f"{sign} {figure.aim:g}",
        "" if figure.noise is None else f"±{_number(figure.noise)}",
        {None: "", True: "met", False: "NOT met"}[figure.is_met],
    )


def _number(value: float | None) -> str:
    """Show three digits that mean something, and never an exponent."""
    if value is None:
        return ""
    if abs(value) >= 100:  # noqa: PLR2004 - three digits before the point
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"  # noqa: PLR2004 - two digits


def _leave(folder: Path, title: str, figures: Sequence[Figure]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = {"title": title, "figures": [asdict(figure) for figure in figures]}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (folder / f"{slug(title)}.json").write_text(text, encoding="utf-8")


def read_results(folder: Path) -> dict[str, list[Figure]]:
    """Return the figures that were left in `folder`, by the slug of their table."""
    return {
        path.stem: [Figure(**figure) for figure in json.loads(path.read_text("utf-8"))["figures"]]
        for path in sorted(folder.glob("*.json"))
    }

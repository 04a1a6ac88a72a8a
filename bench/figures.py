"""What a bench has measured: figures beside a baseline of the same run, printed as a table.

Where BENCH_RESULTS names a folder, each table is also left there as JSON: bench/check.py compares it with what was
recorded in bench/baseline.json.
"""

import json
import os
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


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
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    noise: float | None = None
    aim: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def score(self) -> float:
        """What is aimed at and compared: the ratio where there is a baseline, else the value."""
        return self.value if self.ratio is None else self.ratio

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

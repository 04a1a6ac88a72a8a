"""Growth curves as SVG in docs/bench/: the same numbers always make the same file.

matplotlib stands in a dependency group of its own, `bench`, which `make bench` installs; without it a bench prints its
tables all the same. BENCH_PICTURES names another folder.
"""

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DOCUMENTS = Path(__file__).parent.parent / "docs" / "bench"
# One look for all of them. Text stays text, so that a picture can be searched and is small.
_STYLE = {
    "svg.hashsalt": "lectern",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What the two axes say, and whether they grow by factors."""

    x: str
    y: str
    is_x_logarithmic: bool = False
    is_y_logarithmic: bool = False


def draw(name: str, title: str, axes: Axes, lines: Mapping[str, Points]) -> None:
    """Write `<name>.svg`: one line with its points for each name in `lines`."""
    try:
        matplotlib: Any = importlib.import_module("matplotlib")
        pyplot: Any = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        print(f"{name}.svg is not drawn: `make bench` installs what draws.")
        return
    pyplot.switch_backend("svg")
    with matplotlib.rc_context(_STYLE):
        figure, plot = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        for label, points in lines.items():
            plot.plot(*zip(*points, strict=True), marker="o", label=label)
        _describe(plot, title, axes)
        folder = Path(os.environ.get("BENCH_PICTURES") or _DOCUMENTS)
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None})
        pyplot.close(figure)


def _describe(plot: Any, title: str, axes: Axes) -> None:
    plot.set(title=title, xlabel=axes.x, ylabel=axes.y)
    if axes.is_x_logarithmic:
        plot.set_xscale("log")
    if axes.is_y_logarithmic:
        plot.set_yscale("log")
    else:
        plot.set_ylim(bottom=0)
    plot.legend()

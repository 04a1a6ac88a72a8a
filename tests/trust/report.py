"""The one table of `make test-trust`: each promise, in how many cases it was tried, how many failed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

_MOST_SHOWN = 10


@dataclass
class Score:
    """What is known of one promise.

    Attributes:
        cases: How often it was put to the test.
        failures: The cases in which it was broken.
        figures: What was measured beside, for reading.
        peaks: Of what was measured, the most that any test saw.
    """

    cases: int = 0
    failures: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    def note_peak(self, name: str, value: float) -> None:
        self.peaks[name] = max(value, self.peaks.get(name, value))


@dataclass
class Ledger:
    """All promises of a run, in the order in which they were first tried."""

    scores: dict[str, Score] = field(default_factory=dict)

    def score(self, promise: str) -> Score:
        return self.scores.setdefault(promise, Score())

    def add(self, scores: dict[str, dict[str, Any]]) -> None:
        """Add what another process found, as `as_plain` of its ledger says it."""
        for promise, found in scores.items():
            score = self.score(promise)
            score.cases += found["cases"]
            score.failures += found["failures"]
            score.figures |= found["figures"]
            for name, value in found["peaks"].items():
                score.note_peak(name, value)

    def as_plain(self) -> dict[str, dict[str, Any]]:
        return {promise: asdict(score) for promise, score in self.scores.items()}

    def render(self) -> list[str]:
        """Return the table: promise, cases, failures; under each promise its figures."""
        width = max(map(len, self.scores), default=0)
        lines = [f"{'promise':<{width}}  {'cases':>7}  {'failures':>8}"]
        for promise, score in self.scores.items():
            lines.append(f"{promise:<{width}}  {score.cases:>7,}  {len(score.failures):>8,}")
            lines += [f"    {name}: {value}" for name, value in score.figures.items()]
            lines += [f"    {name}, at most: {value:,.0f}" for name, value in score.peaks.items()]
        cases = sum(score.cases for score in self.scores.values())
        failures = sum(len(score.failures) for score in self.scores.values())
        return [*lines, f"{'together':<{width}}  {cases:>7,}  {failures:>8,}"]


class Promise:
    """One test's view of the promise it tries: every case is counted, also after one that failed."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._failed: list[str] = []
        self._is_counted = False

    def count(self, cases: int, failures: Iterable[str] = ()) -> None:
        """Note cases that something else has tried, and which of them failed."""
        failed = list(failures)
        self._is_counted = True
        self._score.cases += cases
        self._score.failures += failed
        self._failed += failed

    def check(self, held: object, case: str) -> None:
        """Note one case; the test goes on whatever came out."""
        self.count(1, [] if held else [case])

    def figure(self, name: str, value: str) -> None:
        """Show a measurement under the promise; it is one test's alone."""
        self._score.figures[name] = value

    def peak(self, name: str, value: float) -> None:
        """Show the most of what several tests measure, whichever process runs them."""
        self._score.note_peak(name, value)

    def close(self, *, has_failed: bool) -> str:
        """Count a test that counted nothing itself as one case; return what to say if cases failed."""
        if not self._is_counted:
            self.count(1, ["the test itself"] if has_failed else [])
            return ""
        if has_failed and not self._failed:
            self.count(0, ["the test broke off"])
            return ""
        more = len(self._failed) - _MOST_SHOWN
        shown = [*self._failed[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        return "\n".join(shown)

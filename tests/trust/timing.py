"""Can one tell two kinds of answers apart by how long they took? Ranks say, medians do not."""

import math
import random
import time
from collections.abc import Callable, Sequence

Kind = Callable[[int], None]


def measure(kinds: Sequence[Kind], count: int, tries: int = 3) -> list[list[float]]:
    """Measure each kind `count` times, interleaved at random, and return the seconds of each.

    A measurement is the best of some tries, as whoever listens would do: what else the machine does
    only ever makes an answer slower.
    """
    order = [kind for kind in range(len(kinds)) for _ in range(count)]
    random.Random(7).shuffle(order)  # noqa: S311 - an order, no secret
    seconds: list[list[float]] = [[] for _ in kinds]
    for kind in order:
        first = len(seconds[kind]) * tries
        seconds[kind].append(min(_timed(kinds[kind], first + number) for number in range(tries)))
    return seconds


def _timed(kind: Kind, number: int) -> float:
    started_at = time.perf_counter()
    kind(number)
    return time.perf_counter() - started_at


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the chance that one of the second took longer than one of the first: 0.5 tells nothing."""
    longer = sum((b > a) + (b == a) / 2 for a in first for b in second)
    return longer / (len(first) * len(second))


def chance(count: int) -> float:
    """Return how far from 0.5 chance alone takes the AUC: three standard deviations; 0.061 at 400."""
    return 3 * math.sqrt((2 * count + 1) / (12 * count**2))


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]

"""Can one tell two kinds of answers apart by how long they took? Ranks say, medians do not."""

import math
import random
import time
from collections.abc import Callable, Sequence

Kind = Callable[[int], None]


def measure(kinds: Sequence[Kind], count: int) -> list[list[float]]:
    """Do each kind `count` times, interleaved at random, and return the seconds of each."""
    order = [kind for kind in range(len(kinds)) for _ in range(count)]
    random.Random(7).shuffle(order)  # noqa: S311 - an order, no secret
    seconds: list[list[float]] = [[] for _ in kinds]
    for kind in order:
        number = len(seconds[kind])
        started_at = time.perf_counter()
        kinds[kind](number)
        seconds[kind].append(time.perf_counter() - started_at)
    return seconds


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the chance that one of the second took longer than one of the first: 0.5 tells nothing."""
    longer = sum((b > a) + (b == a) / 2 for a in first for b in second)
    return longer / (len(first) * len(second))


def chance(count: int) -> float:
    """Return how far from 0.5 chance alone takes the AUC: three standard deviations; 0.061 at 400."""
    return 3 * math.sqrt((2 * count + 1) / (12 * count**2))


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]

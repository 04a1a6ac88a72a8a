"""What bench/scale_alternatives.py says of an index that it does not build."""

import pytest

from bench.figures import Figure
from bench.scale_alternatives import estimate_larger

BUILT = [Figure("build", 31, "s"), Figure("size", 137, "MB")]


def test_ten_times_as_many_take_ten_times_the_room_and_more_than_ten_times_as_long():
    build, size = estimate_larger(BUILT, 100_000)

    assert build.value == pytest.approx(31 * 10 * 6 / 5)
    assert size.value == pytest.approx(1_370)

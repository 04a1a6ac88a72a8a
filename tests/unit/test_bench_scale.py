"""What bench/scale.py holds its aim against, and what it says of how a step was built."""

from bench.population import BEYOND, Building
from bench.scale import Timings, building_figures, call_figures, ranking_figures


def timings(own: int) -> Timings:
    """Make 100 rounds whose RPC is within the aim of 20 ms, and whose call is not."""
    ranking, rpc, calls = [8.0] * 100, [10.0] * 100, [30.0] * 90 + [50.0] * 10
    return Timings(own, ranking, ranking, [1.0] * 100, rpc, calls, [12.0] * 100)


class TestTheAim:
    def test_is_about_the_rpc_and_the_whole_call_by_the_clock(self):
        figures = call_figures("5,000", timings(5_000)) + ranking_figures("5,000", timings(5_000))

        [missed] = [figure for figure in figures if figure.is_met is False]
        assert (missed.name, missed.value, missed.aim) == ("5,000: the call, p95", 50, 20)
        assert [f.name for f in figures if f.is_met] == [
            "5,000: the RPC in Postgres, p95",
            "5,000: calls given up",
        ]

    def test_is_about_a_student_with_5000_chunks(self):
        figures = call_figures("50", timings(50)) + call_figures("more", timings(BEYOND))

        assert [figure.name for figure in figures if figure.aim] == []


def test_what_a_call_takes_beyond_the_cheapest_one_is_told_beside_it():
    told = {figure.name: figure.value for figure in call_figures("5,000", timings(5_000))}

    assert told["5,000: the call, p50"] == 30
    assert told["5,000: beyond the cheapest call, p50"] == 18
    assert told["5,000: beyond the cheapest call, p95"] == 38


def test_what_the_database_took_to_build_a_step_is_told_apart():
    built = Building(copying=2.0, inserting=30.0, vacuuming=4.0)

    figures = building_figures(built, index_seconds=5.0)

    assert [(figure.value, figure.unit) for figure in figures] == [
        (2.0, "s"),
        (30.0, "s"),
        (4.0, "s"),
        (5.0, "s"),
    ]


def test_a_step_that_was_there_already_was_not_built():
    assert building_figures(Building(vacuuming=4.0), index_seconds=5.0) == []

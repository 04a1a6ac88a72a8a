"""What a bench reports: a table, a file to compare, and what counts as worse."""

import json
from pathlib import Path

import pytest

from bench.check import (
    Record,
    as_records,
    describe,
    find_changes,
    find_missing,
    find_new,
    read_records,
    write_records,
)
from bench.figures import (
    Figure,
    compare,
    compare_blocks,
    half_interquartile_range,
    in_blocks,
    only_told,
    percentile,
    read_results,
    report,
)


def figure(value: float, *, baseline: float | None = 100, noise: float | None = 0.05) -> Figure:
    return Figure("upload", value, "ms", baseline=baseline, noise=noise, aim=1.3)


def once(value: float, *, unit: str = "ms", more_is_better: bool = False) -> Figure:
    """Make a figure of one run, without an aim."""
    return Figure("first word, p50", value, unit, more_is_better=more_is_better)


class TestFigures:
    def test_the_aim_is_about_the_ratio_where_there_is_a_baseline(self):
        assert figure(130).is_met
        assert not figure(131).is_met

    def test_the_aim_is_about_the_value_where_there_is_none(self):
        assert Figure("peak", 52, "MB", aim=52).is_met
        assert not Figure("peak", 53, "MB", aim=52).is_met

    def test_more_can_be_better(self):
        assert Figure("recall", 0.99, "", aim=0.98, more_is_better=True).is_met
        assert not Figure("recall", 0.97, "", aim=0.98, more_is_better=True).is_met

    def test_runs_are_compared_in_pairs(self):
        # The machine slows down, and both with it: the ratio does not move.
        compared = compare("auth", "ms", [110, 220, 330], [100, 200, 300])

        assert compared.ratio == pytest.approx(1.1)
        assert compared.noise == pytest.approx(0)

    def test_noise_is_half_of_what_the_middle_half_spans(self):
        assert half_interquartile_range([1, 2, 3, 4, 100]) == 1
        assert half_interquartile_range([1, 2]) is None

    def test_a_percentile_of_blocks_is_that_of_all_values(self):
        # Each block takes ten times the floor beside it.
        blocks = in_blocks([value * 10 for value in range(100)])
        baselines = in_blocks(list(range(100)))

        compared = compare_blocks("question, p80", "ms", 80, blocks, baselines)

        assert (compared.value, compared.baseline, compared.ratio) == (800, 80, 10)

    def test_its_noise_is_how_far_the_blocks_lie_apart(self):
        blocks = [[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4], [100, 100, 100]]

        assert compare_blocks("question, p50", "ms", 50, blocks).noise == 1
        assert compare_blocks("question, p50", "ms", 50, blocks[:2]).noise is None

    def test_a_machine_that_slows_down_from_block_to_block_is_no_noise(self):
        blocks, baselines = [[10, 10], [20, 20], [30, 30]], [[5, 5], [10, 10], [15, 15]]

        assert compare_blocks("question, p50", "ms", 50, blocks, baselines).noise == 0

    def test_blocks_hold_every_value_in_its_order(self):
        assert in_blocks([1, 2, 3, 4, 5, 6, 7], 3) == [[1, 2], [3, 4], [5, 6, 7]]
        assert in_blocks([1, 2], 5) == [[1], [2]]

    def test_a_percentile_is_one_of_the_values(self):
        assert percentile([5, 1, 4, 2, 3], 50) == 3
        assert percentile(range(100), 99) == 99
        assert percentile([7], 99) == 7


class TestReport:
    def test_prints_each_figure_with_its_ratio_and_whether_the_aim_is_met(
        self, capsys: pytest.CaptureFixture[str]
    ):
        report("Cold start", [figure(120), Figure("peak", 53, "MB", aim=52)])

        _, title, _, first, second = capsys.readouterr().out.splitlines()
        assert title == "Cold start"
        assert first.split() == ["upload", "100", "120", "ms", "1.20", "≤", "1.3", "±0.05", "met"]
        assert second.split() == ["peak", "53.0", "MB", "≤", "52", "NOT", "met"]

    def test_leaves_what_can_be_read_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("BENCH_RESULTS", str(tmp_path))

        report("Cold start: peaks", [figure(120)])

        assert read_results(tmp_path) == {"cold-start-peaks": [figure(120)]}


class TestCheck:
    def changes(self, was: Figure, now: Figure):
        return list(find_changes(as_records({"table": [was]}), {"table": [now]}))

    def test_what_moves_within_the_noise_is_not_worse(self):
        # Half of the runs of each are off by up to 0.05, of both together by 0.07; three times that is the rarest of twenty.
        [change] = self.changes(figure(120), figure(140))

        assert not change.is_worse

    def test_what_worsens_beyond_it_is(self):
        [change] = self.changes(figure(120), figure(142))

        assert change.is_worse
        assert not change.is_better

    def test_what_improves_is_not_worse(self):
        [change] = self.changes(figure(120), figure(98))

        assert change.is_better
        assert not change.is_worse

    def test_a_slower_machine_changes_no_ratio(self):
        [change] = self.changes(figure(120), figure(240, baseline=200))

        assert change.worse_by == pytest.approx(0)

    def test_where_more_is_better_less_is_worse(self):
        def recall(value: float) -> Figure:
            return Figure("recall", value, "", noise=0.0, more_is_better=True)

        assert self.changes(recall(0.99), recall(0.9))[0].is_worse
        assert not self.changes(recall(0.9), recall(0.99))[0].is_worse

    def test_a_hundredth_is_nothing_even_where_no_noise_was_seen(self):
        [change] = self.changes(figure(100, noise=0.0), figure(100.9, noise=0.0))

        assert not change.is_worse

    def test_what_was_not_measured_is_named(self):
        records = as_records({"table": [figure(120)]})

        assert find_missing(records, {}) == ["table: upload"]
        assert find_missing(records, {"table": [figure(120)]}) == []

    def test_what_doubles_is_worse_however_restless_it_is(self):
        [change] = self.changes(figure(140, noise=0.1), figure(290, noise=2.0))

        assert change.is_worse

    def test_next_to_nothing_may_double_below_its_aim(self):
        def own(value: float) -> Figure:
            return Figure("own", value, "ms", noise=4.0, aim=15)

        [change] = self.changes(own(1), own(4))

        assert not change.is_worse

    def test_of_one_run_it_counts_whether_it_meets_its_aim(self):
        [within] = self.changes(figure(120, noise=None), figure(129, noise=None))
        [beyond] = self.changes(figure(120, noise=None), figure(131, noise=None))
        [met_again] = self.changes(figure(140, noise=None), figure(129, noise=None))

        assert [change.is_worse for change in (within, beyond)] == [False, True]
        assert met_again.is_better

    def test_of_one_run_what_misses_its_aim_already_may_not_grow_much_further(self):
        [a_bit] = self.changes(figure(140, noise=None), figure(200, noise=None))
        [much] = self.changes(figure(140, noise=None), figure(220, noise=None))

        assert not a_bit.is_worse
        assert much.is_worse
        assert "tolerance, one run" in describe(much)

    def test_of_one_run_a_ratio_or_a_cost_without_an_aim_may_not_either(self):
        ratio = Figure("question", 200, "ms", baseline=100)
        [grown] = self.changes(ratio, Figure("question", 310, "ms", baseline=100))

        assert grown.is_worse
        assert self.changes(once(100), once(151))[0].is_worse
        assert not self.changes(once(100), once(149))[0].is_worse
        assert self.changes(once(100), once(49))[0].is_better

    @pytest.mark.parametrize("unit", ["MB", "kB", "bytes", "$", "share"])
    def test_what_hangs_on_no_clock_may_grow_less(self, unit: str):
        [grown] = self.changes(once(100, unit=unit), once(111, unit=unit))

        assert grown.is_worse

    def test_of_one_run_less_is_worse_where_more_is_better(self):
        def recall(value: float) -> Figure:
            return once(value, unit="", more_is_better=True)

        assert self.changes(recall(0.9), recall(0.4))[0].is_worse
        assert self.changes(recall(0.4), recall(0.9))[0].is_better

    def test_a_noise_that_was_not_recorded_makes_it_a_figure_of_one_run(self):
        [change] = self.changes(figure(140, noise=None), figure(150))

        assert not change.has_noise

    def test_an_aim_that_is_lost_within_the_noise_is_told_and_not_counted(self):
        [change] = self.changes(figure(128), figure(132))

        assert not change.is_worse
        assert "its aim of 1.3 is lost" in describe(change)
        assert "its noise" in describe(change)

    def test_what_is_only_counted_or_told_is_not_compared(self):
        answers = Figure("answers", 7_986, "")
        [not_ours] = only_told([figure(120)])

        assert self.changes(answers, answers) == []
        assert self.changes(not_ours, not_ours) == []
        assert as_records({"table": [answers, not_ours]}) == {"table": {}}

    def test_a_price_far_below_a_cent_is_recorded(self):
        records = as_records({"table": [once(0.0000003, unit="$")]})

        assert records["table"]["first word, p50"] == Record(3e-07, None)

    def test_what_was_never_recorded_is_named(self):
        records = as_records({"table": [figure(120)]})
        results = {"table": [figure(120), once(5), Figure("answers", 3, "")]}

        assert find_new(records, results) == ["table: first word, p50"]

    def test_the_record_has_a_line_for_each_figure(self, tmp_path: Path):
        path, records = tmp_path / "baseline.json", as_records({"table": [figure(120)]})

        write_records(path, records)

        assert read_records(path) == records
        assert json.loads(path.read_text()) == {"table": {"upload": {"score": 1.2, "noise": 0.05}}}
        assert '    "upload": {"score": 1.2, "noise": 0.05}\n' in path.read_text()

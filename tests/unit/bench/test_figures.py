"""The arithmetic under the figures, and how they are shown."""

import pytest

from bench.figures import Report, Spread, Table, percentile, percentiles, ratios


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 1), (1, 1), (49, 49), (50, 50), (50.5, 51), (95, 95), (99, 99), (99.5, 100), (100, 100)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(percent: float, expected: int) -> None:
    assert percentile(range(1, 101), percent) == expected


def test_percentiles_do_not_depend_on_the_order_of_the_values() -> None:
    assert percentiles([3, 1, 2]) == percentiles([1, 2, 3]) == {"p50": 2, "p95": 3, "p99": 3}


def test_every_percentile_of_one_value_is_that_value() -> None:
    assert percentiles([7.5]) == {"p50": 7.5, "p95": 7.5, "p99": 7.5}


def test_percentiles_are_named_after_what_was_asked() -> None:
    assert percentiles(range(1, 1001), (50, 99.9)) == {"p50": 500, "p99.9": 999}


def test_of_nothing_there_is_no_percentile_and_no_spread() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


def test_a_spread_is_the_median_between_lowest_and_highest() -> None:
    assert Spread.of([400, 380.4, 431]) == Spread(400, 380.4, 431)
    assert Spread.of([1, 2, 3, 10]).median == 2.5


@pytest.mark.parametrize(
    ("values", "digits", "shown"),
    [
        ([400, 380.4, 431], 0, "400 (380–431)"),
        ([0.1512, 0.2], 3, "0.176 (0.151–0.200)"),
        ([5, 5], 1, "5.0"),
        ([4], 0, "4"),
    ],
)
def test_a_spread_shows_how_far_apart_the_measurements_were(values: list[float], digits: int, shown: str) -> None:
    assert Spread.of(values).shown(digits) == shown


def test_ratios_are_taken_pair_by_pair() -> None:
    # the ratio of the medians would be 20 / 200 = 0.1
    assert ratios([10, 20, 90], [100, 400, 200]) == Spread(0.1, 0.05, 0.45)


def test_a_measurement_without_its_counterpart_has_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_a_table_is_aligned_markdown() -> None:
    table = Table(("clients", "a second"), [["16, Torg", "400"], ["16, pgbench", "1600"]])
    assert table.markdown().splitlines() == [
        "| clients     | a second |",
        "| ----------- | -------: |",
        "| 16, Torg    |      400 |",
        "| 16, pgbench |     1600 |",
    ]


def test_a_row_with_a_cell_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Table(("one", "two"), [["1"]]).markdown()


def test_a_report_has_its_tables_and_remarks_under_its_title() -> None:
    report = Report("(z) Sleep", [Table(("n",), [["1"]])], {}, ["All slept."])
    assert report.markdown() == "## (z) Sleep\n\n| n |\n| - |\n| 1 |\n\nAll slept."

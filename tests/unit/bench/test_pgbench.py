"""What is read of pgbench's output, and what is written into its scripts."""

import pytest

from bench import pgbench

PRINTED = """pgbench (18.6)
transaction type: script.sql
number of transactions actually processed: 3374
number of failed transactions: {failed} (0.000%)
latency average = 4.745 ms
initial connection time = 21.077 ms
tps = 1686.042315 (without initial connection time)
"""


def test_the_rate_is_read() -> None:
    assert pgbench.rate_told(PRINTED.format(failed=0)) == 1686.042315


@pytest.mark.parametrize("printed", [PRINTED.format(failed=1), "pgbench: error: connection refused", ""])
def test_a_failed_transaction_or_no_rate_is_told(printed: str) -> None:
    with pytest.raises(pgbench.PgbenchFailed):
        pgbench.rate_told(printed)


def test_latencies_are_the_third_column_in_microseconds() -> None:
    log = "0 199 2241 0 1175850568 995598\n0 200 2465 0 1175850568 998079\n"
    assert pgbench.latencies_logged(log) == [0.002241, 0.002465]


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("plain", "'plain'"),
        ("Kari's", "'Kari''s'"),
        ('{"title":null,"ok":true,"n":1}', '\'{"title": null,"ok": true,"n":1}\''),
        ("2100-01-01T12:30:00Z", "'2100-01-01T12:30:00Z'"),
        ("a::b", "'a:: b'"),
    ],
)
def test_a_literal_holds_nothing_that_pgbench_takes_for_a_variable(text: str, literal: str) -> None:
    assert pgbench.quoted(text) == literal

"""Retries come at growing intervals, and end."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.failures import Retrying

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 4), (3, 16), (4, 64), (5, 256), (6, None), (7, None)])
def test_each_wait_is_four_times_longer_and_the_fifth_is_the_last(attempts: int, seconds: int | None) -> None:
    due = Retrying(limit=5, base=timedelta(seconds=1)).due_after(attempts, NOON)
    assert due == (None if seconds is None else NOON + timedelta(seconds=seconds))

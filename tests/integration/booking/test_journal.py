"""How far the journal of erasures is behind, as operators see it; and how many erasures are written at once."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from kernel import journal
from services.booking import metrics
from services.booking.store import erasures
from services.booking.usecases import journal as usecases


def write(counter: Any, folder: Path, *, later: float = 0, most: int = usecases.MOST_AT_ONCE) -> tuple[float, float]:
    """What the two gauges say when the worker has been at work, so many seconds later."""
    with counter.database.transaction() as tx:
        tx.settings = replace(tx.settings, erasure_journal=str(folder))
        tx.now += timedelta(seconds=later)
        usecases.write(tx, most=most)
    return metrics.UNJOURNALED._value.get(), metrics.UNJOURNALED_AGE._value.get()


def erase(counter: Any, count: int = 1) -> None:
    with counter.database.transaction() as tx:
        for _ in range(count):
            erasures.add(tx, uuid4())


@pytest.mark.parametrize(("later", "age"), [(-1, 0), (0, 0), (1, 1), (3600, 3600), (3601, 3601)])
def test_how_long_the_oldest_waits(counter: Any, tmp_path: Path, later: float, age: float) -> None:
    """None that is of a clock ahead of ours waits less than no time."""
    erase(counter)
    assert write(counter, tmp_path / "nowhere", later=later) == (1, age)
    assert write(counter, tmp_path, later=later) == (0, 0)


def test_nothing_waits_where_nobody_was_erased(counter: Any, tmp_path: Path) -> None:
    assert write(counter, tmp_path) == (0, 0)
    assert not (tmp_path / journal.FILE).exists()


@pytest.mark.parametrize(("erased", "left"), [(2, 0), (3, 0), (4, 1)])
def test_the_gauges_count_what_one_turn_leaves(counter: Any, tmp_path: Path, erased: int, left: int) -> None:
    erase(counter, erased)
    assert write(counter, tmp_path, later=5, most=3) == (left, 5 if left else 0)
    assert write(counter, tmp_path, later=5, most=3) == (0, 0)
    assert len(journal.read(str(tmp_path))) == erased

"""What is looked for as times, what is nearest, and what is left of a shared space."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.model.availability import Window, as_near, before_and_after, cost_of_dates, cost_of_days, days_of
from services.booking.model.opening import DAY, Span
from services.booking.model.rules import BookingRules
from services.booking.model.sharing import room_left

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUARTER = 15 * MINUTE
RULES = BookingRules(grid_minutes=15, min_minutes=30, max_minutes=120, notice_minutes=0, horizon_days=9)


def span(begins: int, ends: int) -> Span:
    """So many minutes after noon."""
    return NOON + begins * MINUTE, NOON + ends * MINUTE


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        (Window(first=date(2026, 11, 24), last=date(2026, 11, 24)), [24]),
        (Window(first=date(2027, 3, 27), last=date(2027, 3, 29)), [24, 23, 24]),
        (Window(first=date(2027, 10, 30), last=date(2027, 11, 1)), [24, 25, 24]),
        (Window(first=date(2027, 3, 27), last=date(2027, 3, 28), opens=22 * 60, closes=DAY + 240), [5, 6]),
        (
            Window(first=date(2027, 3, 28), last=date(2027, 3, 28), opens=150, closes=195),
            [],
        ),  # turned about
        (Window(first=date(2026, 11, 23), last=date(2026, 11, 29), weekdays=(1, 7)), [24, 24]),
        (Window(first=date(2026, 11, 24), last=date(2026, 11, 24), weekdays=(1,)), []),
    ],
)
def test_a_window_comes_to_a_time_of_each_day(window: Window, hours: list[int]) -> None:
    assert [(closes - opens) / timedelta(hours=1) for opens, closes in window.spans()] == hours


def test_times_are_on_local_days() -> None:
    window = Window(first=date(2026, 11, 24), last=date(2026, 11, 26))
    assert days_of(window.spans()) == (date(2026, 11, 24), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("minutes", "near"), [(1, 30), (30, 30), (31, 45), (45, 45), (119, 120), (120, 120), (121, 120), (9999, 120)]
)
def test_a_length_that_can_be_had(minutes: int, near: int) -> None:
    assert as_near(RULES, *span(0, minutes)) == near * MINUTE


@pytest.mark.parametrize(
    ("free", "at", "found"),
    [
        ([], 0, []),
        ([(-60, 60)], 0, [(0, 30)]),
        ([(-60, 60)], 7, [(0, 30), (15, 45)]),
        ([(-60, 60)], 30, [(30, 60)]),
        ([(-60, 60)], 31, [(30, 60)]),
        ([(-60, 60)], 45, [(30, 60)]),
        ([(-60, 60)], -60, [(-60, -30)]),
        ([(-60, 60)], -61, [(-60, -30)]),
        ([(-60, -31)], 0, []),
        ([(-90, -60), (-45, -15), (15, 45), (60, 90)], 0, [(-45, -15), (15, 45)]),
        ([(-90, -60), (-45, -30), (15, 30), (60, 90)], 0, [(-90, -60), (60, 90)]),
    ],
)
def test_the_last_before_and_the_first_after(
    free: list[tuple[int, int]], at: int, found: list[tuple[int, int]]
) -> None:
    given = before_and_after([span(*each) for each in free], NOON + at * MINUTE, 2 * QUARTER, QUARTER)
    assert given == [span(*each) for each in found]


def test_room_is_what_nobody_has_taken_at_each_instant() -> None:
    there = [(*span(-30, 30), 10), (*span(15, 45), 5), (*span(30, 90), 10), (*span(60, 90), 0), (*span(200, 210), 7)]
    found = room_left(30, 3, there, *span(0, 120))

    assert [(each.begins_at, each.ends_at, each.people, each.groups) for each in found] == [
        (*span(0, 15), 20, 2),
        (*span(15, 45), 15, 1),  # one goes as another comes
        (*span(45, 60), 20, 2),
        (*span(60, 90), 20, 1),
        (*span(90, 120), 30, 3),
    ]
    assert [each.people for each in room_left(30, 3, [], *span(0, 120))] == [30]


@pytest.mark.parametrize(
    ("days", "explain", "cost"), [(1, False, 1), (7, False, 1), (8, False, 2), (31, False, 5), (1, True, 3)]
)
def test_looking_at_more_days_costs_more(days: int, explain: bool, cost: int) -> None:
    window = Window(first=date(2026, 12, 1), last=date(2026, 12, 1) + timedelta(days=days - 1))
    assert cost_of_days(window, explain=explain) == cost


@pytest.mark.parametrize(("dates", "cost"), [(1, 1), (4, 1), (5, 2), (52, 11), (520, 105)])
def test_looking_at_more_dates_costs_more(dates: int, cost: int) -> None:
    assert cost_of_dates(dates) == cost

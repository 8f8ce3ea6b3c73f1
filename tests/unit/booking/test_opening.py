"""Opening hours: weekly, in local wall time, overnight and over both clock changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.model.opening import DAY, OSLO, Hours, InvalidHours, clock, covered, hours, instant
from services.booking.model.opening_plan import Calendar, OpeningPlan, open_days

ALWAYS = [hours(weekday, "00:00", "24:00") for weekday in range(1, 8)]


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


def open_throughout(weekly: Sequence[Hours], begins_at: datetime, ends_at: datetime) -> bool:
    """Whether it is open all the time by weekly hours alone."""
    first, last = begins_at.astimezone(OSLO).date() - timedelta(days=1), ends_at.astimezone(OSLO).date()
    found = open_days(first, last, OpeningPlan(), weekly, Calendar(lambda _: None))
    return covered([(span.begins_at, span.ends_at) for day in found for span in day.spans], begins_at, ends_at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("opens", "closes", "meant"),
    [
        ("07:00", "23:00", Hours(3, 420, 1380)),
        ("00:00", "24:00", Hours(3, 0, DAY)),
        ("20:00", "02:00", Hours(3, 1200, DAY + 120)),
        ("20:00", "00:00", Hours(3, 1200, DAY)),
        ("23:59", "24:00", Hours(3, 1439, DAY)),
    ],
)
def test_hours_are_read_as_people_write_them(opens: str, closes: str, meant: Hours) -> None:
    assert hours(3, opens, closes) == meant


@pytest.mark.parametrize(
    ("opens", "closes"),
    [("08:00", "08:00"), ("24:00", "02:00"), ("08:60", "09:00"), ("8:00", "09:00"), ("08:00", "24:01"), ("", "10:00")],
)
def test_hours_that_no_clock_shows_are_refused(opens: str, closes: str) -> None:
    with pytest.raises(InvalidHours) as refused:
        hours(1, opens, closes)

    assert refused.value.fields == {"opens": opens, "closes": closes}


@pytest.mark.parametrize(("minutes", "shown"), [(0, "00:00"), (1080, "18:00"), (DAY, "24:00"), (DAY + 120, "02:00")])
def test_minutes_are_shown_as_people_write_them(minutes: int, shown: str) -> None:
    assert clock(minutes) == shown


@pytest.mark.parametrize(
    ("day", "minutes", "meant"),
    [
        (date(2026, 1, 15), 18 * 60, "2026-01-15T17:00"),  # winter time
        (date(2026, 7, 15), 18 * 60, "2026-07-15T16:00"),  # summer time
        (date(2026, 7, 15), DAY, "2026-07-15T22:00"),
        (date(2026, 12, 31), DAY + 120, "2027-01-01T01:00"),
        (date(2026, 3, 29), 119, "2026-03-29T00:59"),  # the last minute before the clock goes forward
        (date(2026, 3, 29), 150, "2026-03-29T01:30"),  # 02:30 is missing: half an hour after the change
        (date(2026, 3, 29), 180, "2026-03-29T01:00"),
        (date(2026, 3, 28), DAY + 180, "2026-03-29T01:00"),
        (date(2026, 10, 25), 119, "2026-10-24T23:59"),
        (date(2026, 10, 25), 120, "2026-10-25T00:00"),
        (date(2026, 10, 25), 150, "2026-10-25T00:30"),  # 02:30 comes twice: the first
        (date(2026, 10, 25), 179, "2026-10-25T00:59"),
        (date(2026, 10, 25), 180, "2026-10-25T02:00"),
    ],
)
def test_wall_time_means_one_instant(day: date, minutes: int, meant: str) -> None:
    assert instant(day, minutes) == utc(meant)


MONDAY = [hours(1, "08:00", "16:00")]


@pytest.mark.parametrize(
    ("begins", "ends", "is_open"),
    [
        ("2026-12-07T08:00", "2026-12-07T16:00", True),
        ("2026-12-07T09:00", "2026-12-07T10:00", True),
        ("2026-12-07T07:59", "2026-12-07T10:00", False),
        ("2026-12-07T15:00", "2026-12-07T16:01", False),
        ("2026-12-07T16:00", "2026-12-07T17:00", False),
        ("2026-12-08T09:00", "2026-12-08T10:00", False),  # a Tuesday
        ("2026-12-14T09:00", "2026-12-14T10:00", True),  # a week later
        ("2026-12-07T09:00", "2026-12-14T10:00", False),
    ],
)
def test_open_within_the_hours_of_the_day(begins: str, ends: str, is_open: bool) -> None:
    assert open_throughout(MONDAY, oslo(begins), oslo(ends)) is is_open


@pytest.mark.parametrize(
    ("begins", "ends", "is_open"),
    [
        ("2026-12-11T20:00", "2026-12-12T02:00", True),  # Friday night
        ("2026-12-12T01:00", "2026-12-12T02:00", True),  # begun after midnight, in Friday's hours
        ("2026-12-12T01:00", "2026-12-12T02:01", False),
        ("2026-12-11T00:30", "2026-12-11T01:00", False),  # the night before is Thursday's
    ],
)
def test_open_overnight(begins: str, ends: str, is_open: bool) -> None:
    assert open_throughout([hours(5, "20:00", "02:00")], oslo(begins), oslo(ends)) is is_open


def test_hours_that_meet_at_midnight_are_as_one() -> None:
    assert open_throughout(ALWAYS, oslo("2026-12-07T23:00"), oslo("2026-12-09T01:00"))


def test_hours_that_overlap_are_as_one() -> None:
    twice = [hours(1, "08:00", "12:00"), hours(1, "09:00", "10:00"), hours(1, "11:00", "16:00")]

    assert open_throughout(twice, oslo("2026-12-07T08:00"), oslo("2026-12-07T16:00"))


def test_a_break_is_closed() -> None:
    broken = [hours(1, "08:00", "12:00"), hours(1, "13:00", "16:00")]

    assert not open_throughout(broken, oslo("2026-12-07T11:00"), oslo("2026-12-07T14:00"))


def test_without_hours_it_is_never_open() -> None:
    assert not open_throughout([], oslo("2026-12-07T11:00"), oslo("2026-12-07T14:00"))


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("2026-03-28T22:00", "2026-03-29T04:00"), ("2026-10-24T22:00", "2026-10-25T04:00")],
)
def test_open_round_the_clock_has_no_gap_when_the_clock_changes(begins: str, ends: str) -> None:
    assert open_throughout(ALWAYS, oslo(begins), oslo(ends))


@pytest.mark.parametrize(
    ("ends", "is_open"),
    [("2026-10-25T00:30", True), ("2026-10-25T00:31", False)],  # UTC; 02:30 local comes at 00:30 and at 01:30
)
def test_closing_in_the_hour_that_comes_twice_is_the_first_time(ends: str, is_open: bool) -> None:
    saturday = [hours(6, "20:00", "02:30")]

    assert open_throughout(saturday, utc("2026-10-24T20:00"), utc(ends)) is is_open


def test_a_weekly_time_stays_on_the_wall_over_the_clock_change() -> None:
    thursday = [hours(4, "18:00", "20:00")]

    assert open_throughout(thursday, utc("2026-10-22T16:00"), utc("2026-10-22T18:00"))
    assert open_throughout(thursday, utc("2026-10-29T17:00"), utc("2026-10-29T19:00"))

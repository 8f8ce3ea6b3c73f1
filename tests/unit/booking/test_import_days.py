"""Days and hours of events in files, in weeks when the clock changes: days are of the calendar, hours pass."""

from datetime import UTC, datetime, timedelta

import pytest

from services.booking.model.opening import OSLO
from services.booking.model.recurrence import Length, Occurrence, Recurrence
from services.booking.model.rules import LONGEST
from services.booking.recurrence import dates_of
from tests.calendar_files import NOW, event, faults, ics, reading

BUSY = "TRANSP:OPAQUE"


def spans(*properties: str) -> list[tuple[str, str]]:
    """When each date of an event is, by the clock on the wall."""
    file = reading(ics(event(BUSY, when=properties)))
    assert faults(file) == [None] * len(file.rows)
    return [(_wall(row.begins_at), _wall(row.ends_at)) for row in file.rows]


def _wall(at: datetime | None) -> str:
    assert at is not None
    return f"{at.astimezone(OSLO):%m-%d %H:%M}"


@pytest.mark.parametrize(
    "length",
    ["DTEND;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270326", "DURATION:P1D", ""],
)
def test_whole_days_stay_whole_in_march(length: str) -> None:
    when = ("DTSTART;VALUE=DATE:20270326", *([length] if length else []), "RRULE:FREQ=DAILY;COUNT=4")
    assert spans(*when) == [
        ("03-26 00:00", "03-27 00:00"),
        ("03-27 00:00", "03-28 00:00"),
        ("03-28 00:00", "03-29 00:00"),
        ("03-29 00:00", "03-30 00:00"),
    ]


def test_whole_days_stay_whole_in_october() -> None:
    when = ("DTSTART;VALUE=DATE:20271030", "DTEND;VALUE=DATE:20271101", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert spans(*when) == [
        ("10-30 00:00", "11-01 00:00"),
        ("11-06 00:00", "11-08 00:00"),
        ("11-13 00:00", "11-15 00:00"),
    ]


def test_whole_days_listed_one_by_one_and_moved_from_a_date_on() -> None:
    when = ("DTSTART;VALUE=DATE:20270320", "DURATION:P1W", "RDATE;VALUE=DATE:20270327,20271030")
    assert spans(*when) == [
        ("03-20 00:00", "03-27 00:00"),
        ("03-27 00:00", "04-03 00:00"),
        ("10-30 00:00", "11-06 00:00"),
    ]
    daily = event(BUSY, "RRULE:FREQ=DAILY;COUNT=3", when=("DTSTART;VALUE=DATE:20270326",))
    onwards = event(
        BUSY, "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270327", when=("DTSTART;VALUE=DATE:20270327",)
    )
    rows = reading(ics(daily, onwards)).rows
    assert [(_wall(row.begins_at), _wall(row.ends_at)) for row in rows] == [
        ("03-26 00:00", "03-27 00:00"),
        ("03-27 00:00", "03-28 00:00"),
        ("03-28 00:00", "03-29 00:00"),
    ]


def test_days_that_microsoft_writes_as_times_are_days() -> None:
    when = (
        "DTSTART;TZID=Europe/Oslo:20270327T000000",
        "DTEND;TZID=Europe/Oslo:20270328T000000",
        "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    assert spans(*when) == [("03-27 00:00", "03-28 00:00"), ("03-28 00:00", "03-29 00:00")]


def test_an_end_with_a_time_is_what_passes() -> None:
    when = (
        "DTSTART;TZID=Europe/Oslo:20270326T220000",
        "DTEND;TZID=Europe/Oslo:20270327T060000",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    assert spans(*when) == [("03-26 22:00", "03-27 06:00"), ("03-27 22:00", "03-28 07:00")]


@pytest.mark.parametrize(("days", "fault"), [(1, None), (14, None), (15, "unreadable_row")])
def test_how_many_days_a_date_may_last(days: int, fault: str | None) -> None:
    assert LONGEST == 14 * 24 * 60
    when = ("DTSTART;VALUE=DATE:20270326", f"DURATION:P{days}D", "RRULE:FREQ=YEARLY;COUNT=2")
    assert set(faults(reading(ics(event(BUSY, when=when))))) == {fault}


def test_a_series_of_days_and_hours() -> None:
    starts = datetime(2027, 3, 27, 12)  # noqa: DTZ001  # on the wall
    [found] = dates_of(Recurrence(starts=starts, days=1, minutes=120))
    assert found == Occurrence(datetime(2027, 3, 27, 11, tzinfo=UTC), datetime(2027, 3, 28, 12, tzinfo=UTC))
    assert Length(days=1, minutes=120).nominal == 26 * 60


def test_a_file_with_such_days_is_the_same_when_read_again() -> None:
    content = ics(event(BUSY, "RRULE:FREQ=DAILY;COUNT=4", when=("DTSTART;VALUE=DATE:20270326",)))
    first, again = reading(content), reading(content, now=NOW)
    assert [(row.key, row.begins_at, row.ends_at) for row in first.rows] == [
        (row.key, row.begins_at, row.ends_at) for row in again.rows
    ]
    assert first.rows[0].recurring is not None
    assert (first.rows[0].recurring.days, first.rows[0].recurring.minutes) == (1, 0)


@pytest.mark.parametrize(
    ("length", "ends"),
    [
        ("P1D", "03-28 12:00"),
        ("PT24H", "03-28 13:00"),
        ("PT1440M", "03-28 13:00"),
        ("PT86400S", "03-28 13:00"),
        ("PT23H60M", "03-28 13:00"),
        ("PT25H", "03-28 14:00"),
        ("P1DT1H", "03-28 13:00"),
        ("P1W", "04-03 12:00"),
        ("PT168H", "04-03 13:00"),
    ],
)
def test_days_and_hours_of_a_duration_are_told_apart(length: str, ends: str) -> None:
    when = ("DTSTART;TZID=Europe/Oslo:20270327T120000", f"DURATION:{length}")
    again = (*when, "RRULE:FREQ=YEARLY;COUNT=1")
    period = (*again, f"RDATE;TZID=Europe/Oslo;VALUE=PERIOD:20270327T120000/{length}")
    for each in (when, again, period):
        assert spans(*each) == [("03-27 12:00", ends)]


def test_a_period_of_hours_is_none_of_days() -> None:
    """Both last as long in any other week."""
    day = ("DTSTART;TZID=Europe/Oslo:20270320T120000", "DURATION:P1D")
    for period, hours in (("20270327T120000/P1D", 23), ("20270327T120000/PT24H", 24)):
        file = reading(ics(event(when=(*day, f"RDATE;TZID=Europe/Oslo;VALUE=PERIOD:{period}"))))
        lengths = [row.ends_at - row.begins_at for row in file.rows if row.begins_at and row.ends_at]
        assert lengths == [timedelta(hours=24), timedelta(hours=hours)]


def test_a_duration_with_seconds_is_refused() -> None:
    when = ("DTSTART;TZID=Europe/Oslo:20270327T120000", "DURATION:PT1H30S")
    assert faults(reading(ics(event(when=when)))) == ["not_on_the_minute"]


def test_a_file_can_not_say_how_many_days_its_hours_are() -> None:
    when = ("DTSTART;TZID=Europe/Oslo:20270327T120000", "DURATION;X-DAYS=7:PT24H")
    assert spans(*when) == [("03-27 12:00", "03-28 13:00")]

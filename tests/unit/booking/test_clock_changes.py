"""The nights when the clock changes, both of every year to 2037: one rule for what a time on the wall means, wherever
it is read, and calendars that are read back as what was booked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject

from services.booking.files import read
from services.booking.files.table import instant as instant_in_table
from services.booking.model import export
from services.booking.model.availability import Window
from services.booking.model.calendars import calendar
from services.booking.model.imports import ImportRequest, Row
from services.booking.model.opening import OSLO, comes_twice, instant, spans_on, times
from services.booking.model.recurrence import Recurrence
from services.booking.model.series import Shift
from services.booking.recurrence import dates_of
from tests.nights import NIGHTS, SPRING, first_of
from tests.unit.booking.test_calendars import BOOKING, PLACE, PUBLIC

QUARTER = timedelta(minutes=15)
LENGTHS = (15, 60, 105, 480)
EVERY_NIGHT = pytest.mark.parametrize("night", NIGHTS, ids=str)
NIGHTLY = [(hour, minute) for hour in range(5) for minute in (0, 15, 30, 45)]
"""Times on the wall around the change."""


def spoken(night: date, hour: int, minute: int) -> datetime:
    return datetime(night.year, night.month, night.day, hour, minute)  # noqa: DTZ001  # on the wall


def quarters(night: date) -> Iterator[datetime]:
    """The quarters of an hour that pass between ten in the evening and six in the morning."""
    at, until = (instant(night - timedelta(days=1), 22 * 60), instant(night, 6 * 60))
    while at <= until:
        yield at
        at += QUARTER


def event(begins: datetime, *properties: str, more: str = "") -> str:
    """A calendar with an event that begins then in Oslo."""
    lines = ("BEGIN:VEVENT", "UID:1", f"DTSTART;TZID=Europe/Oslo:{begins:%Y%m%dT%H%M%S}", *properties, "END:VEVENT")
    return "\n".join(("BEGIN:VCALENDAR", *lines, more, "END:VCALENDAR", ""))


def imported(text: str) -> list[Row]:
    request = ImportRequest(source="old", kind="ics", content=text.encode())
    return list(read(request, now=datetime(2020, 1, 1, tzinfo=UTC)).rows)


@EVERY_NIGHT
def test_every_reader_of_a_time_on_the_wall_gives_the_same_instant(night: date) -> None:
    for hour, minute in NIGHTLY:
        wall = spoken(night, hour, minute)
        meant = first_of(wall)
        [row] = imported(event(wall, "DURATION:PT1H"))
        [only] = dates_of(Recurrence(starts=wall, minutes=60))
        window = Window(first=night, last=night, opens=hour * 60 + minute).spans()[0]
        opening = next(spans_on(night, [times(f"{wall:%H:%M}", "23:00")]))
        found = {
            "rule": instant(night, hour * 60 + minute),
            "table": instant_in_table(f"{wall:%Y-%m-%d %H:%M}"),
            "file": row.begins_at,
            "series": only.begins_at,
            "search": window[0],
            "opening": opening.begins_at,
        }
        assert found == dict.fromkeys(found, meant), wall
        assert (row.ends_at, only.ends_at) == (meant + timedelta(hours=1),) * 2


@EVERY_NIGHT
@pytest.mark.parametrize("minutes", LENGTHS)
def test_each_date_of_a_series_lasts_as_long_as_the_others(night: date, minutes: int) -> None:
    for hour, minute in NIGHTLY[:: 1 if minutes == LENGTHS[-1] else 5]:
        before = spoken(night, hour, minute) - timedelta(days=1)
        ends = before + timedelta(minutes=minutes)
        found = dates_of(Recurrence(starts=before, minutes=minutes, rule="FREQ=DAILY;COUNT=3"))
        rows = imported(event(before, f"DTEND;TZID=Europe/Oslo:{ends:%Y%m%dT%H%M%S}", "RRULE:FREQ=DAILY;COUNT=3"))
        assert [each.begins_at for each in found] == [first_of(before + timedelta(days=number)) for number in range(3)]
        assert {each.ends_at - each.begins_at for each in found} == {timedelta(minutes=minutes)}
        assert [(each.begins_at, each.ends_at) for each in rows] == [(each.begins_at, each.ends_at) for each in found]


@EVERY_NIGHT
def test_what_is_moved_keeps_its_length(night: date) -> None:
    for begins_at in quarters(night):
        for minutes in LENGTHS:
            booking = replace(BOOKING, begins_at=begins_at, ends_at=begins_at + timedelta(minutes=minutes))
            stays, later, longer = (Shift(**how).of(booking) for how in ({}, {"days": 1}, {"minutes": minutes + 15}))
            assert (stays.begins_at, stays.ends_at) == (booking.begins_at, booking.ends_at)
            assert later.ends_at - later.begins_at == timedelta(minutes=minutes)
            assert (longer.begins_at, longer.ends_at) == (begins_at, booking.ends_at + QUARTER)


def by_icalendar(text: str) -> list[tuple[datetime, datetime]]:
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return [(each["DTSTART"].dt.astimezone(UTC), each["DTEND"].dt.astimezone(UTC)) for each in events]


def by_vobject(text: str) -> list[tuple[datetime, datetime]]:
    events = vobject.readOne(text).vevent_list
    return [(each.dtstart.value.astimezone(UTC), each.dtend.value.astimezone(UTC)) for each in events]


def by_our_import(text: str) -> list[tuple[Any, Any]]:
    return [(each.begins_at, each.ends_at) for each in imported(text)]


@EVERY_NIGHT
@pytest.mark.parametrize("reader", [by_icalendar, by_vobject, by_our_import])
def test_a_feed_is_read_back_as_what_is_booked(night: date, reader: Any) -> None:
    spans = [(at, at + timedelta(minutes=minutes)) for at in quarters(night) for minutes in LENGTHS]
    booked = [
        (replace(BOOKING, id=type(BOOKING.id)(int=number), begins_at=begins_at, ends_at=ends_at), PLACE)
        for number, (begins_at, ends_at) in enumerate(spans, 1)
    ]

    found = reader(calendar(PUBLIC, "Borgen", booked, portal="https://torg.test"))

    assert found == spans
    assert all(ends_at > begins_at for begins_at, ends_at in found)


@EVERY_NIGHT
def test_a_table_is_read_back_as_what_is_booked(night: date) -> None:
    for begins_at in quarters(night):
        booking = replace(BOOKING, begins_at=begins_at, ends_at=begins_at + timedelta(hours=1))
        cells = export.row(booking, PLACE, "nb").split(";")
        assert [instant_in_table(each) for each in cells[4:6]] == [booking.begins_at, booking.ends_at]


@EVERY_NIGHT
def test_one_hour_comes_twice_in_autumn_and_none_in_spring(night: date) -> None:
    twice = [at for at in quarters(night) if comes_twice(at)]
    change = datetime(night.year, night.month, night.day, 1, tzinfo=UTC)
    around = [change + number * QUARTER for number in range(-4, 4)]
    assert twice == ([] if night in SPRING else around)
    assert all(at.astimezone(OSLO).hour == 2 for at in twice)


@pytest.mark.parametrize(
    ("length", "hours"),
    [("PT2H", 2), ("PT23H", 23), ("P1D", 25), ("P1DT2H", 27), ("P1W", 169)],
)
def test_a_duration_counts_days_by_the_calendar_and_hours_as_they_pass(length: str, hours: int) -> None:
    [row] = imported(event(spoken(date(2027, 10, 31), 1, 0), f"DURATION:{length}"))
    assert row.begins_at is not None
    assert row.ends_at == row.begins_at + timedelta(hours=hours)


@pytest.mark.parametrize("named", ["TZID=Europe/Oslo:20270328T023000", "TZID=Europe/Paris:20270328T023000"])
def test_a_date_that_is_left_out_is_known_again_by_its_exception(named: str) -> None:
    """Its rule says 02:30, it is at 03:30, and its exception means the same instant."""
    moved = f"RECURRENCE-ID;{named}\nDTSTART;TZID=Europe/Oslo:20270328T120000\nDURATION:PT1H"
    exception = f"BEGIN:VEVENT\nUID:1\n{moved}\nEND:VEVENT"
    starts = spoken(date(2027, 3, 27), 2, 30)

    rows = imported(event(starts, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", more=exception))

    assert [(row.recurrence, f"{row.begins_at:%dT%H:%M}") for row in rows] == [
        ("2027-03-27", "27T01:30"),
        ("2027-03-28", "28T10:00"),
        ("2027-03-29", "29T00:30"),
    ]

"""Calendars as some clients write them, moved in: imported, again, anew, and taken away."""

from services.booking.events import BookingCancelled, BookingRescheduled
from tests.calendar_files import AT_SIX, event, ics
from tests.moving_in import Moving, at

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
IN_UTC = ("DTSTART:20261201T170000Z", "DTEND:20261201T190000Z")


def dates(*periods: str) -> str:
    return f"RDATE;VALUE=PERIOD:{','.join(periods)}"


def test_dates_that_are_periods_each_with_its_length(moving: Moving) -> None:
    first = ics(event(dates("20261208T170000Z/PT30M", "20261215T170000Z/20261215T200000Z"), when=IN_UTC))
    report = moving.run(moving.file(kind="ics", content=first))
    found = [moving.counter.booking(each.booking) for each in report.results]
    assert [(each.begins_at, each.ends_at) for each in found] == [
        (at(1, 18), at(1, 20)),
        (at(8, 18), at(8, 18).replace(minute=30)),
        (at(15, 18), at(15, 21)),
    ]
    assert len({each.series for each in found}) == 1

    assert moving.run(moving.file(kind="ics", content=first)).counts["unchanged"] == 3

    newer = ics(event(dates("20261208T170000Z/PT1H"), "SEQUENCE:1", when=IN_UTC))
    assert [each.outcome for each in moving.run(moving.file(kind="ics", content=newer)).results] == [
        "unchanged",
        "moved",
        "cancelled",
    ]
    assert [event.data.ends_at for event in moving.counter.told(BookingRescheduled)] == [at(8, 19)]
    gone = ics(event("SEQUENCE:2", "STATUS:CANCELLED", when=IN_UTC))
    assert moving.run(moving.file(kind="ics", content=gone)).counts["cancelled"] == 2


def test_a_day_that_is_left_out_by_its_midnight_is_given_up(moving: Moving) -> None:
    moving.run(moving.file(kind="ics", content=ics(event(WEEKLY))))
    left_out = ics(event(WEEKLY, "SEQUENCE:1", "EXDATE;TZID=Europe/Oslo:20261208T000000"))
    assert moving.run(moving.file(kind="ics", content=left_out)).counts["cancelled"] == 1
    assert [event.data.begins_at for event in moving.counter.told(BookingCancelled)] == [at(8, 18)]


def test_a_date_that_is_named_by_its_midnight_is_moved(moving: Moving) -> None:
    moving.run(moving.file(kind="ics", content=ics(event(WEEKLY))))
    later = tuple(each.replace("1201T18", "1208T19").replace("1201T20", "1208T21") for each in AT_SIX)
    anew = ics(event(WEEKLY), event("RECURRENCE-ID:20261208T000000", "SEQUENCE:1", when=later))
    for outcome in ("moved", "unchanged"):
        report = moving.run(moving.file(kind="ics", content=anew))
        assert {each.row.recurrence: each.outcome for each in report.results}["2026-12-08"] == outcome
    assert [event.data.begins_at for event in moving.counter.told(BookingRescheduled)] == [at(8, 19)]

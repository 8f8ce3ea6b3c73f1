"""What a file has no more is given up; what it was not asked for, or can't tell yet, is left alone."""

from datetime import date, timedelta
from typing import Any

import pytest

from kernel.versions import ANY_VERSION
from services.booking.events import BookingCancelled, BookingConfirmed
from services.booking.model.imports import ImportRequest
from services.booking.usecases import bookings
from tests.calendar_files import event, ics
from tests.callers import MANAGER
from tests.moving_in import Moving, at, line, outcomes

WEEKLY = "RRULE:FREQ=WEEKLY"
FIRST, SECOND = ("RECURRENCE-ID;TZID=Europe/Oslo:20261201T180000", "RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000")


def file(moving: Moving, *events: str, **more: Any) -> ImportRequest:
    return moving.file(kind="ics", content=ics(*events), **more)


def on(day: int, month: int = 12) -> tuple[str, str]:
    return (f"DTSTART;TZID=Europe/Oslo:2026{month:02}{day:02}T180000", "DURATION:PT2H")


def named(report: Any) -> list[tuple[str, str, str | None]]:
    return [(each.row.recurrence, each.outcome, each.reason and each.reason.code) for each in report.results]


def test_a_shorter_until_cancels_nothing(moving: Moving) -> None:
    moving.run(file(moving, event(WEEKLY), until=date(2026, 12, 29)))

    shorter = moving.run(file(moving, event(WEEKLY), until=date(2026, 12, 8)))
    assert named(shorter) == [("2026-12-01", "unchanged", None), ("2026-12-08", "unchanged", None)]
    assert moving.counter.told(BookingCancelled) == []

    # what is said until that day is done, and what comes after it waits until it is asked for
    turned = event(WEEKLY, "EXDATE;TZID=Europe/Oslo:20261208T180000,20261222T180000")
    assert named(moving.run(file(moving, turned, until=date(2026, 12, 15))))[-1] == ("2026-12-08", "cancelled", None)
    assert len(moving.counter.told(BookingCancelled)) == 1
    assert named(moving.run(file(moving, turned, until=date(2026, 12, 29))))[-1] == ("2026-12-22", "cancelled", None)
    # an end of its own is no restriction
    ended = moving.run(file(moving, event(f"{WEEKLY};UNTIL=20261215T170000Z"), until=date(2026, 12, 8)))
    assert [each.row.recurrence for each in ended.results if each.outcome == "cancelled"] == ["2026-12-29"]


def test_a_moved_date_beyond_until_stays(moving: Moving) -> None:
    moved = event(SECOND, when=on(10))
    moving.run(file(moving, event(WEEKLY), moved, until=date(2026, 12, 8)))
    assert named(moving.run(file(moving, event(WEEKLY), moved, until=date(2026, 12, 1)))) == [
        ("2026-12-01", "unchanged", None)
    ]


def test_an_event_that_ends_altogether_ends_beyond_until_too(moving: Moving) -> None:
    moving.run(file(moving, event(WEEKLY), until=date(2026, 12, 15)))
    gone = moving.run(file(moving, event(WEEKLY, "STATUS:CANCELLED"), until=date(2026, 12, 1)))
    assert gone.counts["cancelled"] == 3


def test_a_date_that_is_moved_into_the_past_is_given_up(moving: Moving) -> None:
    series = event(f"{WEEKLY};COUNT=2")
    moving.run(file(moving, series, event(uid="once", place="hall")))
    moved = [series, event(SECOND, when=on(10, month=11)), event(uid="once", place="hall", when=on(11, month=11))]

    report = moving.run(file(moving, *moved))

    assert [(each.row.uid, each.outcome, each.reason and each.reason.code) for each in report.results] == [
        ("1", "unchanged", None),
        ("once", "cancelled", "is_over"),
        ("1", "cancelled", "is_over"),
    ]
    assert sorted(each.data.begins_at for each in moving.counter.told(BookingCancelled)) == [at(1, 18), at(8, 18)]
    again = moving.run(file(moving, *moved))
    assert (again.counts["cancelled"], again.counts["refused"]) == (0, 0)
    assert moving.run(file(moving, series, event(uid="once", place="hall"))).counts["added"] == 2


def test_a_row_that_is_moved_into_the_past_is_given_up(moving: Moving) -> None:
    moving.run(moving.file(line("1"), line("2", day=2)))
    report = moving.run(moving.file(line("1").replace("2026-12", "2026-10"), line("2", day=2)))
    assert outcomes(report) == [("1", "cancelled", "is_over"), ("2", "unchanged", None)]


def test_what_is_twice_in_the_past_is_given_up_once(moving: Moving) -> None:
    moving.run(moving.file(line("1"), line("2", day=2)))
    past = [line("1").replace("2026-12", "2026-10"), line("1", "hall").replace("2026-12", "2026-09")]
    report = moving.run(moving.file(*past, line("2", day=2)))
    assert outcomes(report) == [("1", "cancelled", "is_over"), ("1", "skipped", "is_over"), ("2", "unchanged", None)]
    assert len(moving.counter.told(BookingCancelled)) == 1


@pytest.mark.parametrize("said", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_a_date_that_is_cancelled_after_it_was_moved_here(moving: Moving, said: str) -> None:
    """Exchange writes the date as it was at first, which has passed."""
    series = event(f"{WEEKLY};COUNT=2")
    moving.run(file(moving, series, event(FIRST, when=on(20))))
    moving.counter.clock.move(timedelta(days=10))
    report = moving.run(file(moving, series, event(FIRST, said)))
    assert ("2026-12-01", "cancelled") in [(each.row.recurrence, each.outcome) for each in report.results]


def test_what_the_house_has_moved_stays_when_its_date_has_passed(moving: Moving) -> None:
    wanted = file(moving, event(f"{WEEKLY};COUNT=2"), event(uid="once", place="hall"))
    done = moving.run(wanted)
    for each in done.results:
        if each.row.begins_at == at(1, 18):
            later = {"begins_at": at(20, 18), "ends_at": at(20, 20)}
            moving.counter.run(bookings.reschedule, MANAGER, each.booking, ANY_VERSION, **later)
    moving.counter.clock.move(timedelta(days=14))

    assert outcomes(moving.run(wanted)) == [("1", "unchanged", None), ("once", "unchanged", None)]
    assert moving.counter.told(BookingCancelled) == []
    assert len(moving.counter.told(BookingConfirmed)) == 3

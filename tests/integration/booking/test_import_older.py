"""Files of one calendar, imported in any order and again: the newest version of an event holds across them all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from kernel.versions import ANY_VERSION
from services.booking.events import BookingCancelled
from services.booking.model.imports import ImportRequest
from services.booking.store.imports import imported, revisions
from services.booking.usecases import bookings
from tests.calendar_files import event, ics
from tests.callers import MANAGER
from tests.moving_in import Moving, at, line, outcomes

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
THE_8TH = "RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000"
WITHOUT_THE_8TH = "EXDATE;TZID=Europe/Oslo:20261208T180000"
OLD, NEW, NEWER = (f"LAST-MODIFIED:2026{month}01T080000Z" for month in ("08", "09", "10"))


def on(day: int, month: int = 12) -> tuple[str, str]:
    return (f"DTSTART;TZID=Europe/Oslo:2026{month:02}{day:02}T180000", "DURATION:PT2H")


def file(moving: Moving, events: Sequence[str], **more: Any) -> ImportRequest:
    return moving.file(kind="ics", content=ics(*events), **more)


def booked(moving: Moving, *sources: str) -> list[int]:
    """The days in December that are booked by what was imported from one or more systems."""
    with moving.counter.database.reading() as tx:
        ids = tx.execute(imported.select().where(imported.c.source.in_(sources or ("old",)))).all()
    found = [moving.counter.booking(each.booking) for each in ids]
    return sorted(each.begins_at.day for each in found if each.live)


CASES = {
    "moved": ([event("SEQUENCE:1")], [event("SEQUENCE:2", when=on(9))], [9]),
    "moved, by the stamp": ([event(OLD)], [event(NEW, when=on(9))], [9]),
    "cancelled": ([event(OLD)], [event(NEW, "STATUS:CANCELLED")], []),
    "no longer cancelled": ([event(OLD, "STATUS:CANCELLED")], [event(NEW)], [1]),
    "free": ([event(OLD)], [event(NEW, "TRANSP:TRANSPARENT")], []),
    "moved into the past": ([event(OLD)], [event(NEW, when=on(9, month=11))], []),
    "a date left out": ([event(WEEKLY, OLD)], [event(WEEKLY, NEW, WITHOUT_THE_8TH)], [1, 15]),
    "a date taken in": ([event(WEEKLY, OLD, WITHOUT_THE_8TH)], [event(WEEKLY, NEW)], [1, 8, 15]),
    "fewer dates": ([event(WEEKLY, OLD)], [event("RRULE:FREQ=WEEKLY;COUNT=1", NEW)], [1]),
    "more dates": ([event("RRULE:FREQ=WEEKLY;COUNT=1", OLD)], [event(WEEKLY, NEW)], [1, 8, 15]),
    "recurs since": ([event(OLD)], [event(WEEKLY, NEW)], [1, 8, 15]),
    "ended": ([event(WEEKLY, OLD), event(THE_8TH, OLD, when=on(9))], [event(WEEKLY, NEW, "STATUS:CANCELLED")], []),
    "an exception since": (
        [event(WEEKLY, OLD)],
        [event(WEEKLY, OLD), event(THE_8TH, NEW, when=on(9))],
        [1, 9, 15],
    ),
    "an exception cancelled since": (
        [event(WEEKLY, OLD), event(THE_8TH, OLD, when=on(9))],
        [event(WEEKLY, OLD), event(THE_8TH, NEW, "STATUS:CANCELLED")],
        [1, 15],
    ),
    "an exception moved again": (
        [event(WEEKLY, OLD), event(THE_8TH, "SEQUENCE:1", NEW, when=on(9))],
        [event(WEEKLY, OLD), event(THE_8TH, "SEQUENCE:2", NEW, when=on(10))],
        [1, 10, 15],
    ),
    "an exception undone with the series": (
        [event(WEEKLY, OLD), event(THE_8TH, NEW, when=on(9))],
        [event(WEEKLY, NEWER)],
        [1, 8, 15],
    ),
    "an exception deleted with its date": (
        [event(WEEKLY, OLD), event(THE_8TH, NEW, when=on(9))],
        [event(WEEKLY, NEWER, WITHOUT_THE_8TH)],
        [1, 15],
    ),
    "an exception alone": (
        [event(THE_8TH, OLD, when=on(9))],
        [event(WEEKLY, NEW, WITHOUT_THE_8TH)],
        [1, 15],
    ),
    "from a date on": (
        [event(WEEKLY, OLD)],
        [event(WEEKLY, OLD), event(THE_8TH.replace("ID;", "ID;RANGE=THISANDFUTURE;"), NEW, when=on(9))],
        [1, 9, 16],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_newest_version_holds_whatever_the_order(moving: Moving, case: str) -> None:
    older, newer, days = CASES[case]
    _import_in_order(moving, [older, newer, older], newer, days, source="old")
    older, newer = ([each.replace(":room", ":hall") for each in events] for events in (older, newer))
    _import_in_order(moving, [newer, older, older, newer], newer, days, source="other")


def _import_in_order(
    moving: Moving, files: Sequence[Sequence[str]], newest: Sequence[str], days: Sequence[int], *, source: str
) -> None:
    newest_came = False
    for events in files:
        wanted = file(moving, events, source=source)
        told = len(moving.counter.told())
        foreseen = outcomes(moving.preview(wanted))

        report = moving.run(wanted)

        assert outcomes(report) == foreseen
        assert report.counts["refused"] == 0
        if newest_came:
            assert {each.outcome for each in report.results} <= {"unchanged", "skipped"}
            assert len(moving.counter.told()) == told
        newest_came = newest_came or events == newest
        if newest_came:
            assert booked(moving, source) == days


def test_what_is_older_is_skipped_with_the_reason(moving: Moving) -> None:
    newer = [event(WEEKLY, NEW, WITHOUT_THE_8TH), event(NEW, uid="2", place="hall")]
    moving.run(file(moving, newer))
    older = [event("RRULE:FREQ=WEEKLY;COUNT=2", OLD), event(OLD, "STATUS:CANCELLED", uid="2", place="hall")]

    report = moving.run(file(moving, older))

    assert [(each.row.uid, each.row.recurrence, each.outcome, each.reason.code) for each in report.results] == [
        ("1", "2026-12-01", "skipped", "superseded"),
        ("1", "2026-12-08", "skipped", "superseded"),
        ("2", "", "skipped", "superseded"),
        ("1", "2026-12-15", "skipped", "superseded"),
    ]
    assert moving.counter.told(BookingCancelled) == []


def test_one_date_is_newer_than_the_rest_of_its_file(moving: Moving) -> None:
    moving.run(file(moving, [event(WEEKLY, NEW, "SUMMARY:Ny")]))
    mixed = [event("RRULE:FREQ=WEEKLY;COUNT=2", OLD), event(THE_8TH, NEWER, when=on(9))]
    moving.run(file(moving, mixed))
    assert booked(moving) == [1, 9, 15]


def test_what_says_the_same_is_remembered_as_new(moving: Moving) -> None:
    for rank, day in [(1, 1), (3, 1), (2, 9)]:
        moving.run(file(moving, [event(f"SEQUENCE:{rank}", when=on(day))]))
    assert booked(moving) == [1]


def test_without_versions_the_last_file_holds(moving: Moving) -> None:
    """So do tables, and what was imported before versions were remembered."""
    for day in (1, 9, 1):
        moving.run(moving.file(line("table", "hall", day=day)))
        moving.run(file(moving, [event(when=on(day))]))
    assert booked(moving) == [1, 1]
    moving.run(file(moving, [event("SEQUENCE:2", when=on(2))]))
    with moving.counter.database.transaction() as tx:
        tx.execute(revisions.delete())
        tx.execute(imported.update().values(begins_at=None))
    moving.run(file(moving, [event("SEQUENCE:1", when=on(3))]))
    assert booked(moving) == [1, 3]
    moving.run(moving.file(line("table", "hall", day=1).replace("2026-12", "2026-10")))
    assert booked(moving) == [3]


def test_a_stamp_in_the_future_does_not_hold_for_ever(moving: Moving) -> None:
    moving.run(file(moving, [event("LAST-MODIFIED:99991231T235959Z")]))
    moving.counter.clock.move(timedelta(hours=2))
    moving.run(file(moving, [event("LAST-MODIFIED:20261123T130000Z", when=on(9))]))
    assert booked(moving) == [9]


def test_another_source_has_versions_of_its_own(moving: Moving) -> None:
    moving.run(file(moving, [event(NEW)]))
    moving.run(file(moving, [event(OLD, when=on(9))], source="other"))
    assert booked(moving, "old", "other") == [1, 9]


def test_a_preview_remembers_nothing(moving: Moving) -> None:
    before = moving.state()
    moving.preview(file(moving, [event(NEW, "STATUS:CANCELLED")]))
    assert moving.state() == before
    assert outcomes(moving.run(file(moving, [event(OLD)]))) == [("1", "added", None)]


@pytest.mark.parametrize(
    "more", [{"purpose": "sport"}, {"audience": "youth"}, {"participants": 4}, {"public_titles": True}]
)
def test_what_the_house_has_moved_stays_whatever_else_the_file_says(moving: Moving, more: dict[str, Any]) -> None:
    events = [event(WEEKLY, "SUMMARY:Kor"), event("SUMMARY:Fest", uid="once", place="hall")]
    report = moving.run(file(moving, events))
    for each in report.results:
        if each.row.begins_at == at(1, 18):
            later = {"begins_at": at(20, 18), "ends_at": at(20, 20)}
            moving.counter.run(bookings.reschedule, MANAGER, each.booking, ANY_VERSION, **later)
    moving.counter.clock.move(timedelta(days=14))

    again = file(moving, events, **more)
    assert outcomes(moving.preview(again)) == outcomes(moving.run(again))
    assert moving.counter.told(BookingCancelled) == []
    assert booked(moving) == [8, 15, 20, 20]
    # what the file has moved in the meantime is given up
    moved = [event(WEEKLY), event(uid="once", place="hall", when=on(2))]
    assert outcomes(moving.run(file(moving, moved, **more)))[-1] == ("once", "cancelled", "is_over")

"""A calendar with several versions of an event, imported: the newest is booked, whatever the order."""

import pytest

from services.booking.events import BookingCancelled, BookingConfirmed
from tests.calendar_files import event, ics
from tests.moving_in import Moving, at, outcomes

OLD, NEW = "LAST-MODIFIED:20261001T080000Z", "LAST-MODIFIED:20261101T080000Z"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
THE_8TH = "RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000"
TO_THE_9TH = ("DTSTART;TZID=Europe/Oslo:20261209T180000", "DTEND;TZID=Europe/Oslo:20261209T200000")


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_is_booked_and_the_older_told_of(moving: Moving, turned: bool) -> None:
    events = [event("SEQUENCE:1", place="hall"), event("SEQUENCE:2", when=TO_THE_9TH)]
    report = moving.run(moving.file(kind="ics", content=ics(*(events[::-1] if turned else events))))

    assert sorted(outcomes(report), key=str) == [("1", "added", None), ("1", "skipped", "superseded")]
    [told] = moving.counter.told(BookingConfirmed)
    assert (told.data.begins_at, told.data.space) == (at(9, 18), "room")


@pytest.mark.parametrize("turned", [False, True])
def test_a_date_that_was_moved_and_then_deleted_is_given_up(moving: Moving, turned: bool) -> None:
    moved = event(THE_8TH, OLD, when=TO_THE_9TH)
    moving.run(moving.file(kind="ics", content=ics(event(WEEKLY, OLD), moved)))
    deleted = [event(WEEKLY, NEW, "EXDATE;TZID=Europe/Oslo:20261208T180000"), moved]

    report = moving.run(moving.file(kind="ics", content=ics(*(deleted[::-1] if turned else deleted))))

    assert [(each.row.recurrence, each.outcome) for each in report.results] == [
        ("2026-12-01", "unchanged"),
        ("2026-12-15", "unchanged"),
        ("2026-12-08", "cancelled"),
    ]
    [cancelled] = moving.counter.told(BookingCancelled)
    assert cancelled.data.begins_at == at(9, 18)

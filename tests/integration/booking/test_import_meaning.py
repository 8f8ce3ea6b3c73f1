"""What a calendar says of its own events is respected when it is imported, and when it comes again."""

from dataclasses import replace
from typing import Any

from services.booking.events import BookingCancelled, BookingConfirmed
from services.booking.model.imports import ImportRequest
from tests.calendar_files import event, ics
from tests.moving_in import Moving, outcomes

FREE, BUSY = "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"
FIVE_DAYS = ("DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:20261212")


def file(moving: Moving, *events: str, **more: Any) -> ImportRequest:
    return moving.file(kind="ics", content=ics(*events), **more)


def test_nobody_is_charged_for_a_note(moving: Moving) -> None:
    """Five days of the hall cost 46 200 kr, for a note that it would be painted next door."""
    wanted = file(
        moving,
        event("SUMMARY:Husk: maling", uid="note", when=FIVE_DAYS),
        event("TRANSP:TRANSPARENT", uid="free", place="hall"),
        event("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", uid="perhaps"),
        event("RRULE:FREQ=YEARLY", "TRANSP:TRANSPARENT", uid="birthday", place="nowhere"),
        event("TRANSP:OPAQUE", uid="taken", place="third-1", when=FIVE_DAYS),
    )

    assert (
        outcomes(moving.preview(wanted))
        == outcomes(moving.run(wanted))
        == [
            ("note", "skipped", "all_day_note"),
            ("free", "skipped", "shown_as_free"),
            ("perhaps", "skipped", "tentative"),
            ("birthday", "skipped", "shown_as_free"),
            ("taken", "added", None),
        ]
    )
    assert len(moving.counter.told(BookingConfirmed)) == 1


def test_what_becomes_free_is_given_up(moving: Moving) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=3", BUSY, uid="weekly")
    moving.run(file(moving, event(BUSY, uid="once", place="hall"), weekly))
    free = file(moving, event(FREE, uid="once", place="hall"), weekly.replace(BUSY, FREE))

    report = moving.run(free)

    assert outcomes(report) == [
        ("once", "cancelled", "shown_as_free"),
        ("weekly", "cancelled", "shown_as_free"),
        ("weekly", "cancelled", "shown_as_free"),
        ("weekly", "cancelled", "shown_as_free"),
    ]
    assert len(moving.counter.told(BookingCancelled)) == 4
    assert outcomes(moving.run(free)) == [
        ("once", "unchanged", "shown_as_free"),
        ("weekly", "skipped", "shown_as_free"),
    ]
    assert moving.run(file(moving, event(BUSY, uid="once", place="hall"), weekly)).counts["added"] == 4


def test_an_event_that_is_cancelled_needs_no_dates(moving: Moving) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=3", uid="weekly")
    moving.run(file(moving, weekly))
    gone = file(moving, weekly.replace(";COUNT=3", "").replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT"))

    assert outcomes(moving.run(gone)) == [("weekly", "cancelled", None)] * 3
    assert outcomes(moving.run(gone)) == [("weekly", "unchanged", None)]
    assert outcomes(moving.run(replace(gone, source="other"))) == [("weekly", "skipped", "never_imported")]


def test_a_note_elsewhere_is_nobodys_business(moving: Moving) -> None:
    """It locks no space and asks for no right there."""
    notes = [event(FREE, uid=str(number), place=f"atlantis-{number}") for number in range(2100)]
    report = moving.run(file(moving, *notes, event(BUSY, uid="taken")))
    assert (report.counts["skipped"], report.counts["added"]) == (2100, 1)

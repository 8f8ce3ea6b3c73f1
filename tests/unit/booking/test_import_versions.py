"""Of several versions of an event, and of one of its dates, the newest holds: whatever their order in the file."""

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.model.imports import File
from tests.calendar_files import event, faults, ics, reading, voids

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
THE_8TH = "RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000"
TO_THE_9TH = ("DTSTART;TZID=Europe/Oslo:20261209T190000", "DTEND;TZID=Europe/Oslo:20261209T210000")
OLD, NEW = "LAST-MODIFIED:20261001T080000Z", "LAST-MODIFIED:20261101T080000Z"


def days(file: File) -> list[tuple[str, str | None, int | None]]:
    """The dates that are booked: as they were to be at first, where, and on which day."""
    return sorted(
        (row.recurrence, row.place, row.begins_at.day if row.begins_at else None)
        for row in file.rows
        if row.void is None and not row.cancelled
    )


def every_order(*events: str) -> list[File]:
    return [reading(ics(*order)) for order in permutations(events)]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (["SEQUENCE:1"], ["SEQUENCE:2"]),
        (["SEQUENCE:9"], ["SEQUENCE:10"]),
        ([], ["SEQUENCE:1"]),
        (["SEQUENCE:x"], ["SEQUENCE:1"]),
        (["SEQUENCE:1", NEW], ["SEQUENCE:2", OLD]),
        ([OLD], [NEW]),
        ([OLD, "DTSTAMP:20261102T080000Z"], [NEW, "DTSTAMP:20261102T080000Z"]),
        (["DTSTAMP:20261001T080000Z"], ["DTSTAMP:20261001T080001Z"]),
        (["DTSTAMP:20261001T080000Z"], [NEW]),
        ([OLD, "DTSTAMP:20261102T080000Z"], [OLD, "DTSTAMP:20261103T080000Z"]),
    ],
)
def test_the_newest_of_two(older: list[str], newer: list[str]) -> None:
    for file in every_order(event(*older, place="old"), event(*newer, place="new")):
        assert days(file) == [("", "new", 1)]
        assert sorted(map(str, voids(file))) == ["None", "superseded"]
        assert file.whole == {"1": None}
    for file in every_order(
        event(WEEKLY), event(THE_8TH, *older, place="old"), event(THE_8TH, *newer, place="new", when=TO_THE_9TH)
    ):
        assert days(file) == [("2026-12-01", "room", 1), ("2026-12-08", "new", 9), ("2026-12-15", "room", 15)]


def test_two_that_are_as_new_are_one_if_they_say_the_same() -> None:
    same = event("SEQUENCE:1", "SUMMARY:Øving")
    assert days(reading(ics(same, same.replace("SUMMARY", "COMMENT:Hei\r\nSUMMARY")))) == [("", "room", 1)]
    for file in every_order(same, event("SEQUENCE:1", "SUMMARY:Øving", when=TO_THE_9TH)):
        assert faults(file) == ["twice_in_file"]
    for file in every_order(event(WEEKLY), event(THE_8TH), event(THE_8TH, when=TO_THE_9TH)):
        assert sorted(map(str, faults(file))) == ["None", "None", "None", "twice_in_file"]


def test_a_cancellation_is_a_version_too() -> None:
    for file in every_order(event("SEQUENCE:1"), event("SEQUENCE:2", "STATUS:CANCELLED")):
        assert sorted(map(str, voids(file))) == ["cancelled", "superseded"]
    for file in every_order(event("SEQUENCE:3"), event("SEQUENCE:2", "STATUS:CANCELLED")):
        assert days(file) == [("", "room", 1)]
    both = ics(event("SEQUENCE:1")) + ics(event("SEQUENCE:2"), method="CANCEL")
    assert sorted(map(str, voids(reading(both)))) == ["cancelled", "superseded"]
    series = reading(ics(event(WEEKLY, NEW, "STATUS:CANCELLED"), event(THE_8TH, OLD, when=TO_THE_9TH)))
    assert voids(series) == ["cancelled", "cancelled"]


@pytest.mark.parametrize(
    ("moved", "deleted", "booked"),
    [
        ([OLD], [NEW], False),
        (["SEQUENCE:1"], ["SEQUENCE:2"], False),
        (["DTSTAMP:20261001T080000Z"], ["DTSTAMP:20261101T080000Z"], False),
        ([OLD, "SEQUENCE:7"], [NEW, "SEQUENCE:2"], False),
        ([], [], False),
        ([NEW], [OLD], True),
        ([NEW, "SEQUENCE:0"], [OLD, "SEQUENCE:4"], True),
        (["SEQUENCE:2"], ["SEQUENCE:1"], True),
    ],
)
def test_a_date_that_was_moved_and_later_deleted(moved: list[str], deleted: list[str], booked: bool) -> None:
    exdate = "EXDATE;TZID=Europe/Oslo:20261208T180000"
    for file in every_order(event(WEEKLY, exdate, *deleted), event(THE_8TH, *moved, when=TO_THE_9TH)):
        there = [("2026-12-08", "room", 9)] if booked else []
        assert days(file) == [("2026-12-01", "room", 1), *there, ("2026-12-15", "room", 15)]
        assert ("superseded" in voids(file)) is not booked


def test_a_series_that_was_moved_since_takes_its_old_exceptions_along() -> None:
    later = tuple(each.replace("T18", "T19").replace("T20", "T21") for each in TO_THE_9TH)
    moved = event(WEEKLY, NEW, when=("DTSTART;TZID=Europe/Oslo:20261201T190000", "DURATION:PT2H"))
    assert days(reading(ics(moved, event(THE_8TH, OLD, when=later)))) == [
        ("2026-12-01", "room", 1),
        ("2026-12-08", "room", 8),
        ("2026-12-15", "room", 15),
    ]


def test_an_exception_alone_is_a_date_and_one_of_a_single_event_is_that_event() -> None:
    assert days(reading(ics(event(THE_8TH, when=TO_THE_9TH)))) == [("2026-12-08", "room", 9)]
    first = "RECURRENCE-ID;TZID=Europe/Oslo:20261201T180000"
    assert days(reading(ics(event(), event(first, NEW, when=TO_THE_9TH)))) == [("", "room", 9)]


@pytest.mark.parametrize("named", ["RECURRENCE-ID;VALUE=DATE:20261208", "RECURRENCE-ID:20261208T170000Z"])
def test_a_date_is_known_by_its_day_and_in_any_zone(named: str) -> None:
    assert days(reading(ics(event(WEEKLY), event(named, when=TO_THE_9TH)))) == [
        ("2026-12-01", "room", 1),
        ("2026-12-08", "room", 9),
        ("2026-12-15", "room", 15),
    ]


def test_from_a_date_on() -> None:
    """RANGE=THISANDFUTURE: each later date is moved as far; what is said of one of them alone holds."""
    onwards = event(THE_8TH.replace("ID;", "ID;RANGE=THISANDFUTURE;"), "SEQUENCE:1", place="hall", when=TO_THE_9TH)
    alone = event(THE_8TH.replace("1208", "1222"), "SEQUENCE:1", place="third-1")
    for file in every_order(event("RRULE:FREQ=WEEKLY;COUNT=4"), onwards, alone):
        assert days(file) == [
            ("2026-12-01", "room", 1),
            ("2026-12-08", "hall", 9),
            ("2026-12-15", "hall", 16),
            ("2026-12-22", "third-1", 1),
        ]
    given_up = onwards.replace("END:VEVENT", "STATUS:CANCELLED\r\nEND:VEVENT")
    assert voids(reading(ics(event(WEEKLY), given_up))) == [None, "cancelled", "cancelled"]
    since = event("RRULE:FREQ=WEEKLY;COUNT=1", "SEQUENCE:2")
    assert voids(reading(ics(since, onwards))) == ["superseded", None]


def test_what_is_beyond_the_last_day_asked_for_is_left_out() -> None:
    """An exception there is not an orphan."""
    endless, late = event("RRULE:FREQ=WEEKLY"), event(THE_8TH.replace("1208", "1222"), when=TO_THE_9TH)
    file = reading(ics(endless, late), until=date(2026, 12, 15))
    assert voids(file) == [None, None, None]
    assert [name for name, *_ in days(file)] == ["2026-12-01", "2026-12-08", "2026-12-15"]
    assert days(reading(ics(endless, late), until=date(2026, 12, 22)))[-1] == ("2026-12-22", "room", 9)


def test_dates_named_with_their_length() -> None:
    dates = "RDATE;VALUE=PERIOD:20261208T170000Z/PT2H,20261215T170000Z/20261215T190000Z"
    assert [day for *_, day in days(reading(ics(event(dates))))] == [1, 8, 15]
    assert [day for *_, day in days(reading(ics(event(dates.replace("PT2H", "PT3H")))))] == [1, 8, 15]
    assert faults(reading(ics(event(WEEKLY, "EXDATE;TZID=Atlantis:20261208T180000")))) == ["other_time_zone"]


@given(st.permutations(range(5)), st.permutations(range(5)))
def test_whatever_the_order(order: list[int], ranks: list[int]) -> None:
    versions = [event(f"SEQUENCE:{rank}", place=f"place-{rank}") for rank in ranks]
    assert days(reading(ics(*(versions[each] for each in order)))) == [("", "place-4", 1)]

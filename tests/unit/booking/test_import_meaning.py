"""What a calendar says of its own events: free, tentative, private, a note, cancelled. Nobody is charged for a note."""

import pytest

from services.booking.model.import_refusals import UnreadableFile
from tests.calendar_files import AT_SIX, event, faults, ics, reading, voids

MS = "X-MICROSOFT-CDO-"
ALL_DAY = ("DTSTART;VALUE=DATE:20261207", "DTEND;VALUE=DATE:20261212")
ROOM = "ATTENDEE;CUTYPE=ROOM;PARTSTAT={}:mailto:hall@example.no"
PERSON = "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=DECLINED:mailto:kari@example.no"


@pytest.mark.parametrize(
    ("properties", "void"),
    [
        ([], None),
        (["TRANSP:OPAQUE"], None),
        (["TRANSP:TRANSPARENT"], "shown_as_free"),
        (["TRANSP:transparent"], "shown_as_free"),
        (["FBTYPE:FREE"], "shown_as_free"),
        ([f"{MS}BUSYSTATUS:BUSY"], None),
        ([f"{MS}BUSYSTATUS:OOF"], None),
        ([f"{MS}BUSYSTATUS:FREE"], "shown_as_free"),
        ([f"{MS}BUSYSTATUS:WORKINGELSEWHERE"], "shown_as_free"),
        ([f"{MS}BUSYSTATUS:TENTATIVE"], "tentative"),
        (["TRANSP:OPAQUE", f"{MS}BUSYSTATUS:FREE", f"{MS}INTENDEDSTATUS:BUSY"], "shown_as_free"),
        (["TRANSP:OPAQUE", f"{MS}BUSYSTATUS:TENTATIVE", f"{MS}INTENDEDSTATUS:BUSY"], "tentative"),
        (["TRANSP:OPAQUE", f"{MS}BUSYSTATUS:TENTATIVE", f"{MS}INTENDEDSTATUS:FREE"], "shown_as_free"),
        ([f"{MS}BUSYSTATUS:BUSY", f"{MS}INTENDEDSTATUS:FREE"], None),
        ([f"{MS}BUSYSTATUS:BUSY", f"{MS}INTENDEDSTATUS:TENTATIVE"], None),
        ([f"{MS}INTENDEDSTATUS:FREE"], "shown_as_free"),
        ([f"{MS}INTENDEDSTATUS:TENTATIVE"], "tentative"),
        (["TRANSP:TRANSPARENT", f"{MS}BUSYSTATUS:BUSY"], "shown_as_free"),
        (["X-MICROSOFT-MSNCALENDAR-BUSYSTATUS:FREE"], "shown_as_free"),
        (["STATUS:CONFIRMED"], None),
        (["STATUS:Tentative"], "tentative"),
        (["STATUS:CANCELLED"], "cancelled"),
        (["STATUS:Canceled"], "cancelled"),
        (["STATUS:CANCELLED", f"{MS}BUSYSTATUS:FREE"], "cancelled"),
        ([ROOM.format("ACCEPTED"), PERSON], None),
        ([ROOM.format("DECLINED")], "declined_by_room"),
        ([ROOM.format("DECLINED"), ROOM.format("ACCEPTED")], None),
        ([PERSON], None),
        (["ATTENDEE:", "X-MICROSOFT-CDO-BUSYSTATUS:"], None),
    ],
)
def test_what_takes_no_room_is_no_agreement(properties: list[str], void: str | None) -> None:
    assert voids(reading(ics(event(*properties)))) == [void]


@pytest.mark.parametrize(
    ("when", "properties", "void"),
    [
        (ALL_DAY, [], "all_day_note"),
        (ALL_DAY, ["TRANSP:TRANSPARENT"], "shown_as_free"),
        (ALL_DAY, [f"{MS}BUSYSTATUS:FREE", f"{MS}ALLDAYEVENT:TRUE"], "shown_as_free"),
        (ALL_DAY, ["TRANSP:OPAQUE"], None),
        (ALL_DAY, [f"{MS}BUSYSTATUS:OOF"], None),
        (("DTSTART:20261207T000000", "DTEND:20261212T000000"), [f"{MS}ALLDAYEVENT:TRUE"], "all_day_note"),
        (("DTSTART:20261207T000000", "DTEND:20261212T000000"), [f"{MS}ALLDAYEVENT:FALSE"], None),
        (("DTSTART:20261207T090000",), [], "takes_no_time"),
        (("DTSTART:20261207T090000", "DTEND:20261207T090000"), ["TRANSP:OPAQUE"], "takes_no_time"),
        (("DTSTART:20261207T090000", "DURATION:PT0S"), [], "takes_no_time"),
        (("DTSTART:20261207T090000", "DTEND:20261207T090100"), [], None),
        (("DTSTART:20261207T090000", "DURATION:PT1M"), [], None),
    ],
)
def test_notes_for_whole_days_and_reminders(when: tuple[str, ...], properties: list[str], void: str | None) -> None:
    assert voids(reading(ics(event(*properties, when=when)))) == [void]


@pytest.mark.parametrize(
    "wrong",
    [
        ["RRULE:FREQ=YEARLY"],
        ["RRULE:FREQ=HOURLY"],
        ["DTSTART;TZID=Atlantis:20261201T180000"],
        ["RRULE:FREQ=WEEKLY;COUNT=200"],
    ],
)
def test_what_takes_no_room_need_not_be_understood(wrong: list[str]) -> None:
    """A birthday without an end must not keep a room's calendar out: one row, one reason."""
    file = reading(ics(event(*wrong, "TRANSP:TRANSPARENT", when=AT_SIX if "RRULE" in wrong[0] else ())))
    assert (faults(file), voids(file), set(file.whole)) == ([None], ["shown_as_free"], {"1"})


def test_one_date_of_an_event_says_otherwise_or_says_nothing() -> None:
    master = event("RRULE:FREQ=WEEKLY;COUNT=3", "CLASS:PRIVATE", "SUMMARY:Samtale med Ola", "TRANSP:OPAQUE")
    free = event("RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000", "TRANSP:TRANSPARENT")
    silent = event("RECURRENCE-ID;TZID=Europe/Oslo:20261215T180000", "SUMMARY:Samtale med Ola, utsatt")
    file = reading(ics(master, free, silent))
    assert [(row.recurrence, row.title) for row in file.rows] == [
        ("2026-12-01", None),
        ("2026-12-08", None),
        ("2026-12-15", None),
    ]
    assert voids(file) == [None, "shown_as_free", None]

    note = event("RRULE:FREQ=WEEKLY;COUNT=3", "TRANSP:TRANSPARENT")
    busy = event("RECURRENCE-ID;TZID=Europe/Oslo:20261208T180000", "TRANSP:OPAQUE")
    assert voids(reading(ics(note, busy, silent))) == ["shown_as_free", None, "shown_as_free"]


@pytest.mark.parametrize(
    ("properties", "title"),
    [
        ([], "Styremøte"),
        (["CLASS:PUBLIC"], "Styremøte"),
        (["CLASS:PRIVATE"], None),
        (["CLASS:CONFIDENTIAL"], None),
        (["CLASS:X-SECRET"], None),
        (["X-CALENDARSERVER-ACCESS:RESTRICTED"], None),
        (["CLASS:PUBLIC", "X-CALENDARSERVER-ACCESS:CONFIDENTIAL"], None),
    ],
)
def test_titles_that_are_not_for_everybody(properties: list[str], title: str | None) -> None:
    [row] = reading(ics(event("SUMMARY:Styremøte", *properties))).rows
    assert row.title == title


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH", "ADD"])
def test_messages_about_an_event_are_no_calendars(method: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        reading(ics(event(), method=method))
    assert refused.value.fields == {"part": f"METHOD:{method}"}


@pytest.mark.parametrize(
    ("method", "void"), [("", None), ("PUBLISH", None), ("REQUEST", None), ("CANCEL", "cancelled")]
)
def test_what_the_method_means(method: str, void: str | None) -> None:
    assert voids(reading(ics(event(), method=method))) == [void]

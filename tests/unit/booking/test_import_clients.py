"""What clients write that is not as RFC 5545 has it, or that few write: each was seen in a public issue of a peer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.booking.model.import_refusals import NoCalendar, UnreadableLine
from services.booking.model.imports import File
from tests.calendar_files import event, faults, ics, reading

OSLO = "TZID=Europe/Oslo"
TUESDAYS = (f"DTSTART;{OSLO}:20261201T180000", "DURATION:PT1H")
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"


def spans(file: File) -> list[str]:
    """When each row is, in UTC."""
    assert all(row.begins_at and row.ends_at for row in file.rows)
    return [f"{row.begins_at:%m-%d %H:%M}–{row.ends_at:%H:%M}" for row in file.rows]


ONE, TWO, THREE = "12-01 17:00–18:00", "12-08 17:00–18:00", "12-15 17:00–18:00"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((WEEKLY, f"EXDATE;{OSLO}:"), [ONE, TWO, THREE]),
        ((WEEKLY, "EXDATE: "), [ONE, TWO, THREE]),
        ((WEEKLY, f"EXDATE;{OSLO}:20261208T180000,"), [ONE, THREE]),
        ((WEEKLY, f"EXDATE;{OSLO}:20261208T180000,,20261215T180000"), [ONE]),
        ((WEEKLY, "RDATE:"), [ONE, TWO, THREE]),
        ((f"RDATE;{OSLO}:20261208T180000,",), [ONE, TWO]),
        (("RRULE:",), [ONE]),
        (("RRULE: ", "EXDATE:", "RDATE:"), [ONE]),
    ],
)
def test_what_is_blank_says_nothing(lines: tuple[str, ...], found: list[str]) -> None:
    file = reading(ics(event(*lines, when=TUESDAYS)))
    assert (faults(file), spans(file)) == ([None] * len(found), found)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=WEEKLY;COUNT=0;UNTIL=20261210T000000Z", [ONE, TWO]),
        ("FREQ=WEEKLY;UNTIL=20261210;count=0", [ONE, TWO]),
    ],
)
def test_a_count_of_none_is_none(rule: str, found: list[str]) -> None:
    assert spans(reading(ics(event(f"RRULE:{rule}", when=TUESDAYS)))) == found


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("FREQ=WEEKLY;COUNT=0", "endless_recurrence"),
        ("FREQ=WEEKLY;COUNT=-1;UNTIL=20261210", "invalid_recurrence"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20261210", "invalid_recurrence"),
    ],
)
def test_how_often_is_not_guessed(rule: str, fault: str) -> None:
    assert faults(reading(ics(event(f"RRULE:{rule}", when=TUESDAYS)))) == [fault]


@pytest.mark.parametrize("blank", ["DTSTART:", "DTEND:", "DURATION:", "RECURRENCE-ID:"])
def test_what_must_say_something_is_not_blank(blank: str) -> None:
    when = [each for each in TUESDAYS if not each.startswith(blank[:-1])]
    assert faults(reading(ics(event(blank, when=when)))) == ["unreadable_row"]


@pytest.mark.parametrize("rule", ["W1 TU #3", "=2", ";"])
def test_what_is_wrong_with_a_rule_is_never_blank(rule: str) -> None:
    [row] = reading(ics(event(f"RRULE:{rule}", when=TUESDAYS))).rows
    assert row.fault is not None
    assert (row.fault.code, row.fault.fields["part"]) in [("invalid_recurrence", "RRULE"), ("unreadable_row", "RRULE")]


@pytest.mark.parametrize(
    ("midnight", "left"),
    [
        (f"EXDATE;{OSLO}:20261208T000000", [ONE, THREE]),
        ("EXDATE:20261208T000000", [ONE, THREE]),
        ("EXDATE:20261208T000000Z", [ONE, THREE]),
        (f"EXDATE;{OSLO}:20261208T000100", [ONE, TWO, THREE]),
        (f"EXDATE;{OSLO}:20261209T000000", [ONE, TWO, THREE]),
    ],
)
def test_a_day_that_is_left_out_may_be_written_as_its_midnight(midnight: str, left: list[str]) -> None:
    assert spans(reading(ics(event(WEEKLY, midnight, when=TUESDAYS)))) == left


def test_a_midnight_that_is_a_date_is_that_date() -> None:
    both = (WEEKLY, f"RDATE;{OSLO}:20261208T000000", f"EXDATE;{OSLO}:20261208T000000")
    assert spans(reading(ics(event(*both, when=TUESDAYS)))) == [ONE, TWO, THREE]
    at_midnight = (f"DTSTART;{OSLO}:20261201T000000", "DURATION:PT1H")
    found = spans(reading(ics(event(WEEKLY, f"EXDATE;{OSLO}:20261208T000000", when=at_midnight))))
    assert found == ["11-30 23:00–00:00", "12-14 23:00–00:00"]


@pytest.mark.parametrize(
    "named",
    ["RECURRENCE-ID:20261208T000000", f"RECURRENCE-ID;{OSLO}:20261208T000000", "RECURRENCE-ID:20261208T000000Z"],
)
def test_a_date_may_be_named_by_its_midnight(named: str) -> None:
    later = event(named, when=(f"DTSTART;{OSLO}:20261208T200000", "DURATION:PT1H"))
    file = reading(ics(event(WEEKLY, when=TUESDAYS), later))
    assert [(row.recurrence, when) for row, when in zip(file.rows, spans(file), strict=True)] == [
        ("2026-12-01", ONE),
        ("2026-12-08", "12-08 19:00–20:00"),
        ("2026-12-15", THREE),
    ]


def test_from_a_midnight_on() -> None:
    later = event(
        f"RECURRENCE-ID;RANGE=THISANDFUTURE;{OSLO}:20261208T000000",
        when=(f"DTSTART;{OSLO}:20261208T200000", "DURATION:PT1H"),
    )
    assert spans(reading(ics(event(WEEKLY, when=TUESDAYS), later)))[1:] == ["12-08 19:00–20:00", "12-15 19:00–20:00"]


@pytest.mark.parametrize(
    ("rdate", "found"),
    [
        ("20261208T170000Z/20261208T193000Z", "12-08 17:00–19:30"),
        ("20261208T170000Z/PT30M", "12-08 17:00–17:30"),
        ("20261208T170000Z/PT1H", TWO),
        ("20261208T170000Z/PT1M", "12-08 17:00–17:01"),
    ],
)
def test_a_period_lasts_as_long_as_it_says(rdate: str, found: str) -> None:
    """IBM Notes writes each date of what recurs as a period, in UTC."""
    file = reading(ics(event(f"RDATE;VALUE=PERIOD:20261201T170000Z/PT2H,{rdate}", when=TUESDAYS)))
    assert spans(file) == ["12-01 17:00–19:00", found]


@pytest.mark.parametrize(
    "rdate",
    [
        "20261208T170000Z/20261208T170000Z",
        "20261208T170000Z/20261208T160000Z",
        "20261208T170000Z/-PT1H",
        "20261208T170000Z/PT30S",
        "20261208T170030Z/PT30M",
        "20261208T170000Z/P32D",
        "20261208T170000Z/P999999999D",
    ],
)
def test_a_period_that_none_can_be_booked_for(rdate: str) -> None:
    [fault] = faults(reading(ics(event(f"RDATE;VALUE=PERIOD:{rdate}", when=TUESDAYS))))
    assert fault in ("unreadable_row", "not_on_the_minute")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("RDATE:20270601T160000Z",), [ONE, "06-01 16:00–17:00"]),
        (("RDATE:20270601T160000Z", "EXDATE:20261201T170000Z"), ["06-01 16:00–17:00"]),
        (("RDATE;VALUE=PERIOD:20270601T160000Z/PT3H",), [ONE, "06-01 16:00–19:00"]),
        (("RDATE;TZID=Europe/London:20270601T170000",), [ONE, "06-01 16:00–17:00"]),
    ],
)
def test_dates_that_are_named_one_by_one_are_by_any_clock(lines: tuple[str, ...], found: list[str]) -> None:
    file = reading(ics(event(*lines, when=("DTSTART:20261201T170000Z", "DTEND:20261201T180000Z"))))
    assert (faults(file), spans(file)) == ([None] * len(found), found)


def test_by_a_rule_they_recur_by_norways() -> None:
    when = ("DTSTART:20261201T170000Z", "DTEND:20261201T180000Z")
    assert faults(reading(ics(event(WEEKLY, "RDATE:20270601T160000Z", when=when)))) == ["other_time_zone"]


@pytest.mark.parametrize("zone", ["", f";{OSLO}"])
def test_what_is_called_a_date_and_says_a_time_is_that_time(zone: str) -> None:
    when = (f"DTSTART;VALUE=DATE{zone}:20261201T180000", f"DTEND;VALUE=DATE{zone}:20261201T190000")
    [row] = reading(ics(event("TRANSP:OPAQUE", when=when))).rows
    assert (row.fault, row.void, spans(reading(ics(event(when=when))))) == (None, None, [ONE])


def test_a_midnight_that_is_called_a_date_is_one() -> None:
    when = ("DTSTART;VALUE=DATE:20261201T000000", "DTEND;VALUE=DATE:20261202T000000")
    [row] = reading(ics(event("TRANSP:OPAQUE", when=when))).rows
    assert (row.begins_at, row.ends_at) == (
        datetime(2026, 11, 30, 23, tzinfo=UTC),
        datetime(2026, 12, 1, 23, tzinfo=UTC),
    )


@pytest.mark.parametrize("ends", [b"\n", b"\r\r\n", b"\r\r\r\n", b"\r"])
def test_lines_end_in_many_ways(ends: bytes) -> None:
    content = ics(event(WEEKLY, "DESCRIPTION:lang\r\n tekst", when=TUESDAYS))
    as_usual = reading(content)
    other = reading(content.replace(b"\r\n", ends))
    assert spans(other) == spans(as_usual) == [ONE, TWO, THREE]
    assert [row.line for row in other.rows] == [row.line for row in as_usual.rows]


def test_many_ends_of_lines_take_no_time() -> None:
    assert reading(b"\r" * 700_000 + b"\n" + ics(event(when=TUESDAYS))).rows


@pytest.mark.parametrize("secret", ["Kari Nordmann", "bursdag"])
def test_a_refusal_tells_nothing_of_what_is_in_the_file(secret: str) -> None:
    indented = ics(event("SUMMARY:Kari Nordmann sin bursdag", when=TUESDAYS)).replace(b"\r\n", b"\r\n ")
    with pytest.raises(UnreadableLine) as error:
        reading(indented)
    assert error.value.fields == {"line": 1}
    assert secret.upper() not in error.value.said.nb.upper()


@pytest.mark.parametrize("content", [b"uid;space\n", b"", b"hei", b"BEGIN:VEVENT\nEND:VEVENT\n"])
def test_what_is_no_calendar_is_told_so(content: Any) -> None:
    with pytest.raises(NoCalendar):
        reading(content)

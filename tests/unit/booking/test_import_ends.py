"""Dates at both ends of the calendar, in every property: the event is refused or left out, and never the file."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.files import read
from services.booking.model.import_refusals import TooManyRows, UnreadableFile
from services.booking.model.imports import ImportRequest, Row
from tests.calendar_files import NOW, event, faults, ics, reading, voids

DAYS = ["00000101", "00010101", "00010102", "19691231", "19700101", "20261201", "22001231", "22010101", "99991230"]
DAYS += ["99991231"]
CLOCKS = ["", "T000000", "T000000Z", "T235959", "T235959Z", "T180000Z", "T180000", "T240000"]
ZONES = ["", ";TZID=Europe/Oslo", ";TZID=Pacific/Kiritimati", ";TZID=Pacific/Niue", ";TZID=Atlantis", ";VALUE=DATE"]
LENGTHS = ["P9999999W", "-P9999999W", "P999999999D", "PT99999999999H", "P1D", "PT2H", "-PT2H", "P99999999999999D"]
NAMES = ["DTSTART", "DTEND", "EXDATE", "RDATE", "RECURRENCE-ID", "DTSTAMP", "LAST-MODIFIED", "DURATION", "RRULE"]
GOOD = event(uid="good")


def _times() -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, st.sampled_from(DAYS), st.sampled_from(CLOCKS))


def _periods() -> st.SearchStrategy[str]:
    return st.builds("{}/{}".format, _times(), st.one_of(_times(), st.sampled_from(LENGTHS)))


def _rules() -> st.SearchStrategy[str]:
    more = st.one_of(st.builds("UNTIL={}".format, _times()), st.just("COUNT=99999"), st.just("COUNT=3"))
    each = st.sampled_from(["YEARLY", "WEEKLY", "DAILY;INTERVAL=999", "HOURLY"])
    return st.builds("RRULE:FREQ={};{}".format, each, more)


def _properties(name: str) -> st.SearchStrategy[str]:
    if name == "RRULE":
        return _rules()
    if name == "DURATION":
        return st.builds("DURATION:{}".format, st.sampled_from(LENGTHS))
    plain = st.builds("{}{}:{}".format, st.just(name), st.sampled_from(ZONES), _times())
    periods = st.builds("RDATE;VALUE=PERIOD:{}".format, _periods())
    return st.one_of(plain, periods) if name == "RDATE" else plain


@given(
    st.lists(st.sampled_from(NAMES), unique=True, max_size=5).flatmap(lambda names: st.tuples(*map(_properties, names)))
)
def test_no_date_is_more_than_its_own_events_fault(properties: tuple[str, ...]) -> None:
    starts = () if any(each.startswith("DTSTART") for each in properties) else ("DTSTART:20261201T180000Z",)
    content = ics(event("TRANSP:OPAQUE", uid="odd", when=(*starts, *properties)), GOOD)
    for until in (None, date(2027, 6, 1)):
        file = reading(content, until=until)
        assert [row.fault for row in file.rows if row.uid == "good"] == [None]
        for row in file.rows:
            _demand_within_the_calendar(row)


def _demand_within_the_calendar(row: Row) -> None:
    """What is to be booked is where every clock can show it."""
    if row.fault is None and row.void is None and not row.cancelled:
        assert row.begins_at is not None
        assert row.ends_at is not None
        assert datetime(1969, 12, 31, tzinfo=UTC) < row.begins_at
        assert row.ends_at < datetime(2202, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (("DTSTART:20261201T180000Z", "DTEND:99991231T235900Z"), "unreadable_row"),
        (("DTSTART:20261201T180000Z", "DURATION:P9999999W"), "unreadable_row"),
        (("DTSTART:20261201T180000Z", "DURATION:P9999W"), None),
        (("DTSTART:99991231T235900Z", "DURATION:PT1H"), "unreadable_row"),
        (("DTSTART:20261201T180000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"), "other_time_zone"),
        (("DTSTART:20261201T180000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z"), "ends_too_late"),
        (("DTSTART:20261201T180000", "DURATION:PT1H", "RDATE:99991231T180000"), "too_far_reaching"),
        (("DTSTART:20261201T180000", "DURATION:PT1H", "RDATE:22010101T180000"), "too_far_reaching"),
    ],
)
def test_what_is_beyond_the_calendar_is_told_with_its_line(wrong: tuple[str, ...], fault: str | None) -> None:
    file = reading(ics(GOOD, event(uid="odd", when=wrong)))
    assert ([row.line for row in file.rows], faults(file)[:1]) == ([3, 9], [None])
    assert faults(file)[1] == fault or fault is None


@pytest.mark.parametrize("day", ["00010101", "19691231", "22010101", "99991231"])
@pytest.mark.parametrize("clock", ["T180000", "T235959Z", ""])
def test_dates_beyond_the_calendar_leave_nothing_out(day: str, clock: str) -> None:
    value = ";VALUE=DATE" if not clock else ""
    file = reading(ics(event("RRULE:FREQ=WEEKLY;COUNT=2", f"EXDATE{value}:{day}{clock}")))
    assert (len(file.rows), faults(file)) == (2, [None, None])


def test_what_is_before_the_calendar_is_over() -> None:
    file = reading(ics(event(when=("DTSTART:00010101T000000Z", "DURATION:PT1H")), GOOD))
    assert file.rows[0].begins_at is not None
    assert file.rows[0].begins_at < NOW
    assert voids(file)[1] is None
    rows = reading(ics(event("RRULE:FREQ=WEEKLY;COUNT=2", "RDATE:00010101T180000"))).rows
    assert [row.fault for row in rows] == [None, None]


@given(st.sampled_from(DAYS), st.sampled_from(["T18:00", " 18:00+14:00", " 18:00-12:00", " 24:00"]))
def test_tables_too(day: str, clock: str) -> None:
    at = f"{day[:4]}-{day[4:6]}-{day[6:]}{clock}"
    lines = f"uid;space;begins_at;ends_at\n1;room;{at};{at}\n2;room;2026-12-01 18:00;2026-12-01 19:00\n"
    rows = read(ImportRequest(source="old", kind="csv", content=lines.encode()), now=NOW).rows
    assert [row.line for row in rows] == [2, 3]
    assert rows[1].fault is None


@given(st.sampled_from(DAYS), st.sampled_from(LENGTHS), st.sampled_from(["+9999", "-2359", "+0100", "+240000"]))
def test_zones_too(day: str, until: str, offset: str) -> None:
    zone: Any = (
        "BEGIN:VTIMEZONE",
        "TZID:Odd",
        "BEGIN:STANDARD",
        f"DTSTART:{day}T030000",
        f"TZOFFSETFROM:{offset}",
        f"TZOFFSETTO:{offset}",
        f"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL={day}",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
    odd = event(
        uid="odd", when=(f"DTSTART;TZID=Odd:{day}T235959", f"DURATION:{until}", f"DTSTAMP;TZID=Odd:{day}T000000")
    )
    try:
        file = reading(ics(odd, GOOD, zones=zone))
    except (UnreadableFile, TooManyRows) as error:
        pytest.fail(f"the file was refused: {error}")
    assert [row.fault for row in file.rows if row.uid == "good"] == [None]

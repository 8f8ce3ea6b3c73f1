"""Files of other systems as they come: what Outlook, Google and Excel write, and what is wrong with others."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.booking.files import read
from services.booking.files.table import instant
from services.booking.model.import_refusals import NotUtf8, TooManyRows, UnreadableFile
from services.booking.model.imports import MOST, File, ImportRequest, Row

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEADER = "uid;space;begins_at;ends_at;tenant;title;purpose;audience;participants;status"


def reading(content: bytes, kind: Any = "ics", **more: Any) -> File:
    return read(ImportRequest(source="old", kind=kind, content=content, **more), now=NOW)


def table(*lines: str, header: str = HEADER) -> File:
    return reading("\n".join([header, *lines]).encode(), "csv")


def calendar(*properties: str, uid: str = "UID:1") -> File:
    """A file with one event."""
    event = ["BEGIN:VEVENT", *([uid] if uid else []), *properties, "END:VEVENT"]
    return reading("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *event, "END:VCALENDAR", ""]).encode())


def at(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    """Winter time on the wall in Oslo."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


def said(file: File) -> list[tuple[Any, ...]]:
    return [(row.line, row.recurrence, row.place, row.begins_at, row.ends_at, row.title) for row in file.rows]


def faults(file: File) -> list[str | None]:
    return [row.fault.code if row.fault else None for row in file.rows]


def test_what_outlook_exports() -> None:
    file = reading((SAMPLES / "outlook.ics").read_bytes())

    hall = "Storsalen, Borgen"
    assert faults(file) == [None] * 5
    assert said(file) == [
        (21, "2026-12-01", hall, at(1, 18), at(1, 20), "Korpsøving"),
        (43, "2026-12-15", hall, at(16, 19), at(16, 21), "Korpsøving (flyttet)"),
        (21, "2026-12-22", hall, at(22, 18), at(22, 20), "Korpsøving"),
        (52, "", "third-1", at(3, 9), at(3, 11, 30), None),
        (61, "", "third-2", at(24, 0), at(26, 0), "Julefeiring"),
    ]
    assert len(file.whole) == 3


def test_what_google_exports() -> None:
    file = reading((SAMPLES / "google.ics").read_bytes(), until=date(2026, 12, 8))

    assert said(file)[:4] == [
        (8, "", "Storsalen", at(2, 18), at(2, 19, 30), "Årsmøte"),
        (18, "2026-11-24", "room", at(24, 18, month=11), at(24, 19, 30, month=11), "Sjakk, hver uke"),
        (18, "2026-12-01", "room", at(1, 18), at(1, 19, 30), "Sjakk, hver uke"),
        (18, "2026-12-08", "room", at(8, 18), at(8, 19, 30), "Sjakk, hver uke"),
    ]
    assert [(row.uid, row.place, row.cancelled, row.void is not None) for row in file.rows[4:]] == [
        ("floating@google.com", "", False, False),
        ("cancelled@google.com", "room", True, False),
        ("tentative@google.com", "room", False, True),
    ]
    assert (file.rows[4].begins_at, file.rows[4].ends_at) == (at(4, 10), at(4, 10, 45))
    assert ("endless@google.com", "2026-11-17") in file.over
    assert len(file.over) == 98
    assert "endless_recurrence" in faults(reading((SAMPLES / "google.ics").read_bytes()))


def test_what_excel_saves() -> None:
    file = reading((SAMPLES / "excel.csv").read_bytes(), "csv")

    assert said(file)[:2] == [
        (2, "", "hall", at(1, 18), at(1, 20), "Korps; øving"),
        (3, "", "room", at(2, 9), at(2, 11, 30), "Årsmøte"),
    ]
    first, second, third = file.rows
    assert (first.organisation, first.purpose, first.audience, first.participants) == (
        "974760673",
        "culture",
        "youth",
        40,
    )
    assert (second.organisation, second.purpose, second.audience, second.participants) == (None, None, None, None)
    assert third.line == 5
    assert faults(file) == [None, None, None]
    assert third.title == "To linjer"


def test_commas_and_the_separator_that_excel_names() -> None:
    lines = b"sep=,\r\nuid,space,begins_at,ends_at,status\r\n1,room,2026-12-01 18:00,2026-12-01 19:00,avlyst\r\n"
    [row] = reading(lines, "csv").rows
    assert (row.line, row.place, row.cancelled) == (3, "room", True)


@pytest.mark.parametrize(
    ("content", "kind", "refusal"),
    [
        ("uid;space;begins_at;ends_at\nÅ;".encode("cp1252"), "csv", NotUtf8),
        (b"uid;space;begins_at\n", "csv", UnreadableFile),
        (b"uid;space;begins_at;ends_at;uid\n", "csv", UnreadableFile),
        (b'uid;space;begins_at;ends_at\n"1', "csv", UnreadableFile),
        (b"hei", "ics", UnreadableFile),
        (b"BEGIN:VEVENT\nUID:1\nEND:VEVENT", "ics", UnreadableFile),
    ],
)
def test_files_that_are_none(content: bytes, kind: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        reading(content, kind)


def test_an_organisation_number_as_it_stands_on_an_invoice() -> None:
    [row] = table("1;room;2026-12-01 18:00;2026-12-01 19:00;NO 974 760 673 MVA").rows
    assert isinstance(row, Row)
    assert row.organisation == "974760673"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (";room;2026-12-01 18:00;2026-12-01 19:00", "uid"),
        (f"{'u' * 256};room;2026-12-01 18:00;2026-12-01 19:00", "uid"),
        ("1;room;1.12 18:00;2026-12-01 19:00", "begins_at"),
        ("1;room;2026-12-01 18:00", "ends_at"),
        ("1;room;2026-12-01 18:00;2026-02-30 18:00", "ends_at"),
        ("1;room;1969-12-01 18:00;2026-12-01 19:00", "begins_at"),
        ("1;room;2026-12-01 18:00;2026-12-01 19:00;974760674", "tenant"),
        ("1;room;2026-12-01 18:00;2026-12-01 19:00;;;dans", "purpose"),
        ("1;room;2026-12-01 18:00;2026-12-01 19:00;;;;hunder", "audience"),
        ("1;room;2026-12-01 18:00;2026-12-01 19:00;;;;;0", "participants"),
        ("1;room;2026-12-01 18:00;2026-12-01 19:00;;;;;;kanskje", "status"),
    ],
)
def test_rows_of_a_table_that_cannot_be_read(line: str, part: str) -> None:
    [row] = table(line).rows
    assert row.fault is not None
    code = "unreadable_uid" if part == "uid" else "unreadable_cell"
    assert (row.fault.code, row.fault.fields["part"]) == (code, part)


def test_longest_and_most_that_a_row_may_say() -> None:
    [row] = table(f"{'u' * 255};room;2026-12-01 18:00;2026-12-01 19:00;;{'t' * 200};;;100000;").rows
    assert (row.fault, row.participants) == (None, 100_000)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2026-03-29 01:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29 02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # left out: as if the clock had not changed
        ("2026-03-29 02:59", datetime(2026, 3, 29, 1, 59, tzinfo=UTC)),
        ("2026-03-29 03:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 01:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25 02:00", datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),  # comes twice: the first
        ("2026-10-25 02:59", datetime(2026, 10, 25, 0, 59, tzinfo=UTC)),
        ("2026-10-25T02:30+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("25.10.2026 03:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_when_the_clock_changes(written: str, found: datetime) -> None:
    assert instant(written) == found


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        (["DTEND:20261201T190000Z"], "unreadable_row"),
        (["DTSTART:i morgen"], "unreadable_row"),
        (["DTSTART:20261201T180000Z", "DTSTART:20261202T180000Z"], "unreadable_row"),
        (["DTSTART:20261201T180030Z", "DURATION:PT1H"], "not_on_the_minute"),
        (["DTSTART:20261201T180000Z", "DTEND;VALUE=DATE:20261202"], "unreadable_row"),
        (["DTSTART;TZID=Atlantis:20261201T180000", "DURATION:PT1H"], "other_time_zone"),
        (["DTSTART:20261201T180000Z", "DTEND:20261201T190000Z", "RRULE:FREQ=WEEKLY;COUNT=2"], "other_time_zone"),
        (["DTSTART:20261201T180000", "DTEND:20261201T190000", "RRULE:FREQ=HOURLY;COUNT=2"], "too_frequent"),
        (["DTSTART:20261201T180000", "DTEND:20261201T190000", "RRULE:FREQ=DAILY;COUNT=521"], "too_many_dates"),
        (["DTSTART:20261201T180000", "DTEND:20261201T190000", "RRULE:FREQ=TEA"], "unreadable_row"),
        (["DTSTART:20261201T180000", "DTEND:20261201T190000", "EXRULE:FREQ=DAILY"], "unreadable_row"),
        (["DTSTART:20261201T180000", "DTEND:20261201T170000", "RDATE:20261208T180000"], "unreadable_row"),
        (["DTSTART:20261201T180000", "DTEND:klokka atte"], "unreadable_row"),
        (
            ["RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T180000", "DTSTART:20261201T180000Z", "DTEND:20261201T190000Z"],
            "unreadable_row",
        ),
    ],
)
def test_events_that_cannot_be_read(properties: list[str], code: str) -> None:
    assert faults(calendar(*properties)) == [code]


def test_an_event_without_uid_is_none() -> None:
    """Exchange leaves uids out of calendars with limited details: it refuses what would be booked, and nothing else."""
    once = ("DURATION:PT1H", "TRANSP:OPAQUE")
    assert faults(calendar("DTSTART:20261201T180000Z", *once, uid="")) == ["unreadable_row"]
    [over] = calendar("DTSTART:20261101T180000Z", *once, uid="").rows
    assert over.begins_at == datetime(2026, 11, 1, 18, tzinfo=UTC)
    for said in ("TRANSP:TRANSPARENT", "STATUS:CANCELLED"):
        [row] = calendar("DTSTART:20261201T180000Z", "DURATION:PT1H", said, uid="").rows
        assert (row.fault, bool(row.void) or row.cancelled) == (None, True)


def test_a_day_is_in_no_zone() -> None:
    """Apple once wrote one there."""
    [row] = calendar(
        "DTSTART;TZID=Europe/London;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261225", "TRANSP:OPAQUE"
    ).rows
    assert (row.fault, row.begins_at, row.ends_at) == (None, at(24, 0), at(25, 0))


def test_dates_named_one_by_one_and_two_on_a_day() -> None:
    file = calendar(
        "DTSTART;TZID=Europe/Oslo:20261201T180000",
        "DURATION:PT1H",
        "RDATE;TZID=Europe/Oslo:20261201T200000,20261202T180000",
        "RDATE;VALUE=DATE:20261203",
        "EXDATE:20261202T170000Z",
    )
    assert [(row.recurrence, row.begins_at) for row in file.rows] == [
        ("2026-12-01", at(1, 18)),
        ("2026-12-01T20:00", at(1, 20)),
        ("2026-12-03", at(3, 18)),
    ]


def test_no_more_rows_than_one_import_takes() -> None:
    rows = [f"{number};room;2026-12-01 18:00;2026-12-01 19:00" for number in range(MOST + 1)]
    assert len(table(*rows[:-1]).rows) == MOST
    with pytest.raises(TooManyRows):
        table(*rows)


ZONE = "BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\nRRULE:FREQ=DAILY\r\nTZOFFSETFROM:+0200\r\nEND:STANDARD\r\n"
AT_SIX = "DTSTART:20200101T180000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY"


@pytest.mark.parametrize(
    ("rule", "number", "refused"),
    [
        (f"{AT_SIX};BYMONTH=2;BYMONTHDAY=30;COUNT=1", 121, False),
        (f"{AT_SIX};BYMONTH=2;BYMONTHDAY=30;COUNT=1", 122, True),
        (f"{AT_SIX};COUNT=500", 200, False),
        (f"{AT_SIX};COUNT=500", 201, True),
        (f"{AT_SIX};BYMONTHDAY=31;BYMONTH=1;UNTIL=20300201", 198, False),
        (f"{AT_SIX};BYMONTHDAY=31;BYMONTH=1;UNTIL=20300201", 199, True),
        (f"{AT_SIX.replace('DAILY', 'YEARLY')};UNTIL=20300201", 621, False),
        (f"{AT_SIX.replace('DAILY', 'YEARLY')};UNTIL=20300201", 622, True),
    ],
)
def test_no_small_file_makes_for_endless_work(rule: str, number: int, refused: bool) -> None:
    """Rules that come to little cost as much as those that come to much."""
    events = "".join(f"BEGIN:VEVENT\r\nUID:{each}\r\n{rule}\r\nEND:VEVENT\r\n" for each in range(number))
    content = f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n".encode()
    if refused:
        with pytest.raises(TooManyRows):
            reading(content)
    else:
        file = reading(content)
        assert len(file.whole) == number


def test_zones_are_known_by_name_and_not_by_what_a_file_says_of_them() -> None:
    """It would take minutes to reckon this one."""
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Mine\r\n{ZONE * 50}END:VTIMEZONE\r\n"
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{name}\r\nDTSTART;TZID={name}:20261201T180000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
        for name in ("Mine", "Romance Standard Time", "Europe/London")
    )
    file = reading(f"BEGIN:VCALENDAR\r\n{zone}{events}END:VCALENDAR\r\n".encode())
    assert faults(file) == ["other_time_zone", None, None]
    assert [row.begins_at for row in file.rows[1:]] == [at(1, 18), at(1, 19)]

"""Time zones by what a file says of them: Exchange's own names, with exactly Norway's two rules."""

import pytest

from services.booking.model.imports import File
from tests.calendar_files import event, faults, ics, reading
from tests.moving_in import at

WINTER = ("DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100")
SUMMER = ("DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200")
IN_OCTOBER, IN_MARCH = "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"
NORWAY = (
    *("BEGIN:STANDARD", *WINTER, IN_OCTOBER, "END:STANDARD"),
    *("BEGIN:DAYLIGHT", *SUMMER, IN_MARCH, "END:DAYLIGHT"),
)


def zone(name: str, *rules: str) -> tuple[str, ...]:
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *(rules or NORWAY), "END:VTIMEZONE")


def weekly(name: str, *zones: tuple[str, ...], more: tuple[str, ...] = ("RRULE:FREQ=WEEKLY;COUNT=1",)) -> File:
    when = (f'DTSTART;TZID="{name}":20261201T180000', f'DTEND;TZID="{name}":20261201T200000')
    return reading(ics(event(*more, when=when), zones=tuple(line for lines in zones for line in lines)))


def changed(old: str, new: str) -> tuple[str, ...]:
    return zone("Mine", *(line.replace(old, new) for line in NORWAY))


@pytest.mark.parametrize(
    ("written", "defined"),
    [
        ("Customized Time Zone", "Customized Time Zone"),
        ("W. Europe Standard Time 1", "W. Europe Standard Time 1"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern", "(UTC+01:00) Amsterdam\\, Berlin\\, Bern"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern", "(UTC+01:00) Amsterdam, Berlin, Bern"),
        ("/freeassociation.sourceforge.net/Europe/Oslo", "/freeassociation.sourceforge.net/Europe/Oslo"),
        ("tzone://Microsoft/Custom", "tzone://Microsoft/Custom"),
        ("Mine\0", "Mine\0"),
        ("Mine", "Mine\0\0"),
        ("Mine", " Mine "),
        ("Eastern Standard Time", "Eastern Standard Time"),
    ],
)
def test_norways_rules_whatever_the_name(written: str, defined: str) -> None:
    file = weekly(written, zone(defined))
    assert [(row.begins_at, row.ends_at) for row in file.rows] == [(at(1, 18), at(1, 20))]


@pytest.mark.parametrize("name", ["(UTC+01:00) Amsterdam / Berlin", "(GMT+01.00) Amsterdam, Berlin", "Mine"])
def test_names_that_nobody_quoted(name: str) -> None:
    when = (f"DTSTART;TZID={name}:20261201T180000", f"DTEND;TZID={name}:20261201T200000")
    [row] = reading(ics(event(when=when), zones=zone(name))).rows
    assert (row.fault, row.begins_at, row.ends_at) == (None, at(1, 18), at(1, 20))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BYDAY=-1SU;BYMONTH=10", "BYMONTH=10;BYDAY=SU;BYMONTHDAY=25,26,27,28,29,30,31"),
        ("BYDAY=-1SU;BYMONTH=3", "BYMONTH=3;BYDAY=SU;BYSETPOS=-1"),
        ("DTSTART:16010101", "DTSTART:19700101"),
        ("DTSTART:16010101", "DTSTART:20260101"),
        ("TZOFFSETTO:+0100", "TZNAME:CET\r\nTZOFFSETTO:+010000"),
        ("BEGIN:STANDARD", "BEGIN:STANDARD\r\nCOMMENT:Vinter"),
        ("BYMONTH=10", "BYHOUR=3;BYMINUTE=0;BYMONTH=10"),
        ("BYMONTH=3", "BYMONTH=3;BYHOUR=02;BYMINUTE=00;BYSECOND=0"),
        ("BYMONTH=10", "BYMONTH=10;UNTIL=99991231T235959Z"),
        ("BYMONTH=10", "BYMONTH=10;UNTIL=20381001T000000Z"),
    ],
)
def test_the_same_rules_in_other_words(old: str, new: str) -> None:
    assert faults(weekly("Mine", changed(old, new))) == [None]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BYDAY=-1SU;BYMONTH=10", "BYDAY=1SU;BYMONTH=11"),
        ("BYDAY=-1SU;BYMONTH=10", "BYDAY=4SU;BYMONTH=10"),
        ("BYDAY=-1SU;BYMONTH=3", "BYDAY=-1SA;BYMONTH=3"),
        ("INTERVAL=1", "INTERVAL=2"),
        ("T030000", "T020000"),
        ("T020000", "T010000"),
        ("TZOFFSETFROM:+0200", "TZOFFSETFROM:+0300"),
        ("TZOFFSETTO:+0200", "TZOFFSETTO:+0130"),
        ("BYMONTH=10", "BYMONTH=10;UNTIL=20301001T000000Z"),
        ("BYMONTH=10", "BYMONTH=10;COUNT=900"),
        ("BYMONTH=10", "BYMONTH=10;UNTIL=20371001T000000Z"),
        ("BYMONTH=10", "BYHOUR=2;BYMONTH=10"),
        ("BYMONTH=10", "BYMINUTE=30;BYMONTH=10"),
        ("DTSTART:16010101", "DTSTART:20270101"),
        ("FREQ=YEARLY", "FREQ=DAILY"),
        ("FREQ=YEARLY", "FREQ=TEA"),
        ("TZOFFSETTO:+0200", "COMMENT:"),
        ("BEGIN:DAYLIGHT", "BEGIN:STANDARD"),
        (IN_MARCH, "COMMENT:"),
    ],
)
def test_other_rules_are_not_norways(old: str, new: str) -> None:
    assert faults(weekly("Mine", changed(old, new))) == ["other_time_zone"]


def test_what_was_before_does_not_count() -> None:
    """Apple and others tell a zone's whole history."""
    before = ("BEGIN:STANDARD", "DTSTART:18950101T000000", "TZOFFSETFROM:+0043", "TZOFFSETTO:+0100", "END:STANDARD")
    ended = (
        *("BEGIN:DAYLIGHT", "DTSTART:19590315T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"),
        *("RRULE:FREQ=YEARLY;UNTIL=19650425T010000Z;BYMONTH=4;BYDAY=3SU", "END:DAYLIGHT"),
    )
    assert faults(weekly("Mine", zone("Mine", *before, *ended, *NORWAY))) == [None]
    recent = [line.replace("18950101", "20260401") for line in before]
    assert faults(weekly("Mine", zone("Mine", *recent, *NORWAY))) == ["other_time_zone"]


def test_two_zones_of_one_name_are_none_if_they_differ() -> None:
    assert faults(weekly("Mine", zone("Mine"), zone("Mine"))) == [None]
    assert faults(weekly("Mine", zone("Mine"), changed("BYMONTH=10", "BYMONTH=11"))) == ["other_time_zone"]
    assert faults(weekly("Mine", zone("Other"))) == ["other_time_zone"]


def test_a_zone_that_never_changes_is_its_offset() -> None:
    rule = ("BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "END:STANDARD")
    [row] = weekly("tzone://Microsoft/Utc", zone("tzone://Microsoft/Utc", *rule), more=()).rows
    assert row.begins_at == at(1, 19)
    assert faults(weekly("tzone://Microsoft/Utc", zone("tzone://Microsoft/Utc", *rule))) == ["other_time_zone"]
    # many write no more than this of a zone whose name is known
    [row] = weekly("Europe/Oslo", zone("Europe/Oslo", *rule)).rows
    assert row.begins_at == at(1, 18)


def test_dates_in_such_a_zone() -> None:
    name = "Customized Time Zone"
    more = (
        "RRULE:FREQ=WEEKLY;COUNT=3",
        f"EXDATE;TZID={name}:20261208T180000",
        f"RDATE;TZID={name}:20261203T180000,20261204T190000",
    )
    assert [row.begins_at for row in weekly(name, zone(name), more=more).rows] == [
        at(1, 18),
        at(3, 18),
        at(4, 19),
        at(15, 18),
    ]


def test_many_zones_are_not_all_looked_at() -> None:
    zones = [zone(f"Zone {number}") for number in range(101)]
    assert faults(weekly("Zone 99", *zones)) == [None]
    assert faults(weekly("Zone 100", *zones)) == ["other_time_zone"]

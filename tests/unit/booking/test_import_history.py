"""A room's calendar of ten years moves in: limits count from now, and of what is over nothing need be understood."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.model.recurrence import MOST, Recurrence, TooManyDates
from services.booking.recurrence import dates_of
from tests.calendar_files import NOW, event, faults, ics, reading


def since(year: int, month: int = 1, day: int = 5) -> tuple[str, str]:
    return (f"DTSTART;TZID=Europe/Oslo:{year}{month:02}{day:02}T180000", "DURATION:PT2H")


def coming(rule: str, when: tuple[str, ...], **more: date) -> tuple[list[str | None], int, int]:
    """Faults, how many dates are to come, and how many are over."""
    file = reading(ics(event(rule, when=when)), **more)
    return faults(file)[:1], sum(row.takes_room(NOW) for row in file.rows), len(file.over)


@pytest.mark.parametrize(
    ("rule", "when", "to_come", "over"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20261225", since(2016), 33, 3975),
        ("RRULE:FREQ=DAILY;COUNT=4000", since(2016), 25, 3975),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261225T170000Z", since(1994), 5, 1716),
        ("RRULE:FREQ=YEARLY;UNTIL=20271225", since(1971), 1, 56),
        (f"RRULE:FREQ=DAILY;COUNT={MOST + 1}", since(2026, 11, 22), MOST, 1),
        (f"RRULE:FREQ=DAILY;COUNT={MOST}", since(2026, 11, 23), MOST, 0),
    ],
)
def test_limits_count_from_now(rule: str, when: tuple[str, str], to_come: int, over: int) -> None:
    assert coming(rule, when) == ([None], to_come, over)


@pytest.mark.parametrize(
    ("rule", "when", "fault"),
    [
        (f"RRULE:FREQ=DAILY;COUNT={MOST + 1}", since(2026, 11, 23), "too_many_dates"),
        ("RRULE:FREQ=DAILY;UNTIL=20290101", since(2016), "too_many_dates"),
        ("RRULE:FREQ=YEARLY;UNTIL=20381231", since(2016), "ends_too_late"),
        ("RRULE:FREQ=YEARLY;COUNT=30", since(2016), "too_far_reaching"),
        ("RRULE:FREQ=WEEKLY", since(2016), "endless_recurrence"),
    ],
)
def test_what_is_to_come_is_limited_as_before(rule: str, when: tuple[str, str], fault: str) -> None:
    assert coming(rule, when) == ([fault], 0, 0)


def test_an_end_that_means_none_is_where_one_asks_for_it() -> None:
    """Some systems write the end of the world for no end."""
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20991231T000000Z"
    assert coming(rule, since(2026, 12, 1), until=date(2026, 12, 15)) == ([None], 3, 0)
    assert reading(ics(event(rule)), until=date(2026, 12, 15)).whole == {"1": date(2026, 12, 15)}
    assert reading(ics(event("RRULE:FREQ=YEARLY;UNTIL=20371001")), until=date(2026, 12, 15)).whole == {"1": None}


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ("RRULE:FREQ=WEEKLY;COUNT=1\r\nEXDATE;TZID=Europe/Oslo:20261201T180000", None),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261130", None),
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", None),
        ("RRULE:FREQ=WEEKLY", date(2026, 11, 30)),
    ],
)
def test_an_event_without_dates_is_no_rows(rule: str, until: date | None) -> None:
    file = reading(ics(event(rule)), **({"until": until} if until else {}))
    assert (list(file.rows), file.over, file.whole) == ([], {}, {"1": until})


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("DTSTART;TZID=Atlantis:{day}T180000\r\nDURATION:PT1H", "other_time_zone"),
        ("DTSTART:{day}T180030Z\r\nDURATION:PT1H", "not_on_the_minute"),
        ("DTSTART:{day}T250000Z\r\nDURATION:PT1H", "unreadable_row"),
        ("DTSTART:{day}T180000Z\r\nDTEND;VALUE=DATE:{day}", "unreadable_row"),
        ("DTSTART;TZID=Atlantis:20160101T180000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL={day}", "other_time_zone"),
        ("DTSTART:20160101T180000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY;UNTIL={day}T180000Z", "other_time_zone"),
        (
            "DTSTART;TZID=Atlantis:20160101T180000\r\nDURATION:PT1H\r\nRDATE:{day}T180000",
            "other_time_zone",
        ),
        ("RECURRENCE-ID;TZID=Atlantis:{day}T180000\r\nDTSTART:{day}T180000Z\r\nDURATION:PT1H", "other_time_zone"),
    ],
)
def test_whatever_is_wrong_with_what_is_over(wrong: str, fault: str) -> None:
    """Over anywhere: a day from the latest that it may be."""
    for day, begins_before in (("20261120", True), ("20261124", False)):
        [row] = reading(ics(event(when=(wrong.format(day=day),)))).rows
        assert row.fault is not None
        assert row.fault.code == fault
        assert (row.begins_at is not None and row.begins_at < NOW) is begins_before


@pytest.mark.parametrize(
    ("rule", "over"),
    [
        ("FREQ=HOURLY;COUNT=10", True),
        ("FREQ=DAILY;INTERVAL=2;COUNT=500", True),
        ("FREQ=DAILY;INTERVAL=2;COUNT=5000", False),
        ("FREQ=YEARLY;COUNT=3;BYMONTHDAY=31", False),
        ("FREQ=DAILY", False),
        ("FREQ=TEA;COUNT=3", False),
        ("FREQ=DAILY;INTERVAL=99999;COUNT=99999", False),
    ],
)
def test_what_a_rule_may_come_to_at_the_latest(rule: str, over: bool) -> None:
    when = ("DTSTART;TZID=Atlantis:20160101T180000", "DURATION:PT1H", f"RRULE:{rule}")
    [row] = reading(ics(event(when=when))).rows
    assert (row.fault is not None, row.begins_at is not None) == (True, over)


def test_ten_years_of_a_room() -> None:
    """Three thousand events that are over, and eighty series, are no too many rows."""
    weekly = [event("RRULE:FREQ=WEEKLY;UNTIL=20261225", uid=f"w{each}", when=since(2016)) for each in range(80)]
    single = [event(uid=f"s{each}", when=since(2018)) for each in range(3000)]
    file = reading(ics(*weekly, *single))
    assert sum(row.takes_room(NOW) for row in file.rows) == 80 * 5


def test_a_new_series_is_limited_from_its_first_date() -> None:
    starts = datetime(2016, 1, 5, 18)  # noqa: DTZ001  # on the wall
    with pytest.raises(TooManyDates):
        dates_of(Recurrence(starts=starts, minutes=60, rule=f"FREQ=DAILY;COUNT={MOST + 1}"))
    found = dates_of(
        Recurrence(starts=starts, minutes=60, rule=f"FREQ=DAILY;COUNT={MOST + 1}"), since=starts + timedelta(days=1)
    )
    assert (len(found), found[0].begins_at) == (MOST + 1, datetime(2016, 1, 5, 17, tzinfo=UTC))


@pytest.mark.parametrize(
    ("more", "days"),
    [
        (("RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2",), ["2026-12-01", "2026-12-02", "2026-12-09"]),
        (("RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2",), ["2026-12-01", "2026-12-08"]),
        (
            ("RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2", "EXDATE;TZID=Europe/Oslo:20261201T180000"),
            ["2026-12-02", "2026-12-09"],
        ),
    ],
)
def test_an_event_begins_when_it_says_though_its_rule_does_not(more: tuple[str, ...], days: list[str]) -> None:
    """As calendars show it."""
    rows = reading(ics(event(*more))).rows
    assert [row.recurrence for row in rows] == days
    assert rows[0].recurring is not None
    assert [each.begins_at for each in dates_of(rows[0].recurring, strays=True)] == [row.begins_at for row in rows]

"""Which dates a rule comes to: by the clock on the wall, and never more of them, or longer looked for, than may be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import DomainError
from services.booking.model.opening import OSLO
from services.booking.model.recurrence import (
    LONGEST_YEARS,
    MOST,
    EndlessRecurrence,
    ExceptedNoDate,
    InvalidRecurrence,
    NoDates,
    Occurrence,
    Recurrence,
    TooFarReaching,
    TooFrequent,
    TooManyDates,
)
from services.booking.recurrence import dates_of

EVENING = datetime(2026, 12, 1, 18, 0)  # noqa: DTZ001  # a Tuesday; times of a rule are by the clock on the wall


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def dates(rule: str | None, starts: datetime = EVENING, minutes: int = 120, **more: Any) -> list[Occurrence]:
    return dates_of(Recurrence(starts=starts, minutes=minutes, rule=rule, **more))


def shown(found: list[Occurrence]) -> list[str]:
    """When they begin, by the clock on the wall."""
    return [f"{each.begins_at.astimezone(OSLO):%Y-%m-%d %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("starts", "rule", "expected"),
    [
        ("2026-12-01T18:00", "FREQ=WEEKLY;COUNT=3", ["2026-12-01", "2026-12-08", "2026-12-15"]),
        ("2026-12-01T18:00", "RRULE:FREQ=WEEKLY;COUNT=2", ["2026-12-01", "2026-12-08"]),
        ("2026-12-01T18:00", "freq=weekly;count=2", ["2026-12-01", "2026-12-08"]),
        ("2026-12-01T18:00", "FREQ=WEEKLY;INTERVAL=2;COUNT=3", ["2026-12-01", "2026-12-15", "2026-12-29"]),
        ("2026-12-01T18:00", "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["2026-12-03", "2026-12-07", "2026-12-10"]),
        (
            "2026-12-01T18:00",
            "FREQ=DAILY;BYDAY=SA,SU;UNTIL=20261213",
            ["2026-12-05", "2026-12-06", "2026-12-12", "2026-12-13"],
        ),
        (
            "2026-01-31T18:00",
            "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4",
            ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"],
        ),
        ("2026-01-31T18:00", "FREQ=MONTHLY;COUNT=3", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("2026-01-01T18:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("2028-01-01T18:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["2028-01-31", "2028-02-29"]),
        ("2026-01-01T18:00", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("2026-01-01T18:00", "FREQ=MONTHLY;BYDAY=5FR;COUNT=2", ["2026-01-30", "2026-05-29"]),
        ("2026-01-01T18:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-01-30", "2026-02-27"]),
        ("2028-02-29T18:00", "FREQ=YEARLY;COUNT=3", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("2028-02-29T18:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=2", ["2028-02-29", "2029-02-28"]),
        ("2026-01-01T18:00", "FREQ=YEARLY;BYDAY=20MO;COUNT=2", ["2026-05-18", "2027-05-17"]),
        ("2026-01-01T18:00", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=2", ["2027-01-04", "2028-01-03"]),
        ("2026-01-01T18:00", "FREQ=YEARLY;BYYEARDAY=-1;COUNT=2", ["2026-12-31", "2027-12-31"]),
        (
            "2026-12-01T18:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=3",
            ["2026-12-13", "2026-12-14", "2026-12-27"],
        ),
    ],
)
def test_the_dates_of_a_rule(starts: str, rule: str, expected: list[str]) -> None:
    assert shown(dates(rule, wall(starts))) == [f"{day} 18:00" for day in expected]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261215", "2026-12-15 18:00"),  # the whole day
        ("20261214", "2026-12-08 18:00"),
        ("20261215T180000", "2026-12-15 18:00"),  # on the wall
        ("20261215T175959", "2026-12-08 18:00"),
        ("20261215T170000Z", "2026-12-15 18:00"),  # 18:00 in Oslo
        ("20261215T165959Z", "2026-12-08 18:00"),
    ],
)
def test_until_is_a_day_or_a_time_on_the_wall_or_in_utc(until: str, last: str) -> None:
    assert shown(dates(f"FREQ=WEEKLY;UNTIL={until}"))[-1] == last


@pytest.mark.parametrize(
    ("starts", "minutes", "utc"),
    [
        # the clock goes forward on 28 March 2027, and back on 31 October
        ("2027-03-21T18:00", 120, ["2027-03-21T17:00/19:00", "2027-03-28T16:00/18:00"]),
        ("2027-10-24T18:00", 120, ["2027-10-24T16:00/18:00", "2027-10-31T17:00/19:00"]),
        # overnight, eight hours pass on each night: until 07:00 on the wall, then until 05:00
        ("2027-03-20T22:00", 480, ["2027-03-20T21:00/05:00", "2027-03-27T21:00/05:00"]),
        ("2027-10-23T22:00", 480, ["2027-10-23T20:00/04:00", "2027-10-30T20:00/04:00"]),
        # 02:30 is not there, and is as long after the change as after two o'clock
        ("2027-03-21T02:30", 120, ["2027-03-21T01:30/03:30", "2027-03-28T01:30/03:30"]),
        # 02:30 comes twice, and the first is meant
        ("2027-10-24T02:30", 60, ["2027-10-24T00:30/01:30", "2027-10-31T00:30/01:30"]),
    ],
)
def test_the_clock_on_the_wall_stays_when_it_changes(starts: str, minutes: int, utc: list[str]) -> None:
    found = dates("FREQ=WEEKLY;COUNT=2", wall(starts), minutes)

    told = [f"{each.begins_at.astimezone(UTC):%Y-%m-%dT%H:%M}/{each.ends_at.astimezone(UTC):%H:%M}" for each in found]
    assert told == utc


@pytest.mark.parametrize(
    ("until", "count"),
    [
        ("20271031T002959Z", 1),
        ("20271031T003000Z", 2),  # 02:30, the first time
        ("20271031T010000Z", 2),  # 02:00, the second time: 02:30 has been
        ("20271031T015959Z", 2),
    ],
)
def test_until_in_the_hour_that_comes_twice(until: str, count: int) -> None:
    assert len(dates(f"FREQ=DAILY;UNTIL={until}", wall("2027-10-30T02:30"))) == count


@pytest.mark.parametrize("excepted", ["2027-03-28T02:30", "2027-03-28T03:30"])
def test_a_date_is_left_out_by_either_name_of_its_instant(excepted: str) -> None:
    """02:30 is left out on that day, and means 03:30: so does an exception that was written in UTC."""
    found = dates("FREQ=DAILY;COUNT=3", wall("2027-03-27T02:30"), excepted=[wall(excepted)])
    assert shown(found) == ["2027-03-27 02:30", "2027-03-29 02:30"]


def test_without_any_date_left_is_no_series() -> None:
    with pytest.raises(NoDates):
        dates("FREQ=DAILY;COUNT=1", wall("2027-03-28T02:30"), excepted=[wall("2027-03-28T03:30")])


def test_dates_may_be_added_and_left_out() -> None:
    found = dates(
        "FREQ=WEEKLY;COUNT=3",
        dates=[wall("2026-12-03T10:00"), wall("2026-12-08T18:00")],
        excepted=[wall("2026-12-15T18:00")],
    )
    assert shown(found) == ["2026-12-01 18:00", "2026-12-03 10:00", "2026-12-08 18:00"]


@pytest.mark.parametrize("stray", ["2026-12-09T18:00", "2026-12-08T18:01", "2026-12-08T17:59", "2026-12-22T18:00"])
def test_what_is_left_out_must_be_one_of_the_dates(stray: str) -> None:
    """Else a day that was to be open is closed, or one that was to be free is booked, and nobody is told."""
    when = Recurrence(
        starts=EVENING, minutes=120, rule="FREQ=WEEKLY;COUNT=3", excepted=[wall("2026-12-08T18:00"), wall(stray)]
    )

    with pytest.raises(ExceptedNoDate) as refused:
        dates_of(when)

    assert refused.value.fields == {"excepted": stray}
    assert shown(dates_of(when, strays=True)) == ["2026-12-01 18:00", "2026-12-15 18:00"]


def test_dates_alone_are_a_series_with_the_first() -> None:
    assert shown(dates(None, dates=[wall("2026-11-30T10:00")])) == ["2026-11-30 10:00", "2026-12-01 18:00"]


def test_what_is_left_out_makes_room_for_no_more() -> None:
    found = dates("FREQ=DAILY;COUNT=3", excepted=[wall("2026-12-01T18:00")])
    assert shown(found) == ["2026-12-02 18:00", "2026-12-03 18:00"]


@pytest.mark.parametrize(("count", "refused"), [(MOST - 1, False), (MOST, False), (MOST + 1, True), (99_999, True)])
def test_a_series_has_so_many_dates_and_no_more(count: int, refused: bool) -> None:
    if refused:
        with pytest.raises(TooManyDates):
            dates(f"FREQ=DAILY;COUNT={count}")
    else:
        assert len(dates(f"FREQ=DAILY;COUNT={count}")) == count


def test_added_dates_count() -> None:
    more = [EVENING + timedelta(days=700 + number) for number in range(2)]
    assert len(dates(f"FREQ=DAILY;COUNT={MOST - 2}", dates=more)) == MOST
    with pytest.raises(TooManyDates):
        dates(f"FREQ=DAILY;COUNT={MOST - 1}", dates=more)


def test_dates_left_out_do_not_count() -> None:
    out = [EVENING + timedelta(days=number) for number in range(MOST)]
    assert len(dates(f"FREQ=DAILY;COUNT={2 * MOST}", excepted=out)) == MOST


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("FREQ=WEEKLY", EndlessRecurrence),
        ("FREQ=SECONDLY;COUNT=10", TooFrequent),
        ("FREQ=MINUTELY;UNTIL=20270101", TooFrequent),
        ("FREQ=HOURLY;COUNT=2", TooFrequent),
        ("FREQ=FORTNIGHTLY;COUNT=2", InvalidRecurrence),
        ("COUNT=2", InvalidRecurrence),
        ("", InvalidRecurrence),
        ("FREQ=WEEKLY;;COUNT=2", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;COUNT=3", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20270101", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=0", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=-1", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=x", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=١", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;INTERVAL=0", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;INTERVAL=1000", InvalidRecurrence),
        ("FREQ=DAILY;COUNT=2;BYHOUR=1,2,3", InvalidRecurrence),
        ("FREQ=DAILY;COUNT=2;BYSECOND=1", InvalidRecurrence),
        ("FREQ=DAILY;COUNT=2;BYEASTER=0", InvalidRecurrence),
        ("FREQ=DAILY;COUNT=2;X-COLOUR=red", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYMONTHDAY=32", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYMONTHDAY=0", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;BYMONTHDAY=1", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYWEEKNO=1", InvalidRecurrence),
        ("FREQ=DAILY;COUNT=2;BYYEARDAY=1", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;BYDAY=1MO", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=0MO", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=XX", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYSETPOS=1", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYMONTH=13", InvalidRecurrence),
        ("FREQ=MONTHLY;COUNT=2;BYMONTH=-1", InvalidRecurrence),
        ("FREQ=WEEKLY;COUNT=2;WKST=XX", InvalidRecurrence),
        ("FREQ=WEEKLY;UNTIL=2027", InvalidRecurrence),
        ("FREQ=WEEKLY;UNTIL=20271301", InvalidRecurrence),
        ("FREQ=WEEKLY;UNTIL=20270101T250000", InvalidRecurrence),
        ("FREQ=WEEKLY;UNTIL=99991231T235959Z", TooFarReaching),
        ("FREQ=WEEKLY;UNTIL=99991231", TooFarReaching),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=" + ",".join(["MO"] * 61), InvalidRecurrence),
        ("FREQ=WEEKLY;UNTIL=20261130", NoDates),
    ],
)
def test_rules_that_are_refused(rule: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        dates(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=WE",
        "FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=YEARLY;INTERVAL=999;BYYEARDAY=366",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    ],
)
@pytest.mark.parametrize("end", ["COUNT=2", "UNTIL=20370101"])
def test_a_rule_that_never_comes_true_is_given_up(rule: str, end: str) -> None:
    with pytest.raises(NoDates):
        dates(f"{rule};{end}")


def test_a_series_reaches_so_far_and_no_further() -> None:
    assert len(dates(f"FREQ=YEARLY;COUNT={LONGEST_YEARS}")) == LONGEST_YEARS
    with pytest.raises(TooFarReaching):
        dates(f"FREQ=YEARLY;COUNT={LONGEST_YEARS + 3}")
    with pytest.raises(TooFarReaching):
        dates(None, dates=[EVENING + timedelta(days=LONGEST_YEARS * 366 + 1)])

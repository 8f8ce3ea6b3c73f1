"""Opening plans: which rule decides a day, and what it comes to over clock changes, nights and holidays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import Text
from services.booking.model.opening import OpenSpan, covered, hours, times
from services.booking.model.opening_plan import (
    Calendar,
    HolidayOutsideSchoolYear,
    HoursNotGoverned,
    OpenDay,
    OpeningPlan,
    Pattern,
    PatternsTie,
    PublicHolidays,
    SchoolHoliday,
    SchoolYear,
    SchoolYearsOverlap,
    SpecialDay,
    SpecialDayTwice,
    ValidityReversed,
    easter,
    open_days,
    open_on,
)
from services.booking.public_holidays import public_holiday


def name(text: str) -> Text:
    return Text(nb=text, nn=text, en=text)


def on(text: str) -> date:
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def year(id: str, first: str, last: str, *holidays: tuple[str, str, str]) -> SchoolYear:
    breaks = tuple(SchoolHoliday(name=name(n), first_day=on(f), last_day=on(t)) for n, f, t in holidays)
    return SchoolYear(id=id, first_day=on(first), last_day=on(last), holidays=breaks)


def pattern(label: str, valid_from: str, valid_until: str | None = None, **different: Any) -> Pattern:
    until = on(valid_until) if valid_until else None
    week = tuple(hours(weekday, "10:00", "11:00") for weekday in different.get("weekdays", range(1, 8)))
    return Pattern(
        **{"name": name(label), "valid_from": on(valid_from), "valid_until": until, "hours": week, **different}
    )


def special(day: str, *open_at: Any, label: str | None = None) -> SpecialDay:
    return SpecialDay(on=day, name=name(label or day), hours=open_at)


WEEK = [hours(weekday, "08:00", "22:00") for weekday in range(1, 7)] + [hours(7, "12:00", "18:00")]
SCHOOL = (
    year(
        "2026-2027",
        "2026-08-17",
        "2027-06-18",
        ("høst", "2026-10-05", "2026-10-09"),
        ("jul", "2026-12-23", "2027-01-03"),
    ),
    year("2027-2028", "2027-08-16", "2028-06-16"),
)
CALENDAR = Calendar(public_holiday, SCHOOL)


def why(day: str, plan: OpeningPlan, calendar: Calendar = CALENDAR) -> tuple[str, str]:
    found = open_on(on(day), plan, WEEK, calendar)
    return found.why.rule, found.why.name.nb


def shown(found: OpenDay) -> list[tuple[str, str]]:
    return [(f"{each.begins_at:%m-%dT%H:%M}", f"{each.ends_at:%m-%dT%H:%M}") for each in found.spans]


# Public holidays

HOLIDAYS = {
    2026: "01-01 04-02 04-03 04-05 04-06 05-01 05-14 05-17 05-24 05-25 12-25 12-26",
    2027: "01-01 03-25 03-26 03-28 03-29 05-01 05-06 05-16 05-17 12-25 12-26",  # Whit Monday is 17 May, too
}
CLOSED = OpeningPlan(public_holidays=PublicHolidays(rule="closed"))


@pytest.mark.parametrize("in_year", HOLIDAYS)
def test_every_public_holiday_of_the_year_and_no_other_day(in_year: int) -> None:
    days = open_days(date(in_year, 1, 1), date(in_year, 12, 31), CLOSED, WEEK, CALENDAR)

    closed = [each for each in days if each.why.rule == "public_holiday"]

    assert [f"{each.day:%m-%d}" for each in closed] == HOLIDAYS[in_year].split()
    assert not any(each.spans for each in closed)


def test_a_public_holiday_has_a_name_in_three_languages() -> None:
    assert public_holiday(on("2026-05-01")) == Text(nb="Arbeidernes dag", nn="Arbeidaranes dag", en="Labor Day")
    assert public_holiday(on("2027-05-17")) == Text(
        nb="Andre pinsedag; Grunnlovsdag", nn="Andre pinsedag; Grunnlovsdag", en="Constitution Day; Pentecost Monday"
    )
    assert public_holiday(on("2026-12-24")) is None


@pytest.mark.parametrize(
    ("rule", "decided", "spans"),
    [
        ("as_usual", ("weekly", "Vanlige åpningstider"), [("12-25T07:00", "12-25T21:00")]),
        ("as_sunday", ("public_holiday", "Første juledag"), [("12-25T11:00", "12-25T17:00")]),
        ("closed", ("public_holiday", "Første juledag"), []),
        ("hours", ("public_holiday", "Første juledag"), [("12-25T13:00", "12-25T15:00")]),
    ],
)
def test_a_public_holiday_follows_the_plan_s_rule(rule: Any, decided: Any, spans: Any) -> None:
    plan = OpeningPlan(public_holidays=PublicHolidays(rule=rule, hours=(times("14:00", "16:00"),)))

    assert why("2026-12-25", plan) == decided  # a Friday
    assert shown(open_on(on("2026-12-25"), plan, WEEK, CALENDAR)) == spans


def test_as_sunday_takes_the_sunday_of_the_pattern_in_force() -> None:
    christmas = pattern(
        "jul", "2026-12-20", "2027-01-06", hours=(hours(7, "15:00", "16:00"), hours(5, "08:00", "20:00"))
    )
    plan = OpeningPlan(patterns=(christmas,), public_holidays=PublicHolidays(rule="as_sunday"))

    assert shown(open_on(on("2026-12-25"), plan, WEEK, CALENDAR)) == [("12-25T14:00", "12-25T15:00")]


# Special days


@pytest.mark.parametrize("in_year", range(2000, 2100))
def test_easter_is_a_sunday_in_its_five_weeks(in_year: int) -> None:
    found = easter(in_year)

    assert found.isoweekday() == 7
    assert date(in_year, 3, 22) <= found <= date(in_year, 4, 25)


@pytest.mark.parametrize(
    ("in_year", "found"),
    [(2024, "03-31"), (2025, "04-20"), (2026, "04-05"), (2027, "03-28"), (2038, "04-25"), (2285, "03-22")],
)
def test_easter_falls_on(in_year: int, found: str) -> None:
    assert f"{easter(in_year):%m-%d}" == found


@pytest.mark.parametrize(
    ("day", "named"),
    [
        ("2026-12-23", None),
        ("2026-12-24", "12-24"),
        ("2026-12-25", None),
        ("2026-12-30", None),
        ("2026-12-31", "12-31"),
        ("2027-01-01", None),
        ("2027-12-24", "12-24"),
        ("2026-04-03", None),
        ("2026-04-04", "easter_eve"),
        ("2026-04-05", None),
        ("2027-03-27", "easter_eve"),  # the night the clock goes forward
        ("2026-05-22", None),
        ("2026-05-23", "whit_eve"),
        ("2027-05-15", "whit_eve"),
        ("2028-02-29", "02-29"),
        ("2027-02-28", None),
        ("2027-03-01", None),
    ],
)
def test_a_special_day_comes_every_year(day: str, named: str | None) -> None:
    plan = OpeningPlan(
        special_days=tuple(special(each) for each in ("12-24", "12-31", "easter_eve", "whit_eve", "02-29")),
    )

    expected = ("special_day", named) if named else ("weekly", "Vanlige åpningstider")

    assert why(day, plan) == expected
    assert bool(open_on(on(day), plan, WEEK, CALENDAR).spans) is (named is None)


def test_what_decides_comes_in_the_published_order() -> None:
    """The 17th of May 2027 is a date, a day of every year, Whit Monday, and in a pattern: one is taken away at a
    time."""
    summer = pattern("sommer", "2027-05-01")
    everything = OpeningPlan(
        patterns=(summer,),
        public_holidays=PublicHolidays(rule="closed"),
        special_days=(special("05-17", label="hvert år"), special("2027-05-17", label="i år")),
    )
    yearly = OpeningPlan(
        patterns=(summer,), public_holidays=everything.public_holidays, special_days=everything.special_days[:1]
    )
    holiday = OpeningPlan(patterns=(summer,), public_holidays=everything.public_holidays)

    assert why("2027-05-17", everything) == ("special_date", "i år")
    assert why("2027-05-17", yearly) == ("special_day", "hvert år")
    assert why("2027-05-17", holiday) == ("public_holiday", "Andre pinsedag; Grunnlovsdag")
    assert why("2027-05-17", OpeningPlan(patterns=(summer,))) == ("pattern", "sommer")
    assert why("2027-05-17", OpeningPlan()) == ("weekly", "Vanlige åpningstider")


def test_a_moveable_day_comes_before_the_date_it_falls_on() -> None:
    plan = OpeningPlan(special_days=(special("03-27"), special("easter_eve")))

    assert why("2027-03-27", plan) == ("special_day", "easter_eve")
    assert why("2026-03-27", plan) == ("special_day", "03-27")


# Patterns


@pytest.mark.parametrize(
    ("day", "decided"),
    [
        ("2027-06-19", "weekly"),
        ("2027-06-20", "pattern"),
        ("2027-06-21", "pattern"),
        ("2027-08-14", "pattern"),
        ("2027-08-15", "pattern"),
        ("2027-08-16", "weekly"),
    ],
)
def test_a_pattern_is_valid_on_its_first_and_its_last_day(day: str, decided: str) -> None:
    assert why(day, OpeningPlan(patterns=(pattern("sommer", "2027-06-20", "2027-08-15"),)))[0] == decided


def test_a_pattern_without_an_end_goes_on() -> None:
    assert why("2199-01-01", OpeningPlan(patterns=(pattern("nytt", "2027-06-20"),))) == ("pattern", "nytt")


def test_a_pattern_of_one_day() -> None:
    plan = OpeningPlan(patterns=(pattern("dagen", "2027-06-20", "2027-06-20"),))

    assert [why(day, plan)[0] for day in ("2027-06-19", "2027-06-20", "2027-06-21")] == ["weekly", "pattern", "weekly"]


@pytest.mark.parametrize(
    ("day", "named"),
    [
        ("2026-10-02", "skole"),  # the last Friday before the autumn holiday
        ("2026-10-05", "ferie"),
        ("2026-10-09", "ferie"),
        ("2026-10-10", "skole"),
        ("2026-12-22", "skole"),
        ("2026-12-23", "ferie"),
        ("2027-01-03", "ferie"),
        ("2027-01-04", "skole"),
        ("2027-06-18", "skole"),
        ("2027-06-19", "ferie"),  # between two school years is summer
        ("2027-08-15", "ferie"),
        ("2027-08-16", "skole"),
        ("2028-06-16", "skole"),
        ("2028-06-17", "alltid"),  # no school year is known after this
        ("2026-08-16", "alltid"),
    ],
)
def test_school_days_and_holidays_come_before_always(day: str, named: str) -> None:
    plan = OpeningPlan(
        patterns=(
            pattern("skole", "2020-01-01", scope="school_days"),
            pattern("ferie", "2020-01-01", scope="school_holidays"),
            pattern("alltid", "2025-01-01"),
        )
    )

    assert why(day, plan) == ("pattern", named)


def test_without_school_years_only_what_is_for_always_counts() -> None:
    plan = OpeningPlan(patterns=(pattern("skole", "2020-01-01", scope="school_days"), pattern("alltid", "2019-01-01")))

    assert why("2026-11-24", plan, Calendar(public_holiday)) == ("pattern", "alltid")


def test_of_two_the_one_valid_from_the_latest_day_decides() -> None:
    plan = OpeningPlan(patterns=(pattern("sommer", "2027-06-01", "2027-08-31"), pattern("vanlig", "2026-01-01")))

    assert [why(day, plan)[1] for day in ("2027-05-31", "2027-06-01", "2027-08-31", "2027-09-01")] == [
        "vanlig",
        "sommer",
        "sommer",
        "vanlig",
    ]


def test_a_pattern_governs_its_weekdays_and_no_others() -> None:
    saturdays = pattern("lørdager", "2026-11-01", weekdays=(6,), hours=())
    plan = OpeningPlan(patterns=(saturdays,))

    assert why("2026-11-28", plan) == ("pattern", "lørdager")  # closed: it has no hours
    assert open_on(on("2026-11-28"), plan, WEEK, CALENDAR).spans == ()
    assert why("2026-11-27", plan)[0] == "weekly"


# Nights, clock changes, leap days

ALWAYS = [hours(weekday, "00:00", "24:00") for weekday in range(1, 8)]


@pytest.mark.parametrize(
    ("day", "opens", "closes", "spans"),
    [
        ("2026-03-28", "20:00", "04:00", [("03-28T19:00", "03-29T02:00")]),  # 7 hours: the clock goes forward
        ("2026-03-28", "20:00", "02:30", [("03-28T19:00", "03-29T01:30")]),  # it closes in the hour left out
        ("2026-03-29", "02:00", "03:00", []),  # all of it is left out
        ("2026-03-29", "02:30", "03:30", []),  # what is left of it is no time
        ("2026-03-29", "01:00", "03:00", [("03-29T00:00", "03-29T01:00")]),
        ("2026-03-29", "07:00", "23:00", [("03-29T05:00", "03-29T21:00")]),
        ("2027-03-28", "00:00", "24:00", [("03-27T23:00", "03-28T22:00")]),  # 23 hours
        ("2026-10-24", "20:00", "04:00", [("10-24T18:00", "10-25T03:00")]),  # 9 hours: it goes back
        ("2026-10-25", "00:00", "24:00", [("10-24T22:00", "10-25T23:00")]),  # 25 hours
        ("2026-10-25", "02:00", "03:00", [("10-25T00:00", "10-25T02:00")]),  # from the first of the two
        ("2026-10-25", "01:00", "02:30", [("10-24T23:00", "10-25T00:30")]),
        ("2026-10-25", "02:30", "04:00", [("10-25T00:30", "10-25T03:00")]),
        ("2027-10-31", "00:00", "24:00", [("10-30T22:00", "10-31T23:00")]),
        ("2028-02-29", "07:00", "23:00", [("02-29T06:00", "02-29T22:00")]),
        ("2028-02-28", "20:00", "02:00", [("02-28T19:00", "02-29T01:00")]),
        ("2027-02-28", "20:00", "02:00", [("02-28T19:00", "03-01T01:00")]),
        ("2026-12-31", "20:00", "02:00", [("12-31T19:00", "01-01T01:00")]),
    ],
)
def test_hours_on_the_wall_are_instants(day: str, opens: str, closes: str, spans: list[tuple[str, str]]) -> None:
    week = [hours(weekday, opens, closes) for weekday in range(1, 8)]

    assert shown(open_on(on(day), OpeningPlan(), week, CALENDAR)) == spans


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31", "2028-02-29", "2026-12-31"])
def test_round_the_clock_has_no_gap_around(day: str) -> None:
    around = open_days(on(day) - timedelta(days=1), on(day) + timedelta(days=1), OpeningPlan(), ALWAYS, CALENDAR)
    spans = [(each.begins_at, each.ends_at) for found in around for each in found.spans]

    assert covered(spans, spans[0][0], spans[-1][1])


def test_a_night_runs_into_a_day_that_is_closed() -> None:
    """Hours belong to the day they begin on: Christmas Day is closed, Christmas Eve's night is not cut."""
    plan = OpeningPlan(
        public_holidays=PublicHolidays(rule="closed"), special_days=(special("12-24", times("20:00", "02:00")),)
    )
    eve, first, second, sunday = open_days(on("2026-12-24"), on("2026-12-27"), plan, WEEK, CALENDAR)

    assert shown(eve) == [("12-24T19:00", "12-25T01:00")]
    assert (first.spans, second.spans) == ((), ())
    assert shown(sunday) == [("12-27T11:00", "12-27T17:00")]


def test_kinds_are_kept_apart_and_together_leave_no_gap() -> None:
    week = [
        hours(2, "07:00", "10:00", "extended"),
        hours(2, "10:00", "16:00"),
        hours(2, "16:00", "23:00", "booked_only"),
    ]

    found = open_on(on("2026-11-24"), OpeningPlan(), week, CALENDAR)

    assert [each.kind for each in found.spans] == ["extended", "staffed", "booked_only"]
    assert covered(
        [(each.begins_at, each.ends_at) for each in found.spans], utc("2026-11-24T06:00"), utc("2026-11-24T22:00")
    )
    assert found.spans[0] == OpenSpan(utc("2026-11-24T06:00"), utc("2026-11-24T09:00"), "extended")


# What contradicts itself


@pytest.mark.parametrize(
    ("plan", "refused", "fields"),
    [
        (
            OpeningPlan(patterns=(pattern("a", "2027-06-20", "2027-06-19"),)),
            ValidityReversed,
            {"first": on("2027-06-20"), "last": on("2027-06-19")},
        ),
        (
            OpeningPlan(patterns=(pattern("a", "2027-06-20", weekdays=(6,), hours=(hours(7, "10:00", "11:00"),)),)),
            HoursNotGoverned,
            {"valid_from": on("2027-06-20"), "weekday": 7},
        ),
        (
            OpeningPlan(
                patterns=(pattern("a", "2027-06-20", weekdays=(1, 5)), pattern("b", "2027-06-20", weekdays=(5,)))
            ),
            PatternsTie,
            {"valid_from": on("2027-06-20"), "weekday": 5},
        ),
        (OpeningPlan(special_days=(special("12-24"), special("12-24"))), SpecialDayTwice, {"on": "12-24"}),
    ],
)
def test_a_plan_that_contradicts_itself(plan: OpeningPlan, refused: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(refused) as error:
        plan.check()

    assert error.value.fields == fields


@pytest.mark.parametrize(
    "patterns",
    [
        (pattern("a", "2027-06-20", "2027-06-20"),),
        (pattern("a", "2027-06-20"), pattern("b", "2027-06-21")),
        (pattern("a", "2027-06-20"), pattern("b", "2027-06-20", scope="school_days")),
        (pattern("a", "2027-06-20", weekdays=(1,)), pattern("b", "2027-06-20", weekdays=(2,))),
    ],
)
def test_plans_that_do_not(patterns: tuple[Pattern, ...]) -> None:
    OpeningPlan(patterns=patterns, special_days=(special("12-24"), special("12-31"))).check()


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (year("x", "2028-06-16", "2029-06-01"), SchoolYearsOverlap),
        (year("x", "2028-06-17", "2029-06-01"), None),
        (year("2027-2028", "2027-08-01", "2028-06-20"), None),  # itself, put again
        (year("x", "2029-08-16", "2029-08-15"), ValidityReversed),
        (year("x", "2029-08-16", "2029-08-16"), None),
        (year("x", "2029-08-16", "2030-06-16", ("a", "2029-08-15", "2029-08-20")), HolidayOutsideSchoolYear),
        (year("x", "2029-08-16", "2030-06-16", ("a", "2029-08-16", "2029-08-20")), None),
        (year("x", "2029-08-16", "2030-06-16", ("a", "2030-06-15", "2030-06-16")), None),
        (year("x", "2029-08-16", "2030-06-16", ("a", "2030-06-15", "2030-06-17")), HolidayOutsideSchoolYear),
        (year("x", "2029-08-16", "2030-06-16", ("a", "2029-10-15", "2029-10-14")), ValidityReversed),
    ],
)
def test_a_school_year_beside_others(given: SchoolYear, refused: Any) -> None:
    if refused is None:
        given.check(SCHOOL)
    else:
        with pytest.raises(refused):
            given.check(SCHOOL)

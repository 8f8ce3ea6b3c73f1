"""Quotas: every limit below, at and above it; weeks, prime time, validity and clock changes by the minute; and when it
frees."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Text
from services.booking.model.minutes import Span
from services.booking.model.opening import OSLO, Hours, hours
from services.booking.model.places import Place
from services.booking.model.quotas import (
    WEEK,
    Booked,
    InvalidQuota,
    PrimeTimeUsedUp,
    Quota,
    QuotaExceeded,
    Shortfall,
    SpaceGroup,
    Standing,
    TooManyOpen,
    WeekUsedUp,
    shortfall,
    standing_for,
    week_of,
    whole_weeks,
)
from services.booking.model.room_again import Bound, room_again

NAME = Text(nb="Haller", nn="Hallar", en="Halls")
EVENINGS = tuple(hours(weekday, "17:00", "21:00") for weekday in range(1, 6))
KORPS, OTHER = UUID(int=1), UUID(int=2)
MONDAY = date(2026, 11, 30)
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def local(day: int, clock: str, month: int = 12, year: int = 2026, fold: int = 0) -> datetime:
    """A moment by the clock on the wall."""
    hour, minute = map(int, clock.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=OSLO, fold=fold).astimezone(UTC)


def span(day: int, begins: str, ends: str, days: int = 0, **when: int) -> Span:
    return local(day, begins, **when), local(day, ends, **when) + timedelta(days=days)


def group(prime: Sequence[Hours] = EVENINGS) -> SpaceGroup:
    return SpaceGroup(id="halls", version=1, name=NAME, places=(Place("arena", "house"),), prime=prime)


def quota(**different: Any) -> Quota:
    unlimited = dict.fromkeys(("week_minutes", "prime_week_minutes", "open_bookings"))
    whose = {"category": "voluntary", "actor": None, "valid_from": date(2026, 1, 1), "valid_until": None}
    return Quota(**{"id": "q", "version": 1, "name": NAME, "group": group(), **unlimited, **whose, **different})


def standing(**different: Any) -> Standing:
    [found] = standing_for(KORPS, [quota(**different)])
    return found


def booked(*spans: Span, open: bool = True, replaced: bool = False) -> list[Booked]:
    return [Booked(begins_at=begin, ends_at=end, open=open, replaced=replaced) for begin, end in spans]


def short(of: Standing, has: Sequence[Booked], *asked: Span) -> Shortfall | None:
    return shortfall(of, has, asked, now=NOW)


def again(bounds: Sequence[tuple[Standing, Sequence[Booked]]], *asked: Span) -> datetime | None:
    """When there is room again in all of these for what one of them refuses."""
    found = next(each for of, has in bounds if (each := short(of, has, *asked)) is not None)
    bound = [Bound(standing=of, booked=has, asked=asked) for of, has in bounds]
    return room_again(bound, found.week or week_of(found.first), now=NOW)


TUESDAY = span(1, "10:00", "12:00")
WEDNESDAY = span(2, "10:00", "12:00")


@pytest.mark.parametrize(("limit", "fits"), [(0, False), (239, False), (240, True), (241, True)])
def test_minutes_of_a_week(limit: int, fits: bool) -> None:
    assert (short(standing(week_minutes=limit), booked(TUESDAY), WEDNESDAY) is None) is fits


@pytest.mark.parametrize(("limit", "fits"), [(0, False), (119, False), (120, True), (121, True)])
def test_minutes_of_prime_time(limit: int, fits: bool) -> None:
    has, asked = booked(span(1, "16:00", "18:00")), span(2, "20:00", "23:00")

    assert (short(standing(prime_week_minutes=limit), has, asked) is None) is fits


@pytest.mark.parametrize(("limit", "fits"), [(0, False), (2, False), (3, True), (4, True)])
def test_bookings_that_are_not_over(limit: int, fits: bool) -> None:
    has = booked(TUESDAY, WEDNESDAY)

    assert (short(standing(open_bookings=limit), has, span(20, "10:00", "12:00")) is None) is fits


def test_a_booking_is_open_until_its_last_moment() -> None:
    over, last = (NOW - timedelta(hours=2), NOW), (NOW - timedelta(hours=2), NOW + timedelta(seconds=1))

    assert short(standing(open_bookings=1), booked(over), TUESDAY) is None
    assert short(standing(open_bookings=1), booked(last), TUESDAY) is not None
    assert short(standing(open_bookings=1), booked(TUESDAY, open=False), TUESDAY) is None


def test_what_falls_short_is_told_with_its_week() -> None:
    found = short(standing(week_minutes=239), booked(TUESDAY), WEDNESDAY)

    assert found is not None
    told = (found.kind, found.limit, found.used, found.asked, found.week)
    assert told == ("week_minutes", 239, 120, 120, MONDAY)


def test_all_that_is_asked_counts_together_each_in_its_own_week() -> None:
    twice = (TUESDAY, WEDNESDAY)

    assert short(standing(week_minutes=240), [], *twice) is None
    assert short(standing(week_minutes=239), [], *twice) is not None
    assert short(standing(week_minutes=120), [], TUESDAY, span(8, "10:00", "12:00")) is None


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        (span(6, "20:00", "01:00", days=1), {MONDAY: 240, date(2026, 12, 7): 60}),
        (span(6, "22:00", "00:00", days=1), {MONDAY: 120}),
        (span(7, "00:00", "02:00"), {date(2026, 12, 7): 120}),
        (span(31, "22:00", "02:00", days=1), {date(2026, 12, 28): 240}),
        (
            span(29, "12:00", "12:00", days=8, month=11),
            {date(2026, 11, 23): 720, MONDAY: 10080, date(2026, 12, 7): 720},
        ),
    ],
    ids=["across Sunday's midnight", "until it", "from it", "across the new year", "more than a whole week"],
)
def test_minutes_lie_in_the_week_they_are_in(asked: Span, counted: dict[date, int]) -> None:
    assert standing(week_minutes=1).minutes_by_week([asked], prime=False) == counted


@pytest.mark.parametrize(
    ("day", "month", "year", "begins", "ends", "minutes"),
    [
        (28, 3, 2027, "01:00", "04:00", 120),
        (28, 3, 2027, "01:59", "03:00", 1),
        (25, 10, 2026, "01:00", "04:00", 240),
        (25, 10, 2026, "02:30", "03:30", 120),
    ],
    ids=["the hour that is missing", "the minute beside it", "the hour that comes twice", "from within it"],
)
def test_a_night_when_the_clock_changes_has_the_hours_that_pass(
    day: int, month: int, year: int, begins: str, ends: str, minutes: int
) -> None:
    asked = span(day, begins, ends, month=month, year=year)

    assert sum(standing(week_minutes=1).minutes_by_week([asked], prime=False).values()) == minutes


@pytest.mark.parametrize(
    ("week", "minutes"), [(date(2027, 3, 22), 167 * 60), (date(2026, 10, 19), 169 * 60), (MONDAY, 168 * 60)]
)
def test_a_week_is_as_long_as_its_clock_changes_make_it(week: date, minutes: int) -> None:
    month = (
        datetime.combine(week - timedelta(days=14), datetime.min.time(), OSLO),
        datetime.combine(week + timedelta(days=21), datetime.min.time(), OSLO),
    )

    assert standing(week_minutes=1).minutes_by_week([month], prime=False)[week] == minutes


@pytest.mark.parametrize(
    ("prime", "asked", "minutes"),
    [
        (EVENINGS, span(1, "15:00", "17:00"), 0),
        (EVENINGS, span(1, "15:00", "17:01"), 1),
        (EVENINGS, span(1, "20:59", "23:00"), 1),
        (EVENINGS, span(1, "21:00", "23:00"), 0),
        (EVENINGS, span(1, "15:00", "23:00"), 240),
        (EVENINGS, span(1, "20:00", "18:00", days=1), 120),
        (EVENINGS, span(5, "17:00", "21:00"), 0),
        ((hours(2, "17:00", "19:00"), hours(2, "18:00", "21:00")), span(1, "17:30", "20:30"), 180),
        ((hours(2, "17:00", "20:00"), hours(2, "18:00", "19:00")), span(1, "17:30", "20:30"), 150),
        ((hours(1, "22:00", "02:00"),), span(1, "01:00", "03:00"), 60),
        ((hours(7, "00:00", "24:00"),), span(28, "00:00", "00:00", days=1, month=3, year=2027), 23 * 60),
        ((hours(7, "01:00", "04:00"),), span(25, "00:00", "06:00", month=10), 240),
        ((), span(1, "15:00", "23:00"), 0),
    ],
    ids=[
        "until it begins",
        "a minute of it",
        "its last minute",
        "after it",
        "all of it",
        "two evenings",
        "a Saturday",
        "windows that overlap",
        "a window in another",
        "the night before's",
        "a day without an hour",
        "a night with an hour more",
        "there is none",
    ],
)
def test_prime_time_is_by_the_clock_on_the_wall(prime: Sequence[Hours], asked: Span, minutes: int) -> None:
    [of] = standing_for(KORPS, [quota(group=group(prime), prime_week_minutes=1)])

    assert sum(of.minutes_by_week([asked], prime=True).values()) == minutes


def test_prime_time_of_a_sunday_night_is_cut_where_the_week_is() -> None:
    [of] = standing_for(KORPS, [quota(group=group([hours(7, "22:00", "02:00")]), prime_week_minutes=1)])

    counted = of.minutes_by_week([span(6, "21:00", "03:00", days=1)], prime=True)

    assert counted == {MONDAY: 120, date(2026, 12, 7): 120}


@pytest.mark.parametrize(
    ("valid", "minutes"),
    [
        ({"valid_from": date(2026, 12, 2)}, 120),
        ({"valid_from": date(2026, 12, 1)}, 240),
        ({"valid_until": date(2026, 12, 1)}, 120),
        ({"valid_until": date(2026, 11, 30)}, 0),
        ({"valid_until": date(2026, 12, 2)}, 240),
    ],
)
def test_a_quota_counts_the_days_it_is_valid_and_no_others(valid: dict[str, date], minutes: int) -> None:
    of = standing(week_minutes=1, **valid)

    assert of.minutes_by_week([TUESDAY, WEDNESDAY], prime=False)[MONDAY] == minutes


@pytest.mark.parametrize(
    ("today", "binds"),
    [(date(2026, 11, 26), False), (date(2026, 11, 27), True), (date(2026, 11, 28), True)],
)
def test_a_limit_on_open_bookings_binds_whoever_books_while_it_is_valid(today: date, binds: bool) -> None:
    of = standing(open_bookings=0, valid_until=today)

    assert (short(of, [], TUESDAY) is not None) is binds


def test_an_actors_own_quota_stands_instead_of_its_categorys_while_it_is_valid() -> None:
    clubs = quota(week_minutes=120)
    own = quota(
        id="own",
        category=None,
        actor=KORPS,
        week_minutes=600,
        valid_from=date(2026, 12, 2),
        valid_until=date(2026, 12, 2),
    )

    [general, special] = standing_for(KORPS, [clubs, own])

    assert general.minutes_by_week([TUESDAY, WEDNESDAY], prime=False)[MONDAY] == 120
    assert special.minutes_by_week([TUESDAY, WEDNESDAY], prime=False)[MONDAY] == 120
    assert (general.at(WEDNESDAY[0]), special.at(WEDNESDAY[0])) == (False, True)
    assert (general.at(TUESDAY[0]), special.at(TUESDAY[0])) == (True, False)


def test_a_quota_of_ones_own_in_one_group_changes_nothing_in_another() -> None:
    elsewhere = SpaceGroup(id="pools", version=1, name=NAME, places=(Place("space", "pool"),), prime=())
    own = quota(id="own", category=None, actor=KORPS, group=elsewhere, week_minutes=600)

    [general, _] = standing_for(KORPS, [quota(week_minutes=120), own])

    assert general.at(NOW)


@pytest.mark.parametrize(("longer", "fits"), [(-30, True), (0, True), (30, False)])
def test_whoever_is_over_already_may_keep_what_they_have_and_shrink_it(longer: int, fits: bool) -> None:
    has = [*booked(TUESDAY), *booked(WEDNESDAY, replaced=True)]
    moved = (WEDNESDAY[0], WEDNESDAY[1] + timedelta(minutes=longer))

    for of in (standing(week_minutes=60), standing(week_minutes=60, open_bookings=1)):
        assert (short(of, has, moved) is None) is fits


def test_what_is_given_up_leaves_room_for_as_much() -> None:
    has = booked(TUESDAY, replaced=True)

    assert short(standing(week_minutes=120, open_bookings=1), has, WEDNESDAY) is None
    assert short(standing(open_bookings=1), has, WEDNESDAY, span(3, "10:00", "12:00")) is not None


FREES = {
    "next week": (120, [TUESDAY], {}, local(7, "00:00")),
    "the week after, as the next is full": (120, [TUESDAY, span(8, "10:00", "12:00")], {}, local(14, "00:00")),
    "next week has just enough": (180, [TUESDAY, span(8, "10:00", "11:00")], {}, local(7, "00:00")),
    "never: it is more than the limit": (119, [], {}, None),
    "more than the limit, until the quota ends": (
        119,
        [],
        {"valid_until": date(2026, 12, 20)},
        local(21, "00:00"),
    ),
    "the quota ends this week": (120, [TUESDAY], {"valid_until": date(2026, 12, 3)}, local(4, "00:00")),
}


@pytest.mark.parametrize(("limit", "has", "valid", "frees"), FREES.values(), ids=FREES)
def test_when_a_week_frees(limit: int, has: list[Span], valid: dict[str, date], frees: datetime | None) -> None:
    assert again([(standing(week_minutes=limit, **valid), booked(*has))], WEDNESDAY) == frees


@pytest.mark.parametrize(
    ("limit", "asked", "frees"),
    [(2, 1, TUESDAY[1]), (2, 2, WEDNESDAY[1]), (1, 1, WEDNESDAY[1]), (1, 2, None), (0, 1, None)],
)
def test_when_open_bookings_free(limit: int, asked: int, frees: datetime | None) -> None:
    has = booked(WEDNESDAY, TUESDAY)

    wanted = [span(20 + number, "10:00", "12:00") for number in range(asked)]

    assert again([(standing(open_bookings=limit), has)], *wanted) == frees


def test_prime_time_frees_where_prime_time_is_left() -> None:
    evening, next_evening = span(1, "17:00", "21:00"), span(8, "17:00", "19:00")
    has = booked(evening, next_evening, span(15, "10:00", "16:00"))

    assert again([(standing(prime_week_minutes=240), has)], span(2, "18:00", "21:00")) == local(14, "00:00")


def test_there_is_room_again_when_all_quotas_allow_it() -> None:
    """Each alone would point at a week that the other has filled."""
    odd = (standing(week_minutes=120), booked(TUESDAY, span(15, "10:00", "12:00"), span(29, "10:00", "12:00")))
    even = (standing(week_minutes=120), booked(span(8, "10:00", "12:00"), span(22, "10:00", "12:00")))

    assert again([odd], WEDNESDAY) == local(7, "00:00")
    assert again([odd, even], WEDNESDAY) == local(4, "00:00", month=1, year=2027)


def test_room_in_the_week_waits_for_an_open_booking_to_end() -> None:
    weekly = (standing(week_minutes=120), booked(TUESDAY))
    at_a_time = (standing(open_bookings=1), booked(span(16, "10:00", "12:00")))

    assert again([weekly, at_a_time], WEDNESDAY) == local(16, "12:00")


def test_room_among_open_bookings_does_not_mend_a_full_week() -> None:
    at_a_time = (standing(open_bookings=1), booked(TUESDAY))
    weekly = (standing(week_minutes=120), booked(TUESDAY))

    assert again([at_a_time], WEDNESDAY) == TUESDAY[1]
    assert again([at_a_time, weekly], WEDNESDAY) == local(7, "00:00")


@pytest.mark.parametrize(("full_weeks", "there_is"), [(51, True), (52, False), (53, False)])
def test_room_is_looked_for_within_a_year(full_weeks: int, there_is: bool) -> None:
    has = booked(*((TUESDAY[0] + number * WEEK, TUESDAY[1] + number * WEEK) for number in range(full_weeks + 1)))

    assert (again([(standing(week_minutes=120), has)], WEDNESDAY) is not None) == there_is


@pytest.mark.parametrize(("limit", "first"), [(0, 0), (119, 0), (120, 1), (239, 1), (240, 2)])
def test_the_first_that_there_is_no_room_for_is_told(limit: int, first: int) -> None:
    asked = [span(day, "10:00", "12:00") for day in (1, 2, 3)]

    found = short(standing(week_minutes=limit), [], *reversed(asked))

    assert found is not None
    assert found.first == asked[first][0]
    assert short(standing(open_bookings=first), [], *reversed(asked)).first == asked[first][0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"week_minutes": 60}, WeekUsedUp),
        ({"prime_week_minutes": 30}, PrimeTimeUsedUp),
        ({"open_bookings": 0}, TooManyOpen),
    ],
)
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_refusal_can_be_read(limits: dict[str, int], error: type[QuotaExceeded], language: str) -> None:
    found = short(standing(**limits), booked(TUESDAY), span(2, "17:00", "19:00"))
    assert found is not None

    told = found.error(local(7, "00:00"))

    assert type(told) is error
    assert told.code == "quota_exceeded"
    assert told.fields["frees_at"] == "2026-12-06T23:00:00Z"
    said = told.text.in_language(language, **told.fields)
    assert "2026-12-07 00:00" in said
    assert "{" not in said
    assert found.error(None).fields["frees_at"] is None


@pytest.mark.parametrize(
    "different",
    [
        {},
        {"week_minutes": 60, "category": None},
        {"week_minutes": 60, "actor": OTHER},
        {"week_minutes": 60, "valid_until": date(2025, 12, 31)},
        {"prime_week_minutes": 60, "group": group(prime=())},
    ],
    ids=["limits nothing", "for nobody", "for two", "ends before it begins", "prime time where there is none"],
)
def test_a_quota_that_makes_no_sense_is_refused(different: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuota):
        quota(**different).check()


@pytest.mark.parametrize(
    "different",
    [
        {"week_minutes": 0},
        {"open_bookings": 0},
        {"prime_week_minutes": 60},
        {"week_minutes": 60, "category": None, "actor": KORPS},
        {"week_minutes": 60, "valid_until": date(2026, 1, 1)},
    ],
)
def test_a_quota_that_makes_sense_is_not(different: dict[str, Any]) -> None:
    quota(**different).check()


def test_weeks_are_those_of_the_wall() -> None:
    assert week_of(local(7, "00:00")) == date(2026, 12, 7)
    assert week_of(local(7, "00:00") - timedelta(microseconds=1)) == MONDAY
    assert whole_weeks([WEDNESDAY, span(8, "10:00", "12:00")]) == (local(30, "00:00", month=11), local(14, "00:00"))

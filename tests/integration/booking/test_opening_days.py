"""What opening plans come to, day by day: never stale, whoever changes what; and what it means for bookings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, literal_column, select, text, update

from kernel.auth import Forbidden
from kernel.db import Database
from kernel.errors import Text
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION, Expected, StaleVersion
from services.booking.model.bookings import Booking
from services.booking.model.opening import hours, times
from services.booking.model.opening_plan import (
    Calendar,
    OpeningPlan,
    Pattern,
    PatternsTie,
    PublicHolidays,
    SchoolHoliday,
    SchoolYear,
    SchoolYearsOverlap,
    SpecialDay,
)
from services.booking.model.opening_plan import open_days as laid_out
from services.booking.model.rules import OutsideOpeningHours
from services.booking.public_holidays import EDITION, public_holiday
from services.booking.queries import opening as queries
from services.booking.store import opening as store
from services.booking.store.opening import open_days
from services.booking.store.tables import arenas
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import opening as usecases
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER
from tests.waiting import eventually

EVENINGS = tuple(hours(weekday, "16:00", "22:00") for weekday in range(1, 8))
MORNINGS = tuple(hours(weekday, "06:00", "08:00") for weekday in range(1, 8))
LIMIT = timedelta(days=800)
ROUNDS = 100
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def name(text: str) -> Text:
    return Text(nb=text, nn=text, en=text)


def pattern(label: str, valid_from: str, **different: Any) -> Pattern:
    return Pattern(
        **{"name": name(label), "valid_from": date.fromisoformat(valid_from), "hours": EVENINGS, **different}
    )


def plan(*patterns: Pattern, **different: Any) -> OpeningPlan:
    return OpeningPlan(patterns=patterns, **different)


CLOSED = plan(pattern("stengt", "2020-01-01", hours=()))
YEAR = SchoolYear(
    id="2026-2027",
    first_day=date(2026, 8, 17),
    last_day=date(2027, 6, 18),
    holidays=(SchoolHoliday(name=name("jul"), first_day=date(2026, 12, 23), last_day=date(2027, 1, 3)),),
)


def change(counter: Any, wanted: OpeningPlan, who: Any = OPERATOR, expected: Any = ANY_VERSION) -> Any:
    return counter.run(usecases.change_plan, who, "house", wanted, expected)


def days(counter: Any, first: str, last: str | None = None, arena: str = "house") -> list[Any]:
    with counter.database.reading() as tx:
        return queries.days(tx, arena, date.fromisoformat(first), date.fromisoformat(last or first))


def rule(counter: Any, day: str) -> tuple[str, str, int]:
    (found,) = days(counter, day)
    return found.why.rule, found.why.name.nb, len(found.spans)


def clashes(counter: Any) -> list[Any]:
    with counter.database.reading() as tx:
        return [each.id for each in queries.clashes(tx, PageRequest(), ["house"]).items]


def reach(counter: Any) -> tuple[date, date]:
    with counter.database.reading() as tx:
        wanted = select(func.min(open_days.c.day), func.max(open_days.c.day)).where(open_days.c.arena == "house")
        first, last = tx.execute(wanted).one()
        return first, last


def contents(counter: Any, *more: Any) -> list[Any]:
    with counter.database.reading() as tx:
        return list(
            tx.execute(select(open_days, *more).order_by(open_days.c.arena, open_days.c.day, open_days.c.number))
        )


def test_weekly_hours_are_laid_out_from_yesterday_to_800_days_ahead(counter: Any) -> None:
    assert reach(counter) == (date(2026, 11, 22), date(2026, 11, 23) + LIMIT)
    assert rule(counter, "2026-12-25") == ("weekly", "Vanlige åpningstider", 1)


@pytest.mark.parametrize(
    "wanted",
    [
        plan(
            pattern("skole", "2026-01-01", scope="school_days"),
            pattern("ferie", "2026-01-01", scope="school_holidays", hours=(hours(5, "20:00", "04:00", "extended"),)),
            pattern("sommer", "2027-06-01", valid_until=date(2027, 8, 31), weekdays=(6, 7), hours=()),
        ),
        plan(
            public_holidays=PublicHolidays(rule="hours", hours=(times("02:30", "05:00"),)),
            special_days=tuple(
                SpecialDay(on=on, name=name(on), hours=(times("20:00", "02:30"), times("01:00", "02:15")))
                for on in ("12-24", "12-31", "easter_eve", "whit_eve", "2027-10-30", "2027-10-31", "2028-02-29")
            ),
        ),
        CLOSED,
    ],
)
def test_the_days_are_what_the_model_says(counter: Any, wanted: OpeningPlan) -> None:
    counter.run(usecases.put_school_year, YEAR)
    change(counter, CLOSED)

    change(counter, wanted)

    first, last = reach(counter)
    with counter.database.reading() as tx:
        weekly = store.find(tx, "house").weekly
    expected = list(laid_out(first, last, wanted, weekly, Calendar(public_holiday, (YEAR,))))
    assert days(counter, str(first), str(last)) == expected


def test_a_change_counts_at_once_for_searches_and_bookings(counter: Any) -> None:
    held = counter.hold("room")  # 15:00 to 16:00 in Oslo
    counter.cancel(held)

    change(counter, plan(pattern("kveld", "2026-11-23")))

    with pytest.raises(OutsideOpeningHours):
        counter.hold("room")
    assert counter.hold("room", 4).live  # at 16:00


def test_bookings_outside_new_hours_stay_and_are_listed(counter: Any) -> None:
    outside, inside = counter.confirmed("room"), counter.confirmed("room", 4)
    given_up = counter.hold("third-1")
    counter.cancel(given_up)

    change(counter, plan(pattern("kveld", "2026-11-23")))

    assert clashes(counter) == [outside.id]
    assert counter.load(outside).state == counter.load(inside).state == "confirmed"
    counter.clock.move(timedelta(hours=3))
    assert clashes(counter) == []  # over


@pytest.mark.parametrize(("closes", "clash"), [("15:59", True), ("16:00", False), ("16:01", False)])
def test_a_booking_clashes_when_it_ends_after_closing(counter: Any, closes: str, clash: bool) -> None:
    booking = counter.hold("room")

    change(counter, plan(pattern("dag", "2026-11-23", hours=(hours(1, "08:00", closes),))))

    assert clashes(counter) == ([booking.id] if clash else [])


def test_a_booking_under_way_clashes_by_what_is_left_of_it(counter: Any) -> None:
    long = counter.hold("room", 0, 8)  # 15:00 to 17:00
    counter.clock.move(timedelta(hours=3, minutes=30))  # it is 16:30

    change(counter, plan(pattern("kveld", "2026-11-23")))
    assert clashes(counter) == []
    change(counter, plan(pattern("dag", "2026-11-23", hours=(hours(1, "08:00", "16:59"),))))

    assert clashes(counter) == [long.id]


def test_clashes_come_a_page_at_a_time_to_those_who_oversee_the_square(counter: Any) -> None:
    made = [counter.hold("room", 4 * number).id for number in range(3)]
    change(counter, CLOSED)

    with counter.database.reading() as tx:
        first = queries.clashes_at(tx, MANAGER, PageRequest(2), "house")
        rest = queries.clashes_at(tx, OPERATOR, PageRequest(2, first.next_cursor), "house")
        for refused in (RESIDENT, OTHER_MANAGER):
            with pytest.raises(Forbidden):
                queries.clashes_at(tx, refused, PageRequest(), "house")
        with pytest.raises(NotFound):
            queries.clashes_at(tx, OPERATOR, PageRequest(), "barn")

    assert [each.id for each in (*first.items, *rest.items)] == made
    assert rest.next_cursor is None


# Who may, and in which version


def test_a_plan_is_the_operator_s_and_the_square_s_managers_to_change(counter: Any) -> None:
    assert change(counter, plan(), MANAGER).version == 1
    assert change(counter, plan(), OPERATOR).version == 2
    with pytest.raises(Forbidden):
        change(counter, plan(), OTHER_MANAGER)
    with pytest.raises(Forbidden):
        change(counter, plan(), RESIDENT)
    with pytest.raises(NotFound):
        counter.run(usecases.change_plan, OPERATOR, "barn", plan(), ANY_VERSION)


def test_a_plan_that_somebody_else_changed_is_not_changed(counter: Any) -> None:
    change(counter, CLOSED, expected=Expected(frozenset({0})))

    with pytest.raises(StaleVersion):
        change(counter, plan(), expected=Expected(frozenset({0})))

    assert rule(counter, "2026-11-24") == ("pattern", "stengt", 0)


def test_a_plan_that_contradicts_itself_changes_nothing(counter: Any) -> None:
    before = contents(counter)

    with pytest.raises(PatternsTie):
        change(counter, plan(pattern("a", "2026-01-01"), pattern("b", "2026-01-01")))

    assert contents(counter) == before


def test_only_what_changes_is_written(counter: Any) -> None:
    before = contents(counter, literal_column("xmin::text"))

    change(counter, plan(special_days=(SpecialDay(on="2027-05-18", name=name("flyttedag")),)))

    after = contents(counter, literal_column("xmin::text"))
    assert [new.day for old, new in zip(before, after, strict=True) if old != new] == [date(2027, 5, 18)]


# What else changes hours


def test_new_weekly_hours_are_under_the_plan(counter: Any, town: Any) -> None:
    change(counter, plan(pattern("jul", "2026-12-20", valid_until=date(2026, 12, 31))))

    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, opening=MORNINGS),)))

    assert days(counter, "2026-12-19")[0].spans[0].begins_at == datetime(2026, 12, 19, 5, tzinfo=UTC)
    assert days(counter, "2026-12-20")[0].spans[0].begins_at == datetime(2026, 12, 20, 15, tzinfo=UTC)


def test_the_same_tree_again_reckons_nothing(counter: Any) -> None:
    change(counter, CLOSED)
    with counter.database.transaction() as tx:
        tx.execute(update(arenas).values(holidays_edition="marked"))

    counter.publish()

    with counter.database.reading() as tx:
        assert tx.execute(select(arenas.c.holidays_edition)).scalar_one() == "marked"


def test_an_arena_left_out_of_the_tree_is_closed_and_open_again_when_it_is_back(counter: Any, town: Any) -> None:
    barn = town.arena("barn", town.space("loft"))
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, barn)))
    assert days(counter, "2026-11-24", arena="barn")[0].spans

    counter.publish()
    assert days(counter, "2026-11-24", arena="barn")[0].spans == ()
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, barn)))

    assert days(counter, "2026-11-24", arena="barn")[0].spans


def test_a_school_year_counts_at_once_where_it_is_followed(counter: Any, town: Any) -> None:
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, town.arena("barn", town.space("loft")))))
    change(counter, plan(pattern("skole", "2026-01-01", scope="school_days")))
    assert rule(counter, "2026-11-24")[0] == "weekly"

    following = counter.run(usecases.put_school_year, YEAR)

    assert [each.arena for each in following] == ["house"]
    assert [rule(counter, day)[:2] for day in ("2026-12-22", "2026-12-23", "2027-01-04")] == [
        ("pattern", "skole"),
        ("weekly", "Vanlige åpningstider"),
        ("pattern", "skole"),
    ]
    counter.run(usecases.put_school_year, replace(YEAR, holidays=()))
    assert rule(counter, "2026-12-23")[:2] == ("pattern", "skole")


def test_school_years_that_overlap_are_refused_and_change_nothing(counter: Any) -> None:
    counter.run(usecases.put_school_year, YEAR)
    with pytest.raises(SchoolYearsOverlap) as refused:
        counter.run(usecases.put_school_year, replace(YEAR, id="other"))

    assert refused.value.fields == {"other": "2026-2027"}
    with counter.database.reading() as tx:
        assert store.all_school_years(tx) == [YEAR]
        assert queries.all_school_years(tx, PageRequest()).items == [YEAR]


# The worker


def tick(counter: Any) -> None:
    counter.run(usecases.reckon_behind)


@pytest.mark.parametrize(
    ("passed", "last"),
    [
        (timedelta(hours=10, minutes=59), date(2026, 11, 23) + LIMIT),  # 23:59 in Oslo
        (timedelta(hours=11), date(2026, 11, 24) + LIMIT),
        (timedelta(days=60), date(2027, 1, 22) + LIMIT),  # the worker rested
    ],
)
def test_days_are_reckoned_on_as_time_passes(counter: Any, passed: timedelta, last: date) -> None:
    counter.clock.move(passed)

    tick(counter)
    once = contents(counter)
    tick(counter)

    assert reach(counter) == (date(2026, 11, 22), last)
    assert contents(counter) == once


def test_days_are_reckoned_anew_by_another_edition_of_the_public_holidays(counter: Any) -> None:
    change(counter, plan(public_holidays=PublicHolidays(rule="closed")))
    with counter.database.transaction() as tx:
        tx.execute(
            update(open_days).where(open_days.c.day == date(2027, 5, 17)).values(why={"rule": "weekly", "name": {}})
        )
    tick(counter)
    assert days_stored(counter, date(2027, 5, 17)) == "weekly"  # nothing tells that it is wrong

    with counter.database.transaction() as tx:
        tx.execute(update(arenas).values(holidays_edition="0.1"))
    tick(counter)

    assert days_stored(counter, date(2027, 5, 17)) == "public_holiday"
    with counter.database.reading() as tx:
        assert tx.execute(select(arenas.c.holidays_edition)).scalar_one() == EDITION


def days_stored(counter: Any, day: date) -> str:
    with counter.database.reading() as tx:
        why: str = tx.execute(select(open_days.c.why["rule"].astext).where(open_days.c.day == day)).scalar_one()
        return why


def test_many_arenas_are_reckoned_some_at_a_time(counter: Any, town: Any) -> None:
    more = [town.arena(f"barn-{number}", town.space(f"loft-{number}")) for number in range(6)]
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, *more)))
    counter.clock.move(timedelta(days=1))

    tick(counter)
    tick(counter)

    with counter.database.reading() as tx:
        reached = set(tx.execute(select(arenas.c.reckoned_until)).scalars())
    assert reached == {date(2026, 11, 24) + LIMIT}


def test_two_workers_at_once_do_what_one_does(counter: Any) -> None:
    counter.clock.move(timedelta(days=3))

    at_once(lambda _: tick(counter), range(4))

    assert reach(counter) == (date(2026, 11, 22), date(2026, 11, 26) + LIMIT)


# Kinds of hours


@pytest.mark.parametrize(
    ("kinds", "begin", "booked"),
    [
        (("staffed", "extended", "booked_only"), 0, True),  # 15:00, staffed
        (("staffed", "extended", "booked_only"), 2, True),  # 15:30, over the change to extended
        (("staffed",), 0, True),
        (("staffed",), 1, False),
        (("extended",), 0, False),
        (("extended",), 4, True),
        (("booked_only",), 4, False),
    ],
)
def test_a_space_is_booked_in_hours_of_its_kinds(counter: Any, town: Any, kinds: Any, begin: int, booked: bool) -> None:
    week = tuple(
        each for day in range(1, 8) for each in (hours(day, "08:00", "16:00"), hours(day, "16:00", "22:00", "extended"))
    )
    room = town.space("room", rules=replace(town.RULES, open_kinds=kinds))
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, room, opening=week),)))

    if booked:
        assert counter.hold("room", begin).live
    else:
        with pytest.raises(OutsideOpeningHours):
            counter.hold("room", begin)


def test_a_booking_is_outside_when_its_kind_of_hours_is_no_more(counter: Any, town: Any) -> None:
    room = town.space("room", rules=replace(town.RULES, open_kinds=("staffed",)))
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, room),)))
    held, hall = counter.hold("room"), counter.hold("hall")

    change(
        counter,
        plan(
            pattern("ubemannet", "2026-01-01", hours=tuple(hours(d, "00:00", "24:00", "extended") for d in range(1, 8)))
        ),
    )

    assert clashes(counter) == [held.id]
    assert counter.load(hall).live


# Why it is closed


def why(counter: Any, begin: datetime, end: datetime, **asked: Any) -> list[tuple[str, str, int, bool]]:
    with counter.database.reading() as tx:
        found = queries.why_closed(tx, "house", begin, end, **asked)
    return [(str(each.day), each.why.name.nb, len(each.open), each.kinds) for each in found]


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+01:00").astimezone(UTC)


def test_it_is_told_why_it_is_closed(counter: Any) -> None:
    night = pattern("natt", "2026-01-01", hours=tuple(hours(day, "20:00", "02:00", "extended") for day in range(1, 8)))
    change(counter, plan(night, public_holidays=PublicHolidays(rule="closed")))

    assert why(counter, oslo("2026-12-24T20:00"), oslo("2026-12-25T02:00")) == []
    assert why(counter, oslo("2026-12-24T20:00"), oslo("2026-12-25T02:01")) == [
        ("2026-12-25", "Første juledag", 0, False)
    ]
    assert why(counter, oslo("2026-12-24T19:59"), oslo("2026-12-24T21:00")) == [("2026-12-24", "natt", 1, False)]
    assert why(counter, oslo("2026-12-24T20:00"), oslo("2026-12-24T21:00"), kinds=["staffed"]) == [
        ("2026-12-24", "natt", 0, True)
    ]


# Races


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with connections for those who race."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=4, clock=counter.clock, settings=counter.database.settings)
    yield many
    many.close()


def test_a_booking_made_while_hours_shrink_is_refused_or_listed(counter: Any, many: Database) -> None:
    """Whoever comes first. Never is there a booking outside the hours that nobody was told of."""
    outcomes = set()
    for _ in range(ROUNDS):
        change(counter, plan())

        def book() -> Booking | None:
            try:
                with many.transaction() as tx:
                    return booking_usecases.hold(tx, STRANGER, counter.wanted("room"))
            except OutsideOpeningHours:
                return None

        def shrink() -> list[Any]:
            with many.transaction() as tx:
                usecases.change_plan(tx, OPERATOR, "house", CLOSED, ANY_VERSION)
                return [each.id for each in queries.clashes(tx, PageRequest(), ["house"]).items]

        booked, told = at_once(lambda work: work(), [book, shrink])

        assert told == ([booked.id] if booked else [])
        outcomes.add(booked is None)
        if booked:
            counter.cancel(booked, who=STRANGER)

    assert outcomes == {True, False}


def test_a_booking_that_waited_for_new_hours_goes_by_them(counter: Any, many: Database) -> None:
    """The booking has read its space, and waits for whoever changes the hours."""
    results: list[Any] = []

    def book() -> None:
        with pytest.raises(OutsideOpeningHours), many.transaction() as tx:
            booking_usecases.hold(tx, STRANGER, counter.wanted("room"))
        results.append("refused")

    with many.transaction() as tx:
        usecases.change_plan(tx, OPERATOR, "house", CLOSED, ANY_VERSION)
        thread = Thread(target=book)
        thread.start()
        eventually(lambda: somebody_waits(counter))
    thread.join(10)

    assert results == ["refused"]


def somebody_waits(counter: Any) -> bool:
    with counter.database.reading() as tx:
        return bool(tx.execute(WAITING).scalar_one())


def test_two_plans_at_once_come_after_each_other(counter: Any, many: Database) -> None:
    def put(label: str) -> int:
        with many.transaction() as tx:
            return usecases.change_plan(tx, OPERATOR, "house", plan(pattern(label, "2020-01-01")), ANY_VERSION).version

    versions = at_once(put, ["a", "b", "c"])

    assert sorted(versions) == [1, 2, 3]
    last = "abc"[versions.index(3)]
    assert {found.why.name.nb for found in days(counter, "2026-11-23", "2027-11-23")} == {last}

"""Closures that recur: one closure with many dates, each of which keeps bookings out, and can be lifted alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel.errors import Text
from kernel.versions import ANY_VERSION
from services.booking.events import ClosureAnnounced, ClosureLifted
from services.booking.model.bookings import BookingRequest
from services.booking.model.closures import (
    AlreadyLifted,
    BookingsInTheWay,
    Closure,
    ClosureOver,
    ClosureRequest,
    DatesOverlap,
    Decision,
    NoSuchDate,
)
from services.booking.model.recurrence import EndlessRecurrence, ExceptedNoDate, Recurrence, TooManyDates, occurrence
from services.booking.model.refusals import SpaceClosed
from services.booking.model.rules import InThePast
from services.booking.queries import closures as queries
from services.booking.queries.availability.day_grid import day_of_square
from services.booking.store.tables import claims
from services.booking.usecases import closures as usecases
from tests.callers import MANAGER, STRANGER
from tests.season import FIRST, WEEK, at

CLEANING = Text(nb="Renhold", nn="Reinhald", en="Cleaning")
FOUR_TUESDAYS = Recurrence(starts=datetime(2026, 12, 1, 18, 0), minutes=120, rule="FREQ=WEEKLY;COUNT=4")  # noqa: DTZ001


def request(when: Recurrence = FOUR_TUESDAYS, space: str = "room", **different: Any) -> ClosureRequest:
    first = occurrence(when.starts, when.length)
    times = {"begins_at": first.begins_at, "ends_at": first.ends_at}
    place = {"arena": "house"} if space == "house" else {"space": space}
    return ClosureRequest(kind="maintenance", reason=CLEANING, recurrence=when, **times, **place, **different)


def close(counter: Any, wanted: ClosureRequest, *decisions: Decision) -> Closure:
    made: Closure = counter.run(usecases.announce, MANAGER, wanted, decisions)
    return made


def shown(counter: Any, closure: Closure) -> Closure:
    with counter.database.reading() as tx:
        return queries.one(tx, closure.id)


def claimed(counter: Any) -> int:
    with counter.database.reading() as tx:
        count: int = tx.execute(select(func.count()).select_from(claims)).scalar_one()
        return count


def wanted(counter: Any, space: str, number: int, quarters: int = 0) -> BookingRequest:
    return replace(counter.wanted(space), **at(number, quarters))


def closed_at(counter: Any, number: int, quarters: int = 0, space: str = "room") -> bool:
    try:
        held = counter.run(counter.usecases.hold, STRANGER, wanted(counter, space, number, quarters))
        counter.cancel(held, STRANGER)
    except SpaceClosed:
        return True
    return False


def test_each_date_is_closed_and_the_time_between_is_not(counter: Any) -> None:
    closure = close(counter, request())

    assert (closure.begins_at, closure.ends_at) == (FIRST, FIRST + 3 * WEEK + timedelta(hours=2))
    assert [each.begins_at for each in closure.dates] == [FIRST + number * WEEK for number in range(4)]
    assert shown(counter, closure) == closure
    assert [closed_at(counter, number) for number in (0, 3, 4)] == [True, True, False]
    assert [closed_at(counter, 1, quarters) for quarters in (-8, -7, 7, 8)] == [False, True, True, False]
    with counter.database.reading() as tx:
        assert queries.all_closures(tx, counter.page(10), square="borgen").items == [closure]


@pytest.mark.parametrize(("minutes", "refused"), [(1439, False), (1440, False), (1441, True)])
def test_its_dates_do_not_overlap(counter: Any, minutes: int, refused: bool) -> None:
    """Where they do, lifting one date opens nothing."""
    daily = Recurrence(starts=FOUR_TUESDAYS.starts, minutes=minutes, rule="FREQ=DAILY;COUNT=3")

    if not refused:
        assert len(close(counter, request(daily)).dates) == 3
        return
    for use_case in (usecases.announce, usecases.plan):
        with pytest.raises(DatesOverlap) as overlap:
            counter.run(use_case, MANAGER, request(daily), ())
        assert overlap.value.fields == {"first": "2026-12-02T17:00:00Z"}


def test_what_is_excepted_is_one_of_its_dates(counter: Any) -> None:
    excepted = replace(FOUR_TUESDAYS, excepted=[FOUR_TUESDAYS.starts + timedelta(days=6)])

    with pytest.raises(ExceptedNoDate):
        close(counter, request(excepted))


def test_the_same_again_is_the_closure_there_is_until_a_date_is_lifted(counter: Any) -> None:
    closure = close(counter, request())
    counter.clock.move(FIRST + timedelta(hours=2) - counter.clock.now())

    assert close(counter, request()) == shown(counter, closure)
    counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + WEEK)

    assert close(counter, request()).id != closure.id


def test_it_stays_on_the_wall_when_the_clock_changes(counter: Any) -> None:
    spring = Recurrence(starts=datetime(2027, 3, 27, 6, 0), minutes=60, rule="FREQ=DAILY;COUNT=2")  # noqa: DTZ001

    closure = close(counter, request(spring))

    assert [each.begins_at.astimezone(UTC).hour for each in closure.dates] == [5, 4]


def test_an_arena_is_closed_with_all_its_parts_and_follows_its_tree(counter: Any, town: Any) -> None:
    close(counter, request(space="house"))
    assert claimed(counter) == 4 * 4
    more = town.arena("house", town.HALL, town.space("room", capacity=10), town.space("attic"))

    counter.clock.move(FIRST + WEEK - counter.clock.now())
    counter.publish(type(town.BORGEN)(id="borgen", name=town.BORGEN.name, arenas=(more,)))

    assert closed_at(counter, 2, space="attic")
    assert not closed_at(counter, 4, space="attic")


def test_every_booking_that_any_date_hits_needs_a_decision(counter: Any) -> None:
    hits = [counter.run(counter.usecases.hold, STRANGER, wanted(counter, "room", number)) for number in (1, 3)]
    counter.clock.move(timedelta(minutes=5))

    planned = counter.run(usecases.plan, MANAGER, request())
    assert [each.booking.id for each in planned] == [each.id for each in hits]
    with pytest.raises(BookingsInTheWay) as refused:
        close(counter, request(), Decision(booking=hits[0].id, outcome="cancel"))
    assert refused.value.fields["bookings"] == [str(hits[1].id)]
    close(counter, request(), *(Decision(booking=each.id, outcome="cancel") for each in hits))
    assert [counter.load(each).state for each in hits] == ["cancelled", "cancelled"]


def test_one_date_is_lifted_and_the_others_stay(counter: Any) -> None:
    closure = close(counter, request())

    lifted = counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + WEEK)

    assert (lifted.version, lifted.state, lifted.dates[1].lifted_by) == (2, "announced", MANAGER.person)
    assert shown(counter, closure) == lifted
    assert [closed_at(counter, number) for number in range(4)] == [True, False, True, True]
    told = counter.told(ClosureAnnounced)
    assert [(each.sequence, len(each.data.dates)) for each in told] == [(1, 4), (2, 3)]
    with pytest.raises(AlreadyLifted):
        counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + WEEK)
    with pytest.raises(NoSuchDate):
        counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + timedelta(hours=1))


def test_all_of_it_is_lifted_at_once_or_with_its_last_date(counter: Any) -> None:
    whole, one_by_one = close(counter, request()), close(counter, request(space="third-1"))

    counter.run(usecases.lift, MANAGER, whole.id, ANY_VERSION)
    for number in (3, 2, 1, 0):
        last = counter.run(usecases.lift, MANAGER, one_by_one.id, ANY_VERSION, begins_at=FIRST + number * WEEK)
        assert last.ends_at == FIRST + max(number - 1, 0) * WEEK + timedelta(hours=2)

    assert (shown(counter, whole).state, last.state, claimed(counter)) == ("lifted", "lifted", 0)
    assert {each.subject for each in counter.told(ClosureLifted)} == {str(whole.id), str(one_by_one.id)}


def test_dates_that_are_over_are_left_out_and_not_lifted(counter: Any) -> None:
    counter.clock.move(FIRST + timedelta(hours=2) - counter.clock.now())
    closure = close(counter, request())
    assert len(closure.dates) == 3

    counter.clock.move(WEEK)
    with pytest.raises(ClosureOver):
        counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + WEEK)
    counter.clock.move(2 * WEEK)
    with pytest.raises(ClosureOver):
        counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION)
    with pytest.raises(InThePast):
        close(counter, request())


def test_who_waits_is_offered_the_date_that_is_lifted(counter: Any, line: Any) -> None:
    closure = close(counter, request())
    waits = line.join(STRANGER, "room", (FIRST + WEEK - counter.quarter()) // timedelta(minutes=15), 8)

    counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + 2 * WEEK)
    assert line.states(waits) == ["waiting"]
    counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION, begins_at=FIRST + WEEK)

    assert line.states(waits) == ["offered"]


def test_the_day_grid_and_the_list_for_a_time_tell_of_the_date(counter: Any) -> None:
    closure = close(counter, request())

    def taken(day: date) -> list[Any]:
        with counter.database.reading() as tx:
            spaces = day_of_square(tx, None, "borgen", day).spaces
        return [(each.begins_at, each.what) for space in spaces if space.space == "room" for each in space.taken]

    assert taken(date(2026, 12, 8)) == [(FIRST + WEEK, "maintenance")]
    assert taken(date(2026, 12, 9)) == []
    with counter.database.reading() as tx:
        [found] = queries.closing_space(tx, "room", FIRST + WEEK, FIRST + WEEK + timedelta(hours=1))
        assert queries.closing_space(tx, "room", FIRST + 2 * timedelta(days=1), FIRST + 3 * timedelta(days=1)) == []
    assert (found.id, found.begins_at) == (closure.id, FIRST + WEEK)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("FREQ=WEEKLY", EndlessRecurrence),
        ("FREQ=DAILY;COUNT=521", TooManyDates),
        ("FREQ=DAILY;COUNT=520", None),
    ],
)
def test_it_ends_and_has_no_more_dates_than_a_series(counter: Any, rule: str, error: Any) -> None:
    wanted = request(Recurrence(starts=FOUR_TUESDAYS.starts, minutes=60, rule=rule))
    if error is None:
        assert len(close(counter, wanted).dates) == 520
    else:
        with pytest.raises(error):
            close(counter, wanted)

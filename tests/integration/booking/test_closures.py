"""Closures: a decision for every booking hit, nothing booked into what is closed, and open again when it is lifted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.auth import Forbidden
from kernel.db import Database
from kernel.errors import Text
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION, Expected, StaleVersion
from services.booking.events import BookingCancelled, BookingRescheduled, ClosureAnnounced, ClosureLifted
from services.booking.model.closures import (
    AlreadyLifted,
    BookingsInTheWay,
    Closure,
    ClosureOver,
    ClosureRequest,
    Decision,
    NotHit,
    UnknownArena,
)
from services.booking.model.refusals import AlreadyBegun, NotInUse, SlotTaken, SpaceClosed
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import EndsBeforeBegin, InThePast, OutsideOpeningHours, TooShort
from services.booking.queries import closures as queries
from services.booking.store.bookings import steps
from services.booking.store.closures import closures as table
from services.booking.store.tables import claims
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import closures as usecases
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER

ROUNDS = 100
REASON = Text(nb="Gulvet slipes", nn="Golvet blir slipt", en="The floor is being sanded")
MINUTE = timedelta(minutes=1)


def closing(counter: Any, begin: int = 0, quarters: int = 8, **different: Any) -> ClosureRequest:
    """Two hours of the hall, from when bookings begin."""
    place = different if {"arena", "space"} & different.keys() else {"space": "hall", **different}
    times = {"begins_at": counter.quarter(begin), "ends_at": counter.quarter(begin + quarters)}
    return ClosureRequest(**{"kind": "maintenance", "reason": REASON, **times, **place})


def close(counter: Any, wanted: ClosureRequest, *decisions: Decision, who: Any = MANAGER) -> Closure:
    made: Closure = counter.run(usecases.announce, who, wanted, decisions)
    return made


def cancelled(booking: Any) -> Decision:
    return Decision(booking=booking.id, outcome="cancel")


def held_parts(counter: Any, closure: Closure) -> int:
    with counter.database.reading() as tx:
        count: int = tx.execute(
            select(func.count()).select_from(claims).where(claims.c.holder == closure.id)
        ).scalar_one()
        return count


def hits(counter: Any, wanted: ClosureRequest, who: Any = MANAGER) -> dict[UUID, list[str]]:
    return {each.booking.id: list(each.alternatives) for each in counter.run(usecases.plan, who, wanted)}


def listed(counter: Any, **asked: Any) -> list[UUID]:
    with counter.database.reading() as tx:
        return [each.id for each in queries.all_closures(tx, PageRequest(), **asked).items]


# What is closed


@pytest.mark.parametrize(
    ("place", "parts", "still_booked"),
    [
        ({"space": "hall"}, 3, {"room"}),
        ({"space": "third-2"}, 1, {"room", "third-1", "third-3"}),
        ({"arena": "house"}, 4, set()),
    ],
)
def test_what_is_closed_can_not_be_booked(counter: Any, place: Any, parts: int, still_booked: set[str]) -> None:
    closure = close(counter, closing(counter, **place))

    assert held_parts(counter, closure) == parts
    booked = set()
    for space in ("hall", "room", "third-1", "third-2", "third-3"):
        try:
            counter.cancel(counter.hold(space))
            booked.add(space)
        except SlotTaken:
            pass
    assert booked == still_booked


@pytest.mark.parametrize(
    ("begin", "quarters", "refused"), [(-4, 4, False), (-4, 5, True), (7, 4, True), (8, 4, False), (-4, 16, True)]
)
def test_it_is_closed_from_beginning_to_end(counter: Any, begin: int, quarters: int, refused: bool) -> None:
    close(counter, closing(counter))

    if refused:
        with pytest.raises(SpaceClosed):
            counter.hold("hall", begin, quarters)
    else:
        assert counter.hold("hall", begin, quarters).live


def test_what_is_closed_twice_is_open_when_both_are_lifted(counter: Any) -> None:
    all_of_it, hall = close(counter, closing(counter, arena="house")), close(counter, closing(counter))

    counter.run(usecases.lift, MANAGER, all_of_it.id, ANY_VERSION)
    with pytest.raises(SlotTaken):
        counter.hold("hall")
    counter.run(usecases.lift, MANAGER, hall.id, ANY_VERSION)

    assert counter.hold("hall").live


def test_a_division_keeps_closed_what_is_closed(counter: Any, town: Any) -> None:
    closure = close(counter, closing(counter, space="room"))
    arena_closure = close(counter, closing(counter, 8, arena="house"))
    divided = town.space("room", town.space("room-a"), town.space("room-b"), capacity=10)

    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, divided, town.space("attic")),)))

    assert (held_parts(counter, closure), held_parts(counter, arena_closure)) == (2, 6)
    for space in ("room", "room-a", "room-b"):
        with pytest.raises(SlotTaken):
            counter.hold(space)
    with pytest.raises(SlotTaken):
        counter.hold("attic", 8)


# What it hits


def test_every_booking_that_is_hit_needs_a_decision(counter: Any) -> None:
    first, second = counter.confirmed("third-1"), counter.hold("third-2", 4)
    before, after = counter.hold("hall", -4), counter.hold("hall", 8)

    with pytest.raises(BookingsInTheWay) as refused:
        close(counter, closing(counter), cancelled(first))

    assert refused.value.fields == {"count": 1, "bookings": [str(second.id)]}
    assert counter.load(first).state == "confirmed"
    assert listed(counter) == []
    assert counter.told(ClosureAnnounced, BookingCancelled) == []
    close(counter, closing(counter), cancelled(first), cancelled(second))
    assert [counter.load(each).state for each in (first, second, before, after)] == [
        "cancelled",
        "cancelled",
        "held",
        "held",
    ]


def test_the_house_cancels_and_says_why(counter: Any) -> None:
    booking = counter.confirmed("room")

    closure = close(counter, closing(counter, arena="house"), cancelled(booking))

    (told,) = counter.told(BookingCancelled)
    assert (told.data.booking, told.data.cancelled_by) == (booking.id, "house")
    (announced,) = counter.told(ClosureAnnounced)
    assert (announced.subject, announced.sequence) == (str(closure.id), 1)
    assert (announced.data.arena, announced.data.space, announced.data.reason_en) == ("house", None, REASON.en)
    with counter.database.reading() as tx:
        last = steps(tx, booking.id)[-1]
    assert (last.what, last.by, last.why) == ("cancelled", MANAGER.person, REASON.nb)


def test_a_booking_is_moved_to_another_space_or_time(counter: Any) -> None:
    to_room, later, third = counter.confirmed("hall"), counter.confirmed("third-2", 4), counter.hold("third-1", 6)
    decisions = [
        Decision(booking=to_room.id, outcome="move", space="room"),
        Decision(booking=later.id, outcome="move", begins_at=counter.quarter(8), ends_at=counter.quarter(12)),
        cancelled(third),
    ]

    close(counter, closing(counter), *decisions)

    assert [counter.load(each).state for each in (to_room, later)] == ["confirmed", "confirmed"]
    assert counter.load(to_room).space == "room"
    assert counter.load(later).begins_at == counter.quarter(8)
    assert {each.data.booking for each in counter.told(BookingRescheduled)} == {to_room.id, later.id}
    with pytest.raises(SlotTaken):
        counter.hold("room", who=STRANGER)


@pytest.mark.parametrize(
    "where",
    [
        {"space": "third-1"},  # closed, too
        {"begin": 4},  # still within
        {"space": "room"},  # somebody has it
    ],
)
def test_a_booking_that_can_not_be_moved_there_changes_nothing(counter: Any, where: dict[str, Any]) -> None:
    hit, other = counter.confirmed("hall"), counter.hold("room")
    begin = where.pop("begin", 0)
    times = {"begins_at": counter.quarter(begin), "ends_at": counter.quarter(begin + 4)}
    moved = Decision(booking=hit.id, outcome="move", **where, **times)

    with pytest.raises(SlotTaken):
        close(counter, closing(counter), moved)

    assert (counter.load(hit).space, counter.claimed(hit)) == ("hall", 3)
    assert counter.load(other).live
    assert listed(counter) == []


@pytest.mark.parametrize(("quarters", "fits"), [(1, False), (2, True), (3, False)])
def test_a_booking_is_shortened_to_what_is_not_closed(counter: Any, quarters: int, fits: bool) -> None:
    """It must be half an hour at least, and the closure begins after half an hour."""
    hit = counter.confirmed("room", 0, 4)
    shorter = Decision(booking=hit.id, outcome="move", ends_at=counter.quarter(quarters))

    if fits:
        close(counter, closing(counter, 2, space="room"), shorter)
        assert (counter.claimed(hit), counter.load(hit).ends_at) == (1, counter.quarter(2))
        with pytest.raises(SlotTaken):
            counter.hold("room", 0, 2, who=STRANGER)
    else:
        with pytest.raises((TooShort, SlotTaken)):
            close(counter, closing(counter, 2, space="room"), shorter)


def test_a_booking_is_moved_within_opening_hours_only(counter: Any, town: Any) -> None:
    hit = counter.hold("hall")
    shut = town.arena("barn", town.space("loft"), opening=())
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, shut)))

    with pytest.raises(OutsideOpeningHours):
        close(counter, closing(counter), Decision(booking=hit.id, outcome="move", space="loft"))


def test_a_booking_is_moved_only_to_where_the_manager_manages(counter: Any, town: Any) -> None:
    hit = counter.hold("hall")
    counter.publish(replace(town.BORGEN, id="tofte", arenas=(town.arena("library", town.space("attic")),)))
    there = Decision(booking=hit.id, outcome="move", space="attic")

    with pytest.raises(Forbidden):
        close(counter, closing(counter), there)
    close(counter, closing(counter), there, who=OPERATOR)

    assert counter.load(hit).square == "tofte"


def test_a_booking_under_way_is_ended(counter: Any) -> None:
    booking = counter.confirmed("room", 0, 8)
    counter.clock.move(timedelta(hours=3))
    wanted = closing(counter, 4, 8, space="room")
    with pytest.raises(BookingsInTheWay):
        close(counter, wanted)

    close(counter, wanted, Decision(booking=booking.id, outcome="end"))

    assert counter.load(booking).state == "completed"


def test_a_booking_that_has_not_begun_is_not_ended(counter: Any) -> None:
    booking = counter.confirmed("room")

    with pytest.raises(NotInUse):
        close(counter, closing(counter, space="room"), Decision(booking=booking.id, outcome="end"))


def test_holds_whose_time_is_over_make_way(counter: Any) -> None:
    held = counter.hold("room")
    counter.clock.move(timedelta(hours=2))

    close(counter, closing(counter, space="room"))

    assert counter.load(held).state == "expired"


def test_a_decision_for_a_booking_that_is_not_hit_is_refused(counter: Any) -> None:
    """Whoever decided believes that it is cancelled, or moved."""
    hit, before, elsewhere = counter.confirmed("hall"), counter.confirmed("hall", -4), counter.confirmed("room")

    for stray in (before.id, elsewhere.id, uuid4()):
        decisions = [cancelled(hit), Decision(booking=stray, outcome="cancel")]
        for use_case in (usecases.announce, usecases.plan):
            with pytest.raises(NotHit) as refused:
                counter.run(use_case, MANAGER, closing(counter), decisions)
            assert refused.value.fields == {"booking": str(stray)}

    assert [counter.load(each).state for each in (hit, before, elsewhere)] == ["confirmed"] * 3


def test_a_decision_for_a_booking_that_is_over_meanwhile_changes_nothing(counter: Any) -> None:
    given_up, overdue = counter.confirmed("third-1"), counter.hold("third-2")
    counter.cancel(given_up)
    counter.clock.move(timedelta(hours=2))

    closure = close(counter, closing(counter), cancelled(given_up), cancelled(overdue))

    assert closure.state == "announced"
    assert [counter.load(each).state for each in (given_up, overdue)] == ["cancelled", "expired"]


def test_the_same_closure_again_is_the_closure_there_is(counter: Any) -> None:
    """A request that is sent twice closes once: what is lifted is open."""
    hit = counter.confirmed("hall")
    closure = close(counter, closing(counter), cancelled(hit))

    assert close(counter, closing(counter), cancelled(hit)) == closure
    assert counter.run(usecases.plan, MANAGER, closing(counter), [cancelled(hit)]) == []
    assert len(counter.told(ClosureAnnounced)) == 1
    for other in (
        closing(counter, space="room"),
        closing(counter, arena="house"),
        closing(counter, 0, 9),
        closing(counter, 1, 7),
        replace(closing(counter), kind="closure"),
        replace(closing(counter), reason=replace(REASON, en="Sanded")),
    ):
        assert close(counter, other).id != closure.id
        counter.run(usecases.lift, MANAGER, counter.told(ClosureAnnounced)[-1].data.closure, ANY_VERSION)
    with pytest.raises(Forbidden):
        close(counter, closing(counter), who=OTHER_MANAGER)
    counter.run(usecases.lift, MANAGER, closure.id, ANY_VERSION)
    assert close(counter, closing(counter)).id != closure.id


def test_a_dry_run_tells_what_it_would_hit_and_where_there_is_room(counter: Any, town: Any) -> None:
    more = town.space("studio", capacity=60), town.space("cabin", capacity=7), town.space("kitchen", premises="kitchen")
    counter.publish(replace(town.BORGEN, arenas=(*town.BORGEN.arenas, town.arena("barn", *more))))
    small, big = counter.confirmed("third-1"), counter.hold("hall", 4, participants=120)
    counter.hold("hall", 8)
    before = counter.told()

    assert hits(counter, closing(counter)) == {small.id: ["room", "studio"], big.id: []}
    counter.hold("studio")
    assert hits(counter, closing(counter))[small.id] == ["room"]
    assert hits(counter, closing(counter, space="room")) == {}
    assert counter.told()[: len(before)] == before
    assert listed(counter) == []


# Who may, when, and in which version


def test_only_those_who_oversee_the_square_may_close_and_lift(counter: Any) -> None:
    for refused in (RESIDENT, OTHER_MANAGER):
        with pytest.raises(Forbidden):
            close(counter, closing(counter), who=refused)
    closure = close(counter, closing(counter), who=OPERATOR)
    for refused in (RESIDENT, OTHER_MANAGER):
        with pytest.raises(Forbidden):
            counter.run(usecases.lift, refused, closure.id, ANY_VERSION)
    with pytest.raises(NotFound):
        counter.run(usecases.lift, OPERATOR, uuid4(), ANY_VERSION)


@pytest.mark.parametrize(
    ("different", "error"),
    [
        ({"quarters": 0}, EndsBeforeBegin),
        ({"quarters": -1}, EndsBeforeBegin),
        ({"begin": -12, "quarters": 4}, InThePast),  # ends now
        ({"begin": -12, "quarters": 5}, None),  # has begun
        ({"space": "cellar"}, UnknownSpace),
        ({"arena": "barn"}, UnknownArena),
    ],
)
def test_when_and_what_can_be_closed(counter: Any, different: dict[str, Any], error: Any) -> None:
    wanted = closing(counter, different.pop("begin", 0), different.pop("quarters", 8), **different)
    if error is None:
        assert close(counter, wanted).state == "announced"
    else:
        with pytest.raises(error):
            close(counter, wanted)


def test_it_is_lifted_once_and_before_it_is_over(counter: Any) -> None:
    first, second = close(counter, closing(counter)), close(counter, closing(counter, space="room"))
    with pytest.raises(StaleVersion):
        counter.run(usecases.lift, MANAGER, first.id, Expected(frozenset({2})))

    lifted = counter.run(usecases.lift, MANAGER, first.id, Expected(frozenset({1})))

    assert (lifted.version, lifted.state, lifted.lifted_by) == (2, "lifted", MANAGER.person)
    assert [(each.subject, each.sequence) for each in counter.told(ClosureLifted)] == [(str(first.id), 2)]
    assert counter.hold("hall").live
    with pytest.raises(AlreadyLifted):
        counter.run(usecases.lift, MANAGER, first.id, ANY_VERSION)
    counter.clock.move(timedelta(hours=4) - MINUTE)
    assert listed(counter) == [second.id]
    counter.clock.move(MINUTE)
    with pytest.raises(ClosureOver):
        counter.run(usecases.lift, MANAGER, second.id, ANY_VERSION)
    assert listed(counter) == []


def test_closures_are_listed_the_next_first(counter: Any) -> None:
    later, sooner = close(counter, closing(counter, 4)), close(counter, closing(counter, space="room"))

    assert listed(counter) == listed(counter, square="borgen", arena="house") == [sooner.id, later.id]
    assert listed(counter, arena="barn") == listed(counter, square="tofte") == []
    with counter.database.reading() as tx:
        first = queries.all_closures(tx, PageRequest(1))
        rest = queries.all_closures(tx, PageRequest(1, first.next_cursor))
        assert queries.one(tx, later.id).reason == REASON
        with pytest.raises(NotFound):
            queries.one(tx, uuid4())
    assert [each.id for each in (*first.items, *rest.items)] == [sooner.id, later.id]


def test_it_is_told_what_closes_a_space(counter: Any) -> None:
    closure = close(counter, closing(counter, space="third-2"))

    def closed(space: str, begin: int, quarters: int = 4) -> list[UUID]:
        with counter.database.reading() as tx:
            found = queries.closing_space(tx, space, counter.quarter(begin), counter.quarter(begin + quarters))
        return [each.id for each in found]

    assert closed("hall", 0) == closed("third-2", -3) == closed("third-2", 7) == [closure.id]
    assert closed("third-1", 0) == closed("third-2", -4) == closed("third-2", 8) == closed("cellar", 0) == []


# Races


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with connections for those who race."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=8, clock=counter.clock, settings=counter.database.settings)
    yield many
    many.close()


def attempt(database: Database, use_case: Any, *arguments: Any) -> Any:
    """What comes of it, or the refusal."""
    try:
        with database.transaction() as tx:
            return use_case(tx, *arguments)
    except (SlotTaken, BookingsInTheWay, AlreadyBegun) as refused:
        return type(refused)


@pytest.mark.parametrize("space", ["hall", "third-2"])
def test_a_booking_or_a_closure_has_the_time_and_never_both(counter: Any, many: Database, space: str) -> None:
    outcomes = set()
    for number in range(ROUNDS):
        wanted, request = closing(counter, number * 8), counter.wanted(space, begin=number * 8 + 2)

        booked, closed = at_once(
            lambda work: attempt(many, *work),
            [(booking_usecases.hold, STRANGER, request), (usecases.announce, MANAGER, wanted, ())],
        )

        outcomes.add((booked is SpaceClosed, closed is BookingsInTheWay))

    assert outcomes <= {(True, False), (False, True)}
    with counter.database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(table)).scalar_one() <= ROUNDS


def test_what_a_closure_takes_from_one_goes_to_no_other(counter: Any, many: Database) -> None:
    for number in range(ROUNDS):
        hit = counter.hold("room", begin=number * 4)
        wanted = closing(counter, number * 4, 4, space="room")
        rivals = [(booking_usecases.hold, STRANGER, counter.wanted("room", begin=number * 4)) for _ in range(3)]

        closed, *lost = at_once(
            lambda work: attempt(many, *work), [(usecases.announce, MANAGER, wanted, [cancelled(hit)]), *rivals]
        )

        assert closed.state == "announced"
        assert {*lost} <= {SlotTaken, SpaceClosed}
        assert counter.load(hit).state == "cancelled"


def test_the_same_closure_by_several_at_once_is_one(counter: Any, many: Database) -> None:
    for number in range(ROUNDS // 4):
        wanted = closing(counter, number * 8)

        made = at_once(lambda work: attempt(many, *work), [(usecases.announce, MANAGER, wanted, ())] * 4)

        assert len({each.id for each in made}) == 1
    assert len(counter.told(ClosureAnnounced)) == ROUNDS // 4

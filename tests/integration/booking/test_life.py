"""A booking's life beyond its hold: approval, payment, moving, use, no-show, the end; and the history of it all."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.auth import Forbidden
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION
from services.access.events import DoorOpened, KeyUnused
from services.booking.events import BookingCancelled
from services.booking.model.bookings import Booking
from services.booking.model.deadlines import PAYMENT
from services.booking.model.refusals import (
    AlreadyBegun,
    HoldExpired,
    NotAwaitingApproval,
    NotConfirmed,
    NotInUse,
    NotPriced,
    SlotTaken,
    TooLateToMove,
)
from services.booking.model.resources import Square
from services.booking.model.rules import InThePast, TooShort
from services.booking.queries import bookings as queries
from services.booking.usecases import bookings as usecases
from services.booking.usecases import deciding, time
from services.pricing.events import BookingPaid
from tests.at_once import at_once
from tests.bookings import envelope
from tests.callers import MANAGER, RESIDENT, STRANGER

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def asks(counter: Any, town: Any) -> Any:
    """Publishes `studio`, a space that asks for what is named."""

    def publish(**rules: Any) -> None:
        studio = town.space("studio", rules=replace(town.RULES, **rules))
        paid = town.space("paid-room", rules=replace(town.RULES, prepay=True))
        house = town.arena("house", studio, paid, town.space("room"), town.HALL)
        counter.publish(Square(id="borgen", name=town.name("Borgen"), arenas=(house,)))

    return publish


def accepted(counter: Any, *place: Any, total: int = 35000, **different: Any) -> Booking:
    booking = counter.hold("studio", *place, confirm="when_priced", **different)
    counter.deliver(counter.priced(booking, total=total))
    found: Booking = counter.load(booking)
    return found


def decide(counter: Any, use_case: Any, booking: Booking, who: Any = MANAGER, **more: Any) -> Booking:
    decided: Booking = counter.run(use_case, who, booking.id, ANY_VERSION, **more)
    return decided


def move(counter: Any, booking: Booking, who: Any = RESIDENT, **changes: Any) -> Booking:
    moved: Booking = counter.run(usecases.reschedule, who, booking.id, ANY_VERSION, **changes)
    return moved


def later(counter: Any, booking: Booking, quarters: int) -> dict[str, Any]:
    shift = quarters * 15 * MINUTE
    return {"begins_at": booking.begins_at + shift, "ends_at": booking.ends_at + shift}


def until(counter: Any, at: datetime) -> None:
    counter.clock.move(at - counter.clock.now())


def states(counter: Any, booking: Booking) -> list[str]:
    with counter.database.reading() as tx:
        return [step.what for step in queries.history(tx, RESIDENT, booking.id)]


def test_approval_and_payment_come_one_after_the_other(counter: Any, asks: Any) -> None:
    asks(approval=True, prepay=True)
    booking = accepted(counter)
    assert (booking.state, booking.hold_expires_at) == ("awaiting_approval", booking.begins_at)

    approved = decide(counter, deciding.approve, booking)
    assert approved.state == "awaiting_payment"
    assert approved.hold_expires_at == min(counter.clock.now() + PAYMENT, booking.begins_at)

    paid = envelope(BookingPaid(booking=booking.id, amount=35000, paid_at=counter.clock.now()), str(UUID(int=5)), 1)
    counter.deliver(paid, paid)
    assert counter.load(booking).state == "confirmed"
    assert states(counter, booking) == ["held", "awaiting_approval", "awaiting_payment", "confirmed"]


def test_what_costs_nothing_is_not_paid(counter: Any, asks: Any) -> None:
    asks(prepay=True)
    assert accepted(counter, total=0).state == "confirmed"


def test_only_managers_of_the_square_decide(counter: Any, asks: Any) -> None:
    asks(approval=True)
    booking = accepted(counter)

    with pytest.raises(Forbidden):
        decide(counter, deciding.approve, booking, RESIDENT)
    with pytest.raises(NotFound):
        decide(counter, deciding.approve, booking, STRANGER)
    declined = decide(counter, deciding.decline, booking, why="Salen skal males.")
    assert (declined.state, declined.decline_reason) == ("declined", deciding.DECLINED)
    with pytest.raises(NotAwaitingApproval):
        decide(counter, deciding.approve, booking)
    with counter.database.reading() as tx:
        step = queries.history(tx, RESIDENT, booking.id)[-1]
    assert (step.what, step.by, step.why) == ("declined", MANAGER.person, "Salen skal males.")


@pytest.mark.parametrize(("before", "expired"), [(MINUTE, False), (0 * MINUTE, True), (-MINUTE, True)])
def test_a_decision_comes_before_it_begins(counter: Any, asks: Any, before: timedelta, expired: bool) -> None:
    asks(approval=True)
    booking = accepted(counter)
    until(counter, booking.begins_at - before)

    if expired:
        with pytest.raises(HoldExpired):
            decide(counter, deciding.approve, booking)
        counter.expire_holds()
        assert (counter.load(booking).state, counter.claimed(booking)) == ("expired", 0)
    else:
        assert decide(counter, deciding.approve, booking).state == "confirmed"


@pytest.mark.parametrize(("after", "state"), [(-MINUTE, "awaiting_payment"), (0 * MINUTE, "expired")])
def test_payment_comes_within_a_day(counter: Any, asks: Any, after: timedelta, state: str) -> None:
    asks(prepay=True)
    booking = accepted(counter, 4 * 48)
    until(counter, counter.clock.now() + PAYMENT + after)

    counter.expire_holds()

    assert counter.load(booking).state == state


def test_a_moved_booking_has_the_new_time_and_not_the_old(counter: Any) -> None:
    booking = counter.confirmed("room")

    moved = move(counter, booking, **later(counter, booking, 2))

    assert (moved.state, moved.timed_version) == ("confirmed", moved.version)
    with pytest.raises(SlotTaken):
        counter.hold("room", 5)
    assert counter.hold("room", 0, 2)
    assert counter.told()[-2].data.earlier_begins_at == booking.begins_at


def test_the_old_time_is_kept_when_the_new_is_taken(counter: Any) -> None:
    booking, rival = counter.confirmed("room"), counter.hold("room", 8)

    with pytest.raises(SlotTaken):
        move(counter, booking, **later(counter, booking, 6))

    assert counter.load(booking) == booking
    assert (counter.claimed(booking), counter.claimed(rival)) == (1, 1)


def test_a_booking_moves_to_another_space(counter: Any) -> None:
    booking = counter.confirmed("room")

    moved = move(counter, booking, space="hall")

    assert (moved.space, counter.claimed(moved)) == ("hall", 3)
    counter.hold("room")


def test_a_moved_hold_is_priced_anew_and_the_old_price_is_no_news(counter: Any) -> None:
    booking = counter.hold("room", confirm="when_priced")
    old = counter.priced(booking)
    moved = move(counter, booking, **later(counter, booking, 1))
    assert moved.price is None

    counter.deliver(old)
    assert (counter.load(booking).state, counter.load(booking).price) == ("held", None)

    new = counter.priced(booking, quote=2)
    counter.deliver(replace(new, data=replace(new.data, priced_sequence=moved.version)))
    assert counter.load(booking).state == "confirmed"


def test_what_was_approved_is_approved_again_when_the_tenant_moves_it(counter: Any, asks: Any) -> None:
    asks(approval=True)
    booking = decide(counter, deciding.approve, accepted(counter))

    by_tenant = move(counter, booking, **later(counter, booking, 4))
    assert by_tenant.state == "awaiting_approval"
    by_house = move(counter, decide(counter, deciding.approve, by_tenant), MANAGER, **later(counter, booking, 8))
    assert by_house.state == "confirmed"


@pytest.mark.parametrize("after", [MINUTE, 20 * HOUR])
@pytest.mark.parametrize(
    ("rules", "waits", "to", "comes_to"),
    [
        ({"approval": True}, "awaiting_approval", "room", "confirmed"),
        ({"prepay": True}, "awaiting_payment", "room", "confirmed"),
        ({"approval": True}, "awaiting_approval", "paid-room", "awaiting_payment"),
    ],
)
def test_what_its_tenant_took_is_settled_by_its_new_price_where_nothing_more_is_decided(
    counter: Any, asks: Any, rules: dict[str, bool], waits: str, to: str, comes_to: str, after: timedelta
) -> None:
    asks(**rules)
    held = counter.hold("studio", 4 * 30)
    counter.deliver(counter.priced(held))
    taken = counter.confirm(held)
    counter.clock.move(after)
    moved = move(counter, taken, space=to)
    assert (taken.state, moved.state, moved.price) == (waits, "held", None)

    new = counter.priced(moved, quote=2)
    counter.deliver(replace(new, data=replace(new.data, priced_sequence=moved.version)))

    assert counter.load(moved).state == comes_to


def test_a_booking_is_made_smaller_without_notice(counter: Any, asks: Any) -> None:
    asks(notice_minutes=60)
    booking = accepted(counter)
    until(counter, booking.begins_at - MINUTE)

    smaller = move(counter, booking, ends_at=booking.begins_at + 30 * MINUTE)

    assert smaller.ends_at == booking.begins_at + 30 * MINUTE
    with pytest.raises(TooShort):
        move(counter, booking, ends_at=booking.begins_at + 15 * MINUTE)


@pytest.mark.parametrize(("after", "late"), [(-MINUTE, False), (0 * MINUTE, False), (MINUTE, True)])
def test_the_tenant_moves_it_while_it_could_be_cancelled_for_nothing(
    counter: Any, after: timedelta, late: bool
) -> None:
    booking = counter.hold("room", 4 * 30, confirm="when_priced")
    priced = counter.priced(booking)
    free_until = booking.begins_at - 24 * 60 * MINUTE
    counter.deliver(replace(priced, data=replace(priced.data, free_until=free_until)))
    until(counter, free_until + after)

    with counter.database.reading() as tx:
        assert queries.consequence(tx, RESIDENT, booking.id).fee == (35000 if late else 0)
        assert queries.consequence(tx, MANAGER, booking.id).fee == 0
    if late:
        with pytest.raises(TooLateToMove):
            move(counter, booking, **later(counter, booking, 1))
        assert move(counter, booking, MANAGER, **later(counter, booking, 1)).state == "confirmed"
    else:
        assert move(counter, booking, **later(counter, booking, 1)).state == "confirmed"


def test_a_booking_is_not_moved_into_the_past(counter: Any) -> None:
    booking = counter.confirmed("room", 8)

    with pytest.raises(InThePast):
        move(counter, booking, **later(counter, booking, -24))


def test_two_who_move_to_one_time_leave_it_to_one(counter: Any) -> None:
    for number in range(25):
        rivals = [counter.hold("room", 12 * number), counter.hold("room", 12 * number + 8)]
        begins_at = counter.quarter(12 * number + 4)

        def one(booking: Booking, to: Any = begins_at) -> bool:
            try:
                move(counter, booking, begins_at=to, ends_at=to + 60 * MINUTE)
            except SlotTaken:
                return False
            return True

        assert sorted(at_once(one, rivals)) == [False, True]
        assert [counter.claimed(each) for each in rivals] == [1, 1]


def test_what_is_in_use_is_ended_and_not_cancelled(counter: Any) -> None:
    booking = counter.confirmed("room")
    with pytest.raises(NotInUse):
        decide(counter, usecases.end_early, booking, RESIDENT)
    until(counter, booking.begins_at + MINUTE)
    counter.deliver(opened(counter, booking))

    with pytest.raises(AlreadyBegun):
        counter.cancel(booking)
    ended = decide(counter, usecases.end_early, booking, RESIDENT)

    assert (ended.state, counter.claimed(ended)) == ("completed", 0)


@pytest.mark.parametrize(("after", "state"), [(-MINUTE, "confirmed"), (0 * MINUTE, "completed")])
def test_a_booking_is_completed_when_its_time_is_over(counter: Any, after: timedelta, state: str) -> None:
    booking = counter.confirmed("room")
    until(counter, booking.ends_at + after)

    counter.run(time.complete_ended)
    counter.run(time.complete_ended)

    assert counter.load(booking).state == state
    assert [what for what, _ in counter.history(booking)].count("completed") == (state == "completed")


def test_nobody_came_and_the_space_goes_to_others(counter: Any, asks: Any) -> None:
    asks(release_minutes=20)
    booking = accepted(counter)
    unused = envelope(
        KeyUnused(key=UUID(int=3), booking=booking.id, release_at=booking.begins_at + 20 * MINUTE), str(UUID(int=3)), 9
    )
    until(counter, booking.begins_at + 20 * MINUTE)

    counter.deliver(unused, unused)

    released = counter.load(booking)
    assert (released.state, released.ended_at, counter.claimed(booking)) == ("released", booking.release_at, 0)


@pytest.mark.parametrize("opened_first", [True, False])
def test_a_door_that_was_opened_and_a_booking_that_was_moved_are_not_released(
    counter: Any, asks: Any, opened_first: bool
) -> None:
    asks(release_minutes=20)
    booking = accepted(counter)
    told = KeyUnused(key=UUID(int=3), booking=booking.id, release_at=booking.release_at)
    unused = envelope(told, str(told.key), 9)
    if opened_first:
        counter.deliver(opened(counter, booking))
    else:
        booking = move(counter, booking, **later(counter, booking, 1))
    until(counter, booking.begins_at + 20 * MINUTE)

    counter.deliver(unused)

    assert counter.load(booking).state == ("in_use" if opened_first else "confirmed")


def test_a_hold_whose_time_is_over_is_in_nobodys_way(counter: Any) -> None:
    old = counter.hold("hall")
    until(counter, old.hold_expires_at)

    again = counter.hold("third-2", 0, 2)

    assert (counter.load(old).state, counter.claimed(old), counter.claimed(again)) == ("expired", 0, 1)


def test_rivals_over_an_expired_hold_leave_it_to_one(counter: Any) -> None:
    for number in range(20):
        until(counter, counter.hold("room", 4 * number).hold_expires_at)

        def one(_: int, place: int = 4 * number) -> bool:
            try:
                counter.hold("room", place)
            except SlotTaken:
                return False
            return True

        assert sum(at_once(one, range(4))) == 1


def test_a_cancelled_booking_tells_who_gave_it_up(counter: Any) -> None:
    by_tenant, by_house = counter.cancel(counter.confirmed("room")), counter.confirmed("room")
    cancelled = counter.cancel(by_house, MANAGER)

    assert (by_tenant.cancelled_by, cancelled.cancelled_by) == ("tenant", "house")
    assert counter.told()[-1].data.cancelled_by == "house"


def test_a_hold_is_not_completed(counter: Any) -> None:
    booking = counter.hold("room")
    with pytest.raises(NotConfirmed):
        booking.completed(now=booking.ends_at)


def opened(counter: Any, booking: Booking) -> Any:
    told = DoorOpened(
        key=UUID(int=3),
        booking=booking.id,
        lock=UUID(int=4),
        space=booking.space,
        square=booking.square,
        opened_at=counter.clock.now(),
    )
    return envelope(told, str(UUID(int=8)), 1)


@pytest.mark.parametrize(("after", "fee"), [(timedelta(), 0), (timedelta(microseconds=1), 35000)])
def test_what_the_house_has_moved_costs_nothing_to_give_up_until_it_begins(
    counter: Any, after: timedelta, fee: int
) -> None:
    booking = limited(counter)
    moved = counter.run(counter.usecases.reschedule, MANAGER, booking.id, ANY_VERSION, **an_hour_on(booking))
    counter.clock.move(moved.begins_at + after - counter.clock.now())

    assert counter.load(moved).consequence(now=counter.clock.now()).fee == fee
    counter.cancel(moved)

    [told] = counter.told(BookingCancelled)
    assert (told.data.cancelled_by, told.data.for_nothing) == ("tenant", fee == 0)


def test_once_its_tenant_has_moved_it_again_the_limit_holds(counter: Any) -> None:
    booking = limited(counter)
    moved = counter.run(counter.usecases.reschedule, MANAGER, booking.id, ANY_VERSION, **an_hour_on(booking))
    # the limit of the price is over, and they may move it all the same
    mine = counter.run(counter.usecases.reschedule, RESIDENT, moved.id, ANY_VERSION, **an_hour_on(moved))
    with pytest.raises(NotPriced):
        counter.load(mine).consequence(now=counter.clock.now())
    told = replace(counter.priced(mine, sequence=2).data, priced_sequence=mine.version)
    counter.deliver(envelope(replace(told, free_until=counter.clock.now() - MINUTE), str(told.quote), 2))

    assert counter.load(mine).consequence(now=counter.clock.now()).fee == 35000
    with pytest.raises(TooLateToMove):
        counter.run(counter.usecases.reschedule, RESIDENT, mine.id, ANY_VERSION, **an_hour_on(mine))


def test_what_the_house_only_makes_smaller_keeps_its_limit(counter: Any) -> None:
    booking = limited(counter)
    fewer = counter.run(counter.usecases.reschedule, MANAGER, booking.id, ANY_VERSION, participants=2)

    assert counter.load(fewer).consequence(now=counter.clock.now()).fee == 35000


def limited(counter: Any) -> Any:
    """A confirmed booking that could be given up for nothing until just now."""
    booking = counter.hold("room", confirm="when_priced")
    told = counter.priced(booking)
    counter.deliver(replace(told, data=replace(told.data, free_until=counter.clock.now())))
    counter.clock.move(timedelta(minutes=1))
    return counter.load(booking)


def an_hour_on(booking: Any) -> dict[str, Any]:
    hour = timedelta(hours=1)
    return {"begins_at": booking.begins_at + hour, "ends_at": booking.ends_at + hour}

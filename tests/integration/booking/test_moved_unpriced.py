"""A booking that its tenant moved to where it has no price goes back to where it was, or is given up if it can't."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts import Envelope
from kernel.versions import ANY_VERSION
from services.access.events import KeyArmed
from services.booking.events import BookingDeclined, BookingRescheduled
from services.booking.model.bookings import Booking
from services.booking.model.refusals import SlotTaken
from services.booking.store.bookings import Step, steps
from services.booking.usecases import deciding
from services.booking.usecases.series import confirm
from services.pricing.events import BookingUnpriceable
from tests.at_once import at_once
from tests.bookings import envelope
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.season import Season

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def no_price(booking: Booking, sequence: int = 9, of: int | None = None) -> Envelope[BookingUnpriceable]:
    version = booking.timed_version if of is None else of
    told = BookingUnpriceable(booking=booking.id, reason="price_not_published", priced_sequence=version)
    return envelope(told, str(UUID(int=booking.id.int)), sequence)


def a_price(counter: Any, booking: Booking, sequence: int, total: int = 35000) -> Any:
    told = counter.priced(booking, quote=booking.id.int, sequence=sequence, total=total)
    return replace(told, data=replace(told.data, priced_sequence=booking.timed_version))


def move(counter: Any, booking: Booking, who: Any = RESIDENT, **to: Any) -> Booking:
    found: Booking = counter.run(counter.usecases.reschedule, who, booking.id, ANY_VERSION, **to)
    return found


def longer(booking: Booking) -> dict[str, Any]:
    """The next day, three times as long."""
    length = booking.ends_at - booking.begins_at
    return {"begins_at": booking.begins_at + DAY, "ends_at": booking.begins_at + DAY + 3 * length}


def where(booking: Booking) -> tuple[Any, ...]:
    return booking.state, booking.space, booking.begins_at, booking.ends_at, booking.participants


def last_step(counter: Any, booking: Booking) -> Step:
    found: list[Step] = counter.run(steps, booking.id)
    return found[-1]


def test_it_goes_back_to_where_it_was_and_says_why(counter: Any) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, space="third-1", participants=9, **longer(booking))
    assert moved.awaits_price

    counter.deliver(no_price(moved), no_price(moved))

    back = counter.load(booking)
    assert where(back) == where(booking)
    assert (back.price, back.awaits_price, back.moved_from) == (booking.price, True, None)
    assert counter.claimed(booking) == 1
    step = last_step(counter, booking)
    assert (step.what, step.by, step.why) == ("rescheduled", None, "price_not_published")
    told = counter.told(BookingRescheduled)[-1]
    assert (told.sequence, told.data.earlier_space, told.data.space) == (back.version, "third-1", "room")
    assert len(counter.told(BookingRescheduled)) == 2

    counter.deliver(a_price(counter, back, 10))
    assert not counter.load(booking).awaits_price


def test_it_is_declined_if_others_have_what_it_left(counter: Any) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, **longer(booking))
    rival = counter.confirmed("room", who=STRANGER)

    counter.deliver(no_price(moved), no_price(moved))

    after = counter.load(booking)
    assert (after.state, after.decline_reason, counter.claimed(booking)) == ("declined", "price_not_published", 0)
    assert [told.data.booking for told in counter.told(BookingDeclined)] == [booking.id]
    assert counter.load(rival).state == "confirmed"


@pytest.mark.parametrize(("passed", "state"), [(timedelta(), "confirmed"), (TICK, "declined")])
def test_it_is_declined_if_what_it_left_has_begun(counter: Any, passed: timedelta, state: str) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, **longer(booking))
    counter.clock.move(booking.begins_at - counter.clock.now() + passed)
    counter.deliver(no_price(moved))
    assert counter.load(booking).state == state


@pytest.mark.parametrize(("early", "where_it_is"), [(TICK, "declined"), (timedelta(), "confirmed")])
def test_what_has_begun_stays_at_the_price_it_had(counter: Any, early: timedelta, where_it_is: str) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, **longer(booking))
    counter.clock.move(moved.begins_at - counter.clock.now() - early)
    counter.deliver(no_price(moved))
    after = counter.load(booking)
    assert (after.state, after.begins_at, after.awaits_price) == (where_it_is, moved.begins_at, False)


def test_moved_twice_it_goes_back_to_the_first_place(counter: Any) -> None:
    booking = counter.confirmed("room")
    first = move(counter, booking, **longer(booking))
    second = move(counter, booking, space="third-1")
    counter.deliver(no_price(first, 8), no_price(second, 9))
    assert where(counter.load(booking)) == where(booking)


def test_what_was_said_of_a_place_it_has_left_changes_nothing(counter: Any) -> None:
    booking = counter.confirmed("room")
    first = move(counter, booking, **longer(booking))
    second = move(counter, booking, space="third-1")
    counter.deliver(no_price(first), no_price(first))
    assert where(counter.load(booking)) == where(second)


def test_once_it_has_a_price_there_is_no_way_back(counter: Any) -> None:
    booking = counter.confirmed("room")
    first = move(counter, booking, **longer(booking))
    counter.deliver(a_price(counter, first, 5, total=70000))
    priced = counter.load(booking)
    assert (priced.price.total, priced.awaits_price, priced.moved_from) == (70000, False, None)
    second = move(counter, booking, space="third-1")
    counter.deliver(no_price(second))
    assert where(counter.load(booking)) == where(first)


@pytest.mark.parametrize("total", [35000, 70000])
def test_a_price_also_the_same_settles_it_in_whatever_order_it_is_told(counter: Any, total: int) -> None:
    for order in permutations((0, 1)):
        booking = counter.confirmed("room")
        moved = move(counter, booking, **longer(booking))
        told = [no_price(moved, 8), a_price(counter, moved, 9, total)]
        counter.deliver(*(told[each] for each in order), *told)
        after, there = counter.load(booking), order == (1, 0)
        assert (after.begins_at == moved.begins_at, after.awaits_price) == (there, not there)
        counter.cancel(booking)


def test_given_up_in_the_meantime_it_stays_given_up(counter: Any) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, **longer(booking))
    counter.cancel(booking)
    counter.deliver(no_price(moved), no_price(moved))
    assert (counter.load(booking).state, counter.claimed(booking)) == ("cancelled", 0)


def test_what_the_house_moved_stays_confirmed_at_the_price_it_had(counter: Any) -> None:
    booking = counter.confirmed("room")
    moved = move(counter, booking, MANAGER, **longer(booking))
    counter.deliver(no_price(moved), no_price(moved))
    after = counter.load(booking)
    assert where(after) == where(moved)
    assert (after.price, after.awaits_price) == (booking.price, False)


def test_what_the_house_moves_on_stays_there(counter: Any) -> None:
    booking = counter.confirmed("room")
    move(counter, booking, **longer(booking))
    moved = move(counter, booking, MANAGER, space="third-1")
    counter.deliver(no_price(moved))
    assert where(counter.load(booking)) == where(moved)


def test_put_back_it_can_be_given_up_for_nothing_as_long_as_before(counter: Any) -> None:
    """Being put back is no way to be moved by the house."""
    booking = counter.confirmed("room")
    counter.deliver(no_price(move(counter, booking, **longer(booking))))
    assert not counter.load(booking).moved_by_house


@pytest.mark.parametrize("approved", [False, True])
def test_confirmed_before_it_was_to_be_approved_anew_it_goes_back_too(counter: Any, town: Any, approved: bool) -> None:
    rules = replace(town.RULES, approval=True)
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.space("room", rules=rules)),)))
    booking = counter.confirmed("room")
    booking = counter.run(deciding.approve, MANAGER, booking.id, ANY_VERSION)
    moved = move(counter, booking, **longer(booking))
    assert moved.state == "awaiting_approval"
    if approved:
        counter.run(deciding.approve, MANAGER, booking.id, ANY_VERSION)
    counter.deliver(no_price(moved), no_price(moved))
    assert where(counter.load(booking)) == where(booking)
    assert counter.load(booking).confirmed_at is not None


def test_each_date_of_a_series_goes_back_by_itself(counter: Any, season: Season) -> None:
    series = season.book("room")
    season.priced(series)
    counter.run(confirm, RESIDENT, series.id, ANY_VERSION)
    before = [counter.booking(each.booking) for each in season.dates(series)]
    season.move(series, at=20 * 60)
    moved = [counter.booking(each.id) for each in before]
    assert all(each.awaits_price for each in season.dates(series))
    counter.deliver(no_price(moved[0]), a_price(counter, moved[1], 9))
    assert where(counter.booking(before[0].id)) == where(before[0])
    assert where(counter.booking(before[1].id)) == where(moved[1])
    assert [each.awaits_price for each in season.dates(series)][:3] == [True, False, True]


def test_of_who_goes_back_and_a_rival_one_has_the_time(counter: Any, many: Any) -> None:
    for number in range(10):
        booking = counter.confirmed("room", number * 4)
        moved = move(counter, booking, space="third-1", **longer(booking))

        def rival(number: int = number) -> None:
            with many.transaction() as tx:
                counter.usecases.hold(tx, STRANGER, counter.wanted("room", number * 4))

        def told(moved: Booking = moved) -> None:
            counter.deliver(no_price(moved))

        def run(work: Callable[[], None]) -> bool:
            try:
                work()
            except SlotTaken:
                return False
            return True

        won, _ = at_once(run, [rival, told])
        assert counter.load(booking).state == ("declined" if won else "confirmed"), number


def test_the_key_is_not_there_for_the_new_time_until_its_lock_says_so(counter: Any) -> None:
    booking = counter.confirmed("room")

    def armed(at: Booking, sequence: int) -> Envelope[KeyArmed]:
        told = KeyArmed(
            key=UUID(int=1),
            booking=at.id,
            lock=UUID(int=2),
            space=at.space,
            square=at.square,
            valid_from=at.begins_at,
            valid_until=at.ends_at,
        )
        return envelope(told, str(told.key), sequence)

    counter.deliver(armed(booking, 2))
    fewer = move(counter, booking, participants=5)
    assert fewer.key == "armed"
    moved = move(counter, booking, **longer(booking))
    assert moved.key is None
    counter.deliver(armed(booking, 3))
    assert counter.load(booking).key is None
    counter.deliver(armed(moved, 4), armed(moved, 4))
    assert counter.load(booking).key == "armed"

"""What others tell of a booking that has been moved, or given to others, in the meantime."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts import Envelope
from kernel.ids import new_id
from kernel.versions import ANY_VERSION
from services.access.events import DoorOpened, KeyUnused
from services.booking.events import BookingRescheduled
from services.booking.model.bookings import Booking
from services.booking.model.resources import Square
from services.booking.usecases import bookings as usecases
from services.booking.usecases import deciding
from services.pricing.events import BookingPaid, BookingUnpriceable
from tests.bookings import envelope
from tests.callers import MANAGER, RESIDENT

HOUR = timedelta(hours=1)
KEY = UUID(int=3)


@pytest.fixture
def asks(counter: Any, town: Any) -> Any:
    """Publishes `studio`, a space that asks for what is named."""

    def publish(**rules: Any) -> None:
        studio = town.space("studio", rules=replace(town.RULES, **rules))
        counter.publish(Square(id="borgen", name=town.name("Borgen"), arenas=(town.arena("house", studio, town.HALL),)))

    return publish


def moved(counter: Any, booking: Booking) -> Booking:
    later = {"begins_at": booking.begins_at + HOUR, "ends_at": booking.ends_at + HOUR}
    found: Booking = counter.run(usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **later)
    return found


def accepted(counter: Any) -> Booking:
    booking = counter.hold("studio", confirm="when_priced")
    counter.deliver(counter.priced(booking))
    found: Booking = counter.load(booking)
    return found


def paid(counter: Any, booking: Booking, sequence: int, priced_sequence: int) -> Envelope[BookingPaid]:
    told = BookingPaid(booking=booking.id, amount=35000, paid_at=counter.clock.now(), priced_sequence=priced_sequence)
    return envelope(told, str(booking.id), sequence)


def test_what_was_paid_for_the_time_it_was_moved_from_does_not_confirm_it(counter: Any, asks: Any) -> None:
    asks(prepay=True)
    booking = accepted(counter)
    after = moved(counter, booking)
    assert after.state == "awaiting_payment"

    old = paid(counter, booking, booking.version, booking.timed_version)
    counter.deliver(old, old)
    assert counter.load(booking).state == "awaiting_payment"

    new = paid(counter, booking, after.version, after.timed_version)
    counter.deliver(new, new, old)
    assert counter.load(booking).state == "confirmed"


def test_that_the_time_it_was_moved_from_has_no_price_does_not_decline_it(counter: Any) -> None:
    booking = counter.hold("room")
    after = moved(counter, booking)

    def no_price(sequence: int, of: int) -> Envelope[BookingUnpriceable]:
        told = BookingUnpriceable(booking=booking.id, reason="no_tariff", priced_sequence=of)
        return envelope(told, str(UUID(int=1)), sequence)

    counter.deliver(no_price(1, 1), no_price(1, 1))
    assert counter.load(booking).state == "held"
    counter.deliver(no_price(2, after.version), no_price(2, after.version))
    assert counter.load(booking).state == "declined"


def test_moved_and_decided_anew_it_is_not_told_as_confirmed_before(counter: Any, asks: Any) -> None:
    asks(approval=True)
    booking = accepted(counter)
    approved = counter.run(deciding.approve, MANAGER, booking.id, ANY_VERSION)
    assert approved.confirmed_at is not None

    assert moved(counter, booking).state == "awaiting_approval"
    [told] = counter.told(BookingRescheduled)
    assert (told.data.state, told.data.confirmed_at) == ("awaiting_approval", None)
    again = counter.run(deciding.approve, MANAGER, booking.id, ANY_VERSION)
    assert again.confirmed_at is not None


@pytest.mark.parametrize(("order", "state"), [("door first", "in_use"), ("limit first", "released")])
def test_a_door_opened_as_the_limit_is_told_counts_if_it_is_told_first(
    counter: Any, asks: Any, order: str, state: str
) -> None:
    asks(release_minutes=20)
    booking = accepted(counter)
    limit = booking.release_at
    assert limit is not None
    counter.clock.move(limit - counter.clock.now())
    where = {"key": KEY, "booking": booking.id, "lock": UUID(int=7), "space": "studio", "square": "borgen"}
    opened = envelope(DoorOpened(**where, opened_at=limit), str(new_id()), 1)
    unused = envelope(KeyUnused(key=KEY, booking=booking.id, release_at=limit), str(KEY), 9)

    first, second = (opened, unused) if order == "door first" else (unused, opened)
    counter.deliver(first, first, second, second)

    found = counter.load(booking)
    assert (found.state, found.opened_at) == (state, limit)

"""A booking that is moved is priced and charged anew; what was entered before stays, reversed."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.pricing.events import BookingCharged, BookingPriced, BookingUnpriceable
from services.pricing.usecases.bookings import ConfirmedWithoutPrice
from tests.bookings import BEGINS_AT, BOOKED_AT, ENDS_AT
from tests.office import LIMIT, Booking, Office

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
LONGER: dict[str, Any] = {"ends_at": ENDS_AT + HOUR}
NEXT_DAY: dict[str, Any] = {"begins_at": BEGINS_AT + 24 * HOUR, "ends_at": ENDS_AT + 25 * HOUR}


def told(office: Office) -> list[tuple[int, int, int]]:
    """Each price told: its sequence, the version of the booking it is of, and the total."""
    return [(each.sequence, each.data.priced_sequence, each.data.total) for each in office.emitted(BookingPriced)]


def charged(office: Office) -> list[tuple[int, str, int]]:
    return [(each.sequence, each.data.reason, each.data.total) for each in office.emitted(BookingCharged)]


def entries(office: Office, booking: Booking) -> list[tuple[str, int]]:
    charge = office.charge(booking)
    assert charge is not None
    return [(each.reason, each.amount) for each in charge.entries]


def test_a_price_tells_until_when_cancelling_is_free(office: Office) -> None:
    office.deliver(Booking().held())
    [priced] = office.emitted(BookingPriced)
    assert (priced.data.priced_sequence, priced.data.free_until) == (1, LIMIT)


@pytest.mark.parametrize("state", ["held", "awaiting_approval", "awaiting_payment"])
def test_a_moved_booking_that_is_not_confirmed_is_priced_anew_once(office: Office, state: str) -> None:
    booking = Booking()
    office.deliver(booking.held())
    moved = booking.rescheduled(3, state, **NEXT_DAY)
    office.deliver(moved, moved)
    assert told(office) == [(1, 1, 70_000), (2, 3, 105_000)]
    assert office.emitted(BookingPriced)[1].data.free_until == LIMIT + 24 * HOUR
    assert office.owed(booking) is None


@pytest.mark.parametrize("different", [{"space": "borgen-sal-2"}, {"participants": 25}, {}])
def test_booking_is_told_a_price_also_when_that_is_the_same(office: Office, different: dict[str, Any]) -> None:
    """It dropped the one it had."""
    booking = Booking()
    office.deliver(booking.held(), booking.rescheduled(3, "held", **different))
    assert told(office) == [(1, 1, 70_000), (2, 3, 70_000)]


def test_a_moved_confirmed_booking_is_reversed_and_charged_anew_once(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    moved = booking.rescheduled(4, **LONGER)
    office.deliver(moved, moved)
    assert told(office) == [(1, 1, 70_000), (2, 4, 105_000)]
    assert charged(office) == [(1, "confirmed", 70_000), (2, "rescheduled", 105_000)]
    assert entries(office, booking) == [("confirmed", 70_000), ("reversed", -70_000), ("rescheduled", 105_000)]
    assert office.owed(booking) == ("charged", 105_000)


def test_it_may_be_moved_again_and_given_up(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **LONGER))
    office.deliver(booking.rescheduled(5, ends_at=ENDS_AT))
    assert office.owed(booking) == ("charged", 70_000)
    office.deliver(booking.given_up(6))
    assert office.owed(booking) == ("credited", 0)
    assert [reason for reason, _ in entries(office, booking)][-3:] == ["reversed", "rescheduled", "credited"]


def test_the_limit_of_the_new_time_holds(office: Office) -> None:
    for at, owed in ((LIMIT + 24 * HOUR, ("credited", 0)), (LIMIT + 24 * HOUR + TICK, ("kept", 105_000))):
        booking = Booking()
        office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **NEXT_DAY))
        office.deliver(booking.given_up(5, cancelled_at=at))
        assert office.owed(booking) == owed


def test_what_is_waived_is_reckoned_anew(office: Office) -> None:
    office.grant(minutes=240)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    assert (office.owed(booking), office.balance()) == (("charged", 0), 10_000)
    office.deliver(booking.rescheduled(4, **LONGER))
    assert (office.owed(booking), office.balance()) == (("charged", 25_000), 0)
    office.deliver(booking.rescheduled(5, ends_at=ENDS_AT - HOUR))
    assert (office.owed(booking), office.balance()) == (("charged", 0), 45_000)
    office.deliver(booking.given_up(6))
    assert (office.owed(booking), office.balance()) == (("credited", 0), 80_000)
    assert office.reconciled() == 0
    assert office.balance() == 80_000


def test_a_moved_booking_that_awaits_approval_again_owes_nothing_meanwhile(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    moved = booking.rescheduled(4, "awaiting_approval", **LONGER)
    office.deliver(moved, moved)
    assert (office.owed(booking), office.balance()) == (("reversed", 0), 0)
    office.deliver(booking.confirmed(5), booking.confirmed(5))
    assert (office.owed(booking), office.balance()) == (("charged", 85_000), 0)
    assert charged(office) == [(1, "confirmed", 50_000), (2, "rescheduled", 0), (3, "rescheduled", 85_000)]


@pytest.mark.parametrize("end", ["expired", "declined"])
def test_what_is_not_approved_again_is_credited(office: Office, end: str) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, "awaiting_approval", **LONGER))
    office.deliver(getattr(booking, end)(5), getattr(booking, end)(5))
    assert (office.owed(booking), office.balance()) == (("credited", 0), 20_000)


def test_given_up_while_it_awaits_approval_again_costs_nothing_however_late(office: Office) -> None:
    for order in permutations(("moved", "given_up")):
        booking = Booking()
        office.deliver(booking.held(), booking.confirmed())
        moved = booking.rescheduled(4, "awaiting_approval", **LONGER)
        given_up = booking.given_up(5, confirmed_at=None, cancelled_at=BEGINS_AT)
        office.deliver(*({"moved": moved, "given_up": given_up}[name] for name in order), moved, given_up)
        assert office.owed(booking) == ("credited", 0), order


@pytest.mark.parametrize("late", [False, True])
def test_in_whatever_order_a_move_is_told_it_ends_the_same(office: Office, late: bool) -> None:
    office.grant(minutes=60)
    cancelled_at = LIMIT + 24 * HOUR + (TICK if late else timedelta())
    for order in permutations(("held", "confirmed", "moved", "given_up")):
        booking, before = Booking(), office.balance()
        events = {"held": booking.held(), "confirmed": booking.confirmed()}
        events["moved"] = booking.rescheduled(4, **NEXT_DAY)
        events["given_up"] = booking.given_up(5, cancelled_at=cancelled_at)
        office.deliver(*(events[name] for name in order), *events.values())
        if late:
            assert office.owed(booking) == ("kept", 105_000 - before), order
            assert office.balance() == 0
        else:
            assert office.owed(booking) == ("credited", 0), order
            assert office.balance() == before == 20_000


def test_an_old_version_never_overrides_a_newer(office: Office) -> None:
    booking = Booking()
    held, confirmed = booking.held(), booking.confirmed()
    first, second = booking.rescheduled(4, **LONGER), booking.rescheduled(5, ends_at=ENDS_AT - HOUR)
    office.deliver(held, second, confirmed, first)
    assert office.owed(booking) == ("charged", 35_000)
    assert told(office) == [(1, 1, 70_000), (2, 5, 35_000)]


@pytest.mark.parametrize("cancelled_at", [LIMIT, LIMIT + TICK, BEGINS_AT + HOUR])
def test_what_the_house_gives_up_is_credited_whenever(office: Office, cancelled_at: Any) -> None:
    office.grant(minutes=60)
    booking = Booking()
    cancelled = booking.given_up(cancelled_at=cancelled_at, cancelled_by="house")
    office.deliver(booking.held(), booking.confirmed(), cancelled, cancelled)
    assert (office.owed(booking), office.balance()) == (("credited", 0), 20_000)


@pytest.mark.parametrize("restated", [False, True])
def test_what_the_house_had_moved_is_credited_however_late_its_tenant_gives_it_up(
    office: Office, restated: bool
) -> None:
    booking = Booking()
    given = {"cancelled_at": BEGINS_AT, "cancelled_by": "tenant", "for_nothing": True}
    cancelled = (
        booking.restated("cancelled", 4, confirmed_at=BOOKED_AT, **given) if restated else booking.given_up(**given)
    )
    office.deliver(booking.held(), booking.confirmed(), cancelled, cancelled)
    assert office.owed(booking) == ("credited", 0)


def test_that_the_house_gave_it_up_counts_when_it_is_only_restated(office: Office) -> None:
    booking = Booking()
    given = {"confirmed_at": BOOKED_AT, "cancelled_at": BEGINS_AT, "cancelled_by": "house"}
    office.deliver(booking.held(), booking.confirmed(), booking.restated("cancelled", 4, **given))
    assert office.owed(booking) == ("credited", 0)


def test_when_nobody_comes_the_charge_stands(office: Office) -> None:
    booking, overtaking = Booking(), Booking()
    released = booking.released(4, confirmed_at=BOOKED_AT)
    office.deliver(booking.held(), booking.confirmed(), released, released)
    office.deliver(overtaking.released(4, confirmed_at=BOOKED_AT), overtaking.confirmed(), overtaking.held())
    assert office.owed(booking) == office.owed(overtaking) == ("charged", 70_000)


@pytest.mark.parametrize("state", ["in_use", "completed", "released"])
def test_a_lost_confirmation_is_charged_in_every_state_after_it(office: Office, state: str) -> None:
    booking = Booking()
    office.deliver(booking.restated(state, 5, confirmed_at=BOOKED_AT))
    assert office.owed(booking) == ("charged", 70_000)


def test_a_lost_move_is_repaired_and_counted(office: Office) -> None:
    booking, before = Booking(), office.repairs("booking")
    office.deliver(booking.held(), booking.confirmed())
    booking.rescheduled(4, **LONGER)
    restated = booking.restated("confirmed", 5, confirmed_at=BOOKED_AT)
    office.deliver(restated, restated)
    assert office.owed(booking) == ("charged", 105_000)
    assert told(office)[-1] == (2, 5, 105_000)
    assert office.repairs("booking") == before + 1


def test_a_price_that_may_be_lost_is_told_again_with_the_restatement(office: Office) -> None:
    booking, before = Booking(), office.repairs("booking")
    restated = booking.restated("held", 2)
    office.deliver(booking.held(), restated, restated, booking.restated("cancelled", 3, cancelled_at=LIMIT))
    assert told(office) == [(1, 1, 70_000), (2, 2, 70_000)]
    assert office.repairs("booking") == before


def test_a_move_to_where_there_is_no_price_is_told(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.rescheduled(3, "held", premises="observatory"))
    [unpriceable] = office.emitted(BookingUnpriceable)
    assert unpriceable.data == BookingUnpriceable(booking=booking.id, reason="no_tariff", priced_sequence=3)


def unpriced(office: Office) -> list[tuple[int, int]]:
    """Each time booking was told that there is no price: its sequence, and of which version of the booking."""
    return [(each.sequence, each.data.priced_sequence) for each in office.emitted(BookingUnpriceable)]


OBSERVATORY: dict[str, Any] = {"premises": "observatory", "space": "observatory"}


def test_a_confirmed_booking_that_moves_to_where_there_is_no_price_is_told_and_its_charge_stands(
    office: Office,
) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    moved = booking.rescheduled(4, **OBSERVATORY)
    office.deliver(moved, moved)
    assert unpriced(office) == [(2, 4)]
    assert (office.owed(booking), office.balance()) == (("charged", 50_000), 0)


def test_put_back_it_has_the_price_it_had_whatever_was_adopted_meanwhile(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **OBSERVATORY))
    office.adopt(counting="started", remarks=["another"])
    back = booking.rescheduled(5, premises="hall", space="borgen-storsal")
    office.deliver(back, back)
    assert told(office) == [(1, 1, 50_000), (3, 5, 50_000)]
    assert (office.owed(booking), office.balance()) == (("charged", 50_000), 0)
    assert entries(office, booking) == [("confirmed", 50_000)]


def test_declined_where_it_has_no_price_all_that_was_charged_is_credited(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **OBSERVATORY))
    office.deliver(booking.declined(5), booking.declined(5))
    assert (office.owed(booking), office.balance()) == (("credited", 0), 20_000)


def test_moved_on_to_where_it_has_a_price_it_is_charged_that(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **OBSERVATORY))
    office.deliver(booking.rescheduled(5, premises="hall", space="borgen-storsal", ends_at=ENDS_AT + HOUR))
    assert (office.owed(booking), office.balance()) == (("charged", 85_000), 0)


@pytest.mark.parametrize("state", ["in_use", "completed", "released"])
def test_what_stays_where_it_has_no_price_costs_what_it_did(office: Office, state: str) -> None:
    """The house moved it, or it was over before booking heard."""
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed(), booking.rescheduled(4, **OBSERVATORY))
    office.deliver(booking.restated(state, 5, confirmed_at=BOOKED_AT))
    assert office.owed(booking) == ("charged", 70_000)


@pytest.mark.parametrize("late", [False, True])
def test_given_up_where_it_has_no_price_the_limit_of_the_price_that_stands_holds(office: Office, late: bool) -> None:
    for order in permutations(("moved", "given_up")):
        booking = Booking()
        office.deliver(booking.held(), booking.confirmed())
        events = {"moved": booking.rescheduled(4, **OBSERVATORY)}
        events["given_up"] = booking.given_up(5, cancelled_at=LIMIT + (TICK if late else timedelta()))
        office.deliver(*(events[name] for name in order), *events.values())
        assert office.owed(booking) == (("kept", 70_000) if late else ("credited", 0)), order


def test_approved_before_booking_heard_that_it_has_no_price_it_is_told_again(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    office.deliver(booking.rescheduled(4, "awaiting_approval", **OBSERVATORY), booking.confirmed(5))
    assert unpriced(office) == [(2, 4), (3, 5)]
    assert office.owed(booking) == ("reversed", 0)
    office.deliver(booking.rescheduled(6, premises="hall", space="borgen-storsal"))
    assert office.owed(booking) == ("charged", 70_000)


def test_approved_where_it_has_no_price_and_given_up_it_owes_nothing(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    office.deliver(booking.rescheduled(4, "awaiting_approval", **OBSERVATORY), booking.confirmed(5))
    office.deliver(booking.given_up(6, cancelled_at=BEGINS_AT))
    assert office.owed(booking) == ("credited", 0)


def test_one_that_was_never_charged_is_refused_where_there_is_no_price(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held())
    with pytest.raises(ConfirmedWithoutPrice):
        office.deliver(booking.rescheduled(4, **OBSERVATORY))
    assert office.owed(booking) is None

"""What is paid at the counter: wholly, once, and booking hears of it once; what nobody waits for is credit."""

from datetime import timedelta
from functools import partial

import pytest

from kernel import managers
from kernel.auth import Forbidden
from kernel.duties import ManagersDecide
from kernel.problems import NotFound
from services.pricing.events import BookingPaid
from services.pricing.model.payment import NothingToPay, NotTheAmountOwed
from services.pricing.usecases import payments
from tests.at_once import at_once
from tests.bookings import BOOKED_AT, ENDS_AT, TENANT, represents
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER
from tests.office import Booking, Office
from tests.templates import as_owner

HOUR = timedelta(hours=1)


def paid(office: Office) -> list[tuple[int, int, int]]:
    """Each time booking was told: the sequence, the amount, and the version it is the price of."""
    return [(each.sequence, each.data.amount, each.data.priced_sequence) for each in office.emitted(BookingPaid)]


def awaiting(office: Office) -> Booking:
    booking = Booking()
    waits = booking.awaiting_payment(3)
    office.deliver(booking.held(), waits, waits)
    return booking


def test_what_is_paid_is_told_once(office: Office) -> None:
    booking = awaiting(office)
    assert office.account(booking) == (0, 70_000, 0)
    office.pay(booking)
    assert paid(office) == [(3, 70_000, 1)]
    assert office.emitted(BookingPaid)[0].subject == str(booking.id)
    office.deliver(booking.confirmed(4), booking.confirmed(4), booking.awaiting_payment(3))
    assert paid(office) == [(3, 70_000, 1)]
    assert office.account(booking) == (70_000, 0, 0)


@pytest.mark.parametrize("amount", [69_999, 70_001])
def test_it_is_paid_wholly_and_no_more(office: Office, amount: int) -> None:
    booking = awaiting(office)
    with pytest.raises(NotTheAmountOwed):
        office.pay(booking, amount)
    assert office.account(booking) == (0, 70_000, 0)


def test_it_is_paid_once(office: Office) -> None:
    booking = awaiting(office)
    office.pay(booking)
    with pytest.raises(NothingToPay):
        office.pay(booking)


def test_two_who_register_the_same_payment_register_it_once(office: Office) -> None:
    for _ in range(10):
        booking = awaiting(office)
        assert sorted(at_once(partial(registered, office), [booking] * 4)) == [False, False, False, True]
        assert office.account(booking) == (70_000, 0, 0)


def registered(office: Office, booking: Booking) -> bool:
    try:
        office.pay(booking)
    except NothingToPay:
        return False
    return True


def test_managers_of_its_square_register(office: Office) -> None:
    booking = awaiting(office)
    with office.database.transaction() as tx:
        managers.see(tx, MANAGER)
    for caller, refused in (
        (RESIDENT, Forbidden),
        (OPERATOR, ManagersDecide),
        (OTHER_MANAGER, NotFound),
        (STRANGER, NotFound),
    ):
        with pytest.raises(refused):
            office.pay(booking, by=caller)
    with pytest.raises(NotFound):
        office.pay(Booking())
    office.pay(booking, by=MANAGER)


def test_a_payment_that_comes_too_late_is_credit(office: Office) -> None:
    booking = awaiting(office)
    office.deliver(booking.expired(4))
    assert office.account(booking) == (0, 0, 0)
    office.pay(booking)
    assert office.account(booking) == (70_000, 0, 70_000)
    assert paid(office) == []


def test_what_was_paid_for_a_booking_given_up_in_time_is_credit(office: Office) -> None:
    booking = awaiting(office)
    office.pay(booking)
    office.deliver(booking.confirmed(4), booking.given_up(5))
    assert office.account(booking) == (70_000, 0, 70_000)


def test_what_was_paid_counts_when_the_booking_is_moved(office: Office) -> None:
    booking = awaiting(office)
    office.pay(booking)
    office.deliver(booking.confirmed(4), booking.rescheduled(5, ends_at=ENDS_AT + HOUR))
    assert office.account(booking) == (70_000, 35_000, 0)
    office.pay(booking, 35_000)
    assert office.account(booking) == (105_000, 0, 0)
    assert paid(office) == [(3, 70_000, 1)]


def test_moved_and_approved_again_it_waits_for_the_difference_only(office: Office) -> None:
    booking = awaiting(office)
    office.pay(booking)
    office.deliver(booking.confirmed(4), booking.rescheduled(5, "awaiting_approval", ends_at=ENDS_AT - HOUR))
    assert office.account(booking) == (70_000, 0, 70_000)
    waits = booking.awaiting_payment(7)
    office.deliver(waits, waits)
    assert paid(office) == [(3, 70_000, 1), (7, 70_000, 5)]
    office.deliver(booking.confirmed(8))
    assert office.account(booking) == (70_000, 0, 35_000)


def test_what_is_moved_while_it_waits_is_paid_at_its_new_price(office: Office) -> None:
    booking = awaiting(office)
    office.deliver(booking.rescheduled(4, "awaiting_payment", ends_at=ENDS_AT + HOUR))
    with pytest.raises(NotTheAmountOwed):
        office.pay(booking)
    office.pay(booking, 105_000)
    assert paid(office) == [(4, 105_000, 4)]


def test_a_free_booking_has_nothing_to_pay(office: Office) -> None:
    office.grant(minutes=240)
    booking = Booking()
    office.deliver(booking.held())
    with pytest.raises(NothingToPay):
        office.pay(booking, 1)


def test_what_is_paid_and_still_waits_is_told_again_with_the_same_sequence(office: Office) -> None:
    booking = awaiting(office)
    tell_again(office)
    office.pay(booking)
    office.clock.move(payments.TOLD_AGAIN_AFTER)
    tell_again(office)
    assert len(paid(office)) == 1
    office.clock.move(timedelta(microseconds=1))
    tell_again(office)
    tell_again(office)
    assert paid(office) == [(3, 70_000, 1)] * 2
    office.deliver(booking.confirmed(4))
    office.clock.move(HOUR)
    tell_again(office)
    assert len(paid(office)) == 2


def tell_again(office: Office) -> None:
    with office.database.transaction() as tx:
        payments.tell_again(tx)


def test_payments_are_never_rewritten(office: Office) -> None:
    booking = awaiting(office)
    office.pay(booking)
    for statement in ("DELETE FROM payments", "UPDATE payments SET amount = 1", "TRUNCATE payments"):
        with pytest.raises(Exception, match="only ever added"):
            as_owner(office.database, statement)


# Who may act for the tenant


def test_who_may_act_for_the_tenant_sees_what_it_pays(office: Office) -> None:
    booking = awaiting(office)
    stranger = str(STRANGER.person)
    with pytest.raises(NotFound):
        office.account(booking, STRANGER)
    booker = represents(stranger, 1)
    office.deliver(booker, booker)
    assert office.account(booking, STRANGER) == (0, 70_000, 0)
    office.deliver(represents(stranger, 3, role=None), represents(stranger, 2))
    with pytest.raises(NotFound):
        office.account(booking, STRANGER)


def test_the_last_day_of_a_right_is_a_day_of_it(office: Office) -> None:
    booking = awaiting(office)
    today = BOOKED_AT.date()
    office.deliver(represents(str(STRANGER.person), 1, until=today.isoformat()))
    assert office.account(booking, STRANGER) == (0, 70_000, 0)
    # midnight in Norway, an hour before that of UTC
    office.clock.move(timedelta(hours=6) - timedelta(microseconds=1))
    assert office.account(booking, STRANGER) == (0, 70_000, 0)
    office.clock.move(timedelta(microseconds=1))
    with pytest.raises(NotFound):
        office.account(booking, STRANGER)


def test_who_booked_and_no_longer_acts_for_the_tenant_does_not_see_it(office: Office) -> None:
    booking = awaiting(office)
    assert office.account(booking, RESIDENT) == (0, 70_000, 0)
    office.deliver(represents(str(RESIDENT.person), 1, role=None))
    with pytest.raises(NotFound):
        office.account(booking, RESIDENT)


def test_a_right_for_another_organisation_shows_nothing(office: Office) -> None:
    booking = awaiting(office)
    office.deliver(represents(str(STRANGER.person), 1, actor=booking.id))
    assert TENANT.id != booking.id
    with pytest.raises(NotFound):
        office.account(booking, STRANGER)

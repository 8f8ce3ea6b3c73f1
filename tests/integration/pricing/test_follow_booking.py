"""Quote, charge and waiver follow the booking, whatever the order and however often its events come."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.booking.events import Tenant
from services.pricing.events import BookingCharged, BookingPriced, BookingUnpriceable
from services.pricing.usecases.bookings import ConfirmedWithoutPrice
from tests.bookings import BEGINS_AT, TENANT, published
from tests.office import LIMIT, Booking, Office

TICK = timedelta(microseconds=1)
SATURDAY = BEGINS_AT + timedelta(days=2)


def test_a_held_booking_is_priced_once(office: Office) -> None:
    booking = Booking()
    held = booking.held()
    office.deliver(held, held)
    [priced] = office.emitted(BookingPriced)
    quote = office.quote(booking)
    assert quote is not None
    assert (priced.subject, priced.sequence) == (str(quote.id), 1)
    assert (priced.data.booking, priced.data.quote, priced.data.tariff) == (booking.id, quote.id, "nesodden-2017")
    assert priced.data.total == sum(line.amount for line in priced.data.lines) == 70_000
    assert office.owed(booking) is None


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({"premises": "gymsal_svommehall", "begins_at": SATURDAY}, "price_not_published"),
        ({"premises": "observatory"}, "no_tariff"),
        ({"begins_at": BEGINS_AT.replace(year=2016)}, "no_tariff"),
    ],
)
def test_a_booking_without_a_price_is_told_so_once(office: Office, different: dict[str, Any], reason: str) -> None:
    begins_at = different.get("begins_at", BEGINS_AT)
    booking = Booking(**different, ends_at=begins_at + timedelta(hours=1))
    office.deliver(booking.held(), booking.held())
    [told] = office.emitted(BookingUnpriceable)
    assert told.data == BookingUnpriceable(booking=booking.id, reason=reason)
    office.deliver(booking.declined(), booking.declined())
    assert office.emitted_types() == ["booking_unpriceable"]


def test_a_confirmed_booking_is_charged_its_price_once(office: Office) -> None:
    booking = Booking()
    confirmed = booking.confirmed()
    office.deliver(booking.held(), confirmed, confirmed, booking.confirmed())
    [charged] = office.emitted(BookingCharged)
    charge = office.charge(booking)
    assert charge is not None
    assert (charged.subject, charged.sequence) == (str(charge.id), 1)
    assert (charged.data.reason, charged.data.total) == ("confirmed", 70_000)
    assert office.owed(booking) == ("charged", 70_000)


def test_a_new_tariff_leaves_the_price_of_a_quoted_booking(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held())
    office.adopt(counting="started", remarks=["dearer"])
    office.deliver(booking.confirmed())
    quote = office.quote(booking)
    assert quote is not None
    assert quote.price is not None
    assert quote.price.tariff_version == 1
    assert office.owed(booking) == ("charged", 70_000)


@pytest.mark.parametrize(
    ("cancelled_at", "owed"),
    [(LIMIT - TICK, ("credited", 0)), (LIMIT, ("credited", 0)), (LIMIT + TICK, ("kept", 70_000))],
)
def test_a_cancelled_booking_is_settled_by_the_rule_once(
    office: Office, cancelled_at: datetime, owed: tuple[str, int]
) -> None:
    booking = Booking()
    cancelled = booking.given_up(cancelled_at=cancelled_at)
    office.deliver(
        booking.held(), booking.confirmed(), cancelled, cancelled, booking.given_up(cancelled_at=cancelled_at)
    )
    assert office.owed(booking) == owed
    told = [(event.sequence, event.data.reason, event.data.total) for event in office.emitted(BookingCharged)]
    assert told == [(1, "confirmed", 70_000), (2, "cancelled", owed[1])]


@pytest.mark.parametrize("late", [False, True])
def test_held_confirmed_and_cancelled_in_any_order_end_the_same(office: Office, late: bool) -> None:
    office.grant(minutes=60)
    cancelled_at = LIMIT + TICK if late else LIMIT
    for order in permutations(("held", "confirmed", "given_up")):
        booking = Booking()
        events = {
            "held": booking.held(),
            "confirmed": booking.confirmed(),
            "given_up": booking.given_up(cancelled_at=cancelled_at),
        }
        before = office.balance()
        office.deliver(*(events[name] for name in order), *events.values())
        if late:
            assert office.owed(booking) == ("kept", 70_000 - before), order
            assert office.balance() == 0
        else:
            assert office.owed(booking) == ("credited", 0), order
            assert office.balance() == before == 20_000


def test_a_hold_given_up_before_it_is_confirmed_owes_nothing(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    cancelled = booking.given_up(confirmed_at=None, cancelled_at=BEGINS_AT)
    office.deliver(booking.held(), cancelled, cancelled)
    assert office.owed(booking) is None
    assert office.balance() == 20_000


def test_a_hold_that_comes_after_its_end_is_not_priced(office: Office) -> None:
    office.grant(minutes=60)
    for booking, end in ((b := Booking(), b.given_up(confirmed_at=None)), (b := Booking(), b.expired())):
        office.deliver(end, booking.held())
        assert office.quote(booking) is None
    assert office.balance() == 20_000
    assert office.emitted(BookingPriced) == []


@pytest.mark.parametrize("end", ["expired", "declined"])
def test_an_ended_hold_gives_the_waiver_back_once(office: Office, end: str) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held())
    assert office.balance() == 0
    office.deliver(getattr(booking, end)(), getattr(booking, end)(), getattr(booking, end)(5))
    assert office.balance() == 20_000
    assert office.owed(booking) is None


def test_a_waiver_makes_the_next_booking_cheaper(office: Office) -> None:
    office.grant(minutes=60)
    first, second = Booking(), Booking()
    office.deliver(first.held(), second.held())
    assert (office.total(first), office.total(second)) == (50_000, 70_000)
    assert office.balance() == 0
    [line] = [line for line in office.emitted(BookingPriced)[0].data.lines if line.code == "waiver"]
    assert line.amount == -20_000


def test_a_waiver_covers_the_rent_and_no_more(office: Office) -> None:
    office.grant(minutes=300)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    assert office.owed(booking) == ("charged", 0)
    assert office.balance() == 30_000


def test_a_person_has_no_waiver(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking(tenant=Tenant(id=TENANT.id, kind="resident"))
    office.deliver(booking.held())
    assert office.total(booking) == 110_000
    assert office.balance() == 20_000


def test_a_restated_booking_is_repaired_and_counted(office: Office) -> None:
    lost, known, before = Booking(), Booking(), office.repairs("booking")
    office.deliver(known.held(), known.confirmed(), known.restated("confirmed", 3, confirmed_at=LIMIT))
    assert office.repairs("booking") == before
    restated = lost.restated("confirmed", 3, confirmed_at=LIMIT)
    office.deliver(restated, restated, lost.held(), lost.confirmed())
    assert office.owed(lost) == office.owed(known) == ("charged", 70_000)
    assert office.repairs("booking") == before + 1


def test_a_restated_booking_that_lost_nothing_is_no_repair(office: Office) -> None:
    booking, before = Booking(), office.repairs("booking")
    office.deliver(booking.held(), booking.confirmed(), booking.restated("confirmed", 4, confirmed_at=LIMIT))
    assert office.owed(booking) == ("charged", 70_000)
    assert office.repairs("booking") == before


def test_a_cancellation_that_is_only_restated_is_settled(office: Office) -> None:
    booking = Booking()
    restated = booking.restated("cancelled", 4, confirmed_at=LIMIT, cancelled_at=LIMIT + TICK)
    office.deliver(restated, restated)
    assert office.owed(booking) == ("kept", 70_000)


def test_a_cancellation_without_its_time_is_refused(office: Office) -> None:
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    with pytest.raises(ValueError, match="when it was cancelled"):
        office.deliver(booking.restated("cancelled", 4, confirmed_at=LIMIT))


def test_a_confirmed_booking_without_a_price_is_refused_until_a_tariff_is_adopted(office: Office) -> None:
    booking = Booking(premises="stage")
    confirmed = booking.confirmed()
    office.deliver(booking.held())
    with pytest.raises(ConfirmedWithoutPrice):
        office.deliver(confirmed)
    office.adopt(id="stages", premises={"stage": {"name": NAME, "prices": PRICES}})
    office.deliver(confirmed, confirmed)
    assert office.owed(booking) == ("charged", 20_000)
    quote = office.quote(booking)
    assert quote is not None
    assert (quote.version, quote.reason) == (2, None)


NAME = {"nb": "Scene", "nn": "Scene", "en": "Stage"}
PRICES = {"under_19": [0, 0], "clubs_over_19": [100, 100], "others": [200, 200]}


def test_spaces_without_a_price_are_counted(office: Office) -> None:
    stage = published("borgen-scene", premises="stage")
    office.deliver(stage, stage, published("borgen-storsal"), published("tofte-scene", premises="stage"))
    assert office.reconciled() == 2
    office.deliver(published("borgen-scene", sequence=3), published("borgen-scene", sequence=2, premises="stage"))
    assert office.reconciled() == 1

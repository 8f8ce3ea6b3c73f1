"""The life of a booking: every step from every state, what it changes, and what it tells."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Text
from services.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingState,
    Tenant,
)
from services.booking.model.actors import Actor, resident
from services.booking.model.bookings import (
    Booking,
    BookingRequest,
)
from services.booking.model.deadlines import UNPRICED
from services.booking.model.holding import hold
from services.booking.model.prices import Price, PriceLine
from services.booking.model.refusals import (
    AlreadyOver,
    HoldExpired,
    HoldNotExpired,
    NotAwaitingApproval,
    NotHeld,
    NotLive,
    NotPriced,
)
from services.booking.model.rules import Bookable, BookingRules, TooShort
from services.booking.model.telling import happened, restated

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KARI = UUID("6f1c1c9e-2c2c-5a51-9d6e-0d6a5b1f0001")
PLACE = Bookable(
    space="borgen-storsal",
    arena="borgen-innbyggertorg",
    square="borgen",
    premises="hall",
    capacity=100,
    parts=3,
    rules=BookingRules(grid_minutes=15, min_minutes=30, max_minutes=240, notice_minutes=0, horizon_days=30),
    open=[(NOW - timedelta(days=1), NOW + timedelta(days=40))],
)
WANTED = BookingRequest(
    space="borgen-storsal",
    begins_at=NOW + timedelta(hours=2),
    ends_at=NOW + timedelta(hours=3),
    purpose="culture",
    audience="everyone",
    participants=20,
)
LINE = PriceLine(
    code="rent",
    text=Text("Leie", "Leige", "Rent"),
    quantity="1",
    unit="hour",
    unit_amount=35000,
    amount=35000,
    vat_rate="0",
)
PRICE = Price(quote=UUID(int=7), tariff="nesodden-2017", total=35000, currency="NOK", lines=(LINE,))


def held(wanted: BookingRequest = WANTED) -> Booking:
    return hold(wanted, PLACE, tenant=resident(KARI), booked_by=KARI, id=UUID(int=1), now=NOW)


def in_state(state: BookingState) -> Booking:
    return replace(held(), state=state, price=PRICE)


def test_a_hold_has_its_space_for_a_while_and_waits_for_a_price() -> None:
    booking = held()

    assert (booking.state, booking.version, booking.price) == ("held", 1, None)
    assert booking.hold_expires_at == NOW + UNPRICED
    assert booking.live


def test_a_request_that_breaks_a_rule_is_no_booking() -> None:
    with pytest.raises(TooShort):
        held(replace(WANTED, ends_at=WANTED.begins_at + timedelta(minutes=15)))


def test_a_price_is_stored_and_the_tenant_decides() -> None:
    booking = held().priced(PRICE, now=NOW)

    assert (booking.state, booking.version, booking.price) == ("held", 2, PRICE)


def test_the_same_price_again_changes_nothing() -> None:
    booking = held().priced(PRICE, now=NOW)

    assert booking.priced(PRICE, now=NOW + SECOND) is booking


def test_another_price_is_another_version() -> None:
    dearer = replace(PRICE, total=40000)

    booking = held().priced(PRICE, now=NOW).priced(dearer, now=NOW)

    assert (booking.version, booking.price) == (3, dearer)


def test_a_price_confirms_at_once_when_the_tenant_asked_for_that() -> None:
    booking = held(replace(WANTED, confirm="when_priced")).priced(PRICE, now=NOW)

    assert (booking.state, booking.version, booking.price) == ("confirmed", 3, PRICE)


@pytest.mark.parametrize(("before_the_end", "state"), [(SECOND, "confirmed"), (0 * SECOND, "held"), (-SECOND, "held")])
def test_a_price_that_comes_too_late_confirms_nothing(before_the_end: timedelta, state: str) -> None:
    booking = held(replace(WANTED, confirm="when_priced"))

    assert booking.priced(PRICE, now=booking.hold_expires_at - before_the_end).state == state


def test_confirming_needs_a_price() -> None:
    with pytest.raises(NotPriced):
        held().accepted(now=NOW)


@pytest.mark.parametrize(
    ("before_the_end", "error"), [(SECOND, None), (0 * SECOND, HoldExpired), (-SECOND, HoldExpired)]
)
def test_confirming_within_the_hold(before_the_end: timedelta, error: type[Exception] | None) -> None:
    booking = held().priced(PRICE, now=NOW)
    now = booking.hold_expires_at - before_the_end

    if error:
        with pytest.raises(error):
            booking.accepted(now=now)
    else:
        assert booking.accepted(now=now).state == "confirmed"


@pytest.mark.parametrize(("after_the_end", "refused"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
def test_a_hold_expires_when_its_time_is_over(after_the_end: timedelta, refused: bool) -> None:
    booking = held()
    now = booking.hold_expires_at + after_the_end

    if refused:
        with pytest.raises(HoldNotExpired):
            booking.expired(now=now)
    else:
        assert booking.expired(now=now).state == "expired"


@pytest.mark.parametrize("state", ["held", "confirmed"])
@pytest.mark.parametrize(("before_it_is_over", "refused"), [(SECOND, False), (0 * SECOND, True), (-SECOND, True)])
def test_cancelling_until_it_is_over(state: BookingState, before_it_is_over: timedelta, refused: bool) -> None:
    booking = in_state(state)
    now = booking.ends_at - before_it_is_over

    if refused:
        with pytest.raises(AlreadyOver):
            booking.cancelled(now=now)
    else:
        cancelled = booking.cancelled(now=now)
        assert (cancelled.state, cancelled.cancelled_at, cancelled.live) == ("cancelled", now, False)


STEPS: dict[str, Callable[[Booking], Booking]] = {
    "price": lambda booking: booking.priced(replace(PRICE, total=1), now=NOW),
    "confirm": lambda booking: booking.accepted(now=NOW),
    "decline": lambda booking: booking.unpriceable("no_price", now=NOW),
    "expire": lambda booking: booking.expired(now=NOW + UNPRICED),
    "cancel": lambda booking: booking.cancelled(now=NOW),
}
ALLOWED = {
    "held": {
        "price": "held",
        "confirm": "confirmed",
        "decline": "declined",
        "expire": "expired",
        "cancel": "cancelled",
    },
    "confirmed": {"price": "confirmed", "cancel": "cancelled"},
}


@pytest.mark.parametrize("state", ["held", "confirmed", "cancelled", "declined", "expired"])
@pytest.mark.parametrize("step", STEPS)
def test_every_step_from_every_state(state: BookingState, step: str) -> None:
    before = in_state(state)
    comes_to = ALLOWED.get(state, {}).get(step)

    if comes_to is None:
        with pytest.raises(NotLive if step in ("cancel", "price") else NotHeld):
            STEPS[step](before)
    else:
        after = STEPS[step](before)
        assert (after.state, after.version) == (comes_to, before.version + 1)


@pytest.mark.parametrize(
    "state", ["held", "awaiting_payment", "confirmed", "in_use", "completed", "cancelled", "declined", "expired"]
)
def test_a_manager_says_no_only_to_what_awaits_it(state: BookingState) -> None:
    """What a colleague has approved or declined is said to be decided, not to be no reservation any more."""
    with pytest.raises(NotAwaitingApproval):
        in_state(state).declined("declined_by_manager", now=NOW)
    awaiting = replace(in_state("held"), state="awaiting_approval")
    assert awaiting.declined("declined_by_manager", now=NOW).state == "declined"


def test_each_state_tells_its_own_event() -> None:
    cancelled = in_state("confirmed").cancelled(now=NOW)
    declined = held().unpriceable("no_price", now=NOW)

    assert isinstance(happened(held()), BookingHeld)
    assert isinstance(happened(in_state("confirmed")), BookingConfirmed)
    assert isinstance(happened(in_state("expired")), BookingExpired)
    told_cancelled, told_declined = happened(cancelled), happened(declined)
    assert isinstance(told_cancelled, BookingCancelled)
    assert told_cancelled.cancelled_at == NOW
    assert isinstance(told_declined, BookingDeclined)
    assert told_declined.reason == "no_price"


def test_an_event_holds_the_whole_booking_and_no_name() -> None:
    tenant = Actor(id=UUID(int=9), kind="voluntary", name="Borgen skolekorps", organisation_number="974760673")
    booking = hold(replace(WANTED, title="Konsert"), PLACE, tenant=tenant, booked_by=KARI, id=UUID(int=1), now=NOW)

    assert happened(booking) == BookingHeld(
        booking=UUID(int=1),
        state="held",
        space="borgen-storsal",
        arena="borgen-innbyggertorg",
        square="borgen",
        premises="hall",
        begins_at=WANTED.begins_at,
        ends_at=WANTED.ends_at,
        purpose="culture",
        audience="everyone",
        participants=20,
        tenant=Tenant(id=UUID(int=9), kind="voluntary", organisation_number="974760673"),
        booked_by=str(KARI),
        booked_at=NOW,
        title="Konsert",
        hold_expires_at=NOW + UNPRICED,
    )


def test_when_it_was_confirmed_is_told_ever_after() -> None:
    confirmed = held().priced(PRICE, now=NOW).accepted(now=NOW + SECOND)

    assert happened(held()).confirmed_at is None
    assert happened(confirmed).confirmed_at == NOW + SECOND
    assert happened(confirmed.cancelled(now=NOW + 2 * SECOND)).confirmed_at == NOW + SECOND


def test_restating_says_how_it_stands() -> None:
    told = restated(in_state("confirmed").cancelled(now=NOW))

    assert (told.state, told.cancelled_at) == ("cancelled", NOW)


def test_the_first_opening_of_the_door_counts_whatever_comes_first() -> None:
    early, late = NOW, NOW + timedelta(minutes=5)

    assert held().opened(late).opened(early).opened_at == early
    assert held().opened(early).opened(late).opened_at == early


@pytest.mark.parametrize(
    ("states", "key"),
    [
        ([], None),
        (["armed"], "armed"),
        (["revoked"], "revoked"),
        (["revoked", "armed"], "armed"),
        (["revoked"] * 2, "revoked"),
    ],
)
def test_one_armed_key_is_enough(states: list[str], key: str | None) -> None:
    booking = held().with_keys(states)

    assert (booking.key, booking.version) == (key, 1)


def under_way(**different: Any) -> Booking:
    release_at = WANTED.begins_at + timedelta(minutes=20)
    return replace(in_state("confirmed"), release_at=release_at, **different)


BEGINS, ENDS = WANTED.begins_at, WANTED.ends_at


@pytest.mark.parametrize(
    ("step", "at", "ended"),
    [
        (lambda each, now: each.ended_early(now=now), BEGINS, True),
        (lambda each, now: each.ended_early(now=now), ENDS - SECOND, True),
        (lambda each, now: each.released(each.release_at, now=now), BEGINS + timedelta(minutes=20), True),
        (lambda each, now: each.cancelled(now=now), BEGINS - SECOND, False),
        (lambda each, now: each.cancelled(now=now), BEGINS, True),
        (lambda each, now: each.cancelled(now=now, by="house"), ENDS - SECOND, True),
        (lambda each, now: each.completed(now=now), ENDS, False),
        (lambda each, now: each.completed(now=now), ENDS + SECOND, False),
    ],
)
def test_whoever_gives_back_time_under_way_has_ended_then(
    step: Callable[[Booking, datetime], Booking], at: datetime, ended: bool
) -> None:
    over = step(under_way(), at)

    assert over.ended_at == (at if ended else None)
    assert (over.begins_at, over.ends_at, over.price) == (BEGINS, ENDS, PRICE)
    assert (happened(over).ended_at, restated(over).ended_at) == (over.ended_at,) * 2

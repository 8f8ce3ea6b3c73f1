"""A booking that its tenant makes smaller: what was decided and paid for more holds for less."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from kernel.versions import ANY_VERSION
from services.booking.model.bookings import Booking
from services.booking.model.resources import Equipment
from services.booking.usecases import bookings as usecases
from services.booking.usecases import deciding
from services.pricing.events import BookingPaid
from tests.bookings import envelope
from tests.callers import MANAGER, RESIDENT
from tests.season import Season
from tests.waiting_line import MINUTE, rebuilt


@pytest.fixture
def studio(counter: Any, town: Any) -> Any:
    """Publishes `studio`, with these rules, which lends chairs."""

    def publish(**rules: Any) -> None:
        chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=6)
        counter.publish(
            rebuilt(town, town.space("studio", rules=replace(town.RULES, **rules)), town.HALL, equipment=(chairs,))
        )

    return publish


def accepted(counter: Any, total: int = 35000) -> Booking:
    """Two hours of the studio for eight, with four chairs."""
    booking = counter.hold("studio", 0, 8, confirm="when_priced", equipment={"chairs": 4})
    counter.deliver(counter.priced(booking, total=total))
    found: Booking = counter.load(booking)
    return found


def approved(counter: Any, total: int = 35000) -> Booking:
    found: Booking = counter.run(deciding.approve, MANAGER, accepted(counter, total).id, ANY_VERSION)
    return found


def moved(counter: Any, booking: Booking, **changes: Any) -> Booking:
    after: Booking = counter.run(usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **changes)
    return after


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"end": 6}, "confirmed"),
        ({"begin": 2}, "confirmed"),
        ({"begin": 1, "end": 7}, "confirmed"),
        ({"end": 8}, "confirmed"),
        ({"participants": 7}, "confirmed"),
        ({"equipment": {"chairs": 3}}, "confirmed"),
        ({"equipment": {}}, "confirmed"),
        ({"noise": "quiet"}, "confirmed"),
        ({"end": 9}, "awaiting_approval"),
        ({"begin": -1}, "awaiting_approval"),
        ({"begin": 1, "end": 9}, "awaiting_approval"),
        ({"participants": 9}, "awaiting_approval"),
        ({"end": 6, "participants": 9}, "awaiting_approval"),
        ({"equipment": {"chairs": 5}}, "awaiting_approval"),
        ({"noise": "loud"}, "awaiting_approval"),
    ],
)
def test_what_was_approved_stays_approved_within_it(
    counter: Any, studio: Any, changes: dict[str, Any], state: str
) -> None:
    studio(approval=True)
    booking = approved(counter)
    ends = {"begins_at": changes.pop("begin", 0), "ends_at": changes.pop("end", 8)}

    after = moved(counter, booking, **{name: counter.quarter(at) for name, at in ends.items()}, **changes)

    assert after.state == state


def test_back_to_what_was_approved_first_is_approved_again(counter: Any, studio: Any) -> None:
    """Within what it has now, not what it once had."""
    studio(approval=True)
    smaller = moved(counter, approved(counter), ends_at=counter.quarter(4))

    assert moved(counter, smaller, ends_at=counter.quarter(8)).state == "awaiting_approval"


def test_a_series_that_was_approved_stays_approved_when_it_is_made_shorter(
    counter: Any, studio: Any, season: Season
) -> None:
    studio(approval=True)
    series = season.book("studio", confirm="when_priced")
    season.priced(series)
    for each in season.dates(series):
        counter.run(deciding.approve, MANAGER, each.booking, ANY_VERSION)

    season.move(series, minutes=90)

    assert season.states(series) == ["confirmed"] * 4


def test_what_is_paid_stays_paid_within_it(counter: Any, studio: Any) -> None:
    studio(approval=True, prepay=True)
    booking = approved(counter)
    paid = envelope(BookingPaid(booking=booking.id, amount=35000, paid_at=counter.clock.now()), str(UUID(int=5)), 1)
    counter.deliver(paid)

    assert moved(counter, booking, ends_at=counter.quarter(4)).state == "confirmed"


@pytest.mark.parametrize(("total", "state"), [(0, "confirmed"), (1, "awaiting_payment")])
def test_what_waits_to_be_paid_waits_for_its_new_price_no_longer_than_before(
    counter: Any, studio: Any, total: int, state: str
) -> None:
    studio(approval=True, prepay=True)
    booking = approved(counter)
    counter.clock.move(MINUTE)

    smaller = moved(counter, booking, ends_at=counter.quarter(4))
    assert (smaller.state, smaller.hold_expires_at) == ("awaiting_payment", booking.hold_expires_at)
    price = counter.priced(smaller, quote=2, sequence=2, total=total)
    anew = replace(price, data=replace(price.data, priced_sequence=smaller.version))
    counter.deliver(anew, anew)

    after = counter.load(smaller)
    assert (after.state, after.price.total) == (state, total)
    assert (after.confirmed_at is not None) == (state == "confirmed")

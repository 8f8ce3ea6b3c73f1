"""Until when a booking that is not confirmed yet is kept. No clock is ever paused.

    made, or moved ──► waits for its price: two hours after it was made, or its beginning; a minute at the least
    price ──► can be confirmed: 15 minutes from the price; an offer (waiting lists) two hours
    accepted ──► awaits approval: its beginning ──► awaits payment: 24 hours

Who books at the door, a moment before the time begins, has the 15 minutes as well. Moved again and again it still ends:
what its price gives it is counted from no later than the end of the first two hours, and the 24 hours are for all the
time it waits to be paid, however often it is moved to where it waits for something else.
"""

from datetime import datetime, timedelta

UNPRICED = timedelta(hours=2)
"""How long a space is held for one who can't confirm yet because no price has come. `TORG_UNPRICED_HOLD_MINUTES`."""
LEAST_UNPRICED = timedelta(minutes=1)
"""The least time a price has to come, for what is booked as it begins."""
HOLD = timedelta(minutes=15)
"""How long a space is held for one who can confirm and has not."""
OFFER = timedelta(hours=2)
"""How long what has become free is held for the one whose turn it is; not longer than it can be booked by others,"""
LEAST_OFFER = timedelta(minutes=15)
"""but always so long: what begins sooner is not offered, but the next time in the wish."""
PAYMENT = timedelta(hours=24)
"""How long a space is held for one who has not paid; never after the booking begins."""
LEAST_PAYMENT = timedelta(minutes=15)
"""The least of it for one who comes back to where payment comes first."""


def answer_time(*, offered: bool) -> timedelta:
    """How long there is, at the most, to confirm what has its price."""
    return OFFER if offered else HOLD


def unpriced_until(now: datetime, begins_at: datetime, price_by: datetime) -> datetime:
    """Return until when a booking that was made or moved `now` is kept without a price. `price_by` is the end of the
    time that the municipality gives it."""
    return min(price_by, max(begins_at, now + LEAST_UNPRICED))


def answer_by(now: datetime, begins_at: datetime, price_by: datetime, offered_before: datetime | None) -> datetime:
    """Until when what can be confirmed from now on is kept. `price_by` is until when it might have waited for its
    price; `offered_before` is until when others could book what is offered, None where it is no offer."""
    until = now + HOLD if offered_before is None else offer_until(now, begins_at, offered_before)
    latest = price_by + answer_time(offered=offered_before is not None)
    return min(until, latest)


def offer_until(now: datetime, begins_at: datetime, offered_before: datetime) -> datetime:
    """Until when an offer that is made now, and priced, is kept."""
    return max(min(now + OFFER, offered_before), min(now + LEAST_OFFER, begins_at))


def pay_until(now: datetime, begins_at: datetime, left: timedelta | None) -> datetime:
    """Return until when a booking is kept that must be paid from now on. `left` is what is left of the time for that;
    None: all of it."""
    return min(now + (PAYMENT if left is None else max(left, LEAST_PAYMENT)), begins_at)

"""How long what is not confirmed is kept while pricing's answers do not arrive, and once they do. The broker is away
when nothing is delivered and the clock is moved."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.db import Database
from kernel.versions import ANY_VERSION
from services.booking.model.deadlines import HOLD, OFFER, UNPRICED
from services.booking.model.refusals import HoldExpired, NotPriced, SlotTaken
from services.booking.service import Booking as Worker
from services.booking.usecases import series as series_usecases
from services.pricing.events import BookingUnpriceable
from tests.at_once import at_once
from tests.bookings import Delivery, envelope
from tests.callers import RESIDENT, STRANGER
from tests.season import Season
from tests.waiting_line import NINA, Line

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LATER = 60
"""So many quarters on nothing begins soon."""


def after(counter: Any, time: timedelta) -> None:
    """So much later, whoever is too late has been seen to."""
    counter.clock.move(time)
    counter.expire_holds()


def test_a_hold_without_a_price_is_kept_for_two_hours(counter: Any) -> None:
    held = counter.hold("room", LATER)

    after(counter, UNPRICED - SECOND)
    assert counter.load(held).state == "held"
    with pytest.raises(SlotTaken):
        counter.hold("room", LATER, who=STRANGER)

    after(counter, SECOND)
    assert counter.load(held).state == "expired"
    assert counter.hold("room", LATER, who=STRANGER).state == "held"


def test_how_long_is_a_setting(counter: Any) -> None:
    counter.database.settings = replace(counter.database.settings, unpriced_hold_minutes=30)

    held = counter.hold("room", LATER)

    assert held.hold_expires_at == counter.clock.now() + 30 * MINUTE


@pytest.mark.parametrize(("late", "error"), [(-SECOND, None), (0 * SECOND, HoldExpired), (SECOND, HoldExpired)])
def test_a_late_price_gives_a_quarter_of_an_hour(counter: Any, late: timedelta, error: Any) -> None:
    held = counter.hold("room", LATER)
    after(counter, UNPRICED - MINUTE)
    price = counter.priced(held)
    counter.deliver(price)
    assert counter.load(held).hold_expires_at == counter.clock.now() + HOLD

    counter.clock.move(HOLD + late)
    counter.deliver(price, counter.priced(held, sequence=2, total=400))

    if error:
        with pytest.raises(error):
            counter.confirm(held)
    else:
        assert counter.confirm(held).state == "confirmed"


def test_a_price_after_its_time_brings_nothing_back_before_it_is_cleared_away(counter: Any) -> None:
    held = counter.hold("room", LATER)
    counter.clock.move(UNPRICED)

    counter.deliver(counter.priced(held))

    assert counter.hold("room", LATER, who=STRANGER).state == "held"
    assert counter.load(held).state == "expired"


def test_moved_while_the_broker_is_away_it_is_kept_for_its_new_price(counter: Any) -> None:
    held = counter.hold("room", LATER)
    old = counter.priced(held)
    counter.deliver(old)
    counter.clock.move(10 * MINUTE)
    moved = counter.run(
        counter.usecases.reschedule, RESIDENT, held.id, ANY_VERSION, begins_at=counter.quarter(LATER + 1)
    )

    after(counter, 60 * MINUTE)
    counter.deliver(replace(old, data=replace(old.data, total=1), sequence=2))
    assert (counter.load(held).state, counter.load(held).price) == ("held", None)

    new = counter.priced(held, sequence=3)
    counter.deliver(replace(new, data=replace(new.data, priced_sequence=moved.version)))
    assert counter.load(held).hold_expires_at == counter.clock.now() + HOLD
    assert counter.confirm(held).state == "confirmed"


# Waiting lists


def test_an_offer_without_a_price_is_kept_and_says_so(counter: Any, line: Line) -> None:
    taken = counter.confirmed("room", LATER)
    first, second = line.join(STRANGER, "room", LATER), line.join(NINA, "room", LATER)
    counter.cancel(taken)
    offered = line.offer(first)
    seen = line.seen(first)
    assert (seen.awaits_price, seen.waiting.offered_until) == (True, counter.clock.now() + UNPRICED)

    after(counter, UNPRICED - MINUTE)
    counter.deliver(counter.priced(offered))
    seen = line.seen(first)
    assert (seen.awaits_price, seen.waiting.offered_until) == (False, counter.clock.now() + OFFER)

    after(counter, OFFER - SECOND)
    assert line.states(first, second) == ["offered", "waiting"]
    after(counter, SECOND)
    assert line.states(first, second) == ["passed", "offered"]
    assert not line.seen(first).awaits_price


# Series


def deliver_prices(counter: Any, season: Season, series: Any, *numbers: int) -> None:
    for number in numbers:
        booking = counter.booking(season.booking(series, number))
        counter.deliver(counter.priced(booking, quote=number + 1))


def deadlines(season: Season, series: Any) -> set[Any]:
    return {each.hold_expires_at for each in season.dates(series)}


def test_no_date_of_a_series_expires_while_another_waits_for_its_price(counter: Any, season: Season) -> None:
    series, made = season.book(), counter.clock.now()
    deliver_prices(counter, season, series, 0, 2, 3)

    after(counter, UNPRICED - MINUTE)
    assert deadlines(season, series) == {made + UNPRICED}
    with pytest.raises(NotPriced):
        counter.run(series_usecases.confirm, RESIDENT, series.id, ANY_VERSION)

    deliver_prices(counter, season, series, 1)
    deliver_prices(counter, season, series, 1)
    assert deadlines(season, series) == {counter.clock.now() + HOLD}

    after(counter, HOLD - SECOND)
    counter.run(series_usecases.confirm, RESIDENT, series.id, ANY_VERSION)
    assert season.states(series) == ["confirmed"] * 4


def test_a_date_that_has_no_price_starts_the_time_of_the_others(counter: Any, season: Season) -> None:
    series = season.book()
    deliver_prices(counter, season, series, 0, 1, 2)
    last = counter.booking(season.booking(series, 3))

    told = envelope(BookingUnpriceable(booking=last.id, reason="no_price"), "quote", 1)
    counter.deliver(told, told)

    assert season.states(series) == ["held", "held", "held", "declined"]
    assert {each.hold_expires_at for each in season.dates(series)[:3]} == {counter.clock.now() + HOLD}


def test_the_last_two_prices_at_once_start_the_time(counter: Any, season: Season, many: Database) -> None:
    series = season.book(count=6)
    dates = [counter.booking(season.booking(series, number)) for number in range(6)]
    deliver = Delivery(Worker, many)

    at_once(lambda number: deliver(counter.priced(dates[number], quote=number + 1)), range(6))

    assert deadlines(season, series) == {counter.clock.now() + HOLD}

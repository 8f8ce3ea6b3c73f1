"""What pricing and access tell: each event twice, and in every order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from kernel import restores
from kernel.contracts import Envelope
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION
from services.access.events import DoorOpened, KeyArmed, KeyRevoked, KeySnapshot
from services.booking.events import BookingDeclined
from services.booking.model.bookings import Booking
from services.booking.model.deadlines import UNPRICED
from services.pricing.events import BookingPriced, BookingUnpriceable
from tests.bookings import envelope
from tests.callers import RESIDENT

LOCK = UUID(int=77)
FIRST, SECOND = UUID(int=1), UUID(int=2)


def unpriceable(booking: Booking, *, quote: int = 1, sequence: int = 1) -> Envelope[BookingUnpriceable]:
    return envelope(BookingUnpriceable(booking=booking.id, reason="no_price"), str(UUID(int=quote)), sequence)


def key(booking: Booking, kind: type[KeySnapshot], sequence: int, key: UUID = FIRST) -> Envelope[KeySnapshot]:
    told = kind(
        key=key,
        booking=booking.id,
        lock=LOCK,
        space=booking.space,
        square=booking.square,
        valid_from=booking.begins_at,
        valid_until=booking.ends_at,
    )
    return envelope(told, str(key), sequence)


def opened(booking: Booking, minutes: int) -> Envelope[DoorOpened]:
    at = booking.begins_at + timedelta(minutes=minutes)
    told = DoorOpened(
        key=FIRST, booking=booking.id, lock=LOCK, space=booking.space, square=booking.square, opened_at=at
    )
    return envelope(told, str(new_id()), 1)


def late(kind: type[Any]) -> float:
    return REGISTRY.get_sample_value("torg_booking_late_total", {"event": kind.TYPE}) or 0


def twice(events: Sequence[Envelope[Any]]) -> list[Envelope[Any]]:
    return [each for event in events for each in (event, event)]


def test_a_price_is_stored_for_the_tenant_to_confirm(counter: Any) -> None:
    held = counter.hold("room")
    price = counter.priced(held)

    counter.deliver(price, price)

    booking = counter.load(held)
    assert (booking.state, booking.version, booking.price.total) == ("held", 2, 35000)
    assert booking.price.lines[0].text.nn == "Leige"
    assert counter.history(held) == [("held", 1)]


def test_a_price_confirms_what_was_to_be_confirmed_when_priced(counter: Any) -> None:
    held = counter.hold("room", confirm="when_priced")
    price = counter.priced(held)

    counter.deliver(price, price)

    assert counter.load(held).state == "confirmed"
    assert counter.history(held) == [("held", 1), ("confirmed", 3)]


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_newest_quote_counts_in_whatever_order_they_come(counter: Any, order: tuple[int, ...]) -> None:
    held = counter.hold("room")

    counter.deliver(*twice([counter.priced(held, sequence=each, total=each * 100) for each in order]))

    assert counter.load(held).price.total == 300


def test_the_same_price_told_again_by_another_event_changes_nothing(counter: Any) -> None:
    held = counter.hold("room")

    counter.deliver(counter.priced(held), counter.priced(held, sequence=2))

    assert counter.load(held).version == 2


@pytest.mark.parametrize("give_up", ["cancel", "expire"])
def test_a_price_that_comes_too_late_changes_nothing_and_is_counted(counter: Any, give_up: str) -> None:
    held, before = counter.hold("room", confirm="when_priced"), late(BookingPriced)
    if give_up == "cancel":
        counter.cancel(held)
    else:
        counter.clock.move(UNPRICED)
        counter.expire_holds()
    given_up = counter.load(held)

    counter.deliver(*twice([counter.priced(held)]))

    assert counter.load(held) == given_up
    assert late(BookingPriced) == before + 1


def test_a_price_after_the_hold_s_time_waits_for_it_to_expire(counter: Any) -> None:
    held = counter.hold("room", confirm="when_priced")
    counter.clock.move(UNPRICED)

    counter.deliver(counter.priced(held))

    assert counter.load(held).state == "held"


def test_what_has_no_price_is_declined(counter: Any) -> None:
    held = counter.hold("room")

    counter.deliver(*twice([unpriceable(held)]))

    booking = counter.load(held)
    assert (booking.state, booking.decline_reason, counter.claimed(held)) == ("declined", "no_price", 0)
    [told] = counter.told(BookingDeclined)
    assert (told.data.reason, told.sequence) == ("no_price", 2)


def test_an_older_word_that_there_is_no_price_does_not_count(counter: Any) -> None:
    held = counter.hold("room")

    counter.deliver(counter.priced(held, sequence=2), unpriceable(held, sequence=1))

    assert counter.load(held).state == "held"


@pytest.mark.parametrize("state", ["awaiting_approval", "awaiting_payment"])
def test_what_was_moved_while_it_waited_and_has_no_price_there_is_declined(counter: Any, town: Any, state: str) -> None:
    rules = replace(town.RULES, approval=state == "awaiting_approval", prepay=state == "awaiting_payment")
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.space("room", rules=rules)),)))
    waiting = counter.confirmed("room")
    moved = counter.run(counter.usecases.reschedule, RESIDENT, waiting.id, ANY_VERSION, begins_at=counter.quarter(2))
    assert moved.state == state
    overtaken, word = (unpriceable(moved, quote=each, sequence=each) for each in (8, 9))
    word = replace(word, data=replace(word.data, priced_sequence=moved.version))

    counter.deliver(*twice([overtaken, word]))

    booking = counter.load(moved)
    assert (booking.state, booking.decline_reason, counter.claimed(moved)) == ("declined", "no_price", 0)
    assert [told.data.reason for told in counter.told(BookingDeclined)] == ["no_price"]


def test_a_confirmed_booking_is_not_declined(counter: Any) -> None:
    booking, before = counter.confirmed("room"), late(BookingUnpriceable)

    counter.deliver(*twice([unpriceable(booking, sequence=2)]))

    assert counter.load(booking).state == "confirmed"
    assert late(BookingUnpriceable) == before + 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_key_is_shown_as_it_stands_in_whatever_order_it_is_told(counter: Any, order: tuple[int, ...]) -> None:
    booking = counter.confirmed("room")
    told = [key(booking, KeyArmed, 2), key(booking, KeyRevoked, 3)]

    counter.deliver(*twice([told[0]]))
    assert counter.load(booking).key == "armed"
    counter.deliver(*twice([told[each] for each in order]))

    assert counter.load(booking).key == "revoked"


def test_a_revocation_that_overtakes_is_not_undone(counter: Any) -> None:
    booking = counter.confirmed("room")

    counter.deliver(*twice([key(booking, KeyRevoked, 3), key(booking, KeyArmed, 2)]))

    assert counter.load(booking).key == "revoked"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_new_key_counts_whatever_is_told_of_the_old_one(counter: Any, order: tuple[int, ...]) -> None:
    booking = counter.confirmed("room")
    told = [key(booking, KeyArmed, 2), key(booking, KeyRevoked, 3), key(booking, KeyArmed, 2, SECOND)]

    counter.deliver(*twice([told[each] for each in order]))

    assert counter.load(booking).key == "armed"


def test_news_from_the_door_leaves_the_version_that_a_person_saw(counter: Any) -> None:
    booking = counter.confirmed("room")

    counter.deliver(key(booking, KeyArmed, 2))

    assert counter.load(booking).version == booking.version


def test_an_opened_door_begins_the_use_once(counter: Any) -> None:
    booking = counter.confirmed("room")

    counter.deliver(*twice([opened(booking, 1)]))

    found = counter.load(booking)
    assert (found.state, found.version) == ("in_use", booking.version + 1)


@pytest.mark.parametrize("order", [(1, 9), (9, 1)])
def test_the_first_opening_of_the_door_is_what_counts(counter: Any, order: tuple[int, int]) -> None:
    booking = counter.confirmed("room")

    counter.deliver(*twice([opened(booking, minutes) for minutes in order]))

    assert counter.load(booking).opened_at == booking.begins_at + timedelta(minutes=1)


def test_news_of_a_booking_that_is_not_here_is_a_fault(counter: Any) -> None:
    gone = replace(counter.hold("room"), id=new_id())

    for event in (counter.priced(gone), unpriceable(gone, quote=2), key(gone, KeyArmed, 2), opened(gone, 0)):
        with pytest.raises(NotFound):
            counter.deliver(event)


def test_news_of_a_booking_that_was_lost_in_a_restore_changes_nothing_and_is_counted(counter: Any) -> None:
    lost = replace(counter.hold("room"), id=new_id())
    with counter.database.transaction() as tx:
        restores.begin_epoch(tx, 1, at=tx.now)
    news = (counter.priced(lost), unpriceable(lost, quote=2), key(lost, KeyArmed, 2), opened(lost, 0))
    before = [unknown(event.type) for event in news]

    counter.deliver(*news, *news)

    assert [unknown(event.type) for event in news] == [count + 1 for count in before]


def unknown(kind: str) -> float:
    return REGISTRY.get_sample_value("torg_booking_unknown_total", {"event": kind}) or 0

"""A booking that gives back the rest of its time: it keeps when, and takes no time beside the one that follows, neither
in calendars nor in what a quota counts."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import icalendar
import pytest

from kernel.errors import Text
from kernel.versions import ANY_VERSION, Expected
from services.booking.events import BookingCancelled, BookingCompleted, BookingRestated
from services.booking.model.bookings import Booking
from services.booking.model.places import Place
from services.booking.model.quotas import SpaceGroup
from services.booking.queries import calendars as feeds
from services.booking.queries import quotas as used
from services.booking.queries.availability import day_of_square
from services.booking.schemas.bookings import BookingSchema
from services.booking.usecases import bookings as usecases
from services.booking.usecases import calendars, quotas, reconciliation
from tests.callers import MANAGER, RESIDENT, STRANGER

NAME = Text(nb="Rom", nn="Rom", en="Rooms")
NONE_YET = Expected(frozenset({0}))
LATER = timedelta(minutes=17, seconds=5)
"""How long after it began the first ends."""


@pytest.fixture
def first(counter: Any) -> Booking:
    """Two hours, of which somewhat more than a quarter have passed."""
    booking: Booking = counter.confirmed("room", quarters=8)
    counter.clock.move(booking.begins_at + LATER - counter.clock.now())
    return booking


def end(counter: Any, booking: Booking) -> Booking:
    ended: Booking = counter.run(usecases.end_early, RESIDENT, booking.id, ANY_VERSION)
    return ended


def in_feed(counter: Any) -> list[tuple[datetime, datetime, str]]:
    secret = counter.run(calendars.make, RESIDENT, space="room").secret
    with counter.database.reading() as tx:
        text = feeds.text(tx, secret, portal="https://torg.test")
    return [
        (each["DTSTART"].dt.astimezone(UTC), each["DTEND"].dt.astimezone(UTC), str(each["STATUS"]))
        for each in icalendar.Calendar.from_ical(text).walk("VEVENT")
    ]


def test_it_keeps_when_it_ended_and_tells_it(counter: Any, first: Booking) -> None:
    ended = end(counter, first)

    assert counter.load(first) == ended
    assert (ended.ended_at, ended.ends_at) == (first.begins_at + LATER, first.ends_at)
    assert BookingSchema().dump(ended)["ended_at"] == f"{ended.ended_at:%Y-%m-%dT%H:%M:%SZ}"
    [told] = counter.told(BookingCompleted)
    assert (told.data.ended_at, told.data.ends_at) == (ended.ended_at, first.ends_at)


def test_in_calendars_it_ends_before_the_next_begins(counter: Any, first: Booking) -> None:
    end(counter, first)
    after = counter.confirmed("room", 2, who=STRANGER)

    found = in_feed(counter)

    assert found == [
        (first.begins_at, first.begins_at + timedelta(minutes=18), "CONFIRMED"),
        (after.begins_at, after.ends_at, "CONFIRMED"),
    ]
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_a_day_shows_nothing_of_what_was_given_back(counter: Any, first: Booking) -> None:
    end(counter, first)
    after = counter.confirmed("room", 2, who=STRANGER)
    with counter.database.reading() as tx:
        day = day_of_square(tx, MANAGER, "borgen", date(2026, 11, 23))
    [room] = [each for each in day.spaces if each.space == "room"]
    assert [(each.begins_at, each.ends_at) for each in room.taken] == [(after.begins_at, after.ends_at)]


def test_what_is_cancelled_under_way_ends_then(counter: Any, first: Booking) -> None:
    cancelled = counter.cancel(first)

    assert cancelled.ended_at == first.begins_at + LATER
    [told] = counter.told(BookingCancelled)
    assert told.data.ended_at == cancelled.ended_at
    assert in_feed(counter) == [(first.begins_at, first.begins_at + timedelta(minutes=18), "CANCELLED")]


def test_what_is_cancelled_before_it_begins_has_not_ended(counter: Any) -> None:
    booking = counter.confirmed("room")
    assert counter.cancel(booking).ended_at is None
    assert in_feed(counter) == [(booking.begins_at, booking.ends_at, "CANCELLED")]


def test_it_is_said_again_with_when_it_ended(counter: Any, first: Booking) -> None:
    ended = end(counter, first)
    counter.clock.move(timedelta(hours=3))
    counter.run(reconciliation.restate)
    assert [each.data.ended_at for each in counter.told(BookingRestated)] == [ended.ended_at]


@pytest.mark.parametrize(("ended", "minutes"), [(True, 18), (False, 120)])
def test_a_quota_counts_until_it_ended(counter: Any, first: Booking, ended: bool, minutes: int) -> None:
    group = SpaceGroup(id="rooms", version=0, name=NAME, places=[Place("space", "room")], prime=())
    counter.run(quotas.put_group, MANAGER, NONE_YET, group)
    limits = dict.fromkeys(("actor", "prime_week_minutes", "open_bookings", "valid_until")) | {
        "week_minutes": 600,
        "category": "resident",
        "valid_from": date(2026, 1, 1),
    }
    counter.run(quotas.put_quota, MANAGER, NONE_YET, "some", group="rooms", name=NAME, **limits)
    if ended:
        end(counter, first)

    with counter.database.reading() as tx:
        [found] = used.of_actor(tx, RESIDENT, RESIDENT.person, None)

    assert found.week_minutes == minutes

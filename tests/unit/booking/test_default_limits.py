"""What is left to somebody before any quota is written, and who answers for a booking."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.model.actors import Actor, resident
from services.booking.model.default_limits import Booker, Limits, OpenBookings
from services.booking.model.quotas import Asked

KARI, BAND = UUID(int=1), UUID(int=2)
LIMITS = Limits(single=20, dates=60, organisation=2000)
OWN = Booker(tenant=resident(KARI), person=KARI)
CLAIMED = Booker(tenant=Actor(id=BAND, kind="business", unverified=True), person=KARI)
VERIFIED = Booker(tenant=Actor(id=BAND, kind="voluntary"), person=KARI)


def asked(number: int) -> list[Asked]:
    """So many dates, the latest first."""
    first = datetime(2026, 12, 1, 17, tzinfo=UTC)
    place: Any = None
    days = [first + timedelta(days=number) for number in range(number)]
    return [Asked(place=place, begins_at=at, ends_at=at + timedelta(hours=1)) for at in reversed(days)]


@pytest.mark.parametrize(("booker", "answers"), [(OWN, KARI), (CLAIMED, KARI), (VERIFIED, BAND)])
def test_who_answers_for_a_booking(booker: Booker, answers: UUID) -> None:
    assert booker.answers == answers


@pytest.mark.parametrize(
    ("booker", "series", "has", "limited"),
    [
        (OWN, False, OpenBookings(single=19, dates=60), "person_open_bookings"),
        (CLAIMED, True, OpenBookings(single=20, dates=59), "person_series_dates"),
        (VERIFIED, False, OpenBookings(single=1000, dates=999), "organisation_open_bookings"),
        (VERIFIED, True, OpenBookings(single=1000, dates=999), "organisation_open_bookings"),
    ],
)
def test_below_at_and_above_each_limit(booker: Booker, series: bool, has: OpenBookings, limited: str) -> None:
    room = LIMITS.room(booker, has, series=series)

    assert (room.refusal(asked(0)), room.refusal(asked(1))) == (None, None)
    refused = room.refusal(asked(2))
    assert refused is not None
    assert refused.fields["limited"] == limited
    assert refused.fields["first"] == "2026-12-02T17:00:00Z"
    at_once = room.less(1).refusal(asked(1))
    assert at_once is not None
    assert "first" not in at_once.fields


def test_who_is_above_a_limit_has_no_room_and_is_owed_none() -> None:
    refused = LIMITS.room(OWN, OpenBookings(single=1993, dates=0), series=False).refusal(asked(2))

    assert refused is not None
    assert (refused.fields["used"], refused.fields["first"]) == (1993, "2026-12-01T17:00:00Z")


def test_what_was_imported_is_taken_off() -> None:
    left = OpenBookings(single=5, dates=3).without(OpenBookings(single=1, dates=3))

    assert left == OpenBookings(single=4, dates=0)

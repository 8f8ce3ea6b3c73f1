"""Booking's events as its followers get them, for tests of access and programming: one booking at Borgen told in all
its states, and a way to hand an event to a service's handler as the consumer does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kernel.contracts import Envelope, Event, source_of
from kernel.db import Database, Transaction
from kernel.ids import new_id
from services.booking.events import (
    BookingAwaitingPayment,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingReleased,
    BookingRescheduled,
    BookingRestated,
    BookingSnapshot,
    RepresentationChanged,
    SpacePublished,
    Tenant,
)
from tests.callers import RESIDENT

BEGINS_AT = datetime(2026, 12, 3, 17, 0, tzinfo=UTC)
ENDS_AT = BEGINS_AT + timedelta(hours=2)
BOOKED_AT = BEGINS_AT - timedelta(days=7)
TENANT = Tenant(id=UUID("01936f10-5a00-7000-8000-00000000000a"), kind="voluntary", organisation_number="974760673")
KARI = str(RESIDENT.person)
"""The pseudonym booking has for the one who books here."""
CONFIRMED, CANCELLED = 3, 4
"""The sequences booking gives these states when each is the next."""


def envelope(data: Event, subject: str, sequence: int) -> Envelope[Any]:
    """The event on its way, with an id of its own."""
    return Envelope(
        id=new_id(),
        source=source_of(type(data)),
        type=data.TYPE,
        subject=subject,
        time=BOOKED_AT,
        sequence=sequence,
        data=data,
    )


class Told:
    """One booking, and the events that tell of it. Keyword arguments change what it is."""

    def __init__(self, **different: Any) -> None:
        self.id: UUID = different.pop("booking", None) or new_id()
        self.fields: dict[str, Any] = {
            "booking": self.id,
            "space": "borgen-storsal",
            "arena": "borgen-innbyggertorg",
            "square": "borgen",
            "premises": "hall",
            "begins_at": BEGINS_AT,
            "ends_at": ENDS_AT,
            "purpose": "culture",
            "audience": "youth",
            "participants": 24,
            "tenant": TENANT,
            "booked_by": KARI,
            "booked_at": BOOKED_AT,
            **different,
        }

    def confirmed(self, sequence: int = CONFIRMED, **different: Any) -> Envelope[BookingConfirmed]:
        return self._event(BookingConfirmed, sequence, state="confirmed", **different)

    def cancelled(self, sequence: int = CANCELLED, **different: Any) -> Envelope[BookingCancelled]:
        return self._event(BookingCancelled, sequence, state="cancelled", cancelled_at=BOOKED_AT, **different)

    def rescheduled(self, sequence: int, state: str = "confirmed", **different: Any) -> Envelope[BookingRescheduled]:
        """Moved: what the keyword arguments say is the new, and what it was is told beside it."""
        names = ("space", "begins_at", "ends_at")
        earlier = {f"earlier_{name}": self.fields[name] for name in names}
        self.fields |= {name: different[name] for name in different if name in self.fields}
        return self._event(BookingRescheduled, sequence, state=state, **earlier, **different)

    def awaiting_payment(self, sequence: int, **different: Any) -> Envelope[BookingAwaitingPayment]:
        return self._event(BookingAwaitingPayment, sequence, state="awaiting_payment", pay_by=BEGINS_AT, **different)

    def released(self, sequence: int, **different: Any) -> Envelope[BookingReleased]:
        return self._event(BookingReleased, sequence, state="released", released_at=BEGINS_AT, **different)

    def completed(self, sequence: int, at: datetime = ENDS_AT, **different: Any) -> Envelope[BookingCompleted]:
        return replace(self._event(BookingCompleted, sequence, state="completed", **different), time=at)

    def declined(self, sequence: int = CANCELLED) -> Envelope[BookingDeclined]:
        return self._event(BookingDeclined, sequence, state="declined", reason="price_not_published")

    def expired(self, sequence: int = CANCELLED) -> Envelope[BookingExpired]:
        return self._event(BookingExpired, sequence, state="expired")

    def restated(self, state: str, sequence: int, **different: Any) -> Envelope[BookingRestated]:
        return self._event(BookingRestated, sequence, state=state, **different)

    def _event(self, kind: type[BookingSnapshot], sequence: int, **different: Any) -> Envelope[Any]:
        return envelope(kind(**self.fields | different), str(self.id), sequence)


def published(space: str = "borgen-storsal", sequence: int = 1, **different: Any) -> Envelope[SpacePublished]:
    """The space, as booking publishes it."""
    told = {
        "space": space,
        "space_name": "Storsalen",
        "arena": "borgen-innbyggertorg",
        "arena_name": "Borgen innbyggertorg",
        "square": "borgen",
        "square_name": "Borgen",
        "premises": "hall",
        "capacity": 200,
        "area": 180.0,
    }
    return envelope(SpacePublished(**told | different), space, sequence)


def represents(
    person: str, sequence: int, actor: UUID = TENANT.id, role: str | None = "booker", until: str | None = None
) -> Envelope[RepresentationChanged]:
    """How a person stands to the tenant of the bookings here, as booking tells it."""
    told: Any = {"actor": actor, "person": person, "role": role, "until": until}
    return envelope(RepresentationChanged(**told), f"{actor}/{person}", sequence)


class Delivery:
    """Hands events to a service's own handlers, each in a transaction, as the consumer does."""

    def __init__(self, service: type, database: Database) -> None:
        self._service = service
        self._database = database

    def __call__(self, *events: Envelope[Any]) -> None:
        for event in events:
            with self._database.transaction() as tx:
                self._handler(event)(self._service(), tx, event.encode())

    def _handler(self, event: Envelope[Any]) -> Callable[[Any, Transaction, bytes], None]:
        for method in vars(self._service).values():
            for entrypoint in getattr(method, "nameko_entrypoints", ()):
                if getattr(entrypoint, "kind", None) is type(event.data):
                    taken: Callable[[Any, Transaction, bytes], None] = method.take
                    return taken
        raise LookupError(f"{self._service.__name__} does not listen to {event.type}")

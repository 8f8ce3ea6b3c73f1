"""Pricing at work, for tests: a booking as it is told of, and an office that is told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from prometheus_client import REGISTRY
from sqlalchemy import select

from kernel.auth import Caller
from kernel.clock import FixedClock
from kernel.contracts import Envelope, decode
from kernel.db import Database
from kernel.errors import Text
from kernel.outbox import outbox
from kernel.versions import ANY_VERSION
from services.booking.events import BookingCancelled, BookingHeld
from services.pricing import queries
from services.pricing.model.agreement import Agreement, Hours
from services.pricing.model.charge import Charge
from services.pricing.model.payment import Payment
from services.pricing.model.quote import Quote
from services.pricing.service import Pricing
from services.pricing.store import charges, quotes, waivers
from services.pricing.usecases import agreements, payments, tariffs
from services.pricing.usecases.reconcile import reconcile
from tests.bookings import BEGINS_AT, BOOKED_AT, TENANT, Delivery, Told
from tests.callers import MANAGER, RESIDENT
from tests.tariffs import tariff

LIMIT = BEGINS_AT - timedelta(hours=24)


class Booking(Told):
    """A booking at Borgen for adults, of a voluntary organisation: two hours of a hall, on a weekday, at 350 kroner."""

    def __init__(self, **different: Any) -> None:
        super().__init__(**{"audience": "adults", "booked_by": str(RESIDENT.person), **different})

    def held(self, sequence: int = 1) -> Envelope[BookingHeld]:
        return self._event(BookingHeld, sequence, state="held", hold_expires_at=BOOKED_AT + timedelta(minutes=15))

    def confirmed(self, sequence: int = 3, **different: Any) -> Envelope[Any]:
        return super().confirmed(sequence, **{"confirmed_at": BOOKED_AT} | different)

    def given_up(self, sequence: int = 4, **different: Any) -> Envelope[BookingCancelled]:
        """Cancelled after it was confirmed, in time unless told otherwise."""
        given = {"state": "cancelled", "cancelled_at": LIMIT, "confirmed_at": BOOKED_AT}
        return self._event(BookingCancelled, sequence, **given | different)

    def rescheduled(self, sequence: int, state: str = "confirmed", **different: Any) -> Envelope[Any]:
        given = {"confirmed_at": BOOKED_AT} if state == "confirmed" else {}
        return super().rescheduled(sequence, state, **given | different)


class Office:
    """Pricing at work: `deliver` hands it booking's events; the rest is what a test asks of it."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.deliver = Delivery(Pricing, database)

    def adopt(self, **changed: Any) -> None:
        with self.database.transaction() as tx:
            tariffs.adopt(tx, tariff(**changed))

    def emitted(self, kind: type[Any]) -> list[Envelope[Any]]:
        """The events of a kind that were emitted so far, in order."""
        with self.database.reading() as tx:
            wanted = select(outbox.c.body).where(outbox.c.type == kind.TYPE).order_by(outbox.c.position)
            return [decode(body, kind) for body in tx.execute(wanted).scalars()]

    def emitted_types(self) -> list[str]:
        """What was emitted so far, by the event's name: "booking_priced"."""
        with self.database.reading() as tx:
            return [
                kind.split(".")[3] for kind in tx.execute(select(outbox.c.type).order_by(outbox.c.position)).scalars()
            ]

    def quote(self, booking: Booking) -> Quote | None:
        with self.database.reading() as tx:
            return quotes.of_booking(tx, booking.id)

    def total(self, booking: Booking) -> int:
        quote = self.quote(booking)
        assert quote is not None
        assert quote.price is not None
        return quote.price.total

    def charge(self, booking: Booking) -> Charge | None:
        with self.database.reading() as tx:
            return charges.of_booking(tx, booking.id)

    def owed(self, booking: Booking) -> tuple[str, int] | None:
        """The state of a booking's charge and what is owed; None when it has none."""
        charge = self.charge(booking)
        return (charge.state, charge.total) if charge else None

    def pay(self, booking: Booking, amount: int = 70_000, by: Caller = MANAGER) -> Payment:
        with self.database.transaction() as tx:
            return payments.register(tx, by, booking.id, amount=amount)

    def account(self, booking: Booking, by: Caller = MANAGER) -> tuple[int, int, int]:
        """What was paid for a booking, what is still due, and what is credit."""
        with self.database.reading() as tx:
            found = queries.account(tx, by, booking.id)
            return found.paid, found.due, found.credit

    def balance(self, tenant: UUID = TENANT.id) -> int:
        with self.database.reading() as tx:
            return waivers.balance(tx, tenant, "NOK")

    def agreement(self, by: Caller = MANAGER, **different: Any) -> Agreement:
        given: dict[str, Any] = {
            "tenant": TENANT.id,
            "square": "borgen",
            "arenas": ("borgen-innbyggertorg",),
            "title": "Maling av storsalen",
            "task": Text("Male", "Måle", "Paint"),
            "hour_value": 20_000,
            "max_amount": None,
            "currency": "NOK",
            "valid_from": BOOKED_AT.date() - timedelta(days=30),
            "valid_until": BOOKED_AT.date() + timedelta(days=30),
            "participants": [RESIDENT.subject],
        }
        with self.database.transaction() as tx:
            return agreements.make_agreement(tx, by, **given | different)

    def register(self, agreement: Agreement, minutes: int = 60, by: Caller = RESIDENT, **different: Any) -> Hours:
        given = {"worked_on": BOOKED_AT.date(), "minutes": minutes, "task": "Malte"} | different
        with self.database.transaction() as tx:
            return agreements.register_hours(tx, by, agreement.id, **given)

    def approve(self, hours: Hours, by: Caller = MANAGER, **said: Any) -> Hours:
        with self.database.transaction() as tx:
            return agreements.approve_hours(tx, by, hours.id, ANY_VERSION, **said)

    def grant(self, minutes: int) -> None:
        """Hours registered and approved: 200 kroner an hour for the tenant of the bookings."""
        self.approve(self.register(self.agreement(), minutes))

    def reconciled(self) -> float:
        """Runs the reconciliation; gives the number of spaces without a price."""
        with self.database.transaction() as tx:
            reconcile(tx)
        return REGISTRY.get_sample_value("torg_pricing_spaces_without_price") or 0

    def repairs(self, promise: str) -> float:
        """How many repairs of a promise were counted so far."""
        return REGISTRY.get_sample_value("torg_repairs_total", {"service": "pricing", "promise": promise}) or 0

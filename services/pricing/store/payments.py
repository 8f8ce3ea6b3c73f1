"""Payments for bookings. Whoever adds one holds the booking's quote."""

from uuid import UUID

from sqlalchemy import bindparam, func, insert, select

from kernel.db import Transaction
from services.pricing.model.payment import Payment
from services.pricing.store.tables import payments

_OF_BOOKING = select(payments).where(payments.c.booking == bindparam("of")).order_by(payments.c.paid_at, payments.c.id)
_PAID = select(func.coalesce(func.sum(payments.c.amount), 0)).where(payments.c.booking == bindparam("of"))
_ADD = insert(payments)


def add(tx: Transaction, payment: Payment) -> None:
    """Adds a payment."""
    tx.execute(_ADD, {name: getattr(payment, name) for name in Payment.__slots__})


def paid(tx: Transaction, booking: UUID) -> int:
    """What has come in for a booking."""
    return int(tx.execute(_PAID, {"of": booking}).scalar_one())


def of_booking(tx: Transaction, booking: UUID) -> tuple[Payment, ...]:
    """The payments for a booking, oldest first."""
    return tuple(Payment(**row._mapping) for row in tx.execute(_OF_BOOKING, {"of": booking}))

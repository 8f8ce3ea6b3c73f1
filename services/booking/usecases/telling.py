"""How a step in a booking's life is told. `steps`, `bookings`, `series` and `waiting` call it."""

from kernel.db import Transaction
from services.booking import metrics
from services.booking.model.bookings import Booking
from services.booking.model.telling import happened, rescheduled


def tell(tx: Transaction, booking: Booking, *, moved_from: Booking | None = None) -> None:
    """Emits the event of the booking's last step."""
    event = rescheduled(moved_from, booking) if moved_from else happened(booking)
    tx.emit(event, subject=str(booking.id), sequence=booking.version)
    metrics.STEPS.labels("rescheduled" if moved_from else booking.state).inc()

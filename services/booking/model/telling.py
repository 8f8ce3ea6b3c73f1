"""What a booking tells the world of itself: the event of each step in its life."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.booking import events
from services.booking.events import BookingRescheduled, BookingRestated, BookingSnapshot, BookingState
from services.booking.model.bookings import Booking

S = TypeVar("S", bound=BookingSnapshot)


def _given_up(booking: Booking) -> Mapping[str, Any]:
    return {
        "cancelled_at": booking.cancelled_at,
        "cancelled_by": booking.cancelled_by,
        "for_nothing": booking.given_up_for_nothing,
    }


_HAPPENED: Mapping[BookingState, tuple[type[BookingSnapshot], Callable[[Booking], Mapping[str, Any]]]] = {
    "held": (events.BookingHeld, lambda each: {"hold_expires_at": each.hold_expires_at}),
    "awaiting_approval": (events.BookingAwaitingApproval, lambda _: {}),
    "awaiting_payment": (events.BookingAwaitingPayment, lambda each: {"pay_by": each.hold_expires_at}),
    "confirmed": (events.BookingConfirmed, lambda _: {}),
    "in_use": (events.BookingStarted, lambda _: {}),
    "completed": (events.BookingCompleted, lambda _: {}),
    "cancelled": (
        events.BookingCancelled,
        _given_up,
    ),
    "declined": (events.BookingDeclined, lambda each: {"reason": each.decline_reason}),
    "expired": (events.BookingExpired, lambda _: {}),
    "released": (events.BookingReleased, lambda each: {"released_at": each.changed_at}),
}


def happened(booking: Booking) -> BookingSnapshot:
    """The event of the step that brought it to its state."""
    kind, more = _HAPPENED[booking.state]
    return _snapshot(booking, kind, **more(booking))


def rescheduled(before: Booking, after: Booking) -> BookingRescheduled:
    """The event that tells it was moved."""
    return _snapshot(
        after,
        BookingRescheduled,
        earlier_space=before.space,
        earlier_begins_at=before.begins_at,
        earlier_ends_at=before.ends_at,
    )


def restated(booking: Booking) -> BookingRestated:
    """The event that says again how it stands."""
    return _snapshot(booking, BookingRestated, **_given_up(booking))


def _snapshot(booking: Booking, kind: type[S], **more: Any) -> S:
    return kind(
        booking=booking.id,
        state=booking.state,
        space=booking.space,
        arena=booking.arena,
        square=booking.square,
        premises=booking.premises,
        begins_at=booking.begins_at,
        ends_at=booking.ends_at,
        purpose=booking.purpose,
        audience=booking.audience,
        participants=booking.participants,
        tenant=booking.tenant.as_tenant(),
        booked_by=str(booking.booked_by),
        booked_at=booking.created_at,
        title=booking.title,
        confirmed_at=booking.confirmed_at,
        series=booking.series,
        release_at=booking.release_at,
        ended_at=booking.ended_at,
        **more,
    )

"""What happens in programming, one function and one transaction each: the programme follows the bookings, and the names
follow the spaces. `service.py` calls it."""

from uuid import UUID, uuid4

from kernel import erased, erasing, inbox, telemetry
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from services.booking.events import BookingRestated, BookingSnapshot, PersonErased, SpacePublished
from services.programming import metrics, store
from services.programming.events import ActivityScheduled, ActivitySnapshot, ActivityWithdrawn
from services.programming.model import Activity, ActivityState, Plan

_UNDECIDED = ("held", "awaiting_approval", "awaiting_payment")
_OVER = ("cancelled", "declined", "expired", "released")


def follow_space(tx: Transaction, event: Envelope[SpacePublished]) -> None:
    """A space and its arena have names."""
    if inbox.newest(tx, event):
        space = event.data
        store.name_space(tx, space.space, space_name=space.space_name, arena_name=space.arena_name)


def follow_booking(tx: Transaction, event: Envelope[BookingSnapshot]) -> None:
    """A confirmed booking is an activity in the programme, and moves with it; one that was moved and is decided anew is
    none meanwhile; one that is over is none. One that ended early ends then, and is none if it had not begun.

    Old news is passed over, so a confirmation that comes after its cancellation schedules nothing.
    """
    if not inbox.newest(tx, event):
        return
    booking = event.data
    activity = store.activity_of_booking(tx, booking.booking)
    if booking.state in _OVER or (booking.ended_at is not None and booking.ended_at <= booking.begins_at):
        changed = withdraw(tx, activity)
    elif booking.state in _UNDECIDED:
        changed = _pause(tx, _revived(tx, event, activity))
    else:
        changed = _schedule(tx, booking, _revived(tx, event, activity))
    if changed and event.type == BookingRestated.TYPE:
        telemetry.REPAIRS.labels(tx.service, "booking_has_activity").inc()


def withdraw(tx: Transaction, activity: Activity | None) -> bool:
    """Takes the activity of a booking that is no more out of the programme; whether it was not out of it."""
    if activity is None or activity.state is ActivityState.WITHDRAWN:
        return False
    in_programme = activity.state is ActivityState.SCHEDULED
    withdrawn = activity.withdrawn()
    store.save_activity(tx, withdrawn)
    if in_programme:
        _tell(tx, withdrawn, ActivityWithdrawn)
    return True


def forget_titles(tx: Transaction, event: Envelope[PersonErased]) -> None:
    """What a person called their own bookings goes with them. Twice is as once."""
    told = event.data
    erased.remember(tx, told.person, told.erased_at)
    for before in store.untitle(tx, told.untitled):
        activity = before.untitled()
        store.save_activity(tx, activity)
        if activity.state is ActivityState.SCHEDULED:
            _tell(tx, activity, ActivityScheduled)
    erasing.forget(
        tx,
        UUID(told.person),
        told.bookings,
        erased_at=told.erased_at,
        untitled=told.untitled,
        subjects=store.activities_of(tx, told.untitled),
        under=uuid4(),
        until=erasing.until(tx, event),
    )


def _revived(tx: Transaction, event: Envelope[BookingSnapshot], activity: Activity | None) -> Activity | None:
    """The activity; one that is out of the programme waits to come back, when booking was restored from a backup and
    may know nothing of what ended its booking."""
    if activity is None or activity.state is not ActivityState.WITHDRAWN or not inbox.begins_epoch(tx, event):
        return activity
    revived = activity.revived()
    store.save_activity(tx, revived)
    return revived


def _schedule(tx: Transaction, booking: BookingSnapshot, activity: Activity | None) -> bool:
    plan = _plan(tx, booking)
    if activity is None:
        activity = Activity(id=new_id(), booking=booking.booking, plan=plan)
        store.add_activity(tx, activity)
    elif activity.plan != plan or activity.state is ActivityState.PAUSED:
        activity = activity.rescheduled(plan)
        store.save_activity(tx, activity)
    else:
        return False
    _tell(tx, activity, ActivityScheduled)
    return True


def _pause(tx: Transaction, activity: Activity | None) -> bool:
    if activity is None or activity.state is not ActivityState.SCHEDULED:
        return False
    paused = activity.paused()
    store.save_activity(tx, paused)
    _tell(tx, paused, ActivityWithdrawn)
    return True


def _plan(tx: Transaction, booking: BookingSnapshot) -> Plan:
    untitled = booking.title is not None and store.is_untitled(tx, booking.booking)
    return Plan(
        square=booking.square,
        arena=booking.arena,
        space=booking.space,
        begins_at=booking.begins_at,
        ends_at=booking.ended_at or booking.ends_at,
        purpose=booking.purpose,
        audience=booking.audience,
        title=None if untitled else booking.title,
    )


def _tell(tx: Transaction, activity: Activity, kind: type[ActivitySnapshot]) -> None:
    tx.emit(activity.told(kind), subject=str(activity.id), sequence=activity.version)
    metrics.ACTIVITIES.labels(activity.state.value).inc()

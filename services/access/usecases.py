"""What happens in access, one function and one transaction each: spaces and bookings are followed, locks are told of
keys, doors are tried, and what drifted apart is mended. `service.py` and `api.py` call it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import structlog

from kernel import erased, erasing, inbox, outbox, telemetry
from kernel.contracts import Envelope
from kernel.db import Transaction
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.restores import epoch_of
from services.access import doors, margins, metrics, model, news, renewal, store, unknown
from services.access.codes import Codes
from services.access.events import KeyArmed, KeyIssued, KeyRevoked, KeySnapshot, KeyUnused
from services.access.locks import LockDevice
from services.access.locks.simulated import SimulatedLock
from services.access.model import Decision, Door, Entry, Key, KeyState, Lock, Validity
from services.booking.events import (
    BookingRestated,
    BookingSnapshot,
    Heartbeat,
    PersonErased,
    RepresentationChanged,
    SpacePublished,
)

log = structlog.get_logger(__name__)

LOCKS_CHECKED_AT_ONCE = 50
KEYS_ASKED_AFTER_AT_ONCE = 1000
UNUSED_AGAIN_EVERY = timedelta(minutes=5)
UNUSED_AGAIN_FOR = timedelta(hours=2)
"""How often, and for how long, booking is told again that nobody came."""
_GRANTED = ("confirmed", "in_use")
_UNDECIDED = ("held", "awaiting_approval", "awaiting_payment")

Device = Callable[[Transaction, UUID], LockDevice]
"""Gives the device that is the lock of this id."""
Draw = Callable[[], str]
"""Gives a code by chance."""


def follow_space(tx: Transaction, event: Envelope[SpacePublished]) -> None:
    """A space has a door, and the door a lock."""
    if inbox.newest(tx, event):
        space = event.data
        names = {"space_name": space.space_name, "arena_name": space.arena_name}
        # an earlier release of booking tells no parts
        parts = {"parts": space.parts, "shared": space.shared} if space.parts else {}
        store.publish_lock(tx, space.space, space.arena, space.square, **names, **parts)


def follow_booking(tx: Transaction, event: Envelope[BookingSnapshot], codes: Codes, draw: Draw) -> None:
    """A confirmed booking has a key, one that is moved and decided anew has one that opens nothing, one that is over
    has none. `draw` gives a code by chance.

    Old news is passed over, so a confirmation that comes after its cancellation makes no key.
    """
    if not inbox.newest(tx, event):
        return
    booking, anew = _without_erased(tx, event), inbox.begins_epoch(tx, event)
    renewal.queue(tx, booking.tenant.id)
    before = margins.queue(tx, booking)
    if anew and booking.state in (*_GRANTED, *_UNDECIDED):
        _revive(tx, booking, codes, draw)
    if booking.state in _GRANTED:
        changed = _grant(tx, booking, codes, draw)
    elif booking.state in _UNDECIDED:
        changed = _suspend(tx, booking.booking)
    else:
        # who has stayed to the end gets out, and back for what they forgot: that key ends by itself
        stayed = booking.state == "completed" and booking.ended_at is None and event.time >= booking.ends_at
        changed = not stayed and withdraw(tx, booking.booking)
    if changed:
        margins.move_others(tx, before, store.key_of_booking(tx, booking.booking))
    elif anew:
        _tell_again(tx, booking.booking)
    if changed and event.type == BookingRestated.TYPE:
        _count_repair(tx, "booking_has_key")


def load_key(tx: Transaction, event: Envelope[KeyIssued], device: Device = SimulatedLock) -> None:
    """Tells the lock of a key, or of its new margins; once it has confirmed, the key is armed. A key revoked meanwhile
    stays revoked."""
    lock = device(tx, event.data.lock)
    key = store.take_key(tx, event.data.key)
    if key is None or not key.live or key.door.lock != event.data.lock:
        return
    lock.load(key.id, key.code_digest, key.validity, key.time)
    if key.state is KeyState.ISSUED:
        metrics.ARMING_SECONDS.observe((tx.now - key.changed_at).total_seconds())
        _change(tx, key.armed(tx.now), KeyArmed)


def unload_key(tx: Transaction, event: Envelope[KeyRevoked], device: Device = SimulatedLock) -> None:
    """Makes the lock forget a key; not if it is of that lock again."""
    lock = device(tx, event.data.lock)
    key = store.find_key(tx, event.data.key)
    if key is None or not key.live or key.door.lock != event.data.lock:
        lock.forget(event.data.key)


def follow_representation(tx: Transaction, event: Envelope[RepresentationChanged], codes: Codes, draw: Draw) -> None:
    """Who may act for an organisation has its keys; not who has been erased since it was told. When that ends, its keys
    to come get other codes than they know."""
    told = event.data
    erased.queue(tx, told.person)
    if not erased.among(tx, [told.person], event.time) and inbox.newest(tx, event):
        until = None if told.until is None else date.fromisoformat(told.until)
        knows = renewal.save_representation(tx, told.actor, told.person, role=told.role, until=until, at=event.time)
        if told.role is None and knows:
            renewal.renew_known(tx, told.actor, told.person, codes, draw)


def forget_person(tx: Transaction, event: Envelope[PersonErased], codes: Codes, draw: Draw) -> None:
    """Keys stay as they were, of nobody who can be found; what comes late brings nobody back. Told again, those that
    were made at the same moment are seen to."""
    told, under = event.data, uuid4()
    first = erased.remember(tx, told.person, told.erased_at)
    if first:
        for tenant in renewal.known_to(tx, told.person):
            renewal.renew(tx, tenant, codes, draw)
    store.forget_booker(tx, told.person, told.bookings, under=under)
    if first:
        renewal.forget_rights(tx, told.person)
        doors.forget(tx, told.person, under=under)
        inbox.forget(tx, told.person)
    erasing.forget(
        tx,
        UUID(told.person),
        told.bookings,
        erased_at=told.erased_at,
        untitled=told.untitled,
        under=under,
        until=erasing.until(tx, event),
    )


def tell_unused_again(tx: Transaction) -> None:
    """Tells booking again of those who did not come, while that can still matter."""
    outbox.tell_again(tx, KeyUnused, every=UNUSED_AGAIN_EVERY, within=UNUSED_AGAIN_FOR)


def tell_unused(tx: Transaction, *, most: int = KEYS_ASKED_AFTER_AT_ONCE, device: Device = SimulatedLock) -> None:
    """Tells booking of keys with which nobody came, once each. A lock that has been away cannot tell, and says nothing.

    While the lock's turn is ours no door is opened: what it opened before is in the log, what it opens later comes too
    late for the booking, which then minds it.
    """
    for lock, keys in store.perhaps_unused(tx, most=most).items():
        since = doors.working_since(tx, lock, device(tx, lock).reachable_since())
        for key in keys:
            _tell_if_unused(tx, key, since)


def unlock_with_code(tx: Transaction, lock: UUID, code: str, codes: Codes, device: Device = SimulatedLock) -> Entry:
    """Somebody typed a code at a lock: it decides. Raises NotFound when there is no such lock."""
    found = store.find_lock(tx, lock)
    if found is None:
        raise NotFound
    decision = device(tx, lock).try_code(codes.digest(lock, code), tx.now, doors.limit(tx, lock))
    key = store.find_key(tx, decision.key) if decision.key else None
    return _enter(tx, found.door, decision, key)


def unlock_with_key(tx: Transaction, key: UUID, person: str, device: Device = SimulatedLock) -> Entry:
    """Somebody presents a key of theirs at its lock. Raises NotFound when it is not theirs."""
    found = store.find_key(tx, key)
    if found is None or not store.may_hold(tx, key, person):
        raise NotFound
    lock, limit = device(tx, found.door.lock), doors.limit(tx, found.door.lock)
    decision = Decision("revoked", key) if store.is_withdrawn(tx, key) else lock.try_key(key, tx.now, limit)
    return _enter(tx, found.door, decision, found)


def hear_heartbeat(tx: Transaction, event: Envelope[Heartbeat]) -> None:
    """Booking says how far it has told what happened; a key opens within its margins only while that is known."""
    news.take(tx, event.data, event.id)


def watch_news(tx: Transaction) -> None:
    """Tells operators how old access's news of bookings is."""
    news.watch(tx)


def reconcile_locks(tx: Transaction, *, most: int = LOCKS_CHECKED_AT_ONCE, device: Device = SimulatedLock) -> None:
    """Compares what some locks hold with the keys they should hold, and mends the difference: keys not armed in time go
    to the lock again, so do those it lost; entries without a live key are forgotten."""
    for lock in store.take_locks_to_check(tx, most=most):
        _reconcile(tx, lock.door.lock, device(tx, lock.door.lock))


def mend_margins(tx: Transaction) -> None:
    """Moves margins of keys of the coming day that end elsewhere than they should: what spaces exclude each other, or
    how long margins are, was changed."""
    for _ in range(margins.mend(tx)):
        _count_repair(tx, "margins_end_at_others_times")


def watch_unknown(tx: Transaction) -> None:
    """Tells operators how many keys of bookings that booking lost in a restore wait for their decision."""
    waiting = unknown.waiting(tx)
    metrics.UNKNOWN.labels("suspended").set(waiting.suspended)
    metrics.UNKNOWN.labels("live").set(waiting.live)


def renew_codes(tx: Transaction, codes: Codes, draw: Draw) -> None:
    """Renews the codes that those know whose right to act for a tenant has run out."""
    renewal.renew_ended(tx, codes, draw)


def prune_entries(tx: Transaction, *, keep: timedelta) -> None:
    """Entries, and what was ordered of doors, are kept no longer than they may be."""
    store.prune_entries(tx, keep=keep)
    doors.prune(tx, keep=keep)


def withdraw(tx: Transaction, booking: UUID) -> bool:
    """Revokes the key of a booking that is no more, if it has one that is not; whether it had."""
    key = store.key_of_booking(tx, booking)
    if key is None or key.state is KeyState.REVOKED:
        return False
    _change(tx, key.revoked(tx.now), KeyRevoked)
    return True


def suspend_unknown(tx: Transaction, booking: UUID, *, holder: UUID) -> None:
    """Suspends the key of a booking that booking lost in a restore, as another booking, the `holder`, has its place and
    time. Operators are alarmed by `metrics.UNKNOWN`."""
    unknown.note_holder(tx, booking, holder)
    if _suspend(tx, booking):
        log.warning("unknown_key_suspended", booking=str(booking), holder=str(holder))


def _without_erased(tx: Transaction, event: Envelope[BookingSnapshot]) -> BookingSnapshot:
    """The booking as it is told; what is told late of somebody who was erased since is of nobody."""
    booking = event.data
    gone = erased.among(tx, {booking.booked_by, str(booking.tenant.id)}, event.time)
    if booking.booked_by in gone:
        booking = replace(booking, booked_by=str(uuid4()))
    if str(booking.tenant.id) in gone:
        booking = replace(booking, tenant=replace(booking.tenant, id=uuid4()))
    return booking


def _grant(tx: Transaction, booking: BookingSnapshot, codes: Codes, draw: Draw) -> bool:
    lock = store.lock_of_space(tx, booking.space, booking.arena, booking.square)
    key = store.key_of_booking(tx, booking.booking)
    validity = margins.validity(tx, lock, booking)
    if key is not None and key.opens(lock.door, validity):
        _note(tx, key, booking)
        return False
    code = _code(tx, booking, lock.door.lock, validity, codes, draw)
    digest = codes.digest(lock.door.lock, code)
    if key is None:
        key = _noted(_new_key(booking, lock.door, validity, digest, tx.now), booking)
        store.add_key(tx, key, codes.seal(key.id, code))
    else:
        key = _noted(_left(tx, key, lock.door).moved(lock.door, validity, digest, tx.now), booking)
        store.save_key(tx, key, codes.seal(key.id, code))
    _tell(tx, key, KeyIssued)
    _make_way(tx, lock, key)
    return True


def _code(tx: Transaction, booking: BookingSnapshot, lock: UUID, validity: Validity, codes: Codes, draw: Draw) -> str:
    """The code the booking has, or its series; another only where somebody else has that on this lock at that time."""
    credential = booking.series or booking.booking
    taken = store.digests_in_use(tx, lock, validity, besides=credential)
    sealed = store.sealed_code(tx, credential, booking.booking, lock)
    known = codes.unseal(*sealed) if sealed else None
    return model.choose_code(draw, lambda code: codes.digest(lock, code) in taken, known=known)


def _new_key(booking: BookingSnapshot, door: Door, validity: Validity, code_digest: bytes, now: datetime) -> Key:
    return Key(
        id=new_id(),
        booking=booking.booking,
        credential=booking.series or booking.booking,
        booked_by=booking.booked_by,
        door=door,
        validity=validity,
        code_digest=code_digest,
        changed_at=now,
    )


def _noted(key: Key, booking: BookingSnapshot) -> Key:
    """The key with what booking says of it that no lock needs to know."""
    noted = replace(key, tenant=booking.tenant.id, release_at=booking.release_at)
    return replace(noted, begins_at=booking.begins_at, ends_at=booking.ends_at)


def _note(tx: Transaction, key: Key, booking: BookingSnapshot) -> None:
    noted = _noted(key, booking)
    if noted != key:
        store.save_key(tx, noted)


def _left(tx: Transaction, key: Key, door: Door) -> Key:
    """The key when its booking goes to another door: the lock on the old one forgets it."""
    if key.door.lock == door.lock or not key.live:
        return key
    left = key.suspended(tx.now)
    _tell(tx, left, KeyRevoked)
    return left


def _revive(tx: Transaction, booking: BookingSnapshot, codes: Codes, draw: Draw) -> None:
    """After a restore booking may know nothing of what ended a booking: its key was revoked, and waits to be issued
    again, with another code. Else one that was given up would be confirmed again without a key."""
    key = store.key_of_booking(tx, booking.booking)
    if key is not None and key.state is KeyState.REVOKED:
        code = _code(tx, booking, key.door.lock, key.validity, codes, draw)
        revived = key.revived(codes.digest(key.door.lock, code), tx.now)
        store.save_key(tx, revived, codes.seal(key.id, code))


def _tell_again(tx: Transaction, booking: UUID) -> None:
    """After a restore booking may know nothing of a key that the lock has confirmed."""
    key = store.key_of_booking(tx, booking)
    if key is not None and key.state is KeyState.ARMED:
        _change(tx, key.told_again(), KeyArmed)


def _make_way(tx: Transaction, lock: Lock, key: Key) -> None:
    """The keys of bookings that were lost in a restore open nothing at the place and time of this one."""
    if not epoch_of(tx):
        return  # nothing was ever restored, and nothing is asked
    for lost in unknown.bookings_at(tx, lock, key.time, besides=key.booking):
        suspend_unknown(tx, lost, holder=key.booking)


def _suspend(tx: Transaction, booking: UUID) -> bool:
    key = store.key_of_booking(tx, booking)
    if key is None or not key.live:
        return False
    _change(tx, key.suspended(tx.now), KeyRevoked)
    return True


def _change(tx: Transaction, key: Key, kind: type[KeySnapshot]) -> None:
    store.save_key(tx, key)
    _tell(tx, key, kind)


def _tell(tx: Transaction, key: Key, kind: type[KeySnapshot]) -> None:
    tx.emit(key.told(kind), subject=str(key.id), sequence=key.version)
    metrics.KEYS.labels(key.state.value).inc()


def _enter(tx: Transaction, door: Door, decision: Decision, key: Key | None) -> Entry:
    entry = Entry(
        id=new_id(),
        at=tx.now,
        door=door,
        refusal=decision.refusal,
        key=key.id if key else None,
        booking=key.booking if key else None,
    )
    store.add_entry(tx, entry)
    tx.emit(entry.told(), subject=str(entry.id), sequence=1)
    metrics.ENTRIES.labels(entry.outcome, entry.refusal or "").inc()
    return entry


def _reconcile(tx: Transaction, lock: UUID, device: LockDevice) -> None:
    device.clear_expired(tx.now)
    held = device.held()
    drift = model.drift(lock, store.take_keys_to_compare(tx, lock, held), held, tx.now)
    for key in drift.unsent:
        _change(tx, key.sent_again(tx.now, held=key.id in held), KeyIssued)
        _count_repair(tx, "key_is_armed")
    for stranger in drift.strangers:
        device.forget(stranger)
        _count_repair(tx, "lock_holds_live_keys_only")


def _tell_if_unused(tx: Transaction, id: UUID, since: datetime | None) -> None:
    key = store.take_key(tx, id)
    if key is None or key.unused_told or not key.unused(since, tx.now) or store.opened_a_door(tx, id):
        return
    told = key.told_unused()
    store.save_key(tx, told)
    unused = KeyUnused(key=told.id, booking=told.booking, release_at=cast("datetime", told.release_at))
    tx.emit(unused, subject=str(told.id), sequence=told.version)
    metrics.KEYS.labels("unused").inc()


def _count_repair(tx: Transaction, promise: str) -> None:
    telemetry.REPAIRS.labels(tx.service, promise).inc()

"""Closures and maintenance: announced with a decision for every booking they hit, and lifted.

What is closed is taken first, then the bookings that had it are cancelled, moved or ended: so nobody else, and no
waiting list, gets what they leave. All or nothing: a booking that came in between refuses the whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.errors import DomainError
from kernel.ids import new_id
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking import metrics
from services.booking.events import GivenUpBy
from services.booking.model.bookings import Booking
from services.booking.model.closures import (
    MOST_PLANNED,
    BookingsInTheWay,
    Closure,
    ClosureDate,
    ClosureRequest,
    Decision,
    Hit,
    NotHit,
    UnknownArena,
)
from services.booking.model.places import Place
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import DivisionClashes, UnknownSpace
from services.booking.model.waiting import Left
from services.booking.recurrence import dates_of
from services.booking.store import bookings, claims, closures, duties, places, waitings
from services.booking.store.closures import Closed
from services.booking.usecases.bookings import moved
from services.booking.usecases.offers import making_way, opening
from services.booking.usecases.placing import place_for
from services.booking.usecases.recording import saved

log = structlog.get_logger(__name__)

_QUEUE = "closures"
"""Closures are announced by one at a time: they may move bookings into each other's spaces."""
_MOST_NAMED = 100
_MOST_LIKELY = 10
_MOST_SHOWN = 3


class _Undone(Exception):
    """A dry run has been done, and is undone."""


def announce(tx: Transaction, who: Caller, wanted: ClosureRequest, decisions: Collection[Decision]) -> Closure:
    """Closes an arena or a space for a time; for operators and the managers of its square. The same again is the
    closure that there is. Decisions for bookings that are over meanwhile change nothing. A refusal of a decision names
    its `booking`. What is in the interest of who closes is moved as its tenant may move it; that they cancel it without
    a fee is told to operators, as a burst pipe does not wait for another manager.

    Lock order: other closures, the bookings hit, all spaces (closed, and moved to), the line, claims.
    """
    times = _times(tx, wanted)
    seen = _queued(tx, who, wanted)
    if (there := closures.same(tx, wanted, seen, times)) is not None:
        return there
    decided = {each.booking: each for each in decisions}
    closed, hits, overdue = _prepared(tx, who, wanted, times, seen, decided, all_decided=True)
    closure = _announced(wanted, times, closed, by=who.person, now=tx.now)
    with making_way(tx, [*hits, *overdue]):
        if not _taken(tx, closure, closed, hits, overdue):
            came, _ = _lock_hits(tx, times, closed)
            _demand_decided(came, decided)
            raise SlotTaken  # whoever came has gone again
        tx.emit(closure.happened(), subject=str(closure.id), sequence=closure.version)
        _carry_out(tx, who, closure, hits, decided)
        _tell_of_own(tx, who, closure, [each for each in hits if decided[each.id].outcome == "cancel"])
    return closure


def plan(tx: Transaction, who: Caller, wanted: ClosureRequest, decisions: Collection[Decision] = ()) -> list[Hit]:
    """What a closure would hit, and what could become of each booking. It is the closure itself, carried out and
    undone: what was decided is done first, and refused as `announce` would; then a place is looked for, for the first
    `MOST_PLANNED` of the others. All of it was done together, so the same decisions hold if nothing else happens
    meanwhile. Writes nothing."""
    times = _times(tx, wanted)
    seen = _queued(tx, who, wanted)
    hits: list[Hit] = []
    if closures.same(tx, wanted, seen, times) is not None:
        return hits
    decided = {each.booking: each for each in decisions}
    closed, found, overdue = _prepared(tx, who, wanted, times, seen, decided)
    try:
        with tx.savepoint():
            closure = _announced(wanted, times, closed, by=who.person, now=tx.now)
            if not _taken(tx, closure, closed, found, overdue):
                raise SlotTaken
            _carry_out(tx, who, closure, [each for each in found if each.id in decided], decided)
            hits = _planned(tx, who, closure, found, decided)
            raise _Undone
    except _Undone:
        return hits


def lift(
    tx: Transaction, who: Caller, closure: UUID, expected: Expected, *, begins_at: datetime | None = None
) -> Closure:
    """Opens what was closed, from now on: all of it, or the date that begins then; for those who may close it."""
    before = closures.lock(tx, closure)
    if before is None:
        raise NotFound
    if not who.oversees(before.square):
        raise Forbidden
    expected.check(before.version)
    if begins_at is None:
        after = before.lifted(by=who.person, now=tx.now)
    else:
        after = before.date_lifted(begins_at, by=who.person, now=tx.now)
    with opening(tx, _left(before, after, now=tx.now)):
        closures.save(tx, before, after)
    tx.emit(after.happened(), subject=str(after.id), sequence=after.version)
    return after


def to_close(tx: Transaction, who: Caller, wanted: ClosureRequest, *, kept: bool = True) -> Closed:
    """What is to be closed, when the caller may close it; `kept` as it is, unless it is only looked at."""
    closed = closures.whole(tx, arena=wanted.arena, space=wanted.space, kept=kept)
    if closed is None:
        raise UnknownSpace(space=wanted.space) if wanted.space else UnknownArena(arena=wanted.arena)
    if not who.oversees(closed.square):
        raise Forbidden
    return closed


def follow_tree(tx: Transaction, square: str) -> None:
    """Lets the closures of a square keep closed what they closed, when it is divided otherwise. Raises
    DivisionClashes."""
    for each in closures.ahead(tx, square):
        closed = closures.whole(tx, arena=each.arena, space=each.space)
        if closed is not None and not closures.take_again(tx, each, closed.parts):
            raise DivisionClashes


def _times(tx: Transaction, wanted: ClosureRequest) -> list[Occurrence]:
    """When it is to be closed: dates that are over are left out."""
    once = [Occurrence(wanted.begins_at, wanted.ends_at)]
    return wanted.times(dates_of(wanted.recurrence) if wanted.recurrence else once, now=tx.now)


def _left(before: Closure, after: Closure, *, now: datetime) -> list[Left]:
    """What is open again, for those who wait for it."""
    kept = {each.id for each in after.closing} if after.state == "announced" else set()
    arena = None if after.space else after.arena
    opened = [each for each in before.to_come(now=now) if each.id not in kept]
    return [Left(since=max(now, each.begins_at), until=each.ends_at, space=after.space, arena=arena) for each in opened]


def _queued(tx: Transaction, who: Caller, wanted: ClosureRequest) -> Closed:
    """What is to be closed, by one at a time."""
    places.queue(tx, _QUEUE)
    return to_close(tx, who, wanted, kept=False)


def _prepared(
    tx: Transaction,
    who: Caller,
    wanted: ClosureRequest,
    times: Sequence[Occurrence],
    seen: Closed,
    decided: Mapping[UUID, Decision],
    *,
    all_decided: bool = False,
) -> tuple[Closed, list[Booking], list[Booking]]:
    """Lock, in the order of `announce`, what is closed and what it hits; those overdue apart."""
    hits, overdue = _lock_hits(tx, times, seen)
    if all_decided:
        _demand_decided(hits, decided)
    _refuse_strays(tx, seen, decided.keys() - {each.id for each in (*hits, *overdue)})
    _enter(tx, wanted, [(each, decided[each.id]) for each in hits if each.id in decided])
    closed = to_close(tx, who, wanted)
    if closed.parts != seen.parts:
        there = claims.in_the_way(tx, closed.parts, times)
        hits, overdue = ([each for each in some if each.id in there] for some in (hits, overdue))
    return closed, hits, overdue


def _lock_hits(tx: Transaction, times: Sequence[Occurrence], closed: Closed) -> tuple[list[Booking], list[Booking]]:
    """The live bookings that are hit, locked; and those whose time to confirm is over, which make way."""
    there = claims.in_the_way(tx, closed.parts, times)
    hits = [each for each in bookings.lock_many(tx, there) if each.live]
    overdue = [each for each in hits if each.overdue(now=tx.now)]
    return [each for each in hits if each not in overdue], overdue


def _enter(tx: Transaction, wanted: ClosureRequest, decided: Collection[tuple[Booking, Decision]]) -> None:
    """Locks what the closure and the moves decided on need, before it has any claim that others might wait for."""
    closed = Place("space", wanted.space) if wanted.space else Place("arena", wanted.arena or "")
    moving = {Place("space", each.space or hit.space) for hit, each in decided if each.outcome == "move"}
    places.enter(tx, {closed, *moving})
    if moving:
        waitings.queue(tx)


def _demand_decided(hits: Sequence[Booking], decided: Collection[UUID]) -> None:
    if undecided := [each.id for each in hits if each.id not in decided]:
        raise BookingsInTheWay(count=len(undecided), bookings=[str(each) for each in undecided[:_MOST_NAMED]])


def _refuse_strays(tx: Transaction, closed: Closed, strays: Collection[UUID]) -> None:
    """Raises NotHit for what was decided for a booking that is not hit; one that is over meanwhile is let be."""
    if not strays:
        return
    over = bookings.over_among(tx, strays, square=closed.square)
    if unheard := sorted(each for each in strays if each not in over):
        raise NotHit(booking=str(unheard[0]))


def _announced(
    wanted: ClosureRequest, times: Sequence[Occurrence], closed: Closed, *, by: UUID, now: datetime
) -> Closure:
    dates = [ClosureDate(id=new_id(), begins_at=each.begins_at, ends_at=each.ends_at) for each in times]
    return Closure(
        id=new_id(),
        version=1,
        state="announced",
        kind=wanted.kind,
        square=closed.square,
        arena=closed.arena,
        space=wanted.space,
        begins_at=times[0].begins_at,
        ends_at=max(each.ends_at for each in times),
        reason=wanted.reason,
        announced_by=by,
        announced_at=now,
        recurrence=wanted.recurrence,
        dates=tuple(dates) if wanted.recurrence else (),
    )


def _taken(
    tx: Transaction, closure: Closure, closed: Closed, hits: Sequence[Booking], overdue: Sequence[Booking]
) -> bool:
    """Gives the closure what the bookings had. False when somebody came in between: roll back."""
    for before in overdue:
        saved(tx, before, before.expired(now=tx.now))
    for hit in hits:
        claims.free(tx, hit.id, lent=bool(hit.equipment))
    return closures.add(tx, closure, closed.parts)


def _carry_out(
    tx: Transaction, who: Caller, closure: Closure, hits: Sequence[Booking], decided: Mapping[UUID, Decision]
) -> None:
    """What was decided for each; those that move come last, when all the others have left."""
    for hit in sorted(hits, key=lambda each: (decided[each.id].outcome == "move", each.begins_at, each.id)):
        try:
            _decided(tx, who, hit, decided[hit.id], closure.reason.nb)
        except DomainError as refusal:
            refusal.fields["booking"] = str(hit.id)
            raise


def _tell_of_own(tx: Transaction, who: Caller, closure: Closure, cancelled: Sequence[Booking]) -> None:
    """Tells operators of who spared themself, or whom they act for, a fee by closing the place."""
    dear = [each for each in cancelled if each.moved_from or each.consequence(now=tx.now).fee]
    for own in duties.represented_among(tx, {each.tenant.id for each in dear}, who.person):
        metrics.OWN_CLOSURES.inc()
        log.warning("closed_in_own_interest", closure=str(closure.id), tenant=str(own), by=str(who.person))


def _decided(tx: Transaction, who: Caller, hit: Booking, decision: Decision, why: str) -> Booking:
    match decision.outcome:
        case "cancel":
            return saved(tx, hit, hit.cancelled(now=tx.now, by="house"), by=who.person, why=why)
        case "end":
            return saved(tx, hit, hit.ended_early(now=tx.now), by=who.person, why=why)
        case "move":
            return _moved(tx, who, hit, decision, why)


def _moved(tx: Transaction, who: Caller, hit: Booking, decision: Decision, why: str) -> Booking:
    changes = {name: getattr(decision, name) for name in ("space", "begins_at", "ends_at")}
    wanted = replace(hit.request, **{name: value for name, value in changes.items() if value is not None})
    place, _ = place_for(tx, wanted, who.person)
    if not who.oversees(place.square):
        raise Forbidden
    # what is in their own interest they move as its tenant: to approve it, or in time, is not theirs to decide
    by: GivenUpBy = "tenant" if duties.represents(tx, hit.tenant.id, who.person) else "house"
    return moved(tx, hit, place, wanted, by=by, person=who.person, why=why, offered=False)


def _planned(
    tx: Transaction, who: Caller, closure: Closure, found: Sequence[Booking], decided: Mapping[UUID, Decision]
) -> list[Hit]:
    """Finds each booking a place that has no decision yet: those that have the fewest to choose from first."""
    proposed = dict(decided) | {
        each.id: _given_up(each) for each in found if each.id not in decided and each.under_way(now=tx.now)
    }
    moving = sorted((each for each in found if each.id not in proposed), key=lambda each: (each.begins_at, each.id))
    likely = closures.elsewhere(tx, [each.id for each in moving[:MOST_PLANNED]], most=_MOST_LIKELY)
    placed: dict[UUID, Booking] = {}
    with waitings.impatiently(tx):
        for hit in sorted(moving, key=lambda each: len(likely.get(each.id, ()))):
            done = (_tried(tx, who, closure, hit, space) for space in likely.get(hit.id, ()))
            if (there := next((each for each in done if each is not None), None)) is not None:
                placed[hit.id] = there
        others = {each: _others(tx, who, closure, there, likely[each]) for each, there in placed.items()}
    proposed |= {each: Decision(booking=each, outcome="move", space=there.space) for each, there in placed.items()}
    hits = [Hit(booking=each, proposal=proposed.get(each.id), alternatives=others.get(each.id, ())) for each in found]
    return sorted(hits, key=lambda each: (each.booking.begins_at, each.booking.id))


def _tried(
    tx: Transaction, who: Caller, closure: Closure, hit: Booking, space: str, *, kept: bool = True
) -> Booking | None:
    """The booking in another space, where it can be; undone unless it is `kept`."""
    there = None
    try:
        with waitings.trial(tx):
            there = _moved(tx, who, hit, Decision(booking=hit.id, outcome="move", space=space), closure.reason.nb)
            if not kept:
                raise _Undone
    except (DomainError, waitings.InUse):
        return None
    except _Undone:
        return there
    return there


def _others(tx: Transaction, who: Caller, closure: Closure, there: Booking, likely: Sequence[str]) -> list[str]:
    """The space a booking is proposed for, and others where it could be instead."""
    found = [there.space]
    for space in likely:
        if len(found) == _MOST_SHOWN:
            break
        if space != there.space and _tried(tx, who, closure, there, space, kept=False) is not None:
            found.append(space)
    return found


def _given_up(hit: Booking) -> Decision:
    """What becomes of one that is under way: ended, and paid, if its door was opened; else the house cancels it."""
    return Decision(booking=hit.id, outcome="end" if hit.state == "in_use" else "cancel")

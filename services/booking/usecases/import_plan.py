"""What is to be done about each row of an import, and about what was imported before. `usecases.imports` does it.

A row is what its event is now; what its event has no more is given up. Absence and restriction are told apart: of what
a file does not tell, nothing is given up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.errors import DomainError
from kernel.ids import new_id
from services.booking.model import imports as model
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.import_refusals import (
    IsOver,
    NeverImported,
    NotDecidedYet,
    NoTenant,
    Superseded,
    TwiceInFile,
    UnmappedPlace,
    UnregisteredTenant,
)
from services.booking.model.import_revisions import Revision, Revisions, is_superseded, newly_known
from services.booking.model.imports import File, ImportRequest, Known, Outcome, Result, Row
from services.booking.model.opening import AHEAD, DAY, instant
from services.booking.model.refusals import NotLive
from services.booking.model.rules import Bookable
from services.booking.model.series import Clash, Series
from services.booking.model.waiting import Left


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be done about each row, by its number, and with which bookings: `before` and `after`."""

    results: list[Result]
    before: dict[int, Booking] = field(default_factory=dict)
    after: dict[int, Booking] = field(default_factory=dict)
    said: dict[int, Known] = field(default_factory=dict)
    series: dict[tuple[str, UUID], UUID] = field(default_factory=dict)
    """New series, by the event's uid and who rents."""
    revisions: Mapping[tuple[str, str], Revision] = field(default_factory=dict)
    """Which versions were read, where they are news."""
    left: list[Left] = field(default_factory=list)
    """What others wait for, of what is cancelled or moved."""

    def of(self, outcome: Outcome) -> list[int]:
        return [number for number, each in enumerate(self.results) if each.outcome == outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is there already: spaces, organisations, and what was imported before, with the bookings that may change."""

    wanted: ImportRequest
    places: Mapping[str, Bookable]
    reckoned: Mapping[str, date]
    """The last day whose hours are known, by arena."""
    tenants: Mapping[str, Actor]
    tenant: Actor | None
    imported: Mapping[tuple[str, str], Known]
    revisions: Revisions
    """Of the events and dates of the file, as far as they were read before."""
    bookings: Mapping[UUID, Booking]
    series: Mapping[UUID, Series]
    own: Collection[UUID]
    """The tenants for whom whoever imports may act: nobody books for themself past the rules."""

    def series_of(self, uid: str, tenant: UUID) -> UUID | None:
        """The series that dates of an event are in already."""
        earlier = (self.bookings[each.booking] for each in self.imported.values() if each.uid == uid)
        return next((each.series for each in earlier if each.series and each.tenant.id == tenant), None)

    def has_dates_of(self, row: Row) -> bool:
        """Whether a row ends an event, dates of which were imported before."""
        ends = (row.void or row.cancelled) and not row.recurrence and row.key not in self.imported
        return bool(ends) and any(each.uid == row.uid for each in self.imported.values())

    def before(self, row: Row) -> tuple[Known | None, Booking | None]:
        """What the row was, if it was imported before."""
        earlier = self.imported.get(row.key)
        return earlier, self.bookings[earlier.booking] if earlier else None

    def is_decided(self, asked: BookingRequest, now: datetime) -> bool:
        """Whether it is known if a space is open then."""
        place = self.places.get(asked.space)
        last = self.reckoned.get(place.arena, date.min) if place else (now + AHEAD).date()
        return asked.ends_at <= min(now + AHEAD, instant(last, DAY))

    def is_superseded(self, file: File, key: tuple[str, str]) -> bool:
        """Return True if what a file says of a date is older than what was read before."""
        earlier = self.imported.get(key)
        return is_superseded(key, file.revisions, self.revisions, stands=earlier is not None and not earlier.cancelled)

    def is_moved(self, row: Row, earlier: Known, booking: Booking) -> bool:
        """Return True if a row of what has passed says another time than when it was imported: where the time was not
        remembered, if it says anything else. It need not say who rents."""
        try:
            tenant = self.tenant_of(row).id
        except (NoTenant, UnregisteredTenant):
            tenant = booking.tenant.id
        if model.digest(self.wanted.wanted(row, tenant)) == earlier.digest:
            return False
        return earlier.begins_at is None or earlier.begins_at != row.begins_at

    def tenant_of(self, row: Row) -> Actor:
        found = self.tenant if row.organisation is None else self.tenants.get(row.organisation)
        if found is None:
            raise NoTenant if row.organisation is None and self.wanted.tenant is None else UnregisteredTenant
        return found


def planned(tx: Transaction, who: Caller, known: Standing, file: File) -> Plan:
    plan = Plan(results=[], revisions=newly_known(file.revisions, known.revisions))
    seen: set[tuple[str, str]] = set()
    whole = []
    for row in file.rows:
        if known.has_dates_of(row):
            whole.append(row)
            continue
        number = len(plan.results)
        try:
            _demand_sound(row, seen, tx.now)
            if known.is_superseded(file, row.key):
                plan.results.append(_skipped(row, known.wanted.space(row), Superseded()))
            elif row.key in seen:  # what is over may be there twice
                plan.results.append(_skipped(row, known.wanted.space(row), IsOver()))
            else:
                plan.results.append(_considered(tx, who, known, row, plan, number))
        except DomainError as error:
            plan.results.append(
                Result(row=row, outcome="refused", space=known.wanted.space(row), reason=Clash.of(error))
            )
        seen.add(row.key)
    _follow_into_the_past(tx, known, file, plan)
    _cancel_vanished(tx, known, file, seen, plan)
    _tell_of_whole(known, file, whole, plan)
    return plan


def _demand_sound(row: Row, seen: Collection[tuple[str, str]], now: datetime) -> None:
    """Raises what is wrong with a row by itself; nothing, of what is over."""
    if row.is_over(now):
        return
    if row.fault is not None:
        raise row.fault
    if row.key in seen:
        raise TwiceInFile


def _considered(tx: Transaction, who: Caller, known: Standing, row: Row, plan: Plan, number: int) -> Result:
    """What is to become of a row. Raises why it is refused."""
    earlier, booking = known.before(row)
    if row.cancelled or row.void:
        return _given_up(tx, row, earlier, booking, plan, number, space=known.wanted.space(row))
    if row.is_over(tx.now):
        return _passed(tx, known, row, plan, number)
    tenant = known.tenant_of(row)
    asked = known.wanted.wanted(row, tenant.id)
    said = Known(
        uid=row.uid,
        recurrence=row.recurrence,
        booking=new_id(),
        digest=model.digest(asked),
        begins_at=asked.begins_at,
    )
    if earlier is not None and earlier.digest == said.digest:
        return _unchanged(row, earlier, plan, number, space=asked.space)
    current = None if earlier is not None and earlier.cancelled else booking
    if current is not None and (why := _left_alone(asked, current, tx.now)):
        return _skipped(row, asked.space, why)
    if not known.is_decided(asked, tx.now):
        void = replace(row, void=NotDecidedYet())
        return _given_up(tx, void, earlier, booking, plan, number, space=asked.space)
    left = model.left_of(asked, tx.now)
    after = _after(tx, who, known, left, tenant, current, said.booking)
    if current is not None:
        plan.before[number] = current
    elif row.recurring is not None:
        after = replace(after, series=_series(known, plan, row.uid, tenant.id))
    plan.after[number] = after
    plan.said[number] = replace(said, booking=after.id)
    booked = replace(row, begins_at=left.begins_at)
    return Result(row=booked, outcome="moved" if current else "added", space=asked.space, booking=after.id)


def _left_alone(asked: BookingRequest, current: Booking, now: datetime) -> DomainError | None:
    """Why a booking stays as it is whatever the file says: it was given up here, or goes on as it began."""
    if not current.live:
        return NotLive()
    return IsOver() if asked.begins_at < now and not _is_to_come(current, now) else None


def _unchanged(row: Row, earlier: Known, plan: Plan, number: int, *, space: str) -> Result:
    """What says the same as before; when it begins by the file is remembered if it was not yet."""
    if earlier.begins_at is None:
        plan.said[number] = replace(earlier, begins_at=row.begins_at)
    return Result(row=row, outcome="unchanged", space=space, booking=earlier.booking)


def _series(known: Standing, plan: Plan, uid: str, tenant: UUID) -> UUID:
    """The series of an event that recurs: one that was imported before, or a new one."""
    there = known.series_of(uid, tenant)
    if there is not None and there in known.series:
        return there
    return plan.series.setdefault((uid, tenant), new_id())


def _passed(tx: Transaction, known: Standing, row: Row, plan: Plan, number: int) -> Result:
    """What is to become of a row whose time has passed: if the file has moved it there, what was booked is given up."""
    earlier, booking = known.before(row)
    space = known.wanted.space(row)
    if earlier is None or booking is None or not _is_to_come(booking, tx.now):
        return _skipped(row, space, IsOver())
    if row.fault is not None:
        raise row.fault
    if not known.is_moved(row, earlier, booking):
        return _unchanged(row, earlier, plan, number, space=space)
    return _given_up(tx, replace(row, void=IsOver()), earlier, booking, plan, number, space=space)


def _is_to_come(booking: Booking, now: datetime) -> bool:
    return booking.changeable(now=now) and booking.begins_at >= now


def _after(
    tx: Transaction,
    who: Caller,
    known: Standing,
    asked: BookingRequest,
    tenant: Actor,
    booking: Booking | None,
    id: UUID,
) -> Booking:
    """The booking as the file has it. Raises why it can't be so."""
    if tenant.id in known.own:
        raise OwnInterest
    place = known.places.get(asked.space)
    if place is None:
        raise UnmappedPlace
    if booking is not None:
        return model.moved(booking, place, asked, now=tx.now)
    model.check(place, asked)
    return model.confirmed(asked, place, tenant=tenant, booked_by=who.person, id=id, now=tx.now)


def _given_up(
    tx: Transaction, row: Row, earlier: Known | None, booking: Booking | None, plan: Plan, number: int, *, space: str
) -> Result:
    if earlier is None or booking is None:
        return _skipped(row, space, row.void or NeverImported())
    reason = Clash.of(row.void) if row.void else None
    if earlier.cancelled:
        return Result(row=row, outcome="unchanged", space=space, booking=booking.id, reason=reason)
    if not booking.changeable(now=tx.now):
        return _skipped(row, space, NotLive())
    plan.before[number] = booking
    plan.after[number] = booking.cancelled(now=tx.now, by="house")
    plan.said[number] = replace(earlier, digest=b"")
    return Result(row=row, outcome="cancelled", space=space, booking=booking.id, reason=reason)


def _skipped(row: Row, space: str, why: DomainError) -> Result:
    return Result(row=row, outcome="skipped", space=space, reason=Clash.of(why))


def _follow_into_the_past(tx: Transaction, known: Standing, file: File, plan: Plan) -> None:
    """Dates that have passed by the file, and are to come here: those that it has moved, or says are none."""
    for key in sorted(file.over.keys() & known.imported.keys()):
        row, earlier = file.over[key], known.imported[key]
        booking = known.bookings[earlier.booking]
        ends = row.cancelled or row.void or known.is_moved(row, earlier, booking)
        if ends and _is_to_come(booking, tx.now):
            space = known.wanted.space(row)
            if known.is_superseded(file, key):
                plan.results.append(_skipped(row, space, Superseded()))
                continue
            void = row.void or (None if row.cancelled else IsOver())
            number = len(plan.results)
            plan.results.append(_given_up(tx, replace(row, void=void), earlier, booking, plan, number, space=space))


def _cancel_vanished(
    tx: Transaction, known: Standing, file: File, seen: Collection[tuple[str, str]], plan: Plan
) -> None:
    """Dates that were imported, and that their events do not have any more."""
    lines = {row.uid: row.line for row in reversed(file.rows)}
    void = {row.uid: row.void for row in file.rows if not row.recurrence}
    for key, earlier in sorted(known.imported.items()):
        booking = known.bookings[earlier.booking]
        if not file.tells(key) or key in seen or key in file.over or not booking.changeable(now=tx.now):
            continue
        row = Row(
            line=lines.get(earlier.uid, 1),
            uid=earlier.uid,
            recurrence=earlier.recurrence,
            begins_at=booking.begins_at,
            ends_at=booking.ends_at,
            cancelled=True,
            void=void.get(earlier.uid),
        )
        if known.is_superseded(file, key):
            plan.results.append(_skipped(row, booking.space, Superseded()))
            continue
        number = len(plan.results)
        plan.results.append(_given_up(tx, row, earlier, booking, plan, number, space=booking.space))


def _tell_of_whole(known: Standing, file: File, rows: Collection[Row], plan: Plan) -> None:
    """Events that ended, of which no date was left to cancel: the dates themselves tell of the others."""
    told = {each.row.uid for each in plan.results}
    for row in rows:
        space = known.wanted.space(row)
        if row.uid not in told:
            void = Superseded() if known.is_superseded(file, row.key) else row.void
            plan.results.append(
                _skipped(row, space, void) if void else Result(row=row, outcome="unchanged", space=space)
            )

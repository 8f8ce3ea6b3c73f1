"""Where a confirmed booking was before its tenant moved it, kept until its new price is known: where it has none it is
put back. What a booking has from its space is set here, too."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.booking.events import BookingState, GivenUpBy
from services.booking.model.rules import Bookable, InThePast
from services.booking.model.shrinking import takes_no_more


class Placed(Protocol):
    """What a booking is asked for with, or has, at its time."""

    @property
    def begins_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def participants(self) -> int: ...
    @property
    def noise(self) -> str: ...
    @property
    def equipment(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedFrom:
    """The place of a booking, on the terms it was booked on."""

    space: str
    arena: str
    square: str
    premises: str
    begins_at: datetime
    ends_at: datetime
    participants: int
    noise: str
    equipment: Mapping[str, int]
    shared: bool
    setup_minutes: int
    clearing_minutes: int
    needs_approval: bool
    needs_payment: bool
    release_at: datetime | None
    moved_by_house: bool

    @classmethod
    def of(cls, booking: Any) -> "MovedFrom":
        """Where a booking is."""
        return cls(**{each.name: getattr(booking, each.name) for each in fields(cls)})

    def back(self, now: datetime, version: int) -> dict[str, Any]:
        """What changes of a booking that is put back. Rules that came later do not bind it."""
        if self.begins_at < now:
            raise InThePast
        place = {each.name: getattr(self, each.name) for each in fields(self)}
        return place | {"moved_from": None, "price_outdated": True, "timed_version": version, "key": None}


def awaiting_price(before: Any, by: GivenUpBy, place: Bookable | None, now: datetime) -> dict[str, Any]:
    """What changes of a booking that is moved, until its new price is known. `place` is where its tenant moves it, if
    it takes more than before: where nothing more is decided, its price confirms it. Where it was confirmed first is
    kept if its tenant moves it; what the house moves stays where it is. So is what is left of the time to pay."""
    was = before.moved_from or (MovedFrom.of(before) if before.state == "confirmed" else None)
    changes: dict[str, Any] = {"price_outdated": before.state != "held", "moved_from": was if by == "tenant" else None}
    if before.state == "awaiting_payment":
        changes["payment_left"] = before.hold_expires_at - now
    if place is not None:
        changes["offered_before"] = None  # nobody has offered it there: it is held as any other
    if place is not None and asks_no_more(before.state, place):
        changes |= {"state": "held", "confirm": "when_priced", "price_outdated": False}
    return changes


def asks_no_more(state: BookingState, place: Bookable) -> bool:
    """Return True if a booking waits for what the space it is moved to does not ask for. Its tenant has taken it, so
    its new price confirms it, or asks for payment first."""
    paid_there = state == "awaiting_payment" and not place.rules.prepay
    return not place.rules.approval and (state == "awaiting_approval" or paid_there)


def lets_go(before: Any, after: Any) -> bool:
    """Return True if a booking was moved or made smaller that nobody had confirmed, so that its tenant has let go what
    it had. What the house moves is not let go."""
    moved = after.timed_version > before.timed_version and not after.moved_by_house
    return moved and before.live and before.confirmed_at is None and not takes_no_more(after, before)


def pays_first(booking: Any, total: int) -> bool:
    """Return True if a confirmed booking must be paid before it stands where its tenant moved it: payment comes first
    there, and it costs more than was paid for where it was."""
    before = booking.moved_from
    if booking.state != "confirmed" or before is None or not booking.needs_payment:
        return False
    paid = booking.price.total if before.needs_payment and booking.price is not None else 0
    return bool(total > paid)


def placed(place: Bookable, wanted: Placed) -> dict[str, Any]:
    """What a booking has from the space and the time it is of."""
    release = place.rules.release_minutes
    return {
        "space": place.space,
        "arena": place.arena,
        "square": place.square,
        "premises": place.premises,
        "begins_at": wanted.begins_at,
        "ends_at": wanted.ends_at,
        "participants": wanted.participants,
        "noise": wanted.noise,
        "equipment": wanted.equipment,
        "shared": place.shared,
        "setup_minutes": place.rules.setup_minutes,
        "clearing_minutes": place.rules.clearing_minutes,
        "needs_approval": place.rules.approval,
        "needs_payment": place.rules.prepay,
        "release_at": None if release is None else wanted.begins_at + timedelta(minutes=release),
    }

"""Series: bookings made by one recurrence rule, and what becomes of each of its dates.

    dates of the rule ──fits──► a booking, which lives as any other
                      └─clashes─► refused with all the others (all_or_nothing), skipped with its reason (skip, and
                                  alternatives that find none), or taken elsewhere (alternatives)
    skipped ──free, and offered or asked for──► a booking of the series

A series is one thing to its tenant: one version, one notice of each change, one line of history for it. Its bookings
follow the same rules as others, one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import BookingState, GivenUpBy, SeriesSnapshot, SeriesState
from services.booking.model.actors import Actor
from services.booking.model.bookings import Booking, BookingRequest, Confirm
from services.booking.model.opening import OSLO, instant
from services.booking.model.recurrence import Occurrence, Recurrence
from services.booking.model.refusals import EquipmentLent, NoRoom, SlotTaken, SpaceClosed
from services.booking.model.rules import Bookable, BookingRules

Policy = Literal["all_or_nothing", "skip", "alternatives"]
Scope = Literal["this", "following", "all"]


class SeriesClashes(DomainError):
    """Some dates can't be booked, and all or nothing was asked for; or none can. The preview tells which and why."""

    code = "series_clashes"
    status = 409
    text = Text(
        nb="{clashes} av {dates} datoer kan ikke bookes; den første er {first}: {why}",
        nn="{clashes} av {dates} datoar kan ikkje bookast; den fyrste er {first}: {why}",
        en="{clashes} of {dates} dates can't be booked; the first is {first}: {why}",
    )


class NotOfSeries(DomainError):
    """The booking is not one of the series."""

    code = "not_of_series"
    text = Text(
        nb="Bookingen hører ikke til den faste bookingen.",
        nn="Bookinga høyrer ikkje til den faste bookinga.",
        en="The booking is not one of the series.",
    )


class NothingToChange(DomainError):
    """No booking of the series that is meant can still be changed."""

    code = "nothing_to_change"
    status = 409
    text = Text(
        nb="Ingen av bookingene det gjelder, kan endres lenger.",
        nn="Ingen av bookingane det gjeld, kan endrast lenger.",
        en="None of the bookings that are meant can be changed any more.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesConsequence:
    """What giving bookings of a series up costs: how many they are, how many of them cost something, and the sum, in
    øre of `currency`."""

    bookings: int
    charged: int
    fee: int
    currency: str


class NotSkipped(DomainError):
    """The date is not one that the series was refused, or it has been booked since."""

    code = "not_skipped"
    status = 409
    text = Text(
        nb="Datoen er ikke blant dem som ble hoppet over.",
        nn="Datoen er ikkje blant dei som vart hoppa over.",
        en="The date is not among those that were skipped.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRequest:
    """What somebody asks for: `like` is the first date's request, and so of all the others but their times. Where a
    date can't be had and the policy is `alternatives`, it is looked for in `elsewhere`, or in like spaces nearby."""

    like: BookingRequest
    recurrence: Recurrence
    policy: Policy = "all_or_nothing"
    elsewhere: Sequence[str] = ()
    wait: bool = True
    """Whether to wait for dates that are skipped because others have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Why a date can't be booked: the error that a single booking would have got."""

    code: str
    text: Text

    @classmethod
    def of(cls, error: DomainError) -> "Clash":
        fields = {name: value for name, value in error.fields.items() if value is not None}
        filled = {language: error.text.in_language(language, **fields) for language in ("nb", "nn", "en")}
        return cls(code=error.code, text=Text(**filled))


TAKEN = {error.code: Clash.of(error()) for error in (SlotTaken, SpaceClosed, NoRoom, EquipmentLent)}
"""Clashes with others, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A date, why it can't be booked in the space asked for (None: it can), and where else it can."""

    occurrence: Occurrence
    clash: Clash | None = None
    alternatives: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of a series if it were booked now. `refusal` is why it would be refused whatever its dates:
    house rules that are not accepted, or a quota."""

    dates: Sequence[Considered]
    refusal: Clash | None = None

    @property
    def clashes(self) -> int:
        return sum(each.clash is not None for each in self.dates)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedDate:
    """A date that a series did not get, and why. `booking` is the one made for it since; `space` and `participants` are
    those it was moved to since, None: the series' own."""

    begins_at: datetime
    ends_at: datetime
    reason: str
    booking: UUID | None = None
    space: str | None = None
    participants: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the dates of a series stand: bookings by state, the spaces they are in, first and last of those that are live
    or over, and skipped dates that nobody has booked since."""

    by_state: Mapping[str, int]
    spaces: Sequence[str]
    first_at: datetime
    last_until: datetime
    skipped: int

    @property
    def live(self) -> int:
        return sum(
            self.by_state.get(state, 0)
            for state in ("held", "awaiting_approval", "awaiting_payment", "confirmed", "in_use")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Bookings made by one rule. `version` counts what was done to the series as one; what happens to one of its
    bookings counts in that booking's."""

    id: UUID
    version: int
    state: SeriesState
    space: str
    arena: str
    square: str
    tenant: Actor
    booked_by: UUID
    purpose: str
    audience: str
    participants: int
    title: str | None
    confirm: Confirm
    noise: str
    equipment: Mapping[str, int]
    policy: Policy
    starts: datetime
    minutes: int
    rule: str | None
    dates: Sequence[datetime]
    excepted: Sequence[datetime]
    created_at: datetime
    changed_at: datetime

    def request(self, date: Occurrence, space: str | None = None) -> BookingRequest:
        """What is asked for at one of its dates."""
        return BookingRequest(
            space=space or self.space,
            begins_at=date.begins_at,
            ends_at=date.ends_at,
            purpose=self.purpose,
            audience=self.audience,
            participants=self.participants,
            tenant=self.tenant.id,
            title=self.title,
            confirm=self.confirm,
            noise=self.noise,
            equipment=self.equipment,
        )

    def changed(self, now: datetime, **changes: Any) -> "Series":
        """One version up."""
        return replace(self, version=self.version + 1, changed_at=now, **changes)

    def snapshot(self, figures: Figures) -> Mapping[str, Any]:
        """What its events say of it."""
        return {
            "series": self.id,
            "state": self.state,
            "space": self.space,
            "spaces": list(figures.spaces),
            "arena": self.arena,
            "square": self.square,
            "tenant": self.tenant.as_tenant(),
            "booked_by": str(self.booked_by),
            "purpose": self.purpose,
            "audience": self.audience,
            "title": self.title,
            "rule": self.rule,
            "first_at": figures.first_at,
            "last_until": figures.last_until,
            "live": figures.live,
            "skipped": figures.skipped,
            "booked_at": self.created_at,
        }

    def tells(self, kind: type[SeriesSnapshot], figures: Figures, **more: Any) -> SeriesSnapshot:
        """An event of it."""
        return kind(**self.snapshot(figures), **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateStanding:
    """How one date of a series stands: the booking it has and its price in øre, or why it was skipped."""

    begins_at: datetime
    ends_at: datetime
    booking: UUID | None = None
    space: str | None = None
    state: BookingState | None = None
    hold_expires_at: datetime | None = None
    price: int | None = None
    awaits_price: bool = False
    free_until: datetime | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A series and how its bookings stand."""

    series: Series
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How the bookings of a series are changed: another space, so many local days on, from another time on the wall,
    for another length, for more or fewer. What is None stays."""

    space: str | None = None
    days: int = 0
    at: int | None = None
    minutes: int | None = None
    participants: int | None = None
    why: str | None = field(default=None, compare=False)

    def of(self, booking: Booking) -> BookingRequest:
        """What is asked for instead of a booking."""
        return replace(booking.request, **self._changes(booking))

    def of_skipped(self, date: SkippedDate) -> SkippedDate:
        """The date that is skipped instead of one that was."""
        return replace(date, **self._changes(date))

    def _changes(self, of: "_Timed") -> dict[str, Any]:
        begins_at = self._begins_at(of)
        length = of.ends_at - of.begins_at if self.minutes is None else timedelta(minutes=self.minutes)
        changes: dict[str, Any] = {"begins_at": begins_at, "ends_at": begins_at + length}
        if self.space is not None:
            changes["space"] = self.space
        if self.participants is not None:
            changes["participants"] = self.participants
        return changes

    def _begins_at(self, of: "_Timed") -> datetime:
        if not self.days and self.at is None:
            return of.begins_at
        began = of.begins_at.astimezone(OSLO)
        at = began.hour * 60 + began.minute if self.at is None else self.at
        return instant(began.date() + timedelta(days=self.days), at)


def meant(found: Sequence[Booking], scope: Scope, booking: UUID | None, *, now: datetime) -> list[Booking]:
    """Of a series' bookings those that a change is for: the one that is named, whatever its state; of those that come
    after it, or of all, the ones that can be changed. Raises NotOfSeries or NothingToChange."""
    in_order = sorted(found, key=lambda each: (each.begins_at, each.id))
    named = next((each for each in in_order if each.id == booking), None)
    if scope != "all" and named is None:
        raise NotOfSeries
    if scope == "this" and named is not None:
        return [named]
    since = named.begins_at if scope == "following" and named else None
    later = [each for each in in_order if (since is None or each.begins_at >= since) and each.changeable(now=now)]
    if not later:
        raise NothingToChange
    return later


def since(found: Sequence[Booking], scope: Scope, booking: UUID | None) -> datetime | None:
    """From when on a change of a series is for its skipped dates, too. None: for all of them."""
    return next((each.begins_at for each in found if each.id == booking), None) if scope == "following" else None


def consequence(given_up: Sequence[Booking], *, now: datetime, by: GivenUpBy) -> SeriesConsequence:
    """What cancelling these now would cost. Raises why one of them can't be cancelled."""
    costs = [each.consequence(now=now, by=by) for each in given_up]
    fees = [each.fee for each in costs if each.fee]
    return SeriesConsequence(bookings=len(costs), charged=len(fees), fee=sum(fees), currency=costs[0].currency)


def request_for(like: BookingRequest, date: Occurrence, space: str | None = None) -> BookingRequest:
    """The request for one of its dates."""
    return replace(like, begins_at=date.begins_at, ends_at=date.ends_at, space=space or like.space)


def refusal(place: Bookable, like: BookingRequest, date: Occurrence, *, now: datetime) -> Clash | None:
    """The first rule of a space that a date breaks."""
    try:
        near(place, date).check(like, date.begins_at, date.ends_at, now=now)
    except DomainError as error:
        return Clash.of(error)
    return None


class _Timed(Protocol):
    @property
    def begins_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


def near(place: Bookable, date: _Timed) -> Bookable:
    """The space with no more of its hours than matter to a date: a series has those of years."""
    hours = [each for each in place.open if each[0] < date.ends_at and each[1] > date.begins_at]
    return replace(place, open=hours)


def overlapping(dates: Sequence[Occurrence], rules: BookingRules) -> set[int]:
    """The numbers of the dates that their own series keeps out of its space: those that begin to take it before the one
    before gives it free."""
    found, free_from = set(), None
    for number, date in enumerate(dates):
        taken_from, taken_until = date.taken(rules)
        if free_from is not None and taken_from < free_from:
            found.add(number)
        else:
            free_from = taken_until
    return found

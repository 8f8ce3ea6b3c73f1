"""What a booking must keep to before it is one: the rules of a space, and the errors that name the rule broken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kernel.errors import DomainError, Text
from services.booking.model.house_rules import RuleVersion
from services.booking.model.opening import DAY, KINDS, OSLO, Kind, Span, covered, instant
from services.booking.model.sharing import NOISES

GRIDS = (5, 10, 15, 20, 30, 60)
"""Minutes between possible beginnings. Each divides the hour, so the grid is the same in UTC and on the wall."""
LONGEST = 14 * DAY


class EndsBeforeBegin(DomainError):
    """The booking ends when it begins, or before."""

    code = "ends_before_begin"
    text = Text(
        nb="Bookingen må slutte etter at den begynner.",
        nn="Bookinga må slutte etter at ho byrjar.",
        en="The booking must end after it begins.",
    )


class InThePast(DomainError):
    """The booking begins before now."""

    code = "in_the_past"
    text = Text(
        nb="Tidspunktet er allerede passert.",
        nn="Tidspunktet er alt passert.",
        en="That time has passed.",
    )


class OffGrid(DomainError):
    """Beginning or end is not a multiple of the space's grid."""

    code = "off_grid"
    text = Text(
        nb="Bookinger her begynner og slutter på hele {minutes} minutter.",
        nn="Bookingar her byrjar og sluttar på heile {minutes} minutt.",
        en="Bookings here begin and end on every {minutes} minutes.",
    )


class TooShort(DomainError):
    """Shorter than the space may be booked."""

    code = "too_short"
    text = Text(
        nb="Lokalet må bookes i minst {minutes} minutter.",
        nn="Lokalet må bookast i minst {minutes} minutt.",
        en="The space must be booked for at least {minutes} minutes.",
    )


class TooLong(DomainError):
    """Longer than the space may be booked."""

    code = "too_long"
    text = Text(
        nb="Lokalet kan bookes i høyst {minutes} minutter.",
        nn="Lokalet kan bookast i høgst {minutes} minutt.",
        en="The space can be booked for at most {minutes} minutes.",
    )


class TooShortNotice(DomainError):
    """Begins sooner than the space's notice allows."""

    code = "too_short_notice"
    text = Text(
        nb="Lokalet må bookes minst {minutes} minutter i forveien.",
        nn="Lokalet må bookast minst {minutes} minutt på førehand.",
        en="The space must be booked at least {minutes} minutes ahead.",
    )


class BeyondHorizon(DomainError):
    """Ends later than the space can be booked yet."""

    code = "beyond_horizon"
    text = Text(
        nb="Lokalet kan bookes høyst {days} dager fram.",
        nn="Lokalet kan bookast høgst {days} dagar fram.",
        en="The space can be booked at most {days} days ahead.",
    )


class OutsideOpeningHours(DomainError):
    """The arena is closed for some of the time."""

    code = "outside_opening_hours"
    text = Text(
        nb="Arenaen er stengt i hele eller deler av tida.",
        nn="Arenaen er stengd i heile eller delar av tida.",
        en="The arena is closed for all or some of that time.",
    )


class TooManyParticipants(DomainError):
    """More people than the space has room for."""

    code = "too_many_participants"
    text = Text(
        nb="Lokalet har plass til høyst {capacity}.",
        nn="Lokalet har plass til høgst {capacity}.",
        en="The space has room for at most {capacity}.",
    )


class PurposeNotPermitted(DomainError):
    """The space is not let for this purpose."""

    code = "purpose_not_permitted"
    text = Text(
        nb="Lokalet leies ikke ut til dette formålet.",
        nn="Lokalet blir ikkje leigd ut til dette føremålet.",
        en="The space is not let for this purpose.",
    )


class AudienceNotPermitted(DomainError):
    """The space is not let for this audience."""

    code = "audience_not_permitted"
    text = Text(
        nb="Lokalet leies ikke ut til denne målgruppa.",
        nn="Lokalet blir ikkje leigd ut til denne målgruppa.",
        en="The space is not let for this audience.",
    )


class TooLoud(DomainError):
    """Louder than the space allows."""

    code = "too_loud"
    text = Text(
        nb="Aktiviteten lager mer lyd enn lokalet tåler.",
        nn="Aktiviteten lagar meir lyd enn lokalet toler.",
        en="The activity is louder than the space allows.",
    )


class UnknownEquipment(DomainError):
    """The arena does not lend this."""

    code = "unknown_equipment"
    text = Text(
        nb="Arenaen låner ikke ut {equipment}.",
        nn="Arenaen låner ikkje ut {equipment}.",
        en="The arena does not lend {equipment}.",
    )


class InvalidRules(DomainError):
    """The rules of a space contradict themselves, so nothing could ever be booked."""

    code = "invalid_rules"
    text = Text(
        nb="Bookingreglene for {space} går ikke opp: korteste og lengste tid må passe med rutenettet og hverandre.",
        nn="Bookingreglane for {space} går ikkje opp: kortaste og lengste tid må passe med rutenettet og kvarandre.",
        en="The booking rules of {space} do not add up: shortest and longest must fit the grid and each other.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRules:
    """How a space may be booked.

    `notice_minutes` is how long before, `horizon_days` how many local days ahead. Set-up and clearing keep others out
    before and after. With `approval` an arena manager decides; with `prepay` it is paid first. A booking whose door is
    shut `release_minutes` after it began is released; None: never. No `purposes` or `audiences` means all.
    `open_kinds` are the kinds of opening hours in which it can be booked.
    """

    grid_minutes: int
    min_minutes: int
    max_minutes: int
    notice_minutes: int
    horizon_days: int
    setup_minutes: int = 0
    clearing_minutes: int = 0
    approval: bool = False
    prepay: bool = False
    release_minutes: int | None = None
    purposes: Sequence[str] = ()
    audiences: Sequence[str] = ()
    open_kinds: Sequence[Kind] = KINDS

    def consistent(self) -> bool:
        """Whether some booking can keep to them."""
        on_grid = self.min_minutes % self.grid_minutes == 0 and self.max_minutes % self.grid_minutes == 0
        return on_grid and self.grid_minutes in GRIDS and 0 < self.min_minutes <= self.max_minutes <= LONGEST

    def last_end(self, now: datetime) -> datetime:
        """The latest a booking may end: when the last local day within the horizon does."""
        return instant(now.astimezone(OSLO).date() + timedelta(days=self.horizon_days), DAY)

    def check(self, begins_at: datetime, ends_at: datetime, *, now: datetime) -> None:
        """Raises the error that names the first rule which the time breaks."""
        _refuse(self.broken(begins_at, ends_at, now=now))

    def broken(
        self, begins_at: datetime, ends_at: datetime, *, now: datetime, ahead: bool = True
    ) -> Iterator[DomainError]:
        """Every rule which the time breaks; without `ahead`, notice and horizon do not bind."""
        past = begins_at < now and begins_at < ends_at
        if past:
            yield InThePast()
        yield from self.broken_length(begins_at, ends_at)
        if not ahead:
            return
        if not past and begins_at < now + timedelta(minutes=self.notice_minutes):
            yield TooShortNotice(minutes=self.notice_minutes)
        if ends_at > self.last_end(now):
            yield BeyondHorizon(days=self.horizon_days)

    def broken_length(self, begins_at: datetime, ends_at: datetime) -> Iterator[DomainError]:
        """The same, whenever it is."""
        if ends_at <= begins_at:
            yield EndsBeforeBegin()
            return
        if not (self._on_grid(begins_at) and self._on_grid(ends_at)):
            yield OffGrid(minutes=self.grid_minutes)
        if ends_at - begins_at < timedelta(minutes=self.min_minutes):
            yield TooShort(minutes=self.min_minutes)
        if ends_at - begins_at > timedelta(minutes=self.max_minutes):
            yield TooLong(minutes=self.max_minutes)

    def _on_grid(self, at: datetime) -> bool:
        return at.minute % self.grid_minutes == 0 and at.second == at.microsecond == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookable:
    """A space as a booking meets it: where it is, what it holds, its rules and its arena's hours.

    `parts` is the number of smallest parts it is made of, all of which a booking takes.
    """

    space: str
    arena: str
    square: str
    premises: str
    capacity: int
    parts: int
    rules: BookingRules
    open: Sequence[Span]
    shared: bool = False
    noise: str = "loud"
    equipment: Mapping[str, int] = field(default_factory=dict)
    """What can be borrowed, when anything is asked for: pieces by id."""
    unaccepted: Sequence[RuleVersion] = ()
    """The house rules in force here that the one who books has not accepted."""
    quotas: Sequence[str] = ()
    """The quotas that may bind the tenant here."""
    awaited: bool = False
    """Whether somebody waits for some of it, around the time wanted."""
    overdue: bool = False
    """Whether there are bookings, here or elsewhere, whose deadline is over and that nobody has cleared away yet."""

    def check(
        self, wanted: "Use", begins_at: datetime, ends_at: datetime, *, now: datetime, ahead: bool = True
    ) -> None:
        """Raises the error that names the first rule broken; without `ahead`, notice and horizon do not bind."""
        _refuse(self.broken(wanted, begins_at, ends_at, now=now, ahead=ahead))

    def check_use(self, wanted: "Use") -> None:
        """The same, whenever it is: what it is for, how many, how loud, what is borrowed."""
        _refuse(self.misused(wanted))

    def check_smaller(self, had: "TimedUse", wanted: "TimedUse") -> None:
        """Raise the error of the first rule broken by what is wanted, and kept by what was had, which takes as much or
        more. So a rule that came later is no reason to keep what somebody would give back."""
        broken_before = {each.code for each in self.broken_whenever(had)}
        _refuse(each for each in self.broken_whenever(wanted) if each.code not in broken_before)

    def broken_whenever(self, booked: "TimedUse") -> Iterator[DomainError]:
        """Every rule broken but those of when it is: past, notice, horizon and opening hours."""
        yield from self.rules.broken_length(booked.begins_at, booked.ends_at)
        yield from self.misused(booked)

    def check_open(self, begins_at: datetime, ends_at: datetime) -> None:
        """Raises OutsideOpeningHours."""
        if not self._open(begins_at, ends_at):
            raise OutsideOpeningHours

    def broken(
        self, wanted: "Use", begins_at: datetime, ends_at: datetime, *, now: datetime, ahead: bool = True
    ) -> Iterator[DomainError]:
        """Every rule broken, in the order in which they are checked."""
        yield from self.rules.broken(begins_at, ends_at, now=now, ahead=ahead)
        yield from self.misused(wanted)
        if not self._open(begins_at, ends_at):
            yield OutsideOpeningHours()

    def misused(self, wanted: "Use") -> Iterator[DomainError]:
        """Every rule that is broken whenever it is."""
        if self.rules.purposes and wanted.purpose not in self.rules.purposes:
            yield PurposeNotPermitted()
        if self.rules.audiences and wanted.audience not in self.rules.audiences:
            yield AudienceNotPermitted()
        if wanted.participants > self.capacity:
            yield TooManyParticipants(capacity=self.capacity)
        if NOISES.index(wanted.noise) > NOISES.index(self.noise):
            yield TooLoud()
        for each in wanted.equipment:
            if each not in self.equipment:
                yield UnknownEquipment(equipment=each)

    def _open(self, begins_at: datetime, ends_at: datetime) -> bool:
        return covered(self.open, begins_at.astimezone(UTC), ends_at.astimezone(UTC))


def _refuse(errors: Iterator[DomainError]) -> None:
    for first in errors:
        raise first


class Use(Protocol):
    """What a booking makes of a space, as asked for or as booked."""

    @property
    def purpose(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def noise(self) -> str: ...
    @property
    def participants(self) -> int: ...
    @property
    def equipment(self) -> Mapping[str, int]: ...


class TimedUse(Use, Protocol):
    """The same, and when."""

    @property
    def begins_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...

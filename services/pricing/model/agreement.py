"""Maintenance agreements, and the hours volunteers register under them.

An agreement fixes what an hour is worth to its tenant, an organisation. Hours are registered by a participant, and
decided on once, by an arena manager who neither works under the agreement nor acts for its tenant.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.pricing.model.rent import whole

LEAST_MINUTES = 15
MOST_MINUTES_A_DAY = 720

HoursState = Literal["registered", "approved", "rejected"]


class AgreementWithPerson(DomainError):
    """An agreement is made with an organisation, never with a person: the effort is no pay."""

    code = "agreement_with_person"
    text = Text(
        nb="En dugnadsavtale inngås med en organisasjon, ikke med en person.",
        nn="Ein dugnadsavtale blir gjord med ein organisasjon, ikkje med ein person.",
        en="A maintenance agreement is made with an organisation, not with a person.",
    )


class AgreementEndsBeforeItBegins(DomainError):
    """`valid_until` is before `valid_from`."""

    code = "agreement_ends_before_it_begins"
    text = Text(
        nb="Avtalen slutter før den begynner.",
        nn="Avtalen sluttar før han byrjar.",
        en="The agreement ends before it begins.",
    )


class WorkedOutsideAgreement(DomainError):
    """The day is not within the agreement's time."""

    code = "worked_outside_agreement"
    text = Text(
        nb="Avtalen gjelder fra {valid_from} til {valid_until}.",
        nn="Avtalen gjeld frå {valid_from} til {valid_until}.",
        en="The agreement is valid from {valid_from} until {valid_until}.",
    )


class WorkedInFuture(DomainError):
    """Hours are registered when they have been worked."""

    code = "worked_in_future"
    text = Text(
        nb="Timer kan først registreres når de er utført.",
        nn="Timar kan først registrerast når dei er utførte.",
        en="Hours can be registered once they have been worked.",
    )


class TooFewMinutes(DomainError):
    """Less than the least that is registered."""

    code = "too_few_minutes"
    text = Text(
        nb="Registrer minst {least} minutter.",
        nn="Registrer minst {least} minutt.",
        en="Register at least {least} minutes.",
    )


class TooManyMinutes(DomainError):
    """More than one person can have worked on one day."""

    code = "too_many_minutes"
    text = Text(
        nb="Du kan registrere høyst {most} minutter for én dag; {left} er igjen.",
        nn="Du kan registrere høgst {most} minutt for éin dag; {left} er att.",
        en="You can register at most {most} minutes for one day; {left} are left.",
    )


class OwnHours(DomainError):
    """Nobody decides on hours they registered themself, or that are under an agreement they take part in."""

    code = "own_hours"
    status = 403
    text = Text(
        nb="Du kan ikke avgjøre dine egne timer, eller timer under en avtale du deltar i.",
        nn="Du kan ikkje avgjere dine eigne timar, eller timar under ein avtale du deltek i.",
        en="You may not decide on your own hours, or on hours under an agreement you take part in.",
    )


class MoreThanLeft(DomainError):
    """The hours are worth more than what is left of the agreement: `left`, in øre."""

    code = "more_than_left"
    status = 409
    text = Text(
        nb="Timene er verd mer enn det som er igjen av avtalen: {left_kroner} kr. De kan godkjennes for så mye.",
        nn="Timane er verde meir enn det som er att av avtalen: {left_kroner} kr. Dei kan godkjennast for så mykje.",
        en="The hours are worth more than what is left of the agreement: {left_kroner} kr. That can be approved.",
    )


class MoreThanWorth(DomainError):
    """Hours are approved for no more than they are worth: `worth`, in øre."""

    code = "more_than_worth"
    text = Text(
        nb="Timene er ikke verd mer enn {worth_kroner} kr.",
        nn="Timane er ikkje verde meir enn {worth_kroner} kr.",
        en="The hours are worth no more than {worth_kroner} kr.",
    )


class HourValueTooHigh(DomainError):
    """An hour is worth at most `most` øre (TORG_MOST_HOUR_VALUE)."""

    code = "hour_value_too_high"
    text = Text(
        nb="En time kan høyst være verd {most_kroner} kr.",
        nn="Ein time kan høgst vere verd {most_kroner} kr.",
        en="An hour may be worth {most_kroner} kr at most.",
    )


class AmountTooHigh(DomainError):
    """At most `most` øre are granted under an agreement (TORG_MOST_AGREEMENT_AMOUNT)."""

    code = "agreement_amount_too_high"
    text = Text(
        nb="En avtale kan høyst gi {most_kroner} kr.",
        nn="Ein avtale kan høgst gje {most_kroner} kr.",
        en="An agreement may give {most_kroner} kr at most.",
    )


class ArenaNotOfSquare(DomainError):
    """An agreement names arenas of its square, and no others."""

    code = "arena_not_of_square"
    text = Text(
        nb="Arenaen {arena} hører ikke til torget.",
        nn="Arenaen {arena} høyrer ikkje til torget.",
        en="The arena {arena} does not belong to the square.",
    )


class HoursDecided(DomainError):
    """Hours are decided on once."""

    code = "hours_decided"
    status = 409
    text = Text(
        nb="Timene er allerede avgjort.", nn="Timane er alt avgjorde.", en="These hours have already been decided on."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """What one volunteer worked on one local day. `amount` is what its approval was worth to the tenant, in øre."""

    id: UUID
    agreement: UUID
    registered_by: UUID
    worked_on: date
    minutes: int
    task: str
    registered_at: datetime
    state: HoursState = "registered"
    version: int = 1
    amount: int | None = None
    reason: str | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None

    def approved(self, worth: int, by: UUID, at: datetime) -> "Hours":
        """Approved by a manager: worth this much to the tenant."""
        return replace(self._decided(by, at), state="approved", amount=worth)

    def rejected(self, reason: str, by: UUID, at: datetime) -> "Hours":
        """Not approved, and why. Of somebody who was erased, and whose own words are gone, no reason is kept."""
        return replace(self._decided(by, at), state="rejected", reason=reason if self.task else None)

    def _decided(self, by: UUID, at: datetime) -> "Hours":
        if by == self.registered_by:
            raise OwnHours
        if self.state != "registered":
            raise HoursDecided
        return replace(self, version=self.version + 1, decided_by=by, decided_at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What a tenant's volunteers may do for some arenas of a square, and what an hour of it is worth, in øre. What it
    grants counts in those arenas.

    Valid on its first and its last day. All that is granted under it is never above `max_amount`.
    """

    id: UUID
    tenant: UUID
    square: str
    arenas: tuple[str, ...]
    title: str
    task: Text
    hour_value: int
    max_amount: int | None
    currency: str
    valid_from: date
    valid_until: date
    participants: frozenset[UUID]
    created_at: datetime
    version: int = 1
    made_by: UUID | None = None

    def __post_init__(self) -> None:
        if is_person(self.tenant):
            raise AgreementWithPerson
        if self.valid_until < self.valid_from:
            raise AgreementEndsBeforeItBegins

    def register(self, hours: Hours, *, today: date, before: int) -> Hours:
        """Takes hours that a participant worked; `before` is the minutes the same one has registered for that day,
        under whichever agreement."""
        if not self.valid_from <= hours.worked_on <= self.valid_until:
            raise WorkedOutsideAgreement(valid_from=self.valid_from, valid_until=self.valid_until)
        if hours.worked_on > today:
            raise WorkedInFuture
        if hours.minutes < LEAST_MINUTES:
            raise TooFewMinutes(least=LEAST_MINUTES)
        if before + hours.minutes > MOST_MINUTES_A_DAY:
            raise TooManyMinutes(most=MOST_MINUTES_A_DAY, left=max(MOST_MINUTES_A_DAY - before, 0))
        return hours

    def demand_within(self, *, most_hour_value: int, most_amount: int) -> None:
        """Raises HourValueTooHigh or AmountTooHigh for one that gives more than the municipality allows."""
        if self.hour_value > most_hour_value:
            raise HourValueTooHigh(most=most_hour_value, most_kroner=_kroner(most_hour_value))
        if self.max_amount is None or self.max_amount > most_amount:
            raise AmountTooHigh(most=most_amount, most_kroner=_kroner(most_amount))

    def left(self, granted: int) -> int | None:
        """What may still be granted, when so much was before; None where there is no limit."""
        return None if self.max_amount is None else max(self.max_amount - granted, 0)

    def worth(self, minutes: int, *, granted: int, amount: int | None = None) -> int:
        """What approving these minutes gives, when so much was granted before: their value, or the `amount` that
        whoever approves says. Raises MoreThanWorth or MoreThanLeft: nothing is cut."""
        value = whole(Decimal(minutes * self.hour_value) / 60)
        given = value if amount is None else amount
        if given > value:
            raise MoreThanWorth(worth=value, worth_kroner=_kroner(value))
        left = self.left(granted)
        if left is not None and given > left:
            raise MoreThanLeft(left=left, left_kroner=_kroner(left))
        return given


def _kroner(amount: int) -> str:
    """Øre as people read them: "120", "120,50"."""
    return f"{amount // 100}" if amount % 100 == 0 else f"{amount // 100},{amount % 100:02}"


def is_person(actor: UUID) -> bool:
    """Whether an actor is a person by themself: such an id is derived from the sign-in (UUIDv5), no other is."""
    return actor.version == 5

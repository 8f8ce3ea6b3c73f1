"""Maintenance agreements, and the hours volunteers register under them.

An agreement fixes what an hour is worth to its tenant, an organisation. Hours are registered by a participant, and
decided on once, by an arena manager who did not work them.
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
    """Nobody decides on hours they registered themself."""

    code = "own_hours"
    status = 403
    text = Text(
        nb="Du kan ikke avgjøre dine egne timer.",
        nn="Du kan ikkje avgjere dine eigne timar.",
        en="You may not decide on your own hours.",
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
        """Not approved, and why."""
        return replace(self._decided(by, at), state="rejected", reason=reason)

    def _decided(self, by: UUID, at: datetime) -> "Hours":
        if by == self.registered_by:
            raise OwnHours
        if self.state != "registered":
            raise HoursDecided
        return replace(self, version=self.version + 1, decided_by=by, decided_at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What a tenant's volunteers may do for an arena, and what an hour of it is worth, in øre.

    Valid on its first and its last day. All that is granted under it is never above `max_amount`.
    """

    id: UUID
    tenant: UUID
    square: str
    arena: str
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

    def __post_init__(self) -> None:
        if is_person(self.tenant):
            raise AgreementWithPerson
        if self.valid_until < self.valid_from:
            raise AgreementEndsBeforeItBegins

    def register(self, hours: Hours, *, today: date, before: int) -> Hours:
        """Takes hours that a participant worked; `before` is the minutes the same one has registered for that day."""
        if not self.valid_from <= hours.worked_on <= self.valid_until:
            raise WorkedOutsideAgreement(valid_from=self.valid_from, valid_until=self.valid_until)
        if hours.worked_on > today:
            raise WorkedInFuture
        if hours.minutes < LEAST_MINUTES:
            raise TooFewMinutes(least=LEAST_MINUTES)
        if before + hours.minutes > MOST_MINUTES_A_DAY:
            raise TooManyMinutes(most=MOST_MINUTES_A_DAY, left=max(MOST_MINUTES_A_DAY - before, 0))
        return hours

    def worth(self, minutes: int, *, granted: int) -> int:
        """What approving these minutes gives, when so much was granted before: their value, within what is left."""
        value = whole(Decimal(minutes * self.hour_value) / 60)
        return value if self.max_amount is None else max(min(value, self.max_amount - granted), 0)


def is_person(actor: UUID) -> bool:
    """Whether an actor is a person by themself: such an id is derived from the sign-in (UUIDv5), no other is."""
    return actor.version == 5

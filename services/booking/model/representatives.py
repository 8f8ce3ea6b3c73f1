"""Who may act for an organisation: as owner or booker, to a last day or without end.

A right holds through its last local day, and is gone the day after without anybody doing anything. An organisation
that has an owner without end keeps one: no owner can end the last, be it themself. The municipality can.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import RepresentationChanged, RepresentativeRole
from services.booking.model.opening import OSLO

ROLES: tuple[RepresentativeRole, ...] = ("owner", "booker")


class LastOwner(DomainError):
    """Somebody must be left who may say who acts for the organisation."""

    code = "last_owner"
    status = 409
    text = Text(
        nb="Organisasjonen må ha minst én eier uten sluttdato. La noen andre bli det først.",
        nn="Organisasjonen må ha minst éin eigar utan sluttdato. La nokon andre bli det først.",
        en="The organisation must have at least one owner without an end date. Let somebody else be that first.",
    )


class UntilInThePast(DomainError):
    """A right can't be given for days that are over."""

    code = "until_in_the_past"
    text = Text(
        nb="Sluttdatoen er passert.",
        nn="Sluttdatoen er passert.",
        en="The last day is over already.",
    )


class AlreadyRepresentative(DomainError):
    """The person has a right to act for the organisation, which an invitation does not change."""

    code = "already_representative"
    status = 409
    text = Text(
        nb="Du kan opptre for denne organisasjonen fra før.",
        nn="Du kan opptre for denne organisasjonen frå før.",
        en="You may act for this organisation already.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a person acts for an organisation. `known_as` is what its owners call them."""

    role: RepresentativeRole
    until: date | None = None
    known_as: str | None = None

    def check(self, now: datetime) -> None:
        """Raises UntilInThePast when they end before they begin."""
        if self.until is not None and self.until < local_date(now):
            raise UntilInThePast


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """A person's right to act for an organisation, as it stands; without `terms` it was taken away, or never given.

    `version` goes on counting through all of that, so that whoever hears of it can tell new from old.
    """

    actor: UUID
    person: UUID
    version: int = 0
    terms: Terms | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether the person may act for the organisation."""
        return self.terms is not None and (self.terms.until is None or local_date(now) <= self.terms.until)

    def owns(self, now: datetime) -> bool:
        """Whether the person may say who else acts for it."""
        return self.in_force(now) and self.terms is not None and self.terms.role == "owner"

    @property
    def endless_owner(self) -> bool:
        """Whether the organisation can do without any other owner."""
        return self.terms is not None and self.terms.role == "owner" and self.terms.until is None

    def given(self, terms: Terms, *, now: datetime) -> "Representative":
        """With a right on these terms, whatever it was before. The same terms change nothing."""
        if terms == self.terms:
            return self
        terms.check(now)
        return replace(self, version=self.version + 1, terms=terms)

    def ended(self) -> "Representative":
        """Without any right."""
        return self if self.terms is None else replace(self, version=self.version + 1, terms=None)

    def happened(self) -> RepresentationChanged:
        """The event that tells how it stands."""
        return RepresentationChanged(
            actor=self.actor,
            person=str(self.person),
            role=self.terms.role if self.terms else None,
            until=self.terms.until.isoformat() if self.terms and self.terms.until else None,
        )


def keep_an_owner(before: Representative, after: Representative, everyone: Iterable[Representative]) -> None:
    """Raises LastOwner when the step leaves the organisation without an owner whose right has no end."""
    others = (each for each in everyone if each.person != before.person)
    if before.endless_owner and not after.endless_owner and not any(each.endless_owner for each in others):
        raise LastOwner


def local_date(now: datetime) -> date:
    """The day it is in Norway."""
    return now.astimezone(OSLO).date()

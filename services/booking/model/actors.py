"""Who books: persons by themselves, and the organisations they may act for.

What a person tells of an organisation decides nothing. What it counts as, and so what it pays, is decided by the
registers (`model.registers`) or by somebody of the municipality; until then it counts as a business, which is dearest.
What a person of the municipality has decided, no register changes.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import ActorVerified, Tenant, TenantKind, VerifiedBy

ORGANISATION_KINDS: tuple[TenantKind, ...] = ("voluntary", "business", "municipal")
UNVERIFIED: TenantKind = "business"
"""What an organisation counts as before anybody has verified what it is."""


class InvalidOrganisationNumber(DomainError):
    """Not nine digits, or the last of them is not the check digit of the others."""

    code = "invalid_organisation_number"
    text = Text(
        nb="Organisasjonsnummeret er ikke gyldig: kontrollsifferet stemmer ikke, eller det har ikke ni sifre.",
        nn="Organisasjonsnummeret er ikkje gyldig: kontrollsifferet stemmer ikkje, eller det har ikkje ni siffer.",
        en="The organisation number is not valid: its check digit is wrong, or it does not have nine digits.",
    )


class OrganisationKnown(DomainError):
    """Another actor has this organisation number."""

    code = "organisation_known"
    status = 409
    text = Text(
        nb="En aktør med dette organisasjonsnummeret finnes fra før.",
        nn="Ein aktør med dette organisasjonsnummeret finst frå før.",
        en="There is an actor with this organisation number already.",
    )


class NotRepresentative(DomainError):
    """The caller may not act for the actor asked for; whether that actor is there is not told."""

    code = "not_representative"
    status = 403
    text = Text(
        nb="Du kan ikke opptre på vegne av denne aktøren.",
        nn="Du kan ikkje opptre på vegner av denne aktøren.",
        en="You may not act on behalf of this actor.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who can rent. A resident is a person by themself, and has neither name nor number here."""

    id: UUID
    kind: TenantKind
    name: str | None = None
    organisation_number: str | None = None
    unverified: bool = field(default=False, compare=False)
    """Whether nobody has verified the organisation. Known where somebody books for it."""

    def as_tenant(self) -> Tenant:
        """The actor as events speak of it: without its name."""
        return Tenant(id=self.id, kind=self.kind, organisation_number=self.organisation_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an organisation is, who says so and when. `person` is who decided for the municipality, and `reason` theirs
    to give."""

    kind: TenantKind
    by: VerifiedBy
    at: datetime
    person: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation as it stands. `version` counts the decisions on what it is."""

    id: UUID
    version: int
    name: str
    organisation_number: str
    told_kind: TenantKind
    """What whoever registered it says that it is."""
    registered_by: UUID | None
    created_at: datetime
    decision: Decision | None = None

    @property
    def kind(self) -> TenantKind:
        """What it counts as: what pricing gets."""
        return self.decision.kind if self.decision else UNVERIFIED

    def decided(self, decision: Decision) -> "Organisation":
        """What somebody of the municipality has decided that it is."""
        return replace(self, version=self.version + 1, decision=decision)

    def told_by_registers(self, kind: TenantKind | None, *, now: datetime) -> "Organisation":
        """What the registers make of it; None when they can't tell. The same again changes nothing, nor does anything
        they say about what a person has decided."""
        before = self.decision
        if before is not None and (before.by != "registers" or before.kind == kind):
            return self
        if before is None and kind is None:
            return self
        decision = None if kind is None else Decision(kind=kind, by="registers", at=now)
        return replace(self, version=self.version + 1, decision=decision)

    def happened(self) -> ActorVerified:
        """The event that tells of the last decision."""
        return ActorVerified(
            actor=self.id,
            organisation_number=self.organisation_number,
            kind=self.kind,
            verified_by=self.decision.by if self.decision else None,
        )


def resident(person: UUID) -> Actor:
    """A person who books for themself."""
    return Actor(id=person, kind="resident")

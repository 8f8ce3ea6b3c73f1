"""Who books: persons by themselves, and the organisations they may act for.

What a person tells of an organisation decides nothing: they claim its number, and several may claim the same. Somebody
of the municipality, or the registers where they name the person, confirms that they act for it: then it owns the
number, and counts as what it is. Until then it counts as a business, which is dearest. What a person of the
municipality has decided, no register changes.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
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
    """The organisation number is another's, or the caller claims it already."""

    code = "organisation_known"
    status = 409
    text = Text(
        nb="Organisasjonsnummeret er her fra før: du har meldt det inn alt, eller det er bekreftet for noen andre.",
        nn="Organisasjonsnummeret er her frå før: du har meldt det inn alt, eller det er stadfesta for nokon andre.",
        en="The organisation number is here already: you have named it before, or it is confirmed for somebody else.",
    )


class TooManyClaims(DomainError):
    """Somebody has as many claims on organisation numbers that wait as a person may have."""

    code = "too_many_claims"
    status = 409
    text = Text(
        nb="Du har {waiting} organisasjoner som ikke er bekreftet ennå. Meld inn flere når noen har svart.",
        nn="Du har {waiting} organisasjonar som ikkje er stadfesta enno. Meld inn fleire når nokon har svart.",
        en="You have {waiting} organisations that are not confirmed yet. Add more when somebody has answered.",
    )


class TooManyWithdrawn(DomainError):
    """Somebody has taken back as many claims in a day as may wait at once: each one asks the registers anew."""

    code = "too_many_withdrawn"
    status = 409
    text = Text(
        nb="Du har trukket {withdrawn} organisasjoner det siste døgnet. Vent til i morgen, eller til noen har svart.",
        nn="Du har trekt {withdrawn} organisasjonar det siste døgnet. Vent til i morgon, eller til nokon har svart.",
        en="You have taken back {withdrawn} organisations in 24 hours. Wait until tomorrow, or for an answer.",
    )


class ClaimDecided(DomainError):
    """The claim on the organisation number does not wait any more."""

    code = "claim_decided"
    status = 409
    text = Text(
        nb="Dette er avgjort allerede. Se siden på nytt.",
        nn="Dette er avgjort alt. Sjå sida på nytt.",
        en="This has been decided already. Look at the page again.",
    )


class NotVerified(DomainError):
    """Nobody has confirmed that whoever registered the organisation acts for it, so nobody is invited to it."""

    code = "organisation_not_verified"
    status = 409
    text = Text(
        nb="Organisasjonen er ikke bekreftet ennå. Før den er det, går ingen invitasjoner ut.",
        nn="Organisasjonen er ikkje stadfesta enno. Før han er det, går ingen invitasjonar ut.",
        en="The organisation is not confirmed yet. Until it is, no invitations go out.",
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


ClaimEnded = Literal["refused", "given_to_another", "given_up"]
"""Given up: whoever claimed it took it back, or has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEnd:
    """How a claim on an organisation number came to nothing, who decided that, and why; both None when nobody
    did."""

    how: ClaimEnded
    at: datetime
    by: UUID | None = None
    why: str | None = None


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
    number_given_at: datetime | None = None
    """Since when the number is its own; None for one that was verified before claims were told apart, too."""
    ended: ClaimEnd | None = None
    """How its claim came to nothing."""
    digest: bytes | None = None
    """Of who claims it, to be compared with the persons that the registers name."""
    named: bool | None = None
    """Whether the registers name who claims it; None: not known."""

    @property
    def kind(self) -> TenantKind:
        """What it counts as: what pricing gets."""
        return self.decision.kind if self.decision else UNVERIFIED

    def claimed_by(self, digest: bytes) -> "Organisation":
        """Knowing who claims it, as far as it takes to know them again."""
        return replace(self, digest=digest)

    @property
    def owns_number(self) -> bool:
        """Return True if the number is its own, and not claimed."""
        return self.decision is not None or self.number_given_at is not None

    @property
    def waits(self) -> bool:
        """Return True if it is claimed, and nobody has decided on that."""
        return not self.owns_number and self.ended is None

    def decided(self, decision: Decision) -> "Organisation":
        """What somebody of the municipality has decided that it is."""
        return replace(self, version=self.version + 1, decision=decision)

    def given(self, *, name: str | None, now: datetime) -> "Organisation":
        """With the number as its own, under the name the registers have, if they have one."""
        return replace(self, name=name or self.name, number_given_at=now, digest=None)

    def told_of_claimant(self, *, named: bool) -> "Organisation":
        """With what the registers say of who claims it."""
        return self if self.named == named else replace(self, named=named)

    def gone(self, end: ClaimEnd) -> "Organisation":
        """Its claim has come to nothing."""
        return replace(self, ended=end, digest=None)

    def told_by_registers(self, kind: TenantKind | None, *, now: datetime) -> "Organisation":
        """What the registers make of it; None when they can't tell. The same again changes nothing, nor does anything
        they say about what a person has decided, or of a number that is not its own."""
        if not self.owns_number:
            return self
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

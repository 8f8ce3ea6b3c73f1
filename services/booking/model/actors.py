"""Who books: persons by themselves, and the organisations they may act for."""

from dataclasses import dataclass
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.events import Tenant, TenantKind

ORGANISATION_KINDS: tuple[TenantKind, ...] = ("voluntary", "business", "municipal")


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

    def as_tenant(self) -> Tenant:
        """The actor as events speak of it: without its name."""
        return Tenant(id=self.id, kind=self.kind, organisation_number=self.organisation_number)


def resident(person: UUID) -> Actor:
    """A person who books for themself."""
    return Actor(id=person, kind="resident")

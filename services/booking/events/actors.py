"""Who rents, who acts for them, and who is to be forgotten."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import Event
from services.booking.events.bookings import TenantKind

RepresentativeRole = Literal["owner", "booker"]
"""A booker may act for an organisation; an owner may also say who else may."""
VerifiedBy = Literal["registers", "manager", "operator"]
"""Whose word it is that an organisation is what it counts as."""


@dataclass(frozen=True, kw_only=True)
class RepresentationChanged(Event):
    """An organisation lets a person act for it, on other terms than before, or no longer. Subject: "actor/person".
    Booking → access (who sees its keys), pricing (who sees its prices and charges)."""

    TYPE: ClassVar[str] = "no.torg.booking.representation_changed.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing")

    actor: UUID
    person: str
    """A pseudonym, as `booked_by`."""
    role: RepresentativeRole | None = None
    """None: the right is gone."""
    until: str | None = None
    """The last local day of the right (YYYY-MM-DD). It ends by itself: no event tells of that day."""


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """A person asked to be forgotten: whoever has something under their pseudonym keeps the figures and lets go of who
    it was. Subject: the person's pseudonym. What they had booked and was to come is cancelled, and told so, before.
    Told again some days. Booking → access (keys), pricing (quotes, hours, payments), programming (titles)."""

    TYPE: ClassVar[str] = "no.torg.booking.person_erased.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access", "pricing", "programming")

    person: str
    """A pseudonym, as `booked_by`."""
    erased_at: datetime
    bookings: list[UUID] = field(default_factory=list)
    """All that they had booked or rented. Whoever books after that under the same pseudonym has come back."""
    untitled: list[UUID] = field(default_factory=list)
    """Those of them that they rented themselves: what these were called goes."""


@dataclass(frozen=True, kw_only=True)
class ActorVerified(Event):
    """What an organisation counts as was decided anew. Subject: the actor's id. Nobody listens yet."""

    TYPE: ClassVar[str] = "no.torg.booking.actor_verified.v1"

    actor: UUID
    organisation_number: str
    kind: TenantKind
    """What its bookings carry from now on. What nobody has verified counts as "business"."""
    verified_by: VerifiedBy | None = None
    """None: what was verified is so no longer."""

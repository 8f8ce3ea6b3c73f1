"""What binds before any quota is written: how many bookings that are not over a person or an organisation may have.

A person answers for what they book themself, and for what they book for organisations that nobody has verified: naming
an organisation gives no room of its own. A verified organisation answers for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from kernel.contracts import utc_text
from kernel.errors import DomainError, Text
from services.booking.model.actors import Actor
from services.booking.model.quotas import Asked

Limited = Literal["person_open_bookings", "person_series_dates", "organisation_open_bookings"]


class TooManyBookings(DomainError):
    """More bookings that are not over than a person or an organisation may have, whatever quotas say. `limited` tells
    which limit it is; `used` is what counts already, `asked` what was asked for."""

    code = "too_many_bookings"
    status = 409
    text = Text(
        nb="Du kan ha {limit} bookinger som ikke er over; {used} er brukt, og dette er {asked} til. Det blir plass når "
        "en er over eller avbestilt. Bookinger for organisasjoner som ikke er bekreftet, regnes som dine.",
        nn="Du kan ha {limit} bookingar som ikkje er over; {used} er brukte, og dette er {asked} til. Det blir plass "
        "når ei er over eller avbestilt. Bookingar for organisasjonar som ikkje er stadfesta, blir rekna som dine.",
        en="You can have {limit} bookings that are not over; {used} are used, and this is {asked} more. There is room "
        "when one is over or cancelled. Bookings for organisations that are not verified count as yours.",
    )


class TooManyDates(TooManyBookings):
    """The same of the dates of a person's series."""

    text = Text(
        nb="Du kan ha {limit} datoer i faste bookinger som ikke er over; {used} er brukt, og dette er {asked} til. Det "
        "blir plass når en er over eller avbestilt. Datoer for organisasjoner som ikke er bekreftet, regnes som dine.",
        nn="Du kan ha {limit} datoar i faste bookingar som ikkje er over; {used} er brukte, og dette er {asked} til. "
        "Det blir plass når ein er over eller avbestilt. Datoar for organisasjonar som ikkje er stadfesta, blir rekna "
        "som dine.",
        en="You can have {limit} dates of fixed bookings that are not over; {used} are used, and this is {asked} more. "
        "There is room when one is over or cancelled. Dates for organisations that are not verified count as yours.",
    )


class TooManyOfOrganisation(TooManyBookings):
    """The same of an organisation's bookings, series included."""

    text = Text(
        nb="En organisasjon kan ha {limit} bookinger som ikke er over, faste bookinger medregnet; {used} er brukt, og "
        "dette er {asked} til.",
        nn="Ein organisasjon kan ha {limit} bookingar som ikkje er over, faste bookingar medrekna; {used} er brukte, "
        "og dette er {asked} til.",
        en="An organisation can have {limit} bookings that are not over, fixed bookings included; {used} are used, and "
        "this is {asked} more.",
    )


_ERRORS: dict[Limited, type[TooManyBookings]] = {
    "person_open_bookings": TooManyBookings,
    "person_series_dates": TooManyDates,
    "organisation_open_bookings": TooManyOfOrganisation,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booker:
    """Who books, and for whom."""

    tenant: Actor
    person: UUID

    @property
    def by_person(self) -> bool:
        """Return True if the person answers for it, and not an organisation."""
        return self.tenant.id == self.person or self.tenant.unverified

    @property
    def answers(self) -> UUID:
        """The person or organisation the bookings count as those of."""
        return self.person if self.by_person else self.tenant.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBookings:
    """How many bookings that are not over somebody answers for."""

    single: int
    dates: int

    def without(self, others: "OpenBookings") -> "OpenBookings":
        """These less some of them."""
        return OpenBookings(single=self.single - others.single, dates=self.dates - others.dates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is left of the one limit that binds what is asked for."""

    limited: Limited
    limit: int
    used: int

    def less(self, taken: int) -> "Room":
        """What is left when so many more are booked."""
        return replace(self, used=self.used + taken)

    def refusal(self, asked: Sequence[Asked]) -> TooManyBookings | None:
        """Why this can't be booked; None if it can."""
        left = max(self.limit - self.used, 0)
        if len(asked) <= left:
            return None
        first = {"first": utc_text(sorted(each.begins_at for each in asked)[left])} if len(asked) > 1 else {}
        fields = {"limit": self.limit, "used": self.used, "asked": len(asked), **first}
        return _ERRORS[self.limited](limited=self.limited, **fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many bookings that are not over may be had: a person's single ones, the dates of their series, and all of an
    organisation's."""

    single: int
    dates: int
    organisation: int

    def room(self, booker: Booker, has: OpenBookings, *, series: bool) -> Room:
        """What is left to somebody who books, single bookings or dates of a series."""
        if not booker.by_person:
            return Room(limited="organisation_open_bookings", limit=self.organisation, used=has.single + has.dates)
        if series:
            return Room(limited="person_series_dates", limit=self.dates, used=has.dates)
        return Room(limited="person_open_bookings", limit=self.single, used=has.single)

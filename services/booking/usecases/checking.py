"""Whether somebody can have exactly this: every reason why not, by the very rules that booking it goes by. Writes
nothing and keeps nothing: what is free now may be taken in a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.db import Transaction
from services.booking.model import house_rules
from services.booking.model.actors import Actor
from services.booking.model.bookings import BookingRequest
from services.booking.model.default_limits import Booker
from services.booking.model.quotas import Asked
from services.booking.model.recurrence import Occurrence
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import Bookable, EndsBeforeBegin
from services.booking.model.series import TAKEN, Clash
from services.booking.store import dates, resources
from services.booking.usecases import quotas
from services.booking.usecases.placing import tenant_of

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The space asked about, None if there is none to be booked, and every reason why it can't be had."""

    place: Bookable | None
    reasons: Sequence[Clash]


def check(tx: Transaction, person: UUID | None, wanted: BookingRequest) -> Checked:
    """Every reason why booking this would be refused at this moment; of one who is known the personal ones, too: house
    rules not accepted, and quotas. Raises EndsBeforeBegin, and NotRepresentative."""
    if wanted.ends_at <= wanted.begins_at:
        raise EndsBeforeBegin
    found = resources.as_it_is(
        tx, wanted.space, wanted.begins_at, wanted.ends_at, tenant=wanted.tenant, person=person or _NOBODY
    )
    if found is None:
        return Checked(place=None, reasons=[Clash.of(UnknownSpace(space=wanted.space))])
    place = resources.with_equipment(tx, found[0]) if wanted.equipment else found[0]
    broken = [Clash.of(each) for each in place.broken(wanted, wanted.begins_at, wanted.ends_at, now=tx.now)]
    personal = [] if person is None else _personal(tx, wanted, place, tenant_of(wanted, found[1], person), person)
    return Checked(place=place, reasons=[*broken, *personal, *_taken(tx, wanted, place)])


def _taken(tx: Transaction, wanted: BookingRequest, place: Bookable) -> list[Clash]:
    date = Occurrence(wanted.begins_at, wanted.ends_at)
    codes = dates.all_clashes(tx, wanted, [(0, date, place)]).get((0, place.space), [])
    return [TAKEN[code] for code in codes]


def _personal(tx: Transaction, wanted: BookingRequest, place: Bookable, tenant: Actor, person: UUID) -> list[Clash]:
    asked = Asked(place=place, begins_at=wanted.begins_at, ends_at=wanted.ends_at)
    booker = Booker(tenant=tenant, person=person)
    refused = (house_rules.refusal(place.unaccepted), *quotas.refusals(tx, booker, asked))
    return [Clash.of(each) for each in refused if each is not None]

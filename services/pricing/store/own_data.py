"""What pricing holds of a person, for them to take with them: what their bookings cost and what was paid, their hours
under agreements, and what they did for the municipality."""

from sqlalchemy import or_, select

from kernel.auth import Caller
from kernel.db import Transaction
from kernel.managers import square_managers
from kernel.own_data import Held, rows
from services.pricing.store.tables import (
    agreements,
    charge_entries,
    charges,
    hours,
    participants,
    payments,
    quotes,
    representations,
    tariff_versions,
    waiver_entries,
)


def held(tx: Transaction, who: Caller) -> Held:
    """All of it, by table. Of a tariff somebody adopted it is told that they did; what it says is public."""
    person, as_text = who.person, str(who.person)
    own_quote = or_(quotes.c.tenant == person, quotes.c.booked_by == as_text)
    bookings = select(quotes.c.booking).where(own_quote)
    own_charge = charges.c.booking.in_(bookings)
    joined = select(participants.c.agreement).where(participants.c.person == person)
    registered = select(hours.c.id).where(hours.c.registered_by == person)
    return {
        quotes.name: rows(tx, quotes, [own_quote]),
        charges.name: rows(tx, charges, [own_charge]),
        charge_entries.name: rows(
            tx, charge_entries, [charge_entries.c.charge.in_(select(charges.c.id).where(own_charge))]
        ),
        payments.name: rows(tx, payments, [payments.c.booking.in_(bookings), payments.c.registered_by == as_text]),
        hours.name: rows(tx, hours, [hours.c.registered_by == person, hours.c.decided_by == person]),
        waiver_entries.name: rows(
            tx, waiver_entries, [waiver_entries.c.registration.in_(registered), waiver_entries.c.booking.in_(bookings)]
        ),
        agreements.name: rows(tx, agreements, [agreements.c.id.in_(joined), agreements.c.made_by == person]),
        participants.name: rows(tx, participants, [participants.c.person == person]),
        representations.name: rows(tx, representations, [representations.c.person == as_text]),
        square_managers.name: rows(tx, square_managers, [square_managers.c.person == person]),
        tariff_versions.name: rows(
            tx, tariff_versions, [tariff_versions.c.adopted_by == person], hidden=("content", "premises")
        ),
    }

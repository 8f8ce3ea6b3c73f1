"""A person is forgotten in pricing: amounts stay and still add up; nothing late or told again brings them back."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.booking.events import PersonErased, Tenant
from services.pricing.store.persons import DELETED, STANDS
from services.pricing.usecases.reconcile import reconcile
from tests.bookings import BOOKED_AT, KARI, TENANT, envelope, represents
from tests.callers import MANAGER
from tests.office import Booking, Office

ERASED_AT = BOOKED_AT + timedelta(hours=1)
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'outbox'")
COLUMNS = text("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
LIKE_A_PERSON = re.compile(r"(^|_)(by|person|author|tenant|actor|who|user|owner|member|subject)$")
OF_THE_KERNEL = ("outbox", "inbox_subjects", "unknown_subjects", "failed_deliveries", "idempotency_keys")
NO_PERSON = {
    ("representations", "actor"),
    *((table, "tenant") for table in ("agreements", "waiver_accounts", "waiver_entries")),
}
"""Organisations only: an agreement with a person is refused."""


def erased(*bookings: Booking, person: str = KARI, at: Any = ERASED_AT) -> Any:
    told = PersonErased(person=person, erased_at=at, bookings=[each.id for each in bookings])
    return replace(envelope(told, person, int(at.timestamp()) % 2**31), time=at)


def everything(office: Office) -> str:
    with office.database.reading() as tx:
        return "\n".join(
            row
            for table in tx.execute(TABLES).scalars().all()
            for row in tx.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
        )


def test_every_column_that_may_hold_a_person_is_listed(office: Office) -> None:
    with office.database.reading() as tx:
        found = {(row.table_name, row.column_name) for row in tx.execute(COLUMNS)}
    like = {each for each in found if LIKE_A_PERSON.search(each[1])} - NO_PERSON
    listed = {(column.table.name, column.name) for column in [*(stand.column for stand in STANDS), *DELETED]}
    assert {each for each in like if each[0] not in OF_THE_KERNEL} == listed


def test_in_whatever_order_it_is_told_nobody_is_left(office: Office) -> None:
    for number, order in enumerate(permutations(range(4))):
        person = str(UUID(int=2**127 + number))
        own, bands = (
            Booking(tenant=Tenant(id=UUID(person), kind="resident"), booked_by=person),
            Booking(booked_by=person),
        )
        told = [own.confirmed(), bands.confirmed(), represents(person, 1), erased(own, bands, person=person)]

        office.deliver(*(told[place] for place in order))
        office.deliver(*told, represents(person, 2, role=None))

        assert person not in everything(office)
        assert [office.owed(each) and office.owed(each)[0] for each in (own, bands)] == ["charged"] * 2
        quote = office.quote(bands)
        assert quote is not None
        assert quote.parties.tenant == TENANT.id


def test_hours_payments_and_decisions_stay_as_figures(office: Office) -> None:
    agreement = office.agreement()
    registered = office.register(agreement)
    office.approve(registered)
    booking = Booking()
    office.deliver(booking.held(), booking.confirmed())
    total = office.total(booking)
    office.pay(booking, total)
    balance, owed = office.balance(), office.owed(booking)
    office.clock.move(timedelta(hours=1))

    office.deliver(erased(booking), erased(person=str(MANAGER.person)))

    left = everything(office)
    assert not [each for each in (KARI, str(MANAGER.person)) if each in left]
    assert (office.balance(), office.owed(booking)) == (balance, owed)
    assert office.account(booking)[0] == total
    with office.database.transaction() as tx:
        [worked] = tx.execute(text("SELECT * FROM hours")).all()
        reconcile(tx)
    assert (worked.minutes, worked.task, worked.state) == (registered.minutes, "", "approved")
    assert worked.amount > 0
    assert worked.registered_by != worked.decided_by
    assert office.balance() == balance


def test_who_comes_back_has_what_is_theirs_then(office: Office) -> None:
    before, after = Booking(), Booking()
    later = ERASED_AT + timedelta(seconds=1)
    office.deliver(before.held(), represents(KARI, 4), erased(before))
    office.deliver(replace(after.held(), time=later), replace(represents(KARI, 1), time=later), erased(before))

    quotes = [office.quote(each) for each in (before, after)]
    assert [quote is not None and quote.parties.booked_by == KARI for quote in quotes] == [False, True]
    office.deliver(erased(before, after, at=later + timedelta(hours=1)))
    assert KARI not in everything(office)

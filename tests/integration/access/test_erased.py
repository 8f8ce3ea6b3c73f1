"""A person is forgotten in access: keys stay, of nobody; nothing late, repeated or told again brings them back."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.access import usecases
from services.access.events import KeyUnused
from services.booking.events import PersonErased, Tenant
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, KARI, TENANT, Told, envelope, represents

ERASED_AT = BOOKED_AT + timedelta(hours=1)
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'outbox'")


def erased(*bookings: Told, person: str = KARI, at: Any = ERASED_AT) -> Any:
    told = PersonErased(person=person, erased_at=at, bookings=[each.id for each in bookings])
    return replace(envelope(told, person, int(at.timestamp()) % 2**31), time=at)


def everything(square: Any) -> str:
    with square.database.reading() as tx:
        return "\n".join(
            row
            for table in tx.execute(TABLES).scalars().all()
            for row in tx.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
        )


def test_in_whatever_order_it_is_told_nobody_is_left(square: Any) -> None:
    for number, order in enumerate(permutations(range(4))):
        person = str(UUID(int=2**127 + number))
        own = Told(tenant=Tenant(id=UUID(person), kind="resident"), booked_by=person, space=f"own-{number}")
        bands = Told(space=f"bands-{number}", booked_by=person)
        told = [own.confirmed(), bands.confirmed(), represents(person, 1), erased(own, bands, person=person)]

        square.deliver(*(told[place] for place in order))
        square.deliver(*told, represents(person, 2, role=None))
        square.settle()

        assert person not in everything(square)
        assert {(own.id, "armed"), (bands.id, "armed")} <= {*square.states()}


def test_who_comes_back_has_what_is_theirs_then(square: Any) -> None:
    before, after = Told(), Told(space="borgen-sal-2")
    later = ERASED_AT + timedelta(seconds=1)
    square.deliver(before.confirmed(), represents(KARI, 4), erased(before))
    square.deliver(replace(after.confirmed(), time=later), replace(represents(KARI, 1), time=later))
    square.settle()

    assert {each.booking for key in square.keys_of() for each in key.times} == {before.id, after.id}  # as the band's
    square.deliver(erased(before))
    assert {each.booking for key in square.keys_of() for each in key.times} == {before.id, after.id}
    square.deliver(erased(before, after, at=later + timedelta(hours=1)))
    assert square.keys_of() == []
    assert KARI not in everything(square)


def test_a_key_is_the_organisations_still(square: Any) -> None:
    bands = Told()
    square.deliver(bands.confirmed(), represents("rita", 1), erased(bands))
    square.settle()
    [key] = square.keys_of("rita")
    assert (key.booking, key.state) == (bands.id, "armed")
    assert TENANT.organisation_number not in everything(square)


def test_a_right_told_and_the_person_erased_at_once(square: Any) -> None:
    for number in range(10):
        at = ERASED_AT + timedelta(hours=number)
        told = [replace(represents(KARI, number + 1), time=at), erased(at=at)]
        at_once(square.deliver, told)
        assert KARI not in everything(square)


def test_who_did_not_come_is_told_again_while_it_matters(square: Any) -> None:
    booking = Told(release_at=BEGINS_AT + timedelta(minutes=20))
    square.deliver(booking.confirmed())
    square.settle()
    square.at(BEGINS_AT + timedelta(minutes=20))
    with square.database.transaction() as tx:
        usecases.tell_unused(tx)

    def unsent(minutes: int) -> int:
        """How many go out again, so long after they were sent."""
        square.at(BEGINS_AT + timedelta(minutes=20 + minutes))
        with square.database.transaction() as tx:
            usecases.tell_unused_again(tx)
        found = len(square.emitted(KeyUnused, only_unsent=True))
        with square.database.transaction() as tx:
            tx.execute(text("UPDATE outbox SET sent_at = :now WHERE sent_at IS NULL"), {"now": tx.now})
        return found

    assert [unsent(minutes) for minutes in (0, 4, 5, 10, 119, 120, 130)] == [1, 0, 1, 1, 1, 0, 0]
    assert len(square.emitted(KeyUnused)) == 1

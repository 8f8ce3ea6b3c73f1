"""Holding a space: what it takes, what it keeps others from, and what a refusal leaves behind: nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from kernel.errors import DomainError
from services.booking.events import BookingHeld
from services.booking.model.actors import NotRepresentative
from services.booking.model.deadlines import UNPRICED
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import UnknownSpace
from services.booking.model.rules import InThePast, TooManyParticipants
from services.booking.store.tables import bookings, claims
from tests.callers import RESIDENT, STRANGER

PARTS = {"hall": 3, "third-1": 1, "room": 1}


@pytest.mark.parametrize(("space", "parts"), PARTS.items())
def test_a_booking_takes_every_part_of_its_space(counter: Any, space: str, parts: int) -> None:
    assert counter.claimed(counter.hold(space)) == parts


def test_a_hold_is_stored_as_it_was_made_and_told(counter: Any) -> None:
    held = counter.hold("hall", title="Konsert", audience="youth")

    assert counter.load(held) == held
    [told] = counter.told(BookingHeld)
    assert told.subject == str(held.id)
    assert (told.sequence, told.data.booked_by, told.data.hold_expires_at) == (
        1,
        str(RESIDENT.person),
        counter.clock.now() + UNPRICED,
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("room", 0, 4), ("room", 0, 4)),
        (("room", 0, 4), ("room", 3, 4)),
        (("room", 1, 2), ("room", 0, 4)),
        (("hall", 0, 4), ("third-2", 0, 4)),
        (("third-2", 0, 4), ("hall", 0, 4)),
        (("third-3", 0, 4), ("hall", 3, 4)),
    ],
)
def test_a_space_is_taken_with_all_it_is_part_of_and_all_its_parts(counter: Any, first: Any, second: Any) -> None:
    counter.hold(*first)

    with pytest.raises(SlotTaken):
        counter.hold(*second, who=STRANGER)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("room", 0, 4), ("room", 4, 4)),
        (("room", 4, 4), ("room", 0, 4)),
        (("third-1", 0, 4), ("third-2", 0, 4)),
        (("hall", 0, 4), ("room", 0, 4)),
        (("third-1", 0, 4), ("hall", 4, 4)),
    ],
)
def test_neighbours_in_time_and_space_do_not_mind_each_other(counter: Any, first: Any, second: Any) -> None:
    assert counter.hold(*first).live
    assert counter.hold(*second, who=STRANGER).live


@pytest.mark.parametrize(
    ("place", "different", "error"),
    [
        (("nowhere",), {}, UnknownSpace),
        (("room",), {"participants": 11}, TooManyParticipants),
        (("room", -9), {}, InThePast),
        (("room",), {"tenant": UUID(int=5)}, NotRepresentative),
        (("hall", 3), {}, SlotTaken),
    ],
)
def test_a_refusal_leaves_nothing_behind(counter: Any, place: Any, different: Any, error: type[DomainError]) -> None:
    counter.hold("third-3")
    before = written(counter)

    with pytest.raises(error):
        counter.hold(*place, who=STRANGER, **different)

    assert written(counter) == before


def test_the_database_itself_refuses_an_overlap(counter: Any) -> None:
    held = counter.hold("third-1")

    with counter.database.reading() as tx:
        claim = tx.execute(select(claims).where(claims.c.holder == held.id)).one()
    other = counter.hold("room").id
    with pytest.raises(IntegrityError, match="claims_do_not_overlap"):
        counter.run(lambda tx: tx.execute(insert(claims), {**claim._mapping, "holder": other, "share": other}))


@pytest.mark.parametrize("give_up", ["cancel", "expire"])
@pytest.mark.parametrize("space", PARTS)
def test_what_is_given_up_is_free_at_once(counter: Any, space: str, give_up: str) -> None:
    held = counter.hold(space)
    if give_up == "cancel":
        counter.cancel(held)
    else:
        counter.clock.move(UNPRICED)
        counter.expire_holds()

    assert counter.claimed(held) == 0
    assert counter.hold(space, who=STRANGER).live


def test_an_organisation_is_the_tenant_when_its_representative_books(counter: Any) -> None:
    korps = counter.organisation("kari")

    held = counter.hold("room", tenant=korps)

    assert (held.tenant.id, held.tenant.kind, held.tenant.name) == (korps, "voluntary", "Korpset")
    assert counter.load(held) == held
    [told] = counter.told(BookingHeld)
    assert (told.data.tenant.kind, told.data.tenant.organisation_number) == ("voluntary", "974760673")


def test_nobody_else_books_for_an_organisation(counter: Any) -> None:
    korps = counter.organisation("kari")

    with pytest.raises(NotRepresentative):
        counter.hold("room", tenant=korps, who=STRANGER)


def test_naming_oneself_as_the_tenant_is_the_same_as_naming_nobody(counter: Any) -> None:
    held = counter.hold("room", tenant=RESIDENT.person)

    assert (held.tenant.id, held.tenant.kind) == (RESIDENT.person, "resident")


def test_a_person_of_another_issuer_is_another_person(counter: Any) -> None:
    same_subject = replace(RESIDENT, issuer="https://other.test")
    korps = counter.organisation("kari")

    with pytest.raises(NotRepresentative):
        counter.hold("room", tenant=korps, who=same_subject)


@pytest.mark.parametrize(("after", "state"), [(-1, "held"), (0, "expired"), (1, "expired")])
def test_holds_expire_by_themselves(counter: Any, after: int, state: str) -> None:
    held = counter.hold("hall")
    counter.clock.move(UNPRICED + timedelta(seconds=after))

    counter.expire_holds()
    counter.expire_holds()

    assert counter.load(held).state == state
    assert counter.history(held) == ([("held", 1)] if state == "held" else [("held", 1), ("expired", 2)])


def test_a_confirmed_booking_does_not_expire(counter: Any) -> None:
    booking = counter.confirmed("hall")
    counter.clock.move(UNPRICED * 2)

    counter.expire_holds()

    assert counter.load(booking).state == "confirmed"


def test_a_hold_that_somebody_is_confirming_is_passed_over(counter: Any) -> None:
    held, other = counter.hold("hall"), counter.hold("room")
    counter.clock.move(UNPRICED)

    with counter.database.transaction() as tx:
        tx.execute(select(bookings).where(bookings.c.id == held.id).with_for_update())
        counter.expire_holds()

    assert (counter.load(held).state, counter.load(other).state) == ("held", "expired")


def written(counter: Any) -> list[int]:
    """How many bookings, claims and events there are."""
    with counter.database.reading() as tx:
        rows = [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (bookings, claims)]
    return [*rows, len(counter.told())]

"""Claims on organisation numbers: several may claim one, one is given it, and nobody speaks for it before."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.auth import Caller, Forbidden
from kernel.db import Database
from kernel.duties import OwnInterest
from kernel.ids import new_id
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking.events import ActorVerified
from services.booking.mail.errand import send_all
from services.booking.model.actors import (
    ClaimDecided,
    NotRepresentative,
    NotVerified,
    Organisation,
    OrganisationKnown,
    TooManyClaims,
    TooManyWithdrawn,
)
from services.booking.model.invitations import TooManyInvited
from services.booking.model.privacy import BookingsToCome
from services.booking.model.registers import Answer, Unit
from services.booking.model.representatives import Terms
from services.booking.queries import actors as actor_queries
from services.booking.queries import organisation_claims as queries
from services.booking.store import actors as store
from services.booking.usecases import actors, invitations, lookups, privacy
from services.booking.usecases import bookings as booking_usecases
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER

BAND, CAFE = "974760673", "971526920"
NAME = "Borgen skolekorps – hastemelding fra kommunen: http://evil.example"
KARI = ("NORDMANN Kari", "1984-05-17")
ANSWER = Answer(unit=Unit(state="active", name="BORGEN SKOLEKORPS", form="FLI", voluntary=True), voluntary=True)


@pytest.fixture
def claim(counter: Any) -> Callable[..., UUID]:
    def claim(who: Caller = RESIDENT, number: str = BAND, name: str = NAME) -> UUID:
        counter.clock.move(timedelta(seconds=1))
        told = {"kind": "voluntary", "name": name, "organisation_number": number}
        made: Organisation = counter.run(actors.register, who, **told)
        return made.id

    return claim


def found(counter: Any, actor: UUID) -> Organisation:
    organisation: Organisation | None = counter.run(store.find, actor)
    assert organisation is not None
    return organisation


def states(counter: Any, who: Caller) -> list[str]:
    with counter.database.reading() as tx:
        return [each.state for each in queries.mine(tx, who, PageRequest()).items]


def verify(counter: Any, actor: UUID, who: Caller = MANAGER) -> Any:
    return counter.run(actors.verify, who, actor, kind="voluntary", reason="Viste protokollen.")


def answered(counter: Any, *holders: tuple[str, str], answer: Answer = ANSWER) -> None:
    taken = counter.run(lookups.take)
    counter.run(lookups.record, taken, answer, [], holders)


def test_several_claim_a_number_and_it_is_given_to_one(counter: Any, claim: Any) -> None:
    kari, ola = claim(), claim(STRANGER)

    verify(counter, ola)

    assert (states(counter, RESIDENT), states(counter, STRANGER)) == (["given_to_another"], ["confirmed"])
    [told] = counter.told(ActorVerified)
    assert (told.data.actor, told.data.organisation_number) == (ola, BAND)
    with pytest.raises(OrganisationKnown):
        verify(counter, kari)
    with pytest.raises(OrganisationKnown):
        claim(OTHER_MANAGER)


def test_one_person_claims_a_number_once(claim: Any) -> None:
    claim()
    with pytest.raises(OrganisationKnown):
        claim()


def test_a_person_has_so_many_claims_that_wait(counter: Any, claim: Any) -> None:
    counter.database.settings = Settings(person_open_claims=1)
    one = claim()

    with pytest.raises(TooManyClaims):
        claim(number=CAFE)
    counter.run(actors.refuse, MANAGER, one, reason="Styret kjenner ikke til dette.")
    claim(number=CAFE)


def test_however_many_claim_at_once_the_limit_holds(counter: Any, many: Database) -> None:
    many.settings = Settings(person_open_claims=2)
    numbers = ["974760673", "971526920", "923609016", "310315907", "920125298", "310366226", "964338531"]

    def ask(number: str) -> bool:
        try:
            with many.transaction() as tx:
                actors.register(tx, RESIDENT, kind="voluntary", name=NAME, organisation_number=number)
        except TooManyClaims:
            return False
        return True

    assert at_once(ask, numbers).count(True) == 2


@pytest.mark.parametrize("turn", range(5))
def test_of_two_verifications_at_once_one_gets_the_number(counter: Any, claim: Any, many: Database, turn: int) -> None:
    claims = [claim(), claim(STRANGER)]
    deciders = dict(zip(claims, (MANAGER, OTHER_MANAGER), strict=True))

    def decide(actor: UUID) -> bool:
        try:
            with many.transaction() as tx:
                actors.verify(tx, deciders[actor], actor, kind="voluntary", reason="Vedtektene")
        except OrganisationKnown:
            return False
        return True

    assert sorted(at_once(decide, claims)) == [False, True]
    with counter.database.reading() as tx:
        query = text("SELECT count(*) AS n FROM actors WHERE organisation_number = :number")
        assert tx.execute(query, {"number": BAND}).one().n == 1


def test_a_refusal_is_told_with_its_reason_and_ends_new_bookings(counter: Any, claim: Any) -> None:
    band = claim()
    held = counter.hold("room", tenant=band)

    counter.run(actors.refuse, MANAGER, band, reason="Styret kjenner ikke til dette.")

    with counter.database.reading() as tx:
        [mine] = queries.mine(tx, RESIDENT, PageRequest()).items
        assert (mine.state, mine.reason) == ("refused", "Styret kjenner ikke til dette.")
        assert band not in {each.id for each in actor_queries.actors_for(tx, RESIDENT, PageRequest()).items}
    with pytest.raises(NotRepresentative):
        counter.hold("room", 8, tenant=band)
    assert counter.booking(held.id).tenant.kind == "business"
    moved = {"begins_at": counter.quarter(16), "ends_at": counter.quarter(20)}
    counter.run(booking_usecases.reschedule, RESIDENT, held.id, ANY_VERSION, **moved)
    counter.cancel(held)
    for again in (actors.refuse, lambda tx, who, actor, reason: verify(counter, actor)):
        with pytest.raises(ClaimDecided):
            counter.run(again, MANAGER, band, reason="En gang til")


def test_who_claims_takes_it_back_and_has_its_place_again(counter: Any, claim: Any) -> None:
    counter.database.settings = Settings(person_open_claims=1)
    mistyped = claim(number=CAFE)
    held = counter.hold("room", tenant=mistyped)

    counter.run(actors.withdraw, RESIDENT, mistyped)

    ended = found(counter, mistyped).ended
    assert ended is not None
    assert (ended.how, ended.by, ended.at) == ("given_up", RESIDENT.person, counter.clock.now())
    assert found(counter, mistyped).digest is None
    assert counter.booking(held.id).live
    with pytest.raises(NotRepresentative):
        counter.hold("room", 8, tenant=mistyped)
    with counter.database.reading() as tx:
        assert queries.waiting(tx, MANAGER, PageRequest()).items == []
    claim()
    assert states(counter, RESIDENT) == ["waiting", "given_up"]


@pytest.mark.parametrize(("who", "told"), [(STRANGER, NotFound), (MANAGER, Forbidden), (OPERATOR, Forbidden)])
def test_nobody_else_takes_a_claim_back(counter: Any, claim: Any, who: Caller, told: type[Exception]) -> None:
    band = claim()
    claim(who if who is not OPERATOR else STRANGER)

    with pytest.raises(told):
        counter.run(actors.withdraw, who, band)
    assert states(counter, RESIDENT) == ["waiting"]
    with pytest.raises(NotFound):
        counter.run(actors.withdraw, who, new_id())


@pytest.mark.parametrize("decided", ["refused", "confirmed", "given_to_another", "given_up"])
def test_what_is_decided_is_not_taken_back(counter: Any, claim: Any, decided: str) -> None:
    band = claim()
    match decided:
        case "refused":
            counter.run(actors.refuse, MANAGER, band, reason="Ukjent")
        case "confirmed":
            verify(counter, band)
        case "given_to_another":
            verify(counter, claim(STRANGER))
        case _:
            counter.run(actors.withdraw, RESIDENT, band)

    with pytest.raises(ClaimDecided):
        counter.run(actors.withdraw, RESIDENT, band)
    assert states(counter, RESIDENT) == [decided]
    if decided == "given_up":
        with pytest.raises(ClaimDecided):
            verify(counter, band)


def test_claiming_and_taking_back_in_a_loop_is_bounded(counter: Any, claim: Any) -> None:
    counter.database.settings = Settings(person_open_claims=2)
    for _ in range(2):
        counter.run(actors.withdraw, RESIDENT, claim())
    last = claim()
    with pytest.raises(TooManyWithdrawn):
        counter.run(actors.withdraw, RESIDENT, last)
    assert states(counter, RESIDENT)[0] == "waiting"
    counter.run(actors.withdraw, STRANGER, claim(STRANGER))
    counter.clock.move(timedelta(hours=24))
    counter.run(actors.withdraw, RESIDENT, last)


@pytest.mark.parametrize("turn", range(5))
def test_taken_back_while_a_manager_confirms_it_exactly_one_wins(
    counter: Any, claim: Any, many: Database, turn: int
) -> None:
    band = claim()

    def change(confirms: bool) -> bool:
        try:
            with many.transaction() as tx:
                if confirms:
                    actors.verify(tx, MANAGER, band, kind="voluntary", reason="Viste protokollen.")
                else:
                    actors.withdraw(tx, RESIDENT, band)
        except ClaimDecided:
            return False
        return True

    confirmed, withdrawn = at_once(change, [True, False])
    assert confirmed is not withdrawn
    assert states(counter, RESIDENT) == ["confirmed" if confirmed else "given_up"]
    assert found(counter, band).owns_number is confirmed


def test_nobody_decides_on_a_claim_of_their_own_or_beside_it(counter: Any, claim: Any) -> None:
    claim(MANAGER)
    kari = claim()

    for decide in (actors.verify, actors.refuse):
        more = {"kind": "voluntary"} if decide is actors.verify else {}
        with pytest.raises(OwnInterest):
            counter.run(decide, MANAGER, kari, reason="Jeg vil ha nummeret", **more)
    with counter.database.reading() as tx:
        assert [each.own for each in queries.waiting(tx, MANAGER, PageRequest()).items] == [True, True]
        assert [each.own for each in queries.waiting(tx, OTHER_MANAGER, PageRequest()).items] == [False, False]
        with pytest.raises(Forbidden):
            queries.waiting(tx, RESIDENT, PageRequest())
    verify(counter, kari, OTHER_MANAGER)


def test_the_registers_confirm_whom_they_name_and_nobody_else(counter: Any, claim: Any) -> None:
    ola, kari = claim(STRANGER), claim()

    answered(counter, KARI)

    assert (states(counter, RESIDENT), states(counter, STRANGER)) == (["confirmed"], ["given_to_another"])
    band = found(counter, kari)
    assert (band.name, band.kind, band.digest) == ("BORGEN SKOLEKORPS", "voluntary", None)
    assert found(counter, ola).decision is None


@pytest.mark.parametrize("holders", [(), (("KARI NORDMANN", "1984-05-18"),), (("KARI NORDHEIM", "1984-05-17"),)])
def test_whom_the_registers_do_not_name_waits_for_a_manager(counter: Any, claim: Any, holders: Any) -> None:
    band = claim()

    answered(counter, *holders)

    assert states(counter, RESIDENT) == ["waiting"]
    assert (found(counter, band).named, found(counter, band).kind) == (False, "business")
    assert found(counter, band).owns_number is False


def test_who_is_named_of_what_the_registers_can_not_tell_waits_too(counter: Any, claim: Any) -> None:
    band = claim()

    answered(counter, KARI, answer=replace(ANSWER, voluntary=False))

    assert (states(counter, RESIDENT), found(counter, band).named) == (["waiting"], True)


def test_a_name_is_the_registers_and_mail_quotes_no_other(counter: Any, claim: Any) -> None:
    band = claim()
    verify(counter, band)
    sent: list[Any] = []

    class Mailer:
        def send(self, letter: Any) -> None:
            sent.append(letter)

    def invite() -> str:
        terms = Terms(role="booker")
        counter.run(invitations.invite, RESIDENT, band, terms, address="ny@example.no", by_mail=True)
        mailer: Any = Mailer()
        send_all(counter.database, mailer, "https://torg.example")
        return str(sent[-1].text)

    assert f"på vegne av {BAND} i Torg" in invite()
    answered(counter)
    assert "på vegne av BORGEN SKOLEKORPS i Torg" in invite()
    assert "evil" not in "".join(each.text for each in sent)


def test_no_invitation_goes_out_before_somebody_has_confirmed(counter: Any, claim: Any) -> None:
    band = claim()
    for who in (RESIDENT, OPERATOR):
        with pytest.raises(NotVerified):
            counter.run(invitations.invite, who, band, Terms(role="booker"), address="ny@example.no", by_mail=True)


@pytest.mark.parametrize("by", ["person", "organisation"])
def test_inviting_and_withdrawing_in_a_loop_is_bounded(counter: Any, claim: Any, by: str) -> None:
    counter.database.settings = Settings(invitations_a_day=3)
    band, cafe = claim(), claim(number=CAFE)
    verify(counter, band), verify(counter, cafe)

    def invite(actor: UUID, who: Caller = RESIDENT) -> Any:
        invited = counter.run(
            invitations.invite, who, actor, Terms(role="booker"), address="ny@example.no", by_mail=False
        )
        counter.run(invitations.withdraw, who, actor, invited.invitation.id)

    for actor in (band, cafe, band) if by == "person" else (band, band, band):
        invite(actor)
    with pytest.raises(TooManyInvited):
        invite(cafe) if by == "person" else invite(band, OPERATOR)
    counter.clock.move(timedelta(hours=24, seconds=1))
    invite(band)


def test_an_older_release_s_unverified_number_is_a_claim(counter: Any, claim: Any) -> None:
    """It holds the column that was the only one, and lets go when another is confirmed; its bookings stay."""
    old = claim()
    with counter.database.transaction() as tx:
        tx.execute(text("UPDATE actors SET organisation_number = claimed_number, claimed_number = NULL"))
    held = counter.hold("room", tenant=old)
    new = claim(STRANGER)

    verify(counter, new)

    assert (states(counter, RESIDENT), states(counter, STRANGER)) == (["given_to_another"], ["confirmed"])
    assert counter.booking(held.id).live
    assert found(counter, old).organisation_number == BAND


def test_what_an_older_release_verified_keeps_its_number(counter: Any, claim: Any) -> None:
    band = claim()
    verify(counter, band)
    with counter.database.transaction() as tx:
        tx.execute(text("UPDATE actors SET claimed_number = NULL, number_given_at = NULL"))

    with pytest.raises(OrganisationKnown):
        claim(STRANGER)
    assert found(counter, band).owns_number


def test_erasing_who_claims_forgets_by_what_they_are_known_again(counter: Any, claim: Any) -> None:
    band = claim()
    assert found(counter, band).digest is not None

    counter.run(privacy.erase, RESIDENT.person, cancel_bookings=False)

    assert (found(counter, band).digest, found(counter, band).registered_by == RESIDENT.person) == (None, False)


@pytest.mark.parametrize("ended", [False, True], ids=["waits", "refused"])
def test_what_is_booked_for_a_claim_goes_with_who_made_it(counter: Any, claim: Any, ended: bool) -> None:
    band = claim()
    held = counter.confirmed("hall", tenant=band)
    if ended:
        counter.run(actors.refuse, MANAGER, band, reason="Ukjent for styret.")

    with pytest.raises(BookingsToCome):
        counter.run(privacy.erase, RESIDENT.person, cancel_bookings=False)
    counter.run(privacy.erase, RESIDENT.person, cancel_bookings=True)

    assert counter.load(held).state == "cancelled"


def test_a_claim_is_given_up_with_who_made_it_and_nobody_confirms_it(counter: Any, claim: Any) -> None:
    band, rival = claim(), claim(STRANGER)

    counter.run(privacy.erase, RESIDENT.person, cancel_bookings=False)

    with pytest.raises(ClaimDecided):
        verify(counter, band)
    verify(counter, rival)
    assert [found(counter, each).owns_number for each in (band, rival)] == [False, True]


def test_what_is_booked_for_a_confirmed_organisation_goes_on_without_who_claimed_it(counter: Any, claim: Any) -> None:
    band = claim()
    held = counter.confirmed("hall", tenant=band)
    verify(counter, band)

    counter.run(privacy.erase, RESIDENT.person, cancel_bookings=True)

    assert counter.load(held).state == "confirmed"
    assert found(counter, band).owns_number


@pytest.mark.parametrize("turn", range(3))
def test_a_claim_confirmed_while_who_made_it_goes_is_confirmed_or_given_up(
    counter: Any, claim: Any, many: Database, turn: int
) -> None:
    band = claim()
    held = counter.confirmed("hall", tenant=band)

    def change(confirms: bool) -> None:
        with many.transaction() as tx, suppress(ClaimDecided):
            if confirms:
                actors.verify(tx, MANAGER, band, kind="voluntary", reason="Viste protokollen.")
            else:
                privacy.erase(tx, RESIDENT.person, cancel_bookings=True)

    at_once(change, [True, False])
    assert (counter.load(held).state == "confirmed") is found(counter, band).owns_number

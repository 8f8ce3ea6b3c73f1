"""What an organisation counts as, and by whose word."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.booking.events import ActorVerified, TenantKind, VerifiedBy
from services.booking.model.actors import UNVERIFIED, ClaimEnd, Decision, Organisation

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KARI, MONA = UUID(int=1), UUID(int=2)
NEW = Organisation(
    id=UUID(int=10),
    version=1,
    name="Korpset",
    organisation_number="974760673",
    told_kind="voluntary",
    registered_by=KARI,
    created_at=NOW,
    number_given_at=NOW,
)
CLAIMED = replace(NEW, number_given_at=None)


def decision(kind: TenantKind, by: VerifiedBy) -> Decision:
    return Decision(kind=kind, by=by, at=NOW, person=MONA, reason="Vedtektene")


def test_what_is_told_counts_for_nothing_and_the_dearest_price_is_meant() -> None:
    assert (NEW.told_kind, NEW.kind, UNVERIFIED) == ("voluntary", "business", "business")


@pytest.mark.parametrize("kind", ["voluntary", "business", "municipal"])
def test_the_registers_verify(kind: TenantKind) -> None:
    told = NEW.told_by_registers(kind, now=NOW)

    assert (told.kind, told.version) == (kind, 2)
    assert told.decision == Decision(kind=kind, by="registers", at=NOW)
    assert told.happened() == ActorVerified(
        actor=NEW.id, organisation_number="974760673", kind=kind, verified_by="registers"
    )


def test_the_same_again_is_no_news() -> None:
    told = NEW.told_by_registers("voluntary", now=NOW)
    assert told.told_by_registers("voluntary", now=NOW) is told


def test_registers_that_cannot_tell_change_nothing_of_what_nobody_verified() -> None:
    assert NEW.told_by_registers(None, now=NOW) is NEW


def test_what_the_registers_no_longer_say_no_longer_holds() -> None:
    lost = NEW.told_by_registers("voluntary", now=NOW).told_by_registers(None, now=NOW)

    assert (lost.kind, lost.decision, lost.version) == ("business", None, 3)
    assert lost.happened().verified_by is None


def test_the_registers_may_change_their_own_word() -> None:
    assert NEW.told_by_registers("business", now=NOW).told_by_registers("voluntary", now=NOW).kind == "voluntary"


@pytest.mark.parametrize("by", ["manager", "operator"])
@pytest.mark.parametrize("said", ["business", "municipal", "voluntary", None])
def test_what_a_person_decided_no_register_changes(by: VerifiedBy, said: TenantKind | None) -> None:
    decided = NEW.decided(decision("voluntary", by))
    assert decided.told_by_registers(said, now=NOW) is decided


def test_a_person_decides_over_the_registers() -> None:
    decided = NEW.told_by_registers("business", now=NOW).decided(decision("voluntary", "manager"))

    assert (decided.kind, decided.version, decided.happened().verified_by) == ("voluntary", 3, "manager")


def test_the_registers_say_nothing_of_a_number_that_is_claimed() -> None:
    assert CLAIMED.told_by_registers("voluntary", now=NOW) is CLAIMED


def test_a_claim_waits_until_it_is_given_the_number_or_ends() -> None:
    given = CLAIMED.claimed_by(b"kari").decided(decision("voluntary", "manager")).given(name="KORPSET", now=NOW)
    gone = CLAIMED.claimed_by(b"kari").gone(ClaimEnd(how="refused", at=NOW, by=MONA, why="Ukjent"))

    assert [(each.waits, each.owns_number) for each in (CLAIMED, given, gone)] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert (given.name, given.digest, gone.digest) == ("KORPSET", None, None)
    assert CLAIMED.given(name=None, now=NOW).name == "Korpset"


def test_what_was_verified_before_claims_were_told_apart_owns_its_number() -> None:
    assert CLAIMED.decided(decision("voluntary", "registers")).owns_number

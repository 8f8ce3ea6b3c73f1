"""Who closes a place decides on no booking of their own: they move it as its tenant may, and operators learn of fees
that they spare themselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from kernel.auth import Caller, Role
from services.booking.model.bookings import Booking
from services.booking.model.closures import ClosureRequest, Decision
from services.booking.model.refusals import TooLateToMove
from services.booking.model.representatives import Terms
from services.booking.model.resources import Square
from services.booking.usecases import closures as usecases
from services.booking.usecases import representatives as representing
from tests.callers import MANAGER, OPERATOR, RESIDENT, caller
from tests.integration.booking.test_closures import REASON

COLLEAGUE = caller("mari", Role.ARENA_MANAGER, squares=frozenset({"borgen"}))
WEEK = 7 * 96
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _studio(counter: Any, town: Any) -> None:
    """Where a manager decides, and another space."""
    spaces = (town.space("studio", rules=replace(town.RULES, approval=True)), town.space("loft"))
    counter.publish(Square(id="borgen", name=town.name("borgen"), arenas=(town.arena("borgen-house", *spaces),)))


def booked(counter: Any, who: Caller, tenant: UUID | None = None, *, free_for: timedelta = DAY) -> Booking:
    """The loft in a week; it may be given up for nothing for so long."""
    booking = counter.hold("loft", WEEK, who=who, tenant=tenant, confirm="when_priced")
    told = counter.priced(booking, quote=booking.id.int)
    counter.deliver(replace(told, data=replace(told.data, free_until=counter.clock.now() + free_for)))
    found: Booking = counter.load(booking)
    assert found.state == "confirmed"
    return found


def close(counter: Any, who: Caller, booking: Booking, outcome: Any, **there: Any) -> Booking:
    wanted = ClosureRequest(
        kind="closure", reason=REASON, space="loft", begins_at=booking.begins_at, ends_at=booking.ends_at
    )
    counter.run(usecases.announce, who, wanted, [Decision(booking=booking.id, outcome=outcome, **there)])
    found: Booking = counter.load(booking)
    return found


def alarmed() -> float:
    return REGISTRY.get_sample_value("torg_booking_own_closures_total") or 0.0


@pytest.mark.parametrize(
    ("tenant", "closer", "state"),
    [
        (MANAGER, MANAGER, "awaiting_approval"),
        (MANAGER, COLLEAGUE, "confirmed"),
        (RESIDENT, MANAGER, "confirmed"),
    ],
    ids=["own", "a colleague's", "a resident's"],
)
def test_a_closure_moves_nothing_of_ones_own_past_approval(
    counter: Any, tenant: Caller, closer: Caller, state: str
) -> None:
    booking = booked(counter, tenant)
    assert close(counter, closer, booking, "move", space="studio").state == state


def test_nor_what_is_of_an_organisation_they_could_act_for_a_moment_ago(counter: Any) -> None:
    band = counter.organisation("kari")
    given = Terms(role="booker")
    counter.run(representing.appoint, OPERATOR, band, given, subject=MANAGER.subject, issuer=None)
    counter.run(representing.end, MANAGER, band, MANAGER.person)
    booking = booked(counter, RESIDENT, band)
    assert close(counter, MANAGER, booking, "move", space="studio").state == "awaiting_approval"


@pytest.mark.parametrize("late", [False, True], ids=["in time", "too late"])
def test_a_closure_moves_nothing_of_ones_own_too_late(counter: Any, late: bool) -> None:
    booking = booked(counter, MANAGER)
    counter.clock.move(DAY + (MOMENT if late else timedelta()))
    there = {"begins_at": counter.quarter(2 * WEEK), "ends_at": counter.quarter(2 * WEEK + 4)}
    if late:
        with pytest.raises(TooLateToMove):
            close(counter, MANAGER, booking, "move", **there)
    else:
        assert close(counter, MANAGER, booking, "move", **there).begins_at == counter.quarter(2 * WEEK)


@pytest.mark.parametrize(("tenant", "late", "told"), [(MANAGER, True, 1), (MANAGER, False, 0), (RESIDENT, True, 0)])
def test_operators_learn_of_a_fee_that_a_closure_spares_who_announced_it(
    counter: Any, tenant: Caller, late: bool, told: int
) -> None:
    booking, before = booked(counter, tenant), alarmed()
    counter.clock.move(DAY + (MOMENT if late else timedelta()))
    assert close(counter, MANAGER, booking, "cancel").cancelled_by == "house"
    assert alarmed() - before == told


def test_what_would_be_hit_is_asked_without_alarm(counter: Any) -> None:
    booking, before = booked(counter, MANAGER), alarmed()
    counter.clock.move(DAY + MOMENT)
    wanted = ClosureRequest(
        kind="closure", reason=REASON, space="loft", begins_at=booking.begins_at, ends_at=booking.ends_at
    )
    counter.run(usecases.plan, MANAGER, wanted, [Decision(booking=booking.id, outcome="cancel")])
    assert alarmed() == before

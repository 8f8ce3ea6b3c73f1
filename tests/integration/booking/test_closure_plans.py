"""A closure's dry run: what is proposed is what would be done, all of it together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.auth import Forbidden
from kernel.errors import DomainError, Text
from services.access.events import DoorOpened
from services.booking.model.closures import Closure, ClosureRequest, Decision, Hit
from services.booking.model.refusals import NotInUse, SlotTaken, SpaceClosed
from services.booking.model.resources import Equipment, UnknownSpace
from services.booking.model.rules import InThePast, OffGrid, TooLong, UnknownEquipment
from services.booking.queries import closures as queries
from services.booking.usecases import closures as usecases
from tests.bookings import envelope
from tests.callers import MANAGER, OTHER_MANAGER, STRANGER

REASON = Text(nb="Gulvet slipes", nn="Golvet blir slipt", en="The floor is being sanded")


class Plans:
    """A hall that is closed, and rooms beside it where its bookings might go."""

    def __init__(self, counter: Any, town: Any) -> None:
        self.counter, self.town = counter, town

    def publish(self, *rooms: Any, equipment: Sequence[Equipment] = ()) -> None:
        house = replace(self.town.arena("house", self.town.HALL, *rooms), equipment=equipment)
        self.counter.publish(replace(self.town.BORGEN, arenas=(house,)))

    def open_door(self, booking: Any) -> None:
        where = {"booking": booking.id, "space": booking.space, "square": booking.square}
        told = DoorOpened(key=UUID(int=3), lock=UUID(int=4), opened_at=self.counter.clock.now(), **where)
        self.counter.deliver(envelope(told, str(UUID(int=8)), 1))

    def room(self, id: str, *, capacity: int = 50, rules: Any = None, **different: Any) -> Any:
        rules = replace(self.town.RULES, **(rules or {}))
        return replace(self.town.space(id, capacity=capacity, rules=rules), **different)

    def closing(self, begin: int = 0, quarters: int = 8) -> ClosureRequest:
        times = {"begins_at": self.counter.quarter(begin), "ends_at": self.counter.quarter(begin + quarters)}
        return ClosureRequest(kind="maintenance", reason=REASON, space="hall", **times)

    def plan(self, who: Any = MANAGER, decisions: Sequence[Decision] = (), **when: int) -> list[Hit]:
        hits: list[Hit] = self.counter.run(usecases.plan, who, self.closing(**when), decisions)
        return hits

    def where(self) -> dict[UUID, tuple[str | None, list[str]]]:
        return {
            each.booking.id: (each.proposal.space if each.proposal else None, list(each.alternatives))
            for each in self.plan()
        }

    def close(self, decisions: Sequence[Decision], **when: int) -> Closure:
        made: Closure = self.counter.run(usecases.announce, MANAGER, self.closing(**when), decisions)
        return made


@pytest.fixture
def plans(counter: Any, town: Any) -> Plans:
    return Plans(counter, town)


@pytest.mark.parametrize(
    "different",
    [
        {"rules": {"grid_minutes": 60, "min_minutes": 60}},
        {"rules": {"max_minutes": 60}},
        {"rules": {"min_minutes": 120}},
        {"noise": "quiet"},
        {"rules": {"purposes": ("sport",)}},
        {"rules": {"audiences": ("seniors",)}},
        {"capacity": 7},
    ],
)
def test_a_room_that_the_move_would_refuse_is_not_offered(plans: Plans, different: dict[str, Any]) -> None:
    plans.publish(plans.room("good", capacity=60), plans.room("bad", **different))
    hit = plans.counter.confirmed("hall", 1, 5)

    assert plans.where() == {hit.id: ("good", ["good"])}
    with pytest.raises(DomainError):
        plans.close([Decision(booking=hit.id, outcome="move", space="bad")])


def test_a_room_of_another_class_has_another_price_and_is_not_offered(plans: Plans) -> None:
    plans.publish(plans.room("kitchen", premises="kitchen"))
    hit = plans.counter.confirmed("hall")

    assert plans.where() == {hit.id: (None, [])}
    plans.close([Decision(booking=hit.id, outcome="move", space="kitchen")])


def test_a_room_without_the_equipment_is_not_offered(plans: Plans, town: Any) -> None:
    chairs = [Equipment(id="chairs", name=town.name("Stoler"), pieces=20)]
    house = replace(town.arena("house", town.HALL, plans.room("beside")), equipment=chairs)
    barn = town.arena("barn", plans.room("away", capacity=10))
    plans.counter.publish(replace(town.BORGEN, arenas=(house, barn)))
    hit = plans.counter.confirmed("hall", equipment={"chairs": 20})

    assert plans.where() == {hit.id: ("beside", ["beside"])}
    with pytest.raises(UnknownEquipment) as refused:
        plans.close([Decision(booking=hit.id, outcome="move", space="away")])
    assert refused.value.fields["booking"] == str(hit.id)


@pytest.mark.parametrize("rules", [{"notice_minutes": 60 * 24 * 7}, {"horizon_days": 1}, {"approval": True}])
def test_notice_horizon_and_approval_do_not_bind_the_house(plans: Plans, rules: dict[str, Any]) -> None:
    far = 4 * 24 * 3
    plans.publish(plans.room("strict", rules=rules))
    hit = plans.counter.confirmed("hall", far)

    [planned] = plans.plan(begin=far)
    assert planned.proposal == Decision(booking=hit.id, outcome="move", space="strict")
    plans.close([planned.proposal], begin=far)

    assert (plans.counter.load(hit).space, plans.counter.load(hit).state) == ("strict", "confirmed")


def test_one_room_is_proposed_to_one_booking(plans: Plans) -> None:
    plans.publish(plans.room("small", capacity=10), plans.room("large", capacity=40))
    few, many = plans.counter.confirmed("third-1", participants=8), plans.counter.confirmed("third-2", participants=30)
    third = plans.counter.confirmed("third-3", participants=8)

    where = plans.where()

    assert where[many.id] == ("large", ["large"])
    assert {where[few.id][0], where[third.id][0]} == {"small", None}


def test_what_is_proposed_holds_together_and_changes_nothing(plans: Plans) -> None:
    plans.publish(*(plans.room(f"room-{number}", capacity=20 + number) for number in range(3)))
    booked = [plans.counter.confirmed(f"third-{number}", participants=8) for number in (1, 2, 3)]
    later = [plans.counter.confirmed(f"third-{number}", 4, participants=8) for number in (1, 2)]
    told = len(plans.counter.told())

    planned = plans.plan()

    assert len(plans.counter.told()) == told
    with plans.counter.database.reading() as tx:
        assert queries.all_closures(tx, plans.counter.page(10)).items == []
    assert [plans.counter.claimed(each) for each in (*booked, *later)] == [1] * 5
    decisions = [each.proposal for each in planned if each.proposal is not None]
    assert len(decisions) == 5
    plans.close(decisions)
    assert {plans.counter.load(each).space for each in booked} == {"room-0", "room-1", "room-2"}
    assert len({plans.counter.load(each).space for each in later}) == 2


def test_each_alternative_can_be_taken_with_the_others_as_proposed(plans: Plans) -> None:
    plans.publish(*(plans.room(f"room-{number}", capacity=20 + number) for number in range(3)))
    hits = [plans.counter.confirmed(f"third-{number}", participants=8) for number in (1, 2)]

    planned = plans.plan()

    assert [len(each.alternatives) for each in planned] == [2, 2]
    first, second = planned
    assert first.proposal is not None
    assert second.proposal is not None
    assert second.proposal.space not in first.alternatives
    plans.close([replace(first.proposal, space=first.alternatives[1]), second.proposal])
    assert plans.counter.load(hits[0]).space != plans.counter.load(hits[1]).space


def test_what_a_hit_leaves_outside_of_what_is_closed_can_be_proposed(plans: Plans) -> None:
    """The whole hall is booked, one third of it is closed: another third is free then."""
    plans.publish()
    hit = plans.counter.confirmed("hall", participants=8)
    wanted = replace(plans.closing(), space="third-1")

    [planned] = plans.counter.run(usecases.plan, MANAGER, wanted)

    assert planned.proposal is not None
    assert planned.proposal.space in ("third-2", "third-3")
    plans.counter.run(usecases.announce, MANAGER, wanted, [planned.proposal])
    assert plans.counter.claimed(hit) == 1


@pytest.mark.parametrize(
    ("minutes", "used", "outcome", "state"),
    [
        (120, True, "end", "completed"),
        (180, True, "end", "completed"),
        (120, False, "cancel", "cancelled"),
        (180, False, "cancel", "cancelled"),
    ],
)
def test_what_is_under_way_is_ended_when_it_is_in_use_and_cancelled_when_nobody_came(
    plans: Plans, minutes: int, used: bool, outcome: Any, state: str
) -> None:
    """Who was let in pays for all of it; what the house takes from somebody who was not there is credited."""
    hit = plans.counter.confirmed("hall", 0, 8)
    plans.counter.clock.move(timedelta(minutes=minutes))
    if used:
        plans.open_door(hit)

    [planned] = plans.plan(begin=4)

    assert planned.proposal == Decision(booking=hit.id, outcome=outcome)
    plans.close([planned.proposal], begin=4)
    assert plans.counter.load(hit).state == state


def test_a_hold_whose_time_is_over_makes_way_and_is_no_hit(plans: Plans) -> None:
    held = plans.counter.hold("hall")
    plans.counter.clock.move(held.hold_expires_at - plans.counter.clock.now())

    assert plans.plan() == []


REFUSED = pytest.mark.parametrize(
    ("decision", "error"),
    [
        ({"outcome": "move", "space": "taken"}, SlotTaken),
        ({"outcome": "move", "space": "third-3"}, SpaceClosed),
        ({"outcome": "move", "space": "short"}, TooLong),
        ({"outcome": "move", "space": "nowhere"}, UnknownSpace),
        ({"outcome": "move", "space": "far"}, Forbidden),
        ({"outcome": "move", "space": "beside", "begins_at": timedelta(minutes=1)}, OffGrid),
        ({"outcome": "move", "space": "beside", "begins_at": -timedelta(hours=4)}, InThePast),
        ({"outcome": "end"}, NotInUse),
    ],
)


@REFUSED
@pytest.mark.parametrize("dry", [True, False])
def test_a_refusal_names_its_booking_of_a_dry_run_too(
    plans: Plans, town: Any, decision: dict[str, Any], error: Any, dry: bool
) -> None:
    plans.publish(plans.room("taken"), plans.room("beside"), plans.room("short", rules={"max_minutes": 30}))
    plans.counter.publish(replace(town.BORGEN, id="tofte", arenas=(town.arena("barn", plans.room("far")),)))
    plans.counter.confirmed("taken", who=STRANGER)
    first, second = plans.counter.confirmed("third-1"), plans.counter.confirmed("third-2")
    if shift := decision.get("begins_at"):
        decision = {**decision, "begins_at": second.begins_at + shift}
    decisions = [Decision(booking=first.id, outcome="cancel"), Decision(booking=second.id, **decision)]

    with pytest.raises(error) as refused:
        plans.plan(decisions=decisions) if dry else plans.close(decisions)

    assert refused.value.fields["booking"] == str(second.id)
    assert plans.counter.load(first).state == "confirmed"


def test_a_dry_run_proposes_for_the_others_what_holds_with_what_is_decided(plans: Plans) -> None:
    """One room is decided for the second booking; the first, which would get it, is proposed another, or nothing."""
    plans.publish(plans.room("small", capacity=10), plans.room("large", capacity=40))
    booked = [plans.counter.confirmed(f"third-{number}", participants=8) for number in (1, 2, 3)]
    decided = Decision(booking=booked[1].id, outcome="move", space="small")
    told = len(plans.counter.told())

    planned = {each.booking.id: each for each in plans.plan(decisions=[decided])}

    assert planned[booked[1].id] == Hit(booking=booked[1], proposal=decided)
    others = [planned[each.id].proposal for each in (booked[0], booked[2])]
    assert sorted(each.space or "" for each in others if each) == ["large"]
    assert len(plans.counter.told()) == told
    assert [plans.counter.load(each).state for each in booked] == ["confirmed"] * 3
    rest = [
        each or Decision(booking=booking.id, outcome="cancel")
        for each, booking in zip(others, (booked[0], booked[2]), strict=True)
    ]
    plans.close([decided, *rest])
    assert plans.counter.load(booked[1]).space == "small"


@pytest.mark.parametrize("outcome", ["cancel", "move"])
def test_what_is_decided_is_shown_as_it_was_sent(plans: Plans, outcome: Any) -> None:
    hit = plans.counter.confirmed("hall")
    later = {"begins_at": plans.counter.quarter(8), "ends_at": plans.counter.quarter(12)} if outcome == "move" else {}
    decided = Decision(booking=hit.id, outcome=outcome, **later)

    [planned] = plans.plan(decisions=[decided])

    assert planned == Hit(booking=hit, proposal=decided)


def test_only_who_may_close_may_look(plans: Plans) -> None:
    with pytest.raises(Forbidden):
        plans.plan(OTHER_MANAGER)

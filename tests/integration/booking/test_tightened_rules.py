"""Rules that are tightened under bookings: what is booked can still be made smaller, and whoever publishes is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.errors import DomainError
from kernel.versions import ANY_VERSION
from services.booking.model.bookings import Booking
from services.booking.model.closures import ClosureRequest
from services.booking.model.refusals import EquipmentLent, NoRoom, SlotTaken
from services.booking.model.resources import Arena, Equipment, EquipmentInUse, Space, Square
from services.booking.model.rules import TooManyParticipants, TooShort
from services.booking.model.series import SeriesClashes
from services.booking.model.sharing import Sharing
from services.booking.queries import tightened
from services.booking.store.tables import claims, equipment_loans
from services.booking.usecases import closures, house_rules
from tests.callers import OPERATOR, RESIDENT, STRANGER

HOUR = timedelta(hours=1)
APART = Sharing(groups=3, apart=(({"purpose": "culture"}, {"purpose": "culture"}),))


class House:
    """A shared lobby and a stage, with forty chairs, that are published anew with other rules."""

    def __init__(self, counter: Any, town: Any) -> None:
        self.counter, self.town = counter, town
        self.lobby: Space = replace(town.space("lobby", capacity=30), sharing=Sharing(groups=3))
        self.stage: Space = town.space("stage")
        self.publish()

    def publish(self, *, lobby: Any = None, stage: Any = None, pieces: int = 40, rules: Any = None) -> Square:
        spaces = [
            replace(self.lobby, **(lobby or {})),
            replace(self.stage, **{**(stage or {}), "rules": replace(self.town.RULES, **(rules or {}))}),
        ]
        chairs = [Equipment(id="chairs", name=self.town.name("Stoler"), pieces=pieces)] if pieces else []
        place = Arena(id="culture", name=self.town.name("K"), hours=self.town.ALWAYS, spaces=spaces, equipment=chairs)
        square = Square(id="asker", name=self.town.name("Asker"), arenas=(place,))
        self.counter.publish(square)
        return square

    def not_allowed(self, most: int = 100) -> tuple[int, dict[UUID, list[str]]]:
        with self.counter.database.reading() as tx:
            found = tightened.not_allowed(tx, "asker", most=most)
        return found.total, {each.booking.id: [reason.code for reason in each.reasons] for each in found.items}

    def move(self, booking: Booking, who: Any = RESIDENT, **changes: Any) -> Booking:
        moved: Booking = self.counter.run(self.counter.usecases.reschedule, who, booking.id, ANY_VERSION, **changes)
        return moved

    def loan(self, booking: Booking) -> tuple[Any, int] | None:
        with self.counter.database.reading() as tx:
            lent = select(func.upper(equipment_loans.c.during), equipment_loans.c.pieces)
            row = tx.execute(lent.where(equipment_loans.c.booking == booking.id)).one_or_none()
        return (row[0], row[1]) if row else None

    def claim(self, booking: Booking) -> Any:
        with self.counter.database.reading() as tx:
            taken = select(func.lower(claims.c.during), func.upper(claims.c.during), claims.c.people)
            return tx.execute(taken.where(claims.c.holder == booking.id)).one()


@pytest.fixture
def house(counter: Any, town: Any) -> House:
    return House(counter, town)


Tightened = tuple[str, dict[str, Any], list[str]]
TIGHTENED: dict[str, Tightened] = {
    "capacity of a shared space": ("lobby", {"lobby": {"capacity": 9}}, ["too_many_participants", "no_room"]),
    "people together": ("lobby", {"lobby": {"capacity": 19}}, ["no_room"]),
    "groups": ("lobby", {"lobby": {"sharing": Sharing(groups=1)}}, ["no_room"]),
    "who may meet": ("lobby", {"lobby": {"sharing": APART}}, ["no_room"]),
    "shared no more": ("lobby", {"lobby": {"sharing": None}}, ["slot_taken"]),
    "capacity": ("stage", {"stage": {"capacity": 9}}, ["too_many_participants"]),
    "noise": ("stage", {"stage": {"noise": "quiet"}}, ["too_loud"]),
    "grid": ("stage", {"rules": {"grid_minutes": 60, "min_minutes": 60}}, ["off_grid"]),
    "longest": ("stage", {"rules": {"max_minutes": 60}}, ["too_long"]),
    "shortest": ("stage", {"rules": {"min_minutes": 240}}, ["too_short"]),
    "purposes": ("stage", {"rules": {"purposes": ("sport",)}}, ["purpose_not_permitted"]),
    "audiences": ("stage", {"rules": {"audiences": ("youth",)}}, ["audience_not_permitted"]),
    "set-up": ("stage", {"rules": {"setup_minutes": 15}}, ["slot_taken"]),
    "clearing": ("stage", {"rules": {"clearing_minutes": 15}}, ["slot_taken"]),
    "pieces": ("stage", {"pieces": 19}, ["equipment_lent"]),
    "shared from now on": ("stage", {"stage": {"sharing": Sharing(groups=2)}}, []),
}


@pytest.fixture(params=TIGHTENED.values(), ids=TIGHTENED)
def tightened_now(request: Any, house: House) -> tuple[Booking, list[str]]:
    """A booking of two hours and a quarter, others beside, before and after it, and what new rules have against it."""
    space, change, reasons = request.param
    like = {"participants": 10, "equipment": {"chairs": 20}}
    booking = house.counter.confirmed(space, 1, 9, **like)
    house.counter.confirmed(space, -3, 4, who=STRANGER)
    house.counter.confirmed(space, 10, 4, who=STRANGER)
    if space == "lobby":
        house.counter.confirmed("lobby", 1, 9, participants=10, who=STRANGER)
    house.publish(**change)
    return booking, reasons


def test_whoever_publishes_is_told_of_each_booking_that_is_not_allowed_now(
    house: House, tightened_now: tuple[Booking, list[str]]
) -> None:
    booking, reasons = tightened_now

    total, found = house.not_allowed()

    assert found.get(booking.id, []) == reasons
    assert total == len(found)
    assert house.counter.load(booking) == house.counter.booking(booking.id)


def test_what_takes_no_more_than_before_is_allowed_whatever_the_rules_have_become(
    house: House, tightened_now: tuple[Booking, list[str]]
) -> None:
    booking, _ = tightened_now
    quarter = HOUR / 4
    for changes in (
        {"participants": 10},
        {"participants": 9},
        {"equipment": {"chairs": 19}},
        {"begins_at": booking.begins_at + quarter},
        {"ends_at": booking.ends_at - quarter, "participants": 8, "equipment": {"chairs": 1}},
        {"equipment": {}},
    ):
        smaller = house.move(booking, **changes)

        assert (smaller.state, smaller.shared) == ("confirmed", booking.shared)
        assert (smaller.setup_minutes, smaller.clearing_minutes) == (0, 0)
        people = smaller.participants if smaller.shared else None
        assert tuple(house.claim(smaller)) == (smaller.begins_at, smaller.ends_at, people)
        chairs = smaller.equipment.get("chairs")
        assert house.loan(smaller) == ((smaller.ends_at, chairs) if chairs else None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"participants": 11}, (TooManyParticipants, NoRoom)),
        ({"ends_at": HOUR}, (TooManyParticipants, NoRoom)),
        ({"equipment": {"chairs": 21}}, (TooManyParticipants, NoRoom)),
    ],
)
def test_what_takes_more_keeps_the_rules_of_now(house: House, changes: dict[str, Any], error: Any) -> None:
    booking = house.counter.confirmed("lobby", participants=10, equipment={"chairs": 20})
    house.publish(lobby={"capacity": 9})
    wanted = {
        name: value + getattr(booking, name) if name.endswith("_at") else value for name, value in changes.items()
    }

    with pytest.raises(error):
        house.move(booking, **wanted)


def test_quieter_in_a_shared_space_may_meet_whom_it_did_not(house: House) -> None:
    """Another noise is no less: those it goes with are others."""
    apart = Sharing(groups=3, apart=(({"noise": "quiet"}, {"noise": "loud"}),))
    house.publish(lobby={"sharing": apart})
    booking = house.counter.confirmed("lobby", noise="loud")
    house.counter.confirmed("lobby", noise="loud", who=STRANGER)

    with pytest.raises(NoRoom):
        house.move(booking, noise="quiet")


def test_a_rule_that_a_booking_kept_is_kept_when_it_is_made_smaller(house: House) -> None:
    booking = house.counter.confirmed("stage")

    with pytest.raises(TooShort):
        house.move(booking, ends_at=booking.begins_at + HOUR / 4)


def test_buffers_that_came_later_count_for_whoever_moves(house: House) -> None:
    booking = house.counter.confirmed("stage", 0, 4)
    house.counter.confirmed("stage", 8, 4)
    house.publish(rules={"clearing_minutes": 30})

    with pytest.raises(SlotTaken):
        house.move(booking, begins_at=booking.begins_at + HOUR, ends_at=booking.ends_at + HOUR)


def test_what_was_lent_before_there_were_fewer_is_not_lent_to_others(house: House) -> None:
    house.counter.confirmed("stage", equipment={"chairs": 20})
    house.publish(pieces=10)

    with pytest.raises(EquipmentLent):
        house.counter.hold("lobby", equipment={"chairs": 1}, who=STRANGER)
    with pytest.raises(EquipmentInUse):
        house.publish(pieces=0)


def test_made_smaller_it_asks_for_no_house_rules(house: House) -> None:
    booking = house.counter.confirmed("stage")
    said = {"text": house.town.name("Ro"), "rules": [], "effective_from": None}
    house.counter.run(house_rules.publish, OPERATOR, "arena", "culture", **said)

    assert house.move(booking, participants=1).participants == 1
    with pytest.raises(DomainError, match="house_rules_not_accepted"):
        house.move(booking, participants=9)


def test_a_series_is_made_smaller_whatever_the_rules_have_become(house: House, season: Any) -> None:
    series = season.book("lobby", participants=10)
    season.priced(series)
    house.publish(lobby={"capacity": 5})

    season.move(series, minutes=60, participants=6)

    first = house.counter.booking(season.booking(series, 0))
    assert (first.participants, first.ends_at - first.begins_at) == (6, HOUR)
    assert tuple(house.claim(first)) == (first.begins_at, first.ends_at, 6)
    with pytest.raises(SeriesClashes):
        season.move(series, participants=7)


def test_bookings_that_are_over_or_given_up_are_not_told_of(house: House) -> None:
    over, given_up = house.counter.confirmed("stage", 0, 4), house.counter.confirmed("stage", 4, 4)
    last = house.counter.confirmed("stage", 8, 4)
    house.counter.cancel(given_up)
    house.publish(stage={"capacity": 1})
    assert set(house.not_allowed()[1]) == {over.id, last.id}

    house.counter.clock.move(timedelta(hours=3))

    assert set(house.not_allowed()[1]) == {last.id}


def test_the_first_are_told_and_how_many_there_are(house: House) -> None:
    booked = [house.counter.confirmed("stage", number * 4, 4) for number in range(3)]
    house.publish(stage={"capacity": 1})

    total, found = house.not_allowed(most=2)

    assert (total, list(found)) == (3, [booked[0].id, booked[1].id])


def test_a_closure_next_to_a_wider_booking_is_told_as_one(house: House) -> None:
    booking = house.counter.confirmed("stage", 0, 4)
    times = {"begins_at": house.counter.quarter(4), "ends_at": house.counter.quarter(8)}
    wanted = ClosureRequest(kind="maintenance", reason=house.town.name("Gulv"), space="stage", **times)
    house.counter.run(closures.announce, OPERATOR, wanted, [])
    house.publish(rules={"clearing_minutes": 15})

    assert house.not_allowed()[1] == {booking.id: ["space_closed"]}

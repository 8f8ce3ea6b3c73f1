"""Single bookings on a real PostgreSQL, beside a model in memory that says what should come of each step: persons,
managers, pricing, doors and the worker, in any order. `tests/integration/booking/test_stateful.py` lets Hypothesis run
it, with the series and closures of `tests.booking_life_series` and `tests.booking_life_closures`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kernel.auth import Caller
from kernel.errors import DomainError
from kernel.ids import new_id
from kernel.versions import ANY_VERSION
from services.access.events import DoorOpened, KeyUnused
from services.booking.model.bookings import BookingRequest
from services.booking.usecases import bookings as usecases
from services.booking.usecases import deciding, time
from services.pricing.events import BookingPaid
from tests.booking_house import HOUSE, NOISES, OWNED, Wish
from tests.booking_model import LIVE, House
from tests.booking_truth import Truth, forget_everything
from tests.bookings import envelope
from tests.callers import MANAGER, RESIDENT

QUARTER = 15
MINUTE = timedelta(minutes=1)

WISHES = st.builds(
    dict,
    space=st.sampled_from(sorted(HOUSE)),
    begin=st.integers(-1, 10),
    quarters=st.integers(1, 8),
    people=st.sampled_from([1, 5, 8, 12, 30, 31, 51]),
    noise=st.sampled_from(NOISES),
    purpose=st.sampled_from(["culture", "youth", "commercial"]),
    equipment=st.dictionaries(st.sampled_from(sorted(OWNED)), st.integers(1, 3), max_size=1),
    at_once=st.booleans(),
)
WHICH = st.integers(0, 40)


class Life(RuleBasedStateMachine):
    """One house, from empty on."""

    def __init__(self, counter: Any) -> None:
        super().__init__()
        self.counter = counter
        forget_everything(counter.database)
        now = counter.clock.now()
        counter.clock.move(timedelta(hours=1) - timedelta(minutes=now.minute))
        self.start: datetime = counter.clock.now()
        self.house = House()
        self.names: list[str] = []
        self.others: dict[str, Caller] = {}
        """Whose a booking is that is not Kari's."""

    def some(self, which: int, *states: str) -> str:
        """One of the bookings; five times of six one in these states, if there is any."""
        wanted = [name for name in self.names if self.house.all[name].state in (states or LIVE)]
        among = self.names if which % 6 == 0 or not wanted else wanted
        return among[which % len(among)]

    def at(self, minutes: int) -> datetime:
        return self.start + minutes * MINUTE

    def attempt(self, expected: str | None, use_case: Any, *arguments: Any, **named: Any) -> Any:
        """Takes a step, or sees it refused for the reason expected."""
        done, refused = None, None
        try:
            done = self.counter.run(use_case, *arguments, **named)
        except DomainError as refusal:
            refused = refusal.code
        assert refused == expected
        return done

    def change(self, name: str, expected: str | None, use_case: Any, who: Any = RESIDENT, **named: Any) -> None:
        by = self.others.get(name, who) if who is RESIDENT else who
        self.attempt(expected, use_case, by, UUID(name), ANY_VERSION, **named)

    def wish(self, space: str, begin: int, quarters: int, **more: Any) -> Wish:
        """`begin` counts quarters from the next one on."""
        first = -(-self.house.now // QUARTER) * QUARTER + begin * QUARTER
        return Wish(space, first, first + quarters * QUARTER, **more)

    @rule(wish=WISHES)
    def hold(self, wish: dict[str, Any]) -> None:
        self.held(self.wish(**wish))

    @rule(wish=WISHES, total=st.sampled_from([0, 35000]))
    def hold_and_take(self, wish: dict[str, Any], total: int) -> None:
        if name := self.held(replace(self.wish(**wish), at_once=True)):
            self.tell_price(name, total, None, 1)

    @rule(times=st.lists(st.tuples(st.integers(0, 4), st.integers(2, 5)), min_size=1, max_size=4), more=WISHES)
    def share(self, times: list[tuple[int, int]], more: dict[str, Any]) -> None:
        """Shared spaces fill up only when several come at once."""
        for number, (begin, quarters) in enumerate(times):
            own = {"noise": more["noise"], "purpose": more["purpose"]} if number == 0 else {}
            people = {1: 1, 5: 10, 8: 11}.get(more["people"], 2)
            if name := self.held(self.wish("lobby", begin, quarters, people=people, at_once=True, **own)):
                self.tell_price(name, 100, None, 1)

    @rule(lent=st.dictionaries(st.sampled_from(["third-1", "third-2", "lobby", "stage"]), st.integers(1, 4)))
    def borrow(self, lent: dict[str, int]) -> None:
        """Equipment runs short only when several spaces borrow it."""
        for space, pieces in lent.items():
            self.held(self.wish(space, 3, 2, people=1, equipment={"chairs": pieces}))

    def held(self, wish: Wish) -> str | None:
        refused = self.house.hold("new", wish)
        booking = self.attempt(refused, usecases.hold, RESIDENT, self.request(wish))
        if booking is None:
            return None
        name = str(booking.id)
        self.house.all[name] = self.house.all.pop("new")
        self.names.append(name)
        return name

    def request(self, wish: Wish) -> BookingRequest:
        return BookingRequest(
            space=wish.space,
            begins_at=self.at(wish.begin),
            ends_at=self.at(wish.end),
            purpose=wish.purpose,
            audience="everyone",
            participants=wish.people,
            noise=wish.noise,
            equipment=wish.equipment,
            confirm="when_priced" if wish.at_once else "by_me",
        )

    @precondition(lambda self: self.names)
    @rule(which=WHICH, total=st.sampled_from([0, 100, 35000]), free=st.sampled_from([None, -60, 0]), old=st.booleans())
    def price(self, which: int, total: int, free: int | None, old: bool) -> None:
        name = self.some(which, "held")
        known = self.house.all[name]
        self.tell_price(name, total, None if free is None else known.wish.begin + free, 1 if old else known.timed)

    def tell_price(self, name: str, total: int, free_until: int | None, of_version: int) -> None:
        told = self.counter.priced(SimpleNamespace(id=UUID(name)), quote=new_id().int, total=total)
        until = None if free_until is None else self.at(free_until)
        told = replace(told, data=replace(told.data, free_until=until, priced_sequence=of_version))
        self.house.price(name, total, free_until, of_version)
        self.counter.deliver(told, told)

    @precondition(lambda self: self.names)
    @rule(which=WHICH)
    def confirm(self, which: int) -> None:
        name = self.some(which, "held")
        self.change(name, self.house.confirm(name), usecases.confirm)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, yes=st.booleans())
    def decide(self, which: int, yes: bool) -> None:
        name = self.some(which, "awaiting_approval")
        refused = self.house.approve(name, yes=yes)
        if yes:
            self.change(name, refused, deciding.approve, MANAGER)
        else:
            self.change(name, refused, deciding.decline, MANAGER, why="Salen skal males.")

    @precondition(lambda self: self.names)
    @rule(which=WHICH, old=st.booleans())
    def pay(self, which: int, old: bool) -> None:
        """What it costs is paid, or `old`: what it would have cost before it was ever moved."""
        name = self.some(which, "awaiting_payment")
        version = 1 if old else self.house.all[name].timed
        paid_at = self.counter.clock.now()
        self.house.pay(name, version)
        self.deliver_twice(BookingPaid(booking=UUID(name), amount=35000, paid_at=paid_at, priced_sequence=version))

    @precondition(lambda self: self.names)
    @rule(which=WHICH, who=st.sampled_from([RESIDENT, MANAGER]))
    def cancel(self, which: int, who: Any) -> None:
        name = self.some(which)
        self.change(name, self.house.cancel(name), usecases.cancel, who)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, wish=WISHES, by_house=st.booleans())
    def move(self, which: int, wish: dict[str, Any], by_house: bool) -> None:
        name = self.some(which)
        old, new = self.house.all[name].wish, self.wish(**wish)
        self.moved(name, replace(new, purpose=old.purpose, at_once=old.at_once), by_house)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, begin=st.integers(-2, 2), end=st.integers(-2, 2), people=st.integers(-2, 1))
    def shift(self, which: int, begin: int, end: int, people: int) -> None:
        """A little earlier or later, longer or shorter, in the same space."""
        name = self.some(which)
        old = self.house.all[name].wish
        begin, end = old.begin + begin * QUARTER, old.end + end * QUARTER
        if begin < end and old.people + people > 0:
            self.moved(name, replace(old, begin=begin, end=end, people=old.people + people), False)

    def moved(self, name: str, wish: Wish, by_house: bool) -> None:
        refused = self.house.move(name, wish, by_house=by_house)
        changes: Mapping[str, Any] = {
            "space": wish.space,
            "begins_at": self.at(wish.begin),
            "ends_at": self.at(wish.end),
            "participants": wish.people,
            "noise": wish.noise,
            "equipment": wish.equipment,
        }
        self.change(name, refused, usecases.reschedule, MANAGER if by_house else RESIDENT, **changes)

    @precondition(lambda self: self.names)
    @rule(which=WHICH)
    def open_door(self, which: int) -> None:
        name = self.some(which, "confirmed")
        known = self.house.all[name]
        if known.state == "confirmed" and known.wish.begin <= self.house.now < known.wish.end:
            self.house.open_door(name)
            opened = {"key": UUID(int=3), "lock": UUID(int=4), "space": known.wish.space, "square": "borgen"}
            self.deliver_twice(DoorOpened(booking=UUID(name), opened_at=self.counter.clock.now(), **opened))

    @precondition(lambda self: self.names)
    @rule(which=WHICH)
    def end_early(self, which: int) -> None:
        name = self.some(which, "confirmed", "in_use")
        self.change(name, self.house.end_early(name), usecases.end_early)

    @precondition(lambda self: self.names)
    @rule(which=WHICH)
    def nobody_came(self, which: int) -> None:
        name = self.some(which, "confirmed")
        release_at = self.house.all[name].release_at
        if release_at is not None:
            self.house.nobody_came(name)
            self.deliver_twice(KeyUnused(key=UUID(int=3), booking=UUID(name), release_at=self.at(release_at)))

    @rule()
    def expire(self) -> None:
        self.house.expire()
        self.counter.run(time.expire_holds)

    @rule()
    def complete(self) -> None:
        self.house.complete()
        self.counter.run(time.complete_ended)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, what=st.sampled_from(["begin", "begin", "end", "deadline", "release"]), late=st.integers(-1, 1))
    def wait_for(self, which: int, what: str, late: int) -> None:
        """Until something is about to happen, happens, or has just happened."""
        known = self.house.all[self.some(which)]
        times = {"begin": known.wish.begin, "end": known.wish.end, "deadline": known.deadline}
        at = times.get(what, known.release_at)
        if at is not None and at + late > self.house.now:
            self.wait(at + late - self.house.now)

    @rule(minutes=st.sampled_from([1, 5, 14, 15, 30, 60, 90]))
    def wait_some(self, minutes: int) -> None:
        self.wait(minutes)

    def wait(self, minutes: int) -> None:
        self.house.now += minutes
        self.counter.clock.move(minutes * MINUTE)

    def deliver_twice(self, data: Any) -> None:
        told = envelope(data, str(new_id()), 1)
        self.counter.deliver(told, told)

    @invariant()
    def the_tables_say_what_they_should(self) -> None:
        truth = Truth(self.counter.database)
        truth.check_nobody_overlaps()
        truth.check_nothing_is_over_lent()
        self.compare(truth)

    def compare(self, truth: Truth) -> None:
        """What is known of here, with the truth."""
        truth.check_is(self.house.all, self.house.closed, self.start)

"""Closures among the bookings and series of `tests.booking_life_series`: announced with a decision for each booking
they hit, and lifted."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kernel.errors import Text
from kernel.versions import ANY_VERSION
from services.booking.model.closures import ClosureRequest, Decision
from services.booking.usecases import closures as usecases
from tests.booking_house import HOUSE, Wish
from tests.booking_life import QUARTER, WHICH
from tests.booking_life_series import LifeOfSeries
from tests.booking_model import Closed
from tests.booking_model_closures import Closures, Fate
from tests.callers import MANAGER

WHY = Text(nb="Salen males.", nn="Salen blir måla.", en="The hall is painted.")
ARENA = "house"


class WholeLife(LifeOfSeries):
    """The same house, some of which is closed at times."""

    def __init__(self, counter: Any) -> None:
        super().__init__(counter)
        self.closures = Closures(self.house)

    @rule(
        space=st.sampled_from([None, *sorted(HOUSE)]),
        begin=st.integers(-4, 12),
        quarters=st.integers(1, 8),
        outcomes=st.lists(st.sampled_from(["cancel", "cancel", "move", "move", "end", None]), min_size=1, max_size=3),
        shift=st.integers(1, 16),
        to=st.sampled_from([None, *sorted(HOUSE)]),
    )
    def close(self, space: str | None, begin: int, quarters: int, outcomes: list[Any], shift: int, to: Any) -> None:
        first = -(-self.house.now // QUARTER) * QUARTER + begin * QUARTER
        parts = HOUSE["whole"].parts if space is None else HOUSE[space].parts
        closed = Closed(parts, first, first + quarters * QUARTER, space)
        hits = sorted(self.closures.hit(closed))
        chosen = {name: outcomes[number % len(outcomes)] for number, name in enumerate(hits)}
        fates = {
            name: Fate(outcome, self.later(self.house.all[name].wish, shift, to) if outcome == "move" else None)
            for name, outcome in chosen.items()
            if outcome is not None
        }
        refused = self.closures.announce("new", closed, fates)
        wanted = ClosureRequest(
            kind="maintenance",
            begins_at=self.at(closed.begin),
            ends_at=self.at(closed.end),
            reason=WHY,
            arena=ARENA if space is None else None,
            space=space,
        )
        decisions = [self.decision(name, fate) for name, fate in fates.items()]
        made = self.attempt(refused, usecases.announce, MANAGER, wanted, decisions)
        if made is not None and "new" in self.house.closed:
            self.house.closed[str(made.id)] = self.house.closed.pop("new")
        elif made is not None:
            assert self.house.closed[str(made.id)].same(closed)

    def later(self, wish: Wish, quarters: int, to: str | None) -> Wish:
        """Where a booking that is hit is moved."""
        begin, end = wish.begin + quarters * QUARTER, wish.end + quarters * QUARTER
        return Wish(to or wish.space, begin, end, wish.people, wish.noise, wish.purpose, wish.equipment, wish.at_once)

    def decision(self, name: str, fate: Fate) -> Decision:
        if fate.wish is None:
            return Decision(booking=UUID(name), outcome=fate.outcome)  # type: ignore[arg-type]
        begins_at, ends_at = self.at(fate.wish.begin), self.at(fate.wish.end)
        where = {"space": fate.wish.space, "begins_at": begins_at, "ends_at": ends_at}
        return Decision(booking=UUID(name), outcome="move", **where)  # type: ignore[arg-type]

    @precondition(lambda self: self.house.closed)
    @rule(which=WHICH)
    def lift(self, which: int) -> None:
        names = sorted(self.house.closed)
        name = names[which % len(names)]
        self.attempt(self.closures.lift(name), usecases.lift, MANAGER, UUID(name), ANY_VERSION)

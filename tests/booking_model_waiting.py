"""Waiting lists as they should be, beside the bookings of `tests.booking_model`: who joined first and can have what has
become free has it."""

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import replace

from tests.booking_house import Wish
from tests.booking_model import GRID, LEAST, House, Known, Waits, meets, near, no_room, over_lent


class Line:
    """Who waits in a house. Each method returns the code of the refusal, or None."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.before = self.now()

    def join(self, name: str, wish: Wish, minutes: int) -> str | None:
        """Somebody wants to wait."""
        new = Waits(wish, minutes, self.house.now)
        if wish.end - wish.begin < minutes:
            return "no_time_fits"
        first = replace(wish, end=wish.begin + minutes)
        rules = self.house.refusal_of_rules(first) if new.exact else self._misuse(first)
        refused = rules or self._refusal(new)
        if refused is None:
            self.house.line[name] = new
        return refused

    def leave(self, name: str) -> str | None:
        """Somebody does not want to wait any more, or what they are offered."""
        waits = self.house.line[name]
        if waits.booking is not None and self.house.all[waits.booking].state == "held":
            return self.house.cancel(waits.booking)
        if waits.state != "waiting":
            return "not_waiting"
        waits.state = "left"
        return None

    def close_over(self) -> None:
        """The worker closes what can't be any more."""
        for each in self.house.line.values():
            if each.state == "waiting" and each.wish.end - each.minutes < self.house.now + LEAST:
                each.state = "over"

    def offer(self, *, everything: bool = False) -> Iterator[str]:
        """Who is offered something, now that a step has been taken; or when all that is free is looked at again."""
        before, self.before = self.before, self.now()
        left = [each for each in self._left(before) if each.taken[1] > self.house.now]
        opened = [
            each
            for name, each in self.house.closed.items()
            if each.lifted and not before[1].get(name, each.lifted) and each.end > self.house.now
        ]
        for name in sorted(self.house.line, key=lambda name: (self.house.line[name].joined, name)):
            waits = self.house.line[name]
            concerned = everything or any(waits.is_for(each) for each in [*left, *opened])
            if waits.state == "waiting" and concerned and (wish := self._first(waits, LEAST)) is not None:
                waits.state = "offered"
                self._hold(name, waits, wish)
                yield name
        self.before = self.now()

    def _hold(self, name: str, waits: Waits, wish: Wish) -> None:
        held = self.house.wanted(wish)
        held.offered_before = wish.begin - wish.place.notice
        waits.booking = f"offer to {name}"
        self.house.held(waits.booking, held)

    def _refusal(self, waits: Waits) -> str | None:
        if not list(self._possible(waits)):
            return "no_time_fits"
        if self._first(waits) is not None:
            return "free_now"
        return "no_time_fits" if all(wish.begin < self.house.now + LEAST for wish in self._possible(waits)) else None

    def _misuse(self, wish: Wish) -> str | None:
        soonest = -(-(self.house.now + wish.place.notice) // GRID) * GRID
        shortest = replace(wish, begin=soonest, end=soonest + 30)
        return self.house.refusal_of_rules(shortest)

    def _first(self, waits: Waits, ahead: int = 0) -> Wish | None:
        """The first time that fits, so many minutes ahead."""
        soonest = self.house.now + ahead
        return next((wish for wish in self._possible(waits) if wish.begin >= soonest and not self._taken(wish)), None)

    def _possible(self, waits: Waits) -> Iterator[Wish]:
        wish = waits.wish
        earliest = wish.begin if waits.exact else max(wish.begin, self.house.now + wish.place.notice)
        begin = earliest if waits.exact else -(-earliest // GRID) * GRID
        while begin + waits.minutes <= wish.end:
            found = replace(wish, begin=begin, end=begin + waits.minutes)
            if self.house.refusal_of_rules(found) is None:
                yield found
            begin += GRID

    def _taken(self, wish: Wish) -> bool:
        """Whether somebody is in the way: whose deadline is over, too, until that is seen to."""
        wanted = self.house.wanted(wish)
        others = [each for each in self.house.all.values() if each.live and meets(each.taken, wanted.taken)]
        return (
            self.house.slot_taken(wanted, near(wanted, others)) is not None
            or no_room(wanted, others)
            or over_lent(wanted, others)
        )

    def now(self) -> tuple[dict[str, Known], dict[str, bool]]:
        """How everything stands, to be looked back at."""
        return (
            {name: copy(each) for name, each in self.house.all.items()},
            {name: each.lifted for name, each in self.house.closed.items()},
        )

    def _left(self, before: tuple[dict[str, Known], dict[str, bool]]) -> Collection[Known]:
        """What bookings have left since: all that they had, or some of it."""
        return [
            then
            for name, then in before[0].items()
            if then.live and not (self.house.all[name].live and self.house.all[name].timed == then.timed)
        ]

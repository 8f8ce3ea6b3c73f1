"""Closures as they should be, beside the bookings of `tests.booking_model`: what is closed is nobody's, and what
becomes of the bookings that it hits was decided for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.booking_house import Wish
from tests.booking_model import Closed, House, elsewhere


@dataclass(frozen=True)
class Fate:
    """What is decided for a booking that is hit."""

    outcome: str
    wish: Wish | None = None


class Closures:
    """What is closed in a house. Each method returns the code of the refusal, or None."""

    def __init__(self, house: House) -> None:
        self.house = house

    def hit(self, closed: Closed) -> list[str]:
        """The bookings that a closure hits: those whose deadline is over make way."""
        return [
            name
            for name, each in self.house.all.items()
            if each.live and not each.stale(self.house.now) and closed.hits(each)
        ]

    def announce(self, name: str, closed: Closed, fates: Mapping[str, Fate]) -> str | None:
        """Something is closed, if all that it hits can become what was decided. The same again changes nothing."""
        house, hits = self.house, self.hit(closed)
        if closed.end <= house.now:
            return "in_the_past"
        if any(each.same(closed) for each in house.closed.values()):
            return None
        if not set(hits) <= fates.keys():
            return "bookings_in_the_way"
        before = house.closed
        house.closed = {**before, name: closed}
        moving = [each for each in hits if fates[each].outcome == "move"]
        order = sorted(hits, key=lambda each: (each in moving, house.all[each].wish.begin, each))
        refused = self._refusal(order, fates)
        if refused:
            house.closed = before
        else:
            self._carry_out(order, closed, fates)
        return refused

    def lift(self, name: str) -> str | None:
        """It is open again."""
        closed = self.house.closed[name]
        if closed.lifted:
            return "already_lifted"
        if closed.end <= self.house.now:
            return "closure_over"
        closed.lifted = True
        closed.version += 1
        return None

    def _refusal(self, order: list[str], fates: Mapping[str, Fate]) -> str | None:
        """The first that can't become what was decided. Those that move have all left when the first arrives."""
        house, before = self.house, self.house.all
        there = {name: each for name, each in before.items() if name not in order}
        for name in order:
            known, fate = before[name], fates[name]
            if fate.wish is None:
                refused = house.unchangeable(known) if fate.outcome == "cancel" else house.refusal_to_end(known)
            else:
                moved = elsewhere(known, fate.wish)
                house.all = there
                refused = house.refusal_to_move(known, fate.wish, by_house=True) or house.refusal_of_others(moved)
                house.all = before
                there = {**there, name: moved}
            if refused:
                return refused
        return None

    def _carry_out(self, order: list[str], closed: Closed, fates: Mapping[str, Fate]) -> None:
        house = self.house
        for each in house.all.values():
            if each.stale(house.now) and closed.hits(each):
                each.go("expired")
        for each in order:
            wish = fates[each].wish
            if wish is not None:
                moved = elsewhere(house.all[each], wish)
                house.clear_away(moved, *order)
                house.all[each] = house.moved(moved, by_house=True)
            else:
                house.all[each].go("cancelled" if fates[each].outcome == "cancel" else "completed")

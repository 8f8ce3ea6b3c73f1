"""Somebody who looks for a time in the house of `tests.booking_life_closures`, whatever has been done to it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis.stateful import rule

from kernel.clock import OSLO
from kernel.pagination import PageRequest
from services.booking.queries.availability import Wanted, Window, free_times
from services.booking.usecases.checking import check
from tests.booking_house import HOUSE, Wish
from tests.booking_life import MINUTE, QUARTER, WISHES
from tests.booking_life_closures import WholeLife
from tests.callers import RESIDENT

AHEAD = 8 * 60


class SearchedLife(WholeLife):
    """The same house, and those who look for a time in it."""

    @rule(wish=WISHES)
    def look(self, wish: dict[str, Any]) -> None:
        """The search finds every time at which the wish would be granted anywhere in the house, and no other; the check
        says why not."""
        late = [each for each in self.house.all.values() if each.stale(self.house.now)]
        if any(each.shared or each.wish.equipment or not self.house.makes_way(each) for each in late):
            return  # of these the search waits until they are cleared away, which takes seconds
        asked = self.wish(
            **{**wish, "begin": 0, "quarters": 2 + wish["quarters"] // 3, "people": 1 + wish["people"] % 30}
        )
        found = self.found(asked)
        for space in HOUSE:
            first = replace(asked, space=space)
            wishes = [replace(first, begin=first.begin + at, end=first.end + at) for at in range(0, AHEAD, QUARTER)]
            granted = {each.begin for each in wishes if self.refusal(each) is None}
            assert found.get(space, set()) & {each.begin for each in wishes} == granted, space
        for each in (asked, replace(asked, begin=asked.begin + AHEAD // 4, end=asked.end + AHEAD // 4)):
            refused, reasons = self.refusal(each), self.reasons(each)
            assert (refused in reasons) if refused else not reasons

    def refusal(self, wish: Wish) -> str | None:
        """What somebody would be told who asks for it."""
        return self.house.refusal_of_rules(wish) or self.house.refusal_of_others(self.house.wanted(wish))

    def found(self, wish: Wish) -> Mapping[str, set[int]]:
        """The quarters at which a wish could begin in each space, as the search tells."""
        minutes = wish.end - wish.begin
        wanted = Wanted(
            capacity=wish.people,
            purpose=wish.purpose,
            noise=wish.noise,
            equipment=wish.equipment,
            minutes=minutes,
        )
        first = self.at(wish.begin).astimezone(OSLO).date()
        with self.counter.database.reading() as tx:
            page = free_times(tx, PageRequest(50), wanted, Window(first=first, last=first + timedelta(days=1)))
        return {
            shown["space"]: {
                at
                for each in shown["free"]
                for at in range(self.minute(each["begins_at"]), self.minute(each["ends_at"]) - minutes + 1, QUARTER)
            }
            for shown in map(json.loads, page.items)
        }

    def minute(self, at: str) -> int:
        return (datetime.fromisoformat(at) - self.start) // MINUTE

    def reasons(self, wish: Wish) -> set[str]:
        with self.counter.database.reading() as tx:
            return {each.code for each in check(tx, RESIDENT.person, self.request(wish)).reasons}

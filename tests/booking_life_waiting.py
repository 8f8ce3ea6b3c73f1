"""Those who wait for what others have, in the house of `tests.booking_life_imports`: after each step the first in line
who can have what has become free is offered it, then the next."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kernel.auth import Caller, Role
from services.booking.model.waiting import WaitingRequest
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import waiting as usecases
from tests.booking_house import HOUSE, Wish
from tests.booking_life import MINUTE, QUARTER, WHICH, WISHES
from tests.booking_life_imports import ImportedLife
from tests.booking_model_waiting import Line
from tests.booking_truth import Truth
from tests.callers import caller


class WaitingLife(ImportedLife):
    """The same house, and those who wait: each is somebody else, as nobody waits for what is theirs."""

    def __init__(self, counter: Any, band: Any) -> None:
        super().__init__(counter, band)
        self.line = Line(self.house)
        self.looked_again = False
        self.waiters: dict[str, Caller] = {}

    @rule(wish=WISHES, more=st.sampled_from([0, 0, 0, 1, 4, 8]))
    def join(self, wish: dict[str, Any], more: int) -> None:
        """Waits for a time, or for one in a longer while."""
        wanted = self.wish(**wish)
        self.joined(replace(wanted, end=wanted.end + more * QUARTER), wanted.end - wanted.begin)

    @precondition(lambda self: self.names)
    @rule(which=WHICH, space=st.sampled_from([None, None, *sorted(HOUSE)]), more=st.sampled_from([0, 0, 2, 6]))
    def join_for_what_somebody_has(self, which: int, space: str | None, more: int) -> None:
        had = self.house.all[self.some(which)].wish
        wanted = replace(had, space=space or had.space, equipment={}, people=min(had.people, 8))
        self.joined(replace(wanted, end=wanted.end + more * QUARTER), wanted.end - wanted.begin)

    @rule(
        wish=WISHES,
        line=st.lists(
            st.tuples(
                st.sampled_from([None, None, *sorted(HOUSE)]),
                st.integers(-1, 2),
                st.integers(2, 4),
                st.sampled_from([0, 0, 4]),
                st.sampled_from([1, 8, 20]),
            ),
            min_size=1,
            max_size=4,
        ),
        way=st.sampled_from(["cancel", "cancel", "expire", "move", "close"]),
    )
    def give_up_what_others_wait_for(self, wish: dict[str, Any], line: list[Any], way: str) -> None:
        """Somebody has it, others join the line, and it is given up: by chance alone that is rare."""
        name = self.held(self.wish(**{**wish, "begin": 2 + wish["begin"] % 6, "quarters": 2 + wish["quarters"] % 4}))
        if name is None:
            return
        had = self.house.all[name].wish
        for space, later, quarters, more, people in line:
            begin = had.begin + later * QUARTER
            minutes = quarters * QUARTER
            like = replace(had, space=space or had.space, people=people, at_once=False)
            self.joined(replace(like, begin=begin, end=begin + minutes + more * QUARTER), minutes)
        self.line.before = self.line.now()
        if way == "expire":
            self.wait(self.house.all[name].deadline - self.house.now)
            self.expire()
        elif way == "move":
            self.moved(name, replace(had, begin=had.begin + 40 * QUARTER, end=had.end + 40 * QUARTER), False)
        elif way == "close":
            self.close(had.space, 2, 1, ["cancel"], 1, None)
        else:
            self.change(name, self.house.cancel(name), booking_usecases.cancel)

    def joined(self, wish: Wish, minutes: int) -> None:
        exact = wish.end - wish.begin == minutes
        wanted = WaitingRequest(like=self.request(wish), minutes=None if exact else minutes)
        refused = self.line.join("new", wish, minutes)
        who = caller(f"waiter {len(self.house.line)}", Role.RESIDENT)
        waiting = self.attempt(refused, usecases.join, who, wanted)
        if waiting is not None:
            name = str(waiting.id)
            self.house.line[name] = self.house.line.pop("new")
            self.waiters[name] = who
            self.attempt("already_waiting", usecases.join, who, wanted)

    @precondition(lambda self: self.house.line)
    @rule(which=WHICH)
    def leave(self, which: int) -> None:
        names = sorted(self.house.line)
        name = names[which % len(names)]
        self.attempt(self.line.leave(name), usecases.leave, self.waiters[name], UUID(name))

    @rule()
    def offer_again(self) -> None:
        self.line.close_over()
        self.counter.run(usecases.offer_again)
        self.looked_again = True

    def compare(self, truth: Truth) -> None:
        offered = list(self.line.offer(everything=self.looked_again))
        self.looked_again = False
        for name in offered:
            waits = self.house.line[name]
            booking = truth.waitings[name].booking
            assert booking is not None, "nobody was offered what is theirs"
            self.house.all[str(booking)] = self.house.all.pop(str(waits.booking))
            waits.booking = str(booking)
            self.names.append(waits.booking)
            self.others[waits.booking] = self.waiters[name]
            known = self.house.all[waits.booking]
            assert truth.bookings[waits.booking].hold_expires_at == self.start + known.deadline * MINUTE
        self.line.before = self.line.now()
        truth.check_line_is(self.house.line)
        super().compare(truth)

"""Waiting lists over the counter, for the tests of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from kernel.auth import Caller, Role
from kernel.pagination import PageRequest
from services.booking.model.resources import Square
from services.booking.model.waiting import (
    Waiting,
    WaitingRequest,
)
from services.booking.queries import waiting as queries
from services.booking.usecases import waiting as usecases
from tests.callers import OPERATOR, caller

MINUTE = timedelta(minutes=1)
NINA, PER = caller("nina", Role.RESIDENT), caller("per", Role.RESIDENT)


class Line:
    """Waiting over the counter."""

    def __init__(self, counter: Any) -> None:
        self.counter = counter

    def join(self, who: Caller, *place: Any, minutes: int | None = None, **different: Any) -> Waiting:
        """A new place in line, a second after the one before."""
        self.counter.clock.move(timedelta(seconds=1))
        wanted = WaitingRequest(like=self.counter.wanted(*place, **different), minutes=minutes)
        joined: Waiting = self.counter.run(usecases.join, who, wanted)
        return joined

    def leave(self, who: Caller, waiting: Waiting) -> Waiting:
        left: Waiting = self.counter.run(usecases.leave, who, waiting.id)
        return left

    def seen(self, waiting: Waiting, who: Caller = OPERATOR) -> Any:
        with self.counter.database.reading() as tx:
            return queries.one(tx, who, waiting.id)

    def listed(self, who: Caller, **asked: Any) -> list[UUID]:
        with self.counter.database.reading() as tx:
            return [each.waiting.id for each in queries.seen_by(tx, who, PageRequest(), **asked).items]

    def states(self, *waitings: Waiting) -> list[str]:
        return [self.seen(each).waiting.state for each in waitings]

    def places(self, *waitings: Waiting) -> list[int | None]:
        return [self.seen(each).place for each in waitings]

    def offer(self, waiting: Waiting) -> Any:
        """The booking that somebody is offered."""
        booking = self.seen(waiting).waiting.booking
        assert booking is not None
        return self.counter.booking(booking)

    def offer_again(self) -> None:
        self.counter.run(usecases.offer_again)


def rebuilt(town: Any, *spaces: Any, **of_arena: Any) -> Square:
    return replace(town.BORGEN, arenas=(replace(town.arena("house", *spaces), **of_arena),))

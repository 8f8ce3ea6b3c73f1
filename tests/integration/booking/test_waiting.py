"""Waiting lists: in the published order, in the transaction that frees, whatever frees."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from kernel.auth import Forbidden
from kernel.errors import DomainError, Text
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION
from services.access.events import KeyUnused
from services.booking.events import WaitingOffered
from services.booking.model.closures import ClosureRequest, Decision
from services.booking.model.recurrence import Recurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.rules import EndsBeforeBegin, InThePast, TooManyParticipants
from services.booking.model.series import SeriesRequest, Shift
from services.booking.model.waiting import (
    LONGEST_WHILE,
    AlreadyWaiting,
    FreeNow,
    NoTimeFits,
    NotWaiting,
    Offer,
    TooManyWaitings,
    WhileTooLong,
)
from services.booking.usecases import closures, deciding, privacy, series
from services.booking.usecases import waiting as usecases
from tests.bookings import envelope
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER
from tests.waiting_line import MINUTE, NINA, PER, Line, rebuilt

WHY = Text(nb="Gulvet slipes", nn="Golvet blir slipt", en="The floor is being sanded")


def quarter(number: int) -> datetime:
    return datetime(2026, 11, 23, 14, 0, tzinfo=UTC) + number * 15 * MINUTE


# Joining


def test_who_joined_first_is_offered_first_then_the_next(counter: Any, line: Line) -> None:
    taken = counter.confirmed("room")
    first, second = line.join(STRANGER, "room"), line.join(NINA, "room")
    assert line.places(first, second) == [1, 2]

    counter.cancel(taken)

    assert line.states(first, second) == ["offered", "waiting"]
    assert line.places(first, second) == [None, 1]
    offer = line.offer(first)
    assert (offer.state, offer.booked_by, offer.tenant.id, offer.begins_at) == (
        "held",
        STRANGER.person,
        STRANGER.person,
        taken.begins_at,
    )
    [told] = counter.told(WaitingOffered)
    assert (told.subject, told.sequence, told.data.booking) == (str(first.id), 2, offer.id)
    assert told.data.person == str(STRANGER.person)
    with pytest.raises(SlotTaken):
        counter.hold("room", who=PER)

    counter.deliver(counter.priced(offer))
    counter.confirm(offer, STRANGER)
    assert line.states(first, second) == ["taken", "waiting"]

    counter.cancel(counter.load(offer), STRANGER)
    line.offer_again()
    assert line.states(first, second) == ["taken", "offered"]


@pytest.mark.parametrize(
    ("wanted", "minutes", "refusal"),
    [
        (("room", 0, 0), None, EndsBeforeBegin),
        (("room", -12, 4), None, InThePast),
        (("room", 0, 4), 90, NoTimeFits),
        (("room", 0, 4), 15, NoTimeFits),
        (("room", 0, LONGEST_WHILE // (15 * MINUTE) + 1), 60, WhileTooLong),
        (("third-1", 0, 4), None, FreeNow),
        (("third-1", -4, 12), 60, FreeNow),
    ],
)
def test_only_what_could_be_booked_if_nobody_had_it_is_waited_for(
    counter: Any, line: Line, wanted: Any, minutes: int | None, refusal: type[DomainError]
) -> None:
    counter.hold("room", -4, 12)

    with pytest.raises(refusal):
        line.join(STRANGER, *wanted, minutes=minutes)


def test_nobody_waits_twice_for_one_time_or_for_more_than_they_may(
    counter: Any, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.hold("room", 0, 12)
    with pytest.raises(TooManyParticipants):
        line.join(STRANGER, "room", participants=11)
    joined = line.join(STRANGER, "room", 0, 4, participants=10)
    with pytest.raises(AlreadyWaiting):
        line.join(STRANGER, "room", 3, 4)
    line.join(STRANGER, "room", 4, 4)
    monkeypatch.setattr(usecases, "MOST", 2)
    with pytest.raises(TooManyWaitings):
        line.join(STRANGER, "room", 8, 4)
    line.leave(STRANGER, joined)
    line.join(STRANGER, "room", 8, 4)

    assert line.states(joined) == ["left"]
    with pytest.raises(NotWaiting):
        line.leave(STRANGER, joined)


def test_a_place_in_line_is_seen_by_its_own_and_by_the_house(counter: Any, line: Line) -> None:
    band = counter.organisation("ola")
    counter.hold("room", 0, 8, who=NINA)
    joined, bands = line.join(RESIDENT, "room"), line.join(STRANGER, "room", 4, tenant=band)

    assert line.listed(RESIDENT) == [joined.id]
    assert line.listed(STRANGER, mine=True) == [bands.id]
    assert line.listed(MANAGER, space="room", state="waiting") == [joined.id, bands.id]
    assert line.listed(MANAGER, mine=True) == line.listed(OTHER_MANAGER) == line.listed(OPERATOR, state="over") == []
    for outsider, error in ((STRANGER, NotFound), (MANAGER, Forbidden), (OTHER_MANAGER, NotFound)):
        with pytest.raises(error):
            line.leave(outsider, joined)
    with pytest.raises(NotFound):
        line.seen(joined, STRANGER)
    assert line.seen(bands, STRANGER).waiting.tenant.name == "Korpset"


# What frees


def unused(counter: Any, booking: Any) -> None:
    told = KeyUnused(key=UUID(int=1), booking=booking.id, release_at=booking.release_at)
    counter.deliver(envelope(told, str(UUID(int=1)), 1))


def closed(counter: Any, booking: Any) -> None:
    """Half of its time, for which it is cancelled."""
    wanted = ClosureRequest(
        kind="closure", space="room", reason=WHY, begins_at=counter.quarter(), ends_at=counter.quarter(4)
    )
    counter.run(closures.announce, MANAGER, wanted, [Decision(booking=booking.id, outcome="cancel")])


def moved(**changes: Any) -> Callable[[Any, Any], None]:
    def move(counter: Any, booking: Any) -> None:
        counter.run(counter.usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **changes)

    return move


def after(minutes: int, then: Callable[[Any, Any], object]) -> Callable[[Any, Any], None]:
    def wait(counter: Any, booking: Any) -> None:
        counter.clock.move(minutes * MINUTE)
        then(counter, booking)

    return wait


WAYS: dict[str, Callable[[Any, Any], object]] = {
    "cancel": lambda counter, booking: counter.cancel(booking),
    "decline": lambda counter, booking: counter.run(
        deciding.decline, MANAGER, booking.id, ANY_VERSION, why="Fullt hus"
    ),
    "expire": after(120, lambda counter, _: counter.expire_holds()),
    "release": after(135, unused),
    "move": moved(space="attic"),
    "shrink": moved(ends_at=quarter(4)),
    "end": after(
        150, lambda counter, booking: counter.run(counter.usecases.end_early, RESIDENT, booking.id, ANY_VERSION)
    ),
    "close": closed,
    "erase": lambda counter, _: counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True),
    "cancel_series": lambda counter, booking: counter.run(series.cancel, RESIDENT, booking.series, ANY_VERSION),
    "move_series": lambda counter, booking: counter.run(
        series.reschedule, RESIDENT, booking.series, ANY_VERSION, scope="all", booking=None, shift=Shift(space="attic")
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_frees_a_time_offers_it(counter: Any, line: Line, town: Any, way: str) -> None:
    rules = replace(town.RULES, approval=way == "decline", release_minutes=15)
    room = town.space("room", town.space("nook"), town.space("cranny"), rules=rules)
    counter.publish(rebuilt(town, room, town.space("attic")))
    if way.endswith("series"):
        when = Recurrence(starts=datetime(2026, 11, 23, 15, 0), minutes=120, rule="FREQ=DAILY;COUNT=2")  # noqa: DTZ001
        wanted = SeriesRequest(like=counter.wanted("room", 0, 8), recurrence=when)
        booking = counter.booking(first_booking(counter, counter.run(series.book, RESIDENT, wanted)))
    else:
        booking = counter.hold("room", 0, 8) if way == "expire" else counter.confirmed("room", 0, 8)
    nook, all_of_it = line.join(STRANGER, "nook", 4, 4), line.join(NINA, "room", 4, 4)
    cranny = line.join(PER, "cranny", 4, 4)

    WAYS[way](counter, booking)

    assert line.states(nook, all_of_it, cranny) == ["offered", "waiting", "offered"]


def first_booking(counter: Any, booked: Any) -> UUID:
    with counter.database.reading() as tx:
        found: UUID = series.store.dates(tx, booked.id)[0].booking
        return found


def test_an_offer_tells_what_is_held_of_the_while_and_where_it_was_moved(counter: Any, line: Line) -> None:
    """The line tells what was waited for; what can be confirmed is the booking's to tell."""
    taken = counter.confirmed("room")
    waits = line.join(STRANGER, "room", 0, 6, minutes=60)
    assert line.seen(waits).offer is None
    counter.cancel(taken)
    offered = line.offer(waits)
    assert (offered.begins_at, offered.ends_at) == (counter.quarter(), counter.quarter(4))
    assert line.seen(waits).offer == Offer(space="room", begins_at=counter.quarter(), ends_at=counter.quarter(4))

    move = {"begins_at": counter.quarter(8), "ends_at": counter.quarter(12)}
    counter.run(counter.usecases.reschedule, STRANGER, offered.id, ANY_VERSION, **move)
    assert line.seen(waits).offer == Offer(space="room", **move)
    assert (line.seen(waits).waiting.earliest, line.seen(waits).waiting.latest) == (waits.earliest, waits.latest)

    line.leave(STRANGER, waits)
    assert line.seen(waits).offer is None


def test_what_was_closed_is_offered_when_it_is_opened(counter: Any, line: Line) -> None:
    closing = ClosureRequest(
        kind="closure",
        arena="house",
        reason=WHY,
        begins_at=counter.quarter(),
        ends_at=counter.quarter(8),
    )
    closed = counter.run(closures.announce, MANAGER, closing, [])
    hall, third, room = line.join(STRANGER, "hall"), line.join(NINA, "third-1"), line.join(PER, "room", 4)

    counter.run(closures.lift, MANAGER, closed.id, ANY_VERSION)

    assert line.states(hall, third, room) == ["offered", "waiting", "offered"]


def test_one_who_gives_up_many_at_once_gives_them_to_who_waited_for_them_all(counter: Any, line: Line) -> None:
    """Not a part of it to somebody who came later."""
    for third in ("third-1", "third-2", "third-3"):
        counter.hold(third, 60)
    hall, third_1 = line.join(STRANGER, "hall", 60), line.join(NINA, "third-1", 60)

    counter.clock.move(120 * MINUTE)
    counter.expire_holds()

    assert line.states(hall, third_1) == ["offered", "waiting"]


def test_who_asks_for_a_hold_that_is_over_does_not_overtake(counter: Any, line: Line) -> None:
    counter.hold("room", 60)
    other = counter.hold("third-1", 60)
    first = line.join(STRANGER, "room", 60)
    counter.clock.move(120 * MINUTE)

    with pytest.raises(SlotTaken):
        counter.hold("room", 60, who=NINA)
    assert counter.hold("hall", 60, who=NINA).live
    counter.expire_holds()

    assert (line.states(first), counter.load(other).state) == (["offered"], "expired")

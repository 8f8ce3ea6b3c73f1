"""Waiting lists: in the published order, in the transaction that frees, to the first who can have it."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.auth import Caller, Forbidden, Role
from kernel.db import Database
from kernel.errors import DomainError, Text
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION, Expected
from services.access.events import KeyUnused
from services.booking.events import WaitingOffered
from services.booking.model.closures import ClosureRequest, Decision
from services.booking.model.house_rules import HouseRulesNotAccepted, RuleVersion
from services.booking.model.places import Place
from services.booking.model.quotas import SpaceGroup
from services.booking.model.recurrence import Recurrence
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import Equipment, Square
from services.booking.model.rules import EndsBeforeBegin, InThePast, TooManyParticipants
from services.booking.model.series import SeriesRequest, Shift
from services.booking.model.sharing import Sharing
from services.booking.model.waiting import (
    LONGEST_WHILE,
    AlreadyWaiting,
    FreeNow,
    NoTimeFits,
    NotWaiting,
    TooManyWaitings,
    Waiting,
    WaitingRequest,
    WhileTooLong,
)
from services.booking.queries import waiting as queries
from services.booking.queries.availability import Wanted, Window, day_of_square, free_times
from services.booking.usecases import closures, deciding, house_rules, privacy, quotas, series, time
from services.booking.usecases import waiting as usecases
from services.booking.usecases.checking import check
from tests.at_once import at_once
from tests.bookings import envelope
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER, caller

MINUTE = timedelta(minutes=1)
WHY = Text(nb="Gulvet slipes", nn="Golvet blir slipt", en="The floor is being sanded")
NINA, PER = caller("nina", Role.RESIDENT), caller("per", Role.RESIDENT)
ROUNDS = 20


def quarter(number: int) -> datetime:
    return datetime(2026, 11, 23, 14, 0, tzinfo=UTC) + number * 15 * MINUTE


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


@pytest.fixture
def line(counter: Any) -> Line:
    return Line(counter)


def rebuilt(town: Any, *spaces: Any, **of_arena: Any) -> Square:
    return replace(town.BORGEN, arenas=(replace(town.arena("house", *spaces), **of_arena),))


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
    counter.hold("room", 0, 8)
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
    "expire": after(15, lambda counter, _: counter.expire_holds()),
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
        counter.hold(third)
    hall, third_1 = line.join(STRANGER, "hall"), line.join(NINA, "third-1")

    counter.clock.move(15 * MINUTE)
    counter.expire_holds()

    assert line.states(hall, third_1) == ["offered", "waiting"]


def test_who_asks_for_a_hold_that_is_over_does_not_overtake(counter: Any, line: Line) -> None:
    counter.hold("room")
    other = counter.hold("third-1")
    first = line.join(STRANGER, "room")
    counter.clock.move(15 * MINUTE)

    with pytest.raises(SlotTaken):
        counter.hold("room", who=NINA)
    assert counter.hold("hall", who=NINA).live
    counter.expire_holds()

    assert (line.states(first), counter.load(other).state) == (["offered"], "expired")


# Who fits


def test_any_time_that_fits_and_one_freed_while_for_several(counter: Any, line: Line) -> None:
    before, taken, later = (counter.confirmed("room", *at) for at in ((-8, 8), (0, 12), (12, 4)))
    any_hour = line.join(STRANGER, "room", -4, 20, minutes=60)
    too_long = line.join(NINA, "room", 0, 24, minutes=195)
    two_hours = line.join(PER, "room", 2, 14, minutes=120)

    counter.cancel(taken)

    assert line.states(any_hour, too_long, two_hours) == ["offered", "waiting", "offered"]
    assert line.offer(any_hour).begins_at == counter.quarter(0)
    assert line.offer(two_hours).begins_at == counter.quarter(4)
    assert [counter.load(each).live for each in (before, later)] == [True, True]


def test_set_up_and_clearing_count(counter: Any, line: Line, town: Any) -> None:
    rules = replace(town.RULES, setup_minutes=15, clearing_minutes=30)
    counter.publish(rebuilt(town, town.space("room", rules=rules)))
    taken = counter.confirmed("room", 0, 4)
    counter.confirmed("room", 14, 4)
    too_long, fits = line.join(STRANGER, "room", 0, 12), line.join(NINA, "room", 0, 11)

    counter.cancel(taken)

    assert line.states(too_long, fits) == ["waiting", "offered"]


def test_a_group_that_is_too_big_for_what_is_left_is_passed_over(counter: Any, line: Line, town: Any) -> None:
    lobby = replace(town.space("lobby", capacity=20), sharing=Sharing(groups=3))
    counter.publish(rebuilt(town, lobby))
    gone, stays = counter.hold("lobby", participants=8), counter.hold("lobby", participants=12)
    big, small, third = (line.join(who, "lobby", participants=n) for who, n in ((STRANGER, 9), (NINA, 5), (PER, 3)))

    counter.cancel(gone)

    assert line.states(big, small, third) == ["waiting", "offered", "offered"]
    counter.cancel(stays)
    assert line.states(big) == ["offered"]


def test_equipment_that_is_brought_back_is_offered_in_other_spaces(counter: Any, line: Line, town: Any) -> None:
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=6)
    counter.publish(rebuilt(town, town.space("room"), town.space("attic"), equipment=(chairs,)))
    borrower = counter.hold("room", equipment={"chairs": 4})
    more, few = (line.join(who, "attic", equipment={"chairs": n}) for who, n in ((STRANGER, 6), (NINA, 3)))

    counter.run(counter.usecases.reschedule, RESIDENT, borrower.id, ANY_VERSION, equipment={"chairs": 2})
    assert line.states(more, few) == ["waiting", "offered"]
    counter.cancel(borrower)
    line.leave(NINA, few)

    assert line.states(more, few) == ["offered", "passed"]


def test_who_has_not_accepted_newer_house_rules_is_passed_over_until_they_do(counter: Any, line: Line) -> None:
    said = {"text": WHY, "rules": [], "effective_from": None}
    counter.run(house_rules.publish, OPERATOR, "space", "room", **said)
    taken = counter.hold("third-1", 4)
    accepted = (RuleVersion("space", "room", 1),)
    room = counter.hold("room", accept_house_rules=accepted)
    with pytest.raises(HouseRulesNotAccepted):
        line.join(STRANGER, "room")
    first = line.join(STRANGER, "room", accept_house_rules=accepted)
    counter.run(house_rules.publish, OPERATOR, "space", "room", **{**said, "text": Text(nb="d", nn="e", en="f")})
    newer = (RuleVersion("space", "room", 2),)
    second = line.join(NINA, "room", accept_house_rules=newer)

    counter.cancel(room)
    assert line.states(first, second) == ["waiting", "offered"]
    counter.cancel(line.offer(second), NINA)
    line.offer_again()
    assert line.states(first) == ["waiting"]
    counter.run(house_rules.accept, STRANGER, newer, "portal")
    line.offer_again()

    assert line.states(first) == ["offered"]
    assert counter.load(taken).live


def test_who_has_used_up_their_quota_is_passed_over_and_stays(counter: Any, line: Line, town: Any) -> None:
    group = SpaceGroup(id="rooms", version=0, name=town.name("rooms"), prime=(), places=(Place("space", "room"),))
    counter.run(quotas.put_group, OPERATOR, Expected(frozenset({0})), group)
    limit = {"category": "resident", "actor": None, "week_minutes": 60, "prime_week_minutes": None}
    limit |= {"open_bookings": None, "valid_from": date(2026, 1, 1), "valid_until": None}
    counter.run(
        quotas.put_quota, OPERATOR, Expected(frozenset({0})), "hours", name=town.name("q"), group="rooms", **limit
    )
    used_up = counter.hold("room", 8, who=STRANGER)
    taken = counter.hold("room")
    first, second = line.join(STRANGER, "room"), line.join(NINA, "room")

    counter.cancel(taken)
    assert line.states(first, second) == ["waiting", "offered"]
    line.leave(NINA, second)
    assert line.states(first, second) == ["waiting", "passed"]
    counter.cancel(used_up, STRANGER)
    line.offer_again()

    assert line.states(first) == ["offered"]


# Deadlines


def test_an_offer_that_runs_out_goes_to_the_next(counter: Any, line: Line) -> None:
    taken = counter.confirmed("room", 60)
    first, second = line.join(STRANGER, "room", 60), line.join(NINA, "room", 60)
    counter.cancel(taken)
    offered = line.offer(first)
    assert offered.hold_expires_at == counter.clock.now() + timedelta(hours=2)

    counter.clock.move(timedelta(hours=2) - MINUTE)
    counter.expire_holds()
    assert line.states(first, second) == ["offered", "waiting"]
    counter.clock.move(MINUTE)
    counter.expire_holds()
    assert line.states(first, second) == ["passed", "offered"]
    line.offer_again()
    line.offer_again()

    assert line.states(first, second) == ["passed", "offered"]
    assert len(counter.told(WaitingOffered)) == 2


@pytest.mark.parametrize(("notice", "minutes"), [(0, 105), (60, 45), (100, 15)])
def test_an_offer_ends_when_others_could_not_book_it_any_more(
    counter: Any, line: Line, town: Any, notice: int, minutes: int
) -> None:
    counter.publish(rebuilt(town, town.space("room", rules=replace(town.RULES, notice_minutes=notice))))
    taken = counter.hold("room")
    first = line.join(STRANGER, "room")
    counter.clock.move(counter.quarter() - 105 * MINUTE - counter.clock.now())

    counter.run(counter.usecases.cancel, RESIDENT, taken.id, ANY_VERSION)

    assert line.offer(first).hold_expires_at == counter.clock.now() + minutes * MINUTE


def test_what_nobody_was_offered_in_time_is_over(counter: Any, line: Line) -> None:
    counter.confirmed("room", 0, 8)
    exact, any_hour = line.join(STRANGER, "room"), line.join(NINA, "room", 0, 8, minutes=60)
    counter.clock.move(counter.quarter() - counter.clock.now())
    line.offer_again()
    assert line.states(exact, any_hour) == ["over", "waiting"]
    counter.clock.move(counter.quarter(4) - counter.clock.now())
    line.offer_again()

    assert line.states(exact, any_hour) == ["over", "over"]


# Series and privacy


def a_series(counter: Any, **different: Any) -> Any:
    when = Recurrence(starts=datetime(2026, 11, 24, 18, 0), minutes=60, rule="FREQ=DAILY;COUNT=3")  # noqa: DTZ001
    wanted = SeriesRequest(like=counter.wanted("room"), recurrence=when, policy="skip", **different)
    return counter.run(series.book, STRANGER, wanted)


def test_a_series_waits_for_the_dates_it_did_not_get(counter: Any, line: Line) -> None:
    begin = (24 + 3) * 4
    taken, other = counter.confirmed("room", begin - 4 * 0, 4), counter.confirmed("room", begin + 96, 4)
    booked = a_series(counter)
    dates = line.listed(STRANGER, mine=True)
    assert len(dates) == 2

    counter.cancel(taken)

    with counter.database.reading() as tx:
        standing = {each.begins_at: each for each in series.store.dates(tx, booked.id)}
    assert (standing[taken.begins_at].state, standing[other.begins_at].skipped) == ("held", "slot_taken")
    [told] = counter.told(WaitingOffered)
    assert told.data.series == booked.id
    counter.run(series.cancel, STRANGER, booked.id, ANY_VERSION)
    counter.cancel(other)
    assert len(counter.told(WaitingOffered)) == 1
    assert line.listed(STRANGER, state="left") == dates[1:]


def test_a_series_waits_for_nothing_when_told_so_or_booked_by_hand(counter: Any, line: Line) -> None:
    begin = (24 + 3) * 4
    taken = counter.confirmed("room", begin, 4)
    a_series(counter, wait=False)
    assert line.listed(STRANGER) == []
    counter.cancel(taken)
    assert counter.told(WaitingOffered) == []


def test_who_is_forgotten_waits_no_more_and_is_offered_nothing_of_their_own(counter: Any, line: Line) -> None:
    counter.confirmed("room", who=RESIDENT)
    line.join(RESIDENT, "room")
    waited = line.join(STRANGER, "room")

    counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True)

    assert line.states(waited) == ["offered"]
    assert line.listed(OPERATOR) == [waited.id]
    with counter.database.reading() as tx:
        held = privacy.privacy.held(tx, STRANGER.person)
    assert [each["id"] for each in held["waitings"]] == [str(waited.id)]


# At once


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with a connection for each rival."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=10, clock=counter.clock)
    yield many
    many.close()


def test_rivals_freeings_and_the_timer_at_once(counter: Any, line: Line, many: Database) -> None:
    """The hall's thirds are given up at the same time, rivals ask for the hall and its parts, and the timers run: who
    waited for the hall has it, nobody overtakes, and there is no deadlock."""
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with many.reading() as tx:
        before = tx.execute(deadlocks).scalar_one()
    for turn in range(ROUNDS):
        begin = turn * 4
        held = [counter.hold(third, begin) for third in ("third-1", "third-2", "third-3")]
        hall, third = line.join(STRANGER, "hall", begin), line.join(NINA, "third-2", begin)

        def free(booking: Any) -> None:
            with many.transaction() as tx:
                counter.usecases.cancel(tx, RESIDENT, booking.id, ANY_VERSION)

        def ask(space: str) -> None:
            with suppress(SlotTaken), many.transaction() as tx:
                counter.usecases.hold(tx, PER, counter.wanted(space, begin))  # noqa: B023

        def tick(_: Any) -> None:
            with many.transaction() as tx:
                usecases.offer_again(tx)
            with many.transaction() as tx:
                time.expire_holds(tx)

        work = [(free, each) for each in held] + [(ask, "hall"), (ask, "third-1"), (ask, "third-3"), (tick, None)]
        at_once(lambda one: one[0](one[1]), work)
        line.offer_again()
        states = line.states(hall, third)
        assert states in (["offered", "waiting"], ["waiting", "offered"]), f"round {turn}"
    with many.reading() as tx:
        assert tx.execute(deadlocks).scalar_one() == before


def test_a_hold_that_is_over_is_not_free_to_others_while_somebody_waits_for_it(counter: Any, line: Line) -> None:
    held = counter.hold("room", 4)
    wanted, window = counter.wanted("room", 4), Window(first=date(2026, 11, 23), last=date(2026, 11, 23))

    def seen() -> tuple[list[str], bool, bool]:
        with counter.database.reading() as tx:
            reasons = [each.code for each in check(tx, None, wanted).reasons]
            [room] = free_times(tx, PageRequest(), Wanted(spaces=["room"]), window).items
            [shown] = [each for each in day_of_square(tx, None, "borgen", window.first).spaces if each.space == "room"]
        free = [(at["begins_at"], at["ends_at"]) for at in json.loads(room)["free"]]
        return reasons, any(begins <= held.begins_at.isoformat() < ends for begins, ends in free), bool(shown.taken)

    waiting = line.join(STRANGER, "room", 4)
    counter.clock.move(held.hold_expires_at - counter.clock.now())
    assert seen() == (["slot_taken"], False, True)

    line.leave(STRANGER, waiting)
    assert seen() == ([], True, False)

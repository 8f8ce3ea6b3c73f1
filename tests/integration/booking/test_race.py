"""Rivals for one time: exactly one has it in every round, and nobody waits for a deadlock to be found."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from kernel.db import Database
from kernel.errors import DomainError, Text
from kernel.versions import ANY_VERSION
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.closures import ClosureRequest, Decision
from services.booking.model.house_rules import HouseRulesNotAccepted
from services.booking.model.refusals import SlotTaken
from services.booking.model.resources import Equipment
from services.booking.model.series import Shift
from services.booking.model.sharing import Sharing
from services.booking.store.claims import CLOSED
from services.booking.store.tables import bookings, claims
from services.booking.usecases import bookings as usecases
from services.booking.usecases import closures, house_rules
from services.booking.usecases import series as series_usecases
from tests.at_once import at_once
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.season import FIRST, WEEK, Season, at, take
from tests.waiting import eventually
from tests.waiting_line import rebuilt

ROUNDS = 30
RIVALS = 16
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def winners(database: Database, requests: Sequence[BookingRequest]) -> list[str]:
    """The spaces of those who got what they asked for, when all ask at once."""

    def ask(request: BookingRequest) -> str | None:
        try:
            with database.transaction() as tx:
                return usecases.hold(tx, RESIDENT, request).space
        except SlotTaken:
            return None

    return [space for space in at_once(ask, requests) if space is not None]


def rounds(counter: Any, spaces: Sequence[str]) -> Iterator[list[BookingRequest]]:
    """For each round a time of its own, and a request of every rival; they take the spaces by turns."""
    for number in range(ROUNDS):
        yield [counter.wanted(spaces[rival % len(spaces)], begin=number * 4) for rival in range(RIVALS)]


@pytest.mark.parametrize("space", ["room", "hall"])
def test_one_of_many_rivals_has_the_space_in_every_round(counter: Any, many: Database, space: str) -> None:
    for requests in rounds(counter, [space]):
        assert winners(many, requests) == [space]


def test_a_hall_or_its_thirds_and_never_both(counter: Any, many: Database) -> None:
    for requests in rounds(counter, ["hall", "third-1", "third-2", "third-3"]):
        won = winners(many, requests)

        assert won == ["hall"] or set(won) <= {"third-1", "third-2", "third-3"}
        assert won
        assert len(won) == len(set(won))


def test_times_that_overlap_in_part_leave_somebody_with_the_space(counter: Any, many: Database) -> None:
    for number in range(ROUNDS):
        requests = [counter.wanted("hall", begin=number * 12 + rival % 4) for rival in range(RIVALS)]

        assert winners(many, requests) == ["hall"]


def test_rivals_never_come_to_a_deadlock(counter: Any, many: Database) -> None:
    with many.reading() as tx:
        before = tx.execute(DEADLOCKS).scalar_one()
    for requests in rounds(counter, ["hall", "third-2"]):
        winners(many, requests)

    with many.reading() as tx:
        assert tx.execute(DEADLOCKS).scalar_one() == before


@pytest.fixture
def no_deadlocks(many: Database) -> Iterator[None]:
    """PostgreSQL has come to no deadlock, whoever would have been run again."""

    def counted() -> int:
        with many.reading() as tx:
            tx.execute(text("SELECT pg_stat_clear_snapshot()"))
            found: int = tx.execute(DEADLOCKS).scalar_one()
            return found

    before = counted()
    yield
    assert counted() == before


class Rivals:
    """Whoever wants something of the same dates, all at once."""

    def __init__(self, counter: Any, many: Database) -> None:
        self.counter, self.many = counter, many
        self.deadlocks = 0

    def at_once(self, *works: Any) -> list[str | None]:
        """The code of each one's refusal, or None."""

        def run(work: Any) -> str | None:
            try:
                with self.many.transaction() as tx:
                    work(tx)
            except DomainError as refused:
                return refused.code
            except OperationalError as error:
                if getattr(error.orig, "pgcode", None) != "40P01":
                    raise
                self.deadlocks += 1
                return run(work)  # as the api does
            return None

        return at_once(run, works)

    def demand_claims_are_those_of_live_bookings(self) -> None:
        """No live booking without what it takes, nothing taken without one."""
        with self.many.reading() as tx:
            holders = set(tx.execute(select(claims.c.holder).where(claims.c.share != CLOSED)).scalars())
            rows = tx.execute(select(bookings.c.id, bookings.c.state)).all()
        live = {row.id for row in rows if row.state in ("held", "confirmed")}
        assert holders == live
        assert {row.state for row in rows} <= {"held", "confirmed", "cancelled", "expired"}


@pytest.fixture
def rivals(counter: Any, many: Database) -> Iterator[Rivals]:
    rivals = Rivals(counter, many)
    yield rivals
    rivals.demand_claims_are_those_of_live_bookings()


SEASONS = 12
"""Rounds, each in the evenings of four weeks of its own hour."""


def evening(season: Season, space: str, turn: int, shift: int = 0, **how: Any) -> Any:
    """A series four weeks long, at an hour of its own for each round; `shift` is how many weeks later it begins."""
    starts = (FIRST + shift * WEEK).replace(tzinfo=None, hour=2 * (turn % 11))
    return season.request(space, starts=starts, minutes=60, **how)


@pytest.mark.parametrize("policy", ["all_or_nothing", "skip", "alternatives"])
def test_series_and_singles_in_a_hall_and_its_thirds_share_the_dates_out(
    season: Season, rivals: Rivals, policy: str
) -> None:
    for turn in range(SEASONS):
        asked = [
            evening(
                season,
                ["hall", "third-1", "third-2"][number % 3],
                turn,
                shift=number % 2 + 5 * (turn // 11),
                policy=policy,
                elsewhere=["third-3", "room"] if policy == "alternatives" else (),
            )
            for number in range(8)
        ]
        works = [lambda tx, each=each: series_usecases.book(tx, RESIDENT, each) for each in asked]
        singles = [lambda tx, each=each: usecases.hold(tx, STRANGER, each.like) for each in asked]

        refusals = rivals.at_once(*works, *singles)

        assert set(refusals) <= {None, "series_clashes", "slot_taken"}
        assert None in refusals
    assert rivals.deadlocks == 0


@pytest.mark.usefixtures("no_deadlocks")
def test_series_that_move_to_each_other_s_dates_all_move_or_stay(season: Season, rivals: Rivals) -> None:
    thirds = ["third-1", "third-2", "third-3"]
    mine = [season.book(space, rule="FREQ=DAILY;COUNT=4") for space in thirds]
    for turn in range(SEASONS):
        aims = [thirds[(turn + number) % 3] for number in range(3)]
        rivals.at_once(
            *(
                lambda tx, one=one, aim=aim: series_usecases.reschedule(
                    tx, RESIDENT, one.id, ANY_VERSION, scope="all", booking=None, shift=Shift(space=aim, days=1)
                )
                for one, aim in zip(mine, aims, strict=True)
            )
        )
        for one in mine:
            dates = season.dates(one)
            assert len({each.space for each in dates}) == 1
            assert {each.begins_at - dates[0].begins_at for each in dates} == {number * WEEK / 7 for number in range(4)}


def test_a_skipped_date_is_booked_once_whoever_asks(counter: Any, season: Season, rivals: Rivals) -> None:
    for turn in range(4):
        before = take(counter, "room", 4 * turn + 1)
        starts = (FIRST + 4 * turn * WEEK).replace(tzinfo=None, hour=18)
        one, other = (
            season.book("room", policy="skip", wait=False, starts=starts, who=who)
            if who is RESIDENT
            else season.book("third-1", starts=starts, who=who)
            for who in (RESIDENT, STRANGER)
        )
        counter.cancel(before, who=STRANGER)
        date = FIRST + (4 * turn + 1) * WEEK
        again = [
            lambda tx, date=date, one=one: series_usecases.book_skipped(
                tx, RESIDENT, one.id, ANY_VERSION, begins_at=date
            )
        ] * 4
        moved = season.seen(other, STRANGER)["occurrences"][1].booking
        move = [
            lambda tx, other=other, moved=moved: series_usecases.reschedule(
                tx, STRANGER, other.id, ANY_VERSION, scope="this", booking=moved, shift=Shift(space="room")
            )
        ]
        like = replace(counter.wanted("room"), **at(4 * turn + 1))
        single = [lambda tx, like=like: usecases.hold(tx, MANAGER, like)]

        refusals = rivals.at_once(*again, *move, *single)

        assert refusals.count(None) == 1
        assert set(refusals) <= {None, "slot_taken", "not_skipped", "series_clashes"}


def to(booking: Booking, **changes: Any) -> Any:
    """Its tenant moves a booking."""
    return lambda tx: usecases.reschedule(tx, RESIDENT, booking.id, ANY_VERSION, **changes)


def times(booking: Booking) -> dict[str, Any]:
    return {"space": booking.space, "begins_at": booking.begins_at, "ends_at": booking.ends_at}


@pytest.mark.usefixtures("no_deadlocks")
@pytest.mark.parametrize(
    "places",
    [
        [("room", 0), ("room", 4)],
        [("hall", 0), ("hall", 4)],
        [("third-1", 0), ("third-2", 0)],
        [("third-1", 0), ("third-2", 0), ("third-3", 0)],
        [("third-3", 0), ("hall", 4), ("room", 8)],
    ],
    ids=["one space", "three parts", "two spaces", "in a ring", "across spaces"],
)
def test_bookings_that_move_onto_each_other_come_to_no_deadlock(
    counter: Any, rivals: Rivals, places: list[tuple[str, int]]
) -> None:
    for turn in range(ROUNDS):
        held = [counter.hold(space, turn * 12 + begin) for space, begin in places]
        aims = [*held[1:], held[0]]

        refusals = rivals.at_once(*(to(one, **times(aim)) for one, aim in zip(held, aims, strict=True)))

        assert set(refusals) <= {None, "slot_taken"}
        for one in held:
            counter.cancel(one)
    assert rivals.deadlocks == 0


@pytest.mark.usefixtures("no_deadlocks")
def test_nor_do_those_who_share_a_space_and_borrow_the_same(counter: Any, town: Any, rivals: Rivals) -> None:
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=6)
    lobbies = [replace(town.space(name, capacity=20), sharing=Sharing(groups=1)) for name in ("lobby", "foyer")]
    counter.publish(rebuilt(town, *lobbies, town.space("room"), town.HALL, equipment=(chairs,)))
    for turn in range(ROUNDS):
        places = [("lobby", 0), ("foyer", 4), ("room", 8)]
        held = [counter.hold(space, turn * 12 + begin, equipment={"chairs": 6}) for space, begin in places]
        aims = [*held[1:], held[0]]

        refusals = rivals.at_once(
            *(to(one, **times(aim)) for one, aim in zip(held, aims, strict=True)),
            *(to(one, **{**times(aim), "space": one.space}) for one, aim in zip(held, aims, strict=True)),
        )

        assert set(refusals) <= {None, "slot_taken", "no_room", "equipment_lent"}
        for one in held:
            counter.cancel(one)
    assert rivals.deadlocks == 0


@pytest.mark.usefixtures("no_deadlocks")
def test_nor_do_those_who_move_about_in_a_hall_that_others_book(counter: Any, rivals: Rivals) -> None:
    """Who moves from the last third to the first, and who wants all three, first to last."""
    for turn in range(ROUNDS):
        begin = turn * 8
        held = [counter.hold(third, begin) for third in ("third-2", "third-3")]
        wanted = [counter.wanted("hall", begin), counter.wanted("hall", begin + 4), counter.wanted("third-1", begin)]

        refusals = rivals.at_once(
            to(held[0], space="third-1"),
            to(held[1], space="third-1"),
            to(held[1], space="hall", begins_at=counter.quarter(begin + 4), ends_at=counter.quarter(begin + 8)),
            *(lambda tx, each=each: usecases.hold(tx, STRANGER, each) for each in wanted),
        )

        assert set(refusals) <= {None, "slot_taken"}
        assert None in refusals
    assert rivals.deadlocks == 0


@pytest.mark.usefixtures("no_deadlocks")
def test_nor_do_series_and_bookings_that_move_onto_each_other(counter: Any, season: Season, rivals: Rivals) -> None:
    for turn in range(SEASONS):
        hour = {"starts": FIRST.replace(tzinfo=None, hour=2 * (turn % 11)), "minutes": 60}
        series = [season.book(space, **hour) for space in ("third-1", "third-2")]
        dates = [season.dates(each) for each in series]
        single = [counter.booking(dates[number][turn % 4].booking) for number in range(2)]

        refusals = rivals.at_once(
            *(
                lambda tx, one=one, aim=aim: series_usecases.reschedule(
                    tx, RESIDENT, one.id, ANY_VERSION, scope="all", booking=None, shift=Shift(space=aim)
                )
                for one, aim in zip(series, ("third-2", "third-1"), strict=True)
            ),
            to(single[0], space="third-2"),
            to(single[1], space="third-1"),
        )

        assert set(refusals) <= {None, "slot_taken", "series_clashes"}
        for each in series:
            season.cancel(each)
    assert rivals.deadlocks == 0


@pytest.mark.usefixtures("no_deadlocks")
def test_nor_do_closures_that_move_bookings_into_each_other_s_spaces(
    counter: Any, rivals: Rivals, many: Database
) -> None:
    """While somebody publishes, and others book there."""
    reason = Text(nb="Vask", nn="Vask", en="Cleaning")
    for turn in range(SEASONS):
        begin = turn * 12
        held = {space: counter.hold(space, begin) for space in ("room", "third-2")}

        def close(tx: Any, space: str, into: str, begin: int = begin, held: Any = held) -> None:
            wanted = ClosureRequest(
                kind="maintenance",
                space=space,
                reason=reason,
                begins_at=counter.quarter(begin),
                ends_at=counter.quarter(begin + 4),
            )
            there = {"begins_at": counter.quarter(begin + 4), "ends_at": counter.quarter(begin + 8)}
            decision = Decision(booking=held[space].id, outcome="move", space=into, **there)
            closures.announce(tx, MANAGER, wanted, [decision])

        def publish(tx: Any) -> None:
            said = {"text": reason, "rules": [], "effective_from": FIRST + 52 * WEEK}
            house_rules.publish(tx, MANAGER, "square", "borgen", **said)

        like = [counter.wanted("hall", begin + 4), counter.wanted("room", begin + 4)]
        refusals = rivals.at_once(
            lambda tx: close(tx, "room", "third-2"),
            lambda tx: close(tx, "third-2", "room"),
            publish,
            *(lambda tx, each=each: usecases.hold(tx, STRANGER, each) for each in like),
        )

        assert set(refusals) <= {None, "slot_taken", "bookings_in_the_way"}
    assert rivals.deadlocks == 0


def test_cancelling_and_moving_a_series_at_once_leaves_it_whole(season: Season, rivals: Rivals) -> None:
    for turn in range(SEASONS):
        series = season.book("room", starts=FIRST.replace(tzinfo=None, hour=2 * (turn % 11)), minutes=60)
        first = season.booking(series, 0)
        rivals.at_once(
            lambda tx, of=series: series_usecases.cancel(tx, MANAGER, of.id, ANY_VERSION),
            lambda tx, of=series: series_usecases.reschedule(
                tx, RESIDENT, of.id, ANY_VERSION, scope="all", booking=None, shift=Shift(days=1)
            ),
            lambda tx, one=first: usecases.cancel(tx, RESIDENT, one, ANY_VERSION),
        )
        assert set(season.states(series)) == {"cancelled"}


def test_who_changes_the_rules_waits_for_those_under_way_and_for_no_later_ones(counter: Any, many: Database) -> None:
    def waiting(wanted: int) -> None:
        def look() -> int:
            with many.reading() as tx:
                found: int = tx.execute(WAITING).scalar_one()
                return found

        eventually(look, wanted=lambda found: found == wanted)

    def publish() -> None:
        said = {"text": Text(nb="Ro", nn="Ro", en="Quiet"), "rules": [], "effective_from": None}
        with many.transaction() as tx:
            house_rules.publish(tx, MANAGER, "square", "borgen", **said)

    def book_later() -> Booking:
        with many.transaction() as tx:
            return usecases.hold(tx, STRANGER, counter.wanted("room", begin=8))

    with ThreadPoolExecutor(2) as pool:
        with counter.database.transaction() as tx:
            usecases.hold(tx, RESIDENT, counter.wanted("room"))
            published = pool.submit(publish)
            waiting(1)
            later = pool.submit(book_later)
            waiting(2)
        published.result(30)
        with pytest.raises(HouseRulesNotAccepted):
            later.result(30)

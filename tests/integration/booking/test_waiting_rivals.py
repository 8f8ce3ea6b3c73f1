"""Waiting lists among rivals, freeings and timers at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database
from kernel.pagination import PageRequest
from kernel.versions import ANY_VERSION
from services.booking.events import WaitingOffered
from services.booking.model.calendars import TooManyFeeds
from services.booking.model.imports import ImportRequest
from services.booking.model.refusals import SlotTaken
from services.booking.model.waiting import NotWaiting, TooManyWaitings, WaitingRequest
from services.booking.queries.availability import Wanted, Window, day_of_square, free_times
from services.booking.usecases import calendars, imports, time
from services.booking.usecases import waiting as usecases
from services.booking.usecases.checking import check
from tests.at_once import at_once
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.waiting import eventually
from tests.waiting_line import NINA, PER, Line

ROUNDS = 20
_LOCKED_OUT = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def waiting_for_a_lock(database: Database) -> int:
    """How many transactions wait for others."""
    with database.reading() as tx:
        found: int = tx.execute(_LOCKED_OUT).scalar_one()
        return found


# At once


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with a connection for each rival."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=10, clock=counter.clock, settings=counter.database.settings)
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


def test_what_somebody_is_changing_just_now_is_offered_a_little_later(counter: Any, line: Line, many: Database) -> None:
    """Nobody who frees something waits for long, nor fails; what was tried for the first in line leaves no trace."""
    taken, other = counter.hold("room"), counter.hold("third-1")
    first, second = line.join(STRANGER, "room"), line.join(NINA, "third-1")

    with many.transaction() as changing:
        changing.execute(text("SELECT FROM spaces WHERE id = 'room' FOR UPDATE"))
        counter.cancel(taken)
        assert line.states(first) == ["waiting"]
        counter.cancel(other)
        assert line.states(second) == ["offered"]
    line.offer_again()

    assert line.states(first) == ["offered"]
    assert len(counter.told(WaitingOffered)) == 2


def test_what_time_offers_it_offers_a_few_at_a_time_the_first_in_line_first(
    counter: Any, line: Line, many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "AT_ONCE", 2)
    taken = [counter.hold(space) for space in ("room", "third-1", "third-2")]
    waits = [line.join(STRANGER, booking.space) for booking in taken]
    with many.transaction() as changing:
        changing.execute(text("SELECT FROM spaces FOR UPDATE"))
        for booking in taken:
            counter.cancel(booking)

    line.offer_again()
    assert line.states(*waits) == ["offered", "offered", "waiting"]
    line.offer_again()

    assert line.states(*waits) == ["offered"] * 3


def test_an_import_leaves_what_it_moves_to_those_who_wait(counter: Any, line: Line) -> None:
    actor = counter.organisation("kari")
    row = "a;room;2026-11-24 18:00;2026-11-24 19:00"

    def bring(row: str) -> None:
        file = f"uid;space;begins_at;ends_at\n{row}\n".encode()
        wanted = ImportRequest(source="old", kind="csv", content=file, tenant=actor)
        counter.run(imports.run, MANAGER, wanted)

    bring(row)
    waits = line.join(STRANGER, "room", 108)
    assert waits.earliest == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    bring(row.replace("room", "third-1"))

    assert line.states(waits) == ["offered"]


def test_who_leaves_in_the_moment_of_the_offer_says_no_to_it(counter: Any, line: Line, many: Database) -> None:
    taken = counter.hold("room")
    first, second = line.join(STRANGER, "room"), line.join(NINA, "room")

    def leave() -> str:
        with many.transaction() as tx:
            return usecases.leave(tx, STRANGER, first.id).state

    with ThreadPoolExecutor(1) as pool:
        with many.transaction() as freeing:
            counter.usecases.cancel(freeing, RESIDENT, taken.id, ANY_VERSION)
            left = pool.submit(leave)
            eventually(lambda: waiting_for_a_lock(many), wanted=lambda found: found == 1)
        assert left.result(30) == "passed"

    assert line.states(first, second) == ["passed", "offered"]


def test_leaving_offering_and_taking_at_once_ends_in_one_of_them(counter: Any, line: Line, many: Database) -> None:
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with many.reading() as tx:
        before = tx.execute(deadlocks).scalar_one()
    for turn in range(ROUNDS):
        taken = counter.hold("room", turn * 4)
        first = line.join(STRANGER, "room", turn * 4)

        def leave(_: Any) -> None:
            with suppress(NotWaiting), many.transaction() as tx:
                usecases.leave(tx, STRANGER, first.id)  # noqa: B023

        def free(booking: Any) -> None:
            with many.transaction() as tx:
                counter.usecases.cancel(tx, RESIDENT, booking.id, ANY_VERSION)

        def tick(_: Any) -> None:
            with many.transaction() as tx:
                usecases.offer_again(tx)

        at_once(lambda one: one[0](one[1]), [(leave, None), (leave, None), (free, taken), (tick, None)])
        [state] = line.states(first)
        assert state in ("left", "passed"), f"round {turn}"
    with many.reading() as tx:
        assert tx.execute(deadlocks).scalar_one() == before


def test_who_joins_many_lines_at_once_joins_no_more_than_they_may(
    counter: Any, line: Line, many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "MOST", 2)
    counter.hold("room", 0, 32)

    def join(begin: int) -> bool:
        wanted = WaitingRequest(like=counter.wanted("room", begin))
        with suppress(TooManyWaitings), many.transaction() as tx:
            usecases.join(tx, STRANGER, wanted)
            return True
        return False

    assert sum(at_once(join, range(0, 32, 4))) == 2
    assert len(line.listed(STRANGER)) == 2


def test_who_makes_many_feeds_at_once_makes_no_more_than_they_may(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "MOST_FEEDS", 2)

    def make(_: int) -> bool:
        with suppress(TooManyFeeds), many.transaction() as tx:
            calendars.make(tx, RESIDENT, square="borgen")
            return True
        return False

    assert sum(at_once(make, range(8))) == 2

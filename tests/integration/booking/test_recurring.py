"""Free again and again: on which dates, why not on the others, the best first; as the preview of a series says."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from kernel.errors import Text
from kernel.pagination import PageRequest
from services.booking.model.closures import ClosureRequest
from services.booking.model.recurrence import Recurrence
from services.booking.model.resources import Equipment, Square
from services.booking.model.series import SeriesRequest
from services.booking.model.sharing import Sharing
from services.booking.queries.availability import Wanted, recurring
from services.booking.recurrence import dates_of
from services.booking.usecases import closures
from services.booking.usecases import series as usecases
from tests.callers import OPERATOR, RESIDENT

at = datetime.fromisoformat
TUESDAYS = Recurrence(starts=at("2026-11-24T18:00"), minutes=120, rule="FREQ=WEEKLY;COUNT=10")
WEEK = 7 * 96


def quarter_of(counter: Any, time: datetime) -> int:
    """The number of the quarter at which it is so much in UTC."""
    return int((time - counter.quarter()).total_seconds() // 900)


@pytest.fixture
def hall_and_lobby(counter: Any, town: Any) -> Any:
    """A hall with set-up, a lobby that is shared, a room with rules, one that nobody is let into, and chairs."""
    rules = replace(town.RULES, notice_minutes=4 * 24 * 60, horizon_days=50, grid_minutes=60, min_minutes=60)
    spaces = (
        town.space("stage", rules=replace(town.RULES, setup_minutes=30, clearing_minutes=60), capacity=80),
        replace(town.space("lobby", capacity=30), sharing=Sharing(groups=2)),
        town.space("studio", rules=rules, capacity=25),
        town.space("vault", rules=replace(town.RULES, purposes=("sport",))),
    )
    things = (Equipment(id="chairs", name=town.name("Stoler"), pieces=40),)
    closed_at_night = [replace(each, opens=8 * 60, closes=22 * 60) for each in town.ALWAYS]
    counter.publish(
        Square(
            id="tofte",
            name=town.name("Tofte"),
            arenas=(replace(town.arena("library", *spaces, opening=closed_at_night), equipment=things),),
        )
    )
    return counter


def search(counter: Any, recurrence: Recurrence = TUESDAYS, *, at_least: int = 80, **asked: Any) -> dict[str, Any]:
    wanted = Wanted(**{"squares": ["tofte"], "purpose": "culture", "audience": "everyone", "capacity": 8} | asked)
    with counter.database.reading() as tx:
        found = recurring(tx, PageRequest(200), wanted, dates_of(recurrence), at_least=at_least)
    return {
        each.space: {each.dates[number].begins_at: code for number, code in each.failing.items()}
        for each in found.items
    }


def preview(counter: Any, space: str, recurrence: Recurrence, **asked: Any) -> dict[datetime, str]:
    like = counter.wanted(space, 0, 4, **asked)
    found = counter.run(usecases.preview, RESIDENT, SeriesRequest(like=like, recurrence=recurrence, policy="skip"))
    return {each.occurrence.begins_at: each.clash.code for each in found.dates if each.clash}


def test_it_fails_on_the_dates_of_a_series_and_for_the_same_reasons(hall_and_lobby: Any) -> None:
    counter = hall_and_lobby
    first = quarter_of(counter, at("2026-11-24T17:00Z"))
    counter.hold("stage", first + 11, 4, equipment={"chairs": 30})  # its set-up meets the clearing
    counter.hold("stage", first + WEEK + 14, 2, equipment={"chairs": 30})  # this is later, and does not
    counter.hold("stage", first + 2 * WEEK - 3, 2)
    counter.hold("lobby", first + 3 * WEEK, 2, participants=23)
    counter.hold("lobby", first + 4 * WEEK, 2, participants=22)
    counter.hold("studio", first + 5 * WEEK + 8, 4)
    rules = [
        TUESDAYS,
        replace(TUESDAYS, starts=at("2026-11-23T18:30")),
        replace(TUESDAYS, starts=at("2026-11-21T13:00"), rule="FREQ=DAILY;COUNT=60"),
        replace(TUESDAYS, starts=at("2026-11-25T20:30"), minutes=120, rule="FREQ=DAILY;COUNT=3"),
        replace(TUESDAYS, starts=at("2026-11-25T12:00"), minutes=1440, rule="FREQ=DAILY;COUNT=9"),
        replace(TUESDAYS, minutes=15),
        replace(TUESDAYS, minutes=485),
        replace(TUESDAYS, starts=at("2027-03-20T22:00"), minutes=480, rule="FREQ=DAILY;COUNT=14"),
    ]
    for rule in rules:
        for more in ({}, {"equipment": {"chairs": 11}}):
            found = search(counter, rule, at_least=0, **more)

            assert found.keys() == {"stage", "lobby", "studio"}
            assert found == {space: preview(counter, space, rule, **more) for space in found}


def test_the_best_come_first_and_none_below_the_share_asked_for(hall_and_lobby: Any) -> None:
    counter = hall_and_lobby
    first = quarter_of(counter, at("2026-11-24T17:00Z"))
    counter.hold("stage", first, 8)
    for week in range(2):
        counter.hold("lobby", first + week * WEEK, 8, participants=30)
    everywhere = {"squares": [], "spaces": ["stage", "lobby", "studio", "third-1", "room"]}

    assert list(search(counter, at_least=0, **everywhere)) == ["room", "third-1", "stage", "lobby", "studio"]
    assert list(search(counter, at_least=80, **everywhere)) == ["room", "third-1", "stage", "lobby"]
    assert list(search(counter, at_least=81, **everywhere)) == ["room", "third-1", "stage"]
    assert list(search(counter, at_least=100, **everywhere)) == ["room", "third-1"]


def test_they_come_a_page_at_a_time(hall_and_lobby: Any) -> None:
    listed, cursor = [], None
    while True:
        with hall_and_lobby.database.reading() as tx:
            page = recurring(tx, PageRequest(3, cursor), Wanted(), dates_of(TUESDAYS), at_least=0)
        listed += [each.space for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    with hall_and_lobby.database.reading() as tx:
        whole = recurring(tx, PageRequest(200), Wanted(), dates_of(TUESDAYS), at_least=0)
    assert listed == [each.space for each in whole.items]
    assert len(listed) == 9


def test_what_is_booked_is_taken_in_the_next_search(hall_and_lobby: Any) -> None:
    counter = hall_and_lobby
    assert search(counter)["stage"] == {}

    held = counter.hold("stage", quarter_of(counter, at("2026-12-01T17:00Z")), 4)
    assert search(counter)["stage"] == {held.begins_at: "slot_taken"}

    counter.clock.move(held.hold_expires_at - counter.clock.now())
    assert search(counter)["stage"] == {}

    closed = ClosureRequest(
        kind="closure",
        space="stage",
        begins_at=held.ends_at - timedelta(minutes=15),
        ends_at=held.ends_at,
        reason=Text(nb="Stengt", nn="Stengt", en="Closed"),
    )
    counter.run(closures.announce, OPERATOR, closed, ())
    assert search(counter)["stage"] == {held.begins_at: "space_closed"}


def rows_in(plan: Any) -> int:
    """How many rows the nodes of a plan have looked at."""
    looked_at = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return int(looked_at * plan["Actual Loops"]) + sum(map(rows_in, plan.get("Plans", ())))


def test_spaces_that_are_alike_are_judged_together(hall_and_lobby: Any, town: Any) -> None:
    counter = hall_and_lobby
    asked: list[Any] = []

    def looked_at(spaces: int) -> int:
        alike = [town.space(f"class-{number}", capacity=20) for number in range(spaces)]
        counter.publish(Square(id="sætre", name=town.name("Sætre"), arenas=(town.arena("school", *alike),)))
        asked.clear()
        search(counter, replace(TUESDAYS, rule="FREQ=DAILY;COUNT=520"), squares=["sætre"])
        with counter.database.reading() as tx:
            cursor = tx.connection.connection.cursor()
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + asked[-1][0], asked[-1][1])
            return rows_in(cursor.fetchone()[0][0]["Plan"])

    def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(counter.database.engine, "before_cursor_execute", keep)
    few, many = looked_at(2), looked_at(42)
    event.remove(counter.database.engine, "before_cursor_execute", keep)

    assert many - few < 40 * 50  # of 520 dates

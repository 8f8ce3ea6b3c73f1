"""Series among others who want the same: dates lost while they were being booked, holds whose time is over, and quotas
that have room for some of the dates."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database
from kernel.errors import Text
from kernel.versions import ANY_VERSION, Expected
from services.booking.events import SeriesBooked
from services.booking.model.places import Place
from services.booking.model.quotas import QuotaExceeded, SpaceGroup
from services.booking.model.resources import Equipment
from services.booking.model.series import SeriesClashes
from services.booking.model.sharing import Sharing
from services.booking.usecases import quotas
from services.booking.usecases import series as usecases
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.season import FIRST, WEEK, Season, at, take
from tests.waiting import eventually

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
NAME = Text(nb="Rom", nn="Rom", en="Rooms")
BEGUN = {"valid_from": date(2026, 11, 1), "valid_until": None, "actor": None, "category": "resident"}


def waiting(database: Database) -> int:
    with database.reading() as tx:
        found: int = tx.execute(WAITING).scalar_one()
        return found


def while_it_waits(counter: Any, many: Database, rivals: Callable[[Any], Any], work: Callable[[Any], Any]) -> Any:
    """What the work gives when rivals, who had begun before, take what they want just before it."""

    def run() -> Any:
        with many.transaction() as tx:
            return work(tx)

    with ThreadPoolExecutor(1) as pool:
        with counter.database.transaction() as tx:
            rivals(tx)
            done = pool.submit(run)
            eventually(lambda: waiting(many))
        return done.result(30)


def hold(counter: Any, space: str, number: int) -> Callable[[Any], Any]:
    return lambda tx: counter.usecases.hold(tx, STRANGER, replace(counter.wanted(space), **at(number)))


@pytest.mark.parametrize(
    ("policy", "spaces"),
    [
        ("skip", ["third-1", None, "third-1", "third-1"]),
        ("alternatives", ["third-1", "third-2", "third-1", "third-1"]),
    ],
)
def test_a_date_that_is_lost_while_it_is_booked_is_as_one_that_was_taken_before(
    counter: Any, season: Season, many: Database, policy: str, spaces: list[str | None]
) -> None:
    wanted = season.request("third-1", policy=policy, elsewhere=["third-2"] if policy == "alternatives" else [])

    series = while_it_waits(counter, many, hold(counter, "third-1", 1), lambda tx: usecases.book(tx, RESIDENT, wanted))

    assert [each.space for each in season.dates(series)] == spaces
    [told] = counter.told(SeriesBooked)
    assert told.data.live == 4 - spaces.count(None)


def test_all_or_nothing_is_refused_when_a_date_is_lost(counter: Any, season: Season, many: Database) -> None:
    wanted = season.request("third-1")

    with pytest.raises(SeriesClashes) as refused:
        while_it_waits(counter, many, hold(counter, "third-1", 1), lambda tx: usecases.book(tx, RESIDENT, wanted))

    assert (refused.value.fields["clashes"], refused.value.fields["reason"]) == (1, "slot_taken")
    assert counter.told(SeriesBooked) == []


@pytest.mark.parametrize("how", ["book", "move", "skipped"])
@pytest.mark.parametrize("kind", ["room", "shared", "lent"])
def test_holds_whose_time_is_over_make_way_however_a_date_is_booked(
    counter: Any, season: Season, town: Any, how: str, kind: str
) -> None:
    gym = replace(town.space("gym", capacity=8), sharing=Sharing(groups=2))
    house = town.arena("house", gym, town.space("room"), town.space("other"), town.space("far"))
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=5)
    counter.publish(replace(town.BORGEN, arenas=(replace(house, equipment=(chairs,)),)))
    space, rivals = {"room": ("room", "room"), "shared": ("gym", "gym"), "lent": ("room", "other")}[kind]
    equipment = {"chairs": 5} if kind == "lent" else {}
    if how == "move":
        mine = season.book("far", confirm="when_priced", equipment=equipment)
        season.priced(mine)
        season.move(mine, days=1)
    overdue = [
        counter.run(counter.usecases.hold, STRANGER, replace(counter.wanted(rivals, equipment=equipment), **at(number)))
        for number in (1, 2)
    ]
    if how == "skipped":
        mine = season.book(space, policy="skip", confirm="when_priced", equipment=equipment)
        season.priced(mine)
        assert season.states(mine)[1] != "confirmed"
    counter.clock.move(timedelta(hours=2))

    if how == "book":
        mine = season.book(space, equipment=equipment)
    elif how == "move":
        season.move(mine, days=-1, space=space)
    else:
        counter.run(usecases.book_skipped, RESIDENT, mine.id, ANY_VERSION, begins_at=FIRST + WEEK)

    assert counter.load(overdue[0]).state == "expired"
    assert [each.space for each in season.dates(mine) if each.space and each.begins_at == FIRST + WEEK] == [space]


class Fair:
    """Quotas on the rooms here."""

    def __init__(self, counter: Any, season: Season) -> None:
        self.counter, self.season = counter, season
        where = [Place("space", "third-1")]
        group = SpaceGroup(id="rooms", version=0, name=NAME, places=where, prime=())
        counter.run(quotas.put_group, MANAGER, Expected(frozenset({0})), group)

    def limit(self, **limits: int) -> None:
        every = {"week_minutes": None, "prime_week_minutes": None, "open_bookings": None} | limits
        self.counter.run(
            quotas.put_quota, MANAGER, Expected(frozenset({0})), "some", group="rooms", name=NAME, **BEGUN, **every
        )


@pytest.mark.parametrize(
    ("limits", "rule", "states"),
    [
        ({"open_bookings": 3}, "FREQ=WEEKLY;COUNT=4", ["held", "held", "held", "quota_exceeded"]),
        ({"open_bookings": 4}, "FREQ=WEEKLY;COUNT=4", ["held"] * 4),
        ({"open_bookings": 5}, "FREQ=WEEKLY;COUNT=4", ["held"] * 4),
        ({"week_minutes": 239}, "FREQ=DAILY;COUNT=3", ["held", "quota_exceeded", "quota_exceeded"]),
        ({"week_minutes": 240}, "FREQ=DAILY;COUNT=3", ["held", "held", "quota_exceeded"]),
        # Tuesday to Sunday are one week, Monday is the next
        ({"week_minutes": 600}, "FREQ=DAILY;COUNT=8", ["held"] * 5 + ["quota_exceeded"] + ["held"] * 2),
        (
            {"week_minutes": 240, "open_bookings": 3},
            "FREQ=DAILY;INTERVAL=2;COUNT=6",
            ["held", "held", "quota_exceeded", "held", "quota_exceeded", "quota_exceeded"],
        ),
    ],
)
@pytest.mark.parametrize("policy", ["skip", "alternatives"])
def test_the_first_dates_have_what_a_quota_allows_and_the_rest_are_told_so(
    counter: Any, season: Season, policy: str, limits: dict[str, int], rule: str, states: list[str]
) -> None:
    Fair(counter, season).limit(**limits)

    found = season.preview("third-1", rule=rule, policy=policy)
    series = season.book("third-1", rule=rule, policy=policy)

    assert season.states(series) == states
    assert found.refusal is None
    assert [each.clash.code if each.clash else "held" for each in found.dates] == states
    told = [each.clash.text.en for each in found.dates if each.clash]
    assert all("The quota some allows" in each for each in told)


def test_all_or_nothing_is_refused_whole_by_a_quota(counter: Any, season: Season) -> None:
    Fair(counter, season).limit(open_bookings=3)

    found = season.preview("third-1")
    with pytest.raises(QuotaExceeded) as refused:
        season.book("third-1")

    assert refused.value.fields["asked"] == 4
    assert found.refusal is not None
    assert (found.refusal.code, found.clashes) == ("quota_exceeded", 0)


def test_dates_that_cannot_be_had_use_up_no_quota(counter: Any, season: Season) -> None:
    Fair(counter, season).limit(open_bookings=2)
    take(counter, "third-1", 0)

    series = season.book("third-1", policy="skip")

    assert season.states(series) == ["slot_taken", "held", "held", "quota_exceeded"]


def test_a_date_lost_while_it_is_booked_uses_up_no_quota(counter: Any, season: Season, many: Database) -> None:
    Fair(counter, season).limit(open_bookings=2)
    wanted = season.request("third-1", policy="skip")

    series = while_it_waits(counter, many, hold(counter, "third-1", 0), lambda tx: usecases.book(tx, RESIDENT, wanted))

    assert season.states(series) == ["slot_taken", "held", "held", "quota_exceeded"]


def test_a_series_for_which_a_quota_has_no_room_at_all_is_refused(counter: Any, season: Season) -> None:
    Fair(counter, season).limit(open_bookings=1)
    season.book("third-1", rule="FREQ=WEEKLY;COUNT=1")

    with pytest.raises(SeriesClashes) as refused:
        season.book("third-1", policy="skip", rule="FREQ=DAILY;COUNT=2", starts=FIRST.replace(tzinfo=None, hour=8))

    assert refused.value.fields["reason"] == "quota_exceeded"

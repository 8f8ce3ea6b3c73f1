"""Quotas at work: set by those who oversee the spaces, counted from the bookings there are, and never passed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from kernel.auth import Caller, Forbidden
from kernel.db import Database
from kernel.errors import Text
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.settings import Settings
from kernel.versions import ANY_VERSION, Expected, StaleVersion
from services.access.events import KeyUnused
from services.booking.api import build
from services.booking.model.bookings import Booking
from services.booking.model.deadlines import UNPRICED
from services.booking.model.opening import hours
from services.booking.model.places import Place, UnknownPlace
from services.booking.model.quotas import (
    InvalidQuota,
    Quota,
    QuotaExceeded,
    SpaceGroup,
    UnknownGroup,
    UnknownOrganisation,
)
from services.booking.model.refusals import SlotTaken
from services.booking.queries import quotas as queries
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import quotas as usecases
from services.booking.usecases import time
from services.booking.usecases.checking import check
from tests.at_once import at_once
from tests.bookings import envelope
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER, KnownCallers, bearer
from tests.waiting import eventually

NAME = Text(nb="Haller", nn="Hallar", en="Halls")
NEW, ANY = Expected(frozenset({0})), Expected(frozenset(range(10)))
"""Only one that is not there yet; either."""
ROUNDS = 100
RIVALS = 6
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
MONDAY = date(2026, 11, 23)
NEXT_MONDAY = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
"""Midnight in Oslo."""
PRIME = tuple(hours(weekday, "17:00", "21:00") for weekday in range(1, 6))


class FairUse:
    """The counter, where groups and quotas are set, too. Its clock says Monday, 13:00 in Oslo."""

    def __init__(self, counter: Any) -> None:
        self.counter = counter

    def group(self, id: str = "halls", *places: Place, who: Caller = MANAGER, **given: Any) -> SpaceGroup:
        wanted = {"name": NAME, "places": places or (Place("arena", "house"),), "prime": PRIME}
        expected = given.pop("expected", ANY)
        group = SpaceGroup(id=id, version=0, **wanted | given)
        made: SpaceGroup = self.counter.run(usecases.put_group, who, expected, group)
        return made

    def quota(self, id: str = "q", *, who: Caller = MANAGER, expected: Expected = ANY, **limits: Any) -> Quota:
        category = None if limits.get("actor") else "resident"
        wanted = given(**{"category": category, **limits})
        made: Quota = self.counter.run(usecases.put_quota, who, expected, id, **wanted)
        return made

    def refused(self, *place: Any, **request: Any) -> dict[str, Any]:
        with pytest.raises(QuotaExceeded) as refused:
            self.counter.hold(*place, **request)
        return refused.value.fields

    def used(self, actor: UUID, who: Caller = RESIDENT, at: datetime | None = None) -> Any:
        with self.counter.database.reading() as tx:
            return queries.of_actor(tx, who, actor, at)


@pytest.fixture
def fair(counter: Any) -> FairUse:
    fair = FairUse(counter)
    fair.group()
    return fair


@pytest.mark.parametrize(("limit", "fits"), [(89, False), (90, True), (91, True)])
def test_the_minutes_of_a_week_are_counted(fair: FairUse, limit: int, fits: bool) -> None:
    fair.quota(week_minutes=limit)
    fair.counter.hold("room")

    if fits:
        fair.counter.hold("hall", 0, 2)
    else:
        told = fair.refused("hall", 0, 2)
        assert (told["quota"], told["limited"], told["limit"], told["used"], told["asked"], told["week"]) == (
            "q",
            "week_minutes",
            89,
            60,
            30,
            "2026-11-23",
        )
        assert told["frees_at"] == "2026-11-29T23:00:00Z"


def test_another_week_another_actor_or_another_group_is_not_counted(fair: FairUse) -> None:
    fair.quota(week_minutes=60)
    fair.group("rooms", Place("space", "room"))
    fair.counter.hold("hall")

    week = 7 * 24 * 4
    fair.refused("room", 4, 2)
    fair.counter.hold("hall", week)
    fair.counter.hold("room", who=STRANGER)
    fair.group("halls", Place("space", "hall"))
    fair.counter.hold("room", 4)


@pytest.mark.parametrize(
    "place",
    [Place("space", "hall"), Place("arena", "house"), Place("square", "borgen"), Place("premises", "hall")],
)
def test_a_group_is_spaces_arenas_squares_or_classes_of_premises(fair: FairUse, place: Place) -> None:
    fair.group("halls", place, who=OPERATOR)
    fair.quota(open_bookings=0, who=OPERATOR)

    fair.refused("hall")


def test_a_quota_of_a_group_counts_what_is_booked_in_all_of_it(fair: FairUse) -> None:
    fair.group("halls", Place("space", "hall"), Place("space", "room"))
    fair.quota(week_minutes=60)
    fair.counter.hold("hall")

    fair.refused("room")
    fair.refused("third-1", 4)
    fair.counter.hold("third-1", 4, who=STRANGER)


@pytest.mark.parametrize("given_up", ["cancelled", "expired", "never swept"])
def test_what_is_given_up_counts_no_more(fair: FairUse, given_up: str) -> None:
    fair.quota(week_minutes=60, open_bookings=1)
    held = fair.counter.hold("hall")
    fair.refused("room")

    if given_up == "cancelled":
        fair.counter.cancel(held)
    else:
        fair.counter.clock.move(UNPRICED)
    if given_up == "expired":
        fair.counter.expire_holds()

    assert fair.counter.hold("room", 4).live


@pytest.mark.parametrize("swept", [False, True])
def test_what_is_over_counts_in_its_week_and_is_open_no_more(fair: FairUse, swept: bool) -> None:
    booking = fair.counter.confirmed("hall")
    fair.counter.clock.move(timedelta(hours=3))
    if swept:
        fair.counter.run(time.complete_ended)
    assert fair.counter.load(booking).state == ("completed" if swept else "confirmed")

    fair.quota(open_bookings=1)
    later = fair.counter.hold("room", 20)
    fair.counter.cancel(later)
    fair.quota(week_minutes=60)
    assert fair.refused("room", 20)["used"] == 60


def test_prime_time_alone_is_counted_where_that_is_limited(fair: FairUse) -> None:
    fair.quota(prime_week_minutes=60)
    # the first quarter is 15:00 in Oslo
    fair.counter.hold("hall", 0, 12)

    assert fair.refused("room", 4, 5)["asked"] == 15
    fair.counter.hold("room", 4, 4)
    told = fair.refused("room", 20, 2)
    assert (told["limited"], told["used"], told["asked"]) == ("prime_week_minutes", 60, 30)
    fair.counter.hold("room", 24, 4)


def test_a_category_is_not_another(fair: FairUse) -> None:
    korps = fair.counter.organisation("kari")
    fair.quota(open_bookings=0, category="voluntary")

    fair.counter.hold("hall")
    with pytest.raises(QuotaExceeded):
        fair.counter.hold("room", tenant=korps)


def test_whoever_books_for_an_organisation_uses_its_quota(fair: FairUse) -> None:
    korps = fair.counter.organisation("kari", "ola")
    fair.quota(week_minutes=60, category="voluntary")
    fair.counter.hold("hall", tenant=korps, who=STRANGER)

    fair.refused("room", tenant=korps)


def test_an_organisations_own_quota_stands_instead_of_its_categorys(fair: FairUse) -> None:
    korps = fair.counter.organisation("kari")
    fair.quota(week_minutes=60, category="voluntary")
    fair.quota("korps", week_minutes=120, actor=korps)
    fair.counter.hold("hall", tenant=korps)
    fair.counter.hold("room", tenant=korps)

    assert fair.refused("room", 4, tenant=korps)["quota"] == "korps"


def test_every_quota_that_binds_is_kept(fair: FairUse) -> None:
    fair.group("rooms", Place("space", "room"))
    fair.quota("a", week_minutes=600)
    fair.quota("b", group="rooms", open_bookings=1)
    fair.counter.hold("room")

    assert fair.refused("room", 4)["quota"] == "b"
    fair.counter.hold("hall")


def test_a_move_needs_room_for_what_it_adds_and_no_more(fair: FairUse) -> None:
    counter = fair.counter
    first, second = counter.confirmed("hall"), counter.confirmed("room")
    fair.quota(week_minutes=90, open_bookings=1)

    def move(hours: int, quarters: int, who: Caller = RESIDENT) -> Booking:
        begins_at = counter.quarter(4 * hours)
        times = {"begins_at": begins_at, "ends_at": begins_at + timedelta(minutes=15 * quarters)}
        moved: Booking = counter.run(booking_usecases.reschedule, who, second.id, ANY_VERSION, **times)
        return moved

    assert move(3, 4).begins_at == counter.quarter(12)
    with pytest.raises(QuotaExceeded):
        move(3, 5)
    assert move(3, 2).ends_at == counter.quarter(14)
    with pytest.raises(QuotaExceeded):
        move(3, 3)
    assert counter.load(first).live
    assert move(4, 8, who=MANAGER).live


def test_an_open_bookings_end_is_when_there_is_room(fair: FairUse) -> None:
    fair.quota(open_bookings=2)
    first, _ = fair.counter.hold("hall"), fair.counter.hold("room", 8)

    told = fair.refused("room", 4)

    assert (told["limited"], told["limit"], told["used"], told["asked"]) == ("open_bookings", 2, 2, 1)
    assert told["frees_at"] == first.ends_at.isoformat().replace("+00:00", "Z")


def test_a_full_week_ahead_is_looked_past(fair: FairUse) -> None:
    fair.quota(week_minutes=60)
    fair.counter.hold("hall")
    fair.counter.hold("hall", 7 * 24 * 4)

    assert fair.refused("room")["frees_at"] == "2026-12-06T23:00:00Z"


def test_two_quotas_do_not_point_at_each_other_s_full_weeks(fair: FairUse) -> None:
    week = 7 * 24 * 4
    fair.group("rooms", Place("space", "room"))
    fair.group("halls", Place("space", "hall"), Place("space", "room"))
    fair.quota("a", week_minutes=120)
    for number in (0, 2):
        fair.counter.hold("hall", number * week, 8)
    for number in (1, 3):
        fair.counter.hold("room", number * week)
    fair.quota("b", group="rooms", week_minutes=60)

    told = fair.refused("room", 8)

    assert (told["quota"], told["frees_at"]) == ("a", "2026-12-20T23:00:00Z")


def test_versions_are_expected(fair: FairUse) -> None:
    with pytest.raises(StaleVersion):
        fair.quota(open_bookings=1, expected=ANY_VERSION)
    assert fair.quota(open_bookings=1, expected=NEW).version == 1
    with pytest.raises(StaleVersion):
        fair.quota(open_bookings=2, expected=NEW)
    assert fair.quota(open_bookings=2, expected=Expected(frozenset({1}))).version == 2
    with pytest.raises(StaleVersion):
        fair.group(expected=NEW)
    assert fair.group(expected=ANY_VERSION).version == 2

    with fair.counter.database.reading() as tx:
        [shown] = queries.all_quotas(tx, PageRequest()).items
        assert (shown.open_bookings, shown.version, shown.group.version) == (2, 2, 2)
        assert queries.quota(tx, "q") == shown
        assert [queries.group(tx, "halls")] == queries.all_groups(tx, PageRequest()).items
        for missing in (queries.quota, queries.group):
            with pytest.raises(NotFound):
                missing(tx, "nothing")


@pytest.mark.parametrize(
    ("places", "who", "error"),
    [
        ([Place("space", "hall")], OTHER_MANAGER, Forbidden),
        ([Place("premises", "hall")], MANAGER, Forbidden),
        ([Place("space", "nowhere")], MANAGER, Forbidden),
        ([Place("space", "nowhere")], OPERATOR, UnknownPlace),
        ([Place("arena", "hall")], OPERATOR, UnknownPlace),
        ([Place("premises", "pool")], OPERATOR, UnknownPlace),
    ],
)
def test_a_group_is_set_by_who_oversees_all_of_it(fair: FairUse, places: list[Place], who: Caller, error: Any) -> None:
    with pytest.raises(error):
        fair.group("more", *places, who=who)
    with pytest.raises(error):
        fair.group("halls", *places, who=who)


def test_what_others_oversee_is_not_taken_from_them(fair: FairUse) -> None:
    fair.group("all", Place("premises", "hall"), who=OPERATOR)

    with pytest.raises(Forbidden):
        fair.group("all", Place("space", "hall"))
    with pytest.raises(Forbidden):
        fair.quota(group="all", open_bookings=1)
    fair.quota(group="all", open_bookings=1, who=OPERATOR)
    with pytest.raises(Forbidden):
        fair.quota(group="halls", open_bookings=9)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({}, InvalidQuota),
        ({"open_bookings": 1, "group": "nothing"}, UnknownGroup),
        ({"open_bookings": 1, "actor": UUID(int=7)}, UnknownOrganisation),
        ({"open_bookings": 1, "actor": UUID(int=7), "category": "resident"}, InvalidQuota),
    ],
)
def test_a_quota_that_cannot_be_is_refused(fair: FairUse, wrong: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        fair.quota(**wrong)


def test_one_sees_how_one_stands(fair: FairUse) -> None:
    korps = fair.counter.organisation("kari")
    fair.quota("own", open_bookings=3)
    fair.quota("bands", week_minutes=600, prime_week_minutes=120, category="voluntary")
    fair.counter.hold("hall", 0, 12, tenant=korps)
    fair.counter.hold("room", 7 * 24 * 4)

    [mine] = fair.used(RESIDENT.person)
    [ours] = fair.used(korps)
    assert (mine.quota.id, mine.week_minutes, mine.open_bookings, mine.week) == ("own", 0, 1, MONDAY)
    assert (ours.quota.id, ours.week_minutes, ours.prime_week_minutes, ours.open_bookings) == ("bands", 180, 60, 1)
    [next_week] = fair.used(RESIDENT.person, at=NEXT_MONDAY)
    assert (next_week.week_minutes, next_week.week) == (60, date(2026, 11, 30))
    assert fair.used(korps, who=OPERATOR) == [ours]
    for other in (STRANGER, MANAGER):
        with pytest.raises(NotFound):
            fair.used(korps, who=other)
    with pytest.raises(NotFound):
        fair.used(RESIDENT.person, who=STRANGER)


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers()).test_client()


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_refusal_says_which_and_when_it_frees(fair: FairUse, client: Any, language: str) -> None:
    fair.quota(week_minutes=60)
    counter = fair.counter
    asked = {"space": "room", "purpose": "culture", "audience": "youth", "participants": 8}
    asked |= {"begins_at": counter.quarter().isoformat(), "ends_at": counter.quarter(5).isoformat()}
    counter.hold("hall")

    refused = client.post("/api/booking/bookings", json=asked, headers=bearer("kari") | {"Accept-Language": language})

    assert (refused.status_code, refused.json["code"]) == (409, "quota_exceeded")
    assert refused.json["fields"] == {
        "quota": "q",
        "limited": "week_minutes",
        "limit": 60,
        "used": 60,
        "asked": 75,
        "week": "2026-11-23",
        "first": "2026-11-23T14:00:00Z",
        "frees_at": None,
        "frees": "–",
    }
    shown = client.get(f"/api/booking/actors/{RESIDENT.person}/quotas", headers=bearer("kari")).json["items"]
    assert [(each["quota"]["id"], each["week_minutes"]) for each in shown] == [("q", 60)]


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with a connection for each rival."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=RIVALS, clock=counter.clock)
    yield many
    many.close()


@pytest.mark.parametrize(
    ("limits", "spaces"),
    [
        ({"week_minutes": 120}, ["room"]),
        ({"open_bookings": 2}, ["third-1", "third-2", "third-3", "room"]),
    ],
    ids=["the last hours of a week", "the last of the open bookings"],
)
def test_however_many_ask_at_once_exactly_what_is_left_is_given(
    fair: FairUse, many: Database, limits: dict[str, int], spaces: list[str]
) -> None:
    fair.quota(**limits)
    for number in range(ROUNDS):
        asked_by = replace(RESIDENT, subject=f"rival-{number}")

        def ask(rival: int, who: Caller = asked_by) -> Any:
            wanted = fair.counter.wanted(spaces[rival % len(spaces)], begin=rival * 4)
            try:
                with many.transaction() as tx:
                    return booking_usecases.hold(tx, who, wanted)
            except (QuotaExceeded, SlotTaken) as refused:
                return type(refused)

        outcomes = at_once(ask, range(RIVALS))

        won = [each for each in outcomes if isinstance(each, Booking)]
        assert len(won) == 2, outcomes
        assert SlotTaken not in outcomes
        for each in won:
            fair.counter.cancel(each, who=asked_by)


def test_two_quotas_at_once_never_come_to_a_deadlock(fair: FairUse, many: Database) -> None:
    """Bookings of two spaces that are bound by the same two quotas, and by one of them alone."""
    fair.group("rooms", Place("space", "room"))
    fair.quota("a", open_bookings=3)
    fair.quota("b", group="rooms", week_minutes=60)
    for number in range(ROUNDS):
        asked_by = replace(RESIDENT, subject=f"rival-{number}")

        def ask(rival: int, who: Caller = asked_by) -> Any:
            wanted = fair.counter.wanted(["room", "hall"][rival % 2], begin=rival * 4)
            try:
                with many.transaction() as tx:
                    return booking_usecases.hold(tx, who, wanted)
            except QuotaExceeded as refused:
                return refused.fields["quota"]

        outcomes = at_once(ask, range(RIVALS))

        won = [each for each in outcomes if isinstance(each, Booking)]
        rooms = [each for each in won if each.space == "room"]
        assert len(won) == 3 or (len(rooms) == 1 and len(won) >= 3), outcomes
        assert len(rooms) <= 1
        for each in won:
            fair.counter.cancel(each, who=asked_by)


def test_a_booking_that_waited_for_a_quota_is_bound_by_it(fair: FairUse, many: Database) -> None:
    def book() -> Any:
        with many.transaction() as tx, pytest.raises(QuotaExceeded) as refused:
            booking_usecases.hold(tx, RESIDENT, fair.counter.wanted("hall"))
        return refused.value.fields["quota"]

    with ThreadPoolExecutor() as pool:
        with fair.counter.database.transaction() as tx:
            usecases.put_quota(tx, MANAGER, NEW, "q", **given(open_bookings=0))
            booking = pool.submit(book)
            _until_somebody_waits(many)
        assert booking.result(20) == "q"


def test_a_quota_waits_for_bookings_under_way_so_that_they_are_counted(fair: FairUse, many: Database) -> None:
    with ThreadPoolExecutor() as pool:
        with many.transaction() as tx:
            booking_usecases.hold(tx, RESIDENT, fair.counter.wanted("hall"))
            setting = pool.submit(fair.quota, open_bookings=1)
            _until_somebody_waits(many)
        setting.result(20)

    assert fair.refused("room")["used"] == 1


# The tree: what is counted is what is taken, whatever it is booked as


@pytest.fixture
def joined(fair: FairUse, town: Any) -> FairUse:
    """The hall of three thirds, the room, and a joint space of the first third and the room."""
    joint = replace(town.space("joint"), joins=("third-1", "room"))
    house = town.arena("house", town.HALL, town.space("room", capacity=10), joint)
    fair.counter.publish(replace(town.BORGEN, arenas=(house,)))
    return fair


TREE = [
    ("hall", "third-1", True),
    ("hall", "joint", True),
    ("hall", "room", False),
    ("third-1", "third-2", False),
    ("third-2", "joint", False),
    ("room", "joint", True),
]


@pytest.mark.parametrize(("one", "other", "counts"), [*TREE, *((b, a, counts) for a, b, counts in TREE)])
def test_a_quota_follows_what_a_space_is_made_of(joined: FairUse, one: str, other: str, counts: bool) -> None:
    joined.group("halls", Place("space", one))
    joined.quota(week_minutes=60)

    joined.counter.hold(other)

    if counts:
        assert joined.refused(other, 4)["used"] == 60
        assert joined.refused(one, 4)["used"] == 60
    else:
        joined.counter.hold(other, 4)
        joined.counter.hold(one, 8)
    (used,) = joined.used(RESIDENT.person)
    assert used.week_minutes == 60


@pytest.mark.parametrize("place", ["hall", "third-1", "joint"])
def test_a_booking_counts_once_whatever_names_it(joined: FairUse, place: str) -> None:
    joined.group("halls", *(Place("space", each) for each in ("hall", "third-1", "room", "joint")))
    joined.quota(week_minutes=120, open_bookings=2)

    joined.counter.hold(place)
    joined.counter.hold(place, 4)

    assert joined.refused(place, 8)["used"] == 120


def test_bookings_of_different_parts_at_one_time_count_each(joined: FairUse) -> None:
    joined.group("halls", Place("space", "hall"))
    joined.quota(week_minutes=120)

    joined.counter.hold("third-1")
    joined.counter.hold("third-2")

    assert joined.refused("third-3")["used"] == 120


def test_a_space_divided_after_the_quota_was_set_is_counted_by_its_new_parts(joined: FairUse, town: Any) -> None:
    joined.group("halls", Place("space", "room"))
    joined.quota(week_minutes=60)
    divided = town.space("room", town.space("nook"), town.space("cranny"))
    joined.counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, divided),)))

    joined.counter.hold("nook")

    assert joined.refused("cranny")["used"] == 60
    joined.counter.hold("third-1")


def test_of_rivals_in_different_parts_of_a_hall_one_has_what_is_left(joined: FairUse, many: Database) -> None:
    joined.group("halls", Place("space", "hall"))
    joined.quota(week_minutes=60)
    parts = ["third-1", "third-2", "third-3", "joint"]

    def ask(number: int) -> Any:
        try:
            with many.transaction() as tx:
                return booking_usecases.hold(tx, RESIDENT, joined.counter.wanted(parts[number], begin=4 * number))
        except QuotaExceeded as refused:
            return refused.fields["used"]

    outcomes = at_once(ask, range(len(parts)))

    assert sorted(str(type(each)) == str(Booking) for each in outcomes) == [False, False, False, True]
    assert [each for each in outcomes if each == 60] == [60, 60, 60]


def test_a_quota_that_is_set_waits_for_bookings_of_the_parts(joined: FairUse, many: Database) -> None:
    joined.group("halls", Place("space", "hall"))

    with many.transaction() as tx, ThreadPoolExecutor(1) as pool:
        booking_usecases.hold(tx, RESIDENT, joined.counter.wanted("third-1"))
        setting = pool.submit(joined.quota, week_minutes=60)
        _until_somebody_waits(many)
        tx.commit()
        setting.result(30)

    assert joined.refused("third-2")["used"] == 60


# Those who did not come


@pytest.mark.parametrize(("gives_back", "used"), [(False, 60), (True, 0)])
def test_whether_a_no_show_gives_its_minutes_back_is_the_quota_s_to_say(
    fair: FairUse, town: Any, gives_back: bool, used: int
) -> None:
    rules = replace(town.RULES, release_minutes=15)
    fair.counter.publish(
        replace(town.BORGEN, arenas=(town.arena("house", town.HALL, town.space("room", rules=rules)),))
    )
    fair.quota(week_minutes=60, open_bookings=1, no_show_gives_back=gives_back)
    booking = fair.counter.confirmed("room")
    fair.counter.clock.move(timedelta(minutes=135))
    told = KeyUnused(key=UUID(int=3), booking=booking.id, release_at=booking.release_at)
    fair.counter.deliver(*[envelope(told, str(told.key), 9)] * 2)
    assert fair.counter.load(booking).state == "released"

    (standing,) = fair.used(RESIDENT.person)
    assert (standing.week_minutes, standing.open_bookings) == (used, 0)
    if gives_back:
        fair.counter.hold("room", 4)
    else:
        assert fair.refused("room", 4)["used"] == 60


def test_a_quota_gives_a_no_show_nothing_back_unless_it_says_so(fair: FairUse) -> None:
    assert fair.quota(week_minutes=60).no_show_gives_back is False


def given(**limits: Any) -> dict[str, Any]:
    """What a quota of residents in the halls is made of."""
    none = dict.fromkeys(("actor", "week_minutes", "prime_week_minutes", "open_bookings", "valid_until"))
    whose = {"name": NAME, "group": "halls", "category": "resident", "valid_from": date(2026, 1, 1)}
    return {**none, **whose, **limits}


def _until_somebody_waits(database: Database) -> None:
    def waiting() -> int:
        with database.reading() as tx:  # of its own each time: within one, the same is seen again
            found: int = tx.execute(WAITING).scalar_one()
            return found

    eventually(waiting)


def test_a_check_tells_whoever_is_known_of_the_quota(fair: FairUse) -> None:
    fair.quota(week_minutes=60)

    def codes(quarters: int, who: Caller | None = RESIDENT) -> list[str]:
        wanted = fair.counter.wanted("room", 0, quarters)
        with fair.counter.database.reading() as tx:
            return [each.code for each in check(tx, who.person if who else None, wanted).reasons]

    assert (codes(4), codes(5), codes(5, None)) == ([], ["quota_exceeded"], [])
    fair.counter.hold("room", 8)
    assert (codes(4), codes(4, STRANGER)) == (["quota_exceeded"], [])

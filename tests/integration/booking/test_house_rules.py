"""House rules: published in versions, accepted once, demanded of whoever books, and judged by one moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from kernel.auth import Caller, Forbidden
from kernel.db import Database
from kernel.errors import Text
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking.api import build
from services.booking.events import HouseRulesAccepted, HouseRulesPublished
from services.booking.model.bookings import Booking
from services.booking.model.house_rules import (
    HouseRule,
    HouseRules,
    HouseRulesNotAccepted,
    HouseRulesSuperseded,
    InvalidHouseRule,
    RuleVersion,
    UnknownHouseRules,
)
from services.booking.model.rules import InThePast
from services.booking.queries import house_rules as queries
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import house_rules as usecases
from services.booking.usecases.checking import check
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER, KnownCallers, bearer
from tests.season import Season, at
from tests.waiting import eventually

QUIET = HouseRule(code="quiet_after", text=Text(nb="Ro", nn="Ro", en="Quiet"), time="22:00")
ROUNDS = 100
RIVALS = 6
DAY = timedelta(days=1)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def said(number: int) -> Text:
    return Text(nb=f"Rydd {number}", nn=f"Rydd {number}", en=f"Tidy {number}")


class House:
    """The counter, where house rules are published and accepted, too."""

    def __init__(self, counter: Any) -> None:
        self.counter = counter

    def publish(self, scope: str, place: str, *, who: Caller = MANAGER, number: int = 1, **given: Any) -> HouseRules:
        wanted = {"text": said(number), "rules": [QUIET], "effective_from": None, **given}
        published: HouseRules = self.counter.run(usecases.publish, who, scope, place, **wanted)
        return published

    def accept(self, *versions: RuleVersion, who: Caller = RESIDENT, channel: str = "portal") -> Any:
        return self.counter.run(usecases.accept, who, versions, channel)

    def lacking(self, *place: Any, **request: Any) -> list[Any]:
        """What a request is refused for; nothing when it is not, and is taken back."""
        try:
            self.counter.cancel(self.counter.hold(*place, **request), who=request.get("who", RESIDENT))
        except HouseRulesNotAccepted as refused:
            missing: Any = refused.fields["missing"]
            return [RuleVersion(each["scope"], each["id"], each["version"]) for each in missing]
        return []


@pytest.fixture
def house(counter: Any) -> House:
    return House(counter)


def test_every_publication_is_a_version_and_none_is_rewritten(house: House) -> None:
    first = house.publish("arena", "house")
    second = house.publish("arena", "house", number=2, who=OPERATOR)

    with house.counter.database.reading() as tx:
        shown = queries.versions(tx, "arena", "house", PageRequest()).items
        assert (first.version, second.version) == (1, 2)
        assert shown == [second, first]
        assert queries.one(tx, "arena", "house", None) == second
        assert queries.one(tx, "arena", "house", 1) == first


def test_versions_come_a_page_at_a_time(house: House) -> None:
    published = [house.publish("square", "borgen", number=number) for number in range(3)]

    with house.counter.database.reading() as tx:
        page = queries.versions(tx, "square", "borgen", PageRequest(limit=2))
        rest = queries.versions(tx, "square", "borgen", PageRequest(limit=2, cursor=page.next_cursor))
    assert [*page.items, *rest.items] == published[::-1]


def test_the_same_again_is_no_new_version_and_tells_nothing(house: House) -> None:
    first = house.publish("arena", "house")
    house.counter.clock.move(DAY)

    assert house.publish("arena", "house") == first
    [told] = house.counter.told(HouseRulesPublished)
    assert (told.subject, told.sequence, told.data.version, told.data.square) == ("arena/house", 1, 1, "borgen")
    assert told.data.rules[0].time == "22:00"


@pytest.mark.parametrize(
    ("scope", "place", "who", "error"),
    [
        ("square", "nowhere", OPERATOR, NotFound),
        ("space", "house", OPERATOR, NotFound),
        ("premises", "hall", OPERATOR, NotFound),
        ("planet", "house", OPERATOR, NotFound),
        ("space", "hall", OTHER_MANAGER, Forbidden),
        ("square", "borgen", OTHER_MANAGER, Forbidden),
    ],
)
def test_only_who_oversees_the_square_publishes(house: House, scope: str, place: str, who: Caller, error: Any) -> None:
    with pytest.raises(error):
        house.publish(scope, place, who=who)


def test_a_version_that_makes_no_sense_is_refused(house: House) -> None:
    now = house.counter.clock.now()
    with pytest.raises(InvalidHouseRule):
        house.publish("arena", "house", rules=[QUIET, QUIET])
    with pytest.raises(InThePast):
        house.publish("arena", "house", effective_from=now - timedelta(microseconds=1))
    assert house.publish("arena", "house", effective_from=now).effective_from == now


def test_a_booking_demands_the_rules_of_its_space_its_arena_and_its_square(house: House) -> None:
    for scope, place in (("square", "borgen"), ("arena", "house"), ("space", "hall"), ("space", "room")):
        house.publish(scope, place)

    assert house.lacking("hall") == [
        RuleVersion("arena", "house", 1),
        RuleVersion("space", "hall", 1),
        RuleVersion("square", "borgen", 1),
    ]
    house.accept(RuleVersion("arena", "house", 1), RuleVersion("square", "borgen", 1))
    assert house.lacking("hall") == [RuleVersion("space", "hall", 1)]
    assert house.lacking("room") == [RuleVersion("space", "room", 1)]
    house.accept(RuleVersion("space", "hall", 1))
    assert house.lacking("hall") == []
    assert len(house.lacking("hall", who=STRANGER)) == 3


@pytest.fixture
def joined(house: House, town: Any) -> House:
    """The hall and a room of the house, and two joint spaces: a third with the room, and the room with the barn's
    stall."""
    near = replace(town.space("near"), joins=("third-1", "room"))
    far = replace(town.space("far"), joins=("room", "stall"))
    arenas = (
        replace(town.BORGEN.arenas[0], spaces=(*town.BORGEN.arenas[0].spaces, near)),
        town.arena("barn", town.space("stall"), far),
    )
    house.counter.publish(replace(town.BORGEN, arenas=arenas))
    return house


@pytest.mark.parametrize(
    ("place", "bound"),
    [
        ("hall", {"hall", "third-1", "third-2", "third-3", "near"}),
        ("third-1", {"hall", "third-1", "near"}),
        ("third-2", {"hall", "third-2"}),
        ("room", {"room", "near", "far"}),
        ("near", {"hall", "third-1", "room", "near", "far"}),
        ("far", {"room", "stall", "near", "far"}),
        ("stall", {"stall", "far"}),
    ],
)
def test_rules_of_a_space_bind_whoever_uses_some_of_it(joined: House, place: str, bound: set[str]) -> None:
    """As quotas do (decision 26): its parts, what it is a part of, and joint spaces that have some of it."""
    joined.publish("space", place)
    spaces = ("hall", "third-1", "third-2", "third-3", "room", "near", "far", "stall")

    assert {each for each in spaces if joined.lacking(each)} == bound
    with joined.counter.database.reading() as tx:
        assert {each for each in spaces if queries.of_space(tx, each, None)} == bound
    joined.accept(RuleVersion("space", place, 1))
    assert [each for each in spaces if joined.lacking(each)] == []


@pytest.mark.parametrize(
    ("place", "bound"),
    [("house", {"hall", "third-1", "room", "near", "far"}), ("barn", {"stall", "far"})],
)
def test_rules_of_an_arena_bind_a_joint_space_that_has_rooms_there(joined: House, place: str, bound: set[str]) -> None:
    joined.publish("arena", place)

    assert {each for each in ("hall", "third-1", "room", "near", "far", "stall") if joined.lacking(each)} == bound


def test_a_space_shows_its_own_rules_before_those_of_what_it_shares_parts_with(joined: House) -> None:
    for scope, place in (
        ("space", "hall"),
        ("space", "third-1"),
        ("space", "near"),
        ("arena", "house"),
        ("square", "borgen"),
    ):
        joined.publish(scope, place)

    with joined.counter.database.reading() as tx:
        seen = [each.rules.place for each in queries.of_space(tx, "third-1", None)]
    assert seen == ["borgen", "house", "third-1", "hall", "near"]


def test_a_withdrawn_space_binds_nobody(joined: House, town: Any) -> None:
    joined.publish("space", "near")
    joined.counter.publish()

    assert joined.lacking("room") == []


def test_versions_read_can_be_accepted_with_the_booking(house: House) -> None:
    house.publish("arena", "house")
    house.publish("space", "hall")
    shown = [RuleVersion("arena", "house", 1), RuleVersion("space", "hall", 1)]

    assert house.lacking("hall", accept_house_rules=shown[:1]) == shown[1:]
    assert house.counter.told(HouseRulesAccepted) == []
    house.counter.hold("hall", accept_house_rules=shown)

    told = house.counter.told(HouseRulesAccepted)
    assert [(each.data.place, each.data.channel) for each in told] == [("house", "booking"), ("hall", "booking")]
    assert told[0].subject == f"{RESIDENT.person}/arena/house"
    assert house.lacking("hall", 4) == []


def test_a_version_of_yesterday_is_not_enough(house: House) -> None:
    house.publish("arena", "house")
    house.accept(RuleVersion("arena", "house", 1))
    house.publish("arena", "house", number=2)

    assert house.lacking("hall", accept_house_rules=[RuleVersion("arena", "house", 1)]) == [
        RuleVersion("arena", "house", 2)
    ]


def test_a_booking_made_before_a_new_version_stays_and_a_move_of_it_asks(house: House) -> None:
    counter = house.counter
    house.publish("arena", "house")
    booking = counter.confirmed("hall", accept_house_rules=[RuleVersion("arena", "house", 1)])
    house.publish("arena", "house", number=2)
    later = {"begins_at": counter.quarter(8), "ends_at": counter.quarter(12)}

    assert counter.load(booking).state == "confirmed"
    with pytest.raises(HouseRulesNotAccepted):
        counter.run(booking_usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **later)
    by_manager: Booking = counter.run(booking_usecases.reschedule, MANAGER, booking.id, ANY_VERSION, **later)
    assert by_manager.begins_at == later["begins_at"]
    accepting = {"accept_house_rules": [RuleVersion("arena", "house", 2)]}
    back = {"begins_at": booking.begins_at, "ends_at": booking.ends_at}
    moved: Booking = counter.run(booking_usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **back, **accepting)
    assert moved.begins_at == booking.begins_at


@pytest.mark.parametrize(("after", "version"), [(-1, 1), (0, 2), (1, 2)])
def test_a_version_binds_from_its_first_moment(house: House, after: int, version: int) -> None:
    now = house.counter.clock.now()
    house.publish("arena", "house")
    house.publish("arena", "house", number=2, effective_from=now + DAY)

    house.counter.clock.move(DAY + timedelta(microseconds=after))

    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", version)]
    with house.counter.database.reading() as tx:
        assert queries.one(tx, "arena", "house", None).version == version


def test_who_accepted_what_is_to_come_is_not_asked_for_what_is(house: House) -> None:
    house.publish("arena", "house")
    house.publish("arena", "house", number=2, effective_from=house.counter.clock.now() + DAY)

    house.accept(RuleVersion("arena", "house", 2))

    assert house.lacking("hall") == []
    house.counter.clock.move(DAY)
    assert house.lacking("hall", 192) == []


def test_announced_rules_keep_their_day_when_those_in_force_are_corrected(house: House) -> None:
    house.publish("arena", "house")
    house.publish("arena", "house", number=2, effective_from=house.counter.clock.now() + DAY)
    house.publish("arena", "house", number=3)

    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", 3)]
    with house.counter.database.reading() as tx:
        seen = queries.of_space(tx, "hall", None)
        assert queries.one(tx, "arena", "house", None).version == 3
    assert [(each.rules.version, each.in_force) for each in seen] == [(3, True), (2, False)]
    house.counter.clock.move(DAY - timedelta(microseconds=1))
    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", 3)]
    house.counter.clock.move(timedelta(microseconds=1))
    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", 2)]
    with house.counter.database.reading() as tx:
        assert queries.one(tx, "arena", "house", None).version == 2


def test_of_two_versions_for_one_moment_the_later_holds(house: House) -> None:
    there = {"effective_from": house.counter.clock.now() + DAY}
    house.publish("arena", "house", **there)
    house.publish("arena", "house", number=2, **there)

    with house.counter.database.reading() as tx:
        assert [each.rules.version for each in queries.of_space(tx, "hall", None)] == [2]
    with pytest.raises(HouseRulesSuperseded) as refused:
        house.accept(RuleVersion("arena", "house", 1))
    assert refused.value.fields["version"] == 2
    house.counter.clock.move(DAY)
    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", 2)]


def test_what_is_accepted_holds_for_what_was_published_before_and_takes_effect_no_later(house: House) -> None:
    """A correction is not accepted with what was announced before it, nor the other way round."""
    house.publish("arena", "house")
    house.publish("arena", "house", number=2, effective_from=house.counter.clock.now() + DAY)
    house.accept(RuleVersion("arena", "house", 2))
    house.publish("arena", "house", number=3)
    house.accept(RuleVersion("arena", "house", 3), who=STRANGER)

    assert house.lacking("hall", 192) == [RuleVersion("arena", "house", 3)]
    assert house.lacking("hall", 192, who=STRANGER) == []
    with house.counter.database.reading() as tx:
        seen = queries.of_space(tx, "hall", STRANGER.person)
    assert [(each.rules.version, each.accepted) for each in seen] == [(3, True), (2, False)]
    house.counter.clock.move(DAY)
    assert house.lacking("hall", 192) == []
    assert house.lacking("hall", 192, who=STRANGER) == [RuleVersion("arena", "house", 2)]
    with pytest.raises(HouseRulesSuperseded):
        house.accept(RuleVersion("arena", "house", 3))


def test_the_next_announced_are_shown_where_none_are_in_force(house: House) -> None:
    now = house.counter.clock.now()
    house.publish("arena", "house", effective_from=now + 2 * DAY)
    house.publish("arena", "house", number=2, effective_from=now + DAY)

    with house.counter.database.reading() as tx:
        assert queries.one(tx, "arena", "house", None).version == 2
        assert [each.rules.version for each in queries.of_space(tx, "hall", None)] == [2, 1]
    assert house.lacking("hall", 384) == []


def test_the_same_again_is_found_among_those_in_force_and_announced(house: House) -> None:
    first = house.publish("arena", "house")
    announced = house.publish("arena", "house", number=2, effective_from=house.counter.clock.now() + DAY)

    assert house.publish("arena", "house") == first
    assert house.publish("arena", "house", number=2, effective_from=announced.effective_from) == announced
    assert house.publish("arena", "house", number=2).version == 3
    house.counter.clock.move(DAY)
    assert house.publish("arena", "house", number=2, effective_from=announced.effective_from) == announced
    with pytest.raises(InThePast):
        house.publish("arena", "house", effective_from=first.effective_from)


def test_accepting_twice_is_accepting_once(house: House) -> None:
    house.publish("arena", "house")
    [first] = house.accept(RuleVersion("arena", "house", 1))
    house.counter.clock.move(DAY)

    [again] = house.accept(RuleVersion("arena", "house", 1), RuleVersion("arena", "house", 1), channel="door")

    assert again == first
    assert (again.accepted_at, again.channel) == (first.accepted_at, "portal")
    [told] = house.counter.told(HouseRulesAccepted)
    assert (told.data.person, told.sequence, told.data.channel) == (str(RESIDENT.person), 1, "portal")


@pytest.mark.parametrize(
    ("version", "error"),
    [
        (RuleVersion("arena", "house", 1), HouseRulesSuperseded),
        (RuleVersion("arena", "house", 4), UnknownHouseRules),
        (RuleVersion("space", "house", 1), UnknownHouseRules),
        (RuleVersion("space", "room", 1), UnknownHouseRules),
    ],
)
def test_what_is_not_there_or_no_more_cannot_be_accepted(house: House, version: RuleVersion, error: Any) -> None:
    for number in (1, 2):
        house.publish("arena", "house", number=number)
    house.publish("arena", "house", number=3, effective_from=house.counter.clock.now() + DAY)

    with pytest.raises(error):
        house.accept(RuleVersion("arena", "house", 2), version)
    assert house.counter.told(HouseRulesAccepted) == []
    house.accept(RuleVersion("arena", "house", 2), RuleVersion("arena", "house", 3))


def test_a_space_shows_what_holds_there_and_what_will(house: House) -> None:
    house.publish("square", "borgen")
    house.publish("arena", "house")
    house.publish("arena", "house", number=2)
    house.publish("arena", "house", number=3, effective_from=house.counter.clock.now() + DAY)
    house.accept(RuleVersion("arena", "house", 2))

    with house.counter.database.reading() as tx:
        seen = queries.of_space(tx, "hall", RESIDENT.person)
        anybody = queries.of_space(tx, "hall", None)
        with pytest.raises(NotFound):
            queries.of_space(tx, "nowhere", None)

    assert [(each.rules.place, each.rules.version, each.in_force, each.accepted) for each in seen] == [
        ("borgen", 1, True, False),
        ("house", 2, True, True),
        ("house", 3, False, False),
    ]
    assert [each.accepted for each in anybody] == [None, None, None]


def test_nothing_is_shown_where_there_are_none(house: House) -> None:
    with house.counter.database.reading() as tx:
        assert queries.of_space(tx, "hall", None) == []
        with pytest.raises(NotFound):
            queries.one(tx, "space", "hall", None)
        with pytest.raises(NotFound):
            queries.versions(tx, "space", "hall", PageRequest())


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers()).test_client()


@pytest.mark.parametrize(
    ("language", "begins"),
    [("nb", "Les og godta husreglene"), ("nn", "Les og godta husreglane"), ("en", "Read and accept")],
)
def test_one_is_told_what_to_accept_and_can_in_one_call(house: House, client: Any, language: str, begins: str) -> None:
    house.publish("space", "room")
    counter = house.counter
    asked = {"space": "room", "purpose": "culture", "audience": "youth", "participants": 8}
    asked |= {"begins_at": counter.quarter().isoformat(), "ends_at": counter.quarter(4).isoformat()}
    headers = bearer("kari") | {"Accept-Language": language}

    refused = client.post("/api/booking/bookings", json=asked, headers=headers)

    assert (refused.status_code, refused.json["code"]) == (409, "house_rules_not_accepted")
    assert refused.json["detail"].startswith(begins)
    missing = refused.json["fields"]["missing"]
    assert missing == [{"scope": "space", "id": "room", "version": 1}]
    made = client.post("/api/booking/bookings", json={**asked, "accept_house_rules": missing}, headers=headers)
    assert made.status_code == 201, made.text
    [shown] = client.get("/api/booking/spaces/room/house-rules", headers=headers).json["items"]
    assert (shown["accepted"], shown["in_force"], shown["house_rules"]["version"]) == (True, True, 1)
    assert shown["house_rules"]["rules"][0]["code"] == "quiet_after"


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    """The same database, with a connection for each rival."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(
        url, service="booking", pool_size=RIVALS + 2, clock=counter.clock, settings=counter.database.settings
    )
    yield many
    many.close()


def test_a_new_version_and_bookings_at_once_are_each_before_or_after_the_other(house: House, many: Database) -> None:
    """Whoever has accepted version n may book before n + 1 is out, and is asked for n + 1, and no other, after it."""
    house.publish("arena", "house", number=0)
    house.accept(RuleVersion("arena", "house", 1))

    for number in range(1, ROUNDS + 1):

        def work(rival: int, number: int = number) -> Any:
            with many.transaction() as tx:
                if rival == 0:
                    return usecases.publish(
                        tx, MANAGER, "arena", "house", text=said(number), rules=[], effective_from=None
                    )
                wanted = house.counter.wanted("room", begin=(number * RIVALS + rival) * 2, quarters=2)
                try:
                    return booking_usecases.hold(tx, RESIDENT, wanted).state
                except HouseRulesNotAccepted as refused:
                    return refused.fields["missing"]

        published, *outcomes = at_once(work, range(RIVALS))

        newest = published.version
        assert newest == number + 1
        assert [
            each for each in outcomes if each not in ("held", [{"scope": "arena", "id": "house", "version": newest}])
        ] == []
        assert house.lacking("hall", 4) == [RuleVersion("arena", "house", newest)]
        house.accept(RuleVersion("arena", "house", newest))


def waiting(database: Database) -> int:
    """How many wait for a lock. Each look is a transaction of its own: within one, the same is seen again."""
    with database.reading() as tx:
        found: int = tx.execute(WAITING).scalar_one()
        return found


@pytest.mark.parametrize(
    ("scope", "place", "space"),
    [
        ("arena", "house", "hall"),
        ("space", "hall", "third-1"),
        ("space", "third-1", "hall"),
        ("space", "room", "near"),
        ("arena", "house", "far"),
    ],
)
def test_a_booking_that_waited_for_a_new_version_is_judged_by_it(
    joined: House, many: Database, scope: str, place: str, space: str
) -> None:
    """The booking reads what was in force, waits for its space, and must then not book by what it read."""
    joined.publish(scope, place)
    joined.accept(RuleVersion(scope, place, 1))

    def book() -> Any:
        with many.transaction() as tx, pytest.raises(HouseRulesNotAccepted) as refused:
            booking_usecases.hold(tx, RESIDENT, joined.counter.wanted(space))
        return refused.value.fields["missing"]

    with ThreadPoolExecutor() as pool:
        with joined.counter.database.transaction() as tx:
            usecases.publish(tx, MANAGER, scope, place, text=said(2), rules=[], effective_from=None)
            booking = pool.submit(book)
            eventually(lambda: waiting(many), wanted=lambda found: found == 1)
        assert booking.result(20) == [{"scope": scope, "id": place, "version": 2}]


def test_a_check_tells_whoever_is_known_of_rules_to_accept(house: House) -> None:
    rules = house.publish("arena", "house")

    def codes(who: Caller | None) -> list[str]:
        with house.counter.database.reading() as tx:
            found = check(tx, who.person if who else None, house.counter.wanted("room")).reasons
        return [each.code for each in found]

    assert (codes(RESIDENT), codes(None)) == (["house_rules_not_accepted"], [])
    house.accept(RuleVersion(rules.scope, rules.place, rules.version))
    assert codes(RESIDENT) == []


def test_a_series_looks_elsewhere_where_there_is_nothing_to_accept(house: House, season: Season) -> None:
    """A person who is offered a space of its own accord can't be refused for rules that were never shown to them."""
    house.publish("space", "third-2")
    house.counter.run(booking_usecases.hold, STRANGER, replace(house.counter.wanted("third-1"), **at(1)))
    in_third_2 = RuleVersion("space", "third-2", 1)

    def alternatives(**asked: Any) -> list[str]:
        found = season.preview("third-1", policy="alternatives", participants=20, **asked)
        assert found.refusal is None
        return list(found.dates[1].alternatives)

    assert alternatives() == ["third-3"]
    assert alternatives(accept_house_rules=[in_third_2]) == ["third-2", "third-3"]
    booked = season.book("third-1", policy="alternatives", participants=20)
    assert [each.space for each in season.dates(booked)] == ["third-1", "third-3", "third-1", "third-1"]


def test_the_look_ahead_of_a_series_tells_of_rules_to_accept_where_its_dates_would_be(
    house: House, season: Season
) -> None:
    house.publish("space", "third-2")
    house.counter.run(booking_usecases.hold, STRANGER, replace(house.counter.wanted("third-1"), **at(1)))
    named = {"policy": "alternatives", "elsewhere": ["third-2"]}

    refusal = season.preview("third-1", **named).refusal
    with pytest.raises(HouseRulesNotAccepted):
        season.book("third-1", **named)

    assert refusal.code == "house_rules_not_accepted"
    assert season.preview("third-1", **named | {"policy": "skip"}).refusal is None
    shown = {"accept_house_rules": [RuleVersion("space", "third-2", 1)]}
    assert season.preview("third-1", **named, **shown).refusal is None
    assert season.dates(season.book("third-1", **named, **shown))[1].space == "third-2"

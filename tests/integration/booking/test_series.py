"""Series: looked at beforehand, booked in three ways, confirmed, changed and given up as one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.auth import Forbidden
from kernel.errors import DomainError
from kernel.problems import NotFound
from kernel.versions import ANY_VERSION, Expected, StaleVersion
from services.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingHeld,
    SeriesBooked,
    SeriesCancelled,
    SeriesChanged,
)
from services.booking.model.actors import NotRepresentative
from services.booking.model.refusals import HoldExpired, NotHeld, NotLive, NotPriced, SlotTaken
from services.booking.model.resources import Equipment, UnknownSpace
from services.booking.model.rules import TooShort
from services.booking.model.series import (
    NothingToChange,
    NotOfSeries,
    NotSkipped,
    SeriesClashes,
)
from services.booking.model.sharing import Sharing
from services.booking.queries import series as queries
from services.booking.store.tables import bookings, claims
from services.booking.usecases import series as usecases
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER, RESIDENT, STRANGER
from tests.season import FIRST, WEEK, Season, at, take


def rows(counter: Any) -> list[int]:
    with counter.database.reading() as tx:
        counts = [tx.execute(select(func.count()).select_from(each)).scalar_one() for each in (bookings, claims)]
    return [*counts, len(counter.told())]


def test_every_date_is_a_booking_of_the_series(counter: Any, season: Season) -> None:
    series = season.book("hall", title="Korps", participants=20)

    assert season.states(series) == ["held"] * 4
    assert [each.begins_at for each in season.dates(series)] == [FIRST + number * WEEK for number in range(4)]
    held = counter.told(BookingHeld)
    assert {event.data.series for event in held} == {series.id}
    assert [counter.claimed(counter.booking(each.booking)) for each in season.dates(series)] == [3] * 4


def test_a_series_is_told_once_and_has_one_line_of_history(counter: Any, season: Season) -> None:
    series = season.book("hall")

    [told] = counter.told(SeriesBooked)
    assert (told.subject, told.sequence) == (str(series.id), 1)
    assert (told.data.live, told.data.skipped, told.data.spaces) == (4, 0, ["hall"])
    assert (told.data.first_at, told.data.last_until) == (FIRST, FIRST + 3 * WEEK + timedelta(hours=2))
    assert [(step.what, step.bookings) for step in season.seen(series)["history"]] == [("booked", 4)]


def test_520_dates_in_one_transaction(counter: Any, season: Season, town: Any) -> None:
    far = replace(town.RULES, horizon_days=700)
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.space("hall", rules=far)),)))

    series = season.book("hall", rule="FREQ=DAILY;COUNT=520")

    assert len(counter.told(BookingHeld)) == 520
    assert len(counter.told(SeriesBooked)) == 1
    assert season.seen(series)["figures"].by_state == {"held": 520}


def test_a_preview_tells_every_clash_and_why_and_writes_nothing(counter: Any, season: Season, town: Any) -> None:
    near = replace(town.RULES, horizon_days=22)
    house = town.arena("house", town.space("room", rules=near), town.space("loft"), town.space("attic", capacity=5))
    counter.publish(replace(town.BORGEN, arenas=(house,)))
    take(counter, "room", 1, quarters=4)
    take(counter, "loft", 1)
    before = rows(counter)

    found = season.preview("room")

    assert [each.clash and each.clash.code for each in found.dates] == [None, "slot_taken", None, "beyond_horizon"]
    assert [list(each.alternatives) for each in found.dates] == [[], [], [], ["loft"]]
    assert found.dates[3].clash.text.en == "The space can be booked at most 22 days ahead."
    assert (found.clashes, found.refusal) == (2, None)
    assert rows(counter) == before


def test_a_preview_counts_what_a_series_does_to_itself(season: Season) -> None:
    found = season.preview("room", rule="FREQ=DAILY;COUNT=3", starts=datetime(2026, 12, 1, 12, 0), minutes=480)  # noqa: DTZ001
    assert [each.clash for each in found.dates] == [None, None, None]

    found = season.preview("room", dates=[datetime(2026, 12, 1, 19, 0)], rule=None)  # noqa: DTZ001
    assert [each.clash and each.clash.code for each in found.dates] == [None, "slot_taken"]


def test_holds_whose_time_is_over_are_in_nobody_s_way(counter: Any, season: Season) -> None:
    expired = take(counter, "room", 2)
    counter.clock.move(timedelta(hours=2))

    assert season.preview("room").clashes == 0
    series = season.book("room")

    assert season.states(series) == ["held"] * 4
    assert counter.load(expired).state == "expired"


def test_all_or_nothing(counter: Any, season: Season) -> None:
    take(counter, "third-2", 2)
    before = rows(counter)

    with pytest.raises(SeriesClashes) as refused:
        season.book("hall")

    assert refused.value.fields == {
        "clashes": 1,
        "dates": 4,
        "first": "2026-12-15T17:00:00Z",
        "reason": "slot_taken",
        "why": SlotTaken.text,
    }
    assert refused.value.said.en.endswith("17:00:00Z: The space is taken for all or some of that time.")
    assert rows(counter) == before


def test_skip_and_report(counter: Any, season: Season) -> None:
    take(counter, "third-2", 2)

    series = season.book("hall", policy="skip")

    assert season.states(series) == ["held", "held", "slot_taken", "held"]
    [told] = counter.told(SeriesBooked)
    assert (told.data.live, told.data.skipped) == (3, 1)


@pytest.mark.parametrize("policy", ["skip", "alternatives"])
def test_a_series_of_which_nothing_can_be_had_is_refused(counter: Any, season: Season, policy: str) -> None:
    for number in range(2):
        take(counter, "hall", number)

    with pytest.raises(SeriesClashes):
        season.book("third-1", count=2, policy=policy, elsewhere=["third-2", "hall"])


def test_alternatives_are_taken_in_the_order_they_are_given(counter: Any, season: Season) -> None:
    take(counter, "third-1", 1)
    take(counter, "third-3", 1)
    take(counter, "third-1", 2)
    take(counter, "hall", 3)

    series = season.book("third-1", policy="alternatives", elsewhere=["third-3", "third-2"])

    assert [each.space for each in season.dates(series)] == ["third-1", "third-2", "third-3", None]
    assert season.states(series)[3] == "slot_taken"
    [told] = counter.told(SeriesBooked)
    assert told.data.spaces == ["third-1", "third-2", "third-3"]


def test_alternatives_are_found_among_like_spaces_with_room_the_smallest_first(
    counter: Any, season: Season, town: Any
) -> None:
    house = town.arena("house", *(town.space(f"s{size}", capacity=size) for size in (10, 40, 20, 30)))
    other = town.arena("other", town.space("else", capacity=20))
    counter.publish(replace(town.BORGEN, arenas=(house, other)))
    take(counter, "s20", 0)

    found = season.preview("s20", participants=15, count=1, rule="FREQ=WEEKLY;COUNT=1").dates[0]

    assert list(found.alternatives) == ["s30", "s40"]


@pytest.mark.parametrize(
    ("different", "error"),
    [
        ({"policy": "alternatives", "elsewhere": ["nowhere"]}, UnknownSpace),
        ({"tenant": UUID(int=5)}, NotRepresentative),
        ({"participants": 11}, SeriesClashes),
    ],
)
def test_what_is_refused_leaves_nothing(
    counter: Any, season: Season, different: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        season.book("room", **different)
    assert rows(counter)[:2] == [0, 0]


@pytest.fixture
def gym(counter: Any, town: Any) -> None:
    """A shared gym with ten chairs. On the day after the second date somebody fills it, on that after the third they
    have the chairs."""
    gym = replace(town.space("gym", capacity=20), sharing=Sharing(groups=3))
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=10)
    counter.publish(replace(town.BORGEN, arenas=(replace(town.arena("house", gym), equipment=(chairs,)),)))
    full = counter.wanted("gym", participants=15)
    lent = counter.wanted("gym", participants=1, equipment={"chairs": 6})
    for like, number in ((full, 1), (lent, 2)):
        when = {name: moment + timedelta(days=1) for name, moment in at(number).items()}
        counter.run(counter.usecases.hold, STRANGER, replace(like, **when))


@pytest.mark.parametrize(
    ("use", "clashes", "number", "reason"),
    [
        ({"participants": 8}, 1, 1, "no_room"),
        ({"participants": 2, "equipment": {"chairs": 5}}, 1, 2, "equipment_lent"),
        ({"participants": 8, "equipment": {"chairs": 5}}, 2, 1, "no_room"),
    ],
)
@pytest.mark.usefixtures("gym")
def test_moving_names_the_first_date_that_others_are_in_the_way_of(
    counter: Any, season: Season, use: dict[str, Any], clashes: int, number: int, reason: str
) -> None:
    series = season.book("gym", **use)
    before = season.dates(series)

    with pytest.raises(SeriesClashes) as refused:
        season.move(series, days=1)

    first = FIRST + number * WEEK + timedelta(days=1)
    told = {"clashes": clashes, "dates": 4, "first": first.isoformat().replace("+00:00", "Z"), "reason": reason}
    assert refused.value.fields.items() >= told.items()
    assert season.dates(series) == before


def test_whatever_is_refused_for_one_date_names_it(counter: Any, season: Season) -> None:
    series = season.book("room")
    dates = [counter.booking(season.booking(series, number)) for number in range(4)]
    for number in (0, 1, 3):
        counter.deliver(counter.priced(dates[number], quote=number + 1))

    with pytest.raises(NotPriced) as refused:
        counter.run(usecases.confirm, RESIDENT, series.id, ANY_VERSION)
    assert refused.value.fields["first"] == (FIRST + 2 * WEEK).isoformat().replace("+00:00", "Z")

    with pytest.raises(TooShort) as too_short:
        season.move(series, scope="this", booking=dates[1].id, minutes=15)
    assert too_short.value.fields["first"] == (FIRST + WEEK).isoformat().replace("+00:00", "Z")


def test_places_in_a_shared_space_and_pieces_are_reasons_too(counter: Any, season: Season, town: Any) -> None:
    gym = replace(town.space("gym", capacity=20), sharing=Sharing(groups=3))
    chairs = Equipment(id="chairs", name=town.name("chairs"), pieces=10)
    counter.publish(replace(town.BORGEN, arenas=(replace(town.arena("house", gym), equipment=(chairs,)),)))
    counter.run(counter.usecases.hold, STRANGER, replace(counter.wanted("gym", participants=15), **at(1)))
    lent = counter.wanted("gym", participants=1, equipment={"chairs": 6})
    counter.run(counter.usecases.hold, STRANGER, replace(lent, **at(2)))

    series = season.book("gym", policy="skip", equipment={"chairs": 5}, participants=8)

    assert season.states(series) == ["held", "no_room", "equipment_lent", "held"]


def test_one_confirmation_takes_all_that_is_held(counter: Any, season: Season) -> None:
    series = season.book("room")
    with pytest.raises(NotPriced):
        counter.run(usecases.confirm, RESIDENT, series.id, ANY_VERSION)
    season.priced(series)

    confirmed = counter.run(usecases.confirm, RESIDENT, series.id, Expected(frozenset({1})))

    assert season.states(series) == ["confirmed"] * 4
    assert len(counter.told(BookingConfirmed)) == 4
    assert confirmed.version == 2
    with pytest.raises(NotHeld):
        counter.run(usecases.confirm, RESIDENT, series.id, ANY_VERSION)
    with pytest.raises(StaleVersion):
        counter.run(usecases.confirm, RESIDENT, series.id, Expected(frozenset({1})))


def test_holds_of_a_series_expire(counter: Any, season: Season) -> None:
    series = season.book("room")
    season.priced(series)
    counter.clock.move(timedelta(minutes=15))

    with pytest.raises(HoldExpired):
        counter.run(usecases.confirm, RESIDENT, series.id, ANY_VERSION)


def test_a_series_confirms_itself_when_it_is_priced(counter: Any, season: Season) -> None:
    series = season.book("room", confirm="when_priced")
    assert [each.price for each in season.dates(series)] == [None] * 4
    season.priced(series)
    assert season.states(series) == ["confirmed"] * 4
    assert [each.price for each in season.dates(series)] == [35000] * 4


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("this", ["held", "cancelled", "held", "held"]),
        ("following", ["held", "cancelled", "cancelled", "cancelled"]),
        ("all", ["cancelled"] * 4),
    ],
)
def test_cancelling_this_this_and_following_or_all(counter: Any, season: Season, scope: str, left: list[str]) -> None:
    series = season.book("room")

    expected = season.consequence(series, scope=scope, booking=season.booking(series, 1))
    done = season.cancel(series, scope=scope, booking=season.booking(series, 1), why="Korpset er på tur")

    assert season.states(series) == left
    assert (expected.bookings, expected.fee, expected.charged) == (left.count("cancelled"), 0, 0)
    assert len(counter.told(BookingCancelled)) == left.count("cancelled")
    given_up = left.count("cancelled")
    history = season.seen(series)["history"][-1]
    assert (history.bookings, history.why, history.by) == (given_up, "Korpset er på tur", RESIDENT.person)
    if scope == "all":
        [told] = counter.told(SeriesCancelled)
        assert (done.state, told.data.live, told.data.cancelled_by) == ("cancelled", 0, "tenant")
    else:
        [changed] = counter.told(SeriesChanged)
        assert (done.state, changed.data.live, changed.data.changed) == ("active", 4 - given_up, given_up)


def test_a_date_that_the_house_moves_is_free_to_give_up_until_it_begins(counter: Any, season: Season) -> None:
    series = season.book("room", confirm="when_priced")
    booking = counter.booking(season.booking(series, 0))
    priced = counter.priced(booking)
    counter.deliver(replace(priced, data=replace(priced.data, free_until=booking.begins_at - timedelta(days=1))))
    season.move(series, MANAGER, at=20 * 60)
    first = season.dates(series)[0]
    assert first.free_until == first.begins_at == counter.booking(booking.id).free_until


def test_what_giving_it_up_costs_is_told_before(counter: Any, season: Season) -> None:
    series = season.book("room", confirm="when_priced")
    for number, each in enumerate(season.dates(series)):
        priced = counter.priced(counter.booking(each.booking), quote=number + 1)
        free_until = counter.clock.now() + timedelta(days=number - 1)  # too late for the first of them
        counter.deliver(replace(priced, data=replace(priced.data, free_until=free_until)))
    later = {"scope": "following", "booking": season.booking(series, 1)}
    limits = [counter.booking(each.booking).free_until for each in season.dates(series)]
    assert None not in limits
    assert [each.free_until for each in season.dates(series)] == limits

    for who, how, expected in (
        (RESIDENT, {}, (4, 1, 35000)),
        (RESIDENT, later, (3, 0, 0)),
        (MANAGER, {}, (4, 0, 0)),
    ):
        found = season.consequence(series, who, **how)
        assert (found.bookings, found.charged, found.fee) == expected
    for who, how, error in (
        (STRANGER, {}, NotFound),
        (RESIDENT, {"scope": "this", "booking": series.id}, NotOfSeries),
    ):
        with pytest.raises(error):
            season.consequence(series, who, **how)
    season.cancel(series)
    with pytest.raises(NothingToChange):
        season.consequence(series)
    with pytest.raises(NotLive):
        season.consequence(series, scope="this", booking=season.booking(series, 0))


def test_what_is_over_or_given_up_stays_as_it_is(counter: Any, season: Season) -> None:
    series = season.book("room", confirm="when_priced")
    season.priced(series)
    season.cancel(series, scope="this", booking=season.booking(series, 2))
    counter.clock.move(FIRST + timedelta(hours=2) - counter.clock.now())

    season.cancel(series)

    assert season.states(series) == ["confirmed", "cancelled", "cancelled", "cancelled"]
    with pytest.raises(NothingToChange):
        season.cancel(series)
    with pytest.raises(NotLive):
        season.cancel(series, scope="this", booking=season.booking(series, 2))


def test_a_booking_of_another_series_is_not_of_this(counter: Any, season: Season) -> None:
    series, other = season.book("room"), season.book("hall")
    for scope in ("this", "following"):
        with pytest.raises(NotOfSeries):
            season.cancel(series, scope=scope, booking=season.booking(other, 0))


def test_all_move_to_another_time_on_the_wall_and_may_take_each_other_s_places(counter: Any, season: Season) -> None:
    daily = season.book("room", rule="FREQ=DAILY;COUNT=5")

    season.move(daily, days=1, at=18 * 60 + 30, minutes=150)

    begins = FIRST + timedelta(days=1, minutes=30)
    assert [each.begins_at for each in season.dates(daily)] == [begins + timedelta(days=n) for n in range(5)]
    assert all(each.ends_at - each.begins_at == timedelta(minutes=150) for each in season.dates(daily))
    [told] = counter.told(SeriesChanged)
    assert (told.data.changed, told.data.first_at) == (5, begins)
    assert [(step.what, step.bookings) for step in season.seen(daily)["history"]] == [("booked", 5), ("rescheduled", 5)]


def test_a_time_on_the_wall_holds_across_the_change_of_the_clock(counter: Any, season: Season) -> None:
    series = season.book("room", starts=datetime(2027, 3, 22, 18, 0), count=2)  # noqa: DTZ001

    season.move(series, at=19 * 60)

    assert [f"{each.begins_at:%d.%m %H:%M}" for each in season.dates(series)] == ["22.03 18:00", "29.03 17:00"]


def test_this_and_following_move_to_another_space(counter: Any, season: Season) -> None:
    series = season.book("third-1")

    season.move(series, scope="following", booking=season.booking(series, 2), space="third-2", participants=5)

    assert [each.space for each in season.dates(series)] == ["third-1", "third-1", "third-2", "third-2"]
    assert take(counter, "third-1", 3).live


def test_a_change_that_clashes_somewhere_changes_nothing(counter: Any, season: Season) -> None:
    series = season.book("third-1")
    take(counter, "third-2", 3)
    before = rows(counter)

    with pytest.raises(SeriesClashes) as refused:
        season.move(series, space="third-2")

    assert refused.value.fields["first"] == "2026-12-22T17:00:00Z"
    assert rows(counter) == before
    assert [each.space for each in season.dates(series)] == ["third-1"] * 4


def test_a_change_against_the_rules_of_the_space_changes_nothing(counter: Any, season: Season) -> None:
    series = season.book("room")
    with pytest.raises(SeriesClashes) as refused:
        season.move(series, minutes=20)
    assert refused.value.fields["reason"] == "off_grid"


def test_a_skipped_date_is_booked_when_it_is_free(counter: Any, season: Season) -> None:
    taken = take(counter, "room", 2)
    series = season.book("room", policy="skip", wait=False)
    begins_at = FIRST + 2 * WEEK
    book = (usecases.book_skipped, RESIDENT, series.id, ANY_VERSION)
    with pytest.raises(SlotTaken):
        counter.run(*book, begins_at=begins_at)
    counter.cancel(taken, who=STRANGER)

    counter.run(*book, begins_at=begins_at)

    assert season.states(series) == ["held"] * 4
    [told] = counter.told(SeriesChanged)
    assert (told.data.live, told.data.skipped, told.data.changed) == (4, 0, 1)
    with pytest.raises(NotSkipped):
        counter.run(*book, begins_at=begins_at)
    with pytest.raises(NotSkipped):
        counter.run(*book, begins_at=FIRST)


def test_a_skipped_date_may_be_booked_elsewhere_and_again_when_that_is_given_up(counter: Any, season: Season) -> None:
    take(counter, "third-1", 2)
    series = season.book("third-1", policy="skip", wait=False)
    book = (usecases.book_skipped, RESIDENT, series.id, ANY_VERSION)
    counter.run(*book, begins_at=FIRST + 2 * WEEK, space="third-2")
    season.cancel(series, scope="this", booking=season.booking(series, 2))

    counter.run(*book, begins_at=FIRST + 2 * WEEK, space="third-3")

    assert [each.space for each in season.dates(series) if each.state == "held"][2] == "third-3"


def test_strangers_do_not_see_a_series_and_managers_may_cancel_but_not_confirm(counter: Any, season: Season) -> None:
    series = season.book("room")
    for who, error in ((STRANGER, NotFound), (OTHER_MANAGER, NotFound), (OPERATOR, Forbidden)):
        with pytest.raises(error):
            season.cancel(series, who=who)
    with pytest.raises(Forbidden):
        counter.run(usecases.confirm, MANAGER, series.id, ANY_VERSION)
    with pytest.raises(NotFound):
        season.seen(series, STRANGER)

    season.cancel(series, who=MANAGER, why="Salen skal males")

    [told] = counter.told(SeriesCancelled)
    assert told.data.cancelled_by == "house"


def test_a_manager_moves_only_to_squares_of_theirs(counter: Any, season: Season, town: Any) -> None:
    tofte = replace(town.BORGEN, id="tofte", arenas=(town.arena("library", town.space("cellar")),))
    counter.publish(tofte)
    series = season.book("room")

    with pytest.raises(Forbidden):
        season.move(series, who=MANAGER, space="cellar")


def test_an_organisation_s_series_is_its_representatives_to_change(counter: Any, season: Season) -> None:
    korps = counter.organisation("kari", "ola")
    series = season.book("room", tenant=korps)

    assert season.cancel(series, who=STRANGER).state == "cancelled"


def test_lists_of_series(counter: Any, season: Season) -> None:
    mine, theirs = season.book("room"), season.book("hall", who=STRANGER)

    def listed(who: Any, **wanted: Any) -> list[UUID]:
        with counter.database.reading() as tx:
            page = queries.seen_by(tx, who, counter.page(1), **wanted)
            rest = queries.seen_by(tx, who, counter.page(1, page.next_cursor), **wanted) if page.next_cursor else None
        return [each.series.id for each in [*page.items, *(rest.items if rest else [])]]

    assert listed(RESIDENT) == [mine.id]
    assert listed(MANAGER) == [theirs.id, mine.id]
    assert listed(MANAGER, mine=True) == listed(OTHER_MANAGER) == []
    assert listed(OPERATOR, space="hall") == [theirs.id]

"""The limits that hold before any quota is written: never passed, whatever way and however many ask at once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.auth import Caller
from kernel.db import Database
from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking.model.default_limits import TooManyBookings
from services.booking.model.refusals import SlotTaken
from services.booking.model.representatives import Terms
from services.booking.model.series import SeriesClashes
from services.booking.usecases import actors as actor_usecases
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import representatives
from services.booking.usecases import series as series_usecases
from services.booking.usecases.checking import check
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, RESIDENT, STRANGER
from tests.moving_in import Moving
from tests.moving_in import line as row
from tests.season import Season
from tests.waiting_line import NINA, Line

LIMITS = Settings(person_open_bookings=3, person_series_dates=4, organisation_open_bookings=5)
RIVALS = 8
NUMBERS = ("974760673", "971526920")


@pytest.fixture(autouse=True)
def limited(counter: Any) -> None:
    counter.database.settings = LIMITS


def claimed(counter: Any, number: str, who: Caller = RESIDENT) -> UUID:
    """An organisation that somebody says they may act for, and that nobody has verified."""
    told = {"kind": "voluntary", "name": "Korpset", "organisation_number": number}
    found: UUID = counter.run(actor_usecases.register, who, **told).id
    return found


def refused(counter: Any, *place: Any, **different: Any) -> dict[str, Any]:
    with pytest.raises(TooManyBookings) as error:
        counter.hold(*place, **different)
    found: dict[str, Any] = error.value.fields
    return found


def test_a_person_has_so_many_open_bookings_and_no_more(counter: Any) -> None:
    held = [counter.hold("room", 4 * number) for number in range(3)]

    told = refused(counter, "room", 12)
    assert told == {"limited": "person_open_bookings", "limit": 3, "used": 3, "asked": 1}
    counter.hold("room", 12, who=STRANGER)
    counter.cancel(held[0])
    counter.hold("room")


@pytest.mark.parametrize("over", ["ended", "expired", "never swept"])
def test_what_is_over_counts_no_more(counter: Any, over: str) -> None:
    for number in range(3):
        counter.hold("room", 4 * number) if over != "ended" else counter.confirmed("room", 4 * number)

    counter.clock.move(timedelta(hours=5, minutes=1) if over == "ended" else timedelta(hours=2, minutes=1))
    if over == "expired":
        counter.expire_holds()
    counter.hold("room", 60)


def test_who_is_above_the_limit_keeps_and_moves_what_they_have(counter: Any) -> None:
    held = [counter.confirmed("room", 4 * number) for number in range(3)]
    counter.database.settings = Settings(person_open_bookings=1)

    refused(counter, "room", 20)
    moved = counter.run(
        booking_usecases.reschedule,
        RESIDENT,
        held[0].id,
        ANY_VERSION,
        begins_at=counter.quarter(20),
        ends_at=counter.quarter(24),
    )
    assert moved.live


def test_a_person_has_so_many_dates_of_series_beside_single_bookings(counter: Any, season: Season) -> None:
    series = season.book(count=4)
    for number in range(3):
        counter.hold("room", 4 * number)

    with pytest.raises(TooManyBookings) as error:
        season.book("hall", count=2)
    assert error.value.fields["limited"] == "person_series_dates"
    assert (error.value.fields["used"], error.value.fields["asked"]) == (4, 2)
    season.cancel(series, scope="following", booking=season.booking(series, 2))
    season.book("hall", count=2)


@pytest.mark.parametrize(("count", "fits"), [(3, True), (4, True), (5, False)])
def test_a_series_of_all_or_nothing_must_fit_whole(season: Season, count: int, fits: bool) -> None:
    preview = season.preview(count=count, policy="all_or_nothing")

    assert (preview.refusal is None) == fits
    if fits:
        assert season.states(season.book(count=count)) == ["held"] * count
    else:
        assert preview.refusal.code == "too_many_bookings"
        with pytest.raises(TooManyBookings) as error:
            season.book(count=count)
        assert error.value.fields["first"] == "2026-12-29T17:00:00Z"


def test_of_a_series_the_first_dates_have_what_there_is_room_for(season: Season) -> None:
    told = [each.clash and each.clash.code for each in season.preview(count=6, policy="skip").dates]
    series = season.book(count=6, policy="skip")

    assert told == [None] * 4 + ["too_many_bookings"] * 2
    assert season.states(series) == ["held"] * 4 + ["too_many_bookings"] * 2


def test_a_series_does_not_grow_past_the_limit(counter: Any, season: Season) -> None:
    series = season.book(count=6, policy="skip")
    left = season.dates(series)[4].begins_at

    with pytest.raises(TooManyBookings):
        counter.run(series_usecases.book_skipped, RESIDENT, series.id, ANY_VERSION, begins_at=left)
    season.cancel(series, scope="this", booking=season.booking(series, 0))
    counter.run(series_usecases.book_skipped, RESIDENT, series.id, ANY_VERSION, begins_at=left)


def test_a_series_moves_though_its_limit_is_used_up(counter: Any, season: Season) -> None:
    series = season.book(count=4)
    counter.database.settings = Settings(person_series_dates=1)

    moved = season.move(series, days=1)

    assert season.states(moved) == ["held"] * 4


def test_what_is_free_is_not_offered_to_who_has_enough(counter: Any, line: Line) -> None:
    held = counter.hold("room", 40, who=STRANGER)
    first, second = line.join(RESIDENT, "room", 40), line.join(NINA, "room", 40)
    for number in range(3):
        counter.hold("room", 4 * number)

    counter.cancel(held, who=STRANGER)

    assert line.states(first, second) == ["waiting", "offered"]


def test_an_offer_counts_as_an_open_booking(counter: Any, line: Line) -> None:
    held = counter.hold("room", 40, who=STRANGER)
    line.join(RESIDENT, "room", 40)
    counter.hold("room", 0), counter.hold("room", 4)
    counter.cancel(held, who=STRANGER)

    assert refused(counter, "room", 8)["used"] == 3


def test_organisations_that_nobody_has_verified_give_no_room(counter: Any) -> None:
    """A hundred organisation numbers would be a hundred times the limit."""
    one, other = (claimed(counter, number) for number in NUMBERS)
    counter.hold("room")
    counter.hold("room", 4, tenant=one)
    counter.hold("room", 8, tenant=other)

    for tenant in (None, one, other):
        assert refused(counter, "room", 12, tenant=tenant)["limited"] == "person_open_bookings"
    counter.run(actor_usecases.verify, MANAGER, one, kind="voluntary", reason="Står i registeret.")
    counter.hold("room", 12)
    assert refused(counter, "room", 16)["used"] == 3


def test_what_was_booked_for_a_right_that_is_gone_still_counts(counter: Any) -> None:
    one = claimed(counter, NUMBERS[0])
    for number in range(3):
        counter.hold("room", 4 * number, tenant=one)
    counter.run(representatives.appoint, OPERATOR, one, Terms(role="owner"), subject="ola", issuer=None)
    counter.run(representatives.end, RESIDENT, one, RESIDENT.person)

    assert refused(counter, "room", 12)["used"] == 3


def test_a_verified_organisation_has_a_limit_of_its_own(counter: Any, season: Season) -> None:
    band = counter.organisation("kari", "ola")
    season.book(count=3, tenant=band)
    counter.hold("room", tenant=band)
    counter.hold("room", 4, tenant=band, who=STRANGER)

    assert refused(counter, "room", 8, tenant=band) == {
        "limited": "organisation_open_bookings",
        "limit": 5,
        "used": 5,
        "asked": 1,
    }
    counter.hold("room", 8)


def test_imports_are_not_limited_and_take_no_room(counter: Any, moving: Moving) -> None:
    done = moving.run(moving.file(*(row(f"u{day}", day=day) for day in range(1, 9))))

    assert {each.outcome for each in done.results} == {"added"}
    counter.hold("room", tenant=moving.band)
    for number in range(3):
        counter.hold("room", 4 + 4 * number, who=MANAGER)


def test_asking_whether_it_can_be_had_tells_of_the_limit(counter: Any) -> None:
    for number in range(3):
        counter.hold("room", 4 * number)

    def codes(who: Caller | None) -> list[str]:
        with counter.database.reading() as tx:
            return [each.code for each in check(tx, who and who.person, counter.wanted("room", 12)).reasons]

    assert (codes(RESIDENT), codes(STRANGER), codes(None)) == (["too_many_bookings"], [], [])


@pytest.mark.parametrize("tenants", ["own", "own and claimed", "organisation"])
def test_however_many_ask_at_once_the_limit_holds(counter: Any, many: Database, season: Season, tenants: str) -> None:
    many.settings = LIMITS
    claims = [claimed(counter, number) for number in NUMBERS] if tenants == "own and claimed" else []
    of: list[UUID | None] = [None, *claims]
    most = 3
    if tenants == "organisation":
        of, most = [counter.organisation("kari")], 5

    def ask(number: int) -> bool:
        try:
            with many.transaction() as tx:
                wanted = counter.wanted("room", 4 * number, tenant=of[number % len(of)])
                booking_usecases.hold(tx, RESIDENT, wanted)
        except (TooManyBookings, SlotTaken):
            return False
        return True

    for turn in range(5):
        held = at_once(ask, range(turn * RIVALS, (turn + 1) * RIVALS))
        assert held.count(True) == (most if turn == 0 else 0)


def test_series_that_are_asked_for_at_once_share_the_limit(counter: Any, many: Database, season: Season) -> None:
    many.settings = LIMITS

    def ask(number: int) -> int:
        wanted = season.request(f"third-{number + 1}", count=3, policy="skip")
        try:
            with many.transaction() as tx:
                series = series_usecases.book(tx, RESIDENT, wanted)
        except SeriesClashes:
            return 0
        return season.states(series).count("held")

    assert sorted(at_once(ask, range(3))) == [0, 1, 3]

"""What is derived from a series, skipped dates and places in line, moves or ends with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kernel.versions import ANY_VERSION
from services.booking.events import WaitingOffered
from services.booking.model.closures import ClosureRequest
from services.booking.model.series import NotSkipped
from services.booking.store.tables import waitings
from services.booking.usecases import closures, privacy
from services.booking.usecases import representatives as representing
from services.booking.usecases import series as usecases
from tests.callers import MANAGER, OPERATOR, RESIDENT, STRANGER
from tests.season import FIRST, WEEK, Season, take
from tests.waiting_line import NINA, Line

HOUR = timedelta(hours=1)


@pytest.fixture
def derived(counter: Any, season: Season) -> Any:
    """A weekly evening of six, of which others have the second and the fifth."""
    second, fifth = take(counter, "room", 1), take(counter, "room", 4)
    counter.clock.move(timedelta(seconds=1))
    return season.book("room", count=6, policy="skip"), second, fifth


def waited_for(counter: Any, series: Any) -> list[tuple[datetime, str, int]]:
    """The dates that a series waits for: when, where and for how many."""
    one = select(waitings.c.earliest, waitings.c.space, waitings.c.participants)
    wanted = one.where(waitings.c.series == series.id, waitings.c.state == "waiting").order_by(waitings.c.earliest)
    with counter.database.reading() as tx:
        return [(row.earliest, row.space, row.participants) for row in tx.execute(wanted)]


def skipped(season: Season, series: Any) -> list[datetime]:
    return [each.begins_at for each in season.dates(series) if each.skipped]


def evening(number: int) -> datetime:
    return FIRST + number * WEEK


def test_a_series_that_is_moved_waits_at_the_new_times_alone(
    counter: Any, season: Season, line: Line, derived: Any
) -> None:
    series, second, fifth = derived
    for number in (1, 4):
        take(counter, "room", number, who=NINA, quarters=8)

    season.move(series, at=20 * 60)

    assert waited_for(counter, series) == [(evening(number) + 2 * HOUR, "room", 8) for number in (1, 4)]
    assert skipped(season, series) == [evening(number) + 2 * HOUR for number in (1, 4)]
    counter.cancel(second, STRANGER)
    counter.cancel(fifth, STRANGER)
    line.offer_again()
    assert counter.told(WaitingOffered) == []


def test_what_is_free_at_the_new_time_is_offered_there(counter: Any, season: Season, line: Line, derived: Any) -> None:
    series, _, _ = derived
    season.move(series, at=20 * 60)

    line.offer_again()

    offers = [told.data for told in counter.told(WaitingOffered)]
    assert [(each.begins_at, each.series) for each in offers] == [
        (evening(1) + 2 * HOUR, series.id),
        (evening(4) + 2 * HOUR, series.id),
    ]
    assert [each.state for each in season.dates(series)] == ["held"] * 6


def test_a_moved_series_is_last_in_the_new_line(counter: Any, season: Season, line: Line, derived: Any) -> None:
    series, _, _ = derived
    late = take(counter, "room", 1, who=NINA, quarters=8)
    there = line.join(STRANGER, "room", (evening(1) + 2 * HOUR - counter.quarter()) // timedelta(minutes=15), 8)
    counter.clock.move(timedelta(seconds=1))

    season.move(series, at=20 * 60)
    counter.cancel(late, NINA)

    assert line.states(there) == ["offered"]
    assert (evening(1) + 2 * HOUR, "room", 8) in waited_for(counter, series)


@pytest.mark.parametrize(
    ("scope", "moved"), [("this", []), ("following", [4]), ("all", [1, 4])], ids=["this", "following", "all"]
)
def test_what_moves_with_it_is_what_it_is_moved_for(
    counter: Any, season: Season, derived: Any, scope: str, moved: list[int]
) -> None:
    """From the third date on, or all; to another space and for more, too."""
    series, _, _ = derived
    third = None if scope == "all" else season.booking(series, 2)

    season.move(series, scope=scope, booking=third, space="third-1", days=1, participants=9)

    there = {number: (evening(number) + timedelta(days=1), "third-1", 9) for number in moved}
    stays = {number: (evening(number), "room", 8) for number in (1, 4) if number not in moved}
    assert waited_for(counter, series) == [each for _, each in sorted((there | stays).items())]


def test_a_skipped_date_is_booked_by_hand_where_the_series_has_moved(
    counter: Any, season: Season, derived: Any
) -> None:
    series, _, fifth = derived
    fourth = season.booking(series, 3)
    season.move(series, scope="following", booking=fourth, space="third-1", days=1, participants=9)
    counter.cancel(fifth, STRANGER)
    book = (usecases.book_skipped, RESIDENT, series.id, ANY_VERSION)

    with pytest.raises(NotSkipped):
        counter.run(*book, begins_at=evening(4))
    counter.run(*book, begins_at=evening(4) + timedelta(days=1))

    [date] = [each for each in season.dates(series) if each.begins_at == evening(4) + timedelta(days=1)]
    assert (date.space, counter.booking(date.booking).participants) == ("third-1", 9)


def test_skipped_dates_move_onto_each_other_s_times(counter: Any, season: Season, derived: Any) -> None:
    series, _, _ = derived
    season.move(series, days=21)
    assert skipped(season, series) == [evening(4), evening(7)]

    season.move(series, days=-21)

    assert skipped(season, series) == [evening(1), evening(4)]


def test_a_skipped_date_that_would_be_over_is_skipped_no_more(counter: Any, season: Season) -> None:
    take(counter, "room", 0)
    series = season.book("room", policy="skip", confirm="when_priced")
    season.priced(series)
    counter.clock.move(evening(0) - 2 * HOUR - counter.clock.now())

    season.move(series, scope="all", at=12 * 60)

    assert (skipped(season, series), waited_for(counter, series)) == ([], [])


def test_who_waits_for_nothing_does_not_begin_to_when_the_series_is_moved(counter: Any, season: Season) -> None:
    take(counter, "room", 1)
    series = season.book("room", policy="skip", wait=False)

    season.move(series, at=20 * 60)

    assert (skipped(season, series), waited_for(counter, series)) == ([evening(1) + 2 * HOUR], [])


@pytest.mark.parametrize(("number", "waits"), [(0, []), (2, [1]), (3, [1]), (5, [1, 4])])
def test_of_a_series_that_is_cut_the_rest_is_not_waited_for(
    counter: Any, season: Season, line: Line, derived: Any, number: int, waits: list[int]
) -> None:
    series, _, fifth = derived
    named = season.booking(series, number)
    if number == 3:
        counter.cancel(counter.booking(named))

    season.cancel(series, scope="following", booking=named)

    assert [at for at, _, _ in waited_for(counter, series)] == [evening(number) for number in waits]
    counter.cancel(fifth, STRANGER)
    line.offer_again()
    assert len(counter.told(WaitingOffered)) == (4 in waits)


ENDS: dict[str, Callable[[Any, Season, Any], object]] = {
    "cancelled": lambda _counter, season, series: season.cancel(series),
    "cancelled by the house": lambda _counter, season, series: season.cancel(series, who=MANAGER),
    "given up one by one": lambda counter, season, series: [
        counter.cancel(counter.booking(each.booking)) for each in season.dates(series) if each.booking
    ],
    "never confirmed": lambda counter, _season, _series: (
        counter.clock.move(timedelta(hours=3)),
        counter.expire_holds(),
    ),
    "its tenant is erased": lambda counter, _season, _series: counter.run(
        privacy.erase_me, RESIDENT, cancel_bookings=True
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_series_that_has_ended_waits_for_nothing(
    counter: Any, season: Season, line: Line, derived: Any, how: str
) -> None:
    series, second, fifth = derived
    for number, booking in enumerate((second, fifth)):
        counter.deliver(counter.priced(booking, quote=9 + number))
        counter.confirm(booking, STRANGER)

    ENDS[how](counter, season, series)
    counter.cancel(counter.load(second), STRANGER)
    assert counter.told(WaitingOffered) == []
    line.offer_again()
    counter.cancel(counter.load(fifth), STRANGER)

    assert counter.told(WaitingOffered) == []
    assert waited_for(counter, series) == []


def test_a_series_of_which_dates_stand_waits_on(counter: Any, season: Season, line: Line, derived: Any) -> None:
    series, second, _ = derived
    for each in season.dates(series)[1:]:
        if each.booking:
            counter.cancel(counter.booking(each.booking))

    counter.cancel(second, STRANGER)

    assert [told.data.begins_at for told in counter.told(WaitingOffered)] == [evening(1)]


def test_who_may_not_act_for_the_tenant_any_more_is_offered_nothing_until_they_may(
    counter: Any, season: Season, line: Line
) -> None:
    band = counter.organisation("kari", "nina")
    second = take(counter, "room", 1)
    series = season.book("room", policy="skip", tenant=band)
    counter.run(representing.end, OPERATOR, band, RESIDENT.person)

    counter.cancel(second, STRANGER)
    line.offer_again()
    assert counter.told(WaitingOffered) == []
    assert len(waited_for(counter, series)) == 1
    assert line.listed(NINA) == line.listed(OPERATOR)
    counter.run(representing.appoint, OPERATOR, band, representing.Terms(role="booker"), subject="kari", issuer=None)
    line.offer_again()

    assert [told.data.series for told in counter.told(WaitingOffered)] == [series.id]


def test_nobody_waits_for_a_space_that_is_withdrawn(counter: Any, line: Line, town: Any) -> None:
    attic = town.space("attic")
    counter.publish(replace(town.BORGEN, arenas=(town.arena("house", town.HALL, town.space("room"), attic),)))
    closing = {"kind": "closure", "reason": town.name("Lekkasje"), "begins_at": counter.quarter()}
    closed = ClosureRequest(**closing, ends_at=counter.quarter(8), arena="house")
    counter.run(closures.announce, MANAGER, closed, [])
    withdrawn, stays = line.join(STRANGER, "attic"), line.join(STRANGER, "room")

    counter.publish()

    assert line.states(withdrawn, stays) == ["left", "waiting"]

"""Who may act for an organisation: until when, who may end it, and what is told."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.booking.events import RepresentationChanged
from services.booking.model.representatives import (
    LastOwner,
    Representative,
    Terms,
    UntilInThePast,
    keep_an_owner,
    local_date,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TODAY, DAY = date(2026, 11, 23), timedelta(days=1)
BAND, KARI, RITA = UUID(int=10), UUID(int=1), UUID(int=2)
OWNER, BOOKER = Terms(role="owner"), Terms(role="booker")
MICROSECOND = timedelta(microseconds=1)


def somebody(person: UUID = KARI, terms: Terms | None = OWNER) -> Representative:
    return Representative(actor=BAND, person=person, version=1, terms=terms)


@pytest.mark.parametrize(("until", "holds"), [(TODAY - DAY, False), (TODAY, True), (TODAY + DAY, True), (None, True)])
def test_a_right_holds_through_its_last_day(until: date | None, holds: bool) -> None:
    right = somebody(terms=Terms(role="owner", until=until))
    assert (right.in_force(NOW), right.owns(NOW)) == (holds, holds)


def test_the_day_ends_at_midnight_in_norway() -> None:
    right = somebody(terms=Terms(role="booker", until=TODAY))
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)

    assert right.in_force(midnight - MICROSECOND)
    assert not right.in_force(midnight)


def test_in_summer_midnight_is_an_hour_earlier() -> None:
    assert local_date(datetime(2026, 7, 1, 21, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert local_date(datetime(2026, 7, 1, 22, 0, tzinfo=UTC)) == date(2026, 7, 2)


def test_a_booker_owns_nothing() -> None:
    assert somebody(terms=BOOKER).in_force(NOW)
    assert not somebody(terms=BOOKER).owns(NOW)


def test_who_has_no_right_may_nothing() -> None:
    assert not somebody(terms=None).in_force(NOW)
    assert not somebody(terms=None).owns(NOW)


@pytest.mark.parametrize(("until", "good"), [(TODAY - DAY, False), (TODAY, True), (TODAY + DAY, True)])
def test_no_right_is_given_for_days_that_are_over(until: date, good: bool) -> None:
    terms = Terms(role="booker", until=until)
    if good:
        assert somebody().given(terms, now=NOW).terms == terms
        return
    with pytest.raises(UntilInThePast):
        somebody().given(terms, now=NOW)


def test_each_change_is_a_version_and_the_same_again_is_none() -> None:
    first = Representative(actor=BAND, person=KARI)
    given = first.given(BOOKER, now=NOW)
    ended = given.ended()
    again = ended.given(OWNER, now=NOW)

    assert [each.version for each in (first, given, ended, again)] == [0, 1, 2, 3]
    assert given.given(BOOKER, now=NOW) is given
    assert ended.ended() is ended


def test_what_is_told_names_nobody() -> None:
    terms = Terms(role="booker", until=TODAY, known_as="Kari Nordmann")

    told = Representative(actor=BAND, person=KARI).given(terms, now=NOW)

    assert told.happened() == RepresentationChanged(actor=BAND, person=str(KARI), role="booker", until="2026-11-23")
    assert told.ended().happened() == RepresentationChanged(actor=BAND, person=str(KARI))


BOUNDED = Terms(role="owner", until=TODAY + DAY)


@pytest.mark.parametrize("after", [None, BOOKER, BOUNDED])
@pytest.mark.parametrize("other", [None, BOOKER, BOUNDED])
def test_the_last_owner_without_end_stays(after: Terms | None, other: Terms | None) -> None:
    kari, rita = somebody(), somebody(RITA, other)
    with pytest.raises(LastOwner):
        keep_an_owner(kari, somebody(terms=after), [kari, rita])


@pytest.mark.parametrize("after", [None, BOOKER, BOUNDED])
def test_with_another_owner_anybody_can_go(after: Terms | None) -> None:
    kari = somebody()
    keep_an_owner(kari, somebody(terms=after), [kari, somebody(RITA)])


@pytest.mark.parametrize("before", [BOOKER, BOUNDED])
def test_others_can_go_though_there_is_no_owner(before: Terms) -> None:
    rita = somebody(RITA, before)
    keep_an_owner(rita, somebody(RITA, None), [rita])


def test_an_owner_can_get_another_name() -> None:
    kari = somebody()
    keep_an_owner(kari, somebody(terms=Terms(role="owner", known_as="Lederen")), [kari])

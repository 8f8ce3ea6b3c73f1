"""Whose right to act for an organisation has ended knows no code that still opens a door for it: its keys to come get
other codes, and the others see that."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from kernel.ids import new_id
from services.access import usecases
from services.access.codes import draw
from services.access.events import KeyIssued
from services.access.store import keys
from services.booking.events import PersonErased, Tenant
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, CANCELLED, ENDS_AT, KARI, Told, envelope, represents
from tests.callers import STRANGER

MARGIN = timedelta(minutes=15)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
RITA = str(STRANGER.person)
GONE: dict[str, Any] = {"role": None}


def codes(square: Any) -> dict[Any, str | None]:
    """The codes as the lock has them, by booking: those of keys that are shown to nobody too."""
    with square.database.reading() as tx:
        return {
            row.booking: square.codes.unseal(row.id, bytes(row.sealed_code)) if row.sealed_code else None
            for row in tx.execute(select(keys))
        }


def tried(square: Any, code: str | None) -> str | None:
    with square.database.transaction() as tx:
        return usecases.unlock_with_code(tx, square.lock(), str(code), square.codes).refusal


def renew(square: Any) -> None:
    with square.database.transaction() as tx:
        usecases.renew_codes(tx, square.codes, draw)
    square.settle()


@pytest.fixture
def booking(square: Any) -> Told:
    """A booking of the band, for which Rita may act, with an armed key."""
    booking = Told()
    square.deliver(booking.confirmed(), represents(RITA, 1))
    square.settle()
    return booking


def test_who_no_longer_acts_for_the_tenant_knows_no_code_that_opens(square: Any, booking: Told) -> None:
    [known] = square.keys_of(RITA)
    gone = represents(RITA, 2, **GONE)
    square.deliver(gone, gone)
    square.settle()
    [key] = square.keys_of(KARI)
    assert (key.state, key.renewed_at) == ("armed", BOOKED_AT)
    assert key.code != known.code
    square.at(BEGINS_AT)
    assert tried(square, known.code) == "unknown_code"
    assert tried(square, key.code) is None
    assert [event.data.key for event in square.emitted(KeyIssued)] == [key.id, key.id]


@pytest.mark.parametrize(
    ("at", "renewed"), [(BEGINS_AT - MARGIN - TICK, True), (BEGINS_AT - MARGIN, False), (BEGINS_AT, False)]
)
def test_a_key_that_may_be_in_use_stays_as_it_is(square: Any, booking: Told, at: datetime, renewed: bool) -> None:
    before = codes(square)
    square.at(at)
    square.deliver(represents(RITA, 2, **GONE))
    assert (codes(square) != before) is renewed


def test_the_keys_of_others_stay_as_they_are(square: Any, booking: Told) -> None:
    other = Told(tenant=Tenant(id=new_id(), kind="voluntary"), begins_at=BEGINS_AT + DAY, ends_at=ENDS_AT + DAY)
    square.deliver(other.confirmed())
    before = codes(square)
    square.deliver(represents(RITA, 2, **GONE))
    assert codes(square)[other.id] == before[other.id]


def test_the_keys_of_a_series_go_on_sharing_a_code_but_not_with_the_one_in_use(square: Any) -> None:
    series = new_id()
    dates = [Told(series=series, begins_at=BEGINS_AT + each * DAY, ends_at=ENDS_AT + each * DAY) for each in range(3)]
    square.deliver(*(each.confirmed() for each in dates), represents(RITA, 1))
    square.settle()
    [old] = {*codes(square).values()}
    square.at(BEGINS_AT)
    square.deliver(represents(RITA, 2, **GONE))
    square.settle()
    first, *coming = (codes(square)[each.id] for each in dates)
    assert first == old
    assert len({*coming}) == 1
    assert old not in coming

    later = Told(series=series, begins_at=BEGINS_AT + 7 * DAY, ends_at=ENDS_AT + 7 * DAY)
    square.deliver(later.confirmed())
    assert codes(square)[later.id] == coming[0]
    square.deliver(dates[1].rescheduled(CANCELLED, begins_at=BEGINS_AT + 8 * DAY, ends_at=ENDS_AT + 8 * DAY))
    assert codes(square)[dates[1].id] == coming[0]


def test_a_date_added_while_only_one_in_use_has_the_old_code_gets_another(square: Any) -> None:
    series = new_id()
    under_way = Told(series=series)
    square.deliver(under_way.confirmed(), represents(RITA, 1))
    square.at(BEGINS_AT)
    square.deliver(represents(RITA, 2, **GONE))
    added = Told(series=series, begins_at=BEGINS_AT + DAY, ends_at=ENDS_AT + DAY)
    square.deliver(added.confirmed())
    assert codes(square)[added.id] != codes(square)[under_way.id]


def test_a_key_that_waits_for_a_decision_has_another_code_when_it_comes_back(square: Any, booking: Told) -> None:
    before = codes(square)[booking.id]
    square.deliver(booking.rescheduled(CANCELLED, "awaiting_approval"), represents(RITA, 2, **GONE))
    square.settle()
    assert square.states() == [(booking.id, "suspended")]
    square.deliver(booking.confirmed(CANCELLED + 1))
    square.settle()
    [key] = square.keys_of()
    assert key.state == "armed"
    assert key.code not in (None, before)


def test_a_revoked_key_stays_so(square: Any, booking: Told) -> None:
    square.deliver(booking.cancelled(), represents(RITA, 2, **GONE))
    square.settle()
    assert square.states() == [(booking.id, "revoked")]


@pytest.mark.parametrize(("day", "renewed"), [(-TICK, False), (timedelta(0), True)])
def test_a_right_that_runs_out_by_itself_is_seen_to(square: Any, booking: Told, day: timedelta, renewed: bool) -> None:
    square.deliver(represents(RITA, 2, until=BOOKED_AT.date().isoformat()))
    before = codes(square)
    midnight_in_norway = BOOKED_AT + timedelta(hours=6)
    square.at(midnight_in_norway + day)
    renew(square)
    assert (codes(square) != before) is renewed
    after = codes(square)
    renew(square)
    assert codes(square) == after


def test_ended_again_after_it_was_given_again_codes_are_renewed_again(square: Any, booking: Told) -> None:
    seen = [codes(square)]
    for sequence in (2, 4):
        square.deliver(represents(RITA, sequence, **GONE), represents(RITA, sequence + 1))
        seen.append(codes(square))
    assert len({each[booking.id] for each in seen}) == 3


def test_on_other_terms_nothing_is_renewed(square: Any, booking: Told) -> None:
    before = codes(square)
    square.deliver(represents(RITA, 2, role="owner"), represents(RITA, 3, until="2027-06-30"))
    renew(square)
    assert codes(square) == before


def test_old_news_renews_nothing(square: Any, booking: Told) -> None:
    square.deliver(represents(RITA, 4))
    before = codes(square)
    square.deliver(represents(RITA, 3, **GONE))
    assert codes(square) == before


def test_in_whatever_order_it_is_told_the_code_from_before_is_gone(square: Any) -> None:
    for number, order in enumerate(permutations(range(3))):
        person, at = str(new_id()), {"begins_at": BEGINS_AT + number * DAY, "ends_at": ENDS_AT + number * DAY}
        booking = Told(**at)
        square.deliver(represents(person, 1), booking.confirmed())
        before = codes(square)[booking.id]
        told = [represents(person, 1), represents(person, 2, **GONE), booking.restated("confirmed", CANCELLED)]
        square.deliver(*(told[each] for each in order), *told)
        assert codes(square)[booking.id] != before


def test_who_is_erased_knows_no_code_that_opens(square: Any, booking: Told) -> None:
    before = codes(square)
    erased_at = BOOKED_AT + TICK
    square.deliver(envelope(PersonErased(person=RITA, erased_at=erased_at), RITA, 1))
    square.settle()
    [key] = square.keys_of()
    assert (key.state, key.renewed_at is not None) == ("armed", True)
    assert codes(square) != before


def test_ended_while_dates_are_confirmed_none_has_the_code_from_before(square: Any) -> None:
    for _ in range(8):
        series, person = new_id(), str(new_id())
        tenant = Tenant(id=new_id(), kind="voluntary")
        alike = {"series": series, "tenant": tenant}
        dates = [Told(begins_at=BEGINS_AT + n * DAY, ends_at=ENDS_AT + n * DAY, **alike) for n in range(4)]
        square.deliver(represents(person, 1, actor=tenant.id), dates[0].confirmed())
        old = codes(square)[dates[0].id]
        gone = represents(person, 2, actor=tenant.id, role=None)
        at_once(square.deliver, [*(each.confirmed() for each in dates[1:]), gone])
        square.settle()
        assert old not in [codes(square)[each.id] for each in dates]
        assert {state for booking, state in square.states() if booking in {each.id for each in dates}} == {"armed"}

"""The programme follows the bookings: exactly one activity for a confirmed booking, none for one that is over, in
whatever order it is told; and names follow the spaces."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from kernel.ids import new_id
from services.programming.events import ActivityScheduled
from services.programming.model import ActivityIsWithdrawn
from services.programming.store import activities
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, CANCELLED, CONFIRMED, ENDS_AT, Told, published


def repairs() -> float:
    labels = {"service": "programming", "promise": "booking_has_activity"}
    return REGISTRY.get_sample_value("torg_repairs_total", labels) or 0


def test_a_confirmed_booking_is_an_activity(programme: Any) -> None:
    booking = Told(title="Korpsøving")
    programme.deliver(booking.confirmed())
    [scheduled] = programme.told()
    [listed] = programme.items(square="borgen")
    assert (scheduled.subject, scheduled.sequence) == (listed["id"], 1)
    assert scheduled.data == ActivityScheduled(
        activity=scheduled.data.activity,
        booking=booking.id,
        square="borgen",
        arena="borgen-innbyggertorg",
        space="borgen-storsal",
        begins_at=BEGINS_AT,
        ends_at=ENDS_AT,
        purpose="culture",
        audience="youth",
        title="Korpsøving",
    )


def test_who_booked_is_neither_told_nor_kept(programme: Any) -> None:
    booking = Told(booked_by="secret-pseudonym")
    programme.deliver(booking.confirmed())
    tenant = str(booking.fields["tenant"].id)
    with programme.database.reading() as tx:
        kept = str(tx.execute(select(activities)).one())
    told = programme.told()[0].encode().decode()
    for text in (kept, told, programme.get().text):
        assert "secret-pseudonym" not in text
        assert tenant not in text
        assert "974760673" not in text


def test_twice_is_as_once(programme: Any) -> None:
    confirmed = Told().confirmed()
    programme.deliver(confirmed, confirmed)
    assert programme.history() == ["scheduled"]


def test_a_restatement_of_what_is_known_changes_nothing(programme: Any) -> None:
    booking, before = Told(), repairs()
    programme.deliver(booking.confirmed(), booking.restated("confirmed", CONFIRMED))
    programme.deliver(booking.restated("confirmed", CONFIRMED + 1))
    assert programme.history() == ["scheduled"]
    assert repairs() == before


def test_a_restatement_repairs_what_was_lost_and_is_counted(programme: Any) -> None:
    booking, before = Told(), repairs()
    programme.deliver(booking.restated("confirmed", CONFIRMED))
    assert (programme.history(), repairs()) == (["scheduled"], before + 1)
    programme.deliver(booking.restated("cancelled", CANCELLED))
    assert (programme.history(), repairs()) == (["scheduled", "withdrawn"], before + 2)


def test_a_cancelled_bookings_activity_leaves_the_programme(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.cancelled(), booking.cancelled())
    [scheduled, withdrawn] = programme.told()
    assert (withdrawn.subject, withdrawn.sequence) == (scheduled.subject, 2)
    assert withdrawn.data.booking == booking.id
    assert programme.items() == []
    assert programme.get(f"/activities/{scheduled.subject}").status_code == 404


@pytest.mark.parametrize("state", ["cancelled", "declined", "expired"])
def test_what_is_over_is_no_activity(programme: Any, state: str) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.restated(state, CANCELLED))
    assert programme.history() == ["scheduled", "withdrawn"]


def test_a_held_booking_is_no_activity_yet(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.restated("held", 1))
    assert programme.history() == []
    programme.deliver(booking.confirmed())
    assert programme.history() == ["scheduled"]


ORDERS = list(permutations(["confirmed", "cancelled", "restated confirmed", "restated cancelled"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_in_whatever_order_it_is_told_a_cancelled_booking_ends_outside_the_programme(
    programme: Any, order: tuple[str, ...]
) -> None:
    booking = Told()
    told = {
        "confirmed": booking.confirmed(),
        "cancelled": booking.cancelled(),
        "restated confirmed": booking.restated("confirmed", CONFIRMED),
        "restated cancelled": booking.restated("cancelled", CANCELLED),
    }
    for name in order:
        programme.deliver(told[name], told[name])
    was_confirmed = order[0].endswith("confirmed")
    assert programme.history() == (["scheduled", "withdrawn"] if was_confirmed else [])
    assert programme.items() == []


def test_a_changed_booking_changes_its_activity(programme: Any) -> None:
    booking = Told(title="Korpsøving")
    programme.deliver(booking.confirmed())
    programme.deliver(booking.confirmed(CANCELLED, title=None, ends_at=ENDS_AT + timedelta(hours=1)))
    first, second = programme.told()
    assert (second.subject, second.sequence, second.data.title) == (first.subject, 2, None)
    assert [activity["ends_at"] for activity in programme.items()] == ["2026-12-03T20:00:00Z"]


def test_a_cancelled_booking_is_never_confirmed_again(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.cancelled())
    with pytest.raises(ActivityIsWithdrawn):
        programme.deliver(booking.confirmed(CANCELLED + 1, title="Likevel"))
    assert programme.history() == ["scheduled", "withdrawn"]


def test_deliveries_at_the_same_time_make_one_activity(programme: Any) -> None:
    for _ in range(15):
        booking = Told()
        confirmed, restated = booking.confirmed(), booking.restated("confirmed", CONFIRMED)
        at_once(programme.deliver, [confirmed, confirmed, restated, booking.restated("confirmed", CONFIRMED)])
    assert programme.history() == ["scheduled"] * 15


def test_confirmation_and_cancellation_at_the_same_time_leave_nothing_in_the_programme(programme: Any) -> None:
    for _ in range(15):
        booking = Told()
        at_once(programme.deliver, [booking.confirmed(), booking.cancelled()])
    assert programme.items() == []


def test_the_database_itself_refuses_a_second_activity_for_a_booking(programme: Any) -> None:
    programme.deliver(Told().confirmed())
    with programme.database.reading() as tx:
        first = dict(tx.execute(select(activities)).mappings().one())
    with pytest.raises(IntegrityError), programme.database.transaction() as tx:
        tx.execute(insert(activities), first | {"id": new_id()})


@pytest.mark.parametrize("order", list(permutations(["first names", "second names", "confirmed"])), ids="-".join)
def test_names_are_the_newest_however_late_they_come(programme: Any, order: tuple[str, ...]) -> None:
    told = {
        "first names": published(sequence=1, space_name="Gamlesalen", arena_name="Gamle Borgen"),
        "second names": published(sequence=2),
        "confirmed": Told().confirmed(),
    }
    for name in order:
        programme.deliver(told[name], told[name])
    [activity] = programme.items()
    assert (activity["space_name"], activity["arena_name"]) == ("Storsalen", "Borgen innbyggertorg")


def test_until_a_space_has_a_name_its_id_is_shown(programme: Any) -> None:
    programme.deliver(Told().confirmed())
    [activity] = programme.items()
    assert (activity["space_name"], activity["arena_name"]) == ("borgen-storsal", "borgen-innbyggertorg")


EARLY = BEGINS_AT + timedelta(minutes=40)


def test_an_activity_ends_when_its_booking_does(programme: Any) -> None:
    booking = Told()
    over = booking.completed(CANCELLED, at=EARLY, ended_at=EARLY)
    programme.deliver(booking.confirmed(), over, over)
    assert programme.history() == ["scheduled", "scheduled"]
    [listed] = programme.items(**{"from": BEGINS_AT.isoformat()})
    assert (listed["ends_at"], programme.told()[-1].data.ends_at) == (f"{EARLY:%Y-%m-%dT%H:%M:%SZ}", EARLY)
    assert programme.items(**{"from": EARLY.isoformat()}) == []


def test_a_confirmation_that_comes_after_the_end_lengthens_nothing(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.completed(CANCELLED, at=EARLY, ended_at=EARLY), booking.confirmed())
    programme.deliver(booking.restated("completed", CANCELLED, ended_at=EARLY))
    assert programme.history() == ["scheduled"]
    assert programme.told()[-1].data.ends_at == EARLY


@pytest.mark.parametrize("before", [timedelta(), timedelta(minutes=1)])
def test_what_ended_as_it_began_leaves_the_programme(programme: Any, before: timedelta) -> None:
    booking = Told()
    ended_at = BEGINS_AT - before
    programme.deliver(booking.confirmed(), booking.completed(CANCELLED, at=ended_at, ended_at=ended_at))
    assert (programme.history(), programme.items()) == (["scheduled", "withdrawn"], [])


def test_what_is_over_in_time_changes_nothing(programme: Any) -> None:
    booking = Told()
    programme.deliver(booking.confirmed(), booking.completed(CANCELLED))
    assert programme.history() == ["scheduled"]

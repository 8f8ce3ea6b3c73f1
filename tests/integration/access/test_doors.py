"""Doors that are tried: the lock decides from its own memory and the time, each try is logged and told, and codes can't
be guessed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.ids import new_id
from kernel.problems import NotFound
from services.access import usecases
from services.access.events import DoorOpened, DoorRefused, KeyRevoked
from services.access.locks.simulated import REMEMBERED
from services.access.model import Entry
from services.access.store import entries
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, ENDS_AT, KARI, Told
from tests.callers import STRANGER

MARGIN = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
CODE, WRONG = "111111", "999999"

Try = Callable[[], Entry]


@pytest.fixture
def booking(square: Any) -> Told:
    """Kari's booking, with an armed key."""
    booking = Told()
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, booking.confirmed(), square.codes, lambda: CODE)
    square.settle()
    return booking


def type_code(square: Any, code: str = CODE) -> Entry:
    with square.database.transaction() as tx:
        return usecases.unlock_with_code(tx, square.lock(), code, square.codes)


def present_key(square: Any, person: str = KARI, key: UUID | None = None) -> Entry:
    with square.database.transaction() as tx:
        return usecases.unlock_with_key(tx, key or square.keys_of()[0].id, person)


def log(square: Any) -> list[tuple[str | None, UUID | None]]:
    with square.database.reading() as tx:
        return [(row.refusal, row.booking) for row in tx.execute(select(entries).order_by(entries.c.at, entries.c.id))]


@pytest.mark.parametrize("way", [type_code, present_key])
@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        (BEGINS_AT - MARGIN - TICK, "too_early"),
        (BEGINS_AT - MARGIN, None),
        (BEGINS_AT, None),
        (ENDS_AT + MARGIN - TICK, None),
        (ENDS_AT + MARGIN, "too_late"),
    ],
)
def test_a_key_opens_within_its_time(
    square: Any, booking: Told, way: Callable[[Any], Entry], moment: datetime, refusal: str | None
) -> None:
    square.at(moment)
    entry = way(square)
    assert (entry.refusal, entry.at, entry.booking) == (refusal, moment, booking.id)
    assert log(square) == [(refusal, booking.id)]


@pytest.mark.parametrize("way", [type_code, present_key])
def test_an_opened_door_is_told(square: Any, booking: Told, way: Callable[[Any], Entry]) -> None:
    square.at(BEGINS_AT)
    entry = way(square)
    [told] = square.emitted(DoorOpened)
    assert (told.subject, told.sequence) == (str(entry.id), 1)
    assert told.data == DoorOpened(
        key=square.keys_of()[0].id,
        booking=booking.id,
        lock=square.lock(),
        space="borgen-storsal",
        square="borgen",
        opened_at=BEGINS_AT,
    )


def test_a_refused_door_is_told_without_the_code(square: Any, booking: Told) -> None:
    type_code(square, WRONG)
    [told] = square.emitted(DoorRefused)
    assert (told.data.reason, told.data.key, told.data.booking) == ("unknown_code", None, None)
    assert WRONG.encode() not in told.encode()


def test_a_key_that_is_not_armed_opens_nothing(square: Any) -> None:
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, Told().confirmed(), square.codes, lambda: CODE)
    square.at(BEGINS_AT)
    assert present_key(square).refusal == "not_armed"
    assert type_code(square).refusal == "unknown_code"


@pytest.mark.parametrize("way", [type_code, present_key])
def test_a_revoked_key_opens_nothing(square: Any, booking: Told, way: Callable[[Any], Entry]) -> None:
    square.deliver(booking.cancelled())
    square.settle()
    square.at(BEGINS_AT)
    assert way(square).refusal == "revoked"


def test_a_revoked_key_is_refused_before_its_lock_has_heard_of_it(square: Any, booking: Told) -> None:
    square.deliver(booking.cancelled())
    square.at(BEGINS_AT)
    assert present_key(square).refusal == "revoked"


def test_a_code_opens_its_own_lock_only(square: Any, booking: Told) -> None:
    square.deliver(Told(space="borgen-moterom").confirmed())
    square.at(BEGINS_AT)
    with square.database.transaction() as tx:
        entry = usecases.unlock_with_code(tx, square.lock("borgen-moterom"), CODE, square.codes)
    assert (entry.refusal, entry.door.space) == ("unknown_code", "borgen-moterom")


@pytest.mark.parametrize("person", [str(STRANGER.person), "kari", ""])
def test_anothers_key_is_not_found(square: Any, booking: Told, person: str) -> None:
    with pytest.raises(NotFound):
        present_key(square, person)
    assert log(square) == []


def test_a_key_and_a_lock_that_are_not_there(square: Any, booking: Told) -> None:
    with pytest.raises(NotFound):
        present_key(square, key=new_id())
    with pytest.raises(NotFound), square.database.transaction() as tx:
        usecases.unlock_with_code(tx, new_id(), CODE, square.codes)


@pytest.mark.parametrize(
    ("wrong", "outcome"), [(0, None), (4, None), (5, "too_many_attempts"), (6, "too_many_attempts")]
)
def test_after_five_wrong_codes_even_the_right_one_must_wait(
    square: Any, booking: Told, wrong: int, outcome: str | None
) -> None:
    square.at(BEGINS_AT)
    tried = [type_code(square, WRONG).refusal for _ in range(wrong)]
    assert tried == (["unknown_code"] * 5 + ["too_many_attempts"])[:wrong]
    assert type_code(square).refusal == outcome


@pytest.mark.parametrize(
    ("later", "refusal"),
    [(timedelta(seconds=30) - TICK, "too_many_attempts"), (timedelta(seconds=30), None), (timedelta(seconds=31), None)],
)
def test_the_pause_ends(square: Any, booking: Told, later: timedelta, refusal: str | None) -> None:
    square.at(BEGINS_AT)
    for _ in range(5):
        type_code(square, WRONG)
    square.at(BEGINS_AT + later)
    assert type_code(square).refusal == refusal


def test_a_right_code_forgives_no_wrong_ones(square: Any, booking: Told) -> None:
    square.at(BEGINS_AT)
    for _ in range(4):
        type_code(square, WRONG)
    assert type_code(square).refusal is None
    type_code(square, WRONG)
    assert type_code(square).refusal == "too_many_attempts"


def test_the_pause_is_the_keypads_alone(square: Any, booking: Told) -> None:
    square.at(BEGINS_AT)
    for _ in range(5):
        type_code(square, WRONG)
    assert present_key(square).refusal is None


def test_wrong_codes_at_the_same_time_are_all_counted(square: Any, booking: Told) -> None:
    square.at(BEGINS_AT)
    refusals = [entry.refusal for entry in at_once(lambda code: type_code(square, code), [WRONG] * 8)]
    assert sorted(refusals) == ["too_many_attempts"] * 3 + ["unknown_code"] * 5


def test_a_right_code_too_early_is_no_wrong_code(square: Any, booking: Told) -> None:
    square.at(BEGINS_AT - timedelta(hours=1))
    assert [type_code(square).refusal for _ in range(6)] == ["too_early"] * 6


@pytest.mark.parametrize(
    ("later", "refusal"),
    [(REMEMBERED - TICK, "too_late"), (REMEMBERED, "unknown_code"), (REMEMBERED + TICK, "unknown_code")],
)
def test_the_lock_remembers_an_expired_key_for_a_day(
    square: Any, booking: Told, later: timedelta, refusal: str
) -> None:
    square.at(ENDS_AT + MARGIN + later)
    with square.database.transaction() as tx:
        usecases.reconcile_locks(tx)
    assert type_code(square).refusal == refusal
    assert square.keys_of()[0].code is None


def test_an_old_keys_code_may_be_a_new_ones(square: Any, booking: Told) -> None:
    tomorrow = Told(begins_at=BEGINS_AT + timedelta(days=1), ends_at=ENDS_AT + timedelta(days=1))
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, tomorrow.confirmed(), square.codes, lambda: CODE)
    square.settle()
    for moment, booked, refusal in [
        (BEGINS_AT - timedelta(hours=1), None, "too_early"),
        (BEGINS_AT, booking.id, None),
        (ENDS_AT + MARGIN, tomorrow.id, "too_early"),
        (BEGINS_AT + timedelta(days=1), tomorrow.id, None),
    ]:
        square.at(moment)
        entry = type_code(square)
        assert entry.refusal == refusal
        assert booked in (None, entry.booking)


@pytest.mark.parametrize("way", [type_code, present_key])
def test_unlocking_and_revoking_at_the_same_time(square: Any, way: Callable[[Any], Entry]) -> None:
    """Whichever comes first, the door that opened did so before the key was revoked, and never opens again."""
    square.at(BEGINS_AT)
    for turn in range(15):
        booking = Told(space=f"room-{turn}", booked_by=f"kari-{turn}")
        opened = _race(square, booking, way)
        assert opened in (None, "revoked")


def _race(square: Any, booking: Told, way: Callable[[Any], Entry]) -> str | None:
    with square.database.transaction() as tx:
        usecases.follow_booking(tx, booking.confirmed(), square.codes, lambda: CODE)
    square.settle()
    space, person = booking.fields["space"], booking.fields["booked_by"]
    lock, key = square.lock(space), square.keys_of(person)[0].id

    def unlock() -> Entry:
        with square.database.transaction() as tx:
            if way is present_key:
                return usecases.unlock_with_key(tx, key, person)
            return usecases.unlock_with_code(tx, lock, CODE, square.codes)

    def revoke() -> None:
        square.deliver(booking.cancelled())
        [revoked] = [event for event in square.emitted(KeyRevoked) if event.data.key == key]
        square.deliver(revoked)

    [entry, _] = at_once(lambda work: work(), [unlock, revoke])
    assert unlock().refusal == "revoked"
    return entry.refusal


@pytest.mark.parametrize(
    ("age", "kept"), [(timedelta(days=90) - TICK, 1), (timedelta(days=90), 1), (timedelta(days=90) + TICK, 0)]
)
def test_the_entry_log_is_kept_no_longer_than_it_may_be(square: Any, booking: Told, age: timedelta, kept: int) -> None:
    square.at(BEGINS_AT)
    type_code(square)
    square.at(BEGINS_AT + age)
    with square.database.transaction() as tx:
        usecases.prune_entries(tx, keep=timedelta(days=90))
    assert len(log(square)) == kept


def test_the_entry_log_names_nobody() -> None:
    assert {column.name for column in entries.columns} == {
        "id",
        "at",
        "lock",
        "space",
        "square",
        "refusal",
        "key",
        "booking",
    }

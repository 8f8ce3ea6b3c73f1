"""A key: when it is valid, how it changes, when its code may be shown, and what event tells of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.ids import new_id
from services.access.events import KeyArmed, KeyIssued, KeyRevoked
from services.access.model import ARM_WITHIN, Door, Key, KeyState, Lock, Validity, WrongKeyState

NOW = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DOOR = Door(new_id(), "borgen-storsal", "borgen")
EVENING = Validity(NOW + timedelta(hours=5), NOW + timedelta(hours=7))

Change = Callable[[Key], Key]
CHANGES: dict[str, Change] = {
    "armed": lambda key: key.armed(NOW),
    "revoked": lambda key: key.revoked(NOW),
    "moved": lambda key: key.moved(DOOR, EVENING, b"other", NOW),
    "sent_again": lambda key: key.sent_again(NOW),
}


def key(**different: object) -> Key:
    given = {"id": new_id(), "booking": new_id(), "booked_by": "kari", "door": DOOR, "validity": EVENING}
    return Key(**given | {"code_digest": b"digest", "changed_at": NOW - ARM_WITHIN} | different)


def test_the_margins_are_the_locks() -> None:
    lock = Lock(DOOR, timedelta(minutes=10), timedelta(minutes=20))
    validity = lock.validity(NOW, NOW + timedelta(hours=1))
    assert validity == Validity(NOW - timedelta(minutes=10), NOW + timedelta(hours=1, minutes=20))


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (EVENING.valid_from - TICK, "too_early"),
        (EVENING.valid_from, None),
        (EVENING.valid_until - TICK, None),
        (EVENING.valid_until, "too_late"),
    ],
)
def test_time_shuts_the_door_outside_the_validity(at: datetime, refusal: str | None) -> None:
    assert EVENING.refusal(at) == refusal


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (KeyState.ISSUED, {"armed", "revoked", "moved", "sent_again"}),
        (KeyState.ARMED, {"revoked", "moved", "sent_again"}),
        (KeyState.REVOKED, set()),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_possible_from_some_states_only(state: KeyState, possible: set[str], change: str) -> None:
    before = key(state=state)
    if change in possible:
        assert CHANGES[change](before).changed_at == NOW
    else:
        with pytest.raises(WrongKeyState) as refused:
            CHANGES[change](before)
        assert refused.value.fields == {"state": state.value}


def test_a_changed_key_has_the_next_version() -> None:
    armed = key().armed(NOW)
    assert (armed.state, armed.version) == (KeyState.ARMED, 2)
    revoked = armed.revoked(NOW)
    assert (revoked.state, revoked.version) == (KeyState.REVOKED, 3)


def test_a_moved_key_is_issued_anew_with_another_code() -> None:
    door = Door(new_id(), "tofte-sal", "tofte")
    later = Validity(EVENING.valid_from + timedelta(days=1), EVENING.valid_until + timedelta(days=1))
    moved = key(state=KeyState.ARMED, version=2).moved(door, later, b"other", NOW)
    assert (moved.state, moved.version, moved.door, moved.validity) == (KeyState.ISSUED, 3, door, later)
    assert moved.code_digest == b"other"


def test_an_issued_key_is_sent_again_as_it_is_and_an_armed_one_is_no_longer_live() -> None:
    assert key(version=1).sent_again(NOW).version == 1
    again = key(state=KeyState.ARMED, version=2).sent_again(NOW)
    assert (again.state, again.version) == (KeyState.ISSUED, 3)


def test_a_key_opens_one_door_at_one_time() -> None:
    later = Validity(EVENING.valid_from + TICK, EVENING.valid_until)
    assert key().opens(DOOR, EVENING)
    assert not key().opens(DOOR, later)
    assert not key().opens(Door(new_id(), DOOR.space, DOOR.square), EVENING)


@pytest.mark.parametrize(("since", "settled"), [(ARM_WITHIN - TICK, False), (ARM_WITHIN, True), (2 * ARM_WITHIN, True)])
def test_a_change_needs_time_to_reach_the_lock(since: timedelta, settled: bool) -> None:
    assert key(changed_at=NOW - since).is_settled(NOW) is settled


@pytest.mark.parametrize(
    ("state", "at", "shown"),
    [
        (KeyState.ISSUED, NOW, False),
        (KeyState.REVOKED, NOW, False),
        (KeyState.ARMED, NOW, True),
        (KeyState.ARMED, EVENING.valid_until - TICK, True),
        (KeyState.ARMED, EVENING.valid_until, False),
    ],
)
def test_only_a_live_code_is_shown(state: KeyState, at: datetime, shown: bool) -> None:
    assert key(state=state).shows_code(at) is shown


@pytest.mark.parametrize("kind", [KeyIssued, KeyArmed, KeyRevoked])
def test_its_events_tell_the_whole_of_it_but_the_code(kind: type[KeyIssued]) -> None:
    told = key(id=UUID(int=1), booking=UUID(int=2)).told(kind)
    assert told == kind(
        key=UUID(int=1),
        booking=UUID(int=2),
        lock=DOOR.lock,
        space="borgen-storsal",
        square="borgen",
        valid_from=EVENING.valid_from,
        valid_until=EVENING.valid_until,
    )


def test_a_digest_is_not_in_what_a_log_would_show() -> None:
    assert "digest" not in repr(key())

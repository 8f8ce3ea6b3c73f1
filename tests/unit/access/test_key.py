"""A key: when it is valid, how it changes, when its code may be shown, and what event tells of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies

from kernel.ids import new_id
from services.access.events import KeyArmed, KeyIssued, KeyRevoked
from services.access.model import ARM_WITHIN, Door, Key, KeyState, Lock, Validity, WrongKeyState, choose_code

NOW = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DOOR = Door(new_id(), "borgen-storsal", "borgen")
EVENING = Validity(NOW + timedelta(hours=5), NOW + timedelta(hours=7))

Change = Callable[[Key], Key]
CHANGES: dict[str, Change] = {
    "armed": lambda key: key.armed(NOW),
    "revoked": lambda key: key.revoked(NOW),
    "suspended": lambda key: key.suspended(NOW),
    "moved": lambda key: key.moved(DOOR, EVENING, b"other", NOW),
    "sent_again": lambda key: key.sent_again(NOW),
}


def key(**different: object) -> Key:
    given = {"id": new_id(), "booking": new_id(), "booked_by": "kari", "door": DOOR, "validity": EVENING}
    given |= {"credential": given["booking"], "code_digest": b"digest", "changed_at": NOW - ARM_WITHIN}
    return Key(**given | different)


def test_the_margins_are_the_locks() -> None:
    lock = Lock(DOOR, timedelta(minutes=10), timedelta(minutes=20))
    validity = lock.validity(NOW, NOW + timedelta(hours=1))
    assert validity == Validity(NOW - timedelta(minutes=10), NOW + timedelta(hours=1, minutes=20))


QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MARGINS = Lock(DOOR, QUARTER, QUARTER)


@pytest.mark.parametrize(
    ("ended", "valid_from"),
    [
        (NOW - QUARTER - TICK, NOW - QUARTER),
        (NOW - QUARTER, NOW - QUARTER),
        (NOW - QUARTER + TICK, NOW - QUARTER + TICK),
        (NOW - TICK, NOW - TICK),
        (NOW, NOW),
        (NOW + TICK, NOW),
    ],
)
def test_the_margin_before_begins_when_the_other_has_ended(ended: datetime, valid_from: datetime) -> None:
    other = Validity(NOW - HOUR, ended)
    assert MARGINS.validity(NOW, NOW + HOUR, [other]) == Validity(valid_from, NOW + HOUR + QUARTER)


@pytest.mark.parametrize(
    ("begins", "valid_until"),
    [
        (NOW + QUARTER + TICK, NOW + QUARTER),
        (NOW + QUARTER, NOW + QUARTER),
        (NOW + QUARTER - TICK, NOW + QUARTER - TICK),
        (NOW + TICK, NOW + TICK),
        (NOW, NOW),
        (NOW - TICK, NOW),
    ],
)
def test_the_margin_after_ends_when_the_other_begins(begins: datetime, valid_until: datetime) -> None:
    other = Validity(begins, NOW + HOUR)
    assert MARGINS.validity(NOW - HOUR, NOW, [other]) == Validity(NOW - HOUR - QUARTER, valid_until)


minutes = strategies.integers(-180, 180).map(lambda each: NOW + timedelta(minutes=each))
times = strategies.tuples(minutes, strategies.integers(1, 120)).map(
    lambda each: Validity(each[0], each[0] + timedelta(minutes=each[1]))
)


@given(times, strategies.lists(times, max_size=5), strategies.integers(0, 60), strategies.integers(0, 60))
def test_a_key_opens_all_its_time_and_in_nobody_elses_besides(
    own: Validity, others: list[Validity], before: int, after: int
) -> None:
    lock = Lock(DOOR, timedelta(minutes=before), timedelta(minutes=after))
    widest = lock.validity(own.valid_from, own.valid_until)
    cut = lock.validity(own.valid_from, own.valid_until, others)

    assert widest.valid_from <= cut.valid_from <= own.valid_from
    assert own.valid_until <= cut.valid_until <= widest.valid_until
    for other in others:
        for since, until in ((cut.valid_from, own.valid_from), (own.valid_until, cut.valid_until)):
            assert until <= since or until <= other.valid_from or other.valid_until <= since
    assert cut == lock.validity(own.valid_from, own.valid_until, reversed([*others, *others]))


@given(times, times, strategies.integers(0, 60))
def test_two_bookings_that_exclude_each_other_never_open_in_each_others_time(
    one: Validity, other: Validity, margin: int
) -> None:
    if one.valid_until > other.valid_from and other.valid_until > one.valid_from:
        return
    lock = Lock(DOOR, timedelta(minutes=margin), timedelta(minutes=margin))
    opens = lock.validity(one.valid_from, one.valid_until, [other])
    assert opens.valid_until <= other.valid_from or other.valid_until <= opens.valid_from


def test_the_time_of_a_key_is_its_validity_without_margins() -> None:
    begins_at, ends_at = EVENING.valid_from + QUARTER, EVENING.valid_until - QUARTER
    assert key(begins_at=begins_at, ends_at=ends_at).time == Validity(begins_at, ends_at)
    assert key(begins_at=EVENING.valid_from, ends_at=EVENING.valid_until).time == EVENING


@pytest.mark.parametrize(
    ("begins_at", "ends_at"),
    [
        (None, None),
        (EVENING.valid_from - TICK, EVENING.valid_until + TICK),
        (EVENING.valid_until, EVENING.valid_from),
    ],
)
def test_a_time_an_earlier_release_did_not_keep_up_is_not_believed(
    begins_at: datetime | None, ends_at: datetime | None
) -> None:
    assert key(begins_at=begins_at, ends_at=ends_at).time == EVENING


def test_with_other_margins_it_is_the_same_key_one_version_up() -> None:
    narrower = Validity(EVENING.valid_from + TICK, EVENING.valid_until - TICK)
    for state in (KeyState.ISSUED, KeyState.ARMED):
        moved = key(state=state, version=2, unused_told=True).with_margins(narrower, NOW)
        assert (moved.state, moved.version, moved.validity, moved.unused_told) == (state, 3, narrower, True)
    for state in (KeyState.SUSPENDED, KeyState.REVOKED):
        with pytest.raises(WrongKeyState):
            key(state=state).with_margins(narrower, NOW)


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
        (KeyState.ISSUED, {"armed", "revoked", "suspended", "moved", "sent_again"}),
        (KeyState.ARMED, {"revoked", "suspended", "moved", "sent_again"}),
        (KeyState.SUSPENDED, {"revoked", "moved"}),
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


def test_one_that_the_lock_holds_with_other_margins_stays_armed_and_its_code_shown() -> None:
    again = key(state=KeyState.ARMED, version=2).sent_again(NOW, held=True)
    assert (again.state, again.version, again.changed_at) == (KeyState.ARMED, 3, NOW)
    assert key(state=KeyState.ISSUED, version=1).sent_again(NOW, held=True).state is KeyState.ISSUED


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


BEGINS_AT = EVENING.valid_from + timedelta(minutes=15)
RELEASE_AT = BEGINS_AT + timedelta(minutes=20)


def waiting(**different: Any) -> Key:
    """Armed in good time, for a booking that is released unless a door is opened."""
    return key(**{"state": KeyState.ARMED, "begins_at": BEGINS_AT, "release_at": RELEASE_AT} | different)


@pytest.mark.parametrize(
    ("at", "unused"),
    [
        (RELEASE_AT - TICK, False),
        (RELEASE_AT, True),
        (EVENING.valid_until - TICK, True),
        (EVENING.valid_until, False),
    ],
)
def test_from_the_limit_on_until_its_time_is_over_a_key_is_unused(at: datetime, unused: bool) -> None:
    assert waiting().unused(NOW, at) is unused


@pytest.mark.parametrize("state", [KeyState.ISSUED, KeyState.SUSPENDED, KeyState.REVOKED])
def test_only_who_could_get_in_has_stayed_away(state: KeyState) -> None:
    assert not waiting(state=state).unused(NOW, RELEASE_AT)


@pytest.mark.parametrize(("armed_at", "unused"), [(BEGINS_AT, True), (BEGINS_AT + TICK, False)])
def test_a_key_armed_after_the_beginning_tells_nothing(armed_at: datetime, unused: bool) -> None:
    assert waiting(changed_at=armed_at).unused(NOW, RELEASE_AT) is unused


@pytest.mark.parametrize(
    ("since", "unused"), [(EVENING.valid_from, True), (EVENING.valid_from + TICK, False), (None, False)]
)
def test_a_lock_that_was_away_tells_nothing(since: datetime | None, unused: bool) -> None:
    assert waiting().unused(since, RELEASE_AT) is unused


def test_a_lock_that_was_there_since_it_got_the_key_can_tell() -> None:
    late = EVENING.valid_from + timedelta(minutes=5)
    assert waiting(changed_at=late).unused(late, RELEASE_AT)
    assert not waiting(changed_at=late).unused(late + TICK, RELEASE_AT)


def test_a_key_without_a_limit_is_never_unused() -> None:
    assert not waiting(release_at=None).unused(NOW, RELEASE_AT)


def test_that_it_is_unused_is_told_of_each_time_it_is_moved() -> None:
    told = waiting().told_unused()
    assert (told.unused_told, told.version, told.state, told.changed_at) == (True, 2, KeyState.ARMED, NOW - ARM_WITHIN)
    assert not told.moved(DOOR, EVENING, b"other", NOW).unused_told


def test_a_code_that_is_known_is_kept_where_it_can_be() -> None:
    assert choose_code(lambda: "222222", lambda _: False, known="111111") == "111111"
    assert choose_code(lambda: "222222", {"111111"}.__contains__, known="111111") == "222222"


def test_after_a_restore_a_revoked_key_can_be_issued_again() -> None:
    waits = key().revoked(NOW).revived(b"another", NOW)
    assert (waits.state, waits.code_digest, waits.version) == (KeyState.SUSPENDED, b"another", 3)
    assert waits.moved(DOOR, EVENING, b"another", NOW).state is KeyState.ISSUED
    for other in (key(), key().armed(NOW), key().suspended(NOW)):
        with pytest.raises(WrongKeyState):
            other.revived(b"another", NOW)


def test_a_key_that_is_told_again_is_the_same_one_version_up() -> None:
    armed = key().armed(NOW)
    assert armed.told_again() == replace(armed, version=armed.version + 1)

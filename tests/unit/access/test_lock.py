"""What a lock decides from its memory and the time, how it pauses after wrong codes, and how drift is found."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from uuid import UUID

import pytest

from kernel.ids import new_id
from services.access.events import DoorOpened, DoorRefused
from services.access.locks.wrong_codes import LONGEST_PAUSE, WRONG_CODES_FORGOTTEN_AFTER, WrongCodes
from services.access.model import (
    ARM_WITHIN,
    CODES_TRIED,
    Decision,
    Door,
    Drift,
    Entry,
    Held,
    Key,
    KeyState,
    Limit,
    News,
    NoFreeCode,
    Validity,
    choose_code,
    decide,
    drift,
)

NOW = datetime(2026, 12, 3, 18, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
OPEN = Held(UUID(int=1), Validity(NOW, NOW + HOUR), revoked=False)
LATER = Held(UUID(int=2), Validity(NOW + TICK, NOW + HOUR), revoked=False)
OVER = Held(UUID(int=3), Validity(NOW - HOUR, NOW), revoked=False)
STRUCK_OUT = Held(UUID(int=4), Validity(NOW, NOW + HOUR), revoked=True)


@pytest.mark.parametrize(
    ("presented", "decision"),
    [
        ([], Decision("unknown_code")),
        ([OPEN], Decision(None, OPEN.key)),
        ([LATER], Decision("too_early", LATER.key)),
        ([OVER], Decision("too_late", OVER.key)),
        ([STRUCK_OUT], Decision("revoked", STRUCK_OUT.key)),
        ([STRUCK_OUT, LATER], Decision("too_early", LATER.key)),
        ([OVER, STRUCK_OUT], Decision("revoked", STRUCK_OUT.key)),
    ],
)
def test_the_lock_decides(presented: list[Held], decision: Decision) -> None:
    for order in permutations(presented):
        assert decide(order, NOW, otherwise="unknown_code") == decision


def test_a_key_that_opens_goes_before_all_others_with_its_code() -> None:
    for order in permutations([OVER, STRUCK_OUT, LATER, OPEN]):
        assert decide(order, NOW, otherwise="unknown_code") == Decision(None, OPEN.key)


QUARTER = timedelta(minutes=15)
WITH_MARGINS = Held(
    UUID(int=5), Validity(NOW - QUARTER, NOW + HOUR + QUARTER), revoked=False, time=Validity(NOW, NOW + HOUR)
)


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (NOW - QUARTER - TICK, "too_early"),
        (NOW - QUARTER, "no_margin"),
        (NOW - TICK, "no_margin"),
        (NOW, None),
        (NOW + HOUR - TICK, None),
        (NOW + HOUR, "no_margin"),
        (NOW + HOUR + QUARTER - TICK, "no_margin"),
        (NOW + HOUR + QUARTER, "too_late"),
    ],
)
def test_without_margins_a_key_opens_in_the_time_of_its_booking(at: datetime, refusal: str | None) -> None:
    assert WITH_MARGINS.refusal(at, "no_margin") == refusal


def test_a_key_whose_time_the_lock_was_never_told_opens_as_long_as_it_is_valid() -> None:
    assert OPEN.refusal(NOW, "no_margin") is None


@pytest.mark.parametrize("limit", ["no_news", "shut"])
@pytest.mark.parametrize(
    ("held", "refusal"), [(WITH_MARGINS, None), (LATER, "too_early"), (OVER, "too_late"), (STRUCK_OUT, "revoked")]
)
def test_a_door_that_opens_nothing_tells_a_valid_key_why(limit: Limit, held: Held, refusal: str | None) -> None:
    assert held.refusal(NOW, limit) == (refusal or limit)


@pytest.mark.parametrize("limit", ["no_margin", "no_news", "shut"])
def test_a_limit_lets_no_key_in_that_would_not_get_in_without(limit: Limit) -> None:
    for held in (OPEN, LATER, OVER, STRUCK_OUT, WITH_MARGINS):
        for minute in range(-30, 100):
            at = NOW + minute * timedelta(minutes=1)
            assert held.refusal(at, limit) is not None or held.refusal(at) is None


@pytest.mark.parametrize(
    ("known_at", "stale"),
    [(None, False), (NOW - HOUR - TICK, True), (NOW - HOUR, False), (NOW - HOUR + TICK, False), (NOW + TICK, False)],
)
def test_news_is_stale_once_it_is_older_than_the_bound(known_at: datetime | None, stale: bool) -> None:
    assert News(known_at).stale(NOW, HOUR) is stale


def typed_wrong(times: int) -> WrongCodes:
    """That many wrong codes, the last of them just now and each as soon as the lock took another."""
    wrong = WrongCodes()
    for _ in range(times):
        wrong = wrong.another(NOW)
    return wrong


@pytest.mark.parametrize(
    ("times", "pause"),
    [
        (5, timedelta(seconds=30)),
        (6, timedelta(seconds=60)),
        (7, timedelta(seconds=120)),
        (9, timedelta(seconds=480)),
        (10, LONGEST_PAUSE),
        (11, LONGEST_PAUSE),
        (500, LONGEST_PAUSE),
    ],
)
def test_from_the_fifth_wrong_code_on_the_lock_pauses_ever_longer(times: int, pause: timedelta) -> None:
    wrong = typed_wrong(times)
    assert wrong.paused(NOW)
    assert wrong.paused(NOW + pause - TICK)
    assert not wrong.paused(NOW + pause)


@pytest.mark.parametrize("times", [0, 1, 4])
def test_four_wrong_codes_cost_nothing(times: int) -> None:
    assert not typed_wrong(times).paused(NOW)


@pytest.mark.parametrize(
    ("later", "count"),
    [
        (WRONG_CODES_FORGOTTEN_AFTER - TICK, 6),
        (WRONG_CODES_FORGOTTEN_AFTER, 1),
        (WRONG_CODES_FORGOTTEN_AFTER + TICK, 1),
    ],
)
def test_wrong_codes_are_forgotten_after_an_hour_without_one(later: timedelta, count: int) -> None:
    assert typed_wrong(5).another(NOW + later) == WrongCodes(count, NOW + later)


def test_a_week_of_guesses_tries_less_than_a_thousandth_of_the_codes() -> None:
    guesses, at, wrong = 0, NOW, WrongCodes()
    while at < NOW + timedelta(days=7):
        if not wrong.paused(at):
            wrong, guesses = wrong.another(at), guesses + 1
        at += timedelta(seconds=10)
    assert 600 < guesses < 1000


@pytest.mark.parametrize("taken_draws", [0, 1, CODES_TRIED - 1])
def test_a_code_somebody_has_is_drawn_again(taken_draws: int) -> None:
    drawn = iter(["111111"] * taken_draws + ["222222"])
    assert choose_code(lambda: next(drawn), {"111111"}.__contains__) == "222222"


@pytest.mark.parametrize("taken_draws", [CODES_TRIED, CODES_TRIED + 1])
def test_drawing_ends(taken_draws: int) -> None:
    drawn = iter(["111111"] * taken_draws + ["222222"])
    with pytest.raises(NoFreeCode):
        choose_code(lambda: next(drawn), {"111111"}.__contains__)


LOCK = new_id()
ELSEWHERE = new_id()


def key(**different: object) -> Key:
    given: dict[str, object] = {
        "id": new_id(),
        "booking": new_id(),
        "credential": new_id(),
        "booked_by": "kari",
        "door": Door(LOCK, "borgen-storsal", "borgen"),
        "validity": Validity(NOW, NOW + HOUR),
        "code_digest": b"",
        "changed_at": NOW - ARM_WITHIN,
    }
    return Key(**given | different)


@pytest.mark.parametrize(
    ("state", "since", "is_held", "until", "sent"),
    [
        (KeyState.ISSUED, ARM_WITHIN, False, HOUR, True),
        (KeyState.ISSUED, ARM_WITHIN + TICK, False, HOUR, True),
        (KeyState.ISSUED, ARM_WITHIN - TICK, False, HOUR, False),
        (KeyState.ISSUED, ARM_WITHIN, False, TICK, True),
        (KeyState.ISSUED, ARM_WITHIN, False, timedelta(0), False),
        (KeyState.ARMED, ARM_WITHIN, True, HOUR, False),
        (KeyState.ARMED, ARM_WITHIN, False, HOUR, True),
        (KeyState.ARMED, ARM_WITHIN - TICK, False, HOUR, False),
        (KeyState.REVOKED, ARM_WITHIN, False, HOUR, False),
    ],
)
def test_keys_the_lock_should_hold_are_sent_again(
    state: KeyState, since: timedelta, is_held: bool, until: timedelta, sent: bool
) -> None:
    one = key(state=state, changed_at=NOW - since, validity=Validity(NOW - HOUR, NOW + until))
    found = drift(LOCK, [one], {one.id: one.validity} if is_held else {}, NOW)
    assert found == Drift([one] if sent else [], [])


@pytest.mark.parametrize(("since", "sent"), [(ARM_WITHIN - TICK, False), (ARM_WITHIN, True)])
def test_a_key_the_lock_holds_for_another_time_is_sent_again(since: timedelta, sent: bool) -> None:
    one = key(state=KeyState.ARMED, changed_at=NOW - since)
    found = drift(LOCK, [one], {one.id: Validity(NOW, NOW + HOUR + TICK)}, NOW)
    assert found == Drift([one] if sent else [], [])


@pytest.mark.parametrize(
    ("different", "stranger"),
    [
        ({"state": KeyState.REVOKED}, True),
        ({"state": KeyState.REVOKED, "changed_at": NOW - ARM_WITHIN + TICK}, False),
        ({"state": KeyState.ARMED, "door": Door(ELSEWHERE, "tofte-sal", "tofte")}, True),
        ({"state": KeyState.ARMED}, False),
    ],
)
def test_what_no_live_key_stands_behind_is_forgotten(different: dict[str, object], stranger: bool) -> None:
    one = key(**different)
    assert drift(LOCK, [one], {one.id: one.validity}, NOW) == Drift([], [one.id] if stranger else [])


def test_an_entry_of_a_key_nobody_knows_is_forgotten() -> None:
    unknown = new_id()
    assert drift(LOCK, [], {unknown: OPEN.validity}, NOW) == Drift([], [unknown])


def entry(**different: object) -> Entry:
    given: dict[str, object] = {"id": new_id(), "at": NOW, "door": Door(LOCK, "borgen-storsal", "borgen")}
    return Entry(**given | {"refusal": None, "key": UUID(int=1), "booking": UUID(int=2)} | different)


def test_an_opened_door_is_told() -> None:
    opened = entry()
    assert opened.outcome == "opened"
    assert opened.told() == DoorOpened(
        key=UUID(int=1), booking=UUID(int=2), lock=LOCK, space="borgen-storsal", square="borgen", opened_at=NOW
    )


def test_a_refused_door_is_told_with_its_reason() -> None:
    refused = entry(refusal="unknown_code", key=None, booking=None)
    assert refused.outcome == "refused"
    assert refused.told() == DoorRefused(
        lock=LOCK, space="borgen-storsal", square="borgen", reason="unknown_code", refused_at=NOW
    )


def test_no_door_opens_for_a_key_nobody_knows() -> None:
    with pytest.raises(ValueError, match="no key that is known"):
        entry(booking=None).told()


def test_pauses_never_get_shorter() -> None:
    ends = [typed_wrong(times)._pause() for times in range(20)]
    assert all(shorter <= longer for shorter, longer in pairwise(ends))

"""Turns for what is dearest: one at a time, one for each caller, and no long line."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest

from kernel.http.turns import LONGEST_REST_SECONDS, MOST_WAITING, Turns
from kernel.problems import TooManyRequests
from tests.waiting import eventually


def test_a_caller_has_one_turn_at_a_time() -> None:
    turns = Turns()
    with turns.turn("kari"), pytest.raises(TooManyRequests), turns.turn("kari"):
        pass
    with turns.turn("kari"):
        pass


def test_a_turn_is_given_back_when_its_work_fails() -> None:
    turns = Turns(patience_seconds=0.01)
    with pytest.raises(ValueError, match="broken"), turns.turn("kari"):
        raise ValueError("broken")
    with turns.turn("ola"):
        pass


def test_whoever_waits_too_long_is_refused_and_may_come_again() -> None:
    turns = Turns(patience_seconds=0.01)
    with turns.turn("kari"), pytest.raises(TooManyRequests), turns.turn("ola"):
        pass
    with turns.turn("ola"):
        pass


def test_others_wait_their_turn_up_to_so_many() -> None:
    turns, over, done = Turns(patience_seconds=60), Event(), []

    def ask(caller: str) -> None:
        with turns.turn(caller):
            over.wait(60)
            done.append(caller)

    with ThreadPoolExecutor(1 + MOST_WAITING) as pool:
        asked = [pool.submit(ask, f"caller {number}") for number in range(1 + MOST_WAITING)]
        eventually(lambda: len(turns._callers) == 1 + MOST_WAITING)
        with pytest.raises(TooManyRequests), turns.turn("one too many"):
            pass
        over.set()
        for each in asked:
            each.result()
    assert len(done) == 1 + MOST_WAITING
    with turns.turn("one too many"):
        pass


class Clock:
    """A time that passes when it is told to, or slept through."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


def rested(clock: Clock) -> Turns:
    return Turns(rest=3, patience_seconds=2, monotonic=clock, sleep=clock.pass_by)


def test_a_turn_is_followed_by_a_rest_of_so_many_times_as_long() -> None:
    clock = Clock()
    turns = rested(clock)
    for caller in ("kari", "ola"):
        with turns.turn(caller):
            clock.pass_by(0.25)
    assert clock.now == 0.25 + 0.75 + 0.25
    clock.pass_by(0.75)
    with turns.turn("kari"):
        assert clock.now == 2.0


@pytest.mark.parametrize(("took", "refused"), [(0.6, False), (2 / 3, False), (0.7, True)])
def test_nobody_waits_longer_for_a_rest_than_for_a_turn(took: float, refused: bool) -> None:
    clock = Clock()
    turns = rested(clock)
    with turns.turn("kari"):
        clock.pass_by(took)
    if not refused:
        with turns.turn("ola"):
            assert clock.now == pytest.approx(4 * took)
        return
    with pytest.raises(TooManyRequests) as refusal, turns.turn("ola"):
        pass
    assert refusal.value.retry_after == 3
    clock.pass_by(3)
    with turns.turn("ola"):
        pass


def test_a_rest_is_had_after_work_that_failed_and_has_an_end() -> None:
    clock = Clock()
    turns = rested(clock)
    with suppress(ValueError), turns.turn("kari"):
        clock.pass_by(60)
        raise ValueError
    clock.pass_by(LONGEST_REST_SECONDS - 2.1)
    with pytest.raises(TooManyRequests), turns.turn("kari"):
        pass
    clock.pass_by(0.1)
    with turns.turn("kari"):
        assert clock.now == 60 + LONGEST_REST_SECONDS

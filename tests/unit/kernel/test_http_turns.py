"""Turns for what is dearest: one at a time, one for each caller, and no long line."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from kernel.http.turns import MOST_WAITING, Turns
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

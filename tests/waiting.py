"""How tests wait: they look again until a deadline, and never just sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds to wait for an answer: long enough for a machine that others use, as only failures take them."""


def eventually(look: Callable[[], T], *, wanted: Callable[[T], object] = bool, seconds: float = PATIENCE) -> T:
    """What `look` finds, as soon as it is wanted (true, unless told otherwise). AssertionError with the last find if it
    never is within the time."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        answer = wanted(found)
        if answer and answer is not NotImplemented:  # what `"armed".__eq__` answers of None, and is true
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still {found!r}")
        time.sleep(0.02)

"""Turns for what is dearest to answer: one at a time in a process, and for each caller. Whoever comes to a long line is
refused, so that those who wait hold few of the threads that everybody shares.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kernel.problems import TooManyRequests

MOST_WAITING = 1
PATIENCE_SECONDS = 2.0
LONGEST_REST_SECONDS = 10.0


class Turns:
    """Who has a turn or waits for one. After each turn there is a rest of `rest` times as long as it took: it leaves
    the machine to others for that part of the time, and for longer when they slow it down."""

    def __init__(
        self,
        *,
        rest: float = 0.0,
        patience_seconds: float = PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rest = rest
        self._patience = patience_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._callers: set[str] = set()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._rested = monotonic()
        """When the rest after the last turn is over. Whoever has the turn may change it."""

    @contextmanager
    def turn(self, caller: str) -> Iterator[None]:
        """Has the caller's turn, after a wait. Raises TooManyRequests when they have or wait for one already, when too
        many others wait, or when it took too long."""
        deadline = self._monotonic() + self._patience
        self._join(caller)
        try:
            if not self._turn.acquire(timeout=self._patience):
                raise TooManyRequests
            try:
                self._wait_for_rest(deadline)
                with self._timed():
                    yield
            finally:
                self._turn.release()
        finally:
            self._leave(caller)

    def _wait_for_rest(self, deadline: float) -> None:
        wait = self._rested - self._monotonic()
        if self._rested > deadline:
            raise TooManyRequests(int(wait) + 1)
        if wait > 0:
            self._sleep(wait)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = self._monotonic()
        try:
            yield
        finally:
            now = self._monotonic()
            self._rested = now + min((now - begun) * self._rest, LONGEST_REST_SECONDS)

    def _join(self, caller: str) -> None:
        with self._lock:
            if caller in self._callers or len(self._callers) > MOST_WAITING:
                raise TooManyRequests
            self._callers.add(caller)

    def _leave(self, caller: str) -> None:
        with self._lock:
            self._callers.discard(caller)

"""Turns for what is dearest to answer: one at a time in a process, and for each caller. Whoever comes to a long line is
refused, so that those who wait hold few of the threads that everybody shares.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.problems import TooManyRequests

MOST_WAITING = 2
PATIENCE_SECONDS = 2.0


class Turns:
    """Who has a turn or waits for one."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._callers: set[str] = set()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, caller: str) -> Iterator[None]:
        """Has the caller's turn, after a wait. Raises TooManyRequests when they have or wait for one already, when too
        many others wait, or when it took too long."""
        self._join(caller)
        try:
            if not self._turn.acquire(timeout=self._patience):
                raise TooManyRequests
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._leave(caller)

    def _join(self, caller: str) -> None:
        with self._lock:
            if caller in self._callers or len(self._callers) > MOST_WAITING:
                raise TooManyRequests
            self._callers.add(caller)

    def _leave(self, caller: str) -> None:
        with self._lock:
            self._callers.discard(caller)

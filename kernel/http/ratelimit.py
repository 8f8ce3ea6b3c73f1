"""How often one caller may ask: a steady rate with room for bursts, counted in this process.

The generic cell rate algorithm: one number per caller, the time at which the caller's allowance will be whole again.
The `limits` library was measured first: its in-memory store starts a timer thread for nearly every request and walks
all callers in it, at 0.1 to 0.7 ms a request, which is more than all else in this layer.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60
_MOST_CALLERS = 50_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a caller: `remaining` requests now, all after `reset` seconds; `wait` is 0 when let in."""

    remaining: int
    reset: float
    wait: float


class RateLimit:
    """`per_minute` requests for each caller, all at once or spread out."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._interval = WINDOW_SECONDS / per_minute
        self._monotonic = monotonic
        self._whole_again: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, caller: str, cost: int = 1) -> Allowance:
        """Takes a request from the caller's allowance, or what costs as much as several, if so much is left."""
        now = self._monotonic()
        with self._lock:
            before = max(self._whole_again.get(caller, now), now)
            whole = before + cost * self._interval
            wait = whole - now - WINDOW_SECONDS
            if wait > 1e-9:
                return self._left(before - now, wait)
            self._whole_again[caller] = whole
            if len(self._whole_again) > _MOST_CALLERS:
                self._forget(now)
        return self._left(whole - now, 0.0)

    def _left(self, reset: float, wait: float) -> Allowance:
        return Allowance(int((WINDOW_SECONDS - reset) / self._interval + 1e-9), reset, wait)

    def _forget(self, now: float) -> None:
        """Drops those whose allowance is whole; if that isn't enough, those who asked least: they gain little."""
        kept = sorted((at, caller) for caller, at in self._whole_again.items() if at > now)
        self._whole_again = {caller: at for at, caller in kept[-_MOST_CALLERS // 2 :]}

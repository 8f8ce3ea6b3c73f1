"""When a lock pauses after wrong codes, so that codes can't be guessed. Pure; the locks call it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WRONG_CODES_BEFORE_PAUSE = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
WRONG_CODES_FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WrongCodes:
    """Wrong codes a lock was given lately. From the fifth on it pauses, twice as long each time, so that codes can't be
    guessed. A right code forgives none of them: who has a key of their own could else guess on for ever."""

    count: int = 0
    last_at: datetime | None = None

    def paused(self, now: datetime) -> bool:
        """Whether the lock takes no code now, right or wrong."""
        return self.last_at is not None and now - self.last_at < self._pause()

    def another(self, now: datetime) -> "WrongCodes":
        """One more wrong code."""
        forgotten = self.last_at is None or now - self.last_at >= WRONG_CODES_FORGOTTEN_AFTER
        return WrongCodes(1 if forgotten else self.count + 1, now)

    def _pause(self) -> timedelta:
        beyond = self.count - WRONG_CODES_BEFORE_PAUSE
        if beyond < 0:
            return timedelta(0)
        # from 2 ** 5 on the longest pause is reached, however often somebody goes on
        return min(FIRST_PAUSE * (1 << min(beyond, 5)), LONGEST_PAUSE)

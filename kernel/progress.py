"""Which parts of a worker get on. A part that hangs says nothing, so it is others who must tell: `/readyz`, a metric
and its alert, and the log."""

import time
from collections.abc import Callable

from kernel import telemetry

_parts: dict[tuple[str, str], "Progress"] = {}


class Progress:
    """What a part of a worker says of itself: that it got on, that it has something to do, that it has nothing."""

    def __init__(self, service: str, part: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.part = part
        self._monotonic = monotonic
        self._since: float | None = None
        telemetry.STANDS_STILL.labels(service, part).set_function(self.seconds)
        _parts[service, part] = self

    def got_on(self) -> None:
        """It is under way, and has just done a part of its work."""
        self._since = self._monotonic()

    def begins(self) -> None:
        """It has something to do, unless it had already."""
        self._since = self._since or self._monotonic()

    def rests(self) -> None:
        """It has nothing to do."""
        self._since = None

    def seconds(self) -> float:
        """How long it has not got on, though it had something to do."""
        return self._monotonic() - self._since if self._since is not None else 0.0


def standing_still(seconds: float) -> list[Progress]:
    """The parts of this process that have not got on for longer than this."""
    return [each for each in _parts.values() if each.seconds() > seconds]

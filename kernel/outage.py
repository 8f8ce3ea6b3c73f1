"""Work that can't be done because the database or the broker is away. A log that says so at every try hides all else in
it: here it is said at once, then once a minute, and once more when the work goes on. The relay, the consumer and
timers use it.

A broker that refuses is another matter than one that is away: it will until somebody mends its rights or the password.
"""

import time
from collections.abc import Callable
from typing import Any

from amqp.exceptions import AccessRefused, NotAllowed
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import lost_because

REPEAT_SECONDS = 60.0

_refused: set[tuple[str, str]] = set()


def refused() -> list[str]:
    """The works of this process that the broker refuses, each as "booking relay"."""
    return [" ".join(each) for each in sorted(_refused)]


class Outage:
    """Says of one kind of work, in the log it is given, that it is interrupted (`…_interrupted`, with the error, why,
    and how often it was tried; `access_refused`, if the broker refuses) and that it goes on (`…_resumed`)."""

    def __init__(self, log: Any, work: str, *, clock: Callable[[], float] = time.monotonic, **labels: str) -> None:
        self._log = log.bind(**labels)
        self._work = work
        self._whose = (labels.get("service", ""), work)
        self._clock = clock
        self._tries = 0
        self._said: dict[str, str] = {}
        self._say_again_at = 0.0

    def met(self, error: Exception) -> None:
        """A try failed."""
        self._tries += 1
        said = {"error": type(error).__name__}
        # what a statement was refused for may hold what people wrote
        if why := lost_because(error) if isinstance(error, SQLAlchemyError) else str(error):
            said["reason"] = why
        access = isinstance(error, AccessRefused | NotAllowed)
        _refused.add(self._whose) if access else _refused.discard(self._whose)
        if said == self._said and self._clock() < self._say_again_at:
            return
        self._said, self._say_again_at = said, self._clock() + REPEAT_SECONDS
        if access:
            self._log.error("access_refused", work=self._work, tries=self._tries, **said)
        else:
            self._log.warning(f"{self._work}_interrupted", tries=self._tries, **said)

    def over(self) -> None:
        """A try succeeded."""
        if self._tries:
            self._log.info(f"{self._work}_resumed", tries=self._tries)
            self._tries, self._said = 0, {}
            _refused.discard(self._whose)

"""Takes deliveries for one service: each takes effect once, or is recorded as failed, tried again later a bounded
number of times, and kept as a dead letter. Knows neither nameko nor the broker; `kernel.consumer` calls it."""

from collections.abc import Callable
from datetime import datetime
from traceback import walk_tb

import structlog
from sqlalchemy import exc

from kernel import erasing, failures, telemetry, unknown
from kernel.contracts import Undecodable
from kernel.db import Database, DatabaseUnavailable, Transaction, went_away
from kernel.failures import Failure, Retrying
from kernel.trace import ids_in

log = structlog.get_logger(__name__)

Take = Callable[[Transaction, bytes], None]
"""Decodes a body and handles it within the transaction."""


class NotTaken(Undecodable):
    """No handler takes such an event any more."""


class Deliveries:
    """The deliveries of one service in one process."""

    def __init__(self, database: Database, retrying: Retrying) -> None:
        self._database = database
        self._retrying = retrying
        self._service = database.service

    def deliver(self, entrypoint: str, body: bytes, take: Take) -> None:
        """A delivery from the broker. When this returns it may be acknowledged: it took effect, or its failure is
        recorded. Raises DatabaseUnavailable, and nothing else, when it could do neither."""
        try:
            with telemetry.measured(self._service, entrypoint), self._database.transaction() as tx:
                take(tx, body)
        except Undecodable as error:
            self._record(entrypoint, body, error, due=False)
        except exc.SQLAlchemyError as error:
            if went_away(error):
                raise DatabaseUnavailable from error
            self._record(entrypoint, body, error, due=True)
        except Exception as error:  # noqa: BLE001 (a handler may fail in any way; each is recorded)
            self._record(entrypoint, body, error, due=True)

    def bury(self, entrypoint: str, body: bytes, error: str) -> None:
        """Keeps a delivery that no handler may have as a dead letter."""
        with self._database.transaction() as tx:
            _keep(tx, entrypoint, body, error, None)
        self._tell(entrypoint, body, error, dead=True)

    def retry_next(self, takes: dict[str, Take]) -> bool:
        """Tries the failed delivery that is due; its effect and its removal are one transaction. False when none is
        due."""
        with self._database.transaction() as tx:
            failure = failures.next_due(tx)
            if failure is None:
                return False
            telemetry.RETRIES.labels(self._service, failure.entrypoint).inc()
            try:
                with tx.savepoint(), telemetry.measured(self._service, failure.entrypoint):
                    takes.get(failure.entrypoint, _not_taken)(tx, failure.body)
            except Exception as error:
                if isinstance(error, exc.SQLAlchemyError) and went_away(error):
                    raise
                self._failed_again(tx, failure, error)
            else:
                failures.settle(tx, failure.id)
            return True

    def observe(self) -> None:
        """Tells operators how much has failed, and how much was lost in a restore."""
        with self._database.reading() as tx:
            retrying, dead = failures.depths(tx)
            lost = unknown.waiting(tx)
        telemetry.UNKNOWN_WAITING.labels(self._service).set(lost)
        telemetry.RETRYING_DEPTH.labels(self._service).set(retrying)
        telemetry.DEAD_LETTER_DEPTH.labels(self._service).set(dead)

    def _record(self, entrypoint: str, body: bytes, error: Exception, *, due: bool) -> None:
        name = _name(error)
        try:
            with self._database.transaction() as tx:
                due_at = self._retrying.due_after(1, tx.now) if due else None
                _keep(tx, entrypoint, body, name, due_at)
        except exc.SQLAlchemyError as gone:
            raise DatabaseUnavailable from gone
        self._tell(entrypoint, body, name, dead=due_at is None)

    def _failed_again(self, tx: Transaction, failure: Failure, error: Exception) -> None:
        undecodable = isinstance(error, Undecodable)
        due_at = None if undecodable else self._retrying.due_after(failure.attempts + 1, tx.now)
        failures.failed_again(tx, failure, _name(error), due_at=due_at)
        self._tell(failure.entrypoint, failure.body, _name(error), dead=due_at is None)

    def _tell(self, entrypoint: str, body: bytes, error: str, *, dead: bool) -> None:
        if dead:
            telemetry.DEAD_LETTERS.labels(self._service, entrypoint).inc()
        happened = "event_became_dead_letter" if dead else "event_failed_will_retry"
        log.error(happened, service=self._service, entrypoint=entrypoint, error=error, **ids_in(body))


def _keep(tx: Transaction, entrypoint: str, body: bytes, error: str, due_at: datetime | None) -> None:
    """Records a failure; nothing of somebody who was erased since."""
    if (allowed := erasing.without_erased(tx, body)) is not None:
        failures.record(tx, entrypoint, allowed, error, due_at=due_at)


def _not_taken(_: Transaction, __: bytes) -> None:
    raise NotTaken


def _where(error: Exception) -> str:
    """The innermost place of an error in a service's code, else in any; without its text, which may hold personal
    data."""
    frames = [(frame.f_globals.get("__name__", ""), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [place for place in frames if place[0].startswith("services.")]
    return "{}:{}".format(*(ours or frames)[-1]) if frames else "unknown"


def _name(error: Exception) -> str:
    return f"{type(error).__name__} at {_where(error)}"

"""A service's own database, and the one way to change it: a transaction that carries its events with it.

The door (an HTTP route, an event handler, a timer) opens the transaction; the use case gets it, and touches nothing
else.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, MetaData, create_engine, event, exc, make_url
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from kernel import telemetry
from kernel.clock import Clock, SystemClock
from kernel.contracts import Event
from kernel.statements import compiled_once

kernel_metadata = MetaData()
"""The tables every service has: outbox, inbox, failed deliveries, idempotency keys."""

_IDLE_BEFORE_PING = 1.0


class DatabaseUnavailable(Exception):
    """The database did not answer, or went away; nothing was decided."""


class Transaction:
    """One database transaction. `now` is the same all through it; events emitted in it are committed with it."""

    __slots__ = ("_emitted", "connection", "now", "service")

    def __init__(self, connection: Connection, service: str, now: datetime) -> None:
        self.connection = connection
        self.service = service
        self.now = now
        self._emitted: list[tuple[Event, str, int]] = []

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Runs a SQLAlchemy Core statement."""
        if isinstance(statement, Insert) and isinstance(parameters, Mapping):
            statement = compiled_once(statement, frozenset(parameters))
        return self.connection.execute(statement, parameters)

    def emit(self, happened: Event, *, subject: str, sequence: int) -> None:
        """Appends an event to the outbox, to be committed with everything else. `sequence` is the aggregate's
        version."""
        self._emitted.append((happened, subject, sequence))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that can fail on its own: what it wrote and emitted is undone when it raises."""
        emitted = len(self._emitted)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._emitted[emitted:]
            raise

    @property
    def emitted(self) -> Sequence[tuple[Event, str, int]]:
        """What was emitted so far: (event, subject, sequence)."""
        return tuple(self._emitted)


class Database:
    """The engine of one service in one process. `url` is a postgresql:// URL; the driver is always psycopg2."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        pool_size: int = 10,
        statement_timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self.service = service
        self.clock = clock or SystemClock()
        self.wake: Callable[[], None] = lambda: None
        """Called after a commit that emitted events; the relay of this process sets it."""
        self.engine = _engine(url, service, pool_size, statement_timeout)
        telemetry.POOL_IN_USE.labels(service).set_function(self.engine.pool.checkedout)  # type: ignore[attr-defined]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A read-write transaction: committed when the block ends, rolled back when it raises."""
        from kernel import outbox  # the outbox's table needs this module

        with self.engine.connect() as connection, connection.begin():
            tx = Transaction(connection, self.service, self.clock.now())
            yield tx
            outbox.append(tx)
        if tx.emitted:
            self.wake()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that can't write: PostgreSQL refuses it."""
        with self.engine.connect().execution_options(postgresql_readonly=True) as connection, connection.begin():
            yield Transaction(connection, self.service, self.clock.now())

    def close(self) -> None:
        """Closes the pool's connections."""
        self.engine.dispose()


def went_away(error: exc.SQLAlchemyError) -> bool:
    """Whether the error says the database is gone or going, and nothing about the work."""
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, exc.TimeoutError)
    code = getattr(error.orig, "pgcode", None)
    lost = isinstance(error, exc.OperationalError | exc.InterfaceError) and code is None
    return error.connection_invalidated or lost or (code or "").startswith(("08", "57P", "53"))


def _engine(url: str, service: str, pool_size: int, statement_timeout: float) -> Engine:
    milliseconds = int(statement_timeout * 1000)
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,
        hide_parameters=True,  # an error's text is logged, and parameters hold what people wrote
        connect_args={
            "connect_timeout": 5,
            "application_name": f"torg-{service}",
            # as options of the connection they cost no statement of their own
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds // 2}"
            f" -c idle_in_transaction_session_timeout={milliseconds * 3} -c timezone=UTC",
        },
    )
    event.listen(engine, "checkin", _remember_use)
    event.listen(engine, "checkout", _ping_if_idle)
    return engine


def _remember_use(_: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["used"] = time.monotonic()


def _ping_if_idle(connection: Any, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
    """A connection that rested may be dead; asking costs a round trip, so a busy one is not asked."""
    if time.monotonic() - entry.info.get("used", time.monotonic()) < _IDLE_BEFORE_PING:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except Exception as cause:
        raise exc.DisconnectionError from cause

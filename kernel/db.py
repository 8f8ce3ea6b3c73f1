"""A service's own database, and the one way to change it: a transaction that carries its events with it.

The door (an HTTP route, an event handler, a timer) opens the transaction; the use case gets it, and touches nothing
else.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, CursorResult, Engine, Executable, MetaData, create_engine, event, exc, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from kernel import silence, telemetry
from kernel.clock import Clock, SystemClock
from kernel.contracts import Event
from kernel.settings import Settings
from kernel.statements import Ready, Rows, ready

kernel_metadata = MetaData()
"""The tables every service has: outbox, inbox, failed deliveries, idempotency keys."""

DEFAULTS = Settings()
"""What holds where a process has no settings: a command, a test."""
_IDLE_BEFORE_PING = 1.0
_BEGIN = "BEGIN"
_BEGIN_READING = "BEGIN READ ONLY"
_MOST_PREPARED = 300


class DatabaseUnavailable(Exception):
    """The database did not answer, or went away; nothing was decided."""


class RolledBack(Exception):
    """A statement had failed and its error was passed over, so there was nothing left to commit."""


class WroteWhileReading(Exception):
    """What was to read only tried to write: a fault of ours, and no database that takes no writing for now."""


class Transaction:
    """One database transaction. `now` is the same all through it; events emitted in it are committed with it.
    `settings` are those of the process."""

    __slots__ = (
        "_cursor",
        "_emitted",
        "_prepares",
        "_refusals",
        "_savepoints",
        "_waiting",
        "connection",
        "now",
        "service",
        "settings",
    )

    def __init__(
        self, connection: Connection, service: str, now: datetime, *, begin: str = "", settings: Settings = DEFAULTS
    ) -> None:
        """`begin` is sent with the first statement. Without it the connection's owner sees to its transactions."""
        self.connection = connection
        self.service = service
        self.now = now
        self.settings = settings
        self._cursor = connection.connection.cursor()
        self._emitted: list[tuple[Event, str, int]] = []
        self._waiting = [begin.encode()] if begin else []
        self._prepares = begin == _BEGIN
        self._refusals: dict[str, Exception] = {}
        self._savepoints = 0

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any] | Rows:
        """Runs a SQLAlchemy Core statement."""
        given = {} if parameters is None else parameters
        if isinstance(given, Mapping) and (known := self._ready(statement, given)) is not None:
            self._send(self._written(known, given), told=known.text)
            return known.rows(self._cursor)
        self.settle()
        return self.connection.execute(statement, parameters)

    def later(
        self,
        statement: Executable,
        parameters: Mapping[str, Any],
        *,
        refusals: Mapping[str, Exception] = MappingProxyType({}),
    ) -> None:
        """Runs a statement of which nothing is asked but that it succeeds, together with what comes next: the commit,
        if nothing does. What came next raises its error, or what `refusals` has for the constraint it violates."""
        known = self._ready(statement, parameters, lasting=True)
        if known is None:
            raise TypeError("only a plain statement can wait")
        self._refusals.update(refusals)
        self._waiting.append(self._written(known, parameters))

    def settle(self) -> None:
        """Sends what waits now."""
        if self._waiting:
            self._send()

    def emit(self, happened: Event, *, subject: str, sequence: int) -> None:
        """Appends an event to the outbox, to be committed with everything else. `sequence` is the aggregate's
        version."""
        self._emitted.append((happened, subject, sequence))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that can fail on its own: what it wrote and emitted is undone when it raises."""
        emitted = len(self._emitted)
        self._savepoints += 1
        name = f"part_{self._savepoints}".encode()
        self._send(b"SAVEPOINT " + name)
        try:
            yield
            self._send(b"RELEASE SAVEPOINT " + name)
        except BaseException:
            del self._emitted[emitted:]
            self._waiting.clear()
            if not self.connection.invalidated:
                self._send(b"ROLLBACK TO SAVEPOINT " + name)
            raise

    @property
    def emitted(self) -> Sequence[tuple[Event, str, int]]:
        """What was emitted so far: (event, subject, sequence)."""
        return tuple(self._emitted)

    def commit(self) -> None:
        """Sends all that waits, and commits. `Database.transaction` alone calls this."""
        if self._waiting == [_BEGIN.encode()]:
            return  # nothing was done
        self._send(b"COMMIT")
        if self._cursor.statusmessage != "COMMIT":
            raise RolledBack

    def _ready(self, statement: Executable, given: Mapping[str, Any], *, lasting: bool = False) -> Ready | None:
        return ready(statement, given, self.connection.dialect, self._quoted, lasting=lasting)

    def _quoted(self, value: Any) -> str:
        literal: bytes = self._cursor.mogrify("%s", (value,))
        return literal.decode()

    def _written(self, known: Ready, given: Mapping[str, Any]) -> bytes:
        """The statement with its values, as it is sent; prepared before, where that is of use."""
        if self._prepares and self._prepared(known):
            return known.called(self._cursor, given)
        return known.written(self._cursor, given)

    def _prepared(self, known: Ready) -> bool:
        """Whether the connection has the statement prepared, now at the latest."""
        if known.preparation is None:
            return False
        names: set[str] = self.connection.info.setdefault("prepared", set())
        if known.name not in names:
            if len(names) >= _MOST_PREPARED:
                self._send(b"DEALLOCATE ALL")
                names.clear()
            self._send(known.preparation.encode())  # by itself: only so is it certain whether it was done
            names.add(known.name)
        return True

    def _send(self, *written: bytes, told: str | None = None) -> None:
        """Sends what waits and this in one message. `told` is what an error says of it: the statement, no values."""
        message = b";".join([*self._waiting, *written])
        self._waiting.clear()
        try:
            self._cursor.execute(message)
        except BaseException as error:
            refused = getattr(getattr(error, "diag", None), "constraint_name", None)
            if refused in self._refusals:
                raise self._refusals[refused] from error
            # SQLAlchemy's own way to tell of it: in errors of its kinds, and a lost connection is not used again
            self.connection._handle_dbapi_exception(error, told, None, None, None)


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
        settings: Settings = DEFAULTS,
    ) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock or SystemClock()
        self.wake: Callable[[], None] = lambda: None
        """Called after a commit that emitted events; the relay of this process sets it."""
        self.engine = _engine(url, service, pool_size, statement_timeout)
        telemetry.POOL_IN_USE.labels(service).set_function(self.engine.pool.checkedout)  # type: ignore[attr-defined]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A read-write transaction: committed when the block ends, rolled back when it raises."""
        from kernel import outbox  # the outbox's table needs this module

        with self.engine.connect() as connection:
            tx = Transaction(connection, self.service, self.clock.now(), begin=_BEGIN, settings=self.settings)
            yield tx
            outbox.append(tx)
            tx.commit()
        if tx.emitted:
            self.wake()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that can't write: PostgreSQL refuses it."""
        with self.engine.connect() as connection:
            now = self.clock.now()
            try:
                yield Transaction(connection, self.service, now, begin=_BEGIN_READING, settings=self.settings)
            except exc.DBAPIError as error:
                if getattr(error.orig, "pgcode", None) == _READ_ONLY:
                    raise WroteWhileReading from error
                raise

    def close(self) -> None:
        """Closes the pool's connections."""
        self.engine.dispose()


_READ_ONLY = "25006"
_AWAY = ("08", "57P", "53", _READ_ONLY)
"""SQLSTATEs of a database that is going, has no room, or takes no writing for now."""


def went_away(error: exc.SQLAlchemyError) -> bool:
    """Whether the error says the database is gone or going, or that nobody can write, and nothing about the work."""
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, exc.TimeoutError)
    code = getattr(error.orig, "pgcode", None)
    lost = isinstance(error, exc.OperationalError | exc.InterfaceError) and code is None
    return error.connection_invalidated or lost or (code or "").startswith(_AWAY)


def lost_because(error: BaseException | None) -> str | None:
    """Why the database can't be had, in its driver's words: they name the server, and the user or database that it does
    not know, or what there is no room for, never a password or what a statement holds. None of any other error."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, psycopg2.Error) and (cause.pgcode or "").startswith(_AWAY):
        message: str | None = cause.diag.message_primary
        return message
    if not isinstance(cause, psycopg2.OperationalError) or cause.pgcode is not None:
        return None
    # further lines that are indented ask the reader whether the server runs
    return "; ".join(line.strip() for line in str(cause).splitlines() if line.strip() and not line.startswith("\t"))


def _engine(url: str, service: str, pool_size: int, statement_timeout: float) -> Engine:
    milliseconds = int(statement_timeout * 1000)
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,
        # BEGIN and COMMIT are ours to send, with the statements next to them; what is left open is ended at "reset"
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        hide_parameters=True,  # an error's text is logged, and parameters hold what people wrote
        connect_args={
            **silence.POSTGRES,
            "application_name": f"torg-{service}",
            # as options of the connection they cost no statement of their own
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds // 2}"
            f" -c idle_in_transaction_session_timeout={milliseconds * 3} -c timezone=UTC{silence.POSTGRES_SERVER}",
        },
    )
    _tell_whether_it_answers(engine, service)
    event.listen(engine, "handle_error", _forget_stale_plans)
    event.listen(engine, "reset", _end_transaction)
    event.listen(engine, "checkin", _remember_use)
    event.listen(engine, "checkout", _ping_if_idle)
    return engine


def _tell_whether_it_answers(engine: Engine, service: str) -> None:
    """Tells operators what came of the last work. Of a database that was never asked, nothing is told."""

    def failed(failure: ExceptionContext) -> None:
        error = failure.sqlalchemy_exception
        if failure.is_disconnect or (error is not None and went_away(error)):
            telemetry.DATABASE_ANSWERS.labels(service).set(0)

    def done(connection: Any, _: ConnectionPoolEntry) -> None:
        if connection is not None and not connection.closed:
            telemetry.DATABASE_ANSWERS.labels(service).set(1)

    event.listen(engine, "handle_error", failed)
    event.listen(engine, "connect", done)  # a relay keeps the one it has
    event.listen(engine, "checkin", done)


def _forget_stale_plans(failed: ExceptionContext) -> None:
    """A migration may change what a prepared statement answers: all connections are then made anew."""
    told = getattr(failed.original_exception, "diag", None)
    if told is not None and (told.source_function == "RevalidateCachedQuery" or told.sqlstate == "26000"):
        failed.is_disconnect = True


def _end_transaction(connection: Any, _: ConnectionPoolEntry, state: PoolResetState) -> None:
    """No connection goes back inside a transaction. If this fails, the pool throws the connection away."""
    if state.terminate_only or connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
        return
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")


def _remember_use(_: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["used"] = time.monotonic()


def _ping_if_idle(connection: Any, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
    """A connection that rested may be dead; asking costs a round trip, so a busy one is not asked."""
    if time.monotonic() - entry.info.get("used", time.monotonic()) < _IDLE_BEFORE_PING:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as cause:
        raise exc.DisconnectionError from cause

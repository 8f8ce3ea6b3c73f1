"""The nameko extensions every service class uses beside `handle_event`: its database, its relay, its timers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, wraps
from typing import Any

import nameko
import structlog
from nameko.extensions import DependencyProvider, SharedExtension, register_entrypoint
from nameko.timer import Timer
from sqlalchemy import exc

from kernel import telemetry
from kernel.db import Database, Transaction
from kernel.embedded_broker import EmbeddedPublisher
from kernel.outage import Outage
from kernel.relay import AmqpPublisher, Publisher, Relay
from kernel.settings import Settings
from kernel.topology import emitted_by

log = structlog.get_logger(__name__)

Tick = Callable[[Any, Transaction], None]
Errand = Callable[[Any, Database, Settings], None]


class ServiceDatabase(SharedExtension):  # type: ignore[misc]
    """The one `Database` of a service in this process. Methods, not properties: nameko reads every attribute at
    set-up."""

    def __init__(self) -> None:
        self._database: Database | None = None

    def settings(self) -> Settings:
        """The settings the worker was started with."""
        found: Settings = nameko.config["torg"]
        return found

    def open(self) -> Database:
        """The database; opened by the first who asks."""
        if self._database is None:
            settings, service = self.settings(), self.container.service_name
            self._database = Database(
                settings.database_url(service),
                service=service,
                # one for each handler under way, and the relay, the retries and a timer
                pool_size=settings.worker_concurrency + 4,
                statement_timeout=settings.request_timeout_seconds,
                settings=settings,
            )
        return self._database


class OutboxRelay(DependencyProvider):  # type: ignore[misc]
    """Runs the service's relay beside its handlers; stops after them, so that what they emitted is still sent."""

    database = ServiceDatabase()

    def start(self) -> None:
        settings, database = self.database.settings(), self.database.open()
        kinds = emitted_by(self.container.service_name)
        publisher: Publisher = (
            EmbeddedPublisher(settings.amqp_url, kinds, database)
            if settings.amqp_url.startswith("memory:")
            else AmqpPublisher(settings.amqp_url, kinds)
        )
        keep = timedelta(days=settings.keep_days)
        self._relay = Relay(database, publisher, poll=settings.relay_poll_seconds, keep=keep)
        self._running = self.container.spawn_managed_thread(self._relay.run)

    def stop(self) -> None:
        self._relay.stop()
        self._running.wait()


def every(seconds: float) -> Callable[[Tick], Tick]:
    """Makes a method of a nameko service class run in a transaction every so many seconds: `method(self, tx)`.

    A run that fails is logged and counted, and the next one comes all the same. Every worker of the service has its own
    timers: what they do must be safe to do twice at once.
    """

    def decorate(method: Tick) -> Tick:
        @wraps(method)
        def tick(self: Any, database: Database, _: Settings) -> None:
            with _measured(database, method.__name__), database.transaction() as tx:
                method(self, tx)

        register_entrypoint(tick, _Ticking(seconds))
        return tick  # type: ignore[return-value]

    return decorate


def errand(seconds: float) -> Callable[[Errand], Errand]:
    """As `every`, for work that calls somebody over the network: `method(self, database, settings)`. It opens short
    transactions of its own, and has none open while it waits for an answer."""

    def decorate(method: Errand) -> Errand:
        @wraps(method)
        def tick(self: Any, database: Database, settings: Settings) -> None:
            with _measured(database, method.__name__):
                method(self, database, settings)

        register_entrypoint(tick, _Ticking(seconds))
        return tick

    return decorate


@cache
def _outage(service: str, name: str) -> Outage:
    return Outage(log, "timer", service=service, entrypoint=name)


@contextmanager
def _measured(database: Database, name: str) -> Iterator[None]:
    outage = _outage(database.service, name)
    try:
        with telemetry.measured(database.service, name):
            yield
        outage.over()
    except exc.SQLAlchemyError as error:
        outage.met(error)


class _Ticking(Timer):  # type: ignore[misc]
    database = ServiceDatabase()

    def handle_timer_tick(self) -> None:
        given = (self.database.open(), self.database.settings())
        self.container.spawn_worker(self, given, {}, handle_result=self.handle_result)

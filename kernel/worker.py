"""A worker process: the nameko classes of one or more services, and a small HTTP server for health and metrics.

`cli.worker` patches the world for eventlet and then calls `run`.
"""

import signal
from collections.abc import Sequence

import eventlet
import nameko
import psycopg2.extensions
import structlog
from eventlet import wsgi
from nameko.runners import ServiceRunner
from sqlalchemy import exc, text

from kernel import embedded_broker, outage, progress, silence, telemetry
from kernel.extensions import ServiceDatabase
from kernel.probes import Ready, probes
from kernel.settings import Settings

log = structlog.get_logger(__name__)


def run(services: Sequence[type], settings: Settings, *, health_port: int, host: str = "127.0.0.1") -> None:
    """Runs the workers of these nameko classes until SIGTERM or SIGINT; running handlers may end within the
    deadline."""
    _assert_green()
    # what PostgreSQL's own limit did not end, it does not even answer any more
    silence.wait_with_an_end(settings.request_timeout_seconds + silence.CONNECT_SECONDS)
    embedded_broker.register()
    nameko.config.setup({"torg": settings, "AMQP_URI": settings.amqp_url, "max_workers": settings.worker_concurrency})
    runner = ServiceRunner()
    for service in services:
        runner.add_service(service)
    runner.start()
    _stop_on_signals(runner, settings.stop_deadline_seconds)
    health = probes(_readiness(runner, settings))
    eventlet.spawn(wsgi.server, eventlet.listen((host, health_port)), health, log_output=False)
    log.info("worker_ready", services=sorted(runner.service_names), health_port=health_port)
    runner.wait()
    log.info("worker_stopped")


def _assert_green() -> None:
    if not eventlet.patcher.is_monkey_patched("socket") or psycopg2.extensions.get_wait_callback() is None:
        raise RuntimeError("a worker must be patched by eventlet, psycopg2 too, before anything else is imported")


def _stop_on_signals(runner: ServiceRunner, deadline: float) -> None:
    def stop() -> None:
        try:
            with eventlet.Timeout(deadline):
                runner.stop()
        except eventlet.Timeout:
            log.warning("stop_deadline_passed", seconds=deadline)
            runner.kill()

    def signalled(number: int, _: object) -> None:
        log.info("worker_stopping", signal=signal.Signals(number).name)
        eventlet.spawn(stop)

    signal.signal(signal.SIGTERM, signalled)
    signal.signal(signal.SIGINT, signalled)


def _readiness(runner: ServiceRunner, settings: Settings) -> Ready:
    databases = [container.shared_extensions[ServiceDatabase].open() for container in runner.containers]

    def ready() -> tuple[bool, str]:
        faults = []
        for database in databases:
            try:
                with eventlet.Timeout(2), database.reading() as tx:
                    tx.execute(text("SELECT 1"))
            except (exc.SQLAlchemyError, eventlet.Timeout):
                faults.append(database.service)
        still = [f"{each.service} {each.part}" for each in progress.standing_still(settings.still_seconds)]
        if still:
            log.warning("stands_still", parts=still)
        refused = outage.refused()
        broker = {name: _connected(name) for name in runner.service_names}
        told = (
            f"databases not answering: {', '.join(faults) or 'none'}\n"
            f"standing still: {', '.join(still) or 'none'}\n"
            f"broker connected: {broker}\n"
            f"refused by the broker: {', '.join(refused) or 'none'}\n"
        )
        return not (faults or still or refused), told

    return ready


def _connected(service: str) -> bool:
    connected: float = telemetry.BROKER_CONNECTED.labels(service)._value.get()  # it has no reader of its own
    return connected == 1

"""The same telemetry in every process: metrics that operators watch, and structured logs with event and correlation
ids.

Each metric here is listed in `docs/metrics.md`, which is generated. Logs hold ids and codes, never names or free text.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Counter, Gauge, Histogram

from kernel.release import VERSION

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

BUILD = Gauge(
    "torg_build_info", "1, labelled with the release that the process runs.", ["version"], multiprocess_mode="max"
)
BUILD.labels(VERSION).set(1)
ENTRYPOINTS = Counter("torg_entrypoint_total", "Events and timers handled.", ["service", "entrypoint", "outcome"])
ENTRYPOINT_SECONDS = Histogram(
    "torg_entrypoint_seconds", "How long an event or a timer took.", ["service", "entrypoint"], buckets=_FAST
)
HTTP_REQUESTS = Counter("torg_http_requests_total", "HTTP requests answered.", ["service", "route", "method", "status"])
HTTP_SECONDS = Histogram(
    "torg_http_request_seconds", "How long an HTTP request took.", ["service", "route", "method"], buckets=_FAST
)
OUTBOX_DEPTH = Gauge("torg_outbox_unsent", "Events committed and not yet sent.", ["service"])
OUTBOX_AGE = Gauge(
    "torg_outbox_oldest_seconds", "Age of the oldest event not yet sent; 0 when all are sent.", ["service"]
)
OUTBOX_SENT = Counter("torg_outbox_sent_total", "Events sent and confirmed.", ["service"])
RELAY_LEADER = Gauge("torg_relay_leader", "1 in the process whose relay publishes.", ["service"])
INBOX_DUPLICATES = Counter("torg_inbox_duplicates_total", "Deliveries of an event that had taken effect.", ["service"])
INBOX_STALE = Counter("torg_inbox_stale_total", "Events older than what is known of their subject.", ["service"])
RETRIES = Counter("torg_retries_total", "Failed events tried again.", ["service", "entrypoint"])
DEAD_LETTERS = Counter(
    "torg_dead_letters_total", "Events given up, until somebody replays them.", ["service", "entrypoint"]
)
DEAD_LETTER_DEPTH = Gauge("torg_dead_letters_waiting", "Dead letters that wait for an operator.", ["service"])
UNKNOWN_WAITING = Gauge(
    "torg_unknown_waiting", "Bookings lost in a restore that the service follows, to be decided on.", ["service"]
)
RETRYING_DEPTH = Gauge("torg_retrying", "Failed events that wait for their next try.", ["service"])
BROKER_CONNECTED = Gauge("torg_broker_connected", "1 while the consumer is connected to the broker.", ["service"])
BROKER_RECONNECTS = Counter("torg_broker_reconnects_total", "Connections to the broker lost.", ["service", "part"])
STANDS_STILL = Gauge(
    "torg_standing_still_seconds", "How long a part of a worker has not got on, though it had to.", ["service", "part"]
)
DATABASE_ANSWERS = Gauge(
    "torg_database_answers", "1 while the service's database answered what was last asked of it.", ["service"]
)
POOL_IN_USE = Gauge("torg_database_connections_in_use", "Database connections in use.", ["service"])
REPAIRS = Counter("torg_repairs_total", "Drift between services found and repaired.", ["service", "promise"])


@contextmanager
def measured(service: str, entrypoint: str) -> Iterator[None]:
    """Counts and times one run of an entrypoint; the outcome is "ok" or "failed"."""
    start = time.perf_counter()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    finally:
        ENTRYPOINTS.labels(service, entrypoint, outcome).inc()
        ENTRYPOINT_SECONDS.labels(service, entrypoint).observe(time.perf_counter() - start)


def set_up_logs(form: str, level: str) -> None:
    """Sends all logs, ours and the libraries', to standard error: a JSON object a line, or lines for people."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_values,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("nameko", "amqp", "kombu", "httpx", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


class _Lines:
    """Where our own lines end. They do not take the way through `logging`, which costs more than all else of them."""

    _writing = threading.Lock()

    def __init__(self, name: str) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        with self._writing:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def _without_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """PostgreSQL tells the values of the row it refused in lines of their own; those may be somebody's name."""
    if "exception" in event:
        kept = [line for line in event["exception"].splitlines() if not line.startswith(("DETAIL:", "CONTEXT:"))]
        event["exception"] = "\n".join(kept)
    return event

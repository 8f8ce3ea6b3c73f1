"""Serves a WSGI app with gunicorn: one process, threads, and a stop that lets running requests end. No eventlet."""

import logging
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers import gthread

KEEP_ALIVE_SECONDS = 75
REQUEST_LINE_BYTES = 8190

# How long a thread stands by a new connection that says nothing. Gunicorn has no setting for it, and takes 5 s: as many
# idle connections as there are threads would keep everybody waiting for as long.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.1


class OwnLogger(Logger):  # type: ignore[misc]
    """Gunicorn's log lines go where all of ours go (kernel.telemetry); requests are counted and logged by the app."""

    def setup(self, cfg: Any) -> None:
        self.error_log = logging.getLogger("gunicorn.error")
        self.error_log.setLevel(logging.WARNING)
        self.access_log = logging.getLogger("gunicorn.access")
        self.access_log.disabled = True


class Server(BaseApplication):  # type: ignore[misc]
    """One listening gunicorn. `build` is called in the process that serves, so the one that watches it stays small."""

    def __init__(self, build: Callable[[], Any], options: dict[str, object]) -> None:
        self._build = build
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._build()


def serve(build: Callable[[], Any], *, host: str, port: int, threads: int, stop_seconds: float) -> None:
    """Serves until SIGTERM or SIGINT; requests under way then have `stop_seconds` to end. Does not return."""
    Server(
        build,
        {
            "bind": f"{host}:{port}",
            "worker_class": "gthread",
            "threads": threads,
            "graceful_timeout": int(stop_seconds),
            "keepalive": KEEP_ALIVE_SECONDS,
            "limit_request_line": REQUEST_LINE_BYTES,
            "logger_class": OwnLogger,
            "control_socket_disable": True,
        },
    ).run()

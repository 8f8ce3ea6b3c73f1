"""What monitors ask any process: `/metrics`, `/healthz` (it lives), `/readyz` (its databases answer)."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import Database, DatabaseUnavailable
from kernel.problems import TemporarilyUnavailable

_log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0
_ASK = text("SELECT 1")


class Readiness:
    """Asks databases whether they answer, in threads of its own, so that one that hangs can be given up on."""

    def __init__(self, databases: Sequence[Database], *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._databases = databases
        self._patience = patience_seconds
        self._threads = ThreadPoolExecutor(max_workers=len(databases), thread_name_prefix="readiness")
        self._asked: dict[str, Future[None]] = {}

    def unready(self) -> list[str]:
        """The services whose database does not answer in time. A question still open is not asked a second time."""
        for database in self._databases:
            open_question = self._asked.get(database.service)
            if open_question is None or open_question.done():
                self._asked[database.service] = self._threads.submit(_ask, database)
        return [name for name, asked in self._asked.items() if not self._answered(name, asked)]

    def _answered(self, service: str, asked: Future[None]) -> bool:
        try:
            asked.result(timeout=self._patience)
        except (SQLAlchemyError, DatabaseUnavailable, TimeoutError) as failure:
            _log.warning("not_ready", service=service, reason=type(failure).__name__)
            return False
        return True


def probes(databases: Sequence[Database]) -> Blueprint:
    """The three routes, for a process that needs these databases."""
    blueprint = Blueprint("probes", __name__)
    readiness = Readiness(databases)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        if readiness.unready():
            raise TemporarilyUnavailable
        return jsonify(status="ready")

    return blueprint


def _ask(database: Database) -> None:
    with database.reading() as tx:
        tx.execute(_ASK)


def _registry() -> CollectorRegistry:
    """This process's metrics; those of all of gunicorn's processes where prometheus_client is told to share them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared

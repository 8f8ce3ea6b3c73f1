"""What monitors ask any process, at a port of its own: `/metrics`, `/healthz` (it lives), `/readyz` (it can serve).

Strangers do not reach that port, and nothing that visitors do keeps it from answering.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog
from prometheus_client import make_wsgi_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import Database, DatabaseUnavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0
_ASK = text("SELECT 1")

Ready = Callable[[], tuple[bool, str]]
"""Whether the process can serve, and in words for people."""


def always_ready() -> tuple[bool, str]:
    """What a process says that needs nothing."""
    return True, "ready\n"


class Readiness:
    """Asks databases whether they answer, in threads of its own, so that one that hangs can be given up on."""

    def __init__(self, databases: Sequence[Database], *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._databases = databases
        self._patience = patience_seconds
        self._threads = ThreadPoolExecutor(max_workers=len(databases), thread_name_prefix="readiness")
        self._asked: dict[str, Future[None]] = {}

    def __call__(self) -> tuple[bool, str]:
        """Ready when they all answer."""
        unready = self.unready()
        return not unready, f"databases not answering: {', '.join(unready) or 'none'}\n"

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


def probes(ready: Ready) -> "WSGIApplication":
    """The WSGI app of the three pages."""
    metrics = make_wsgi_app()

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            page: Iterable[bytes] = metrics(environ, start_response)
            return page
        status, told = _page(path, ready)
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(told.encode())))]
        start_response(status, headers)
        return [told.encode()]

    return serve


def _page(path: str, ready: Ready) -> tuple[str, str]:
    if path == "/healthz":
        return "200 OK", "alive\n"
    if path == "/readyz":
        can, told = ready()
        return ("200 OK" if can else "503 Service Unavailable"), told
    return "404 Not Found", "not here\n"


def _ask(database: Database) -> None:
    with database.reading() as tx:
        tx.execute(_ASK)

"""Serves a WSGI app with waitress: one process, threads that are only ever given whole requests, and a stop that lets
running requests end. No eventlet.

Waitress's own loop reads requests and sends answers, so whoever is slow at either takes a connection and no thread. It
bounds only how long a connection may say nothing; how long a whole request and a whole answer may take, and who makes
room when all connections are taken, is said here.
"""

import logging
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

REQUEST_SECONDS = 10
"""How long all of a request may take to come in."""
ANSWER_SECONDS = 60
"""How long all of an answer may take to be read."""
KEEP_ALIVE_SECONDS = 75
"""How long a connection stays between two requests."""
MOST_CONNECTIONS = 256
"""How many there are at once: each can hold a body in memory."""
MOST_BODY = 2 << 20
"""Larger bodies are refused before they are read; smaller ones that are too large for an app get an answer of its."""
MOST_HEADER = 64 << 10
MOST_UNREAD = 1 << 20
"""How much of its answers a connection may leave unread and still have the next of its requests answered."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HEALTH_THREADS = 2
_SPARE = 50  # what waitress counts beside connections, and those that are closed in a moment


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it waits for what."""

    requests: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.since = time.monotonic()
        self._answered = False
        super().__init__(*args, **kwargs)

    def received(self, data: bytes) -> bool:
        """Called with each piece of a request."""
        before = self.request
        taken: bool = super().received(data)
        if self.request is not before:
            self.since = time.monotonic()
        return taken

    def service(self) -> None:
        """Called in a thread with a whole request. Who sends one after the other and does not read is given up on:
        waitress would have the thread wait for them."""
        self._answered = True
        if self.total_outbufs_len > MOST_UNREAD:
            self._answer_no_more()
        else:
            super().service()
        self.since = time.monotonic()

    def _answer_no_more(self) -> None:
        with self.requests_lock:
            self.close_when_flushed = True
            for request in self.requests:
                request.close()
            self.requests = []
        self.server.pull_trigger()

    @property
    def reads(self) -> bool:
        """Whether its next request only reads. One whose header makes no sense has no method, and is refused."""
        return getattr(self.requests[0], "command", "GET") in _READING

    @property
    def is_idle(self) -> bool:
        """Whether it is between two requests."""
        return self._answered and not self.requests and self.request is None and not self.total_outbufs_len

    @property
    def used_up(self) -> float:
        """How much of its time it has used up; all of it at 1. What our own threads take does not count, unless it is
        one that has sent its next requests already: it could keep them busy, and its place, for ever."""
        if len(self.requests) == 1:
            return 0.0
        answered = self.requests or self.total_outbufs_len
        allowed = KEEP_ALIVE_SECONDS if self.is_idle else ANSWER_SECONDS if answered else REQUEST_SECONDS
        return (time.monotonic() - self.since) / allowed


class Server(TcpWSGIServer):  # type: ignore[misc]
    """One listening socket. Who writes does not wait for those who read: each kind has threads of its own, and so the
    database connections that they hold."""

    channel_class = Connection

    def __init__(self, app: "WSGIApplication", *, host: str, port: int, reading: int, writing: int) -> None:
        self._stopping = False
        self._writing = _threads(writing)
        adjustments = Adjustments(
            host=host,
            port=port,
            ident=None,
            clear_untrusted_proxy_headers=False,  # werkzeug's ProxyFix knows which to heed
            connection_limit=MOST_CONNECTIONS + _SPARE,
            cleanup_interval=1,
            max_request_header_size=MOST_HEADER,
            max_request_body_size=MOST_BODY,
            inbuf_overflow=MOST_BODY,
        )
        super().__init__(app, {}, dispatcher=_threads(reading), adj=adjustments)

    def add_task(self, task: Connection) -> None:
        """Has a thread answer the connection's next request."""
        (self.task_dispatcher if task.reads else self._writing).add_task(task)

    def maintenance(self, now: float) -> None:
        """Ends the connections whose time is over; the loop calls it every second."""
        for connection in list(self.active_channels.values()):
            if connection.used_up >= 1:
                connection.handle_close()  # `will_close` would wait until what is sent is read
        self._make_room(list(self.active_channels.values()))

    def handle_accept(self) -> None:
        """Takes a new connection. If there are too many, the one of the others nearest to its end goes."""
        super().handle_accept()
        self._make_room(list(self.active_channels.values())[:-1])

    def _make_room(self, among: list[Connection]) -> None:
        if len(self.active_channels) > MOST_CONNECTIONS and among:
            nearest = max(among, key=lambda connection: connection.used_up)
            if nearest.used_up > 0:
                nearest.handle_close()

    def run(self) -> None:
        """Serves until `stop` is called."""
        while not self._stopping:
            self._turn()

    def stop(self, *_: object) -> None:
        """Ends `run`. A signal may call it."""
        self._stopping = True
        self.pull_trigger()

    def end(self, seconds: float) -> None:
        """Takes nobody new, and lets requests under way end within so many seconds."""
        wasyncore.dispatcher.close(self)  # the listening socket alone
        deadline = time.monotonic() + seconds
        while self.active_channels and time.monotonic() < deadline:
            self.maintenance(0)
            for connection in self.active_channels.values():
                connection.will_close |= connection.is_idle
            self._turn()

    def _turn(self) -> None:
        wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)


def serve(
    app: "WSGIApplication",
    health: "WSGIApplication",
    *,
    host: str,
    port: int,
    health_port: int,
    health_host: str = "127.0.0.1",
    threads: int,
    stop_seconds: float,
) -> None:
    """Serves until SIGTERM or SIGINT; requests under way then have `stop_seconds` to end. What monitors ask has an
    address, a port and threads of its own."""
    logging.getLogger("waitress").setLevel(logging.WARNING)  # of those who left it tells the path as it came
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits a moment is no news
    watched = Server(health, host=health_host, port=health_port, reading=_HEALTH_THREADS, writing=1)
    threading.Thread(target=watched.run, name="health", daemon=True).start()
    server = Server(app, host=host, port=port, reading=max(1, threads // 2), writing=max(1, threads - threads // 2))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    server.run()
    server.end(stop_seconds)


def _threads(count: int) -> ThreadedTaskDispatcher:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(count)
    return dispatcher

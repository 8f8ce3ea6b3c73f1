"""How a connection to PostgreSQL or RabbitMQ notices that nobody answers any more: a machine that lost its power says
nothing, and TCP by itself asks no sooner than after two hours.

Used by `kernel.db`, `kernel.topology` and `kernel.migrate`, which connect, and by `kernel.worker`.
"""

import socket
from functools import partial
from typing import Any

import psycopg2.extensions

CONNECT_SECONDS = 5
IDLE_SECONDS = 10
ASK_SECONDS = 5
ASK_TIMES = 2
SILENCE_SECONDS = IDLE_SECONDS + ASK_SECONDS * ASK_TIMES
"""After so long a connection is given up: what was sent is not acknowledged, or nobody answers when asked."""

POSTGRES = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": IDLE_SECONDS,
    "keepalives_interval": ASK_SECONDS,
    "keepalives_count": ASK_TIMES,
    "tcp_user_timeout": SILENCE_SECONDS * 1000,
}
"""What libpq is told of each connection."""
POSTGRES_SERVER = (
    f" -c tcp_keepalives_idle={IDLE_SECONDS} -c tcp_keepalives_interval={ASK_SECONDS}"
    f" -c tcp_keepalives_count={ASK_TIMES} -c tcp_user_timeout={SILENCE_SECONDS}s"
)
"""What the server is told of it, so that the session of a worker that vanished ends, and gives its election up."""
TCP = {
    socket.TCP_KEEPIDLE: IDLE_SECONDS,
    socket.TCP_KEEPINTVL: ASK_SECONDS,
    socket.TCP_KEEPCNT: ASK_TIMES,
    socket.TCP_USER_TIMEOUT: SILENCE_SECONDS * 1000,
}
"""The same for a socket of ours."""


def wait_with_an_end(answer_seconds: float) -> None:
    """In a process of green threads, whose connections libpq gives no time: lets none wait longer than this for
    PostgreSQL's next word."""
    psycopg2.extensions.set_wait_callback(partial(_wait, answer_seconds))


def _wait(answer_seconds: float, connection: Any) -> None:
    from eventlet.hubs import trampoline  # no process but a worker has it

    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        connecting = connection.status == psycopg2.extensions.STATUS_SETUP
        reads = state == psycopg2.extensions.POLL_READ
        seconds = CONNECT_SECONDS if connecting else answer_seconds
        silent = psycopg2.OperationalError(f"PostgreSQL says nothing for {seconds:.0f} s")
        trampoline(connection.fileno(), read=reads, write=not reads, timeout=seconds, timeout_exc=silent)

"""The WSGI server as we run it, in a process of its own; visitors send half a request, or read half an answer."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import web
from cli.paths import ROOT
from cli.servers.ports import free_port, is_free
from tests.waiting import eventually

THREADS = 2
REQUEST_SECONDS = 4
MOST = 40
LARGE = 8 << 20
"""More than the system keeps of an answer that is not read, and less than waitress keeps."""
SERVE = """
import logging
import time
from cli import web

logging.basicConfig(level=logging.INFO)
web.REQUEST_SECONDS = web.ANSWER_SECONDS = {request_seconds}
web.MOST_CONNECTIONS = {most}

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(1)
    told = b"x" * {large} if path == "/large" else environ["wsgi.input"].read() or b"ok"
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told]

def health(environ, start_response):
    start_response("200 OK", [("Content-Length", "4")])
    return [b"well"]

web.serve(app, health, host="127.0.0.1", port={port}, health_port={health_port}, threads={threads}, stop_seconds=10)
"""
HALF_REQUESTS = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: te",
    "a byte of a body": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\nx",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nx",
}


@dataclass
class Served:
    """A running server."""

    port: int
    health_port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, method: str = "GET", path: str = "/", body: bytes | None = None, *, health: bool = False) -> bytes:
        """What it answers, before a half-open connection has to go."""
        port = self.health_port if health else self.port
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS - 1)) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    port, health_port = free_port(), free_port()
    code = SERVE.format(
        port=port, health_port=health_port, threads=THREADS, request_seconds=REQUEST_SECONDS, most=MOST, large=LARGE
    )
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=written)
    try:
        eventually(lambda: not is_free(port) and not is_free(health_port))
        yield Served(port, health_port, process, log)
    finally:
        process.kill()
        process.wait(60)


@contextmanager
def half_open(port: int, sent: bytes, times: int) -> Iterator[list[socket.socket]]:
    """So many connections that each have sent this, and no more."""
    with ExitStack() as opened:
        connections = []
        for _ in range(times):
            connection = opened.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=30)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            connection.sendall(sent)
            connections.append(connection)
        yield connections


def has_ended(connection: socket.socket) -> bool:
    """Whether the server has closed it."""
    try:
        return connection.recv(65536) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", HALF_REQUESTS.values(), ids=HALF_REQUESTS)
def test_half_open_connections_keep_nobody_waiting(served: Served, sent: bytes) -> None:
    with half_open(served.port, sent, 6 * THREADS):
        for _ in range(3 * THREADS):
            assert served.ask() == b"ok"
            assert served.ask("POST", body=b"a body") == b"a body"
        assert served.ask(health=True) == b"well"


@pytest.mark.parametrize("sent", HALF_REQUESTS.values(), ids=HALF_REQUESTS)
def test_a_half_open_connection_ends_at_its_deadline(served: Served, sent: bytes) -> None:
    begun = time.monotonic()
    with half_open(served.port, sent, 1) as (connection,):
        assert has_ended(connection)
    assert REQUEST_SECONDS - 0.5 < time.monotonic() - begun < REQUEST_SECONDS + 5


@pytest.mark.parametrize("sent", ["half a header", "a byte of a body"])
def test_a_byte_now_and_then_gives_no_more_time(served: Served, sent: str) -> None:
    begun = time.monotonic()
    with half_open(served.port, HALF_REQUESTS[sent], 1) as (connection,):
        connection.settimeout(0.2)
        while time.monotonic() - begun < 10 * REQUEST_SECONDS:
            try:
                connection.sendall(b"y")
                if has_ended(connection):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert time.monotonic() - begun < REQUEST_SECONDS + 5


def test_slow_readers_keep_nobody_waiting_and_are_given_up_on(served: Served) -> None:
    with half_open(served.port, b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 3 * THREADS) as readers:
        assert served.ask() == b"ok"
        assert served.ask(health=True) == b"well"
        time.sleep(REQUEST_SECONDS + 2)  # they read nothing in all the time they have
        for reader in readers:
            got = 0
            while part := _rest(reader):
                got += len(part)
            assert got < LARGE


def _rest(reader: socket.socket) -> bytes:
    try:
        return reader.recv(1 << 20)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("sent", HALF_REQUESTS.values(), ids=HALF_REQUESTS)
def test_when_all_connections_are_taken_the_one_nearest_its_deadline_makes_room(served: Served, sent: bytes) -> None:
    with half_open(served.port, sent, 3 * MOST):
        assert served.ask() == b"ok"


GOOD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BAD = {
    "space in a name": b"GET / HTTP/1.1\r\nX a: b\r\n\r\n",
    "space before the colon": b"POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n",
    "nul": b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_what_is_no_request_is_refused_and_ends_its_connection(served: Served, sent: bytes) -> None:
    with half_open(served.port, sent, 1) as (connection,):
        assert answered(connection).startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_what_is_no_request_takes_no_connection_for_good(served: Served, sent: bytes) -> None:
    with half_open(served.port, GOOD + sent, 2 * MOST) as connections:
        assert served.ask() == b"ok"
        for connection in connections[-THREADS:]:
            assert b" 400 " in answered(connection)


def test_who_asks_for_more_than_they_read_holds_no_thread(served: Served) -> None:
    large = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    with half_open(served.port, large * 8, 3 * THREADS):
        for _ in range(3):
            time.sleep(0.5)
            assert served.ask() == b"ok"


@pytest.mark.parametrize("at_once", [1, 9])
def test_who_asks_all_the_time_keeps_no_newcomer_out(served: Served, at_once: int) -> None:
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    with half_open(served.port, slow * at_once, MOST):
        time.sleep(0.5)
        for _ in range(3):
            assert served.ask("POST", body=b"a body") == b"a body"


def answered(connection: socket.socket) -> bytes:
    """All that is answered until the server closes."""
    got = b""
    while part := _rest(connection):
        got += part
    return got


def test_what_was_asked_is_not_logged_when_nobody_waits_for_it(served: Served) -> None:
    """A path may hold a secret, as those of calendars do, or a line break."""
    asked = b"GET /%0Asecret HTTP/1.1\r\nHost: x\r\n\r\n"
    with half_open(served.port, asked * 100, 20 * THREADS):
        pass
    served.ask("GET", "/slow")
    assert served.log.read_text() == ""


def test_who_writes_does_not_wait_for_those_who_read(served: Served) -> None:
    with half_open(served.port, b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 8 * THREADS):
        assert served.ask("POST", body=b"a body") == b"a body"


def test_a_connection_is_used_again(served: Served) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        for body in (b"a", None, b"c" * 700_000):
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == (body or b"ok")
            assert connection.sock is not None


def test_an_idle_connection_outlives_the_deadline_of_requests(served: Served) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        for pause in (REQUEST_SECONDS + 2, 0):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
            time.sleep(pause)


@pytest.mark.parametrize(
    "request_of",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (web.MOST_BODY + 1),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (web.MOST_BODY + 1)
        + b"x" * (web.MOST_BODY + 1),
    ],
    ids=["said", "chunked"],
)
def test_a_body_larger_than_any_is_refused_before_it_is_there(served: Served, request_of: bytes) -> None:
    with half_open(served.port, b"", 1) as (connection,):
        try:
            connection.sendall(request_of)
        except ConnectionError:
            return
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_stop_lets_running_requests_end_and_takes_no_new_ones(served: Served) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    with closing(idle), half_open(served.port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", THREADS) as running:
        idle.request("GET", "/")
        idle.getresponse().read()
        served.process.terminate()
        eventually(lambda: is_free(served.port))
        for connection in running:
            assert connection.recv(12) == b"HTTP/1.1 200"
        assert served.process.wait(5) == 0

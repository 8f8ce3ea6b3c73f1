"""The WSGI server as we run it, in a process of its own."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from cli.paths import ROOT
from cli.servers.ports import free_port, is_free
from tests.waiting import eventually

THREADS = 2
SERVE = """
from cli.web import serve

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

serve(lambda: app, host="127.0.0.1", port={port}, threads={threads}, stop_seconds=1)
"""


@pytest.fixture
def port() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE.format(port=port, threads=THREADS)], cwd=ROOT)
    try:
        eventually(lambda: not is_free(port))
        yield port
    finally:
        process.terminate()
        process.wait(60)


def test_connections_that_say_nothing_keep_nobody_waiting(port: int) -> None:
    with ExitStack() as opened:
        for _ in range(4 * THREADS):
            opened.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
        # each of them would hold a thread for 5 s, if gunicorn had its way, and so this one up for 20
        asking = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=15)))
        asking.request("GET", "/")
        assert asking.getresponse().read() == b"ok"

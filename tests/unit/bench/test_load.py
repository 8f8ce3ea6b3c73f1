"""The clients of the load, against a small server in this process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest

from bench import load

Respond = Callable[[int], bytes]


def answer(status: int, body: bytes = b"{}", *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status} Said\r\ncontent-length: {size}\r\n\r\n".encode() + body


class Server:
    """Answers each request, whose bodies are empty, with what `respond` gives for its number."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._numbers = count()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/there"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while connection.recv(65536):
                said = self._respond(next(self._numbers))
                if not said:
                    return
                half = len(said) // 2  # in two parts, as a large answer comes
                connection.sendall(said[:half])
                connection.sendall(said[half:])


@pytest.fixture
def served() -> Iterator[Callable[[Respond], str]]:
    servers: list[Server] = []

    def serve(respond: Respond) -> str:
        servers.append(Server(respond))
        return servers[-1].url

    yield serve
    for server in servers:
        server.close()


def asking(url: str) -> load.Make:
    return lambda _: load.request("GET", url, {})


def test_a_request_is_whole_http() -> None:
    written = load.request("POST", "http://127.0.0.1:80/a/b?c=d", {"Authorization": "Bearer x"}, b'{"e":1}')
    assert written == (
        b"POST /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer x\r\n"
        b'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"e":1}'
    )


def test_only_the_wanted_status_counts(served: Callable[[Respond], str]) -> None:
    url = served(lambda number: answer(201) if number % 3 else answer(409, b"taken"))
    with load.clients([url], 4) as clients:
        sample = load.closed_loop(clients, asking(url), seconds=0.1, wanted=201)
    assert sample.statuses[201] == len(sample.latencies) > 0
    assert sample.statuses[409] > 0
    assert sample.refused == b"taken"
    assert sample.rate == len(sample.latencies) / sample.seconds


def test_clients_are_dealt_out_to_the_servers_in_turn(served: Callable[[Respond], str]) -> None:
    hits = [0, 0]

    def counted(server: int) -> Respond:
        def respond(_: int) -> bytes:
            hits[server] += 1
            return answer(200)

        return respond

    urls = [served(counted(0)), served(counted(1))]
    with load.clients(urls, 4) as clients:
        load.closed_loop(
            clients, lambda client: load.request("GET", urls[client.number % 2], {}), seconds=0, wanted=200
        )
    assert hits == [2, 2]


def test_the_steady_load_sends_as_many_as_were_planned(served: Callable[[Respond], str]) -> None:
    url = served(lambda _: answer(200))
    heard: list[bytes] = []
    with load.clients([url], 2) as clients:
        sample = load.open_loop(
            clients, asking(url), every=0.01, seconds=0.2, wanted=200, heard=lambda _, said: heard.append(said.body)
        )
    assert sample.statuses == {200: 20}
    assert heard == [b"{}"] * 20


def test_a_request_that_waits_for_a_client_has_its_wait_counted(served: Callable[[Respond], str]) -> None:
    began = threading.Event()

    def slow(number: int) -> bytes:
        if number == 0:
            began.wait(0.1)  # nobody sets it: the first answer takes this long
        return answer(200)

    url = served(slow)
    with load.clients([url], 1) as clients:
        sample = load.open_loop(clients, asking(url), every=0.01, seconds=0.05, wanted=200, heard=lambda *_: None)
    # the five were due at 0, 10, … 40 ms, and none could be sent before 100 ms
    assert [seconds >= 0.1 - due / 100 for due, seconds in enumerate(sample.latencies)] == [True] * 5


def test_a_server_that_hangs_up_is_told(served: Callable[[Respond], str]) -> None:
    url = served(lambda _: b"")
    with load.clients([url], 1) as clients, pytest.raises(load.LoadFailed, match="closed"):
        load.closed_loop(clients, asking(url), seconds=0.1, wanted=200)


def test_an_answer_of_unsaid_length_is_told(served: Callable[[Respond], str]) -> None:
    url = served(lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    with load.clients([url], 1) as clients, pytest.raises(load.LoadFailed, match="Content-Length"):
        load.closed_loop(clients, asking(url), seconds=0.1, wanted=200)

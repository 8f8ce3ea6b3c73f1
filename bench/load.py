"""Clients that ask over HTTP and cost little: they share the machine's cores with what they measure.

Plain sockets kept alive, each with one request under way at most, all watched by one thread. `closed_loop` asks again
as soon as it is answered, and shows how much is possible; `open_loop` asks at a steady rate whether it is answered or
not, and shows how long people wait.
"""

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_PATIENCE_SECONDS = 60.0


class LoadFailed(Exception):
    """A server hung up, said something that is not HTTP as we know it, or never answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes


@dataclass(slots=True)
class Sample:
    """What a load came to: the seconds it took, each good answer's own seconds, how many answers had which status."""

    wanted: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: bytes = b""
    """The body of an answer that was not the one wanted, to tell why."""

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds

    def add(self, answer: Answer, seconds: float) -> None:
        self.statuses[answer.status] += 1
        if answer.status == self.wanted:
            self.latencies.append(seconds)
        else:
            self.refused = answer.body


class Client:
    """One connection to one server."""

    def __init__(self, url: str, number: int) -> None:
        place = urlsplit(url)
        self.number = number
        self._socket = socket.create_connection((str(place.hostname), place.port or 80), _PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.since = 0.0
        """When the request under way was sent, or should have been."""

    def send(self, request: bytes, since: float) -> None:
        self.since = since
        self._socket.sendall(request)

    def receive(self) -> Answer | None:
        """Takes what has come; the answer once it is whole."""
        part = self._socket.recv(1 << 18)
        if not part:
            raise LoadFailed("the server closed a connection with a request under way")
        self._received += part
        return self._whole()

    def ask(self, request: bytes) -> Answer:
        """Sends a request and waits for its answer."""
        self.send(request, time.perf_counter())
        while (answer := self.receive()) is None:
            pass
        return answer

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def _whole(self) -> Answer | None:
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return None
        found = _LENGTH.search(head + b"\r\n")
        if found is None:
            raise LoadFailed(f"an answer without Content-Length: {head[:200]!r}")
        if len(body) < int(found[1]):
            return None
        self._received = b""
        return Answer(int(head[9:12]), body)


Make = Callable[[Client], bytes]
"""Makes a client's next request."""


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes on the wire."""
    place = urlsplit(url)
    path = f"{place.path}?{place.query}" if place.query else place.path
    said = {"Host": place.netloc, **headers}
    if body:
        said |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def clients(urls: Sequence[str], count: int) -> Iterator[list[Client]]:
    """So many connections, dealt out to the servers in turn."""
    with ExitStack() as ending:
        yield [ending.enter_context(closing(Client(urls[number % len(urls)], number))) for number in range(count)]


def closed_loop(asking: Sequence[Client], make: Make, *, seconds: float, wanted: int) -> Sample:
    """Each client asks, waits for its answer, and asks again, for so many seconds."""
    sample = Sample(wanted)
    with closing(_watching(asking)) as watched:
        started = time.perf_counter()
        for client in asking:
            client.send(make(client), time.perf_counter())
        busy = len(asking)
        while busy:
            for client, answer in _answered(watched, _PATIENCE_SECONDS):
                now = time.perf_counter()
                sample.add(answer, now - client.since)
                if now - started < seconds:
                    client.send(make(client), time.perf_counter())
                else:
                    busy -= 1
        sample.seconds = time.perf_counter() - started
    return sample


def open_loop(
    asking: Sequence[Client],
    make: Make,
    *,
    every: float,
    seconds: float,
    wanted: int,
    heard: Callable[[Client, Answer], None],
) -> Sample:
    """A request every so many seconds, by whichever client is free.

    Seconds count from when a request was due: one that had to wait for a client has waited as a person would. `heard`
    gets each answer, with `since` of its client being that time.
    """
    sample = Sample(wanted)
    free, due = deque(asking), deque[float]()
    with closing(_watching(asking)) as watched:
        started = time.perf_counter()
        total, planned = round(seconds / every), 0
        while planned < total or due or len(free) < len(asking):
            now = time.perf_counter()
            while planned < total and (at := started + planned * every) <= now:
                due.append(at)
                planned += 1
            while due and free:
                client = free.popleft()
                client.send(make(client), due.popleft())
            until_next = started + planned * every - now if planned < total else _PATIENCE_SECONDS
            for client, answer in _answered(watched, max(until_next, 0.0), patient=planned == total):
                sample.add(answer, time.perf_counter() - client.since)
                heard(client, answer)
                free.append(client)
        sample.seconds = time.perf_counter() - started
    return sample


def _watching(asking: Sequence[Client]) -> selectors.BaseSelector:
    watched = selectors.DefaultSelector()
    for client in asking:
        watched.register(client, selectors.EVENT_READ, client)
    return watched


def _answered(
    watched: selectors.BaseSelector, timeout: float, *, patient: bool = True
) -> Iterator[tuple[Client, Answer]]:
    """The answers that are whole now. Raises LoadFailed when a patient wait was in vain."""
    ready = watched.select(timeout)
    if not ready and patient:
        raise LoadFailed(f"no answer in {timeout:.0f} s")
    for key, _ in ready:
        answer = key.data.receive()
        if answer is not None:
            yield key.data, answer

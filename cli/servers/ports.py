"""Ports of loopback that nobody listens on, and that no other process of ours is about to."""

import random
import socket
from collections import deque

# Below Linux's and macOS's ephemeral ports: while one of our servers is down, no client can be given its port.
FIRST, LAST = 20_000, 32_000
_given: set[int] = set()
_claims: deque[list[socket.socket]] = deque(maxlen=200)  # open sockets; one that falls out is long in use or done with


def free_port() -> int:
    """A free port, another each time. Should a stranger take it before us, the server says so and ends."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many free ports in a row. Raises OSError when there are none.

    Each is claimed by its UDP namesake, which no server of ours uses: two processes are never given the same port.
    """
    for first in random.sample(range(FIRST, LAST - count + 1), k=min(100, LAST - count + 1 - FIRST)):
        row = range(first, first + count)
        if _given.isdisjoint(row) and (claims := _claim(row)):
            _given.update(row)
            _claims.append(claims)
            return first
    raise OSError(f"no {count} free ports in a row between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _is_bound(probe, port)


def _claim(row: range) -> list[socket.socket]:
    """The sockets that claim these ports; none when one of them is in use or claimed."""
    claims = [socket.socket(type=socket.SOCK_DGRAM) for _ in row]
    if all(_is_bound(claim, port) and is_free(port) for claim, port in zip(claims, row, strict=True)):
        return claims
    for claim in claims:
        claim.close()
    return []


def _is_bound(to_bind: socket.socket, port: int) -> bool:
    try:
        to_bind.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True

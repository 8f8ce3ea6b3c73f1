"""Ports of loopback that nobody listens on."""

import random
import socket

# Below Linux's and macOS's ephemeral ports: while one of our servers is down, no client can be given its port.
FIRST, LAST = 20_000, 32_000
_given: set[int] = set()


def free_port() -> int:
    """A free port, another each time. Should somebody else take it before us, the server says so and ends."""
    for port in random.sample(range(FIRST, LAST), k=100):
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

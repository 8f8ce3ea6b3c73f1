"""What a connection of ours asks of TCP, and what one really has."""

import socket

EXPECTED = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 2,
    socket.TCP_USER_TIMEOUT: 20_000,
}


def options(connected: socket.socket) -> dict[int, int]:
    """What stands against `EXPECTED`. AssertionError when the connection is not kept alive at all."""
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    return {option: connected.getsockopt(socket.IPPROTO_TCP, option) for option in EXPECTED}

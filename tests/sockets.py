"""What a connection of ours asks of TCP, and what one really has."""

import socket

from kernel.silence import ASK_SECONDS, ASK_TIMES, IDLE_SECONDS, SILENCE_SECONDS

EXPECTED = {
    socket.TCP_KEEPIDLE: IDLE_SECONDS,
    socket.TCP_KEEPINTVL: ASK_SECONDS,
    socket.TCP_KEEPCNT: ASK_TIMES,
    socket.TCP_USER_TIMEOUT: SILENCE_SECONDS * 1000,
}


def options(connected: socket.socket) -> dict[int, int]:
    """What stands against `EXPECTED`. AssertionError when the connection is not kept alive at all."""
    assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    return {option: connected.getsockopt(socket.IPPROTO_TCP, option) for option in EXPECTED}

"""Ports: no two processes are given the same, nor one that somebody listens on."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.paths import ROOT
from cli.servers import ports

ELSEWHERE = """
import sys
from cli.servers import ports
ports.FIRST, ports.LAST = map(int, sys.argv[1:])
print(ports.free_port())
"""


def given_elsewhere(first: int, last: int) -> subprocess.CompletedProcess[str]:
    """What another process is given of these ports."""
    command = [sys.executable, "-c", ELSEWHERE, str(first), str(last)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def listening() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_another_port_is_given_each_time() -> None:
    assert len({ports.free_port() for _ in range(300)}) == 300


def test_no_other_process_is_given_a_port_that_is_not_in_use_yet() -> None:
    port = ports.free_port()
    assert ports.is_free(port)
    assert "no 1 free ports" in given_elsewhere(port, port + 1).stderr


def test_a_port_can_be_had_again_once_its_process_has_ended() -> None:
    port = int(given_elsewhere(ports.FIRST, ports.LAST).stdout)
    assert given_elsewhere(port, port + 1).stdout.strip() == str(port)


def test_a_port_that_somebody_listens_on_is_not_given(listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "FIRST", listening)
    monkeypatch.setattr(ports, "LAST", listening + 1)
    with pytest.raises(OSError, match="no 1 free ports"):
        ports.free_port()


def test_ports_in_a_row_are_all_claimed() -> None:
    first = ports.free_ports(3)
    assert all(ports.is_free(first + each) for each in range(3))
    assert "no 1 free ports" in given_elsewhere(first, first + 3).stderr


def test_a_row_with_one_port_in_use_is_not_given(listening: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "FIRST", listening - 1)
    monkeypatch.setattr(ports, "LAST", listening + 2)
    with pytest.raises(OSError, match="no 3 free ports"):
        ports.free_ports(3)

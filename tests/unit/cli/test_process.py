"""Processes that are set up wrongly end at once, with a line for each fault."""

import subprocess
import sys

import pytest

from cli import process
from cli.paths import ROOT
from cli.servers.ports import free_port


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("cli.worker", "booking"), ["TORG_AMQP_URL", "TORG_BOOKING_DATABASE_URL"]),
        (("cli.api", "booking", "--port", "1"), ["TORG_BOOKING_DATABASE_URL", "TORG_ISSUERS"]),
    ],
)
def test_a_process_with_missing_and_wrong_settings_names_them_all(command: tuple[str, ...], named: list[str]) -> None:
    environment = {"PYTHONPATH": str(ROOT), "TORG_RETRY_LIMIT": "-4"}
    words = [sys.executable, "-m", *command, "--health-port", str(free_port())]
    ended = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    first, *faults = ended.stderr.splitlines()
    assert first == "the settings are not right:"
    assert faults == [*(f"{name}: is not set" for name in named), "TORG_RETRY_LIMIT: must be above zero"]


@pytest.mark.parametrize("option", ["--host", "--health-host"])
@pytest.mark.parametrize("command", ["cli.api", "cli.worker"])
def test_a_name_that_nobody_knows_is_told(option: str, command: str) -> None:
    words = ["booking", "--health-port", "1", *(["--port", "1"] if command == "cli.api" else []), option, "no.invalid"]
    environment = {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", command, *words]
    ended = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert f"argument {option}: 'no.invalid' is no address or name that is known here" in ended.stderr


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        ([], ("127.0.0.1", "127.0.0.1")),
        (["--host", "127.0.0.2"], ("127.0.0.2", "127.0.0.2")),
        (["--health-host", "127.0.0.2"], ("127.0.0.1", "127.0.0.2")),
        (["--host", "127.0.0.3", "--health-host", "127.0.0.2"], ("127.0.0.3", "127.0.0.2")),
    ],
)
def test_health_is_where_visitors_are_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch, words: list[str], hosts: tuple[str, str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cli.api", "booking", "--port", "1", "--health-port", "2", *words])
    asked = process.words("cli.api", "")
    assert (asked.host, asked.health_host) == hosts

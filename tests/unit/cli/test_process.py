"""Processes that are set up wrongly end at once, with a line for each fault."""

import subprocess
import sys

import pytest

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

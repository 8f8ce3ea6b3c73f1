"""Ctrl-C while `./torg` still loads: Python loses an interrupt that comes within an import, and prints a traceback for
most others, so until a command's own modules are there the signal itself ends the process."""

import subprocess
import sys

import pytest

WATCHED = """
import runpy, signal, sys
sys.argv = ["torg", *sys.argv[1:]]
try:
    runpy.run_module("cli", run_name="__main__")
except SystemExit:
    print("\\nsignal:", signal.getsignal(signal.SIGINT))
"""


def handler_after(*words: str) -> str:
    ran = subprocess.run([sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=True)
    return ran.stdout.rpartition("signal:")[2]


def test_while_nothing_has_begun_the_signal_ends_the_process() -> None:
    assert handler_after("--version").strip() in ("0", "Handlers.SIG_DFL")


@pytest.mark.parametrize("words", [("token", "nobody"), ("migrate", "weather")])
def test_a_command_that_has_begun_is_interrupted(words: tuple[str, ...]) -> None:
    """It cleans up."""
    assert "default_int_handler" in handler_after(*words)

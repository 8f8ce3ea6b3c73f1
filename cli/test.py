"""`./torg test`: the tests, all or one level; what it does not know itself is passed on to pytest."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from cli.paths import ROOT
from cli.servers.browser import browser
from cli.servers.processes import ServerFailed
from cli.servers.rabbitmq_programs import find_programs

SHARED_OUT = ["-n", "logical", "--maxprocesses", "4", "--dist", "loadscope"]
"""To as many processes as there are cores; tests/sharing_out.py says what must not run at the same time."""
LEVELS = {
    "all": SHARED_OUT,
    "unit": [*SHARED_OUT, "tests/unit"],
    "contract": [*SHARED_OUT, "tests/contract"],
    "integration": [*SHARED_OUT, "tests/integration"],
    "journey": ["tests/journey"],
    "faults": ["tests/faults"],
    "long": ["-m", "long"],
}
"""Level → what pytest is told."""

TESTS = Path("tests")
NEEDS: dict[Path, tuple[Callable[[], object], ...]] = {
    TESTS / "integration/cli": (find_programs,),
    TESTS / "journey": (find_programs, browser),
    TESTS / "faults": (find_programs,),
}
"""Folder → what finds or installs the programs that its tests need over what `./torg` brings."""

app = typer.Typer(help="Run the tests: all, or one level; servers they need are started.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[all|unit|contract|integration|journey|faults|long] [PYTEST OPTIONS]",
)
def test(context: typer.Context) -> None:
    """Whatever follows the level goes to pytest: `./torg test unit -k tariff -x`.

    Levels with much to do are shared out to a process for each core; `-n 0` does all in one, as a debugger needs.
    What a level needs from Debian is installed first, if we may; else the command that installs it is told.
    At the end pytest tells how long each level took.
    Tests use a private PostgreSQL and a private RabbitMQ, started when a test first asks for one.
    TORG_TEST_DATABASE_URL and TORG_TEST_AMQP_URL name yours instead.
    """
    os.chdir(ROOT)
    if context.args and not known(context.args[0]):
        raise SystemExit(f"torg: {context.args[0]!r} is neither a path nor one of {', '.join(LEVELS)}")
    try:
        for provide in needs(context.args):
            provide()
    except ServerFailed as missing:
        raise SystemExit(f"torg: {missing}") from missing
    os.execv(sys.executable, pytest_command(context.args))


def known(word: str) -> bool:
    """Whether the first word is a level, an option of pytest's or a path to tests."""
    return word in LEVELS or word.startswith("-") or Path(word.partition("::")[0]).exists()


def pytest_command(words: list[str]) -> list[str]:
    """The pytest command for a level and options, or for a path; without either it is all tests."""
    if not words or words[0].startswith("-"):
        words = ["all", *words]
    return [sys.executable, "-m", "pytest", *LEVELS.get(words[0], words[:1]), *words[1:]]


def needs(words: list[str]) -> list[Callable[[], object]]:
    """What provides the programs that the level or path asked for needs; without either, those of all tests."""
    asked = words[0] if words and not words[0].startswith("-") else "all"
    folder = TESTS if asked in {"all", "long"} else TESTS / asked if asked in LEVELS else Path(asked.split("::")[0])
    wanted = dict.fromkeys(each for place, programs in NEEDS.items() if overlap(place, folder) for each in programs)
    if os.environ.get("TORG_TEST_AMQP_URL"):
        wanted.pop(find_programs, None)  # the few tests that kill a RabbitMQ of their own will say what they lack
    return list(wanted)


def overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)

"""`./torg test`: the tests, all or one level; what it does not know itself is passed on to pytest."""

import os
import sys

import typer

from cli.paths import ROOT

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

app = typer.Typer(help="Run the tests: all, or one level; servers they need are started.")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[all|unit|contract|integration|journey|faults|long] [PYTEST OPTIONS]",
)
def test(context: typer.Context) -> None:
    """Whatever follows the level goes to pytest: `./torg test unit -k tariff -x`.

    Levels with much to do are shared out to a process for each core; `-n 0` does all in one, as a debugger needs.
    At the end pytest tells how long each level took.
    Tests use a private PostgreSQL and a private RabbitMQ, started when a test first asks for one.
    TORG_TEST_DATABASE_URL and TORG_TEST_AMQP_URL name yours instead.
    """
    os.chdir(ROOT)
    os.execv(sys.executable, pytest_command(context.args))


def pytest_command(words: list[str]) -> list[str]:
    """The pytest command for a level and options, or for a path; without either it is all tests."""
    if not words or words[0].startswith("-"):
        words = ["all", *words]
    return [sys.executable, "-m", "pytest", *LEVELS.get(words[0], words[:1]), *words[1:]]

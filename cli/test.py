"""`./torg test`: the tests, all or one level; what it does not know itself is passed on to pytest."""

import os
import sys

import typer

from cli.paths import ROOT

LEVELS = {
    "all": [],
    "unit": ["tests/unit"],
    "contract": ["tests/contract"],
    "integration": ["tests/integration"],
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

    Tests use a private PostgreSQL and a private RabbitMQ, started when a test first asks for one.
    TORG_TEST_DATABASE_URL and TORG_TEST_AMQP_URL name yours instead.
    """
    os.chdir(ROOT)
    os.execv(sys.executable, pytest_command(context.args))


def pytest_command(words: list[str]) -> list[str]:
    """The pytest command for a level and options; without a level it is all tests."""
    if words and words[0] in LEVELS:
        words = [*LEVELS[words[0]], *words[1:]]
    return [sys.executable, "-m", "pytest", *words]

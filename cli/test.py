"""`./torg test`: the tests, all or one level; what it does not know itself is passed on to pytest."""

import os
import sys

import typer

from cli.paths import ROOT

LEVELS = ("unit", "integration", "contract", "journey", "faults")

app = typer.Typer(help="Run the tests: all, or one level; servers they need are started.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    level: str = typer.Argument("all", help="unit, integration, contract, journey, faults, long or all."),
) -> None:
    """Whatever else is given goes to pytest: `./torg test unit -k tariff -x`.

    Tests use a private PostgreSQL and a private RabbitMQ, started when a test first asks for one.
    TORG_TEST_DATABASE_URL and TORG_TEST_AMQP_URL name yours instead.
    """
    os.chdir(ROOT)
    os.execv(sys.executable, pytest_command(level, context.args))


def pytest_command(level: str, extra: list[str]) -> list[str]:
    """The pytest command for a level; an unknown level is taken as pytest's first argument (a path, or an option)."""
    pytest = [sys.executable, "-m", "pytest"]
    if level == "all":
        return [*pytest, *extra]
    if level == "long":
        return [*pytest, "-m", "long", *extra]
    if level in LEVELS:
        return [*pytest, f"tests/{level}", *extra]
    return [*pytest, level, *extra]

"""`./torg migrate`: brings the services' databases up to date. Safe to run twice, and by two machines at once."""

import os

import typer

from cli import SERVICES

app = typer.Typer(help="Bring the services' databases up to date.")


@app.command()
def migrate(
    services: list[str] = typer.Argument(None, help="Only these services; each needs its TORG_…_DATABASE_URL."),
) -> None:
    """Upgrades every database that a TORG_…_DATABASE_URL names. Run it before the new processes start."""
    from kernel.migrate import migrate as upgrade

    for service in services or [name for name in SERVICES if _url(name)]:
        if not _url(service):
            raise SystemExit(f"torg: {_variable(service)} is not set")
        upgrade(service, _url(service))
        typer.echo(f"{service} is up to date")


def _variable(service: str) -> str:
    return f"TORG_{service.upper()}_DATABASE_URL"


def _url(service: str) -> str:
    return os.environ.get(_variable(service), "")

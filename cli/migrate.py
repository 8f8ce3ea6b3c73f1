"""`./torg migrate`: brings the services' databases up to date. Safe to run twice, and by two machines at once."""

import typer

from cli import SERVICES
from cli.process import settings_or_exit
from kernel.settings import Settings

app = typer.Typer(help="Bring the services' databases up to date.")


@app.command()
def migrate(
    services: list[str] = typer.Argument(None, help="Only these services; each needs its TORG_…_DATABASE_URL."),
) -> None:
    """Upgrades every database that a TORG_…_DATABASE_URL names, as the role in TORG_…_OWNER_URL where that is set.

    Run it before the new processes start.

    A database that a later release has upgraded is left as it is, if this release can work with it.
    """
    from cli.restored import demand_whole
    from kernel.migrate import SchemaTooNew
    from kernel.migrate import migrate as upgrade

    settings = settings_or_exit(Settings)
    urls = {name: settings.owner_url(name) for name in SERVICES}
    for service in services or [name for name in SERVICES if urls[name]] or _none():
        if service not in urls:
            raise SystemExit(f"torg: {service!r} is not one of {', '.join(SERVICES)}")
        if not urls[service]:
            raise SystemExit(f"torg: {_variable(service)} is not set")
        demand_whole({service: urls[service]})
        try:
            upgraded = upgrade(service, urls[service])
        except SchemaTooNew as fault:
            raise SystemExit(f"torg: {service}: {fault}") from fault
        typer.echo(f"{service} is up to date" if upgraded else f"{service} is of a later release, and fit for this one")


def _none() -> list[str]:
    raise SystemExit(f"torg: no database to bring up to date: set one of {', '.join(map(_variable, SERVICES))}")


def _variable(service: str) -> str:
    return f"TORG_{service.upper()}_DATABASE_URL"

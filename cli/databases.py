"""`./torg databases`: makes the services' databases, and for each the role that owns it and the one its service has."""

from collections.abc import Mapping

import typer

from cli import SERVICES
from cli.process import settings_or_exit
from cli.servers.databases import names, provide
from kernel.settings import Settings

app = typer.Typer(help="Make the services' databases and the roles that may use them.")


@app.command()
def databases() -> None:
    """Makes each database that a TORG_…_DATABASE_URL names, the role in this URL, which may read and write its rows,
    and the role in TORG_…_OWNER_URL, which owns it. Both get the passwords that stand there.

    What is there stays: run it again, at work or not, to hand a database of release 0.3.0 to its owner, or to change
    passwords. It needs TORG_POSTGRES_URL, a superuser's, and nothing else does.
    """
    settings = settings_or_exit(Settings)
    if not settings.postgres_url:
        raise SystemExit("torg: TORG_POSTGRES_URL is not set: who may make databases?")
    for service, (url, owner_url) in _wanted(settings).items():
        provide(settings.postgres_url, url, owner_url)
        typer.echo(f"the database of {service} is there, and has its owner")


def _wanted(settings: Settings) -> Mapping[str, tuple[str, str]]:
    """The URL and the owner's URL of each service that has one. Ends the process where they don't go together."""
    wanted = {}
    for service in SERVICES:
        url, owner_url = getattr(settings, f"{service}_database_url"), settings.owner_url(service)
        if not url and not owner_url:
            continue
        if not url or names(url).role == names(owner_url).role:
            raise SystemExit(f"torg: TORG_{service.upper()}_OWNER_URL must name another role than …_DATABASE_URL")
        if names(url).database != names(owner_url).database:
            raise SystemExit(f"torg: TORG_{service.upper()}_OWNER_URL must name the database of …_DATABASE_URL")
        wanted[service] = (url, owner_url)
    if not wanted:
        raise SystemExit("torg: no TORG_…_DATABASE_URL is set: which databases?")
    return wanted

"""Where the databases are that an operator's command works on: those the environment names, else the running demo's."""

from collections.abc import Callable, Mapping

import typer

from cli import SERVICES
from cli.demo_folder import DemoFolder
from cli.process import settings_or_exit
from kernel.settings import Settings


def database_urls() -> Mapping[str, str]:
    """A URL for each service that has one. Ends with a clear sentence when there is none."""
    return _found(lambda settings, name: getattr(settings, f"{name}_database_url"), "databases")


def owner_urls() -> Mapping[str, str]:
    """The same, as the role that owns the tables."""
    return _found(Settings.owner_url, "owners")


def _found(url: Callable[[Settings, str], str], told: str) -> Mapping[str, str]:
    settings = settings_or_exit(Settings)
    named = {name: url(settings, name) for name in SERVICES}
    found: Mapping[str, str] = {name: url for name, url in named.items() if url}
    found = found or DemoFolder().told().get(told, {})
    if not found:
        raise typer.BadParameter("no TORG_…_DATABASE_URL is set, and no demo runs here: which databases?")
    return found

"""`./torg docs`: writes the pages of `docs/` that are made from the code, and RabbitMQ's definitions, or tells which of
them are stale.

Each page is made by one module here from what is declared where it is used: event classes, settings classes, metrics
and errors. `tests/contract` runs `./torg docs --check`, so a page never lies.
"""

import difflib
import importlib
from pathlib import Path

import typer

from cli.paths import ROOT

app = typer.Typer(help="Write what is made from the code: events, settings, metrics, errors, RabbitMQ's definitions.")

FOLDER = ROOT / "docs"
PAGES = {
    "events.md": "cli.docs.events",
    "asyncapi.yaml": "cli.docs.asyncapi",
    "settings.md": "cli.docs.settings",
    "metrics.md": "cli.docs.metrics",
    "errors.md": "cli.docs.errors",
}
"""Page → the module whose `page()` makes its text."""
DEFINITIONS = ROOT / "deploy/rabbitmq/definitions.json"


@app.command()
def docs(
    check: bool = typer.Option(False, "--check", help="Write nothing; show what is stale, and fail."),
    folder: Path = typer.Option(FOLDER, help="Where the pages are."),
    definitions: Path = typer.Option(DEFINITIONS, help="Where RabbitMQ's definitions are."),
) -> None:
    """Makes the pages from the code."""
    made = {folder / name: page(name) for name in PAGES} | {definitions: made_by("cli.docs.rights")}
    stale = {place: text for place, text in made.items() if text != written(place)}
    for place, text in stale.items():
        if check:
            typer.echo(difference(place, text))
        else:
            place.write_text(text, encoding="utf-8")
    typer.secho(f"{len(made)} pages, {len(stale)} {'stale' if check else 'written'}", err=True)
    if check and stale:
        raise typer.Exit(1)


def page(name: str) -> str:
    """A page's text, made anew."""
    return made_by(PAGES[name])


def made_by(module: str) -> str:
    """What a module's `page()` makes."""
    made: str = importlib.import_module(module).page()
    return made


def written(place: Path) -> str:
    """A page's text as it stands; empty when there is none."""
    return place.read_text(encoding="utf-8") if place.exists() else ""


def difference(place: Path, made: str) -> str:
    """What would change, as a diff."""
    lines = (written(place).splitlines(), made.splitlines())
    return "\n".join(difflib.unified_diff(*lines, str(place), f"{place} (from the code)", lineterm=""))

"""`./torg docs`: writes the pages of `docs/` that are made from the code, or tells which of them are stale.

Each page is made by one module here from what is declared where it is used: event classes, settings classes, metrics
and errors. `tests/contract` runs `./torg docs --check`, so a page never lies.
"""

import difflib
import importlib
from pathlib import Path

import typer

from cli.paths import ROOT

app = typer.Typer(help="Write the generated pages of docs/: events, settings, metrics, errors.")

FOLDER = ROOT / "docs"
PAGES = {
    "events.md": "cli.docs.events",
    "asyncapi.yaml": "cli.docs.asyncapi",
    "settings.md": "cli.docs.settings",
    "metrics.md": "cli.docs.metrics",
    "errors.md": "cli.docs.errors",
}
"""Page → the module whose `page()` makes its text."""


@app.command()
def docs(
    check: bool = typer.Option(False, "--check", help="Write nothing; show what is stale, and fail."),
    folder: Path = typer.Option(FOLDER, help="Where the pages are."),
) -> None:
    """Makes the pages from the code."""
    stale = {folder / name: made for name in PAGES if (made := page(name)) != written(folder / name)}
    for place, made in stale.items():
        if check:
            typer.echo(difference(place, made))
        else:
            place.write_text(made, encoding="utf-8")
    typer.secho(f"{len(PAGES)} pages, {len(stale)} {'stale' if check else 'written'}", err=True)
    if check and stale:
        raise typer.Exit(1)


def page(name: str) -> str:
    """A page's text, made anew."""
    made: str = importlib.import_module(PAGES[name]).page()
    return made


def written(place: Path) -> str:
    """A page's text as it stands; empty when there is none."""
    return place.read_text(encoding="utf-8") if place.exists() else ""


def difference(place: Path, made: str) -> str:
    """What would change, as a diff."""
    lines = (written(place).splitlines(), made.splitlines())
    return "\n".join(difflib.unified_diff(*lines, str(place), f"{place} (from the code)", lineterm=""))

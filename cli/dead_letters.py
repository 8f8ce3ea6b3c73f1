"""`./torg dead-letters`: the events that were given up, in every service's database; to be read, replayed or discarded.

Without TORG_…_DATABASE_URL in the environment it looks at the demo's databases, if the demo runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from cli.targets import database_urls
from kernel import failures
from kernel.db import Database, Transaction
from kernel.failures import Failure

app = typer.Typer(help="The events that were given up: list, show, replay, discard.", no_args_is_help=True)
console = Console()

Service = Annotated[str, typer.Option("--service", help="Only this service's.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Id = Annotated[UUID, typer.Argument(help="A dead letter's id, as `list` shows it.")]


@app.command("list")
def list_(service: Service = "", as_json: Json = False, most: int = 100) -> None:
    """Lists the dead letters, oldest first."""
    found = [(name, letter) for name, tx in _transactions(service) for letter in failures.dead_letters(tx, most=most)]
    if as_json:
        console.print_json(data=[_told(name, letter) for name, letter in found])
    elif not found:
        console.print("No dead letters.")
    else:
        console.print(_table(found))
        console.print("./torg dead-letters show ID tells more; replay ID tries one again.")


@app.command()
def show(id: Id, as_json: Json = False) -> None:
    """Shows one dead letter with its body. Bodies may hold what must not be shared."""
    name, letter = _find(id)
    body = letter.body.decode(errors="backslashreplace")
    if as_json:
        console.print_json(data={**_told(name, letter), "body": body})
        return
    for key, value in _told(name, letter).items():
        console.print(f"[bold]{key:10}[/bold] {value}")
    console.print(body, markup=False)


@app.command()
def replay(
    id: Annotated[UUID | None, typer.Argument(help="A dead letter's id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    service: Service = "",
) -> None:
    """Has a worker try a dead letter again, with all its retries."""
    if (id is None) != everything:
        raise typer.BadParameter("give an id, or --all")
    done = sum(_replay(tx, id) for _, tx in _transactions(service, write=True))
    if id is not None and not done:
        raise _none(id)
    console.print(f"{done} to be tried again.")


@app.command()
def discard(id: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Deletes a dead letter for good."""
    name, letter = _find(id)
    if not yes:
        typer.confirm(f"Delete {letter.entrypoint} of {name}, failed at {letter.failed_at:%Y-%m-%d %H:%M}?", abort=True)
    discarded = sum(failures.settle(tx, id) for _, tx in _transactions(name, write=True))
    console.print(f"{discarded} discarded.")


def _replay(tx: Transaction, id: UUID | None) -> int:
    ids = [id] if id is not None else [letter.id for letter in failures.dead_letters(tx, most=10_000)]
    return sum(failures.replay(tx, each) for each in ids)


def _find(id: UUID) -> tuple[str, Failure]:
    for name, tx in _transactions(""):
        letter = failures.dead_letter(tx, id)
        if letter is not None:
            return name, letter
    raise _none(id)


def _none(id: UUID) -> typer.BadParameter:
    return typer.BadParameter(f"there is no dead letter {id}; `./torg dead-letters list` shows those there are")


def _transactions(service: str, *, write: bool = False) -> Iterator[tuple[str, Transaction]]:
    urls = database_urls()
    if service and service not in urls:
        raise typer.BadParameter(f"{service!r} is not one of {', '.join(urls)}", param_hint="--service")
    for name, url in urls.items():
        if service in ("", name):
            with _transaction(name, url, write=write) as tx:
                yield name, tx


@contextmanager
def _transaction(service: str, url: str, *, write: bool) -> Iterator[Transaction]:
    database = Database(url, service=service, pool_size=1)
    try:
        with database.transaction() if write else database.reading() as tx:
            yield tx
    finally:
        database.close()


def _told(service: str, letter: Failure) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "service": service,
        "event": letter.entrypoint,
        "error": letter.error,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at.isoformat(),
    }


def _table(found: list[tuple[str, Failure]]) -> Table:
    table = Table("id", "service", "event", "error", "attempts", "failed at (UTC)", box=None)
    for name, letter in found:
        when = f"{letter.failed_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(letter.id), name, letter.entrypoint, letter.error, str(letter.attempts), when)
    return table

"""`./torg dead-letters`: the events that were given up, in every service's database; to be read, replayed or discarded.

Without TORG_…_DATABASE_URL in the environment it looks at the demo's databases, if the demo runs.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import typer

from cli.targets import database_urls
from kernel import failures
from kernel.db import Database, Transaction
from kernel.failures import Failure
from kernel.trace import ids_in

app = typer.Typer(help="The events that were given up: list, show, replay, discard.", no_args_is_help=True)

SHORTEST = 4


def id_or_beginning(written: str) -> str:
    """An id, or as much of its beginning as tells which is meant. Raises BadParameter."""
    if not re.fullmatch(rf"[0-9a-f-]{{{SHORTEST},36}}", written.lower()):
        raise typer.BadParameter(f"{written!r} is neither an id nor the first {SHORTEST} or more characters of one")
    return written.lower()


Service = Annotated[str, typer.Option("--service", help="Only this service's.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Id = Annotated[str, typer.Argument(parser=id_or_beginning, help="A dead letter's id, or its beginning.", metavar="ID")]


@app.command("list")
def list_(
    service: Service = "",
    as_json: Json = False,
    most: Annotated[int, typer.Option(min=1, help="How many of each service.")] = 100,
) -> None:
    """Lists the dead letters, oldest first."""
    found, cut = [], []
    for name, tx in _transactions(service):
        letters = failures.dead_letters(tx, most=most + 1)
        found += [(name, letter) for letter in letters[:most]]
        cut += [name] if len(letters) > most else []
    if cut:
        typer.echo(f"torg: {' and '.join(cut)} has more; --most {most * 10} shows them.", err=True)
    if as_json:
        typer.echo(_as_json([_told(name, letter) for name, letter in found]))
    elif not found:
        typer.echo("No dead letters.")
    else:
        for name, letter in found:
            typer.echo(_block(name, letter))
        typer.echo("./torg dead-letters show ID tells more; replay ID tries one again.")


@app.command()
def show(id: Id, as_json: Json = False) -> None:
    """Shows one dead letter with its body. Bodies may hold what must not be shared."""
    name, letter = _find(id)
    body = letter.body.decode(errors="backslashreplace")
    if as_json:
        typer.echo(_as_json({**_told(name, letter), "body": body}))
        return
    for key, value in _told(name, letter).items():
        typer.echo(f"{key:10} {'-' if value is None else value}")
    typer.echo(body)


@app.command()
def replay(
    id: Annotated[
        str | None, typer.Argument(parser=id_or_beginning, help="A dead letter's id, or its beginning.", metavar="ID")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    service: Service = "",
) -> None:
    """Has a worker try a dead letter again, with all its retries."""
    if (id is None) != everything:
        raise typer.BadParameter("give an id, or --all")
    one: UUID | None = None
    if id is not None:
        service, letter = _find(id, service)
        one = letter.id
    done = sum(_replay(tx, one) for _, tx in _transactions(service, write=True))
    if id is not None and not done:
        raise _none(id)
    typer.echo(f"{done} to be tried again.")


@app.command()
def discard(id: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Deletes a dead letter for good."""
    name, letter = _find(id)
    if not yes:
        typer.confirm(f"Delete {letter.entrypoint} of {name}, failed at {letter.failed_at:%Y-%m-%d %H:%M}?", abort=True)
    discarded = sum(failures.settle(tx, letter.id) for _, tx in _transactions(name, write=True))
    typer.echo(f"{discarded} discarded.")


def _replay(tx: Transaction, id: UUID | None) -> int:
    ids = [id] if id is not None else [letter.id for letter in failures.dead_letters(tx, most=10_000)]
    return sum(failures.replay(tx, each) for each in ids)


def _find(id: str, service: str = "") -> tuple[str, Failure]:
    """The one dead letter whose id begins so, and its service. Raises BadParameter for none and for several."""
    found = [(name, letter) for name, tx in _transactions(service) for letter in failures.dead_letters(tx, id=id)]
    if not found:
        raise _none(id)
    if len(found) > 1:
        ids = ", ".join(str(letter.id) for _, letter in found)
        raise typer.BadParameter(f"{len(found)} dead letters begin with {id}: {ids}")
    return found[0]


def _none(id: str) -> typer.BadParameter:
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
        "event_id": ids_in(letter.body).get("event_id"),
        "error": letter.error,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at.isoformat(),
    }


def _block(service: str, letter: Failure) -> str:
    """One letter of the list: the id whole on a line of its own, for a narrow terminal and for a click."""
    when = f"{letter.failed_at:%Y-%m-%d %H:%M:%S} UTC"
    event = ids_in(letter.body).get("event_id", "none: its body is no event")
    lines = (
        f"{letter.id}  {service}, attempts: {letter.attempts}",
        f"{when}  {letter.entrypoint}",
        f"event's id: {event}",
        letter.error,
    )
    return "\n  ".join(lines) + "\n"


def _as_json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)

"""`./torg journey`: the main job, once, on a whole Torg of its own that is gone afterwards.

By default on the embedded PostgreSQL and broker; with `--amqp-url` and `--database-url` on real servers.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import typer
from amqp.exceptions import AMQPError
from httpx import HTTPError
from kombu.exceptions import KombuError
from marshmallow import ValidationError
from rich.console import Console

from cli import broker, demo_data
from cli.demo_data import DemoDataRefused
from cli.docs.sources import events
from cli.journey_steps import Journey, NotSeen, Step
from cli.servers.databases import ServiceDatabases
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run, ServerFailed, reap
from cli.sign_in import SignInRefused, token
from cli.stack import Layout, Stack, drop_databases, provide_databases
from cli.tap import Tap
from kernel.settings import AMQP, DATABASE

app = typer.Typer(help="Run the main job once, and see each step as it happens.")
console = Console(highlight=False)

EMBEDDED = "memory://"
FAULTS = (NotSeen, DemoDataRefused, ServerFailed, SignInRefused, psycopg2.Error, AMQPError, HTTPError, OSError)


def refusing(check: Callable[[str], None]) -> Callable[[str], str]:
    """An option's callback that refuses what a setting's check refuses."""

    def checked(value: str) -> str:
        try:
            check(value)
        except ValidationError as fault:
            raise typer.BadParameter("; ".join(map(str, fault.messages))) from fault
        return value

    return checked


@app.command()
def journey(
    amqp_url: str = typer.Option(
        EMBEDDED, help="A RabbitMQ's virtual host without a Torg in it: amqp://…", callback=refusing(AMQP)
    ),
    database_url: str = typer.Option(
        "", help="A PostgreSQL superuser's URL; databases are made and dropped there.", callback=refusing(DATABASE)
    ),
    as_json: bool = typer.Option(False, "--json", help="For machines: one object with every step."),
) -> None:
    """Prints each step with its event and the milliseconds since the start. Exit status 0 only if all were seen."""
    steps: list[Step] = []
    fault = ""
    try:
        with whole_torg(amqp_url, database_url, quiet=as_json) as (stack, databases):
            for step in travel(stack, databases.urls):
                steps.append(step)
                if not as_json:
                    console.print(_line(step), soft_wrap=True)
    except FAULTS as seen:
        fault = str(seen).strip() or type(seen).__name__
    if as_json:
        print(json.dumps({"seen": not fault, "fault": fault, "steps": [asdict(step) for step in steps]}, indent=2))
    elif fault:
        console.print(f"[red]✗ not seen:[/red] {fault}", soft_wrap=True)
    else:
        console.print(f"[green]✓ every step was seen[/green], {steps[-1].milliseconds:.0f} ms after the start")
    raise typer.Exit(1 if fault else 0)


def travel(stack: Stack, databases: Mapping[str, str]) -> Iterator[Step]:
    """The journey on a running Torg that holds the example data."""
    tap = Tap(databases)
    try:
        yield from Journey(stack.urls, stack.issuer, tap).run()
    finally:
        tap.close()


@contextmanager
def whole_torg(
    amqp_url: str, database_url: str, *, quiet: bool, **layout: Any
) -> Iterator[tuple[Stack, ServiceDatabases]]:
    """A Torg with the example data, and its databases, gone afterwards; `layout` goes to `Layout`."""
    reap()
    with ExitStack() as ending:
        run = ending.enter_context(Run("journey"))
        folder = run.temporary_folder()
        if not quiet:
            ending.enter_context(console.status("starting a Torg for this journey …"))
        server = database_url or _private_postgres(run, folder)
        prefix = f"torg_journey_{os.getpid()}"
        ending.callback(drop_databases, server, prefix=prefix)
        databases = provide_databases(server, folder, prefix=prefix)
        if amqp_url != EMBEDDED:
            if "amqp_urls" not in layout:  # users that may declare nothing have their queues declared already
                refuse_used(amqp_url)
            ending.callback(broker.clear, amqp_url, events())
        apart = amqp_url != EMBEDDED
        given: dict[str, Any] = {"amqp_url": amqp_url, "workers_apart": apart, **layout}
        migrate_all(databases.owners)
        stack = start(run, Layout(folder=folder, databases=databases.urls, **given))
        ending.callback(stack.stop)
        yield stack, databases


def migrate_all(owners: Mapping[str, str]) -> None:
    """Brings each service's database up to date."""
    from kernel.migrate import migrate

    for service, url in owners.items():
        migrate(service, url)


def start(run: Run, layout: Layout) -> Stack:
    """Starts every process, loads the example data."""
    stack = Stack(run, layout)
    stack.start()
    demo_data.load(stack.urls, token(stack.issuer, "drift"))
    return stack


def _private_postgres(run: Run, folder: Path) -> str:
    server = PrivatePostgres(folder / "postgres", run)
    server.start()
    return server.url()


def refuse_used(amqp_url: str) -> None:
    """Raises ServerFailed when the broker has a Torg, or does not answer."""
    try:
        used = broker.holds_any(amqp_url, events())
    except (AMQPError, KombuError, OSError) as fault:
        at = urlsplit(amqp_url)
        where = f"{at.hostname}:{at.port or 5672}{at.path}"  # and not who with which password
        raise ServerFailed(f"the RabbitMQ of --amqp-url does not answer at {where}: {fault}") from fault
    if used:
        raise ServerFailed("that virtual host has Torg's queues already: a journey would take a running Torg's events")


def _line(step: Step) -> str:
    return f"[dim]{step.milliseconds:7.0f} ms[/dim]  {step.happened}  [cyan]{step.event or ''}[/cyan]"

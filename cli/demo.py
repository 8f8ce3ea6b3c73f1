"""`./torg demo`: all of Torg on this machine with nothing installed, the squares of Asker in it, until Ctrl-C.

Its PostgreSQL is the one from our packages, its broker is inside the worker process, its data stay in `.torg/demo`.
"""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from cli.demo_folder import DemoFolder, DemoRuns
from cli.servers.ports import is_free
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run, ServerFailed, reap
from cli.stack import Layout, Stack, provide_databases

app = typer.Typer(help="Run all of Torg on this machine, with example data.")
console = Console(highlight=False)

WATCH_SECONDS = 0.5
OPERATOR = "drift"


@app.command()
def demo(
    port: int = typer.Option(8000, min=1024, max=65533, help="The portal's port; api and worker take the next two."),
    fresh: bool = typer.Option(False, "--fresh", help="Start over: forget all that was done in the demo before."),
) -> None:
    """Starts everything, prints where to go and as whom, and stops everything at Ctrl-C. Data are kept."""
    started = time.monotonic()
    folder = DemoFolder()
    try:
        with folder.alone(), signals_as_interrupt():
            reap()
            refuse_taken(port)
            demonstrate(folder, port, fresh=fresh, started=started)
    except DemoRuns as other:
        raise SystemExit(f"torg: the demo already runs, at {folder.told().get('portal', 'its port')}.") from other
    except ServerFailed as failure:
        raise SystemExit(f"torg: {failure}") from failure


def demonstrate(folder: DemoFolder, port: int, *, fresh: bool, started: float) -> None:
    """One run of the demo, from its start to Ctrl-C."""
    if not fresh and folder.port not in (None, port):
        raise SystemExit(
            f"torg: the demo's data belong to port {folder.port}. Start it there, or over again here with --fresh."
        )
    with Run("demo") as run, suppress(KeyboardInterrupt):
        server = PrivatePostgres(folder.path / "postgres", run)
        if fresh or folder.port is None:
            forget(folder, server)
        stack = start(folder, server, run, port)
        welcome(stack, time.monotonic() - started)
        try:
            watch(stack, server)
        finally:
            console.print("stopping …")
            stack.stop()


def start(folder: DemoFolder, server: PrivatePostgres, run: Run, port: int) -> Stack:
    """Starts PostgreSQL and then the processes; at the first start loads the example data."""
    with step("PostgreSQL"):
        server.start()
    with step("databases"):
        databases = provide_databases(server.url(), folder.path)
        migrate(folder, databases.owners)
    ports = {"portal": port, "api": port + 1, "worker": port + 2}
    environment = {"TORG_LOG_FORMAT": "readable"}
    stack = Stack(run, Layout(folder=folder.path, databases=databases.urls, ports=ports, environment=environment))
    folder.tell(portal=stack.portal_url, databases=databases.urls, owners=databases.owners, urls=stack.urls)
    with step("services and portal"):
        stack.start()
    if folder.port is None:
        with step("the squares of Asker"):
            load_example_data(stack)
        folder.loaded(port)
    return stack


def forget(folder: DemoFolder, server: PrivatePostgres) -> None:
    """Deletes what an earlier demo left. A first start that was cut short before its data were in is no more."""
    server.remove()
    folder.clear()


def migrate(folder: DemoFolder, databases: Mapping[str, str]) -> None:
    """Brings the databases up to date, unless that was done and nothing has changed since."""
    if not folder.needs_migration():
        return
    from kernel.migrate import SchemaTooNew, migrate

    try:
        for service, url in databases.items():
            migrate(service, url)
    except SchemaTooNew as fault:
        raise ServerFailed(f"{fault}. `./torg demo --fresh` starts over.") from fault
    folder.migrated()


def load_example_data(stack: Stack) -> None:
    """Loads the example data through the front doors, as the operator. Raises ServerFailed."""
    from httpx import HTTPError

    from cli.demo_data import DemoDataRefused, load
    from cli.sign_in import SignInRefused, token

    try:
        load(stack.urls, token(stack.issuer, OPERATOR))
    except (DemoDataRefused, SignInRefused, HTTPError) as refused:
        raise ServerFailed(f"the example data could not be loaded: {refused}") from refused


def welcome(stack: Stack, seconds: float) -> None:
    """Says where to go, and as whom."""
    from services.portal.demo_issuer import PERSONAS

    people = Table.grid(padding=(0, 2))
    for who in PERSONAS.values():
        people.add_row(f"[bold]{who.name}[/]", who.about)
    where = f"Open [bold]{stack.portal_url}[/] and sign in as one of\n"
    more = f"\nThe services: {stack.urls['booking']}/docs (access, pricing, programming alike)\nLogs: {stack.folder}"
    title = f"Torg runs (started in {seconds:.1f} s)"
    console.print(Panel(Group(where, people, more), title=title, subtitle="Ctrl-C stops it; what you did is kept"))


def watch(stack: Stack, server: PrivatePostgres) -> None:
    """Waits for Ctrl-C. Raises ServerFailed when a process ends by itself."""
    while True:
        stack.check()
        server.child.must_run()
        time.sleep(WATCH_SECONDS)


def refuse_taken(port: int) -> None:
    """Ends with one sentence when a port the demo needs is in use."""
    taken = [each for each in range(port, port + 3) if not is_free(each)]
    if taken:
        raise SystemExit(f"torg: port {taken[0]} is in use. Choose another: ./torg demo --port {port + 100}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Shows that this is under way, and then how long it took."""
    started = time.monotonic()
    with console.status(f"{name} …"):
        yield
    console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - started:.1f} s[/]")


@contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """Lets SIGTERM and a closed terminal stop the demo as Ctrl-C does; once that has begun, no signal breaks it off."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(number, interrupt) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)

"""`./torg restore FOLDER`: makes the services' databases what they were, and lets everybody follow from there."""

from collections.abc import Mapping
from pathlib import Path

import typer

from cli import dumps
from cli.restored import broker_or_exit, demand_stopped, erasures_or_exit, follow
from cli.targets import database_urls, owner_urls
from kernel.migrate import migrate

app = typer.Typer(help="Restore the services' databases from a backup, with all of Torg stopped.")


@app.command()
def restore(
    folder: Path = typer.Argument(help="What `./torg backup` wrote."),
    only: list[str] = typer.Option([], "--only", help="This service's database alone; the others stay as they are."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    no_broker: bool = typer.Option(False, "--no-broker", help="There is no RabbitMQ, or it starts empty."),
    mismatched: bool = typer.Option(False, "--mismatched", help="Take dumps of which booking's is not the newest."),
) -> None:
    """Checks the backup, restores it, empties the queues, and begins to tell all bookings again. Then lists what
    booking does not know: nothing of that is undone by itself, but a key whose place and time another booking has is
    suspended.
    """
    try:
        manifest = dumps.read(folder)
    except dumps.NoBackup as fault:
        raise SystemExit(f"torg: {fault}. Nothing was changed.") from fault
    urls, amqp_url, erasures = database_urls(), broker_or_exit(no_broker), erasures_or_exit()
    chosen = _chosen(urls, only)
    _check_order(manifest, whole=not only, mismatched=mismatched)
    demand_stopped(urls)
    if not yes:
        when = f"{manifest.taken_at:%Y-%m-%d %H:%M} UTC"
        typer.confirm(f"Replace all that is in the databases of {', '.join(chosen)} by what was at {when}?", abort=True)
    owners = owner_urls()
    for service in dumps.ORDER:  # all of them: none may start while another is half restored
        dumps.mark(owners[service])
    for service in chosen:
        _restore_one(service, owners[service], folder, manifest.dumps[service])
    follow(urls, amqp_url, erasures)
    for service in dumps.ORDER:
        dumps.unmark(owners[service])


def _restore_one(service: str, url: str, folder: Path, dump: dumps.Dump) -> None:
    try:
        dumps.restore(url, folder, dump)
        if not dumps.is_of(url, dump):
            raise dumps.NoBackup(f"what was restored is not what the manifest tells of {service}")
    except dumps.NoBackup as fault:
        raise SystemExit(f"torg: {fault}. Start nothing before a restore has come to its end.") from fault
    migrate(service, url)
    typer.echo(f"{service} is as it was at {dump.taken_at:%Y-%m-%d %H:%M:%S} UTC")


def _chosen(urls: Mapping[str, str], only: list[str]) -> list[str]:
    if wrong := [service for service in only if service not in dumps.ORDER]:
        raise typer.BadParameter(f"{wrong[0]!r} is not one of {', '.join(dumps.ORDER)}", param_hint="--only")
    if missing := [service for service in dumps.ORDER if service not in urls]:
        raise SystemExit(
            f"torg: which database is that of {', '.join(missing)}? All are needed, whichever is restored."
        )
    return [service for service in dumps.ORDER if not only or service in only]


def _check_order(manifest: dumps.Manifest, *, whole: bool, mismatched: bool) -> None:
    newer = manifest.older_than_others()
    if mismatched or not whole:
        return
    if not manifest.of_one_epoch:
        raise SystemExit(
            "torg: the dumps are of different epochs: there was a restore between them. Take a backup that was made as"
            " a whole, or say --mismatched. Nothing was changed."
        )
    if newer:
        raise SystemExit(
            f"torg: booking's dump is older than that of {', '.join(newer)}, which may know of bookings that it does"
            " not. Take a backup that was made as a whole, or say --mismatched. Nothing was changed."
        )

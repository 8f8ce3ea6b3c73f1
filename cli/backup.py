"""`./torg backup FOLDER`: a dump of every service's database, booking's last, with a manifest. Nothing is stopped."""

import shutil
from pathlib import Path

import typer

from cli import dumps
from cli.process import settings_or_exit
from cli.restored import demand_whole
from cli.targets import owner_urls
from kernel import journal
from kernel.settings import Settings

app = typer.Typer(help="Back up the services' databases, while they are at work.")


@app.command()
def backup(
    folder: Path = typer.Argument(help="A folder that is not there yet."),
) -> None:
    """Writes a dump of every service's database, and a manifest that `./torg restore` checks.

    It holds what people have entrusted: keep it apart from the server, where few can read it. Door codes in it can be
    read with TORG_ACCESS_CODE_KEY alone, which is not in it.
    """
    urls = owner_urls()
    if missing := [service for service in dumps.ORDER if service not in urls]:
        raise SystemExit(f"torg: a backup is of all services; which database is that of {', '.join(missing)}?")
    journal_folder = settings_or_exit(Settings).erasure_journal
    if journal_folder and not journal.apart(journal_folder, folder):
        raise SystemExit(f"torg: {folder} and the journal of erasures, {journal_folder}, must lie apart")
    demand_whole(urls)
    if folder.exists():
        raise SystemExit(f"torg: {folder} is there already")
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        made = {}
        for service in dumps.ORDER:
            made[service] = dumps.dump(service, urls[service], part)
            typer.echo(f"{service}: {made[service].bytes / 1_000_000:.1f} MB")
        dumps.write(part, made)
    except dumps.NoBackup as fault:
        shutil.rmtree(part)
        raise SystemExit(f"torg: {fault}") from fault
    part.rename(folder)
    typer.echo(f"backed up to {folder}")

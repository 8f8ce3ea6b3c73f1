"""The list of commands. Each lives in its own module as a Typer `app`, imported only when it is asked for:
`./torg demo` does not pay for what `./torg bench` needs."""

import importlib
import signal
from typing import Any

import typer
from typer.core import TyperGroup

from kernel.release import VERSION

COMMANDS = {
    "demo": "cli.demo",
    "journey": "cli.journey",
    "test": "cli.test",
    "check": "cli.check",
    "bench": "cli.bench",
    "dead-letters": "cli.dead_letters",
    "databases": "cli.databases",
    "migrate": "cli.migrate",
    "backup": "cli.backup",
    "restore": "cli.restore",
    "restored": "cli.restored",
    "docs": "cli.docs",
    "lock": "cli.lock",
    "token": "cli.token",
}


class LazyCommands(TyperGroup):
    """Finds a command's module by its name, and imports it then."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        own = importlib.import_module(COMMANDS[cmd_name]).app
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # it was while modules were loaded
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command = typer.main.get_command(own)
        command.name, command.short_help = cmd_name, own.info.help
        return command

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; a database that can't be had ends it with one sentence."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from kernel.db import lost_because

            if (why := lost_because(error)) is None:
                raise
            raise SystemExit(f"torg: the database can't be had: {why}") from error


app = typer.Typer(
    cls=LazyCommands,
    help="Torg: living arenas and citizen squares. Start with `./torg demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"torg {VERSION}")
        raise typer.Exit


@app.callback()
def torg(
    version: bool = typer.Option(False, "--version", callback=show_version, is_eager=True, help="Show the release."),
) -> None:
    """Typer makes a group, and so our class, only of an app that has a callback."""

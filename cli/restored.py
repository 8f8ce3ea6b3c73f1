"""`./torg restored`: how far everybody has followed a restore, and what booking does not know since then."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

import typer
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError

from cli import dumps
from cli.anew import Unknown, restored
from cli.process import settings_or_exit
from cli.targets import database_urls
from kernel import journal, topology
from kernel.journal import Erasure
from kernel.settings import Settings
from kernel.text import blank, forbidden, one_line, trimmed, unstorable
from kernel.unknown import Settlement

MOST_SAID = 500

app = typer.Typer(help="After a restore: progress, and what booking does not know.", no_args_is_help=True)


@app.command()
def begin(
    no_broker: bool = typer.Option(False, "--no-broker", help="There is no RabbitMQ, or it starts empty."),
) -> None:
    """Lets everybody follow databases that were restored by other means than `./torg restore`, such as a copy of the
    disk, with all of Torg stopped. It may be run again."""
    urls, amqp_url, erasures = whole_urls(), broker_or_exit(no_broker), erasures_or_exit()
    demand_stopped(urls)
    follow(urls, amqp_url, erasures)


@app.command()
def progress() -> None:
    """Tells how many bookings were told again, and how many of them each service has taken."""
    with restored(whole_urls()) as databases:
        found = databases.progress()
    if not found.epoch:
        typer.echo("Nothing was ever restored.")
        return
    typer.echo(f"epoch {found.epoch}: {found.told} of {found.expected} bookings told again")
    for service, count in found.taken.items():
        typer.echo(f"  {service} has taken {count} of {found.expected}")
    typer.echo("All is told and taken." if found.complete else "It goes on while the workers run.")


@app.command("list")
def list_(as_json: bool = typer.Option(False, "--json", help="For machines.")) -> None:
    """Lists the bookings that others follow and booking does not know: keys, persons, money."""
    with restored(whole_urls()) as databases:
        found = databases.unknown()
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
    else:
        show_unknown(found)


@app.command()
def decided() -> None:
    """Lists what was decided of bookings that booking did not know: what, when, by whom and why."""
    with restored(whole_urls()) as databases:
        found = databases.settled()
    for each in found:
        typer.echo(f"{each.subject} {each.how} {each.at.isoformat(timespec='seconds')}")
        typer.echo(f"  by {each.by or 'nobody who is known'}: {each.why or 'no reason is kept'}")


def _said(text: str) -> str:
    """What an operator says: seen by whoever reads it, on one line."""
    if blank(text) or forbidden(text) or unstorable(text) or len(text) > MOST_SAID:
        raise typer.BadParameter(f"say something, in at most {MOST_SAID} plain characters")
    return one_line(trimmed(text))


# asked for, and never a default: the account a command runs under says nothing of who it was
WHO = typer.Option(..., "--who", prompt="Who decides (your name)", callback=_said, help="Who decides; it is kept.")
WHY = typer.Option(..., "--why", prompt="Why", callback=_said, help="Why; it is kept.")


@app.command()
def keep(booking: UUID = typer.Argument(metavar="BOOKING"), who: str = WHO, why: str = WHY) -> None:
    """Leaves an unknown booking as it is: its key opens until its time is over, unless that is suspended."""
    _settle(booking, "kept", who, why)


@app.command()
def withdraw(
    booking: UUID = typer.Argument(metavar="BOOKING"),
    who: str = WHO,
    why: str = WHY,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Gives an unknown booking up: its key is revoked, its charge credited, its waiver given back, its activity
    withdrawn. What was paid stays as credit, to be paid back."""
    if not yes:
        typer.confirm(f"Give up booking {booking} for good?", abort=True)
    _settle(booking, "withdrawn", who, why)


def erasures_or_exit() -> Collection[Erasure]:
    """Who is to be forgotten again, as the journal tells. Ends the process when it can't be read; says so when there is
    none."""
    folder = settings_or_exit(Settings).erasure_journal
    if not folder:
        typer.echo("torg: TORG_ERASURE_JOURNAL is not set: nobody who was erased since is forgotten again.", err=True)
        return ()
    try:
        return journal.read(folder).values()
    except journal.Unreadable as fault:
        raise SystemExit(f"torg: the journal of erasures can't be read: {fault}. Nothing was changed.") from fault


def follow(urls: Mapping[str, str], amqp_url: str | None, erasures: Collection[Erasure]) -> None:
    """Lets everybody follow from the restored databases, and shows what is unknown."""
    with restored(urls) as databases:
        epoch = databases.begin(amqp_url=amqp_url, erasures=erasures)
        typer.echo(f"Of {len(erasures)} in the journal of erasures, {databases.forgotten} were forgotten again.")
        typer.echo(f"Epoch {epoch} began. Start Torg; ./torg restored progress tells how far all is told again.")
        show_unknown(databases.unknown())


def broker_or_exit(none: bool) -> str | None:
    """Whose queues are to be emptied; None when there are none. Ends the process when it can't be known."""
    amqp_url = settings_or_exit(Settings).amqp_url
    if none or (amqp_url or "").startswith("memory:"):
        return None
    if not amqp_url:
        raise SystemExit(
            "torg: TORG_AMQP_URL is not set: whose queues are to be emptied? If there are none: --no-broker"
        )
    try:
        with topology.connection(amqp_url) as connection:
            connection.connect()
    except (AMQPError, KombuError, OSError) as fault:
        why = type(fault).__name__
        raise SystemExit(
            f"torg: RabbitMQ, whose queues are to be emptied, can't be had: {why}. If it is gone for good: --no-broker"
        ) from fault
    return amqp_url


def whole_urls() -> Mapping[str, str]:
    """The databases' URLs, once it is seen that no restore of them was broken off."""
    urls = database_urls()
    demand_whole(urls)
    return urls


def demand_whole(urls: Mapping[str, str]) -> None:
    """Ends the process when a restore is under way or was broken off: databases of two times must not be worked on."""
    if any(dumps.is_marked(url) for url in urls.values()):
        raise SystemExit(
            "torg: a restore of these databases has not come to its end. Run it again; start nothing before."
        )


def demand_stopped(urls: Mapping[str, str]) -> None:
    """Ends the process when anything of Torg runs: it would act on half of what is restored."""
    for service, url in urls.items():
        if there := dumps.sessions(url):
            raise SystemExit(
                f"torg: {sum(each.count for each in there)} still connected to the database of {service}"
                f" ({'; '.join(map(str, there))}). Stop all of Torg first."
            )


def show_unknown(found: Sequence[Unknown]) -> None:
    """Prints the list for people."""
    for each in found:
        typer.echo(str(each.booking))
        for line in _lines(each):
            typer.echo(f"  {line}")
    if found:
        typer.echo(
            f"Booking does not know these {len(found)}. Decide on each: ./torg restored keep or withdraw BOOKING."
        )
    else:
        typer.echo("Booking knows all that the others follow.")


def _settle(booking: UUID, how: Settlement, who: str, why: str) -> None:
    with restored(whole_urls()) as databases:
        if not databases.settle(booking, how, by=who, why=why):
            raise typer.BadParameter(f"nothing is to be decided of {booking}; ./torg restored list shows what is")
    typer.echo(f"{booking} is {how}.")


def _lines(of: Unknown) -> list[str]:
    key, money, activity = (of.parts.get(name) for name in ("access", "pricing", "programming"))
    lines = []
    if someone := key or money:
        lines.append(f"booked by {someone['booked_by']} for {someone['tenant']}")
    if key:
        lines.append(f"key {key['state']} at {key['space']}, {key['valid_from']} to {key['valid_until']}")
        if key["suspended_for"]:
            lines.append(f"suspended: booking {key['suspended_for']} has its place and time")
    if money:
        amounts = (f"{name} {money[name] / 100:.2f}" for name in ("charged", "paid", "waived"))
        lines.append(f"{', '.join(amounts)} {money['currency'] or ''}".rstrip())
    if activity:
        lines.append(f"in the programme at {activity['space']}, {activity['begins_at']} to {activity['ends_at']}")
    return lines

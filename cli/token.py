"""`./torg token PERSONA`: an access token for the APIs of the running demo, on standard output."""

import typer

from cli.demo_folder import DemoFolder

app = typer.Typer(help="Print an access token of the running demo, for its APIs.")


@app.command()
def token(persona: str = typer.Argument(help="Whose: kari, ola, mona or drift.")) -> None:
    """Prints a token to be sent as `Authorization: Bearer …`."""
    from httpx import HTTPError

    from cli.sign_in import SignInRefused
    from cli.sign_in import token as signed_in
    from services.portal.demo_issuer import PERSONAS

    if persona not in PERSONAS:
        raise SystemExit(f"torg: {persona!r} is not one of {', '.join(PERSONAS)}")
    portal = DemoFolder().told().get("portal")
    if portal is None:
        raise SystemExit("torg: no demo runs here; start it with ./torg demo")
    try:
        typer.echo(signed_in(f"{portal}/demo-issuer", persona))
    except (SignInRefused, HTTPError) as fault:
        raise SystemExit(f"torg: no token for {persona!r}: {fault}") from fault

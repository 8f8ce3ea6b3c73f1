"""`./torg lock`: resolves requirements*.in into requirements*.lock, with hashes and without a registry's name."""

import shutil
import subprocess

import typer

from cli.paths import ROOT

app = typer.Typer(help="Pin the dependencies anew, with hashes.")

OPTIONS = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--quiet")
NO_HOSTS = ("--no-emit-index-url", "--no-emit-find-links")


@app.command()
def lock(upgrade: bool = typer.Option(False, help="Take the newest versions that the .in files allow.")) -> None:
    """Needs uv, which alone can resolve for every Python and system at once."""
    uv = shutil.which("uv")
    if uv is None:
        raise SystemExit("torg: uv is missing. Install it with: pip install uv")
    wanted = ("--upgrade",) if upgrade else ()
    resolve = (uv, "pip", "compile", *OPTIONS, *NO_HOSTS, *wanted)
    subprocess.run([*resolve, "requirements.in", "-o", "requirements.lock"], cwd=ROOT, check=True)
    constrained = ("-c", "requirements.lock", "requirements-dev.in", "-o", "requirements-dev.lock")
    subprocess.run([*resolve, *constrained], cwd=ROOT, check=True)

"""`./torg check`: all that is asked of the code before its tests run; the same on your machine and in CI."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from cli.paths import ROOT

app = typer.Typer(help="Lint, format, types, import rules, dependencies, style figures, known vulnerabilities.")


@dataclass(frozen=True)
class Check:
    """One tool's run: what it checks, its command in our environment, and what mends most of its findings."""

    name: str
    command: tuple[str, ...]
    mend: str = ""


CHECKS = (
    Check("lint", ("ruff", "check", "."), mend="ruff check --fix ."),
    Check("format", ("ruff", "format", "--check", "."), mend="ruff format ."),
    Check("types", ("mypy",)),
    Check("import rules", ("lint-imports",)),
    Check("dependencies", ("deptry", ".")),
    Check("style figures", ("python", "-m", "cli.style")),
    Check("vulnerabilities", ("python", "-m", "cli.audit")),
)


@app.command()
def check() -> None:
    """Runs every check, also after one has failed, and ends with status 1 when any did."""
    failed = [each for each in CHECKS if not passes(each)]
    for each in failed:
        typer.secho(f"failed: {each.name}" + (f" (mend most of it with: {each.mend})" if each.mend else ""), fg="red")
    if failed:
        raise typer.Exit(1)
    typer.secho("all checks passed", fg="green")


def passes(check: Check) -> bool:
    typer.secho(f"— {check.name}", bold=True)
    program, *arguments = check.command
    return subprocess.run([Path(sys.executable).parent / program, *arguments], cwd=ROOT, check=False).returncode == 0

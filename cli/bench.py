"""`./torg bench`: how fast, how soon and how big, beside what the bare engines do on the same machine at the same time.

Each bench starts what it measures by itself and leaves nothing behind. What the figures mean: docs/performance.md.
"""

import importlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import psutil
import typer
from rich.console import Console

from cli.demo import signals_as_interrupt
from cli.servers.processes import ServerFailed

app = typer.Typer(help="Measure Torg, side by side with the bare engines.")
console = Console(stderr=True, highlight=False)

BENCHES = {
    "a": "bench.creating",
    "b": "bench.searching",
    "c": "bench.arming",
    "d": "bench.footprint",
    "e": "bench.growing",
    "f": "bench.series",
    "g": "bench.flooding",
}
"""Letter → the module whose `run(quick=…)` measures."""


@app.command()
def bench(
    which: list[str] = typer.Argument(
        None,
        help="a: bookings created. b: availability. c: request to key. d: start, memory. e: growth. f: series. "
        "g: flood.",
    ),
    as_json: bool = typer.Option(False, "--json", help="For machines: one object, every figure in full."),
    quick: bool = typer.Option(False, "--quick", help="Shorter and once: to see that it works, not how fast."),
) -> None:
    """Measures and prints tables (Markdown), or one JSON object."""
    letters = which or list(BENCHES)
    if unknown := [letter for letter in letters if letter not in BENCHES]:
        raise typer.BadParameter(f"no bench {unknown[0]!r}: there are {', '.join(BENCHES)}")
    found = {"machine": machine(), "quick": quick, "load_before": os.getloadavg()}
    reports = {}
    try:
        with signals_as_interrupt():
            for letter in letters:
                reports[letter] = measured(letter, quick=quick)
                if not as_json:
                    print(f"{reports[letter].markdown()}\n", flush=True)
    except ServerFailed as failure:
        raise SystemExit(f"torg: {failure}") from failure
    found |= {"load_after": os.getloadavg(), "benches": {letter: each.figures for letter, each in reports.items()}}
    print(json.dumps(found, indent=2, default=plain) if as_json else told(found))


def measured(letter: str, *, quick: bool) -> Any:
    """Runs one bench."""
    with console.status(f"bench {letter} …"):
        return importlib.import_module(BENCHES[letter]).run(quick=quick)


def machine() -> dict[str, Any]:
    """What this runs on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "gibibytes": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def told(found: Mapping[str, Any]) -> str:
    """One line about the machine, and how busy it was before and after."""
    about = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    before, after = (" ".join(f"{each:.1f}" for each in found[name]) for name in ("load_before", "load_after"))
    return f"Machine: {about}. Load average before: {before}; after: {after}."


def plain(value: Any) -> Any:
    """A dataclass as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")

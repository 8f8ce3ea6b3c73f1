"""PostgreSQL's own pgbench, from our packages: what the bare engine does, to stand beside what we do on top of it."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.servers.postgres import packaged_programs

_RATE = re.compile(r"^tps = ([\d.]+) \(without initial connection time\)$", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+) ", re.MULTILINE)
_VARIABLE = re.compile(r":(?=[A-Za-z_])")


class PgbenchFailed(Exception):
    """pgbench ended with an error, or some of its transactions did; the message holds what it said."""


@dataclass(frozen=True)
class Bare:
    """What pgbench measured: transactions a second, and each one's own seconds."""

    rate: float
    latencies: list[float]


def run(url: str, script: str, *, clients: int, seconds: float, variables: Mapping[str, int]) -> Bare:
    """Runs a script, prepared once for each client, again and again for so many whole seconds.

    Raises PgbenchFailed when it, or one transaction, did not succeed.
    """
    with tempfile.TemporaryDirectory(prefix="torg-pgbench-") as folder:
        (Path(folder) / "script.sql").write_text(script)
        defined = [f"--define={name}={value}" for name, value in variables.items()]
        ended = subprocess.run(
            [
                *(packaged_programs() / "pgbench", "--file=script.sql", "--protocol=prepared", "--no-vacuum"),
                *("--exit-on-abort", "--log", f"--client={clients}", f"--time={round(seconds)}", *defined),
            ],
            env=_connection(url),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise PgbenchFailed(ended.stderr.strip()[-1000:])
        logged = "".join(path.read_text() for path in Path(folder).glob("pgbench_log.*"))
    return Bare(rate_told(ended.stdout), latencies_logged(logged))


def rate_told(output: str) -> float:
    """The transactions a second in what pgbench prints. Raises PgbenchFailed when some of them failed."""
    found, failed = _RATE.search(output), _FAILED.search(output)
    if found is None or failed is None or int(failed[1]):
        raise PgbenchFailed(output.strip()[-1000:])
    return float(found[1])


def latencies_logged(log: str) -> list[float]:
    """Seconds of each transaction: the third column of pgbench's log, which holds microseconds."""
    return [int(line.split(" ", 3)[2]) / 1e6 for line in log.splitlines()]


def quoted(text: str) -> str:
    """A text as a literal of a script. pgbench looks for its variables inside literals, too, so a colon before a letter
    gets a space after it; JSON means the same with it."""
    return "'" + _VARIABLE.sub(": ", text).replace("'", "''") + "'"


def _connection(url: str) -> dict[str, str]:
    """As libpq's environment: a password in a command line can be read by everybody on the machine."""
    place = urlsplit(url)
    return {
        "PGHOST": str(place.hostname),
        "PGPORT": str(place.port),
        "PGUSER": str(place.username),
        "PGPASSWORD": str(place.password),
        "PGDATABASE": place.path.lstrip("/"),
    }

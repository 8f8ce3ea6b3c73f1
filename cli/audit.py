"""`python -m cli.audit`: asks for known vulnerabilities of our locked packages. A part of `./torg check`.

Finding one fails. Not reaching the data fails nothing, but is said in so many words.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from cli.paths import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Findings:
    """What pip-audit says of a lock: how many packages it has data on, their faults, and those it knows nothing of."""

    audited: int
    faults: list[str]
    unknown: list[str]


def main() -> None:
    faults = [fault for lock in LOCKS for fault in audit(lock)]
    for fault in faults:
        print(fault)
    sys.exit(bool(faults))


def audit(lock: str) -> list[str]:
    """Prints how the audit of a lock went; a line for each known vulnerability."""
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", *options, "--requirement", lock]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        found = findings(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as unreachable:
        print(f"{lock}: NOT AUDITED, the data on vulnerabilities are out of reach ({type(unreachable).__name__})")
        return []
    print(f"{lock}: {found.audited} packages audited, {len(found.faults)} known vulnerabilities")
    if found.unknown:
        print(f"{lock}: {len(found.unknown)} packages NOT AUDITED, as no data on them could be reached from here")
    return found.faults


def findings(answer: str) -> Findings:
    """What pip-audit's JSON says. Raises JSONDecodeError when it is no answer."""
    packages = json.loads(answer)["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    faults = [
        f"{package['name']} {package['version']}: {known['id']}, mended in {known['fix_versions'] or 'no version yet'}"
        for package in packages
        for known in package.get("vulns", [])
    ]
    return Findings(len(packages) - len(unknown), faults, unknown)


if __name__ == "__main__":
    main()

"""What the process commands (`cli.api`, `cli.worker`, `cli.portal`) have in common: their words, and their settings."""

import argparse
import socket
from collections.abc import Collection
from typing import TypeVar

from cli import SERVICES
from kernel.settings import Settings, SettingsError, load, needed_by
from kernel.telemetry import set_up_logs

S = TypeVar("S")


def words(program: str, meaning: str, *, port: bool = True, services: bool = True) -> argparse.Namespace:
    """The command line: `services` to run, `host` and `port` for visitors (if it takes them), and those for health. A
    host is an address or a name of this machine."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=meaning)
    if services:
        parser.add_argument("services", nargs="+", choices=SERVICES)
    if port:
        parser.add_argument("--port", type=int, required=True, help="for visitors")
    parser.add_argument("--health-port", type=int, required=True, help="for /metrics, /healthz and /readyz")
    parser.add_argument("--host", type=_host, default="127.0.0.1")
    parser.add_argument("--health-host", type=_host, help="where only monitors come; else as --host")
    asked = parser.parse_args()
    asked.health_host = asked.health_host or asked.host
    return asked


def _host(name: str) -> str:
    """A host that can be listened on."""
    try:
        socket.getaddrinfo(name, None)
    except OSError as fault:
        raise argparse.ArgumentTypeError(f"{name!r} is no address or name that is known here") from fault
    return name


def settings_or_exit(kind: type[S], *, needed: Collection[str] = ()) -> S:
    """The settings from the environment. Ends the process, naming every fault, when they are not right."""
    try:
        return load(kind, needed=needed)
    except SettingsError as fault:
        raise SystemExit(f"the settings are not right:\n{fault}") from fault


def settings_for(kind: str, services: list[str]) -> Settings:
    """The settings of a process ("api" or "worker") of these services; logs are set up by them."""
    settings = settings_or_exit(Settings, needed=needed_by(kind, services))
    set_up_logs(settings.log_format, settings.log_level)
    return settings

"""The whole of Torg as processes on this machine: apis, workers and portal, started, watched, killed and stopped.

Used by the demo, the journey, the bench and the tests that need everything. Databases and broker are given.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from cli import SERVICES
from cli.paths import ROOT
from cli.servers import databases
from cli.servers.databases import ServiceDatabases
from cli.servers.passwords import kept_key, kept_password
from cli.servers.ports import free_port
from cli.servers.processes import Child, Run, ServerFailed

READY_SECONDS = 120.0
STOP_SECONDS = 25.0
OWNER = "_owner"
"""What the name of the role that owns a database ends with."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What runs where. `databases` is a URL for each service; `ports` names those that matter, the rest are free ones.

    With `memory://` all workers are in one process, for the broker is in there with them; elsewhere each service may
    have several (`workers_each`), with a user of its own at the broker (`amqp_urls`). Another `checkout` is another
    release's code, which a test puts beside this one's; one up to 0.2.0 has no port of its own for health.
    """

    folder: Path
    databases: Mapping[str, str]
    amqp_url: str = "memory://"
    amqp_urls: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    api_processes: int = 1
    apis_apart: bool = False
    workers_apart: bool = False
    workers_each: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    checkout: Path = ROOT
    health_apart: bool = True

    def __post_init__(self) -> None:
        if self.workers_apart and self.amqp_url.startswith("memory:"):
            raise ValueError("with memory:// the broker is inside one worker process, so there can't be more")
        if self.amqp_urls and not self.workers_apart:
            raise ValueError("a worker of all services has one user for all of them")


@dataclass(frozen=True)
class Part:
    """One process: its command, its ports for visitors (a worker has none, and that for health) and for health, and its
    environment."""

    name: str
    command: tuple[str, ...]
    port: int
    health_port: int
    environment: Mapping[str, str]


class Stack:
    """The processes of a layout. Raises ServerFailed, with the last log lines, when one ends that should not."""

    def __init__(self, run: Run, layout: Layout) -> None:
        self._run = run
        self._layout = layout
        self._children: dict[str, Child] = {}
        self._ports: dict[str, int] = dict(layout.ports)
        self.folder = layout.folder
        self.parts = {part.name: part for part in self._plan()}

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self._port('portal')}"

    @property
    def issuer(self) -> str:
        """The demo issuer, which the portal serves."""
        return f"{self.portal_url}/demo-issuer"

    @property
    def issuer_key_file(self) -> Path:
        return self.folder / "issuer-key.json"

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each service's API, and the portal's."""
        return {service: self.api_urls(service)[0] for service in SERVICES} | {"portal": self.portal_url}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part."""
        return {name: child.pid for name, child in self._children.items()}

    def api_urls(self, service: str) -> list[str]:
        """The base URLs of a service's API, one for each process that serves it."""
        serving = [part for part in self.parts.values() if part.command[0] == "cli.api" and service in part.command]
        return [f"http://127.0.0.1:{part.port}/api/{service}" for part in serving]

    def start(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Starts every part with a new log, and waits until all are ready; `told` hears each one's name when it is."""
        for name in self.parts:
            self._log(name).unlink(missing_ok=True)
            self._start(name)
        self.wait_ready(told)

    def wait_ready(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Waits until every running part answers that it is ready."""
        waiting, deadline = list(self._children), time.monotonic() + READY_SECONDS
        while waiting:
            self.check()
            for name in [name for name in waiting if _ready(self.parts[name].health_port)]:
                waiting.remove(name)
                told(name)
            if waiting and time.monotonic() > deadline:
                child = self._children[waiting[0]]
                raise ServerFailed(f"{child.name} is not ready after {READY_SECONDS:.0f} s:\n{child.last_lines()}")
            time.sleep(0.02)

    def check(self) -> None:
        """Raises ServerFailed when a part ended by itself."""
        for child in self._children.values():
            child.must_run()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a part a signal; waits for its end when it is SIGKILL, which every process of the part gets."""
        if number == signal.SIGKILL:
            self._children.pop(name).kill()
        else:
            self._children[name].send(number)

    def restart(self, name: str) -> None:
        """Starts a part again, after `kill` or its own end, and waits until it is ready."""
        ended = self._children.pop(name, None)
        if ended is not None:
            ended.stop(seconds=STOP_SECONDS)
        self._start(name)
        self.wait_ready()

    def stop(self) -> None:
        """Asks all parts to end at once, and insists with those that have not by the deadline."""
        running = [child for child in self._children.values() if child.status is None]
        for child in running:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in running:
            if child.wait(max(0.1, deadline - time.monotonic())) is None:
                child.kill()
        self._children.clear()

    def _start(self, name: str) -> None:
        part, checkout = self.parts[name], self._layout.checkout
        command = [sys.executable, "-m", *part.command]
        self._children[name] = self._run.start(
            name,
            command,
            marker=" ".join(part.command),
            log=self._log(name),
            env={**os.environ, **part.environment, **self._layout.environment, "PYTHONPATH": str(checkout)},
            cwd=checkout,
        )

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = free_port()
        return self._ports[name]

    def _plan(self) -> list[Part]:
        return [*self._apis(), *self._workers(), self._portal()]

    def _apis(self) -> list[Part]:
        if self._layout.apis_apart:
            return [self._service_part("cli.api", f"api-{service}", (service,)) for service in SERVICES]
        names = ["api", *(f"api-{number}" for number in range(2, self._layout.api_processes + 1))]
        return [self._service_part("cli.api", name, SERVICES) for name in names]

    def _workers(self) -> list[Part]:
        if not self._layout.workers_apart:
            return [self._service_part("cli.worker", "worker", SERVICES)]
        numbers = ["", *(f"-{number}" for number in range(2, self._layout.workers_each + 1))]
        return [
            self._service_part("cli.worker", f"worker-{service}{number}", (service,))
            for service in SERVICES
            for number in numbers
        ]

    def _service_part(self, module: str, name: str, services: tuple[str, ...]) -> Part:
        environment = {f"TORG_{each.upper()}_DATABASE_URL": self._layout.databases[each] for each in services}
        if module == "cli.worker":
            environment["TORG_AMQP_URL"] = self._layout.amqp_urls.get(services[0], self._layout.amqp_url)
        environment["TORG_ISSUERS"] = self.issuer
        environment["TORG_PORTAL_URL"] = self.portal_url  # in the links of invitations and calendars
        environment["TORG_TRUSTED_PROXIES"] = "1"  # the portal, which says whom it asks for
        if "access" in services:
            environment["TORG_ACCESS_CODE_KEY"] = kept_key(self.folder / "access-code-key")
        return self._part(name, (module, *services), environment)

    def _portal(self) -> Part:
        environment = {
            "TORG_PORTAL_URL": self.portal_url,
            "TORG_OIDC_ISSUER": self.issuer,
            "TORG_DEMO_ISSUER": "true",
            "TORG_DEMO_ISSUER_KEY_FILE": str(self.issuer_key_file),
            "TORG_SESSION_SECRET": kept_password(self.folder / "session-secret"),
        }
        first = "api-{}" if self._layout.apis_apart else "api"
        for service in SERVICES:
            api = self._port(first.format(service))
            environment[f"TORG_{service.upper()}_URL"] = f"http://127.0.0.1:{api}/api/{service}"
        return self._part("portal", ("cli.portal",), environment)

    def _part(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> Part:
        port = self._port(name)
        if command[0] == "cli.worker":
            return Part(name, (*command, "--health-port", str(port)), port, port, environment)
        command = (*command, "--port", str(port))
        if not self._layout.health_apart:
            return Part(name, command, port, port, environment)
        health_port = self._port(f"{name} health")
        return Part(name, (*command, "--health-port", str(health_port)), port, health_port, environment)


def provide_databases(server: str, folder: Path, *, prefix: str = "torg") -> ServiceDatabases:
    """A database for each service on the server (a superuser's URL), a role that owns it, and one for the service, made
    unless they are there. The roles' passwords are random, and kept in `folder`."""
    urls, owners = {}, {}
    for service in SERVICES:
        name = f"{prefix}_{service}"
        urls[service] = databases.url_of(server, name, name, kept_password(folder / f"{service}-database-password"))
        password = kept_password(folder / f"{service}-owner-password")
        owners[service] = databases.url_of(server, name, f"{name}{OWNER}", password)
        databases.provide(server, urls[service], owners[service])
    return ServiceDatabases(urls, owners)


def drop_databases(server: str, *, prefix: str) -> None:
    """Drops what `provide_databases` made."""
    for service in SERVICES:
        databases.drop_database(server, f"{prefix}_{service}")
        for role in (f"{prefix}_{service}", f"{prefix}_{service}{OWNER}"):
            databases.drop_role(server, role)


def _ready(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
    except (HTTPException, OSError):
        return False

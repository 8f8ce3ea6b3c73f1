"""`docker-compose.yml` without an engine: the very same commands, with the very same environment, as processes of this
machine, from a folder that holds what the image does. Host names and ports become those of loopback; RabbitMQ is set up
by the script that its container runs."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest
import yaml

from cli import SERVICES, broker, demo_data, web
from cli.docs import DEFINITIONS
from cli.journey_steps import Journey
from cli.paths import ROOT
from cli.servers.ports import free_port
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Child, Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from cli.sign_in import token
from cli.tap import Tap
from kernel.settings import Settings
from kernel.topology import known_events
from tests.compose import OWN_IMAGE, deployment, image, new_env, variables
from tests.waiting import PATIENCE, eventually

READY_SECONDS = 180.0
HEALTH_PORT = "8081"
METRICS = "127.0.0.2"
"""Stands for a container's address on the network `metrics`, as 127.0.0.1 does for those on all others."""
ONE_SHOT = ("databases", "migrate", "operate")
DEMO_ISSUER = {"TORG_DEMO_ISSUER": "true", "TORG_SESSION_SECRET": "of-the-stand-in-issuer, and of nothing else"}


@dataclass
class Deployment:
    """The file's own processes, by name, on ports of loopback."""

    services: dict[str, Any]
    postgres: str
    rabbitmq: PrivateRabbitMQ
    folder: Path
    app: Path
    run: Run
    ports: dict[str, int] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str) -> Child:
        """Starts a service's command as its container would."""
        self.children[name] = self.run.start(
            name,
            self.command(name),
            marker=" ".join(self.services[name]["command"][1:4]),
            log=self.folder / f"{name}.log",
            env=self.environment(name),
            cwd=self.app,
        )
        return self.children[name]

    def command(self, name: str) -> list[str]:
        """The service's command, listening on its own port of loopback."""
        python, *words = self.services[name]["command"]
        assert python == "python"
        return [sys.executable, *self.on_loopback(name, words)]

    def environment(self, name: str) -> dict[str, str]:
        """The service's environment and the image's, and nothing of this process's."""
        told = {key: self.here(value) for key, value in self.services[name]["environment"].items()}
        return told | {"PYTHONPATH": str(self.app), "PATH": os.defpath}

    def here(self, value: str) -> str:
        """A value in which the containers' names and ports are those of this machine."""
        url = urlsplit(value)
        if url.hostname == "rabbitmq":
            return value.replace("@rabbitmq:5672/", f"@127.0.0.1:{self.rabbitmq.port}/")
        if url.hostname == "postgres":
            server = urlsplit(self.postgres)
            if url.username == "postgres":
                return self.postgres
            return value.replace("@postgres:5432/", f"@{server.hostname}:{server.port}/")
        return re.sub(r"//([a-z-]+)-edge:(\d+)/", lambda found: f"//127.0.0.1:{self.port(found[1])}/", value)

    def port(self, name: str) -> int:
        """The port that stands for the one where a service's process serves visitors."""
        if name not in self.ports:
            self.ports[name] = free_port()
        return self.ports[name]

    def health_port(self, name: str) -> int:
        """The port that stands for the one where monitors ask a service's process."""
        return self.port(f"{name}'s health")

    def on_loopback(self, name: str, words: list[str]) -> list[str]:
        """The words of a command, with the ports and the address it names replaced by ours."""
        ours = {
            f"{name}-edge": "127.0.0.1",
            f"{name}-metrics": METRICS,
            HEALTH_PORT: str(self.health_port(name)),
        }
        return [ours.get(word) or (str(self.port(name)) if word.isdigit() else word) for word in words]

    def healthy(self, name: str) -> bool:
        """Runs the service's health check as its container would."""
        kind, python, *words = self.services[name]["healthcheck"]["test"]
        assert (kind, python) == ("CMD", "python")
        self.children[name].must_run()
        asked = [sys.executable, *self.on_loopback(name, words)]
        return subprocess.run(asked, cwd=self.app, check=False).returncode == 0

    @property
    def urls(self) -> dict[str, str]:
        apis = {name: f"http://127.0.0.1:{self.port(f'{name}-api')}/api/{name}" for name in SERVICES}
        return apis | {"portal": f"http://127.0.0.1:{self.port('portal')}"}

    @property
    def databases(self) -> dict[str, str]:
        environment = self.environment("migrate")
        return {name: environment[f"TORG_{name.upper()}_DATABASE_URL"] for name in SERVICES}


@pytest.fixture(scope="module")
def server(run: Run) -> Iterator[str]:
    """A PostgreSQL of its own, for the script makes roles by names that another might have."""
    postgres = PrivatePostgres(run.temporary_folder(), run, durable=False)
    postgres.start()
    yield postgres.url()
    postgres.kill()  # nothing of it is kept


@pytest.fixture(scope="module")
def issuer(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An OpenID Connect issuer to stand for the municipality's: the demo's, in a portal of its own."""
    folder, url = tmp_path_factory.mktemp("issuer"), f"http://127.0.0.1:{free_port()}"
    settings = {"TORG_PORTAL_URL": url, "TORG_OIDC_ISSUER": f"{url}/demo-issuer", "PYTHONPATH": str(ROOT)}
    nowhere = {f"TORG_{name.upper()}_URL": "http://127.0.0.1:1" for name in SERVICES}
    key = {"TORG_DEMO_ISSUER_KEY_FILE": str(folder / "key.json")}
    child = run.start(
        "issuer",
        [sys.executable, "-m", "cli.portal", "--port", str(urlsplit(url).port), "--health-port", str(free_port())],
        marker="cli.portal",
        log=folder / "issuer.log",
        env=DEMO_ISSUER | settings | nowhere | key,
        cwd=ROOT,
    )
    eventually(lambda: answers(f"{url}/demo-issuer/jwks", child), seconds=READY_SECONDS)
    return f"{url}/demo-issuer"


def answers(url: str, child: Child) -> bool:
    child.must_run()
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def torg(
    run: Run, server: str, rabbitmq_node: PrivateRabbitMQ, issuer: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """All processes of the file, up and healthy, in the order that `depends_on` asks for."""
    folder = tmp_path_factory.mktemp("compose")
    portal = f"http://127.0.0.1:{free_port()}"
    environ = variables(new_env(folder / ".env", portal=portal, issuer=issuer))
    services = deployment(environ)["services"]
    torg = Deployment(services, server, rabbitmq_node, folder, image(folder / "app"), run)
    torg.ports["portal"] = urlsplit(portal).port or 0
    broker.clear(rabbitmq_node.url, known_events())
    rabbitmq_node.run_set_up(services["rabbitmq"]["environment"], DEFINITIONS)
    for name in ("databases", "migrate"):
        ended = torg.start(name)
        assert ended.wait(READY_SECONDS) == 0, ended.last_lines()
    stays = {name: each for name, each in services.items() if name not in ONE_SHOT}
    ours = [name for name, each in stays.items() if each["image"] == OWN_IMAGE]
    for name in ours:
        torg.start(name)
    for name in ours:
        eventually(lambda name=name: torg.healthy(name), seconds=READY_SECONDS)  # type: ignore[misc]
    yield torg
    for child in torg.children.values():
        if child.status is None:
            child.stop()


def test_every_process_is_healthy_by_its_own_check(torg: Deployment) -> None:
    running = [name for name in torg.children if name not in ONE_SHOT]
    assert {name: torg.healthy(name) for name in running} == dict.fromkeys(running, True)


def test_no_service_owns_a_table(torg: Deployment) -> None:
    for service, url in torg.databases.items():
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            )
            assert cursor.fetchall() == [(f"{service}_owner",)]


def test_a_role_may_enter_its_own_database_only(torg: Deployment) -> None:
    own, other = torg.databases["booking"], torg.databases["pricing"].rpartition("/")[2]
    psycopg2.connect(own).close()
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(own.rpartition("/")[0] + f"/{other}")


def test_prometheus_finds_metrics_at_every_target(torg: Deployment) -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {
        job["job_name"]: [target.split(":")[0] for config in job["static_configs"] for target in config["targets"]]
        for job in jobs
    }
    for name in [*targets["api"], *targets["worker"], *targets["portal"]]:
        said = httpx.get(f"http://{METRICS}:{torg.health_port(name)}/metrics", timeout=PATIENCE)
        assert said.is_success, name
        assert "process_start_time_seconds" in said.text, name
    for name in targets["worker"]:
        said = httpx.get(f"http://{METRICS}:{torg.health_port(name)}/metrics", timeout=PATIENCE)
        assert f'torg_outbox_unsent{{service="{name.removesuffix("-worker")}"}}' in said.text


def test_who_watches_reaches_metrics_and_visitors_reach_what_is_for_them(torg: Deployment) -> None:
    for name in [each for each in torg.children if each not in ONE_SHOT]:
        health = torg.health_port(name)
        for path in ("/metrics", "/healthz", "/readyz"):
            assert httpx.get(f"http://{METRICS}:{health}{path}", timeout=PATIENCE).status_code == 200, (name, path)
        for path in ("/", "/docs", "/openapi.json", f"/api/{name.partition('-')[0]}/openapi.json", "/metrics/"):
            assert httpx.get(f"http://{METRICS}:{health}{path}", timeout=PATIENCE).status_code == 404, (name, path)
        closed = [("127.0.0.1", health)] + ([] if name.endswith("-worker") else [(METRICS, torg.port(name))])
        for address in closed:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address, timeout=PATIENCE)


def test_strangers_get_no_metrics_from_those_who_serve_them(torg: Deployment) -> None:
    for name, url in torg.urls.items():
        place = url.removesuffix(f"/api/{name}")
        for path in ("/metrics", "/healthz", "/readyz"):
            assert httpx.get(place + path, timeout=PATIENCE).status_code == 404, (name, path)


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{"]
)
def test_half_open_connections_silence_nobody(torg: Deployment, sent: bytes) -> None:
    for name, url in torg.urls.items():
        served = name if name == "portal" else f"{name}-api"
        with ExitStack() as opened:
            for _ in range(3 * Settings().http_threads):
                connection = socket.create_connection(("127.0.0.1", torg.port(served)))
                opened.enter_context(closing(connection)).sendall(sent)
            asked = url if name == "portal" else f"{url}/docs"
            assert [httpx.get(asked, timeout=web.REQUEST_SECONDS / 2).status_code for _ in range(3)] == [200] * 3
            assert torg.healthy(served)


def test_the_journey_is_seen(torg: Deployment, issuer: str) -> None:
    demo_data.load(torg.urls, token(issuer, "drift"))
    tap = Tap(torg.databases)
    try:
        steps = list(Journey(torg.urls, issuer, tap).run())
    finally:
        tap.close()
    assert "access.door_opened" in [step.event for step in steps]
    assert "programming.activity_withdrawn" in [step.event for step in steps]


def test_processes_end_by_themselves_when_asked(torg: Deployment) -> None:
    """Last of the file: what stays is stopped as `docker compose stop` does it."""
    deadline = int(torg.services["portal"]["stop_grace_period"].removesuffix("s"))
    running = {name: child for name, child in torg.children.items() if child.status is None}
    assert len(running) == 2 * len(SERVICES) + 1
    for child in running.values():
        child.send(signal.SIGTERM)
    assert {name: child.wait(deadline) for name, child in running.items()} == dict.fromkeys(running, 0)

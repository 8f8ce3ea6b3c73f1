"""A private RabbitMQ node: own name, ports, data, cookie, epmd and user; loopback only; quorum queues and MQTT.

The server's programs are taken from the machine, else installed by apt-get, else a container engine runs the official
image. `PrivateRabbitMQ` is the same whichever it is.
"""

import socket
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import amqp

from cli import SERVICES
from cli.paths import ROOT
from cli.servers.passwords import kept_password
from cli.servers.ports import free_port
from cli.servers.processes import Child, Run, ServerFailed, wait_until
from cli.servers.rabbitmq_programs import Container, Installed, find_programs

START_SECONDS = 120.0
STOP_SECONDS = 30.0
SET_UP = ROOT / "deploy/rabbitmq/set-up"

CONFIGURATION = """\
listeners.tcp.default = {address}:{amqp}
mqtt.listeners.tcp.default = {address}:{mqtt}
mqtt.allow_anonymous = false
mqtt.vhost = torg
default_vhost = torg
default_user = torg
default_pass = {password}
loopback_users = none
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 64MB
vm_memory_high_watermark.absolute = 1GB
raft.wal_max_size_bytes = 67108864
"""


class PrivateRabbitMQ:
    """A node that keeps its data in `folder`, from one start to the next."""

    def __init__(self, folder: Path, run: Run, programs: Installed | Container | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._run = run
        self._programs = programs
        self._log = folder / "rabbitmq.log"
        self._password = kept_password(folder / "password")
        self._children: list[Child] = []
        self.port = free_port()
        self.mqtt_port = free_port()
        self._own_ports = (free_port(), free_port())

    @property
    def url(self) -> str:
        """Where the operator's user finds it: amqp://…"""
        return self.url_of("torg", self._password)

    @property
    def mqtt_login(self) -> tuple[str, str]:
        """User name and password for MQTT, on `mqtt_port` of 127.0.0.1."""
        return "torg", self._password

    @property
    def child(self) -> Child:
        """The running server process; ServerFailed when it was never started."""
        if not self._children:
            raise ServerFailed("RabbitMQ is not started")
        return self._children[-1]

    def start(self) -> None:
        """Starts the node and waits until it takes AMQP and MQTT. Raises ServerFailed."""
        self._programs = self._programs or find_programs()
        self._configure(self._programs)
        self._children = self._programs.start(self._run, self._folder, self._log, self._ports, self._own_ports)
        wait_until(self.answers, self.child, seconds=START_SECONDS)

    def answers(self) -> bool:
        """Whether it lets its user in by AMQP, and listens for MQTT."""
        try:
            connection = amqp.Connection(
                f"127.0.0.1:{self.port}",
                "torg",
                self._password,
                virtual_host="torg",
                connect_timeout=2,
                read_timeout=5,
            )
            connection.connect()
            with closing(connection), socket.create_connection(("127.0.0.1", self.mqtt_port), timeout=2):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def set_up(self, definitions: Path) -> dict[str, str]:
        """Gives each service a user of its own with the rights of the definitions, as the deployment does; returns
        their URLs."""
        passwords = {service: kept_password(self._folder / f"{service}-password") for service in SERVICES}
        told = {f"TORG_{service.upper()}_RABBITMQ_PASSWORD": given for service, given in passwords.items()}
        self.run_set_up(told, definitions)
        return {service: self.url_of(service, password) for service, password in passwords.items()}

    def run_set_up(self, environment: Mapping[str, str], definitions: Path) -> None:
        """Runs the script that the deployment's node runs at each start; the operator's user keeps its password. Raises
        ServerFailed."""
        self._programs = self._programs or find_programs()
        told = {**environment, "RABBITMQ_DEFAULT_PASS": self._password}
        command, env = self._programs.runs(
            (SET_UP, definitions), told, self._folder, ports=self._ports, own_ports=self._own_ports
        )
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerFailed(f"{SET_UP.name} failed: {done.stdout}{done.stderr}")

    def url_of(self, user: str, password: str) -> str:
        """Where a user finds it."""
        return f"amqp://{user}:{password}@127.0.0.1:{self.port}/torg"

    def remembers(self, queue: str) -> bool:
        """Whether the quorum queue would survive `kill`: RabbitMQ writes down the name of a new one up to 3 s late."""
        names = self._folder.glob("mnesia/*/quorum/*/names.dets")
        return any(queue.encode() in path.read_bytes() for path in names)

    def stop(self) -> None:
        """An orderly end."""
        for child in reversed(self._children):
            child.stop(seconds=STOP_SECONDS)

    def kill(self) -> None:
        """kill -9, as when the power goes."""
        for child in reversed(self._children):
            child.kill()

    def restart(self) -> None:
        """Starts it again on its ports with its data, after `stop` or `kill`."""
        self.start()

    @property
    def _ports(self) -> tuple[int, int]:
        return self.port, self.mqtt_port

    def _configure(self, programs: Installed | Container) -> None:
        amqp_port, mqtt_port = programs.inside(self._ports)
        text = CONFIGURATION.format(address=programs.address, amqp=amqp_port, mqtt=mqtt_port, password=self._password)
        kept_password(self._folder / ".erlang.cookie")
        configuration = self._folder / "rabbitmq.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(text)
        (self._folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")

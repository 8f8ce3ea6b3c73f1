"""Where RabbitMQ's programs come from: this machine, a package that apt-get installs, or a container image."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cli.servers.packages import as_root, command_for, install, may_install, succeeds
from cli.servers.processes import Child, Run, ServerFailed

# Debian's and Homebrew's own folders: the rabbitmq-server on Debian's PATH insists on the system's user and data.
FOLDERS = (
    Path("/usr/lib/rabbitmq/bin"),
    Path("/opt/homebrew/opt/rabbitmq/sbin"),
    Path("/usr/local/opt/rabbitmq/sbin"),
)
IMAGE = "docker.io/library/rabbitmq:4.1"

# The container must die with its client, also by kill -9: it lives only as long as the client holds its input open.
IN_CONTAINER = """\
docker-entrypoint.sh rabbitmq-server & server=$!
exec 3<&0
(cat <&3 >/dev/null; kill -KILL -1) &
trap 'kill -TERM $server' TERM
wait $server; wait $server
"""


@dataclass(frozen=True)
class Installed:
    """The programs in a folder of this machine."""

    folder: Path
    address: ClassVar[str] = "127.0.0.1"

    def inside(self, ports: tuple[int, int]) -> tuple[int, int]:
        """The ports the server itself is told to listen on."""
        return ports

    def start(self, run: Run, data: Path, log: Path, ports: tuple[int, int], own_ports: tuple[int, int]) -> list[Child]:
        """Starts epmd (Erlang's name server, which would else be left behind as a daemon), then the node."""
        epmd_port, _ = own_ports
        env = self.environment(data, ports, own_ports)
        epmd = run.start(
            "epmd",
            [_epmd(), "-port", str(epmd_port), "-address", "127.0.0.1"],
            marker=f"-port {epmd_port}",
            log=log.with_name("epmd.log"),
            env=env,
        )
        server = self.folder / "rabbitmq-server"
        node = run.start("RabbitMQ", [server], marker=f"-torg {ports[0]}", log=log, env=env)
        return [epmd, node]

    def runs(
        self,
        words: tuple[Path, ...],
        told: Mapping[str, str],
        data: Path,
        *,
        ports: tuple[int, int],
        own_ports: tuple[int, int],
    ) -> tuple[list[str], dict[str, str]]:
        """The command line and the environment of a script that calls rabbitmqctl; the further words are its files."""
        env = self.environment(data, ports, own_ports)
        path = f"{self.folder}:{env['PATH']}"
        return [str(word) for word in words], {**env, **told, "PATH": path}

    def environment(self, data: Path, ports: tuple[int, int], own_ports: tuple[int, int]) -> dict[str, str]:
        """What the node, and the commands that speak to it, are told."""
        return environment(data, ports[0], *own_ports)


@dataclass(frozen=True)
class Container:
    """The official image, run by docker, whose client is our process."""

    address: ClassVar[str] = "0.0.0.0"  # noqa: S104 - inside the container; its port is published on loopback only

    def inside(self, ports: tuple[int, int]) -> tuple[int, int]:
        """The ports the server itself is told to listen on."""
        return 5672, 1883

    def start(self, run: Run, data: Path, log: Path, ports: tuple[int, int], own_ports: tuple[int, int]) -> list[Child]:
        """Starts the image as this user, its data in the folder `data`."""
        name = f"torg-rabbitmq-{ports[0]}"
        node = run.start("RabbitMQ", self.command(name, data, ports), marker=name, log=log, hold_input=True)
        return [node]

    def runs(
        self,
        words: tuple[Path, ...],
        told: Mapping[str, str],
        data: Path,
        *,
        ports: tuple[int, int],
        own_ports: tuple[int, int],
    ) -> tuple[list[str], dict[str, str]]:
        """The command line and the environment of a script that calls rabbitmqctl; the further words are its files. It
        runs in the container, which is told no more than the names: what they stand for would be seen in the words."""
        names = [f"--env={name}" for name in told]
        for word in words:
            shutil.copy(word, data)
        inside = [f"/var/lib/rabbitmq/{word.name}" for word in words]
        return ["docker", "exec", *names, f"torg-rabbitmq-{ports[0]}", *inside], {**os.environ, **told}

    def command(self, name: str, data: Path, ports: tuple[int, int]) -> list[str]:
        """Docker's command line."""
        published = [f"--publish=127.0.0.1:{ours}:{its}" for ours, its in zip(ports, self.inside(ports), strict=True)]
        mounts = [
            f"--volume={data}:/var/lib/rabbitmq",
            f"--volume={data}/rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro",
            f"--volume={data}/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro",
        ]
        user = f"--user={os.getuid()}:{os.getgid()}"
        options = ["--rm", "--interactive", f"--name={name}", "--hostname=torg", user, *published, *mounts]
        return ["docker", "run", *options, IMAGE, "bash", "-c", IN_CONTAINER]


def find_programs(folders: Sequence[Path] = FOLDERS) -> Installed | Container:
    """The first that this machine offers, installing the package if it may. Raises ServerFailed with what to do."""
    found = installed(folders)
    if found is None and may_install():
        _install()
        found = installed(folders)
    if found is not None:
        return found
    if succeeds("docker", "info"):
        return Container()
    raise ServerFailed(
        f"RabbitMQ is missing. Run: {command_for('rabbitmq-server')} (or name yours in TORG_TEST_AMQP_URL)."
    )


def installed(folders: Sequence[Path]) -> Installed | None:
    """The folder of RabbitMQ's own programs on this machine, if it is there."""
    for folder in folders:
        if (folder / "rabbitmq-server").exists():
            return Installed(folder)
    return None


def _install() -> None:
    """Installs Debian's package. Its own service is stopped and kept from starting: we run a node of our own."""
    install("rabbitmq-server", "RabbitMQ")
    if shutil.which("systemctl"):
        succeeds(*as_root("systemctl", "disable", "--now", "rabbitmq-server"))


def environment(data: Path, port: int, epmd_port: int, distribution_port: int) -> dict[str, str]:
    """What tells RabbitMQ's start script that everything of this node lies in `data`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),  # Erlang reads its cookie there
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the server, instead of staying its parent
        "RABBITMQ_NODENAME": f"torg-{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(data / "no-such-file"),  # /etc/rabbitmq is not ours
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(data / "no-such-file"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(data / "generated"),
        "RABBITMQ_PID_FILE": str(data / "pid"),
        # `-torg` means nothing to Erlang: it lets a later run see whose node this is
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-torg {port} -kernel inet_dist_use_interface {{127,0,0,1}}",
    }


def _epmd() -> str:
    found = shutil.which("epmd")
    if found is None:
        raise ServerFailed(f"Erlang's epmd is missing. Run: {command_for('erlang-base')}")
    return found

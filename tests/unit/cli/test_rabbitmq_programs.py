"""Where RabbitMQ is taken from: the machine, apt-get, docker, in this order; and what is said when none has it."""

import os
import shutil
from pathlib import Path

import pytest

from cli.servers.processes import ServerFailed
from cli.servers.rabbitmq_programs import Container, Installed, environment, find_programs

APT_GET = """\
#!/bin/sh
echo "$*" >> "{notes}"
case "$*" in
    *install*) {install} ;;
esac
"""


class Machine:
    """A search path with only what a test puts on it, and a folder that RabbitMQ may be installed into."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs = folder / "bin"
        self.rabbitmq = folder / "rabbitmq"
        self.notes = folder / "apt-get-was-asked"
        self.programs.mkdir()
        for tool in ("sh", "env", "mkdir", "touch", "true"):
            (self.programs / tool).symlink_to(shutil.which(tool))
        self.add("sudo", '#!/bin/sh\nshift\nexec "$@"\n')
        monkeypatch.setenv("PATH", str(self.programs))

    def add(self, name: str, script: str) -> None:
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(0o755)

    def add_apt_get(self, install: str) -> None:
        self.add("apt-get", APT_GET.format(notes=self.notes, install=install))

    def put_rabbitmq(self) -> None:
        self.rabbitmq.mkdir()
        (self.rabbitmq / "rabbitmq-server").touch()

    def find(self) -> Installed | Container:
        return find_programs([self.rabbitmq])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_machines_own_is_taken_and_nothing_installed(machine: Machine) -> None:
    machine.put_rabbitmq()
    machine.add_apt_get("exit 1")
    assert machine.find() == Installed(machine.rabbitmq)
    assert not machine.notes.exists()


def test_else_the_package_is_installed(machine: Machine) -> None:
    machine.add_apt_get(f'mkdir "{machine.rabbitmq}"; touch "{machine.rabbitmq}/rabbitmq-server"')
    assert machine.find() == Installed(machine.rabbitmq)
    assert "rabbitmq-server" in machine.notes.read_text().splitlines()[-1]


def test_an_installation_that_fails_is_told_with_its_reason(machine: Machine) -> None:
    machine.add_apt_get("echo the mirror is away >&2; exit 100")
    with pytest.raises(ServerFailed, match="the mirror is away"):
        machine.find()


def test_else_docker_runs_it_if_it_answers(machine: Machine) -> None:
    machine.add("docker", "#!/bin/sh\nexit 0\n")
    assert machine.find() == Container()


def test_a_docker_that_does_not_answer_is_none(machine: Machine) -> None:
    machine.add("docker", "#!/bin/sh\nexit 1\n")
    with pytest.raises(ServerFailed):
        machine.find()


def test_else_one_sentence_says_what_to_do(machine: Machine) -> None:
    with pytest.raises(ServerFailed, match=r"apt-get install rabbitmq-server.*TORG_TEST_AMQP_URL"):
        machine.find()


def test_a_container_publishes_on_loopback_only_and_keeps_its_data_here(tmp_path: Path) -> None:
    words = Container().command("torg-rabbitmq-20001", tmp_path, (20001, 20002))
    assert "--publish=127.0.0.1:20001:5672" in words
    assert "--publish=127.0.0.1:20002:1883" in words
    assert f"--volume={tmp_path}:/var/lib/rabbitmq" in words
    assert f"--user={os.getuid()}:{os.getgid()}" in words


def test_a_script_runs_where_the_programs_are_and_passwords_stay_out_of_its_words(tmp_path: Path) -> None:
    script, definitions, told = (
        tmp_path / "set-up",
        tmp_path / "definitions.json",
        {"TORG_X_PASSWORD": "kept to itself"},
    )
    for file in (script, definitions):
        file.touch(mode=0o755)
    (data := tmp_path / "data").mkdir()
    of_node = {"ports": (20001, 20002), "own_ports": (20003, 20004)}

    words, env = Installed(Path("/usr/lib/rabbitmq/bin")).runs((script, definitions), told, data, **of_node)
    assert words == [str(script), str(definitions)]
    assert env["PATH"].startswith("/usr/lib/rabbitmq/bin:")
    assert (env["RABBITMQ_NODENAME"], env["TORG_X_PASSWORD"]) == ("torg-20001@localhost", "kept to itself")

    words, env = Container().runs((script, definitions), told, data, **of_node)
    inside = ["/var/lib/rabbitmq/set-up", "/var/lib/rabbitmq/definitions.json"]
    assert words == ["docker", "exec", "--env=TORG_X_PASSWORD", "torg-rabbitmq-20001", *inside]
    assert env["TORG_X_PASSWORD"] == "kept to itself"
    assert os.access(data / "set-up", os.X_OK)
    assert (data / "definitions.json").exists()


def test_a_node_keeps_all_it_has_in_its_folder(tmp_path: Path) -> None:
    told = environment(tmp_path, 20001, 20002, 20003)
    paths = {name: value for name, value in told.items() if value.startswith("/") and name != "PATH"}
    assert {name for name, value in paths.items() if not value.startswith(str(tmp_path))} == set()
    assert {"HOME", "RABBITMQ_MNESIA_BASE", "RABBITMQ_LOG_BASE", "RABBITMQ_CONFIG_FILE"} <= paths.keys()

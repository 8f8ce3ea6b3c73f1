"""Which processes a layout asks for, and that each is told no more than it needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import SERVICES
from cli.servers.processes import Run
from cli.stack import Layout, Stack

DATABASES = {service: f"postgresql://torg_{service}:x@127.0.0.1/torg_{service}" for service in SERVICES}
BROKER = "amqp://torg:x@127.0.0.1:5672/"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with Run("test", tmp_path) as run:
        yield run


def stack(run: Run, folder: Path, **layout: Any) -> Stack:
    return Stack(run, Layout(folder=folder, databases=DATABASES, **layout))


def test_the_smallest_has_one_process_of_each_kind(run: Run, tmp_path: Path) -> None:
    assert list(stack(run, tmp_path).parts) == ["api", "worker", "portal"]


def test_each_service_can_have_its_own_processes(run: Run, tmp_path: Path) -> None:
    parts = stack(run, tmp_path, apis_apart=True, workers_apart=True, amqp_url=BROKER).parts
    assert set(parts) == {f"{kind}-{service}" for kind in ("api", "worker") for service in SERVICES} | {"portal"}


def test_a_process_of_one_service_knows_no_other_database(run: Run, tmp_path: Path) -> None:
    parts = stack(run, tmp_path, apis_apart=True, workers_apart=True, amqp_url=BROKER).parts
    for service in SERVICES:
        for kind in ("api", "worker"):
            told = parts[f"{kind}-{service}"].environment
            assert [value for name, value in told.items() if "DATABASE" in name] == [DATABASES[service]]


def test_links_of_the_services_lead_to_the_portal(run: Run, tmp_path: Path) -> None:
    """Such as an invitation's, which is handed on where no mail is sent."""
    running = stack(run, tmp_path, apis_apart=True, workers_apart=True, amqp_url=BROKER)
    assert {part.environment["TORG_PORTAL_URL"] for part in running.parts.values()} == {running.portal_url}


def test_only_workers_know_the_broker(run: Run, tmp_path: Path) -> None:
    parts = stack(run, tmp_path, amqp_url=BROKER).parts
    assert [name for name, part in parts.items() if "TORG_AMQP_URL" in part.environment] == ["worker"]


def test_each_service_may_have_a_user_of_its_own_at_the_broker(run: Run, tmp_path: Path) -> None:
    users = {service: f"amqp://{service}:x@127.0.0.1:5672/torg" for service in SERVICES}
    parts = stack(run, tmp_path, workers_apart=True, workers_each=2, amqp_url=BROKER, amqp_urls=users).parts
    for service in SERVICES:
        workers = [part for name, part in parts.items() if name.startswith(f"worker-{service}")]
        assert [part.environment["TORG_AMQP_URL"] for part in workers] == [users[service]] * 2


def test_one_worker_of_all_services_has_one_user(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one user"):
        stack(run, tmp_path, amqp_url=BROKER, amqp_urls={"booking": BROKER})


def test_the_portal_knows_no_database(run: Run, tmp_path: Path) -> None:
    assert [name for name in stack(run, tmp_path).parts["portal"].environment if "DATABASE" in name] == []


def test_workers_with_a_broker_inside_share_one_process(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="memory://"):
        stack(run, tmp_path, workers_apart=True)


def test_two_apis_serve_every_service_at_two_addresses(run: Run, tmp_path: Path) -> None:
    two = stack(run, tmp_path, api_processes=2)
    for service in SERVICES:
        assert len(set(two.api_urls(service))) == 2
    assert two.urls["booking"] == two.api_urls("booking")[0]


def test_ports_that_are_asked_for_are_given(run: Run, tmp_path: Path) -> None:
    asked = stack(run, tmp_path, ports={"portal": 8000, "api": 8001, "worker": 8002})
    assert asked.portal_url == "http://127.0.0.1:8000"
    assert asked.urls["pricing"] == "http://127.0.0.1:8001/api/pricing"
    assert asked.parts["worker"].port == asked.parts["worker"].health_port == 8002


def test_health_has_a_port_of_its_own_where_visitors_have_one(run: Run, tmp_path: Path) -> None:
    parts = stack(run, tmp_path, ports={"portal": 8000, "api": 8001}).parts
    for name in ("api", "portal"):
        assert parts[name].command[-4:-1:2] == ("--port", "--health-port")
        assert parts[name].command[-1] == str(parts[name].health_port) != str(parts[name].port)


def test_a_release_without_that_port_is_not_told_of_one(run: Run, tmp_path: Path) -> None:
    parts = stack(run, tmp_path, health_apart=False).parts
    assert parts["api"].command[-2:] == ("--port", str(parts["api"].health_port))


def test_all_believe_the_issuer_that_the_portal_serves(run: Run, tmp_path: Path) -> None:
    one = stack(run, tmp_path)
    assert one.parts["api"].environment["TORG_ISSUERS"] == one.issuer
    assert one.parts["portal"].environment["TORG_OIDC_ISSUER"] == one.issuer
    assert one.issuer.startswith(one.portal_url)

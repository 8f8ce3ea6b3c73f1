"""A release before this one is at work; the database is migrated under its hands, today's processes are put beside its
own, take over, and are taken away again. People book all the while: nobody gets an error, every event is heard, also
across the releases, and in the end all services agree. At RabbitMQ older processes share the operator's user, and each
of today's has its own."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from cli.servers.databases import provide
from cli.servers.processes import Run
from cli.servers.rabbitmq import PrivateRabbitMQ
from cli.sign_in import token
from cli.stack import OWNER, Layout, Stack
from kernel.db import Database
from kernel.migrate import migrate
from tests.fire import ENVIRONMENT, Torg, assert_all_agree, book, wait_until_quiet
from tests.releases import Checkout, Release, databases_for_a_while, still_taken
from tests.templates import url_of

LOAD = "from cli.demo_data import load; load(dict(zip(sys.argv[2::2], sys.argv[3::2])), sys.argv[1])"
HANDLED = re.compile(
    r'^torg_entrypoint_total{entrypoint="(no\.torg\.[^"]+)",outcome="(\w+)",service="(\w+)"} (\S+)$', re.MULTILINE
)
ERRORS = re.compile(r'^torg_http_requests_total{.*status="5\d\d"} (\S+)$', re.MULTILINE)
OFTEN = 8


class Upgrade:
    """Two releases over the same databases and the same broker, where today's services have these users."""

    def __init__(
        self, run: Run, before: Checkout, urls: dict[str, str], amqp_url: str, amqp_urls: dict[str, str]
    ) -> None:
        self.databases = {service: Database(url, service=service, pool_size=3) for service, url in urls.items()}
        folder = run.temporary_folder()
        (folder / "before").mkdir()
        shared: dict[str, Any] = {"databases": urls, "amqp_url": amqp_url}
        its_own = {"checkout": before.folder, "health_apart": before.health_apart}
        self.before = Stack(run, Layout(folder=folder / "before", environment=ENVIRONMENT, **its_own, **shared))
        key = (folder / "before/access-code-key").read_text()
        same = {"TORG_ISSUERS": self.before.issuer, "TORG_ACCESS_CODE_KEY": key}
        own: dict[str, Any] = {"workers_apart": True, "amqp_urls": amqp_urls}
        self.today = Stack(run, Layout(folder=folder, environment=ENVIRONMENT | same, **own, **shared))
        self.booked = 0

    def owner(self, service: str) -> str:
        """Where today's migrations find a service's database."""
        url = make_url(url_of(self.databases[service]))
        return url.set(username=f"{url.username}{OWNER}").render_as_string(hide_password=False)

    def book(self, *stacks: Stack, times: int) -> None:
        """Books so often, through each in turn, eight at a time."""
        bearer = token(self.before.issuer, "ola")
        with ThreadPoolExecutor(8) as pool:
            torgs = [Torg(stack, self.databases, bearer) for stack in stacks]
            numbers = range(self.booked, self.booked + times)
            self.booked += times
            for done in [pool.submit(book, torgs[number % len(torgs)], number, forgives=False) for number in numbers]:
                done.result()
        wait_until_quiet(torgs[0])

    def handled(self, stack: Stack) -> dict[str, int]:
        """How often a worker has handled each type of event."""
        return self._outcomes(stack, "ok")

    def failed(self, stack: Stack) -> dict[str, int]:
        """How often it could not, and tried again."""
        return self._outcomes(stack, "failed")

    def _outcomes(self, stack: Stack, wanted: str) -> dict[str, int]:
        workers = [name for name in stack.parts if name.startswith("worker")]
        found = [each for name in workers for each in HANDLED.findall(page(stack, name))]
        return {f"{service} {kind}": int(float(times)) for kind, outcome, service, times in found if outcome == wanted}


def page(stack: Stack, part: str) -> str:
    return httpx.get(f"http://127.0.0.1:{stack.parts[part].health_port}/metrics", timeout=60).text


def since(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    return {each: times - before.get(each, 0) for each, times in now.items()}


def assert_shared_out(one: dict[str, int], other: dict[str, int]) -> None:
    """What came often enough was handled by both workers."""
    often = {each for each in one | other if one.get(each, 0) + other.get(each, 0) >= OFTEN}
    assert len(often) > OFTEN
    assert {each for each in often if one.get(each) and other.get(each)} == often


def assert_no_errors(stack: Stack) -> None:
    assert sum(map(float, ERRORS.findall(page(stack, "api")))) == 0


def one_in_the_gate(releases: list[Release]) -> Iterator[object]:
    """The newest of them, and the others for the long tests."""
    for number, release in enumerate(releases):
        yield pytest.param(release, id=release.version, marks=[pytest.mark.long] if number else [])


@pytest.fixture(params=one_in_the_gate(still_taken()))
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    return request.param.unpack(tmp_path / "before")


@pytest.fixture
def upgrade(
    before: Checkout,
    run: Run,
    postgres: str,
    rabbitmq_node: PrivateRabbitMQ,
    own_users: dict[str, str],
    tmp_path: Path,
) -> Iterator[Upgrade]:
    with databases_for_a_while(postgres, tmp_path, prefix="torg_upgrade") as urls:
        before.migrate(urls)
        upgrade = Upgrade(run, before, urls, rabbitmq_node.url, own_users)
        upgrade.before.start()
        addresses = [word for service, url in upgrade.before.urls.items() for word in (service, url)]
        before.run(LOAD, token(upgrade.before.issuer, "drift"), *addresses)
        yield upgrade
        for stack in (upgrade.today, upgrade.before):
            stack.stop()
        for database in upgrade.databases.values():
            database.close()


def test_a_release_is_put_beside_the_one_before_and_taken_away_again(upgrade: Upgrade, postgres: str) -> None:
    before, today = upgrade.before, upgrade.today
    with ThreadPoolExecutor(1) as meanwhile:
        booking = meanwhile.submit(upgrade.book, before, times=24)
        for service, database in upgrade.databases.items():
            provide(postgres, url_of(database), owner := upgrade.owner(service))
            migrate(service, owner)
        booking.result()
    assert_no_errors(before)

    today.start()
    by_before, interrupted = upgrade.handled(before), upgrade.failed(before)
    upgrade.book(before, today, times=32)
    by_today = upgrade.handled(today)
    assert_shared_out(since(by_before, upgrade.handled(before)), by_today)
    assert (upgrade.failed(before), upgrade.failed(today)) == (interrupted, {})
    assert_no_errors(before)

    for part in ("worker", "api"):
        before.kill(part)
    upgrade.book(today, times=8)
    assert upgrade.failed(today) == {}
    assert_no_errors(today)

    for part in ("worker", "api"):
        before.restart(part)
    today.stop()
    upgrade.book(before, times=8)
    assert upgrade.failed(before) == {}
    assert_no_errors(before)
    assert_all_agree(Torg(before, upgrade.databases, ""), upgrade.booked)

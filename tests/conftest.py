"""The servers that tests share, each started when a test first asks for it, and databases that no two tests share.
Each of the processes that `./torg test` shares the tests out to has servers of its own.

`fresh_database("booking")` gives a `kernel.db.Database` of booking, migrated and empty, for one test: a copy of a
template that was migrated once. `fresh_url("booking")` is the same as a URL, for a process. `amqp_url` is a RabbitMQ on
which none of our queues is left. A test that stops or kills a server starts one of its own (see tests/faults).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cli import broker
from cli.docs import DEFINITIONS
from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Run, reap
from cli.servers.rabbitmq import PrivateRabbitMQ
from kernel.db import Database
from kernel.topology import known_events
from tests.level_times import LevelTimes
from tests.sharing_out import StacksOneByOne
from tests.speaking import Speaking, Start
from tests.templates import Templates

pytest.register_assert_rewrite("tests.fire", "tests.talking", "tests.waiting")
LEVELS = ("unit", "contract", "integration", "journey", "faults")
TESTS = Path(__file__).parent
settings.register_profile("torg", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # nothing is timed
settings.load_profile("torg")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist report to the process that has them
        config.pluginmanager.register(LevelTimes(LEVELS))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The folder a test lies in is its level. The quick levels come first; soaks only when they are asked for."""
    for item in items:
        item.add_marker(level_of(item))
    if not config.option.markexpr:
        soaks = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=soaks)
        items[:] = [item for item in items if item not in soaks]
    items.sort(key=lambda item: LEVELS.index(level_of(item)))


def level_of(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> StacksOneByOne:
    return StacksOneByOne(config, log)


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """The processes of this session; what an earlier one left behind is ended first."""
    reap()
    with Run("tests") as run:
        yield run


@pytest.fixture(scope="session")
def postgres(run: Run) -> Iterator[str]:
    """The superuser's URL of a PostgreSQL to make databases on: TORG_TEST_DATABASE_URL's, or a private one."""
    given = os.environ.get("TORG_TEST_DATABASE_URL")
    if given:
        yield given
        return
    server = PrivatePostgres(run.temporary_folder(), run, durable=False)
    server.start()
    yield server.url()
    server.kill()  # nothing of it is kept


@pytest.fixture(scope="session")
def templates(postgres: str) -> Iterator[Templates]:
    templates = Templates(postgres)
    yield templates
    templates.drop_all()


@pytest.fixture
def fresh_url(templates: Templates) -> Iterator[Callable[[str], str]]:
    """Makes a migrated, empty database for a service; gives its URL."""
    made: list[str] = []

    def fresh(service: str) -> str:
        made.append(templates.copy(service))
        return made[-1]

    yield fresh
    for url in made:
        templates.take_back(url)


@pytest.fixture
def fresh_database(fresh_url: Callable[[str], str]) -> Iterator[Callable[..., Database]]:
    """Makes a migrated, empty database for a service; keyword arguments go to `Database`."""
    opened: list[Database] = []

    def fresh(service: str, **options: object) -> Database:
        opened.append(Database(fresh_url(service), service=service, **options))
        return opened[-1]

    yield fresh
    for database in opened:
        database.close()


@pytest.fixture(scope="session")
def rabbitmq_node(run: Run) -> Iterator[PrivateRabbitMQ]:
    """A private RabbitMQ."""
    server = PrivateRabbitMQ(run.temporary_folder(), run)
    server.start()
    yield server
    server.kill()  # nothing of it is kept


@pytest.fixture(scope="session")
def rabbitmq(request: pytest.FixtureRequest) -> str:
    """The URL of a RabbitMQ: TORG_TEST_AMQP_URL's, or a private node's."""
    given = os.environ.get("TORG_TEST_AMQP_URL")
    node: PrivateRabbitMQ | None = None if given else request.getfixturevalue("rabbitmq_node")
    return given or node.url  # type: ignore[union-attr]


@pytest.fixture
def amqp_url(rabbitmq: str) -> str:
    """The URL of a RabbitMQ without our queues and exchanges: what earlier tests left is deleted."""
    broker.clear(rabbitmq, known_events())
    return rabbitmq


@pytest.fixture
def own_users(rabbitmq_node: PrivateRabbitMQ) -> dict[str, str]:
    """The URL of each service's own user on a RabbitMQ that is set up as the deployment's: queues that are empty, and
    for each service its own rights."""
    broker.clear(rabbitmq_node.url, known_events())
    return rabbitmq_node.set_up(DEFINITIONS)


@pytest.fixture
def speak_over(run: Run, fresh_database: Callable[..., Database], tmp_path: Path) -> Iterator[Start]:
    """Gives two tiny services that speak over a broker (its URL), each with a database of its own."""
    started: list[Speaking] = []

    def speak(broker: str) -> Speaking:
        started.append(Speaking(run, broker, fresh_database("kernel"), fresh_database("kernel"), tmp_path))
        return started[-1]

    yield speak
    for speaking in started:
        speaking.stop()

"""`./torg migrate` and `./torg journey` say which address they miss, or can't use."""

import pytest
from typer.testing import CliRunner, Result

from cli import SERVICES, journey, main, migrate
from cli.servers.ports import free_port


@pytest.fixture(autouse=True)
def _no_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in SERVICES:
        monkeypatch.delenv(f"TORG_{service.upper()}_DATABASE_URL", raising=False)


def run(app: object, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def test_migrate_without_any_database_says_what_to_set() -> None:
    ended = run(migrate.app)
    assert ended.exit_code == 1
    assert all(f"TORG_{service.upper()}_DATABASE_URL" in ended.output for service in SERVICES)


def test_migrate_names_the_database_that_is_not_set() -> None:
    ended = run(migrate.app, "access")
    assert (ended.exit_code, ended.output) == (1, "torg: TORG_ACCESS_DATABASE_URL is not set\n")


def test_migrate_refuses_what_is_no_service() -> None:
    ended = run(migrate.app, "weather")
    assert ended.exit_code == 1
    assert "'weather' is not one of booking" in ended.output


def test_migrate_refuses_a_url_of_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORG_ACCESS_DATABASE_URL", "mysql://torg:secret@localhost/access")
    ended = run(migrate.app)
    assert ended.exit_code == 1
    assert "TORG_ACCESS_DATABASE_URL: must be a URL starting with postgresql://" in ended.output
    assert "secret" not in ended.output


@pytest.mark.parametrize("words", [["migrate"], ["dead-letters", "list"], ["dead-letters", "replay", "--all"]])
def test_a_database_that_does_not_answer_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """At night nobody reads a traceback."""
    port = free_port()
    monkeypatch.setenv("TORG_ACCESS_DATABASE_URL", f"postgresql://torg:secret@127.0.0.1:{port}/access")
    ended = run(main.app, *words)
    why = f'connection to server at "127.0.0.1", port {port} failed: Connection refused'
    assert (ended.exit_code, ended.output) == (1, f"torg: the database can't be had: {why}\n")


@pytest.mark.parametrize(
    ("option", "value", "scheme"),
    [
        ("--amqp-url", "foo", "amqp://"),
        ("--amqp-url", "amqp://", "amqp://"),
        ("--database-url", "foo", "postgresql://"),
    ],
)
def test_journey_says_which_option_is_no_url(option: str, value: str, scheme: str) -> None:
    ended = run(journey.app, option, value)
    assert ended.exit_code == 2
    assert option in ended.output
    assert f"must be a URL starting with {scheme}" in ended.output


def test_journey_says_which_broker_does_not_answer() -> None:
    port = free_port()
    with pytest.raises(journey.ServerFailed, match=f"--amqp-url.* 127.0.0.1:{port}") as fault:
        journey.refuse_used(f"amqp://torg:secret@127.0.0.1:{port}/torg")
    assert "secret" not in str(fault.value)

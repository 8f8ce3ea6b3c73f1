"""`./torg dead-letters`, as an operator types it: over all the services' databases that the environment names."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from cli import SERVICES
from cli.dead_letters import app
from kernel import failures
from kernel.db import Database
from kernel.ids import new_id


@pytest.fixture
def databases(fresh_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Database]:
    opened = {}
    for service in SERVICES:
        url = fresh_url("kernel")
        monkeypatch.setenv(f"TORG_{service.upper()}_DATABASE_URL", url)
        opened[service] = Database(url, service=service, pool_size=1)
    yield opened
    for database in opened.values():
        database.close()


PLACE = "RuntimeError at services.booking.usecases.following_along.pricing:1234"


def bury(database: Database, entrypoint: str, body: bytes = b"{}", error: str = "RuntimeError at here:1") -> UUID:
    with database.transaction() as tx:
        failures.record(tx, entrypoint, body, error, due_at=None)
        return failures.dead_letters(tx)[-1].id


def dead(database: Database) -> list[UUID]:
    with database.reading() as tx:
        return [letter.id for letter in failures.dead_letters(tx)]


def retrying(database: Database) -> int:
    with database.reading() as tx:
        return failures.depths(tx)[0]


def run(*words: str, answers: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=answers)


def test_nothing_to_list(databases: dict[str, Database]) -> None:
    assert run("list").output == "No dead letters.\n"
    assert json.loads(run("list", "--json").output) == []


def test_all_services_are_listed_or_one(databases: dict[str, Database]) -> None:
    first, second = bury(databases["access"], "one.v1"), bury(databases["pricing"], "two.v1")
    everything = json.loads(run("list", "--json").output)
    assert [(each["service"], each["id"]) for each in everything] == [("access", str(first)), ("pricing", str(second))]
    assert [each["id"] for each in json.loads(run("list", "--json", "--service", "pricing").output)] == [str(second)]
    assert "two.v1" in run("list").output


@pytest.mark.parametrize(("most", "shown", "more"), [(1, 1, True), (2, 2, False), (3, 2, False)])
def test_it_is_told_when_there_are_more_than_are_listed(
    databases: dict[str, Database], most: int, shown: int, more: bool
) -> None:
    for name in ("one.v1", "two.v1"):
        bury(databases["access"], name)
    listed = run("list", "--json", "--most", str(most))
    assert len(json.loads(listed.stdout)) == shown
    assert listed.stderr == (f"torg: access has more; --most {most * 10} shows them.\n" if more else "")


@pytest.mark.parametrize("most", ["0", "-1"])
def test_none_at_all_can_not_be_asked_for(databases: dict[str, Database], most: str) -> None:
    """It said that there were none."""
    assert run("list", "--most", most).exit_code == 2


def test_one_is_shown_with_its_body_even_when_that_is_no_text(databases: dict[str, Database]) -> None:
    letter = bury(databases["booking"], "one.v1", b'{"a": "\xff"}')
    shown = run("show", str(letter))
    assert shown.exit_code == 0
    assert '{"a": "\\xff"}' in shown.output
    assert json.loads(run("show", str(letter), "--json").output)["error"] == "RuntimeError at here:1"


def test_one_is_replayed(databases: dict[str, Database]) -> None:
    letter, other = bury(databases["access"], "one.v1"), bury(databases["access"], "two.v1")
    assert run("replay", str(letter)).output == "1 to be tried again.\n"
    assert (dead(databases["access"]), retrying(databases["access"])) == ([other], 1)


def test_all_are_replayed_or_those_of_a_service(databases: dict[str, Database]) -> None:
    for service in SERVICES:
        bury(databases[service], "one.v1")
    assert run("replay", "--all", "--service", "access").output == "1 to be tried again.\n"
    assert run("replay", "--all").output == "3 to be tried again.\n"


@pytest.mark.parametrize("words", [("replay",), ("replay", "01a23107-9543-747d-bd19-9c304fe13f22", "--all")])
def test_replay_wants_one_or_all(databases: dict[str, Database], words: tuple[str, ...]) -> None:
    bury(databases["access"], "one.v1")
    assert run(*words).exit_code == 2
    assert len(dead(databases["access"])) == 1


def test_discarding_asks_first(databases: dict[str, Database]) -> None:
    letter = bury(databases["access"], "one.v1")
    assert run("discard", str(letter), answers="n\n").exit_code == 1
    assert dead(databases["access"]) == [letter]
    assert run("discard", str(letter), answers="y\n").exit_code == 0
    assert dead(databases["access"]) == []


@pytest.mark.parametrize("command", ["show", "replay", "discard"])
def test_one_that_is_not_there_is_told(databases: dict[str, Database], command: str) -> None:
    told = run(command, str(new_id()))
    assert told.exit_code == 2
    assert "there is no dead letter" in told.output


def test_an_unknown_service_is_told(databases: dict[str, Database]) -> None:
    assert run("list", "--service", "weather").exit_code == 2


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("narrow")
def test_the_list_is_whole_at_80_columns(databases: dict[str, Database]) -> None:
    event = "no.torg.programming.activity_withdrawn.v1"
    letter = bury(databases["programming"], event, error=PLACE)
    listed = run("list").output
    assert max(map(len, listed.splitlines())) <= 80
    for told in (str(letter), "programming", event, PLACE):
        assert told in listed


@pytest.mark.usefixtures("narrow")
def test_brackets_and_colons_are_told_as_they_are(databases: dict[str, Database]) -> None:
    letter = bury(databases["access"], "[bold]one[/bold] :smile:", b"[red]x[/red] :smile:", error="[/] :smile:")
    listed, shown = run("list").output, run("show", str(letter)).output
    for told in ("[bold]one[/bold] :smile:", "[/] :smile:"):
        assert told in listed
        assert told in shown
    assert "[red]x[/red] :smile:" in shown


@pytest.mark.usefixtures("narrow")
def test_a_body_is_printed_as_it_came(databases: dict[str, Database]) -> None:
    body = json.dumps({"data": {"words": ["and more"] * 60}})
    letter = bury(databases["access"], "one.v1", body.encode())
    assert run("show", str(letter)).output.splitlines()[-1] == body
    assert json.loads(run("show", str(letter), "--json").output)["body"] == body


@pytest.mark.parametrize("command", [("show",), ("replay",), ("discard", "--yes")])
@pytest.mark.parametrize("case", [str, str.upper])
def test_the_beginning_of_an_id_will_do(
    databases: dict[str, Database], command: tuple[str, ...], case: Callable[[str], str]
) -> None:
    letter = bury(databases["pricing"], "one.v1")
    assert run(*command, case(str(letter)[:4])).exit_code == 0
    assert dead(databases["pricing"]) == ([letter] if command == ("show",) else [])


@pytest.mark.parametrize("command", [("show",), ("replay",), ("discard", "--yes")])
def test_a_beginning_that_two_share_changes_nothing(databases: dict[str, Database], command: tuple[str, ...]) -> None:
    letters = [bury(databases["access"], "one.v1"), bury(databases["pricing"], "two.v1")]
    told = run(*command, str(letters[0])[:4])
    assert told.exit_code == 2
    assert "2 dead letters" in told.output
    assert [*dead(databases["access"]), *dead(databases["pricing"])] == letters


@pytest.mark.parametrize("wrong", ["", "019", "%%%%", "____", "no id", "01a23107-9543-747d-bd19-9c304fe13f220"])
@pytest.mark.parametrize("command", [("show",), ("replay",), ("discard", "--yes")])
def test_what_is_no_beginning_of_an_id_is_refused(
    databases: dict[str, Database], command: tuple[str, ...], wrong: str
) -> None:
    letter = bury(databases["access"], "one.v1")
    assert run(*command, wrong).exit_code == 2
    assert dead(databases["access"]) == [letter]


def test_replay_looks_in_the_named_service_only(databases: dict[str, Database]) -> None:
    letter = bury(databases["access"], "one.v1")
    assert run("replay", str(letter), "--service", "pricing").exit_code == 2
    assert dead(databases["access"]) == [letter]


@pytest.mark.usefixtures("narrow")
def test_the_id_of_the_event_is_told_for_the_search_in_the_logs(databases: dict[str, Database]) -> None:
    event = str(new_id())
    letter = bury(databases["access"], "one.v1", json.dumps({"id": event, "subject": "s"}).encode())
    assert event in run("list").output
    assert json.loads(run("list", "--json").output)[0]["event_id"] == event
    assert f"event_id   {event}\n" in run("show", str(letter)).output

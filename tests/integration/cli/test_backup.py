"""`./torg backup`, `restore` and `restored`, as an operator types them: what is checked before anything is changed,
what is restored, and how the list of what is unknown is worked off. tests/contract/test_restored.py shows that all
agree afterwards."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
import typer
from kombu import Connection
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from cli import SERVICES, backup, dumps, migrate, restore, restored
from cli.servers.ports import free_port
from kernel import failures, restores, topology
from kernel.db import Database
from services.access.events import KeyArmed
from tests.contract.backups import History, a_history, rows
from tests.issuer import issuer
from tests.municipality import Municipality
from tests.templates import Templates, owner_of, session


@pytest.fixture
def urls(fresh_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Databases of all services, empty, that the environment names; and no broker."""
    made = {service: fresh_url(service) for service in SERVICES}
    name_in_environment(monkeypatch, made)
    return made


Untouched = tuple[dict[str, str], Path]


def name_in_environment(monkeypatch: pytest.MonkeyPatch, urls: dict[str, str]) -> None:
    for service, url in urls.items():
        monkeypatch.setenv(f"TORG_{service.upper()}_DATABASE_URL", url)
        monkeypatch.setenv(f"TORG_{service.upper()}_OWNER_URL", owner_of(url))
    monkeypatch.delenv("TORG_AMQP_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


ODD = ("--who", "Odd", "--why", "It is near")


def run(app: typer.Typer, *words: object, answers: str = "") -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=answers)


def done(app: typer.Typer, *words: object, answers: str = "") -> str:
    result = run(app, *words, answers=answers)
    assert result.exit_code == 0, result.output
    return result.output


def mark(url: str, word: str) -> None:
    """Changes a database in a way that can be seen."""
    with using(url) as database, database.transaction() as tx:
        failures.record(tx, word, b"{}", "none", due_at=None)


def marks(url: str) -> list[str]:
    with using(url) as database, database.reading() as tx:
        return [letter.entrypoint for letter in failures.dead_letters(tx)]


def epoch(url: str) -> int:
    with using(url) as database, database.reading() as tx:
        return restores.current(tx)


def using(url: str) -> closing[Database]:
    return closing(Database(url, service="access", pool_size=1))


def everything(urls: dict[str, str], word: str) -> None:
    for url in urls.values():
        mark(url, word)


def test_a_backup_has_bookings_dump_last_and_is_for_its_owner_alone(urls: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "tuesday"
    done(backup.app, folder)

    manifest = dumps.read(folder)
    taken = [manifest.dumps[service].taken_at for service in dumps.ORDER]
    assert taken == sorted(taken)
    assert (dumps.ORDER[-1], manifest.older_than_others()) == ("booking", [])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / each.file).stat().st_mode) for each in manifest.dumps.values()} == {0o600}
    assert not any("password" in text or "torg_test" in text for text in [(folder / "manifest.json").read_text()])


def test_a_database_with_a_standby_is_backed_up_and_restored(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service, url in urls.items():
        monkeypatch.setenv(f"TORG_{service.upper()}_DATABASE_URL", with_standby(url))
        monkeypatch.setenv(f"TORG_{service.upper()}_OWNER_URL", with_standby(owner_of(url)))
    everything(urls, "before")
    done(backup.app, tmp_path / "one")
    everything(urls, "after")
    done(restore.app, tmp_path / "one", "--yes", "--no-broker")
    assert {service: marks(url) for service, url in urls.items()} == {service: ["before"] for service in SERVICES}


def with_standby(url: str) -> str:
    place = make_url(url)
    both = "&".join(f"host={place.host}:{place.port}" for _ in range(2))
    return f"postgresql://{place.username}:{place.password}@/{place.database}?{both}&target_session_attrs=read-write"


def test_a_backup_is_never_written_over_another(urls: dict[str, str], tmp_path: Path) -> None:
    done(backup.app, tmp_path / "one")
    assert run(backup.app, tmp_path / "one").exit_code == 1


def test_a_backup_is_of_all_services(urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORG_PRICING_DATABASE_URL")
    monkeypatch.delenv("TORG_PRICING_OWNER_URL")
    assert run(backup.app, tmp_path / "one").exit_code == 1
    assert not (tmp_path / "one").exists()


def test_a_database_that_is_not_migrated_is_not_backed_up(urls: dict[str, str], tmp_path: Path) -> None:
    with session(owner_of(urls["pricing"])) as cursor:
        cursor.execute("DROP TABLE restores")
    assert "run migrate first" in str(run(backup.app, tmp_path / "one").exception)
    assert not list(tmp_path.iterdir())  # the dump of access, which was made before, takes no room


def test_a_restore_tells_when_what_came_is_not_what_was_promised(urls: dict[str, str], tmp_path: Path) -> None:
    done(backup.app, tmp_path / "one")
    told = json.loads((tmp_path / "one" / "manifest.json").read_text())
    for each in told["databases"].values():
        each["revisions"] = ["another"]
    (tmp_path / "one" / "manifest.json").write_text(json.dumps(told))
    assert "Start nothing" in str(run(restore.app, tmp_path / "one", "--yes", "--no-broker").exception)


def test_nothing_goes_on_from_a_restore_that_was_broken_off(urls: dict[str, str], tmp_path: Path) -> None:
    """Whether it failed or was killed: the databases are of different times until it is run again."""
    everything(urls, "before")
    done(backup.app, tmp_path / "one")
    whole = (tmp_path / "one" / "manifest.json").read_text()
    everything(urls, "after")
    spoil(tmp_path / "one", pricing={"revisions": ["another"]})  # comes to light when access is done, and pricing not
    run(restore.app, tmp_path / "one", "--only", "access", "--only", "pricing", "--yes", "--no-broker")

    assert (marks(urls["access"]), marks(urls["booking"])) == (["before"], ["before", "after"])
    refusing = [(migrate.app, ["booking"]), (backup.app, [tmp_path / "two"]), (restored.app, ["begin", "--no-broker"])]
    refusing += [(restored.app, ["progress"]), (restored.app, ["list"]), (restored.app, ["keep", uuid4(), *ODD])]
    for app, words in refusing:
        assert "Run it again" in str(run(app, *words).exception), words

    (tmp_path / "one" / "manifest.json").write_text(whole)
    done(restore.app, tmp_path / "one", "--yes", "--no-broker")
    for app, words in [(migrate.app, []), (restored.app, ["progress"]), (backup.app, [tmp_path / "two"])]:
        done(app, *words)


def test_a_backup_that_was_broken_off_is_none(urls: dict[str, str], tmp_path: Path) -> None:
    done(backup.app, tmp_path / "one")
    (tmp_path / "one" / "manifest.json").unlink()
    assert "can't be read" in str(run(restore.app, tmp_path / "one", "--yes", "--no-broker").exception)


def test_a_restore_makes_all_what_it_was_and_begins_an_epoch(urls: dict[str, str], tmp_path: Path) -> None:
    everything(urls, "before")
    done(backup.app, tmp_path / "one")
    everything(urls, "after")

    assert "Replace all" in done(restore.app, tmp_path / "one", "--no-broker", answers="y\n")

    assert {service: marks(url) for service, url in urls.items()} == {service: ["before"] for service in SERVICES}
    [first] = {epoch(url) for url in urls.values()}
    assert first > 0
    done(restore.app, tmp_path / "one", "--no-broker", "--yes")
    [second] = {epoch(url) for url in urls.values()}
    assert second > first - 1  # at the same second the backup knows nothing of the epoch before


def test_an_epoch_is_higher_than_all_that_any_service_has_heard_of(urls: dict[str, str]) -> None:
    far = 99_999_999_999
    with using(urls["pricing"]) as database, database.transaction() as tx:
        restores.begin_epoch(tx, far, at=tx.now)
    done(restored.app, "begin", "--no-broker")
    assert {epoch(url) for url in urls.values()} == {far + 1}


def test_one_service_can_be_restored_alone(urls: dict[str, str], tmp_path: Path) -> None:
    done(backup.app, tmp_path / "one")
    everything(urls, "after")
    done(restore.app, tmp_path / "one", "--only", "access", "--yes", "--no-broker")
    assert [service for service, url in urls.items() if marks(url)] == ["booking", "pricing", "programming"]
    assert len({epoch(url) for url in urls.values()}) == 1


def spoil(folder: Path, **changes: Any) -> None:
    told = json.loads((folder / "manifest.json").read_text())
    told["databases"]["pricing"] |= changes.pop("pricing", {})
    (folder / "manifest.json").write_text(json.dumps(told | changes))


def longer(folder: Path) -> None:
    with (folder / "access.dump").open("ab") as file:
        file.write(b"x")


def another(folder: Path) -> None:
    body = bytearray((folder / "access.dump").read_bytes())
    body[-1] ^= 1
    (folder / "access.dump").write_bytes(body)


@pytest.fixture(scope="module")
def backed_up(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Untouched]:
    """Databases, changed since their backup; no test changes them."""
    urls, folder = {service: templates.copy(service) for service in SERVICES}, tmp_path_factory.mktemp("backup")
    dumps.write(folder, {service: dumps.dump(service, owner_of(urls[service]), folder) for service in dumps.ORDER})
    everything(urls, "after")
    yield urls, folder
    for url in urls.values():
        templates.take_back(url)


@pytest.fixture
def untouched(backed_up: Untouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Untouched]:
    """Databases that must be as they were when the test is done, and a copy of the backup."""
    urls, folder = backed_up
    name_in_environment(monkeypatch, urls)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    yield urls, copy
    assert {service: marks(url) for service, url in urls.items()} == {service: ["after"] for service in SERVICES}
    assert {epoch(url) for url in urls.values()} == {0}


def refused(*words: object, answers: str = "") -> bool:
    return run(restore.app, *words, answers=answers).exit_code != 0


def test_nothing_is_changed_when_the_operator_says_no(untouched: Untouched) -> None:
    assert refused(untouched[1], "--no-broker", answers="n\n")


SPOILT: dict[str, Callable[[Path], object]] = {
    "a dump is longer": longer,
    "a dump has another byte": another,
    "a dump is missing": lambda folder: (folder / "booking.dump").unlink(),
    "a dump is elsewhere": lambda folder: spoil(folder, pricing={"file": "../pricing.dump"}),
    "the manifest is missing": lambda folder: (folder / "manifest.json").unlink(),
    "the manifest is no JSON": lambda folder: (folder / "manifest.json").write_text("{"),
    "the manifest lacks a service": lambda folder: spoil(folder, databases={}),
    "another format": lambda folder: spoil(folder, format=dumps.FORMAT + 1),
    "a later release": lambda folder: spoil(folder, pricing={"oldest_release": "99.0.0"}),
    "another epoch": lambda folder: spoil(folder, pricing={"epoch": 7}),
    "booking is older": lambda folder: spoil(folder, pricing={"taken_at": "2999-01-01T00:00:00+00:00"}),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_backup_that_is_not_right_changes_nothing(untouched: Untouched, fault: str) -> None:
    SPOILT[fault](untouched[1])
    assert refused(untouched[1], "--yes", "--no-broker")


def test_a_restore_waits_for_everything_to_be_stopped(untouched: Untouched) -> None:
    urls, folder = untouched
    with closing(psycopg2.connect(urls["programming"])):
        assert refused(folder, "--yes", "--no-broker")


@pytest.mark.parametrize(("name", "told"), [("torg-programming", "torg-programming"), ("", "a program without a name")])
def test_a_restore_says_who_is_connected(untouched: Untouched, name: str, told: str) -> None:
    urls, folder = untouched
    url = make_url(urls["programming"])
    with (
        closing(psycopg2.connect(urls["programming"], application_name=name)),
        closing(psycopg2.connect(urls["programming"], application_name=name)),
    ):
        said = str(run(restore.app, folder, "--yes", "--no-broker").exception)
    assert "2 still connected to the database of programming" in said
    assert f"2 of {told} ({url.username}) from {url.host}" in said


def test_a_restore_says_of_other_roles_what_it_may_see(untouched: Untouched) -> None:
    urls, folder = untouched
    owner = owner_of(urls["programming"])
    with closing(psycopg2.connect(owner, application_name="psql")):
        said = str(run(restore.app, folder, "--yes", "--no-broker").exception)
    assert f"1 of psql ({make_url(owner).username}) from an address that is not shown" in said


def test_a_restore_must_know_whose_queues_to_empty(untouched: Untouched) -> None:
    assert refused(untouched[1], "--yes")


def test_a_restore_waits_for_the_broker(untouched: Untouched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORG_AMQP_URL", f"amqp://guest:guest@127.0.0.1:{free_port()}/")
    assert refused(untouched[1], "--yes")


def test_only_services_can_be_chosen(untouched: Untouched) -> None:
    assert refused(untouched[1], "--yes", "--no-broker", "--only", "portal")


def test_a_restore_empties_the_queues(
    urls: dict[str, str], tmp_path: Path, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(backup.app, tmp_path / "one")
    with Connection(amqp_url) as connection:
        topology.declare_for_emitter(connection, [KeyArmed])
        producer = connection.Producer(exchange=topology.EVENTS, routing_key=KeyArmed.TYPE)
        producer.publish(b"{}")
        queue = topology.queue("booking", KeyArmed)(connection.default_channel)

        monkeypatch.setenv("TORG_AMQP_URL", amqp_url)
        done(restore.app, tmp_path / "one", "--yes")

        assert queue.get() is None


@pytest.fixture(scope="module")
def history(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with issuer() as ours, a_history(templates, ours, tmp_path_factory.mktemp("backups")) as made:
        yield made


@pytest.fixture
def lost(history: History, monkeypatch: pytest.MonkeyPatch) -> History:
    """Booking is restored older than the others, and does not know two bookings."""
    name_in_environment(monkeypatch, dict(history.urls))
    history.restore({"booking": 0, "access": 2, "pricing": 2, "programming": 2})
    return history


def listed() -> dict[str, Any]:
    return {each["booking"]: each["parts"] for each in json.loads(done(restored.app, "list", "--json"))}


def test_what_is_unknown_is_listed_with_keys_persons_and_money(lost: History) -> None:
    suspended, live = (str(lost.bookings[name]) for name in ("in its place", "at another time"))
    assert list(listed()) == [suspended, live]
    shown = done(restored.app, "list")
    for told in (suspended, live, f"booking {lost.bookings['given up']} has its place", "key armed"):
        assert told in shown
    key, money = (listed()[live][service] for service in ("access", "pricing"))
    assert money["charged"] > 0
    assert f"charged {money['charged'] / 100:.2f}, paid 0.00, waived 0.00 NOK" in shown
    assert key["booked_by"] in shown


def test_one_is_kept_and_one_withdrawn(lost: History) -> None:
    suspended, live = (str(lost.bookings[name]) for name in ("in its place", "at another time"))
    done(restored.app, "keep", live, *ODD)
    assert set(listed()) == {suspended}
    assert run(restored.app, "keep", live, *ODD).exit_code == 2

    assert run(restored.app, "withdraw", suspended, *ODD, answers="n\n").exit_code == 1
    assert set(listed()) == {suspended}
    done(restored.app, "withdraw", suspended, answers="Eva\nBooked anew\ny\n")
    assert "Booking knows all" in done(restored.app, "list")

    told = done(restored.app, "decided").splitlines()
    assert [line for line in told if line.startswith("  ")] == ["  by Odd: It is near", "  by Eva: Booked anew"]

    with lost.running() as torg:
        torg.settle()
        assert standing(torg, suspended) == ("revoked", "credited", 0, "withdrawn")
        assert standing(torg, live)[0::3] == ("armed", "scheduled")


@pytest.mark.parametrize(
    ("said", "exit_code"),
    [
        ((), 1),
        (("--who", "Odd"), 1),
        (("--who", " ", "--why", "x"), 2),
        (("--who", "Odd", "--why", "\u200b"), 2),
        (("--who", "Odd", "--why", "x" * 501), 2),
    ],
)
def test_nobody_decides_without_a_name_and_a_reason(lost: History, said: tuple[str, ...], exit_code: int) -> None:
    before = listed()
    assert run(restored.app, "keep", lost.bookings["at another time"], *said).exit_code == exit_code
    assert listed() == before


def standing(torg: Municipality, booking: str) -> tuple[Any, ...]:
    [key] = rows(torg, "access", "SELECT state FROM keys WHERE booking = :of", of=booking)
    [charge] = rows(torg, "pricing", "SELECT state, total FROM charges WHERE booking = :of", of=booking)
    [activity] = rows(torg, "programming", "SELECT state FROM activities WHERE booking = :of", of=booking)
    return key["state"], charge["state"], charge["total"], activity["state"]


def test_progress_is_told_until_all_is_taken(lost: History) -> None:
    assert "0 of 6 bookings told again" in done(restored.app, "progress")
    with lost.following():
        pass
    told = done(restored.app, "progress")
    assert "6 of 6 bookings told again" in told
    assert "access has taken 6 of 6" in told
    assert "All is told and taken." in told


def test_where_nothing_was_restored_there_is_no_progress(urls: dict[str, str]) -> None:
    assert done(restored.app, "progress") == "Nothing was ever restored.\n"

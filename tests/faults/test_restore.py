"""A Torg of real processes whose booking is lost, and restored from a backup older than what the others know. `./torg
test long`; tests/contract/test_restored.py has the same in one process, for every mixture of instants."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import SERVICES, backup, restore, restored
from tests.fire import SPACES, Kari, Torg, book, torg_under_fire, wait_until_quiet
from tests.waiting import eventually

TAKEN_BACK = 1
"""The booking that is given up after the backup, and whose place another gets."""


def command(app: typer.Typer, *words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def states(torg: Torg) -> dict[str, str]:
    """How each key stands, by its booking."""
    return {str(booking): state for booking, state in torg.ask("access", "SELECT booking, state FROM keys")}


def in_its_place(torg: Torg) -> str:
    """The live booking where `TAKEN_BACK` was."""
    live = f"SELECT id FROM bookings WHERE space = '{SPACES[TAKEN_BACK]}' AND state = 'confirmed'"
    [(booking,)] = torg.ask("booking", live)
    return str(booking)


@pytest.mark.long
def test_booking_restored_older_than_the_others_is_followed(
    amqp_url: str, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torg_under_fire(amqp_url, postgres) as torg:
        monkeypatch.setenv("TORG_AMQP_URL", amqp_url)
        for service in SERVICES:
            url = torg.databases[service].engine.url.set(drivername="postgresql")
            monkeypatch.setenv(f"TORG_{service.upper()}_DATABASE_URL", url.render_as_string(hide_password=False))
            monkeypatch.setenv(f"TORG_{service.upper()}_OWNER_URL", torg.owners[service])
        for number in range(4):
            book(torg, number)
        wait_until_quiet(torg)
        command(backup.app, tmp_path / "backup")

        first = in_its_place(torg)
        cancel(torg, first)
        book(torg, TAKEN_BACK)
        wait_until_quiet(torg)
        second = in_its_place(torg)
        torg.stack.stop()
        for database in torg.databases.values():
            database.close()

        command(restore.app, tmp_path / "backup", "--only", "booking", "--yes")
        [unknown] = json.loads(command(restored.app, "list", "--json"))
        assert (unknown["booking"], unknown["parts"]["access"]["suspended_for"]) == (second, first)
        assert (states(torg)[first], states(torg)[second]) == ("revoked", "suspended")

        torg.stack.start()
        eventually(lambda: command(restored.app, "progress"), wanted=lambda told: "All is told" in told, seconds=120)
        eventually(lambda: states(torg)[first], wanted="armed".__eq__, seconds=60)
        assert states(torg)[second] == "suspended"
        assert in_its_place(torg) == first
        charge = torg.ask("pricing", f"SELECT state, total > 0 FROM charges WHERE booking = '{first}'")
        assert charge == [("charged", True)]


def cancel(torg: Torg, booking: str) -> None:
    answer = Kari(torg).post(f"/bookings/{booking}/cancel", {}, **{"If-Match": "*"})
    assert answer.status_code == 200, answer.text

"""Back up, erase, restore: the person is gone again before anything is started, whichever database was restored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli import SERVICES, dumps
from cli.anew import restored
from kernel import journal
from kernel.migrate import migrate
from services.booking import metrics
from services.booking.usecases import journal as usecases
from services.booking.usecases.privacy import SWEPT_AFTER
from tests.contract import things
from tests.contract.conftest import a_municipality
from tests.contract.test_erasure import STAYS, sweep
from tests.contract.zara import Zara
from tests.templates import Templates, owner_of
from tests.traces import traces

OF_TELLING = {("access", "representations", "person"), ("access", "inbox_subjects", "subject")}
"""What access lets go of when it is told, as it draws codes anew then."""


class Restorable:
    """Zara, dumps of what she was, and the journal of her erasure."""

    def __init__(self, zara: Zara, folder: Path) -> None:
        self.zara, self.folder = zara, folder
        self.urls = {
            name: each.engine.url.render_as_string(hide_password=False) for name, each in zara.torg.databases.items()
        }
        (folder / "journal").mkdir()
        self.dumps = {name: dumps.dump(name, owner_of(self.urls[name]), folder) for name in dumps.ORDER}
        booking = zara.torg.databases["booking"]
        booking.settings = replace(booking.settings, erasure_journal=str(folder / "nowhere"))
        zara.ask("POST", "/booking/me/erasure", zara.token, {"cancel_bookings": True})
        self.erased_at = zara.torg.clock.now()
        self.waiting = [self.write(where) for where in ("nowhere", "journal", "journal")]
        """How many erasures wait after each try to write them down, of which the first finds no folder."""

    def write(self, where: str) -> float:
        """Has the worker write the journal in this folder; how many erasures wait then."""
        booking = self.zara.torg.databases["booking"]
        booking.settings = replace(booking.settings, erasure_journal=str(self.folder / where))
        with booking.transaction() as tx:
            usecases.write(tx)
        count: float = metrics.UNJOURNALED._value.get()
        return count

    def restore(self, *services: str) -> Any:
        for each in self.zara.torg.databases.values():
            each.close()  # all of Torg is stopped: a restore ends every session that is left
        for service in services:
            dumps.restore(owner_of(self.urls[service]), self.folder, self.dumps[service])
            migrate(service, owner_of(self.urls[service]))
        erasures = journal.read(str(self.folder / "journal")).values()
        with restored(self.urls, clock=self.zara.torg.clock) as databases:
            databases.begin(amqp_url=None, erasures=erasures)
            return databases.forgotten


@pytest.fixture(scope="module")
def restorable(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restorable]:
    with a_municipality(templates) as torg:
        things.make(torg)
        zara = Zara(torg)
        zara.live()
        yield Restorable(zara, tmp_path_factory.mktemp("backups"))


def left(restorable: Restorable) -> set[tuple[str, str, str]]:
    return set(traces(restorable.zara.torg.databases, restorable.zara.needles))


def test_an_erasure_waits_for_no_journal_and_is_in_it_in_the_end(restorable: Restorable) -> None:
    assert restorable.waiting == [1, 0, 0]
    [written] = journal.read(str(restorable.folder / "journal")).values()
    assert (str(written.person), written.erased_at) == (restorable.zara.person, restorable.erased_at)
    text = (restorable.folder / "journal" / journal.FILE).read_text()
    assert text.count("\n") == 1


@pytest.mark.parametrize("services", [SERVICES, ("booking",), ("access",), ("pricing",), ("programming",)])
def test_a_restore_forgets_again(restorable: Restorable, services: tuple[str, ...]) -> None:
    forgotten = restorable.restore(*services)
    assert forgotten == (0 if services == ("programming",) else 1)
    zara = restorable.zara
    found = {each for each in left(restorable) if each[1:] not in (("outbox", "body"), ("outbox", "subject"))}
    assert found - OF_TELLING - set(STAYS) <= {
        (service, "failed_deliveries", "body") for service in ("programming",)
    } | {("programming", "idempotency_keys", "body")}, found

    zara.torg.settle()
    zara.torg.clock.move(SWEPT_AFTER)
    sweep(zara)
    assert left(restorable) == set(STAYS)
    assert restorable.restore() == 0

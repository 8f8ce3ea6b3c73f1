"""A municipality with a history, of which each service's database is dumped at three instants, and any mixture of these
restored.

At first (0) Kari has the hall, one half of it with a waiver, a booking that is held and one that she moves later. Then
(1) she gives up the hall, confirms what was held, moves the one and gives up the other. Then (2) Ola books a half of
the hall that Kari gave up, and the hall at a time that nobody had; and Kari gives up one more, which nobody hears of.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text, update

from cli import dumps
from cli.anew import Unknown, restored
from kernel.auth import Role
from kernel.migrate import migrate
from kernel.outbox import outbox
from services.booking.usecases import reconciliation
from tests.contract import things
from tests.issuer import Issuer
from tests.municipality import BUILDS, SPACE, SQUARE, TARIFF, Municipality
from tests.templates import Templates, owner_of

INSTANTS = (0, 1, 2)
HALF = f"{SPACE}-a"


class History:
    """What happened, by name of the booking; and the dumps of it in `folder`, one folder for each instant."""

    def __init__(self, urls: Mapping[str, str], issuer: Issuer, folder: Path) -> None:
        self.urls = urls
        self.bookings: dict[str, UUID] = {}
        self._issuer = issuer
        self._folder = folder
        self._dumps: dict[int, dict[str, dumps.Dump]] = {}
        for instant, happens in enumerate((self._first, self._then, self._last)):
            with self.running() as torg:
                happens(torg)
            self._dump(instant)

    @contextmanager
    def running(self) -> Iterator[Municipality]:
        """Torg at work on the databases as they are."""
        torg = Municipality(self.urls, self._issuer)
        try:
            yield torg
        finally:
            torg.close()

    def restore(self, instants: Mapping[str, int]) -> list[Unknown]:
        """Makes each service's database what it was at an instant, and lets all follow from there; what is unknown."""
        for service, instant in instants.items():
            owner = owner_of(self.urls[service])
            dumps.restore(owner, self._folder / str(instant), self._dumps[instant][service])
            migrate(service, owner)
        with self.running() as torg, restored(self.urls, clock=torg.clock) as databases:
            databases.begin(amqp_url=None)
            return databases.unknown()

    @contextmanager
    def following(self) -> Iterator[Municipality]:
        """Torg at work until everything is told again and taken."""
        with self.running() as torg:
            tell_all_again(torg)
            yield torg

    def manifest(self, instants: Mapping[str, int], folder: Path) -> Path:
        """A backup of dumps that were made at these instants."""
        folder.mkdir()
        chosen = {service: self._dumps[instant][service] for service, instant in instants.items()}
        for service, instant in instants.items():
            file = chosen[service].file
            (folder / file).write_bytes((self._folder / str(instant) / file).read_bytes())
        dumps.write(folder, chosen)
        return folder

    def _dump(self, instant: int) -> None:
        folder = self._folder / str(instant)
        folder.mkdir()
        owners = {service: owner_of(self.urls[service]) for service in dumps.ORDER}
        self._dumps[instant] = {service: dumps.dump(service, url, folder) for service, url in owners.items()}

    def _first(self, torg: Municipality) -> None:
        operator, mona = torg.token("drift", Role.OPERATOR), manager(torg)
        torg.did("PUT", f"/booking/squares/{SQUARE}", operator, things.borgen())
        torg.did("PUT", f"/pricing/tariffs/{TARIFF}", operator, things.document())
        band = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974760673"}
        tenant = torg.did("POST", "/booking/actors", operator, band)["id"]
        owner = {"subject": "kari", "role": "owner"}
        torg.did("POST", f"/booking/actors/{tenant}/representatives", operator, owner)
        agreement = torg.did("POST", "/pricing/agreements", mona, things.an_agreement(tenant))["id"]
        hours = torg.did("POST", f"/pricing/agreements/{agreement}/hours", torg.token("kari"), things.some_hours())
        torg.did("POST", f"/pricing/hours/{hours['id']}/approve", mona, {}, If_Match="*")
        self._book(torg, "given up", "kari", 4)
        self._book(torg, "waived", "kari", 8, space=HALF, tenant=tenant)
        self._book(torg, "moved", "kari", 12)
        self._book(torg, "stays", "kari", 16, tenant=tenant)
        self._book(torg, "under way", "kari", 0, days=6)
        self._book(torg, "held", "kari", 20, confirm="by_me")

    def _then(self, torg: Municipality) -> None:
        kari = torg.token("kari")
        for name in ("given up", "waived"):
            torg.did("POST", f"/booking/bookings/{self.bookings[name]}/cancel", kari, {}, If_Match="*")
        torg.did("POST", f"/booking/bookings/{self.bookings['held']}/confirm", kari, {}, If_Match="*")
        elsewhere = {**things.a_time(12, days=4), "participants": 12}
        torg.did("POST", f"/booking/bookings/{self.bookings['moved']}/reschedule", kari, elsewhere, If_Match="*")

    def _last(self, torg: Municipality) -> None:
        self._book(torg, "in its place", "ola", 4, space=HALF)
        self._book(torg, "at another time", "ola", 4, days=5)

        self._lose(torg, "under way")

    def _lose(self, torg: Municipality, name: str) -> None:
        """Gives up a booking when the last dump is taken: the news is sent, and waits in queues that are lost."""
        answer = torg.call(
            "POST", f"/booking/bookings/{self.bookings[name]}/cancel", torg.token("kari"), {}, If_Match="*"
        )
        assert answer.status_code == 200, answer.text
        with torg.databases["booking"].transaction() as tx:
            tx.execute(update(outbox).where(outbox.c.sent_at.is_(None)).values(sent_at=tx.now))

    def _book(self, torg: Municipality, name: str, who: str, hours: int, *, days: int = 3, **more: Any) -> None:
        wanted = things.a_booking(hours, **{"confirm": "when_priced", **things.a_time(hours, days=days), **more})
        self.bookings[name] = UUID(torg.did("POST", "/booking/bookings", torg.token(who), wanted)["id"])


def manager(torg: Municipality) -> str:
    return torg.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))


@contextmanager
def a_history(templates: Templates, issuer: Issuer, folder: Path) -> Iterator[History]:
    """The history, on databases that nobody else has."""
    urls = {name: templates.copy(name) for name in BUILDS}
    yield History(urls, issuer, folder)
    for url in urls.values():
        templates.take_back(url)


def tell_all_again(torg: Municipality) -> None:
    """What the workers do after a restore, until there is no more of it."""
    database = torg.databases["booking"]
    while True:
        with database.transaction() as tx:
            reconciliation.restate_restored(tx)
        torg.settle()
        with database.reading() as tx:
            if reconciliation.is_restated(tx):
                return


def rows(torg: Municipality, service: str, sql: str, **given: Any) -> list[dict[str, Any]]:
    with torg.databases[service].reading() as tx:
        return [dict(row._mapping) for row in tx.execute(text(sql), given)]

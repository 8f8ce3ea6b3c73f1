"""What follows when databases were restored: a new epoch, empty queues, all bookings told again, and a list of what
booking does not know, of which nothing is undone by itself. `./torg restore` and `./torg restored` call it.

All of Torg's processes are stopped meanwhile. Nothing here knows how the databases were restored.
"""

import importlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select

from cli import SERVICES, broker, dumps
from cli.docs.sources import events
from kernel import restores, topology, unknown
from kernel.clock import Clock
from kernel.db import Database, Transaction
from kernel.inbox import inbox_subjects
from kernel.journal import Erasure
from kernel.unknown import Settled, Settlement

T = TypeVar("T")

BOOKING = "/services/booking"
FOLLOWERS = ("access", "pricing", "programming")


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A booking that others follow and booking does not know. By service: what it has of it."""

    booking: UUID
    since: datetime
    parts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How many bookings booking has told again of those it knows, and how many of these each listener has taken."""

    epoch: int
    told: int
    expected: int
    done: bool
    taken: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every listener has taken every booking."""
        return self.done and all(count >= self.expected for count in self.taken.values())


class Restored:
    """The databases of all services, by URL."""

    def __init__(self, urls: Mapping[str, str], *, clock: Clock | None = None) -> None:
        self._urls = urls
        self.forgotten = 0
        self._databases = {name: Database(url, service=name, pool_size=1, clock=clock) for name, url in urls.items()}

    def close(self) -> None:
        for database in self._databases.values():
            database.close()

    def begin(self, *, amqp_url: str | None, erasures: Collection[Erasure] = ()) -> int:
        """Begins a new epoch in every service; returns it. Whom the backup knows of these erasures is forgotten again
        before anything is started (`forgotten` counts them). Whoever is connected still is sent away, so that nothing
        more is told as of the epoch before. Twice is as once."""
        epoch = max(int(time.time()), 1 + max(self._each(_highest_epoch).values()))
        self._each(lambda tx, _: restores.begin_epoch(tx, epoch, at=tx.now), write=True)
        for service in SERVICES:
            self._databases[service].close()
            dumps.end_sessions(self._urls[service])
        if amqp_url is not None:
            empty_queues(amqp_url)
        self._each(lambda tx, service: _door(service).after_restore(tx), write=True)
        self.forgotten = self._forget_again(erasures)
        self._look_for_unknown()
        return epoch

    def unknown(self) -> list[Unknown]:
        """The bookings that booking does not know and an operator has yet to decide on, the most urgent first."""
        since: dict[UUID, datetime] = {}
        for found in self._each(lambda tx, _: unknown.unsettled(tx, BOOKING)).values():
            since |= {UUID(subject): at for subject, at in found.items()}
        parts = self._each(lambda tx, service: _described(tx, service, list(since)))
        lost = [
            Unknown(booking=each, since=at, parts={name: of[each] for name, of in parts.items() if each in of})
            for each, at in since.items()
        ]
        return sorted(lost, key=_urgency)

    def settle(self, booking: UUID, how: Settlement, *, by: str, why: str) -> bool:
        """Leaves what there is of an unknown booking, or undoes it: no key, no charge, no activity. Each service keeps
        who decided and why. False when there is nothing to decide."""

        def settled(tx: Transaction, service: str) -> bool:
            if service not in FOLLOWERS or not unknown.settle(tx, BOOKING, str(booking), how, by=by, why=why):
                return False
            if how == "withdrawn":
                _door(service).withdraw(tx, booking)
            return True

        return any(self._each(settled, write=True).values())

    def settled(self) -> list[Settled]:
        """What operators decided, oldest first; what all services were told at once is one decision."""
        found = self._each(lambda tx, _: unknown.settled(tx, BOOKING)).values()
        each = {(one.subject, one.how, one.by, one.why): one for decisions in found for one in decisions}
        return sorted(each.values(), key=lambda one: (one.at, one.subject))

    def progress(self) -> Progress:
        """How far all bookings are told again."""
        with self._databases["booking"].reading() as tx:
            epoch, known = restores.current(tx), _door("booking").known(tx)
            sweep = _door("booking").progress(tx)
        taken = self._each(lambda tx, service: _taken(tx, known, epoch) if service in FOLLOWERS else 0)
        counted = {name: taken[name] for name in FOLLOWERS}
        return Progress(epoch=epoch, told=sweep.told, expected=sweep.expected, done=sweep.done, taken=counted)

    def _forget_again(self, erasures: Collection[Erasure]) -> int:
        """Forgets once more whom the backup knows and who was erased since; how many they are. Services that were not
        restored know of the erasures."""
        gone: set[UUID] = set()
        for service in ("booking", "access", "pricing"):
            for each in erasures:
                with self._databases[service].transaction() as tx:
                    if _door(service).forget(tx, each.person, each.erased_at):
                        gone.add(each.person)
        if erasures:
            with self._databases["booking"].reading() as tx:
                untitled = _door("booking").untitled(tx)
            with self._databases["programming"].transaction() as tx:
                _door("programming").untitle(tx, untitled)
        return len(gone)

    def _look_for_unknown(self) -> None:
        with self._databases["booking"].reading() as tx:
            known = _door("booking").known(tx)
        for service in FOLLOWERS:
            with self._databases[service].transaction() as tx:
                lost = _door(service).followed(tx) - known
                unknown.note(tx, BOOKING, [str(each) for each in lost])
                if service == "access":
                    self._suspend(tx, lost)

    def _suspend(self, tx: Transaction, lost: set[UUID]) -> None:
        """Suspends the keys whose place and time another booking has."""
        access, booking = _door("access"), _door("booking")
        with self._databases["booking"].reading() as asked:
            for each, space, begins_at, ends_at in access.places(tx, lost):
                if (holder := booking.holder(asked, space, begins_at, ends_at)) is not None:
                    access.suspend(tx, each, holder)

    def _each(self, work: Callable[[Transaction, str], T], *, write: bool = False) -> dict[str, T]:
        """What the work gives in each service's database, in a transaction there."""
        found = {}
        for service, database in self._databases.items():
            with database.transaction() if write else database.reading() as tx:
                found[service] = work(tx, service)
        return found


@contextmanager
def restored(urls: Mapping[str, str], *, clock: Clock | None = None) -> Iterator[Restored]:
    """The databases of all services; connections are closed at the end."""
    opened = Restored(urls, clock=clock)
    try:
        yield opened
    finally:
        opened.close()


def empty_queues(amqp_url: str) -> None:
    """Throws away what is under way: it is of a time that a restore has undone. What counts is told again."""
    with topology.connection(amqp_url) as connection:
        broker.empty(connection, events())


def _door(service: str) -> Any:
    """What a service's own `restoring` does; services see each other's events only, and a command knows them all."""
    return importlib.import_module(f"services.{service}.restoring")


def _described(tx: Transaction, service: str, bookings: list[UUID]) -> dict[UUID, dict[str, Any]]:
    if service not in FOLLOWERS or not bookings:
        return {}
    found: dict[UUID, dict[str, Any]] = _door(service).described(tx, bookings)
    return found


def _urgency(of: Unknown) -> tuple[bool, str, str]:
    """What to decide first: somebody will stand before a door that is shut to them; then what comes next."""
    key, activity = of.parts.get("access", {}), of.parts.get("programming", {})
    return not key.get("suspended_for"), str(key.get("valid_from") or activity.get("begins_at") or "9"), str(of.booking)


def _highest_epoch(tx: Transaction, _: str) -> int:
    heard = select(func.coalesce(func.max(inbox_subjects.c.epoch), 0))
    return max(restores.current(tx), int(tx.execute(heard).scalar_one()))


def _taken(tx: Transaction, known: set[UUID], epoch: int) -> int:
    """How many of these bookings were followed as of this epoch."""
    new = select(inbox_subjects.c.subject).where(inbox_subjects.c.source == BOOKING, inbox_subjects.c.epoch >= epoch)
    return len({str(each) for each in known}.intersection(tx.execute(new).scalars()))

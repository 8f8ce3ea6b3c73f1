"""What booking's tables really say, read raw and counted by hand, for the stateful tests to look at after each step."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import text

from kernel.db import Database
from tests.booking_model import APART, HOUSE, OWNED, Known

_BOOKINGS = text("SELECT * FROM bookings")
_CLAIMS = text(
    "SELECT holder, id AS part, lower(during) AS since, upper(during) AS until, people, traits,"
    " share = '00000000-0000-0000-0000-000000000000' AS shared FROM claims JOIN spaces ON number = part"
)
_LOANS = text(
    "SELECT booking, id AS kind, lower(during) AS since, upper(during) AS until, pieces"
    " FROM equipment_loans JOIN equipment ON number = equipment"
)
_STEPS = text("SELECT booking, version, what FROM booking_steps ORDER BY version")
_TOLD = text(
    "SELECT subject, split_part(type, '.', 4) AS what, body::jsonb #>> '{data,state}' AS state, sequence"
    " FROM outbox WHERE type <> 'no.torg.booking.space_published.v1' ORDER BY position"
)
_WRITTEN = (
    "inbox_subjects",
    "inbox",
    "outbox",
    "booking_keys",
    "booking_steps",
    "equipment_loans",
    "claims",
    "bookings",
)


class Truth:
    """All rows of one moment."""

    def __init__(self, database: Database) -> None:
        with database.reading() as tx:
            self.bookings = {str(row.id): row for row in tx.execute(_BOOKINGS)}
            self.claims = tx.execute(_CLAIMS).all()
            self.loans = tx.execute(_LOANS).all()
            self.steps = tx.execute(_STEPS).all()
            self.told = tx.execute(_TOLD).all()

    def check_nobody_overlaps(self) -> None:
        """At every instant each part is one booking's, or shared within its capacity by groups that go together."""
        for at in {row.since for row in self.claims}:
            there = [row for row in self.claims if row.since <= at < row.until]
            for part in {row.part for row in there}:
                here = [row for row in there if row.part == part]
                if len(here) > 1:
                    assert all(row.shared for row in here), f"{part} has two holders at {at}"
                if any(row.shared for row in here):
                    assert sum(row.people for row in here) <= HOUSE[part].capacity, f"{part} is too full at {at}"
                    assert len(here) <= HOUSE[part].groups, f"{part} has too many groups at {at}"
                    _check_apart([row.traits for row in here])

    def check_nothing_is_over_lent(self) -> None:
        """At every instant as much is lent as there is, or less."""
        for at in {row.since for row in self.loans}:
            for kind, pieces in OWNED.items():
                lent = [row.pieces for row in self.loans if row.kind == kind and row.since <= at < row.until]
                assert sum(lent) <= pieces, f"too many {kind} are lent at {at}"

    def check_is(self, wanted: Mapping[str, Known], start: datetime) -> None:
        """Every booking is there once, as it should be, with what it takes, its history and what was told; no other."""
        assert set(self.bookings) == set(wanted)
        claims = {(str(row.holder), row.part, row.since, row.until) for row in self.claims}
        assert len(claims) == len(self.claims)
        assert claims == {
            (name, part, *_span(known, start))
            for name, known in wanted.items()
            if known.live
            for part in known.wish.place.parts
        }
        loans = {(str(row.booking), row.kind, row.since, row.until, row.pieces) for row in self.loans}
        assert loans == {
            (name, kind, *_span(known, start), pieces)
            for name, known in wanted.items()
            if known.live
            for kind, pieces in known.wish.equipment.items()
        }
        for name, known in wanted.items():
            self._check_row(name, known, start)

    def _check_row(self, name: str, known: Known, start: datetime) -> None:
        row, wish = self.bookings[name], known.wish
        found = (row.state, row.version, row.space, row.begins_at, row.ends_at, row.participants, row.noise)
        begins_at, ends_at = (start + timedelta(minutes=minutes) for minutes in (wish.begin, wish.end))
        assert found == (known.state, known.version, wish.space, begins_at, ends_at, wish.people, wish.noise)
        assert [(step.version, step.what) for step in self.steps if str(step.booking) == name] == known.steps
        told = [(_what(each.what), each.state, each.sequence) for each in self.told if each.subject == name]
        assert told == known.told
        versions = [version for _, _, version in told]
        assert versions == sorted(set(versions))
        assert versions[-1] <= known.version


def forget_everything(database: Database) -> None:
    """No booking was ever made."""
    with database.transaction() as tx:
        for table in _WRITTEN:
            tx.execute(text(f"DELETE FROM {table}"))


def _span(known: Known, start: datetime) -> tuple[datetime, datetime]:
    since, until = known.taken
    return start + timedelta(minutes=since), start + timedelta(minutes=until)


def _what(told: str) -> str:
    return "in_use" if told == "started" else told


def _check_apart(there: list[Mapping[str, str]]) -> None:
    for number, one in enumerate(there):
        for other in there[number + 1 :]:
            for a, b in APART:
                both = one.items() >= a.items() and other.items() >= b.items()
                either = one.items() >= b.items() and other.items() >= a.items()
                assert not both, f"{one} and {other} are kept apart"
                assert not either, f"{one} and {other} are kept apart"

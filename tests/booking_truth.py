"""What booking's tables really say, read raw and counted by hand, for the stateful tests to look at after each step."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import text

from kernel.db import Database
from tests.booking_house import APART, HOUSE, OWNED
from tests.booking_model import WAITING, Closed, Known, Waits
from tests.booking_model_series import KnownSeries

_BOOKINGS = text("SELECT * FROM bookings")
_CLAIMS = text(
    "SELECT holder, id AS part, lower(during) AS since, upper(during) AS until, people, traits,"
    " share = '00000000-0000-0000-0000-000000000000' AS shared,"
    " share = '00000000-0000-0000-0000-000000000001' AS closed FROM claims JOIN spaces ON number = part"
)
_LOANS = text(
    "SELECT booking, id AS kind, lower(during) AS since, upper(during) AS until, pieces"
    " FROM equipment_loans JOIN equipment ON number = equipment"
)
_STEPS = text("SELECT booking, version, what FROM booking_steps ORDER BY version")
_TOLD = text(
    "SELECT subject, split_part(type, '.', 4) AS what, body::jsonb #>> '{data,state}' AS state, sequence,"
    " (body::jsonb #>> '{data,live}')::integer AS live, (body::jsonb #>> '{data,skipped}')::integer AS skipped"
    " FROM outbox WHERE type <> 'no.torg.booking.space_published.v1' ORDER BY position"
)
_CLOSURES = text("SELECT id, state, version FROM closures")
_SERIES = text("SELECT id, state, version, space FROM series")
_SERIES_STEPS = text("SELECT series, version, what, bookings FROM series_steps ORDER BY version")
_SKIPPED = text("SELECT series, begins_at, ends_at, reason, booking FROM series_skipped")
_WAITINGS = text("SELECT id, state, booking FROM waitings")
_WRITTEN = (
    "waitings",
    "inbox_subjects",
    "inbox",
    "outbox",
    "imported_bookings",
    "imported_revisions",
    "booking_keys",
    "booking_steps",
    "let_go",
    "equipment_loans",
    "claims",
    "bookings",
    "series_skipped",
    "series_steps",
    "series",
    "closures",
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
            self.closures = tx.execute(_CLOSURES).all()
            self.series = {str(row.id): row for row in tx.execute(_SERIES)}
            self.series_steps = tx.execute(_SERIES_STEPS).all()
            self.skipped = tx.execute(_SKIPPED).all()
            self.waitings = {str(row.id): row for row in tx.execute(_WAITINGS)}

    def check_nobody_overlaps(self) -> None:
        """At every instant each part is one booking's, or shared within its capacity by groups that go together."""
        for at in {row.since for row in self.claims}:
            there = [row for row in self.claims if row.since <= at < row.until]
            for part in {row.part for row in there}:
                here = [row for row in there if row.part == part]
                if len(here) > 1:
                    alike = all(row.shared for row in here) or all(row.closed for row in here)
                    assert alike, f"{part} has two holders at {at}"
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

    def check_is(self, wanted: Mapping[str, Known], closed: Mapping[str, Closed], start: datetime) -> None:
        """Every booking is there once, as it should be, with what it takes, its history and what was told; no other.
        What is closed is taken, too, and nothing else is."""
        assert set(self.bookings) == set(wanted)
        claims = {(str(row.holder), row.part, row.since, row.until) for row in self.claims}
        assert len(claims) == len(self.claims)
        assert claims == {
            (name, part, *_span(known, start))
            for name, known in wanted.items()
            if known.live
            for part in known.wish.place.parts
        } | {
            (name, part, start + timedelta(minutes=each.begin), start + timedelta(minutes=each.end))
            for name, each in closed.items()
            if not each.lifted
            for part in each.parts
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
        stood = {name: ("lifted" if each.lifted else "announced", each.version) for name, each in closed.items()}
        assert {str(row.id): (row.state, row.version) for row in self.closures} == stood
        for name, each in closed.items():
            told = [(row.what, row.sequence) for row in self.told if row.subject == name]
            assert told == [("closure_announced", 1), ("closure_lifted", 2)][: each.version]

    def check_line_is(self, wanted: Mapping[str, Waits]) -> None:
        """Whoever waits, waits; and whoever has been offered something has just that. What came of the offer may be
        written later."""
        assert set(self.waitings) == set(wanted)
        for name, waits in wanted.items():
            row = self.waitings[name]
            assert (row.booking and str(row.booking)) == waits.booking, "offered out of turn"
            after = {"offered", "taken", "passed"} if waits.state == "offered" else {waits.state}
            assert row.state in after

    def check_series_are(self, wanted: Mapping[str, KnownSeries], start: datetime) -> None:
        """Every series is there as it should be, with its dates, its history and what was told; no other."""
        assert set(self.series) == set(wanted)
        for name, known in wanted.items():
            row = self.series[name]
            assert (row.state, row.version, row.space) == (known.state, known.version, known.space)
            of_it = {booking for booking, row in self.bookings.items() if str(row.series) == name}
            assert of_it == set(known.bookings)
            assert len(of_it) == len(known.bookings)
            steps = [(each.version, each.what, each.bookings) for each in self.series_steps if str(each.series) == name]
            assert steps == known.steps
            told = [(each.what, each.sequence, each.live, each.skipped) for each in self.told if each.subject == name]
            assert told == known.told
            skipped = {
                (each.begins_at, each.ends_at, each.reason, each.booking and str(each.booking))
                for each in self.skipped
                if str(each.series) == name
            }
            assert skipped == {
                (start + timedelta(minutes=begin), start + timedelta(minutes=each.end), each.reason, each.booking)
                for begin, each in known.skipped.items()
            }

    def _check_row(self, name: str, known: Known, start: datetime) -> None:
        row, wish = self.bookings[name], known.wish
        assert row.moved_by_house == known.moved_by_house
        if known.state in WAITING:
            assert row.hold_expires_at == start + timedelta(minutes=known.deadline)
        found = (row.state, row.version, row.space, row.begins_at, row.ends_at, row.participants, row.noise)
        begins_at, ends_at = (start + timedelta(minutes=minutes) for minutes in (wish.begin, wish.end))
        assert found == (known.state, known.version, wish.space, begins_at, ends_at, wish.people, wish.noise)
        assert (row.series and str(row.series)) == known.series
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

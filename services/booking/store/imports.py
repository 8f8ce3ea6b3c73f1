"""What was imported from other systems, by their own names for it; and what stands in the way of an import."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from kernel.db import Transaction
from services.booking.model.actors import Actor
from services.booking.model.import_revisions import Revision, Revisions
from services.booking.model.imports import InTheWay, Known
from services.booking.store.tables import actors, bookings, metadata

imported = Table(
    "imported_bookings",
    metadata,
    Column("source", Text, primary_key=True, comment="the other system"),
    Column("uid", Text, primary_key=True),
    Column("recurrence", Text, primary_key=True, comment="the date, of an event that recurs"),
    Column("booking", ForeignKey("bookings.id"), nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False, comment="of what the file said when it was last imported"),
    Column("begins_at", DateTime(timezone=True), comment="what the file said; null: not remembered"),
)
revisions = Table(
    "imported_revisions",
    metadata,
    Column("source", Text, primary_key=True, comment="the other system"),
    Column("uid", Text, primary_key=True),
    Column("recurrence", Text, primary_key=True, comment="the date that something is said of alone; else empty"),
    Column("sequence", Integer),
    Column("changed_at", DateTime(timezone=True)),
    Column("stamped_at", DateTime(timezone=True)),
    comment="the newest version that was read of each event of other systems, booked or not",
)


def _written_over(table: Table) -> Insert:
    """Return the statement that writes rows of one source, given as lists by column, in one go."""
    given = [column for column in table.c if column.name != "source"]
    lists = (cast(bindparam(f"{each.name}s"), ARRAY(each.type)) for each in given)
    names = [each.name for each in given]
    rows = func.unnest(*lists).table_valued(*names, name="given").render_derived()
    statement = insert(table).from_select(
        ["source", *names], select(bindparam("of", type_=Text), *(rows.c[name] for name in names))
    )
    kept = [name for name in names if not table.c[name].primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: statement.excluded[name] for name in kept}
    )


def _as_lists(table: Table, source: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Rows as `_written_over` is given them; the columns are those after `source`, in order."""
    names = [f"{column.name}s" for column in table.c if column.name != "source"]
    return {"of": source} | {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


_REMEMBER, _REVISE = _written_over(imported), _written_over(revisions)
_QUEUE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_KNOWN = select(
    imported.c.uid, imported.c.recurrence, imported.c.booking, imported.c.digest, imported.c.begins_at
).where(imported.c.source == bindparam("of"), imported.c.uid == func.any(bindparam("uids", type_=ARRAY(Text))))
_REVISIONS = select(
    revisions.c.uid, revisions.c.recurrence, revisions.c.sequence, revisions.c.changed_at, revisions.c.stamped_at
).where(revisions.c.source == bindparam("of"), revisions.c.uid == func.any(bindparam("uids", type_=ARRAY(Text))))
_TENANTS = select(actors.c.id, actors.c.kind, actors.c.name, actors.c.organisation_number).where(
    or_(
        actors.c.organisation_number == func.any(bindparam("numbers", type_=ARRAY(Text))),
        actors.c.id == bindparam("actor", type_=Uuid),
    )
)
_SQUARES = select(bookings.c.square.distinct()).where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))
_SERIES = (
    select(bookings.c.series.distinct().label("series"))
    .where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))), bookings.c.series.is_not(None))
    .order_by("series")
)
_IN_THE_WAY = text(
    """
    SELECT DISTINCT lost.id AS lost, claims.holder, holding.id IS NOT NULL AS booked,
           coalesce(holding.begins_at, lower(claims.during)) AS begins_at,
           coalesce(holding.ends_at, upper(claims.during)) AS ends_at
      FROM bookings AS lost
      JOIN spaces ON spaces.id = lost.space
     CROSS JOIN LATERAL unnest(spaces.parts) AS own
      JOIN claims ON part = own AND claims.holder <> lost.id
       AND claims.during && tstzrange(
             lost.begins_at - make_interval(mins => lost.setup_minutes),
             lost.ends_at + make_interval(mins => lost.clearing_minutes)
           )
      LEFT JOIN bookings AS holding ON holding.id = claims.holder
     WHERE lost.id = ANY(:ids)
     ORDER BY lost.id, begins_at, claims.holder
    """
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def queue(tx: Transaction, source: str) -> None:
    """Waits until nobody else imports from this system."""
    tx.execute(_QUEUE, {"name": f"import {source}"})


def known(tx: Transaction, source: str, uids: Collection[str]) -> dict[tuple[str, str], Known]:
    """What was imported under these uids, by uid and date."""
    rows = tx.execute(_KNOWN, {"of": source, "uids": sorted(uids)})
    found = [Known(**{**row._mapping, "digest": bytes(row.digest)}) for row in rows]
    return {(each.uid, each.recurrence): each for each in found}


def remember(tx: Transaction, source: str, said: Iterable[Known]) -> None:
    """Writes what was imported."""
    rows = [(each.uid, each.recurrence, each.booking, each.digest, each.begins_at) for each in said]
    if rows:
        tx.execute(_REMEMBER, _as_lists(imported, source, rows))


def known_revisions(tx: Transaction, source: str, uids: Collection[str]) -> Revisions:
    """The newest versions that were read under these uids."""
    rows = tx.execute(_REVISIONS, {"of": source, "uids": sorted(uids)})
    return {(uid, recurrence): Revision(*which) for uid, recurrence, *which in rows}


def remember_revisions(tx: Transaction, source: str, read: Revisions) -> None:
    """Writes which versions were read."""
    rows = [(*key, each.sequence, each.changed_at, each.stamped_at) for key, each in read.items()]
    if rows:
        tx.execute(_REVISE, _as_lists(revisions, source, rows))


def tenants(tx: Transaction, numbers: Collection[str], actor: UUID | None) -> tuple[dict[str, Actor], Actor | None]:
    """Organisations by number, and the one of this id."""
    found = [Actor(**row._mapping) for row in tx.execute(_TENANTS, {"numbers": sorted(numbers), "actor": actor})]
    numbered = {each.organisation_number: each for each in found if each.organisation_number is not None}
    return numbered, next((each for each in found if each.id == actor), None)


def series_of(tx: Transaction, ids: Collection[UUID]) -> list[UUID]:
    """The series of these bookings, in order."""
    return list(tx.execute(_SERIES, {"ids": list(ids)}).scalars())


def in_the_way(tx: Transaction, lost: Collection[UUID]) -> Mapping[UUID, list[InTheWay]]:
    """What keeps bookings, as they are written, from what they need."""
    found: dict[UUID, list[InTheWay]] = {}
    for row in tx.execute(_IN_THE_WAY, {"ids": list(lost)}):
        found.setdefault(row.lost, []).append(
            InTheWay(
                holder=row.holder,
                kind="booking" if row.booked else "closure",
                begins_at=row.begins_at,
                ends_at=row.ends_at,
            )
        )
    return found

"""Series, the dates they did not get, and what was done to each as one.

Lock order: the row of the series, its bookings by id, spaces by id, what shares a space, claims. Claims of many
bookings are written in one statement, in the order of parts and times, so two series that want the same dates wait for
each other at the first of them and never come to a deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.db import Transaction
from services.booking.model.actors import Actor
from services.booking.model.bookings import LIVE
from services.booking.model.prices import free_until
from services.booking.model.series import DateStanding, Figures, Series, SkippedDate, Standing
from services.booking.store.bookings import Step
from services.booking.store.tables import actors, bookings, metadata

_Instant = DateTime(timezone=True)
_OnTheWall = DateTime(timezone=False)

series = Table(
    "series",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("space", ForeignKey("spaces.id"), nullable=False, comment="asked for at first; each booking has its own"),
    Column("arena", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("tenant", Uuid, nullable=False),
    Column("tenant_kind", Text, nullable=False),
    Column("tenant_organisation_number", Text),
    Column("booked_by", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("participants", Integer, nullable=False),
    Column("title", Text),
    Column("confirm", Text, nullable=False),
    Column("noise", Text, nullable=False),
    Column("equipment", JSONB, nullable=False),
    Column("policy", Text, nullable=False),
    Column("starts", _OnTheWall, nullable=False, comment="by the clock on the wall in Oslo, as all dates of the rule"),
    Column("minutes", Integer, nullable=False),
    Column("rule", Text, comment="an RRULE of RFC 5545"),
    Column("dates", ARRAY(_OnTheWall), nullable=False),
    Column("excepted", ARRAY(_OnTheWall), nullable=False),
    Column("created_at", _Instant, nullable=False),
    Column("changed_at", _Instant, nullable=False),
)
Index("series_of_square", series.c.square, series.c.created_at, series.c.id)
Index("series_of_tenant", series.c.tenant, series.c.created_at, series.c.id)
Index("series_by_person", series.c.booked_by, series.c.created_at, series.c.id)

series_steps = Table(
    "series_steps",
    metadata,
    Column("series", ForeignKey("series.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("at", _Instant, nullable=False),
    Column("by", Uuid),
    Column("why", Text),
    Column("bookings", Integer, nullable=False, comment="how many it was done to"),
)

series_skipped = Table(
    "series_skipped",
    metadata,
    Column("series", ForeignKey("series.id"), primary_key=True),
    Column("begins_at", _Instant, primary_key=True),
    Column("ends_at", _Instant, nullable=False),
    Column("reason", Text, nullable=False, comment="the code of the error a single booking would have got"),
    Column("booking", Uuid, comment="made for it since"),
    Column("space", Text, comment="to which it was moved; null: the series' own"),
    Column("participants", Integer, comment="likewise"),
)

SHOWN = select(series, actors.c.name.label("tenant_name")).outerjoin_from(
    series, actors, actors.c.id == series.c.tenant
)
_ADD = insert(series)
_LOCK = SHOWN.where(series.c.id == bindparam("series")).with_for_update(of=series)
_LOCK_OF = (
    select(series.c.id)
    .where(series.c.id == select(bookings.c.series).where(bookings.c.id == bindparam("booking")).scalar_subquery())
    .with_for_update()
)
_HELD = select(bookings.c.id).where(
    bookings.c.series == bindparam("series"),
    bookings.c.state == "held",
    bookings.c.offered_before.is_(None),
    bookings.c.hold_expires_at > bindparam("now"),
)
_UNPRICED = _HELD.where(bookings.c.price.is_(null())).limit(1)
_SAVED = ("version", "state", "space", "arena", "square", "participants", "changed_at")
_SAVE = update(series).where(series.c.id == bindparam("of")).values({name: bindparam(name) for name in _SAVED})
_RECORD = insert(series_steps)
_STEPS = select(series_steps).where(series_steps.c.series == bindparam("series")).order_by(series_steps.c.version)
_SKIP = upsert(series_skipped).on_conflict_do_nothing()
_SKIPPED = (
    select(series_skipped).where(series_skipped.c.series == bindparam("series")).order_by(series_skipped.c.begins_at)
)
_LOCK_SKIPPED = (
    select(series_skipped)
    .where(series_skipped.c.series == bindparam("series"), series_skipped.c.begins_at == bindparam("begins_at"))
    .with_for_update()
)
_TAKE_AHEAD = (
    delete(series_skipped)
    .where(
        series_skipped.c.series == bindparam("of"),
        series_skipped.c.begins_at >= bindparam("since", type_=_Instant),
        series_skipped.c.ends_at > bindparam("now", type_=_Instant),
    )
    .returning(series_skipped)
)
_BOOKED = (
    update(series_skipped)
    .where(series_skipped.c.series == bindparam("of"), series_skipped.c.begins_at == bindparam("at"))
    .values(booking=bindparam("booked"))
)
_DATES = select(
    bookings.c.begins_at,
    bookings.c.ends_at,
    bookings.c.id.label("booking"),
    bookings.c.space,
    bookings.c.state,
    bookings.c.hold_expires_at,
    bookings.c.price["total"].as_integer().label("price"),
    and_(
        bookings.c.state.in_(LIVE),
        bookings.c.price_outdated | ((bookings.c.state == "held") & bookings.c.price.is_(None)),
    ).label("awaits_price"),
    bookings.c.price["free_until"].as_string().label("limit"),
    bookings.c.moved_by_house,
).where(bookings.c.series == bindparam("series"))
_OF_SERIES = (
    select(bookings.c.id).where(bookings.c.series == bindparam("series")).order_by(bookings.c.begins_at, bookings.c.id)
)
_FIGURES = (
    select(
        bookings.c.series,
        bookings.c.state,
        func.count().label("many"),
        func.min(bookings.c.begins_at).label("first_at"),
        func.max(bookings.c.ends_at).label("last_until"),
        func.array_agg(bookings.c.space.distinct()).label("spaces"),
    )
    .where(bookings.c.series == func.any(bindparam("of", type_=ARRAY(Uuid))))
    .group_by(bookings.c.series, bookings.c.state)
)
_LEFT_OUT = (
    select(series_skipped.c.series, func.count().label("many"))
    .where(series_skipped.c.series == func.any(bindparam("of", type_=ARRAY(Uuid))), series_skipped.c.booking.is_(None))
    .group_by(series_skipped.c.series)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesStep(Step):
    """Something that was done to a series, and to how many of its bookings."""

    bookings: int


def add(tx: Transaction, new: Series) -> None:
    """Writes a new series; its bookings are written by `bookings.add_all`."""
    tx.execute(_ADD, _columns(new))


def lock(tx: Transaction, id: UUID) -> Series | None:
    """The series, locked until the transaction ends."""
    row = tx.execute(_LOCK, {"series": id}).one_or_none()
    return series_from(row) if row else None


def lock_of(tx: Transaction, booking: UUID) -> UUID | None:
    """The series that a booking is a date of, locked; before any of its bookings is."""
    found: UUID | None = tx.execute(_LOCK_OF, {"booking": booking}).scalar_one_or_none()
    return found


def awaits_price(tx: Transaction, id: UUID) -> bool:
    """Whether a held date of a series has no price yet. What a waiting list offered is no such date: it is confirmed
    by itself."""
    return tx.execute(_UNPRICED, {"series": id, "now": tx.now}).first() is not None


def held_of(tx: Transaction, id: UUID) -> list[UUID]:
    """The held dates of a series whose time is not over, offers apart."""
    return list(tx.execute(_HELD, {"series": id, "now": tx.now}).scalars())


def save(tx: Transaction, changed: Series) -> None:
    """Writes what was done to a series as one."""
    columns = _columns(changed)
    tx.execute(_SAVE, {"of": changed.id, **{name: columns[name] for name in _SAVED}})


def record(tx: Transaction, of: Series, what: str, *, by: UUID | None, why: str | None, bookings: int) -> None:
    """Adds one line to the history of a series."""
    step = {"series": of.id, "version": of.version, "what": what, "at": tx.now, "by": by, "why": why}
    tx.execute(_RECORD, {**step, "bookings": bookings})


def steps(tx: Transaction, id: UUID) -> list[SeriesStep]:
    """What was done to a series, the first first."""
    return [
        SeriesStep(version=row.version, what=row.what, at=row.at, by=row.by, why=row.why, bookings=row.bookings)
        for row in tx.execute(_STEPS, {"series": id})
    ]


def skip(tx: Transaction, id: UUID, dates: Sequence[SkippedDate]) -> None:
    """Keeps the dates that a series did not get, with the reasons."""
    if dates:
        tx.execute(_SKIP, [{"series": id} | {name: getattr(each, name) for name in _SKIPPED_COLUMNS} for each in dates])


def take_ahead(tx: Transaction, id: UUID, since: datetime | None) -> list[SkippedDate]:
    """Takes away the skipped dates that are not over, from one on or (None) all, to be kept at other times (`skip`)."""
    rows = tx.execute(_TAKE_AHEAD, {"of": id, "since": since or datetime.min.replace(tzinfo=UTC), "now": tx.now})
    return sorted((_skipped(row) for row in rows), key=lambda each: each.begins_at)


def skipped(tx: Transaction, id: UUID) -> list[SkippedDate]:
    """The dates that a series did not get at first."""
    return [_skipped(row) for row in tx.execute(_SKIPPED, {"series": id})]


def lock_skipped(tx: Transaction, id: UUID, begins_at: datetime) -> SkippedDate | None:
    """One of them, locked."""
    row = tx.execute(_LOCK_SKIPPED, {"series": id, "begins_at": begins_at}).one_or_none()
    return _skipped(row) if row else None


def booked_after_all(tx: Transaction, id: UUID, begins_at: datetime, booking: UUID | None) -> None:
    """Notes that a skipped date has a booking now, or (None) no more."""
    tx.execute(_BOOKED, {"of": id, "at": begins_at, "booked": booking})


def bookings_of(tx: Transaction, id: UUID) -> list[UUID]:
    """The ids of its bookings, in the order they begin."""
    return list(tx.execute(_OF_SERIES, {"series": id}).scalars())


def figures(tx: Transaction, of: Series) -> Figures:
    """How the dates of a series stand. First, last and spaces are those of its live bookings, if there are any."""
    return standing(tx, [of])[0].figures


def standing(tx: Transaction, of: Sequence[Series]) -> list[Standing]:
    """Many series with their figures, in two statements."""
    ids = [each.id for each in of]
    rows = tx.execute(_FIGURES, {"of": ids}).all()
    left_out = {row.series: row.many for row in tx.execute(_LEFT_OUT, {"of": ids})}
    return [
        Standing(
            series=each, figures=_figures([row for row in rows if row.series == each.id], left_out.get(each.id, 0))
        )
        for each in of
    ]


def dates(tx: Transaction, id: UUID) -> list[DateStanding]:
    """How each date of a series stands, in the order they begin."""
    booked = [_standing(dict(row._mapping)) for row in tx.execute(_DATES, {"series": id})]
    there = {each.booking for each in booked}
    left_out = [
        DateStanding(begins_at=each.begins_at, ends_at=each.ends_at, skipped=each.reason)
        for each in skipped(tx, id)
        if each.booking not in there
    ]
    return sorted([*booked, *left_out], key=lambda each: (each.begins_at, each.skipped or ""))


def _standing(columns: dict[str, Any]) -> DateStanding:
    limit, moved_by_house = columns.pop("limit"), columns.pop("moved_by_house")
    told = datetime.fromisoformat(limit) if limit else None
    until = free_until(told, columns["begins_at"], moved_by_house=moved_by_house)
    return DateStanding(**columns, free_until=until)


def series_from(row: Row[Any]) -> Series:
    """The series in a row of `SHOWN`."""
    columns = dict(row._mapping)
    tenant = Actor(
        id=columns.pop("tenant"),
        kind=columns.pop("tenant_kind"),
        name=columns.pop("tenant_name"),
        organisation_number=columns.pop("tenant_organisation_number"),
    )
    return Series(**columns, tenant=tenant)


_SKIPPED_COLUMNS = tuple(column.name for column in series_skipped.c if column.name != "series")


def _figures(rows: Sequence[Row[Any]], skipped: int) -> Figures:
    telling = [row for row in rows if row.state in LIVE] or rows
    return Figures(
        by_state={row.state: row.many for row in rows},
        spaces=sorted({space for row in telling for space in row.spaces}),
        first_at=min(row.first_at for row in telling),
        last_until=max(row.last_until for row in telling),
        skipped=skipped,
    )


def _skipped(row: Row[Any]) -> SkippedDate:
    return SkippedDate(**{name: getattr(row, name) for name in _SKIPPED_COLUMNS})


def _columns(of: Series) -> dict[str, Any]:
    columns = {name: getattr(of, name) for name in Series.__slots__}
    tenant = columns.pop("tenant")
    columns |= {"dates": list(of.dates), "excepted": list(of.excepted), "equipment": dict(of.equipment)}
    return columns | {
        "tenant": tenant.id,
        "tenant_kind": tenant.kind,
        "tenant_organisation_number": tenant.organisation_number,
    }

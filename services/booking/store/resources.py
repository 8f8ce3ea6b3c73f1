"""A space as a booking meets it, read in one statement.

It is read FOR KEY SHARE, and who rewrites a tree locks its spaces FOR UPDATE (`trees`): so no booking is made by the
parts that a space had a moment ago.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Row, Uuid, bindparam, func, literal_column, select

from kernel.db import Transaction
from services.booking.model.actors import Actor
from services.booking.model.bookings import WAITING
from services.booking.model.representatives import local_date
from services.booking.model.rules import Bookable, BookingRules
from services.booking.store.house_rules import lacking, named
from services.booking.store.opening import spans_around
from services.booking.store.places import ENTER
from services.booking.store.quotas import binding
from services.booking.store.representatives import in_force
from services.booking.store.tables import actors, arenas, bookings, equipment, representatives, spaces
from services.booking.store.waitings import awaited

RULES = (
    spaces.c.grid_minutes,
    spaces.c.min_minutes,
    spaces.c.max_minutes,
    spaces.c.notice_minutes,
    spaces.c.horizon_days,
    spaces.c.setup_minutes,
    spaces.c.clearing_minutes,
    spaces.c.approval,
    spaces.c.prepay,
    spaces.c.release_minutes,
    spaces.c.purposes,
    spaces.c.audiences,
    spaces.c.open_kinds,
)

_times = [bindparam(name, type_=DateTime(timezone=True)) for name in ("begins_at", "ends_at")]
_acting = actors.join(representatives, representatives.c.actor == actors.c.id)
_tenant_id = func.coalesce(bindparam("tenant", type_=Uuid), bindparam("person", type_=Uuid))
_organisation = actors.alias("organisation")
_category = func.coalesce(
    select(_organisation.c.kind).where(_organisation.c.id == bindparam("tenant", type_=Uuid)).scalar_subquery(),
    "resident",
)
_seen = spaces.alias("seen")
# the times are as they were asked for: they may be the wrong way round
_asked = func.tstzrange(func.least(*_times), func.greatest(*_times))
# In words of its own, for the index that has the waiting alone. The soonest of them is its first entry; asked whether
# there is any before now, PostgreSQL may read all bookings to learn that there is none.
_waiting = bookings.c.state.in_([literal_column(f"'{state}'") for state in WAITING])
_soonest = select(func.min(bookings.c.hold_expires_at)).where(_waiting).scalar_subquery()
_overdue = func.coalesce(_soonest <= bindparam("now"), literal_column("false"))
_AS_IT_IS = (
    select(
        spaces.c.id,
        spaces.c.arena,
        arenas.c.square,
        spaces.c.premises,
        spaces.c.capacity,
        *RULES,
        func.cardinality(spaces.c.parts).label("parts"),
        spaces.c.sharing.is_not(None).label("shared"),
        spaces.c.noise,
        spans_around(spaces.c.arena, spaces.c.open_kinds, *_times).label("open"),
        actors.c.id.label("tenant"),
        actors.c.kind.label("tenant_kind"),
        actors.c.name.label("tenant_name"),
        actors.c.organisation_number,
        actors.c.verified_by.label("tenant_verified_by"),
        lacking(spaces, arenas.c.square, spaces, arenas).label("unaccepted"),
        binding(spaces.c.parts, _tenant_id, _category, spaces, arenas).label("quotas"),
        _overdue.label("overdue"),
        awaited(spaces, arenas.c.square, _asked, spaces, arenas).label("awaited"),
        # the row's version as it is locked, and as it is for all else that this statement reads
        literal_column("spaces.xmin::text").label("locked"),
        select(literal_column("seen.xmin::text"))
        .select_from(_seen)
        .where(_seen.c.id == spaces.c.id)
        .correlate(spaces)
        .scalar_subquery()
        .label("read"),
    )
    .join_from(spaces, arenas, arenas.c.id == spaces.c.arena)
    .outerjoin(
        _acting,
        (actors.c.id == bindparam("tenant", type_=Uuid))
        & (representatives.c.person == bindparam("person"))
        & in_force(bindparam("today", type_=Date))
        & actors.c.claim_ended.is_(None),
    )
    .where(spaces.c.id == bindparam("space"), ~spaces.c.withdrawn)
)
_TO_BOOK = _AS_IT_IS.add_columns(ENTER.label("entered")).with_for_update(read=True, key_share=True, of=spaces)

_EQUIPMENT = select(equipment.c.id, equipment.c.pieces_owned).where(
    equipment.c.arena == bindparam("arena"), ~equipment.c.withdrawn
)


def to_book(
    tx: Transaction, space: str, begins_at: datetime, ends_at: datetime, *, tenant: UUID | None, person: UUID
) -> tuple[Bookable, Actor | None] | None:
    """The space, kept from being divided anew or opened at other hours until the transaction ends, with its hours
    around a time, and what binds the person and the tenant there; and the tenant, if the person may act for it."""
    asked = {"space": space, "begins_at": begins_at, "ends_at": ends_at, "tenant": tenant, "person": person}
    wanted = {**asked, **_today(tx)}
    row = tx.execute(_TO_BOOK, wanted).one_or_none()
    if row is not None and row.locked != row.read:
        # what binds a booking was changed while this one waited for the lock: the change is there to be read now
        row = tx.execute(_TO_BOOK, wanted).one_or_none()
    return (_bookable(row), _tenant(row)) if row else None


def as_it_is(
    tx: Transaction, space: str, begins_at: datetime, ends_at: datetime, *, tenant: UUID | None, person: UUID
) -> tuple[Bookable, Actor | None] | None:
    """The same for one who only asks: nothing is kept."""
    asked = {"space": space, "begins_at": begins_at, "ends_at": ends_at, "tenant": tenant, "person": person}
    row = tx.execute(_AS_IT_IS, {**asked, **_today(tx)}).one_or_none()
    return (_bookable(row), _tenant(row)) if row else None


def with_equipment(tx: Transaction, place: Bookable) -> Bookable:
    """The space, knowing what its arena lends."""
    return replace(
        place, equipment={row.id: row.pieces_owned for row in tx.execute(_EQUIPMENT, {"arena": place.arena})}
    )


def rules_from(row: Row[Any]) -> BookingRules:
    """The rules in a row that has the columns `RULES`."""
    found = {column.name: row._mapping[column.name] for column in RULES}
    return BookingRules(
        **found
        | {"purposes": tuple(row.purposes), "audiences": tuple(row.audiences), "open_kinds": tuple(row.open_kinds)}
    )


def _today(tx: Transaction) -> dict[str, Any]:
    return {"today": local_date(tx.now), "now": tx.now}


def _bookable(row: Row[Any]) -> Bookable:
    return Bookable(
        space=row.id,
        arena=row.arena,
        square=row.square,
        premises=row.premises,
        capacity=row.capacity,
        parts=row.parts,
        rules=rules_from(row),
        open=tuple((opens, closes) for opens, closes in row.open or ()),
        shared=row.shared,
        noise=row.noise,
        unaccepted=named(row.unaccepted),
        quotas=row.quotas or (),
        awaited=row.awaited,
        overdue=row.overdue,
    )


def _tenant(row: Row[Any]) -> Actor | None:
    if row.tenant is None:
        return None
    return Actor(
        id=row.tenant,
        kind=row.tenant_kind,
        name=row.tenant_name,
        organisation_number=row.organisation_number,
        unverified=row.tenant_verified_by is None,
    )

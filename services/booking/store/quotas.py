"""Groups of spaces, quotas, and what an actor has booked there. A booking reads the ids of the quotas that may bind it
in the statement that reads its space (`binding`), so that where there are none they cost no round trip."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ForeignKey,
    FromClause,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel import errors
from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.model.bookings import LIVE
from services.booking.model.minutes import Span
from services.booking.model.opening import Hours
from services.booking.model.places import Place
from services.booking.model.quotas import Booked, Quota, SpaceGroup
from services.booking.model.rules import LONGEST
from services.booking.store.bookings import OVERDUE
from services.booking.store.places import OVERLAPPING, among, by_scope
from services.booking.store.tables import arenas, bookings, metadata, spaces

_Instant = DateTime(timezone=True)
COUNTED = (*LIVE, "completed")
"""The states in which a booking counts in its week. What was given up, by whomever, does not; what was released because
nobody came does, unless the quota gives it back."""

space_groups = Table(
    "space_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("prime", JSONB, nullable=False, comment="weekday, begins, ends: as opening hours"),
    Column("changed_at", _Instant, nullable=False),
    Column("changed_by", Uuid, nullable=False),
)

space_group_places = Table(
    "space_group_places",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("space_group", ForeignKey("space_groups.id"), primary_key=True, index=True),
)

quotas = Table(
    "quotas",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("space_group", ForeignKey("space_groups.id"), nullable=False, index=True),
    Column("category", Text),
    Column("actor", ForeignKey("actors.id")),
    Column("week_minutes", Integer),
    Column("prime_week_minutes", Integer),
    Column("open_bookings", Integer),
    Column(
        "no_show_gives_back",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="whether what was released because nobody came counts no more",
    ),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("changed_at", _Instant, nullable=False),
    Column("changed_by", Uuid, nullable=False),
)

_places = (
    select(func.jsonb_agg(func.jsonb_build_array(space_group_places.c.scope, space_group_places.c.place)))
    .where(space_group_places.c.space_group == space_groups.c.id)
    .scalar_subquery()
)
GROUPS = select(
    space_groups.c.id, space_groups.c.version, space_groups.c.name, space_groups.c.prime, _places.label("places")
)
QUOTAS = select(
    quotas,
    space_groups.c.version.label("group_version"),
    space_groups.c.name.label("group_name"),
    space_groups.c.prime,
    _places.label("places"),
).join_from(quotas, space_groups, space_groups.c.id == quotas.c.space_group)

_THESE = QUOTAS.where(quotas.c.id == func.any(bindparam("ids", type_=ARRAY(Text)))).order_by(quotas.c.id)
_GROUP = GROUPS.where(space_groups.c.id == bindparam("group"))
_SAVE_GROUP = upsert(space_groups)
_SAVE_GROUP = _SAVE_GROUP.on_conflict_do_update(
    index_elements=["id"],
    set_={column.name: _SAVE_GROUP.excluded[column.name] for column in space_groups.c if column.name != "id"},
)
_FORGET_PLACES = delete(space_group_places).where(space_group_places.c.space_group == bindparam("group"))
_SAVE_QUOTA = upsert(quotas)
_SAVE_QUOTA = _SAVE_QUOTA.on_conflict_do_update(
    index_elements=["id"],
    set_={column.name: _SAVE_QUOTA.excluded[column.name] for column in quotas.c if column.name != "id"},
)
_names = func.unnest(bindparam("names", type_=ARRAY(Text))).table_valued("name", name="given").render_derived()
_LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(_names.c.name, 0)))
# what ended early has given back the rest, and counts until then; who never came has not
_over_at = func.greatest(bookings.c.begins_at, func.coalesce(bookings.c.ended_at, bookings.c.ends_at))
_COUNTS_UNTIL = case((bookings.c.state == "completed", _over_at), else_=bookings.c.ends_at).label("ends_at")
_named, _home = spaces.alias("named"), arenas.alias("home")
_BOOKED = select(bookings.c.id, bookings.c.begins_at, _COUNTS_UNTIL, bookings.c.state).where(
    bookings.c.tenant == bindparam("tenant"),
    bookings.c.begins_at > bindparam("earliest"),
    # where it lay when it was booked, or what shares a part with the group as its spaces are divided now
    or_(among(bookings.c), bookings.c.space.in_(OVERLAPPING)),
    # one whose time to confirm is over is given up, though nobody has cleared it away yet
    not_(OVERDUE),
    or_(
        and_(
            or_(
                bookings.c.state.in_(COUNTED),
                and_(bookings.c.state == "released", bindparam("gives_back", type_=Boolean).is_(false())),
            ),
            bookings.c.begins_at < bindparam("until"),
            bookings.c.ends_at > bindparam("since"),
        ),
        and_(bookings.c.state.in_(LIVE), bookings.c.ends_at > bindparam("at")),
    ),
)


def binding(
    parts: ColumnElement[Any], tenant: ColumnElement[UUID], category: ColumnElement[str], *outer: FromClause
) -> ScalarSelect[Any]:
    """The ids of the quotas that may bind a tenant where these parts are taken, from `:today` on; null when there are
    none. They are those whose group has one of the parts: as a space, or in an arena, a square or a class of premises.
    For a statement that reads `parts` from `outer`."""
    here = or_(
        *(
            and_(space_group_places.c.scope == scope, space_group_places.c.place == place)
            for scope, place in (
                ("space", _named.c.id),
                ("arena", _named.c.arena),
                ("square", _home.c.square),
                ("premises", _named.c.premises),
            )
        )
    )
    return (
        select(func.array_agg(quotas.c.id.distinct()))
        .join_from(space_group_places, quotas, quotas.c.space_group == space_group_places.c.space_group)
        .join(_named, ~_named.c.withdrawn & _named.c.parts.op("&&", is_comparison=True)(parts))
        .join(_home, _home.c.id == _named.c.arena)
        .where(
            here,
            or_(quotas.c.category == category, quotas.c.actor == tenant),
            or_(quotas.c.valid_until.is_(None), quotas.c.valid_until >= bindparam("today", type_=Date)),
        )
        .correlate(*outer)
        .scalar_subquery()
    )


def lock(tx: Transaction, tenant: UUID, ids: Sequence[str], *, answers: UUID | None) -> None:
    """Waits until no other booking is being counted for whoever answers for it, nor in these quotas for this tenant: in
    this order, then that of the quotas' ids, and before any claim is written. It is sent with what is counted next."""
    names = [f"open bookings {answers}"] if answers is not None else []
    names += [f"quota {each} {tenant}" for each in sorted(ids)]
    if names:
        tx.later(_LOCK, {"names": names})


def these(tx: Transaction, ids: Collection[str]) -> list[Quota]:
    """The quotas of these ids, in their order."""
    return [quota_from(row) for row in tx.execute(_THESE, {"ids": list(ids)})]


def of_actor(actor: UUID, category: str) -> Select[Any]:
    """The quotas of an actor, and of its category."""
    return QUOTAS.where(or_(quotas.c.actor == actor, quotas.c.category == category)).order_by(quotas.c.id)


def booked(
    tx: Transaction,
    quota: Quota,
    tenant: UUID,
    *,
    during: Span,
    at: datetime,
    instead_of: Collection[UUID] = (),
) -> list[Booked]:
    """What the tenant has in the quota's group: that counts in some of this time, or is not over at that moment."""
    since, until = during
    earliest = min(since, at) - timedelta(minutes=LONGEST)
    times = {"since": since, "until": until, "at": at, "now": tx.now, "earliest": earliest}
    what = {"tenant": tenant, "gives_back": quota.no_show_gives_back}
    rows = tx.execute(_BOOKED, {**what, **times, **by_scope(quota.group.places)})
    return [
        Booked(begins_at=row.begins_at, ends_at=row.ends_at, open=row.state in LIVE, replaced=row.id in instead_of)
        for row in rows
    ]


def group(tx: Transaction, id: str) -> SpaceGroup | None:
    """The group of this id."""
    row = tx.execute(_GROUP, {"group": id}).one_or_none()
    return group_from(row) if row else None


def save_group(tx: Transaction, group: SpaceGroup, by: UUID) -> None:
    """Writes a group with its places."""
    prime = [[each.weekday, each.opens, each.closes] for each in group.prime]
    row = {"id": group.id, "version": group.version, "name": plain(group.name), "prime": prime}
    tx.execute(_SAVE_GROUP, {**row, "changed_at": tx.now, "changed_by": by})
    tx.execute(_FORGET_PLACES, {"group": group.id})
    places = [{"scope": each.scope, "place": each.id, "space_group": group.id} for each in group.places]
    tx.execute(insert(space_group_places), places)


def save(tx: Transaction, quota: Quota, by: UUID) -> None:
    """Writes a quota."""
    columns = {name: getattr(quota, name) for name in Quota.__slots__}
    columns |= {"name": plain(quota.name), "space_group": columns.pop("group").id}
    tx.execute(_SAVE_QUOTA, {**columns, "changed_at": tx.now, "changed_by": by})


def group_from(row: Row[Any]) -> SpaceGroup:
    """The group in a row of `GROUPS`."""
    return _group(row.id, row.version, row.name, row)


def quota_from(row: Row[Any]) -> Quota:
    """The quota in a row of `QUOTAS`."""
    columns = {name: getattr(row, name) for name in Quota.__slots__ if name != "group"}
    group = _group(row.space_group, row.group_version, row.group_name, row)
    return Quota(**{**columns, "name": errors.Text(**row.name), "group": group})


def _group(id: str, version: int, name: dict[str, str], row: Row[Any]) -> SpaceGroup:
    return SpaceGroup(
        id=id,
        version=version,
        name=errors.Text(**name),
        places=tuple(sorted(Place(*each) for each in row.places)),
        prime=tuple(Hours(*each) for each in row.prime),
    )

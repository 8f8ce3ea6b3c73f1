"""Waiting lists: who waits, and whose turn it is when something becomes free.

Who frees or takes what somebody waits for does so one at a time (`queue`): an advisory lock, taken after the bookings
that are changed are locked and before any claim is written or freed. Where nobody waits nobody takes it.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Exists,
    FromClause,
    Row,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from kernel.db import Transaction
from services.booking.model.actors import Actor
from services.booking.model.waiting import Left, Waiting
from services.booking.store.tables import actors, bookings, spaces, waitings

_Instant = DateTime(timezone=True)
BUFFERS = timedelta(days=2)
"""Set-up of one and clearing of the other are no longer: what is further away is no matter, and an index tells."""
_PATIENCE = "250ms"
_NOT_AVAILABLE = "55P03"

STATE: ColumnElement[str] = case(
    (waitings.c.state != "offered", waitings.c.state),
    (bookings.c.state == "held", "offered"),
    (bookings.c.state.in_(("expired", "declined")), "passed"),
    (and_(bookings.c.state == "cancelled", bookings.c.confirmed_at.is_(None)), "passed"),
    else_="taken",
)
"""How a waiting stands: what was offered is as its booking is."""
SHOWN = (
    select(
        *(column for column in waitings.c if column.name not in ("state", "offered_until")),
        STATE.label("state"),
        case((bookings.c.state == "held", bookings.c.hold_expires_at), else_=waitings.c.offered_until).label(
            "offered_until"
        ),
        actors.c.name.label("tenant_name"),
        actors.c.kind.label("tenant_kind"),
        actors.c.organisation_number.label("tenant_number"),
    )
    .outerjoin_from(waitings, actors, actors.c.id == waitings.c.tenant)
    .outerjoin(bookings, bookings.c.id == waitings.c.booking)
)
"""The rows `waiting_from` reads."""

_COLUMNS = tuple(column.name for column in waitings.c)
_wanted = spaces.alias("wanted")


def awaited(
    there: FromClause,
    square: ColumnElement[str],
    span: ColumnElement[Any],
    *outer: FromClause,
    equipment: ColumnElement[Any] | None = None,
) -> Exists:
    """Whether somebody waits for some of what a booking takes that is in this span, in a space that is `there`, with
    this equipment; for a statement that reads them from `outer`."""
    before = _wanted.c.setup_minutes + there.c.clearing_minutes
    after = _wanted.c.clearing_minutes + there.c.setup_minutes
    same: ColumnElement[bool] = _wanted.c.parts.op("&&", is_comparison=True)(there.c.parts)
    if equipment is not None:
        kinds = func.array(select(func.jsonb_object_keys(equipment)).correlate(*outer).scalar_subquery())
        same = or_(same, waitings.c.equipment.op("?|", is_comparison=True)(kinds))
    return (
        exists()
        .select_from(waitings.join(_wanted, _wanted.c.id == waitings.c.space))
        .where(
            waitings.c.state == literal_column("'waiting'"),  # in words, for the index that has these alone
            waitings.c.square == square,
            func.tstzrange(waitings.c.earliest, waitings.c.latest).op("&&")(
                func.tstzrange(func.lower(span) - BUFFERS, func.upper(span) + BUFFERS)
            ),
            same,
            func.tstzrange(waitings.c.earliest - minutes(before), waitings.c.latest + minutes(after)).op("&&")(span),
        )
        .correlate(*outer)
    )


def minutes(column: Any) -> ColumnElement[Any]:
    """So many minutes, as an interval."""
    return func.make_interval(0, 0, 0, 0, 0, column)


_ADD = upsert(waitings).on_conflict_do_nothing()
_STEP_COLUMNS = ("version", "state", "changed_at", "booking", "offered_until")
_SAVE = (
    update(waitings)
    .where(waitings.c.id == bindparam("waiting"))
    .values({name: bindparam(name, type_=waitings.c[name].type) for name in _STEP_COLUMNS})
)
_ONE = SHOWN.where(waitings.c.id == bindparam("waiting"))
_COUNT = (
    select(func.count())
    .select_from(waitings)
    .where(waitings.c.tenant == bindparam("tenant"), waitings.c.state == "waiting", waitings.c.series.is_(None))
)
_ANYBODY = select(waitings.c.id).where(waitings.c.state.in_(("waiting", "offered"))).limit(1)
_QUEUE = select(func.pg_advisory_xact_lock(3, 0))
_OVERLAP = """
    SELECT
      FROM jsonb_to_recordset(:leaving)
        AS leaving (space text, arena text, since timestamptz, until timestamptz, equipment text[])
      JOIN spaces AS there ON there.id = leaving.space OR there.arena = leaving.arena
     WHERE tstzrange(leaving.since, leaving.until)
        && tstzrange(
             earliest - make_interval(mins => wanted.setup_minutes),
             latest + make_interval(mins => wanted.clearing_minutes)
           )
       AND (there.parts && wanted.parts OR waitings.equipment ?| leaving.equipment)
"""
_QUEUE_IF_AWAITED = text(
    f"""
    SELECT pg_advisory_xact_lock(3, 0)
      FROM (
        SELECT
          FROM waitings
          JOIN spaces AS wanted ON wanted.id = waitings.space
         WHERE waitings.state = 'waiting'
           AND tstzrange(earliest, latest) && tstzrange(:first, :last)
           AND EXISTS ({_OVERLAP})
         LIMIT 1
      ) AS somebody
    """  # noqa: S608 - no value is in it
).bindparams(bindparam("leaving", type_=JSONB), bindparam("first", type_=_Instant), bindparam("last", type_=_Instant))
STANDS = """
    EXISTS (
      SELECT FROM bookings AS date
       WHERE date.series = waitings.series
         AND date.state NOT IN ('cancelled', 'declined', 'expired')
    )
"""
"""In a statement: whether the series of one of `waitings` stands: it has a date that is booked, or was held."""
_OPEN = """
    SELECT range_agg(open_days.during)
      FROM open_days
     WHERE open_days.arena = wanted.arena
       AND open_days.kind = ANY(wanted.open_kinds)
       AND open_days.day BETWEEN (earliest AT TIME ZONE 'Europe/Oslo')::date - 1
                             AND (latest AT TIME ZONE 'Europe/Oslo')::date
"""
# in a space that is not shared it is seen at once whether there is a gap, while it is open, that is long enough
_NEXT = text(
    f"""
    SELECT waitings.*, actors.name AS tenant_name, actors.kind AS tenant_kind,
           actors.organisation_number AS tenant_number
      FROM waitings
      JOIN spaces AS wanted ON wanted.id = waitings.space
      LEFT JOIN actors ON actors.id = waitings.tenant
     WHERE waitings.state = 'waiting'
       AND (joined_at, waitings.id) > (:joined_at, :id)
       AND latest > :now
       AND tstzrange(earliest, latest) && tstzrange(:first, :last)
       AND NOT wanted.withdrawn
       AND (waitings.series IS NULL OR {STANDS})
       AND (:leaving IS NULL OR EXISTS ({_OVERLAP}))
       AND (
         wanted.sharing IS NOT NULL
         OR EXISTS (
            SELECT
              FROM unnest(
                tstzmultirange(
                  tstzrange(
                    greatest(earliest, :now) - make_interval(mins => wanted.setup_minutes),
                    latest + make_interval(mins => wanted.clearing_minutes)
                  )
                ) - coalesce(
                  (
                    SELECT range_agg(claims.during)
                      FROM claims
                     WHERE part = ANY(wanted.parts)
                       AND claims.during && tstzrange(
                         earliest - make_interval(mins => wanted.setup_minutes),
                         latest + make_interval(mins => wanted.clearing_minutes)
                       )
                  ),
                  '{{}}'
                )
              ) AS gap
             CROSS JOIN unnest(
                ({_OPEN}) * tstzmultirange(
                  tstzrange(
                    lower(gap) + make_interval(mins => wanted.setup_minutes),
                    greatest(
                      upper(gap) - make_interval(mins => wanted.clearing_minutes),
                      lower(gap) + make_interval(mins => wanted.setup_minutes)
                    )
                  )
                )
              ) AS room
             WHERE upper(room) - lower(room) >= make_interval(mins => minutes)
         )
       )
     ORDER BY joined_at, waitings.id
     LIMIT 1
       FOR UPDATE OF waitings SKIP LOCKED
    """  # noqa: S608 - no value is in it
).bindparams(
    bindparam("joined_at", type_=_Instant),
    bindparam("id", type_=Uuid),
    *(bindparam(name, type_=_Instant) for name in ("now", "first", "last")),
    bindparam("leaving", type_=JSONB(none_as_null=True)),
)
NEVER = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
_PATIENCE_NOW = select(func.current_setting("lock_timeout"))
_SET_PATIENCE = select(func.set_config("lock_timeout", bindparam("patience"), True))


class InUse(Exception):
    """Somebody else is changing it at this moment."""


def add(tx: Transaction, waiting: Waiting) -> bool:
    """Writes a new place in line. False when its tenant waits there already."""
    return tx.execute(_ADD, _columns(waiting)).rowcount == 1


def add_all(tx: Transaction, new: Sequence[Waiting]) -> None:
    """Writes many; those whose tenant waits there already are left out."""
    if new:
        tx.execute(_ADD, [_columns(each) for each in new])


def find(tx: Transaction, id: UUID) -> Waiting | None:
    """The waiting, as it stands."""
    row = tx.execute(_ONE, {"waiting": id}).one_or_none()
    return waiting_from(row) if row else None


def save(tx: Transaction, waiting: Waiting) -> None:
    """Writes what a step changed."""
    tx.execute(_SAVE, {"waiting": waiting.id, **{name: getattr(waiting, name) for name in _STEP_COLUMNS}})


def waited_for(tx: Transaction, tenant: UUID) -> int:
    """On how many lists a tenant is, the dates of its series apart."""
    found: int = tx.execute(_COUNT, {"tenant": tenant}).scalar_one()
    return found


def anybody(tx: Transaction) -> bool:
    """Whether anybody waits, or has not answered."""
    return tx.execute(_ANYBODY).first() is not None


def queue(tx: Transaction) -> None:
    """Waits until nobody else frees or takes what somebody waits for."""
    tx.execute(_QUEUE)


def queue_if_awaited(tx: Transaction, leaving: Collection[Left]) -> bool:
    """The same, if somebody waits for some of this; whether somebody does."""
    return bool(tx.execute(_QUEUE_IF_AWAITED, _left(leaving)).all())


def next_in_line(tx: Transaction, leaving: Collection[Left] | None, *, after: Waiting | None = None) -> Waiting | None:
    """Who comes next after one, locked: of those who wait for some of this (None: for anything) and for whom there may
    be room. One whom somebody else has locked, who is just leaving, is passed over."""
    turn = {"joined_at": after.joined_at, "id": after.id} if after else {"joined_at": NEVER[0], "id": UUID(int=0)}
    given = {**turn, "now": tx.now, **_left(leaving)}
    row = tx.execute(_NEXT, given).one_or_none()
    return waiting_from(row) if row else None


@contextmanager
def impatiently(tx: Transaction) -> Iterator[None]:
    """Here nobody is waited for long: what somebody is just changing is left for later, rather than to come to a
    deadlock. A `trial` then fails."""
    usual = tx.execute(_PATIENCE_NOW).scalar_one()
    tx.execute(_SET_PATIENCE, {"patience": _PATIENCE})
    yield
    tx.execute(_SET_PATIENCE, {"patience": usual})


@contextmanager
def trial(tx: Transaction) -> Iterator[None]:
    """What is undone when it raises. Raises InUse when somebody else has it just now."""
    try:
        with tx.savepoint():
            yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _NOT_AVAILABLE:
            raise
        raise InUse from error


def waiting_from(row: Row[Any]) -> Waiting:
    """The waiting in a row of `SHOWN`, which may have more."""
    columns = {name: row._mapping[name] for name in _COLUMNS}
    tenant = Actor(
        id=columns.pop("tenant"),
        kind=row.tenant_kind or "resident",
        name=row.tenant_name,
        organisation_number=row.tenant_number,
    )
    return Waiting(**columns, tenant=tenant)


def _columns(waiting: Waiting) -> dict[str, Any]:
    columns = {name: getattr(waiting, name) for name in Waiting.__slots__}
    return columns | {"tenant": waiting.tenant.id, "equipment": dict(waiting.equipment)}


def _left(leaving: Collection[Left] | None) -> dict[str, Any]:
    if leaving is None:
        return {"leaving": None, "first": None, "last": None}
    rows = [
        {
            "space": each.space,
            "arena": each.arena,
            "since": each.since.isoformat(),
            "until": each.until.isoformat(),
            "equipment": list(each.equipment),
        }
        for each in leaving
    ]
    first, last = min(each.since for each in leaving), max(each.until for each in leaving)
    return {"leaving": rows, "first": first - BUFFERS, "last": last + BUFFERS}

"""Where persons stand: the one list of every column that holds somebody's pseudonym, and what becomes of it.

Export shows what is in the list, erasure goes through it, and a test fails when a table has a column that looks like a
person's and is not here. A new table adds its line, and nothing else.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Uuid, bindparam, delete, func, or_, select, update

from kernel.db import Transaction
from kernel.managers import square_managers
from kernel.own_data import Held, shown
from services.booking.model.bookings import Booking
from services.booking.store.bookings import lock_many
from services.booking.store.calendars import calendar_feeds
from services.booking.store.closures import closure_dates, closures
from services.booking.store.comments import booking_comments
from services.booking.store.house_rules import acceptances, house_rules
from services.booking.store.invitations import invitations, outgoing_mails
from services.booking.store.opening import opening_plans, school_years
from services.booking.store.quotas import quotas, space_groups
from services.booking.store.series import series, series_steps
from services.booking.store.tables import actors, booking_steps, bookings, let_go, representatives, squares, waitings

Fate = Literal["deleted", "renamed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A column in which persons stand. Its rows are deleted with the person, or stay under an id of chance without what
    is in `blanked`. `hidden` is not for export: secrets, and what is about others."""

    table: Table
    column: str
    fate: Fate
    blanked: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    others: bool = False
    """Its rows are about others, and not for export."""

    def of(self, person: UUID) -> ColumnElement[bool]:
        return self.table.c[self.column] == person


STANDS: tuple[Stand, ...] = (
    Stand(table=bookings, column="tenant", fate="renamed", blanked=("title",)),
    Stand(table=bookings, column="booked_by", fate="renamed"),
    Stand(table=series, column="tenant", fate="renamed", blanked=("title",)),
    Stand(table=series, column="booked_by", fate="renamed"),
    Stand(table=series_steps, column="by", fate="renamed", blanked=("why",)),
    Stand(table=booking_steps, column="by", fate="renamed", blanked=("why",)),
    Stand(table=booking_comments, column="author", fate="renamed"),
    Stand(table=waitings, column="tenant", fate="deleted"),
    Stand(table=waitings, column="person", fate="deleted"),
    Stand(table=acceptances, column="person", fate="deleted"),
    Stand(table=calendar_feeds, column="made_by", fate="deleted", hidden=("digest",)),
    Stand(table=calendar_feeds, column="actor", fate="deleted", hidden=("digest", "made_by")),
    Stand(table=representatives, column="person", fate="deleted"),
    Stand(table=square_managers, column="person", fate="deleted"),
    Stand(table=invitations, column="invited_by", fate="renamed", blanked=("known_as",), hidden=("digests",)),
    Stand(table=invitations, column="withdrawn_by", fate="renamed", hidden=("digests",), others=True),
    # what somebody did for the municipality, or for an organisation, stays done; who it was goes
    Stand(table=actors, column="registered_by", fate="renamed", blanked=("claim_digest",), hidden=("claim_digest",)),
    Stand(table=actors, column="verified_person", fate="renamed", hidden=("claim_digest",)),
    Stand(table=actors, column="claim_ended_by", fate="renamed", hidden=("claim_digest",)),
    Stand(table=representatives, column="changed_by", fate="renamed", others=True),
    Stand(table=squares, column="changed_by", fate="renamed"),
    Stand(table=opening_plans, column="changed_by", fate="renamed"),
    Stand(table=school_years, column="changed_by", fate="renamed"),
    Stand(table=house_rules, column="published_by", fate="renamed"),
    Stand(table=space_groups, column="changed_by", fate="renamed"),
    Stand(table=quotas, column="changed_by", fate="renamed"),
    Stand(table=closures, column="announced_by", fate="renamed"),
    Stand(table=closures, column="lifted_by", fate="renamed"),
    Stand(table=closure_dates, column="lifted_by", fate="renamed"),
)
"""Every place, bookings first: see `_erase`. What others wrote of the person's own bookings, in history and comments,
is shown by `_OWN` and goes with `_FORGET_REASONS` and `_FORGET_COMMENTS`."""

NO_PERSON = frozenset({("quotas", "actor"), ("representatives", "actor"), ("invitations", "actor")})
"""Columns that look like a person's and hold organisations only: foreign keys see to that."""

_OWN = select(bookings.c.id).where(bookings.c.tenant == bindparam("person", type_=Uuid)).scalar_subquery()
_these = func.any(bindparam("ids", type_=ARRAY(Uuid)))
_HAVING = or_(bookings.c.tenant == bindparam("person"), bookings.c.booked_by == bindparam("person"))
_MINE = select(bookings.c.id).where(_HAVING)
_LET_GO = select(let_go).where(let_go.c.booking.in_(_MINE)).order_by(*let_go.primary_key.columns)
_FORGET_REASONS = update(booking_steps).where(booking_steps.c.booking == _these).values(why=None)
_FORGET_COMMENTS = delete(booking_comments).where(booking_comments.c.booking == _these)
_FORGET_OWN_COMMENTS = delete(booking_comments).where(
    booking_comments.c.author == bindparam("person"),
    booking_comments.c.side == "tenant",
    booking_comments.c.booking.not_in(_MINE),
)
_OPEN_INVITATIONS = select(invitations.c.id).where(
    invitations.c.invited_by == bindparam("person"), invitations.c.state == "pending"
)
_FORGET_MAILS = delete(outgoing_mails).where(outgoing_mails.c.invitation == _these)
_FORGET_INVITATIONS = delete(invitations).where(invitations.c.id == _these)
_REPRESENTED = select(representatives.c.actor).where(representatives.c.person == bindparam("person"))


def lock(tx: Transaction, person: UUID) -> list[Booking]:
    """Everything the person booked or rents, locked."""
    return lock_many(tx, list(tx.execute(_MINE, {"person": person}).scalars()))


def represented(tx: Transaction, person: UUID) -> list[UUID]:
    """The organisations a person may act for, or could once."""
    return sorted(tx.execute(_REPRESENTED, {"person": person}).scalars())


def known(tx: Transaction, person: UUID) -> bool:
    """Whether the person stands anywhere."""
    return any(tx.execute(select(each.table).where(each.of(person)).limit(1)).first() for each in STANDS)


def erase(tx: Transaction, person: UUID, among: Collection[Booking], *, under: UUID) -> None:
    """Takes a person out of every place, and out of these bookings, all of which are locked; what stays is under
    another id. A booking that has come since is of somebody who came back, and keeps all that is its own."""
    forget_written(tx, [each.id for each in among if each.tenant.id == person])
    if invited := list(tx.execute(_OPEN_INVITATIONS, {"person": person}).scalars()):
        tx.execute(_FORGET_MAILS, {"ids": invited})
        tx.execute(_FORGET_INVITATIONS, {"ids": invited})
    for each in STANDS:
        _erase(tx, each, person, [booking.id for booking in among], under)


def forget_written(tx: Transaction, own: Collection[UUID]) -> None:
    """Deletes what anybody wrote of these bookings, which are or were a person's own."""
    tx.execute(_FORGET_REASONS, {"ids": list(own)})
    tx.execute(_FORGET_COMMENTS, {"ids": list(own)})


def _erase(tx: Transaction, stand: Stand, person: UUID, among: Sequence[UUID], under: UUID) -> None:
    where = [stand.of(person)]
    if stand.table is bookings:
        where.append(bookings.c.id.in_(among))
    elif stand.table in (booking_steps, booking_comments):
        # the bookings that are the person's still, when theirs have gone first, are those that came since
        where.append(stand.table.c.booking.not_in(_MINE.params(person=person)))
    if stand.table is booking_comments:
        tx.execute(_FORGET_OWN_COMMENTS, {"person": person})
    if stand.fate == "deleted":
        tx.execute(delete(stand.table).where(*where))
    else:
        changes: dict[str, Any] = {stand.column: under, **dict.fromkeys(stand.blanked)}
        tx.execute(update(stand.table).where(*where).values(changes))


def held(tx: Transaction, person: UUID) -> Held:
    """All that is held of a person, by table."""
    found: Held = {}
    for table in dict.fromkeys(each.table for each in STANDS):
        found[table.name] = list(_rows(tx, table, person))
    found[let_go.name] = [shown(row) for row in tx.execute(_LET_GO, {"person": person})]
    return found


def _rows(tx: Transaction, table: Table, person: UUID) -> Iterator[dict[str, Any]]:
    stands = [each for each in STANDS if each.table is table]
    wanted = [each.of(person) for each in stands if not each.others]
    if table in (booking_steps, booking_comments):
        wanted.append(table.c.booking.in_(_OWN))
    hidden = {name for each in stands for name in each.hidden}
    columns = [column for column in table.c if column.name not in hidden]
    ordered = select(*columns).where(or_(*wanted)).order_by(*table.primary_key.columns)
    for row in tx.execute(ordered, {"person": person}):
        yield shown(row)

"""Claims: which smallest parts are taken, when, and by whom. All that keeps two bookings apart goes through here.

Two holders of one time are kept apart by the exclusion constraint on `claims` alone; no lock is taken beforehand.
What somebody is known to have is not asked for (`_unheld`): nobody waits for one who moves away, who may be waiting in
turn. Claims are written in the order of their parts, and ON CONFLICT DO NOTHING waits for a rival's transaction instead
of failing on it, so of any number of rivals one wins and none is a deadlock's victim. (Sixteen rivals for a hall of
three parts: 149 rounds a second; with advisory locks first 55; with a plain INSERT, which has deadlocks, 2.)

In a shared space the trigger `claims_keep_room` queues the rivals and refuses what the space has no room for; another
trigger does the same for equipment.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError

from kernel.db import Transaction
from kernel.errors import DomainError
from services.booking.model.bookings import Booking
from services.booking.model.closures import ClosureDate
from services.booking.model.recurrence import Occurrence
from services.booking.model.refusals import EquipmentLent, NoRoom
from services.booking.store.tables import bookings, claims, equipment_loans, spaces

SHARED = UUID(int=0)
"""The share of all claims of shared spaces."""
CLOSED = UUID(int=1)
"""The share of all claims of closures: what is closed twice is closed."""

_REFUSED: Mapping[str, type[DomainError]] = {"TG001": NoRoom, "TG002": EquipmentLent}
"""What the triggers say, by SQLSTATE."""

_COLUMNS = [claims.c.holder, claims.c.part, claims.c.during, claims.c.share, claims.c.people, claims.c.traits]


def _given(name: str) -> Any:
    return bindparam(name, type_=DateTime(timezone=True))


def _minutes(column: Any) -> Any:
    return func.make_interval(0, 0, 0, 0, 0, column)


_held = claims.alias("held")


def _unheld(own: ColumnElement[int], during: ColumnElement[Any], share: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether nobody else is known to have a part then. Who is just giving it up has it still: so nobody waits for one
    who leaves, and may be waiting for them, but only for rivals, who all write in one order.

    LIMIT keeps it a look-up of the part in the constraint's index: a NOT EXISTS may become an anti join over the claims
    of all parts at that time, and does so in a plan that was made when there were few."""
    overlap = _held.c.during.op("&&", is_comparison=True)(during)
    rival = select(_held.c.holder).where(_held.c.part == own, overlap, _held.c.share != share).limit(1)
    return rival.scalar_subquery().is_(None)


_during = func.tstzrange(_given("taken_from"), _given("taken_until"))
_share = bindparam("share", type_=Uuid)
_own: ColumnElement[int] = func.unnest(spaces.c.parts).column_valued("own")
# people and traits belong to a claim that is shared, and to no other
CLAIMED: Select[Any] = (
    select(
        bindparam("holder", type_=Uuid),
        _own,
        _during,
        _share,
        bindparam("people", type_=Integer),
        bindparam("traits", type_=claims.c.traits.type),
    )
    .select_from(spaces.join(_own.scalar_alias, true()))
    .where(spaces.c.id == bindparam("space"), _unheld(_own, _during, _share))
    .order_by(_own)
)
TAKE_SPACE = insert(claims).from_select(_COLUMNS, CLAIMED).on_conflict_do_nothing()
"""Takes the parts of one space, as `of` gives them."""


_needed = func.tstzrange(
    bookings.c.begins_at - _minutes(bookings.c.setup_minutes),
    bookings.c.ends_at + _minutes(bookings.c.clearing_minutes),
)
_its_share: ColumnElement[Any] = literal_column("CASE WHEN shared THEN uuid_nil() ELSE bookings.id END")
_TAKE_ALL = (
    insert(claims)
    .from_select(
        _COLUMNS,
        select(
            bookings.c.id,
            _own,
            _needed.label("during"),
            _its_share,
            literal_column("CASE WHEN shared THEN participants END"),
            literal_column(
                "CASE WHEN shared THEN jsonb_build_object('purpose', purpose, 'audience', audience,"
                " 'noise', bookings.noise) END"
            ),
        )
        .select_from(bookings.join(spaces, spaces.c.id == bookings.c.space).join(_own.scalar_alias, true()))
        .where(bookings.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))), _unheld(_own, _needed, _its_share))
        .order_by(_own, "during"),
    )
    .on_conflict_do_nothing()
    .returning(claims.c.holder)
)
_closed_times = (
    func.unnest(
        bindparam("holders", type_=ARRAY(Uuid)),
        bindparam("froms", type_=ARRAY(DateTime(timezone=True))),
        bindparam("untils", type_=ARRAY(DateTime(timezone=True))),
    )
    .table_valued("holder", "since", "until", name="closed")
    .render_derived()
)
_closed_parts = func.unnest(bindparam("parts", type_=ARRAY(Integer))).table_valued("part", name="own").render_derived()
_closed_during = func.tstzrange(_closed_times.c.since, _closed_times.c.until)
_TAKE_PARTS = (
    insert(claims)
    .from_select(
        [claims.c.holder, claims.c.part, claims.c.during, claims.c.share],
        select(_closed_times.c.holder, _closed_parts.c.part, _closed_during, _share)
        .select_from(_closed_times.join(_closed_parts, true()))
        .where(_unheld(_closed_parts.c.part, _closed_during, _share))
        .order_by(_closed_parts.c.part, _closed_times.c.since),
    )
    .on_conflict_do_nothing()
)
# what shrinks meets nobody, and the triggers let it pass whatever the rules have become
_NARROW = (
    update(claims)
    .where(claims.c.holder == bindparam("of"))
    .values(during=_during, people=bindparam("people"), traits=bindparam("traits", type_=claims.c.traits.type))
)
_BRING_BACK = text(
    """
    DELETE FROM equipment_loans USING equipment
     WHERE booking = :of AND equipment.number = equipment_loans.equipment AND NOT :kept ? equipment.id
    """
).bindparams(bindparam("kept", type_=JSONB))
_LEND_LESS = text(
    """
    UPDATE equipment_loans SET during = tstzrange(:taken_from, :taken_until), pieces = (:kept ->> equipment.id)::integer
      FROM equipment
     WHERE booking = :of AND equipment.number = equipment_loans.equipment
    """
).bindparams(bindparam("kept", type_=JSONB))
_FREE = delete(claims).where(claims.c.holder == bindparam("of"))
_GIVE_BACK = delete(equipment_loans).where(equipment_loans.c.booking == bindparam("of"))
_given_ids = func.any(bindparam("ids", type_=ARRAY(Uuid)))
_FREE_ALL = delete(claims).where(claims.c.holder == _given_ids)
_GIVE_ALL_BACK = delete(equipment_loans).where(equipment_loans.c.booking == _given_ids)
_IN_THE_WAY = (
    select(claims.c.holder)
    .join_from(claims, _closed_times, claims.c.during.op("&&", is_comparison=True)(_closed_during))
    .where(claims.c.part == func.any(bindparam("parts", type_=ARRAY(Integer))))
    .distinct()
)
# in one order for all: the trigger queues those who borrow the same
_CLOSED = text(
    """
    SELECT asked.id
      FROM unnest(:ids, :spaces, :froms, :untils) AS asked (id, space, since, until)
      JOIN spaces ON spaces.id = asked.space
     WHERE EXISTS (SELECT FROM claims WHERE part = ANY (spaces.parts) AND share = :share
                                        AND during && tstzrange(since, until))
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("spaces", type_=ARRAY(Text)),
    bindparam("froms", type_=ARRAY(DateTime(timezone=True))),
    bindparam("untils", type_=ARRAY(DateTime(timezone=True))),
    bindparam("share", type_=Uuid),
)
_BORROW_ALL = text(
    """
    INSERT INTO equipment_loans (booking, equipment, during, pieces)
    SELECT asked.booking, equipment.number, tstzrange(since, until), asked.pieces
      FROM unnest(:equipped, :holders, :since, :until, :pieces) AS asked (id, booking, since, until, pieces)
      JOIN equipment ON equipment.id = asked.id
     ORDER BY equipment.number, since
    """
).bindparams(
    bindparam("equipped", type_=ARRAY(Text)),
    bindparam("holders", type_=ARRAY(Uuid)),
    bindparam("since", type_=ARRAY(DateTime(timezone=True))),
    bindparam("until", type_=ARRAY(DateTime(timezone=True))),
    bindparam("pieces", type_=ARRAY(Integer)),
)


def of(booking: Booking) -> dict[str, Any]:
    """What a booking claims, as `TAKE_SPACE` is given it."""
    taken_from, taken_until = booking.taken
    return {
        "holder": booking.id,
        "space": booking.space,
        "taken_from": taken_from,
        "taken_until": taken_until,
        "share": SHARED if booking.shared else booking.id,
        "people": booking.participants if booking.shared else None,
        "traits": dict(booking.traits) if booking.shared else None,
    }


def take_space(tx: Transaction, booking: Booking) -> int:
    """Takes what a booking needs as it stands here, written or not; how many parts it got. Raises NoRoom."""
    with refusals():
        return tx.execute(TAKE_SPACE, of(booking)).rowcount


def close(tx: Transaction, times: Sequence[ClosureDate], parts: Sequence[int]) -> bool:
    """Takes parts by number for a closure; others may be closed at the same time. False when a booking has one of them;
    the transaction must then be rolled back."""
    wanted = {"holders": [each.id for each in times], "parts": sorted(parts), "share": CLOSED, **_spans(times)}
    return tx.execute(_TAKE_PARTS, wanted).rowcount == len(parts) * len(times)


def take_all(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Takes what these bookings need as they are written, all at once; how many parts each got. Raises NoRoom."""
    with refusals():
        taken = tx.execute(_TAKE_ALL, {"ids": list(ids)}).scalars().all()
    counted = dict.fromkeys(ids, 0)
    for holder in taken:
        counted[holder] += 1
    return counted


def borrow_all(tx: Transaction, lent_to: Sequence[Booking]) -> None:
    """Lends bookings what each asks for, in one statement. Raises EquipmentLent."""
    loans = [
        (each, *booking.taken, pieces, booking.id) for booking in lent_to for each, pieces in booking.equipment.items()
    ]
    if not loans:
        return
    equipped, since, until, pieces, holders = (list(column) for column in zip(*sorted(loans), strict=True))
    given = {"equipped": equipped, "since": since, "until": until, "pieces": pieces, "holders": holders}
    with refusals():
        tx.execute(_BORROW_ALL, given)


def narrow(tx: Transaction, booking: Booking, *, lent: bool) -> int:
    """Let a booking keep no more than it needs now, of what it has taken and, if anything, was lent; return how many
    parts it keeps."""
    wanted = of(booking)
    times = {"of": booking.id, "taken_from": wanted["taken_from"], "taken_until": wanted["taken_until"]}
    kept_parts = tx.execute(_NARROW, {**times, "people": wanted["people"], "traits": wanted["traits"]}).rowcount
    if lent:
        kept = {"kept": dict(booking.equipment)}
        tx.execute(_BRING_BACK, {"of": booking.id, **kept})
        tx.execute(_LEND_LESS, {**times, **kept})
    return kept_parts


def free_all(tx: Transaction, holders: Sequence[UUID]) -> None:
    """Gives free what many holders have taken, and what they were lent."""
    tx.execute(_FREE_ALL, {"ids": list(holders)})
    tx.execute(_GIVE_ALL_BACK, {"ids": list(holders)})


def free(tx: Transaction, holder: UUID, *, lent: bool) -> None:
    """Gives free what a holder has taken, and what it was lent."""
    tx.execute(_FREE, {"of": holder})
    if lent:
        tx.execute(_GIVE_BACK, {"of": holder})


def in_the_way(tx: Transaction, parts: Sequence[int], times: Sequence[Occurrence]) -> list[UUID]:
    """The holders that have any of these parts in some of these times."""
    wanted = {"parts": list(parts), "holders": [None] * len(times), **_spans(times)}
    return list(tx.execute(_IN_THE_WAY, wanted).scalars())


def closed(tx: Transaction, lost: Sequence[Booking]) -> set[UUID]:
    """Those of these bookings that a closure has some of what they need."""
    if not lost:
        return set()
    ids, of_spaces = [each.id for each in lost], [each.space for each in lost]
    froms, untils = (list(ends) for ends in zip(*(each.taken for each in lost), strict=True))
    wanted = {"ids": ids, "spaces": of_spaces, "froms": froms, "untils": untils, "share": CLOSED}
    return set(tx.execute(_CLOSED, wanted).scalars())


def _spans(times: Sequence[ClosureDate] | Sequence[Occurrence]) -> dict[str, list[datetime]]:
    return {"froms": [each.begins_at for each in times], "untils": [each.ends_at for each in times]}


@contextmanager
def refusals() -> Iterator[None]:
    """Raises what the triggers say as the rule they keep."""
    try:
        yield
    except DBAPIError as error:
        rule = _REFUSED.get(getattr(error.orig, "pgcode", None) or "")
        if rule is None:
            raise
        raise rule from error

"""The outbox: events wait here, committed with what they tell of, until the relay has sent them.

`append` is called by `kernel.db` alone, `unsent` and `mark_sent` by the relay alone.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from kernel.contracts import E, Envelope, Event, decode, source_of
from kernel.db import Transaction, kernel_metadata
from kernel.ids import new_id
from kernel.restores import epoch_of
from kernel.trace import current_traceparent

outbox = Table(
    "outbox",
    kernel_metadata,
    Column("position", BigInteger, Identity(), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
)
Index("outbox_unsent", outbox.c.position, postgresql_where=outbox.c.sent_at.is_(None))

_APPEND = insert(outbox).inline()
# Never "position > the last one": positions are handed out in one order and committed in another.
_UNSENT = (
    select(outbox.c.id, outbox.c.type, outbox.c.body)
    .where(outbox.c.sent_at.is_(None), outbox.c.id != func.all(bindparam("under_way", type_=ARRAY(Uuid))))
    .order_by(outbox.c.position)
    .limit(bindparam("most"))
)
_MARK_SENT = (
    update(outbox)
    .where(outbox.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))), outbox.c.sent_at.is_(None))
    .values(sent_at=bindparam("at"))
)
_TELL_AGAIN = (
    update(outbox)
    .where(
        outbox.c.type == func.any(bindparam("types", type_=ARRAY(Text))),
        outbox.c.created_at > bindparam("made_after", type_=outbox.c.created_at.type),
        outbox.c.sent_at <= bindparam("sent_before", type_=outbox.c.sent_at.type),
    )
    .values(sent_at=None)
)
_LAST_SENT = text(
    """
    SELECT type, id, sent_at FROM unnest(:types) AS asked (of) CROSS JOIN LATERAL (
        SELECT type, id, sent_at FROM outbox
         WHERE type = asked.of AND sent_at IS NOT NULL ORDER BY position DESC LIMIT 1
    ) AS last
     WHERE sent_at > :since ORDER BY type
    """
).bindparams(bindparam("types", type_=ARRAY(Text)))
_NAMING = or_(
    outbox.c.subject == func.any(bindparam("subjects", type_=ARRAY(Text))),
    func.strpos(outbox.c.body, bindparam("person", type_=Text)) > 0,
)
_DELETE_SENT = delete(outbox).where(
    outbox.c.sent_at.is_not(None),
    outbox.c.created_at <= bindparam("until", type_=outbox.c.created_at.type),
    outbox.c.type != func.all(bindparam("kept", type_=ARRAY(Text))),
    _NAMING,
)
_UNSENT_NAMING = select(outbox.c.id, outbox.c.body).where(outbox.c.sent_at.is_(None), _NAMING)
_REWRITE = update(outbox).where(outbox.c.id == bindparam("event"), outbox.c.sent_at.is_(None))
_REWRITE = _REWRITE.values(body=bindparam("rewritten"))
_SENT_BETWEEN = select(outbox.c.body).where(
    outbox.c.type == bindparam("kind"), outbox.c.sent_at.between(bindparam("since"), bindparam("until"))
)
_BACKLOG = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.sent_at.is_(None))


@dataclass(frozen=True, slots=True)
class Unsent:
    """A row that waits to be sent: the event's id and type, and the body as it goes on the wire."""

    id: UUID
    type: str
    body: str


def append(tx: Transaction) -> None:
    """Writes what the transaction emitted, in the order it was emitted."""
    if not tx.emitted:
        return
    traceparent, epoch = current_traceparent(), epoch_of(tx)
    for happened, subject, sequence in tx.emitted:
        envelope = Envelope(
            id=new_id(),
            source=source_of(type(happened)),
            type=happened.TYPE,
            subject=subject,
            time=tx.now,
            sequence=sequence,
            data=happened,
            traceparent=traceparent,
            epoch=epoch,
        )
        row = {"id": envelope.id, "type": envelope.type, "subject": subject, "sequence": sequence}
        tx.later(_APPEND, row | {"body": envelope.encode().decode(), "created_at": tx.now})


def unsent(tx: Transaction, *, under_way: Collection[UUID], most: int) -> list[Unsent]:
    """The oldest rows not yet sent, but for those under way."""
    return [Unsent(*row) for row in tx.execute(_UNSENT, {"under_way": list(under_way), "most": most})]


def mark_sent(tx: Transaction, ids: Iterable[UUID]) -> None:
    """Records that these events were sent."""
    tx.execute(_MARK_SENT, {"ids": list(ids), "at": tx.now})


def tell_again(tx: Transaction, *kinds: type[Event], every: timedelta, within: timedelta) -> int:
    """Has events that are told only once sent anew, as they were, `every` so often `within` some time after they
    happened: for whoever lost them. How many. Those who took them pass them over."""
    times = {"made_after": tx.now - within, "sent_before": tx.now - every}
    return tx.execute(_TELL_AGAIN, {"types": [kind.TYPE for kind in kinds], **times}).rowcount


def delete_sent(
    tx: Transaction, person: str, subjects: Collection[str], *, until: datetime, kept: Collection[type[Event]] = ()
) -> None:
    """Deletes events that were sent and name a person, or are of these subjects, and happened no later than that; but
    for the kinds that are kept."""
    names = {"person": person, "subjects": list(subjects), "kept": [kind.TYPE for kind in kept]}
    tx.execute(_DELETE_SENT, {**names, "until": until})


def rewrite_unsent(
    tx: Transaction, person: str, subjects: Collection[str], rewritten: Callable[[str], str | None]
) -> None:
    """Rewrites the bodies of such events that are not sent yet; None leaves one as it is."""
    for row in tx.execute(_UNSENT_NAMING, {"person": person, "subjects": list(subjects)}).all():
        if (body := rewritten(row.body)) is not None:
            tx.execute(_REWRITE, {"event": row.id, "rewritten": body})


def sent_between(tx: Transaction, kind: type[E], since: datetime, until: datetime) -> list[Envelope[E]]:
    """The events of a kind that were sent, or sent again, in this time."""
    found = tx.execute(_SENT_BETWEEN, {"kind": kind.TYPE, "since": since, "until": until}).scalars()
    return [decode(body, kind) for body in found]


def last_sent(tx: Transaction, kinds: Iterable[type[Event]]) -> list[tuple[str, UUID, datetime]]:
    """The last event of each kind that was sent: type, id, and when. None that is so old that those who took it may
    have forgotten it (`inbox.prune`). Needs an index on type and position."""
    since = tx.now - timedelta(days=tx.settings.keep_days) / 2
    found = tx.execute(_LAST_SENT, {"types": [kind.TYPE for kind in kinds], "since": since})
    return [(row.type, row.id, row.sent_at) for row in found]


def backlog(tx: Transaction) -> tuple[int, float]:
    """How many events wait, and the age of the oldest in seconds."""
    depth, oldest = tx.execute(_BACKLOG).one()
    return depth, _age(oldest, tx.now)


def _age(oldest: datetime | None, now: datetime) -> float:
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def prune(tx: Transaction, *, keep: timedelta) -> int:
    """Deletes events sent longer ago than `keep`; returns how many."""
    return tx.execute(delete(outbox).where(outbox.c.sent_at < tx.now - keep)).rowcount

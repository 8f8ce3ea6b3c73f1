"""The inbox: which events have taken effect, and how far each subject has come. Read and written by consumers, in the
transaction of the effect, so that a repeated event does nothing and an old one does no harm."""

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert

from kernel import telemetry
from kernel.contracts import Envelope, Event
from kernel.db import Transaction, kernel_metadata

inbox = Table(
    "inbox",
    kernel_metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("taken_at", DateTime(timezone=True), nullable=False, index=True),
)
inbox_subjects = Table(
    "inbox_subjects",
    kernel_metadata,
    Column("source", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default=text("0")),
    Column("anew", Boolean, nullable=False, server_default=text("false"), comment="the last event began a new epoch"),
)

_TAKE = insert(inbox).on_conflict_do_nothing().returning(inbox.c.event_id)
_TAKEN_AT = select(inbox.c.taken_at).where(inbox.c.event_id == bindparam("event_id"))
_ADVANCE = insert(inbox_subjects)
_ADVANCE_IF_NEWER = _ADVANCE.on_conflict_do_update(
    index_elements=[inbox_subjects.c.source, inbox_subjects.c.subject],
    set_={
        "sequence": _ADVANCE.excluded.sequence,
        "epoch": _ADVANCE.excluded.epoch,
        "anew": inbox_subjects.c.epoch < _ADVANCE.excluded.epoch,
    },
    where=tuple_(inbox_subjects.c.epoch, inbox_subjects.c.sequence)
    < tuple_(_ADVANCE.excluded.epoch, _ADVANCE.excluded.sequence),
).returning(inbox_subjects.c.sequence)
_ANEW = select(inbox_subjects.c.anew).where(
    inbox_subjects.c.source == bindparam("of_source"), inbox_subjects.c.subject == bindparam("of_subject")
)


def once(tx: Transaction, event: Envelope[Event]) -> bool:
    """True the first time this service takes the event, False when it already took effect. A twin delivery waits here
    until the first one's transaction has ended."""
    if tx.execute(_TAKE, {"event_id": event.id, "taken_at": tx.now}).first():
        return True
    telemetry.INBOX_DUPLICATES.labels(tx.service).inc()
    return False


def taken_at(tx: Transaction, event: Envelope[Event]) -> datetime:
    """When this service first took an event that it is taking."""
    at: datetime = tx.execute(_TAKEN_AT, {"event_id": event.id}).scalar_one()
    return at


def newest(tx: Transaction, event: Envelope[Event]) -> bool:
    """True when the event is newer than all this service has taken of its subject; it then locks the subject until the
    transaction ends, so two events of one subject are never handled at the same time. False when it is old news."""
    place = {"source": event.source, "subject": event.subject, "sequence": event.sequence, "epoch": event.epoch}
    if tx.execute(_ADVANCE_IF_NEWER, place).first():
        return True
    telemetry.INBOX_STALE.labels(tx.service).inc()
    return False


def begins_epoch(tx: Transaction, event: Envelope[Event]) -> bool:
    """Return True if the event, which `newest` has just let pass, is the first of its subject since the emitter was
    restored from a backup, and the subject was known before. What is known of it may be undone: so what is over may go
    on."""
    # nothing is asked where nothing was ever restored
    return event.epoch > 0 and tx.execute(_ANEW, {"of_source": event.source, "of_subject": event.subject}).scalar_one()


def forget(tx: Transaction, person: str) -> None:
    """Forgets how far the subjects have come that are a person, or "something/person": a pseudonym stands in those for
    ever, else. If the person comes back, their versions begin anew, and are new here, too."""
    ends = inbox_subjects.c.subject.endswith(f"/{person}", autoescape=True)
    tx.execute(delete(inbox_subjects).where(or_(inbox_subjects.c.subject == person, ends)))


def prune(tx: Transaction, *, keep: timedelta) -> int:
    """Forgets events taken longer ago than `keep`; returns how many. Subjects are kept: they are what makes old events
    harmless for ever."""
    return tx.execute(delete(inbox).where(inbox.c.taken_at < tx.now - keep)).rowcount

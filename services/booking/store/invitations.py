"""Invitations, and the mails that wait to be sent with them. An address is kept no longer than its mail waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from kernel.db import Transaction
from services.booking.model.invitations import Invitation
from services.booking.model.representatives import Terms
from services.booking.store.lookups import organisation_lookups
from services.booking.store.tables import actors, metadata

_Instant = DateTime(timezone=True)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("actor", ForeignKey("actors.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("until", Date),
    Column("known_as", Text),
    Column("invited_by", Uuid, nullable=False),
    Column("by_house", Boolean, nullable=False),
    Column("created_at", _Instant, nullable=False),
    Column("expires_at", _Instant, nullable=False),
    Column("digests", ARRAY(LargeBinary), nullable=False),
    Column("state", Text, nullable=False),
    Column("mail", Text),
    Column("withdrawn_by", Uuid),
)

outgoing_mails = Table(
    "outgoing_mails",
    metadata,
    Column("invitation", ForeignKey("invitations.id"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _Instant, nullable=False),
    comment="addresses; a row is deleted as soon as its mail is sent, refused or no longer wanted",
)

_ADD = insert(invitations)
_FIND = select(invitations).where(invitations.c.id == bindparam("invitation"))
_LOCK = _FIND.with_for_update()
_SAVE = (
    update(invitations)
    .where(invitations.c.id == bindparam("invitation"))
    .values({name: bindparam(name) for name in ("digests", "state", "mail", "withdrawn_by")})
)
_PENDING = (
    select(func.count())
    .select_from(invitations)
    .where(
        invitations.c.actor == bindparam("actor"),
        invitations.c.state == "pending",
        invitations.c.expires_at > bindparam("now"),
    )
)
_QUEUE_OF = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_since = bindparam("since", type_=_Instant)
_by_organisation = invitations.c.actor == bindparam("actor", type_=Uuid)
_by_person = invitations.c.invited_by == bindparam("person", type_=Uuid)
_MADE = select(
    *(
        select(func.count())
        .select_from(invitations)
        .where(whose, invitations.c.created_at > _since)
        .scalar_subquery()
        .label(name)
        for name, whose in (("by_organisation", _by_organisation), ("by_person", _by_person))
    )
)
_TO_SEND = (
    select(
        outgoing_mails,
        actors.c.organisation_number,
        actors.c.verified_by,
        organisation_lookups.c.answer["unit"]["name"].astext.label("name"),
    )
    .join_from(outgoing_mails, invitations, invitations.c.id == outgoing_mails.c.invitation)
    .join(actors, actors.c.id == invitations.c.actor)
    .outerjoin(organisation_lookups, organisation_lookups.c.number == actors.c.organisation_number)
    .where(outgoing_mails.c.next_at <= bindparam("now"))
    .order_by(outgoing_mails.c.next_at)
    .limit(1)
    # both, and neither waited for: who withdraws an invitation locks it first and its mail second
    .with_for_update(of=[outgoing_mails, invitations], skip_locked=True)
)
_QUEUE = insert(outgoing_mails)
_THIS_MAIL = outgoing_mails.c.invitation == bindparam("mail_of")
_PUT_OFF = update(outgoing_mails).where(_THIS_MAIL)
_FORGET = delete(outgoing_mails).where(_THIS_MAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A mail that is to be sent now."""

    invitation: UUID
    address: str
    attempts: int
    organisation: str
    """As the registers call it; its number where they have not said."""
    verified: bool


def add(tx: Transaction, invitation: Invitation) -> None:
    """Writes a new invitation."""
    terms = invitation.terms
    row = {name: getattr(invitation, name) for name in Invitation.__slots__ if name != "terms"}
    row |= {"role": terms.role, "until": terms.until, "known_as": terms.known_as}
    tx.execute(_ADD, row | _digests(invitation))


def find(tx: Transaction, invitation: UUID) -> Invitation | None:
    """The invitation of this id."""
    row = tx.execute(_FIND, {"invitation": invitation}).one_or_none()
    return invitation_from(row) if row else None


def lock(tx: Transaction, invitation: UUID) -> Invitation | None:
    """The same, locked until the transaction ends. Its organisation is locked before."""
    row = tx.execute(_LOCK, {"invitation": invitation}).one_or_none()
    return invitation_from(row) if row else None


def save(tx: Transaction, after: Invitation) -> None:
    """Writes what became of it. Once it is no longer pending no mail is sent, and its address is forgotten."""
    changed = {"state": after.state, "mail": after.mail, "withdrawn_by": after.withdrawn_by}
    tx.execute(_SAVE, {"invitation": after.id} | changed | _digests(after))
    if after.state != "pending" or after.mail != "waiting":
        tx.execute(_FORGET, {"mail_of": after.id})


def pending(tx: Transaction, actor: UUID) -> int:
    """How many an organisation has under way."""
    found: int = tx.execute(_PENDING, {"actor": actor, "now": tx.now}).scalar_one()
    return found


def most_made(tx: Transaction, actor: UUID, person: UUID, *, since: datetime) -> int:
    """How many the organisation has made since then, or the person, whichever is more and whatever became of them. The
    organisation is locked before, and the person's are counted by nobody else until the transaction ends."""
    tx.execute(_QUEUE_OF, {"name": f"invitations by {person}"})
    row = tx.execute(_MADE, {"actor": actor, "person": person, "since": since}).one()
    return int(max(row.by_organisation, row.by_person))


def queue_mail(tx: Transaction, invitation: UUID, address: str) -> None:
    """A mail that waits to be sent."""
    tx.execute(_QUEUE, {"invitation": invitation, "address": address, "attempts": 0, "next_at": tx.now})


def lock_due_mail(tx: Transaction) -> DueMail | None:
    """The mail that has waited longest of those due, locked with its invitation; those that somebody else has locked
    are passed over."""
    row = tx.execute(_TO_SEND, {"now": tx.now}).one_or_none()
    if row is None:
        return None
    return DueMail(
        invitation=row.invitation,
        address=row.address,
        attempts=row.attempts,
        organisation=row.name or str(row.organisation_number),
        verified=row.verified_by is not None,
    )


def put_off_mail(tx: Transaction, invitation: UUID, *, until: datetime, attempts: int) -> None:
    """Tries no sooner than then."""
    tx.execute(_PUT_OFF.values(next_at=until, attempts=attempts), {"mail_of": invitation})


def invitation_from(row: Row[Any]) -> Invitation:
    """The invitation in a row of `invitations`."""
    columns = dict(row._mapping)
    terms = Terms(role=columns.pop("role"), until=columns.pop("until"), known_as=columns.pop("known_as"))
    digests = tuple(bytes(each) for each in columns.pop("digests"))
    return Invitation(**columns, terms=terms, digests=digests)


def _digests(invitation: Invitation) -> dict[str, Any]:
    return {"digests": list(invitation.digests)}

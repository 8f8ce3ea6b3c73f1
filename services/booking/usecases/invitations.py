"""Invitations to act for an organisation: made, withdrawn and accepted; and their mails, which the worker sends between
these transactions and never inside one (`services.booking.mail`)."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.ids import new_id
from kernel.problems import NotFound
from services.booking import metrics
from services.booking.model.actors import NotVerified
from services.booking.model.invitations import (
    LIFE,
    MOST_PENDING,
    RATE_TIME,
    Invitation,
    InvitationOver,
    MailState,
    TooManyInvitations,
    TooManyInvited,
)
from services.booking.model.representatives import AlreadyRepresentative, Representative, Terms
from services.booking.store import actors, invitations, representatives
from services.booking.store.invitations import DueMail
from services.booking.usecases.representatives import tell

_MAIL_WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
MOST_MAILS = len(_MAIL_WAITS) + 1
"""How often a mail is tried before it is given up."""
_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation, and its secret when the inviter is to pass it on; it is nowhere else."""

    invitation: Invitation
    secret: str | None

    def link(self, portal: str) -> str | None:
        """Where the secret is taken, if it is the inviter's to pass on and there is a portal."""
        return link_to(portal, self.invitation.id, self.secret) if portal and self.secret else None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that is under way, and the secret made for it."""

    due: DueMail
    invitation: Invitation
    secret: str


def invite(tx: Transaction, who: Caller, actor: UUID, terms: Terms, *, address: str, by_mail: bool) -> Invited:
    """Invites somebody to act for an organisation that is verified; for its owners. Where no mail can be sent the
    address is not kept, and the secret is the inviter's to pass on."""
    organisation = actors.lock(tx, actor)
    representatives.demand_owner(tx, who, actor)
    if organisation is None or organisation.decision is None:
        raise NotVerified
    terms.check(tx.now)
    if invitations.pending(tx, actor) >= MOST_PENDING:
        raise TooManyInvitations
    limit = tx.settings.invitations_a_day
    if invitations.most_made(tx, actor, who.person, since=tx.now - RATE_TIME) >= limit:
        raise TooManyInvited(limit=limit)
    invitation = Invitation(
        id=new_id(),
        actor=actor,
        terms=terms,
        invited_by=who.person,
        by_house=who.has(Role.OPERATOR),
        created_at=tx.now,
        expires_at=tx.now + LIFE,
        mail="waiting" if by_mail else None,
    )
    secret = None if by_mail else secrets.token_urlsafe(32)
    made = invitation if secret is None else invitation.with_secret(secret)
    invitations.add(tx, made)
    if by_mail:
        invitations.queue_mail(tx, made.id, address)
    return Invited(made, secret)


def withdraw(tx: Transaction, who: Caller, actor: UUID, invitation: UUID) -> None:
    """Takes an invitation back; for the organisation's owners."""
    actors.lock(tx, actor)
    representatives.demand_owner(tx, who, actor)
    before = _locked(tx, invitation)
    if before.actor != actor:
        raise NotFound
    invitations.save(tx, before.withdrawn(who.person))


def accept(tx: Transaction, who: Caller, invitation: UUID, *, secret: str) -> Representative:
    """Lets whoever has the secret act for the organisation. Without it there is no such invitation."""
    found = invitations.find(tx, invitation)
    if found is None or not found.opens_with(secret):
        raise NotFound
    organisation = actors.lock(tx, found.actor)
    before = _opened(tx, invitation, secret)
    accepted = before.accepted(tx.now)
    if organisation is None or organisation.decision is None:
        raise NotVerified
    if before.by_house and before.invited_by == who.person:
        raise OwnInterest
    inviter = representatives.standing(tx, before.actor, before.invited_by)
    if not (before.by_house or inviter.owns(tx.now)):
        raise InvitationOver
    person = representatives.standing(tx, before.actor, who.person)
    if person.in_force(tx.now):
        raise AlreadyRepresentative
    invitations.save(tx, accepted)
    return tell(tx, person, person.given(before.terms, now=tx.now), by=before.invited_by)


def turn_down(tx: Transaction, invitation: UUID, *, secret: str) -> None:
    """Whoever has the secret does not want it. Nobody can accept it then."""
    found = invitations.find(tx, invitation)
    if found is None or not found.opens_with(secret):
        raise NotFound
    actors.lock(tx, found.actor)
    invitations.save(tx, _opened(tx, invitation, secret).withdrawn())


def take_mail(tx: Transaction) -> Outgoing | None:
    """The next mail to send, with a secret made for this attempt; nobody else takes it for a while. One whose
    invitation is over, or whose organisation nobody has verified, is forgotten."""
    while (due := invitations.lock_due_mail(tx)) is not None:
        invitation = _locked(tx, due.invitation)
        if invitation.open(tx.now) and due.attempts < MOST_MAILS and due.verified:
            secret = secrets.token_urlsafe(32)
            invitations.save(tx, invitation.with_secret(secret))
            invitations.put_off_mail(tx, due.invitation, until=tx.now + _LEASE, attempts=due.attempts + 1)
            return Outgoing(due, invitation, secret)
        _mail_over(tx, invitation, "failed")
    return None


def mail_sent(tx: Transaction, mail: Outgoing) -> None:
    """The mail is with the mail server: its address is forgotten."""
    _mail_over(tx, _locked(tx, mail.due.invitation), "sent")


def mail_failed(tx: Transaction, mail: Outgoing, *, for_good: bool) -> None:
    """The mail could not be sent. It is tried again after a while, unless that is of no use."""
    tried = mail.due.attempts + 1
    if for_good or tried >= MOST_MAILS:
        _mail_over(tx, _locked(tx, mail.due.invitation), "failed")
        return
    invitations.put_off_mail(tx, mail.due.invitation, until=tx.now + _MAIL_WAITS[tried - 1], attempts=tried)
    metrics.MAILS.labels("put_off").inc()


def link_to(portal: str, invitation: UUID, secret: str) -> str:
    """The portal's page where an invitation is accepted."""
    return f"{portal.rstrip('/')}/invitations/{invitation}?secret={secret}"


def _locked(tx: Transaction, invitation: UUID) -> Invitation:
    found = invitations.lock(tx, invitation)
    if found is None:
        raise NotFound
    return found


def _opened(tx: Transaction, invitation: UUID, secret: str) -> Invitation:
    """The invitation, locked; a mail that is tried anew has another secret."""
    found = _locked(tx, invitation)
    if not found.opens_with(secret):
        raise NotFound
    return found


def _mail_over(tx: Transaction, invitation: Invitation, how: MailState) -> None:
    if invitation.mail == "waiting":
        invitations.save(tx, replace(invitation, mail=how))
        metrics.MAILS.labels(how).inc()

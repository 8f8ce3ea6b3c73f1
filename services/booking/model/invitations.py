"""Invitations to act for an organisation: a secret proves that one was meant, whoever signs in with it.

Only digests of secrets are kept. There can be several: each attempt to send the invitation by mail has a secret of its
own, so that none has to be kept until it is sent. Whichever comes first uses the invitation up.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.errors import DomainError, Text
from services.booking.model.representatives import Terms, local_date

LIFE = timedelta(days=14)
"""How long an invitation can be accepted."""
RATE_TIME = timedelta(hours=24)
"""Over how long invitations are counted, whatever became of them."""
MOST_PENDING = 50
"""How many an organisation can have under way: nobody is to send mail without end through us."""

InvitationState = Literal["pending", "accepted", "withdrawn"]
MailState = Literal["waiting", "sent", "failed"]


class InvitationOver(DomainError):
    """It was accepted or withdrawn, its time is over, or whoever invited may no longer do so."""

    code = "invitation_over"
    status = 409
    text = Text(
        nb="Invitasjonen gjelder ikke lenger. Be om en ny.",
        nn="Invitasjonen gjeld ikkje lenger. Be om ein ny.",
        en="The invitation no longer holds. Ask for a new one.",
    )


class TooManyInvitations(DomainError):
    """The organisation has as many invitations under way as it can have."""

    code = "too_many_invitations"
    status = 409
    text = Text(
        nb="Organisasjonen har for mange ubesvarte invitasjoner. Trekk noen tilbake først.",
        nn="Organisasjonen har for mange invitasjonar utan svar. Trekk nokre tilbake først.",
        en="The organisation has too many open invitations. Withdraw some first.",
    )


class TooManyInvited(DomainError):
    """Whoever invites, or the organisation, has invited as many in 24 hours as they may, withdrawn ones among them."""

    code = "too_many_invited"
    status = 429
    text = Text(
        nb="Det kan sendes {limit} invitasjoner i døgnet. Prøv igjen i morgen.",
        nn="Det kan sendast {limit} invitasjonar i døgnet. Prøv igjen i morgon.",
        en="{limit} invitations can be sent in a day. Try again tomorrow.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation. `by_house`: somebody of the municipality invited, whose right to do so is no owner's."""

    id: UUID
    actor: UUID
    terms: Terms
    invited_by: UUID
    by_house: bool
    created_at: datetime
    expires_at: datetime
    digests: tuple[bytes, ...] = ()
    state: InvitationState = "pending"
    mail: MailState | None = None
    """How far the mail has come; None when the link was given to the inviter."""
    withdrawn_by: UUID | None = None
    """Who took it back; None when it was turned down, or before that was kept."""

    def opens_with(self, secret: str) -> bool:
        """Whether the secret is one of this invitation's. Takes as long whichever it is."""
        given = digest(secret)
        return sum([hmac.compare_digest(given, each) for each in self.digests]) > 0

    def with_secret(self, secret: str) -> "Invitation":
        """Opens with this secret, too."""
        return replace(self, digests=(*self.digests, digest(secret)))

    def open(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        in_time = self.terms.until is None or local_date(now) <= self.terms.until
        return self.state == "pending" and now < self.expires_at and in_time

    def accepted(self, now: datetime) -> "Invitation":
        """Used up."""
        if not self.open(now):
            raise InvitationOver
        return replace(self, state="accepted")

    def withdrawn(self, by: UUID | None = None) -> "Invitation":
        """Taken back by one of those who may, or turned down by whoever it was sent to; once is enough."""
        if self.state == "accepted":
            raise InvitationOver
        return self if self.state == "withdrawn" else replace(self, state="withdrawn", withdrawn_by=by)


def digest(secret: str) -> bytes:
    """What is kept of a secret. It is long and made by chance, so that a quick digest is enough."""
    return hashlib.sha256(secret.encode()).digest()

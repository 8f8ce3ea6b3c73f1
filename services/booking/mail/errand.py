"""The worker's errand to the mail server: a transaction that takes a mail, the mail, a transaction that forgets its
address."""

import structlog

from kernel.db import Database
from kernel.settings import Settings
from services.booking.mail import Letter, Mailer, NotSent, Refused
from services.booking.usecases import invitations
from services.booking.usecases.invitations import Outgoing

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 20
SUBJECT = "Invitasjon i Torg"
TEXT = """Hei!

Du er invitert til å booke lokaler på vegne av {organisation} i Torg.
Logg inn og ta imot invitasjonen her, innen {expires}:

{link}

Lenka gjelder én gang. Kjenner du ikke til dette, kan du se bort fra denne e-posten.

--
Nynorsk: Du er invitert til å booke lokale på vegner av {organisation}. Logg inn og ta imot invitasjonen med lenkja.
English: You are invited to book premises on behalf of {organisation}. Sign in and accept by the link above.
"""


def send_due(database: Database, settings: Settings) -> None:
    """Sends the mails that are due, if there is a mail server."""
    if settings.can_mail:
        send_all(database, Mailer(settings.smtp_url, settings.mail_from), settings.portal_url)


def send_all(database: Database, mailer: Mailer, portal: str) -> None:
    """Sends one mail after the other, until none is due or the server does not take them."""
    for _ in range(MOST_AT_ONCE):
        with database.transaction() as tx:
            mail = invitations.take_mail(tx)
        if mail is None:
            return
        try:
            mailer.send(letter(mail, portal))
        except (NotSent, Refused) as failure:
            log.warning("mail_not_sent", reason=str(failure), invitation=str(mail.invitation.id))
            with database.transaction() as tx:
                invitations.mail_failed(tx, mail, for_good=isinstance(failure, Refused))
            if isinstance(failure, NotSent):
                return
        else:
            with database.transaction() as tx:
                invitations.mail_sent(tx, mail)


def letter(mail: Outgoing, portal: str) -> Letter:
    """What the mail says."""
    link = invitations.link_to(portal, mail.invitation.id, mail.secret)
    expires = f"{mail.invitation.expires_at:%d.%m.%Y}"
    organisation = " ".join(mail.due.organisation.split())
    return Letter(mail.due.address, SUBJECT, TEXT.format(organisation=organisation, expires=expires, link=link))

"""Mail by SMTP. Only `errand` calls this, and never inside a transaction.

`smtp://` speaks TLS when the server offers it, and gives a password to no server that does not, unless it is on this
machine; `smtps://` speaks TLS from the start.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

_HERE = ("localhost", "127.0.0.1", "::1")
_SECONDS = 10.0


class NotSent(Exception):
    """The mail server does not answer, or not now."""


class Refused(Exception):
    """The mail server wants no such mail, now or later."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in plain text."""

    to: str
    subject: str
    text: str


class Mailer:
    """Sends mail through the server at `url`, from the address given."""

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    def send(self, letter: Letter) -> None:
        """Hands a letter to the server. Raises NotSent or Refused."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, letter.to, letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as cause:
            codes = [code for code, _ in cause.recipients.values()]
            raise (Refused if min(codes, default=0) >= 500 else NotSent)("recipient") from cause
        except smtplib.SMTPResponseException as cause:
            raise (Refused if cause.smtp_code in (550, 552, 553, 554) else NotSent)(str(cause.smtp_code)) from cause
        except (smtplib.SMTPException, OSError) as cause:
            raise NotSent(type(cause).__name__) from cause

    def _connected(self) -> smtplib.SMTP:
        host, secure = self._url.hostname or "", self._url.scheme == "smtps"
        context = ssl.create_default_context()
        if secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, self._url.port or 25, timeout=_SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                secure = True
        if self._url.username:
            if not secure and host not in _HERE:
                raise smtplib.SMTPNotSupportedError("no TLS")
            server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return server

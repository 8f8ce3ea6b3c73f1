"""Invitations by mail: sent by the worker, tried again, given up; and the address is kept no longer than that."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from cli.servers.ports import free_port
from kernel.errors import DomainError
from services.booking.mail import Letter, Mailer, NotSent, Refused
from services.booking.mail.errand import send_all
from services.booking.model.invitations import LIFE
from services.booking.model.representatives import Terms
from services.booking.store import invitations as store
from services.booking.store.invitations import outgoing_mails
from services.booking.usecases import actors
from services.booking.usecases import invitations as usecases
from tests.at_once import at_once
from tests.callers import MANAGER, RESIDENT, STRANGER
from tests.mail_server import MailServer, mail_server

PORTAL = "https://torg.example"
ADDRESS = "trener@example.no"
MICROSECOND = timedelta(microseconds=1)
SECRET = re.compile(r"secret=([\w-]+)")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def send(counter: Any, server: MailServer) -> Callable[[], None]:
    """One errand."""
    return lambda: send_all(counter.database, Mailer(server.url, "torg@example.no"), PORTAL)


@pytest.fixture
def band(counter: Any) -> UUID:
    told = {"kind": "voluntary", "name": "Korpset\r\nBcc: all@example.no", "organisation_number": "974760673"}
    made: UUID = counter.run(actors.register, RESIDENT, **told).id
    counter.run(actors.verify, MANAGER, made, kind="voluntary", reason="Vedtektene")
    return made


@pytest.fixture
def invited(counter: Any, band: UUID) -> UUID:
    return invite(counter, band)


def invite(counter: Any, band: UUID, address: str = ADDRESS) -> UUID:
    made = counter.run(usecases.invite, RESIDENT, band, Terms(role="booker"), address=address, by_mail=True)
    assert made.secret is None
    found: UUID = made.invitation.id
    return found


def how(counter: Any, invitation: UUID) -> tuple[str, str | None, list[str]]:
    """How an invitation stands, how its mail, and which addresses are kept."""
    found = counter.run(store.find, invitation)
    with counter.database.reading() as tx:
        return found.state, found.mail, list(tx.execute(select(outgoing_mails.c.address)).scalars())


def test_the_secret_in_the_mail_opens_and_the_address_is_forgotten(
    counter: Any, send: Any, server: MailServer, invited: UUID
) -> None:
    assert how(counter, invited) == ("pending", "waiting", [ADDRESS])
    send()
    send()

    assert server.recipients == [ADDRESS]
    assert how(counter, invited) == ("pending", "sent", [])
    assert f"{PORTAL}/invitations/{invited}?secret=" in server.text()
    secret = SECRET.findall(server.text())[0]
    assert counter.run(usecases.accept, STRANGER, invited, secret=secret).terms == Terms(role="booker")


def test_a_name_adds_nothing_to_the_mail_s_head(send: Any, server: MailServer, invited: UUID) -> None:
    send()
    assert server.received[0].keys() == [
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    ]
    assert "på vegne av 974760673 i Torg" in server.text()
    assert "all@example.no" not in server.text()


@pytest.mark.parametrize("says", [{"RCPT": "450 later"}, {"DATA": "451 later"}, {"MAIL": "421 later"}])
def test_a_mail_is_tried_again_ever_later_and_then_given_up(
    counter: Any, send: Any, server: MailServer, invited: UUID, says: dict[str, str]
) -> None:
    server.says = says
    send()
    for minutes in (1, 10, 60, 360):
        assert how(counter, invited) == ("pending", "waiting", [ADDRESS])
        counter.clock.move(timedelta(minutes=minutes) - MICROSECOND)
        before = digests(counter, invited)
        send()
        assert digests(counter, invited) == before
        counter.clock.move(MICROSECOND)
        send()
        assert digests(counter, invited) == before + 1

    assert how(counter, invited) == ("pending", "failed", [])


def digests(counter: Any, invitation: UUID) -> int:
    """How often it was tried: each has a secret of its own."""
    return len(counter.run(store.find, invitation).digests)


@pytest.mark.parametrize("says", [{"RCPT": "550 nobody here"}, {"DATA": "554 no"}, {"MAIL": "550 no"}])
def test_a_mail_that_is_refused_is_given_up_and_holds_no_other_up(
    counter: Any, send: Any, server: MailServer, band: UUID, says: dict[str, str]
) -> None:
    both = [invite(counter, band), invite(counter, band)]
    server.says = says
    send()

    assert [how(counter, each) for each in both] == [("pending", "failed", [])] * 2


def test_a_server_that_is_down_is_tried_again(counter: Any, send: Any, invited: UUID) -> None:
    send_all(counter.database, Mailer(f"smtp://127.0.0.1:{free_port()}", "torg@example.no"), PORTAL)
    assert how(counter, invited) == ("pending", "waiting", [ADDRESS])
    counter.clock.move(timedelta(minutes=1))
    send()
    assert how(counter, invited) == ("pending", "sent", [])


def test_both_links_open_when_nobody_knows_whether_the_first_was_sent(
    counter: Any, send: Any, server: MailServer, invited: UUID
) -> None:
    server.hangs_up_after_taking = True
    send()
    server.hangs_up_after_taking = False
    counter.clock.move(timedelta(minutes=1))
    send()

    first, second = (SECRET.findall(server.text(number))[0] for number in (0, 1))
    assert first != second
    assert counter.run(usecases.accept, STRANGER, invited, secret=first)
    with pytest.raises(DomainError) as refused:
        counter.run(usecases.accept, STRANGER, invited, secret=second)
    assert refused.value.code == "invitation_over"


@pytest.mark.parametrize("over", ["withdrawn", "expired"])
def test_nobody_is_written_to_about_what_is_over(
    counter: Any, send: Any, server: MailServer, band: UUID, invited: UUID, over: str
) -> None:
    if over == "withdrawn":
        counter.run(usecases.withdraw, RESIDENT, band, invited)
        assert how(counter, invited)[2] == []
    else:
        counter.clock.move(LIFE)
    send()

    assert server.received == []
    assert how(counter, invited)[2] == []


def test_what_was_withdrawn_while_its_mail_was_under_way_stays_so(
    counter: Any, server: MailServer, band: UUID, invited: UUID
) -> None:
    mail = counter.run(usecases.take_mail)
    counter.run(usecases.withdraw, RESIDENT, band, invited)
    for _ in range(2):
        counter.run(usecases.mail_sent, mail)
    counter.run(usecases.mail_failed, mail, for_good=False)

    assert how(counter, invited)[0] == "withdrawn"
    assert how(counter, invited)[2] == []


def test_workers_send_each_mail_once(counter: Any, send: Any, server: MailServer, band: UUID) -> None:
    addresses = [f"nr{number}@example.no" for number in range(12)]
    for address in addresses:
        invite(counter, band, address)

    at_once(lambda _: send(), range(4))

    assert sorted(server.recipients) == sorted(addresses)


def test_withdrawing_and_sending_at_once_wait_for_nobody_in_a_circle(
    counter: Any, send: Any, band: UUID, server: MailServer
) -> None:
    for _ in range(15):
        invited = invite(counter, band)
        at_once(
            lambda work: work(), [send, lambda invited=invited: counter.run(usecases.withdraw, RESIDENT, band, invited)]
        )
        assert how(counter, invited)[0] == "withdrawn"
        assert how(counter, invited)[2] == []


def test_no_password_goes_to_a_server_without_tls_elsewhere() -> None:
    """The name is of this machine, but not one we know it by."""
    with mail_server() as server:
        elsewhere = server.url.replace("127.0.0.1", "127.0.0.2").replace("smtp://", "smtp://torg:hush@")
        with pytest.raises(NotSent):
            Mailer(elsewhere, "torg@example.no").send(Letter(ADDRESS, "Hei", "Hei"))
        assert server.received == []


def test_an_address_that_the_server_wants_nothing_to_do_with(server: MailServer) -> None:
    server.says = {"RCPT": "553 no such"}
    with pytest.raises(Refused):
        Mailer(server.url, "torg@example.no").send(Letter(ADDRESS, "Hei", "Hei"))

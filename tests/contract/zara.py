"""Zara, of whom the services hold all that they can hold of anybody: as a tenant, for an organisation, as a volunteer
and as somebody who works for the municipality. What only she can have written bears a word that nobody else uses.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import failures
from kernel.auth import Role
from kernel.outbox import outbox
from services.booking.events import BookingConfirmed
from services.booking.model.representatives import Terms
from services.booking.usecases import invitations
from tests.contract import things
from tests.contract.things import a_booking, a_series, a_time, free_days
from tests.municipality import SPACE, SQUARE, Municipality

WORDS = ("Zarafest", "zarahilsen", "zaraårsak", "zarakor", "zaradugnad", "zaratrener", "zaras@example.no", "zarasvar")
"""In titles, comments, reasons, what owners call people, tasks, addresses, and what was answered to her."""
HALF = f"{SPACE}-a"


class Zara:
    """What she has done, and what it was answered: by `Idempotency-Key`, the request, and whose token it had."""

    def __init__(self, torg: Municipality) -> None:
        self.torg = torg
        self.person = str(torg.person("zara"))
        self.token = torg.token("zara")
        self.manager = torg.token("zara", Role.ARENA_MANAGER, squares=(SQUARE,))
        self.operator = torg.token("zara", Role.OPERATOR)
        self.mona = torg.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))
        self.answers: dict[str, tuple[str, str, Any, str]] = {}
        self._days = free_days()
        self.bookings: dict[str, str] = {}

    @property
    def needles(self) -> tuple[str, ...]:
        return (self.person, *WORDS)

    def live(self) -> None:
        """All of it."""
        self._book()
        self._speak_for_an_organisation()
        self._volunteer()
        self._work_for_the_municipality()
        self._come()
        self._leave_failures()

    def ask(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """With a key, so that the answer is kept; remembered, to be asked again."""
        key = f"zara-{len(self.answers)}"
        self.answers[key] = (method, path, body, token)
        return self.torg.did(method, path, token, body, Idempotency_Key=key, **headers)

    def again(self, key: str) -> Any:
        """The same request with the same key."""
        method, path, body, token = self.answers[key]
        return self.torg.call(method, path, token, body, Idempotency_Key=key, If_Match="*")

    def book(self, name: str, **different: Any) -> str:
        """A booking in a free day, confirmed as soon as it is priced."""
        wanted = {"confirm": "when_priced", "title": f"Zarafest {name}", **a_time(0, days=next(self._days))}
        made: str = self.ask("POST", "/booking/bookings", self.token, a_booking(0, **(wanted | different)))["id"]
        self.bookings[name] = made
        return made

    def _book(self) -> None:
        self.book("confirmed")
        self.book("held", confirm="by_me")
        self.book("to approve", space=things.WORKSHOP)
        self.ask("POST", f"/booking/bookings/{self.book('declined', space=things.WORKSHOP)}/decline", self.mona,
                 {"why": "zarasvar"}, If_Match="*")  # fmt: skip
        self.ask("POST", f"/booking/bookings/{self.book('cancelled')}/cancel", self.token,
                 {"why": "zaraårsak"}, If_Match="*")  # fmt: skip
        moved = self.book("moved", confirm="by_me")
        elsewhere = {**a_time(0, days=next(self._days)), "participants": 12, "why": "zaraårsak"}
        self.ask("POST", f"/booking/bookings/{moved}/reschedule", self.token, elsewhere, If_Match="*")
        self.ask("POST", "/booking/series", self.token, self._a_series())
        for token, said in ((self.token, "zarahilsen"), (self.mona, "zarasvar")):
            self.ask("POST", f"/booking/bookings/{self.bookings['confirmed']}/comments", token, {"text": said})
        wait = things.a_wait(self.person) | {"title": "Zarafest"}
        self.ask("POST", "/booking/waiting", self.token, wait)
        self.ask("POST", "/booking/calendars", self.token, {"square": SQUARE})
        self.ask("POST", "/booking/calendars", self.token, {"actor": self.person})
        rules = {"accepted": [{"scope": "arena", "id": "tofte-innbyggertorg", "version": 1}]}
        self.ask("POST", "/booking/house-rules/acceptances", self.token, rules)

    def _come(self) -> None:
        self.book("now", space=HALF, **a_time(26, days=0))
        self.torg.clock.move(timedelta(hours=26))
        key = self.torg.did("GET", f"/access/keys?booking={self.bookings['now']}", self.token)["items"][0]["id"]
        self.ask("POST", f"/access/keys/{key}/unlock", self.token)

    def _a_series(self) -> dict[str, Any]:
        wanted = a_series(SPACE, self.person, day=300)
        return {**wanted, "title": "Zarafest"}

    def _speak_for_an_organisation(self) -> None:
        choir = {"kind": "business", "name": "Kafé Torget AS", "organisation_number": "923609016"}
        self.choir = self.ask("POST", "/booking/actors", self.token, choir)["id"]
        verdict = {"kind": "voluntary", "reason": "Vedtektene er lagt fram"}
        operator = self.torg.token("drift", Role.OPERATOR)
        self.torg.did("POST", f"/booking/actors/{self.choir}/verification", operator, verdict)
        owner = {"subject": "zara", "role": "owner"}
        self.torg.call("POST", f"/booking/actors/{self.choir}/representatives", operator, owner)
        self.book("choir's", tenant=self.choir, title="Julekonsert")
        friend = {"subject": "per", "role": "booker", "known_as": "Per"}
        self.torg.did("POST", f"/booking/actors/{self.choir}/representatives", operator, friend)
        per = f"/booking/actors/{self.choir}/representatives/{self.torg.person('per')}"
        self.torg.did("PUT", per, self.token, {"role": "booker", "known_as": "Per P"})
        invite = {"role": "booker", "email": "ny@example.no", "known_as": "zaratrener"}
        self.ask("POST", f"/booking/actors/{self.choir}/invitations", self.token, invite)
        self._invited(operator)

    def _invited(self, operator: str) -> None:
        """Somebody else's owner lets her act for the band, under a name; and mail waits for her address."""
        band = self.torg.did("GET", "/booking/actors", self.torg.token("kari"))["items"]
        self.band = next(each["id"] for each in band if each["name"] == "Borgen skolekorps")
        right = {"subject": "zara", "role": "booker", "known_as": "zarakor"}
        self.ask("POST", f"/booking/actors/{self.band}/representatives", operator, right)
        by_her = Terms(role="booker", known_as="zaratrener")
        with self.torg.databases["booking"].transaction() as tx:
            who = self.torg.verifier.verify(self.token)
            invitations.invite(tx, who, UUID(self.choir), by_her, address="zaras@example.no", by_mail=True)

    def _volunteer(self) -> None:
        terms = things.an_agreement(self.band) | {"participants": ["zara"]}
        made = self.ask("POST", "/pricing/agreements", self.mona, terms)["id"]
        hours = things.some_hours() | {"task": "zaradugnad"}
        for verdict, body in (("approve", {}), ("reject", {"reason": "zarasvar"})):
            path = f"/pricing/hours/{self.ask('POST', f'/pricing/agreements/{made}/hours', self.token, hours)['id']}"
            self.ask("POST", f"{path}/{verdict}", self.mona, body, If_Match="*")
        self.ask("POST", f"/pricing/agreements/{made}/hours", self.token, hours)

    def _work_for_the_municipality(self) -> None:
        owned = self.torg.did("GET", "/access/locks?square=" + SQUARE, self.manager)["items"][0]["id"]
        self.ask("POST", f"/access/locks/{owned}/orders", self.manager, {"order": "work", "why": "zaraårsak"})
        ola = self.torg.token("ola")
        to_approve = a_booking(0, confirm="when_priced", space=things.WORKSHOP, **a_time(0, days=next(self._days)))
        for verdict, body in (("approve", {}), ("decline", {"why": "Det males"})):
            times = a_time(0, days=next(self._days))
            made = self.torg.did("POST", "/booking/bookings", ola, to_approve | times)["id"]
            self.ask("POST", f"/booking/bookings/{made}/{verdict}", self.manager, body, If_Match="*")
        self.ask("POST", f"/booking/bookings/{made}/comments", self.manager, {"text": "Det males til fredag"})
        self.torg.did("PUT", f"/booking/squares/{SQUARE}", self.operator, things.borgen())
        self.torg.did("PUT", "/booking/school-years/2026-2027", self.operator, things.a_school_year())
        self.torg.did("GET", "/booking/desk", self.manager)
        self.torg.did("PUT", f"/booking/house-rules/space/{HALF}", self.operator, things.some_house_rules())
        march = {"begins_at": "2027-03-01T06:00:00Z", "ends_at": "2027-03-02T06:00:00Z"}
        self.ask("POST", "/booking/closures", self.operator, {**things.a_closure(), "decisions": [], **march})
        self.torg.did("PUT", "/booking/quotas/zaras", self.operator, things.a_quota("borgens"), If_Match='"0"')

    def _leave_failures(self) -> None:
        """In every follower: news of hers that could not be taken, one to be tried again and one that was given up."""
        with self.torg.databases["booking"].reading() as tx:
            told = tx.execute(select(outbox.c.body).where(outbox.c.type == BookingConfirmed.TYPE)).scalars()
            body = next(each for each in told if "Zarafest" in each).encode()
        for service in ("access", "pricing", "programming"):
            with self.torg.databases[service].transaction() as tx:
                for due_at in (None, tx.now + timedelta(days=1)):
                    failures.record(tx, BookingConfirmed.TYPE, body, "KeyError", due_at=due_at)
                broken = f"{{{self.person} Zarafest".encode()
                failures.record(tx, BookingConfirmed.TYPE, broken, "Undecodable", due_at=None)

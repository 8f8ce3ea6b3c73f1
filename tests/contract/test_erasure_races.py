"""A person is erased while others act on what is theirs, or write it: whichever comes first, nothing of them is left in
any column of any service but what `test_erasure` names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import nameko
import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from kernel.auth import Role
from kernel.contracts import decode
from kernel.outbox import outbox
from kernel.topology import known_events
from services.booking.events import PersonErased
from services.booking.usecases import privacy
from services.booking.usecases.privacy import SWEPT_AFTER
from tests.at_once import at_once
from tests.contract import things
from tests.contract.conftest import a_municipality
from tests.contract.test_erasure import STAYS
from tests.municipality import SETTINGS, SQUARE, Municipality
from tests.templates import Templates
from tests.traces import traces

ROUNDS = 6
DONE = {200, 201}
DONE_OR_REFUSED = DONE | {403, 404, 409, 410, 422}
FIRST = 1
"""The round in which the rival comes first, and must get what they want."""
Act = Callable[[], Any]


@dataclass
class Round:
    """Somebody who is erased, and the bookings and hours they have; what is theirs to be raced for."""

    torg: Municipality
    name: str
    days: Iterator[int]
    mona: str = field(init=False)

    def __post_init__(self) -> None:
        self.mona = self.torg.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))

    @property
    def word(self) -> str:
        """What they, or others of them, write, and nobody else."""
        return f"ord-{self.name.replace(' ', '-')}-"

    @property
    def token(self) -> str:
        return self.torg.token(self.name)

    @property
    def person(self) -> str:
        return str(self.torg.person(self.name))

    @property
    def band(self) -> str:
        karis = self.torg.did("GET", "/booking/actors", self.torg.token("kari"))["items"]
        return next(str(each["id"]) for each in karis if each["name"] == "Borgen skolekorps")

    def erase(self) -> TestResponse:
        return self.torg.call("POST", "/booking/me/erasure", self.token, {"cancel_bookings": True})

    def wanted(self, **different: Any) -> dict[str, Any]:
        return things.a_booking(0, **{**things.a_time(0, days=next(self.days)), "title": self.word, **different})

    def booked(self, **different: Any) -> str:
        wanted = self.wanted(**{"confirm": "when_priced", **different})
        return str(self.torg.did("POST", "/booking/bookings", self.token, wanted)["id"])

    def worked(self) -> tuple[str, str]:
        """Hours they have registered, and the agreement."""
        terms = things.an_agreement(self.band) | {"participants": [self.name]}
        agreement = self.torg.did("POST", "/pricing/agreements", self.mona, terms)["id"]
        hours = self.torg.did("POST", f"/pricing/agreements/{agreement}/hours", self.token, self.hours())
        return hours["id"], agreement

    def hours(self) -> dict[str, Any]:
        return things.some_hours() | {"task": self.word}

    def asking(self, method: str, path: str, token: str, body: Any = None) -> Act:
        """A request to come, with a key, so that its answer is kept."""
        key = f"{self.name}{path}".replace(" ", "-")
        return lambda: self.torg.call(method, path, token, body, Idempotency_Key=key, If_Match="*")

    def late(self, booking: str) -> Act:
        """Confirms the booking; how that comes to those who listen, later than what is told then."""
        answer = self.torg.call("POST", f"/booking/bookings/{booking}/confirm", self.token, {}, If_Match="*")
        assert answer.status_code == 200, answer.text
        unsent = update(outbox).where(outbox.c.sent_at.is_(None)).returning(outbox.c.type, outbox.c.body)
        with self.torg.databases["booking"].transaction() as tx:
            told = tx.execute(unsent.values(sent_at=tx.now)).all()
        assert self.word in "".join(row.body for row in told)
        kinds = {kind.TYPE: kind for kind in known_events()}

        def deliver() -> None:
            for row in told:
                for listener in kinds[row.type].LISTENERS:
                    self.torg._deliver[listener](decode(row.body, kinds[row.type]))

        return deliver


def _managing(action: str, *written: str) -> Callable[[Round], Act]:
    def rival(of: Round) -> Act:
        booking = of.booked(space=things.WORKSHOP)
        path = f"/booking/bookings/{booking}/{action}"
        return of.asking("POST", path, of.mona, dict.fromkeys(written, of.word))

    return rival


def _moving(of: Round) -> Act:
    elsewhere = {**things.a_time(0, days=next(of.days)), "participants": 12, "why": of.word}
    return of.asking("POST", f"/booking/bookings/{of.booked()}/reschedule", of.mona, elsewhere)


def _commenting(of: Round) -> Act:
    return of.asking("POST", f"/booking/bookings/{of.booked()}/comments", of.token, {"text": of.word})


def _booking(of: Round) -> Act:
    return of.asking("POST", "/booking/bookings", of.token, of.wanted())


def _booking_dates(of: Round) -> Act:
    series = things.a_series(things.WORKSHOP, of.person, day=next(of.days)) | {"title": of.word}
    return of.asking("POST", "/booking/series", of.token, series)


def _unlocking(of: Round) -> Act:
    booking = of.booked()
    key = of.torg.did("GET", f"/access/keys?booking={booking}", of.token)["items"][0]["id"]
    return of.asking("POST", f"/access/keys/{key}/unlock", of.token)


def _registering(of: Round) -> Act:
    _, agreement = of.worked()
    return of.asking("POST", f"/pricing/agreements/{agreement}/hours", of.token, of.hours())


def _approving_hours(of: Round) -> Act:
    return of.asking("POST", f"/pricing/hours/{of.worked()[0]}/approve", of.mona, {})


def _rejecting_hours(of: Round) -> Act:
    return of.asking("POST", f"/pricing/hours/{of.worked()[0]}/reject", of.mona, {"reason": of.word})


def _coming_late(of: Round) -> Act:
    return of.late(of.booked(confirm="by_me"))


def _waiting(of: Round) -> Act:
    return of.asking("POST", "/booking/waiting", of.token, things.a_wait(of.person) | {"title": of.word})


def _letting_act(of: Round) -> Act:
    """An operator lets them act for an organisation, under a name."""
    right = {"subject": of.name, "role": "booker", "known_as": of.word}
    path = f"/booking/actors/{of.band}/representatives"
    return of.asking("POST", path, of.torg.token("drift", Role.OPERATOR), right)


def _claiming(of: Round) -> Act:
    choir = {"kind": "business", "name": "Kafé Torget AS", "organisation_number": "923609016"}
    return of.asking("POST", "/booking/actors", of.token, choir)


IN_BOOKING: dict[str, Callable[[Round], Act]] = {
    "approves": _managing("approve"),
    "declines": _managing("decline", "why"),
    "answers": _managing("comments", "text"),
    "cancels": _managing("cancel", "why"),
    "moves": _moving,
    "writes": _commenting,
    "books": _booking,
    "books dates": _booking_dates,
    "waits": _waiting,
    "is let act": _letting_act,
    "names an organisation": _claiming,
}
"""What others, and they themselves, do while booking erases them."""
THEIRS = {"books", "books dates", "waits", "is let act", "names an organisation"}
"""What comes after the erasure is of somebody who came back, and goes when they go again."""
IN_FOLLOWERS: dict[str, Callable[[Round], Act]] = {
    "unlocks": _unlocking,
    "registers hours": _registering,
    "approves hours": _approving_hours,
    "rejects hours": _rejecting_hours,
    "news come late": _coming_late,
}
"""What happens in the others while they hear of it."""


@pytest.fixture(scope="module")
def torg(templates: Templates) -> Iterator[Municipality]:
    with a_municipality(templates) as torg, nameko.config.patch({"torg": SETTINGS}):
        things.make(torg)
        yield torg


@pytest.fixture(scope="module")
def days() -> Iterator[int]:
    return things.free_days()


def finish(torg: Municipality) -> None:
    """What workers do afterwards: what was sent is swept, and the erasure told once more."""
    for _ in range(2):
        torg.settle()
        torg.clock.move(SWEPT_AFTER)
        with torg.databases["booking"].transaction() as tx:
            privacy.forget_sent(tx)
            tx.execute(update(outbox).where(outbox.c.type == PersonErased.TYPE).values(sent_at=None))
    torg.settle()


def assert_nothing_left(torg: Municipality, rounds: list[Round]) -> None:
    left = traces(torg.databases, [needle for each in rounds for needle in (each.person, each.word)])
    assert set(left) <= set(STAYS), left
    with torg.databases["booking"].reading() as tx:
        named = select(outbox.c.type).where(outbox.c.subject.in_([each.person for each in rounds]))
        assert {*tx.execute(named).scalars()} == {PersonErased.TYPE}


def in_turn(number: int, *works: Act) -> list[Any]:
    """What each of them gives: in both orders first, and then at once, as the machine has it."""
    if number < len(works):
        done = {place: works[place]() for place in (number, 1 - number)}
        return [done[place] for place in range(len(works))]
    return at_once(lambda work: work(), works)


@pytest.mark.parametrize("rival", IN_BOOKING)
def test_somebody_acts_while_booking_erases(torg: Municipality, days: Iterator[int], rival: str) -> None:
    rounds = [Round(torg, f"{rival} {number}", days) for number in range(ROUNDS)]
    for number, each in enumerate(rounds):
        torg.clock.move(timedelta(seconds=1))
        act = IN_BOOKING[rival](each)
        erased, answer = in_turn(number, each.erase, act)
        assert erased.status_code == 200, erased.text
        assert answer.status_code in (DONE if number == FIRST else DONE_OR_REFUSED), answer.text
    if rival in THEIRS:
        torg.settle()
        torg.clock.move(timedelta(seconds=1))
        assert {each.erase().status_code for each in rounds} == {200}
    finish(torg)
    assert_nothing_left(torg, rounds)


@pytest.mark.parametrize("rival", IN_FOLLOWERS)
def test_a_follower_writes_while_it_hears_of_it(torg: Municipality, days: Iterator[int], rival: str) -> None:
    rounds = [Round(torg, f"{rival} {number}", days) for number in range(ROUNDS)]
    for number, each in enumerate(rounds):
        torg.clock.move(timedelta(seconds=1))
        act = IN_FOLLOWERS[rival](each)
        erased = each.erase()
        assert erased.status_code == 200, erased.text
        _, answer = in_turn(number, torg.settle, act)
        allowed = DONE if number == FIRST else DONE_OR_REFUSED
        assert answer is None or answer.status_code in allowed, answer.text
    finish(torg)
    assert_nothing_left(torg, rounds)

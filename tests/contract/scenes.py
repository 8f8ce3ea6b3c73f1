"""What people do in the portal over the real services, so that each kind of answer is given in each of its states.
Every page that shows one is looked at. See `tests.recordings`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import nameko
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from kernel.auth import Role
from kernel.db import Transaction
from services.access import restoring
from services.access.events import KeyUnused
from services.booking.model.registers import Answer, Unit, UnitState
from services.booking.service import Booking
from services.booking.store import actors as store
from services.booking.store import lookups as lookups_store
from services.booking.usecases import lookups, reconciliation, time, waiting
from services.portal.pages.bookings import CHANGEABLE
from services.portal.session import Person
from tests.bookings import Delivery, envelope
from tests.contract.things import a_group, a_space, an_agreement, lose, shown, three, tree
from tests.municipality import SETTINGS, SPACE, SQUARE, TARIFF, Municipality
from tests.recordings import Recording
from tests.tariffs import document

BASE = "http://127.0.0.1"
WORKSHOP, STUDIO, ATTIC, LOBBY = "borgen-verksted", "borgen-studio", "borgen-loft", "borgen-foaje"
USE = {"purpose": "culture", "audience": "adults", "participants": "20"}
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
SOME_SEASONS = timedelta(days=400)


class Scenes:
    """A municipality, its portal, and who is at the browser."""

    def __init__(self, municipality: Municipality, portal: Flask, recording: Recording) -> None:
        self.municipality = municipality
        self.recording = recording
        self.portal = portal
        with portal.test_request_context():
            self._carried = generate_csrf()
            self._held = session["csrf_token"]
        self.start = municipality.clock.now()
        self.operator = municipality.token("drift", Role.OPERATOR)
        self.manager = municipality.token("mona", Role.RESIDENT, Role.ARENA_MANAGER, squares=(SQUARE,))
        self.kari = self._browser(Person("Kari", ["resident"], [], municipality.token("kari"), "", self._until()))
        self.ola = self._browser(Person("Ola", ["resident"], [], municipality.token("ola"), "", self._until()))
        roles = ["resident", "arena_manager"]
        self.mona = self._browser(Person("Mona", roles, [SQUARE], self.manager, "", self._until()))
        self.drift = self._browser(Person("Drift", ["operator"], [], self.operator, "", self._until()))
        colleague = municipality.token("mari", Role.ARENA_MANAGER, squares=(SQUARE,))
        self.mari = self._browser(Person("Mari", ["arena_manager"], [SQUARE], colleague, "", self._until()))
        self.band = ""

    @contextmanager
    def scene(self, name: str) -> Iterator[None]:
        """What happens in here is recorded under this name."""
        self.recording.scene = name
        yield
        self.recording.scene = ""

    def look(self, who: FlaskClient, *paths: str, status: int = 200) -> str:
        """Opens pages, each of which is as it should be; gives the last one."""
        text = ""
        for path in paths:
            page = who.get(path, base_url=BASE)
            assert page.status_code == status, f"{self.recording.scene}: {path} {page.status_code}\n{page.text}"
            text = page.text
        return text

    def send(self, who: FlaskClient, path: str, status: int = 302, **form: str) -> TestResponse:
        """Sends a form, to which this is the answer."""
        tokens = {"csrf_token": self._carried, "idempotency_key": str(uuid4())}
        page = who.post(path, data=form | tokens, base_url=BASE)
        assert page.status_code == status, f"{self.recording.scene}: {path} {page.status_code}\n{page.text}"
        return page

    def settle(self) -> None:
        self.municipality.settle()

    def carry(self, service: str) -> None:
        """Brings what one service has told, and no more."""
        with nameko.config.patch({"torg": SETTINGS}):
            self.municipality.carry_from(service)

    def pass_time(self, by: timedelta) -> None:
        """Moves the clock, and does what the workers do when time passes."""
        self.municipality.clock.move(by)
        for each in (time.expire_holds, time.complete_ended, waiting.offer_again):
            self.work(each)
        self.settle()

    def work(self, timer: Callable[[Transaction], Any]) -> None:
        with self.municipality.databases["booking"].transaction() as tx:
            timer(tx)

    def at(self, days: int = 2, hour: int = 10) -> datetime:
        """An hour, in UTC, of a day to come."""
        return (self.start + days * A_DAY).replace(hour=hour)

    def of(self, space: str, begins_at: datetime, minutes: int = 60, **form: str) -> dict[str, str]:
        """What the form to book with carries."""
        when = {"begins_at": begins_at.isoformat(), "minutes": str(minutes)}
        return {"space": space, **when, **USE, "tenant": self.band, **form}

    def form(self, space: str, begins_at: datetime, minutes: int = 60) -> str:
        """The address of that form."""
        return "/book?" + urlencode({"space": space, "begins_at": begins_at.isoformat(), "minutes": minutes})

    def book(self, space: str, begins_at: datetime, who: FlaskClient | None = None, **form: str) -> str:
        """Holds a time; gives the path of its page."""
        page = self.send(who or self.kari, "/book", **self.of(space, begins_at, **form))
        return str(page.headers["Location"])

    def confirmed(self, space: str, begins_at: datetime, **form: str) -> str:
        """The same, priced and confirmed."""
        page = self.book(space, begins_at, **form)
        self.settle()
        self.send(self.kari, f"{page}/confirm", version=self.version(page))
        self.settle()
        return page

    def version(self, page: str) -> str:
        return str(self.asked(f"/booking{page}")["version"])

    def date(self, series: str) -> dict[str, str]:
        """What the form to move a series carries: the first of its dates that can be moved."""
        found = self.asked(f"/booking{series}")
        date = next(each for each in found["occurrences"] if each["state"] in CHANGEABLE)
        return {"version": str(found["version"]), **shown(date)}

    def key(self, page: str) -> str:
        """The key of Kari's booking."""
        found = self.asked(f"/access/keys?booking={last(page)}", self.municipality.token("kari"))
        return str(found["items"][0]["id"])

    def asked(self, path: str, token: str = "") -> Any:
        """What a service answers the manager; not recorded."""
        return self.municipality.call("GET", path, token or self.manager).get_json()

    def _browser(self, person: Person) -> FlaskClient:
        client = self.portal.test_client()
        with client.session_transaction(base_url=BASE) as held:
            held["csrf_token"] = self._held
            held.update({"person": asdict(person), "since": person.expires_at})  # so that nobody rests too long
        return client

    def _until(self) -> int:
        return int((self.start + SOME_SEASONS).timestamp())


def last(page: str) -> str:
    """The id that a page's path ends with."""
    return page.rpartition("/")[2]


def furnish(scenes: Scenes) -> None:
    """Borgen with a space of each kind, a tariff, a band that Kari owns, and a quota on the lobby."""
    did, operator = scenes.municipality.did, scenes.operator
    hall = a_space(SPACE, a_space(f"{SPACE}-a"), a_space(f"{SPACE}-b"), release_minutes=20)
    spaces = (
        hall,
        a_space(WORKSHOP, approval=True),
        a_space(STUDIO, prepay=True),
        a_space(ATTIC, premises="attic"),
        a_space(LOBBY, sharing={"groups": 2}),
    )
    did("PUT", f"/booking/squares/{SQUARE}", operator, tree("borgen-innbyggertorg", *spaces))
    did("PUT", f"/pricing/tariffs/{TARIFF}", operator, document())
    band = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974760673"}
    scenes.band = did("POST", "/booking/actors", operator, band)["id"]
    did("POST", f"/booking/actors/{scenes.band}/representatives", operator, {"subject": "kari", "role": "owner"})
    group = a_group() | {"places": [{"scope": "space", "id": LOBBY}]}
    did("PUT", "/booking/space-groups/lobby", operator, group, If_Match='"0"')
    limits = {"week_minutes": 120, "prime_week_minutes": None, "open_bookings": 2}
    terms = {"valid_from": "2026-08-01", "valid_until": "2027-06-30", "category": "voluntary"}
    quota = {"name": three("Foajeen"), "group": "lobby", **limits, **terms}
    did("PUT", "/booking/quotas/lobby-bands", operator, quota, If_Match='"0"')


def a_booking(scenes: Scenes) -> None:
    """From held to confirmed, moved, talked of, and given up."""
    at, kari, mona = scenes.at(), scenes.kari, scenes.mona
    with scenes.scene("nothing"):
        scenes.look(kari, "/", "/bookings", "/series", "/waiting", "/volunteer", "/squares/borgen")
        scenes.look(mona, "/manage/desk", "/manage/hours", "/manage/bookings", "/manage/keys")
    with scenes.scene("free"):
        scenes.look(kari, f"/search?square=borgen&date={at:%Y-%m-%d}&minutes=60", scenes.form(SPACE, at))
    with scenes.scene("held, not priced"):
        page = scenes.book(SPACE, at, title="Åpen korpsøving")
        scenes.look(kari, page, f"{page}/cancel", "/bookings")
    scenes.settle()
    with scenes.scene("held"):
        scenes.look(kari, page, f"{page}/move", f"{page}/cancel", "/bookings")
        scenes.look(mona, page, "/manage/bookings")
        scenes.send(kari, f"{page}/confirm", version=scenes.version(page))
    with scenes.scene("confirmed, no key"):
        scenes.look(kari, page)
    scenes.carry("booking")
    with scenes.scene("confirmed, key issued"):
        scenes.look(kari, page)
    scenes.settle()
    with scenes.scene("confirmed"):
        scenes.look(kari, page, f"{page}/cancel", f"{page}/move", "/bookings", f"/squares/borgen?date={at:%Y-%m-%d}")
        scenes.look(mona, page, f"{page}/cancel", f"{page}/move")
    with scenes.scene("code renewed"):
        _no_longer_for_the_band(scenes)
        scenes.look(kari, page)
    _refusals(scenes, page, at)
    _changed_and_given_up(scenes, page, at)


def _no_longer_for_the_band(scenes: Scenes) -> None:
    """Rita was let act for the band, and no longer is."""
    who, path = scenes.municipality, f"/booking/actors/{scenes.band}/representatives"
    who.did("POST", path, scenes.operator, {"subject": "rita", "role": "booker"})
    assert who.call("DELETE", f"{path}/{who.person('rita')}", scenes.operator).status_code == 204
    who.settle()


def _changed_and_given_up(scenes: Scenes, page: str, at: datetime) -> None:
    kari, mona = scenes.kari, scenes.mona
    with scenes.scene("moved"):
        moved = {"date": f"{at:%d.%m.%Y}", "from": "17", "to": "18.30", "participants": "12", "why": "Vi ble færre"}
        scenes.send(kari, f"{page}/move", version=scenes.version(page), **moved)
        scenes.settle()
        scenes.look(kari, page)
    with scenes.scene("talked of"):
        scenes.send(kari, f"{page}/comments", text="Kan vi komme før?")
        scenes.look(mona, "/manage/desk", page)
        scenes.send(mona, f"{page}/comments", text="Det går fint.")
        scenes.look(kari, page)
    with scenes.scene("cancelled, not settled"):
        scenes.send(kari, f"{page}/cancel", version=scenes.version(page), why="Dirigenten er syk")
        scenes.look(kari, page)
    scenes.settle()
    with scenes.scene("cancelled"):
        scenes.look(kari, page, "/bookings")
        scenes.look(mona, page)


def _refusals(scenes: Scenes, page: str, at: datetime) -> None:
    """What can't be done with a booking, or in its place."""
    kari, ola = scenes.kari, scenes.ola
    with scenes.scene("too early at the door"):
        scenes.send(kari, f"{page}/unlock", key=scenes.key(page))
    with scenes.scene("taken"):
        scenes.send(ola, "/book", 409, **scenes.of(SPACE, at, tenant=""))
        scenes.look(ola, f"/search?square=borgen&date={at:%Y-%m-%d}&minutes=60", scenes.form(SPACE, at))
    with scenes.scene("too many"):
        scenes.send(kari, "/book", 422, **scenes.of(SPACE, scenes.at(3), participants="500"))
    with scenes.scene("stale"):
        scenes.send(kari, f"{page}/confirm", version="1")
    with scenes.scene("nobody's"):
        scenes.look(kari, f"/bookings/{uuid4()}", f"/series/{uuid4()}", status=404)
        scenes.look(ola, page, status=404)
    with scenes.scene("another's organisation"):
        scenes.send(ola, "/book", 403, **scenes.of(SPACE, scenes.at(3)))
    with scenes.scene("over the quota"):
        scenes.send(kari, "/book", 409, **scenes.of(LOBBY, scenes.at(3), 180))


def decided(scenes: Scenes) -> None:
    """By approval, by payment, by nobody in time, and not at all."""
    kari, mona = scenes.kari, scenes.mona
    to_approve, to_decline, to_pay = (
        scenes.confirmed(space, scenes.at(4, hour)) for space, hour in ((WORKSHOP, 8), (WORKSHOP, 10), (STUDIO, 10))
    )
    with scenes.scene("awaiting"):
        scenes.look(kari, to_approve, to_pay, f"{to_approve}/move", f"{to_pay}/cancel", "/bookings")
        scenes.look(mona, to_approve, to_pay, "/manage/desk", "/manage/desk?kind=approval&all=1")
    for page, form in ((to_approve, {"verdict": "approve"}), (to_decline, {"verdict": "decline", "why": "Det males"})):
        with scenes.scene(form["verdict"]):
            choice = f"{last(page)}:{scenes.version(page)}"
            scenes.send(mona, "/manage/desk", 200, booking=choice, **form)
            scenes.settle()
            scenes.look(kari, page)
            scenes.send(mona, "/manage/desk", 200, booking=choice, **form)
    _ones_own(scenes)
    with scenes.scene("paid"):
        owed = scenes.asked(f"/booking/{to_pay.strip('/')}")["price"]["total"]
        scenes.municipality.did("POST", f"/pricing/{to_pay.strip('/')}/payments", scenes.manager, {"amount": owed})
        scenes.look(kari, to_pay)
    _given_up(scenes)


def _ones_own(scenes: Scenes) -> None:
    """What a manager has booked for herself, an operator decides on, as long as no other manager has come."""
    mona, drift = scenes.mona, scenes.drift
    with scenes.scene("one's own"):
        page = scenes.book(WORKSHOP, scenes.at(4, 14), mona, tenant="", accept="arena/borgen-innbyggertorg/2")
        scenes.settle()
        scenes.send(mona, f"{page}/confirm", version=scenes.version(page))
        scenes.look(mona, page, "/manage/desk", "/bookings")
        answer = {"booking": f"{last(page)}:{scenes.version(page)}", "verdict": "approve"}
        scenes.send(mona, "/manage/desk", 200, **answer)
        scenes.look(drift, page, "/manage/desk", "/manage/desk?alone=1")
        scenes.send(drift, "/manage/desk", 200, **answer)
        scenes.settle()


def _given_up(scenes: Scenes) -> None:
    kari, mona = scenes.kari, scenes.mona
    with scenes.scene("let go before it had a price"):
        page = scenes.book(SPACE, scenes.at(4, 20))
        scenes.send(kari, f"{page}/cancel", version=scenes.version(page))
        scenes.settle()
        scenes.look(kari, page)
    with scenes.scene("no price"):
        page = scenes.book(ATTIC, scenes.at(4))
        scenes.settle()
        scenes.look(kari, page)
    late = scenes.confirmed(SPACE, scenes.at(0, 16))
    with scenes.scene("late"):
        scenes.look(kari, late, f"{late}/cancel")
        scenes.send(kari, f"{late}/cancel", version=scenes.version(late))
        scenes.look(kari, late)
        scenes.settle()
        scenes.look(kari, late)
    ours = scenes.confirmed(SPACE, scenes.at(3, 16))
    with scenes.scene("by the house"):
        scenes.send(mona, f"{ours}/cancel", version=scenes.version(ours), why="Vannlekkasje")
        scenes.settle()
        scenes.look(kari, ours)
    held, unpaid = scenes.book(SPACE, scenes.at(5)), scenes.confirmed(STUDIO, scenes.at(1, 10))
    scenes.settle()
    unpriced = scenes.book(SPACE, scenes.at(6))
    scenes.pass_time(3 * AN_HOUR)
    with scenes.scene("expired"):
        scenes.look(kari, held)
    with scenes.scene("never priced"):
        scenes.look(kari, unpriced)
    scenes.pass_time(scenes.at(1, 11) - scenes.municipality.clock.now())
    with scenes.scene("never paid"):
        scenes.look(kari, unpaid)


def at_the_door(scenes: Scenes) -> None:
    """Used, ended early, over, and given to others as nobody came."""
    kari = scenes.kari
    begins_at = scenes.municipality.clock.now() + AN_HOUR
    used, missed = scenes.confirmed(f"{SPACE}-a", begins_at, minutes=120), scenes.confirmed(SPACE, begins_at + A_DAY)
    scenes.pass_time(AN_HOUR)
    with scenes.scene("in use"):
        scenes.send(kari, f"{used}/unlock", key=scenes.key(used))
        scenes.settle()
        scenes.look(kari, used, "/bookings")
        scenes.look(scenes.mona, used)
    with scenes.scene("ended"):
        scenes.send(kari, f"{used}/end", version=scenes.version(used))
        scenes.settle()
        scenes.look(kari, used)
    stayed = scenes.confirmed(f"{SPACE}-a", begins_at + 5 * AN_HOUR)
    scenes.pass_time(A_DAY + 25 * timedelta(minutes=1))
    with scenes.scene("over"):
        scenes.look(kari, stayed)
    with scenes.scene("released"):
        booking, key = UUID(last(missed)), UUID(int=1)
        limit = datetime.fromisoformat(scenes.asked(f"/booking{missed}")["release_at"])
        with nameko.config.patch({"torg": SETTINGS}):
            told = KeyUnused(key=key, booking=booking, release_at=limit)
            Delivery(Booking, scenes.municipality.databases["booking"])(envelope(told, str(key), 9))
        scenes.settle()
        scenes.look(kari, missed)


def a_series(scenes: Scenes) -> None:
    """Looked at ahead, held, confirmed, moved, cut and given up; one of its dates others have."""
    kari, mona, first = scenes.kari, scenes.mona, scenes.at(10, 17)
    theirs = scenes.confirmed(SPACE, first + 7 * A_DAY)
    titled = scenes.of(SPACE, first, title="Åpen korpsøving")
    form = {**titled, "every": "week", "until": f"{first + 21 * A_DAY:%d.%m.%y}"}
    with scenes.scene("ahead"):
        scenes.send(kari, "/book", 200, **form)
        scenes.send(kari, "/book", 200, **form | {"begins_at": (first + AN_HOUR).isoformat()})
        over = {**scenes.of(LOBBY, first, 180), "every": "week", "until": form["until"]}
        scenes.send(kari, "/book", 200, **over)
        scenes.send(kari, "/series", 409, **form, policy="all_or_nothing")
    with scenes.scene("held, not priced"):
        page = str(scenes.send(kari, "/series", **form, policy="skip").headers["Location"])
        scenes.look(kari, page, "/series", "/waiting")
    scenes.settle()
    with scenes.scene("held"):
        scenes.look(kari, page, "/series", f"{page}/cancel")
        scenes.look(mona, page)
        scenes.send(kari, f"{page}/confirm", version=scenes.version(page))
    scenes.settle()
    with scenes.scene("confirmed"):
        scenes.look(kari, page, "/series", f"{page}/cancel")
        scenes.send(kari, f"{page}/confirm", version=scenes.version(page))
        dates = [each["booking"] for each in scenes.asked(f"/booking{page}")["occurrences"] if each["booking"]]
        scenes.look(kari, f"/bookings/{dates[0]}", f"{page}/cancel?booking={dates[1]}")
    with scenes.scene("offered"):
        scenes.send(kari, f"{theirs}/cancel", version=scenes.version(theirs))
        scenes.settle()
        scenes.look(kari, "/waiting", page)
    _less_of_a_series(scenes, page, dates, first)


def _less_of_a_series(scenes: Scenes, page: str, dates: list[str], first: datetime) -> None:
    kari = scenes.kari
    with scenes.scene("moved"):
        later = {"date": f"{first + A_DAY:%d.%m.%Y}", "from": "18.30", "to": "20", "participants": "12"}
        scenes.look(kari, f"{page}/move", f"{page}/move?booking={dates[1]}")
        scenes.send(kari, f"{page}/move", **scenes.date(page), scope="this", **later)
        scenes.settle()
        scenes.look(kari, page)
    with scenes.scene("cut"):
        scenes.send(kari, f"{page}/cancel", version=scenes.version(page), scope="this", booking=dates[1])
        scenes.settle()
        scenes.look(kari, page, "/series")
    with scenes.scene("given up"):
        scenes.send(kari, f"{page}/cancel", version=scenes.version(page), scope="all", why="Korpset er på tur")
        scenes.settle()
        scenes.look(kari, page, "/series")
        scenes.send(kari, f"{page}/cancel", version=scenes.version(page), scope="all")


def series_of_every_kind(scenes: Scenes) -> None:
    """By approval and by payment; with dates in several states at once, and over."""
    kari, first = scenes.kari, scenes.at(3, 19)
    pages = []
    for space, until in ((WORKSHOP, 2), (STUDIO, 1)):
        form = {**scenes.of(space, first), "every": "week", "until": f"{first + until * 7 * A_DAY:%d.%m.%Y}"}
        pages.append(str(scenes.send(kari, "/series", **form, policy="all_or_nothing").headers["Location"]))
        scenes.settle()
        scenes.send(kari, f"{pages[-1]}/confirm", version=scenes.version(pages[-1]))
        scenes.settle()
    with scenes.scene("series awaiting"):
        scenes.look(kari, *pages, "/series", f"{pages[0]}/cancel")
    with scenes.scene("series of many states"):
        first_date, second = (each["booking"] for each in scenes.asked(f"/booking{pages[0]}")["occurrences"][:2])
        for each, verdict in ((first_date, "approve"), (second, "decline")):
            choice = f"{each}:{scenes.version(f'/bookings/{each}')}"
            scenes.send(scenes.mona, "/manage/desk", 200, booking=choice, verdict=verdict, why="Opptatt")
            scenes.settle()
        scenes.look(kari, pages[0], f"{pages[0]}/cancel?booking={first_date}")


def series_over(scenes: Scenes) -> None:
    """What is left of them when time has passed."""
    scenes.pass_time(40 * A_DAY)
    with scenes.scene("series over"):
        for each in scenes.asked("/booking/series")["items"]:
            scenes.look(scenes.kari, f"/series/{each['id']}")


def in_line(scenes: Scenes) -> None:
    """Joined, offered, taken; left."""
    kari, ola, at = scenes.kari, scenes.ola, scenes.at(8)
    theirs = scenes.confirmed(SPACE, at)
    with scenes.scene("waiting"):
        scenes.send(ola, "/waiting", **scenes.of(SPACE, at, tenant=""))
        scenes.send(ola, "/waiting", 409, **scenes.of(SPACE, at + 3 * AN_HOUR, tenant=""))
        scenes.look(ola, "/waiting")
    with scenes.scene("waiting for the organisation"):
        scenes.send(ola, "/book", **scenes.of(WORKSHOP, at, tenant=""))
        scenes.send(kari, "/waiting", **scenes.of(WORKSHOP, at, title="Korpsøving"))
        scenes.look(kari, "/waiting")
        (place,) = scenes.asked("/booking/waiting?state=waiting&mine=true", scenes.municipality.token("kari"))["items"]
        scenes.send(kari, f"/waiting/{place['id']}/leave")
    with scenes.scene("offered"):
        scenes.send(kari, f"{theirs}/cancel", version=scenes.version(theirs))
        scenes.settle()
        scenes.look(ola, "/waiting", "/bookings")
        (place,) = scenes.asked("/booking/waiting?state=offered&mine=true", scenes.municipality.token("ola"))["items"]
    with scenes.scene("left"):
        scenes.send(ola, f"/waiting/{place['id']}/leave")
        scenes.send(ola, f"/waiting/{place['id']}/leave")
        scenes.look(ola, "/waiting", f"/bookings/{place['booking']}")


def invited(scenes: Scenes) -> None:
    """An invitation that is open, accepted, turned down, and no longer there."""
    invite = {"role": "owner", "until": "2027-06-30", "email": "ny@example.no"}
    for answer in ("accept", "decline"):
        invite |= {"until": None} if answer == "decline" else {}
        made = scenes.municipality.did(
            "POST", f"/booking/actors/{scenes.band}/invitations", scenes.municipality.token("kari"), invite
        )
        page, secret = f"/invitations/{made['invitation']['id']}", made["secret"]
        with scenes.scene(answer):
            scenes.look(scenes.ola, f"{page}?secret={secret}", status=303)
            scenes.look(scenes.ola, page)
            scenes.send(scenes.ola, f"{page}/{answer}", secret=secret)
            scenes.look(scenes.ola, f"{page}?secret={secret}", status=303)
            scenes.look(scenes.ola, page)
            scenes.send(scenes.ola, f"{page}/{answer}", secret=secret)


def worked(scenes: Scenes) -> None:
    """Hours registered, approved, turned down; and what they are worth in a price."""
    kari, mona = scenes.kari, scenes.mona
    agreement = scenes.municipality.did("POST", "/pricing/agreements", scenes.manager, an_agreement(scenes.band))["id"]
    form = {"worked_on": "1.12.2026", "hours": "1,5", "task": "Malte nordveggen"}
    with scenes.scene("registered"):
        for _ in range(2):
            scenes.send(kari, f"/volunteer/{agreement}/hours", **form)
        scenes.look(kari, "/volunteer", f"/volunteer/{agreement}/hours")
        scenes.look(mona, "/manage/hours")
        for wrong in ({"task": "Malte " * 400}, {"hours": "0:10"}, {"worked_on": "31.12.2001"}):
            scenes.send(kari, f"/volunteer/{agreement}/hours", 422, **form | wrong)
    first, second = (each["id"] for each in scenes.asked("/pricing/hours?state=registered")["items"])
    with scenes.scene("not theirs to answer"):
        about = {"subject": "mari", "role": "booker"}
        scenes.municipality.did("POST", f"/booking/actors/{scenes.band}/representatives", scenes.operator, about)
        scenes.look(scenes.mari, "/manage/hours", "/manage/desk")
        scenes.send(scenes.mari, f"/manage/hours/{first}/approve", version="1")
        scenes.look(scenes.drift, "/manage/hours")
    with scenes.scene("answered"):
        scenes.send(mona, f"/manage/hours/{first}/approve", version="1")
        scenes.send(mona, f"/manage/hours/{second}/reject", version="1", reason="Dobbeltført")
        scenes.send(mona, f"/manage/hours/{second}/approve", version="1")
        scenes.look(kari, "/volunteer")
        scenes.look(mona, "/manage/hours")
    scenes.settle()
    page = scenes.confirmed(SPACE, scenes.at(12))
    with scenes.scene("rent waived"):
        scenes.look(kari, page)


def closed(scenes: Scenes) -> None:
    """The house closes a room: bookings there are moved and cancelled, and the room can't be had."""
    kari, at = scenes.kari, scenes.at(14)
    moved, cancelled = scenes.confirmed(STUDIO, at), scenes.confirmed(STUDIO, at + 2 * AN_HOUR)
    decisions = [
        {"booking": last(moved), "outcome": "move", "space": SPACE},
        {"booking": last(cancelled), "outcome": "cancel"},
    ]
    closing = {
        "kind": "maintenance",
        "space": STUDIO,
        "begins_at": at.isoformat(),
        "ends_at": (at + 6 * AN_HOUR).isoformat(),
        "reason": three("Gulvet slipes"),
        "decisions": decisions,
    }
    scenes.municipality.did("POST", "/booking/closures", scenes.manager, closing)
    with scenes.scene("closed"):
        scenes.look(kari, moved, cancelled, f"{moved}/move", scenes.form(STUDIO, at))
        scenes.send(kari, "/book", 409, **scenes.of(STUDIO, at))
        form = {**scenes.of(STUDIO, at), "every": "week", "until": f"{at + 7 * A_DAY:%d.%m.%Y}"}
        scenes.send(kari, "/book", 200, **form)


def under_rules(scenes: Scenes) -> None:
    """New house rules are read and accepted with the next booking."""
    quiet = {"code": "quiet_after", "text": three("Ro etter 22"), "time": "22:00"}
    rules = {"text": three("Rydd etter dere."), "rules": [quiet]}
    scenes.municipality.did("PUT", "/booking/house-rules/arena/borgen-innbyggertorg", scenes.operator, rules)
    kari, at = scenes.kari, scenes.at(16)
    (series,) = (
        f"/series/{each['id']}" for each in scenes.asked("/booking/series")["items"] if each["space"] == STUDIO
    )
    with scenes.scene("house rules"):
        moved = {**scenes.date(series), "scope": "all", "participants": "12"}
        moved |= {"date": f"{scenes.at(5):%d.%m.%Y}", "from": "20", "to": "21.30"}
        scenes.send(kari, f"{series}/move", 409, **moved)
        scenes.send(kari, f"{series}/move", **moved, accept="arena/borgen-innbyggertorg/1")
        rules["text"] = three("Rydd etter dere, og slå av lyset.")
        scenes.municipality.did("PUT", "/booking/house-rules/arena/borgen-innbyggertorg", scenes.operator, rules)
        scenes.look(kari, scenes.form(SPACE, at))
        scenes.send(kari, "/book", 409, **scenes.of(SPACE, at))
        weekly = {"every": "week", "until": f"{at + 14 * A_DAY:%d.%m.%Y}"}
        scenes.send(kari, "/book", 409, **scenes.of(SPACE, at), **weekly)
        page = scenes.book(SPACE, at, accept="arena/borgen-innbyggertorg/2")
        scenes.look(kari, page, scenes.form(SPACE, at))


def after_a_restore(scenes: Scenes) -> None:
    """Two bookings were lost: one still has its key, and one had to make way for another."""
    at = scenes.at(18)
    live, other = scenes.confirmed(SPACE, at), scenes.confirmed(SPACE, at + 2 * AN_HOUR)
    lose(scenes.municipality, last(live), last(other))
    with scenes.municipality.databases["access"].transaction() as tx:
        restoring.suspend(tx, UUID(last(other)), UUID(last(live)))
    scenes.settle()
    with scenes.scene("lost in a restore"):
        scenes.look(scenes.mona, "/manage/keys")


def doors(scenes: Scenes) -> None:
    """Shut, and working again, by the arena manager; and without news of bookings."""
    mona = scenes.mona
    with scenes.scene("doors"):
        scenes.look(mona, "/manage/doors")
    locks = scenes.asked(f"/access/locks?square={SQUARE}")["items"]
    hall = next(each["id"] for each in locks if each["space"] == SPACE)
    page = f"/manage/doors/{hall}"
    for order in ("nothing_without_news", "shut"):
        with scenes.scene(order):
            scenes.look(mona, page)
            scenes.send(mona, page, order=order, why="Vannlekkasje")
            scenes.look(mona, "/manage/doors")
    with scenes.scene("why not"):
        scenes.send(mona, page, 422, order="work", why="x" * 501)
    scenes.work(reconciliation.heartbeat)
    scenes.settle()
    scenes.municipality.clock.move(timedelta(minutes=6))
    with scenes.scene("no news"):
        scenes.look(mona, "/manage/doors", "/manage/desk", page)


def own_data(scenes: Scenes) -> None:
    """Of somebody who never booked anything there is nothing to take along."""
    token = scenes.municipality.token("nobody")
    nobody = scenes._browser(Person("Nora", ["resident"], [], token, "", scenes._until()))
    with scenes.scene("nothing held"):
        scenes.look(nobody, "/me", "/me/data")


def erased(scenes: Scenes) -> None:
    """Kari goes: refused while a booking is to come, then with it. The last scene, as she is nobody afterwards."""
    later = scenes.municipality.clock.now() + 3 * A_DAY
    page = scenes.book(SPACE, later.replace(hour=10, minute=0, second=0, microsecond=0), tenant="")
    scenes.settle()
    with scenes.scene("erased, bookings to come"):
        scenes.look(scenes.kari, "/me/erasure")
        scenes.send(scenes.kari, "/me/erasure", 409)
    with scenes.scene("erased"):
        scenes.send(scenes.kari, "/me/erasure", cancel="yes")
    scenes.look(scenes.kari, page, status=302)


def _look_up_claims(tx: Transaction) -> None:
    """The registers name who claims the café, and not who claims the theatre."""
    for number, named in (("971526920", False), ("923609016", True)):
        lookups_store.enqueue(tx, number)
        unit = Unit(state="active", name=f"ORGANISASJON {number}", form="FLI")
        for each in store.lock_numbered(tx, number):
            store.save(tx, each.told_of_claimant(named=named))
        while (taken := lookups.take(tx)) is not None:
            lookups.record(tx, taken, Answer(unit=unit), [])


def _registers_say(tx: Transaction, state: UnitState) -> None:
    lookups_store.enqueue(tx, "971526920")
    while (taken := lookups.take(tx)) is not None:
        lookups.record(tx, taken, Answer(unit=Unit(state=state)), [])


def organisations(scenes: Scenes) -> None:
    """Named by two, confirmed of one; and refused."""
    kari, ola, mona = scenes.kari, scenes.ola, scenes.mona
    theatre = {"number": "971526920", "name": "Tofte teaterlag", "kind": "voluntary"}
    cafe = {"number": "923609016", "name": "Kafé Torget", "kind": "business"}
    with scenes.scene("claimed"):
        scenes.look(kari, "/organisations")
        for who, about in ((kari, theatre), (ola, theatre), (kari, cafe)):
            scenes.send(who, "/organisations", **about)
        scenes.look(kari, "/organisations")
        scenes.look(mona, "/manage/claims")
    states: tuple[UnitState, ...] = ("unknown", "deleted", "bankrupt")
    for state in states:
        scenes.work(partial(_registers_say, state=state))
        with scenes.scene(f"claimed, and {state}"):
            scenes.look(kari, "/organisations")
            scenes.look(mona, "/manage/claims")
    waiting = scenes.asked("/booking/organisation-claims?waiting=true")["items"]
    first, _, third = (each["actor"] for each in waiting)
    scenes.work(_look_up_claims)
    with scenes.scene("claimed, and looked up"):
        scenes.look(kari, "/organisations")
        scenes.look(mona, "/manage/claims")
    with scenes.scene("claim decided"):
        scenes.send(mona, f"/manage/claims/{first}/confirm", kind="voluntary", reason="Viste protokollen")
        scenes.send(mona, f"/manage/claims/{third}/refuse", reason="Ukjent for styret")
        scenes.look(kari, "/organisations")
        scenes.look(ola, "/organisations")
        scenes.look(mona, "/manage/claims")
    with scenes.scene("claim decided already"):
        scenes.send(mona, f"/manage/claims/{third}/refuse", reason="Ukjent for styret")
    _taken_back(scenes, cafe)


def _taken_back(scenes: Scenes, about: dict[str, str]) -> None:
    scenes.send(scenes.kari, "/organisations", **about)
    [waits] = scenes.asked("/booking/organisation-claims?waiting=true")["items"]
    for scene in ("claim taken back", "claim taken back already"):
        with scenes.scene(scene):
            scenes.send(scenes.kari, f"/organisations/{waits['actor']}/withdraw")
            scenes.look(scenes.kari, "/organisations")


ALL = (
    own_data,
    a_booking,
    in_line,
    a_series,
    series_of_every_kind,
    worked,
    after_a_restore,
    closed,
    invited,
    under_rules,
    decided,
    at_the_door,
    series_over,
    doors,
    organisations,
    erased,
)

"""The portal over the real services, whoever is at the browser, and a good request for each of its pages and forms."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from cli.servers.ports import free_port
from kernel.auth import Role
from kernel.clock import FixedClock
from kernel.http import mount
from services.portal.app import build
from services.portal.session import Person
from tests.contract import things
from tests.contract.things import Things
from tests.municipality import HOUR, NOW, SPACE, Municipality
from tests.unit.portal.conftest import serving, settings_for

VERIFIER = "a-verifier-of-the-tests-long-enough-to-be-one-as-PKCE-asks"


@dataclass(frozen=True)
class Page:
    """What makes a page or a form answer well; see `tests.contract.routes.Good`."""

    query: str = ""
    form: Callable[[Things], dict[str, str]] | None = None
    lists: str = ""
    means: dict[str, str] = field(default_factory=dict)


ASKED = {
    "response_type": "code",
    "client_id": "torg-cli",
    "redirect_uri": "http://127.0.0.1/signed-in",
    "scope": "openid",
    "state": "a state",
    "nonce": "a nonce",
    "code_challenge": create_s256_code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}
"""What a client asks of the demo's issuer."""
A_TIME = things.a_time(8)["begins_at"]
TO_BOOK = {"space": SPACE, "begins_at": A_TIME, "minutes": "60"}


def _booking(known: Things) -> dict[str, str]:
    use = {"purpose": "culture", "audience": "adults", "participants": "20", "title": "Konsert"}
    return {**TO_BOOK, **use, "tenant": known["tenant"]}


def _version(known: Things) -> dict[str, str]:
    return {"version": str(known["version"])}


def _a_wait(known: Things) -> dict[str, str]:
    """For a time that somebody has."""
    return {**_booking(known), "begins_at": things.a_wait(known["tenant"])["begins_at"], "minutes": "120"}


def _a_series(known: Things) -> dict[str, str]:
    """From a date that is taken: it is skipped."""
    return {**_booking(known), "every": "week", "until": "2026-12-20", "policy": "skip"}


def _a_move(known: Things) -> dict[str, str]:
    when = {"date": "2026-12-07", "from": "08:00", "to": "09:30", "participants": "12", "why": "Vi ble færre"}
    return when | _version(known)


def _dates_moved(known: Things) -> dict[str, str]:
    when = {"date": "2026-12-14", "from": "08:00", "to": "09:30", "participants": "12", "why": "Vi ble færre"}
    return {**when, **known["of_series"], "version": "1", "scope": "all"}


PAGES = {
    "GET /": Page(),
    "GET /squares/{square}": Page(),
    "GET /language/{code}": Page(),
    "GET /search": Page(query="square=borgen&date=2026-12-05&minutes=60"),
    "GET /book": Page(query=urlencode(TO_BOOK)),
    "POST /book": Page(form=_booking),
    "GET /bookings": Page(lists="booking"),
    "GET /bookings/{booking}": Page(means={"booking": "confirmed"}),
    "POST /bookings/{booking}/confirm": Page(form=_version),
    "GET /bookings/{booking}/cancel": Page(),
    "POST /bookings/{booking}/cancel": Page(form=_version),
    "POST /bookings/{booking}/end": Page(
        form=lambda known: {"version": str(known["in_use"])}, means={"booking": "confirmed"}
    ),
    "GET /bookings/{booking}/move": Page(),
    "POST /bookings/{booking}/move": Page(form=_a_move),
    "POST /bookings/{booking}/comments": Page(form=lambda _: {"text": "Kan vi komme før?"}),
    "POST /series": Page(form=_a_series),
    "GET /series/{series}/cancel": Page(),
    "POST /series/{series}/cancel": Page(form=lambda _: {"version": "1", "scope": "all", "why": "Vi er på tur"}),
    "GET /series/{series}/move": Page(),
    "POST /series/{series}/move": Page(form=_dates_moved),
    "GET /series": Page(lists="series"),
    "GET /series/{series}": Page(),
    "POST /series/{series}/confirm": Page(form=lambda _: {"version": "1"}),
    "POST /bookings/{booking}/unlock": Page(form=lambda known: {"key": known["key"]}, means={"booking": "confirmed"}),
    "GET /waiting": Page(lists="waiting"),
    "POST /waiting": Page(form=_a_wait),
    "POST /waiting/{waiting}/leave": Page(form=lambda _: {}),
    # the secret is out of the address at once, whoever asks
    "GET /invitations/{invitation}": Page(query="secret=x"),
    "POST /invitations/{invitation}/accept": Page(form=lambda known: {"secret": known["secret"]}),
    "POST /invitations/{invitation}/decline": Page(form=lambda known: {"secret": known["secret"]}),
    "GET /me": Page(),
    "GET /me/data": Page(),
    "GET /me/erasure": Page(),
    "POST /me/erasure": Page(form=lambda _: {"cancel": "yes"}),
    "GET /organisations": Page(lists="claim"),
    "POST /organisations": Page(form=lambda _: {"number": "923609016", "name": "Kafé Torget AS", "kind": "business"}),
    "POST /organisations/{actor}/withdraw": Page(form=lambda _: {}, means={"actor": "claim"}),
    "GET /manage/claims": Page(lists="claim"),
    "POST /manage/claims/{actor}/confirm": Page(
        form=lambda _: {"kind": "voluntary", "reason": "Viste protokollen"}, means={"actor": "claim"}
    ),
    "POST /manage/claims/{actor}/refuse": Page(
        form=lambda _: {"reason": "Ukjent for styret"}, means={"actor": "claim"}
    ),
    "GET /volunteer": Page(lists="agreement"),
    "GET /volunteer/{agreement}/hours": Page(),
    "POST /volunteer/{agreement}/hours": Page(
        form=lambda _: {"worked_on": "2026-11-30", "hours": "1", "minutes": "30", "task": "Malte"}
    ),
    "GET /manage/desk": Page(query="kind=approval&all=1", lists="awaiting"),
    "POST /manage/desk": Page(
        form=lambda known: {"booking": f"{known['awaiting']}:3", "verdict": "decline", "why": "Lokalet skal males"}
    ),
    "GET /manage/hours": Page(lists="hours"),
    "POST /manage/hours/{registration}/approve": Page(form=lambda _: {"version": "1"}, means={"registration": "hours"}),
    "POST /manage/hours/{registration}/reject": Page(
        form=lambda _: {"version": "1", "reason": "Dobbeltført"}, means={"registration": "hours"}
    ),
    "GET /manage/bookings": Page(lists="booking"),
    "GET /manage/keys": Page(lists="confirmed"),
    "GET /manage/doors": Page(lists="lock"),
    "GET /manage/doors/{lock}": Page(),
    "POST /manage/doors/{lock}": Page(form=lambda _: {"order": "shut", "why": "Vannlekkasje"}),
    "GET /sign-in": Page(),
    "GET /signed-in": Page(),
    "POST /sign-out": Page(form=lambda _: {}),
    "GET /static/{filename}": Page(),
    "GET /demo-issuer/.well-known/openid-configuration": Page(),
    "GET /demo-issuer/jwks": Page(),
    "GET /demo-issuer/authorize": Page(query=urlencode(ASKED)),
    "POST /demo-issuer/authorize": Page(form=lambda _: ASKED | {"persona": "kari"}),
    "POST /demo-issuer/token": Page(
        form=lambda known: {
            "grant_type": "authorization_code",
            "code": known["code"](),
            "code_verifier": VERIFIER,
            "client_id": ASKED["client_id"],
            "redirect_uri": ASKED["redirect_uri"],
        }
    ),
    "GET /demo-issuer/sign-out": Page(),
}


class Portal:
    """A portal on a loopback port, in front of services where nothing stays done."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app = app
        self.url = url
        with app.test_request_context():
            self._carried = generate_csrf()
            self._held = session["csrf_token"]

    def browser(self, person: Person | None) -> FlaskClient:
        """A browser at which somebody has signed in, or nobody."""
        client = self.app.test_client()
        with client.session_transaction(base_url=self.url) as held:
            held["csrf_token"] = self._held
            if person is not None:
                held.update({"person": asdict(person), "since": person.expires_at})  # so that nobody rests too long
        return client

    def form(self, filled: dict[str, str]) -> dict[str, str]:
        """A form as our pages render it."""
        return {**filled, "csrf_token": self._carried, "idempotency_key": str(uuid4())}

    def code(self) -> str:
        """A code of the demo's issuer, for the client in `ASKED`."""
        answer = self.app.test_client().post("/demo-issuer/authorize", data=ASKED | {"persona": "kari"})
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


@contextmanager
def portal_of(municipality: Municipality, folder: Path) -> Iterator[Portal]:
    """The portal of a municipality; with the demo's issuer, whose pages are walked, too."""
    services = httpx.WSGITransport(mount([*municipality.rehearsals.values()]))
    port = free_port()
    settings = settings_for(f"http://127.0.0.1:{port}", folder / "key.pem", places_seconds=60.0)
    app = build(settings, clock=FixedClock(NOW), transport=services)
    with serving(app, port) as url:
        yield Portal(app, url)


def somebody(token: str, *roles: Role, squares: Sequence[str] = (), expired: bool = False) -> Person:
    """Somebody whose sign-in lasts for another hour, or ran out an hour ago."""
    until = int((NOW - HOUR if expired else NOW + HOUR).timestamp())
    return Person("Somebody", [*roles], [*squares], token=token, id_token="", expires_at=until)


def path_of(route: str, page: Page, known: Things) -> str:
    """The path of a page, about these things."""
    fixed = {"code": "nn", "filename": "portal.css"}
    named = known | fixed | {name: known[thing] for name, thing in page.means.items()}
    query = f"?{page.query}" if page.query else ""
    return str(route.partition(" ")[2].format(**named)) + query


def request_to(portal: Portal, route: str, known: Things) -> dict[str, Any]:
    """The good request for a page or a form, for a browser to open."""
    page = PAGES[route]
    asked: dict[str, Any] = {"method": route.partition(" ")[0], "path": path_of(route, page, known)}
    if page.form is not None:
        asked["data"] = portal.form(page.form(known | {"code": portal.code}))
    return asked | {"base_url": portal.url}

"""The portal's pages in a browser, over services of the tests' own: accessible at every width, scripts or none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, template_rendered
from jinja2 import Template
from playwright.sync_api import Browser, BrowserContext, Page, expect

import services.portal as portal_package
from cli.servers.ports import free_port
from kernel.clock import FixedClock
from services.portal.app import build
from tests.recordings import recorded
from tests.unit.portal.conftest import serving, settings_for
from tests.unit.portal.services import (
    NOW,
    FakeServices,
    a_claim,
    a_door,
    a_lost_key,
    a_price,
    an_activity,
    an_agreement,
    an_id,
    refused,
    some_house_rules,
)
from tests.waiting import PATIENCE

NARROW, PHONE, DESK = 320, 390, 1280

NO_PAGE = {"base.html", "parts.html", "demo_issuer.html"}
"""What pages are made of; and the demonstration issuer's own page, which `visit.sign_in` walks through."""
BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00Z&minutes=120"


@dataclass
class Visit:
    """A page in a browser, and the services behind the portal."""

    page: Page
    services: FakeServices
    url: str
    shown: set[str]
    """The templates that were rendered."""

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, name: str) -> None:
        self.go("/sign-in")
        self.page.get_by_role("button", name=name).click()
        expect(self.page.get_by_role("button", name="Logg ut")).to_be_visible()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[tuple[str, FakeServices, set[str]]]:
    """A portal over services of the test's own."""
    services, port = FakeServices(), free_port()
    settings = settings_for(f"http://127.0.0.1:{port}", tmp_path / "key.pem")
    app = build(settings, clock=FixedClock(NOW), transport=httpx.MockTransport(services.handle))
    shown: set[str] = set()

    def note(_: Flask, template: Template, **__: object) -> None:
        shown.add(template.name or "")

    with template_rendered.connected_to(note, app), serving(app, port) as url:
        yield url, services, shown


@pytest.fixture
def visit(browser: Browser, portal: tuple[str, FakeServices, set[str]]) -> Iterator[Callable[..., Visit]]:
    """Opens the portal in a browser of this width, of somebody who reads Bokmål."""
    url, services, shown = portal
    opened: list[BrowserContext] = []

    def open_one(width: int = DESK, **options: object) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale="nb-NO", **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE * 1000)
        opened.append(context)
        return Visit(context.new_page(), services, url, shown)

    yield open_one
    for context in opened:
        context.close()


def assert_accessible(page: Page) -> None:
    """No violation that axe knows of, and nothing that must be scrolled sideways."""
    found = Axe().run(page).response["violations"]
    assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found], page.url
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, page.url


def walk(visit: Visit) -> Iterator[None]:
    """Shows every page in every state it can be in, one after another."""
    services, page = visit.services, visit.page
    services.activities = [an_activity(9, "Babysang"), an_activity(18, "Lokalhistorisk kveld med lysbilder", "asker")]
    services.agreements = [an_agreement()]
    for minutes, task in ((150, "Malte nordveggen i Storsalen"), (60, "Oljet gulvet")):
        services.register(an_agreement()["id"], worked_on="2026-12-01", minutes=minutes, task=task)
    for path in ("/", "/search?square=borgen&date=2026-12-05", "/search?square=tofte", "/squares/borgen", "/nowhere"):
        visit.go(path)
        yield
    visit.go("/sign-in")
    yield
    visit.sign_in("Mona Berg")
    yield from _walk_erasure(visit)
    yield from _walk_bookings(visit)
    for path in ("/bookings", "/me", "/volunteer", f"/volunteer/{an_agreement()['id']}/hours", "/manage/bookings"):
        visit.go(path)
        yield
    for path in ("/manage/keys", "/manage/doors", "/manage/hours", "/manage/desk", "/manage/desk?alone=1"):
        visit.go(path)
        yield
    services.unknown_keys = [a_lost_key(), a_lost_key(state="suspended", suspended_for=str(an_id("another")))]
    visit.go("/manage/keys")
    yield
    yield from _walk_claims(visit)
    yield from _walk_doors(visit)
    yield from _walk_ahead(visit)
    yield from walk_desk(visit)
    visit.go("/manage/hours")
    page.get_by_text("Ikke godkjenn …").first.click()
    yield
    services.silent = {"booking"}
    visit.go("/")
    yield


def _walk_form(visit: Visit) -> Iterator[None]:
    """The form to book with: its house rules, its faults, and the waiting list for what is taken."""
    services, page = visit.services, visit.page
    fault = {"pointer": "#/participants", "detail": "Lokalet har plass til høyst 120."}
    services.refusals["POST booking /bookings"] = refused(422, "invalid_request", "Feil.", errors=[fault])
    services.house_rules = [some_house_rules()]
    visit.go(BOOK)
    yield
    page.get_by_label("Jeg har lest husreglene").check()
    fill_in(page)
    yield
    services.refusals["POST booking /bookings"] = refused(409, "slot_taken", "Lokalet er opptatt i hele tida.")
    page.get_by_label("Jeg har lest husreglene").check()
    fill_in(page)
    yield
    page.get_by_role("button", name="Sett meg på venteliste").click()
    first = next(iter(services.waiting.values()))
    offer = {"state": "offered", "booking": str(an_id("held")), "offered_until": "2026-12-03T11:00:00Z", "place": None}
    services.waiting["offer"] = first | offer | {"id": str(an_id("offer"))}
    visit.go("/waiting")
    yield
    services.house_rules.clear()
    services.refusals.clear()


def _walk_bookings(visit: Visit) -> Iterator[None]:
    services, page = visit.services, visit.page
    yield from _walk_form(visit)
    services.refusals.clear()
    services.events_arrive = False
    booking = services.a_booking()
    for changed in (
        {},
        {"price": a_price()},
        {"state": "awaiting_approval"},
        {"state": "awaiting_payment"},
        {"state": "confirmed", "release_at": "2026-12-05T17:20:00Z"},
        {"state": "in_use"},
        {"state": "completed"},
        {"state": "released"},
        {"state": "declined", "decline_reason": "declined_by_manager"},
        {"state": "expired"},
        {"state": "cancelled", "cancelled_at": "2026-12-04T10:00:00Z"},
    ):
        services.change(booking, **changed)
        visit.go(f"/bookings/{booking}")
        yield
    services.events_arrive = True
    services.change(booking, state="confirmed")
    visit.go(f"/bookings/{booking}")
    page.get_by_role("button", name="Lås opp døra nå").click()
    yield
    visit.go(f"/bookings/{booking}/cancel")
    yield
    refusal = refused(409, "slot_taken", "Lokalet er opptatt i hele eller deler av tida.")
    services.refusals[f"POST booking /bookings/{booking}/reschedule"] = refusal
    visit.go(f"/bookings/{booking}/move")
    page.get_by_role("button", name="Flytt bookingen").click()
    yield
    services.say(booking, "tenant", "Hei! Kan vi få komme ti minutter før, for å rigge?")
    services.say(booking, "house", "Det går fint.")
    visit.go(f"/bookings/{booking}")
    yield
    series = services.a_series()
    second = services.series[series]["occurrences"][1]["booking"]
    asked = f"/series/{series}/cancel?booking={second}"
    for path in (
        "/series",
        f"/series/{series}",
        f"/series/{series}/move",
        asked,
        f"/invitations/{booking}?secret=sesam",
    ):
        visit.go(path)
        yield


def _walk_erasure(visit: Visit) -> Iterator[None]:
    """Having one's data deleted: with bookings that stand against it, and one that costs its full price."""
    services, page = visit.services, visit.page
    services.a_booking(state="confirmed", price=a_price(), free_until="2026-12-03T08:00:00Z")
    services.a_series()
    visit.go("/me/erasure")
    yield
    refusal = next(each for each in recorded()["POST booking /me/erasure"] if each.status == 409)
    services.replayed["POST booking /me/erasure"] = refusal
    page.get_by_role("button", name="Slett mine data").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield
    services.replayed.clear()
    services.bookings.clear()
    services.series.clear()
    visit.go("/me/erasure")
    page.get_by_role("button", name="Slett mine data").click()
    expect(page.get_by_text("Du er slettet fra bookingene.")).to_be_visible()
    yield
    visit.sign_in("Mona Berg")


def _walk_ahead(visit: Visit) -> Iterator[None]:
    """A fixed booking: the form, and every date before anything is booked."""
    visit.go(BOOK)
    visit.page.get_by_text("Book samme tid i flere uker …").click()
    visit.page.get_by_label("Hvor ofte?").select_option("week")
    visit.page.get_by_label("Siste dag").fill("2026-12-26")
    yield
    fill_in(visit.page)
    yield


def _walk_claims(visit: Visit) -> Iterator[None]:
    """Organisations that wait, or came to nothing; and one that is confirmed without a reason."""
    for path in ("/organisations", "/manage/claims"):
        visit.go(path)
        yield
    gone = [a_claim(state, actor=str(an_id(state))) for state in ("refused", "given_to_another", "given_up")]
    own = a_claim(own=True, named=True, actor=str(an_id("own")))
    visit.services.claims = [a_claim(named=False), own, *gone]
    visit.go("/organisations")
    visit.page.get_by_text("Trekk tilbake").first.click()
    yield
    visit.page.get_by_role("button", name="Meld fra").click()
    expect(visit.page.get_by_role("alert")).to_be_visible()
    yield
    visit.services.claims = [a_claim(named=False), own]
    visit.go("/manage/claims")
    visit.page.get_by_text("Avgjør").first.click()
    visit.page.get_by_role("button", name="Bekreft").click()
    expect(visit.page.get_by_role("alert")).to_be_visible()
    yield


def _walk_doors(visit: Visit) -> Iterator[None]:
    """A door that is shut, without news of bookings, and what is ordered of it without a reason."""
    services, page = visit.services, visit.page
    services.doors, services.news, services.codes_renewed = [a_door("shut", own_interest=True)], "no news", True
    visit.go(f"/manage/doors/{an_id('door')}")
    page.get_by_role("button", name="Gjør det").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield
    page.get_by_label("Åpner igjen for dem som har nøkkel").check()
    page.get_by_label("Hvorfor?").fill("Det er tørt igjen")
    page.get_by_role("button", name="Gjør det").click()
    expect(page.get_by_role("heading", name="Nylig")).to_be_visible()
    services.orders[0]["own_interest"] = True
    visit.go("/manage/doors")
    yield
    visit.go(f"/bookings/{services.a_booking(state='confirmed', key='armed')}")
    yield
    services.codes_renewed = False


def walk_desk(visit: Visit) -> Iterator[None]:
    """The desk, and what came of decisions."""
    for number, kind in enumerate(("approval", "approval", "payment", "comment", "clash", "approval")):
        visit.services.awaits(kind, overdue=number < 2)
    visit.go("/manage/desk")
    yield
    visit.page.get_by_role("link", name="Velg alle").click()
    visit.page.get_by_text("Si nei til de valgte …").click()
    visit.page.get_by_role("button", name="Si nei").click()
    yield
    visit.page.get_by_role("checkbox").first.uncheck()
    visit.page.get_by_role("button", name="Godkjenn de valgte").click()
    yield


def fill_in(page: Page) -> None:
    page.get_by_label("Hva er formålet?").select_option("culture")
    page.get_by_label("Hvem er det for?").select_option("everyone")
    page.get_by_label("Hvor mange deltar?").fill("40")
    page.get_by_role("button", name="Reserver tida og se prisen").click()


@pytest.mark.parametrize(("width", "colours"), [(NARROW, "dark"), (PHONE, "light"), (DESK, "light")])
def test_every_page_is_accessible(visit: Callable[..., Visit], width: int, colours: str) -> None:
    someone = visit(width, color_scheme=colours)
    seen = [assert_accessible(someone.page) for _ in walk(someone)]
    assert len(seen) > 20
    there = {each.name for each in Path(portal_package.__file__).parent.glob("templates/*.html")}
    assert there - someone.shown <= NO_PAGE


@pytest.mark.parametrize("language", ["nn", "en"])
def test_every_page_in_the_other_languages(visit: Callable[..., Visit], language: str) -> None:
    someone = visit(NARROW)
    someone.go(f"/language/{language}")
    for path in ("/", "/search?square=borgen&date=2026-12-05", "/squares/borgen", "/sign-in"):
        someone.go(path)
        assert someone.page.locator("html").get_attribute("lang") == language
        assert_accessible(someone.page)


def test_the_judge_of_accessibility_is_awake(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.go("/search")
    someone.page.locator("label[for=date]").evaluate("label => label.remove()")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(someone.page)


def test_the_first_tab_leads_past_the_menu(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.go("/")
    someone.page.keyboard.press("Tab")
    skip = someone.page.get_by_role("link", name="Hopp til innholdet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    someone.page.keyboard.press("Enter")
    expect(someone.page.locator("main")).to_be_focused()


def test_what_must_be_mended_has_the_focus_and_leads_to_its_field(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.sign_in("Kari Nordmann")
    fault = {"pointer": "#/participants", "detail": "Lokalet har plass til høyst 120."}
    someone.services.refusals["POST booking /bookings"] = refused(422, "invalid_request", "Feil.", errors=[fault])
    someone.go(BOOK)
    fill_in(someone.page)
    expect(someone.page.get_by_role("alert")).to_be_focused()
    someone.page.get_by_role("link", name="Lokalet har plass til høyst 120.").click()
    expect(someone.page.get_by_label("Hvor mange deltar?")).to_be_focused()


def test_what_can_not_be_read_is_told_by_us_and_kept(visit: Callable[..., Visit]) -> None:
    """The browser speaks another language than the page, and keeps silent."""
    someone = visit(NARROW, java_script_enabled=False)
    someone.services.agreements = [an_agreement()]
    someone.sign_in("Kari Nordmann")
    someone.go(f"/volunteer/{an_agreement()['id']}/hours")
    someone.page.get_by_label("Timer").fill("halvannen")
    someone.page.get_by_role("button", name="Registrer timer").click()
    expect(someone.page.get_by_role("alert")).to_contain_text("Skriv timer, for eksempel 2, 1,5 eller 1:30.")
    expect(someone.page.get_by_label("Timer")).to_have_value("halvannen")
    someone.page.get_by_label("Timer").fill("1,5")
    someone.page.get_by_label("Hva ble gjort?").fill("Malte")
    someone.page.get_by_role("button", name="Registrer timer").click()
    expect(someone.page.get_by_text("Timene er registrert.")).to_be_visible()
    assert [each["minutes"] for each in someone.services.hours.values()] == [90]


def test_a_double_click_books_once(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.sign_in("Kari Nordmann")
    someone.go(BOOK)
    someone.page.get_by_label("Hva er formålet?").select_option("culture")
    someone.page.get_by_label("Hvem er det for?").select_option("everyone")
    someone.page.get_by_label("Hvor mange deltar?").fill("40")
    someone.page.get_by_role("button", name="Reserver tida og se prisen").dblclick()
    expect(someone.page.get_by_role("button", name="Bekreft bookingen")).to_be_visible()
    assert len(someone.services.bookings) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_page_that_waits_shows_the_news_by_itself(visit: Callable[..., Visit], scripts: bool) -> None:
    someone = visit(java_script_enabled=scripts)
    someone.sign_in("Kari Nordmann")
    someone.services.events_arrive = False
    booking = someone.services.a_booking()
    someone.go(f"/bookings/{booking}")
    expect(someone.page.get_by_text("Vi regner ut prisen.")).to_be_visible()
    someone.services.change(booking, price=a_price())
    expect(someone.page.get_by_role("button", name="Bekreft bookingen")).to_be_visible()
    someone.page.get_by_role("button", name="Bekreft bookingen").click()
    expect(someone.page.get_by_text("Koden er på vei til døra.")).to_be_visible()
    someone.services.events_arrive = True
    expect(someone.page.get_by_text("048213")).to_be_visible()


def test_with_scripts_the_news_comes_without_loading_the_page_anew(visit: Callable[..., Visit]) -> None:
    someone = visit()
    someone.sign_in("Kari Nordmann")
    someone.services.events_arrive = False
    booking = someone.services.a_booking()
    someone.go(f"/bookings/{booking}")
    someone.page.evaluate("window.here = true")
    someone.services.change(booking, price=a_price())
    expect(someone.page.get_by_role("heading", name="Prisen")).to_be_focused()
    assert someone.page.evaluate("window.here") is True


def test_nothing_the_pages_load_breaks_their_own_policy(visit: Callable[..., Visit]) -> None:
    someone = visit()
    complaints: list[str] = []
    someone.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in ("/", "/search?square=borgen&date=2026-12-05", "/squares/borgen"):
        someone.go(path)
    someone.sign_in("Kari Nordmann")
    someone.page.get_by_role("button", name="Logg ut").click()
    expect(someone.page.get_by_text("Du er logget ut.")).to_be_visible()
    assert not complaints

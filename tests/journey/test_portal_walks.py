"""What people begin in the portal they bring to its end there: fixed bookings, waiting lists, closures, invitations and
hours, in a browser over the real services. Kari has a phone, Ola and Mona have desks."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from cli import SERVICES
from cli.sign_in import token
from cli.stack import Stack
from kernel.clock import OSLO, SystemClock
from tests.waiting import eventually

PHONE, DESK = 390, 1280
A_WEEK = timedelta(days=7)


@pytest.fixture
def kari(sign_in: Callable[..., Page]) -> Page:
    return sign_in("Kari Nordmann", PHONE, scripts=True)


@pytest.fixture
def ola(sign_in: Callable[..., Page]) -> Page:
    return sign_in("Ola Hansen", DESK, scripts=True)


@pytest.fixture
def mona(sign_in: Callable[..., Page]) -> Page:
    return sign_in("Mona Berg", DESK, scripts=True)


def a_tuesday(weeks: int, hour: int = 18) -> datetime:
    """A Tuesday evening, so many weeks ahead."""
    today = SystemClock().now().astimezone(OSLO).date()
    return datetime.combine(today + timedelta(days=1 - today.weekday()) + weeks * A_WEEK, time(hour), OSLO)


def fill_in(page: Page, space: str, at: datetime, title: str = "", *, on_behalf: bool = False) -> None:
    """The form to book two hours with, as far as what it is for."""
    page.goto(f"/book?space={space}&begins_at={at.isoformat().replace('+', '%2B')}&minutes=120")
    if on_behalf:
        page.get_by_role("radio", name="Borgen skolekorps").check()
    page.get_by_label("Hva er formålet?").select_option("Kultur")
    page.get_by_label("Hvem er det for?").select_option("Voksne")
    page.get_by_label("Hvor mange deltar?").fill("6")
    page.get_by_label("Navn i det offentlige programmet").fill(title)


def hold(page: Page, space: str, at: datetime) -> None:
    fill_in(page, space, at)
    page.get_by_role("button", name="Reserver tida og se prisen").click()


def book(page: Page, space: str, at: datetime) -> str:
    """Confirmed, and its page's address."""
    hold(page, space, at)
    page.get_by_role("button", name="Bekreft bookingen").click()
    expect(page.get_by_text("Bookingen er bekreftet.")).to_be_visible()
    return page.url.partition("?")[0]


def cancel(page: Page, booking: str) -> None:
    page.goto(booking)
    page.get_by_role("link", name="Avbestill bookingen").click()
    page.get_by_role("button", name="Avbestill bookingen").click()
    expect(page.get_by_text("Bookingen er avbestilt.")).to_be_visible()


def do(torg: Stack, service: str, path: str, persona: str, body: Any) -> Any:
    """What the portal has no page for, done by somebody who may."""
    headers = {"Authorization": f"Bearer {token(torg.issuer, persona)}", "Idempotency-Key": str(uuid4())}
    answer = httpx.post(f"{torg.urls[service]}{path}", json=body, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    return answer.json()


def test_a_fixed_booking_from_its_dates_to_its_end(kari: Page, ola: Page) -> None:
    first = a_tuesday(2)
    theirs = book(ola, "borgen-storsal-a", first + A_WEEK)
    fill_in(kari, "borgen-storsal", first, "Korpsøving", on_behalf=True)
    kari.get_by_text("Book samme tid i flere uker …").click()
    kari.get_by_label("Hvor ofte?").select_option("Hver uke")
    kari.get_by_label("Siste dag").fill(f"{first + 3 * A_WEEK:%Y-%m-%d}")
    kari.get_by_role("button", name="Reserver tida og se prisen").click()
    expect(kari.get_by_text("1 dato kan du ikke få.")).to_be_visible()
    kari.get_by_role("radio", name="Hopp over").check()
    kari.get_by_role("button", name="Reserver datoene og se prisene").click()
    kari.get_by_role("button", name="Bekreft alle datoene").click()
    expect(kari.get_by_text("Den faste bookingen er bekreftet.")).to_be_visible()
    series = kari.url.partition("?")[0]
    expect(kari.get_by_text("Bekreftet", exact=True)).to_have_count(3)
    expect(kari.get_by_text("Tatt av andre")).to_be_visible()

    kari.get_by_role("link", name="Flytt datoer i den faste bookingen").click()
    kari.get_by_role("radio", name="Alle som er igjen").check()
    kari.get_by_label("Fra", exact=True).fill("kl 19")
    kari.get_by_label("Til", exact=True).fill("20.30")
    kari.get_by_role("button", name="Flytt datoene").click()
    expect(kari.get_by_text("Datoene er flyttet.")).to_be_visible()
    expect(kari.get_by_text("19:00–20:30").first).to_be_visible()

    kari.goto(series)
    kari.get_by_role("link", name="Avbestill alle datoene").click()
    expect(kari.get_by_text("Det koster ingenting.")).to_be_visible()
    kari.goto("/bookings")
    kari.get_by_role("link", name="Mine faste bookinger").click()
    kari.locator(f"a[href='{series[series.index('/series') :]}']").click()
    kari.get_by_role("link").filter(has_text="19:00–20:30").nth(1).click()
    kari.get_by_role("link", name="Avbestill bookingen").click()
    kari.get_by_role("link", name="Avbestill flere datoer").click()
    kari.get_by_role("radio", name="og alle etter den").check()
    kari.get_by_label("Hvorfor?").fill("Dirigenten er syk")
    kari.get_by_role("button", name="Avbestill datoene").click()
    expect(kari.get_by_text("Datoene er avbestilt.")).to_be_visible()
    expect(kari.get_by_text("Avbestilt", exact=True)).to_have_count(2)

    kari.get_by_role("link", name="Avbestill alle datoene").click()
    kari.get_by_role("button", name="Avbestill datoene").click()
    expect(kari.get_by_text("Avbestilt", exact=True)).to_have_count(4)
    cancel(ola, theirs)


def test_waiting_offered_taken_and_left(kari: Page, ola: Page) -> None:
    at = a_tuesday(3)
    for take in (True, False):
        theirs = book(ola, "borgen-moterom-2", at)
        hold(kari, "borgen-moterom-2", at)
        expect(kari.get_by_role("alert")).to_contain_text("opptatt")
        kari.get_by_role("button", name="Sett meg på venteliste").click()
        expect(kari.get_by_text("Du er neste")).to_be_visible()
        cancel(ola, theirs)
        kari.goto("/waiting")
        offer = kari.get_by_role("listitem").filter(has_text="Svar innen")
        if take:
            offer.get_by_role("link", name="Se prisen og ta den").click()
            kari.get_by_role("button", name="Bekreft bookingen").click()
            expect(kari.get_by_text("Bookingen er bekreftet.")).to_be_visible()
            cancel(kari, kari.url.partition("?")[0])
        else:
            offer.get_by_role("button", name="La den gå til neste").click()
            expect(kari.get_by_text("Du står ikke i køen lenger.")).to_be_visible()


def test_the_house_closes_a_room(torg: Stack, kari: Page) -> None:
    at = a_tuesday(4)
    moved, gone = book(kari, "borgen-moterom-1", at), book(kari, "borgen-moterom-1", at + timedelta(hours=2))
    decisions = [
        {"booking": moved.rpartition("/")[2], "outcome": "move", "space": "borgen-moterom-2"},
        {"booking": gone.rpartition("/")[2], "outcome": "cancel"},
    ]
    reason = {"nb": "Gulvet slipes", "nn": "Golvet blir slipt", "en": "The floor is sanded"}
    closing = {"kind": "maintenance", "space": "borgen-moterom-1", "reason": reason, "decisions": decisions}
    closing |= {"begins_at": at.isoformat(), "ends_at": (at + timedelta(hours=5)).isoformat()}
    do(torg, "booking", "/closures", "mona", closing)
    kari.goto(moved)
    expect(kari.get_by_role("heading", name="Møterom 2")).to_be_visible()
    expect(kari.get_by_text("Gulvet slipes")).to_be_visible()
    kari.goto(gone)
    expect(kari.get_by_text("Avlyst av arena-ansvarlig")).to_be_visible()
    expect(kari.get_by_text("Gulvet slipes")).to_be_visible()
    expect(kari.get_by_text("Du har ingenting å betale.")).to_be_visible()
    kari.get_by_role("link", name="Finn en annen tid").click()
    expect(kari.get_by_role("heading", name="Finn ledig tid")).to_be_visible()
    hold(kari, "borgen-moterom-1", at)
    expect(kari.get_by_role("alert")).to_contain_text("stengt")


def test_an_invitation_is_accepted_or_turned_down(torg: Stack, ola: Page) -> None:
    bearer = {"Authorization": f"Bearer {token(torg.issuer, 'kari')}"}
    actors = httpx.get(f"{torg.urls['booking']}/actors", headers=bearer, timeout=30).json()["items"]
    band = next(each["id"] for each in actors if each["kind"] == "voluntary")
    for answer, said in (("Nei takk", "Du har takket nei"), ("Ta imot", "booke på vegne av")):
        invite = {"role": "booker", "email": "ola@example.no"}
        made = do(torg, "booking", f"/actors/{band}/invitations", "drift", invite)
        ola.goto(f"/invitations/{made['invitation']['id']}?secret={made['secret']}")
        ola.get_by_role("button", name=answer).click()
        expect(ola.get_by_role("status")).to_contain_text(said)
    fill_in(ola, "borgen-moterom-2", a_tuesday(5))
    expect(ola.get_by_role("radio", name="Meg selv")).to_be_checked()
    ola.get_by_role("radio", name="Borgen skolekorps").check()
    ola.get_by_role("button", name="Reserver tida og se prisen").click()
    expect(ola.get_by_text("Borgen skolekorps")).to_be_visible()


def test_hours_are_turned_down_with_a_reason(kari: Page, mona: Page) -> None:
    kari.goto("/volunteer")
    kari.get_by_role("link", name="Registrer timer").first.click()
    kari.get_by_label("Timer").fill("1,5")
    kari.get_by_label("Hva ble gjort?").fill("Vasket gulvet")
    kari.get_by_role("button", name="Registrer timer").click()
    expect(kari.get_by_text("1 t 30 min")).to_be_visible()
    mona.goto("/manage/hours")
    mona.get_by_text("Ikke godkjenn …").click()
    mona.get_by_role("button", name="Ikke godkjenn").click()
    expect(mona.get_by_role("alert")).to_contain_text("Skriv hvorfor")
    mona.get_by_label("Hvorfor ikke?").fill("Gulvet vaskes av renholdet")
    mona.get_by_role("button", name="Ikke godkjenn").click()
    expect(mona.get_by_text("Timene er ikke godkjent.")).to_be_visible()
    kari.goto("/volunteer")
    expect(kari.get_by_text("Gulvet vaskes av renholdet")).to_be_visible()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_who_goes_is_forgotten_by_all_services(sign_in: Callable[..., Page], torg: Stack, width: int) -> None:
    """Without scripts; what is told to the others is waited for. Who signs in again starts with nothing."""
    olas = sign_in("Ola Hansen", width, scripts=False)
    at = a_tuesday(6 if width == PHONE else 7)
    hold(olas, "borgen-moterom-2", at)
    olas.get_by_role("link", name="Dine data").first.click()
    olas.get_by_role("link", name="Gå videre for å slette dine data").click()
    expect(olas.get_by_role("heading", name="Disse bookingene blir avbestilt")).to_be_visible()
    olas.get_by_role("button", name="Slett mine data").click()
    expect(olas.get_by_role("alert")).to_contain_text("Du har bookinger som ikke er over.")
    olas.get_by_role("checkbox").check()
    olas.get_by_role("button", name="Slett mine data").click()
    expect(olas.get_by_text("Du er slettet fra bookingene.")).to_be_visible()
    expect(olas.get_by_role("link", name="Logg inn")).to_be_visible()

    headers = {"Authorization": f"Bearer {token(torg.issuer, 'ola')}"}
    for service in SERVICES:
        eventually(lambda url=torg.urls[service]: not holds(f"{url}/me/export", headers))
    again = sign_in("Ola Hansen", width, scripts=False)
    again.goto("/bookings")
    expect(again.get_by_text("Du har ingen bookinger ennå.")).to_be_visible()


def holds(url: str, headers: dict[str, str]) -> bool:
    """Whether a service has anything of whoever asks."""
    answer = httpx.get(url, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    return any(answer.json()["held"].values())

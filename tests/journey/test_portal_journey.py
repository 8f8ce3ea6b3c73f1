"""The main job as people do it: in a browser, on a whole Torg. Kari has a phone without scripts, Mona a desk."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from kernel.clock import OSLO, SystemClock
from tests.waiting import eventually


def book(page: Page, day: str, title: str, space: str = "Storsalen", people: int = 40) -> None:
    """Finds the first free hour of a space from then on, and holds it for the band."""
    page.goto(f"/search?square=borgen&date={day}&minutes=60")
    offer = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=space, exact=True))
    offer.get_by_role("button", name=f"Velg {space}").click()
    page.get_by_role("radio", name="Borgen skolekorps").check()
    page.get_by_label("Hva er formålet?").select_option("Kultur")
    page.get_by_label("Hvem er det for?").select_option("Voksne")
    page.get_by_label("Hvor mange deltar?").fill(str(people))
    page.get_by_label("Navn i det offentlige programmet").fill(title)
    page.get_by_role("button", name="Reserver tida og se prisen").click()
    expect(page.get_by_role("button", name="Bekreft bookingen")).to_be_visible()


def seconds_to_the_quarter() -> float:
    """Until the next quarter: the hall is let by the quarter, and its key opens a quarter before it."""
    return 900 - SystemClock().now().timestamp() % 900


def total(page: Page) -> str:
    return page.locator("tfoot td").inner_text()


def test_the_whole_journey_in_a_browser(sign_in: Callable[..., Page]) -> None:
    kari = sign_in("Kari Nordmann", 390, scripts=False)
    eventually(lambda: seconds_to_the_quarter() > 60, seconds=75)
    today = SystemClock().now().astimezone(OSLO)

    book(kari, f"{today:%Y-%m-%d}", "Åpen korpsøving")
    full_price = total(kari)
    assert full_price != "Gratis"
    kari.get_by_role("button", name="Bekreft bookingen").click()
    expect(kari.get_by_role("heading", name="Koden er på døra")).to_be_visible()
    code = kari.locator(".code").inner_text()
    assert code.split()[-1].isdecimal()

    kari.get_by_role("button", name="Lås opp døra nå").click()
    expect(kari.get_by_text("Døra er åpen. Velkommen inn!")).to_be_visible()

    kari.goto("/squares/borgen")
    expect(kari.get_by_text("Åpen korpsøving")).to_be_visible()

    ask_for_approval(kari, f"{today + timedelta(days=3):%Y-%m-%d}")
    register_hours(kari)
    mona = sign_in("Mona Berg", 1280, scripts=True)
    approve_booking(mona)
    approve_hours(mona)
    kari.goto("/volunteer")
    expect(kari.get_by_text("Godkjent", exact=True)).to_be_visible()

    book(kari, f"{today + timedelta(days=7):%Y-%m-%d}", "Seksjonsøving")
    expect(kari.get_by_role("cell", name="−200\xa0kr")).to_be_visible()
    kari.get_by_role("button", name="Bekreft bookingen").click()
    expect(kari.get_by_role("heading", name="Koden er på døra")).to_be_visible()
    kari.get_by_role("button", name="Lås opp døra nå").click()
    expect(kari.get_by_text("Det er for tidlig")).to_be_visible()
    move(kari)

    book(kari, f"{today + timedelta(hours=2):%Y-%m-%d}", "Kveldsøving")
    kari.get_by_role("button", name="Bekreft bookingen").click()
    expect(kari.get_by_role("heading", name="Koden er på døra")).to_be_visible()
    kari.get_by_role("link", name="Avbestill bookingen").click()
    expect(kari.get_by_text("så full pris gjelder")).to_be_visible()
    kari.get_by_role("button", name="Avbestill bookingen").click()
    expect(kari.get_by_text(f"Å betale: {full_price}")).to_be_visible()
    expect(kari.get_by_text("Koden er på døra")).not_to_be_visible()

    kari.goto("/squares/borgen")
    expect(kari.get_by_text("Kveldsøving")).not_to_be_visible()


def ask_for_approval(page: Page, day: str) -> None:
    book(page, day, "Lydprøve", space="Øvingsrommet", people=8)
    page.get_by_role("button", name="Bekreft bookingen").click()
    expect(page.get_by_text("Arena-ansvarlig har ikke svart ennå.")).to_be_visible()
    page.get_by_label("Skriv til arena-ansvarlig").fill("Kan vi låne stativer?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Kan vi låne stativer?")).to_be_visible()


def approve_booking(page: Page) -> None:
    page.get_by_role("link", name="Til behandling").click()
    page.get_by_role("link", name="Se nærmere Øvingsrommet").first.click()
    expect(page.get_by_text("Kan vi låne stativer?")).to_be_visible()
    page.get_by_role("link", name="Til behandling").click()
    page.get_by_role("checkbox", name="Øvingsrommet").check()
    page.get_by_role("button", name="Godkjenn de valgte").click()
    expect(page.get_by_role("status").get_by_text("Bekreftet")).to_be_visible()
    expect(page.get_by_text("Ingenting venter på deg.")).to_be_visible()


def move(page: Page) -> None:
    """Fewer come than was thought."""
    page.get_by_role("link", name="Flytt eller gjør den mindre").click()
    page.get_by_label("Hvor mange deltar?").fill("10")
    page.get_by_role("button", name="Flytt bookingen").click()
    expect(page.get_by_text("Bookingen er flyttet")).to_be_visible()


def register_hours(page: Page) -> None:
    page.get_by_role("link", name="Dugnad").click()
    page.get_by_role("link", name="Registrer timer").click()
    page.get_by_label("Timer").fill("1")
    page.get_by_label("Hva ble gjort?").fill("Malte gangen")
    page.get_by_role("button", name="Registrer timer").click()
    expect(page.get_by_text("Venter på godkjenning")).to_be_visible()


def approve_hours(page: Page) -> None:
    page.get_by_role("link", name="Timer til godkjenning").click()
    page.get_by_role("button", name="Godkjenn Malte gangen").click()
    expect(page.get_by_text("Timene er godkjent.")).to_be_visible()
    page.get_by_role("link", name="Mine bookinger").click()
    expect(page.get_by_text("Du har ingen bookinger ennå.")).to_be_visible()
    page.get_by_role("link", name="Bookinger på mine torg").click()
    page.get_by_role("link", name="Borgen").click()
    expect(page.get_by_text("Borgen skolekorps").first).to_be_visible()


def test_nobody_sees_anothers_booking(sign_in: Callable[..., Page]) -> None:
    ola = sign_in("Ola Hansen", 1280, scripts=True)
    ola.goto("/bookings")
    expect(ola.get_by_text("Du har ingen bookinger ennå.")).to_be_visible()
    ola.goto("/volunteer")
    expect(ola.get_by_text("Du er ikke med i noen dugnadsavtale.")).to_be_visible()


def test_the_hall_is_taken_whole_and_in_parts(sign_in: Callable[..., Page]) -> None:
    """Who booked a hall's part has taken its whole; the no is told on the form, in words. Who has a part waits for no
    whole, but others do."""
    ola = sign_in("Ola Hansen", 1280, scripts=True)
    for space in ("borgen-storsal-a", "borgen-storsal"):
        try_to_book(ola, space)
    expect(ola.get_by_role("alert")).to_contain_text("opptatt")
    ola.get_by_role("button", name="Sett meg på venteliste").click()
    expect(ola.get_by_role("alert")).to_contain_text("har eller er tilbudt")

    kari = sign_in("Kari Nordmann", 1280, scripts=True)
    try_to_book(kari, "borgen-storsal")
    kari.get_by_role("button", name="Sett meg på venteliste").click()
    expect(kari.get_by_text("Du er neste")).to_be_visible()


def try_to_book(page: Page, space: str) -> None:
    day = f"{SystemClock().now().astimezone(OSLO) + timedelta(days=3):%Y-%m-%d}"
    page.goto(f"/book?space={space}&begins_at={day}T17:00:00Z&minutes=60")
    page.get_by_label("Hva er formålet?").select_option("Idrett og trening")
    page.get_by_label("Hvem er det for?").select_option("Alle")
    page.get_by_label("Hvor mange deltar?").fill("12")
    page.get_by_role("button", name="Reserver tida og se prisen").click()

"""Booking a time, and the booking's own page: price, confirmation, key, door, cancellation."""

import pytest

from services.portal.forms import instant, timed
from services.portal.pages.bookings import possible
from tests.recordings import Answer
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import STORSAL, FakeServices, a_price, an_id, as_recorded, refused, some_house_rules

BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00%2B00:00&minutes=120"
HISTORY = "GET booking /bookings/{booking}/history"
FILLED = {"purpose": "culture", "audience": "everyone", "participants": "40"}


def test_holds_what_was_filled_in(portal: Portal, kari: Visitor) -> None:
    kari.go(BOOK)
    kari.submit("/book", **FILLED, tenant=str(an_id("korps")), title="Korpsøving")
    (call,) = portal.services.asked("POST", "booking")
    assert call.path == "/bookings"
    assert call.body == {
        "space": "borgen-storsal",
        "begins_at": "2026-12-05T18:00:00+01:00",
        "ends_at": "2026-12-05T20:00:00+01:00",
        "purpose": "culture",
        "audience": "everyone",
        "participants": 40,
        "tenant": str(an_id("korps")),
        "title": "Korpsøving",
    }
    assert call.headers["Authorization"].startswith("Bearer ")
    assert kari.path == f"/bookings/{an_id('booking 0')}"


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u200b", "\u00ad\u3164"], ids=ascii)
def test_what_is_left_empty_is_not_sent(portal: Portal, kari: Visitor, blank: str) -> None:
    kari.go(BOOK)
    kari.submit("/book", **FILLED, title=blank)
    (call,) = portal.services.asked("POST", "booking")
    assert {"tenant", "title"}.isdisjoint(call.body)


def test_a_double_click_books_once(portal: Portal, kari: Visitor) -> None:
    form = kari.go(BOOK)
    kari.submit("/book", **FILLED)
    kari.page = form
    kari.submit("/book", **FILLED)
    assert len(portal.services.bookings) == 1
    first, second = portal.services.asked("POST", "booking")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_every_rendering_of_a_form_is_an_act_of_its_own(portal: Portal, kari: Visitor) -> None:
    for _ in range(2):
        kari.go(BOOK)
        kari.submit("/book", **FILLED)
    assert len(portal.services.bookings) == 2


def test_a_fault_stands_at_its_field_and_in_the_summary(portal: Portal, kari: Visitor) -> None:
    fault = {"pointer": "#/participants", "detail": "Lokalet har plass til høyst 120."}
    portal.services.refusals["POST booking /bookings"] = refused(422, "invalid_request", "Feil.", errors=[fault])
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED, title="Korpsøving")
    assert page.status_code == 422
    assert '<a href="#participants">Lokalet har plass til høyst 120.</a>' in page.text
    assert 'id="participants-fault">Lokalet har plass til høyst 120.' in page.text
    assert 'aria-describedby="participants-help participants-fault" aria-invalid="true"' in page.text
    assert 'value="Korpsøving"' in page.text


def test_a_no_to_the_whole_is_told_above_the_form(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["POST booking /bookings"] = refused(409, "slot_taken", "Lokalet er opptatt.")
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert page.status_code == 409
    assert "Lokalet er opptatt." in page.text
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("field", ["purpose", "audience"])
def test_what_is_not_chosen_is_told_in_words(portal: Portal, kari: Visitor, field: str) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED | {field: ""})
    assert page.status_code == 422
    label = {"purpose": "Formål", "audience": "Målgruppe"}[field]
    assert f'<li>{label}: <a href="#{field}">Velg en fra lista.</a></li>' in page.text
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize("participants", ["", "mange", "-1", "1.5", "1e3", "10000000"])
def test_what_is_no_number_is_not_sent(portal: Portal, kari: Visitor, participants: str) -> None:
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED | {"participants": participants})
    assert page.status_code == 422
    assert '<a href="#participants">Skriv et helt tall, for eksempel 12.</a>' in page.text
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("space=nowhere&begins_at=2026-12-05T17:00:00Z&minutes=60", 404),
        ("space=borgen-storsal&begins_at=2026-12-05T17:00:00&minutes=60", 400),
        ("space=borgen-storsal&begins_at=soon&minutes=60", 400),
        ("space=borgen-storsal&begins_at=2026-12-05T17:00:00Z&minutes=0", 400),
        ("space=borgen-storsal&begins_at=2026-12-05T17:00:00Z&minutes=20161", 400),
        ("space=borgen-storsal&begins_at=2026-12-05T17:00:00Z", 400),
        ("", 404),
    ],
)
def test_an_address_that_is_not_ours(kari: Visitor, query: str, status: int) -> None:
    assert kari.go(f"/book?{query}").status_code == status


def test_the_price_is_explained_line_by_line(portal: Portal, kari: Visitor) -> None:
    page = kari.go(f"/bookings/{portal.services.a_booking()}")
    assert "Idrettshall, lag og foreninger over 19 år, helg (18:00–20:00)" in page.text
    assert "2 timer × 525\xa0kr" in page.text
    assert "−450\xa0kr" in page.text
    assert "600\xa0kr" in page.text
    assert "Tida er reservert for deg til kl. 10:15." in page.text


def test_free_is_said_in_a_word(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(price=a_price() | {"total": 0})
    assert "Gratis" in kari.go(f"/bookings/{booking}").text


def test_confirms_the_version_that_was_seen(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    kari.go(f"/bookings/{booking}")
    kari.submit("/confirm")
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.headers["If-Match"]) == (f"/bookings/{booking}/confirm", '"1"')
    assert "Bookingen er bekreftet." in kari.text


def test_a_booking_that_changed_meanwhile_is_told_of(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    stale(portal, booking)
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/confirm")
    assert (page.status_code, kari.path) == (200, f"/bookings/{booking}")
    assert "Dette er endret etter at du åpnet sida. Slik står det nå." in page.text


def stale(portal: Portal, booking: str, action: str = "confirm") -> None:
    path = f"POST booking /bookings/{booking}/{action}"
    portal.services.refusals[path] = refused(412, "stale_version", "Noen har endret.")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("confirmed", "Det var alt gjort. Slik står det nå."),
        ("awaiting_approval", "Det var alt gjort. Slik står det nå."),
        ("expired", "Det ble ikke bekreftet i tide, så tida er ikke lenger reservert for deg."),
        ("cancelled", "Dette er endret etter at du åpnet sida."),
    ],
)
def test_what_became_of_a_hold_meanwhile_is_told(portal: Portal, kari: Visitor, state: str, said: str) -> None:
    booking = portal.services.a_booking()
    kari.go(f"/bookings/{booking}")
    portal.services.change(booking, state=state)
    stale(portal, booking)
    page = kari.submit("/confirm")
    assert said in page.text
    assert "Noen har endret" not in page.text


def test_a_hold_whose_time_is_over_is_no_longer_kept(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    portal.services.refusals[f"POST booking /bookings/{booking}/confirm"] = refused(409, "hold_expired", "Utløpt.")
    kari.go(f"/bookings/{booking}")
    assert "tida er ikke lenger reservert for deg" in kari.submit("/confirm").text


def test_ones_own_time_is_shown_and_not_waited_for(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    portal.services.refusals["POST booking /bookings"] = refused(409, "slot_taken", "Lokalet er opptatt.")
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert page.status_code == 409
    assert "Du har alt denne tida." in page.text
    assert f'href="/bookings/{booking}"' in page.text
    assert "venteliste" not in page.text


def test_a_time_beside_ones_own_is_waited_for(portal: Portal, kari: Visitor) -> None:
    portal.services.a_booking(begins_at="2026-12-05T19:00:00Z", ends_at="2026-12-05T20:00:00Z")
    portal.services.a_booking(state="cancelled")
    portal.services.refusals["POST booking /bookings"] = refused(409, "slot_taken", "Lokalet er opptatt.")
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert "Du har alt denne tida." not in page.text
    assert "venteliste" in page.text


@pytest.mark.parametrize("state", ["held", "confirmed"])
@pytest.mark.parametrize(
    ("free_until", "said"),
    [
        ("2026-12-03T09:00:00Z", "Den kan avbestilles gratis til torsdag 3. desember kl. 10:00."),
        ("2026-12-03T08:59:59Z", "Den kan ikke avbestilles gratis: fristen for det er ute."),
    ],
)
def test_until_when_it_is_free_to_cancel_stands_by_the_price(
    portal: Portal, kari: Visitor, state: str, free_until: str, said: str
) -> None:
    booking = portal.services.a_booking(state=state, free_until=free_until)
    assert said in kari.go(f"/bookings/{booking}").text


def test_what_costs_nothing_has_no_such_limit(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(price=a_price() | {"total": 0})
    assert "avbestilles gratis" not in kari.go(f"/bookings/{booking}").text


def test_my_bookings_are_those_to_come_and_then_those_that_are_over(portal: Portal, kari: Visitor) -> None:
    over = portal.services.a_booking(state="expired")
    held = portal.services.a_booking(title="Korpsøving")
    moved = portal.services.a_booking(state="confirmed", free_until="2026-12-05T17:00:00Z")
    page = kari.go("/bookings").text
    asked = [call.query for call in portal.services.asked("GET", "booking") if call.path == "/bookings"]
    assert asked == [{"mine": "true", "standing": "live"}, {"mine": "true", "standing": "over"}]
    assert page.index(held) < page.index(moved) < page.index("Over, avbestilt eller ikke booket") < page.index(over)
    assert "<span>Korpsøving</span>" in page
    assert page.count("Svar innen torsdag 3. desember kl. 10:15") == 1
    assert page.count("Flyttet av arena-ansvarlig") == 1


def test_more_of_those_that_are_over(portal: Portal, kari: Visitor) -> None:
    portal.services.a_booking(state="expired")
    page = kari.go("/bookings?standing=over&cursor=abc").text
    (call,) = [call for call in portal.services.asked("GET", "booking") if call.path == "/bookings"]
    assert call.query == {"mine": "true", "standing": "over", "cursor": "abc"}
    assert "Du har ingen" not in page


def test_the_code_is_shown_once_it_is_on_the_door(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    portal.services.events_arrive = False
    page = kari.go(f"/bookings/{booking}")
    assert "Koden er på vei til døra." in page.text
    assert "048213" not in page.text
    portal.services.events_arrive = True
    page = kari.go(f"/bookings/{booking}")
    assert "Koden er på døra" in page.text
    assert "048213" in page.text
    assert "lørdag 5. desember fra kl. 17:45 til kl. 20:15" in page.text


def test_it_is_said_that_the_code_is_another_than_it_was(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed", key="armed")
    assert "Koden er en annen" not in kari.go(f"/bookings/{booking}").text
    portal.services.codes_renewed = True
    assert "Koden er en annen siden" in kari.go(f"/bookings/{booking}").text


def test_the_code_is_not_for_whoever_else_may_see_the_booking(portal: Portal, visitor: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed", key="armed")
    portal.services.refusals["GET access /keys"] = refused(403, "forbidden", "Du har ikke tilgang.")
    page = visitor.sign_in("drift").go(f"/bookings/{booking}")
    assert page.status_code == 200
    assert "Den vises bare for den som booket." in page.text
    assert "http-equiv" not in page.text


@pytest.mark.parametrize(
    ("door", "said"),
    [
        (
            {"outcome": "opened", "reason": None, "at": "2026-12-05T16:58:00Z"},
            "Døra er åpen. Velkommen inn! (kl. 17:58)",
        ),
        ({"outcome": "refused", "reason": "too_early", "at": "2026-12-05T10:00:00Z"}, "Det er for tidlig"),
        ({"outcome": "refused", "reason": "on_fire", "at": "2026-12-05T10:00:00Z"}, "on fire"),
    ],
)
def test_the_door_answers(portal: Portal, kari: Visitor, door: dict[str, str], said: str) -> None:
    booking = portal.services.a_booking(state="confirmed")
    portal.services.door = door
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/unlock")
    (call,) = portal.services.asked("POST", "access")
    assert call.path == f"/keys/{an_id(f'key of {booking}')}/unlock"
    assert said in page.text


def test_an_unlock_without_a_key_asks_no_door(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/unlock", key="../../locks/1")
    assert "Bookingen har ingen nøkkel." in page.text
    assert not portal.services.asked("POST", "access")


def test_what_cancelling_costs_is_told_before(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    portal.services.consequence |= {"free_until": "2026-12-03T17:00:00Z"}
    page = kari.go(f"/bookings/{booking}/cancel")
    assert "Det koster ingenting fram til torsdag 3. desember kl. 18:00." in page.text
    portal.services.consequence |= {"fee": 60000, "free_until": "2026-12-03T08:59:59Z"}
    page = kari.go(f"/bookings/{booking}/cancel")
    assert "Fristen var torsdag 3. desember kl. 09:59, så full pris gjelder: 600\xa0kr." in page.text


def test_cancelling_tells_what_it_came_to(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    kari.go(f"/bookings/{booking}/cancel")
    page = kari.submit("/cancel")
    assert "Bookingen er avbestilt." in page.text
    assert "Avbestilt etter fristen: full pris gjelder" in page.text
    assert "Å betale: 600\xa0kr" in page.text
    assert "048213" not in page.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "declined", "decline_reason": "price_not_published"}, "ingen pris for dette lokalet på en slik dag"),
        ({"state": "declined", "decline_reason": "new_reason"}, "new reason"),
        ({"state": "expired"}, "ble ikke bekreftet, godkjent eller betalt innen fristen"),
        (
            {"state": "cancelled", "price": None, "free_until": None, "cancelled_at": "2026-12-03T09:00:00Z"},
            "Tida ble gitt fri torsdag 3. desember kl. 10:00, før den var booket.",
        ),
    ],
)
def test_a_booking_that_came_to_nothing(portal: Portal, kari: Visitor, changed: dict[str, object], said: str) -> None:
    page = kari.go(f"/bookings/{portal.services.a_booking(**changed)}")
    assert said in page.text
    assert "Finn en annen tid" in page.text
    assert "tatt ut av programmet" not in page.text


def test_what_was_booked_left_the_programme(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="cancelled", cancelled_at="2026-12-03T09:00:00Z")
    steps = [as_recorded(HISTORY, "held, not priced", what=what) for what in ("held", "confirmed", "cancelled")]
    portal.services.replayed[HISTORY] = Answer("cancelled", 200, {"items": steps})
    page = kari.go(f"/bookings/{booking}")
    assert "Avbestilt torsdag 3. desember kl. 10:00. Koden virker ikke lenger" in page.text


def test_a_hold_is_let_go(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/cancel")
    assert "Du har gitt fra deg tida." in page.text
    assert "Bookingen er avbestilt." not in page.text


@pytest.mark.parametrize(
    ("state", "told"), [("awaiting_payment", True), ("confirmed", True), ("completed", True), ("held", False)]
)
def test_how_it_is_paid_is_told(portal: Portal, kari: Visitor, state: str, *, told: bool) -> None:
    page = kari.go(f"/bookings/{portal.services.a_booking(state=state)}")
    assert ("Du kan ikke betale her. Betal på innbyggertorget" in page.text) == told
    assert ("Er ingen betaling registrert innen da" in page.text) == (state == "awaiting_payment")


@pytest.mark.parametrize(("state", "told"), [("held", True), ("awaiting_payment", True), ("confirmed", False)])
def test_what_is_paid_first_is_told_before_it_is_paid(
    portal: Portal, kari: Visitor, monkeypatch: pytest.MonkeyPatch, state: str, *, told: bool
) -> None:
    monkeypatch.setitem(STORSAL, "prepay", True)
    page = kari.go(f"/bookings/{portal.services.a_booking(state=state)}")
    assert ("Du kan ikke betale her. Betal på innbyggertorget" in page.text) == told


@pytest.mark.parametrize(
    ("state", "ended_at", "said"),
    [
        ("completed", "2026-12-05T17:40:00Z", "avsluttet lørdag 5. desember kl. 18:40, og resten av tida er ledig for"),
        ("completed", None, "Tida er over."),
        ("released", "2026-12-05T17:20:00Z", "Det var lørdag 5. desember kl. 18:20."),
    ],
)
def test_when_a_booking_ended_before_its_time(
    portal: Portal, kari: Visitor, state: str, ended_at: str | None, said: str
) -> None:
    page = kari.go(f"/bookings/{portal.services.a_booking(state=state, ended_at=ended_at)}")
    assert said in page.text
    assert ("avsluttet" in page.text) == (state == "completed" and ended_at is not None)
    ends = {"2026-12-05T17:40:00Z": "18:40", "2026-12-05T17:20:00Z": "18:20", None: "20:00"}
    assert f'<dd>lørdag 5. desember, <span class="time">18:00–{ends[ended_at]}</span>' in page.text


def test_waits_for_the_price_and_gives_up_waiting(portal: Portal, kari: Visitor) -> None:
    portal.services.events_arrive = False
    booking = portal.services.a_booking()
    page = kari.go(f"/bookings/{booking}")
    assert "Vi regner ut prisen." in page.text
    assert f'content="2; url=/bookings/{booking}?looks=1"' in page.text
    page = kari.go(f"/bookings/{booking}?looks=19")
    assert f'content="2; url=/bookings/{booking}?looks=20"' in page.text
    page = kari.go(f"/bookings/{booking}?looks=20")
    assert "http-equiv" not in page.text
    assert "Det tar lengre tid enn det skal." in page.text
    assert "Vi regner ut prisen." not in page.text
    assert "Bookingen din er trygg" not in page.text


@pytest.mark.parametrize("looks", [0, 20])
@pytest.mark.parametrize(
    ("changed", "then"),
    [
        ({}, "Når prisen kommer, har du opptil 15 min på å bekrefte bookingen, aldri lenger enn til den begynner."),
        ({"answer_minutes": 120}, "har du opptil 2 timer på å bekrefte bookingen"),
        ({"confirm": "when_priced"}, "Når prisen kommer, bekreftes bookingen av seg selv"),
    ],
)
def test_until_when_it_is_held_without_a_price_and_what_the_price_brings(
    portal: Portal, kari: Visitor, looks: int, changed: dict[str, object], then: str
) -> None:
    portal.services.events_arrive = False
    booking = portal.services.a_booking(hold_expires_at="2026-12-03T11:00:00Z", **changed)

    page = kari.go(f"/bookings/{booking}?looks={looks}")

    assert "Tida holdes av for deg til torsdag 3. desember kl. 12:00." in page.text
    assert then in page.text


def test_that_no_price_came_in_time_is_said(portal: Portal, kari: Visitor) -> None:
    without = kari.go(f"/bookings/{portal.services.a_booking(state='expired', price=None)}").text
    with_one = kari.go(f"/bookings/{portal.services.a_booking(state='expired')}").text

    assert "Prisen kom ikke i tide" in without
    assert "Prisen kom ikke i tide" not in with_one


def test_a_key_that_is_late_leaves_the_booking_safe(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    portal.services.events_arrive = False
    page = kari.go(f"/bookings/{booking}?looks=20")

    assert "Det tar lengre tid enn det skal. Bookingen din er trygg." in page.text


def test_does_not_wait_for_the_key_of_a_time_that_is_over(portal: Portal, kari: Visitor) -> None:
    portal.services.events_arrive = False
    booking = portal.services.a_booking(state="confirmed", price=a_price(), free_until=a_price()["free_until"])
    portal.services.bookings[booking]["ends_at"] = "2026-12-03T09:00:01Z"
    assert "Koden er på vei til døra." in kari.go(f"/bookings/{booking}").text
    portal.services.bookings[booking]["ends_at"] = "2026-12-03T09:00:00Z"
    assert "Koden er på vei til døra." not in kari.go(f"/bookings/{booking}").text


def test_my_bookings(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    page = kari.go("/bookings")
    assert f'href="/bookings/{booking}"' in page.text
    assert "lørdag 5. desember" in page.text


def test_a_strangers_booking_is_not_there(kari: Visitor) -> None:
    assert kari.go(f"/bookings/{an_id('a stranger')}").status_code == 404


EVERY_STATE = {
    "held": {"confirm", "let go", "move"},
    "awaiting_approval": {"move", "cancel"},
    "awaiting_payment": {"move", "cancel"},
    "confirmed": {"move", "cancel"},
    "in_use": {"end"},
    "completed": set(),
    "cancelled": {"find"},
    "declined": {"find"},
    "expired": {"find"},
    "released": {"find"},
}
OFFERED = {
    "confirm": "Bekreft bookingen",
    "let go": "Gi slipp på tida",
    "move": "Flytt eller gjør den mindre",
    "cancel": "Avbestill bookingen",
    "end": "Avslutt bookingen nå",
    "find": "Finn en annen tid",
}


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_state_has_words_and_its_own_actions(portal: Portal, language: str) -> None:
    reader = Visitor(portal.url, language).sign_in("kari")
    for state, offered in EVERY_STATE.items():
        page = reader.go(f"/bookings/{portal.services.a_booking(state=state)}")
        assert page.status_code == 200, state
        assert f"{state}</strong>" not in page.text, state
        if language == "nb":
            assert {action for action, text in OFFERED.items() if text in page.text} == offered, state
    reader.close()


def possible_at(at: str, side: str, **changed: object) -> set[str]:
    services = FakeServices()
    found = services.bookings[services.a_booking(**{"state": "confirmed", **changed})]
    return possible(timed(found, "begins_at", "ends_at"), {side} - {""}, instant(at))


@pytest.mark.parametrize(
    ("at", "side", "expected"),
    [
        ("2026-12-03T17:00:00Z", "tenant", {"cancel", "move", "write"}),
        ("2026-12-03T17:00:01Z", "tenant", {"cancel", "ask to move", "write"}),
        ("2026-12-03T17:00:01Z", "house", {"cancel", "move", "write"}),
        ("2026-12-05T16:59:59Z", "house", {"cancel", "move", "write"}),
        ("2026-12-05T17:00:00Z", "house", {"cancel", "end", "write"}),
        ("2026-12-05T18:59:59Z", "tenant", {"cancel", "end", "write"}),
        ("2026-12-05T19:00:00Z", "tenant", {"write"}),
        ("2026-12-05T18:00:00Z", "", set()),
    ],
)
def test_what_is_offered_follows_the_clock(at: str, side: str, expected: set[str]) -> None:
    assert possible_at(at, side) == expected


def test_what_a_manager_is_offered() -> None:
    assert "decide" not in possible_at("2026-12-03T09:00:00Z", "house", state="awaiting_approval")  # booking tells that
    assert "confirm" not in possible_at("2026-12-03T09:00:00Z", "house", state="held")


def test_the_reason_of_a_no_is_told(portal: Portal, kari: Visitor) -> None:
    portal.services.why = "Salen skal males <i>hele</i> uka."
    page = kari.go(f"/bookings/{portal.services.a_booking(state='declined', decline_reason='declined_by_manager')}")
    assert "Arena-ansvarlig har sagt nei." in page.text
    assert "Salen skal males &lt;i&gt;hele&lt;/i&gt; uka." in page.text


@pytest.mark.parametrize("state", ["confirmed", "awaiting_approval", "in_use"])
def test_who_was_moved_reads_when_and_why(portal: Portal, kari: Visitor, state: str) -> None:
    booking = portal.services.a_booking(state=state)
    assert "Endret" not in kari.go(f"/bookings/{booking}").text
    portal.services.moved, portal.services.why = True, "Gulvet slipes"
    page = kari.go(f"/bookings/{booking}")
    assert "Endret tirsdag 1. desember kl. 13:00." in page.text
    assert "Gulvet slipes" in page.text


@pytest.mark.parametrize("state", ["confirmed", "awaiting_approval", "awaiting_payment"])
def test_after_a_move_the_old_price_is_not_shown_and_the_page_waits(portal: Portal, kari: Visitor, state: str) -> None:
    booking = portal.services.a_booking(state=state, price=a_price(), awaits_price=True)
    portal.services.moved = True
    page = kari.go(f"/bookings/{booking}").text
    assert 'data-awaited="new price"' in page
    assert "Den nye prisen regnes ut." in page
    assert "600\xa0kr" not in page

    portal.services.change(booking, state=state, price=a_price())
    page = kari.go(f"/bookings/{booking}").text
    assert "new price" not in page
    assert "Prisen nå: 600\xa0kr." in page


def test_after_a_move_the_old_times_of_the_key_are_not_shown_and_the_page_waits(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed", key="armed")
    portal.services.moved = True
    assert "Koden er på døra" in kari.go(f"/bookings/{booking}").text
    portal.services.change(booking, key=None)
    page = kari.go(f"/bookings/{booking}").text
    assert 'data-awaited="key"' in page
    assert "Koden er på døra" not in page


def test_what_was_put_back_says_so_and_why(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed", price=a_price())
    back = {"what": "rescheduled", "by": None, "why": "price_not_published"}
    portal.services.steps = [{"what": "confirmed"}, {"what": "rescheduled"}, back]
    page = kari.go(f"/bookings/{booking}").text
    assert "Bookingen er tilbake der den var siden tirsdag 1. desember kl. 13:00" in page
    assert "har ingen pris for dette lokalet på en slik dag." in page
    assert "price_not_published" not in page


@pytest.mark.parametrize("by", [None, str(an_id("mona"))])
def test_what_was_lost_by_a_move_says_that_it_is_credited(portal: Portal, kari: Visitor, by: str | None) -> None:
    booking = portal.services.a_booking(state="declined", decline_reason="price_not_published")
    portal.services.steps = [{"what": "confirmed"}, {"what": "rescheduled"}, {"what": "declined", "by": by}]
    page = kari.go(f"/bookings/{booking}").text
    assert ("alt som var krevd for den, er kreditert" in page) == (by is None)
    assert ("Dette kunne ikke bookes." in page) == (by is not None)


def test_why_goes_with_a_cancellation(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    kari.go(f"/bookings/{booking}/cancel")
    kari.submit("/cancel", why="Dirigenten er syk")
    (call,) = portal.services.asked("POST", "booking")
    assert call.body == {"why": "Dirigenten er syk"}


def test_what_can_no_longer_be_cancelled_says_so_on_its_page(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="in_use")
    refusal = refused(409, "already_begun", "Bookingen har begynt.")
    portal.services.refusals[f"GET booking /bookings/{booking}/cancellation"] = refusal
    page = kari.go(f"/bookings/{booking}/cancel")
    assert (kari.path, "Bookingen har begynt." in page.text) == (f"/bookings/{booking}", True)


def test_ends_early(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="in_use")
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/end")
    (call,) = portal.services.asked("POST", "booking")
    assert (call.path, call.headers["If-Match"]) == (f"/bookings/{booking}/end", '"1"')
    assert "Bookingen er avsluttet." in page.text


def test_house_rules_are_read_and_accepted_with_the_booking(portal: Portal, kari: Visitor) -> None:
    portal.services.house_rules = [some_house_rules(), some_house_rules(3) | {"in_force": False}]
    page = kari.go(BOOK)
    assert "Rydd etter dere.\nSlå av lyset." in page.text
    assert "Ro etter 22" in page.text
    refusal = refused(409, "house_rules_not_accepted", "Les først.", fields={"missing": []})
    portal.services.refusals["POST booking /bookings"] = refusal
    page = kari.submit("/book", **FILLED)
    assert (page.status_code, '<a href="#accept">Les husreglene og godta dem først.</a>' in page.text) == (409, True)
    assert " checked required>" not in page.text
    page = kari.submit("/book", **FILLED, accept="arena/borgen-innbyggertorg/2")
    assert " checked required>" in page.text
    portal.services.refusals.clear()
    kari.submit("/book", **FILLED, accept="arena/borgen-innbyggertorg/2 nonsense")
    accepted = [{"scope": "arena", "id": "borgen-innbyggertorg", "version": 2}]
    assert portal.services.asked("POST", "booking")[-1].body["accept_house_rules"] == accepted


@pytest.mark.parametrize(
    ("limited", "numbers", "frees_at", "said"),
    [
        ("week_minutes", (600, 540, 120), "2026-12-06T23:00:00Z", "høyst 10 timer i uka. 9 timer er brukt den uka"),
        ("prime_week_minutes", (240, 240, 90), None, "høyst 4 timer primetid i uka"),
        ("open_bookings", (5, 5, 1), "2026-12-05T19:00:00Z", "høyst 5 bookinger om gangen. Du har 5"),
    ],
)
def test_a_quota_says_which_how_much_and_when(
    portal: Portal, kari: Visitor, limited: str, numbers: tuple[int, int, int], frees_at: str | None, said: str
) -> None:
    fields = {"quota": "halls-clubs", "limited": limited, "frees_at": frees_at, "week": "2026-11-30"}
    fields |= dict(zip(("limit", "used", "asked"), numbers, strict=True))
    portal.services.refusals["POST booking /bookings"] = refused(409, "quota_exceeded", "Kvoten.", fields=fields)
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert page.status_code == 409
    assert "Rettferdig bruk, Haller for lag" in page.text
    assert said in page.text
    again = {"week_minutes": "fra mandag 7. desember kl. 00:00", "open_bookings": "fra lørdag 5. desember kl. 20:00"}
    assert again.get(limited, "når du avbestiller eller korter ned") in page.text


def test_who_has_enough_already_is_told_so(portal: Portal, kari: Visitor) -> None:
    why = "Du kan ha 20 bookinger som ikke er over; 20 er brukt, og dette er 1 til."
    fields = {"limited": "person_open_bookings", "limit": 20, "used": 20, "asked": 1}
    portal.services.refusals["POST booking /bookings"] = refused(409, "too_many_bookings", why, fields=fields)
    kari.go(BOOK)
    page = kari.submit("/book", **FILLED)
    assert page.status_code == 409
    assert why in page.text


def test_a_rule_that_a_field_breaks_is_told_there(portal: Portal, kari: Visitor) -> None:
    refusal = refused(422, "too_many_participants", "Lokalet har plass til høyst 120.")
    portal.services.refusals["POST booking /bookings"] = refusal
    kari.go(BOOK)
    assert '<a href="#participants">Lokalet har plass til høyst 120.</a>' in kari.submit("/book", **FILLED).text


def test_tenant_and_house_talk_of_a_booking(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking(state="awaiting_approval")
    portal.services.say(booking, "house", "Trenger dere <b>scenen</b>?")
    page = kari.go(f"/bookings/{booking}")
    assert "Trenger dere &lt;b&gt;scenen&lt;/b&gt;?" in page.text
    (seen,) = portal.services.asked("PUT", "booking")
    assert seen.body == {"last": str(an_id("said 0"))}
    for blank in (" ", "\u00a0", "\u200b", "\u00ad\u3164"):
        page = kari.submit("/comments", text=blank)
        assert (page.status_code, '<a href="#text">Skriv noe først.</a>' in page.text) == (422, True)
    page = kari.submit("/comments", text="\u00a0Ja takk\u200b")
    assert portal.services.asked("POST", "booking")[-1].body == {"text": "Ja takk"}
    assert (page.status_code, "Ja takk" in page.text) == (200, True)
    assert len(portal.services.asked("PUT", "booking")) == 1  # what one wrote oneself is not news


def test_a_message_that_is_refused_is_not_lost(portal: Portal, kari: Visitor) -> None:
    booking = portal.services.a_booking()
    refusal = refused(409, "too_many_comments", "Det er 200 kommentarer.")
    portal.services.refusals[f"POST booking /bookings/{booking}/comments"] = refusal
    kari.go(f"/bookings/{booking}")
    page = kari.submit("/comments", text="Hei igjen")
    assert page.status_code == 409
    assert "Det er 200 kommentarer." in page.text
    assert ">Hei igjen</textarea>" in page.text

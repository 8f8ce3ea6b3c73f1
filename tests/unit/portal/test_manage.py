"""The arena manager: hours to approve, and the bookings of the squares."""

import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import a_lost_key, an_agreement, an_id, refused


@pytest.fixture
def hours(portal: Portal) -> str:
    """Hours that wait for an answer; their id."""
    portal.services.agreements = [an_agreement()]
    registered = portal.services.register(
        an_agreement()["id"], worked_on="2026-12-01", minutes=150, task="Malte nordveggen"
    )
    return str(registered["id"])


@pytest.fixture
def mona(visitor: Visitor) -> Visitor:
    return visitor.sign_in("mona")


def test_the_managers_pages_are_in_a_managers_menu_only(portal: Portal, mona: Visitor) -> None:
    assert 'href="/manage/hours"' in mona.go("/").text
    ola = Visitor(portal.url).sign_in("ola")
    assert "/manage/" not in ola.go("/").text
    ola.close()


@pytest.mark.usefixtures("hours")
def test_what_hours_are_worth(mona: Visitor) -> None:
    page = mona.go("/manage/hours")
    assert "Malte nordveggen" in page.text
    assert "500\xa0kr" in page.text


def test_approves_the_version_that_was_seen(portal: Portal, mona: Visitor, hours: str) -> None:
    mona.go("/manage/hours")
    page = mona.submit("/approve")
    (call,) = portal.services.asked("POST", "pricing")
    assert (call.path, call.body, call.headers["If-Match"]) == (f"/hours/{hours}/approve", {}, '"1"')
    assert "Timene er godkjent." in page.text
    assert "Ingen timer venter på svar." in page.text


def test_rejects_with_a_reason(portal: Portal, mona: Visitor, hours: str) -> None:
    mona.go("/manage/hours")
    mona.submit("/reject", reason="Veggen er ikke malt.")
    (call,) = portal.services.asked("POST", "pricing")
    assert (call.path, call.body) == (f"/hours/{hours}/reject", {"reason": "Veggen er ikke malt."})


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u200b", "\u00ad\u3164"], ids=ascii)
def test_a_rejection_needs_a_reason(portal: Portal, mona: Visitor, hours: str, blank: str) -> None:
    mona.go("/manage/hours")
    page = mona.submit("/reject", reason=blank)
    assert page.status_code == 422
    assert f'<a href="#reason-{hours}">' in page.text
    assert "<details open>" in page.text
    assert not portal.services.asked("POST", "pricing")


@pytest.mark.parametrize(
    ("decider", "said"),
    [("manager", "En annen leder avgjør det."), ("operator", "En driftsansvarlig avgjør det, og er varslet.")],
)
def test_the_page_says_why_hours_are_not_theirs_to_answer(
    portal: Portal, mona: Visitor, hours: str, decider: str, said: str
) -> None:
    portal.services.hours[hours]["decider"] = decider
    page = mona.go("/manage/hours").text
    assert "Malte nordveggen" in page
    assert said in page
    assert f"/manage/hours/{hours}/" not in page


def test_an_operator_answers_where_no_manager_may(portal: Portal, visitor: Visitor, hours: str) -> None:
    drift = visitor.sign_in("drift")
    assert "Ingen leder på torget er igjen" in drift.go("/manage/hours").text
    drift.submit("/approve")
    assert portal.services.hours[hours]["state"] == "approved"


@pytest.mark.parametrize(
    ("left", "sent", "said"),
    [(49_999, {"amount": 49_999}, "Det er bare 499,99\xa0kr igjen av avtalen."), (50_000, {}, "")],
)
def test_hours_are_approved_for_what_is_left(
    portal: Portal, mona: Visitor, hours: str, left: int, sent: dict[str, int], said: str
) -> None:
    portal.services.agreements = [an_agreement() | {"left": left}]
    page = mona.go("/manage/hours").text
    assert said in page
    assert ("Det er bare" in page) is bool(said)
    mona.submit("/approve")
    assert portal.services.asked("POST", "pricing")[0].body == sent
    assert portal.services.hours[hours]["state"] == "approved"


@pytest.mark.parametrize("amount", ["", "-1", "mye", "9" * 5000])
def test_a_made_up_amount_is_left_out(portal: Portal, mona: Visitor, hours: str, amount: str) -> None:
    mona.go("/manage/hours")
    mona.submit("/approve", amount=amount)
    assert portal.services.asked("POST", "pricing")[0].body == {}
    assert portal.services.hours[hours]["state"] == "approved"


def test_ones_own_hours_are_for_others_to_approve(portal: Portal, mona: Visitor, hours: str) -> None:
    refusal = refused(403, "own_hours", "Du kan ikke avgjøre egne timer.")
    portal.services.refusals[f"POST pricing /hours/{hours}/approve"] = refusal
    mona.go("/manage/hours")
    page = mona.submit("/approve")
    assert page.status_code == 200
    assert "Du kan ikke avgjøre egne timer." in page.text


def test_hours_that_a_colleague_decided_are_named_and_how_they_stand(portal: Portal, mona: Visitor, hours: str) -> None:
    stale = refused(412, "stale_version", "Noen har endret dette siden du hentet det.")
    portal.services.refusals[f"POST pricing /hours/{hours}/approve"] = stale
    mona.go("/manage/hours")
    portal.services.hours[hours] |= {
        "state": "approved",
        "amount": 20000,
        "decided_at": "2026-12-03T09:00:00Z",
        "decider": None,
    }

    page = mona.submit("/approve").text

    assert f"{portal.services.hours[hours]['task']}, " in page
    assert "Godkjent. Noen har endret dette" in page


def test_the_bookings_of_my_squares(portal: Portal, mona: Visitor) -> None:
    booking = portal.services.a_booking(state="confirmed")
    page = mona.go("/manage/bookings")
    assert f'href="/bookings/{booking}"' in page.text
    assert "Borgen skolekorps · Kultur" in page.text
    assert mona.go("/manage/bookings?square=tofte").status_code == 404


def test_the_next_comes_first_and_what_is_over_after_it(portal: Portal, mona: Visitor) -> None:
    """A year of fixed bookings stood before today."""
    over, live = portal.services.a_booking(state="declined"), portal.services.a_booking(state="confirmed")

    page = mona.go("/manage/bookings?square=borgen").text

    asked = [each.query for each in portal.services.asked("GET", "booking") if each.path == "/bookings"]
    assert asked == [{"square": "borgen", "standing": "live"}, {"square": "borgen", "standing": "over"}]
    heading = page.index("Over, avbestilt eller ikke booket")
    assert page.index(f"/bookings/{live}") < heading < page.index(f"/bookings/{over}")


def test_what_is_over_goes_on_by_itself(portal: Portal, mona: Visitor) -> None:
    mona.go("/manage/bookings?square=asker&standing=over&cursor=abc")
    (asked,) = [each.query for each in portal.services.asked("GET", "booking") if each.path == "/bookings"]
    assert asked == {"square": "asker", "standing": "over", "cursor": "abc"}


def test_an_operators_squares_are_all(visitor: Visitor) -> None:
    page = visitor.sign_in("drift").go("/manage/bookings?square=tofte")
    assert page.status_code == 200
    assert page.text.count("/manage/bookings?square=") == 8


def test_keys_of_bookings_that_were_lost_in_a_restore(portal: Portal, mona: Visitor) -> None:
    other = str(an_id("another"))
    lost = [a_lost_key(), a_lost_key(state="suspended", suspended_for=other)]
    portal.services.unknown_keys = lost
    assert 'href="/manage/keys"' in mona.go("/manage/bookings").text

    page = mona.go("/manage/keys").text

    assert page.count("Storsalen") == 2
    assert "lørdag 5. desember" in page
    assert "18:00–20:00" in page
    assert (page.count("åpner døra"), page.count("åpner ingenting")) == (1, 1)
    assert page.count(f'href="/bookings/{other}"') == 1
    assert lost[0]["booking"] in page


@pytest.mark.parametrize("lost", [0, 1])
def test_the_desk_leads_to_lost_keys_while_there_are_any(portal: Portal, mona: Visitor, lost: int) -> None:
    """Somebody may stand before a door that is shut to them: that is not nothing."""
    portal.services.unknown_keys = [a_lost_key() for _ in range(lost)]
    page = mona.go("/manage/desk").text
    assert page.count('href="/manage/keys"') == lost
    assert ("Ingenting venter på deg." in page) is (not lost)


def test_without_lost_bookings_there_is_nothing_to_decide(mona: Visitor) -> None:
    page = mona.go("/manage/keys").text
    assert "Alle nøkler hører til kjente bookinger." in page
    assert "sikkerhetskopi" not in page


@pytest.mark.parametrize("path", ["/manage/hours", "/manage/bookings", "/manage/keys"])
def test_the_managers_pages_are_for_managers(kari: Visitor, path: str) -> None:
    page = kari.go(path)
    assert page.status_code == 403
    assert "Du har ikke tilgang til denne siden" in page.text

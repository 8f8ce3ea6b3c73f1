"""The manager's desk: what waits, several decisions at a time, and what came of each."""

import httpx
import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_id


@pytest.fixture
def mona(visitor: Visitor) -> Visitor:
    return visitor.sign_in("mona")


def test_what_waits_is_shown_with_its_time(portal: Portal, mona: Visitor) -> None:
    booking = portal.services.awaits(overdue=True)
    portal.services.awaits("payment")
    page = mona.go("/manage/desk")
    assert f'value="{booking}:1"' in page.text
    assert page.text.count('type="checkbox"') == 1
    assert "Over fristen siden fredag 4. desember" in page.text
    assert "40 personer" in page.text
    assert page.text.count("Se nærmere") == 2
    mona.go("/manage/desk?kind=payment")
    assert portal.services.asked("GET", "booking")[-2].query == {"kind": "payment", "limit": "100"}
    assert mona.go("/manage/desk?kind=nonsense").status_code == 200


def test_all_are_chosen_without_a_script(portal: Portal, mona: Visitor) -> None:
    for _ in range(3):
        portal.services.awaits()
    assert " checked" not in mona.go("/manage/desk").text
    assert mona.go("/manage/desk?all=1").text.count(" checked>") == 3


def test_approves_several_and_tells_what_came_of_each(portal: Portal, mona: Visitor) -> None:
    first, second, left = (portal.services.awaits() for _ in range(3))
    mona.go("/manage/desk")
    page = send(mona, [f"{first}:1", f"{second}:7", "nonsense"], verdict="approve", why="")
    (call,) = portal.services.asked("POST", "booking")
    assert call.body == {
        "decisions": [
            {"booking": first, "version": 1, "verdict": "approve"},
            {"booking": second, "version": 7, "verdict": "approve"},
        ]
    }
    assert "Slik gikk det" in page
    assert "Noen har endret bookingen." in page
    assert portal.services.bookings[first]["state"] == "confirmed"
    assert portal.services.bookings[left]["state"] == "awaiting_approval"


def test_what_was_cancelled_meanwhile_is_named_and_how_it_stands(portal: Portal, mona: Visitor) -> None:
    """It is not on the desk any more: the page says which it was and what became of it."""
    gone, other = portal.services.awaits(), portal.services.awaits()
    mona.go("/manage/desk")
    portal.services.desk = [each for each in portal.services.desk if each["booking"]["id"] != gone]
    portal.services.bookings[gone] |= {
        "state": "cancelled",
        "version": 2,
        "cancelled_at": "2026-12-03T09:00:00Z",
        "cancelled_by": "tenant",
    }

    page = send(mona, [f"{gone}:1", f"{other}:1"], verdict="approve", why="")

    came = page[page.index("Slik gikk det") : page.index("</section>")]
    assert "En booking" not in came
    assert came.count("Storsalen, ") == 2
    assert "Avbestilt" in came
    assert "Noen har endret bookingen." in came


def test_declines_with_a_reason_and_not_without(portal: Portal, mona: Visitor) -> None:
    booking = portal.services.awaits()
    mona.go("/manage/desk")
    page = send(mona, [f"{booking}:1"], verdict="decline", why=" ")
    assert '<a href="#why">Skriv hvorfor' in page
    assert " checked>" in page
    assert not portal.services.asked("POST", "booking")
    send(mona, [f"{booking}:1"], verdict="decline", why="Salen skal males")
    (call,) = portal.services.asked("POST", "booking")
    assert call.body["decisions"] == [
        {"booking": booking, "version": 1, "verdict": "decline", "why": "Salen skal males"}
    ]


@pytest.mark.parametrize(("chosen", "said"), [(0, "Velg minst én booking."), (101, "Velg færre om gangen.")])
def test_none_or_too_many_at_once(portal: Portal, mona: Visitor, chosen: int, said: str) -> None:
    portal.services.awaits()
    mona.go("/manage/desk")
    assert said in send(mona, [f"{an_id(str(number))}:1" for number in range(chosen)], verdict="approve", why="")
    assert not portal.services.asked("POST", "booking")


@pytest.mark.parametrize(("code", "status"), [("not_found", 404), ("forbidden", 403)])
def test_what_is_anothers_is_not_here(portal: Portal, mona: Visitor, code: str, status: int) -> None:
    gone = {"code": code, "text": {"nb": "Nei", "nn": "Nei", "en": "No"}}
    outcome = {"booking": str(an_id("x")), "done": False, "state": None, "version": None, "refused": gone}
    portal.services.refusals["POST booking /desk/decisions"] = httpx.Response(200, json={"items": [outcome]})
    portal.services.awaits()
    mona.go("/manage/desk")
    send(mona, [f"{an_id('x')}:1"], verdict="approve", why="")
    assert mona.page.status_code == status


def test_a_manager_answers_on_the_bookings_own_page(portal: Portal, mona: Visitor) -> None:
    booking = portal.services.awaits(tenant={"id": str(an_id("other")), "kind": "resident", "name": None})
    page = mona.go(f"/bookings/{booking}")
    assert "Ditt svar" in page.text
    mona.submit("/manage/desk", verdict="approve")
    assert portal.services.bookings[booking]["state"] == "confirmed"


def test_each_side_is_told_who_is_waited_for(portal: Portal, mona: Visitor) -> None:
    """A manager read that the arena manager had not answered, and that the answer would stand there."""
    others = portal.services.awaits(tenant={"id": str(an_id("other")), "kind": "resident", "name": None})
    waits, unanswered = "Leietakeren venter på svar", "har ikke svart ennå"
    page = mona.go(f"/bookings/{others}").text
    assert (waits in page, unanswered in page) == (True, False)
    own = portal.services.awaits()
    kari = Visitor(portal.url).sign_in("kari")
    page = kari.go(f"/bookings/{own}").text
    assert (waits in page, unanswered in page) == (False, True)
    kari.close()


OWN = "Dette gjelder deg selv, eller en organisasjon du opptrer for eller nylig opptrådte for."
DECIDERS = [
    ("mona", "you", "", True),
    ("mona", "manager", f"{OWN[:-1]}: En annen leder avgjør det.", False),
    ("mona", "operator", f"{OWN} Ingen annen leder er igjen: En driftsansvarlig avgjør det, og er varslet.", False),
    ("drift", "you", "Ingen leder på torget er igjen som kan avgjøre dette: du gjør det.", True),
    ("drift", "manager", "Lederne på torget avgjør dette.", False),
    ("drift", "operator", f"{OWN} Ingen annen leder er igjen: En driftsansvarlig avgjør det, og er varslet.", False),
]


@pytest.mark.parametrize(("who", "decider", "said", "offered"), DECIDERS)
def test_the_desk_says_why_a_decision_is_not_offered(
    portal: Portal, visitor: Visitor, who: str, decider: str, said: str, offered: bool
) -> None:
    booking = portal.services.awaits(decider=decider)
    page = visitor.sign_in(who).go("/manage/desk").text
    assert f'href="/bookings/{booking}"' in page
    assert said in page
    assert ('type="checkbox"' in page) is ("Godkjenn de valgte" in page) is offered


@pytest.mark.parametrize(("who", "decider", "said", "offered"), DECIDERS)
def test_so_does_the_bookings_own_page(
    portal: Portal, visitor: Visitor, who: str, decider: str, said: str, offered: bool
) -> None:
    """Who may not decide sees it all the same."""
    booking = portal.services.awaits(decider=decider)
    page = visitor.sign_in(who).go(f"/bookings/{booking}")
    assert page.status_code == 200
    assert "Storsalen" in page.text
    assert said in page.text
    assert ("Ditt svar" in page.text) is offered


def test_an_operator_finds_what_no_manager_may_decide(portal: Portal, visitor: Visitor) -> None:
    portal.services.awaits()
    drift = visitor.sign_in("drift")
    assert "Det ingen leder kan avgjøre" in drift.go("/manage/desk").text
    drift.go("/manage/desk?alone=1")
    assert portal.services.asked("GET", "booking")[-2].query == {"without_manager": "true", "limit": "100"}
    drift.submit("/manage/desk?alone=1", verdict="decline", why="Nei")  # nothing is chosen: the same page again
    assert 'href="/manage/desk?alone=1" aria-current="page"' in drift.page.text


def test_an_operator_decides_where_no_manager_may(portal: Portal, visitor: Visitor) -> None:
    booking = portal.services.awaits()
    drift = visitor.sign_in("drift")
    drift.go("/manage/desk?alone=1")
    drift.submit("/manage/desk?alone=1", booking=[f"{booking}:1"], verdict="approve", why="")  # type: ignore[arg-type]
    assert portal.services.bookings[booking]["state"] == "confirmed"


def test_the_desk_is_for_managers(kari: Visitor) -> None:
    assert kari.go("/manage/desk").status_code == 403


def send(mona: Visitor, chosen: list[str], **filled: str) -> str:
    """Sends the desk's form with several boxes ticked."""
    return mona.submit("/manage/desk", booking=chosen, **filled).text  # type: ignore[arg-type]

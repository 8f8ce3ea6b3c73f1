"""The arena manager's doors: how they stand, what is ordered of them, and that they go by old news."""

import pytest

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import a_door, an_id, refused

DOOR = an_id("door")
PAGE = f"/manage/doors/{DOOR}"


@pytest.fixture
def mona(visitor: Visitor) -> Visitor:
    return visitor.sign_in("mona")


def test_doors_are_in_a_managers_menu_only(portal: Portal, mona: Visitor) -> None:
    assert 'href="/manage/doors"' in mona.go("/").text
    ola = Visitor(portal.url).sign_in("ola")
    assert ola.go("/manage/doors").status_code == 403
    ola.close()


def test_a_door_that_works(mona: Visitor) -> None:
    page = mona.go("/manage/doors").text
    assert "Storsalen" in page
    assert "Åpner for dem som har nøkkel" in page
    assert "Stengt siden" not in page
    assert "Nylig" not in page


def test_a_door_that_is_shut_tells_since_when_and_why(portal: Portal, mona: Visitor) -> None:
    portal.services.doors = [a_door("shut")]
    page = mona.go("/manage/doors").text
    assert "Stengt siden" in page
    assert "Vannlekkasje" in page
    assert "Åpner for ingen så lenge det ikke er nytt om bookinger." in page
    page = mona.go(PAGE).text
    assert 'value="work"' in page
    assert 'value="shut"' not in page
    assert 'value="own_time_without_news"' in page


def test_a_square_of_others_has_no_doors_here(mona: Visitor) -> None:
    assert mona.go("/manage/doors?square=atlantis").status_code == 404
    assert mona.go(f"/manage/doors/{an_id('another')}").status_code == 404


@pytest.mark.parametrize("order", ["shut", "open_once", "nothing_without_news"])
def test_what_is_ordered_is_sent_with_its_reason_and_stands_on_the_page(
    portal: Portal, mona: Visitor, order: str
) -> None:
    mona.go(PAGE)
    page = mona.submit(f"/{DOOR}", order=order, why="Vannlekkasje")
    (call,) = portal.services.asked("POST", "access")
    assert (call.path, call.body) == (f"/locks/{DOOR}/orders", {"order": order, "why": "Vannlekkasje"})
    assert "Nylig" in page.text
    assert "Vannlekkasje" in page.text


@pytest.mark.parametrize(("order", "why"), [("shut", ""), ("", "Vannlekkasje"), ("burn", "Vannlekkasje"), ("", " ")])
def test_without_a_choice_and_a_reason_nothing_is_sent(portal: Portal, mona: Visitor, order: str, why: str) -> None:
    mona.go(PAGE)
    page = mona.submit(f"/{DOOR}", order=order, why=why)
    assert page.status_code == 422
    assert portal.services.asked("POST", "access") == []
    assert ("Skriv hvorfor." in page.text) is not bool(why.strip())
    assert ("Velg hva døra skal gjøre." in page.text) is (order != "shut")


def test_a_no_is_told_where_the_form_is(portal: Portal, mona: Visitor) -> None:
    portal.services.refusals[f"POST access /locks/{DOOR}/orders"] = refused(422, "invalid_request", "Noe er galt.")
    mona.go(PAGE)
    page = mona.submit(f"/{DOOR}", order="shut", why="Vannlekkasje")
    assert page.status_code == 422
    assert "Noe er galt." in page.text
    assert "Vannlekkasje" in page.text


def test_who_has_booked_there_is_told_that_others_will_see_it(portal: Portal, mona: Visitor) -> None:
    told = "Du, eller en organisasjon du opptrer for, har booket her omtrent nå."
    assert told not in mona.go(PAGE).text
    portal.services.doors = [a_door(own_interest=True)]
    assert told in mona.go(PAGE).text


def test_an_order_in_ones_own_interest_is_marked_for_all_managers(portal: Portal, mona: Visitor) -> None:
    mark = "Av noen som hadde booket her"
    mona.go(PAGE)
    assert mark not in mona.submit(f"/{DOOR}", order="open_once", why="Rigging").text
    portal.services.orders[0]["own_interest"] = True
    assert mark in mona.go("/manage/doors").text


@pytest.mark.parametrize("path", ["/manage/doors", "/manage/desk"])
def test_that_doors_go_by_old_news_is_told(portal: Portal, mona: Visitor, path: str) -> None:
    assert "ikke hørt nytt" not in mona.go(path).text
    portal.services.news = "no news"
    page = mona.go(path).text
    assert "Dørene har ikke hørt nytt om bookinger siden" in page
    assert ("Åpne eller steng en dør" in page) is (path == "/manage/desk")


def test_a_door_that_opens_for_nobody_without_news_does_not_promise_to_open(portal: Portal, mona: Visitor) -> None:
    opens = "Åpner for dem som har nøkkel"
    portal.services.doors = [a_door(without_news="nothing")]
    assert opens in mona.go("/manage/doors").text
    portal.services.news = "no news"
    assert opens not in mona.go("/manage/doors").text


def test_the_desk_is_there_though_access_is_silent(portal: Portal, mona: Visitor) -> None:
    portal.services.silent.add("access")
    assert mona.go("/manage/desk").status_code == 200
    assert mona.go("/manage/doors").status_code == 503

"""What anyone can see."""

from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import an_activity, as_recorded, refused


def test_the_front_page_has_the_squares_and_today(portal: Portal, visitor: Visitor) -> None:
    portal.services.activities = [an_activity(16, "Korpsøving")]
    page = visitor.go("/")
    assert "I dag, torsdag 3. desember" in page.text
    assert "17:00–19:00" in page.text
    assert "Korpsøving" in page.text
    for square in ("Asker", "Borgen", "Heggedal", "Holmen", "Slemmestad", "Spikkestad", "Sætre", "Tofte"):
        assert f"<h3>{square}</h3>" in page.text


def test_today_is_the_day_in_norway(portal: Portal, visitor: Visitor) -> None:
    visitor.go("/")
    call = next(each for each in portal.services.calls if each.service == "programming")
    assert call.query == {"from": "2026-12-03T00:00:00+01:00", "to": "2026-12-04T00:00:00+01:00"}


def test_the_programme_of_a_square_is_a_week(portal: Portal, visitor: Visitor) -> None:
    portal.services.activities = [an_activity(16, "Korpsøving"), an_activity(40, "Leksehjelp")]
    page = visitor.go("/squares/borgen?date=2026-12-03")
    (call,) = portal.services.asked("GET", "programming")
    assert call.query == {"square": "borgen", "from": "2026-12-03T00:00:00+01:00", "to": "2026-12-10T00:00:00+01:00"}
    assert page.text.index("torsdag 3. desember</h2>") < page.text.index("Korpsøving")
    assert page.text.index("fredag 4. desember</h2>") < page.text.index("Leksehjelp")
    assert "date=2026-11-26" in page.text
    assert "date=2026-12-10" in page.text


def test_a_square_that_is_not_there(visitor: Visitor) -> None:
    assert visitor.go("/squares/oslo").status_code == 404


def test_what_people_write_is_text(portal: Portal, visitor: Visitor) -> None:
    portal.services.activities = [an_activity(16, "<script>alert(1)</script>")]
    page = visitor.go("/")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_what_is_offered_is_told_on_the_front_page(portal: Portal, kari: Visitor) -> None:
    waiting = portal.services.wait(
        space="borgen-storsal", begins_at="2026-12-05T17:00:00Z", ends_at="2026-12-05T19:00:00Z"
    )
    assert "Du har fått tilbud om" not in kari.go("/").text
    recorded = as_recorded("GET booking /waiting", "offered")
    portal.services.waiting = {recorded["id"]: recorded | {"space": waiting["space"]}}
    page = kari.go("/").text
    assert "Du har fått tilbud om Storsalen" in page
    assert "Svar innen" in page


def test_the_front_page_does_without_offers(portal: Portal, kari: Visitor) -> None:
    portal.services.refusals["GET booking /waiting"] = refused(403, "forbidden", "Nei.")
    assert kari.go("/").status_code == 200

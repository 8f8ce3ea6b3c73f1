"""Moving dates of a fixed booking: the form, what is asked of booking, and its no by the field that it is about."""

from datetime import date
from typing import Any

import pytest

from kernel.errors import DomainError
from services.booking.api.series import UNCHANGEABLE
from services.booking.model.refusals import HoldExpired, TooLateToMove
from services.portal.words import CLASHES
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import refused, some_house_rules

AS_IT_IS = {"date": "8.12.2026", "from": "18:00", "to": "20:00", "participants": "40", "scope": "all"}


@pytest.fixture
def series(portal: Portal, kari: Visitor) -> str:
    series = portal.services.a_series(("confirmed", "confirmed"))
    kari.go(f"/series/{series}/move")
    return series


def sent(portal: Portal) -> Any:
    return portal.services.asked("POST", "booking")[-1].body


def test_the_form_says_how_it_is(portal: Portal, kari: Visitor, series: str) -> None:
    assert 'href="/series/' in kari.go(f"/series/{series}").text
    page = kari.go(f"/series/{series}/move")
    for value in ("2026-12-08", "18:00", "20:00", "40"):
        assert f'value="{value}"' in page.text


@pytest.mark.parametrize(
    ("filled", "changes"),
    [
        ({"date": "9.12.2026"}, {"days": 1}),
        ({"date": "1.12.2026"}, {"days": -7}),
        ({"from": "18.30", "to": "20.30"}, {"at": "18:30"}),
        ({"to": "21"}, {"minutes": 180}),
        ({"from": "23", "to": "01"}, {"at": "23:00"}),
        ({"participants": "12", "why": "Færre"}, {"participants": 12, "why": "Færre"}),
    ],
)
def test_only_what_is_changed_is_asked_for(
    portal: Portal, kari: Visitor, series: str, filled: dict[str, str], changes: dict[str, Any]
) -> None:
    page = kari.submit("/move", **AS_IT_IS | filled)
    call = portal.services.asked("POST", "booking")[-1]
    assert (call.path, call.headers["If-Match"]) == (f"/series/{series}/reschedule", '"1"')
    assert call.body == {"scope": "all", **changes}
    assert "Datoene er flyttet." in page.text


@pytest.mark.parametrize("scope", ["this", "following"])
def test_from_one_date_on(portal: Portal, kari: Visitor, series: str, scope: str) -> None:
    second = portal.services.series[series]["occurrences"][1]["booking"]
    kari.go(f"/series/{series}/move?booking={second}")
    kari.submit("/move", **AS_IT_IS | {"date": "16.12.2026", "scope": scope})
    assert sent(portal) == {"scope": scope, "booking": second, "days": 1}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("date", "jul", "Skriv en dato"), ("from", "25", "Skriv et klokkeslett"), ("participants", "x", "Skriv et helt")],
)
def test_what_can_not_be_read_is_not_sent(
    portal: Portal, kari: Visitor, series: str, field: str, value: str, said: str
) -> None:
    page = kari.submit("/move", **AS_IT_IS | {field: value})
    assert (page.status_code, f'<a href="#{field}">{said}' in page.text) == (422, True)
    assert f'value="{value}"' in page.text
    assert not portal.services.asked("POST", "booking")


def test_a_no_leaves_all_as_it_is(portal: Portal, kari: Visitor, series: str) -> None:
    refusal = refused(409, "series_clashes", "1 av 2 datoer kan ikke bookes.")
    portal.services.refusals[f"POST booking /series/{series}/reschedule"] = refusal
    page = kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    assert page.status_code == 409
    assert "1 av 2 datoer kan ikke bookes." in page.text
    assert 'value="9.12.2026"' in page.text


def test_new_house_rules_are_accepted_first(portal: Portal, kari: Visitor, series: str) -> None:
    portal.services.house_rules = [some_house_rules()]
    refusal = refused(409, "house_rules_not_accepted", "Les først.", fields={"missing": []})
    portal.services.refusals[f"POST booking /series/{series}/reschedule"] = refusal
    page = kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    assert "Rydd etter dere." in page.text
    portal.services.refusals.clear()
    kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026", "accept": "arena/borgen-innbyggertorg/2"})
    accepted, moved = portal.services.asked("POST", "booking")[-2:]
    assert accepted.path == "/house-rules/acceptances"
    assert accepted.body == {"accepted": [{"scope": "arena", "id": "borgen-innbyggertorg", "version": 2}]}
    assert moved.body == {"scope": "all", "days": 1}


@pytest.mark.parametrize(("limit", "first"), [("2026-12-03T08:59:59Z", 1), ("2026-12-03T09:00:00Z", 0)])
def test_the_others_follow_the_first_that_may_still_be_moved(
    portal: Portal, kari: Visitor, series: str, limit: str, first: int
) -> None:
    occurrences = portal.services.series[series]["occurrences"]
    occurrences[0]["free_until"] = limit
    page = kari.go(f"/series/{series}/move")
    assert f'name="booking" value="{occurrences[first]["booking"]}"' in page.text


def test_what_is_over_can_not_be_moved(portal: Portal, kari: Visitor) -> None:
    series = portal.services.a_series(("completed", "cancelled"))
    page = kari.go(f"/series/{series}/move")
    assert (kari.path, "Ingen av datoene kan flyttes lenger." in page.text) == (f"/series/{series}", True)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "cancelled"},
        {"begins_at": "2026-12-17T17:00:00+00:00"},
        {"ends_at": "2026-12-15T18:00:00+00:00"},
    ],
)
def test_a_date_that_changed_in_another_tab_is_no_measure_for_the_others(
    portal: Portal, kari: Visitor, series: str, change: dict[str, str]
) -> None:
    """The version of a series does not tell of it. As many days from another date would move them elsewhere."""
    occurrences = portal.services.series[series]["occurrences"]
    kari.go(f"/series/{series}/move?booking={occurrences[1]['booking']}")
    occurrences[1] |= change
    filled = AS_IT_IS | {"date": "16.12.2026", "scope": "following", "why": "Ferie"}
    page = kari.submit("/move", **filled)
    assert page.status_code == 409
    assert "Den faste bookingen er endret etter at du åpnet sida." in page.text
    assert not portal.services.asked("POST", "booking")
    follows = occurrences[0] if "state" in change else occurrences[1]
    assert f'value="{follows["begins_at"][:10]}"' in page.text
    assert "Ferie" in page.text

    kari.submit("/move", **AS_IT_IS | {"date": "18.12.2026", "from": "18", "to": "20", "scope": "following"})
    days = (date(2026, 12, 18) - date.fromisoformat(follows["begins_at"][:10])).days
    assert (sent(portal)["booking"], sent(portal)["days"]) == (follows["booking"], days)


def test_which_dates_clash_is_told_in_words(portal: Portal, kari: Visitor, series: str) -> None:
    fields = {"clashes": 1, "dates": 5, "first": "2026-12-30T17:00:00Z", "reason": "slot_taken"}
    said = "1 av 5 datoer kan ikke bookes; den første er 2026-12-30T17:00:00Z: slot_taken."
    portal.services.refusals[f"POST booking /series/{series}/reschedule"] = refused(
        409, "series_clashes", said, fields=fields
    )
    page = kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    assert "1 av 5 datoer kan du ikke få. Den første er onsdag 30. desember kl. 18:00: tatt av andre." in page.text
    assert "slot_taken" not in page.text


@pytest.mark.parametrize("kind", [TooLateToMove, HoldExpired, *UNCHANGEABLE], ids=lambda kind: kind.code)
def test_every_reason_for_a_date_that_stays_has_words(kind: type[DomainError]) -> None:
    assert kind.code in CLASHES


def test_the_date_that_a_rule_is_broken_by_is_named(portal: Portal, kari: Visitor, series: str) -> None:
    portal.services.refusals[f"POST booking /series/{series}/reschedule"] = refused(
        422, "too_short_notice", "minst 90 minutter", fields={"minutes": 90, "first": "2027-01-05T17:00:00Z"}
    )
    page = kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    said = "Lokalet må bookes minst 1 t 30 min i forveien. Det gjelder tirsdag 5. januar 2027 kl. 18:00."
    assert f'<a href="#date">{said}</a>' in page.text


@pytest.mark.parametrize(("date", "told"), [("9.12.2027", False), ("10.12.2027", True), ("6.12.2025", True)])
def test_dates_are_moved_within_a_year(portal: Portal, kari: Visitor, series: str, date: str, *, told: bool) -> None:
    page = kari.submit("/move", **AS_IT_IS | {"date": date})
    assert ('<a href="#date">Velg en dag innen et år' in page.text) == told
    assert bool(portal.services.asked("POST", "booking")) == (not told)


@pytest.mark.parametrize("to", ["18", "17:30"])
def test_an_end_before_the_beginning_is_told_so(portal: Portal, kari: Visitor, series: str, to: str) -> None:
    portal.services.refusals[f"POST booking /series/{series}/reschedule"] = refused(
        422, "too_long", "høyst 480 minutter", fields={"minutes": 480}
    )
    page = kari.submit("/move", **AS_IT_IS | {"to": to})
    assert '<a href="#to">Slutten må være etter begynnelsen.</a>' in page.text
    page = kari.submit("/move", **AS_IT_IS | {"from": "8", "to": "18"})
    assert '<a href="#to">Lokalet kan bookes i høyst 8 timer.</a>' in page.text


def test_a_form_that_was_overtaken_is_renewed(portal: Portal, kari: Visitor, series: str) -> None:
    path = f"POST booking /series/{series}/reschedule"
    portal.services.refusals[path] = refused(412, "stale_version", "Noen har endret.")
    portal.services.series[series]["version"] = 7
    page = kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    assert "Den faste bookingen er endret etter at du åpnet sida." in page.text
    del portal.services.refusals[path]
    kari.submit("/move", **AS_IT_IS | {"date": "9.12.2026"})
    assert portal.services.asked("POST", "booking")[-1].headers["If-Match"] == '"7"'

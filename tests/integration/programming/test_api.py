"""The public programme: who may read it, what is in it when, in which language, and a page at a time."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.ids import new_id
from kernel.settings import Settings, SettingsError
from services.programming.api import build
from tests.bookings import BEGINS_AT, BOOKED_AT, ENDS_AT, Told, published
from tests.callers import bearer

TICK = timedelta(microseconds=1)


def titles(found: list[dict[str, Any]]) -> list[str]:
    return [activity["title"] for activity in found]


def test_everyone_may_read_the_programme(programme: Any) -> None:
    programme.deliver(published(), Told(title="Korpsøving").confirmed())
    [activity] = programme.items()
    assert activity == {
        "id": activity["id"],
        "title": "Korpsøving",
        "square": "borgen",
        "arena": "borgen-innbyggertorg",
        "arena_name": "Borgen innbyggertorg",
        "space": "borgen-storsal",
        "space_name": "Storsalen",
        "begins_at": "2026-12-03T17:00:00Z",
        "ends_at": "2026-12-03T19:00:00Z",
        "purpose": "culture",
        "audience": "youth",
    }
    assert programme.get(f"/activities/{activity['id']}").json == activity


def test_a_bad_token_is_refused_even_here(programme: Any) -> None:
    assert programme.client.get("/api/programming/activities", headers=bearer("nobody")).status_code == 401


@pytest.mark.parametrize(
    ("asked", "answered", "title"),
    [
        ("nb", "nb", "Frivillig aktivitet"),
        ("nn", "nn", "Friviljug aktivitet"),
        ("en", "en", "Volunteer activity"),
        ("de", "nb", "Frivillig aktivitet"),
    ],
)
def test_without_a_public_title_it_says_what_kind_in_the_language_asked_for(
    programme: Any, asked: str, answered: str, title: str
) -> None:
    programme.deliver(Told(purpose="volunteer").confirmed())
    answer = programme.get(language=asked)
    [activity] = answer.json["items"]
    assert activity["title"] == title
    assert programme.get(f"/activities/{activity['id']}", language=asked).json["title"] == title
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (answered, "Accept-Language")


@pytest.mark.parametrize(
    ("now", "listed"),
    [(BOOKED_AT, 1), (BEGINS_AT, 1), (ENDS_AT - TICK, 1), (ENDS_AT, 0), (ENDS_AT + TICK, 0)],
)
def test_what_is_over_is_listed_no_more(programme: Any, now: Any, listed: int) -> None:
    programme.deliver(Told().confirmed())
    programme.clock.move(now - BOOKED_AT)
    assert len(programme.items()) == listed


@pytest.mark.parametrize(
    ("since", "until", "listed"),
    [
        (ENDS_AT - TICK, None, 1),
        (ENDS_AT, None, 0),
        (None, BEGINS_AT, 0),
        (None, BEGINS_AT + TICK, 1),
        (BEGINS_AT, BEGINS_AT + TICK, 1),
        (BEGINS_AT - timedelta(days=1), BEGINS_AT, 0),
    ],
)
def test_a_period_of_the_programme(programme: Any, since: Any, until: Any, listed: int) -> None:
    programme.deliver(Told().confirmed())
    period = {name: at.isoformat() for name, at in {"from": since, "to": until}.items() if at}
    assert len(programme.items(**period)) == listed


def test_the_past_can_be_asked_for(programme: Any) -> None:
    programme.deliver(Told().confirmed())
    programme.clock.move(timedelta(days=30))
    assert len(programme.items(**{"from": "2026-12-01T00:00:00+01:00", "to": "2026-12-08T00:00:00+01:00"})) == 1


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ({}, ["Kor", "Kurs i lodding", "Trim"]),
        ({"square": "borgen"}, ["Kor", "Trim"]),
        ({"square": "nowhere"}, []),
        ({"arena": "tofte-bibliotek"}, ["Kurs i lodding"]),
        ({"space": "borgen-moterom"}, ["Trim"]),
        ({"purpose": "culture"}, ["Kor"]),
        ({"audience": "seniors"}, ["Kor", "Trim"]),
        ({"audience": "seniors", "purpose": "sport"}, ["Trim"]),
    ],
)
def test_filters(programme: Any, asked: dict[str, str], listed: list[str]) -> None:
    tofte = {"square": "tofte", "arena": "tofte-bibliotek", "space": "tofte-fablab"}
    programme.deliver(
        Told(title="Kor", audience="seniors").confirmed(),
        Told(title="Kurs i lodding", purpose="course", audience="adults", **tofte).confirmed(),
        Told(title="Trim", purpose="sport", audience="seniors", space="borgen-moterom").confirmed(),
    )
    assert titles(programme.items(**asked)) == listed


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_hold_everything_once_and_in_order(programme: Any, limit: int) -> None:
    # two begin at the same time: their ids order them
    hours = {"d": 3, "a": 0, "c": 2, "b": 2}
    later = {title: {"begins_at": BEGINS_AT + timedelta(hours=hour)} for title, hour in hours.items()}
    programme.deliver(
        *[Told(title=title, **at, ends_at=ENDS_AT + timedelta(days=1)).confirmed() for title, at in later.items()]
    )
    found, page = [], programme.get(limit=limit).json
    found += titles(page["items"])
    while page["next_cursor"]:
        page = programme.get(limit=limit, cursor=page["next_cursor"]).json
        found += titles(page["items"])
    assert found == ["a", "c", "b", "d"]


@pytest.mark.parametrize(
    "asked",
    [
        {"purpose": "party"},
        {"audience": "cats"},
        {"from": "yesterday"},
        {"from": "2026-12-03"},
        {"from": "2026-12-03T00:00:00"},
        {"from": "2026-12-03T00:00:00Z", "to": "2026-12-03T00:00:00Z"},
        {"from": "2026-12-03T00:00:00Z", "to": "2026-12-02T00:00:00Z"},
        {"square": ""},
        {"square": "x" * 65},
        {"squares": "borgen"},
        {"limit": 0},
        {"limit": 201},
    ],
)
def test_what_is_asked_for_wrongly(programme: Any, asked: dict[str, object]) -> None:
    answer = programme.get(**asked)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")


def test_a_cursor_of_another_list(programme: Any) -> None:
    answer = programme.get(cursor="bm90IG91cnM")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")


def test_an_activity_that_is_not_there(programme: Any) -> None:
    assert programme.get(f"/activities/{new_id()}").status_code == 404
    assert programme.get("/activities/not-an-id").status_code == 404


def test_programming_has_no_app_without_its_database() -> None:
    with pytest.raises(SettingsError, match="TORG_PROGRAMMING_DATABASE_URL"):
        build(Settings())

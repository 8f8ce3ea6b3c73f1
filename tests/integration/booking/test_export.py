"""Bookings exported over HTTP: who gets which, in the words of their language, and however many."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from kernel.ids import new_id
from kernel.settings import Settings
from services.booking.api import build
from services.booking.queries.export import AT_ONCE
from services.booking.store.tables import bookings
from tests.callers import RESIDENT, KnownCallers, bearer

DAYS = "from=2026-11-23&to=2026-11-23"


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers()).test_client()


@pytest.fixture
def export(client: FlaskClient) -> Callable[..., TestResponse]:
    def export(who: str, query: str = DAYS, language: str = "nb") -> TestResponse:
        headers = bearer(who) | {"Accept-Language": language}
        return client.get(f"/api/booking/bookings.csv?{query}", headers=headers)

    return export


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_a_booking_as_a_line(counter: Any, export: Any) -> None:
    booking = counter.confirmed("hall", tenant=counter.organisation("kari"), title="=HYPERLINK(1)")

    answer = export("mona")

    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bookinger-2026-11-23-2026-11-23.csv"'
    assert rows(answer) == [
        {
            "Id": str(booking.id),
            "Torg": "Borgen",
            "Arena": "house",
            "Lokale": "hall",
            "Fra": "2026-11-23 15:00",
            "Til": "2026-11-23 16:00",
            "Tilstand": "Bekreftet",
            "Formål": "Kultur",
            "Målgruppe": "Alle",
            "Deltakere": "8",
            "Leietaker": "Frivillig lag eller forening",
            "Organisasjonsnummer": "974760673",
            "Navn": "Korpset",
            "Tittel": "'=HYPERLINK(1)",
            "Pris": "350,00",
            "Fast booking": "",
            "Booket": "2026-11-23 13:00",
            "Avsluttet": "",
        }
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nn", ["Borgen", "Stadfesta", "Kultur", "Alle", "Innbyggjar"]),
        ("en", ["Borgen", "Confirmed", "Culture", "Everyone", "Resident"]),
    ],
)
def test_its_cells_are_words(counter: Any, export: Any, language: str, said: list[str]) -> None:
    counter.confirmed("hall")
    [line] = rows(export("mona", language=language))
    assert [list(line.values())[number] for number in (1, 6, 7, 8, 10)] == said


def test_who_gets_which(counter: Any, export: Any) -> None:
    counter.hold("hall")
    found = {who: len(rows(export(who))) for who in ("kari", "ola", "mona", "noor", "odd")}
    assert found == {"kari": 1, "ola": 0, "mona": 1, "noor": 0, "odd": 1}
    assert export("lock-1").status_code == 403


def test_a_person_is_in_it_by_no_name_or_number(counter: Any, export: Any) -> None:
    counter.hold("hall")
    assert str(RESIDENT.person) not in export("mona").text


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (DAYS, 2),
        (f"{DAYS}&square=borgen", 2),
        (f"{DAYS}&square=tofte", 0),
        (f"{DAYS}&space=room", 1),
        (f"{DAYS}&state=held", 2),
        (f"{DAYS}&state=confirmed", 0),
        ("from=2026-11-22&to=2026-11-22", 0),
        ("from=2026-11-24&to=2026-11-24", 0),
    ],
)
def test_filters(counter: Any, export: Any, query: str, number: int) -> None:
    counter.hold("hall")
    counter.hold("room")
    assert len(rows(export("mona", query))) == number


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-01-01&to=2027-02-04", 200),
        ("from=2026-01-01&to=2027-02-05", 422),
        ("from=2026-01-02&to=2026-01-01", 422),
        ("", 422),
        ("from=2199-01-01&to=2200-01-01", 200),
    ],
)
def test_how_many_days(export: Any, query: str, status: int) -> None:
    assert export("mona", query).status_code == status


@pytest.mark.parametrize(("language", "name"), [("nb", "Tilstand"), ("nn-NO", "Tilstand"), ("en", "State")])
def test_in_the_language_asked_for(export: Any, language: str, name: str) -> None:
    assert name in export("mona", language=language).text.splitlines()[0].split(";")


@pytest.mark.parametrize("more", [-1, 0, 1, AT_ONCE])
def test_all_of_them_whatever_the_batches(counter: Any, export: Any, more: int) -> None:
    booking = counter.hold("hall")
    with counter.database.transaction() as tx:
        row = dict(tx.execute(bookings.select().where(bookings.c.id == booking.id)).one()._mapping)
        copies = [row | {"id": new_id(), "state": "expired"} for _ in range(AT_ONCE + more - 1)]
        tx.execute(insert(bookings), copies)

    found = [each["Id"] for each in rows(export("mona"))]

    assert len(found) == len(set(found)) == AT_ONCE + more

"""Calendar feeds over HTTP: who makes them, what is in them and for how long, and that their secret is nowhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import icalendar
import pytest
import vobject
from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking.api import build
from services.booking.model.calendars import BACK, GONE, LIFE, MOST_FEEDS, uid
from services.booking.model.resources import Square
from services.booking.usecases import bookings as usecases
from services.booking.usecases import deciding
from services.booking.usecases import representatives as representing
from tests.callers import MANAGER, RESIDENT, KnownCallers, bearer, caller

ROLF = caller("rolf", *RESIDENT.roles)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000, portal_url="https://torg.test")
    return build(settings, database=counter.database, verifier=KnownCallers(ROLF)).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., TestResponse]:
    def ask(method: str, path: str, who: str, **request: Any) -> TestResponse:
        return client.open(f"/api/booking{path}", method=method, headers=bearer(who), **request)

    return ask


@pytest.fixture
def feed(ask: Any) -> Callable[..., str]:
    """Makes a feed; gives the path of its address."""

    def feed(who: str, **of: Any) -> str:
        made = ask("POST", "/calendars", who, json=of)
        assert made.status_code == 201, made.text
        return str(made.json["url"]).removeprefix("http://localhost")

    return feed


@pytest.fixture
def seen(client: FlaskClient) -> Callable[[str], dict[str, tuple[str, str]]]:
    """What two readers both find at an address: status and summary by booking."""

    def seen(path: str) -> dict[str, tuple[str, str]]:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        one = {
            str(each["UID"]): (str(each["STATUS"]), str(each["SUMMARY"]))
            for each in icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
        }
        events = getattr(vobject.readOne(answer.text), "vevent_list", [])
        assert {each.uid.value: (each.status.value, each.summary.value) for each in events} == one
        return one

    return seen


def test_a_public_feed_of_a_square_shows_what_is_public_and_when_it_is_busy(counter: Any, feed: Any, seen: Any) -> None:
    concert = counter.confirmed("hall", title="Konsert")
    private = counter.confirmed("room")

    assert seen(feed("ola", square="borgen")) == {
        uid(concert.id): ("CONFIRMED", "Konsert"),
        uid(private.id): ("CONFIRMED", "Opptatt"),
    }


def test_a_managers_feed_shows_who_rents(counter: Any, feed: Any, seen: Any) -> None:
    booking = counter.confirmed("hall", tenant=counter.organisation("kari"))

    assert seen(feed("mona", square="borgen", detail="full")) == {uid(booking.id): ("CONFIRMED", "Kultur (Korpset)")}


def test_a_space_has_in_its_calendar_whoever_takes_a_part_of_it(counter: Any, feed: Any, seen: Any) -> None:
    hall = counter.confirmed("hall")
    third = counter.confirmed("third-1", 8)
    counter.confirmed("room")

    assert set(seen(feed("ola", space="hall"))) == {uid(hall.id), uid(third.id)}
    assert set(seen(feed("ola", space="third-1"))) == {uid(hall.id), uid(third.id)}
    assert set(seen(feed("ola", space="third-2"))) == {uid(hall.id)}


def test_what_is_only_held_is_in_no_calendar_and_nor_is_a_hold_that_expired(counter: Any, feed: Any, seen: Any) -> None:
    counter.hold("hall")
    address = feed("ola", square="borgen")
    assert seen(address) == {}

    counter.clock.move(timedelta(hours=2))
    counter.expire_holds()
    assert seen(address) == {}


def test_what_is_given_up_stays_as_cancelled_for_a_while(counter: Any, feed: Any, seen: Any) -> None:
    booking = counter.confirmed("hall", title="Konsert")
    address = feed("ola", square="borgen")
    counter.cancel(booking)

    assert seen(address) == {uid(booking.id): ("CANCELLED", "Konsert")}
    counter.clock.move(GONE)
    assert seen(address) == {uid(booking.id): ("CANCELLED", "Konsert")}
    counter.clock.move(MOMENT)
    assert seen(address) == {}


def test_what_is_over_stays_for_ninety_days(counter: Any, feed: Any, seen: Any) -> None:
    booking = counter.confirmed("hall")
    address = feed("ola", square="borgen")

    counter.clock.move(booking.begins_at + BACK - counter.clock.now())
    assert set(seen(address)) == {uid(booking.id)}
    counter.clock.move(MOMENT)
    assert seen(address) == {}


def test_a_moved_booking_is_the_same_event_with_a_higher_sequence(counter: Any, client: Any, feed: Any) -> None:
    booking = counter.confirmed("hall")
    address = feed("ola", square="borgen")
    (before,) = icalendar.Calendar.from_ical(client.get(address).text).walk("VEVENT")

    later = {"begins_at": counter.quarter(8), "ends_at": counter.quarter(12)}
    counter.run(usecases.reschedule, RESIDENT, booking.id, ANY_VERSION, **later)

    (after,) = icalendar.Calendar.from_ical(client.get(address).text).walk("VEVENT")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == counter.quarter(8)


def test_an_actors_feed_ends_with_the_right_to_act_for_it(counter: Any, client: Any, feed: Any, seen: Any) -> None:
    band = counter.organisation("kari", "rolf")
    booking = counter.confirmed("hall", tenant=band)
    address = feed("rolf", actor=str(band))
    assert set(seen(address)) == {uid(booking.id)}

    counter.run(representing.end, ROLF, band, ROLF.person)

    assert client.get(address).status_code == 404


def test_my_own_bookings(counter: Any, feed: Any, seen: Any) -> None:
    mine = counter.confirmed("hall")
    counter.confirmed("room", tenant=counter.organisation("kari"))

    assert seen(feed("kari", actor=str(RESIDENT.person))) == {uid(mine.id): ("CONFIRMED", "Kultur")}


@pytest.mark.parametrize(
    ("who", "of", "status", "code"),
    [
        ("kari", {}, 422, "invalid_request"),
        ("kari", {"space": "hall", "square": "borgen"}, 422, "invalid_request"),
        ("kari", {"space": "nowhere"}, 422, "unknown_space"),
        ("kari", {"square": "nowhere"}, 422, "unknown_square"),
        ("kari", {"actor": "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11"}, 403, "not_representative"),
        ("kari", {"square": "borgen", "detail": "full"}, 403, "forbidden"),
        ("noor", {"square": "borgen", "detail": "full"}, 403, "forbidden"),
        ("noor", {"space": "hall", "detail": "full"}, 403, "forbidden"),
        ("lock-1", {"square": "borgen"}, 403, "forbidden"),
        ("kari", {"square": "borgen", "language": "se"}, 422, "invalid_request"),
    ],
)
def test_feeds_that_are_not_made(ask: Any, who: str, of: Any, status: int, code: str) -> None:
    refused = ask("POST", "/calendars", who, json=of)
    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_a_managers_feed_ends_after_a_year_and_a_public_one_never(counter: Any, client: Any, feed: Any) -> None:
    full, public = feed("mona", square="borgen", detail="full"), feed("mona", square="borgen")

    counter.clock.move(LIFE - MOMENT)
    assert client.get(full).status_code == 200
    counter.clock.move(MOMENT)
    assert client.get(full).status_code == 404
    assert client.get(public).status_code == 200


def test_a_person_has_so_many_feeds_and_no_more(ask: Any) -> None:
    made = [ask("POST", "/calendars", "kari", json={"square": "borgen"}) for _ in range(MOST_FEEDS)]
    assert {each.status_code for each in made} == {201}

    one_more = ask("POST", "/calendars", "kari", json={"square": "borgen"})
    assert (one_more.status_code, one_more.json["code"]) == (409, "too_many_feeds")

    ask("DELETE", f"/calendars/{made[0].json['calendar']['id']}", "kari")
    assert ask("POST", "/calendars", "kari", json={"square": "borgen"}).status_code == 201


@pytest.mark.parametrize(("who", "status"), [("kari", 204), ("mona", 204), ("odd", 204), ("ola", 404), ("noor", 404)])
def test_who_may_revoke_a_feed(ask: Any, client: Any, who: str, status: int) -> None:
    made = ask("POST", "/calendars", "kari", json={"square": "borgen"}).json
    path = str(made["url"]).removeprefix("http://localhost")

    assert ask("DELETE", f"/calendars/{made['calendar']['id']}", who).status_code == status
    assert client.get(path).status_code == (404 if status == 204 else 200)


def test_a_list_of_my_feeds_tells_no_secret(ask: Any) -> None:
    made = ask("POST", "/calendars", "kari", json={"space": "hall", "language": "nn"}).json
    ask("POST", "/calendars", "ola", json={"space": "hall"})

    listed = ask("GET", "/calendars", "kari")

    assert listed.json["items"] == [made["calendar"]]
    assert made["url"].rpartition("/")[2].removesuffix(".ics") not in listed.text


def test_headers_that_calendars_and_caches_need(counter: Any, client: Any, feed: Any) -> None:
    counter.confirmed("hall")
    address = feed("ola", square="borgen")

    first = client.get(address)
    assert first.content_type == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, max-age=300"
    assert first.headers["X-Robots-Tag"] == "noindex"

    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")

    counter.confirmed("room")
    changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize("token", ["x", "%00", "x" * 5000, "æøå", "..", "null"])
def test_an_address_that_opens_nothing(client: Any, token: str) -> None:
    assert client.get(f"/api/booking/calendars/{token}.ics").status_code in (400, 404)


def test_the_secret_is_neither_logged_nor_stored(counter: Any, client: Any, feed: Any) -> None:
    with capture_logs() as logged:
        address = feed("ola", square="borgen")
        client.get(address)
    secret = address.rpartition("/")[2].removesuffix(".ics")

    assert [each["route"] for each in logged if each["event"] == "request"][-1].endswith("/calendars/<token>.ics")
    assert secret not in str(logged)
    with counter.database.reading() as tx:
        assert secret not in str(tx.execute(text("SELECT * FROM calendar_feeds")).all())


def test_what_awaits_approval_is_tentative(counter: Any, town: Any, feed: Any, seen: Any) -> None:
    asking = town.space("room", rules=replace(town.RULES, approval=True))
    counter.publish(Square(id="borgen", name=town.name("Borgen"), arenas=(town.arena("house", asking, town.HALL),)))
    booking = counter.confirmed("room")
    address = feed("ola", square="borgen")
    assert seen(address) == {uid(booking.id): ("TENTATIVE", "Opptatt")}

    counter.run(deciding.decline, MANAGER, booking.id, ANY_VERSION, why="Salen skal males")
    assert seen(address) == {uid(booking.id): ("CANCELLED", "Opptatt")}

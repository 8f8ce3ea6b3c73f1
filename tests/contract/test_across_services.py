"""What one service promises of all of them: an imported booking is followed as any other, and of a person who is erased
nothing is left anywhere."""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel.auth import Role
from services.booking.usecases.time import expire_holds
from tests.contract import things
from tests.contract.conftest import a_municipality
from tests.contract.things import Owned
from tests.municipality import HOUR, NOW, SPACE, SQUARE, Municipality
from tests.templates import Templates

TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
SENT = ("outbox", "idempotency_keys", "failed_deliveries")
"""What was said, not what is held: `test_erasure` looks through these, too, after what was sent is swept."""


@pytest.fixture(scope="module")
def own(templates: Templates) -> Iterator[tuple[Municipality, dict[str, Owned]]]:
    with a_municipality(templates) as municipality:
        yield municipality, things.make(municipality)


def everything(municipality: Municipality) -> dict[str, str]:
    """All that is in each service's tables, by service and table."""
    found = {}
    for name, database in municipality.databases.items():
        with database.reading() as tx:
            for table in {*tx.execute(TABLES).scalars()} - {*SENT}:
                rows = tx.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
                found[f"{name}.{table}"] = "\n".join(rows)
    return found


def an_import(
    municipality: Municipality, owned: dict[str, Owned], uid: int = 1, until: str = "11:00"
) -> tuple[str, dict[str, Any]]:
    """Mona's token, and what she imports for the band."""
    day = f"2026-12-{18 + uid}"
    table = f"uid;space;begins_at;ends_at;title\n{uid};Salen;{day} 09:00;{day} {until};Julekonsert\n"
    wanted = things.an_import(owned["represented"].things["band"])
    manager = municipality.token("mona", Role.ARENA_MANAGER, squares=(SQUARE,))
    return manager, wanted | {"file": base64.b64encode(table.encode()).decode()}


def test_an_imported_booking_is_priced_charged_keyed_and_shown(own: tuple[Municipality, dict[str, Owned]]) -> None:
    municipality, owned = own
    manager, wanted = an_import(municipality, owned)

    foreseen = municipality.did("POST", "/booking/imports/preview", manager, wanted)
    assert (foreseen["counts"]["added"], foreseen["rows"][0]["booking"]) == (1, None)
    done = municipality.did("POST", "/booking/imports", manager, wanted)
    [row] = done["rows"]
    assert (row["outcome"], row["line"], row["space"]) == ("added", 2, SPACE)

    booking = municipality.did("GET", f"/booking/bookings/{row['booking']}", manager)
    assert (booking["state"], booking["key"]) == ("confirmed", "armed")
    assert booking["price"]["total"] >= 0
    keys = municipality.did("GET", "/access/keys", municipality.token("rita"))["items"]
    assert row["booking"] in {time["booking"] for key in keys for time in key["times"]}
    day = "from=2026-12-19T00:00:00Z&to=2026-12-20T00:00:00Z"
    shown = municipality.did("GET", f"/programming/activities?{day}&square={SQUARE}", manager)
    assert "Julekonsert" in {each["title"] for each in shown["items"]}

    _, moved = an_import(municipality, owned, until="12:00")
    [again] = municipality.did("POST", "/booking/imports", manager, moved)["rows"]
    assert (again["outcome"], again["booking"]) == ("moved", row["booking"])
    dearer = municipality.did("GET", f"/booking/bookings/{row['booking']}", manager)
    assert (dearer["state"], dearer["version"] > booking["version"]) == ("confirmed", True)


def test_nothing_is_left_of_a_person_in_any_service(own: tuple[Municipality, dict[str, Owned]]) -> None:
    """Kari has bookings, keys, hours, a series and comments; Mona has imported for the municipality."""
    municipality, owned = own
    manager, wanted = an_import(municipality, owned, uid=2)
    municipality.did("POST", "/booking/imports", manager, wanted)
    for name, roles, squares in (("kari", (), ()), ("mona", (Role.ARENA_MANAGER,), (SQUARE,))):
        person = str(municipality.person(name))
        before = everything(municipality)
        services = {where.split(".")[0] for where, rows in before.items() if person in rows}
        assert {"booking", "pricing"} <= services

        token = municipality.token(name, *roles, squares=squares)
        municipality.did("POST", "/booking/me/erasure", token, {"cancel_bookings": True})

        assert [where for where, rows in everything(municipality).items() if person in rows] == []


def test_a_hold_outlasts_a_broker_that_is_away(own: tuple[Municipality, dict[str, Owned]]) -> None:
    """Nothing is carried between the services for 119 minutes; what was held can be confirmed when all of it comes."""
    municipality, _ = own
    tora, database = municipality.token("tora"), municipality.databases["booking"]
    answer = municipality.call("POST", "/booking/bookings", tora, things.a_booking(things.TORAS + 3))
    assert answer.status_code == 201, answer.text
    booking = answer.get_json()["id"]

    database.clock.move(timedelta(minutes=119))
    with database.transaction() as tx:
        expire_holds(tx)
    kept = municipality.call("GET", f"/booking/bookings/{booking}", tora).get_json()
    assert (kept["state"], kept["price"]) == ("held", None)
    municipality.settle()

    priced = municipality.call("GET", f"/booking/bookings/{booking}", tora).get_json()
    assert (priced["state"], priced["price"] is None) == ("held", False)
    until = datetime.fromisoformat(priced["hold_expires_at"])
    assert until == database.clock.now() + timedelta(minutes=priced["answer_minutes"])
    confirmed = municipality.did("POST", f"/booking/bookings/{booking}/confirm", tora, {}, If_Match="*")
    assert confirmed["state"] == "confirmed"


def test_a_margin_ends_at_the_time_of_whom_booking_keeps_apart_and_of_nobody_else(
    own: tuple[Municipality, dict[str, Owned]],
) -> None:
    """What excludes what is booking's to say: the hall and its part, not the two parts."""
    municipality, _ = own
    ten = NOW.replace(hour=10) + timedelta(days=16)
    for who, space, begins_at in (
        ("lea", SPACE, ten),
        ("per", f"{SPACE}-a", ten + HOUR),
        ("ann", f"{SPACE}-b", ten + 2 * HOUR),
    ):
        times = {"begins_at": begins_at.isoformat(), "ends_at": (begins_at + HOUR).isoformat()}
        use = {"purpose": "culture", "audience": "adults", "participants": 20, "confirm": "when_priced"}
        municipality.did("POST", "/booking/bookings", municipality.token(who), {"space": space, **use, **times})

    def opens(who: str) -> tuple[datetime, datetime]:
        [key] = municipality.did("GET", "/access/keys", municipality.token(who))["items"]
        assert key["state"] == "armed"
        return datetime.fromisoformat(key["valid_from"]), datetime.fromisoformat(key["valid_until"])

    margin = HOUR / 4
    assert opens("lea") == (ten - margin, ten + HOUR)
    assert opens("per") == (ten + HOUR, ten + 2 * HOUR + margin)
    assert opens("ann") == (ten + 2 * HOUR - margin, ten + 3 * HOUR + margin)

"""Nothing is left of a person who was erased, in any column of any table of any service, but what is named here; and
nothing repeated or late brings them back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nameko
import pytest
from sqlalchemy import select

from kernel.contracts import decode
from kernel.deliveries import Deliveries
from kernel.failures import Retrying
from kernel.outbox import outbox
from kernel.topology import known_events
from services.booking.events import PersonErased
from services.booking.usecases import privacy
from services.booking.usecases.privacy import SWEPT_AFTER
from tests.contract import things
from tests.contract.conftest import a_municipality
from tests.contract.zara import Zara
from tests.municipality import SETTINGS
from tests.templates import Templates
from tests.traces import Traces, traces

STAYS = {
    ("booking", "outbox", "body"): "that they were erased: told again, for those who lost it, and pruned as all events",
    ("booking", "outbox", "subject"): "of the same event",
    ("access", "door_orders", "why"): "of the municipality's work, as is why a place was closed; pruned with the log",
}
"""What may stay of a person, by service, table and column, and why. The accounts stay, too (decision 22), and have
nothing that leads to anybody."""


SEEN_OTHERWISE = {
    "outbox": "events: what they say is in the tables they tell of",
    "idempotency_keys": "answers to requests, kept to be repeated: what they say is in the tables",
    "failed_deliveries": "events that could not be taken yet",
    "inbox_subjects": "how far what is told of a person has been taken; it says nothing else",
    "activities": "titles of bookings, which booking's export has",
}
"""Tables in which a person stands and that are not in what they take with them, and why."""

NOT_SHOWN = {
    "booking.calendar_feeds.made_by": "the feed itself is shown; one of an organisation may be another's",
    "booking.outgoing_mails.address": "the address of somebody else, whom they invited; it goes with the mail",
}
"""Columns of tables that are shown, but for these."""


@dataclass
class Erased:
    """Zara after her erasure; where she was before, and what booking had told of her."""

    zara: Zara
    before: Traces
    told: list[str]
    exports: dict[str, Any]


@pytest.fixture(scope="module")
def erased(templates: Templates) -> Iterator[Erased]:
    with a_municipality(templates) as torg:
        things.make(torg)
        zara = Zara(torg)
        zara.live()
        before = traces(torg.databases, zara.needles)
        with torg.databases["booking"].reading() as tx:
            bodies = select(outbox.c.body).where(outbox.c.body.contains(zara.person)).order_by(outbox.c.position)
            told = list(tx.execute(bodies).scalars())
        exports = {name: torg.did("GET", f"/{name}/me/export", zara.token)["held"] for name in torg.databases}
        zara.ask("POST", "/booking/me/erasure", zara.token, {"cancel_bookings": True})
        torg.clock.move(SWEPT_AFTER)
        sweep(zara)
        yield Erased(zara, before, told, exports)


def sweep(zara: Zara) -> None:
    with zara.torg.databases["booking"].transaction() as tx:
        privacy.forget_sent(tx)


def assert_nothing_left(zara: Zara) -> None:
    left = traces(zara.torg.databases, zara.needles)
    assert set(left) == set(STAYS), left
    told = select(outbox.c.type).where(outbox.c.body.contains(zara.person))
    with zara.torg.databases["booking"].reading() as tx:
        assert {*tx.execute(told).scalars()} == {PersonErased.TYPE}


def test_nothing_is_left_of_a_person_but_what_is_named(erased: Erased) -> None:
    found = {word for words in erased.before.values() for word in words}
    assert found == {*erased.zara.needles}, "the test has lost what it looks for"
    assert {service for service, _, _ in erased.before} == {"booking", "access", "pricing", "programming"}
    assert_nothing_left(erased.zara)


def test_all_that_is_found_of_a_person_is_theirs_to_take(erased: Erased) -> None:
    missing = {}
    for (service, table, column), words in erased.before.items():
        told = " ".join(str(row.get(column)) for row in erased.exports[service].get(table, [])).lower()
        if left_out := [word for word in words if word.lower() not in told]:
            missing[f"{service}.{table}.{column}"] = left_out
    named = {each for each in missing if each.split(".")[1] in SEEN_OTHERWISE or each in NOT_SHOWN}
    assert set(missing) - named == set(), missing
    assert NOT_SHOWN.keys() <= set(missing)
    assert {"let_go", "bookings", "booking_comments"} <= {
        name for name, rows in erased.exports["booking"].items() if rows
    }
    assert {"keys", "entries", "door_orders"} <= {name for name, rows in erased.exports["access"].items() if rows}
    assert {"charges", "hours", "quotes"} <= {name for name, rows in erased.exports["pricing"].items() if rows}


def test_a_request_that_was_answered_is_not_done_again_and_its_answer_is_gone(erased: Erased) -> None:
    zara = erased.zara
    *others, erasure = [key for key, asked in zara.answers.items() if asked[3] != zara.manager]  # who'd manage again
    gone = set()
    for key in others:
        answer = zara.again(key)
        assert not [word for word in zara.needles if word in answer.text]
        if answer.status_code == 410:
            assert answer.get_json()["code"] == "answer_erased"
            gone.add(key)
        else:
            assert answer.headers["Idempotency-Replayed"] == "true", zara.answers[key]
    assert {key for key in others if zara.answers[key][3] in (zara.token, zara.operator)} <= gone
    again = zara.again(erasure)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert_nothing_left(zara)


def test_what_comes_late_and_twice_brings_nobody_back(erased: Erased) -> None:
    torg = erased.zara.torg
    kinds = {kind.TYPE: kind for kind in known_events()}
    assert len(erased.told) > 20
    with nameko.config.patch({"torg": SETTINGS}):
        for body in [*reversed(erased.told), *erased.told]:
            event = decode(body, kinds[_type(body)])
            for listener in kinds[event.type].LISTENERS:
                torg._deliver[listener](event)
    torg.settle()
    assert_nothing_left(erased.zara)


def test_what_comes_late_and_fails_is_kept_without_the_person(erased: Erased) -> None:
    torg = erased.zara.torg

    def fail(*_: Any) -> None:
        raise KeyError

    for service in ("access", "pricing", "programming"):
        deliveries = Deliveries(torg.databases[service], Retrying())
        for body in (*erased.told, f"{{{erased.zara.person} Zarafest"):
            deliveries.deliver("no.torg.booking.confirmed.v1", body.encode(), fail)
            deliveries.bury("no.torg.booking.confirmed.v1", body.encode(), "given up")
    assert_nothing_left(erased.zara)


def test_told_again_it_changes_nothing(erased: Erased) -> None:
    torg = erased.zara.torg
    with torg.databases["booking"].transaction() as tx:
        tx.execute(outbox.update().where(outbox.c.type == PersonErased.TYPE).values(sent_at=None))
    torg.settle()
    sweep(erased.zara)
    assert_nothing_left(erased.zara)


def _type(body: str) -> str:
    return str(body.partition('"type":"')[2].partition('"')[0])

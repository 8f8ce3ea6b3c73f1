"""The manager's desk over HTTP: what waits for whom, in which order, and several decisions at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kernel.db import Database
from kernel.ids import new_id
from kernel.settings import Settings
from services.booking.api import build
from services.booking.events import BookingConfirmed, BookingDeclined
from services.booking.model.bookings import Booking
from services.booking.model.desk import ANSWER_AT_LEAST, ANSWER_BEFORE, ANSWER_IN, MOST_DECISIONS, REPLY_IN, Decision
from services.booking.model.opening import hours
from services.booking.model.resources import Square
from services.booking.usecases import comments, desk
from tests.at_once import at_once
from tests.callers import MANAGER, RESIDENT, KnownCallers, bearer, caller

BOTH = caller("bo", *MANAGER.roles, squares=frozenset({"borgen", "tofte"}))
MOMENT = timedelta(seconds=1)
DAY_OF_QUARTERS = 96


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers(BOTH)).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., TestResponse]:
    def ask(method: str, path: str, who: str, **request: Any) -> TestResponse:
        return client.open(f"/api/booking{path}", method=method, headers=bearer(who), **request)

    return ask


@pytest.fixture(autouse=True)
def _places(counter: Any, town: Any) -> None:
    """Where a manager decides, where one pays beforehand, and the same in another square."""

    def square(id: str, *rooms: str) -> Square:
        rules = {"studio": {"approval": True}, "stage": {"prepay": True}, "attic": {"approval": True}}
        spaces = [town.space(each, rules=replace(town.RULES, **rules[each])) for each in rooms]
        return Square(id=id, name=town.name(id), arenas=(town.arena(f"{id}-house", *spaces),))

    counter.publish(square("borgen", "studio", "stage"))
    counter.publish(square("tofte", "attic"))


@pytest.fixture
def items(ask: Any) -> Callable[..., list[tuple[str, str]]]:
    """What is on somebody's desk: kind and booking."""

    def items(who: str = "mona", query: str = "") -> list[tuple[str, str]]:
        shown = ask("GET", f"/desk{query}", who)
        assert shown.status_code == 200, shown.text
        return [(each["kind"], each["booking"]["id"]) for each in shown.json["items"]]

    return items


def days(number: float) -> int:
    return int(number * DAY_OF_QUARTERS)


def decide(ask: Any, *decisions: dict[str, Any], who: str = "mona") -> Any:
    return ask("POST", "/desk/decisions", who, json={"decisions": list(decisions)})


def yes(booking: Booking, **more: Any) -> dict[str, Any]:
    return {"booking": str(booking.id), "verdict": "approve", **more}


def no(booking: Booking, **more: Any) -> dict[str, Any]:
    return {"booking": str(booking.id), "verdict": "decline", "why": "Salen skal males", **more}


def test_the_most_urgent_comes_first(counter: Any, items: Any) -> None:
    far = counter.confirmed("studio", days(30))
    soon = counter.confirmed("studio", days(1))
    unpaid = counter.confirmed("stage", days(30))
    asked = counter.confirmed("stage", days(60))
    counter.run(comments.write, RESIDENT, asked.id, text="Når åpner dere?")

    # soon is overdue already; unpaid ends in 24 hours, as asked does; a comment is read in two days, far has three
    assert items() == [
        ("approval", str(soon.id)),
        *sorted([("payment", str(unpaid.id)), ("payment", str(asked.id))]),
        ("comment", str(asked.id)),
        ("approval", str(far.id)),
    ]


@pytest.mark.parametrize(
    ("begin", "due"),
    [
        (30, lambda now, _: now + ANSWER_IN),
        (4, lambda _, begins_at: begins_at - ANSWER_BEFORE),
        (2.2, lambda _, begins_at: begins_at - ANSWER_BEFORE),
        (2, lambda now, _: now + ANSWER_AT_LEAST),
        (1, lambda now, _: now + ANSWER_AT_LEAST),
    ],
)
def test_when_an_approval_is_overdue(counter: Any, ask: Any, begin: float, due: Any) -> None:
    booking = counter.confirmed("studio", days(begin))
    at = due(counter.clock.now(), booking.begins_at)

    def overdue() -> Any:
        shown = ask("GET", "/desk", "mona").json
        return shown["items"][0]["overdue"], shown["counts"][0]

    counter.clock.move(at - counter.clock.now())
    assert overdue() == (False, {"kind": "approval", "waiting": 1, "overdue": 0})
    counter.clock.move(MOMENT)
    assert overdue() == (True, {"kind": "approval", "waiting": 1, "overdue": 1})


def test_an_approval_asked_for_at_the_last_moment_is_due_when_it_begins(counter: Any, ask: Any) -> None:
    """It has no time limit that was over before anybody asked."""
    booking = counter.confirmed("studio", 0)
    assert booking.begins_at - counter.clock.now() < ANSWER_AT_LEAST

    [shown] = ask("GET", "/desk", "mona").json["items"]

    assert shown["due_at"] == booking.begins_at.isoformat().replace("+00:00", "Z")
    assert shown["overdue"] is False


def test_a_comment_waits_until_it_is_seen(counter: Any, ask: Any, items: Any) -> None:
    booking = counter.confirmed("stage", days(30))
    first = counter.run(comments.write, RESIDENT, booking.id, text="Hei")
    counter.clock.move(timedelta(hours=1))
    last = counter.run(comments.write, RESIDENT, booking.id, text="Hei igjen")
    counter.run(comments.write, MANAGER, booking.id, text="Hei")

    (shown,) = ask("GET", "/desk?kind=comment", "mona").json["items"]
    assert shown["due_at"] == (first.written_at + REPLY_IN).isoformat().replace("+00:00", "Z")

    counter.run(comments.note_seen, MANAGER, booking.id, last=last.id)
    assert items(query="?kind=comment") == []


def test_what_ends_by_itself_no_longer_waits(counter: Any, items: Any) -> None:
    booking = counter.confirmed("studio", days(1))
    counter.clock.move(booking.begins_at - counter.clock.now() - MOMENT)
    assert items() == [("approval", str(booking.id))]
    counter.clock.move(MOMENT)
    assert items() == []


def test_bookings_outside_hours_that_were_changed(counter: Any, town: Any, items: Any) -> None:
    """All that clashes is in one view, whatever the arena; what is further ahead comes up in time."""
    near, far = counter.confirmed("stage", days(30)), counter.confirmed("stage", days(120))
    mondays = [hours(1, "08:00", "09:00")]
    rooms = [town.space(each, rules=replace(town.RULES, prepay=each == "stage")) for each in ("studio", "stage")]
    counter.publish(
        Square(id="borgen", name=town.name("borgen"), arenas=(town.arena("borgen-house", *rooms, opening=mondays),))
    )

    assert items(query="?kind=clash") == [("clash", str(near.id))]
    assert items("noor", "?kind=clash") == []

    counter.clock.move(timedelta(days=31))
    assert items(query="?kind=clash") == [("clash", str(far.id))]


def test_whose_desk_it_is(counter: Any, ask: Any, items: Any) -> None:
    here, there = counter.confirmed("studio"), counter.confirmed("attic")
    own, others = ("approval", str(here.id)), ("approval", str(there.id))

    assert items("mona") == [own]
    assert items("noor") == [others]
    assert sorted(items("bo")) == sorted(items("odd")) == sorted([own, others])
    assert items("bo", "?square=tofte") == [others]
    assert items("mona", "?square=tofte") == []
    for who in ("kari", "lock-1"):
        assert ask("GET", "/desk", who).status_code == 403


def test_a_desk_comes_a_page_at_a_time(counter: Any, ask: Any) -> None:
    made = [counter.confirmed("studio", days(20 + number)) for number in range(5)]
    for each in made:
        counter.run(comments.write, RESIDENT, each.id, text="Hei")
    found, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"/desk?limit=3{cursor and f'&cursor={cursor}'}", "mona").json
        assert page["counts"][0] == {"kind": "approval", "waiting": 5, "overdue": 0}
        found += [(each["kind"], each["booking"]["id"]) for each in page["items"]]
        cursor = page["next_cursor"]

    assert sorted(found) == sorted((kind, str(each.id)) for each in made for kind in ("approval", "comment"))


def test_each_decision_takes_effect_by_itself(counter: Any, ask: Any) -> None:
    first, second, third = (counter.confirmed("studio", days(n)) for n in (5, 6, 7))
    held = counter.hold("studio", days(8))
    elsewhere = counter.confirmed("attic")
    nobodys = replace(first, id=new_id())

    answer = decide(
        ask, yes(first), no(second), yes(third, version=1), yes(held), yes(elsewhere), yes(nobodys), no(first)
    )

    assert answer.status_code == 200
    assert [each["booking"] for each in answer.json["items"]] == [
        str(each.id) for each in (first, second, third, held, elsewhere, nobodys, first)
    ]
    assert [(each["done"], each["state"] or each["refused"]["code"]) for each in answer.json["items"]] == [
        (True, "confirmed"),
        (True, "declined"),
        (False, "stale_version"),
        (False, "not_awaiting_approval"),
        (False, "not_found"),
        (False, "not_found"),
        (False, "not_awaiting_approval"),
    ]
    assert [counter.load(each).state for each in (first, second, third, held, elsewhere)] == [
        "confirmed",
        "declined",
        "awaiting_approval",
        "held",
        "awaiting_approval",
    ]
    # nothing is told of what was refused
    told = [event.data.booking for event in counter.told(BookingConfirmed, BookingDeclined)]
    assert sorted(told) == sorted([first.id, second.id])


def test_a_no_needs_a_reason(counter: Any, ask: Any) -> None:
    booking = counter.confirmed("studio")
    refused = decide(ask, {"booking": str(booking.id), "verdict": "decline"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "#/decisions/0/why")


@pytest.mark.parametrize(("number", "status"), [(0, 422), (1, 200), (MOST_DECISIONS, 200), (MOST_DECISIONS + 1, 422)])
def test_how_many_at_once(counter: Any, ask: Any, number: int, status: int) -> None:
    booking = counter.confirmed("studio")
    assert decide(ask, *[yes(booking)] * number).status_code == status


def test_the_history_tells_who_decided_and_why(counter: Any, ask: Any) -> None:
    booking = counter.confirmed("studio")
    decide(ask, no(booking))

    last = ask("GET", f"/bookings/{booking.id}/history", "kari").json["items"][-1]
    assert (last["what"], last["by"], last["why"]) == ("declined", str(MANAGER.person), "Salen skal males")


def test_two_who_decide_on_the_same_bookings_at_once(counter: Any) -> None:
    """Given in opposite orders: each booking is decided once, and nobody is a deadlock's victim."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=4, clock=counter.clock)
    for number in range(10):
        made = [counter.confirmed("studio", days(10 + number) + 4 * each) for each in range(6)]

        def work(verdict: Any, made: list[Booking] = made) -> list[bool]:
            asked = [Decision(booking=each.id, verdict=verdict, why="Nei") for each in made]
            with many.transaction() as tx:
                done = desk.decide(tx, MANAGER, asked if verdict == "approve" else asked[::-1])
            return [each.refused is None for each in done]

        approved, declined = at_once(work, ["approve", "decline"])

        assert [one + other for one, other in zip(approved, reversed(declined), strict=True)] == [1] * 6
        states = [counter.load(each).state for each in made]
        assert states == ["confirmed" if each else "declined" for each in approved]
    many.close()

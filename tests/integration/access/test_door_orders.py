"""What an arena manager orders of a door: it is done at once, kept with who and why, and for nobody else to order. Who
could not get in, as the door was shut, has not stayed away."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from kernel.ids import new_id
from kernel.pagination import PageRequest
from kernel.problems import NotFound
from services.access import doors, queries, usecases
from services.access.doors import door_orders
from services.access.events import KeyUnused
from services.access.queries import KeyView
from services.booking.events import Heartbeat, PersonErased
from tests.at_once import at_once
from tests.bookings import BEGINS_AT, BOOKED_AT, ENDS_AT, KARI, Told, envelope, published
from tests.callers import MANAGER, OPERATOR, OTHER_MANAGER

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
WHY = "Vannlekkasje"
RELEASE_AT = BEGINS_AT + 20 * MINUTE


def ordered(square: Any, order: Any, who: Any = MANAGER, lock: UUID | None = None) -> doors.Ordered:
    with square.database.transaction() as tx:
        return doors.order(tx, who, lock or square.lock(), order=order, why=WHY)


def orders(square: Any, who: Any = MANAGER) -> list[Any]:
    with square.database.reading() as tx:
        return list(queries.orders_for(tx, who, PageRequest()).items)


def shown(square: Any) -> Any:
    with square.database.reading() as tx:
        [lock] = queries.locks_for(tx, MANAGER, PageRequest()).items
        return SimpleNamespace(**lock)


def tried(square: Any, key: KeyView, at: datetime = BEGINS_AT) -> tuple[str | None, str | None]:
    """What the door says to the code, and to the key itself."""
    square.at(at)
    with square.database.transaction() as tx:
        typed = usecases.unlock_with_code(tx, square.lock(), str(key.code), square.codes).refusal
        return typed, usecases.unlock_with_key(tx, key.id, KARI).refusal


def heard(square: Any, at: datetime) -> None:
    square.deliver(envelope(Heartbeat(sent_at=at), str(new_id()), 1))


def unused(square: Any, at: datetime = RELEASE_AT) -> int:
    square.at(at)
    with square.database.transaction() as tx:
        usecases.tell_unused(tx)
    return len(square.emitted(KeyUnused))


@pytest.fixture
def key(square: Any) -> KeyView:
    square.deliver(published(), Told(release_at=RELEASE_AT).confirmed())
    square.settle()
    found: KeyView = square.keys_of()[0]
    return found


def test_shut_it_opens_for_nobody_until_it_works_again(square: Any, key: KeyView) -> None:
    ordered(square, "shut")
    assert tried(square, key) == ("shut", "shut")
    assert (shown(square).shut_since, shown(square).shut_why) == (BOOKED_AT, WHY)
    ordered(square, "work")
    assert tried(square, key) == (None, None)
    assert (shown(square).shut_since, shown(square).shut_why) == (None, None)


def test_another_door_stays_as_it_is(square: Any, key: KeyView) -> None:
    square.deliver(published("borgen-moterom"))
    ordered(square, "shut", lock=square.lock("borgen-moterom"))
    assert tried(square, key) == (None, None)


def test_a_shut_door_tells_a_stranger_nothing(square: Any, key: KeyView) -> None:
    ordered(square, "shut")
    with square.database.transaction() as tx:
        assert usecases.unlock_with_code(tx, square.lock(), "000000", square.codes).refusal == "unknown_code"


@pytest.mark.parametrize(("age", "refusal"), [(5 * MINUTE, None), (5 * MINUTE + TICK, "no_news")])
def test_told_so_it_opens_nothing_while_news_is_stale(
    square: Any, key: KeyView, age: timedelta, refusal: str | None
) -> None:
    assert shown(square).without_news == "own_time"
    ordered(square, "nothing_without_news")
    assert shown(square).without_news == "nothing"
    heard(square, BEGINS_AT - age)
    assert tried(square, key) == (refusal, refusal)
    ordered(square, "own_time_without_news")
    assert tried(square, key) == (None, None)


def test_shut_goes_before_stale(square: Any, key: KeyView) -> None:
    heard(square, BOOKED_AT)
    ordered(square, "nothing_without_news")
    ordered(square, "shut")
    assert tried(square, key) == ("shut", "shut")
    assert shown(square).without_news == "nothing"


def test_opened_once_it_stays_as_it_was(square: Any, key: KeyView) -> None:
    ordered(square, "shut")
    ordered(square, "open_once")
    assert tried(square, key) == ("shut", "shut")


def test_who_ordered_what_and_why_is_kept_newest_first(square: Any, key: KeyView) -> None:
    first = ordered(square, "shut")
    square.at(BOOKED_AT + MINUTE)
    last = ordered(square, "open_once", OPERATOR)
    found = orders(square)
    assert [(each.id, each.order, each.why) for each in found] == [
        (last.id, "open_once", WHY),
        (first.id, "shut", WHY),
    ]
    assert [each.ordered_by for each in found] == [str(OPERATOR.person), str(MANAGER.person)]
    assert orders(square, OTHER_MANAGER) == []
    assert REGISTRY.get_sample_value("torg_access_orders_total", {"order": "open_once"})


def test_a_door_of_another_square_is_not_there(square: Any, key: KeyView) -> None:
    for who, lock in ((OTHER_MANAGER, square.lock()), (MANAGER, new_id())):
        with pytest.raises(NotFound):
            ordered(square, "shut", who, lock)
    assert orders(square, OPERATOR) == []
    assert tried(square, key) == (None, None)


def test_ordered_at_once_all_are_kept_and_the_door_does_one_of_them(square: Any, key: KeyView) -> None:
    wanted = ["shut", "work"] * 4 + ["nothing_without_news", "own_time_without_news"]
    at_once(lambda each: ordered(square, each), wanted)
    assert sorted(each.order for each in orders(square)) == sorted(wanted)
    assert (shown(square).shut_since is None) == (shown(square).shut_why is None)


@pytest.mark.parametrize(("later", "left"), [(timedelta(days=90), 1), (timedelta(days=90) + TICK, 0)])
def test_orders_are_kept_as_long_as_entries_and_what_doors_do_stays(
    square: Any, key: KeyView, later: timedelta, left: int
) -> None:
    ordered(square, "shut")
    square.at(BOOKED_AT + later)
    with square.database.transaction() as tx:
        usecases.prune_entries(tx, keep=timedelta(days=90))
    assert len(orders(square)) == left
    assert shown(square).shut_since is not None


def test_who_is_erased_ordered_nothing(square: Any, key: KeyView) -> None:
    ordered(square, "shut")
    person = str(MANAGER.person)
    square.deliver(envelope(PersonErased(person=person, erased_at=BOOKED_AT), person, 1))
    with square.database.reading() as tx:
        assert tx.execute(select(door_orders.c.ordered_by)).scalar_one() != person


# Who has not stayed away


def test_who_was_shut_out_has_not_stayed_away(square: Any, key: KeyView) -> None:
    ordered(square, "shut")
    assert unused(square) == 0


@pytest.mark.parametrize(
    ("at", "told"), [(BEGINS_AT - 15 * MINUTE, 1), (BEGINS_AT - 15 * MINUTE + TICK, 0), (BEGINS_AT, 0)]
)
def test_nor_who_was_shut_out_for_a_while(square: Any, key: KeyView, at: datetime, told: int) -> None:
    ordered(square, "shut")
    square.at(at)
    ordered(square, "work")
    assert unused(square) == told


def test_nor_who_was_shut_out_for_lack_of_news(square: Any, key: KeyView) -> None:
    ordered(square, "nothing_without_news")
    heard(square, BEGINS_AT - 10 * MINUTE)
    assert unused(square) == 0
    heard(square, RELEASE_AT)
    assert unused(square, RELEASE_AT + TICK) == 0


def test_who_could_get_in_without_news_has_stayed_away(square: Any, key: KeyView) -> None:
    heard(square, BEGINS_AT - 10 * MINUTE)
    assert unused(square) == 1
    assert ENDS_AT > RELEASE_AT

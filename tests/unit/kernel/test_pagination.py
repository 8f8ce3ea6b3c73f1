"""Pages: each item once, whatever comes and goes meanwhile; a cursor is a position and nothing else."""

import base64
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, g
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from kernel.http import Schema
from kernel.pagination import DEFAULT_LIMIT, MOST, InvalidCursor, PageArguments, PageRequest, page_of


def cursor_of(*position: Any) -> str:
    """The cursor of a list whose only row before the next page stood at this position."""
    cursor = PageRequest(limit=1).cut([1, 2], lambda _: position).next_cursor
    assert cursor is not None
    return cursor


def forged(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("found", "items", "more"), [(0, 0, False), (2, 2, False), (3, 3, False), (4, 3, True)])
def test_a_page_has_a_next_one_only_when_a_row_is_left(found: int, items: int, more: bool) -> None:
    page = PageRequest(limit=3).cut(list(range(found)), lambda row: (row,))
    assert (len(page.items), page.next_cursor is not None) == (items, more)


def test_one_row_more_than_the_page_is_fetched() -> None:
    assert PageRequest(limit=3).fetch == 4


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True), st.integers(1, 7))
def test_every_row_comes_once_and_in_order(rows: list[int], limit: int) -> None:
    rows.sort()
    seen: list[int] = []
    cursor = None
    for _ in range(len(rows) + 1):
        request = PageRequest(limit, cursor)
        after = request.after(int)
        rest = [row for row in rows if after is None or row > after[0]]
        page = request.cut(rest[: request.fetch], lambda row: (row,))
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert seen == rows


@pytest.mark.parametrize(
    "position",
    [
        ("Bøler «torg» 😀",),
        (7, "x"),
        (True,),
        (date(2026, 3, 29),),
        (datetime(2026, 3, 29, 12, 0, 0, 1, tzinfo=UTC), UUID(int=7)),
        (2**63 - 1,),
        (-(2**63),),
    ],
)
def test_a_position_comes_back_as_it_was(position: tuple[Any, ...]) -> None:
    assert PageRequest(cursor=cursor_of(*position)).after(*map(type, position)) == position


def test_a_time_elsewhere_is_the_same_time() -> None:
    oslo = datetime(2026, 3, 29, 14, tzinfo=timezone(timedelta(hours=2)))
    assert PageRequest(cursor=cursor_of(oslo)).after(datetime) == (oslo,)


def test_the_first_page_begins_after_nothing() -> None:
    assert PageRequest().after(str) is None


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("", (str,)),
        ("é", (str,)),
        ("a b", (str,)),
        ("====", (str,)),
        (forged({"a": 1}), (str,)),
        (forged(None), (str,)),
        (forged(["a"]), (str, str)),
        (forged(["a", "b"]), (str,)),
        (forged([1]), (str,)),
        (forged(["1"]), (int,)),
        (forged([True]), (int,)),
        (forged([1]), (bool,)),
        (forged([1.5]), (int,)),
        (forged([2**63]), (int,)),
        (forged([-(2**63) - 1]), (int,)),
        (forged(["2026-03-29T12:00:00"]), (datetime,)),
        (forged(["2026-13-29T12:00:00Z"]), (datetime,)),
        (forged(["yesterday"]), (date,)),
        (forged(["7"]), (UUID,)),
        (forged([None]), (UUID,)),
        (forged(["a\0b"]), (str,)),
        (base64.urlsafe_b64encode(b'["\\ud800"]').rstrip(b"=").decode(), (str,)),
        (base64.urlsafe_b64encode(b"[" * 600).decode(), (str,)),
    ],
)
def test_a_cursor_that_is_not_of_this_list(cursor: str, kinds: tuple[type, ...]) -> None:
    with pytest.raises(InvalidCursor):
        PageRequest(cursor=cursor).after(*kinds)


class HallFilter(PageArguments):
    square = fields.String()


def test_arguments_become_a_page_beside_the_filters() -> None:
    assert HallFilter().load({"square": "borgen", "limit": "2", "cursor": "x"}) == {
        "square": "borgen",
        "page": PageRequest(2, "x"),
    }
    assert HallFilter().load({}) == {"page": PageRequest(DEFAULT_LIMIT, None)}


def asked(address: str) -> PageRequest:
    """The page that a request of this address asks for."""
    with Flask("lists").test_request_context(address) as context:
        page: PageRequest = HallFilter().load(dict(context.request.args))["page"]
        return page


@pytest.mark.parametrize(("wish", "comes"), [(49, 49), (50, 50), (51, 50), (200, 50)])
def test_pages_of_strangers_are_small(wish: int, comes: int) -> None:
    with Flask("lists").test_request_context():
        assert HallFilter().load({"limit": str(wish)})["page"].limit == comes
        g.caller = "kari"
        assert HallFilter().load({"limit": str(wish)})["page"].limit == wish


def next_of(address: str) -> str:
    cursor = asked(address).cut(range(MOST + 1), lambda _: ("hall",)).next_cursor
    assert cursor is not None
    return cursor


@pytest.mark.parametrize("other", ["/halls", "/halls?limit=7"])
def test_a_cursor_goes_on_in_its_own_list_whatever_the_limit(other: str) -> None:
    joint = "&" if "?" in other else "?"
    assert asked(f"{other}{joint}cursor={next_of('/halls?limit=1')}").after(str) == ("hall",)
    address = "/halls?square=borgen&limit=1"
    assert asked(f"/halls?limit=2&cursor={next_of(address)}&square=borgen").after(str) == ("hall",)


@pytest.mark.parametrize("other", ["/rooms", "/halls/borgen", "/halls?square=borgen", "/halls?square=tofte", "/"])
def test_a_cursor_of_another_list_or_of_other_filters_is_refused(other: str) -> None:
    joint = "&" if "?" in other else "?"
    for own in ("/halls?limit=1", "/halls?square=holmen"):
        with pytest.raises(InvalidCursor):
            asked(f"{other}{joint}cursor={next_of(own)}").after(str)


def test_a_list_says_that_its_rows_may_move() -> None:
    class MovedSchema(Schema):
        name = fields.String()

    page = PageRequest(1).cut([{"name": "a"}], lambda each: (each["name"],))
    assert page_of(MovedSchema, moving=True)().dump(page)["order_may_change"] is True
    assert "order_may_change" not in page_of(MovedSchema)().dump(page)
    assert page_of(MovedSchema, moving=True).__name__ == "MovingMovedPage"


@pytest.mark.parametrize(("limit", "good"), [(0, False), (1, True), (MOST, True), (MOST + 1, False), (-1, False)])
def test_limits(limit: int, good: bool) -> None:
    if good:
        assert HallFilter().load({"limit": limit})["page"].limit == limit
    else:
        with pytest.raises(ValidationError):
            HallFilter().load({"limit": limit})


def test_the_schema_of_a_page_is_named_for_its_items_and_made_once() -> None:
    class HallSchema(Schema):
        name = fields.String()

    assert page_of(HallSchema).__name__ == "HallPage"
    assert page_of(HallSchema) is page_of(HallSchema)
    page = PageRequest(1).cut([{"name": "a"}, {"name": "b"}], lambda hall: (hall["name"],))
    dumped = page_of(HallSchema)().dump(page)
    assert dumped == {"items": [{"name": "a"}], "next_cursor": cursor_of("a")}

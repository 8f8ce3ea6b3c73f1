"""Lists, a page at a time. A cursor says after which row a page begins, so pages stay right while rows come and go.

In a service, with an order that is total (ends in a unique column):

    class BookingFilter(PageArguments):                       # schemas.py: adds `limit` and `cursor` to the query
        square = fields.String()

    def bookings(tx, who, page: PageRequest, square=None):    # queries.py
        order = (booking.c.begins_at, booking.c.id)
        wanted = select(booking).order_by(*order).limit(page.fetch)
        if after := page.after(datetime, UUID):               # the last row seen: a value for each column of the order
            wanted = wanted.where(tuple_(*order) > tuple_(*after))
        return page.cut(tx.execute(wanted).all(), lambda row: (row.begins_at, row.id))

    @blp.arguments(BookingFilter, location="query")           # api.py: the arguments hold "page": PageRequest
    @blp.response(200, page_of(BookingSchema))

A cursor is neither secret nor trusted: it holds a position, its values are checked for their types, and a digest of
path and filters tells it from those of other lists. Order by what does not change; a list that is in the order of what
can (`begins_at`) says so: `page_of(BookingSchema, moving=True)`.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import g, has_request_context, request
from marshmallow import Schema, fields, post_load, validate

from kernel.errors import DomainError, Text
from kernel.fields import Whole
from kernel.text import unstorable

T = TypeVar("T")
Position = tuple[Any, ...]

DEFAULT_LIMIT = 50
MOST = 200
MOST_OF_STRANGERS = 50
"""The longest page without a token."""
_LONGEST_CURSOR = 1000


class InvalidCursor(DomainError):
    """The cursor was not made by this list, or by this list with other filters."""

    code = "invalid_cursor"
    status = 422
    text = Text(
        nb="Sidemarkøren («cursor») hører ikke til denne lista med disse filtrene. Begynn på nytt uten den.",
        nn="Sidemarkøren («cursor») høyrer ikkje til denne lista med desse filtera. Byrj på nytt utan han.",
        en="The cursor does not belong to this list with these filters. Start again without it.",
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor of the next page; None on the last."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for: at most `limit` rows after the position in `cursor`."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    of: str = ""
    """Which list, with which filters: a cursor of another is refused. Empty for the beginning of a list that is told in
    another answer: its cursor goes on in any list of that order."""

    @property
    def fetch(self) -> int:
        """How many rows to ask the database for: one more than the page, which tells whether there is a next one."""
        return self.limit + 1

    def after(self, *kinds: type) -> Position | None:
        """The position the page begins after, None at the start. Kinds: str, int, bool, date, datetime and UUID."""
        return None if self.cursor is None else _decoded(self.cursor, self.of, kinds)

    def cut(self, rows: Sequence[T], position: Callable[[T], Position]) -> Page[T]:
        """The page of the `fetch` rows found; `position` gives a row's values in the order of the list."""
        more = len(rows) > self.limit
        items = rows[: self.limit]
        return Page(items, _encoded(self.of, position(items[-1])) if more else None)


class PageArguments(Schema):
    """Query arguments of a list. Extend it with the list's own filters."""

    limit: fields.Integer = Whole(
        strict=False,
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MOST),
        metadata={
            "description": f"Items per page, 1 to {MOST}; without a token {MOST_OF_STRANGERS} come at most.",
            "example": DEFAULT_LIMIT,
        },
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, _LONGEST_CURSOR),
        metadata={"description": "`next_cursor` of the page before this one. Leave out for the first page."},
    )

    @post_load
    def _with_page(self, given: Mapping[str, Any], **_: object) -> dict[str, Any]:
        filters = {name: value for name, value in given.items() if name not in ("limit", "cursor")}
        limit = min(given["limit"], MOST_OF_STRANGERS) if _is_a_stranger() else given["limit"]
        return {**filters, "page": PageRequest(limit, given["cursor"], _asked_for())}


def order_may_change() -> fields.Constant[bool]:
    """The field by which a list says that it is in the order of what can change."""
    return fields.Constant(
        True,
        metadata={
            "type": "boolean",
            "description": "The list is in the order of what can change: an item that is moved while you page may come "
            "twice, or not at all.",
        },
    )


@cache
def page_of(item: type[Schema], *, moving: bool = False) -> type[Schema]:
    """The schema of a page of `item`s, named after it: a page of BookingSchema is a BookingPage. `moving`: the list is
    in the order of what can change, and its answer says so."""
    name = item.__name__.removesuffix("Schema")
    return type(
        f"Moving{name}Page" if moving else f"{name}Page",
        (Schema,),
        {
            **({"order_may_change": order_may_change()} if moving else {}),
            "items": fields.List(fields.Nested(item), required=True, metadata={"description": "In the list's order."}),
            "next_cursor": fields.String(
                required=True, allow_none=True, metadata={"description": "The next page; null when this is the last."}
            ),
        },
    )


def _is_a_stranger() -> bool:
    return has_request_context() and g.get("caller") is None


def _asked_for() -> str:
    """What tells a list and its filters from others: the path and the query, but for the page itself."""
    if not has_request_context():
        return ""
    filters = sorted(pair for pair in request.args.items(multi=True) if pair[0] not in ("limit", "cursor"))
    told = json.dumps([request.path, filters]).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(told).digest()[:9]).decode()


def _encoded(of: str, position: Position) -> str:
    plain = json.dumps([of, *map(_plain, position)], separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value


def _decoded(cursor: str, of: str, kinds: Sequence[type]) -> Position:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds) + 1 or values[0] not in (of, ""):
            raise ValueError("not a position of this list")
        return tuple(_READ[kind](value) for kind, value in zip(kinds, values[1:], strict=True))
    except (ValueError, TypeError, RecursionError, binascii.Error) as cause:
        raise InvalidCursor from cause


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} wanted")
        return value

    return read


def _text(value: Any) -> str:
    text: str = _exactly(str)(value)
    if unstorable(text):
        raise ValueError("no text that a database holds")
    return text


def _whole(value: Any) -> int:
    number: int = _exactly(int)(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("beyond 64 bits")
    return number


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


_READ: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    bool: _exactly(bool),
    date: lambda value: date.fromisoformat(_text(value)),
    datetime: _moment,
    UUID: lambda value: UUID(_text(value)),
}

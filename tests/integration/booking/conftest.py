"""Booking with a database of its own, a clock that is moved by hand, and a square with a hall of three thirds."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.auth import Caller
from kernel.clock import FixedClock
from kernel.contracts import Envelope, Event, decode
from kernel.db import Database
from kernel.errors import Text
from kernel.outbox import outbox
from kernel.pagination import PageRequest
from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking import events
from services.booking.model.bookings import Booking, BookingRequest
from services.booking.model.opening import Hours, hours
from services.booking.model.representatives import Terms
from services.booking.model.resources import Arena, Space, Square
from services.booking.model.rules import BookingRules
from services.booking.service import Booking as Worker
from services.booking.store.bookings import SHOWN, booking_from
from services.booking.store.tables import bookings, claims
from services.booking.usecases import actors as actor_usecases
from services.booking.usecases import bookings as usecases
from services.booking.usecases import representatives as representing
from services.booking.usecases import time
from services.booking.usecases.resources import publish_square
from services.pricing.events import BookingPriced, PriceLine
from tests.bookings import Delivery, envelope
from tests.callers import OPERATOR, RESIDENT
from tests.moving_in import Moving
from tests.season import Season
from tests.waiting_line import Line

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday, 13:00 in Oslo."""
ROOMY = Settings(
    person_open_bookings=100_000, person_series_dates=100_000, person_open_claims=100, invitations_a_day=1000
)
"""A few persons book for all; `test_default_limits` and `test_organisation_claims` have the limits."""
RULES = BookingRules(grid_minutes=15, min_minutes=30, max_minutes=480, notice_minutes=0, horizon_days=365)
ALWAYS = tuple(hours(weekday, "00:00", "24:00") for weekday in range(1, 8))
ALL_EVENTS: dict[str, type[Event]] = {
    kind.TYPE: kind for kind in vars(events).values() if isinstance(kind, type) and hasattr(kind, "TYPE")
}


def name(text: str) -> Text:
    return Text(nb=text, nn=text, en=text)


def space(id: str, *spaces: Space, capacity: int = 50, rules: BookingRules = RULES, premises: str = "hall") -> Space:
    return Space(id=id, name=name(id), premises=premises, capacity=capacity, area=90.0, rules=rules, spaces=spaces)


def arena(id: str, *spaces: Space, opening: Sequence[Hours] = ALWAYS) -> Arena:
    return Arena(id=id, name=name(id), hours=opening, spaces=spaces)


HALL = space("hall", space("third-1"), space("third-2"), space("third-3"), capacity=150)
BORGEN = Square(id="borgen", name=name("Borgen"), arenas=(arena("house", HALL, space("room", capacity=10)),))


def quarter(number: int = 0) -> datetime:
    """The beginning of the hour after next, and so many quarters on."""
    return NOW + timedelta(hours=2, minutes=15 * number)


def wanted(space: str = "hall", begin: int = 0, quarters: int = 4, **different: Any) -> BookingRequest:
    """A request for so many quarters of a space."""
    request = {"purpose": "culture", "audience": "everyone", "participants": 8} | different
    return BookingRequest(space=space, begins_at=quarter(begin), ends_at=quarter(begin + quarters), **request)


def priced(booking: Booking, *, quote: int = 1, sequence: int = 1, total: int = 35000) -> Envelope[BookingPriced]:
    """Pricing's answer to a hold."""
    line = PriceLine(
        code="rent", nb="Leie", nn="Leige", en="Rent", quantity="1", unit="hour", unit_amount=total, amount=total
    )
    told = BookingPriced(booking=booking.id, quote=UUID(int=quote), tariff="nesodden-2017", total=total, lines=[line])
    return envelope(told, str(told.quote), sequence)


class Counter:
    """Booking at work, as if over a counter: each call is one request or one event in a transaction of its own."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.deliver = Delivery(Worker, database)

    usecases = usecases
    quarter = staticmethod(quarter)
    wanted = staticmethod(wanted)
    priced = staticmethod(priced)

    def run(self, use_case: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Carries a use case out. A booking that it answers with is in the database as it was answered."""
        with self.database.transaction() as tx:
            answer = use_case(tx, *arguments, **named)
        if isinstance(answer, Booking):
            assert self.load(answer) == answer
        return answer

    def publish(self, square: Square = BORGEN) -> None:
        self.run(publish_square, square)

    def hold(self, *place: Any, who: Caller = RESIDENT, **different: Any) -> Booking:
        held: Booking = self.run(usecases.hold, who, wanted(*place, **different))
        return held

    def confirm(self, booking: Booking, who: Caller = RESIDENT) -> Booking:
        confirmed: Booking = self.run(usecases.confirm, who, booking.id, ANY_VERSION)
        return confirmed

    def cancel(self, booking: Booking, who: Caller = RESIDENT) -> Booking:
        cancelled: Booking = self.run(usecases.cancel, who, booking.id, ANY_VERSION)
        return cancelled

    def confirmed(self, *place: Any, **different: Any) -> Booking:
        """Held, priced and confirmed at once."""
        booking = self.hold(*place, confirm="when_priced", **different)
        self.deliver(priced(booking, quote=booking.id.int))
        return self.load(booking)

    def organisation(self, *representatives: str) -> UUID:
        """A voluntary organisation for which these may act."""
        told = {"kind": "voluntary", "name": "Korpset", "organisation_number": "974760673"}
        actor = self.run(actor_usecases.register, OPERATOR, **told)
        for subject in representatives:
            self.run(representing.appoint, OPERATOR, actor.id, Terms(role="booker"), subject=subject, issuer=None)
        found: UUID = actor.id
        return found

    def expire_holds(self) -> None:
        self.run(time.expire_holds)

    def booking(self, id: UUID) -> Booking:
        """The booking as it stands."""
        with self.database.reading() as tx:
            return booking_from(tx.execute(SHOWN.where(bookings.c.id == id)).one())

    def page(self, limit: int, cursor: str | None = None) -> PageRequest:
        return PageRequest(limit, cursor)

    def load(self, booking: Booking) -> Booking:
        with self.database.reading() as tx:
            return booking_from(tx.execute(SHOWN.where(bookings.c.id == booking.id)).one())

    def claimed(self, booking: Booking) -> int:
        """How many parts the booking takes."""
        with self.database.reading() as tx:
            count = select(func.count()).select_from(claims).where(claims.c.holder == booking.id)
            found: int = tx.execute(count).scalar_one()
            return found

    def told(self, *kinds: type[Event]) -> list[Envelope[Any]]:
        """What was emitted so far, of these kinds or of all, in order."""
        with self.database.reading() as tx:
            rows = tx.execute(select(outbox.c.type, outbox.c.body).order_by(outbox.c.position)).all()
        return [decode(row.body, ALL_EVENTS[row.type]) for row in rows if not kinds or ALL_EVENTS[row.type] in kinds]

    def history(self, booking: Booking) -> list[tuple[str, int]]:
        """The states that were told of a booking, each with its sequence."""
        return [(event.data.state, event.sequence) for event in self.told() if event.subject == str(booking.id)]


@pytest.fixture
def counter(fresh_database: Callable[..., Database]) -> Counter:
    clock = FixedClock(NOW)
    counter = Counter(fresh_database("booking", clock=clock, settings=ROOMY), clock)
    counter.publish()
    return counter


@pytest.fixture
def many(counter: Counter) -> Iterator[Database]:
    """The same database, with a connection for each of sixteen rivals."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=16, clock=counter.clock, settings=ROOMY)
    yield many
    many.close()


@pytest.fixture
def season(counter: Counter) -> Season:
    return Season(counter)


@pytest.fixture
def town() -> Any:
    """What trees are made of: `space`, `arena`, `name`, and the square that is published already."""
    return SimpleNamespace(space=space, arena=arena, name=name, HALL=HALL, BORGEN=BORGEN, RULES=RULES, ALWAYS=ALWAYS)


@pytest.fixture
def line(counter: Any) -> Line:
    return Line(counter)


@pytest.fixture
def moving(counter: Any) -> Moving:
    return Moving(counter)

'''HTTP for every service: `create_app` and what a service's `api.py` needs to declare its routes.

A service's `api.py` in full:

    from kernel.auth import Role
    from kernel.db import Transaction
    from kernel.http import allow, caller, etag, if_match, public, reads, service_blueprint, writes
    from kernel.pagination import Page, page_of
    from kernel.versions import Expected

    blp = service_blueprint("booking")                     # its routes live under /api/booking

    @blp.route("/bookings", methods=["GET"])
    @allow(Role.RESIDENT)
    @reads                                                 # a read-only transaction comes first
    @blp.arguments(BookingFilter, location="query")        # BookingFilter extends kernel.pagination.PageArguments
    @blp.response(200, page_of(BookingSchema))
    def list_bookings(tx: Transaction, wanted: dict[str, Any]) -> Page[Booking]:
        """My bookings, the next ones first."""
        return queries.bookings(tx, caller(), **wanted)    # wanted["page"] is a kernel.pagination.PageRequest

    @blp.route("/bookings", methods=["POST"])
    @allow(Role.RESIDENT)
    @writes                                                # Idempotency-Key is taken care of
    @blp.arguments(HoldSchema)
    @blp.response(201, BookingSchema)
    def hold(tx: Transaction, wanted: dict[str, Any]) -> Answer:
        """Hold a space for a time."""
        booking = usecases.hold(tx, caller(), **wanted)
        return booking, {**etag(booking.version), "Location": location("booking.get_booking", booking=booking.id)}

    @blp.route("/bookings/<uuid:booking>/confirm", methods=["POST"])
    @allow(Role.RESIDENT, Role.ARENA_MANAGER)
    @writes
    @if_match                                              # 428 without If-Match; else an Expected comes next
    @blp.response(200, BookingSchema)
    def confirm(tx: Transaction, expected: Expected, booking: UUID) -> Answer:
        """Confirm a held booking."""
        confirmed = usecases.confirm(tx, caller(), booking, expected)
        return confirmed, etag(confirmed.version)

What comes to a view, in this order: `tx`, then `expected` (`@if_match`), then each `@blp.arguments` from the top down;
the parts of the path come by name. Rules:

- Every route has `@allow(…)` or `@public` directly under `@blp.route`; `create_app` refuses a route with neither, and
  `access_rules(app)` lists them. `@allow` lets in callers with any of the roles. Whose thing it is, is for the use case
  to check: `NotFound` gives nothing away, `Forbidden` does. `caller().person` is the caller's own actor id.
- On a `@public` route `caller()` is not available; `visitor()` is the caller if a token was sent, else None.
- Errors: raise a `kernel.errors.DomainError`; it becomes problem+json in the caller's language and the transaction is
  rolled back. Use cases take `NotFound` (404) from `kernel.problems` and `Forbidden` (403) from `kernel.auth`. A schema
  raises `invalid(Text(…))` for texts of its own.
- `@writes` may run the view again (at most 3 times) after a serialization failure or a deadlock: a view has no effect
  outside its transaction.
- Schemas extend `kernel.http.Schema` (unknown fields are refused); their times are `kernel.http.Instant` fields: RFC
  3339 with an offset on the way in, UTC with "Z" on the way out. Bound every number and every text (`validate=`); what
  people write is a `Words` field.
- What an answer tells once (a secret) is named by `@told_once("secret")` under `@writes`: it is not kept.
- What costs much more than other requests says so by `charge(cost)` before it asks the database; the dearest goes in
  `with one_at_a_time():`.
- An error of yours is documented on its route by `@answers(SlotTaken, NotOpen)` anywhere among the decorators.
'''

from kernel.fields import Whole
from kernel.http.app import access_rules, create_app, database_from, mount, service_blueprint, verifier_from
from kernel.http.door import caller, charge, one_at_a_time, visitor
from kernel.http.routes import (
    Answer,
    allow,
    answers,
    erases,
    etag,
    if_match,
    location,
    public,
    reads,
    told_once,
    writes,
)
from kernel.http.schemas import Instant, OwnDataSchema, Schema, TextSchema, Words, code, legible
from kernel.http.validation import invalid
from kernel.problems import NotFound

__all__ = [
    "Answer",
    "Instant",
    "NotFound",
    "OwnDataSchema",
    "Schema",
    "TextSchema",
    "Whole",
    "Words",
    "access_rules",
    "allow",
    "answers",
    "caller",
    "charge",
    "code",
    "create_app",
    "database_from",
    "erases",
    "etag",
    "if_match",
    "invalid",
    "legible",
    "location",
    "mount",
    "one_at_a_time",
    "public",
    "reads",
    "service_blueprint",
    "told_once",
    "verifier_from",
    "visitor",
    "writes",
]

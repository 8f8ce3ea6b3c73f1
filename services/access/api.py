"""Access over HTTP, at /api/access: keys for those who booked, locks that are tried, and the log of who was let in."""

from typing import Any
from uuid import UUID

from flask import Flask, current_app

from kernel.auth import Role, Verifier
from kernel.db import Database, Transaction
from kernel.http import OwnDataSchema, allow, caller, create_app, database_from, reads, service_blueprint, writes
from kernel.own_data import own_data
from kernel.pagination import Page, page_of
from kernel.problems import NotFound
from kernel.settings import Settings
from services.access import doors, news, queries, usecases
from services.access import own_data as own
from services.access.codes import Codes, codes_from
from services.access.model import Entry
from services.access.schemas import (
    CodeSchema,
    EntrySchema,
    KeyFilter,
    KeySchema,
    LockSchema,
    LoggedEntrySchema,
    NewsSchema,
    OrderedSchema,
    OrderSchema,
    SquareFilter,
    UnknownKeySchema,
)

_CODES = "torg.access.codes"

blp = service_blueprint("access")


def build(settings: Settings, *, database: Database | None = None, verifier: Verifier | None = None) -> Flask:
    """The WSGI app of access. SettingsError when its database or the codes' key is not set."""
    codes = codes_from(settings)
    app = create_app("access", database or database_from(settings, "access"), settings, [blp], verifier=verifier)
    app.extensions[_CODES] = codes
    return app


@blp.route("/keys", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@reads
@blp.arguments(KeyFilter, location="query")
@blp.response(200, page_of(KeySchema, moving=True))
def list_keys(tx: Transaction, wanted: dict[str, Any]) -> Page[queries.KeyView]:
    """My keys, by time. A code is shown while it is live."""
    return queries.keys_of(tx, str(caller().person), _codes(), **wanted)


@blp.route("/keys/<uuid:key>/unlock", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@blp.response(200, EntrySchema)
def unlock_with_key(tx: Transaction, key: UUID) -> Entry:
    """Open the door with my key: answers what the door did."""
    return usecases.unlock_with_key(tx, key, str(caller().person))


@blp.route("/locks", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(SquareFilter, location="query")
@blp.response(200, page_of(LockSchema))
def list_locks(tx: Transaction, wanted: dict[str, Any]) -> Page[Any]:
    """The locks of the squares I oversee."""
    return queries.locks_for(tx, caller(), **wanted)


@blp.route("/locks/<uuid:lock>/unlock", methods=["POST"])
@allow(Role.DEVICE)
@writes
@blp.arguments(CodeSchema)
@blp.response(200, EntrySchema)
def unlock_with_code(tx: Transaction, typed: dict[str, Any], lock: UUID) -> Entry:
    """Try a code that was typed at a lock: answers what the lock did. Each lock asks for itself only: its token's
    subject is its id."""
    if caller().subject != str(lock):
        raise NotFound
    return usecases.unlock_with_code(tx, lock, typed["code"], _codes())


@blp.route("/locks/<uuid:lock>/orders", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@blp.arguments(OrderSchema)
@blp.response(201, OrderedSchema)
def order_of_a_door(tx: Transaction, wanted: dict[str, Any], lock: UUID) -> doors.Ordered:
    """Open a door for somebody, shut it for everybody, let it work again; for those who oversee its square. Who ordered
    it and why is kept."""
    return doors.order(tx, caller(), lock, **wanted)


@blp.route("/orders", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(SquareFilter, location="query")
@blp.response(200, page_of(OrderedSchema))
def list_orders(tx: Transaction, wanted: dict[str, Any]) -> Page[Any]:
    """What was ordered of the doors of the squares I oversee, newest first."""
    return queries.orders_for(tx, caller(), **wanted)


@blp.route("/news", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, NewsSchema)
def show_news(tx: Transaction) -> dict[str, Any]:
    """How old the news of bookings is that the doors go by."""
    return {"known_at": news.known(tx).known_at, "stale": news.is_stale(tx)}


@blp.route("/entries", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(SquareFilter, location="query")
@blp.response(200, page_of(LoggedEntrySchema))
def list_entries(tx: Transaction, wanted: dict[str, Any]) -> Page[Any]:
    """The doors opened and refused at the squares I oversee, newest first."""
    return queries.entries_for(tx, caller(), **wanted)


@blp.route("/unknown-keys", methods=["GET"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(SquareFilter, location="query")
@blp.response(200, page_of(UnknownKeySchema))
def list_unknown_keys(tx: Transaction, wanted: dict[str, Any]) -> Page[Any]:
    """The keys, at the squares I oversee, of bookings that were lost in a restore, until that is decided on."""
    return queries.unknown_keys_for(tx, caller(), **wanted)


@blp.route("/me/export", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.response(200, OwnDataSchema)
def export_me(tx: Transaction) -> dict[str, Any]:
    """Everything access holds of you, but the codes of your keys, which are shown with them."""
    return own_data(tx, caller(), own.held(tx, caller()))


def _codes() -> Codes:
    codes: Codes = current_app.extensions[_CODES]
    return codes

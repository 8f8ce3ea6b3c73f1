"""Pricing's HTTP routes. Each decodes, calls one use case or query, and answers."""

from typing import Any
from uuid import UUID

from flask import Flask

from kernel.auth import Role, Verifier
from kernel.db import Database, Transaction
from kernel.duties import ManagersDecide, OwnInterest
from kernel.errors import Text
from kernel.http import (
    Answer,
    OwnDataSchema,
    allow,
    answers,
    caller,
    create_app,
    etag,
    if_match,
    public,
    reads,
    service_blueprint,
    writes,
)
from kernel.http.managers import watch
from kernel.own_data import own_data
from kernel.pagination import Page, PageArguments
from kernel.problems import Fault, InvalidRequest
from kernel.settings import Settings
from kernel.versions import Expected
from services.pricing import queries
from services.pricing.model.agreement import (
    AgreementEndsBeforeItBegins,
    AgreementWithPerson,
    AmountTooHigh,
    ArenaNotOfSquare,
    Hours,
    HoursDecided,
    HourValueTooHigh,
    MoreThanLeft,
    MoreThanWorth,
    OwnHours,
    TooFewMinutes,
    TooManyMinutes,
    WorkedInFuture,
    WorkedOutsideAgreement,
)
from services.pricing.model.charge import Charge
from services.pricing.model.payment import Account, NothingToPay, NotTheAmountOwed, Payment
from services.pricing.model.quote import Quote
from services.pricing.model.tariff import Tariff, TariffsOverlap
from services.pricing.schemas.agreements import (
    AgreementPage,
    AgreementSchema,
    Approval,
    HoursFilter,
    HoursPage,
    HoursSchema,
    NewAgreement,
    NewHours,
    Rejection,
)
from services.pricing.schemas.money import (
    AccountSchema,
    BookingArguments,
    ChargeSchema,
    NewPayment,
    PaymentSchema,
    QuoteSchema,
    WaiverSchema,
)
from services.pricing.schemas.tariffs import TariffPage, TariffSchema
from services.pricing.usecases import agreements, payments, tariffs

blp = service_blueprint("pricing")

_PEOPLE = (Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
_NOT_THEIRS = (OwnHours, OwnInterest, ManagersDecide)


_ANOTHER_ID = Text(
    nb="Må være den samme som i adressen.", nn="Må vere den same som i adressa.", en="Must be the same as in the path."
)


def build(settings: Settings, *, database: Database | None = None, verifier: Verifier | None = None) -> Flask:
    """Pricing's WSGI app. SettingsError when its database is not set."""
    app = create_app("pricing", database or _database(settings), settings, [blp], verifier=verifier)
    watch(app, app.extensions["torg"].database)
    return app


@blp.route("/me/export", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.response(200, OwnDataSchema)
def export_me(tx: Transaction) -> dict[str, Any]:
    """Everything pricing holds of you."""
    return own_data(tx, caller(), queries.own_data(tx, caller()))


@blp.route("/tariffs", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, TariffPage)
def list_tariffs(tx: Transaction, wanted: dict[str, Any]) -> Page[Tariff]:
    """The tariffs, in the version that prices new bookings."""
    return queries.all_tariffs(tx, **wanted)


@blp.route("/tariffs/<tariff>", methods=["GET"])
@public
@reads
@blp.response(200, TariffSchema)
def get_tariff(tx: Transaction, tariff: str) -> Answer:
    """A tariff as a document, ready to be changed and put back."""
    found = queries.tariff(tx, tariff)
    return found, etag(found.version)


@blp.route("/tariffs/<tariff>", methods=["PUT"])
@allow(Role.OPERATOR)
@writes
@answers(TariffsOverlap)
@blp.arguments(TariffSchema)
@blp.response(200, TariffSchema)
def put_tariff(tx: Transaction, wanted: Tariff, tariff: str) -> Answer:
    """Adopt a tariff, or a new version of it. Bookings that are priced already keep their price."""
    if wanted.id != tariff:
        raise InvalidRequest([Fault(_ANOTHER_ID, pointer="#/id")])
    adopted = tariffs.adopt(tx, wanted, by=caller().person)
    return adopted, etag(adopted.version)


@blp.route("/quotes", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.arguments(BookingArguments, location="query")
@blp.response(200, QuoteSchema)
def get_quote(tx: Transaction, wanted: dict[str, Any]) -> Quote:
    """What a booking costs and why. 404 until it is priced."""
    return queries.quote(tx, caller(), **wanted)


@blp.route("/charges", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.arguments(BookingArguments, location="query")
@blp.response(200, ChargeSchema)
def get_charge(tx: Transaction, wanted: dict[str, Any]) -> Charge:
    """What is owed for a booking. 404 until it is confirmed."""
    return queries.charge(tx, caller(), **wanted)


@blp.route("/bookings/<uuid:booking>/payments", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.response(200, AccountSchema)
def get_payments(tx: Transaction, booking: UUID) -> Account:
    """What was paid for a booking, and what is still to be paid."""
    return queries.account(tx, caller(), booking)


@blp.route("/bookings/<uuid:booking>/payments", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(NothingToPay, NotTheAmountOwed, OwnInterest, ManagersDecide)
@blp.arguments(NewPayment)
@blp.response(201, PaymentSchema)
def register_payment(tx: Transaction, wanted: dict[str, Any], booking: UUID) -> Payment:
    """Note that a booking was paid at the counter of a square you manage."""
    return payments.register(tx, caller(), booking, **wanted)


@blp.route("/agreements", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(
    AgreementWithPerson, AgreementEndsBeforeItBegins, HourValueTooHigh, AmountTooHigh, ArenaNotOfSquare, OwnInterest
)
@blp.arguments(NewAgreement)
@blp.response(201, AgreementSchema)
def make_agreement(tx: Transaction, wanted: dict[str, Any]) -> Answer:
    """Make a maintenance agreement with an organisation, for an arena of a square you oversee."""
    made = agreements.make_agreement(tx, caller(), **wanted)
    return queries.agreement(tx, made), etag(made.version)


@blp.route("/agreements", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, AgreementPage)
def list_agreements(tx: Transaction, wanted: dict[str, Any]) -> Page[queries.AgreementView]:
    """The agreements I take part in or oversee, newest first."""
    return queries.all_agreements(tx, caller(), **wanted)


@blp.route("/agreements/<uuid:agreement>/hours", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(WorkedOutsideAgreement, WorkedInFuture, TooFewMinutes, TooManyMinutes)
@blp.arguments(NewHours)
@blp.response(201, HoursSchema)
def register_hours(tx: Transaction, wanted: dict[str, Any], agreement: UUID) -> Answer:
    """Register hours I worked under an agreement I take part in."""
    return _hours(tx, agreements.register_hours(tx, caller(), agreement, **wanted))


@blp.route("/hours", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.arguments(HoursFilter, location="query")
@blp.response(200, HoursPage)
def list_hours(tx: Transaction, wanted: dict[str, Any]) -> Page[queries.HoursView]:
    """The hours I registered or oversee, newest first."""
    return queries.all_hours(tx, caller(), **wanted)


@blp.route("/hours/<uuid:hours>/approve", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(*_NOT_THEIRS, HoursDecided, MoreThanLeft, MoreThanWorth)
@blp.arguments(Approval, required=False)
@blp.response(200, HoursSchema)
def approve_hours(tx: Transaction, expected: Expected, wanted: dict[str, Any], hours: UUID) -> Answer:
    """Approve hours: their worth becomes rent that the agreement's tenant need not pay."""
    return _hours(tx, agreements.approve_hours(tx, caller(), hours, expected, **wanted))


@blp.route("/hours/<uuid:hours>/reject", methods=["POST"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(*_NOT_THEIRS, HoursDecided)
@blp.arguments(Rejection)
@blp.response(200, HoursSchema)
def reject_hours(tx: Transaction, expected: Expected, wanted: dict[str, Any], hours: UUID) -> Answer:
    """Reject hours, and say why."""
    return _hours(tx, agreements.reject_hours(tx, caller(), hours, expected, **wanted))


@blp.route("/waivers/<uuid:tenant>", methods=["GET"])
@allow(*_PEOPLE)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, WaiverSchema)
def get_waiver(tx: Transaction, wanted: dict[str, Any], tenant: UUID) -> queries.WaiverView:
    """The rent an organisation need not pay, and how it came to be."""
    return queries.waiver(tx, caller(), tenant, **wanted)


def _hours(tx: Transaction, found: Hours) -> Answer:
    return queries.one_hours(tx, caller(), found), etag(found.version)


def _database(settings: Settings) -> Database:
    return Database(
        settings.database_url("pricing"),
        service="pricing",
        pool_size=settings.pool_size,
        statement_timeout=settings.request_timeout_seconds,
        settings=settings,
    )

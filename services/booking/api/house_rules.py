"""House rules: read by everybody, published by those who oversee the square, accepted by whoever books."""

from typing import Any

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import allow, answers, caller, public, reads, visitor, writes
from kernel.pagination import Page, PageArguments, page_of
from services.booking.api.blueprint import blp
from services.booking.events import RuledScope
from services.booking.model import house_rules as rules
from services.booking.model.house_rules import Acceptance, HouseRules
from services.booking.model.rules import InThePast
from services.booking.queries import house_rules
from services.booking.queries.house_rules import Governing
from services.booking.schemas.house_rules import (
    AcceptancesSchema,
    AcceptedSchema,
    GoverningListSchema,
    HouseRulesDraftSchema,
    HouseRulesSchema,
    VersionQuery,
)
from services.booking.usecases import house_rules as house_rule_usecases

_PLACE = "/house-rules/<scope>/<place>"


@blp.route(_PLACE, methods=["PUT"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@answers(rules.InvalidHouseRule, InThePast)
@blp.arguments(HouseRulesDraftSchema)
@blp.response(200, HouseRulesSchema)
def publish_house_rules(tx: Transaction, given: dict[str, Any], scope: RuledScope, place: str) -> HouseRules:
    """Publish a new version of the house rules of a square, an arena or a space. Earlier versions stay as they were."""
    return house_rule_usecases.publish(tx, caller(), scope, place, **given)


@blp.route(_PLACE, methods=["GET"])
@public
@reads
@blp.arguments(VersionQuery, location="query")
@blp.response(200, HouseRulesSchema)
def get_house_rules(tx: Transaction, wanted: dict[str, Any], scope: RuledScope, place: str) -> HouseRules:
    """The house rules of a square, an arena or a space."""
    return house_rules.one(tx, scope, place, **wanted)


@blp.route(f"{_PLACE}/versions", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(HouseRulesSchema))
def list_house_rules(tx: Transaction, wanted: dict[str, Any], scope: RuledScope, place: str) -> Page[HouseRules]:
    """Every version, the newest first."""
    return house_rules.versions(tx, scope, place, **wanted)


@blp.route("/spaces/<space>/house-rules", methods=["GET"])
@public
@reads
@blp.response(200, GoverningListSchema)
def list_house_rules_of_space(tx: Transaction, space: str) -> dict[str, list[Governing]]:
    """All house rules that hold in a space, or will, and whether you have accepted them."""
    who = visitor()
    return {"items": house_rules.of_space(tx, space, who.person if who else None)}


@blp.route("/house-rules/acceptances", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(rules.UnknownHouseRules, rules.HouseRulesSuperseded)
@blp.arguments(AcceptancesSchema)
@blp.response(200, AcceptedSchema)
def accept_house_rules(tx: Transaction, given: dict[str, Any]) -> dict[str, list[Acceptance]]:
    """Accept house rules that you have read. Doing it again changes nothing."""
    return {"items": house_rule_usecases.accept(tx, caller(), given["accepted"], given["channel"])}

"""Fair use: what is published of it, who sets it, and how one stands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.duties import OwnInterest
from kernel.http import Answer, allow, answers, caller, etag, if_match, public, reads, writes
from kernel.pagination import Page, PageArguments, page_of
from kernel.versions import Expected
from services.booking.api.blueprint import blp
from services.booking.model import opening, places
from services.booking.model import quotas as rules
from services.booking.model.quotas import Quota, SpaceGroup
from services.booking.queries import quotas
from services.booking.queries.quotas import Used
from services.booking.schemas.common import path_slug
from services.booking.schemas.quotas import (
    QuotaDraftSchema,
    QuotaSchema,
    SpaceGroupDraftSchema,
    SpaceGroupSchema,
    UsedListSchema,
    UsedQuery,
    group_of,
)
from services.booking.usecases import quotas as quota_usecases


@blp.route("/space-groups", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(SpaceGroupSchema))
def list_space_groups(tx: Transaction, wanted: dict[str, Any]) -> Page[SpaceGroup]:
    """The groups of spaces that quotas speak of."""
    return quotas.all_groups(tx, **wanted)


@blp.route("/space-groups/<group>", methods=["GET"])
@public
@reads
@blp.response(200, SpaceGroupSchema)
def get_space_group(tx: Transaction, group: str) -> Answer:
    """One group."""
    found = quotas.group(tx, group)
    return found, etag(found.version)


@blp.route("/space-groups/<group>", methods=["PUT"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(places.UnknownPlace, opening.InvalidHours)
@blp.arguments(SpaceGroupDraftSchema)
@blp.response(200, SpaceGroupSchema)
def put_space_group(tx: Transaction, expected: Expected, given: dict[str, Any], group: str) -> Answer:
    """Make a group what this says. If-Match "0": only if it is new."""
    made = quota_usecases.put_group(tx, caller(), expected, group_of(group, given))
    return made, etag(made.version)


@blp.route("/quotas", methods=["GET"])
@public
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(QuotaSchema))
def list_quotas(tx: Transaction, wanted: dict[str, Any]) -> Page[Quota]:
    """Who may have how much of what."""
    return quotas.all_quotas(tx, **wanted)


@blp.route("/quotas/<quota>", methods=["GET"])
@public
@reads
@blp.response(200, QuotaSchema)
def get_quota(tx: Transaction, quota: str) -> Answer:
    """One quota."""
    found = quotas.quota(tx, quota)
    return found, etag(found.version)


@blp.route("/quotas/<quota>", methods=["PUT"])
@allow(Role.ARENA_MANAGER, Role.OPERATOR)
@writes
@if_match
@answers(rules.InvalidQuota, rules.UnknownGroup, rules.UnknownOrganisation, OwnInterest)
@blp.arguments(QuotaDraftSchema)
@blp.response(200, QuotaSchema)
def put_quota(tx: Transaction, expected: Expected, given: dict[str, Any], quota: str) -> Answer:
    """Make a quota what this says. If-Match "0": only if it is new. Bookings made before stay."""
    made = quota_usecases.put_quota(tx, caller(), expected, path_slug(quota, "quota"), **given)
    return made, etag(made.version)


@blp.route("/actors/<uuid:actor>/quotas", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(UsedQuery, location="query")
@blp.response(200, UsedListSchema)
def list_quotas_of_actor(tx: Transaction, wanted: dict[str, Any], actor: UUID) -> dict[str, Sequence[Used]]:
    """The quotas that hold for an actor, and what is used of them."""
    return {"items": quotas.of_actor(tx, caller(), actor, **wanted)}

"""What tenant and house say to each other of a booking."""

from typing import Any
from uuid import UUID

from kernel.auth import Role
from kernel.db import Transaction
from kernel.http import allow, answers, caller, reads, writes
from kernel.pagination import Page, PageArguments, page_of
from services.booking.api.blueprint import blp
from services.booking.model import comments as rules
from services.booking.model.comments import Comment
from services.booking.queries import comments
from services.booking.schemas.comments import CommentSchema, CommentTextSchema, SeenSchema
from services.booking.usecases import comments as usecases


@blp.route("/bookings/<uuid:booking>/comments", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@reads
@blp.arguments(PageArguments, location="query")
@blp.response(200, page_of(CommentSchema))
def list_comments(tx: Transaction, wanted: dict[str, Any], booking: UUID) -> Page[Comment]:
    """What was said of a booking, the first first."""
    return comments.of_booking(tx, caller(), booking, **wanted)


@blp.route("/bookings/<uuid:booking>/comments", methods=["POST"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@answers(rules.TooManyComments)
@blp.arguments(CommentTextSchema)
@blp.response(201, CommentSchema)
def write_comment(tx: Transaction, given: dict[str, Any], booking: UUID) -> Comment:
    """Write to the other side: tenant to house, or house to tenant."""
    return usecases.write(tx, caller(), booking, **given)


@blp.route("/bookings/<uuid:booking>/comments/seen", methods=["PUT"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER)
@writes
@blp.arguments(SeenSchema)
@blp.response(204)
def note_comments_seen(tx: Transaction, given: dict[str, Any], booking: UUID) -> None:
    """Note that you have seen what the other side wrote, up to this comment."""
    usecases.note_seen(tx, caller(), booking, **given)

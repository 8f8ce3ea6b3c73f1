"""Bookings as a table to take with you."""

from typing import Any

from flask import Response

from kernel.auth import Role
from kernel.http import allow, caller
from kernel.http.door import Door
from kernel.http.problems import wanted_language
from services.booking.api.blueprint import blp
from services.booking.queries import export
from services.booking.schemas.export import ExportFilter


@blp.route("/bookings.csv", methods=["GET"])
@allow(Role.RESIDENT, Role.ARENA_MANAGER, Role.OPERATOR)
@blp.arguments(ExportFilter, location="query")
@blp.response(200, {"type": "string"}, content_type="text/csv", description="A line for each booking.")
def export_bookings(wanted: dict[str, Any]) -> Response:
    """The bookings you may see, as a table for spreadsheets: CSV with `;`, the next first. A booking that is moved
    while the table is written may be in it twice, or not at all."""
    lines = export.csv(Door.current().database.reading, caller(), wanted_language(), **wanted)
    name = f"bookinger-{wanted['first']}-{wanted['last']}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept-Language"}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)

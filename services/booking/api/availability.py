"""When spaces are free."""

import json
from typing import Any

from flask import Response

from kernel.db import Transaction
from kernel.http import (
    public,
    reads,
)
from kernel.pagination import page_of
from services.booking.api.blueprint import blp
from services.booking.queries.availability import free_times
from services.booking.schemas.availability import AvailabilityFilter, FreeSpaceSchema


@blp.route("/availability", methods=["GET"])
@public
@reads
@blp.arguments(AvailabilityFilter, location="query")
@blp.response(200, page_of(FreeSpaceSchema))
def list_free_times(tx: Transaction, wanted: dict[str, Any]) -> Response:
    """When spaces are free, as it is at this moment."""
    found = free_times(tx, **wanted)
    # the items are JSON already, as PostgreSQL wrote them
    body = f'{{"items":[{",".join(found.items)}],"next_cursor":{json.dumps(found.next_cursor)}}}'
    return Response(body, mimetype="application/json")

"""Lets a command watch events happen: it reads the services' outboxes, where every event stands before it is sent."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from kernel.db import Database

_FOUND = text(
    "SELECT body::jsonb FROM outbox WHERE type = :type AND created_at >= :since"
    " AND body::jsonb -> 'data' @> cast(:data AS jsonb) ORDER BY position DESC LIMIT 1"
)
_LOOK_SECONDS = 0.005


@dataclass(frozen=True)
class Watched:
    """An event that was seen: its short name, such as "booking.held", and its data."""

    name: str
    at: datetime
    data: Mapping[str, Any]


class Tap:
    """Watches the services whose databases are given."""

    def __init__(self, databases: Mapping[str, str]) -> None:
        self._databases = {service: Database(url, service=service, pool_size=1) for service, url in databases.items()}

    def wait_for(self, name: str, *, since: datetime, seconds: float, **data: object) -> Watched | None:
        """The newest event `name` ("booking.held") committed since then whose data holds these values; None when there
        is none within the time."""
        deadline = time.monotonic() + seconds
        while True:
            found = self._look(name, since, data)
            if found or time.monotonic() > deadline:
                return found
            time.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        for database in self._databases.values():
            database.close()

    def _look(self, name: str, since: datetime, data: Mapping[str, object]) -> Watched | None:
        wanted = {"type": f"no.torg.{name}.v1", "since": since, "data": json.dumps(data)}
        with self._databases[name.split(".", maxsplit=1)[0]].reading() as tx:
            body = tx.execute(_FOUND, wanted).scalar()
        return Watched(name, datetime.fromisoformat(body["time"]), body["data"]) if body else None

"""Notes which managers come in, for a service that has to know whether one is left (`kernel.managers`): once a day for
each manager and process."""

from datetime import date

from flask import Flask

from kernel import managers
from kernel.auth import Caller, Role
from kernel.clock import OSLO
from kernel.db import Database
from kernel.http.door import visitor


def watch(app: Flask, database: Database) -> None:
    """Notes every manager who comes in by this app, in a transaction of its own."""
    seen: dict[Caller, date] = {}

    def note() -> None:
        who, today = visitor(), database.clock.now().astimezone(OSLO).date()
        if who is None or not who.has(Role.ARENA_MANAGER) or seen.get(who) == today:
            return
        with database.transaction() as tx:
            managers.see(tx, who)
        if today not in seen.values():
            seen.clear()  # all of them were seen on days that are over
        seen[who] = today

    app.before_request(note)

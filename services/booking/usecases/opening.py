"""Arenas' opening plans and the municipality's school years: changed, and reckoned into days in the same transaction.

A change of hours cancels nothing. Bookings that are outside the new hours are clashes, which the one who changed them
is shown, and every manager of the square can list (`queries.opening`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from kernel.auth import Caller, Forbidden
from kernel.db import Transaction
from kernel.problems import NotFound
from kernel.versions import Expected
from services.booking.model.opening import AHEAD, OSLO
from services.booking.model.opening_plan import Calendar, OpeningPlan, SchoolYear, open_days
from services.booking.model.places import Place
from services.booking.public_holidays import EDITION, public_holiday
from services.booking.store import opening, places
from services.booking.store.opening import Opening

_BEHIND_AT_ONCE = 5
"""Their spaces can't be booked while they are reckoned, so few at a time."""


def change_plan(tx: Transaction, who: Caller, arena: str, plan: OpeningPlan, expected: Expected) -> Opening:
    """Replaces an arena's plan; for operators and the managers of its square."""
    plan.check()
    opening.lock(tx)
    before = managed(tx, who, arena)
    expected.check(before.version)
    after = replace(before, version=before.version + 1, plan=plan)
    opening.save_plan(tx, after, who.person)
    reckon(tx, [after])
    return after


def put_school_year(tx: Transaction, year: SchoolYear, *, by: UUID | None = None) -> list[Opening]:
    """Writes a school year, and who did; the arenas that follow it."""
    opening.lock(tx)
    year.check(opening.all_school_years(tx))
    opening.save_school_year(tx, year, by)
    following = [each for each in opening.with_plans(tx) if each.plan.follows_school]
    reckon(tx, following)
    return following


def reckon_behind(tx: Transaction) -> None:
    """Reckons on for arenas whose days reach not far enough, or were reckoned by other public holidays. Two who do it
    at once come after each other, and the second finds nothing left."""
    if _behind(tx):
        opening.lock(tx)
        reckon(tx, _behind(tx))


def follow_tree(tx: Transaction, square: str, before: Sequence[Opening]) -> None:
    """Reckons the arenas of a square whose weekly hours are others than before, and those that are new. Its tree is
    written, and locked."""
    known = {each.arena: each.weekly for each in before}
    reckon(tx, [each for each in opening.of_square(tx, square) if known.get(each.arena) != each.weekly])


def reckon(tx: Transaction, changed: Sequence[Opening]) -> None:
    """Makes the days of these arenas what their plans say, from yesterday (whose night may not be over) on."""
    if not changed:
        return
    arenas = [each.arena for each in changed]
    places.keep_still(tx, [Place("arena", arena) for arena in arenas])
    calendar = Calendar(public_holiday, opening.all_school_years(tx))
    first, last = today(tx.now) - timedelta(days=1), _until(tx.now)
    for each in changed:
        opening.write_days(tx, each.arena, open_days(first, last, each.plan, each.weekly, calendar))
    opening.reach(tx, arenas, until=last, edition=EDITION)


def managed(tx: Transaction, who: Caller, arena: str) -> Opening:
    """The opening of an arena, for one who may change it."""
    found = opening.find(tx, arena)
    if found is None:
        raise NotFound
    if not who.oversees(found.square):
        raise Forbidden
    return found


def today(now: datetime) -> date:
    """The local day it is."""
    return now.astimezone(OSLO).date()


def _behind(tx: Transaction) -> list[Opening]:
    return opening.behind(tx, until=_until(tx.now), edition=EDITION, most=_BEHIND_AT_ONCE)


def _until(now: datetime) -> date:
    return today(now) + AHEAD

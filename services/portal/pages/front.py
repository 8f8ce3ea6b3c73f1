"""What anyone can see: the front page, the programme of each square, and the choice of language."""

from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import OSLO
from services.portal.backend import Json, Refused, Silent, everything
from services.portal.forms import Form, asked_day, midnight, timed, today
from services.portal.language import COOKIE, LANGUAGES
from services.portal.pages.search import LENGTHS
from services.portal.pages.waiting import in_line
from services.portal.places import places
from services.portal.session import own_page, person

blueprint = Blueprint("front", __name__)

WEEK = timedelta(days=7)
_COOKIE_SECONDS = 365 * 24 * 3600


@blueprint.get("/")
def front() -> str:
    """The squares, and what happens today."""
    day = today()
    return render_template(
        "front.html",
        form=Form(),
        places=places(),
        today=day,
        lengths=LENGTHS,
        activities=_if_known(day),
        offered=_offered(),
    )


@blueprint.get("/squares/<square>")
def programme(square: str) -> str:
    """A week of what happens at a square."""
    if square not in places().squares:
        abort(404)
    first = asked_day()
    last = first + WEEK - timedelta(days=1)
    return render_template(
        "programme.html",
        square=places().squares[square],
        places=places(),
        by_day=_by_day(_activities(first, last, square)),
        first=first,
        last=last,
        before=first - WEEK,
        after=first + WEEK,
    )


@blueprint.get("/language/<code>")
def choose_language(code: str) -> Response:
    """Remembers the language, and goes back to where it was chosen."""
    if code not in LANGUAGES:
        abort(404)
    response = redirect(own_page(request.args.get("next", url_for("front.front"))))
    secure: bool = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(COOKIE, code, max_age=_COOKIE_SECONDS, httponly=True, samesite="Lax", secure=secure)
    return response


def _if_known(day: date) -> list[Json] | None:
    """What happens on a day; None when programming is silent, as the front page does without."""
    try:
        return _activities(day, day)
    except Silent:
        return None


def _offered() -> list[Json]:
    """What is offered to whoever has signed in, with when to answer; the front page does without where booking is
    silent or knows them not."""
    if person() is None:
        return []
    try:
        return in_line("offered")
    except (Silent, Refused):
        return []


def _activities(first: date, last: date, square: str | None = None) -> list[Json]:
    """What happens from the first day to the last, both included."""
    period = {"from": midnight(first).isoformat(), "to": midnight(last + timedelta(days=1)).isoformat()}
    found = everything("programming", "/activities", square=square, **period)
    return [timed(each, "begins_at", "ends_at") for each in found]


def _by_day(activities: list[Json]) -> list[tuple[date, list[Json]]]:
    def day(activity: dict[str, Any]) -> date:
        at: datetime = activity["begins_at"]
        return at.astimezone(OSLO).date()

    return [(each, list(of_day)) for each, of_day in groupby(activities, key=day)]

"""Finding a free time, and booking it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.clock import OSLO
from services.portal.backend import Json, Refused, everything, tell
from services.portal.forms import Form, asked_day, asked_whole, day_of, instant, midnight, sent, today
from services.portal.language import gettext
from services.portal.pages import repeating
from services.portal.pages.bookings import own_at
from services.portal.places import Space, places
from services.portal.refusals import ABOUT, house_rules, told
from services.portal.session import now, signed_in
from services.portal.wishes import LONGEST, use, wanted_in
from services.portal.words import AUDIENCES, EVERY, PURPOSES

blueprint = Blueprint("search", __name__)

LENGTHS = (30, 60, 90, 120, 180, 240, 360, 480)
MORNING = timedelta(hours=8)
_DEFAULT_MINUTES = 60
WORTH_WAITING = ("slot_taken", "no_room", "equipment_lent")
"""The codes of what others have, and may give up."""
FIELDS = {name: name for name in ("purpose", "audience", "participants", "tenant", "title")}


@dataclass(frozen=True)
class Offer:
    """A space, its free times of a day, when a booking as long as asked for can begin, and the likeliest of these."""

    space: Space
    free: list[tuple[datetime, datetime]]
    starts: list[datetime]
    likeliest: datetime


@blueprint.get("/search")
def search() -> str:
    """Free times on a day; of today when the day that was written is none, or over, and then it says so."""
    form, day, minutes = Form(request.args), asked_day(), asked_whole("minutes", _DEFAULT_MINUTES, most=LONGEST)
    if "date" in request.args:
        day_of(form, "date")
    if day < today():
        day, form.faults["date"] = today(), gettext("That day is over. Choose one to come.")
    square = request.args.get("square", "")
    # the day after, too: what begins in the evening may end past midnight
    period = {"from": day.isoformat(), "to": (day + timedelta(days=1)).isoformat()}
    found = everything("booking", "/availability", square=square, minutes=minutes, **period)
    return render_template(
        "search.html",
        form=form,
        places=places(),
        square=square,
        day=day,
        today=today(),
        minutes=minutes,
        lengths=sorted({*LENGTHS, minutes}),
        arenas=_by_arena([offer for each in found if (offer := _offer(each, day, minutes))]),
    )


@blueprint.get("/book")
@signed_in
def book() -> str:
    """What the time is for, and for whom; with what was filled in, where the address has it."""
    space, begins_at, minutes = wanted_in(request.args)
    return page(space, begins_at, minutes, Form(request.args))


@blueprint.post("/book")
@signed_in
def hold() -> Response | str | tuple[str, int]:
    """Holds the time. The price follows on the booking's own page; if it is to be repeated, its dates come first."""
    form = sent()
    space, begins_at, minutes = wanted_in(form.values)
    if form["every"] or form["until"]:
        return _ahead(form, space, begins_at, minutes)
    wanted = _request(form, space, begins_at, minutes)
    if form.wrong:
        return page(space, begins_at, minutes, form), 422
    try:
        booking = tell("booking", "/bookings", wanted, key=form.key)
    except Refused as said:
        ends_at = begins_at + timedelta(minutes=minutes)
        own = own_at(space.id, begins_at, ends_at) if said.code in WORTH_WAITING else None
        taken = said.code in WORTH_WAITING and own is None
        told_of = told(form, said, FIELDS, ABOUT)
        if own is not None:
            told_of = Form(form.values, problem=gettext("You have this time already."))
        return page(space, begins_at, minutes, told_of, taken=taken, own=own), said.status
    return redirect(url_for("bookings.show", booking=booking["id"]))


def _offer(found: Json, day: date, minutes: int) -> Offer | None:
    """What the page shows of a space with free times; None when nothing of that length can begin on the day."""
    space = places().spaces.get(found["space"])
    if space is None or not space.lets(minutes):
        return None
    opens, closes = midnight(day), midnight(day + timedelta(days=1))
    free = [(max(instant(each["begins_at"]), opens), instant(each["ends_at"])) for each in found["free"]]
    length = timedelta(minutes=minutes)
    starts = [at for begin, end in free for at in _beginnings(begin, end - length, space.grid) if at < closes]
    shown = [(begin, min(end, closes)) for begin, end in free if begin < closes]
    return Offer(space, shown, starts, _likeliest(day, starts)) if starts else None


def _likeliest(day: date, starts: list[datetime]) -> datetime:
    """Of today the next; of another day the first that is not at night."""
    morning = midnight(day) + MORNING
    return next((at for at in starts if day == today() or at >= morning), starts[0])


def _by_arena(offers: list[Offer]) -> list[list[Offer]]:
    """The offers of each arena together, in the order in which booking publishes them."""
    order = {space: number for number, space in enumerate(places().spaces)}
    offers.sort(key=lambda offer: order[offer.space.id])
    return [
        list(of_arena) for _, of_arena in groupby(offers, key=lambda offer: (offer.space.square, offer.space.arena))
    ]


def _beginnings(first: datetime, last: datetime, grid: int) -> Iterator[datetime]:
    """The times from first to last, on the grid and to come. A grid divides the hour, so UTC's is the wall's."""
    earliest = max(first, now())
    past_grid = timedelta(minutes=earliest.minute % grid, seconds=earliest.second, microseconds=earliest.microsecond)
    at = earliest - past_grid + (timedelta(minutes=grid) if past_grid else timedelta())
    while at <= last:
        yield at
        at += timedelta(minutes=grid)


def _request(form: Form, space: Space, begins_at: datetime, minutes: int) -> Json:
    ends_at = begins_at + timedelta(minutes=minutes)
    return use(form, space) | {"begins_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}


def _ahead(form: Form, space: Space, begins_at: datetime, minutes: int) -> str | tuple[str, int]:
    """What would become of each date of a fixed booking."""
    wanted = repeating.asked(form)
    if form.wrong:
        return page(space, begins_at, minutes, form), 422
    try:
        return repeating.look_ahead(form, wanted)
    except Refused as said:
        return page(space, begins_at, minutes, told(form, said, FIELDS | {"rule": "until"}, ABOUT)), said.status


def page(
    space: Space, begins_at: datetime, minutes: int, form: Form, *, taken: bool = False, own: Json | None = None
) -> str:
    """The form to book with; where others have the time (`taken`) it can be waited for. `own`: the person's booking
    that is there already."""
    return render_template(
        "book.html",
        form=form,
        places=places(),
        space=space,
        begins_at=begins_at.astimezone(OSLO),
        ends_at=(begins_at + timedelta(minutes=minutes)).astimezone(OSLO),
        minutes=minutes,
        actors=everything("booking", "/actors"),
        rules=house_rules(space.id),
        taken=taken,
        own=own,
        purposes=PURPOSES,
        audiences=AUDIENCES,
        every=EVERY,
    )

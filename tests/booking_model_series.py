"""Series as they should be, beside the bookings of `tests.booking_model`: one thing to its tenant, bookings like all
others to everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.booking_house import HOUSE, Wish
from tests.booking_model import House, Known, elsewhere, meets, no_room, over_lent, smaller

MOST_ELSEWHERE = 8
DAY = 24 * 60


@dataclass
class Skipped:
    """A date that a series did not get."""

    end: int
    reason: str
    booking: str | None = None
    space: str | None = None
    people: int | None = None


@dataclass
class KnownSeries:
    """A series as it should be. `like` is what its dates have alike; `told` what was emitted: what, and in which
    version."""

    like: Wish
    space: str
    bookings: list[str]
    skipped: dict[int, Skipped]
    version: int = 1
    state: str = "active"
    steps: list[tuple[int, str, int]] = field(default_factory=list)
    told: list[tuple[str, int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """How the bookings of a series are to be changed; what is None stays."""

    space: str | None = None
    days: int = 0
    at: int | None = None
    minutes: int | None = None
    people: int | None = None

    def of(self, wish: Wish, noon: int) -> Wish:
        """What is asked for instead. `noon` is what the clock on the wall said at minute 0."""
        day, began = divmod(noon + wish.begin, DAY)
        begin = (day + self.days) * DAY + (began if self.at is None else self.at) - noon
        length = wish.end - wish.begin if self.minutes is None else self.minutes
        return replace(
            wish,
            space=self.space or wish.space,
            begin=begin,
            end=begin + length,
            people=wish.people if self.people is None else self.people,
        )


class Seasons:
    """All series by name. Each method returns the code of the refusal, or None."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.all: dict[str, KnownSeries] = {}

    def look(self, dates: Sequence[Wish], policy: str, others: Sequence[str]) -> tuple[str | None, list[Known | str]]:
        """Whether a series is refused, and what each date gets: where it is to be, or why it is skipped."""
        spaces = self._elsewhere(dates[0], others) if policy == "alternatives" else []
        own = self._overlapping(dates)
        found = [self._date(date, spaces, overlapped=number in own) for number, date in enumerate(dates)]
        had = [each for each in found if isinstance(each, Known)]
        if not had or (policy == "all_or_nothing" and len(had) < len(found)):
            return "series_clashes", found
        for date in dates:
            for space in (date.space, *spaces):
                self.house.clear_away(self.house.wanted(replace(date, space=space)))
        return None, found

    def booked(self, name: str, dates: Sequence[Wish], found: Sequence[Known | str], bookings: Sequence[str]) -> None:
        """It is there, and its bookings have these names."""
        had = [each for each in found if isinstance(each, Known)]
        for booking, known in zip(bookings, had, strict=True):
            known.series = name
            self.house.held(booking, known)
        skipped = {
            date.begin: Skipped(date.end, reason)
            for date, reason in zip(dates, found, strict=True)
            if isinstance(reason, str)
        }
        made = KnownSeries(dates[0], dates[0].space, list(bookings), skipped)
        self.all[name] = made
        self._done(made, "booked", len(had), "series_booked")

    def confirm(self, name: str) -> str | None:
        """All that is held of it is taken."""
        held = [each for each in sorted(self.all[name].bookings) if self.house.all[each].state == "held"]
        if not held:
            return "not_held"
        for each in held:
            known = self.house.all[each]
            if known.price is None or known.deadline <= self.house.now:
                return "not_priced" if known.price is None else "hold_expired"
        for each in held:
            self.house.confirm(each)
        self._changed(self.all[name], "confirmed", len(held))
        return None

    def cancel(self, name: str, scope: str, named: str) -> str | None:
        """One of its bookings, that and those after it, or all are given up."""
        series = self.all[name]
        meant = self._meant(series, scope, named)
        if not meant:
            return "nothing_to_change"
        for each in meant:
            if refused := self.house.cancel(each):
                return refused
        if self._live(series):
            self._changed(series, "cancelled_in_part", len(meant))
        else:
            series.version += 1
            series.state = "cancelled"
            self._done(series, "cancelled", len(meant), "series_cancelled")
        return None

    def move(self, name: str, scope: str, named: str, change: Change, noon: int, *, by_house: bool) -> str | None:
        """They are to be elsewhere: all that are meant, or none."""
        series, house = self.all[name], self.house
        meant = self._meant(series, scope, named)
        if not meant:
            return "nothing_to_change"
        wishes = {each: change.of(house.all[each].wish, noon) for each in meant}
        refusals = [house.refusal_to_move(house.all[each], wishes[each], by_house=by_house) for each in meant]
        if any(refusals):
            return refusals[0] if len(meant) == 1 else "series_clashes"
        moved = {each: elsewhere(house.all[each], wishes[each]) for each in meant}
        if refused := self._refusal_of_others(moved):
            return refused
        since = house.all[named].wish.begin if scope == "following" else None
        for each, there in moved.items():
            less = smaller(house.all[each], there.wish)
            if not less:
                house.clear_away(there, *moved)
            house.all[each] = house.moved(there, by_house=by_house, smaller=less)
        if scope == "all":
            series.space = change.space or series.space
            series.like = replace(series.like, people=change.people or series.like.people)
        if scope != "this":
            self._move_skipped(series, change, noon, since)
        self._changed(series, "rescheduled", len(meant))
        return None

    def _move_skipped(self, series: KnownSeries, change: Change, noon: int, since: int | None) -> None:
        """Skipped dates that are not over, from one on or all, move with the others."""
        ahead = {
            begin: date
            for begin, date in sorted(series.skipped.items())
            if date.end > self.house.now and (since is None or begin >= since)
        }
        for begin in ahead:
            del series.skipped[begin]
        for begin, date in ahead.items():
            there = change.of(replace(series.like, begin=begin, end=date.end), noon)
            if there.end > self.house.now:
                to = replace(date, end=there.end, space=change.space or date.space, people=change.people or date.people)
                series.skipped.setdefault(there.begin, to)

    def book_skipped(self, name: str, begin: int, space: str | None, booking: str) -> str | None:
        """A date that was skipped is booked."""
        series = self.all[name]
        date = series.skipped.get(begin)
        if date is None or (date.booking is not None and self.house.all[date.booking].live):
            return "not_skipped"
        there = space or date.space or series.space
        wish = replace(series.like, space=there, begin=begin, end=date.end, people=date.people or series.like.people)
        refused = self.house.hold(booking, wish)
        if refused is None:
            self.house.all[booking].series = name
            series.state = "active"
        return refused

    def booked_after_all(self, name: str, begin: int, booking: str) -> None:
        """The booking made for it has this name."""
        series = self.all[name]
        series.bookings.append(booking)
        series.skipped[begin].booking = booking
        self._changed(series, "date_booked", 1)

    def of(self, series: KnownSeries) -> list[str]:
        """Its bookings, in the order they begin."""
        return sorted(series.bookings, key=lambda each: (self.house.all[each].wish.begin, each))

    def _elsewhere(self, like: Wish, others: Sequence[str]) -> list[str]:
        fitting = [name for name, place in HOUSE.items() if place.capacity >= like.people and name != like.space]
        nearby = sorted(fitting, key=lambda name: (HOUSE[name].capacity, name))[:MOST_ELSEWHERE]
        return [each for each in others or nearby if each != like.space]

    def _overlapping(self, dates: Sequence[Wish]) -> set[int]:
        found, free_from = set(), None
        for number, date in enumerate(dates):
            begin, end = self.house.wanted(date).taken
            if free_from is not None and begin < free_from:
                found.add(number)
            else:
                free_from = end
        return found

    def _date(self, date: Wish, spaces: Sequence[str], *, overlapped: bool) -> Known | str:
        reason = self._clash(date, overlapped=overlapped)
        if reason is None:
            return self.house.wanted(date)
        alternatives = [replace(date, space=space) for space in spaces]
        return next((self.house.wanted(each) for each in alternatives if self._clash(each) is None), reason)

    def _clash(self, date: Wish, *, overlapped: bool = False) -> str | None:
        wanted = self.house.wanted(date)
        others = self.house.others(wanted)
        reasons = [
            (self.house.refusal_of_rules(date) or "", True),
            ("slot_taken", overlapped),
            (self.house.slot_taken(wanted, others) or "", True),
            ("no_room", no_room(wanted, others)),
            ("equipment_lent", over_lent(wanted, others)),
        ]
        return next((code for code, broken in reasons if code and broken), None)

    def _refusal_of_others(self, moved: dict[str, Known]) -> str | None:
        """They may take each other's earlier times, and not each other's new ones."""
        placed: list[Known] = []
        lost = False
        for each in sorted(moved.values(), key=lambda each: each.taken):
            others = self.house.others(each, *moved) + [other for other in placed if meets(other.taken, each.taken)]
            full = no_room(each, others) or over_lent(each, others)
            lost = lost or full or self.house.slot_taken(each, others) is not None
            placed.append(each)
        return "series_clashes" if lost else None

    def _meant(self, series: KnownSeries, scope: str, named: str) -> list[str]:
        if scope == "this":
            return [named]
        found = self.of(series)
        since = self.house.all[named if scope == "following" else found[0]].wish.begin
        return [
            each
            for each in found
            if self.house.all[each].wish.begin >= since and self.house.unchangeable(self.house.all[each]) is None
        ]

    def _live(self, series: KnownSeries) -> int:
        return sum(self.house.all[each].live for each in series.bookings)

    def _changed(self, series: KnownSeries, what: str, bookings: int) -> None:
        series.version += 1
        self._done(series, what, bookings, "series_changed")

    def _done(self, series: KnownSeries, what: str, bookings: int, told: str) -> None:
        series.steps.append((series.version, what, bookings))
        skipped = sum(each.booking is None for each in series.skipped.values())
        series.told.append((told, series.version, self._live(series), skipped))

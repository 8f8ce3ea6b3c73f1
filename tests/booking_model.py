"""What a booking's life should be, in memory and in few words: the yardstick that the stateful tests hold booking to.

Nothing of booking's own model or SQL is used here: who may have what is found by looking at every live booking and at
every instant at which something changes. Times are whole minutes after the first `now` of a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

DAY = 24 * 60
HOLD = 15
PAYMENT = DAY
WAITING = ("held", "awaiting_approval", "awaiting_payment")
LIVE = (*WAITING, "confirmed", "in_use")
NOISES = ("quiet", "normal", "loud")
OWNED = {"chairs": 6, "microphones": 2}
"""The equipment of the house, and how many pieces of each there are."""


@dataclass(frozen=True)
class Place:
    """A space: its smallest parts, and its rules."""

    parts: frozenset[str]
    capacity: int = 50
    groups: int = 0
    apart: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...] = ()
    setup: int = 0
    clearing: int = 0
    approval: bool = False
    prepay: bool = False
    release: int | None = None
    notice: int = 0
    noise: str = "loud"
    longest: int = 480

    @property
    def shared(self) -> bool:
        """Whether several may be there at once."""
        return self.groups > 0


def _place(*parts: str, **rules: object) -> Place:
    return Place(frozenset(parts), **rules)  # type: ignore[arg-type]


APART = (({"noise": "quiet"}, {"noise": "loud"}), ({"purpose": "youth"}, {"purpose": "commercial"}))
HOUSE: Mapping[str, Place] = {
    "whole": _place("lobby", "third-1", "third-2", "third-3", "stage", "studio", capacity=150),
    "lobby": _place("lobby", capacity=30, groups=3, apart=APART),
    "big": _place("third-1", "third-2", "third-3", capacity=90, notice=30),
    "third-1": _place("third-1"),
    "two-thirds": _place("third-2", "third-3", setup=15),
    "third-2": _place("third-2"),
    "third-3": _place("third-3", noise="normal"),
    "stage": _place("stage", setup=30, clearing=15, approval=True, release=30),
    "studio": _place("studio", clearing=30, prepay=True, longest=90),
    "joint": _place("third-3", "studio", approval=True, prepay=True, release=15),
}
"""`two-thirds` lies in `big`, and `joint` is made of spaces in two branches of the tree."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for."""

    space: str
    begin: int
    end: int
    people: int = 8
    noise: str = "normal"
    purpose: str = "culture"
    equipment: Mapping[str, int] = field(default_factory=dict)
    at_once: bool = False

    @property
    def place(self) -> Place:
        """The space it is for."""
        return HOUSE[self.space]


@dataclass
class Known:
    """A booking as it should be. `steps` is its history, `told` what was emitted: what happened, and in which
    version."""

    wish: Wish
    setup: int
    clearing: int
    shared: bool
    approval: bool
    prepay: bool
    release_at: int | None
    deadline: int
    state: str = "held"
    version: int = 1
    timed: int = 1
    price: int | None = None
    free_until: int | None = None
    steps: list[tuple[int, str]] = field(default_factory=list)
    told: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether it takes its space."""
        return self.state in LIVE

    @property
    def taken(self) -> tuple[int, int]:
        """From when until when it keeps others out."""
        return self.wish.begin - self.setup, self.wish.end + self.clearing

    def stale(self, now: int) -> bool:
        """Whether its deadline is over, and nobody has seen to it yet."""
        return self.state in WAITING and self.deadline <= now

    def go(self, state: str, *, versions: int = 1) -> None:
        """Takes a step that is told of."""
        self.state = state
        self.version += versions
        self.steps.append((self.version, state))
        self.told.append((state, state, self.version))


def meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans have an instant in common."""
    return one[0] < other[1] and other[0] < one[1]


def fits(traits: Mapping[str, str], wish: Wish) -> bool:
    """Whether a wish has all these traits."""
    return all({"noise": wish.noise, "purpose": wish.purpose}.get(name) == value for name, value in traits.items())


def kept_apart(one: Wish, other: Wish) -> bool:
    """Whether these two may not be in one shared space at once."""
    return any((fits(a, one) and fits(b, other)) or (fits(b, one) and fits(a, other)) for a, b in one.place.apart)


class House:
    """All bookings by name, and what becomes of them. Each method returns the code of the refusal, or None."""

    def __init__(self) -> None:
        self.now = 0
        self.all: dict[str, Known] = {}

    def refusal_of_rules(self, wish: Wish, *, smaller: bool = False) -> str | None:
        """The first rule of the space that is broken. What only grows smaller need not keep its notice."""
        place, length = wish.place, wish.end - wish.begin
        rules = [
            ("in_the_past", not smaller and wish.begin < self.now),
            ("too_short", length < 30),
            ("too_long", length > place.longest),
            ("too_short_notice", not smaller and wish.begin < self.now + place.notice),
            ("too_many_participants", wish.people > place.capacity),
            ("too_loud", NOISES.index(wish.noise) > NOISES.index(place.noise)),
        ]
        return next((code for code, broken in rules if broken), None)

    def refusal_of_others(self, wanted: Known, besides: str | None) -> str | None:
        """Which of those who are there is in the way. Whose deadline is over is not."""
        others = [
            each
            for name, each in self.all.items()
            if name != besides and each.live and not each.stale(self.now) and meets(each.taken, wanted.taken)
        ]
        near = [each for each in others if each.wish.place.parts & wanted.wish.place.parts]
        if wanted.shared and _crowded(wanted, [each for each in near if each.shared]):
            return "no_room"
        if [each for each in near if not (wanted.shared and each.shared)]:
            return "slot_taken"
        return "equipment_lent" if _over_lent(wanted, others) else None

    def hold(self, name: str, wish: Wish) -> str | None:
        """Somebody asks for a space."""
        new = Known(wish, *_where(wish), deadline=self.now + HOLD)
        refused = self.refusal_of_rules(wish) or self.refusal_of_others(new, None)
        if refused is None:
            self._clear_away(new, None)
            new.told.append(("held", "held", 1))
            self.all[name] = new
        return refused

    def price(self, name: str, total: int, free_until: int | None, of_version: int) -> None:
        """Pricing tells what it costs."""
        known = self.all[name]
        if not known.live or of_version < known.timed:
            return
        known.price, known.free_until = total, free_until
        known.version += 1
        if known.state == "held" and known.wish.at_once and self.now < known.deadline:
            self._accept(known)

    def confirm(self, name: str) -> str | None:
        """Its tenant takes it."""
        known = self.all[name]
        refused = _first(
            not_held=known.state != "held", not_priced=known.price is None, hold_expired=known.deadline <= self.now
        )
        if refused is None:
            self._accept(known)
        return refused

    def approve(self, name: str, *, yes: bool) -> str | None:
        """A manager says yes, or no."""
        known = self.all[name]
        awaits, late = known.state == "awaiting_approval", known.deadline <= self.now
        if yes:
            refused = _first(not_awaiting_approval=not awaits, hold_expired=late)
        else:
            refused = _first(not_held=known.state != "held" and not awaits, hold_expired=awaits and late)
        if refused is None and yes:
            self._settle(known)
        elif refused is None:
            known.go("declined")
        return refused

    def pay(self, name: str) -> None:
        """Pricing tells that it is paid."""
        if self.all[name].state == "awaiting_payment":
            self.all[name].go("confirmed")

    def cancel(self, name: str) -> str | None:
        """It is given up."""
        refused = self._unchangeable(self.all[name])
        if refused is None:
            self.all[name].go("cancelled")
        return refused

    def move(self, name: str, wish: Wish, *, by_house: bool) -> str | None:
        """It is to be elsewhere, at another time, or smaller."""
        known = self.all[name]
        late = known.free_until is not None and known.free_until < self.now and known.state == "confirmed"
        moved = replace(known, wish=wish, steps=known.steps, told=known.told)
        moved.setup, moved.clearing, moved.shared, moved.approval, moved.prepay, moved.release_at = _where(wish)
        refused = (
            self._unchangeable(known)
            or _first(hold_expired=known.stale(self.now), too_late_to_move=late and not by_house)
            or self.refusal_of_rules(wish, smaller=_smaller(known.wish, wish))
            or self.refusal_of_others(moved, name)
        )
        if refused is None:
            self._clear_away(moved, name)
            self.all[name] = self._moved(moved, by_house)
        return refused

    def open_door(self, name: str) -> None:
        """Somebody opens its door with their key."""
        if self.all[name].state == "confirmed":
            self.all[name].go("in_use")

    def end_early(self, name: str) -> str | None:
        """Those who were there have left."""
        known = self.all[name]
        under_way = known.state == "in_use" or (known.state == "confirmed" and known.wish.begin <= self.now)
        refused = _first(not_in_use=not under_way, already_over=known.wish.end <= self.now)
        if refused is None:
            known.go("completed")
        return refused

    def nobody_came(self, name: str) -> None:
        """Access tells that its door stayed shut until the time set for that."""
        known = self.all[name]
        released = known.release_at is not None and known.release_at <= self.now < known.wish.end
        if known.state == "confirmed" and released:
            known.go("released")

    def expire(self) -> None:
        """The worker gives up whose deadline is over."""
        for known in self.all.values():
            if known.stale(self.now):
                known.go("expired")

    def complete(self) -> None:
        """The worker completes what is over."""
        for known in self.all.values():
            if known.state in ("confirmed", "in_use") and known.wish.end <= self.now:
                known.go("completed")

    def _accept(self, known: Known) -> None:
        if known.approval:
            known.deadline = known.wish.begin
            known.go("awaiting_approval")
        else:
            self._settle(known)

    def _settle(self, known: Known) -> None:
        if known.prepay and known.price:
            known.deadline = min(self.now + PAYMENT, known.wish.begin)
            known.go("awaiting_payment")
        else:
            known.go("confirmed")

    def _unchangeable(self, known: Known) -> str | None:
        return _first(
            not_live=not known.live,
            already_over=known.wish.end <= self.now,
            already_begun=known.state == "in_use",
        )

    def _moved(self, known: Known, by_house: bool) -> Known:
        known.version += 1
        known.timed = known.version
        if known.state == "held":
            known.price = known.free_until = None
        elif known.state == "awaiting_approval" or (known.approval and not by_house):
            known.state, known.deadline = "awaiting_approval", known.wish.begin
        elif known.state == "awaiting_payment":
            known.deadline = min(known.deadline, known.wish.begin)
        known.steps.append((known.version, "rescheduled"))
        known.told.append(("rescheduled", known.state, known.version))
        return known

    def _clear_away(self, new: Known, besides: str | None) -> None:
        """Whose deadline is over makes way when somebody else comes."""
        for name, each in self.all.items():
            if name != besides and each.stale(self.now) and meets(each.taken, new.taken):
                same_part = each.wish.place.parts & new.wish.place.parts
                if same_part or set(each.wish.equipment) & set(new.wish.equipment):
                    each.go("expired")


def _where(wish: Wish) -> tuple[int, int, bool, bool, bool, int | None]:
    place = wish.place
    release = None if place.release is None else wish.begin + place.release
    return place.setup, place.clearing, place.shared, place.approval, place.prepay, release


def _smaller(old: Wish, new: Wish) -> bool:
    within = old.begin <= new.begin and new.end <= old.end
    return new.space == old.space and within and new.people <= old.people


def _first(**refusals: bool) -> str | None:
    return next((code for code, refused in refusals.items() if refused), None)


def _crowded(wanted: Known, others: Sequence[Known]) -> bool:
    place = wanted.wish.place
    if any(kept_apart(wanted.wish, each.wish) for each in others):
        return True
    for at in instants([wanted, *others]):
        there = [each for each in others if each.taken[0] <= at < each.taken[1]]
        if wanted.taken[0] <= at < wanted.taken[1]:
            people = wanted.wish.people + sum(each.wish.people for each in there)
            if people > place.capacity or len(there) + 1 > place.groups:
                return True
    return False


def _over_lent(wanted: Known, others: Sequence[Known]) -> bool:
    for at in instants([wanted, *others]):
        if wanted.taken[0] <= at < wanted.taken[1]:
            there = [each.wish.equipment for each in others if each.taken[0] <= at < each.taken[1]]
            for kind, pieces in wanted.wish.equipment.items():
                if pieces + sum(lent.get(kind, 0) for lent in there) > OWNED[kind]:
                    return True
    return False


def instants(bookings: Iterable[Known]) -> list[int]:
    """When anything changes."""
    return sorted({each.taken[0] for each in bookings} | {each.taken[1] for each in bookings})
